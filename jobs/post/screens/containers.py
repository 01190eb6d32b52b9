"""Tells what lies on top within a window: the topmost sheet or dialog, its scrim, and what covers a point.

Sheets and dialogs of the apps live in the app's own window, and what they cover stays in the tree. Document order is
the order of a screen reader; only the order of drawing says what lies over what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobs.phone.screen.tree import Bounds, Node, UiTree
from jobs.post.screens.element import contains, holds_point, is_around, is_keyboard
from jobs.post.screens.labels import Label, normalise
from jobs.post.screens.screens_file import Containers
from jobs.post.screens.sheet_shapes import (
    DIALOG_WIDTH,
    SCRIM_WIDTH,
    Parts,
    bare,
    like_dialog,
    like_page,
    like_scrim,
    like_sheet,
    small_window,
)

#: A keyboard's window can be as high as the screen; what is drawn of it is no higher than this part.
KEYBOARD_HEIGHT = 0.6
#: A free part of a half-covered target is used when it is at least this wide and high, of the screen's width.
FREE_PART = 0.01


@dataclass(frozen=True, slots=True)
class Cover:
    """The topmost sheet or dialog of a window."""

    box: Bounds  #: where it stands
    nodes: frozenset[Node]  #: what is part of it, or drawn over it
    hidden: frozenset[Node]  #: what lies beneath it in the same window
    scrim: Node | None = None  #: takes the touches beside it; a tap there closes it
    free: Bounds | None = None  #: the part of the scrim on which nothing lies
    held: Node | None = None  #: the box itself, where there is one


def topmost(visible: Sequence[Node], tree: UiTree, spec: Containers, titles: Label | None) -> Cover | None:
    """The sheet or dialog that lies over all else, or None.

    Args:
        visible: the nodes that can be seen, without the system's own windows.
        tree: whose nodes they are.
        spec: the ids by which this app names its sheets and scrims.
        titles: what a sheet's or dialog's box calls itself to a screen reader.
    """
    width, height = tree.size
    ordered = any(n.drawing_order for n in visible)  # the phone says in which order it draws
    wide = SCRIM_WIDTH * width
    narrow = DIALOG_WIDTH * width
    scrims: list[Node] = []
    boxes: list[Node] = []
    window = small_window(visible, tree)
    if window is not None:
        return _over(visible, tree, None, window)
    for node in visible:
        name = node.id_name if node.resource_id else ""
        if name and name in spec.scrims:
            scrims.append(node)
        elif (name and name in spec.boxes) or (
            titles is not None
            and node.content_desc
            and titles.matches_normalised(normalise(node.content_desc))
        ):
            boxes.append(node)
        elif node.bounds[2] - node.bounds[0] < narrow:
            continue
        elif not node.children:
            if (
                tree.structured
                and node.bounds[2] - node.bounds[0] >= wide
                and bare(node)
                and like_scrim(node, visible, height)
            ):
                scrims.append(node)
        elif node.parent is not None and (
            like_sheet(node, visible, width, height, ordered=ordered)
            or like_dialog(node, visible, width, height)
        ):
            boxes.append(node)
    found = _cover(visible, tree, scrims, boxes) if scrims or boxes else None
    return _page(visible, tree, found) if ordered and tree.structured else found


def _page(visible: Sequence[Node], tree: UiTree, sheet: Cover | None) -> Cover | None:
    """The last page that was laid over another one; the topmost sheet where that was drawn later, or on it."""
    width, height = tree.size
    held = sheet.held if sheet is not None else None
    if sheet is not None and held is None:
        return sheet
    parts = Parts(tree)
    pages = [
        n
        for n in visible
        if (held is None or (n.drawn > held.drawn and not kin(n, held, structured=True)))
        and like_page(n, width, height, parts)
    ]
    return _over(visible, tree, None, max(pages, key=lambda n: n.drawn)) if pages else sheet


def _cover(visible: Sequence[Node], tree: UiTree, scrims: list[Node], boxes: list[Node]) -> Cover | None:
    for scrim in sorted(scrims, key=lambda n: -n.drawn):
        over = [
            b
            for b in boxes
            if b.drawn > scrim.drawn and same_window(b, scrim, tree) and _filled(b, visible, tree)
        ]
        outer = [b for b in over if not any(_within(b, other, tree) for other in over)]
        box = min(outer, key=lambda n: n.drawn, default=None)
        last = max(outer, key=lambda n: n.drawn, default=None)
        # A second sheet over the first one has its own box, and no scrim.
        cover = _over(visible, tree, scrim, box) if last is box else _over(visible, tree, None, last)
        if cover is not None:
            return cover
    for box in sorted(boxes, key=lambda n: n.drawn):  # the outermost of nested boxes is drawn first
        later = [b for b in boxes if b.drawn > box.drawn and not kin(b, box, structured=tree.structured)]
        if later or not _filled(box, visible, tree):
            continue
        return _over(visible, tree, None, box)
    return None


def _over(visible: Sequence[Node], tree: UiTree, scrim: Node | None, box: Node | None) -> Cover | None:
    """What lies over a scrim, or in a box without one; None when nothing does."""
    first = scrim if scrim is not None else box
    if first is None:
        return None
    over: list[Node] = []
    hidden: list[Node] = []
    above = set(first.ancestors())
    for node in visible:
        if node is first or node in above:
            continue
        if not same_window(node, first, tree):
            # A sheet's window lies over the app's others. What other apps lay over it is recognised by itself.
            if node.package == first.package:
                hidden.append(node)
            continue
        on_top = node.drawn > first.drawn
        if on_top and box is not None and not tree.structured:
            on_top = contains(box.bounds, node.bounds)  # a list names no parents: place decides
        (over if on_top else hidden).append(node)
    said = [n for n in over if n.text or n.content_desc or n.clickable]
    if not said:
        return None
    where = box.bounds if box is not None else _around(said)
    free = _strip(scrim.bounds, where) if scrim is not None else None
    return Cover(where, frozenset((first, *over)), frozenset(hidden), scrim, free, box)


def _within(inner: Node, outer: Node, tree: UiTree) -> bool:
    if inner is outer:
        return False
    if tree.structured:
        return any(a is outer for a in inner.ancestors())
    return inner.drawn > outer.drawn and contains(outer.bounds, inner.bounds)


def _filled(box: Node, visible: Sequence[Node], tree: UiTree) -> bool:
    """Whether something stands in a box: apps keep the empty boxes of closed sheets in their trees."""
    if tree.structured:
        return any(
            n.text or n.content_desc or n.clickable
            for n in box.walk()
            if n is not box and n.width and n.height
        )
    return any(
        n.drawn > box.drawn and (n.text or n.content_desc) and contains(box.bounds, n.bounds) for n in visible
    )


def _around(nodes: Iterable[Node]) -> Bounds:
    boxes = [n.bounds for n in nodes]
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )


def _strip(outer: Bounds, inner: Bounds) -> Bounds | None:
    """The largest part of a box above, below, left or right of another."""
    parts = [
        (outer[0], outer[1], outer[2], min(inner[1], outer[3])),
        (outer[0], max(inner[3], outer[1]), outer[2], outer[3]),
        (outer[0], outer[1], min(inner[0], outer[2]), outer[3]),
        (max(inner[2], outer[0]), outer[1], outer[2], outer[3]),
    ]
    best = max(parts, key=lambda p: max(0, p[2] - p[0]) * max(0, p[3] - p[1]))
    least = FREE_PART * (outer[2] - outer[0])
    return best if best[2] - best[0] >= least and best[3] - best[1] >= least else None


# -- what gets a touch --------------------------------------------------------------------------------------------


def root_of(node: Node) -> Node:
    while node.parent is not None:
        node = node.parent
    return node


def same_window(one: Node, other: Node, tree: UiTree) -> bool:
    return not tree.structured or root_of(one) is root_of(other)


def kin(one: Node, other: Node, *, structured: bool) -> bool:
    """Whether a node is, holds or lies in the other. Lists name no parents: there the boxes tell."""
    if one is other:
        return True
    if structured:
        return any(a is other for a in one.ancestors()) or any(a is one for a in other.ancestors())
    return contains(one.bounds, other.bounds)


def covers(tree: UiTree, target: Node, point: tuple[int, int]) -> list[Node]:
    """The nodes that would get a touch at a point in place of the target: drawn later, clickable, and no kin of it.

    Windows are dumped in no order. One that lies beneath a larger one could not be seen, so the smaller one is on top;
    the system's bars and keyboards always are.
    """
    found = [
        n
        for n in tree.nodes
        if n.clickable and n.visible and holds_point(n.bounds, point) and n is not target
    ]  # fmt: skip
    if not any(is_around(n.package) for n in found):
        found += _keyboard_at(tree, point)
    if not found:
        return found
    if not tree.structured:
        return [n for n in found if n.drawn > target.drawn and not kin(target, n, structured=False)]
    window = root_of(target)
    size = window.width * window.height
    result = []
    for node in found:
        own = root_of(node)
        if own is window:
            if node.drawn > target.drawn and not kin(target, node, structured=True):
                result.append(node)
        elif is_around(node.package) or own.width * own.height < size:
            result.append(node)
    return result


def _keyboard_at(tree: UiTree, point: tuple[int, int]) -> list[Node]:
    """The keyboard, where a point lies between its keys."""
    keyboards = {p for p in tree.packages if is_keyboard(p)}
    if not keyboards:
        return []
    most = KEYBOARD_HEIGHT * tree.size[1]
    return [
        n
        for n in tree.nodes
        if n.package in keyboards and n.visible and n.height <= most and holds_point(n.bounds, point)
    ][:1]


def free_part(tree: UiTree, target: Node, area: Bounds | None = None) -> Bounds | None:
    """The target's box, or a part of it on which nothing lies; None when none can be touched.

    A part serves only where the target says itself what it is: of a nameless one the cover may be all that matters.
    """
    whole = area or target.bounds
    over = covers(tree, target, ((whole[0] + whole[2]) // 2, (whole[1] + whole[3]) // 2))
    if not over:
        return whole
    if area is not None or not (target.text or target.content_desc):
        return None
    part: Bounds | None = target.bounds
    for node in over:
        part = _strip(part, node.bounds) if part is not None else None
    if part is None or part == target.bounds:
        return None
    least = FREE_PART * tree.size[0]
    if part[2] - part[0] < least or part[3] - part[1] < least:
        return None
    point = (part[0] + part[2]) // 2, (part[1] + part[3]) // 2
    return None if covers(tree, target, point) else part
