"""Says what the posting engine makes of a screen: for people who correct a selector, and for the table tests."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jobs.hub.platforms import PLATFORMS, platform_of
from jobs.phone.screen.tree import Node, TreeUnreadable, UiTree, parse_bounds, parse_xml
from jobs.post.screens.element import Element, is_around
from jobs.post.screens.labels import normalise
from jobs.post.screens.recognise import Sight, recognise
from jobs.post.screens.screens_file import Vocabulary
from jobs.post.screens.vocabularies import build, read_trusted
from jobs.post.teaching import taught_files


@lru_cache(maxsize=8)
def vocabulary(platform: str, overlay_dir: str = "", taught_dir: str = "") -> Vocabulary:
    """The checked vocabulary of a platform, read once."""
    trusted = read_trusted(platform, overlay_dir)
    taught = taught_files.counting(Path(taught_dir) if taught_dir else None, {platform: trusted})
    return build(trusted, taught.files.get(platform))


def read_tree(path: Path) -> tuple[UiTree, str]:
    """A dump from a file: uiautomator XML, or a flat JSON list of elements (`{"app", "elements"}` or a bare list).

    Returns:
        The tree, and the app that the file names itself ("" for XML).

    Raises:
        TreeUnreadable: the file is neither.
    """
    text = path.read_text("utf-8", "replace")
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return flat_tree(text)
    return parse_xml(text), ""


def flat_tree(text: str) -> tuple[UiTree, str]:
    """A tree from a flat JSON element list: no classes, no parents, no enabled state."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise TreeUnreadable(f"not a UI tree: {error}") from error
    app = ""
    if isinstance(data, dict):
        app = str(data.get("app") or "")
        data = data.get("elements")
    if not isinstance(data, list):
        raise TreeUnreadable("not a UI tree: no list of elements in it")
    nodes = [
        Node(
            text=str(e.get("text") or ""),
            resource_id=str(e.get("id") or e.get("resource-id") or ""),
            content_desc=str(e.get("desc") or e.get("content-desc") or ""),
            package=str(e.get("package") or ""),
            bounds=parse_bounds(str(e.get("bounds") or "")),
            clickable=bool(e.get("clickable")),
            order=order,
            drawn=order,
        )
        for order, e in enumerate(data)
        if isinstance(e, dict)
    ]
    for node in nodes:  # the part after the slash is what `id_name` compares
        if node.resource_id and "/" not in node.resource_id:
            node.resource_id = f"id/{node.resource_id}"
    return UiTree(nodes, source=text, structured=False), app


def front_package(tree: UiTree) -> str:
    """The package that draws most of what can be touched or read, the bars around it left out."""
    counts: dict[str, int] = {}
    for node in tree.nodes:
        if node.package and node.visible and not is_around(node.package):
            counts[node.package] = counts.get(node.package, 0) + 1
    return max(counts, key=lambda p: counts[p]) if counts else ""


def _platform(tree: UiTree, package: str) -> str | None:
    for candidate in (package, *sorted(tree.packages)):
        platform = platform_of(candidate)
        if platform:
            return platform
    said = " ".join(normalise(n.text) for n in tree.nodes if n.text)
    for platform in PLATFORMS:  # a system dialog names the app it speaks of
        if platform in said:
            return platform
    return None


def _shown(found: Element | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"name": found.name, "bounds": list(found.bounds), "by": found.matched_rule}


def inspect_tree(
    tree: UiTree, *, app: str = "", overlay_dir: str = "", taught_dir: str = ""
) -> dict[str, Any]:
    """What the engine sees in a tree.

    Args:
        tree: the observation.
        app: the app's package where it is known from elsewhere.
        overlay_dir: the operator's folder of corrected screens files.
        taught_dir: the hub's folder of lessons.

    Returns:
        `platform`, `package`, `screen` (name or None), `kind`, `next` ({name, bounds, by} or None), `elements`
        (a list of {name, bounds, by}), and `unclear`: why no screen can be told from this tree, or "".
    """
    package = app or front_package(tree)
    platform = _platform(tree, package)
    sights = [
        (p, recognise(tree, vocabulary(p, overlay_dir, taught_dir)))
        for p in ([platform] if platform else PLATFORMS)
    ]
    known = next(((p, s) for p, s in sights if s.screen), None)
    sight: Sight = known[1] if known else sights[0][1]
    shows_next = sight.kind in ("path", "interruption")
    return {
        "platform": platform,
        "package": package or None,
        "screen": sight.name or None,
        "kind": sight.kind,
        "next": _shown(sight.next) if shows_next else None,
        "elements": [_shown(found) for found in sight.index.every()],
        "unclear": "" if sight.screen else sight.index.unclear,
    }


def inspect_file(path: str | Path, *, overlay_dir: str = "", taught_dir: str = "") -> dict[str, Any]:
    """`inspect_tree` for a dump in a file. Raises TreeUnreadable, OSError, ScreensInvalid."""
    tree, app = read_tree(Path(path))
    return inspect_tree(tree, app=app, overlay_dir=overlay_dir, taught_dir=taught_dir)
