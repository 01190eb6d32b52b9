"""Tries lessons on everything that is known before they count: the drawn screens and those that this hub keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from jobs.phone.screen.tree import Node, UiTree
from jobs.post.screens.checks.readings import Change, KnownTree, Readings, changed_elements, compare
from jobs.post.screens.drawn import drawn_trees
from jobs.post.screens.file_checks import check
from jobs.post.screens.labels import normalise
from jobs.post.screens.recognise import Sight, recognise
from jobs.post.screens.screens_file import ScreensFile, Vocabulary
from jobs.post.screens.vocabularies import Trusted, reading, with_taught
from jobs.post.teaching.kept_screens import MAX_KNOWN, MAX_KNOWN_BYTES, KeptScreen, KeptScreens, of_the_app
from jobs.post.teaching.lessons import Lesson, laid
from jobs.post.teaching.taught_files import problems_of

#: Two trees that share this part of their texts show the same screen.
ALIKE = 0.8


class Tried(msgspec.Struct, frozen=True):
    """What lessons would do."""

    known_screens: int
    changed: list[Change]
    recognised: list[str]  #: ids of kept screens that no rule described, and one does then
    refused: list[str]  #: why they must not count


class Ground:
    """What lessons of one app are tried on: the trusted files, and the screens that are kept. For one call alone."""

    def __init__(self, files: Trusted, kept: KeptScreens) -> None:
        self.platform = files.platform
        self._files = files
        self._kept = kept
        self.trusted: ScreensFile = files.merged
        self._before: Vocabulary = reading(files)
        self._trees: list[KnownTree] | None = None

    def merged(self, lessons: Iterable[Lesson]) -> ScreensFile:
        """The trusted files with these lessons. Raises ScreensInvalid."""
        return with_taught(self._files, laid(lessons))

    def vocabulary(self, lessons: Iterable[Lesson]) -> Vocabulary:
        """The same with the words of all languages, to read with. Raises ScreensInvalid."""
        return check(self.merged(lessons), self.platform)

    def trees(self) -> list[KnownTree]:
        """The kept screens of the app, the newest first, each content once, as many as there is room for."""
        if self._trees is None:
            self._trees = []
            seen: set[bytes] = set()
            room = MAX_KNOWN_BYTES
            for screen in self._kept.all():
                if screen.platform != self.platform:
                    continue
                if len(self._trees) >= MAX_KNOWN:
                    break
                tree = self._kept.tree(screen)
                if tree is None or tree.cut or not of_the_app(tree, self.platform):
                    continue
                source = tree.source.encode("utf-8", "replace")
                key = hashlib.sha256(source).digest()
                if key not in seen and len(source) <= room:
                    room -= len(source)
                    seen.add(key)
                    self._trees.append(KnownTree(screen.id, tree, screen.app_version))
        return self._trees

    def try_out(self, lessons: Sequence[Lesson], before: Sequence[Lesson] = ()) -> Tried:
        """What all of these lessons together would do.

        What speaks against `before`, those of them that count already, is no reason to refuse the others: a screen that was
        kept later may speak against them, and nothing could be taught any more.
        """
        count = len(self.trees()) + len(drawn_trees(self.platform))
        problems = problems_of(self._files, lessons)
        if problems:
            return Tried(count, [], [], problems)
        allowed = self._about(lessons)
        found = self._compare(lessons, allowed)
        if found.refused and before:
            known = self._compare(
                before, allowed, told=len(self.trees()) * len(self.trusted.elements)
            ).refused
            found = self._compare(lessons, allowed, known=known)
        return Tried(count, found.changed, found.recognised, found.refused)

    def _compare(self, lessons: Sequence[Lesson], allowed: set[str], **facts: Any) -> Readings:
        after = self.vocabulary(lessons)
        elements = changed_elements(self._before, after)
        return compare(self._before, after, elements, self.trees(), allowed=allowed, **facts)

    def _about(self, lessons: Sequence[Lesson]) -> set[str]:
        """The kept screens that these lessons were taught from, and those that show the same."""
        names = {lesson.screen for lesson in lessons if lesson.screen}
        own = [_texts(known.tree) for known in self.trees() if known.name in names]
        missing = names - {known.name for known in self.trees()}
        for name in missing:  # its content may be kept under another name too
            screen = self._kept.find(name)
            tree = self._kept.tree(screen) if screen is not None else None
            if tree is not None:
                own.append(_texts(tree))
        return {
            known.name
            for known in self.trees()
            if known.name in names or any(_alike(_texts(known.tree), one) for one in own)
        }


def found_at(vocabulary: Vocabulary, tree: UiTree, app_version: str, element: str, node: Node) -> bool:
    """Whether an element is found at a node, at its label, or at the button around it."""
    found = recognise(tree, vocabulary, app_version=app_version).find(element)
    if found is None:
        return False
    return found.node is node or node in set(found.node.ancestors()) or found.node in set(node.ancestors())


def read(vocabulary: Vocabulary, kept: KeptScreen, tree: UiTree) -> Sight:
    """What a kept screen is read as."""
    return recognise(tree, vocabulary, app_version=kept.app_version)


def _texts(tree: UiTree) -> frozenset[str]:
    return frozenset(normalise(t) for n in tree.nodes for t in (n.text, n.content_desc) if t)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    both = one | other
    return bool(both) and len(one & other) >= ALIKE * len(both)
