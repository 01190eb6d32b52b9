"""Instagram's audio for a reel on drawn screens: its page by link or search, used once, and each step with its time."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.post.screens.recognise import Sight
from tests.support.drawn import IMAGE, DrawnStage, Follows, Part, Screen, screen

LINK = "https://www.instagram.com/reels/audio/1234567/"
SCREENS = {
    "form": screen("share_screen", "caption_field", "share_button"),
    "profile": screen("own_profile", "create_new", "search_tab", "profile_tab"),
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
    assert made.attempt.facts["step open audio"] == {"link": LINK}


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
