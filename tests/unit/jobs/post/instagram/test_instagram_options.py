"""AI label and audio on Instagram's drawn screens, and what its profile says: each step with its time."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.post.instagram.options import scroll_up_to, set_options
from jobs.post.instagram.reading import name_of, post_count, tile_of
from jobs.post.screens.recognise import Sight
from tests.support.drawn import IMAGE, DrawnStage, Follows, Part, Screen, screen

LINK = "https://www.instagram.com/reels/audio/1234567/"
SCREENS = {
    "form": screen("share_screen", "caption_field", "share_button"),
    "form, label": screen("share_screen", "ai_label_text", "ai_label_switch", "share_button"),
    "form, label on": screen("share_screen", "ai_label_text", "ai_label_on ai_label_switch", "share_button"),
    "form, end": screen("share_screen", "share_button"),
    "editor": screen("reel_editor", "editor_next"),
    "profile": screen("own_profile", "create_new", "search_tab", "profile_tab"),
    "home": screen("home", "profile_tab", "search_tab"),
    "search": screen("search", Part("search_field", field=True), "profile_tab"),
    "results": screen("search_results", "audio_tab", "profile_tab"),
    "audios": screen("search_results", "audio_tab_chosen audio_tab", "audio_hits", "profile_tab"),
    "no audios": screen("search_results", "audio_tab_chosen audio_tab", "profile_tab"),
    "page": screen("audio_page", "use_audio"),
    "gone": screen("audio_gone", "audio_page_part"),
    "camera": screen("camera", "gallery_button"),
    "camera without audio": screen("camera", "gallery_button", "no_audio"),
    "form without audio": screen("share_screen", "caption_field", "share_button", "no_audio"),
}


def stage(at: Follows, screens: dict[str, Screen] | None = None, **config: Any) -> DrawnStage:
    return DrawnStage("instagram", SCREENS | (screens or {}), at, **config)


# -- the AI label ---------------------------------------------------------------------------------------------------


def label(at: Follows) -> DrawnStage:
    made = stage(at, ai_label=True)
    made.phone.on("tap ai_label_switch", "form, label on")
    return made


def test_a_label_that_was_not_asked_for_is_not_looked_for() -> None:
    made = stage("form")
    assert made.ends_on(set_options) == "share_screen"
    assert made.touched == []


def test_the_label_is_scrolled_to_and_switched_on() -> None:
    made = label("form")
    made.phone.on("swipe up", {1.5: "form, label"})
    made.phone.on("tap ai_label_switch", {5.0: "form, label on"})
    assert made.ends_on(set_options) == "share_screen"
    assert made.touched == ["swipe up", "tap ai_label_switch"]
    assert made.took_s() == 6.5
    assert made.attempt.log[0] == "step ai label"


def test_a_label_that_is_on_is_not_switched_off() -> None:
    made = label("form, label on")
    assert made.ends_on(set_options) == "share_screen"
    assert made.touched == []


def test_a_form_without_the_label_is_said_and_not_posted() -> None:
    made = label("form")
    told = "the AI label is not on the share screen"
    assert made.fails(set_options) == ("option_not_set", "ai label", told)
    assert made.took_s() == 1.5
    assert made.touched == ["swipe up"]


def test_a_switch_that_takes_no_touch_is_touched_once_and_said() -> None:
    made = label("form, label")
    made.phone.on("tap ai_label_switch", "")
    told = "the AI label does not switch on"
    assert made.fails(set_options) == ("option_not_set", "ai label", told)
    assert made.touched == ["tap ai_label_switch", "swipe up"]
    assert made.took_s() == 5.0 + 1.5


def test_a_switch_that_moved_out_of_view_is_scrolled_to_again() -> None:
    made = label("form, label")
    made.phone.on("tap ai_label_switch", {0.0: "form"})
    made.phone.on("swipe up", "form, label on")
    assert made.ends_on(set_options) == "share_screen"
    assert made.touched == ["tap ai_label_switch", "swipe up"]
    assert made.took_s() == 5.0


def test_what_comes_over_the_form_must_go_before_the_label_is_looked_at() -> None:
    made = label("form, label")
    made.phone.on("tap ai_label_switch", {0.0: "editor", 8.0: "form, label on"})
    assert made.ends_on(set_options) == "share_screen"
    assert made.took_s() == 8.0
    made = label("form, label")
    made.phone.on("tap ai_label_switch", "editor")
    told = "ai label: share_screen does not come"
    assert made.fails(set_options) == ("option_not_set", "reel_editor", told)


# -- back up to the caption -----------------------------------------------------------------------------------------


def up(flow: Any, sight: Sight) -> Sight:
    return scroll_up_to(flow, sight, "caption_field")


def test_a_caption_in_view_is_not_scrolled_to() -> None:
    made = stage("form")
    assert made.ends_on(up) == "share_screen"
    assert made.touched == []


def test_a_caption_above_is_scrolled_to_at_most_five_times() -> None:
    many = {f"end {n}": screen("share_screen", f"share_button end{n}") for n in range(5)}
    for number, ok in ((4, True), (5, True), (6, False)):
        made = stage("form, end", many)
        follows = [{1.5: f"end {n}"} for n in range(number - 1)]
        made.phone.on("swipe down", *follows, {1.5: "form"})
        if ok:
            assert made.ends_on(up) == "share_screen"
            assert made.took_s() == 1.5 * number
        else:
            told = "caption_field is not on share_screen"
            assert made.fails(up) == ("ui_changed", "share_screen", told)
        assert made.touched == ["swipe down"] * min(number, 5)


def test_at_the_top_of_a_form_without_a_caption_nothing_more_is_scrolled() -> None:
    made = stage("form, end")
    assert made.fails(up)[2] == "caption_field is not on share_screen"
    assert made.touched == ["swipe down"]
    assert made.took_s() == 1.5


def test_what_comes_over_the_form_while_it_is_scrolled_must_go() -> None:
    made = stage("form, end")
    made.phone.on("swipe down", {0.0: "editor", 8.0: "form"})
    assert made.ends_on(up) == "share_screen"
    assert made.took_s() == 8.0


# -- the audio ------------------------------------------------------------------------------------------------------


def audio(at: Follows, screens: dict[str, Screen] | None = None, **config: Any) -> DrawnStage:
    asked = {"post_way": "useSound", "sound": "Some song"} | config
    made = stage(at, screens, **asked)
    made.phone.on("tap search_tab", "search")
    made.phone.on("tap audio_tab", "audios")
    made.phone.on("tap audio_hits", "page")
    made.phone.on("tap profile_tab", "profile")
    made.phone.on("intent", "page")
    return made


def does(step: str) -> Any:
    def act(flow: Any, sight: Sight) -> Any:
        return getattr(flow.audio, step)(sight)

    return act


def test_an_audio_is_wanted_where_the_post_comes_from_its_page() -> None:
    assert audio("profile").flow.audio.wanted is True
    assert stage("profile").flow.audio.wanted is False


def test_a_link_opens_the_page() -> None:
    made = audio("profile", sound=LINK)
    made.phone.on("intent", {15.0: "page"})
    assert made.ends_on(does("open")) == "audio_page"
    assert made.phone.intents == [
        ("-a", "android.intent.action.VIEW", "-d", LINK, "-p", "com.instagram.android")
    ]
    assert made.flow.driver.asked == {"chooser"}
    assert made.attempt.log == ["step open audio"]


@pytest.mark.parametrize("error", ["", "no activity found"])
def test_a_link_that_does_not_open_is_said(error: str) -> None:
    made = audio("profile", sound=LINK)
    made.phone.on("intent", "")
    made.phone.intent_error = error
    told = f"the link does not open: {error}" if error else "Instagram does not open the audio's link"
    assert made.fails(does("open")) == ("sound_not_found", "sound", told)
    assert made.took_s() == (0.0 if error else 15.0)


def test_a_page_that_is_gone_may_load_then_it_is_said() -> None:
    for wait_s, gets_s in ((0, 3.0), (8, 8.0)):
        made = audio({0: "gone", gets_s: "page"}, sound_wait_time=wait_s)
        assert made.ends_on(does("on_gone")) == "audio_page"
        made = audio("gone", sound_wait_time=wait_s)
        told = "Instagram does not offer this audio for use"
        assert made.fails(does("on_gone")) == ("sound_not_found", "sound", told)
        assert made.took_s() == gets_s


def test_a_name_is_searched() -> None:
    made = audio("profile")
    assert made.ends_on(does("open")) == "search"
    assert made.touched == ["tap search_tab"]
    made = audio("search")
    made.phone.on("key enter", {10.0: "results"})
    assert made.ends_on(does("on_search")) == "search_results"
    assert made.touched == ["type Some song", "key enter"]
    made = audio("search")
    assert made.ends_on(does("on_search")) == "search"
    assert made.took_s() == 10.0


def test_the_first_audio_of_its_tab_is_opened() -> None:
    made = audio("results")
    assert made.ends_on(does("on_results")) == "audio_page"
    assert made.touched == ["tap audio_tab", "tap audio_hits"]
    made = audio("no audios", sound_wait_time=0)
    told = 'Instagram finds no audio "Some song"'
    assert made.fails(does("on_results")) == ("sound_not_found", "sound", told)
    assert made.took_s() == 5.0


@pytest.mark.parametrize(("step", "at"), [("on_search", "search"), ("on_results", "audios")])
def test_a_search_that_has_done_its_work_is_left_by_the_profile(step: str, at: str) -> None:
    made = audio(at)
    made.flow.audio.wanted = False
    assert made.ends_on(does(step)) == "own_profile"
    assert made.touched == ["tap profile_tab"]


def test_the_audio_is_used_once() -> None:
    made = audio("page")
    made.phone.on("tap use_audio", {15.0: "camera"})
    assert made.ends_on(does("on_page")) == "camera"
    assert made.flow.audio.wanted is False
    made = audio("page")
    told = "use_audio has no effect on audio_page"
    assert made.fails(does("on_page")) == ("ui_changed", "audio_page", told)
    assert made.took_s() == 30.0
    assert made.flow.audio.wanted is True


def test_a_page_that_was_not_asked_for_is_not_used() -> None:
    made = stage("page")
    assert made.fails(does("on_page")) == ("ui_changed", "audio_page", "an audio page came unasked")
    assert made.touched == []


def test_images_cannot_have_an_audio() -> None:
    made = audio("profile", media=[IMAGE], sound=LINK)
    told = "an audio's page leads to reels: no audio can be put under images"
    assert made.fails(does("open")) == ("option_not_set", "sound", told)
    assert made.phone.intents == []


@pytest.mark.parametrize("at", ["camera without audio", "form without audio"])
def test_an_audio_that_the_app_lost_ends_the_attempt(at: str) -> None:
    made = audio(at)
    told = "Instagram lost the audio that was chosen"
    assert made.fails(does("check")) == ("option_not_set", SCREENS[at].name, told)
    stage(at).flow.audio.check(stage(at).look())
    audio("form").flow.audio.check(audio("form").look())


# -- what the profile says ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "spoken", "count"),
    [
        ("8", "9 posts", 8),
        ("", "9 posts", 9),
        ("1,234", "", 1234),
        ("1.234", "", 1234),
        ("1\u00a0234", "", 1234),
        ("1\u202f234 posts", "", 1234),
        ("12'345", "", 12345),
        ("1.2K", "9 posts", 9),
        ("1.2K", "1.2kposts", None),
        ("3M", "", None),
        ("3 m", "", None),
        ("posts", "", None),
        (" 7 ", "", 7),
        ("7posts", "", 7),
        ("0", "", 0),
    ],
)
def test_a_count_is_read_where_it_is_exact(value: str, spoken: str, count: int | None) -> None:
    parts = [Part("post_count_value", text=value)] if value else []
    made = stage("p", {"p": screen("own_profile", *parts, Part("post_count", desc=spoken))})
    assert post_count(made.look()) == count


def test_a_profile_without_a_count_has_none() -> None:
    assert post_count(stage("profile").look()) is None


def test_the_accounts_name_stands_on_the_own_profile_alone() -> None:
    named = screen("own_profile", Part("profile_name", text=" demo_01 "))
    assert name_of(stage("p", {"p": named}).look()) == "demo_01"
    assert name_of(stage("p", {"p": screen("home", Part("profile_name", text="demo_01"))}).look()) == ""
    assert name_of(stage("profile").look()) == ""


def test_the_newest_tile_is_called_as_its_description_says() -> None:
    tiled = screen("own_profile", Part("first_tile", text="x", desc="Reel at row 1, column 1"))
    assert tile_of(stage("p", {"p": tiled}).look()) == "Reel at row 1, column 1"
    assert tile_of(stage("profile").look()) == ""
