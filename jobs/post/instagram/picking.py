"""Chooses the pushed files in Instagram's pickers: by selection words and duration, in the order of taps."""

from __future__ import annotations

import re
from collections.abc import Callable

from jobs.phone.screen.tree import Node
from jobs.post.flow.driver import stuck
from jobs.post.flow.flow import Flow
from jobs.post.flow.grid import REST_S, Cell, GridWalk, in_reading_order
from jobs.post.flow.picking import MAX_REFRESHES, fits_duration, seconds
from jobs.post.screens.element import Element, touch
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode

EDITOR_S = 25.0


def thumbnail_duration(sight: Sight, thumbnail: Node) -> int | None:
    """The duration label drawn over a thumbnail."""
    x1, y1, x2, y2 = thumbnail.bounds
    for label in sight.index.find_all("duration_label"):
        x, y = label.center
        if x1 <= x < x2 and y1 <= y < y2:
            return seconds(label.node.text)
    return None


def pick_video(flow: Flow, sight: Sight) -> Sight:
    """Choose our video: the newest one, whose duration must fit."""
    name = sight.name
    sight = _cleared(flow, sight)
    if sight.name != name:
        return sight
    for number in range(MAX_REFRESHES):
        video = newest_video(sight)
        if video is not None:
            shown = thumbnail_duration(sight, video)
            if shown is None or fits_duration(shown, flow.plan.materials[0].duration_s):
                return _take(flow, sight, video)
            flow.attempt.note("the newest video of the picker is not ours", shows_s=shown)
        sight = _refresh(flow, sight, name, number)
        if sight.name != name:
            return sight
    raise ScriptFailed(ErrorCode.NOT_INDEXED, "the app's picker does not show the pushed file", step=name)


def newest_video(sight: Sight) -> Node | None:
    """The first video of the grid, selected already or not."""
    fresh = [f.node for f in sight.index.find_all("first_video")]
    chosen = [f.node for f in sight.index.find_all("chosen_thumbnail")]
    videos = in_reading_order([*fresh, *chosen])
    if videos:
        return videos[0]
    # Words of an unknown language: a thumbnail with a duration is a video.
    timed = [
        f.node for f in sight.index.find_all("thumbnails") if thumbnail_duration(sight, f.node) is not None
    ]
    return in_reading_order(timed)[0] if timed else None


def _take(flow: Flow, sight: Sight, video: Node) -> Sight:
    name = sight.name
    if not _is_chosen(sight, video):
        flow.driver.tap(Element("newest video", video, "first thumbnail that fits"))
        sight = flow.driver.until(
            sight,
            lambda s: (
                s.name != name
                or _is_chosen(s, video)
                or (s.has("picker_next_ready") and not s.has("chosen_thumbnail"))
            ),
            10.0,
        )
        if sight.name != name:
            return sight
        _check_chosen(sight, video, newest_video(sight))
        if not sight.has("picker_next"):
            # Pickers of stories and reels go on by themselves; give them their time.
            sight = flow.driver.until(sight, lambda s: s.name != name, EDITOR_S)
            if sight.name == name:
                raise stuck(sight, "tapping the video has no effect")
            return sight
    sight = _at_rest(flow, sight, video, newest_video)
    return sight if sight.name != name else flow.press(sight, "picker_next", timeout_s=EDITOR_S)


def _at_rest(flow: Flow, sight: Sight, cell: Node, newest: Callable[[Sight], Node | None]) -> Sight:
    """The picker a moment later: one that is read anew shows a newer medium than the chosen one only now."""
    name = sight.name
    if sight.has("chosen_thumbnail"):
        sight = flow.driver.wait_change(sight, REST_S)
        if sight.name == name:
            _check_chosen(sight, cell, newest(sight))
    return sight


def _newest_photo(sight: Sight) -> Node | None:
    return next(iter(_whole(_photos(sight))), None)


def _is_chosen(sight: Sight, cell: Node) -> bool:
    """Whether the picker says that this medium is chosen, and no other: the newest one is chosen when the picker opens."""
    chosen = [f.node for f in sight.index.find_all("chosen_thumbnail")]
    if len(chosen) != 1:
        return False
    # The grid may move when the preview changes: then what it says of the medium tells.
    says = _said(cell)
    return touch(chosen[0], cell) or (bool(says) and _said(chosen[0]) == says)


def _said(cell: Node) -> str:
    """What a thumbnail says of its medium: "Unselected Photo thumbnail created on ..." without its first word."""
    return cell.content_desc.partition(" ")[2] or cell.content_desc


def _check_chosen(sight: Sight, cell: Node, newest: Node | None) -> None:
    """Going on posts what the picker says is chosen, whatever was tapped. Pickers that say nothing are believed.

    Args:
        sight: the picker after the tap.
        cell: what was tapped.
        newest: the first medium of its kind that the picker shows now: a grid that is read anew may show ours only now.

    Raises:
        ScriptFailed: it is another medium, or there is a second one.
    """
    if not sight.has("chosen_thumbnail"):
        return
    if not _is_chosen(sight, cell):
        raise stuck(sight, "the picker has chosen another medium than the one that was tapped")
    if newest is not None and not any(
        touch(f.node, newest) for f in sight.index.find_all("chosen_thumbnail")
    ):
        raise stuck(sight, "the picker shows a newer medium than the one that was tapped and is chosen")


def _whole(cells: list[Node]) -> list[Node]:
    """Those of which the most is in view: what is cut off may hide what tells a video from a photo."""
    most = max((cell.height for cell in cells), default=0)
    return [cell for cell in cells if cell.height * 2 >= most]


def _refresh(flow: Flow, sight: Sight, name: str, number: int) -> Sight:
    """A stale grid: wait for it to change, then leave the picker, which reads the gallery anew when it opens again."""
    flow.attempt.note("the picker's grid does not show our file yet", tried=number + 1)
    tree = sight.tree
    sight = flow.driver.until(sight, lambda s: s.name != name or not s.tree.same_as(tree), 3.0)
    if sight.name != name or not sight.tree.same_as(tree):
        return sight
    return flow.press(sight, "picker_cancel")


def pick_images(flow: Flow, sight: Sight) -> Sight:
    """Choose our images in their order: the grid shows the newest first, a carousel keeps the order of taps."""
    count = len(flow.plan.materials)
    name = sight.name
    sight = _several(flow, sight) if count > 1 else _cleared(flow, sight)
    if sight.name != name:
        return sight
    if not _photos(sight):
        sight = _refresh(flow, sight, name, 0)
        if sight.name != name:
            return sight
    photos = _photos(sight)
    if not photos:
        raise ScriptFailed(ErrorCode.NOT_INDEXED, "the picker shows no photos", step=name)
    if count > 1:
        sight = GridWalk(flow, _cells, chosen=_highest_number, target=lambda _, n: n).choose(sight, count)
    elif not _is_chosen(sight, photos[0]):
        flow.driver.tap(Element("newest photo", photos[0], "first thumbnail"))
        sight = flow.driver.until(sight, lambda s: s.name != name or _is_chosen(s, photos[0]), 8.0)
        if sight.name == name:
            _check_chosen(sight, photos[0], _newest_photo(sight))
    if count == 1 and sight.name == name:
        sight = _at_rest(flow, sight, photos[0], _newest_photo)
    if sight.name != name:
        return sight
    return flow.press(sight, "picker_next", timeout_s=EDITOR_S)


def _photos(sight: Sight) -> list[Node]:
    """The thumbnails of photos, newest first; selected ones are among them."""
    nodes = [f.node for f in sight.index.find_all("thumbnails")]
    return [n for n in in_reading_order(nodes) if thumbnail_duration(sight, n) is None]


def _cells(sight: Sight) -> list[Cell]:
    """The photos of the grid with the numbers of the chosen ones: "Selected media number 3, created on ..."."""
    numbered = sight.index.find_all("numbered_thumbnails")
    return [
        Cell(n, next((_number_in(f.says) for f in numbered if touch(f.node, n)), 0)) for n in _photos(sight)
    ]


def _number_in(says: str) -> int:
    digits = re.search(r"\d+", says)
    return int(digits[0]) if digits else 0


def _highest_number(sight: Sight) -> int:
    return max((_number_in(f.says) for f in sight.index.find_all("numbered_thumbnails")), default=0)


def _several(flow: Flow, sight: Sight) -> Sight:
    """Turn selecting several on, and clear what that selects by itself."""
    name = sight.name
    tree = sight.tree
    if not sight.has("numbered_thumbnails"):
        flow.driver.tap(flow.need(sight, "select_multiple"))
        sight = flow.driver.until(sight, lambda s: s.name != name or s.has("numbered_thumbnails"), 4.0)
        if sight.tree.same_as(tree):
            raise stuck(sight, "selecting several images cannot be turned on")
    return _cleared(flow, sight)


def _cleared(flow: Flow, sight: Sight) -> Sight:
    """Take off what is chosen among several: a picker can still have that on from the last time."""
    name = sight.name
    for _ in range(20):
        numbered = sight.find("numbered_thumbnails")
        if numbered is None or sight.name != name:
            break
        tree = sight.tree
        flow.driver.tap(numbered)
        sight = flow.driver.until(sight, lambda s, t=tree: not s.tree.same_as(t), 3.0)  # type: ignore[misc]
    return sight
