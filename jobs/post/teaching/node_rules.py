"""Rules by which one node of a screen is found again: its place, its id with the version, its structure."""

from __future__ import annotations

import re

from jobs.phone.screen.tree import Node, UiTree
from jobs.post.screens.element import is_editable
from jobs.post.screens.screens_file import Rule
from jobs.post.teaching.kept_screens import KeptScreen
from jobs.post.teaching.lessons import MAX_TEXT

_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
#: A zone that is made around a node reaches so far beyond its centre: of a text, and of a node that says nothing.
WIDE, NARROW = 0.15, 0.06
#: How much larger than the node the largest one may be that a rule of structure finds.
ROOM = 1.3

Zone = tuple[float, float, float, float]


class NodeRules:
    """Makes rules for nodes of one screen."""

    def __init__(self, kept: KeptScreen, tree: UiTree) -> None:
        """`kept` says where the tree comes from."""
        self._kept = kept
        self._width, self._height = (max(1, side) for side in tree.size)
        #: Where each rule was seen, as it stands in the file.
        self.seen = f"taught from {kept.id}, version {kept.app_version or 'unknown'}"

    def zone(self, node: Node, room: float = WIDE) -> Zone:
        """The part of the screen around the centre of a node."""
        x, y = node.center[0] / self._width, node.center[1] / self._height
        left, top, right, bottom = (
            round(v, 3)
            for v in (max(0.0, x - room), max(0.0, y - room), min(1.0, x + room), min(1.0, y + room))
        )
        return left, top, right, bottom

    def by_id(self, node: Node) -> Rule | None:
        """By the id, which counts in this version of the app alone; None where it has none, or the version is unknown."""
        version = self._kept.app_version
        if not node.id_name or not version:
            return None
        return Rule(id=node.id_name, versions=(version,), zone=self.zone(node), seen=self.seen)

    def by_structure(self, node: Node) -> Rule:
        """By class, flags, size and place."""
        size = (
            round(min(1.0, node.width / self._width * ROOM), 3),
            round(min(1.0, node.height / self._height * ROOM), 3),
        )
        return Rule(
            cls=node.class_name.rpartition(".")[2],
            clickable=True if node.clickable else None,
            editable=True if is_editable(node) else None,
            labelled=bool(node.text or node.content_desc),
            zone=self.zone(node, NARROW),
            max_size=size,
            seen=self.seen,
        )


def shown(node: Node, field: str) -> str:
    """What a node shows in the place where a rule looks."""
    if field == "hint":
        text = (node.hint or node.text) if is_editable(node) else ""
    elif field == "desc":
        text = node.content_desc
    elif field == "label":
        text = node.text or node.content_desc
    else:
        text = node.text
    if is_editable(node) and field in ("text", "label"):
        text = ""  # what stands in a field was typed
    return clean(text)


def clean(text: str) -> str:
    """As it may stand in a file: one line; "" for what is longer than a lesson's text."""
    plain = " ".join(_UNSHOWN.sub(" ", text).split())
    return plain if len(plain) <= MAX_TEXT else ""
