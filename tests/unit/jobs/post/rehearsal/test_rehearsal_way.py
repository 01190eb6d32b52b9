"""The way of a rehearsal on drawn screens: options are opened and closed, the form is left, nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.phone.errors import LeaseLost, PhoneError, StopRequested
from jobs.post.apps import APPS
from jobs.post.flow.app import FormOption
from jobs.post.flow.driver import stuck
from jobs.post.rehearsal import walk as walking
from jobs.post.rehearsal.driver import RehearsalDriver
from jobs.post.rehearsal.report import SeenOption
from jobs.post.rehearsal.walk import Rehearsal
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from tests.support.drawn import DrawnDriver, DrawnStage, Follows, Part, Screen, screen


class Driver(RehearsalDriver, DrawnDriver):
    """The driver of rehearsals, on drawn screens."""


SCREENS = {
    "home": screen("home", "create_button", "profile_tab"),
    "form": screen("post_screen", "more_options_row", "add_link_row", "description_field"),
    "bare form": screen("post_screen", "description_field"),
    "options": screen("more_options", "sheet_close", "ai_label_text"),
    "links": screen("link_menu", "sheet_close"),
    "list": screen("product_list", "product_add"),
    "editor": screen("editor", "editor_next"),
    "leave": screen("leave_sheet", "discard_button"),
    "camera": screen("camera", "gallery_button"),
    "search": screen("search", "search_go"),
    "contacts": screen("contacts_dialog", "deny_button"),
    "asks": screen("publish_publicly", "publish_now_button"),
    "unknown": screen("", Part("nobody", text="knows")),
}  # fmt: skip

OUT = ["key back", "tap create_button", "key back", "tap discard_button"]


class Walk:
    """A rehearsal of drawn screens whose form is filled."""

    def __init__(
        self,
        at: Follows,
        monkeypatch: pytest.MonkeyPatch,
        *,
        platform: str = "tiktok",
        screens: dict[str, Screen] | None = None,
        fails: Exception | None = None,
        shows: Callable[[Any, Sight], str] = lambda _flow, _sight: "",
    ) -> None:
        self.names: list[str] = []  #: of the screens that came
        self.failed = 0  #: how often the driver was told of a failure
        self.stage = DrawnStage(
            platform, SCREENS | (screens or {}), at, driver=self._driver, post_way="addButton"
        )
        self.phone, self.flow = self.stage.phone, self.stage.flow
        self.removed: list[str] = []
        self.flow.files = SimpleNamespace(remove_all=lambda: self.removed.append("all"))
        self.flow.arrived = self.flow.account_read = True
        self.flow.earlier_indicators = {}
        self.asked: dict[str, Any] = {}

        def prepare(flow: Any, language: str, **more: Any) -> Any:
            self.asked = {"language": language, **more}
            sight = flow.driver.observe()
            if fails is not None:
                raise fails
            return SimpleNamespace(sight=sight)

        monkeypatch.setattr(walking, "prepare", prepare)
        self.it = Rehearsal(self.flow, APPS[platform], set_language="en")
        self.it.back = replace(self.it.back, shows_new_post=shows)
        self.phone.on("tap more_options_row", "options")
        self.phone.on("tap add_link_row", "links")
        self.phone.on("tap sheet_close", "form")
        self.phone.on("tap create_button", "editor")
        self.phone.on("key back", "home", "leave")
        self.phone.on("tap discard_button", "home")

    def _driver(self, attempt: Any, phone: Any, vocabulary: Any) -> Driver:
        made = Driver(attempt, phone, vocabulary, on_screen=lambda sight: self.names.append(sight.name))
        told = made.failed

        def failed() -> None:
            self.failed += 1
            told()

        made.failed = failed  # type: ignore[method-assign]
        return made

    def leaves(self) -> Rehearsal:
        """Only the way out, from the screen that is shown."""
        self.it._leave(self.stage.look())
        return self.it

    def stuck(self, act: Callable[[], Any]) -> tuple[str, str]:
        """Step and words of the failure."""
        with pytest.raises(ScriptFailed) as failed:
            act()
        assert failed.value.code == "ui_changed"
        return failed.value.step, str(failed.value)

    @property
    def touched(self) -> list[str]:
        return self.phone.touched

    @property
    def steps(self) -> list[str]:
        return [line for line in self.stage.attempt.log if line.startswith("step ")]


# -- there and back -------------------------------------------------------------------------------------------------


def test_a_rehearsal_opens_the_options_leaves_throws_the_texts_away_and_checks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walk = Walk("form", monkeypatch)
    walk.it.run()
    assert walk.touched == [
        "tap more_options_row", "tap sheet_close", "tap add_link_row", "tap sheet_close", *OUT,
    ]  # fmt: skip
    assert walk.steps == [
        "step option: AI label", "step option: product link", "step leave the form", "step remove the file",
        "step check that nothing was published",
    ]  # fmt: skip
    assert walk.asked == {"language": "en", "publishes": False}
    it = walk.it
    assert (it.caption_read, it.left, it.discarded, it.file_removed, it.nothing_published) == (True,) * 5
    assert (it.doubt, it.may_keep_texts, walk.failed, walk.removed) == ("", False, 0, ["all"])
    assert it.options == [
        SeenOption(name="AI label", offered=True, opened=True),
        SeenOption(name="product link", offered=True, opened=True),
    ]
    assert walk.stage.took_s() == 6.0
    assert walk.flow.driver.ignore == frozenset()


def test_at_first_a_rehearsal_has_found_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    it = Walk("form", monkeypatch).it
    assert (it.caption_read, it.left, it.discarded, it.file_removed, it.nothing_published) == (False,) * 5
    assert (it.doubt, it.options) == ("", [])


@pytest.mark.parametrize(
    "error", [PhoneError("the phone is gone"), stuck(SimpleNamespace(name="post_screen"), "odd")]
)  # type: ignore[arg-type]
def test_after_a_failure_the_form_is_left_all_the_same_and_the_app_closed(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk("form", monkeypatch, fails=error)
    with pytest.raises(type(error)):
        walk.it.run()
    assert walk.touched == [*OUT, "stop the app"]
    assert walk.failed == 1
    assert walk.steps == ["step leave after the failure", "step remove the file"]
    it = walk.it
    assert (it.caption_read, it.left, it.discarded, it.file_removed, it.nothing_published) == (
        False, True, True, True, False,
    )  # fmt: skip


@pytest.mark.parametrize("error", [StopRequested("stopped"), LeaseLost("out of time")])
def test_one_that_is_stopped_touches_nothing_more_and_removes_its_file(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk("form", monkeypatch, fails=error)
    with pytest.raises(type(error)):
        walk.it.run()
    assert walk.touched == []
    assert (walk.failed, walk.removed, walk.it.file_removed) == (0, ["all"], True)


@pytest.mark.parametrize(
    "error",
    [PhoneError("gone"), StopRequested("stopped"), LeaseLost("over"), stuck(SimpleNamespace(name=""), "odd")],  # type: ignore[arg-type]
)
def test_a_file_that_cannot_be_removed_is_told_and_hides_nothing_else(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk("form", monkeypatch)

    def fail() -> None:
        raise error

    walk.flow.files.remove_all = fail
    walk.it.run()
    assert (walk.it.file_removed, walk.it.left, walk.it.nothing_published) == (False, True, True)


def test_a_phone_that_is_lost_on_the_way_out_after_a_failure_hides_no_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walk = Walk("form", monkeypatch, fails=stuck(SimpleNamespace(name="post_screen"), "the reason"))  # type: ignore[arg-type]

    def lost(_key: str) -> None:
        raise PhoneError("the phone is gone")

    walk.phone.press = lost  # type: ignore[method-assign]
    assert walk.stuck(walk.it.run) == ("post_screen", "the reason")
    assert "stop the app" not in walk.touched


# -- the options ----------------------------------------------------------------------------------------------------


def tour(walk: Walk) -> list[SeenOption]:
    walk.it._tour(walk.stage.look())
    return walk.it.options


def test_rows_that_the_form_does_not_have_are_scrolled_to_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("bare form", monkeypatch)
    assert tour(walk) == [
        SeenOption(name="AI label", offered=False),
        SeenOption(name="product link", offered=False),
    ]
    assert walk.touched == ["swipe up", "swipe up"]


def test_a_row_that_opens_nothing_is_only_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("form", monkeypatch)
    walk.it.back = replace(walk.it.back, options=(FormOption("caption", "description_field"),))
    assert tour(walk) == [SeenOption(name="caption", offered=True)]
    assert walk.touched == []


def test_off_the_form_no_option_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("editor", monkeypatch)
    assert tour(walk) == []
    assert walk.touched == []


def test_an_option_that_takes_no_touch_is_told_after_two_times_eight_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walk = Walk("form", monkeypatch)
    walk.phone.on("tap more_options_row", "")
    told = "more_options_row has no effect on post_screen"
    assert tour(walk) == [
        SeenOption(name="AI label", offered=True, detail=told),
        SeenOption(name="product link", offered=True, opened=True),
    ]
    assert walk.touched == ["tap more_options_row"] * 2 + ["tap add_link_row", "tap sheet_close"]
    assert walk.stage.took_s() == 16.0


def test_an_option_that_opens_something_else_is_told_and_that_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walk = Walk("form", monkeypatch)
    walk.phone.on("tap more_options_row", "list")
    walk.phone.on("key back", "form")
    told = "more_options does not come"
    assert tour(walk)[0] == SeenOption(name="AI label", offered=True, detail=told)
    assert walk.touched[:2] == ["tap more_options_row", "key back"]
    assert "press back: closing product_list" in walk.stage.attempt.log


def test_either_sheet_of_an_option_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("form", monkeypatch)
    walk.phone.on("tap add_link_row", {8.0: "list"})
    walk.phone.on("key back", "form")
    assert tour(walk)[1] == SeenOption(name="product link", offered=True, opened=True)
    assert walk.touched[-2:] == ["tap add_link_row", "key back"]


def test_a_sheet_that_does_not_close_ends_the_tour(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("form", monkeypatch)
    walk.phone.on("tap sheet_close", "")
    assert walk.stuck(lambda: tour(walk)) == ("more_options", "sheet_close has no effect on more_options")


# -- the way out ----------------------------------------------------------------------------------------------------


def test_at_the_tabs_there_is_nothing_to_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("home", monkeypatch)
    assert walk.leaves().left is True
    assert walk.touched == []
    assert walk.it.discarded is False


def test_each_step_out_is_given_eight_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("editor", monkeypatch)
    walk.phone.on("key back", {8.0: "leave"})
    walk.phone.on("tap discard_button", {8.0: "home"})
    it = walk.leaves()
    assert (it.left, it.discarded) == (True, True)
    assert walk.touched == ["key back", "tap discard_button"]
    assert walk.stage.took_s() == 16.0
    assert "press back: leaves editor" in walk.stage.attempt.log
    walk = Walk("editor", monkeypatch, screens={"other": screen("editor", "editor_next", "sound_chip")})
    walk.phone.on("key back", {1.0: "other", 2.0: "home"})
    assert walk.leaves().left is True
    assert walk.touched == ["key back"]


def test_texts_that_the_app_kept_are_thrown_away_on_a_second_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("form", monkeypatch)
    assert walk.leaves().discarded is True
    assert walk.touched == OUT
    asked = Walk("form", monkeypatch)
    asked.phone.on("key back", "leave")
    assert asked.leaves().left is True
    assert asked.touched == ["key back", "tap discard_button"]


def test_texts_that_cannot_be_thrown_away_are_tried_once_more_and_then_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walk = Walk("form", monkeypatch)
    walk.phone.on("key back", "home")
    it = walk.leaves()
    assert (it.left, it.discarded) == (True, False)
    assert walk.touched == ["key back", "tap create_button", "key back"]
    assert it.may_keep_texts is True


def test_an_app_that_keeps_no_texts_is_left_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    share = screen("share_screen", "caption_field", "share_button")
    walk = Walk(
        "share",
        monkeypatch,
        platform="instagram",
        screens={"share": share, "home": screen("home", "profile_tab")},
    )
    it = walk.leaves()
    assert (it.left, it.discarded, it.may_keep_texts) == (True, False, False)
    assert walk.touched == ["key back"]


def test_a_screen_that_is_not_on_the_way_out_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("search", monkeypatch)
    assert walk.stuck(walk.leaves) == ("search", "search is not on the way out of the form")
    assert walk.touched == []
    walk = Walk("unknown", monkeypatch)
    assert walk.stuck(walk.leaves) == ("", "an unknown screen is not on the way out of the form")
    assert walk.stage.took_s() == 8.0
    assert walk.touched == []


def test_an_unknown_moment_is_let_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk({0: "unknown", 8.0: "home"}, monkeypatch)
    assert walk.leaves().left is True
    assert walk.stage.took_s() == 8.0


def test_an_unknown_screen_that_is_drawn_anew_is_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    other = screen("", Part("nobody", text="knows this either"))
    walk = Walk({0: "unknown", 1.0: "other", 2.0: "home"}, monkeypatch, screens={"other": other})
    assert walk.leaves().left is True
    assert walk.stage.took_s() == 2.0


def test_an_interruption_is_closed_as_on_any_way(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("contacts", monkeypatch)
    walk.phone.on("tap deny_button", "home")
    assert walk.leaves().left is True
    assert walk.touched == ["tap deny_button"]


def test_what_asks_after_a_publishing_tap_is_closed_by_back(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("asks", monkeypatch)
    walk.phone.on("key back", {8.0: "home"})
    assert walk.leaves().left is True
    assert walk.touched == ["key back"]
    assert walk.stage.took_s() == 8.0
    assert "press back: closes publish_publicly" in walk.stage.attempt.log
    other = screen("publish_publicly", "publish_now_button", "deny_button")
    walk = Walk("asks", monkeypatch, screens={"other": other})
    walk.phone.on("key back", {1.0: "other", 2.0: "home"})
    assert walk.leaves().left is True
    assert walk.touched == ["key back"]


@pytest.mark.parametrize(
    ("at", "leads", "name", "touched"),
    [
        (
            "contacts", {"tap deny_button": ["editor"], "key back": ["contacts"]}, "contacts_dialog",
            ["tap deny_button", "key back"] * 2,
        ),
        ("asks", {"key back": ["editor", "asks"] * 3}, "publish_publicly", ["key back"] * 4),
    ],
)  # fmt: skip
def test_what_comes_back_each_time_is_closed_twice_and_then_told(
    at: str, leads: dict[str, list[str]], name: str, touched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk(at, monkeypatch)
    for touch, follows in leads.items():
        walk.phone.on(touch, *follows)
    told = f"{name} comes back each time that the form is left"
    assert walk.stuck(walk.leaves) == (name, told)
    assert walk.touched == touched


def test_a_way_that_goes_in_circles_ends_after_fourteen_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("editor", monkeypatch)
    walk.phone.on("key back", *["camera", "editor"] * 10)
    assert walk.stuck(walk.leaves)[1] == "no step leads out of the form"
    assert walk.touched == ["key back"] * 14


# -- back to where it is discarded ----------------------------------------------------------------------------------


def back_in(walk: Walk) -> str:
    return str(walk.it._to_where_it_is_discarded(walk.stage.look()).name)


@pytest.mark.parametrize("at", ["editor", "form"])
def test_the_editor_and_the_form_itself_are_where_texts_are_thrown_away(
    at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk(at, monkeypatch)
    walk.flow.media_chosen = True
    assert back_in(walk) == SCREENS[at].name
    assert walk.touched == []
    assert walk.flow.media_chosen is False


def test_the_post_is_begun_anew_up_to_there(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("home", monkeypatch)
    walk.phone.on("tap create_button", "camera")
    walk.phone.on("tap gallery_button", {0.0: "unknown", 2.0: "editor"})
    assert back_in(walk) == "editor"
    assert walk.touched == ["tap create_button", "tap gallery_button"]


def test_a_screen_that_leads_nowhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("links", monkeypatch)
    told = "the texts that the app kept cannot be thrown away: link_menu came instead"
    assert walk.stuck(lambda: back_in(walk)) == ("link_menu", told)


def test_a_way_there_that_goes_in_circles_ends_after_fourteen_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("home", monkeypatch)
    walk.phone.on("tap create_button", "camera")
    walk.phone.on("tap gallery_button", "home")
    told = "the texts that the app kept cannot be thrown away: home came instead"
    assert walk.stuck(lambda: back_in(walk)) == ("home", told)
    assert len(walk.touched) == 14


# -- after a failure ------------------------------------------------------------------------------------------------


def test_an_app_that_died_with_our_texts_is_started_once_more_to_throw_them_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walk = Walk({0: "form", 1: "search"}, monkeypatch)
    walk.stage.look()
    walk.phone.time.at += 1
    walk.phone.on("stop the app", "search")
    walk.phone.on("start the app", "home")
    walk.phone.on("key back", "leave")
    assert walk.it.may_keep_texts is True
    walk.it._leave_anyhow()
    assert walk.touched == [
        "stop the app", "start the app", "tap create_button", "key back", "tap discard_button", "stop the app",
    ]  # fmt: skip
    assert walk.steps == [
        "step leave after the failure", "step throw away what the app kept", "step open app",
    ]  # fmt: skip
    assert "starting the app afresh: its form was left by a failure" in walk.stage.attempt.log
    assert (walk.it.discarded, walk.it.may_keep_texts) == (True, False)


def test_texts_that_cannot_be_thrown_away_then_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk({0: "form", 1: "search"}, monkeypatch)
    walk.stage.look()
    walk.phone.time.at += 1
    walk.it._leave_anyhow()
    assert walk.it.may_keep_texts is True
    assert walk.touched == ["stop the app", "start the app", "stop the app"]


def test_where_the_form_never_came_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("search", monkeypatch)
    walk.it._leave_anyhow()
    assert walk.it.may_keep_texts is False
    assert walk.touched == ["stop the app"]
    usual = Walk("form", monkeypatch)
    usual.flow.driver = DrawnDriver(usual.stage.attempt, usual.flow.phone, usual.flow.driver.vocabulary)
    usual.flow.driver.observe()
    assert usual.it.may_keep_texts is False


# -- afterwards -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after_s", [0.0, 6.0, 6.5])
def test_the_tabs_are_watched_for_six_seconds(after_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[float] = []

    def shows(flow: Any, sight: Sight) -> str:
        begun.append(flow.attempt.clock.monotonic())
        return "a new post" if sight.has("profile_tab") and begun[-1] - begun[0] >= after_s else ""

    walk = Walk({0: "home", 6.0: "home"}, monkeypatch, shows=shows)
    if after_s > 6:
        walk.it._check()
        assert walk.it.nothing_published is True
        assert walk.it.doubt == ""
        assert walk.stage.took_s() == 6.0
    else:
        told = "something may have been published during the rehearsal: a new post"
        assert walk.stuck(walk.it._check) == ("home", told)
        assert (walk.it.doubt, walk.it.nothing_published) == ("a new post", False)
        assert walk.stage.took_s() == after_s
