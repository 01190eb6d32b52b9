"""Why a pending task waits: kept in memory only, worked out again after a restart."""

from __future__ import annotations

from collections.abc import Iterable

from storage.records import Waiting
from storage.tables.tasks import TaskStore

#: A task's id, why it waits, and one sentence about it.
Why = tuple[int, Waiting, str]


def say_why(tasks: TaskStore, now: float, reasons: Iterable[Why]) -> None:
    """Note the reasons; `waiting_since` stays while only the sentence changes."""
    updates: dict[int, tuple[Waiting | None, float | None, str]] = {}
    for task_id, reason, sentence in reasons:
        task = tasks.get(task_id)
        if task is not None and (task.waiting_for is not reason or task.waiting_detail != sentence):
            since = task.waiting_since if task.waiting_for is reason else now
            updates[task_id] = (reason, since, sentence)
    if updates:
        tasks.set_waiting(updates)
