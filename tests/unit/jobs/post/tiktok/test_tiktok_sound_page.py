"""A sound's page on TikTok, drawn: by link and by search, used for a post or marked as a favourite, and how long each step may take."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.post.screens.recognise import Sight
from tests.support.drawn import DrawnStage, Follows, Part, Screen, screen

LINK = "https://www.tiktok.com/music/Some-song-1234567"
FIELD = Part("search_field", field=True)
TITLE = Part("sound_page_title", text="Some song", touch=False)
SCREENS = {
    "home": screen("home", "for_you_tab", "search_icon", "home_tab"),
    "friends": screen("home", "search_icon", "home_tab"),
    "profile": screen("own_profile", "search_icon", "home_tab"),
    "search": screen("search", FIELD),
    "search with button": screen("search", FIELD, "search_go"),
    "results": screen("sound_results", "sounds_tab"),
    "sounds": screen("sound_results", "sounds_tab_chosen sounds_tab", "sound_hits"),
    "no sounds": screen("sound_results", "sounds_tab_chosen sounds_tab"),
    "page": screen("sound_page", TITLE, "use_sound_button", "page_favorite"),
    "marked": screen("sound_page", TITLE, "use_sound_button", "page_favorite_on page_favorite"),
    "no mark": screen("sound_page", TITLE, "use_sound_button"),
    "no title": screen("sound_page", Part("sound_page_title", text=" "), "page_favorite"),
    "gone": screen("sound_gone", "share_sound"),
    "gone for good": screen("sound_gone", "sound_gone_text"),
    "camera": screen("camera", "gallery_button", "sound_chip_empty sound_chip"),
    "camera with sound": screen("camera", "gallery_button", Part("sound_chip", text="Some song - Bob")),
    "post": screen("post_screen", "post_button"),
}


def stage(at: Follows, screens: dict[str, Screen] | None = None, **config: Any) -> DrawnStage:
    asked = {"post_way": "useSound", "sound": "Some song"} | config
    made = DrawnStage("tiktok", SCREENS | (screens or {}), at, **asked)
    made.phone.on("tap search_icon", "search")
    made.phone.on("tap home_tab", "home")
    made.phone.on("tap sounds_tab", "sounds")
    made.phone.on("tap sound_hits", "page")
    made.phone.on("intent", "page")
    return made


def favourite(at: Follows, screens: dict[str, Screen] | None = None, **config: Any) -> DrawnStage:
    """A post that adds the sound of a link in the editor: it must be a favourite by then."""
    made = stage(at, screens, post_way="addButton", add_sound="custom", sound=LINK, **config)
    made.phone.on("tap page_favorite", "marked")
    made.phone.on("key back", "home")
    return made


def does(step: str) -> Any:
    """One step of the page of sounds, as a test of a stage takes it."""

    def act(flow: Any, sight: Sight) -> Sight:
        return getattr(flow.sound_page, step)(sight)  # type: ignore[no-any-return]

    return act


# -- whether it is wanted -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({}, True),
        ({"post_way": "addButton", "sound": LINK, "add_sound": "custom"}, True),
        ({"post_way": "addButton", "sound": "Some song", "add_sound": "custom"}, False),
        ({"post_way": "addButton", "sound": LINK, "add_sound": "1"}, False),
        ({"post_way": "addButton", "sound": LINK}, False),
    ],
)
def test_the_page_is_visited_to_post_from_it_or_as_the_sheet_cannot_search_a_link(
    config: dict[str, Any], wanted: bool
) -> None:
    assert stage("home", **config).flow.sound_page.wanted is wanted


def test_a_sound_that_is_a_favourite_by_now_needs_no_second_visit() -> None:
    made = favourite("page")
    assert made.flow.sound_page.wanted is True
    made.ends_on(does("on_page"))
    assert made.flow.sound_page.wanted is False
    assert made.flow.sound_page.favorite == "Some song"
    used = stage("page", sound=LINK)
    used.flow.sound_page.favorite = "Some song"
    assert used.flow.sound_page.wanted is True


# -- by link --------------------------------------------------------------------------------------------------------


def test_a_link_opens_the_page_in_the_app_alone() -> None:
    made = stage("home", sound=LINK)
    made.phone.on("intent", {15.0: "page"})
    assert made.ends_on(does("open")) == "sound_page"
    assert made.phone.intents == [
        ("-a", "android.intent.action.VIEW", "-d", LINK, "-p", "com.zhiliaoapp.musically")
    ]
    assert made.flow.driver.asked == {"sound_page", "sound_gone", "chooser"}
    assert made.attempt.log == ["step open sound"]
    assert made.attempt.facts["step open sound"] == {"sound": LINK}
    assert made.took_s() == 15.0
    early = stage("home", sound=LINK)
    early.phone.on("intent", {1.0: "friends", 2.0: "page"})
    assert early.ends_on(does("open")) == "sound_page"
    assert early.took_s() == 2.0
    gone = stage("home", sound=LINK)
    gone.phone.on("intent", {1.0: "friends"})
    assert gone.fails(does("open"))[0] == "sound_not_found"
    assert gone.took_s() == 15.0, "the feed that is drawn anew is no page"


def test_a_page_that_is_gone_is_a_page_too() -> None:
    made = stage("home", sound=LINK)
    made.phone.on("intent", {1.0: "gone"})
    assert made.ends_on(does("open")) == "sound_gone"


@pytest.mark.parametrize("after_s", [15.0, 30.0, 30.5])
def test_an_app_that_comes_to_the_front_first_gets_fifteen_seconds_more(after_s: float) -> None:
    made = stage("profile", sound=LINK)
    made.phone.on("intent", {15.0: "home", after_s: "page"} if after_s > 15 else {0.0: "home", 15.0: "page"})
    if after_s <= 30:
        assert made.ends_on(does("open")) == "sound_page"
    else:
        told = "TikTok does not open the sound's link"
        assert made.fails(does("open")) == ("sound_not_found", "sound", told)
        assert made.took_s() == 30.0


def test_a_link_that_leads_nowhere_is_said_after_fifteen_seconds() -> None:
    made = stage("home", sound=LINK)
    made.phone.on("intent", "")
    assert made.fails(does("open")) == ("sound_not_found", "sound", "TikTok does not open the sound's link")
    assert made.took_s() == 15.0


def test_a_link_that_no_app_takes_is_said_with_the_phones_words() -> None:
    made = stage("home", sound=LINK)
    made.phone.intent_error = "no activity found"
    told = "the link does not open: no activity found"
    assert made.fails(does("open")) == ("sound_not_found", "sound", told)
    assert made.took_s() == 0.0


def test_an_unknown_moment_before_the_page_is_waited_out() -> None:
    splash = screen("")
    made = stage("home", {"splash": splash}, sound=LINK)
    made.phone.on("intent", {1.0: "splash", 5.0: "page"})
    assert made.ends_on(does("open")) == "sound_page"
    made = stage("home", {"splash": splash}, sound=LINK)
    made.phone.on("intent", {1.0: "home2", 2.0: "splash", 5.0: "page"})
    made.phone.screens = {**SCREENS, "splash": splash, "home2": SCREENS["profile"]}
    assert made.ends_on(does("open")) == "sound_page"


# -- by search ------------------------------------------------------------------------------------------------------


def test_a_name_is_searched_from_the_feed() -> None:
    made = stage("home")
    assert made.ends_on(does("open")) == "search"
    assert made.touched == ["tap search_icon"]


@pytest.mark.parametrize("shown", ["friends", "profile"])
def test_other_tabs_search_among_other_things_so_the_feed_is_opened_first(shown: str) -> None:
    made = stage(shown)
    made.phone.on("tap home_tab", {8.0: "home"})
    assert made.ends_on(does("open")) == "search"
    assert made.touched == ["tap home_tab", "tap search_icon"]


def test_a_feed_that_does_not_come_is_said() -> None:
    made = stage("friends")
    made.phone.on("tap home_tab", "post")
    assert made.fails(does("open")) == ("ui_changed", "post_screen", "home does not come")
    made = stage("friends")
    made.phone.on("tap home_tab", "")
    assert made.fails(does("open"))[2] == "home_tab has no effect on home"


def test_the_search_page_gets_fifteen_seconds_twice() -> None:
    made = stage("home")
    made.phone.on("tap search_icon", "")
    assert made.fails(does("open")) == ("ui_changed", "home", "search_icon has no effect on home")
    assert made.took_s() == 30.0


def test_the_name_is_typed_and_the_results_asked_for() -> None:
    made = stage("search")
    made.phone.on("key enter", {5.0: "results"})
    assert made.ends_on(does("on_search")) == "sound_results"
    assert made.touched == ["type Some song", "key enter"]
    assert made.took_s() == 5.0


def test_a_name_that_stands_there_already_is_not_typed_again() -> None:
    made = stage("search")
    made.phone.typed["search_field"] = "SOME song"
    made.phone.on("key enter", "results")
    assert made.ends_on(does("on_search")) == "sound_results"
    assert made.touched == ["key enter"]


def test_typing_may_take_three_seconds_to_show() -> None:
    made = stage("search")
    made.phone.takes_text = False
    made.phone.on("key enter", "results")
    assert made.ends_on(does("on_search")) == "sound_results"
    assert made.took_s() == 3.0
    made = stage("search")
    made.phone.takes_text = False
    made.phone.on("type Some song", {1.0: "search with button"})
    made.phone.on("key enter", {1.0: "search", 2.0: "results"})
    assert made.ends_on(does("on_search")) == "sound_results"
    assert made.took_s() == 5.0
    made = stage("search")
    made.phone.takes_text = False
    made.phone.on("type Some song", {1.0: "post"})
    assert made.ends_on(does("on_search")) == "post_screen"
    assert made.touched == ["type Some song"]


def test_where_enter_does_nothing_the_button_is_pressed() -> None:
    made = stage("search with button")
    made.phone.on("tap search_go", {15.0: "results"})
    assert made.ends_on(does("on_search")) == "sound_results"
    assert made.touched == ["type Some song", "key enter", "tap search_go"]
    assert made.took_s() == 20.0
    made = stage("search with button")
    assert made.fails(does("on_search"))[2] == "search_go has no effect on search"
    assert made.took_s() == 35.0
    made = stage("search")
    assert made.ends_on(does("on_search")) == "search"
    assert made.took_s() == 5.0


def test_the_tab_of_sounds_is_chosen_and_the_first_hit_opened() -> None:
    made = stage("results")
    made.phone.on("tap sounds_tab", {15.0: "sounds"})
    made.phone.on("tap sound_hits", {15.0: "page"})
    assert made.ends_on(does("on_results")) == "sound_page"
    assert made.touched == ["tap sounds_tab", "tap sound_hits"]
    assert made.took_s() == 30.0
    made = stage("sounds")
    assert made.ends_on(does("on_results")) == "sound_page"
    assert made.touched == ["tap sound_hits"]


@pytest.mark.parametrize(("touch", "at"), [("sounds_tab", "results"), ("sound_hits", "sounds")])
def test_a_touch_on_the_results_gets_fifteen_seconds_twice(touch: str, at: str) -> None:
    made = stage(at)
    made.phone.on(f"tap {touch}", "")
    told = f"{touch} has no effect on sound_results"
    assert made.fails(does("on_results")) == ("ui_changed", "sound_results", told)
    assert made.took_s() == 30.0


def test_results_that_give_way_are_not_touched_again() -> None:
    made = stage("results")
    made.phone.on("tap sounds_tab", "post")
    assert made.ends_on(does("on_results")) == "post_screen"
    made = stage({0: "no sounds", 1: "post"})
    assert made.ends_on(does("on_results")) == "post_screen"
    assert made.touched == []
    assert made.took_s() == 1.0


@pytest.mark.parametrize(("wait_s", "gets_s"), [(0, 5.0), (5, 5.0), (12, 12.0)])
def test_hits_get_as_long_as_sounds_may_load(wait_s: int, gets_s: float) -> None:
    made = stage({0: "no sounds", gets_s: "sounds"}, sound_wait_time=wait_s)
    assert made.ends_on(does("on_results")) == "sound_page"
    made = stage({0: "no sounds", gets_s + 0.5: "sounds"}, sound_wait_time=wait_s)
    told = 'TikTok finds no sound "Some song"'
    assert made.fails(does("on_results")) == ("sound_not_found", "sound", told)
    assert made.took_s() == gets_s


@pytest.mark.parametrize(("step", "at"), [("on_search", "search"), ("on_results", "sounds")])
def test_a_search_that_comes_unasked_is_not_touched(step: str, at: str) -> None:
    made = favourite(at)
    assert made.fails(does(step)) == ("ui_changed", SCREENS[at].name, "the search page came unasked")
    assert made.touched == []


# -- the page -------------------------------------------------------------------------------------------------------


def test_the_sound_is_used_from_its_page() -> None:
    made = stage("page")
    made.phone.on("tap use_sound_button", {8.0: "camera"})
    assert made.ends_on(does("on_page")) == "camera"
    assert made.touched == ["tap use_sound_button"]
    assert made.flow.sound_page.title == "Some song"
    assert made.flow.sound_page.used is False


def test_a_page_that_was_not_asked_for_is_left() -> None:
    made = stage("page", post_way="addButton", sound="")
    made.phone.on("key back", {5.0: "home"})
    assert made.ends_on(does("on_page")) == "home"
    assert made.touched == ["key back"]
    assert made.attempt.log == ["press back: a sound page is open that was not asked for"]
    made = stage("page", post_way="addButton", sound="")
    assert made.ends_on(does("on_page")) == "sound_page"
    assert made.took_s() == 5.0
    made = stage("page", post_way="addButton", sound="")
    made.phone.on("key back", {1.0: "marked", 2.0: "home"})
    assert made.ends_on(does("on_page")) == "home"
    assert made.took_s() == 2.0


def test_a_sound_is_marked_once_and_the_tabs_gone_back_to() -> None:
    made = favourite("page")
    made.phone.on("tap page_favorite", {4.0: "marked"})
    made.phone.on("key back", {15.0: "home"})
    assert made.ends_on(does("on_page")) == "home"
    assert made.touched == ["tap page_favorite", "key back"]
    assert made.attempt.log[0] == "step mark sound as favourite"
    assert "press back: from the sound's page to the tabs" in made.attempt.log
    assert made.took_s() == 19.0


def test_going_back_ends_with_another_screen_and_not_with_the_page_drawn_anew() -> None:
    made = favourite("marked")
    made.phone.on("key back", {1.0: "no mark", 2.0: "home"})
    assert made.ends_on(does("on_page")) == "home"
    assert made.took_s() == 2.0


def test_a_mark_that_shows_nothing_is_waited_for_four_seconds_and_going_back_fifteen() -> None:
    made = favourite("page")
    made.phone.on("tap page_favorite", "")
    made.phone.on("key back", "")
    assert made.ends_on(does("on_page")) == "sound_page"
    assert made.took_s() == 19.0
    assert made.flow.sound_page.favorite == "Some song"


def test_a_sound_that_is_a_favourite_is_not_unmarked() -> None:
    made = favourite("marked")
    assert made.ends_on(does("on_page")) == "home"
    assert made.touched == ["key back"]


def test_something_that_comes_over_the_page_must_go_before_it_is_left() -> None:
    made = favourite("page")
    made.phone.on("tap page_favorite", {0.0: "post", 8.0: "marked"})
    assert made.ends_on(does("on_page")) == "home"
    made = favourite("page")
    made.phone.on("tap page_favorite", "post")
    told = "mark sound as favourite: sound_page does not come"
    assert made.fails(does("on_page")) == ("option_not_set", "post_screen", told)
    assert made.flow.sound_page.favorite == ""


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("no title", "the sound's page does not say its title"),
        ("no mark", "the sound's page has no mark for favourites"),
    ],
)
def test_a_page_that_lacks_something_ends_the_attempt(at: str, told: str) -> None:
    made = favourite(at)
    assert made.fails(does("on_page")) == ("option_not_set", "sound", told)
    assert made.touched == []


# -- the camera -----------------------------------------------------------------------------------------------------


def test_the_camera_shows_the_sound_that_was_chosen() -> None:
    made = stage("camera with sound")
    assert made.ends_on(does("check_in_camera")) == "camera"
    assert made.flow.sound_page.used is True
    assert made.attempt.facts["sound in use"] == {"sound": "Some song - Bob"}


@pytest.mark.parametrize(("wait_s", "gets_s"), [(0, 1.0), (1, 1.0), (10, 10.0)])
def test_the_camera_gets_as_long_as_sounds_may_load(wait_s: int, gets_s: float) -> None:
    made = stage({0: "camera", gets_s: "camera with sound"}, sound_wait_time=wait_s)
    assert made.ends_on(does("check_in_camera")) == "camera"
    assert made.flow.sound_page.used is True
    made = stage({0: "camera", gets_s + 0.5: "camera with sound"}, sound_wait_time=wait_s)
    told = "the camera does not show the sound that was chosen"
    assert made.fails(does("check_in_camera")) == ("option_not_set", "sound", told)
    assert made.took_s() == gets_s
    assert made.flow.sound_page.used is False


def test_a_camera_that_is_drawn_anew_without_the_sound_is_waited_for_on() -> None:
    other = screen("camera", "gallery_button", "record_button", "sound_chip_empty sound_chip")
    made = stage({0: "camera", 1.0: "other", 2.0: "camera with sound"}, {"other": other}, sound_wait_time=9)
    assert made.ends_on(does("check_in_camera")) == "camera"
    assert made.took_s() == 2.0


def test_a_camera_that_is_left_meanwhile_says_nothing_of_the_sound() -> None:
    made = stage({0: "camera", 0.5: "post"})
    assert made.ends_on(does("check_in_camera")) == "post_screen"
    assert made.flow.sound_page.used is False


# -- gone -----------------------------------------------------------------------------------------------------------


def test_a_page_without_its_button_may_load_for_three_seconds_or_as_long_as_sounds_may() -> None:
    for wait_s, gets_s in ((0, 3.0), (9, 9.0)):
        made = stage({0: "gone", gets_s: "page"}, sound_wait_time=wait_s)
        assert made.ends_on(does("on_gone")) == "sound_page"
        made = stage({0: "gone", gets_s + 0.5: "page"}, sound_wait_time=wait_s)
        told = "TikTok does not offer this sound for use"
        assert made.fails(does("on_gone")) == ("sound_not_found", "sound", told)
        assert made.took_s() == gets_s


def test_a_page_that_says_that_the_sound_is_gone_is_not_waited_for() -> None:
    for at, after_s in (("gone for good", 0.0), ({0: "gone", 2.0: "gone for good"}, 2.0)):
        made = stage(at)
        assert made.fails(does("on_gone"))[0] == "sound_not_found"
        assert made.took_s() == after_s
