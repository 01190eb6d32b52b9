"""Checks a screens file against drawn UI trees; it is refused if two screens match one tree equally."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from jobs.phone.screen.tree import Node, UiTree, parse_bounds
from jobs.post.screens.finder import ElementIndex
from jobs.post.screens.recognise import fits
from jobs.post.screens.screens_file import SHIPPED, Vocabulary


@lru_cache(maxsize=4)
def drawn_trees(platform: str) -> dict[str, UiTree]:
    """The drawn trees of a platform by the screen that each shows; {} for a platform that has none.

    They are made from the simulated apps. A row is depth, class, box, text, content-desc, id, hint, flags; the flags are
    C clickable, K checkable, X checked, S selected, F focused, R scrollable, ! disabled.
    """
    path: Path = SHIPPED / f"drawn_{platform}.json"
    if not path.is_file():
        return {}
    return {name: _tree(rows) for name, rows in json.loads(path.read_text("utf-8")).items()}


def _tree(rows: list[list[str | int]]) -> UiTree:
    nodes: list[Node] = []
    line: list[Node] = []  #: the last node of each depth
    for order, (depth, cls, box, text, desc, rid, hint, flags) in enumerate(rows):
        left, top, right, bottom = str(box).split(",")
        node = Node(
            text=str(text),
            content_desc=str(desc),
            resource_id=f"id/{rid}" if rid else "",
            hint=str(hint),
            class_name=f".{cls}",
            bounds=parse_bounds(f"[{left},{top}][{right},{bottom}]"),
            clickable="C" in str(flags),
            checkable="K" in str(flags),
            checked="X" in str(flags),
            selected="S" in str(flags),
            focused="F" in str(flags),
            scrollable="R" in str(flags),
            enabled="!" not in str(flags),
            order=order,
            drawn=order,
        )
        del line[int(depth) :]
        if line:
            node.parent = line[-1]
            line[-1].children.append(node)
        line.append(node)
        nodes.append(node)
    return UiTree(nodes, source="drawn")


def unclear(vocabulary: Vocabulary) -> list[str]:
    """What makes a drawn tree two screens of the way at once; [] when each is one."""
    problems = []
    for name, tree in drawn_trees(vocabulary.platform).items():
        index = ElementIndex(tree, vocabulary)
        fitting = [(n, s.layer) for n, s in vocabulary.screens if s.kind == "path" and fits(index, s)]
        if not fitting:
            continue  # an overlay may have switched it off
        top = max(layer for _, layer in fitting)
        equal = [n for n, layer in fitting if layer == top]
        if len(equal) > 1:
            problems.append(
                f"screens {' and '.join(equal)} both fit the drawn tree of {name} with layer {top}: "
                "say with `none` what must not be there, or give one a higher layer"
            )
    return problems
