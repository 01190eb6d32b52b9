"""Finished tasks of long ago: one append-only file of JSON lines per month, readable with any tool."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from storage.engine.files import Files
from storage.records import Task

log = logging.getLogger(__name__)


class Archive:
    """The folder of the monthly files."""

    def __init__(self, folder: Path, files: Files | None = None) -> None:
        self._folder = folder
        self._files = files or Files()

    def append(self, tasks: Sequence[Task]) -> None:
        """Add tasks to the files of the months in which they ended; durable when this returns.

        Raises:
            OSError: some may be in the files, which does no harm: a task that comes again is listed once.
        """
        for members in by_month(tasks):
            self._add(self._folder / f"{_month(members[0])}.jsonl", members)

    def _add(self, path: Path, tasks: Sequence[Task]) -> None:
        self._files.make_folder(self._folder)
        is_new = not path.exists()
        fd = self._files.open(path, os.O_RDWR | os.O_CREAT)
        try:
            end = _end_of_last_line(fd)
            if end < os.fstat(fd).st_size:
                self._files.truncate(fd, end, "archive")
            text = b"".join(msgspec.json.encode(task) + b"\n" for task in tasks)
            self._files.write(fd, text, end, "archive")
            self._files.sync(fd, "archive")
        finally:
            os.close(fd)
        if is_new:
            self._files.sync_folder(self._folder, "archive")

    def months(self) -> list[str]:
        """The months that have a file, as "2026-11", ascending."""
        return sorted(path.stem for path in self._folder.glob("*.jsonl"))

    def tasks(self, month: str, without: Collection[int] = ()) -> Iterator[Task]:
        """The tasks that ended in this month, each once, in the order in which they were archived.

        Args:
            month: As in `months`.
            without: Ids to leave out: those that are still in the store because a crash came between the two steps.
        """
        path = self._folder / f"{month}.jsonl"
        with path.open("rb") as lines:
            yield from read_lines(lines, path, without)


def read_lines(lines: Iterable[bytes], where: object, without: Collection[int] = ()) -> Iterator[Task]:
    """The tasks in lines of an archive file, each once; lines that cannot be read are skipped with one warning."""
    seen = set(without)
    unreadable = 0
    for text in lines:
        try:
            task = msgspec.json.decode(text, type=Task)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            unreadable += 1
            continue
        if task.id not in seen:
            seen.add(task.id)
            yield task
    if unreadable:
        log.warning("%s: %d unreadable lines were skipped", where, unreadable)


def by_month(tasks: Sequence[Task]) -> list[list[Task]]:
    """The tasks in groups that belong to one file each."""
    months: defaultdict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        months[_month(task)].append(task)
    return list(months.values())


def _month(task: Task) -> str:
    ended = task.created_at if task.finished_at is None else task.finished_at
    return datetime.fromtimestamp(ended, UTC).strftime("%Y-%m")


def _end_of_last_line(fd: int) -> int:
    """Where the next line goes: after a crash the file may end in half a line, which is written over."""
    end = os.fstat(fd).st_size
    step = 64 * 1024
    while end > 0:
        start = max(0, end - step)
        found = os.pread(fd, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
