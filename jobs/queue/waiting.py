"""Why a pending task waits: kept in memory only, worked out again after a restart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from storage.records import Waiting
from storage.tables.tasks import TaskStore


class Why(NamedTuple):
    """A task, why it waits, one sentence about it, and until when where that is known and is not its time."""

    task_id: int
    reason: Waiting
    sentence: str
    until: float | None = None


def say_why(tasks: TaskStore, now: float, reasons: Iterable[Why | tuple[int, Waiting, str]]) -> None:
    """Note the reasons; `waiting_since` stays while only the sentence changes."""
    updates: dict[int, tuple[Waiting | None, float | None, str, float | None]] = {}
    for given in reasons:
        why = Why(*given)
        task = tasks.get(why.task_id)
        if task is None:
            continue
        if (task.waiting_for, task.waiting_detail, task.waiting_until) != (
            why.reason,
            why.sentence,
            why.until,
        ):
            since = task.waiting_since if task.waiting_for is why.reason else now
            updates[why.task_id] = (why.reason, since, why.sentence, why.until)
    if updates:
        tasks.set_waiting(updates)
