"""Finds nodes by what they show: by a whole text, or by a named word of the app, which each text is looked up for once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from jobs.phone.screen.tree import Node
from jobs.post.screens.labels import Wording, normalise


class Shown:
    """Nodes by what they show, and by the words of the app that it reads like."""

    def __init__(self, shown: Iterable[tuple[str, Node]], wording: Wording) -> None:
        """`shown`: texts and who shows them."""
        self._nodes: dict[str, list[Node]] = defaultdict(list)
        for text, node in shown:
            if comparable := normalise(text):
                self._nodes[comparable].append(node)
        self._by_word: dict[str, list[Node]] = defaultdict(list)
        for text, nodes in self._nodes.items():
            for word in wording.of(text):
                self._by_word[word] += nodes

    def named(self, wanted: Iterable[str]) -> list[Node]:
        """The nodes that show one of these: "@word" or a normalised text."""
        nodes: list[Node] = []
        for text in wanted:
            if text.startswith("@"):
                nodes += self._by_word.get(text[1:], ())
            else:
                nodes += self._nodes.get(text, ())
        return nodes
