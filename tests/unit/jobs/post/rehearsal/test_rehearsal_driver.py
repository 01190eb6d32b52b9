"""The driver of a rehearsal: no touch of it lands where a form publishes, whatever it was meant for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from jobs.phone.protocol import PhoneSession
from jobs.phone.screen.tree import UiTree, parse_xml
from jobs.post.rehearsal.driver import RehearsalDriver
from jobs.post.screens.element import Element
from jobs.post.screens.screens_file import Vocabulary
from jobs.task.attempt import ScriptFailed
from storage.records import Task
from tests.support.clock import FakeClock
from tests.support.post_stage import StageAttempt, shipped_screens
from tests.support.teaching import drawn_xml, sheet


@dataclass
class Phone:
    """Shows one tree, and remembers what was done to it."""

    xml: str
    done: list[tuple[Any, ...]] = field(default_factory=list)

    def observe(self) -> UiTree:
        return parse_xml(self.xml)

    def remarks(self) -> list[str]:
        return []

    def tap(self, x: int, y: int) -> None:
        self.done.append(("tap", x, y))

    def tap_once(self, x: int, y: int) -> None:
        self.done.append(("publish", x, y))

    def enter_text(self, x: int, y: int, text: str) -> None:
        self.done.append(("type", x, y, text))


def driver_on(platform: str, phone: Phone, language: str = "en") -> RehearsalDriver:
    task = Task(
        id=0, serial="PHONE1", platform=platform, package="app", script_config={}, scheduled_at=0, created_at=0, due_at=0
    )  # fmt: skip
    made = RehearsalDriver(
        StageAttempt(task, FakeClock()),
        cast("PhoneSession", phone),
        _vocabulary(platform),
        on_screen=lambda _: None,
    )
    made.language = language
    made.observe()
    return made


def _vocabulary(platform: str) -> Vocabulary:
    return shipped_screens()[platform]


def target(driver: RehearsalDriver, button: str) -> Element:
    """An element of another name, found at the place of this one."""
    sight = driver.last_sight
    assert sight is not None
    found = sight.find(button)
    assert found is not None
    return Element("more_options_row", found.node, "by a mistake")


TOUCHES: list[Callable[[RehearsalDriver, Element], None]] = [
    lambda driver, found: driver.tap(found),
    lambda driver, found: driver.tap_at(found, *found.center, "a place on it"),
    lambda driver, found: driver.tap_once(found),
    lambda driver, found: driver.enter_text(found, "words"),
]


@pytest.mark.parametrize("touch", TOUCHES, ids=["tap", "tap_at", "tap_once", "enter_text"])
@pytest.mark.parametrize(
    ("platform", "screen", "button"),
    [
        ("tiktok", "post_screen", "post_button"),
        ("tiktok", "editor", "your_story"),
        ("instagram", "share_screen", "share_button"),
        ("instagram", "story_editor", "your_story"),
    ],
)
def test_no_touch_lands_on_a_button_that_publishes_whatever_it_was_meant_for(
    platform: str, screen: str, button: str, touch: Callable[[RehearsalDriver, Element], None]
) -> None:
    phone = Phone(drawn_xml(platform, screen))
    driver = driver_on(platform, phone)
    with pytest.raises(ScriptFailed, match="a rehearsal never publishes"):
        touch(driver, target(driver, button))
    assert phone.done == []


def test_the_publishing_tap_is_never_made_wherever_it_would_land() -> None:
    phone = Phone(drawn_xml("tiktok", "editor"))
    driver = driver_on("tiktok", phone)
    with pytest.raises(ScriptFailed, match="a rehearsal never publishes"):
        driver.tap_once(target(driver, "editor_next"))
    assert phone.done == []


def test_of_two_buttons_that_publish_neither_is_touched() -> None:
    """A form may draw its button twice, as while one takes the other's place."""
    shown = drawn_xml("tiktok", "post_screen")
    whole, half = 'bounds="[550,2179][1048,2305]"', 'bounds="[550,2179][790,2305]"'
    start = shown.rindex("<node", 0, shown.index(whole))
    button = shown[start : shown.index("</node>", start) + len("</node>")]
    twice = button.replace(whole, half) + button.replace(whole, 'bounds="[800,2179][1048,2305]"')
    phone = Phone(shown.replace(button, twice))
    driver = driver_on("tiktok", phone)
    sight = driver.last_sight
    assert sight is not None
    buttons = sight.index.find_all("post_button")
    assert len(buttons) == 2
    for one in buttons:
        with pytest.raises(ScriptFailed, match="a rehearsal never publishes"):
            driver.tap(Element("more_options_row", one.node, "by a mistake"))
    assert phone.done == []


@pytest.mark.parametrize(("language", "touched"), [("nl", False), ("en", True), ("", True)])
def test_in_a_language_that_is_not_known_the_place_of_the_button_is_enough(
    language: str, touched: bool
) -> None:
    phone = Phone(drawn_xml("tiktok", "post_screen", {"Post": "Plaatsen"}))
    driver = driver_on("tiktok", phone, language)
    sight = driver.last_sight
    assert sight is not None
    assert not sight.has("post_button")
    node = next(node for node in sight.tree.nodes if node.text == "Plaatsen")
    found = Element("more_options_row", node, "by a mistake")
    if touched:
        driver.tap(found)
    else:
        with pytest.raises(ScriptFailed, match="what may be the publishing button"):
            driver.tap(found)
    assert len(phone.done) == touched


def test_in_such_a_language_a_button_that_is_read_all_the_same_leaves_its_neighbours_free() -> None:
    phone = Phone(drawn_xml("tiktok", "post_screen"))
    driver = driver_on("tiktok", phone, "nl")
    sight = driver.last_sight
    assert sight is not None
    beside = next(node for node in sight.tree.nodes if node.text == "Drafts")
    driver.tap(Element("more_options_row", beside, "beside the button"))
    assert phone.done == [("tap", *beside.center)]


def test_what_publishes_nothing_is_touched_and_typed_into() -> None:
    phone = Phone(drawn_xml("tiktok", "post_screen"))
    driver = driver_on("tiktok", phone)
    sight = driver.last_sight
    assert sight is not None
    row, text = sight.find("more_options_row"), sight.find("description_field")
    assert row is not None
    assert text is not None
    driver.tap(row)
    driver.enter_text(text, "words")
    assert phone.done == [("tap", *row.center), ("type", *text.center, "words")]


def test_a_question_that_publishes_when_it_is_answered_is_not_answered() -> None:
    """The screens files say of such buttons that they publish, too: they come after the tap, or over a form that was resumed."""
    shown = drawn_xml("tiktok", "editor", over=sheet("Publish video publicly?", "Post now", "Another day"))
    phone = Phone(shown)
    driver = driver_on("tiktok", phone)
    with pytest.raises(
        ScriptFailed,
        match="a rehearsal never publishes: what publish_publicly asks after a publishing tap lies where",
    ):
        driver.tap(target(driver, "publish_now_button"))
    assert phone.done == []
