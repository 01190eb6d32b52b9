"""Lays sheets, dialogs, pages, snackbars and keyboards over any tree, as phones do, without names and without a scrim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jobs.phone.screen.tree import Bounds, Node, UiTree

#: Title, text and main button of what lies over; the words of the apps' own buttons are among them.
WORDS = (
    ("Try our new camera", "Film with one tap", "Enable"),
    ("Next: add your phone", "Keep your account safe", "Add phone"),
    ("Share with Close Friends", "Only some will see it", "Post"),
)


@dataclass
class Box:
    """A node to be made: bounds in fractions of the screen."""

    bounds: tuple[float, float, float, float]
    text: str = ""
    desc: str = ""
    clickable: bool = False
    package: str = ""
    inner: list[Box] = field(default_factory=list)


@dataclass(frozen=True)
class Over:
    """What is laid over a tree: its box, and the parts of it that may be touched."""

    box: Box
    harmless: tuple[str, ...] = ()
    own_window: bool = False


def asking(
    bounds: tuple[float, float, float, float],
    *,
    words: Sequence[str] = WORDS[0],
    handle: bool = False,
    close: str = "",
    clickable: bool = False,
) -> Box:
    """A box with a title, a text and a button; a bar that cannot be clicked at its top, a way out at its foot."""
    left, top, right, foot = bounds
    wide, high = right - left, foot - top

    def part(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float, float, float]:
        return left + x1 * wide, top + y1 * high, left + x2 * wide, top + y2 * high

    inner = [Box(part(0.4, 0.03, 0.6, 0.06))] if handle else []
    inner += [
        Box(part(0.1, 0.12, 0.9, 0.22), words[0]),
        Box(part(0.1, 0.3, 0.9, 0.45), words[1]),
        Box(part(0.1, 0.55, 0.9, 0.7), words[2], clickable=True),
    ]
    if close:
        inner.append(Box(part(0.1, 0.75, 0.9, 0.9), close, clickable=True))
    return Box(bounds, clickable=clickable, inner=inner)


#: What stops the way: whatever the page beneath is, it must not be told, and nothing but the harmless may be touched.
STOPPING: dict[str, Callable[[Sequence[str]], Over]] = {
    "a sheet with a dead handle": lambda w: Over(asking((0, 0.55, 1, 1), words=w, handle=True)),
    "a low sheet with a dead handle": lambda w: Over(asking((0, 0.75, 1, 1), words=w, handle=True)),
    "a sheet above the navigation bar": lambda w: Over(asking((0, 0.5, 1, 0.95), words=w, handle=True)),
    "a sheet with a way out": lambda w: Over(
        asking((0, 0.45, 1, 1), words=w, handle=True, close="Not now"), ("Not now",)
    ),
    "a dialog": lambda w: Over(asking((0.1, 0.35, 0.9, 0.65), words=w)),
    "a dialog with a way out": lambda w: Over(
        asking((0.1, 0.3, 0.9, 0.7), words=w, close="Not now"), ("Not now",)
    ),
    "a card clear of all edges": lambda w: Over(asking((0.03, 0.55, 0.97, 0.97), words=w)),
    "a page that takes the touches": lambda w: Over(asking((0, 0, 1, 1), words=w, clickable=True)),
    "a dialog in a window of its own": lambda w: Over(
        asking((0.1, 0.35, 0.9, 0.65), words=w, close="Not now"), ("Not now",), own_window=True
    ),
    "a sheet in a window of its own": lambda w: Over(
        asking((0, 0.6, 1, 1), words=w, close="Not now"), ("Not now",), own_window=True
    ),
}

KEYBOARD = "com.google.android.inputmethod.latin"
#: What covers a part of the page, which stays what it is.
COVERING: dict[str, Over] = {
    **{
        f"a snackbar at {top}": Over(
            Box(
                (0.03, top, 0.97, top + 0.07),
                clickable=True,
                inner=[Box((0.1, top + 0.01, 0.9, top + 0.06), "Saved")],
            )
        )
        for top in (0.03, 0.45, 0.8, 0.9)
    },
    "a keyboard": Over(
        Box(
            (0, 0.62, 1, 1),
            package=KEYBOARD,
            inner=[
                Box((k / 10, r, (k + 1) / 10, r + 0.09), "qwertzuiop"[k], clickable=True, package=KEYBOARD)
                for k in range(10)
                for r in (0.64, 0.73, 0.82, 0.91)
            ],
        ),
        own_window=True,
    ),
    "a notification": Over(
        Box(
            (0, 0, 1, 0.12),
            "Anna: Your account has been suspended",
            clickable=True,
            package="com.android.systemui",
        ),
        own_window=True,
    ),
}


def app_of(tree: UiTree) -> str:
    """The package of the tree's largest window; "" where its nodes name none."""
    return max((n for n in tree.nodes if n.parent is None), key=lambda n: n.width * n.height).package


def laid_over(tree: UiTree, over: Over) -> UiTree:
    """A copy of a tree with something drawn last: in the app's largest window beside its page, or in its own window."""
    copies: dict[int, Node] = {}
    nodes: list[Node] = []
    for node in tree.nodes:
        values = {name: getattr(node, name) for name in Node.__slots__}
        values["parent"] = copies.get(id(node.parent)) if node.parent is not None else None
        values["children"] = []
        copy = Node(**values)
        if copy.parent is not None:
            copy.parent.children.append(copy)
        copies[id(node)] = copy
        nodes.append(copy)
    host: Node | None = None
    if not over.own_window:
        host = max((n for n in nodes if n.parent is None), key=lambda n: n.width * n.height)
        while len(host.children) == 1 and host.children[0].bounds == host.bounds:
            host = host.children[0]
    drawn = max(n.drawn for n in nodes)
    package = app_of(tree)
    width, height = tree.size

    def add(box: Box, parent: Node | None) -> None:
        nonlocal drawn
        drawn += 1
        left, top, right, foot = box.bounds
        bounds: Bounds = (int(left * width), int(top * height), int(right * width), int(foot * height))
        node = Node(
            text=box.text, content_desc=box.desc, clickable=box.clickable, bounds=bounds, parent=parent,
            package=box.package or package, class_name="android.view.View", order=len(nodes), drawn=drawn,
        )  # fmt: skip
        nodes.append(node)
        if parent is not None:
            parent.children.append(node)
        for inner in box.inner:
            add(inner, node)

    add(over.box, host)
    return UiTree(nodes, source=f"{tree.source} under {over.box.bounds}", structured=tree.structured)
