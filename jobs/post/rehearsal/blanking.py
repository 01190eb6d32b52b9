"""Takes people out of what a rehearsal kept: their names, texts and pictures, so that it can be sent to a stranger."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from xml.sax.saxutils import escape, quoteattr

from jobs.phone.screen.tree import Node, UiTree
from jobs.post.screens.element import is_editable
from jobs.post.screens.finder import ElementIndex
from jobs.post.screens.labels import normalise
from jobs.post.screens.screens_file import Vocabulary

_WORD = re.compile(r"\w+")
#: What of a long text is quoted in sentences, and how much of its shape a tree keeps.
QUOTED, SHAPE = 40, 80
#: They stand in every sentence, ours too, and are no names.
_COMMON = frozenset(
    re.split(
        " ",
        "the and for with from that this was are not you your its has have will can all one two out into over than then "
        "there here when what which who how why app screen",
    )
)
#: Rows of lists are of people: who follows, who is logged in, to whom something can be sent.
_LISTS = ("RecyclerView", "ListView", "GridView")
_FLAGS = (
    "clickable", "enabled", "checkable", "checked", "selected", "focused", "focusable", "scrollable",
)  # fmt: skip


class Blanking:
    """What is the app's own in some trees, and everything else as its shape: letters and digits become "x".

    Kept are texts that the screens files know as a whole, and what stands on buttons and heads of sheets and dialogs, where
    people's texts cannot. A word that stands in any text that is not kept is taken out of those and of sentences, too.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        trees: Iterable[UiTree],
        *,
        names: Collection[str],
        ours: Collection[str] = (),
        app_version: str = "",
    ) -> None:
        """Read all trees once.

        Args:
            vocabulary: the app's screens.
            trees: all that shall be blanked.
            names: names that are known: accounts, phones.
            ours: texts of our own.
            app_version: of the app, where it is known.
        """
        self._known = {text for word in vocabulary.words.values() for text in word.texts}
        self._known |= {normalise(text) for text in ours}
        plain = _COMMON.union(*(_words(text) for text in self._known))
        self._apps_own: dict[UiTree, frozenset[Node]] = {}
        self._texts: set[str] = set()  #: of people, normalised
        for tree in trees:
            own = _own_nodes(ElementIndex(tree, vocabulary, app_version=app_version))
            self._apps_own[tree] = own
            for node in tree.nodes:
                if node not in own:
                    self._texts |= {normalise(text) for text in _texts(node)} - self._known - {""}
        named = {normalise(name).lstrip("@") for name in names} - {""}
        people = {word for text in self._texts for word in _words(text)} - plain
        people = people.union(*(_words(name) for name in named))
        self._people = {word for word in people if len(word) > 2}
        told = {text for text in self._texts | named if len(text) > 2 and any(c.isalpha() for c in text)}
        told |= {text[:QUOTED].rstrip() for text in told}
        self._told = sorted(told, key=len, reverse=True)

    def sentence(self, text: str) -> str:
        """A sentence of ours without what it quotes of people."""
        folded = text.casefold()
        if len(folded) == len(text):  # in some scripts folding changes the length: then the words alone count
            for said in self._told:
                at = folded.find(said)
                while at >= 0:
                    end = at + len(said)
                    if not (_inside_word(folded, at) or _inside_word(folded, end)):
                        text = text[:at] + shape(text[at:end]) + text[end:]
                    at = folded.find(said, end)
        return self._without_people(text)

    def xml(self, tree: UiTree) -> str:
        """The tree as uiautomator writes it, of a tree that was read at the beginning."""
        lines = ["<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>", '<hierarchy rotation="0">']
        stack: list[Node | None] = [node for node in reversed(tree.nodes) if node.parent is None]
        while stack:
            node = stack.pop()
            if node is None:
                lines.append("</node>")
                continue
            said = {
                "text": self._shown(tree, node, node.text),
                "content-desc": self._shown(tree, node, node.content_desc),
                "hint": self._shown(tree, node, node.hint),
            }
            attributes = {
                **said,
                "resource-id": node.resource_id,
                "class": node.class_name,
                "package": node.package,
                **{flag: str(getattr(node, flag)).lower() for flag in _FLAGS},
                "displayed": str(node.visible).lower(),
                "showing-hint": str(node.showing_hint).lower(),
                "drawing-order": str(node.drawing_order),
                "bounds": "[{},{}][{},{}]".format(*node.bounds),
            }
            told = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items() if value)
            lines.append(f"<node {told}>")
            stack.append(None)
            stack.extend(reversed(node.children))
        return "\n".join([*lines, "</hierarchy>", ""])

    def drawing(self, tree: UiTree) -> str:
        """The boxes of a tree with the texts that are kept, as SVG: it stands in for the picture."""
        width, height = tree.size
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width // 3}">',
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
        ]
        for node in sorted(tree.nodes, key=lambda node: node.drawn):
            left, top, right, bottom = node.bounds
            if not node.visible or right <= left or bottom <= top:
                continue
            said = self._shown(tree, node, node.text) or self._shown(tree, node, node.content_desc)
            if not (said or node.clickable):
                continue
            edge = "#3a4ee0" if node.clickable else "#bbb"
            box = f'x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"'
            parts.append(f'<rect {box} fill="none" stroke="{edge}" stroke-width="3"/>')
            if said:
                place = f'x="{left + 8}" y="{(top + bottom) // 2}"'
                parts.append(f'<text {place} font-family="sans-serif" font-size="34">{escape(said)}</text>')
        return "\n".join([*parts, "</svg>", ""])

    def _shown(self, tree: UiTree, node: Node, text: str) -> str:
        if not text or normalise(text) in self._known:
            return text
        if node in self._apps_own[tree]:
            return self._without_people(text)
        return shape(text[:SHAPE])

    def _without_people(self, text: str) -> str:
        return _WORD.sub(
            lambda found: shape(found[0]) if found[0].casefold() in self._people else found[0], text
        )


def shape(text: str) -> str:
    """Every letter, digit and picture as "x"; blanks and ASCII's marks stay."""
    return "".join(c if c.isspace() or (c.isascii() and not c.isalnum()) else "x" for c in text)


def _inside_word(text: str, at: int) -> bool:
    """Whether a word goes on over this place."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text))


def _texts(node: Node) -> tuple[str, str, str]:
    return node.text, node.content_desc, node.hint


def _own_nodes(index: ElementIndex) -> frozenset[Node]:
    """The nodes on which people's texts cannot stand."""
    sheet = index.cover.nodes if index.cover else frozenset()
    return frozenset(
        node
        for node in index.nodes
        if any(_texts(node))
        and not is_editable(node)
        and not _in_list(node)
        and (index.app_says(node, "dialog") or (node in sheet and index.app_says(node, "button")))
    )


def _in_list(node: Node) -> bool:
    return any(
        above.class_name.endswith(_LISTS)
        or (above.scrollable and not above.class_name.endswith("ScrollView"))
        for above in node.ancestors()
    )
