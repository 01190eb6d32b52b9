"""A node that a rule found, and how boxes on a screen lie to each other."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.phone.screen.tree import Bounds, Node, UiTree

#: Windows that lie around an app and never belong to it: the system's bars, keyboards.
_KEYBOARDS = ("inputmethod", "keyboard", "honeyboard", "swiftkey", "baidu.input", "facemoji", ".ime.")
_AROUND = ("com.android.systemui", *_KEYBOARDS, "openatx")
#: Where a flat list says nothing of packages, ids and texts decide alone.
_EDITABLE = ("EditText", "AutoCompleteTextView")


@dataclass(frozen=True, slots=True)
class Element:
    """A named element in a tree: the node and the rule that found it."""

    name: str
    node: Node
    matched_rule: str
    area: Bounds | None = None  #: the part of the node that can be touched, where that is not all of it

    @property
    def bounds(self) -> Bounds:
        return self.area or self.node.bounds

    @property
    def center(self) -> tuple[int, int]:
        x1, y1, x2, y2 = self.bounds
        return (x1 + x2) // 2, (y1 + y2) // 2

    @property
    def says(self) -> str:
        return self.node.text or self.node.content_desc


def is_around(package: str) -> bool:
    """Whether a package draws around apps: status bar, keyboard."""
    return any(part in package for part in _AROUND)


def is_keyboard(package: str) -> bool:
    """Whether a package draws a keyboard: it takes all touches on it, between its keys too."""
    return any(part in package for part in _KEYBOARDS)


def same_node(node: Node, tree: UiTree) -> Node | None:
    """A node in a newer tree: itself, else the one that says the same in the same place, else what says the same."""
    if node.order < len(tree.nodes) and tree.nodes[node.order] is node:
        return node
    kind = (node.resource_id, node.class_name, node.content_desc)
    alike = [n for n in tree.nodes if n.visible and (n.resource_id, n.class_name, n.content_desc) == kind]
    return next((n for n in alike if n.bounds == node.bounds), None) or next(
        (n for n in alike if n.text == node.text and (n.text or n.content_desc)), None
    )


def is_editable(node: Node) -> bool:
    return node.class_name.endswith(_EDITABLE)


def contains(outer: Bounds, inner: Bounds) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def holds_point(bounds: Bounds, point: tuple[int, int]) -> bool:
    return bounds[0] <= point[0] < bounds[2] and bounds[1] <= point[1] < bounds[3]


def same_row(one: Bounds, two: Bounds) -> bool:
    """Whether two boxes share at least half of the lower one's height."""
    shared = min(one[3], two[3]) - max(one[1], two[1])
    return shared * 2 >= min(one[3] - one[1], two[3] - two[1]) > 0


def touch(node: Node, other: Node) -> bool:
    return node is other or contains(node.bounds, other.bounds) or contains(other.bounds, node.bounds)


def in_corner(outer: Bounds, inner: Bounds, corner: str) -> bool:
    width, height = outer[2] - outer[0], outer[3] - outer[1]
    if (inner[2] - inner[0]) * 2 > width or (inner[3] - inner[1]) * 2 > height:
        return False
    x, y = (inner[0] + inner[2]) / 2 - outer[0], (inner[1] + inner[3]) / 2 - outer[1]
    vertical, horizontal = corner.split("-")
    return (y < height / 2) == (vertical == "top") and (x < width / 2) == (horizontal == "left")
