"""Reads a UI tree in the form in which nearly all phones send it: nodes whose tags have the same attributes in the same order.

Whatever has another form is left to the parser for XML, which finds the same nodes in twice the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import itemgetter
from typing import NamedTuple

from jobs.phone.screen.node import MAX_TEXT_CHARS, Node, parse_bounds, parse_order

#: The attributes that are read, in the order in which `_read_tag` takes them.
_READ = (
    "text", "resource-id", "content-desc", "hint", "class", "package", "bounds", "clickable", "enabled", "checkable",
    "checked", "selected", "focused", "focusable", "scrollable", "showing-hint", "displayed", "visible-to-user",
    "drawing-order",
)  # fmt: skip
#: A value without anything that XML forbids in it or reads as something else; what is read may have references.
_OTHER_VALUE = '[^"<&\x00-\x1f\ud800-\udfff\ufffe\uffff]*'
_VALUE = _OTHER_VALUE.replace("&", "")
_SPACE = re.compile("[ \t\r\n]*")
_HEAD = re.compile(
    """(?:<\\?xml version=(['"])1\\.0\\1(?: encoding=(['"])(?:UTF|utf)-8\\2)?(?: standalone=(['"])(?:yes|no)\\3)? ?\\?>)?"""
    """[ \t\r\n]*<hierarchy(?: (?!bounds|xml)[a-z][a-z0-9-]*="[^"<&\\x00-\\x1f]*")*>"""
)
_TAG = re.compile('<node((?: [a-zA-Z][a-zA-Z0-9-]*="[^"<]*")*) ?/?>')
_ATTRIBUTE = re.compile(' ([a-zA-Z][a-zA-Z0-9-]*)="[^"]*"')
_NODE_END, _END = "</node>", "</hierarchy>"
_REFERENCE = re.compile("&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
#: Deeper trees are refused elsewhere; no dumper writes more attributes.
_MAX_DEPTH, _MAX_ATTRIBUTES = 400, 60
#: How many forms of tags are remembered, and learned from one tree, which has a handful. Each takes some milliseconds.
MAX_FORMS, _MAX_NEW = 100, 12


class Usual(NamedTuple):
    """The nodes in document order, and whether anything is drawn in another order."""

    nodes: list[Node]
    reordered: bool


class _Form(NamedTuple):
    """Tags with the same attributes."""

    match: Callable[[str, int], re.Match[str] | None]
    values: Callable[
        [tuple[str, ...]], tuple[str, ...]
    ]  #: of `_READ`, "" for what is missing, and what ends the tag


#: How the tags of dumps are written, by the names of their attributes.
known_forms: dict[tuple[str, ...], _Form] = {}


class _Unusual(Exception):
    """The text has another form."""


def read_usual(xml: str) -> Usual | None:
    """The nodes; None for a text of another form, whether it is XML or not."""
    head = _HEAD.match(xml)
    if head is None:
        return None
    try:
        return _read(xml, head.end())
    except _Unusual:
        return None


def _read(xml: str, at: int) -> Usual:
    nodes: list[Node] = []
    line: list[Node] = []  #: the open nodes
    parent: Node | None = None
    reordered = False
    form: _Form | None = None
    before: _Form | None = None  #: most trees have tags of two forms
    new = 0
    after_space = _SPACE.match
    while True:
        if not xml.startswith("<", at):
            at = after_space(xml, at).end()  # type: ignore[union-attr] # it fits everywhere
        if xml.startswith("</", at):
            if parent is None:
                break
            if not xml.startswith(_NODE_END, at):
                raise _Unusual
            at += len(_NODE_END)
            line.pop()
            parent = line[-1] if line else None
            continue
        tag = form.match(xml, at) if form is not None else None
        if tag is None and before is not None:
            form, before = before, form
            tag = form.match(xml, at)
        if tag is None:
            names = _attributes_at(xml, at)
            before = form
            form = known_forms.get(names)
            if form is None:
                new += 1
                if new > _MAX_NEW:
                    raise _Unusual
                form = _learn(names)
            tag = form.match(xml, at)
            if tag is None:
                raise _Unusual
        at = tag.end()
        values = form.values((*tag.groups(), ""))  # type: ignore[union-attr] # it fitted
        if "&" in tag[0]:
            values = tuple(_resolved(value) if "&" in value else value for value in values)
        node = _node(values, parent, len(nodes))
        if parent is not None:
            siblings = parent.children
            if siblings and node.drawing_order < siblings[-1].drawing_order:
                reordered = True
            siblings.append(node)
        nodes.append(node)
        if not values[-1]:
            line.append(node)
            parent = node
            if len(line) > _MAX_DEPTH:
                raise _Unusual
    if not xml.startswith(_END, at) or after_space(xml, at + len(_END)).end() != len(xml):  # type: ignore[union-attr]
        raise _Unusual
    return Usual(nodes, reordered)


def _node(values: tuple[str, ...], parent: Node | None, order: int) -> Node:
    (
        text, resource_id, desc, hint, class_name, package, bounds, clickable, enabled, checkable, checked, selected, focused,
        focusable, scrollable, showing_hint, displayed, visible, drawing_order, _,
    ) = values  # fmt: skip
    return Node(
        text[:MAX_TEXT_CHARS], resource_id, desc[:MAX_TEXT_CHARS], hint[:MAX_TEXT_CHARS], class_name, package,
        parse_bounds(bounds), clickable == "true", enabled != "false", checkable == "true", checked == "true",
        selected == "true", focused == "true", focusable == "true", scrollable == "true", showing_hint == "true", parent,
        [], displayed != "false" and visible != "false", order, parse_order(drawing_order), order,
    )  # fmt: skip


def _attributes_at(xml: str, at: int) -> tuple[str, ...]:
    """The names of the attributes of the tag that stands there. Raises _Unusual."""
    tag = _TAG.match(xml, at)
    if tag is None:
        raise _Unusual
    return tuple(_ATTRIBUTE.findall(xml, *tag.span(1)))


def _learn(names: tuple[str, ...]) -> _Form:
    """The form of tags with these attributes. Raises _Unusual for those that are none of a node."""
    known = set(names)
    if (
        len(names) > _MAX_ATTRIBUTES
        or len(known) < len(names)
        or "bounds" not in known
        or any(name.lower().startswith("xml") for name in names)
    ):
        raise _Unusual
    if len(known_forms) >= MAX_FORMS:  # the oldest goes: one odd phone takes nothing from the others
        known_forms.pop(next(iter(known_forms.copy())), None)
    form = known_forms[names] = _make_form(names)
    return form


def _make_form(names: tuple[str, ...]) -> _Form:
    values = (f' {n}="({_VALUE})"' if n in _READ else f' {n}="{_OTHER_VALUE}"' for n in names)
    read = [n for n in names if n in _READ]
    end, missing = len(read), len(read) + 1
    places = [read.index(n) if n in read else missing for n in _READ]
    return _Form(re.compile(f"<node{''.join(values)} ?(/?)>").match, itemgetter(*places, end))


def _resolved(value: str) -> str:
    """A value with its references resolved. Raises _Unusual for one that XML does not know."""
    resolved, count = _REFERENCE.subn(_character, value)
    if count != value.count("&"):
        raise _Unusual
    return resolved


def _character(reference: re.Match[str]) -> str:
    name, decimal, hexadecimal = reference.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    allowed = (
        code in (9, 10, 13)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )
    if not allowed:
        raise _Unusual
    return chr(code)
