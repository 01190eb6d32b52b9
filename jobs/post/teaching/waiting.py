"""The kept screens that wait for a lesson, read with what counts now, and which of their texts a person may point at."""

from __future__ import annotations

import msgspec

from jobs.input.refusals import NotFound, Problem
from jobs.phone.screen.tree import UiTree
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Vocabulary
from jobs.post.teaching.kept_screens import MAX_WAITING, KeptScreen, KeptScreens, of_the_app
from jobs.post.teaching.lesson_book import LessonBook
from jobs.post.teaching.trial import read
from jobs.post.teaching.unread import Unread, unread

#: Readings that are remembered.
MAX_READINGS = 500


class Waiting(msgspec.Struct, frozen=True):
    """A kept screen that waits for a lesson, or did."""

    kept: KeptScreen
    read_as: str  #: what counts now reads it as; "" for nothing
    kind: str
    taught: bool  #: it was not known when it came, and is now


class WaitingScreens:
    """Reads kept screens with the lessons that count. Thread-safe."""

    def __init__(self, book: LessonBook, kept: KeptScreens) -> None:
        """`book` has the lessons, `kept` the screens of rehearsals and failed tasks."""
        self._book = book
        self._kept = kept
        self._readings: dict[tuple[str, int], tuple[str, str]] = {}

    def all(self, platform: str = "", serial: str = "") -> list[Waiting]:
        """The screens that wait for a lesson and those that got one, the newest first."""
        found = []
        readers: dict[str, Vocabulary] = {}
        wanted = [
            kept
            for kept in self._kept.all()
            if kept.sentence and platform in ("", kept.platform) and serial in ("", kept.serial)
        ]
        for kept in sorted(wanted, key=lambda k: -k.taken_at)[:MAX_WAITING]:
            reading = self._reading(kept, readers)
            if reading is not None:
                found.append(_waiting(kept, *reading))
        return found

    def _reading(self, kept: KeptScreen, readers: dict[str, Vocabulary]) -> tuple[str, str] | None:
        """Name and kind of a kept screen as what counts now reads it; None for what is no screen of the app."""
        key = (kept.id, self._book.stand)
        known = self._readings.get(key)
        if known is None:
            tree = self._kept.tree(kept)
            if tree is None or not of_the_app(tree, kept.platform):
                known = ("", "none")
            else:
                if kept.platform not in readers:
                    readers[kept.platform] = self._book.reader(kept.platform)
                sight = read(readers[kept.platform], kept, tree)
                known = (sight.name, sight.kind)
            if len(self._readings) >= MAX_READINGS:
                self._readings.clear()
            self._readings[key] = known
        return None if known[1] == "none" else known

    def find(self, name: str) -> tuple[KeptScreen, UiTree]:
        """One kept screen with its tree.

        Raises:
            NotFound: there is none of this id, or its tree is gone.
        """
        kept = self._kept.find(name)
        tree = self._kept.tree(kept) if kept is not None else None
        if kept is None or tree is None:
            raise NotFound(Problem("screen", f"there is no kept screen {name[:80]!r}, or its tree is gone"))
        return kept, tree

    def read(self, name: str) -> tuple[Waiting, Sight]:
        """One kept screen with its tree as it is read now. Raises NotFound."""
        kept, tree = self.find(name)
        sight = read(self._book.reader(kept.platform), kept, tree)
        return _waiting(kept, sight.name, sight.kind), sight

    def unread(self, name: str) -> list[Unread]:
        """What of a kept screen a person may point at, because the app's language lacks it; the likeliest screen first.

        Raises:
            NotFound: there is none of this id, or its tree is gone.
        """
        kept, tree = self.find(name)
        if not kept.language or kept.language in self._book.trusted[kept.platform].merged.covered:
            return []
        with self._book.lock:
            file, reader = self._book.files(kept.platform), self._book.reader(kept.platform)
        return unread(file, read(reader, kept, tree), kept.language)


def _waiting(kept: KeptScreen, name: str, kind: str) -> Waiting:
    was_known = kept.kind != "unknown" and kept.read_as != "some_sheet"
    known = bool(name) and name != "some_sheet"
    return Waiting(kept, name, kind, taught=known and not was_known)
