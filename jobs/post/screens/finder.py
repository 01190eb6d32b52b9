"""Finds named elements in a UI tree by the rules of the screens files; each element at most once per tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from jobs.hub.lazy import lazy
from jobs.hub.platforms import platform_of
from jobs.phone.screen.tree import Node, UiTree
from jobs.post.screens.containers import Cover, topmost
from jobs.post.screens.element import Element, contains, is_around, is_editable, touch
from jobs.post.screens.labels import normalise
from jobs.post.screens.placement import alone, headings, lies, picked
from jobs.post.screens.screens_file import BUILT_IN, Rule, Texts, Vocabulary, each
from jobs.post.screens.sheet_shapes import other_windows
from jobs.post.screens.shown import Shown

#: A page of the app's own, such as a log-in, is made of no more nodes than this.
PAGE_NODES = 130


class ElementIndex:
    """One tree seen through one vocabulary."""

    def __init__(
        self, tree: UiTree, vocabulary: Vocabulary, *, app_version: str = "", beneath: bool = False
    ) -> None:
        """`beneath`: look at what lies under the topmost sheet instead of at the sheet."""
        self.tree = tree
        self.vocabulary = vocabulary
        self.app_version = app_version
        self._beneath = beneath
        self._found: dict[str, tuple[Element, ...]] = {}
        self._busy: set[str] = set()

    @lazy
    def visible(self) -> list[Node]:
        """Nodes that can be seen and do not belong to the bars and keyboards around the app."""
        around = {package: is_around(package) for package in self.tree.packages}
        return [
            n
            for n in self.tree.nodes
            if n.visible
            and n.bounds[2] > n.bounds[0]
            and n.bounds[3] > n.bounds[1]
            and not around.get(n.package, False)
        ]

    @lazy
    def strangers(self) -> tuple[list[Node], list[Node]]:
        """Other apps' windows that ask something over the app, and those that share the screen with it."""
        return other_windows(self.visible, self.tree, self._own)

    @lazy
    def unclear(self) -> str:
        """Why no screen of the app can be told from this tree, for people; "" where none of these reasons holds."""
        over, beside = self.strangers
        if self.tree.cut:
            return "the UI tree is cut off: what lies on top may be missing"
        if over:
            return f"a window of {over[-1].package} lies over the app"
        return f"{beside[0].package} has a part of the screen: the app needs all of it" if beside else ""

    @lazy
    def cover(self) -> Cover | None:
        """The sheet or dialog of the app that lies over all else."""
        if any(self.strangers):
            return None
        spec = self.vocabulary.containers
        return topmost(
            self.visible, self.tree, spec, self.vocabulary.words.get(spec.titles.removeprefix("@"))
        )

    @lazy
    def nodes(self) -> list[Node]:
        """The nodes by which a screen is recognised: those of the topmost sheet where there is one, else all visible ones."""
        if any(self.strangers):  # the app's own screen is not on top, or has only a part of the screen
            over = {n for root in self.strangers[0] for n in root.walk()}
            return [] if self._beneath else [n for n in self.visible if n in over]
        cover = self.cover
        if cover is None:
            return [] if self._beneath else self.visible
        if self._beneath:
            return [n for n in self.visible if n not in cover.nodes]
        return [n for n in self.visible if n not in cover.hidden]

    @lazy
    def in_dialog_window(self) -> bool:
        """Whether the tree holds a window that leaves the screen's left and upper edge free, as dialogs do."""
        return bool(self.visible) and all(min(n.bounds[side] for n in self.visible) > 0 for side in (0, 1))

    @lazy
    def _with_people(self) -> bool:
        """Whether the page shows what people wrote."""
        return any(self.has(name) for name in self.vocabulary.containers.people)

    def app_says(self, node: Node, place: str) -> bool:
        """Whether a node stands where people's texts cannot: see `Rule.place`."""
        spec = self.vocabulary.containers
        name = node.id_name
        if name and any(name.startswith(i) if i.endswith("_") else name == i for i in spec.dialog_ids):
            return True
        cover = self.cover
        if cover is not None and node in cover.nodes and contains(cover.box, node.bounds):
            return alone(node, self.nodes, self.tree) if place == "button" else node in self._headings
        if self.in_dialog_window:
            return True
        if place == "dialog" or self._with_people or len(self.nodes) > PAGE_NODES:
            return False
        return place != "button" or alone(node, self.nodes, self.tree)

    @lazy
    def _headings(self) -> frozenset[Node]:
        return headings(self.cover.nodes) if self.cover else frozenset()

    @lazy
    def _own(self) -> frozenset[str]:
        """The packages of this tree that are the app's; flat lists name none."""
        return frozenset(
            p
            for p in ("", *self.tree.packages)
            if not p or p in self.vocabulary.packages or platform_of(p) == self.vocabulary.platform
        )

    @lazy
    def _texts(self) -> Shown:
        """What a field holds was written by people."""
        return Shown(
            ((n.text, n) for n in self.nodes if n.text and not is_editable(n)), self.vocabulary.wording
        )

    @lazy
    def _descs(self) -> Shown:
        return Shown(((n.content_desc, n) for n in self.nodes if n.content_desc), self.vocabulary.wording)

    @lazy
    def _by_id(self) -> dict[str, list[Node]]:
        index: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            if node.resource_id:
                index[node.id_name].append(node)
        return index

    def find(self, name: str) -> Element | None:
        """The element, or None when no rule of it fits."""
        found = self.find_all(name)
        return found[0] if found else None

    def has(self, name: str) -> bool:
        known = self._found.get(name)
        return bool(self.find_all(name) if known is None else known)

    def find_all(self, name: str) -> tuple[Element, ...]:
        """Every node that the first fitting rule of the element finds, the picked one first."""
        known = self._found.get(name)
        if known is not None:
            return known
        if name in BUILT_IN:
            return self._built_in(name)
        if name in self._busy:  # an element that is explained by itself
            return ()
        self._busy.add(name)
        try:
            found: tuple[Element, ...] = ()
            for number, rule in enumerate(self.vocabulary.elements[name], 1):
                nodes = self._matching(rule)
                if nodes:
                    by = f"{name} rule {number}: {rule.described}"
                    found = tuple(Element(name, node, by) for node in picked(nodes, rule))
                    break
            self._found[name] = found
            return found
        finally:
            self._busy.discard(name)

    def _built_in(self, name: str) -> tuple[Element, ...]:
        cover = self.cover
        if cover is None or cover.scrim is None or cover.free is None:
            return ()
        return (Element(name, cover.scrim, "what lies beside the sheet", cover.free),)

    def every(self) -> list[Element]:
        """Every named element that is in the tree."""
        found = (self.find(name) for name in self.vocabulary.elements)
        return [f for f in found if f is not None]

    # -- one rule ------------------------------------------------------------------------------------------

    def _reads(self, value: Texts, shown: str) -> bool:
        normalised = normalise(shown)
        for text in each(value):
            if text.startswith("@"):
                if self.vocabulary.words[text[1:]].matches_normalised(normalised):
                    return True
            elif normalise(text) == normalised:
                return True
        return False

    def _candidates(self, rule: Rule) -> Sequence[Node]:
        """A superset of what the rule fits, by its most telling part."""
        if rule.id:
            return [n for i in each(rule.id) for n in self._by_id.get(i, ())]
        if rule.text:
            return self._texts.named(rule.wanted_texts)
        if rule.desc:
            return self._descs.named(rule.wanted_descs)
        if rule.label:
            both = self._texts.named(rule.wanted_labels) + self._descs.named(rule.wanted_labels)
            return list(dict.fromkeys(both))
        if rule.editable:
            return self._fields
        return self._clickable if rule.clickable else self.nodes

    @lazy
    def _fields(self) -> list[Node]:
        return [n for n in self.nodes if is_editable(n)]

    @lazy
    def _clickable(self) -> list[Node]:
        return [n for n in self.nodes if n.clickable]

    def _matching(self, rule: Rule) -> list[Node]:
        if rule.versions and not self.app_version.startswith(rule.versions):
            return []
        candidates = self._candidates(rule)
        if not candidates:
            return []
        anchors: dict[str, Node] = {}
        for name in rule.anchors:
            anchor = self.find(name)
            if anchor is None:
                return []
            anchors[name] = anchor.node
        matched = [n for n in candidates if self._fits(n, rule) and lies(n, rule, anchors, self.tree)]
        if matched and rule.without:
            barred = [f.node for name in rule.without for f in self.find_all(name)]
            matched = [n for n in matched if not any(touch(n, b) for b in barred)]
        matched.sort(key=lambda n: n.order)
        return matched

    def _fits(self, node: Node, rule: Rule) -> bool:
        for flag, wanted in rule.flags:
            if wanted != getattr(node, flag):
                return False
        if rule.editable is not None and rule.editable != is_editable(node):
            return False
        if rule.labelled is not None and rule.labelled != bool(node.text or node.content_desc):
            return False
        if rule.cls and not node.class_name.endswith(rule.cls):
            return False
        if not rule.package:
            if node.package not in self._own:
                return False
        elif not self.tree.structured and not node.package:
            # A list names no packages: of Android's own windows only their ids tell, and what stands by them.
            if not rule.id and not (rule.below or rule.row_of or rule.inside):
                return False
        elif not any(
            node.package == p[1:] if p.startswith("=") else p in node.package for p in each(rule.package)
        ):
            return False
        if rule.place and not self.app_says(node, rule.place):
            return False
        if rule.hint and not self._reads(rule.hint, node.hint or node.text):
            return False
        if rule.empty is not None and rule.empty != self.is_empty(node):
            return False
        # The index of _candidates answered for one of these; the others are asked here.
        if rule.id and rule.text and not self._reads(rule.text, node.text):
            return False
        if (rule.id or rule.text) and rule.desc and not self._reads(rule.desc, node.content_desc):
            return False
        return not (
            (rule.id or rule.text or rule.desc)
            and rule.label
            and not (self._reads(rule.label, node.text) or self._reads(rule.label, node.content_desc))
        )

    def is_empty(self, node: Node) -> bool:
        """Whether a field shows nothing but its placeholder."""
        if not node.text or node.showing_hint or (node.hint and node.text == node.hint):
            return True
        word = self.vocabulary.words.get("placeholder")
        return word is not None and word.matches(node.text)
