"""Makes siblings of known trees that nobody recorded: other phones and builds, strangers' windows, halves, pages over pages.

Three things can be right for a sibling: the known answer (`SAME`), nothing of the way (`HIDDEN`), or the known answer or
less, and no touch of anything else (`SAFE`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from jobs.phone.screen.tree import Bounds, Node, UiTree
from jobs.post.screens.inspect import inspect_tree
from tests.support import eyes
from tests.support.overlays import Box, Over, laid_over

THE_WAY = frozenset({"path", "success", "progress"})
STRANGERS = ("com.miui.securitycenter", "com.huawei.systemmanager", "com.vivo.permissionmanager", "org.chat")
QUESTIONS = (
    ("Allow TikTok to access your contacts?", "Allow", "Don't allow"),
    ("Posted! Nicely done.", "Post", "Next"),
    ("Your account has been suspended", "Log in", "Share"),
    ("جرّب الكاميرا الجديدة", "تفعيل", "🎉"),
)


class Right(Enum):
    SAME = "the known answer"
    HIDDEN = "nothing of the way, and no touch"
    SAFE = "the known answer or less, and no other touch"


@dataclass
class Sibling:
    """A tree that nobody recorded; `origin` tells of which node of the known tree each of its nodes is made."""

    tree: UiTree
    right: Right
    origin: dict[int, int] = field(default_factory=dict)


Maker = Callable[[UiTree, random.Random], Sibling | None]


def copied(
    tree: UiTree, change: Callable[[Node], None], *, keep: Callable[[Node], bool] = lambda _: True
) -> tuple[list[Node], dict[int, int]]:
    """New nodes of a tree, each changed, without those that are not kept; children of these go to their grandparents."""
    copies: dict[int, Node] = {}
    nodes: list[Node] = []
    origin: dict[int, int] = {}
    for node in tree.nodes:
        if not keep(node):
            continue
        values = {name: getattr(node, name) for name in Node.__slots__}
        holder = next((a for a in node.ancestors() if id(a) in copies), None)
        values["parent"] = copies[id(holder)] if holder is not None else None
        values["children"] = []
        copy = Node(**values)
        copy.order = len(nodes)
        change(copy)
        if copy.parent is not None:
            copy.parent.children.append(copy)
        origin[copy.order] = node.order
        copies[id(node)] = copy
        nodes.append(copy)
    return nodes, origin


def changed(right: Right, change: Callable[[Node], None], *, lists: bool = True) -> Maker:
    def make(tree: UiTree, _: random.Random) -> Sibling | None:
        if not lists and not tree.structured:
            return None  # a list does not say which node is a field
        nodes, origin = copied(tree, change)
        return Sibling(_tree(tree, nodes), right, origin)

    return make


def placed(right: Right, place: Callable[[Bounds, int, int], Bounds]) -> Maker:
    """Every node elsewhere: `place` gets a box and the size of the screen."""

    def make(tree: UiTree, _: random.Random) -> Sibling:
        def move(node: Node) -> None:
            node.bounds = place(node.bounds, *tree.size)

        nodes, origin = copied(tree, move)
        return Sibling(_tree(tree, nodes), right, origin)

    return make


def scaled(wide: float, high: float) -> Maker:
    return placed(
        Right.SAME, lambda b, *_: (int(b[0] * wide), int(b[1] * high), int(b[2] * wide), int(b[3] * high))
    )


def with_window(bounds: tuple[float, float, float, float], right: Right, *, first: bool) -> Maker:
    """Another app's window with words and buttons, written before or after the known ones."""

    def make(tree: UiTree, rnd: random.Random) -> Sibling | None:
        if not tree.structured or not any(n.package for n in tree.nodes):
            return None
        package, (title, one, two) = rnd.choice(STRANGERS), rnd.choice(QUESTIONS)
        left, top, wide, _ = bounds
        parts = [Box((left, top, wide, top + 0.05), title, package=package)]
        parts += [
            Box((left, top + y, wide, top + y + 0.06), text, clickable=True, package=package)
            for text, y in ((one, 0.07), (two, 0.14))
        ]
        both = laid_over(tree, Over(Box(bounds, package=package, inner=parts), own_window=True))
        known, new = both.nodes[: len(tree.nodes)], both.nodes[len(tree.nodes) :]
        nodes = [*new, *known] if first else [*known, *new]
        return Sibling(_tree(tree, nodes), right, {nodes.index(n): i for i, n in enumerate(known)})

    return make


def split(
    make_room: Callable[[Bounds, int, int], Bounds], bounds: tuple[float, float, float, float]
) -> Maker:
    """The app has one half of the screen, a chat the other."""

    def make(tree: UiTree, rnd: random.Random) -> Sibling | None:
        half = placed(Right.SAFE, make_room)(tree, rnd)
        assert half is not None
        width, height = tree.size
        nodes = half.tree.nodes
        end = Node(bounds=(width, height, width, height), order=len(nodes), drawn=len(nodes))
        whole = UiTree([*nodes, end], source=half.tree.source, structured=tree.structured)
        return with_window(bounds, Right.HIDDEN, first=False)(whole, rnd)

    return make


def laid_page(tree: UiTree, _: random.Random) -> Sibling | None:
    """A page that takes no touches over the known one, in its window: its words and buttons lie on those beneath it."""
    base = max((n for n in tree.nodes if n.parent is None), key=lambda n: n.width * n.height)
    width, height = tree.size
    said = [
        n
        for n in base.walk()
        if (n.text or n.content_desc or n.clickable) and n.visible and n.width and 0 < n.height < 0.2 * height
    ]
    low = [n for n in said if n.center[1] > 0.6 * height]
    high = [n for n in said if n.center[1] < 0.4 * height]
    ordered = tree.source == "drawn" or any(n.drawing_order for n in tree.nodes)
    if not low or not high or not ordered:
        return None
    inner = [
        Box((b[0] / width, b[1] / height, b[2] / width, b[3] / height), text, clickable=clickable)
        for b, text, clickable in ((high[0].bounds, "Welcome", False), (low[0].bounds, "Go on", True))
    ]
    both = laid_over(tree, Over(Box((0, 0, 1, 1), inner=inner)))
    both.nodes[-1].drawing_order = 1  # the phone says in which order it draws
    return Sibling(both, Right.HIDDEN, {i: i for i in range(len(tree.nodes))})


def cut_off(tree: UiTree, rnd: random.Random) -> Sibling:
    nodes, origin = copied(tree, lambda _: None, keep=lambda n: n.order < len(tree.nodes) * rnd.random() + 3)
    half = _tree(tree, nodes)
    half.cut = True
    return Sibling(half, Right.HIDDEN, origin)


def gaps(tree: UiTree, rnd: random.Random) -> Sibling:
    """A tree that was read while it changed: one node of fifteen is missing."""
    nodes, origin = copied(tree, lambda _: None, keep=lambda n: n.parent is None or rnd.random() > 1 / 15)
    return Sibling(_tree(tree, nodes), Right.SAFE, origin)


def _renamed(node: Node) -> None:
    if node.resource_id and not node.resource_id.startswith("com.android"):
        node.resource_id = f"x:id/{node.order % 36**3:x}z"


def _marked(node: Node) -> None:
    """Marks of direction around every text, as phones with Arabic or Hebrew among their languages set them."""
    node.text = node.text and f"\u202b{node.text}\u202c"
    node.content_desc = node.content_desc and f"\u200f{node.content_desc}"


def _spoken(node: Node) -> None:
    if not node.class_name.endswith(("EditText", "AutoCompleteTextView")):
        node.text, node.content_desc = "", node.content_desc or node.text


SIBLINGS: dict[str, Maker] = {
    "a coarser screen": scaled(2 / 3, 2 / 3),
    "a finer screen": scaled(1.5, 1.5),
    "a lower screen": scaled(1, 0.85),
    "a higher screen": scaled(1, 1.1),
    "a wide screen": scaled(1.6, 1),
    "marks of direction": changed(Right.SAME, _marked),
    "ids of another build": changed(Right.SAFE, _renamed),
    "labels for screen readers alone": changed(Right.SAFE, _spoken, lists=False),
    "a mirrored screen": placed(Right.SAFE, lambda b, w, _: (w - b[2], b[1], w - b[0], b[3])),
    "larger letters": placed(
        Right.SAFE, lambda b, _, h: (b[0], min(int(b[1] * 1.12), h), b[2], min(int(b[3] * 1.12), h))
    ),
    "gaps": gaps,
    "half a tree": cut_off,
    "a page over it": laid_page,
    **{
        f"a {what} of another app, written {'first' if first else 'last'}": with_window(
            bounds, Right.HIDDEN, first=first
        )
        for what, bounds in (("dialog", (0.1, 0.35, 0.9, 0.7)), ("page", (0.0, 0.0, 1.0, 1.0)))
        for first in (True, False)
    },
    "the upper half of a split screen": split(
        lambda b, *_: (b[0], b[1] // 2, b[2], b[3] // 2), (0.0, 0.5, 1.0, 1.0)
    ),
    "the lower half of a split screen": split(
        lambda b, _, h: (b[0], (h + b[1]) // 2, b[2], (h + b[3]) // 2), (0.0, 0.0, 1.0, 0.5)
    ),
}  # fmt: skip


def complaint(known: UiTree, app: str, sibling: Sibling) -> str:
    """What is wrong with the answer to a sibling; "" for nothing."""
    before, after = eyes.known_answer(known, app), inspect_tree(sibling.tree, app=app)
    said = f"{before['screen']}/{before['kind']} -> {after['screen']}/{after['kind']} {after['next']}"
    point = eyes.point_of(after)
    if sibling.right is Right.HIDDEN:
        return said if after["kind"] in THE_WAY or after["next"] else ""
    if sibling.right is Right.SAME:
        return (
            said
            if (after["screen"], after["next"] is None) != (before["screen"], before["next"] is None)
            else ""
        )
    if after["kind"] in ("success", "failure", "human") and after["kind"] != before["kind"]:
        return said
    if point is None or after["kind"] != before["kind"] or before["next"] is None:
        return ""
    return (
        said
        if before["screen"] == after["screen"] and not _same_target(known, before, after, sibling)
        else ""
    )


def _same_target(
    known: UiTree, before: dict[str, object], after: dict[str, object], sibling: Sibling
) -> bool:
    """Whether what would be touched is made of what would have been, or is named the same."""
    wanted, found = before["next"], after["next"]
    assert isinstance(wanted, dict)
    assert isinstance(found, dict)
    kept = set(sibling.origin.values())
    gone = any(list(n.bounds) == wanted["bounds"] and n.order not in kept for n in known.nodes)
    if gone or wanted["name"] == found["name"]:
        return True
    made = [
        known.nodes[sibling.origin[n.order]]
        for n in sibling.tree.nodes
        if list(n.bounds) == found["bounds"] and n.order in sibling.origin
    ]
    return any(list(n.bounds) == wanted["bounds"] for n in made)


def _tree(known: UiTree, nodes: list[Node]) -> UiTree:
    """Nodes as a tree of their own; those that were drawn later stay later."""
    for order, node in enumerate(nodes):
        node.order = order
    return UiTree(nodes, source=f"{known.source[:80]} {id(nodes)}", structured=known.structured)
