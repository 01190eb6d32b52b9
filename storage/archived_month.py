"""One month of the archive, looked through once: where each task stands in its file, and what lists ask about it."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, Self

import msgspec

from storage.lists.captions import plain
from storage.lists.task_lists import Wanted
from storage.records import Outcome, Status, Task

#: Read at a time: a look takes no more memory than some of these and one line.
_BLOCK_BYTES = 256 * 1024
#: Lines that are shown one after the other are read together, so many bytes of them, where no more than the gap lies between two.
_TOGETHER_BYTES = 512 * 1024
_GAP_BYTES = 16 * 1024
#: No task is longer: such a line is a damaged part of the disk.
_LONGEST_LINE_BYTES = 8 * 1024**2
#: Sorted at a time: other threads wait for no longer sort.
_SORTED_AT_ONCE = 5_000
#: Texts whose findings are kept for each month; one byte per task each.
_TEXTS_KEPT = 8

#: The year 9000: a time beyond it, or before 1970, is damage.
_LAST_S = 221_845_392_000.0
_IDS = 1 << 63

_decode_task = msgspec.json.Decoder(Task).decode
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)


class Stamp(NamedTuple):
    """Which content a file had: with another one, what is known of it no longer counts."""

    inode: int
    size_bytes: int
    changed_ns: int

    @classmethod
    def of(cls, descriptor: int) -> Self:
        """Of an open file. Raises OSError."""
        found = os.fstat(descriptor)
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


class Facts(NamedTuple):
    """What a list is asked for; few tasks of a month differ in all of it."""

    status: Status
    outcome: Outcome
    platform: str
    serial: str
    username: str  #: as it is compared

    def fit(self, wanted: Wanted) -> bool:
        """Whether a task with these facts is wanted, but for its caption."""
        username = wanted.get("username")
        return (
            wanted.get("status") in (None, self.status)
            and wanted.get("outcome") in (None, self.outcome)
            and wanted.get("platform") in (None, self.platform)
            and wanted.get("serial") in (None, self.serial)
            and (username is None or username.lstrip("@").casefold() == self.username)
        )


class _Caption(msgspec.Struct):
    caption: str = ""


_decode_caption = msgspec.json.Decoder(_Caption).decode


def whole_lines(descriptor: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Where each line begins and what it holds, without its end; an unfinished last line is left out.

    Args:
        descriptor: Of the file; its own position does not count.
        end: Nothing is read from here on.

    Raises:
        OSError: the disk could not read on.
    """
    at = 0
    rest = b""
    while (place := at + len(rest)) < end:
        block = os.pread(descriptor, min(_BLOCK_BYTES, end - place), place)
        if not block:
            return  # the file was cut off meanwhile
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield at, line
            at += len(line) + 1
        if len(rest) > _LONGEST_LINE_BYTES:
            yield at, b""
            at += len(rest)
            rest = b""


class ArchivedMonth:
    """What a look through a file found: 36 bytes for each task. It does not change but for what was searched.

    Attributes:
        stamp: The content that it is about.
        unreadable: How many lines are damaged.
        left: Tasks that were in the store, too, when it was looked through, by id: a crash came between the two steps,
            or the daemon was just about to remove them.
    """

    def __init__(self, stamp: Stamp) -> None:
        self.stamp = stamp
        self.unreadable = 0
        self.left: dict[int, Facts] = {}
        self._facts: list[Facts] = []
        self._ids, self._starts = array("Q"), array("Q")
        self._lengths, self._kinds = array("I"), array("I")
        self._ended = array("d")
        self._order: array[int] | None = None
        self._texts: dict[str, bytearray] = {}

    @classmethod
    def looked_through(cls, descriptor: int, in_store: Callable[[int], bool]) -> Self:
        """Read the whole of a file as it is now. A task that stands there twice counts as its last line says.

        Raises:
            OSError: the disk could not read on.
        """
        found = cls(Stamp.of(descriptor))
        kinds: dict[tuple[str, ...], int] = {}
        rows: dict[int, int] = {}
        for start, line in whole_lines(descriptor, found.stamp.size_bytes):
            task = task_in(line)
            if task is None:
                found.unreadable += 1
                continue
            # Plain texts: they are compared a hundred thousand times.
            alike = (task.stage.value, task.outcome.value, task.platform, task.serial, task.account_known)
            kind = kinds.get(alike)
            if kind is None:
                kind = kinds[alike] = len(kinds)
                found._facts.append(
                    Facts(
                        task.status, task.outcome, task.platform, task.serial, task.account_known.casefold()
                    )
                )
            row = rows.setdefault(task.id, len(rows))
            if row == len(found):
                found._ids.append(task.id)
                found._starts.append(start)
                found._lengths.append(len(line))
                found._kinds.append(kind)
                found._ended.append(task.ended_at)
            else:
                found._starts[row], found._lengths[row] = start, len(line)
                found._kinds[row], found._ended[row] = kind, task.ended_at
            if in_store(task.id):
                found.left[task.id] = found._facts[kind]
        return found

    def __len__(self) -> int:
        return len(self._ids)

    def counts(self) -> Counter[tuple[Status, Outcome]]:
        """How many tasks have each status and outcome, with those that are `left`."""
        found: Counter[tuple[Status, Outcome]] = Counter()
        for kind, count in Counter(self._kinds).items():
            facts = self._facts[kind]
            found[facts.status, facts.outcome] += count
        return found

    def rows(self, wanted: Wanted, holding: bytearray | None, without: frozenset[int]) -> Sequence[int]:
        """The rows of the tasks that are wanted, what ended last first.

        Args:
            wanted: Status, outcome, platform, serial and username count.
            holding: What `search` found, for those alone whose caption holds a text.
            without: Ids to leave out.
        """
        order = self._order
        if order is None:
            order = self._order = self._sorted()
        kinds = {kind for kind, facts in enumerate(self._facts) if facts.fit(wanted)}
        if len(kinds) == len(self._facts) and holding is None and not without:
            return order
        found = array("I")
        for row in order:
            if (
                self._kinds[row] in kinds
                and (holding is None or holding[row])
                and self._ids[row] not in without
            ):
                found.append(row)
        return found

    def _sorted(self) -> array[int]:
        # What is archived together ended together, so the sorted parts follow each other with few exceptions.
        parts = (
            sorted(range(start, min(start + _SORTED_AT_ONCE, len(self))), key=self._ended.__getitem__)
            for start in range(0, len(self), _SORTED_AT_ONCE)
        )
        ascending = sorted(chain.from_iterable(parts), key=self._ended.__getitem__)
        return array("I", reversed(ascending))

    def found(self, text: str) -> bytearray | None:
        """What was found of this text, which is `plain`; None when it was not searched."""
        return self._texts.get(text)

    def search(self, descriptor: int, text: str) -> bytearray:
        """For each row whether its caption holds this text, which is `plain`. One thread at a time may search.

        Raises:
            OSError: the disk could not read on.
        """
        holding = bytearray(len(self))
        for row, line in self._lines(descriptor, range(len(self))):
            try:
                caption = _decode_caption(line).caption
            except _UNREADABLE:
                continue
            holding[row] = text in plain(caption)
        if len(self._texts) >= _TEXTS_KEPT:
            del self._texts[next(iter(self._texts))]
        self._texts[text] = holding
        return holding

    def tasks(self, descriptor: int, rows: Iterable[int]) -> Iterator[Task]:
        """The tasks of these rows, without those whose line was damaged since. Raises OSError."""
        for _, line in self._lines(descriptor, rows):
            task = task_in(line)
            if task is not None:
                yield task

    def _lines(self, descriptor: int, rows: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """Each row with its line, in this order."""
        part: list[int] = []
        size_bytes = 0
        for row in rows:
            part.append(row)
            size_bytes += self._lengths[row]
            if size_bytes >= _TOGETHER_BYTES:
                yield from self._together(descriptor, part)
                part, size_bytes = [], 0
        yield from self._together(descriptor, part)

    def _together(self, descriptor: int, rows: list[int]) -> Iterator[tuple[int, bytes]]:
        lines: dict[int, bytes] = {}
        near: list[int] = []
        end = 0
        for row in sorted(rows, key=self._starts.__getitem__):
            if near and self._starts[row] - end > _GAP_BYTES:
                self._read(descriptor, near, lines)
                near = []
            near.append(row)
            end = self._starts[row] + self._lengths[row]
        if near:
            self._read(descriptor, near, lines)
        return ((row, lines[row]) for row in rows)

    def _read(self, descriptor: int, rows: list[int], lines: dict[int, bytes]) -> None:
        """Read these rows, which are sorted by their place, at once."""
        first, last = self._starts[rows[0]], rows[-1]
        text = os.pread(descriptor, self._starts[last] + self._lengths[last] - first, first)
        for row in rows:
            start = self._starts[row] - first
            lines[row] = text[start : start + self._lengths[row]]


def task_in(line: bytes) -> Task | None:
    """The task of a line; None where the line is damaged, also where only a number of it is one that cannot be."""
    try:
        task = _decode_task(line)
    except _UNREADABLE:
        return None
    started, finished = task.started_at or 0.0, task.finished_at or 0.0
    sound = (
        0 < task.id < _IDS
        and 0.0 <= task.created_at < _LAST_S
        and 0.0 <= task.scheduled_at < _LAST_S
        and 0.0 <= started < _LAST_S
        and 0.0 <= finished < _LAST_S
    )
    return task if sound else None
