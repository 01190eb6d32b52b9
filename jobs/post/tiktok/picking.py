"""Chooses the pushed files in TikTok's picker: newest first, the right kind, the right number, never the camera."""

from __future__ import annotations

import re

from jobs.phone.screen.tree import Node
from jobs.post.flow.driver import stuck
from jobs.post.flow.flow import Flow
from jobs.post.flow.grid import REST_S, Cell, GridWalk, in_reading_order
from jobs.post.flow.picking import MAX_REFRESHES, fits_duration, seconds
from jobs.post.screens.element import Element, contains
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode


def pick(flow: Flow, sight: Sight) -> Sight:
    """Choose our file or files in TikTok's picker and go on."""
    plan = flow.plan
    tab = "videos_tab" if plan.is_video else "photos_tab"
    chosen = f"{tab}_chosen"
    if not sight.has(chosen):
        sight = flow.press(sight, tab, done=lambda s: s.has(chosen), timeout_s=4.0)
        if sight.name != "picker":
            return sight
    sight = _fresh_grid(flow, sight, tab)
    count = len(plan.materials)
    if count > 1 and sight.has("select_multiple_box") and not sight.has("select_multiple_on"):
        sight = flow.press(
            sight, "select_multiple_box", done=lambda s: s.has("select_multiple_on"), timeout_s=4.0
        )
    if count > 1:
        sight = GridWalk(flow, _cells, chosen=selected_count, target=tick_of).choose(sight, count)
    else:
        sight = _tick_first(flow, sight)
        if sight.name != "picker":
            return sight
    shown = selected_count(sight)
    if shown not in (0, count):
        raise stuck(sight, f"{shown} items are selected, not {count}")
    return flow.press(sight, "picker_next", timeout_s=25.0)


def _cells(sight: Sight) -> list[Cell]:
    """The grid's media with the numbers on the chosen ones."""
    numbers = [f.node for f in sight.index.find_all("chosen_number")]
    return [Cell(node, _number_on(node, numbers)) for node in _cell_nodes(sight)]


def _cell_nodes(sight: Sight) -> list[Node]:
    return in_reading_order([f.node for f in sight.index.find_all("picker_cells")])


def _number_on(cell: Node, numbers: list[Node]) -> int:
    return next((int(n.text) for n in numbers if contains(cell.bounds, n.bounds)), 0)


def _tick_first(flow: Flow, sight: Sight) -> Sight:
    """Select the newest medium by its tick at the top right; the body would open a preview."""
    cells = _cell_nodes(sight)
    if not cells:
        raise stuck(sight, "the picker shows no cell")
    numbers = _numbers(sight)
    if numbers == {0: 1}:
        return sight  # chosen in the preview, which brought the picker back
    if numbers:
        raise stuck(sight, f"{len(numbers)} media are chosen before anything was tapped")
    tree = sight.tree
    flow.driver.tap(Element("tick of cell 1", tick_of(sight, cells[0]), "top right of the cell"))

    def effect(s: Sight) -> bool:
        return s.name != "picker" or selected_count(s) > 0

    sight = flow.driver.until(sight, effect, 4.0)
    if not effect(sight) and sight.tree.same_as(tree):
        raise stuck(sight, "tapping the tick selects nothing")
    if sight.name == "picker":
        sight = flow.driver.wait_change(sight, REST_S)  # a grid that is read anew shows ours only now
    numbers = _numbers(sight)
    if sight.name == "picker" and len(numbers) == 1 and numbers != {0: 1}:
        raise stuck(sight, "the picker has chosen another medium than the one that was tapped")
    return sight


def _numbers(sight: Sight) -> dict[int, int]:
    """The numbers that the app puts on chosen cells, by their places in reading order; none where it shows none."""
    return {place: cell.number for place, cell in enumerate(_cells(sight)) if cell.number}


def tick_of(sight: Sight, cell: Node) -> Node:
    """The smallest clickable node in the upper right corner of a cell; the cell itself where it has none."""
    x1, y1, x2, y2 = cell.bounds
    inside = [
        n
        for n in cell.walk()
        if n is not cell
        and n.clickable
        and contains(cell.bounds, n.bounds)
        and n.width * 2 <= x2 - x1
        and n.center[0] > (x1 + x2) // 2
        and n.center[1] < (y1 + y2) // 2
    ]
    return min(inside, key=lambda n: n.width * n.height, default=cell)


def selected_count(sight: Sight) -> int:
    """How many items the picker says are selected: by "Next (2)", else by the highest number on a cell; 0 when by neither."""
    counted = sight.find("picker_next_counted")
    if counted is not None:
        digits = re.search(r"(\d+)\s*\)", counted.says)
        if digits:
            return int(digits[1])
    return max((int(f.node.text) for f in sight.index.find_all("chosen_number")), default=0)


def _fresh_grid(flow: Flow, sight: Sight, tab: str) -> Sight:
    """Wait until the newest cell can be our file: a picker may still show the grid of before the push."""
    newest = flow.plan.materials[0]
    other = "photos_tab" if tab == "videos_tab" else "videos_tab"
    for number in range(MAX_REFRESHES):
        cells = _cell_nodes(sight)
        if cells:
            shown = cell_duration(sight, cells[0]) if newest.kind == "video" else None
            if shown is None or fits_duration(shown, newest.duration_s):
                return sight
            flow.attempt.note(
                "the newest video of the picker is not ours", shows_s=shown, ours_s=newest.duration_s
            )
        else:
            sight = flow.driver.wait_change(sight, 3.0)
            if sight.has("picker_cells"):
                continue
        flow.attempt.note("refreshing the picker's grid", tried=number + 1)
        sight = flow.press(sight, other, done=lambda s: s.has(f"{other}_chosen"), timeout_s=3.0)
        sight = flow.reach(sight, "picker")
        sight = flow.press(sight, tab, done=lambda s: s.has(f"{tab}_chosen"), timeout_s=3.0)
        sight = flow.reach(sight, "picker")
    raise ScriptFailed(ErrorCode.NOT_INDEXED, "the app's picker does not show the pushed file", step="picker")


def labels_in(sight: Sight, cell: Node) -> list[str]:
    """Texts drawn within a cell of a grid."""
    return [n.text for n in sight.index.nodes if n.text and n is not cell and contains(cell.bounds, n.bounds)]


def cell_duration(sight: Sight, cell: Node) -> int | None:
    """The duration that a cell shows, if it shows one."""
    return next((s for s in (seconds(label) for label in labels_in(sight, cell)) if s is not None), None)
