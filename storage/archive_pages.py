"""Reads the archive for people: its months, pages of a month, all of a month. Each file is looked through once and remembered."""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
import threading
import zlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from io import FileIO
from pathlib import Path
from typing import NamedTuple, Self

from storage.archived_month import ArchivedMonth, Facts, Stamp
from storage.errors import StoreFailed
from storage.lists.captions import plain
from storage.lists.task_lists import Wanted
from storage.records import Outcome, Status, Task

log = logging.getLogger(__name__)

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_ENDING = ".jsonl"
#: Months whose rows stay in memory, about 4 MB for 100,000 tasks each; the least recently used is dropped.
_MONTHS_KEPT = 2
#: One list of months begins to look through no further file after this many bytes.
_AT_ONCE_BYTES = 64 * 1024**2
#: How long a request waits while another one looks through a file; after that the disk is taken for stuck.
TURN_TIMEOUT_S = 30.0


class Tally(NamedTuple):
    """How many tasks a month has, and what came of them; those that may be published are among the failed ones."""

    tasks: int
    completed: int
    failed: int
    unknown: int
    unreadable: int


class MonthFacts(NamedTuple):
    """A month that has a file. `tally` is None until it was looked through, `problem` says why it cannot be."""

    month: str
    size_bytes: int
    tally: Tally | None
    problem: str


class _Counted(NamedTuple):
    """What is remembered of every month."""

    stamp: Stamp
    counts: Counter[tuple[Status, Outcome]]
    left: dict[int, Facts]
    unreadable: int


class OpenMonth:
    """A month with its file open; what is appended to the file from now on is no part of it. Close it."""

    def __init__(
        self,
        file: FileIO,
        month: ArchivedMonth,
        without: frozenset[int],
        turn: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._file = file
        self._month = month
        self._without = without
        self._turn = turn

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._file.close()

    @property
    def unreadable(self) -> int:
        """How many lines of the file are damaged."""
        return self._month.unreadable

    @property
    def state(self) -> str:
        """Another text whenever any answer about this month may be another."""
        left = zlib.crc32(repr(sorted(self._without)).encode())
        return "-".join(f"{number:x}" for number in (*self._month.stamp, left))

    def page(self, wanted: Wanted, page: int, page_size: int) -> tuple[list[Task], int]:
        """One page of the tasks that are wanted, what ended last first, and how many are wanted in all.

        Raises:
            OSError: the disk cannot be read.
            StoreFailed: another has been searching for too long.
        """
        rows = self._rows(wanted)
        start = (page - 1) * page_size
        found = self._month.tasks(self._file.fileno(), rows[start : start + page_size])
        return list(found), len(rows)

    def every(self, wanted: Wanted) -> Iterator[Task]:
        """All that are wanted, in the order in which they ended, each read when it is taken. Raises as `page`."""
        return self._month.tasks(self._file.fileno(), reversed(self._rows(wanted)))

    def _rows(self, wanted: Wanted) -> Sequence[int]:
        holding = None
        if text := plain(wanted.get("q") or ""):
            holding = self._month.found(text)
            if holding is None:
                with self._turn():
                    holding = self._month.found(text) or self._month.search(self._file.fileno(), text)
        return self._month.rows(wanted, holding, self._without)


class ArchivePages:
    """What the archive holds. Any thread may ask."""

    def __init__(self, folder: Path, in_store: Callable[[int], bool] = lambda _: False) -> None:
        """`in_store` says whether the store has the task of this id, too: then it is no part of the archive."""
        self._folder = folder
        self._in_store = in_store
        self._looking = threading.Lock()  #: held while a file is looked through, so that no two threads do it
        self._lock = threading.Lock()  #: held for moments
        self._kept: OrderedDict[str, ArchivedMonth] = OrderedDict()
        self._counted: dict[str, _Counted] = {}

    def names(self) -> list[str]:
        """The months that have a file, as "2027-01", newest first. Raises OSError."""
        try:
            months = [path.stem for path in self._folder.iterdir() if path.suffix == _ENDING]
        except FileNotFoundError:
            return []
        return sorted(filter(is_month, months), reverse=True)

    def months(self) -> list[MonthFacts]:
        """Every month, newest first. With much that is new only a part of them is looked through: ask again for the others.

        Raises:
            OSError: the folder cannot be read.
            StoreFailed: another has been looking through a file for too long.
        """
        found = []
        fresh_bytes = 0
        for name in self.names():
            size_bytes = 0
            try:
                with _opened(self._path(name)) as file:
                    stamp = Stamp.of(file.fileno())
                    size_bytes = stamp.size_bytes
                    counted = self._counted.get(name)
                    if counted is None or counted.stamp != stamp:
                        if fresh_bytes >= _AT_ONCE_BYTES:
                            found.append(MonthFacts(name, size_bytes, None, ""))
                            continue
                        fresh_bytes += size_bytes
                        self._looked_through(name, file)
                        counted = self._counted[name]
                found.append(MonthFacts(name, size_bytes, self._tally(counted), ""))
            except FileNotFoundError:
                continue
            except OSError as error:
                found.append(MonthFacts(name, size_bytes, None, error.strerror or str(error)))
        return found

    def open(self, name: str) -> OpenMonth:
        """A month, for pages of it.

        Args:
            name: As "2027-01".

        Raises:
            FileNotFoundError: no such month is kept.
            OSError: its file cannot be read.
            StoreFailed: another has been looking through a file for too long.
        """
        if not is_month(name):
            raise FileNotFoundError(errno.ENOENT, "it is no month", name)
        file = _opened(self._path(name))
        try:
            month = self._looked_through(name, file, keep=True)
            without = frozenset(task_id for task_id in month.left if self._in_store(task_id))
            return OpenMonth(file, month, without, self._turn)
        except BaseException:
            file.close()
            raise

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_ENDING}"

    def _looked_through(self, name: str, file: FileIO, *, keep: bool = False) -> ArchivedMonth:
        stamp = Stamp.of(file.fileno())
        month = self._known(name, stamp)
        if month is None:
            with self._turn():
                month = self._known(name, stamp)  # another may have done it meanwhile
                if month is None:
                    month = ArchivedMonth.looked_through(file.fileno(), self._in_store)
                    self._remember(name, month, keep=keep)
        return month

    def _remember(self, name: str, month: ArchivedMonth, *, keep: bool) -> None:
        if month.unreadable:
            log.warning("%s: %d unreadable lines were skipped", self._path(name), month.unreadable)
        counted = _Counted(month.stamp, month.counts(), month.left, month.unreadable)
        with self._lock:
            self._counted[name] = counted
            if keep or name in self._kept:
                self._kept[name] = month
                while len(self._kept) > _MONTHS_KEPT:
                    self._kept.popitem(last=False)

    def _known(self, name: str, stamp: Stamp) -> ArchivedMonth | None:
        with self._lock:
            month = self._kept.get(name)
            if month is None or month.stamp != stamp:
                return None
            self._kept.move_to_end(name)
            return month

    def _tally(self, counted: _Counted) -> Tally:
        counts = counted.counts.copy()
        for task_id, facts in counted.left.items():
            if self._in_store(task_id):
                counts[facts.status, facts.outcome] -= 1
        of = Counter[Status]()
        for (status, _), count in counts.items():
            of[status] += count
        return Tally(
            tasks=of.total(),
            completed=of[Status.COMPLETED],
            failed=of[Status.FAILED],
            unknown=counts[Status.FAILED, Outcome.UNKNOWN],
            unreadable=counted.unreadable,
        )

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._looking.acquire(timeout=TURN_TIMEOUT_S):
            raise StoreFailed(
                f"the archive has been read for another request for {TURN_TIMEOUT_S:.0f} s: the disk is stuck"
            )
        try:
            yield
        finally:
            self._looking.release()


def is_month(name: str) -> bool:
    """Whether this names a month as the archive does: "2027-01", and nothing else."""
    return _MONTH.fullmatch(name) is not None


def _opened(path: Path) -> FileIO:
    """The regular file at this path, for reading. A pipe in its place would block its reader. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return FileIO(descriptor)
