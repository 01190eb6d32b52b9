"""Which captions hold a text: each is read once per text, a step at a time, and again only when it was changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from unicodedata import normalize

from storage.lists.bits import Bits
from storage.records import Task

#: Texts whose findings are kept; the one asked for longest ago is forgotten.
_MOST = 32
#: Captions read between two chances for other requests.
STEP = 1000


def plain(text: str) -> str:
    """The text as it is compared: without case, accents in one way of writing."""
    return (text if text.isascii() else normalize("NFC", text)).casefold()


class _Findings:
    """What is known of one text."""

    __slots__ = ("found", "read")

    def __init__(self) -> None:
        self.read = Bits()
        self.found = Bits()


class Captions:
    """Kept right by `update`; used under the lock of its owner."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Findings] = OrderedDict()

    def update(self, doc_id: int, before: Task | None, now: Task | None) -> None:
        """A task is new, another than before, or gone."""
        if before is not None and now is not None and before.caption == now.caption:
            return
        for kept in self._kept.values():
            kept.read.discard(doc_id)
            kept.found.discard(doc_id)

    def _of(self, text: str) -> _Findings:
        kept = self._kept.get(text)
        if kept is None:
            if len(self._kept) >= _MOST:
                self._kept.popitem(last=False)
            kept = self._kept[text] = _Findings()
        else:
            self._kept.move_to_end(text)
        return kept

    def unread(self, text: str, among: Bits) -> Bits:
        """Those of these tasks whose caption was not compared with the text yet, which is `plain`."""
        return among.without(self._of(text).read)

    def note(
        self, text: str, read: Iterable[tuple[Task, bool]], present: Callable[[int], Task | None]
    ) -> None:
        """Keep what was read, but not of tasks whose caption was changed since."""
        kept = self._of(text)
        for task, holds in read:
            now = present(task.id)
            if now is not None and now.caption == task.caption:
                kept.read.add(task.id)
                if holds:
                    kept.found.add(task.id)

    def found(self, text: str) -> Bits:
        """The tasks of which is known that their caption holds the text."""
        return self._of(text).found


def holding(text: str, tasks: Iterable[Task]) -> list[tuple[Task, bool]]:
    """Each task with whether its caption holds the text, which is `plain`."""
    return [(task, text in plain(task.caption)) for task in tasks]
