"""Changes, holds or releases a pending task (R54, R55)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from jobs.hub.clock import Clock, utc
from jobs.input.refusals import Invalid, NotFound, Problem, VersionChanged
from jobs.intake.changer import Changer, Edit
from jobs.task.states import Mover
from storage.errors import StageConflict, UnknownRecord
from storage.records import PENDING, Task, Waiting
from storage.store import Store

#: How often an action is tried again when the task moved under it; more would be a fault of ours.
TRIES = 20


class Changed(msgspec.Struct, frozen=True):
    """A task after a change, what is new about it, and what the caller may not expect."""

    task: Task
    changed: list[str]
    warnings: list[str]


class Planning:
    """Decisions about tasks that have not begun. A task that was claimed meanwhile is left as it is. Thread-safe."""

    def __init__(
        self, clock: Clock, store: Store, mover: Mover, wake: Callable[[], None], changer: Changer
    ) -> None:
        """`wake` is called when a task may have become due."""
        self._changer = changer
        self._clock = clock
        self._tasks = store.tasks
        self._mover = mover
        self._wake = wake

    def change(self, task_id: int, raw: Any, *, version: int | None = None) -> Changed:
        """Change what a decoded JSON body names; a change that is there already changes nothing.

        `version` is the one that the caller has seen, None for any. Raises Refused as in a create call, or: no such task,
        it has begun or ended, it has another version.
        """
        made = Edit({}, [], [])

        def decide(task: Task) -> Task:
            nonlocal made
            with self._changer.edit(task, raw) as made:
                if not made.changes:
                    return task
                refuse_other_version(task, version)
                return self._mover.replan(task, **made.changes)

        changed = self._try(task_id, decide)
        self._wake()
        return Changed(changed, made.changed, made.warnings)

    def hold(self, task_id: int) -> Task:
        """Keep a pending task from starting until it is released; one that is held already stays so.

        Raises:
            NotFound: No such task.
            Invalid: It has begun, or has ended.
        """
        return self._try(task_id, self._hold)

    def release(self, task_id: int, *, version: int | None = None) -> Task:
        """Let a held task start: at its time where that is still to come, else now. One that is not held stays as it is.

        `version` is the one that the caller has seen, None for any.

        Raises:
            NotFound: No such task.
            Invalid: It has begun, or has ended.
            VersionChanged: It is held, and has another version.
        """

        def decide(task: Task) -> Task:
            if task.held:
                refuse_other_version(task, version)
            return self._release(task)

        released = self._try(task_id, decide)
        self._wake()
        return released

    def _hold(self, task: Task) -> Task:
        if task.held:
            return task
        return self._mover.replan(task, remark="held, as asked for", **held_facts(task))

    def _release(self, task: Task) -> Task:
        if not task.held:
            return task
        now = self._clock.now()
        due_at = max(task.due_at, now)
        facts: dict[str, Any] = {"due_at": due_at, "held": False, "remark": "released, as asked for"}
        if due_at > now and due_at != task.scheduled_at:
            until = utc(due_at).isoformat(timespec="seconds")
            facts |= {
                "waiting_for": Waiting.RETRY_DELAY,
                "waiting_detail": f"pause before retry {task.retry_count} until {until}",
            }
        return self._mover.replan(task, **facts)

    def _try(self, task_id: int, decide: Callable[[Task], Task]) -> Task:
        """Decide about a pending task as it is, and anew when it was changed meanwhile."""
        for _ in range(TRIES):
            task = pending_task(self._tasks.get(task_id), task_id)
            try:
                return decide(task)
            except (StageConflict, UnknownRecord):
                continue
        raise Invalid(Problem("", f"task {task_id} changes too fast"))


def refuse_other_version(task: Task, seen: int | None) -> None:
    """Raise VersionChanged where a caller has seen another version of the task; None is a caller who names none."""
    if seen is None or seen == task.version:
        return
    if seen > task.version:  # of another task, or of this one before a backup was restored
        raise VersionChanged(
            Problem(
                "version",
                f"task {task.id} has version {task.version}, and {seen} is none of it; look at it again",
            )
        )
    raise VersionChanged(
        Problem(
            "version",
            f"task {task.id} has version {task.version} by now, not {seen}: it was changed or retried meanwhile; "
            "look at it again",
        )
    )


def pending_task(task: Task | None, task_id: int) -> Task:
    """The task, if it can still be decided about.

    Raises:
        NotFound: There is none.
        Invalid: It has begun, has ended, or is being stopped.
    """
    if task is None or task.deleted:
        raise NotFound(Problem("task_id", f"there is no task {task_id}"))
    if task.stage not in PENDING or task.stop_requested:
        state = "is being stopped" if task.stop_requested else f"is {task.status.name.lower()}"
        raise Invalid(
            Problem("", f"only a pending task can be changed, held or released; task {task_id} {state}")
        )
    return task


def held_facts(task: Task) -> dict[str, Any]:
    """What is stored with a task that is held."""
    return {
        "held": True,
        "waiting_for": Waiting.HOLD,
        "waiting_detail": "it is held: it starts once it is released",
    }
