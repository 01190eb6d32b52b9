"""Tells by its shape alone what lies over a page: a scrim, a sheet, a dialog, a window of its own."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence

from jobs.phone.screen.tree import Bounds, Node, UiTree
from jobs.post.screens.element import contains, holds_point

#: A scrim that no id names: a bare node that takes all touches over this part of the window, over so much beneath it.
SCRIM_WIDTH, SCRIM_HEIGHT, SCRIM_COVERS = 0.9, 0.5, 3
#: A sheet that nothing names: as wide as the window, standing on its lower edge, with words, over the buttons there.
SHEET_WIDTH, SHEET_FOOT, SHEET_TOP, SHEET_HEIGHT, SHEET_COVERS = 0.95, 0.93, 0.12, 0.2, 2
#: The lowest part of a window, where tab bars and the buttons of forms stand.
FOOT = 0.75
#: The bar at the top of a sheet: no wider and higher than this, in the middle, in the upper part of its sheet.
HANDLE_WIDTH, HANDLE_HEIGHT, HANDLE_PLACE, HANDLE_OFF = 0.25, 0.03, 0.2, 0.05
#: A dialog that nothing names: at least this wide and high, no higher, clear of both sides, with words and a button.
DIALOG_WIDTH, DIALOG_LEAST, DIALOG_MOST, DIALOG_EDGE = 0.5, 0.12, 0.85, 0.02
#: A dialog whose buttons say nothing stands so far from the middle at most, of the width and of the height.
MIDDLE_OFF, MIDDLE_PART = 0.03, 0.15
#: What is higher than this is no button or cell but a page, which its own parts lie over.
COVERED_HEIGHT = 0.4
#: A page laid over another one, that takes no touches itself: this wide and high; so many of its parts share this much
#: with parts of the other, this far apart. Layers of one page never lie so: a snackbar's parts are close together.
PAGE_WIDTH, PAGE_HEIGHT, PAGE_COVERS, PAGE_SHARE, PAGE_SPREAD = 0.95, 0.85, 2, 0.6, 0.15
#: A window of ours that has less than this part of another app's lies over that, as a dialog does.
WINDOW_PART = 0.8
#: A window with at least this many labels of one letter is a keyboard.
KEYS = 15
#: Another app's window beside ours has at least this part of the screen: the screen is split.
SPLIT_PART = 0.2


def bare(node: Node) -> bool:
    """Takes touches and says nothing. Some builds leave an unresolved string number as a description."""
    return (
        node.clickable and not node.children and not node.text and not node.content_desc.strip("@0123456789")
    )


def like_scrim(node: Node, visible: Sequence[Node], height: int) -> bool:
    if node.height < SCRIM_HEIGHT * height:
        return False
    count = 0
    for other in visible:
        if (
            other.drawn < node.drawn
            and (other.text or other.content_desc)
            and holds_point(node.bounds, other.center)
        ):
            count += 1
            if count >= SCRIM_COVERS:
                return True
    return False


def small_window(visible: Sequence[Node], tree: UiTree) -> Node | None:
    """A window of the app that lies over its largest one and asks something: the smaller of two is on top."""
    if not tree.structured:
        return None
    roots = [n for n in visible if n.parent is None]
    if len(roots) < 2:
        return None
    width, height = tree.size
    base = max(roots, key=lambda n: n.width * n.height)
    asking = [
        root
        for root in roots
        if root.package == base.package
        and root.width * root.height < base.width * base.height
        and root.width >= DIALOG_WIDTH * width
        and root.height >= DIALOG_LEAST * height
        and any(n.clickable for n in root.walk())
    ]
    return min(asking, key=lambda n: n.width * n.height, default=None)


def other_windows(
    visible: Sequence[Node], tree: UiTree, own: Collection[str]
) -> tuple[list[Node], list[Node]]:
    """The windows of other apps that lie over the app's largest one and ask something, and those that stand beside it.

    Android lists no window that cannot be seen, so the smaller of two lies over the other.
    """
    if not tree.structured:
        return [], []
    roots = [n for n in visible if n.parent is None]
    ours = [n for n in roots if n.package in own]
    if not ours or len(ours) == len(roots):
        return [], []
    width, height = tree.size
    base = max(ours, key=_area)
    over, beside = [], []
    for root in roots:
        if not root.package or root.package in own:
            continue
        if holds_point(base.bounds, root.center) or contains(root.bounds, base.bounds):
            large = root.width >= DIALOG_WIDTH * width and root.height >= DIALOG_LEAST * height
            if (
                large
                and _area(root) * WINDOW_PART <= _area(base)
                and _asks(root.walk())
                and not _has_keys(root)
            ):
                over.append(root)
        elif _area(root) >= SPLIT_PART * width * height:
            beside.append(root)
    return over, beside


def _has_keys(root: Node) -> bool:
    """Whether a window is a keyboard: the packages of some are not known, but all have keys with letters."""
    return sum(1 for n in root.walk() if len(n.text or n.content_desc) == 1) >= KEYS


def _area(node: Node) -> int:
    return node.width * node.height


class Parts:
    """What the layers of a tree say and what of them can be touched, but no boxes as high as pages.

    Layers lie in layers: each node is looked at once, not once for each layer that holds it.
    """

    def __init__(self, tree: UiTree) -> None:
        """`tree` knows parents, so that what a node holds follows it without a gap."""
        highest = COVERED_HEIGHT * tree.size[1]
        self._parts = [
            n
            for n in tree.nodes
            if (n.text or n.content_desc or n.clickable)
            and n.visible
            and n.bounds[2] != n.bounds[0]
            and 0 < n.bounds[3] - n.bounds[1] < highest
        ]
        self._orders = [n.order for n in self._parts]
        self._ends: dict[Node, int] = {}
        for node in reversed(tree.nodes):
            self._ends[node] = self._ends[node.children[-1]] if node.children else node.order

    def of(self, layer: Node) -> list[Node]:
        """The layer's, in document order."""
        first = bisect_left(self._orders, layer.order)
        return self._parts[first : bisect_right(self._orders, self._ends[layer], first)]


def like_page(node: Node, width: int, height: int, parts: Parts) -> bool:
    """A page that was laid over another one in the same window: its words and buttons lie on those of the other."""
    if node.width < PAGE_WIDTH * width or node.height < PAGE_HEIGHT * height or node.parent is None:
        return False
    covered = [n.bounds for o in node.parent.children if o.drawn < node.drawn for n in parts.of(o)]
    if not covered:
        return False
    over = [
        n.bounds
        for child in node.children
        for n in parts.of(child)
        if any(_shared(n.bounds, c) >= PAGE_SHARE for c in covered)
    ]
    return len(over) >= PAGE_COVERS and (
        max(b[3] for b in over) - min(b[1] for b in over) >= PAGE_SPREAD * height
    )


def _shared(one: Bounds, other: Bounds) -> float:
    """How much of the smaller of two boxes lies in both."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    least = min((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other))
    return wide * high / least


def like_sheet(node: Node, visible: Sequence[Node], width: int, height: int, *, ordered: bool) -> bool:
    """As wide as the window and standing on its foot. What takes touches itself covers all that lies beneath it.

    `ordered`: the phone says in which order it draws. Where it does not, a row of icons with descriptions is no sheet.
    """
    _, top, _, foot = node.bounds
    if (
        node.width < SHEET_WIDTH * width
        or foot < SHEET_FOOT * height
        or foot - top < SHEET_HEIGHT * height
        or (top < SHEET_TOP * height and not node.clickable)
    ):
        return False
    within = set(node.walk())
    if _over_page(node, width, height) and _has_handle(node, within, width, height):
        return any(n.clickable for n in within)
    covered = _beneath(node, within, visible, height)
    if node.clickable:
        return len(covered) >= SHEET_COVERS and any(n.clickable for n in within if n is not node)
    if not any(n.text or (ordered and n.content_desc) for n in within):
        return False
    buttons = [n for n in covered if n.clickable]
    return len(buttons) >= SHEET_COVERS and any(n.bounds[3] > FOOT * height for n in buttons)


def like_dialog(node: Node, visible: Sequence[Node], width: int, height: int) -> bool:
    """Clear of both sides of the window, over something, with words and a button."""
    left, top, right, foot = node.bounds
    edge = DIALOG_EDGE * width
    if left < edge or right > width - edge or not DIALOG_LEAST * height <= foot - top <= DIALOG_MOST * height:
        return False
    within = set(node.walk())
    if _asks(within):
        return _over_page(node, width, height) or bool(_beneath(node, within, visible, height))
    if not any(n.clickable for n in within) or not _over_page(node, width, height):
        return False
    # A picture with a button that says nothing, such as a captcha: it stands in the middle, with words, or lies on parts of a page.
    middle = (
        abs(left + right - width) <= 2 * MIDDLE_OFF * width
        and abs(top + foot - height) <= 2 * MIDDLE_PART * height
    )
    if middle and any(n.text and not n.clickable for n in within):
        return True
    return len(_beneath(node, within, visible, height)) >= SHEET_COVERS


def _asks(within: Iterable[Node]) -> bool:
    """Whether there are words and something to touch that says what it is."""
    words = buttons = False
    for node in within:
        if node.text or node.content_desc:
            words = words or not node.clickable
            buttons = buttons or node.clickable or (node.parent is not None and node.parent.clickable)
    return words and buttons


def _beneath(node: Node, within: set[Node], visible: Sequence[Node], height: int) -> list[Node]:
    """What says something or takes touches, is drawn before a box, and lies under it: parts of pages, not pages."""
    above = set(node.ancestors())
    return [
        n
        for n in visible
        if (n.clickable or n.text or n.content_desc)
        and n.drawn < node.drawn
        and n not in within
        and n not in above
        and n.height < COVERED_HEIGHT * height
        and holds_point(node.bounds, n.center)
    ]


def _has_handle(node: Node, within: Iterable[Node], width: int, height: int) -> bool:
    left, top, right, foot = node.bounds
    middle, off, lowest = (left + right) / 2, HANDLE_OFF * width, top + HANDLE_PLACE * (foot - top)
    return any(
        not n.children
        and not n.text
        and 0 < n.width <= HANDLE_WIDTH * width
        and 0 < n.height <= HANDLE_HEIGHT * height
        and n.width >= 2 * n.height
        and n.bounds[3] <= lowest
        and abs((n.bounds[0] + n.bounds[2]) / 2 - middle) <= off
        for n in within
    )


def _over_page(node: Node, width: int, height: int) -> bool:
    """Whether a page, or the picture of a camera or player, is drawn before a box beside it, and lies beneath its middle.

    Items of a list are drawn one after the other too, but beside each other.
    """
    return node.parent is not None and any(
        other.drawn < node.drawn
        and other.bounds[1] < node.bounds[1]
        and holds_point(other.bounds, node.center)
        and other.width >= SCRIM_WIDTH * width
        and other.height >= SCRIM_HEIGHT * height
        for other in node.parent.children
        if other is not node
    )
