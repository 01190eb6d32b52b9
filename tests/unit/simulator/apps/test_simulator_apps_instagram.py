"""Instagram of a simulated phone: reels, feed posts, stories, uploads, profile and accounts."""

from __future__ import annotations

import pytest
from apps_fake_phone import FakePhone, phone_with
from apps_instagram_steps import at_share, creating, shared, started, statuses


def test_a_reel_goes_from_the_profile_to_the_record() -> None:
    phone = at_share()
    phone.write(phone.find(cls="AutoCompleteTextView"), 'Two lines\n"quoted" 🎉 #tag ')
    assert not phone.has("Share")
    phone.tap("OK")
    assert phone.find(rid="caption_input_text_view").text == 'Two lines\n"quoted" 🎉 #tag '
    phone.tap("Share", rid="share_button")
    (post,) = phone.posts
    assert (post.app, post.kind, post.account, post.ai_label) == ("instagram", "reel", "demo_01", False)
    assert post.caption == 'Two lines\n"quoted" 🎉 #tag '
    assert post.media == [{"name": "video1.mp4", "bytes": 1001, "sha256": phone.rows[0].sha256}]


def test_the_first_cell_of_the_reel_picker_is_the_camera() -> None:
    phone = creating()
    grid = phone.find(rid="gallery_recycler_view")
    assert grid.children[0].desc == "Open camera"
    phone.tap("Open camera")
    assert phone.app.screen == "camera"
    phone.tap("Shutter")
    phone.tap("Your story")
    assert phone.posts[0].media[0]["name"] == "recorded.jpg"


def test_the_newest_file_comes_first_with_its_duration() -> None:
    phone = creating("reel", "video", "image", "video")
    cells = [view for view in phone.nodes() if view.rid == "gallery_grid_item_thumbnail"]
    assert [cell.desc.split()[1] for cell in cells] == ["Video", "Photo", "Video"]
    assert phone.find(rid="gallery_grid_item_label").text == "0:08"


def test_back_does_not_leave_the_caption_but_ok_does() -> None:
    phone = at_share()
    phone.tap(rid="caption_input_text_view")
    phone.back()
    phone.back()
    assert phone.app.screen == "share"
    assert not phone.has("Share")
    phone.tap("OK")
    assert phone.has("Share")


def test_suggestions_cover_the_rows_until_ok() -> None:
    phone = at_share()
    phone.write(phone.find(rid="caption_input_text_view"), "hello #ca")
    assert phone.has("#ca", rid="row_hashtag_textview_tag_name")
    assert not phone.has("Add AI label")
    phone.tap("OK")
    assert phone.find(rid="caption_input_text_view").text == "hello #ca"
    assert phone.has("Add AI label")


def test_the_ai_label_toggle_is_told_from_the_others_by_its_row() -> None:
    phone = at_share()
    phone.tap("Add AI label")
    assert phone.find(rid="toggle").checked
    phone.tap("Share", rid="share_button")
    assert phone.posts[0].ai_label


def test_in_newer_layouts_the_ai_label_needs_a_scroll() -> None:
    phone = at_share(version="446.0.0.1.1")
    assert not phone.has("Add AI label")
    phone.scroll(1, y=1500)
    assert phone.has("Add AI label")


def test_save_draft_is_no_post_and_asks_next_time() -> None:
    phone = at_share()
    phone.tap("Save draft")
    assert phone.posts == []
    phone.tap("Profile")
    phone.tap("Create New")
    phone.tap("Create new reel")
    phone.tap("Start new video")
    phone.tap("Unselected .*")
    phone.tap("Next")
    assert phone.find(rid="caption_input_text_view").showing_hint


def test_going_on_with_the_old_draft_is_another_post() -> None:
    phone = at_share()
    phone.tap("Save draft")
    phone.tap("Profile")
    phone.tap("Create New")
    phone.tap("Create new reel")
    phone.tap("Keep editing")
    phone.tap("Next")
    assert phone.find(rid="caption_input_text_view").text == "an old draft"


def test_two_buttons_of_the_editor_share_an_id() -> None:
    phone = creating()
    phone.tap("Unselected .*")
    same = [view.desc for view in phone.nodes() if view.rid == "clips_action_bar_volume_controls_button"]
    assert same == ["Add audio", "Volume"]


def test_leaving_the_editor_asks_and_discard_loses_the_reel() -> None:
    phone = creating()
    phone.tap("Unselected .*")
    phone.back()
    phone.tap("Keep editing")
    assert phone.app.screen == "editor"
    phone.tap("Cancel", rid="cancel_button")
    phone.tap("Discard")
    assert phone.app.screen == "home"


def test_a_feed_upload_says_posting_then_posted_then_nothing() -> None:
    said = statuses(shared())
    assert said[0] == "Posting to demo_01…"
    assert said[1] == "Keep Instagram open to finish posting…"
    assert said[4].startswith("Posted! ")
    assert said[7:] == ["", ""]


def test_every_second_reel_lands_on_the_reels_tab() -> None:
    phone = shared()
    statuses(phone)
    for label in ("Profile", "Create New", "Create new reel", "Unselected .*", "Next"):
        phone.tap(label)
    phone.tap("Share", rid="share_button")
    assert phone.app.screen == "reels"
    said = statuses(phone)
    assert said[0] == "Sharing to Reels…"
    assert said[4] == "Done posting. Want to send it directly to friends?"
    assert said[7] == ""


@pytest.mark.parametrize(("seed", "pulls"), [(0, 1), (1, 2)])
def test_the_profile_is_stale_until_it_was_pulled(seed: int, pulls: int) -> None:
    phone = shared(seed=seed)
    statuses(phone)
    phone.tap("Profile")
    for _ in range(pulls):
        assert phone.find(rid="profile_header_post_count_front_familiar").desc == "8posts"
        phone.scroll(-1, y=1600)
        phone.run(2)
    assert phone.find(rid="profile_header_post_count_front_familiar").desc == "9posts"


def test_tiles_name_what_they_are() -> None:
    phone = creating("post", "image", "image")
    phone.tap("Next")
    phone.tap("Next")
    phone.tap("Share", rid="share_button")
    statuses(phone)
    phone.tap("Profile")
    phone.scroll(-1, y=1600)
    phone.run(2)
    assert phone.find(rid="image_button").desc == "Photo by Demo One at row 1, column 1"


def test_a_new_post_has_the_newest_medium_selected() -> None:
    phone = creating("post", "image")
    assert phone.has("Selected Photo thumbnail .*")
    phone.tap("Next")
    assert phone.app.screen == "filters"
    phone.tap("Next")
    assert phone.has("New post", rid="action_bar_title")
    phone.tap("Share", rid="share_button")
    assert (phone.posts[0].kind, len(phone.posts[0].media)) == ("feed", 1)


def test_a_carousel_has_the_order_of_the_taps() -> None:
    phone = creating("post", "image", "image", "image")
    phone.tap("Select multiple button")
    assert phone.has("Selected media number 1.*")
    phone.tap("Selected media number 1.*")
    for nth in (2, 1, 0):
        phone.tap("Unselected Photo.*", nth=nth)
    phone.tap("Next")
    phone.tap("Next")
    phone.tap("Share", rid="share_button")
    assert [entry["name"] for entry in phone.posts[0].media] == ["image1.jpg", "image2.jpg", "image3.jpg"]


def test_a_video_in_a_new_post_becomes_a_reel() -> None:
    phone = creating("post")
    phone.tap("Next")
    phone.tap("Next")
    phone.tap("Share", rid="share_button")
    assert phone.posts[0].kind == "reel"


def test_newer_feed_composers_have_another_share_button() -> None:
    phone = creating("post", "image", version="446.0.0.1.1")
    phone.tap("Next")
    phone.tap("Next")
    assert phone.has("Share", rid="share_footer_button")
    assert not phone.has(rid="share_button")


def test_the_post_picker_leads_to_reel_and_story_too() -> None:
    phone = creating("post")
    phone.tap("REEL")
    assert phone.has("New reel")
    phone.tap("Unselected .*")
    assert phone.app.screen == "editor"


def test_your_story_publishes_a_story_at_one_tap() -> None:
    phone = creating("story")
    assert phone.has("Add to story", rid="gallery_title_text")
    phone.tap("Unselected .*")
    phone.tap("Your story", cls="Button")
    assert phone.posts[0].kind == "story"
    phone.watch()
    assert [v.rid for v in phone.nodes()].count("seen_state") == 2


def test_the_story_share_sheet_needs_a_choice() -> None:
    phone = creating("story")
    phone.tap("Unselected .*")
    phone.tap("Share to")
    phone.tap("Share", rid="share_story_button")
    assert phone.posts == []
    phone.tap(rid="row_add_to_story_container")
    phone.tap("Share", rid="share_story_button")
    assert len(phone.posts) == 1


def test_the_create_button_of_the_feed_has_no_name() -> None:
    phone = started("image")
    left, top, right, bottom = phone.find(rid="action_bar_buttons_container_left").bounds
    button = phone.tap_at((left + right) // 2, (top + bottom) // 2)
    assert button is not None
    assert (button.rid, button.desc) == ("", "")
    assert phone.app.screen == "feed-picker"


def test_the_create_sheet_lies_over_the_profile_whose_nodes_stay() -> None:
    phone = started()
    phone.tap("Profile")
    phone.tap("Create New")
    assert phone.has("Edit profile")
    phone.tap("8posts")  # the dimmer lies over it
    assert phone.app.screen == "profile"


def test_over_three_minutes_asks_before_sharing() -> None:
    phone = at_share()
    phone.rows[0].duration_ms = 181_000
    phone.tap("Share", rid="share_button")
    assert phone.posts == []
    phone.tap("Edit draft")
    assert phone.app.screen == "share"
    phone.tap("Share", rid="share_button")
    phone.tap("Share", rid="igds_alert_dialog_primary_button")
    assert len(phone.posts) == 1


@pytest.mark.parametrize(
    ("name", "button"),
    [
        ("about-reels", "clips_nux_sheet_share_button"),
        ("download-privacy", "clips_download_privacy_nux_button"),
        ("as-reels", "primary_action"),
    ],
)
def test_notices_between_share_and_publishing(name: str, button: str) -> None:
    phone = at_share()
    phone.faults.append(("popup", name))
    phone.tap("Share", rid="share_button")
    assert phone.posts == []
    phone.tap(rid=button)
    assert len(phone.posts) == 1


def view(phone: FakePhone, url: str) -> str:
    problem = phone.app.intent(
        "android.intent.action.VIEW", component="", data=url, mime="", extras={}, flags=0
    )
    phone.run()
    return problem


def test_use_audio_leads_to_the_camera_with_it() -> None:
    phone = started()
    view(phone, "https://www.instagram.com/reels/audio/1234567/")
    phone.tap("Use audio", cls="Button")
    assert phone.app.screen == "camera"
    phone.tap("Gallery")
    phone.tap("Unselected .*")
    phone.tap("Next")
    phone.tap("Share", rid="share_button")
    assert phone.posts[0].sound == "Audio 1234567"


def test_audio_is_found_by_search() -> None:
    phone = started()
    phone.tap("Search and explore")
    phone.write(phone.find(rid="action_bar_search_edit_text"), "rain song\n")
    phone.tap("Audio")
    phone.tap("rain song", rid="song_title")
    assert phone.app.screen == "audio-page"


def test_a_reel_link_is_no_audio_link() -> None:
    phone = started()
    view(phone, "https://www.instagram.com/reel/123456/")
    assert phone.app.screen == "home"


def send(phone: FakePhone, component: str) -> None:
    phone.app.intent("android.intent.action.SEND", component=component, data="", mime="video/mp4",
                     extras={"android.intent.extra.STREAM": "content://media/external/video/media/1"}, flags=1)  # fmt: skip
    phone.run()


def test_share_only_brings_current_versions_to_the_front() -> None:
    phone = started()
    send(phone, "com.instagram.android/com.instagram.share.handleractivity.ShareHandlerActivity")
    assert phone.app.screen == "home"


def test_share_asks_where_to_in_old_versions() -> None:
    phone = started(version="380.0.0.1.1")
    send(phone, "com.instagram.android/com.instagram.share.handleractivity.ShareHandlerActivity")
    phone.tap("Reels")
    assert phone.app.screen == "editor"


def test_a_story_can_be_shared_to_the_story_activity() -> None:
    phone = started()
    send(phone, "com.instagram.android/com.instagram.share.handleractivity.StoryShareHandlerActivity")
    assert phone.app.screen == "story-editor"


ACCOUNTS = (("shop_one", "My Shop"), ("shop_two", "Second Shop"))


def test_the_account_sheet_has_user_names_as_descriptions() -> None:
    phone = started(accounts=ACCOUNTS)
    phone.tap("Profile")
    assert phone.find(rid="action_bar_title").text == "shop_one"
    phone.tap(rid="action_bar_username_container")
    assert phone.has("shop_two,  New notifications", cls="ViewGroup")
    assert phone.has("Add Instagram account")
    assert phone.has("295followers")  # the profile behind
    phone.tap("shop_two")
    assert phone.find(rid="action_bar_title").text == "shop_two"


def test_permission_is_asked_once() -> None:
    phone = creating()
    assert phone.asked == ["CAMERA", "RECORD_AUDIO", "READ_MEDIA_VIDEO", "READ_MEDIA_IMAGES"]
    phone.app.stop()
    phone.app.launch()
    phone.run()
    phone.tap("Profile")
    phone.tap("Create New")
    phone.tap("Create new reel")
    assert len(phone.asked) == 4


def test_without_permission_the_picker_is_empty() -> None:
    phone = started()
    phone.answer = False
    phone.tap("Profile")
    phone.tap("Create New")
    phone.tap("Create new reel")
    assert phone.app.screen == "picker"
    assert not phone.has("Unselected .*")


@pytest.mark.parametrize("language", ["de", "fr"])
def test_the_reel_path_by_ids_in_other_languages(language: str) -> None:
    phone = phone_with("instagram", language=language)
    phone.add("video")
    phone.app.launch()
    phone.run()
    phone.tap(rid="profile_tab")
    phone.tap({"de": "Neu erstellen", "fr": "Créer"}[language])
    phone.tap({"de": "Neues Reel erstellen", "fr": "Créer un nouveau reel"}[language])
    phone.tap(rid="gallery_grid_item_thumbnail")
    phone.tap(rid="clips_right_action_button")
    phone.write(phone.find(rid="caption_input_text_view"), "hallo")
    phone.tap(rid="action_bar_button_text")
    phone.tap(rid="share_button")
    assert phone.posts[0].caption == "hallo"
