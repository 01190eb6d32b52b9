"""Where a node stands: beside the elements that a rule names, among the headings of a sheet, alone on its button."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from jobs.phone.screen.tree import Node, UiTree
from jobs.post.screens.element import contains, in_corner, same_row
from jobs.post.screens.labels import normalise
from jobs.post.screens.screens_file import Rule

#: The texts that head a sheet: its title and what it says.
HEADINGS = 1
#: A button is no higher than this part of the screen.
BUTTON_HEIGHT = 0.15


def lies(node: Node, rule: Rule, anchors: dict[str, Node], tree: UiTree) -> bool:
    """Whether a node lies where a rule wants it; `anchors` are the elements that the rule names."""
    width, height = tree.size
    x, y = node.center
    b = node.bounds
    if rule.zone:
        left, top, right, bottom = rule.zone
        if not (left * width <= x <= right * width and top * height <= y <= bottom * height):
            return False
    if rule.min_size and (node.width < rule.min_size[0] * width or node.height < rule.min_size[1] * height):
        return False
    if rule.max_size and (node.width > rule.max_size[0] * width or node.height > rule.max_size[1] * height):
        return False
    if rule.touches:
        distance = {"left": b[0], "top": b[1], "right": width - b[2], "bottom": height - b[3]}
        if abs(distance[rule.touches]) > 0.02 * max(width, height):
            return False
    if not anchors:
        return True
    if rule.inside:
        holder = anchors[rule.inside]
        outer = holder.bounds
        if node is holder or not contains(outer, b):
            return False
        # Layers overlap (a picker over a camera): where the tree is known, lying in the box is not enough.
        if tree.structured and all(a is not holder for a in node.ancestors()):
            return False
        if rule.corner and not in_corner(outer, b, rule.corner):
            return False
    if rule.holds and (not contains(b, anchors[rule.holds].bounds) or node is anchors[rule.holds]):
        return False
    if rule.row_of and not same_row(b, anchors[rule.row_of].bounds):
        return False
    if rule.column_of and abs(b[0] - anchors[rule.column_of].bounds[0]) > 0.02 * width:
        return False
    slack = 0.02 * width
    return not (
        (rule.right_of and b[0] < anchors[rule.right_of].bounds[2] - slack)
        or (rule.left_of and b[2] > anchors[rule.left_of].bounds[0] + slack)
        or (rule.above and b[3] > anchors[rule.above].bounds[1] + slack)
        or (rule.below and b[1] < anchors[rule.below].bounds[3] - slack)
    )


def picked(nodes: list[Node], rule: Rule) -> list[Node]:
    """The nodes that a rule fits, the one that it picks first."""
    keys: dict[str, Callable[[Node], tuple[int, int]]] = {
        "first": lambda n: (n.order, 0),
        "last": lambda n: (-n.order, 0),
        "left": lambda n: (n.center[0], n.order),
        "right": lambda n: (-n.center[0], n.order),
        "top": lambda n: (n.center[1], n.order),
        "bottom": lambda n: (-n.center[1], n.order),
        "smallest": lambda n: (n.width * n.height, n.order),
    }
    return sorted(nodes, key=keys[rule.pick])


def headings(sheet: Iterable[Node]) -> frozenset[Node]:
    """The first texts of a sheet: below them stand lists, in which people's names and texts can be."""
    said = [n for n in sheet if n.text or n.content_desc]
    said.sort(key=lambda n: (n.bounds[1], n.bounds[0], n.order))
    texts = list(dict.fromkeys(normalise(n.text) for n in said if n.text))[:HEADINGS]
    return frozenset(n for n in said if normalise(n.text) in texts)


def alone(node: Node, nodes: Sequence[Node], tree: UiTree) -> bool:
    """Whether a label is all that its button says; rows of lists say more."""
    box: Node | None
    if tree.structured:
        box = node if node.clickable else next((a for a in node.ancestors() if a.clickable), None)
        within = list(box.walk()) if box is not None else []
    else:
        around = [n for n in nodes if n.clickable and contains(n.bounds, node.bounds)]
        box = min(around, key=lambda n: n.width * n.height, default=None)
        within = [n for n in nodes if box is not None and contains(box.bounds, n.bounds)]
    if box is None or box.height > BUTTON_HEIGHT * tree.size[1]:
        return False
    label = normalise(node.text or node.content_desc)
    return all(normalise(t) == label for n in within for t in (n.text, n.content_desc) if t)
