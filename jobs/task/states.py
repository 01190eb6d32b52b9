"""The life of a task: one table of moves, and the one function that moves a task and writes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from jobs.hub.clock import Clock
from storage.engine.hooks import Hook, no_hook
from storage.records import AFTER_COMMIT, ENDED, PENDING, Outcome, Stage, Task, Waiting
from storage.tables.tasks import Check, TaskStore

#: Which stage may follow which. Who causes each move:
#:
#: a  scheduled -> queued        the scheduler: its time came
#: b  queued -> preparing        the dispatcher: its phone, its turn and a slot are free (compare-and-set)
#: c  preparing -> committing    the script: everything is ready and was read back; written before the tap
#: d  committing -> verifying    the script: the tap was sent
#: e  verifying -> published     the app showed proof
#: f  verifying -> rejected      the app refused
#: g  preparing, rejected, failed -> scheduled   a retry with a pause, by the policy or by request
#: l  queued -> scheduled         it was held, or planned anew, while it waited for its phone
#: h  preparing -> queued        the daemon stops or crashed before the commit point, or the phone was gone before its session began
#: i  scheduled, queued, preparing -> failed     stop request, final error, no retry left
#: j  committing, verifying -> failed            neither proof nor refusal in time (outcome unknown), or the tap
#:                               was certainly never sent (outcome not_published)
#: k  failed -> published        a person looked and says that the post is there
#:
#: Nothing leads from committing or verifying back to a stage from which a task could run again.
MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.SCHEDULED: frozenset({Stage.QUEUED, Stage.FAILED}),
    Stage.QUEUED: frozenset({Stage.SCHEDULED, Stage.PREPARING, Stage.FAILED}),
    Stage.PREPARING: frozenset({Stage.COMMITTING, Stage.SCHEDULED, Stage.QUEUED, Stage.FAILED}),
    Stage.COMMITTING: frozenset({Stage.VERIFYING, Stage.FAILED}),
    Stage.VERIFYING: frozenset({Stage.PUBLISHED, Stage.REJECTED, Stage.FAILED}),
    Stage.PUBLISHED: frozenset(),
    Stage.REJECTED: frozenset({Stage.SCHEDULED}),
    Stage.FAILED: frozenset({Stage.SCHEDULED, Stage.PUBLISHED}),
}

#: Which outcomes a task may have in a stage; the first is what a move there sets by default.
OUTCOMES: dict[Stage, tuple[Outcome, ...]] = {
    Stage.SCHEDULED: (Outcome.NONE,),
    Stage.QUEUED: (Outcome.NONE,),
    Stage.PREPARING: (Outcome.NONE,),
    Stage.COMMITTING: (Outcome.UNKNOWN,),
    Stage.VERIFYING: (Outcome.UNKNOWN,),
    Stage.PUBLISHED: (Outcome.PUBLISHED,),
    Stage.REJECTED: (Outcome.NOT_PUBLISHED,),
    Stage.FAILED: (Outcome.NONE, Outcome.UNKNOWN, Outcome.NOT_PUBLISHED),
}


class IllegalMove(Exception):
    """The table of moves does not allow this; a fault in our own code."""


def sources(to: Stage) -> frozenset[Stage]:
    """The stages from which a task may move to this one."""
    return frozenset(stage for stage, targets in MOVES.items() if to in targets)


class Mover:
    """Moves tasks: checks the table, sets what belongs to the new stage, writes. Nothing else changes a stage."""

    def __init__(
        self,
        tasks: TaskStore,
        clock: Clock,
        hook: Hook = no_hook,
        moved: Callable[[Task], None] = lambda _: None,
    ) -> None:
        self._tasks = tasks
        self._clock = clock
        self._hook = hook
        self._moved = moved  #: told of each single move, once it is written

    def move(
        self,
        task_id: int,
        to: Stage,
        *,
        expect: Collection[Stage] | None = None,
        expect_attempt: int | None = None,
        still: Check | None = None,
        **changes: Any,
    ) -> Task:
        """Move a task and write it; durable when this returns.

        Args:
            task_id: The task.
            to: The new stage.
            expect: The stages in which the task must be; all from which the table leads to `to` by default.
            expect_attempt: The fencing token: the task's `attempt` must still be this.
            still: Asked within the write, with the task as it is by then; what it raises keeps it from being written.
            changes: Further fields to set in the same write.

        Raises:
            IllegalMove: The table has no such move.
            StageConflict: The task is in another stage or another attempt owns it.
            UnknownRecord: There is no such task.
            StoreError: It could not be written; the task has not moved.
        """
        allowed = sources(to) if expect is None else frozenset(expect)
        for stage in allowed:
            check_move(stage, to)
        full = self._consequences(allowed, to, changes)
        return self._write(to, task_id, expect=allowed, expect_attempt=expect_attempt, still=still, **full)

    def move_through(self, task: Task, steps: Sequence[tuple[Stage, dict[str, Any]]]) -> Task:
        """Make several moves of one task in one write, so that no crash can come between them.

        Args:
            task: The task as it must still be: its stage and its attempt are expected.
            steps: The stages to go through, each with what is set on the way; the table must lead from each to
                the next.

        Raises:
            The same as `move`.
        """
        stage = task.stage
        full: dict[str, Any] = {}
        for to, changes in steps:
            check_move(stage, to)
            full |= self._consequences(frozenset({stage}), to, changes)
            stage = to
        return self._write(stage, task.id, expect={task.stage}, expect_attempt=task.attempt, **full)

    def replan(self, task: Task, **changes: Any) -> Task:
        """Write what a caller plans anew about a pending task as it must still be; it is scheduled then.

        Raises:
            StageConflict: It was claimed, ended or changed since.
            UnknownRecord, StoreError: as in `move`.
        """
        if task.stage is not Stage.SCHEDULED:
            check_move(task.stage, Stage.SCHEDULED)
        full = self._consequences(frozenset({task.stage}), Stage.SCHEDULED, changes)
        as_seen = {"expect_attempt": task.attempt, "expect_version": task.version}
        return self._write("replan", task.id, expect={task.stage}, **as_seen, **full)

    def _write(self, step: str, task_id: int, **change: Any) -> Task:
        """Write one task, with the hooks of this step, and tell of it."""
        self._hook(f"jobs.before_{step}")
        task = self._tasks.change(task_id, **change)
        self._hook(f"jobs.after_{step}")
        self._moved(task)
        return task

    def move_each(self, steps: Sequence[tuple[Task, dict[str, Any]]], to: Stage) -> list[Task]:
        """Move several tasks in one write, each as it must still be; returns those that were (stage, attempt, version)."""
        changes = {}
        for task, own in steps:
            check_move(task.stage, to)
            changes[task.id] = self._consequences(frozenset({task.stage}), to, own)
        self._hook(f"jobs.before_{to}")
        moved = self._tasks.change_each(
            changes,
            expect={task.stage for task, _ in steps},
            as_seen=[task for task, _ in steps],
        )
        self._hook(f"jobs.after_{to}")
        for task in moved:
            self._moved(task)
        return moved

    def make_ready(self, tasks: Sequence[Task]) -> list[Task]:
        """Move scheduled tasks to queued (a), all in one write; returns those that were still as seen here."""
        return self._together(tasks, Stage.SCHEDULED, Stage.QUEUED, lambda _: {})

    def claim(self, tasks: Sequence[Task]) -> list[Task]:
        """Move queued tasks to preparing (b), all in one write, each with its next attempt; returns those claimed.

        What was changed since it was seen here is not claimed: the checks before a claim were about something else.
        """
        return self._together(
            tasks,
            Stage.QUEUED,
            Stage.PREPARING,
            lambda task: {"attempt": task.attempt + 1, "remark": "starting"},
        )

    def _together(
        self, tasks: Sequence[Task], source: Stage, to: Stage, own: Callable[[Task], dict[str, Any]]
    ) -> list[Task]:
        check_move(source, to)
        changes = {task.id: self._consequences(frozenset({source}), to, own(task)) for task in tasks}
        self._hook(f"jobs.before_{to}")
        moved = self._tasks.change_each(changes, expect={source}, as_seen=tasks)
        self._hook(f"jobs.after_{to}")
        return moved

    def _consequences(self, allowed: frozenset[Stage], to: Stage, changes: dict[str, Any]) -> dict[str, Any]:
        """`changes` with what a move to this stage sets besides."""
        now = self._clock.now()
        full: dict[str, Any] = {"stage": to, "outcome": OUTCOMES[to][0], "held": False}
        full |= {"waiting_for": None, "waiting_since": None, "waiting_detail": "", "waiting_until": None}
        if to in PENDING:
            full |= {"waiting_since": now, "finished_at": None, "error": None}
            if to is Stage.SCHEDULED:
                full["waiting_for"] = Waiting.TIME
        elif to is Stage.PREPARING:
            full |= {"started_at": now, "finished_at": None, "error": None}
        elif to in ENDED:
            full["finished_at"] = now
        if to is Stage.FAILED and not allowed.isdisjoint(AFTER_COMMIT):
            full["outcome"] = Outcome.UNKNOWN
            if not allowed <= AFTER_COMMIT or changes.get("outcome") is Outcome.NONE:
                raise IllegalMove("after the commit point a task must not be recorded as not published")
        full |= changes
        if full["outcome"] not in OUTCOMES[to]:
            raise IllegalMove(f"a task that is {to} cannot have the outcome {full['outcome']}")
        return full


def check_move(stage: Stage, to: Stage) -> None:
    """Raise IllegalMove unless the table leads from `stage` to `to`."""
    if to not in MOVES[stage]:
        raise IllegalMove(f"no move leads from {stage} to {to}")
