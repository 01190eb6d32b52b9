"""What of a kept screen is not known in its language: which screen it may be, and which of its texts a person is asked to point at."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from jobs.hub.lazy import lazy
from jobs.phone.screen.tree import Node, UiTree
from jobs.post.screens.checks.guarded import Guarded, speaks
from jobs.post.screens.element import is_editable
from jobs.post.screens.finder import ElementIndex
from jobs.post.screens.labels import Label
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Screen, ScreensFile, Vocabulary

#: Screens that are offered, and boxes that are named for one text.
MAX_SCREENS, MAX_NODES = 8, 60
#: An element of another screen is asked for where it can stand in no more places than this.
NARROW = 3
#: A word that may read anything: where its element would be found, if only its text were known.
_ANYTHING = (".",)


class Ask(msgspec.Struct, frozen=True):
    """One text to point at."""

    element: str
    nodes: list[int]  #: where it can stand, by the places that the rules name
    needed: bool  #: the screen is not recognised without it


class Unread(msgspec.Struct, frozen=True):
    """A screen that a picture may show, with its texts that are not known in the language."""

    screen: str
    asks: list[Ask]


def unread(merged: ScreensFile, sight: Sight, language: str) -> list[Unread]:
    """What a person may point at, the likeliest screen first; [] where all words of the way are known.

    Args:
        merged: the files with what was taught.
        sight: the picture's tree, read with these and with the words of all languages.
        language: bare code of the language that the app speaks there.
    """
    missing = _missing(merged, language)
    if not missing:
        return []
    guess = _Guess(merged, sight, missing)
    found = [
        (guess.likelihood(name, screen, asks), Unread(name, asks))
        for name, screen in merged.screens.items()
        if screen.kind == "path" and not screen.off and guess.may_be(screen) and (asks := guess.asks(screen))
    ]
    found.sort(key=lambda one: one[0], reverse=True)
    return [one for _, one in found[:MAX_SCREENS]]


def _missing(merged: ScreensFile, language: str) -> frozenset[str]:
    """The words that the language lacks and that a picture can give: no lesson says what refusals, proof and accounts read."""
    guarded = Guarded(merged)
    return frozenset(
        word
        for word in merged.words
        if guarded.words.get(word, "publish") == "publish"
        and word not in guarded.account_words
        and not speaks(merged, word, language)
    )


class _Guess:
    def __init__(self, merged: ScreensFile, sight: Sight, missing: frozenset[str]) -> None:
        self._file = merged
        self._sight = sight
        self._missing = missing
        titles = merged.containers.titles.removeprefix("@")
        self._index = _anywhere(sight.tree, sight.index, missing - {titles})
        self._number = {id(node): number for number, node in enumerate(sight.tree.nodes)}

    def may_be(self, screen: Screen) -> bool:
        """Whether the picture can show it, if the missing words read what stands in their places."""
        return (
            (not screen.cover or self._sight.index.cover is not None)
            and all(self._possible(name) for name in screen.all)
            and (not screen.any or any(self._possible(name) for name in screen.any))
            and not any(self._sight.has(name) for name in screen.none)
        )

    def asks(self, screen: Screen) -> list[Ask]:
        """Its texts that are not known, in the order in which the screen names them, then what may stand here too; each word once."""
        asks: list[Ask] = []
        words: set[str] = set()
        own = dict.fromkeys((*screen.all, *screen.any, *screen.never, *screen.next))
        for name in (*own, *(other for other in self._elsewhere if other not in own)):
            read = self._words(name)
            if not read or read <= words or self._sight.has(name):
                continue
            nodes = self._places(name)
            # What other screens name may stand here too, as the tabs do: where its place is telling.
            if nodes and (name in own or len(nodes) <= NARROW):
                words |= read
                asks.append(Ask(name, nodes[:MAX_NODES], name in screen.all))
        return asks

    @lazy
    def _elsewhere(self) -> list[str]:
        """What screens of the way are recognised by, or touch."""
        ways = [screen for screen in self._file.screens.values() if screen.kind == "path" and not screen.off]
        named = dict.fromkeys(name for screen in ways for name in (*screen.all, *screen.next))
        return [name for name in named if name not in self._file.publishing]

    def likelihood(self, name: str, screen: Screen, asks: list[Ask]) -> tuple[bool, bool, int, float, int]:
        """One that lacks something; the one as which it is read; what is found already; how few places the rest can have."""
        lacks = any(ask.element in (*screen.all, *screen.any, *screen.never, *screen.next) for ask in asks)
        named = dict.fromkeys((*screen.all, *screen.any))
        found = [e for e in screen.all if self._sight.has(e)]
        places = [len(self._places(e)) for e in named if not self._sight.has(e)]
        narrow = sum(1 / count for count in places if count) / max(1, len(places))
        return lacks, name == self._sight.name, len(found), narrow, screen.layer

    def _possible(self, name: str) -> bool:
        return self._sight.has(name) or self._index.has(name)

    def _words(self, name: str) -> set[str]:
        texts = (text for rule in self._file.elements.get(name, ()) for text in rule.texts)
        return {text[1:] for text in texts if text.startswith("@") and text[1:] in self._missing}

    def _places(self, name: str) -> list[int]:
        nodes = [found.node for found in self._index.find_all(name)]
        return [self._number[id(node)] for node in nodes if _says(node)]


def _anywhere(tree: UiTree, index: ElementIndex, missing: frozenset[str]) -> ElementIndex:
    """The tree as it would be found if the missing words read anything."""
    words: Mapping[str, Label] = index.vocabulary.words
    open_words = {name: Label(name, (), _ANYTHING) for name in missing if name in words}
    vocabulary: Vocabulary = msgspec.structs.replace(index.vocabulary, words={**words, **open_words})
    return ElementIndex(tree, vocabulary, app_version=index.app_version)


def _says(node: Node) -> bool:
    return bool(node.text or node.content_desc or (is_editable(node) and node.hint))
