"""The windows of a phone as automation sees them: nodes with visible bounds, and the XML of a dump."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulator.apps.base import View

Bounds = tuple[int, int, int, int]

_NO_NAF = ("GridLayout", "GridView", "ListView", "TableLayout")
#: Characters that the on-phone dumper replaces by a dot (stripInvalidXMLChars of uiautomator).
_STRIPPED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufddf\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_ODD = re.compile("[^ !#-%'-;=?-~]")
_TO_ESCAPE = re.compile('[&<>"\n\r\t\U00010000-\U0010ffff]')


@dataclass(eq=False, slots=True)
class UiNode:
    """A visible view."""

    view: View
    package: str
    bounds: Bounds  #: what of it is on the screen
    index: int
    parent: UiNode | None = None
    children: list[UiNode] = field(default_factory=list)

    @property
    def resource_id(self) -> str:
        rid = self.view.rid
        return rid if not rid or ":" in rid else f"{self.package}:id/{rid}"

    @property
    def text(self) -> str:
        return self.view.text

    @property
    def long_clickable(self) -> bool:
        return self.view.clickable and self.view.on_text is not None

    @property
    def center(self) -> tuple[int, int]:
        left, top, right, bottom = self.bounds
        return (left + right) // 2, (top + bottom) // 2

    def walk(self) -> Iterator[UiNode]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Window:
    """A window on the screen: its view, whose it is, and what kind."""

    view: View
    package: str
    kind: str = "app"  #: app | dialog | keyboard | system | launcher


def build(windows: list[Window], width: int, height: int) -> list[UiNode]:
    """The visible nodes of each window, in the same order."""
    roots = []
    for window in windows:
        root = _node(window.view, window.package, (0, 0, width, height), None, 0)
        if root is not None:
            roots.append(root)
    return roots


def _node(view: View, package: str, clip: Bounds, parent: UiNode | None, index: int) -> UiNode | None:
    left, top = max(view.bounds[0], clip[0]), max(view.bounds[1], clip[1])
    right, bottom = min(view.bounds[2], clip[2]), min(view.bounds[3], clip[3])
    if left >= right or top >= bottom:
        return None
    package = view.package or package
    node = UiNode(view, package, (left, top, right, bottom), index, parent)
    inner = node.bounds if view.scrollable else clip
    for position, child in enumerate(view.children):
        made = _node(child, package, inner, node, position)
        if made is not None:
            node.children.append(made)
    return node


def dump_xml(
    roots: list[UiNode], *, rotation: int = 0, compressed: bool = False, max_depth: int = 50, sdk: int = 34
) -> str:
    """The XML that `dumpWindowHierarchy` of the on-phone server answers (attributes read off its code)."""
    dumper = _Dumper(compressed=compressed, max_depth=max_depth, sdk=sdk)
    for index, root in enumerate(roots):
        dumper.write(root, index, 1)
    head = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\r\n"
    if not roots:
        return f'{head}<hierarchy rotation="{rotation}" />'
    return f'{head}<hierarchy rotation="{rotation}">{"".join(dumper.lines)}\n</hierarchy>'


class _Dumper:
    """Writes nodes."""

    def __init__(self, *, compressed: bool, max_depth: int, sdk: int) -> None:
        self.lines: list[str] = []
        self._compressed, self._max_depth, self._sdk = compressed, max_depth, sdk

    def write(self, node: UiNode, index: int, depth: int) -> None:
        if depth > self._max_depth:
            return
        view, lines, flag = node.view, self.lines, _flag
        if self._compressed and not _important(node):
            for position, child in enumerate(node.children):
                self.write(child, position, depth)
            return
        indent = "\n" + "  " * depth
        left, top, right, bottom = node.bounds
        tail = (
            f' drawing-order="{view.drawing if view.drawing >= 0 else index}" hint="{escape(view.hint)}"'
            if self._sdk >= 26
            else ""
        )
        if self._sdk >= 30:
            tail += ' display-id="0"'
        naf = ' NAF="true"' if _is_naf(node) else ""
        lines.append(
            f'{indent}<node{naf} index="{index}" text="{escape(view.text)}" resource-id="{escape(node.resource_id)}"'
            f' class="{escape(view.cls)}" package="{escape(node.package)}" content-desc="{escape(view.desc)}"'
            f' checkable="{flag(view.checkable)}" checked="{flag(view.checked)}" clickable="{flag(view.clickable)}"'
            f' enabled="{flag(view.enabled)}" focusable="{flag(view.focusable)}" focused="{flag(view.focused)}"'
            f' scrollable="{flag(view.scrollable)}" long-clickable="{flag(node.long_clickable)}" password="false"'
            f' selected="{flag(view.selected)}" visible-to-user="true"'
            f' bounds="[{left},{top}][{right},{bottom}]"{tail}'
        )
        if node.children and depth < self._max_depth:
            lines.append(">")
            for position, child in enumerate(node.children):
                self.write(child, position, depth + 1)
            lines.append(f"{indent}</node>")
        else:
            lines.append(" />")


def escape(text: str) -> str:
    """Text as the on-phone serializer writes it into an attribute."""
    if not text or _ODD.search(text) is None:
        return text
    text = _STRIPPED.sub(".", text)
    return _TO_ESCAPE.sub(lambda m: _ESCAPES.get(m[0]) or f"&#{ord(m[0])};", text)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _important(node: UiNode) -> bool:
    view = node.view
    return bool(
        view.text
        or view.desc
        or view.rid
        or view.clickable
        or view.focusable
        or view.checkable
        or view.scrollable
    )


def _is_naf(node: UiNode) -> bool:
    view = node.view
    if not (view.clickable and view.enabled) or view.text or view.desc or view.cls.endswith(_NO_NAF):
        return False
    return not any(n.view.text or n.view.desc for n in node.walk())
