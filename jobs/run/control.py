"""What a caller may do to a task that exists: stop, retry, delete, confirm that it was published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any

import msgspec

from jobs.hub.clock import Clock
from jobs.hub.settings import Settings
from jobs.input.refusals import Invalid, NotFound, Problem
from jobs.intake.pending_changes import refuse_other_version
from jobs.intake.repeat_guard import refusal
from jobs.run.engine import Jobs
from jobs.task import ending
from jobs.task.retry import pause_s
from storage.engine.commit import Transaction
from storage.error_codes import ErrorCode
from storage.errors import StageConflict, StoreError, UnknownRecord
from storage.records import AFTER_COMMIT, ENDED, PENDING, RUNNING, Outcome, Stage, Task
from storage.store import Store

#: How often an action is tried again when the task moved under it; more would be a fault of ours.
TRIES = 20
#: Tasks in one write, so that no other request waits long for its own (R69).
AT_ONCE = 20
MAY_APPEAR = "task {id} had already passed the point of no return: its post may still appear"


class Skipped(msgspec.Struct, frozen=True):
    """A failed task that retry-all left alone: `outcome_unknown`, `retry_limit`, `stopped` or `already_posted`."""

    id: int
    reason: str


class RetryAll(msgspec.Struct, frozen=True):
    """What retry-all did."""

    task_ids: list[int]
    skipped: list[Skipped]


class Deleted(msgspec.Struct, frozen=True):
    """What a deletion did."""

    task_ids: list[int]
    not_found: list[int]
    warnings: list[str]


class Control:
    """The actions of the API on tasks; when each is refused, and what becomes of running tasks."""

    def __init__(self, settings: Settings, clock: Clock, store: Store, jobs: Jobs) -> None:
        self._posting = settings.posting
        self._clock = clock
        self._tasks = store.tasks
        self._jobs = jobs

    def stop(self, task_id: int) -> Task:
        """Stop a pending or running task (R22); returns it as it is then, possibly still running.

        Raises:
            NotFound: No such task.
            Invalid: It has ended already.
        """
        for _ in range(TRIES):
            task = self._get(task_id)
            try:
                if task.stage in ENDED:
                    raise Invalid(
                        Problem("", f"task {task_id} has already ended ({task.status.name.lower()})")
                    )
                if task.stage in PENDING:
                    to, changes = ending.stopped()
                    return self._jobs.mover.move(task_id, to, expect=PENDING, **changes)
                # First the attempt, then the store: an attempt that ends in between sees the stop.
                self._jobs.interrupt(task_id)
                return self._tasks.change(task_id, expect=RUNNING, stop_requested=True)
            except (StageConflict, UnknownRecord):
                stopped = self._tasks.get(task_id)
                if stopped is not None and stopped.error_code == ErrorCode.STOPPED:
                    return stopped
        raise Invalid(Problem("", f"task {task_id} changes too fast to be stopped"))

    def retry(
        self,
        task_id: int,
        *,
        force: bool = False,
        confirm: bool = False,
        now: bool = False,
        version: int | None = None,
    ) -> Task:
        """Retry a failed task: at its planned time where that is still to come, else after the random pause.

        Args:
            task_id: The task.
            force: Retry beyond the limit.
            confirm: A person looked: an outcome `unknown` was no post, or another post with the same media is no
                reason not to make this one.
            now: Start at once.
            version: The one that the caller has seen, None for any: a confirmation counts for one end of the task.

        Raises:
            NotFound: No such task.
            VersionChanged: It has another version.
            Invalid: It has not failed, the limit is reached, its outcome is unknown, or its media was posted meanwhile.
        """
        for _ in range(TRIES):
            task = self._get(task_id)
            refuse_other_version(task, version)
            obstacle = self._obstacle(task)
            if obstacle == "not_failed":
                status = task.status.name.lower()
                raise Invalid(Problem("", f"only failed tasks can be retried; task {task_id} is {status}"))
            if obstacle == "outcome_unknown" and not confirm:
                raise Invalid(
                    Problem("", "may already be published; check the account, then retry with confirm=true")
                )
            if task.retry_count >= task.max_retry_count and not force:
                raise Invalid(
                    Problem(
                        "",
                        f"task {task_id} was retried {task.retry_count} times: create a new task, or retry it with force",
                    )
                )
            try:
                retried = self._retry(task, confirm=confirm, at_once=now)
            except (StageConflict, UnknownRecord):
                continue
            except _WouldRepeat as error:
                raise Invalid(Problem("", str(error))) from None
            self._jobs.wake()
            return retried
        raise Invalid(Problem("", f"task {task_id} changes too fast to be retried"))

    def retry_all(self) -> RetryAll:
        """Retry every failed task that may be retried without a person's word (R23)."""
        done: list[int] = []
        able: list[Task] = []
        skipped: list[Skipped] = []
        for task in [*self._tasks.by_stage(Stage.FAILED), *self._tasks.by_stage(Stage.REJECTED)]:
            if task.deleted:
                continue
            obstacle = self._obstacle(task)
            if not obstacle and task.error_code == ErrorCode.STOPPED:
                obstacle = ErrorCode.STOPPED
            if not obstacle and task.retry_count >= task.max_retry_count:
                obstacle = "retry_limit"
            if obstacle:
                skipped.append(Skipped(task.id, obstacle))
                continue
            able.append(task)
        for start in range(0, len(able), AT_ONCE):
            done += self._retry_some(able[start : start + AT_ONCE], skipped)
        self._jobs.wake()
        return RetryAll(sorted(done), sorted(skipped, key=lambda entry: entry.id))

    def delete(self, task_ids: Iterable[int]) -> Deleted:
        """Delete tasks; running ones are stopped, leave every list at once, and let go of their phone by themselves.

        Raises:
            NotFound: None of them exists.
        """
        wanted = list(dict.fromkeys(task_ids))
        there = [task.id for task in self._tasks.many(wanted) if not task.deleted]
        gone: set[int] = set()
        warnings: list[str] = []
        for start in range(0, len(there), AT_ONCE):
            try:
                self._delete_some(there[start : start + AT_ONCE], gone, warnings)
            except StoreError as error:
                if not gone:
                    raise
                warnings.append(f"the others could not be deleted: {error}")
                break
        if not gone:
            problem = "no such task" if len(wanted) == 1 else "none of these tasks exists"
            raise NotFound(Problem("task_ids", problem))
        self._jobs.wake()
        missing = [task_id for task_id in wanted if task_id not in gone]
        return Deleted([task_id for task_id in wanted if task_id in gone], missing, warnings)

    def _delete_some(self, there: list[int], gone: set[int], warnings: list[str]) -> None:
        """Delete these in one write; the ids of those deleted go to `gone`."""
        for _ in range(TRIES):
            gone.update(self._tasks.remove(there, expect=PENDING | ENDED))
            for task in self._tasks.many(there):
                self._jobs.interrupt(task.id)
                try:
                    marked = self._tasks.change(task.id, expect=RUNNING, deleted=True, stop_requested=True)
                except (StageConflict, UnknownRecord):
                    continue  # it ended or was queued again: the next round removes it
                gone.add(task.id)
                if marked.stage in AFTER_COMMIT:
                    warnings.append(MAY_APPEAR.format(id=task.id))
            there = [task_id for task_id in there if task_id not in gone]
            if not there:
                break

    def mark_published(self, task_id: int, *, version: int | None = None) -> Task:
        """A person looked: the post of a task of unknown outcome is there. `version` is the one that was seen, None for any.

        Raises:
            NotFound: No such task.
            VersionChanged: It has another version.
            Invalid: Its outcome is not unknown.
        """
        for _ in range(TRIES):
            task = self._get(task_id)
            refuse_other_version(task, version)
            if task.stage is not Stage.FAILED or task.outcome is not Outcome.UNKNOWN:
                raise Invalid(
                    Problem(
                        "",
                        "only a failed task that may be published can be marked as published; "
                        f"task {task_id} is {task.status.name.lower()}, and its outcome is {task.outcome}",
                    )
                )
            try:
                return self._jobs.mover.move(
                    task_id,
                    Stage.PUBLISHED,
                    expect={Stage.FAILED},
                    expect_attempt=task.attempt,
                    still=_may_be_published,
                    error=None,
                    remark="published, as a person confirmed",
                )
            except (StageConflict, UnknownRecord):
                continue
        raise Invalid(Problem("", f"task {task_id} changes too fast to be marked"))

    def _get(self, task_id: int) -> Task:
        task = self._tasks.get(task_id)
        if task is None or task.deleted:
            raise NotFound(Problem("task_id", f"there is no task {task_id}"))
        return task

    @staticmethod
    def _obstacle(task: Task) -> str:
        """Why a task cannot simply be retried, "" when it can."""
        if task.stage not in (Stage.FAILED, Stage.REJECTED):
            return "not_failed"
        return "outcome_unknown" if task.outcome is Outcome.UNKNOWN else ""

    def _retry(self, task: Task, *, confirm: bool = False, at_once: bool = False) -> Task:
        """Let a task wait for another try. Raises _WouldRepeat, and what the mover raises."""
        due_at, step = self._again(task, at_once=at_once)
        with self._jobs.repeats.retrying(task, due_at) as repeats:
            if repeats and not (confirm and all(repeat.task_id for repeat in repeats)):
                raise _WouldRepeat(refusal(task, repeats[-1]))
            known = {*task.confirmed_repeats, *(repeat.task_id for repeat in repeats)}
            step.changes["confirmed_repeats"] = tuple(sorted(known))
            return self._jobs.mover.move(
                task.id, step.to, expect={task.stage}, expect_attempt=task.attempt, **step.changes
            )

    def _retry_some(self, tasks: Sequence[Task], skipped: list[Skipped]) -> list[int]:
        """Let several tasks wait for another try, in one write; what would repeat a post goes to `skipped`."""
        steps: list[tuple[Task, dict[str, Any]]] = []
        with ExitStack() as until_written:
            for task in tasks:
                due_at, step = self._again(task)
                with ExitStack() as own:
                    if own.enter_context(self._jobs.repeats.retrying(task, due_at)):
                        skipped.append(Skipped(task.id, ErrorCode.ALREADY_POSTED))
                        continue
                    until_written.push(own.pop_all())
                steps.append((task, step.changes))
            return [task.id for task in self._jobs.mover.move_each(steps, Stage.SCHEDULED)]

    def _again(self, task: Task, *, at_once: bool = False) -> tuple[float, ending.Step]:
        """When a task that was asked for again is due, and what is set on the way back to waiting."""
        now = self._clock.now()
        if at_once:
            due_at = now
        elif task.scheduled_at > now:
            due_at = task.scheduled_at
        else:
            due_at = now + pause_s(self._posting, self._jobs.uniform)
        step = ending.asked_again(task, due_at, now, at_once=at_once)
        step.changes["interruptions"] = 0
        if not task.username:  # the account is read anew when it runs
            step.changes["account_seen"] = ""
        return due_at, step


class _WouldRepeat(Exception):
    """A retry would post what another task has posted meanwhile."""


def _may_be_published(_: Transaction, task: Task) -> None:
    """Raise StageConflict where it is known by now: a retry that was stopped came in between."""
    if task.outcome is not Outcome.UNKNOWN:
        raise StageConflict(task)
