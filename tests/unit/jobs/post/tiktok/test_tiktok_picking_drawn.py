"""What is chosen in a drawn picker of TikTok, how long each touch may take, and which numbers keep it from going on."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.phone.screen.tree import Bounds
from jobs.post.tiktok.picking import pick
from tests.support.drawn import IMAGE, VIDEO, DrawnStage, Follows, Part, Screen, screen

CELL = 300


def box(place: int) -> Bounds:
    left, top = place % 3 * CELL, 300 + place // 3 * CELL
    return (left, top, left + CELL, top + CELL)


def cell(place: int, text: str = "", number: int = 0) -> list[Part]:
    """A medium of the grid with its tick; `text` stands in its lower corner, `number` on it where it is chosen."""
    _, top, right, bottom = box(place)
    parts = [Part(f"picker_cells cell{place}", box(place))]
    if text:
        parts.append(
            Part("label", (right - 90, bottom - 50, right - 10, bottom - 10), text=text, touch=False)
        )
    if number:
        at = (right - 80, top + 20, right - 20, top + 80)
        parts.append(Part("chosen_number", at, text=str(number), touch=False))
    return parts


def picker(*cells: list[Part], tabs: str) -> Screen:
    """The picker; `tabs`: the elements of its tabs, one row each."""
    return screen("picker", *tabs.split(), "picker_next", *(part for parts in cells for part in parts))


VIDEOS, PHOTOS = "videos_tab_chosen photos_tab", "videos_tab photos_tab_chosen"
SCREENS = {
    "ours": picker(cell(0, "0:05"), cell(1, "0:30"), tabs=VIDEOS),
    "ours chosen": picker(cell(0, "0:05", 1), cell(1, "0:30"), tabs=VIDEOS),
    "ours, no word of it": picker(cell(0, "0:06"), cell(1, "0:30"), tabs=VIDEOS),
    "another tab": picker(cell(0), tabs=PHOTOS),
    "photo": picker(cell(0, "0:30"), cell(1), tabs=PHOTOS),
    "photo chosen": picker(cell(0, "0:30", 1), cell(1), tabs=PHOTOS),
    "editor": screen("editor", "editor_next"),
    "camera": screen("camera", "gallery_button"),
}


def stage(at: Follows, *, media: Any = VIDEO, count: int = 1, **screens: Screen) -> DrawnStage:
    return DrawnStage("tiktok", SCREENS | screens, at, media=[media] * count)


def test_our_video_is_chosen_and_going_on_gets_twenty_five_seconds() -> None:
    made = stage("ours")
    made.phone.on("tap cell0", {4.0: "ours chosen"})
    made.phone.on("tap picker_next", {25.0: "editor"})
    assert made.ends_on(pick) == "editor"
    assert made.touched == ["tap cell0", "tap picker_next"]
    assert made.took_s() == pytest.approx(29.4)  # it is looked at once more
    assert made.attempt.facts["tap tick of cell 1"]["by"] == "top right of the cell"


def test_going_on_without_effect_is_tried_twice_and_then_told() -> None:
    made = stage("ours")
    made.phone.on("tap cell0", "ours chosen")
    assert made.fails(pick) == ("ui_changed", "picker", "picker_next has no effect on picker")
    assert made.took_s() == pytest.approx(50.4)


def test_a_picker_that_says_nothing_of_what_is_chosen_is_believed_once_it_changes() -> None:
    made = stage("ours")
    made.phone.on("tap cell0", "ours, no word of it")
    made.phone.on("tap picker_next", "editor")
    assert made.ends_on(pick) == "editor"
    assert made.touched == ["tap cell0", "tap picker_next"]


def test_a_tick_without_effect_ends_the_attempt_after_four_seconds() -> None:
    made = stage("ours")
    assert made.fails(pick) == ("ui_changed", "picker", "tapping the tick selects nothing")
    assert made.took_s() == 4.0
    assert made.touched == ["tap cell0"]


def test_the_tab_of_the_kind_is_chosen_first_and_given_four_seconds() -> None:
    made = stage("another tab")
    made.phone.on("tap videos_tab", {4.0: "ours chosen"})
    made.phone.on("tap picker_next", "editor")
    assert made.ends_on(pick) == "editor"
    assert made.touched == ["tap videos_tab", "tap picker_next"]


def test_a_picker_that_leaves_when_its_tab_is_touched_is_not_touched_again() -> None:
    made = stage("another tab")
    made.phone.on("tap videos_tab", "camera")
    assert made.ends_on(pick) == "camera"
    assert made.touched == ["tap videos_tab"]


def test_a_photo_is_taken_whatever_is_written_on_it() -> None:
    made = stage("photo", media=IMAGE)
    made.phone.on("tap cell0", "photo chosen")
    made.phone.on("tap picker_next", "editor")
    assert made.ends_on(pick) == "editor"
    assert made.touched == ["tap cell0", "tap picker_next"]


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ((0, 1), "the picker has chosen another medium than the one that was tapped"),
        ((1, 2), "2 items are selected, not 1"),
        ((3, 0), "the picker has chosen another medium than the one that was tapped"),
    ],
)
def test_whatever_else_is_chosen_is_not_gone_on_with(numbers: tuple[int, int], told: str) -> None:
    after = picker(cell(0, "0:05", numbers[0]), cell(1, "0:30", numbers[1]), tabs=VIDEOS)
    made = stage("ours", after=after)
    made.phone.on("tap cell0", "after")
    assert made.fails(pick)[2] == told
    assert made.touched == ["tap cell0"]
