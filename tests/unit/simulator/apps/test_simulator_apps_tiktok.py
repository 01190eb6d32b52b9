"""TikTok of a simulated phone: the ways to a post, and the harm that wrong taps do."""

from __future__ import annotations

import pytest
from apps_fake_phone import phone_with
from apps_tiktok_steps import (
    SHARE,
    STREAM,
    at_camera,
    at_editor,
    at_picker,
    at_post,
    share,
    started,
    write_caption,
)


def test_the_create_button_leads_to_a_published_video() -> None:
    phone = at_post()
    write_caption(phone, "Grüße 🎉\n#one #two ")
    phone.tap("Post")
    (post,) = phone.posts
    assert (post.app, post.account, post.kind) == ("tiktok", "demo_01", "video")
    assert post.caption == "Grüße 🎉\n#one #two "
    assert [entry["sha256"] for entry in post.media] == [phone.rows[0].sha256]
    assert phone.asked == ["CAMERA", "RECORD_AUDIO", "READ_MEDIA_VIDEO", "READ_MEDIA_IMAGES"]


def test_a_shared_video_opens_in_the_editor() -> None:
    phone = started()
    phone.add("video")
    assert share(phone, 1) == ""
    assert phone.app.screen == "editor"
    assert phone.has("Next")
    assert phone.has("Your Story")
    phone.tap("Next")
    phone.tap("Post")
    assert phone.posts[0].media[0]["name"] == "video1.mp4"


def test_share_needs_a_uri_that_the_app_may_read() -> None:
    phone = started()
    share(phone, 1, flags=0x8000)  # neither a grant nor the permission
    assert phone.app.screen == "home"
    phone.permissions.add("android.permission.READ_MEDIA_VIDEO")
    share(phone, 1, flags=0x8000)
    assert phone.app.screen == "editor"
    share(phone, 99)
    assert phone.app.screen == "home"


def test_share_to_another_activity_is_refused_as_am_does() -> None:
    assert "does not exist" in share(started(), 1, component="com.zhiliaoapp.musically/.Nothing")


def test_a_list_of_uris_cannot_be_shared_by_am() -> None:
    phone = started()
    phone.app.intent("android.intent.action.SEND_MULTIPLE", component=SHARE, data="", mime="image/*",
                     extras={STREAM: "content://media/external/images/media/1"}, flags=0x8001)  # fmt: skip
    phone.run()
    assert phone.app.screen == "home"


def test_share_without_clearing_the_task_shows_the_post_left_half_way() -> None:
    phone = at_post()
    phone.add("video")
    share(phone, 2, flags=1)
    assert phone.app.screen == "post"
    phone.tap("Post")
    assert phone.posts[0].media[0]["name"] == "video1.mp4"  # the wrong one


def test_a_shared_image_asks_how_first() -> None:
    phone = started()
    phone.add("image")
    share(phone, 2)
    assert phone.app.screen == "photo-share"
    phone.tap("Photo")
    assert phone.app.screen == "editor"


def test_the_words_of_a_post_left_half_way_come_back_with_the_next_one() -> None:
    phone = at_post()
    phone.write(phone.find(rid="g19"), "old words")
    phone.app.stop()
    share(phone, 1)
    phone.tap("Next")
    assert phone.find(rid="g19").text == "old words"
    assert not phone.find(rid="g19").showing_hint


def test_back_on_the_post_screen_leaves_the_composer() -> None:
    phone = at_post()
    phone.back()
    assert phone.app.screen == "home"
    assert phone.posts == []


def test_back_in_the_editor_asks_what_to_do_with_the_post() -> None:
    phone = at_editor()
    phone.back()
    phone.tap("Discard")
    assert phone.app.screen == "home"
    phone.tap("Profile")
    assert not phone.has("Drafts: .*")


def test_drafts_saves_a_draft_and_publishes_nothing() -> None:
    phone = at_post()
    phone.tap("Drafts")
    assert phone.posts == []
    assert phone.has("Drafts: 1")


def test_your_story_publishes_a_story_at_one_tap() -> None:
    phone = at_editor()
    phone.tap("Your Story")
    assert [post.kind for post in phone.posts] == ["story"]


def test_the_middle_button_of_the_camera_records() -> None:
    phone = at_camera()
    phone.tap(rid="r3r")
    phone.tap(rid="r3r")
    assert phone.app.screen == "editor"
    phone.tap("Next")
    phone.tap("Post")
    assert phone.posts[0].media[0]["name"].startswith("recorded")


def test_the_field_shows_its_hint_as_text_while_it_is_empty() -> None:
    phone = at_post()
    empty = phone.find(rid="g19")
    assert (empty.text, empty.hint, empty.showing_hint) == ("Add description…", "Add description…", True)
    phone.write(empty, "words")
    assert (phone.find(rid="g19").text, phone.find(rid="g19").showing_hint) == ("words", False)


def test_typing_hides_post_until_the_focus_goes() -> None:
    phone = at_post()
    phone.tap(rid="g19")
    assert phone.keyboard
    assert not phone.has("Post")
    phone.tap_at(540, 200)
    assert not phone.keyboard
    assert phone.has("Post")


def test_putting_the_keyboard_away_brings_post_back() -> None:
    phone = at_post()
    phone.tap(rid="g19")
    phone.app.keyboard_gone()
    assert phone.has("Post", rid="qrb")


def test_a_photo_post_has_two_fields_and_a_second_post_button_while_typing() -> None:
    phone = at_picker("a.jpg")
    phone.tap("Photos")
    phone.tap(rid="jh7")
    phone.tap("Next")
    phone.tap("Next")
    phone.write(phone.find(rid="g1c"), "A title")
    assert phone.has("Post", rid="qr6")
    assert not phone.has(rid="qrb")
    phone.write(phone.find(rid="g19"), "Long words ")
    phone.tap("Collapse")
    assert phone.has("Post", rid="qrb")
    phone.tap("Post")
    (post,) = phone.posts
    assert (post.kind, post.title, post.caption) == ("photos", "A title", "Long words ")
    assert post.sound  # TikTok lays a track under photos by itself


def test_an_open_hashtag_lists_suggestions_over_everything() -> None:
    phone = at_picker("a.jpg")
    phone.tap("Photos")
    phone.tap(rid="jh7")
    phone.tap("Next")
    phone.tap("Next")
    field = phone.find(rid="g19")
    phone.write(field, "x #cat")
    assert not phone.has("Post")
    assert phone.has("#cat")
    phone.write(phone.find(rid="g19"), "x #cat ")
    assert phone.has("Post", rid="qr6")


def test_enter_after_a_hashtag_takes_a_suggestion() -> None:
    phone = at_post()
    phone.write(phone.find(rid="g19"), "x #cat")
    enter = phone.find(rid="g19").on_enter
    assert enter is not None
    enter()
    assert phone.find(rid="g19").text == "x #cats "


def test_a_row_with_the_same_word_keeps_the_text() -> None:
    phone = at_post()
    phone.write(phone.find(rid="g19"), "x @cat")
    phone.tap("@cat", rid="sgn")
    assert phone.find(rid="g19").text == "x @cat "


def test_the_sixth_hash_is_swallowed() -> None:
    phone = at_post()
    phone.write(phone.find(rid="g19"), "#a #b #c #d #e #f #g ")
    assert phone.find(rid="g19").text == "#a #b #c #d #e f g "


def test_select_multiple_keeps_its_state_and_counts_in_next() -> None:
    phone = at_picker("a.jpg", "b.jpg", "c.jpg")
    phone.tap("Photos")
    phone.tap("Select multiple")
    assert phone.find(rid="nbk").checked
    for nth in (2, 0, 1):
        phone.tap(rid="jh7", nth=nth)
    assert phone.find(rid="uyb").text == "Next (3)"
    assert not phone.find(rid="uyb").clickable
    phone.tap(rid="uyb")
    phone.tap("Next")
    phone.tap("Post")
    assert [entry["name"] for entry in phone.posts[0].media] == ["a.jpg", "c.jpg", "b.jpg"]
    phone.tap("Create")
    phone.tap(rid="ymg")
    assert phone.find(rid="nbk").checked


@pytest.mark.parametrize(
    ("version", "multiple", "screen"),
    [("43.1.4", False, "editor"), ("43.1.4", True, "picker"), ("47.0.3", False, "picker")],
)
def test_the_body_of_a_cell_does_what_it_does_in_that_version(
    version: str, multiple: bool, screen: str
) -> None:
    phone = at_camera(version=version, state={"select_multiple": multiple})
    phone.tap_at(100, 2160)
    phone.tap_at(150, 650)
    assert phone.app.screen == screen
    if multiple:
        assert phone.has("Select")
        phone.tap("Select")
        assert phone.has(r"Next \(1\)")
    elif screen == "picker":
        assert phone.find(rid="xyk").text == "Next"
        phone.tap("Next")
        assert phone.app.screen == "editor"


def test_the_picker_lies_over_the_camera_and_takes_its_taps() -> None:
    phone = at_picker()
    assert phone.has("Flip")
    assert phone.has("Add sound")
    phone.tap_at(1000, 850)  # the camera's Ratio lies under the grid
    assert phone.app.screen == "picker"
    phone.tap_at(540, 1900)  # and its record button too
    assert phone.app.screen == "picker"


def test_a_tap_on_the_picture_opens_the_text_editor() -> None:
    phone = at_editor()
    phone.tap_at(500, 1000)
    assert phone.app.screen == "text-editor"
    phone.tap("Done")
    assert phone.app.screen == "editor"


def test_the_badge_counts_up_in_its_own_window_and_goes() -> None:
    phone = at_post()
    phone.tap("Post")
    seen = []
    for _ in range(8):
        windows = phone.app.windows()
        seen.append(next((v.text for w in windows[1:] for v in [w.children[2].children[1]]), ""))
        phone.run(3)
    assert seen == ["2%", "34%", "66%", "97%", "", "", "", ""]
    assert phone.app.screen == "friends"


def test_posts_land_on_friends_the_own_post_and_the_feed_in_turn() -> None:
    phone = started()
    landed = []
    for _ in range(3):
        share(phone, 1)
        phone.tap("Next")
        phone.tap("Post")
        landed.append(phone.app.screen)
    assert landed == ["friends", "own-post", "home"]


def test_taps_during_a_transition_are_lost() -> None:
    phone = at_editor()
    right = phone.find(rid="ntn")
    assert right.on_tap is not None
    right.on_tap()
    assert phone.find(rid="qxr").on_tap is None
    phone.run()
    assert phone.app.screen == "post"


@pytest.mark.parametrize(
    ("version", "post", "gallery"),
    [("43.1.4", "qrb", "ymg"), ("47.0.3", "tiq", "upload_hot_area"), ("35.1.4", "pwo", "c_u")],
)
def test_known_versions_have_their_own_ids(version: str, post: str, gallery: str) -> None:
    phone = at_camera(version=version)
    phone.tap(rid=gallery)
    phone.tap_at(310, 430)
    phone.tap("Next")
    phone.tap("Next")
    assert phone.has("Post", rid=post)
    assert phone.has("Post", cls="Button")


def test_other_versions_have_made_up_ids_that_depend_on_the_seed() -> None:
    ids = {phone_with_home(seed) for seed in (1, 2)}
    assert len(ids) == 2
    assert phone_with_home(1) in ids


def phone_with_home(seed: int) -> str:
    return started(version="45.2.1", seed=seed).find("Create").rid


def test_about_version_35_next_is_at_the_top_right() -> None:
    phone = at_camera(version="35.1.4")
    phone.tap(rid="c_u")
    phone.tap_at(310, 430)
    phone.tap("Next")
    assert phone.find("Next").bounds[1] < 400


@pytest.mark.parametrize(
    ("language", "create", "following", "post"),
    [("fr", "Créer", "Suivant", "Publier"), ("de", "Erstellen", "Weiter", "Posten")],
)
def test_the_path_in_other_languages(language: str, create: str, following: str, post: str) -> None:
    phone = started(language=language)
    phone.tap(create)
    phone.tap(rid="ymg")
    phone.tap(rid="jh7")
    phone.tap(following)
    phone.tap(following)
    phone.tap(post)
    assert len(phone.posts) == 1


def test_the_asian_package_has_the_same_activities() -> None:
    phone = started(package="com.ss.android.ugc.trill")
    assert phone.find("Create").package == "com.ss.android.ugc.trill"
    assert (
        share(phone, 1, component=SHARE.replace("com.zhiliaoapp.musically", "com.ss.android.ugc.trill")) == ""
    )
    assert phone.app.screen == "editor"


def test_a_phone_of_another_size_shows_the_same_screen_scaled() -> None:
    phone = phone_with("tiktok")
    phone.width, phone.height = 720, 1600
    phone.add("video")
    phone.app.launch()
    phone.run()
    assert phone.find("Create").bounds == (288, 1472, 432, 1558)
    phone.tap("Create")
    assert phone.app.screen == "camera"


def test_the_state_outlives_the_simulator() -> None:
    phone = at_post()
    phone.tap("Drafts")
    again = started(state=phone.app.dump_state())
    again.tap("Profile")
    assert again.has("Drafts: 1")
