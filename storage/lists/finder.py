"""Answers which tasks a list holds: takes the lock for one short question at a time, also where captions must be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Unpack

from storage.lists.captions import STEP, holding, plain
from storage.lists.order import BLOCK
from storage.lists.task_lists import Sort, TaskLists, Wanted
from storage.records import Status, Task


class TaskFinder:
    """Pages and counts of the tasks in memory, without deleted ones."""

    def __init__(
        self, tasks: Mapping[int, Task], lock: AbstractContextManager[object], block: int = BLOCK
    ) -> None:
        """`lock` is the one under which `tasks` and `lists` are changed; `block` is how orders are cut."""
        self._tasks = tasks
        self._lock = lock
        self.lists = TaskLists(block)

    def page(
        self, *, sort: Sort = "-id", page: int = 1, page_size: int = 20, **wanted: Unpack[Wanted]
    ) -> tuple[list[Task], int]:
        """One page of the tasks that match, and how many match in all."""
        with self._ready(wanted):
            ids, total = self.lists.page(wanted, sort, page, page_size)
            return [self._tasks[task_id] for task_id in ids], total

    def every(self, **wanted: Unpack[Wanted]) -> Iterator[Task]:
        """The tasks that match now, by planned time; each as it is when it is taken, without those that are gone by then."""
        with self._ready(wanted):
            matching, pieces = self.lists.matching(wanted), self.lists.planned()
        found = (self._tasks.get(task_id) for ids in pieces for task_id in ids if task_id in matching)
        return (task for task in found if task is not None and not task.deleted)

    def counts(self, **wanted: Unpack[Wanted]) -> dict[Status, int]:
        """How many of the tasks that match have each status."""
        with self._ready(wanted):
            return self.lists.counts(wanted)

    @contextmanager
    def _ready(self, wanted: Wanted) -> Iterator[None]:
        """Holds the lock for a question; the captions that it asks about were read before, a step at a time."""
        text = plain(wanted.get("q") or "")
        captions = self.lists.captions
        read: list[tuple[Task, bool]] = []
        for _ in range(len(self._tasks) // STEP + 1 if text else 0):
            with self._lock:
                captions.note(text, read, self._tasks.get)
                unread = self._unread(text, wanted, STEP)
            if not unread:
                break
            read = holding(text, unread)
        with self._lock:
            if text:
                captions.note(text, read, self._tasks.get)
                rest = self._unread(text, wanted, len(self._tasks))  # those that came or changed meanwhile
                captions.note(text, holding(text, rest), self._tasks.get)
            yield

    def _unread(self, text: str, wanted: Wanted, count: int) -> list[Task]:
        among = self.lists.matching(wanted, but_captions=True)
        ids = self.lists.captions.unread(text, among).newest(0, count)
        return [self._tasks[task_id] for task_id in ids]
