"""TikTok's picker as real ones behave: it shows the grid of before, writes how long a video is, and swallows touches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.phone.screen.tree import Node, parse_xml
from jobs.post.tiktok.picking import cell_duration, tick_of
from simulator.apps.base import MediaRow, View
from simulator.apps.kit.layout import node
from simulator.apps.tiktok.compose.picker import Picker
from storage.records import Outcome
from tests.support.post_stage import AppStage, files

OLD = "/sdcard/DCIM/Camera/old.mp4"


@pytest.fixture
def durations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell of a video says how long it is, as TikTok's do."""
    drawn = Picker.cell

    def cell(self: Picker, row: MediaRow, left: int, top: int) -> View:
        view = drawn(self, row, left, top)
        label = f"{row.duration_ms // 60_000}:{row.duration_ms // 1000 % 60:02d}"
        return view.holding(node("TextView#dur", (left + 250, top + 300, left + 345, top + 345), text=label))

    monkeypatch.setattr(Picker, "cell", cell)


@pytest.fixture
def stale(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """The picker does not list the newest file until its tabs were changed so often."""

    def until(changes: int) -> None:
        listed, choose, left = Picker.rows, Picker.choose_tab, [changes]

        def rows(self: Picker) -> list[MediaRow]:
            found = listed(self)
            newest = max(self.app.phone.media(), key=lambda row: row.id, default=None)
            return [row for row in found if newest is None or row.id != newest.id] if left[0] > 0 else found

        def tab(self: Picker, name: str) -> None:
            left[0] -= 1
            choose(self, name)

        monkeypatch.setattr(Picker, "rows", rows)
        monkeypatch.setattr(Picker, "choose_tab", tab)

    return until


def stage_with(tmp_path: Path, *old: str, seconds: float = 30.0) -> AppStage:
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"), post_way="addButton")
    for path in old:
        stage.phone.add_row(path, duration_s=seconds)
    return stage


def test_an_older_video_that_still_stands_first_is_not_taken_for_ours(
    tmp_path: Path, durations: None, stale: Callable[[int], None]
) -> None:
    stale(3)
    stage = stage_with(tmp_path, OLD)
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["media"] == [stage.attempt.task.materials[0].sha256]
    shown = stage.attempt.facts["the newest video of the picker is not ours"]
    assert shown == {"shows_s": 30, "ours_s": 5.0}
    begin = stage.way.index("tap gallery_button") + 1
    assert stage.way[begin : begin + 4] == [
        "tap videos_tab",
        "tap photos_tab",
        "tap videos_tab",
        "tap tick of cell 1",
    ]


def test_where_our_video_never_comes_nothing_is_chosen_and_the_post_is_tried_later(
    tmp_path: Path, durations: None, stale: Callable[[int], None]
) -> None:
    stale(1000)
    stage = stage_with(tmp_path, OLD)
    failed = stage.fails()
    assert (failed.code, failed.step) == ("not_indexed", "picker")
    assert str(failed) == "the app's picker does not show the pushed file"
    assert "tap tick of cell 1" not in stage.way
    assert stage.way.count("tap photos_tab") == 4


def test_a_grid_that_is_empty_is_waited_for_and_refreshed(
    tmp_path: Path, stale: Callable[[int], None]
) -> None:
    stale(3)
    stage = stage_with(tmp_path)
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.attempt.facts["refreshing the picker's grid"] == {"tried": 1}
    assert "tap photos_tab" in stage.way


def test_the_grid_of_an_image_is_refreshed_by_the_other_tab_too(
    tmp_path: Path, stale: Callable[[int], None]
) -> None:
    stale(3)
    stage = AppStage("tiktok", files(tmp_path, "photo.jpg"), post_way="addButton")
    assert stage.run().outcome is Outcome.PUBLISHED
    begin = stage.way.index("tap gallery_button") + 1
    assert stage.way[begin : begin + 3] == ["tap photos_tab", "tap videos_tab", "tap photos_tab"]


def test_a_tick_that_takes_no_touch_ends_the_attempt_and_is_touched_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Picker, "tick", lambda _self, _row: None)
    stage = stage_with(tmp_path)
    failed = stage.fails()
    assert (failed.code, str(failed)) == ("ui_changed", "tapping the tick selects nothing")
    assert stage.way.count("tap tick of cell 1") == 1
    assert "tap picker_next" not in stage.way


def test_a_picker_that_has_chosen_more_than_we_did_is_not_left_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def both(self: Picker, row: MediaRow) -> None:
        self.chosen = [row, *(other for other in self.rows() if other.id != row.id)]
        self.changed()

    monkeypatch.setattr(Picker, "tick", both)
    stage = stage_with(tmp_path, OLD)
    failed = stage.fails()
    assert (failed.code, str(failed)) == ("ui_changed", "2 items are selected, not 1")
    assert "tap picker_next" not in stage.way


def test_a_picker_that_has_chosen_another_medium_than_was_tapped_is_not_left_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grid moved under the touch, as when a messenger saves a picture at that moment."""

    def other(self: Picker, row: MediaRow) -> None:
        self.chosen = [found for found in self.rows() if found.id != row.id]
        self.changed()

    monkeypatch.setattr(Picker, "tick", other)
    stage = stage_with(tmp_path, OLD)
    failed = stage.fails()
    assert str(failed) == "the picker has chosen another medium than the one that was tapped"
    assert "tap picker_next" not in stage.way


def test_what_was_chosen_before_we_came_is_not_posted_with_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Picker.entered

    def entered(self: Picker) -> None:
        opened(self)
        self.chosen = [row for row in self.rows() if row.name == "old.mp4"]

    monkeypatch.setattr(Picker, "entered", entered)
    stage = stage_with(tmp_path, OLD)
    failed = stage.fails()
    assert str(failed) == "1 media are chosen before anything was tapped"
    assert "tap tick of cell 1" not in stage.way


def test_without_numbers_on_its_cells_a_picker_is_believed_what_its_button_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Picker.cell

    def cell(self: Picker, row: MediaRow, left: int, top: int) -> View:
        view = drawn(self, row, left, top)
        view.children[1].children[0].text = ""
        return view

    monkeypatch.setattr(Picker, "cell", cell)
    images = files(tmp_path, "a.jpg", "b.jpg")
    stage = AppStage("tiktok", images, post_way="addButton")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["media"] == [image.sha256 for image in images]


def _cell_of(*boxes: tuple[int, int, int, int], clickable: bool = True) -> tuple[Node, list[Node]]:
    """A cell of 300 by 300 with these nodes in it."""
    inner = "".join(
        f'<node clickable="{str(clickable).lower()}" bounds="[{x1},{y1}][{x2},{y2}]"/>'
        for x1, y1, x2, y2 in boxes
    )
    xml = f'<hierarchy><node clickable="true" bounds="[300,300][600,600]">{inner}</node></hierarchy>'
    cell, *inside = parse_xml(xml).nodes
    return cell, inside


@pytest.mark.parametrize(
    "box",
    [
        (460, 300, 460 + 151, 450),  # reaches out of the cell
        (449, 300, 600, 400),  # wider than half of it
        (300, 300, 400, 400),  # at the left
        (500, 500, 600, 600),  # at the bottom
        (500, 400, 600, 500),  # in the middle of the right side
        (400, 300, 500, 400),  # in the middle of the upper side
    ],
)
def test_what_stands_elsewhere_in_a_cell_is_not_its_tick(box: tuple[int, int, int, int]) -> None:
    """A touch beside the tick opens a preview, or takes the video at once."""
    sight: Any = None
    cell, _ = _cell_of(box)
    assert tick_of(sight, cell) is cell
    cell, (_, tick) = _cell_of(box, (530, 320, 580, 370))
    assert tick_of(sight, cell) is tick
    cell, _ = _cell_of((530, 320, 580, 370), clickable=False)
    assert tick_of(sight, cell) is cell


def test_of_a_tick_and_the_corner_around_it_the_smaller_is_touched() -> None:
    sight: Any = None
    cell, (corner,) = _cell_of((450, 300, 600, 420))
    assert tick_of(sight, cell) is corner, "half as wide as the cell"
    cell, (_, tick) = _cell_of((450, 300, 600, 420), (530, 320, 580, 370))
    assert tick_of(sight, cell) is tick


@pytest.mark.parametrize(("in_cell", "says"), [("0:05", 5), ("New", None), ("", None)])
def test_only_what_stands_in_a_cell_says_how_long_its_video_is(in_cell: str, says: int | None) -> None:
    cells = "".join(
        f'<node clickable="true" text="1:00" bounds="[{left},0][{left + 300},300]">'
        f'<node text="{text}" bounds="[{left + 200},250][{left + 290},290]"/></node>'
        for left, text in ((0, "0:30"), (300, in_cell), (600, "0:40"))
    )
    tree = parse_xml(f"<hierarchy>{cells}</hierarchy>")
    sight: Any = SimpleNamespace(index=SimpleNamespace(nodes=tree.nodes))
    assert cell_duration(sight, tree.nodes[2]) == says
