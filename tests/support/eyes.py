"""Measures the recogniser on labelled screens: wrong answers, covered taps, sheets over the way, users' words.

`python -m tests.support.eyes [FOLDER ...] [--words]` prints what is wrong; the tests assert on the same figures.
A folder holds `expected.json` and the files that it names.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any

from jobs.phone.screen.tree import Bounds, Node, UiTree
from jobs.post.screens.inspect import PLATFORMS, inspect_tree, read_tree, vocabulary
from jobs.post.screens.screens_file import SHIPPED, read_file

SHARED = Path(os.environ.get("TIKMATRIXD_SHARED") or Path(__file__).parents[3] / "shared")
#: Each change to recorded screens is tried on one of so many screens by default, and on all by the long tests.
A_PART = 4
FOLDERS = tuple(SHARED / name for name in ("ui-dumps", "ui-corpus"))
#: What stands in the recordings in place of what people wrote.
USERS = re.compile(
    r"user_(?:self|\d+)|name_\d+|Place \d+|Sample (?:text|caption|track)(?: \d+)?(?: text)?(?: #\w+)*(?: word)*"
)
#: The kinds of screens whose words must not be read out of what people wrote.
SPEAKING = frozenset({"human", "failure", "success", "progress", "interruption"})


@dataclass(frozen=True)
class Label:
    """What is right for a screen: its kinds; "any", None, or boxes of which one may be next; boxes never to be touched."""

    file: Path
    kinds: tuple[str, ...]
    next: Any = None
    forbid: tuple[Bounds, ...] = ()


@dataclass
class Figures:
    """What was found wrong, by file."""

    screens: int = 0
    wrong: dict[str, str] = field(default_factory=dict)
    forbidden: dict[str, str] = field(default_factory=dict)
    covered: dict[str, str] = field(default_factory=dict)
    beneath: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        yield f"{self.screens} screens"
        for name in ("wrong", "forbidden", "covered", "beneath", "words"):
            found: dict[str, str] = getattr(self, name)
            yield f"{name}: {len(found)}"
            yield from (f"  {file}: {why}" for file, why in found.items())


def labels(folder: Path) -> list[Label]:
    """The labels of a folder; [] where there are none."""
    path = folder / "expected.json"
    if not path.is_file():
        return []
    return [
        Label(
            folder / name,
            tuple(row["kind"]),
            row.get("next", "any") if row.get("next") != [] else None,
            tuple(tuple(b) for b in row.get("forbid", ())),
        )
        for name, row in json.loads(path.read_text("utf-8")).items()
    ]


def trees(folder: Path) -> list[Path]:
    """Every recorded tree of a folder."""
    return sorted(p for p in folder.glob("*/*") if p.suffix in (".xml", ".json"))


@lru_cache(maxsize=512)
def tree_of(path: Path) -> tuple[UiTree, str]:
    return read_tree(path)


@lru_cache(maxsize=512)
def known_answer(tree: UiTree, app: str) -> dict[str, Any]:
    """What the recogniser says of a tree as it was recorded or drawn; not to be changed."""
    return inspect_tree(tree, app=app)


def holds(box: Iterable[int], point: tuple[float, float]) -> bool:
    x1, y1, x2, y2 = box
    return x1 <= point[0] < x2 and y1 <= point[1] < y2


def point_of(seen: dict[str, Any]) -> tuple[float, float] | None:
    if not seen["next"]:
        return None
    x1, y1, x2, y2 = seen["next"]["bounds"]
    return (x1 + x2) / 2, (y1 + y2) / 2


def complaint(label: Label, seen: dict[str, Any]) -> tuple[str, str]:
    """What is wrong with an answer, and whether it taps what it must not: two sentences, "" for nothing."""
    point = point_of(seen)
    said = f"{seen['screen']}/{seen['kind']} next={seen['next'] and (seen['next']['name'], seen['next']['bounds'])}"
    harm = ""
    if point is not None:
        for box in label.forbid:
            if holds(box, point):
                harm = f"{said} hits {box}"
    if seen["kind"] not in label.kinds:
        return f"{said}, wanted {label.kinds}", harm
    if label.next is None and point is not None:
        return f"{said}, wanted no tap", harm
    if isinstance(label.next, list) and (point is None or not any(holds(b, point) for b in label.next)):
        return f"{said}, wanted one of {label.next}", harm
    return harm, harm


# -- what lies on top, worked out here by itself --------------------------------------------------------------


def drawing_orders(path: Path) -> dict[int, int]:
    """drawing-order by position in the tree, read from the file itself; empty for flat lists and where it is missing."""
    if path.suffix != ".xml":
        return {}
    found = re.findall(r"<node\b[^>]*>", path.read_text("utf-8", "replace"))
    orders: dict[int, int] = {}
    for position, tag in enumerate(t for t in found if " bounds=" in t):
        match = re.search(r'drawing-order="(\d+)"', tag)
        if match:
            orders[position] = int(match[1])
    return orders


def painted(tree: UiTree, orders: dict[int, int]) -> dict[int, int]:
    """When each node is drawn, by its position in the tree: siblings by drawing-order, then by document order."""
    rank: dict[int, int] = {}

    def paint(node: Node) -> None:
        rank[node.order] = len(rank)
        for child in sorted(node.children, key=lambda c: (orders.get(c.order, 0), c.order)):
            paint(child)

    if not tree.structured:
        return {n.order: n.order for n in tree.nodes}
    for node in tree.nodes:
        if node.parent is None:
            paint(node)
    return rank


def kin(one: Node, other: Node, *, structured: bool) -> bool:
    """Whether one node is, holds or lies in the other."""
    if one is other:
        return True
    if structured:
        return any(a is other for a in one.ancestors()) or any(a is one for a in other.ancestors())
    return holds_box(one.bounds, other.bounds)


def holds_box(outer: Bounds, inner: Bounds) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def cover_of(path: Path, tree: UiTree, seen: dict[str, Any]) -> str:
    """What is drawn later over the point that would be tapped, and would get the tap; "" for nothing."""
    point = point_of(seen)
    if point is None:
        return ""
    targets = [n for n in tree.nodes if list(n.bounds) == seen["next"]["bounds"] and n.visible]
    if not targets:
        return ""  # a free part of a scrim
    rank = painted(tree, drawing_orders(path))
    covers = [
        [
            n
            for n in tree.nodes
            if n.visible
            and n.clickable
            and holds(n.bounds, point)
            and rank[n.order] > rank[t.order]
            and not kin(t, n, structured=tree.structured)
        ]
        for t in targets
    ]
    least = min(covers, key=len)
    return f"{seen['next']['name']} under {[(n.id_name or n.text or n.content_desc or n.class_name, n.bounds) for n in least]}" if least else ""  # fmt: skip


_SHEET_IDS = (
    "layout_container_bottom_sheet",
    "background_dimmer",
    "dialog_container",
    "igds_promo_dialog_headline",
)
_SHEET_WORDS = ("Dialog", "Bottom sheet", "Feuille du bas")


def sheet_over(path: Path, tree: UiTree, seen: dict[str, Any]) -> str:
    """A sheet or dialog over a screen of the way that is no part of it; "" for none."""
    point = point_of(seen)
    if seen["kind"] not in ("path", "success", "progress"):
        return ""
    rank = painted(tree, drawing_orders(path))
    for sheet in tree.nodes:
        if sheet.id_name not in _SHEET_IDS and sheet.content_desc not in _SHEET_WORDS:
            continue
        if sheet.width * sheet.height == 0:
            continue
        later = [
            n
            for n in tree.nodes
            if rank[n.order] > rank[sheet.order]
            and (n.text or n.content_desc)
            and holds_box(sheet.bounds, n.bounds)
        ]
        if not later:
            continue
        evidence = [e for e in seen["elements"] if any(list(n.bounds) == e["bounds"] for n in later)]
        if point is not None:
            if any(holds(n.bounds, point) for n in later):
                continue
        elif evidence:
            continue
        return f"{seen['screen']} beneath {sheet.id_name or sheet.content_desc}"
    return ""


# -- what people wrote ----------------------------------------------------------------------------------------


def example(pattern: str) -> str:
    """A text that a pattern of the screens files fits."""

    def made(parsed: Any) -> str:
        out = ""
        for op, arg in parsed:
            if op is sre.LITERAL:
                out += chr(arg)
            elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
                out += made(arg[2]) * max(arg[0], 0 if arg[0] == 0 else arg[0])
            elif op is sre.SUBPATTERN:
                out += made(arg[3])
            elif op is sre.BRANCH:
                out += made(arg[1][0])
            elif op is sre.IN:
                kind, value = arg[0]
                out += chr(value) if kind is sre.LITERAL else chr(value[0]) if kind is sre.RANGE else "1" if "DIGIT" in str(value) else "a"  # fmt: skip
            elif op is sre.ANY:
                out += "x"
        return out

    return made(sre_parser.parse(pattern))


@lru_cache(maxsize=4)
def speaking_words(platform: str) -> tuple[str, ...]:
    """Every text that a sign, a person's matter or an interruption is told by, one of each entry, in all languages."""
    voc = vocabulary(platform)
    wanted: set[str] = set()
    todo = [
        e for _, s in voc.screens if s.kind in SPEAKING for e in (*s.all, *s.any, *s.next, *s.none)
    ]  # fmt: skip
    done: set[str] = set()
    while todo:
        element = todo.pop()
        if element in done:
            continue
        done.add(element)
        for rule in voc.elements.get(element, ()):
            for value in (rule.text, rule.desc, rule.label):
                wanted |= {
                    t[1:] for t in ((value,) if isinstance(value, str) else value) if t.startswith("@")
                }
            todo += [n for n in (rule.row_of, rule.inside, rule.holds, rule.above, rule.below) if n]
    texts: dict[str, None] = {}
    for file in ("android", platform):
        for name, entries in read_file(SHIPPED / f"{file}.toml").words.items():
            if name not in wanted:
                continue
            for entry in entries:
                for language, value in entry.items():
                    if language == "seen":
                        continue
                    for text in [value] if isinstance(value, str) else value:
                        is_pattern = len(text) > 2 and text.startswith("/") and text.endswith("/")
                        texts[example(text[1:-1]) if is_pattern else text] = None
    return tuple(texts)


def rewritten(tree: UiTree, words: list[str], start: int) -> tuple[UiTree, int]:
    """The tree with other words in place of all that people wrote, and how many places that were."""
    count = 0

    def other(_: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return words[(start + count * 7) % len(words)]

    copies: dict[int, Node] = {}
    nodes: list[Node] = []
    for node in tree.nodes:
        values = {name: getattr(node, name) for name in Node.__slots__}
        values["text"] = USERS.sub(other, node.text) if "_" in node.text or "ample" in node.text or "Place" in node.text else node.text  # fmt: skip
        desc = node.content_desc
        values["content_desc"] = values["text"] if desc == node.text else USERS.sub(other, desc)
        values["parent"] = copies.get(id(node.parent)) if node.parent is not None else None
        values["children"] = []
        copy = Node(**values)
        if copy.parent is not None:
            copy.parent.children.append(copy)
        copies[id(node)] = copy
        nodes.append(copy)
    return UiTree(nodes, source=f"{tree.source}{start}", structured=tree.structured), count


def answer(seen: dict[str, Any]) -> tuple[Any, ...]:
    return seen["screen"], seen["kind"], seen["next"] and tuple(seen["next"]["bounds"])


def changed_by_words(path: Path, turns: int) -> str:
    """The first answer that other people's words change; "" for none. `turns` of the words are tried."""
    tree, app = tree_of(path)
    before = inspect_tree(tree, app=app)
    words = list(speaking_words(before["platform"] or PLATFORMS[0]))
    step = max(1, len(words) // turns)
    for start in range(0, len(words), step):
        other, count = rewritten(tree, words, start)
        if not count:
            return ""
        seen = inspect_tree(other, app=app)
        if answer(seen) != answer(before):
            spoken = [
                n.text or n.content_desc
                for n, old in zip(other.nodes, tree.nodes, strict=True)
                if (n.text, n.content_desc) != (old.text, old.content_desc)
            ]
            return f"{answer(before)[:2]} -> {answer(seen)[:2]} by one of {spoken[:12]}"
    return ""


def measure(folders: Iterable[Path] = FOLDERS, *, turns: int = 0) -> Figures:
    """All figures over some folders; `turns` > 0 also replaces what people wrote, that many times a tree."""
    figures = Figures()
    for folder in folders:
        known = {label.file: label for label in labels(folder)}
        for path in dict.fromkeys([*known, *trees(folder)]):
            name = f"{folder.name}/{path.parent.name}/{path.name}"
            tree, app = tree_of(path)
            seen = known_answer(tree, app)
            figures.screens += 1
            if path in known:
                wrong, harm = complaint(known[path], seen)
                if wrong:
                    figures.wrong[name] = wrong
                if harm:
                    figures.forbidden[name] = harm
            covered = cover_of(path, tree, seen)
            if covered:
                figures.covered[name] = covered
            beneath = sheet_over(path, tree, seen)
            if beneath:
                figures.beneath[name] = beneath
            changed = changed_by_words(path, turns) if turns else ""
            if changed:
                figures.words[name] = changed
    return figures


def main() -> None:
    given = [Path(a) for a in sys.argv[1:] if not a.startswith("--")]
    figures = measure(
        given or FOLDERS, turns=1000 if "--all-words" in sys.argv else 12 if "--words" in sys.argv else 0
    )
    sys.stdout.write("\n".join(figures.lines()) + "\n")


if __name__ == "__main__":
    main()
