"""Moves tasks that ended long ago from memory to the archive, so that years of use stay small and quick."""

from __future__ import annotations

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.lists.task_reads import TABLE
from storage.records import ENDED, Task
from storage.tables.posts import keep_mark
from storage.task_archive import Archive, by_month

_DAY_S = 24 * 3600.0

#: Tasks moved per change: keeps one journal entry and one wait of other writers small.
_STEP = 200


class Retention:
    """First the archive is durable, then the tasks leave the store: a crash in between loses none and shows none twice."""

    def __init__(self, storage: JournalStorage, archive: Archive, days: float) -> None:
        self._storage = storage
        self._archive = archive
        self._days = days
        #: Id and end of those that are in a file but could not leave the store yet.
        self._archived: dict[int, float] = {}

    def run(self, now: float) -> int:
        """Move what is old enough; returns how many.

        Raises:
            OSError, StoreError: the rest stays where it is.
        """
        limit = now - self._days * _DAY_S
        old = [task for task in self._storage.copy_of(TABLE).values() if _ended(task) < limit]
        moved = 0
        for start in range(0, len(old), _STEP):
            part = old[start : start + _STEP]
            self._add([task for task in part if not task.deleted])
            moved += self._remove(part)
            for task in part:
                self._archived.pop(task.id, None)
        return moved

    def _add(self, tasks: list[Task]) -> None:
        """Each once, however often a disk in trouble makes us come here."""
        fresh = [task for task in tasks if self._archived.get(task.id) != _ended(task)]
        for members in by_month(fresh):
            self._archive.append(members)
            self._archived.update((task.id, _ended(task)) for task in members)

    def _remove(self, tasks: list[Task]) -> int:
        def action(change: Transaction) -> int:
            removed = 0
            for task in tasks:
                present: Task | None = change.get(TABLE, task.id)
                # One that was retried meanwhile lives on; listings prefer the living one.
                if present is not None and _ended(present) == _ended(task):
                    change.remove(TABLE, task.id)
                    keep_mark(change, present)
                    removed += 1
            return removed

        return self._storage.commit(action)


def _ended(task: Task) -> float:
    """When the task ended; the end of time for one that has not."""
    if task.stage not in ENDED:
        return float("inf")
    return task.ended_at
