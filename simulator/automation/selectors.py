"""Finds nodes by a UiSelector, with the fields and the mask that uiautomator2's client sends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from simulator.android.tree import UiNode

_Test = Callable[[UiNode, Any], bool]


def _matches(pattern: Any, text: str) -> bool:
    try:
        return re.fullmatch(str(pattern), text, re.DOTALL) is not None
    except re.error:
        return False


#: Mask bit -> field name and test (bits from uiautomator2/_selector.py).
_TESTS: dict[int, tuple[str, _Test]] = {
    0x01: ("text", lambda n, v: n.text == v),
    0x02: ("textContains", lambda n, v: str(v).lower() in n.text.lower()),
    0x04: ("textMatches", lambda n, v: _matches(v, n.text)),
    0x08: ("textStartsWith", lambda n, v: n.text.lower().startswith(str(v).lower())),
    0x10: ("className", lambda n, v: n.view.cls == v),
    0x20: ("classNameMatches", lambda n, v: _matches(v, n.view.cls)),
    0x40: ("description", lambda n, v: n.view.desc == v),
    0x80: ("descriptionContains", lambda n, v: str(v).lower() in n.view.desc.lower()),
    0x0100: ("descriptionMatches", lambda n, v: _matches(v, n.view.desc)),
    0x0200: ("descriptionStartsWith", lambda n, v: n.view.desc.lower().startswith(str(v).lower())),
    0x0400: ("checkable", lambda n, v: n.view.checkable == v),
    0x0800: ("checked", lambda n, v: n.view.checked == v),
    0x1000: ("clickable", lambda n, v: n.view.clickable == v),
    0x2000: ("longClickable", lambda n, v: n.long_clickable == v),
    0x4000: ("scrollable", lambda n, v: n.view.scrollable == v),
    0x8000: ("enabled", lambda n, v: n.view.enabled == v),
    0x010000: ("focusable", lambda n, v: n.view.focusable == v),
    0x020000: ("focused", lambda n, v: n.view.focused == v),
    0x040000: ("selected", lambda n, v: n.view.selected == v),
    0x080000: ("packageName", lambda n, v: n.package == v),
    0x100000: ("packageNameMatches", lambda n, v: _matches(v, n.package)),
    0x200000: ("resourceId", lambda n, v: n.resource_id == v),
    0x400000: ("resourceIdMatches", lambda n, v: _matches(v, n.resource_id)),
    0x800000: ("index", lambda n, v: n.index == v),
}
_INSTANCE = 0x01000000


def find_all(roots: list[UiNode], selector: dict[str, Any]) -> list[UiNode]:
    """Every node that the selector means, in document order; an instance picks one of them."""
    found = _select((node for root in roots for node in root.walk()), selector)
    steps = zip(
        selector.get("childOrSibling") or [], selector.get("childOrSiblingSelector") or [], strict=False
    )
    for relation, inner in steps:
        candidates: list[UiNode] = []
        for node in found:
            if relation == "child":
                candidates.extend(n for n in node.walk() if n is not node)
            elif node.parent is not None:
                candidates.extend(
                    n for child in node.parent.children if child is not node for n in child.walk()
                )
        seen: set[int] = set()
        unique = [n for n in candidates if not (id(n) in seen or seen.add(id(n)))]  # type: ignore[func-returns-value]
        found = _select(iter(unique), inner)
    return found


def _select(nodes: Iterator[UiNode], selector: dict[str, Any]) -> list[UiNode]:
    mask = int(selector.get("mask", 0))
    tests = [(test, selector.get(name)) for bit, (name, test) in _TESTS.items() if mask & bit]
    found = [node for node in nodes if all(test(node, value) for test, value in tests)]
    if mask & _INSTANCE:
        instance = int(selector.get("instance", 0))
        return found[instance : instance + 1]
    return found


def describe(selector: dict[str, Any]) -> str:
    """As UiSelector prints itself, for the error of a missing object."""
    mask = int(selector.get("mask", 0))
    parts = [f"{name.upper()}={selector.get(name)}" for bit, (name, _) in _TESTS.items() if mask & bit]
    return f"UiSelector[{', '.join(parts)}]"


def rect(bounds: tuple[int, int, int, int]) -> dict[str, int]:
    left, top, right, bottom = bounds
    return {"bottom": bottom, "left": left, "right": right, "top": top}


def object_info(node: UiNode) -> dict[str, Any]:
    """ObjInfo of the on-phone server."""
    view = node.view
    return {
        "bounds": rect(view.bounds),
        "childCount": len(node.children),
        "className": view.cls,
        "contentDescription": view.desc or None,
        "packageName": node.package,
        "resourceName": node.resource_id or None,
        "text": view.text,
        "visibleBounds": rect(node.bounds),
        "checkable": view.checkable,
        "checked": view.checked,
        "clickable": view.clickable,
        "enabled": view.enabled,
        "focusable": view.focusable,
        "focused": view.focused,
        "longClickable": node.long_clickable,
        "scrollable": view.scrollable,
        "selected": view.selected,
    }
