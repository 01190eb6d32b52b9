"""Choosing in a grid that shows a part of the gallery and behaves as badly as real ones (MED-26)."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

from jobs.phone.screen.tree import Node
from jobs.post.flow.grid import Cell, GridWalk
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode

ROW, WIDTH, HEIGHT = 300, 300, 1000
COLUMNS = 3


@dataclass
class Sight:
    """What is seen of the grid at one moment."""

    cells: list[Cell]
    name: str = "picker"


@dataclass
class Gallery:
    """A grid of so many images; drags move it by a factor of their distance, taps choose."""

    count: int
    factor: float = 0.9  #: of a drag's distance that the grid follows
    numbers: bool = True  #: whether chosen cells show their number
    dropped_drags: int = 0
    dropped_taps: int = 0
    wrong_taps: int = 0  #: so many taps choose the image after the one that was tapped
    footer: int = 0  #: so much of the last row can never be scrolled into view
    late: int = 0  #: so many of the newest images are missing until `late_until` taps were made
    late_from: int = 0  #: ... which is where they come in, from the newest on
    late_until: int = 0
    taps: int = 0
    offset: float = 0.0
    chosen: list[int] = field(default_factory=list)
    drags: list[int] = field(default_factory=list)
    moving: float = 0.0  #: what a fling still has to go

    def cells(self) -> list[Cell]:
        found = []
        shown = [
            image
            for image in range(self.count)
            if self.taps >= self.late_until or not self.late_from <= image < self.late_from + self.late
        ]
        for place, image in enumerate(shown):
            top = place // COLUMNS * ROW - self.offset
            low, high = max(0, int(top)), min(HEIGHT, int(top) + ROW - 2)
            if low < high:
                left = place % COLUMNS * WIDTH
                node = Node(bounds=(left, low, left + WIDTH - 2, high), order=image)
                number = self.chosen.index(image) + 1 if self.numbers and image in self.chosen else 0
                found.append(Cell(node, number))
        return found

    def move(self, distance: float) -> None:
        rows = -(-self.count // COLUMNS)
        self.offset = min(max(0, rows * ROW - HEIGHT - self.footer), max(0, self.offset + distance))

    # What a flow offers to the walk

    @property
    def driver(self) -> Gallery:
        return self

    def observe(self) -> Any:
        return Sight(self.cells())

    def wait_change(self, _sight: Any, _timeout_s: float) -> Any:
        step, self.moving = self.moving, self.moving / 2 if abs(self.moving) > 8 else 0.0
        self.move(step)
        return self.observe()

    def until(self, _sight: Any, _done: Any, _timeout_s: float) -> Any:
        return self.observe()

    def tap(self, found: Any) -> None:
        if self.dropped_taps:
            self.dropped_taps -= 1
            return
        self.taps += 1
        place = found.node.order + (1 if self.wrong_taps else 0)
        self.wrong_taps = max(0, self.wrong_taps - 1)
        assert found.node.height >= (ROW - 2) * 0.5, "a cell at the edge was tapped"
        if place in self.chosen:
            self.chosen.remove(place)
        else:
            self.chosen.append(place)

    def drag(self, start: Any, end: Any, _what: str, *, duration_ms: int) -> None:
        assert 0 <= start[1] < HEIGHT, "the finger began outside of the grid"
        assert duration_ms >= abs(end[1] - start[1]), "a fling"
        self.drags.append(start[1] - end[1])
        if self.dropped_drags:
            self.dropped_drags -= 1
            return
        distance = (start[1] - end[1]) * self.factor
        self.move(distance / 2)
        self.moving = distance / 4

    def stuck(self, _sight: Any, why: str) -> ScriptFailed:
        return ScriptFailed(ErrorCode.UI_CHANGED, why)

    def reach(self, sight: Any, _name: str) -> Any:
        return sight


def walk(gallery: Gallery, count: int) -> None:
    read: Any = lambda sight: sight.cells  # noqa: E731 - typed for the walk
    chosen: Any = lambda _: len(gallery.chosen)  # noqa: E731
    flow: Any = gallery
    sight: Any = gallery.observe()
    GridWalk(flow, read, chosen=chosen, target=lambda _, node: node).choose(sight, count)


@pytest.mark.parametrize("count", [2, 9, 10, 15, 35])
@pytest.mark.parametrize("more", [0, 1, 40])
@pytest.mark.parametrize("factor", [0.3, 0.9, 1.3, 2.5])
def test_the_first_images_are_chosen_in_order_however_far_the_grid_goes(
    count: int, more: int, factor: float
) -> None:
    gallery = Gallery(count + more, factor=factor)
    walk(gallery, count)
    assert gallery.chosen == list(range(count))


def test_a_grid_that_overshoots_is_moved_back() -> None:
    gallery = Gallery(60, factor=3.5)
    walk(gallery, 20)
    assert gallery.chosen == list(range(20))
    assert min(gallery.drags) < 0


@pytest.mark.parametrize("fault", [{"dropped_drags": 1}, {"dropped_taps": 1}, {"footer": 90}])
def test_swallowed_swipes_and_taps_and_a_bar_over_the_last_row_do_not_matter(fault: dict[str, Any]) -> None:
    gallery = Gallery(20, **fault)
    walk(gallery, 20)
    assert gallery.chosen == list(range(20))


def test_a_tap_that_chooses_another_image_ends_the_attempt() -> None:
    with pytest.raises(ScriptFailed, match="number 1 is not on the image"):
        walk(Gallery(20, wrong_taps=1), 5)


@pytest.mark.parametrize("late_from", [0, 1, 2])
@pytest.mark.parametrize("late", [1, 2, 3])
@pytest.mark.parametrize("count", [4, 9, 15])
@pytest.mark.parametrize("tap", [1, 2, 3, -1])
def test_a_grid_that_shows_some_of_ours_only_after_others_were_tapped_never_has_other_images_chosen(
    tap: int, count: int, late: int, late_from: int
) -> None:
    """A picker that still shows the gallery of before the push, or half of it, is read anew while it is tapped."""
    gallery = Gallery(40, late=late, late_from=late_from, late_until=tap if tap > 0 else count)
    in_time = 0 < tap <= late_from
    with (
        nullcontext()
        if in_time
        else pytest.raises(ScriptFailed, match=r"number|grid has changed|has no effect")
    ):
        walk(gallery, count)
    assert (gallery.chosen == list(range(count))) is in_time


def test_the_way_back_to_the_first_image_is_short_and_ends_at_the_top_of_the_grid() -> None:
    gallery = Gallery(40)
    walk(gallery, 20)
    assert gallery.offset == 0
    assert sum(drag < 0 for drag in gallery.drags) <= 6


def test_without_numbers_what_is_in_view_is_chosen_and_more_is_refused() -> None:
    gallery = Gallery(30, numbers=False)
    walk(gallery, 9)
    assert gallery.chosen == list(range(9))
    with pytest.raises(ScriptFailed, match="no numbers") as failed:
        walk(Gallery(30, numbers=False), 15)
    assert failed.value.code == "ui_changed"


def test_a_gallery_that_ends_before_passes() -> None:
    with pytest.raises(ScriptFailed, match="ends after 12 of 13") as failed:
        walk(Gallery(12), 13)
    assert (failed.value.code, failed.value.passing) == ("not_indexed", True)


def test_what_was_chosen_before_is_not_added_to() -> None:
    with pytest.raises(ScriptFailed, match="before anything was tapped"):
        walk(Gallery(12, chosen=[3]), 2)


def test_a_picker_that_takes_no_taps_ends_the_attempt() -> None:
    with pytest.raises(ScriptFailed, match="has no effect"):
        walk(Gallery(12, dropped_taps=10**6), 2)
