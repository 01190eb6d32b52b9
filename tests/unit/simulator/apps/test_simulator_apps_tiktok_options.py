"""TikTok of a simulated phone: sounds, volumes, product link, AI label, accounts."""

from __future__ import annotations

import pytest
from apps_fake_phone import FakePhone, phone_with
from apps_tiktok_steps import at_editor, at_picker, at_post, started


def photo_editor() -> FakePhone:
    phone = at_picker("a.jpg")
    phone.tap("Photos")
    phone.tap(rid="jh7")
    phone.tap("Next")
    return phone


def test_a_video_keeps_its_own_sound_or_gets_a_track_depending_on_the_file() -> None:
    plain = started()
    loud = phone_with("tiktok")
    loud.add("video", odd=True)
    for phone, sound in ((plain, ""), (loud, "a track")):
        phone.app.launch()
        phone.run()
        phone.tap("Create")
        phone.tap(rid="ymg")
        phone.tap(rid="jh7")
        phone.tap("Next")
        assert phone.has("Add sound") == (not sound)
        assert phone.has(rid="d81") == bool(sound)


def test_the_cross_takes_the_track_off_photos() -> None:
    phone = photo_editor()
    phone.tap(rid="d81")
    assert phone.find(rid="ycm").text == "Add sound"
    assert not phone.has(rid="d81")
    phone.tap("Next")
    phone.tap("Post")
    assert phone.posts[0].sound == ""


def test_a_recommended_sound_from_the_sheet() -> None:
    phone = at_editor()
    phone.tap("Add sound")
    phone.tap("Golden Hour Drive")
    phone.tap_at(540, 700)
    assert phone.app.screen == "editor"
    phone.tap("Next")
    phone.tap("Post")
    assert phone.posts[0].sound == "Golden Hour Drive"


def test_a_second_tap_on_the_chosen_sound_takes_it_off() -> None:
    phone = at_editor()
    phone.tap("Add sound")
    phone.tap("Golden Hour Drive")
    phone.tap("Golden Hour Drive", rid="sdt")
    phone.back()
    assert phone.has("Add sound")


def test_a_sound_is_searched_marked_as_favourite_and_used_from_there() -> None:
    phone = at_editor()
    phone.tap("Add sound")
    phone.tap("Search", rid="sds")
    phone.write(phone.find(cls="EditText"), "rain song")
    enter = phone.find(cls="EditText").on_enter
    assert enter is not None
    enter()
    phone.run()
    phone.tap("Add to Favorites")
    phone.tap("Cancel")
    phone.tap("Favorites")
    phone.tap("rain song")
    phone.back()
    phone.tap("Next")
    phone.tap("Post")
    assert phone.posts[0].sound == "rain song"


def test_both_volumes_are_set_by_tapping_the_bars() -> None:
    phone = at_editor()
    phone.tap("Add sound")
    assert not phone.has("Volume")
    phone.tap("Golden Hour Drive")
    phone.tap("Volume")
    for nth, share in ((0, 0.25), (1, 0.75)):
        left, top, right, bottom = phone.find(cls="SeekBar", nth=nth).bounds
        phone.tap_at(left + round((right - left) * share), (top + bottom) // 2)
    phone.tap("Done")
    phone.back()
    phone.tap("Next")
    phone.tap("Post")
    assert (phone.posts[0].original_volume, phone.posts[0].added_volume) == (25, 75)


def test_photos_have_no_volume_of_their_own() -> None:
    phone = photo_editor()
    phone.tap(rid="d8c")
    phone.tap("Volume")
    assert phone.has("Added sound")
    assert not phone.has("Original sound")


def test_use_sound_by_search_leads_to_the_camera_with_the_sound() -> None:
    phone = started()
    phone.tap("Search", rid="irz")
    phone.write(phone.find(cls="EditText"), "rain song\n")
    phone.tap("Sounds")
    phone.tap("rain song", rid="srs")
    phone.tap("Use sound")
    assert phone.app.screen == "camera"
    assert phone.find(rid="ycm").text == "rain song"
    phone.tap(rid="ymg")
    phone.tap(rid="jh7")
    phone.tap("Next")
    phone.tap("Next")
    phone.tap("Post")
    assert phone.posts[0].sound == "rain song"


def view(phone: FakePhone, url: str) -> str:
    problem = phone.app.intent(
        "android.intent.action.VIEW", component="", data=url, mime="", extras={}, flags=0
    )
    phone.run()
    return problem


def test_use_sound_by_link() -> None:
    phone = started()
    assert view(phone, "https://www.tiktok.com/music/rain-song-7281") == ""
    assert phone.app.screen == "sound-page"
    assert phone.has("rain song", rid="title")
    assert not phone.find("Use sound").clickable


def test_add_to_story_beside_use_sound_publishes() -> None:
    phone = started()
    view(phone, "https://www.tiktok.com/music/rain-song-7281")
    phone.tap("Add to Story")
    assert phone.posts[0].kind == "story"


def test_links_to_other_places_lead_elsewhere() -> None:
    phone = started()
    view(phone, "https://www.tiktok.com/@user_1")
    assert phone.app.screen == "home"
    assert "unable to resolve" in view(phone, "https://example.org/music/x-1")


def test_a_sound_that_is_gone_has_no_button() -> None:
    phone = started()
    phone.faults.append(("sound-unavailable", ""))
    view(phone, "https://www.tiktok.com/music/rain-song-7281")
    assert not phone.has("Use sound")


def test_the_first_product_of_the_showcase() -> None:
    phone = at_post()
    phone.tap("Add link", cls="Button")
    phone.tap("Product")
    phone.tap("Add")
    assert phone.app.screen == "post"
    assert phone.has("Sample product 1", cls="Button")
    phone.tap("Post")
    assert phone.posts[0].product_link


def test_the_ai_label_stands_below_the_fold_and_explains_itself_once() -> None:
    phone = at_post()
    phone.tap("More options, .*")
    assert not phone.has("AI-generated content")
    phone.scroll(1, y=2000)
    phone.tap("AI-generated content", rid="mot")
    assert phone.app.screen == "ai-info"
    phone.back()
    assert not phone.find("AI-generated content", cls="Switch").checked
    phone.tap("AI-generated content", rid="mot")
    phone.tap("Turn on")
    assert phone.find("AI-generated content", cls="Switch").checked
    phone.back()
    phone.tap("Post")
    assert phone.posts[0].ai_label


@pytest.mark.parametrize(
    "fault", ["product-unavailable", "ai-label-unavailable", "volume-unavailable", "sound-unavailable"]
)
def test_an_option_that_is_not_there(fault: str) -> None:
    phone = started()
    phone.faults.append((fault, ""))
    phone.tap("Create")
    phone.tap(rid="ymg")
    phone.tap(rid="jh7")
    phone.tap("Next")
    if fault in ("volume-unavailable", "sound-unavailable"):
        phone.tap("Add sound")
        assert phone.has("Golden Hour Drive") == (fault == "volume-unavailable")
        if fault == "volume-unavailable":
            phone.tap("Golden Hour Drive")
            assert not phone.has("Volume")
        return
    phone.tap("Next")
    if fault == "product-unavailable":
        phone.tap("Add link", cls="Button")
        assert not phone.has("Product")
    else:
        phone.tap("More options, .*")
        phone.scroll(1, y=2000)
        assert not phone.has("AI-generated content")


ACCOUNTS = (("shop_one", "My Shop"), ("shop_two", "Second Shop"))


def test_the_profile_shows_the_handle_apart_from_the_display_name() -> None:
    phone = started(accounts=ACCOUNTS)
    phone.tap("Profile")
    assert phone.has("@shop_one")
    assert phone.has("My Shop")
    assert phone.has("Edit profile")


def test_the_account_sheet_has_display_names_only() -> None:
    phone = started(accounts=ACCOUNTS)
    phone.tap("Profile")
    phone.tap("My Shop")
    assert phone.app.screen == "account-sheet"
    assert not phone.has("@?shop_two")
    phone.tap("Second Shop")
    phone.tap("Profile")
    assert phone.has("@shop_two")
    phone.tap("Create")
    phone.tap(rid="ymg")
    phone.tap(rid="jh7")
    phone.tap("Next")
    phone.tap("Next")
    phone.tap("Post")
    assert phone.posts[0].account == "shop_two"


def test_an_audience_that_is_not_everyone_can_be_read() -> None:
    phone = started()
    phone.faults.append(("not-everyone", ""))
    phone.tap("Create")
    phone.tap(rid="ymg")
    phone.tap(rid="jh7")
    phone.tap("Next")
    phone.tap("Next")
    assert phone.has("Only you can view this post")
