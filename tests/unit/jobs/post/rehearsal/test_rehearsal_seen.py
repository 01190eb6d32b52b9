"""What the driver of a rehearsal hands over to be recorded, on drawn screens, and where its refusals stand."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.post.rehearsal.driver import RehearsalDriver
from jobs.post.screens.element import Element
from jobs.task.attempt import ScriptFailed
from tests.support.drawn import DrawnDriver, DrawnStage, Follows, Part, Screen, screen


class Driver(RehearsalDriver, DrawnDriver):
    """The driver of rehearsals, on drawn screens."""


def unknown(*texts: str) -> Screen:
    return screen("", *(Part(f"t{place}", text=text, touch=False) for place, text in enumerate(texts)))


SCREENS = {
    "home": screen("home", "create_button"),
    "home again": screen("home", "create_button", "profile_tab"),
    "form": screen("post_screen", "more_options_row", "post_button", Part("description_field", field=True)),
    "asks": screen("publish_publicly", "publish_now_button", "deny_button"),
    "splash": unknown("Loading"),
    "promotion": unknown("Season of lights", "Join the fun", "Another day"),
    "promotion, half": unknown("Season of lights", "Join the fun", "Another day", "1", "2", "3"),
    "promotion, less": unknown("Season of lights", "Join the fun", "Another day", "1", "2", "3", "4"),
}  # fmt: skip


class Watched:
    """A driver with the screens that it handed over."""

    def __init__(self, at: Follows) -> None:
        self.seen: list[tuple[str, str]] = []  #: name, and the first text
        self.stage = DrawnStage("tiktok", SCREENS, at, driver=self._driver)
        self.driver: Driver = self.stage.flow.driver

    def _driver(self, attempt: Any, phone: Any, vocabulary: Any) -> Driver:
        return Driver(attempt, phone, vocabulary, on_screen=self._note)

    def _note(self, sight: Any) -> None:
        self.seen.append((sight.name, next((n.text for n in sight.tree.nodes if n.text), "")))

    def looks(self, *moments: float) -> list[tuple[str, str]]:
        """What was handed over by the end of looks at these seconds."""
        begun = self.stage.phone.time.at
        for moment in moments:
            self.stage.phone.time.at = begun + moment
            self.driver.observe()
        return self.seen

    def refused(self, element: str, act: str) -> tuple[str, str]:
        sight = self.driver.observe()
        found = sight.find(element)
        assert found is not None
        target = Element("more_options_row", found.node, "by a mistake")
        with pytest.raises(ScriptFailed) as failed:
            {"tap": self.driver.tap, "tap_once": self.driver.tap_once}.get(
                act, lambda one: self.driver.enter_text(one, "words")
            )(target)
        assert self.stage.touched == []
        return failed.value.step, str(failed.value)


def test_each_screen_with_another_name_is_handed_over_once() -> None:
    watched = Watched({0: "home", 1: "home again", 2: "form", 3: "home"})
    assert watched.looks(0, 1, 2, 3) == [("home", ""), ("post_screen", ""), ("home", "")]
    assert watched.driver.came == {"home", "post_screen"}


def test_of_screens_without_a_name_each_with_other_texts_is_handed_over() -> None:
    watched = Watched({0: "splash", 1: "promotion", 2: "promotion"})
    assert watched.looks(0, 1, 2) == [("", "Loading"), ("", "Season of lights")]
    assert watched.driver.came == {""}


def test_texts_that_are_the_same_by_half_are_one_screen() -> None:
    assert len(Watched({0: "promotion", 1: "promotion, half"}).looks(0, 1)) == 1
    assert len(Watched({0: "promotion", 1: "promotion, less"}).looks(0, 1)) == 2


def test_behind_a_screen_with_a_name_one_without_is_handed_over_by_its_name_alone() -> None:
    watched = Watched({0: "splash", 1: "home", 2: "home again", 3: "splash"})
    assert watched.looks(0, 1, 2, 3) == [("", "Loading"), ("home", ""), ("", "Loading")]


def test_what_stood_there_at_a_failure_is_handed_over_unless_it_was() -> None:
    watched = Watched({0: "home", 1: "home again"})
    watched.driver.failed()
    assert watched.seen == []
    watched.looks(0)
    watched.driver.failed()
    assert len(watched.seen) == 1
    watched.looks(1)
    watched.driver.failed()
    watched.driver.failed()
    assert watched.seen == [("home", "")] * 2


@pytest.mark.parametrize("act", ["tap", "tap_once", "type"])
def test_a_refusal_names_its_screen_and_the_button(act: str) -> None:
    named = "more_options_row" if act == "tap_once" else "post_button"
    told = f"a rehearsal never publishes: {named} lies where it would have touched"
    assert Watched("form").refused("post_button", act) == ("post_screen", told)


def test_before_the_first_look_nothing_is_known_of_the_screen() -> None:
    watched = Watched("form")
    node = Watched("form").stage.look().tree.nodes[1]
    with pytest.raises(ScriptFailed) as failed:
        watched.driver.tap_once(Element("post_button", node, "by a mistake"))
    assert failed.value.step == ""
    watched.driver.tap(Element("more_options_row", node, "unseen"))
    assert watched.stage.touched == ["tap more_options_row"]


@pytest.mark.parametrize("act", ["tap", "type"])
def test_what_asks_after_a_publishing_tap_is_not_touched_at_all(act: str) -> None:
    told = "a rehearsal never publishes: what publish_publicly asks after a publishing tap lies where it would have touched"
    assert Watched("asks").refused("deny_button", act) == ("publish_publicly", told)


def test_other_touches_are_made() -> None:
    watched = Watched("form")
    sight = watched.driver.observe()
    row, field = sight.find("more_options_row"), sight.find("description_field")
    assert row is not None
    assert field is not None
    watched.driver.tap(row)
    watched.driver.enter_text(field, "words")
    assert watched.stage.touched == ["tap more_options_row", "type words"]
