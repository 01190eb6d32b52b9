"""Knows without a walk over all tasks which of them ended in a way that a person has to look at."""

from __future__ import annotations

from collections.abc import Sequence

from storage.engine.durable import JournalStorage
from storage.error_codes import ErrorCode, code_of
from storage.records import ENDED, Outcome, Stage, Task

#: Where a task ran: its phone and app.
Where = tuple[str, str]


class Attention:
    """Kept right by every commit. Thread-safe."""

    def __init__(self, storage: JournalStorage) -> None:
        self._storage = storage
        self._unknown: dict[int, Task] = {}
        self._ends: dict[Where, Task] = {}
        storage.listen("tasks", self._update)

    @property
    def unknown_count(self) -> int:
        """How many tasks may be published and still have to be looked at."""
        return len(self._unknown)

    def unknown(self, most: int) -> list[Task]:
        """Tasks that may be published, the ones that ended last first, at most `most`."""
        with self._storage.state_lock:
            found = list(self._unknown.values())
        return sorted(found, key=_ended_at, reverse=True)[:most]

    def ends(self) -> list[Task]:
        """By phone and app the last end, where only a person gets on; newest first. What worked since is none of them."""
        with self._storage.state_lock:
            found = list(self._ends.values())
        return sorted(found, key=_ended_at, reverse=True)

    def _update(self, changes: Sequence[tuple[int, Task | None, Task | None]]) -> None:
        """Under the storage's state lock."""
        for task_id, before, now in changes:
            if now is not None and _is_unknown(now):
                self._unknown[task_id] = now
            else:
                self._unknown.pop(task_id, None)
            if before is not None:
                self._forget(before)
            if now is not None and now.stage in ENDED:
                self._note(now)

    def _forget(self, task: Task) -> None:
        """It was retried, deleted, or is written anew."""
        where = (task.serial, task.package)
        present = self._ends.get(where)
        if present is not None and present.id == task.id:
            del self._ends[where]

    def _note(self, task: Task) -> None:
        where = (task.serial, task.package)
        present = self._ends.get(where)
        if present is not None and _ended_at(present) > _ended_at(task):
            return
        if task.stage is Stage.PUBLISHED:
            self._ends.pop(where, None)
        elif not task.deleted and _needs_person(task):
            self._ends[where] = task


def _is_unknown(task: Task) -> bool:
    return task.stage in ENDED and task.outcome is Outcome.UNKNOWN and not task.deleted


def _needs_person(task: Task) -> bool:
    """Whether it goes on only after a person did something at the phone, for the account, or to the screens."""
    code = task.error_code
    return bool(code) and (code == ErrorCode.UI_CHANGED or code_of(code).needs_person)


def _ended_at(task: Task) -> float:
    return task.finished_at or 0.0
