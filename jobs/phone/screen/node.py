"""One node of a UI tree, and where it stands on the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

Bounds = tuple[int, int, int, int]

_BOUNDS = re.compile(r"\[(-?\d{1,9}),(-?\d{1,9})\]\[(-?\d{1,9}),(-?\d{1,9})\]")
_ORDER = re.compile(r"\d{1,9}", re.ASCII)

#: The longest text that an app takes has 4,000 characters; expressions search every text of every screen.
MAX_TEXT_CHARS = 20_000


@dataclass(eq=False, slots=True)
class Node:
    """One node. `bounds` are screen pixels x1, y1, x2, y2; `clickable` is None where the source did not record it."""

    text: str = ""
    resource_id: str = ""  #: as on the phone, e.g. "com.instagram.android:id/share_button"
    content_desc: str = ""
    hint: str = ""
    class_name: str = ""
    package: str = ""
    bounds: Bounds = (0, 0, 0, 0)
    clickable: bool = False
    enabled: bool = True
    checkable: bool = False
    checked: bool = False
    selected: bool = False
    focused: bool = False
    focusable: bool = False
    scrollable: bool = False
    showing_hint: bool = False  #: `text` is the placeholder, not content
    parent: Node | None = field(default=None, repr=False)
    children: list[Node] = field(default_factory=list, repr=False)
    visible: bool = True  #: False where the source says that it is not displayed
    order: int = 0  #: position in the document, which is the order in which a screen reader goes
    drawing_order: int = 0  #: among its siblings, as the phone says; 0 where the source does not tell
    drawn: int = 0  #: position in which it is drawn in its window: later ones lie over earlier ones

    @property
    def id_name(self) -> str:
        """The resource-id without its package: "share_button"."""
        return self.resource_id.rpartition("/")[2]

    @property
    def center(self) -> tuple[int, int]:
        x1, y1, x2, y2 = self.bounds
        return (x1 + x2) // 2, (y1 + y2) // 2

    @property
    def width(self) -> int:
        return self.bounds[2] - self.bounds[0]

    @property
    def height(self) -> int:
        return self.bounds[3] - self.bounds[1]

    def walk(self) -> Iterator[Node]:
        """This node and everything below it, in document order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def ancestors(self) -> Iterator[Node]:
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


@lru_cache(maxsize=8192)
def parse_bounds(text: str) -> Bounds:
    match = _BOUNDS.search(text)
    return (int(match[1]), int(match[2]), int(match[3]), int(match[4])) if match else (0, 0, 0, 0)


@lru_cache(maxsize=1024)
def parse_order(text: str) -> int:
    """A drawing order; 0 for what is none."""
    return int(text) if _ORDER.fullmatch(text) else 0
