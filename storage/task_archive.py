"""Writes finished tasks of long ago to one append-only file of JSON lines per month, readable with any tool."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from storage.engine.files import Files
from storage.records import Task


class Archive:
    """Adds to the folder of the monthly files; `archive_pages` reads them."""

    def __init__(self, folder: Path, files: Files | None = None) -> None:
        self._folder = folder
        self._files = files or Files()

    def append(self, tasks: Sequence[Task]) -> None:
        """Add tasks to the files of the months in which they ended; durable when this returns.

        Raises:
            OSError: some may be in the files, which does no harm: of a task that stands there twice the last line counts.
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


def by_month(tasks: Sequence[Task]) -> list[list[Task]]:
    """The tasks in groups that belong to one file each."""
    months: defaultdict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        months[_month(task)].append(task)
    return list(months.values())


def _month(task: Task) -> str:
    return datetime.fromtimestamp(task.ended_at, UTC).strftime("%Y-%m")


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
