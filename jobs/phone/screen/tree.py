"""A phone's UI tree, parsed once per observation with plain lxml, whatever odd bytes the phone sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from jobs.hub.lazy import lazy
from jobs.phone.screen.node import MAX_TEXT_CHARS, Bounds, Node, parse_bounds, parse_order
from jobs.phone.screen.usual_dump import read_usual

__all__ = [
    "MAX_TEXT_CHARS",
    "Bounds",
    "Node",
    "TreeUnreadable",
    "UiTree",
    "parse_bounds",
    "parse_xml",
    "sanitise",
]

#: What XML 1.0 does not allow, as characters and as references (U2-11); phones send both.
_BAD_CHARS = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(x[0-9a-fA-F]{1,8}|[0-9]{1,8});")

#: Ten times and more what any recorded screen has (166 KB, 250 nodes, 60 levels): a phone's tree is read by the daemon
#: itself, so what a broken or hostile phone sends must cost next to nothing.
MAX_CHARS = 8 * 1024 * 1024
MAX_NODES = 10_000
MAX_DEPTH = 500
#: Four numbers of nine digits with all that stands between them.
MAX_BOUNDS_CHARS = 50


class TreeUnreadable(ValueError):
    """The text is not a UI tree at all."""


@dataclass(eq=False)
class UiTree:
    """All nodes of one observation in document order; `source` is the text they came from."""

    nodes: list[Node]
    source: str = ""
    #: False for flat element lists, which know no classes, no parents and no enabled state.
    structured: bool = True
    #: The text ends before the tree does: what lies on top may be in the part that is missing.
    cut: bool = False

    @lazy
    def size(self) -> tuple[int, int]:
        """Screen width and height in pixels, from the outermost bounds."""
        return (
            max((n.bounds[2] for n in self.nodes), default=0),
            max((n.bounds[3] for n in self.nodes), default=0),
        )

    @lazy
    def packages(self) -> frozenset[str]:
        return frozenset(n.package for n in self.nodes if n.package)

    def same_as(self, other: UiTree | None) -> bool:
        """Byte-equal to another observation."""
        return other is not None and self.source == other.source


def sanitise(xml: str) -> str:
    """Drop what XML forbids, so that one odd character never hides a whole screen."""

    def reference(match: re.Match[str]) -> str:
        body = match[1]
        code = int(body[1:], 16) if body.startswith("x") else int(body)
        legal = (
            code in (9, 10, 13)
            or 0x20 <= code <= 0xD7FF
            or 0xE000 <= code <= 0xFFFD
            or 0x10000 <= code <= 0x10FFFF
        )
        return match[0] if legal else ""

    clean = _BAD_CHARS.sub("", xml)
    return _REFERENCE.sub(reference, clean) if "&#" in clean else clean


def parse_xml(xml: str) -> UiTree:
    """Parse a uiautomator dump. Raises TreeUnreadable when no tree can be found in it, or one beyond all bounds."""
    if len(xml) > MAX_CHARS:
        raise TreeUnreadable(f"not a UI tree: {len(xml)} characters")
    # Each node has at most two tags, so this bounds the nodes before any memory is spent on them.
    if xml.count("<") > 2 * MAX_NODES + 10:
        raise TreeUnreadable(f"not a UI tree: more than {MAX_NODES} nodes")
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:  # no dumper writes one, and entities multiply
        raise TreeUnreadable("not a UI tree: it has a document type")
    if (usual := read_usual(xml)) is not None:
        if usual.reordered:
            _paint(usual.nodes)
        return UiTree(usual.nodes, source=xml)
    if (reader := _read_strictly(xml)) is not None:
        return UiTree(reader.nodes, source=xml)
    return _read_what_there_is(xml)


class _Reader:
    """Makes the nodes, element by element, as a target of lxml's parsers. Raises TreeUnreadable for what is nested too deep."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._open: list[Node | None] = []  #: what each open element became; None for those without bounds
        self._reordered = False  #: whether anything is drawn in another order than it is written
        self._root = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) > MAX_DEPTH:
            raise TreeUnreadable(f"not a UI tree: nested more than {MAX_DEPTH} levels deep")
        get = attributes.get
        bounds = get("bounds")
        self._root = self._root or tag
        if bounds is None:
            self._open.append(None)
            return
        parent = self._open[-1] if self._open else None
        order = len(self.nodes)
        node = Node(
            text=get("text", "")[:MAX_TEXT_CHARS],
            resource_id=get("resource-id", ""),
            content_desc=get("content-desc", "")[:MAX_TEXT_CHARS],
            hint=get("hint", "")[:MAX_TEXT_CHARS],
            class_name=get("class", ""),
            package=get("package", ""),
            bounds=parse_bounds(bounds[:MAX_BOUNDS_CHARS]),  # what is remembered of them must be small
            clickable=get("clickable") == "true",
            enabled=get("enabled") != "false",
            checkable=get("checkable") == "true",
            checked=get("checked") == "true",
            selected=get("selected") == "true",
            focused=get("focused") == "true",
            focusable=get("focusable") == "true",
            scrollable=get("scrollable") == "true",
            showing_hint=get("showing-hint") == "true",
            visible=get("displayed") != "false" and get("visible-to-user") != "false",
            parent=parent,
            order=order,
            drawn=order,
            drawing_order=parse_order(get("drawing-order", "")),
        )
        if parent is not None:
            if parent.children and node.drawing_order < parent.children[-1].drawing_order:
                self._reordered = True
            parent.children.append(node)
        self._open.append(node)
        self.nodes.append(node)

    def end(self, tag: str) -> None:
        self._open.pop()

    def close(self) -> None:
        """All was read. Raises TreeUnreadable when nothing was a node."""
        if not self.nodes and self._root != "hierarchy":
            raise TreeUnreadable("not a UI tree: no node in it")
        if self._reordered:
            _paint(self.nodes)


def _read_strictly(xml: str) -> _Reader | None:
    """The nodes of well-formed XML, as nearly every phone sends it; None for anything else."""
    reader = _Reader()
    target: Any = reader
    # huge_tree: libxml2 would cut a tree silently at 256 levels; the bounds are kept here. Without entities of its own a
    # text has the five of XML alone, which a target would get as numbers if they were not resolved.
    parser = etree.XMLParser(target=target, huge_tree=True, resolve_entities=True, no_network=True)
    try:
        etree.fromstring(xml.encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError):
        return None
    except TreeUnreadable:
        # lxml closes the target of a text that it gave up, too: one that breaks in its first line has no node so far.
        if reader.nodes:
            raise
        return None
    return reader


def _read_what_there_is(xml: str) -> UiTree:
    """The nodes of a text that is no XML as a whole: cut off, with forbidden characters, with something behind it."""
    parser = etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False, no_network=True)
    text = sanitise(xml)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise TreeUnreadable(f"not a UI tree: {error}") from error
    if root is None:
        raise TreeUnreadable("not a UI tree: no element in it")
    reader = _Reader()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            reader.start(element.tag, element.attrib)
        else:
            reader.end(element.tag)
    reader.close()
    closed = len(root) == 0 or f"</{root.tag}" in text[text.rfind("</") :]
    return UiTree(reader.nodes, source=xml, cut=not closed)


def _paint(nodes: list[Node]) -> None:
    """Number the nodes as they are drawn: a parent before its children, siblings by their drawing order."""
    stack = [node for node in reversed(nodes) if node.parent is None]
    position = 0
    while stack:
        node = stack.pop()
        node.drawn = position
        position += 1
        children = node.children
        if len(children) > 1:
            children = sorted(children, key=_drawing_order)  # stable: equal ones as they are written
        stack.extend(reversed(children))


def _drawing_order(node: Node) -> int:
    return node.drawing_order
