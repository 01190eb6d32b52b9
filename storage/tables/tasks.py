"""The task store: typed, durable, safe for all threads. How tasks are stored and changed; how they are found: `task_reads`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import msgspec

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.errors import InvalidRecord, StageConflict, UnknownRecord
from storage.lists.task_reads import TABLE, TaskReads
from storage.records import (
    ENDED,
    SPENT,
    IdempotencyEntry,
    NewTask,
    Stage,
    Status,
    Task,
    Use,
    Waiting,
)
from storage.tables.idempotency import IdempotencyStore
from storage.tables.posts import PostStore, keep_mark
from storage.tables.task_rules import counted, may_wait_for
from storage.tables.usage import UsageStore

_CHANGEABLE = frozenset(Task.__struct_fields__) - {"id"}

#: Tasks whose reason to wait is set while readers wait.
_LABELS_AT_ONCE = 500

_encode = msgspec.json.Encoder().encode


def _text(new: NewTask) -> bytes:
    try:
        return _encode(new)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidRecord(f"the task cannot be stored: {error}") from error


#: Why a pending task waits, since when, one sentence about it, and until when where that is known.
WaitingFacts = (
    tuple[Waiting | None, float | None, str] | tuple[Waiting | None, float | None, str, float | None]
)

#: Asked about a task within the write that is to change it; raises what keeps it from being changed.
Check = Callable[[Transaction, Task], None]


class TaskStore(TaskReads):
    """All tasks that are kept in memory. Records are immutable; a change stores a changed copy."""

    def __init__(
        self, storage: JournalStorage, usage: UsageStore, idempotency: IdempotencyStore, posts: PostStore
    ) -> None:
        super().__init__(storage, posts)
        self._usage = usage
        self._idempotency = idempotency

    def create(
        self,
        new: Sequence[NewTask],
        *,
        idempotency: Callable[[list[Task]], IdempotencyEntry] | None = None,
        beside: Callable[[Transaction, list[Task]], None] | None = None,
    ) -> list[Task]:
        """Store tasks, the reservation of their files and the idempotency entry: all or nothing, one write.

        `beside` may write more into the same change, or raise to have nothing written.

        Raises:
            StoreFull: there is no room for new tasks.
            InvalidRecord: a field has a type that cannot be stored.
        """

        def action(change: Transaction) -> list[Task]:
            tasks = [self._insert(change, task) for task in new]
            if idempotency is not None:
                self._idempotency.put(change, idempotency(tasks))
            if beside is not None:
                beside(change, tasks)
            return tasks

        return self._storage.commit(action, essential=False)

    def _insert(self, change: Transaction, new: NewTask) -> Task:
        # Added to the text, not to a second struct: a new task is written and read once, nothing else.
        task_id = change.new_id(TABLE)
        waits = b',"waiting_for":"time"' if new.stage is Stage.SCHEDULED else b""
        more = b'"id":%d,"due_at":%b,"waiting_since":%b%b' % (
            task_id,
            _encode(new.scheduled_at),
            _encode(new.created_at),
            waits,
        )
        text = b"%b,%b}" % (_text(new)[:-1], more)
        task: Task = change.put_text(TABLE, task_id, text)
        self._usage.mark(change, task, Use.RESERVED)
        return task

    def change(
        self,
        task_id: int,
        *,
        expect: Collection[Stage] | None = None,
        expect_attempt: int | None = None,
        expect_version: int | None = None,
        still: Check | None = None,
        **changes: Any,
    ) -> Task:
        """Change fields of a task if it still is what the caller believes; durable when this returns.

        The marks of its files follow its stage: used or free at an end, reserved again when it goes back to waiting.

        Args:
            task_id: Which task.
            expect: Stages, one of which it must be in.
            expect_attempt: The attempt it must be in.
            expect_version: The version it must have.
            still: Asked within the write, with the task as it is by then; what it raises keeps it from being written.
            **changes: New values of fields of `Task`.

        Raises:
            UnknownRecord: no such task.
            StageConflict: stage, attempt or version is another; carries the task as it is.
            StoreFull, StoreFailed: not written, nothing has changed.
        """
        unknown = changes.keys() - _CHANGEABLE
        if unknown:
            raise InvalidRecord(f"a task has no field {', '.join(sorted(unknown))} that could be changed")

        def action(change: Transaction) -> Task:
            task: Task | None = change.get(TABLE, task_id)
            if task is None:
                raise UnknownRecord(TABLE, task_id)
            if (
                (expect is not None and task.stage not in expect)
                or expect_attempt not in {None, task.attempt}
                or expect_version not in {None, task.version}
            ):
                raise StageConflict(task)
            if still is not None:
                still(change, task)
            changed: Task = change.put(
                TABLE, task_id, counted(task, msgspec.structs.replace(task, **changes))
            )
            self._follow(change, task, changed)
            return changed

        return self._storage.commit(action)

    def change_each(
        self,
        changes: Mapping[int, Mapping[str, Any]],
        *,
        expect: Collection[Stage],
        as_seen: Iterable[Task] = (),
    ) -> list[Task]:
        """Change several tasks, each in its own way, in one write; those not in a stage of `expect` stay as they are.

        Args:
            changes: Task id -> new values of fields of `Task`.
            expect: Stages, one of which a task must be in.
            as_seen: Tasks that stay as they are, too, when their attempt or version is another by now.

        Returns:
            The tasks that were changed, in the order asked for.

        Raises:
            StoreFull, StoreFailed: not written, nothing has changed.
        """
        wanted = {task.id: (task.attempt, task.version) for task in as_seen}

        def action(change: Transaction) -> list[Task]:
            done = []
            for task_id, news in changes.items():
                task: Task | None = change.get(TABLE, task_id)
                if task is None or task.stage not in expect:
                    continue
                if wanted.get(task_id, (task.attempt, task.version)) == (task.attempt, task.version):
                    new = counted(task, msgspec.structs.replace(task, **news))
                    changed: Task = change.put(TABLE, task_id, new)
                    self._follow(change, task, changed)
                    done.append(changed)
            return done

        return self._storage.commit(action) if changes else []

    def _follow(self, change: Transaction, before: Task, now: Task) -> None:
        if before.materials != now.materials and now.stage not in ENDED:
            self._usage.mark(change, before, Use.FREE)
            self._usage.mark(change, now, Use.RESERVED)
        if before.stage is now.stage and before.outcome is now.outcome:
            return
        if now.stage in ENDED:
            self._usage.mark(change, now, Use.USED if now.outcome in SPENT else Use.FREE)
        elif before.stage in ENDED:
            # What it may have posted stays known, whoever says that it has not, and whatever becomes of the retry.
            keep_mark(change, before)
            self._usage.mark(change, now, Use.RESERVED)

    def remove(self, task_ids: Iterable[int], *, expect: Collection[Stage] | None = None) -> list[int]:
        """Remove tasks for good and free files they only reserved; returns the ids of those removed.

        Tasks in another stage than those of `expect` stay. What they posted, or may have, stays known (`posts`).
        """
        wanted = list(task_ids)
        if not wanted:
            return []
        return self._storage.commit(lambda change: self.remove_within(change, wanted, expect=expect))

    def remove_within(
        self, change: Transaction, task_ids: Iterable[int], *, expect: Collection[Stage] | None = None
    ) -> list[int]:
        """`remove` as a part of another change."""
        removed = []
        for task_id in dict.fromkeys(task_ids):
            task: Task | None = change.get(TABLE, task_id)
            if task is not None and (expect is None or task.stage in expect):
                change.remove(TABLE, task_id)
                keep_mark(change, task)
                if task.stage not in ENDED:
                    self._usage.mark(change, task, Use.FREE)
                removed.append(task_id)
        return removed

    def set_waiting(self, updates: Mapping[int, WaitingFacts]) -> None:
        """Say why pending tasks wait; in memory only, as it is worked out again after a restart."""

        def apply(some: Iterable[tuple[int, WaitingFacts]], tasks: dict[int, Task]) -> None:
            for task_id, (reason, since, detail, *until) in some:
                task = tasks.get(task_id)
                if task is not None and task.status is Status.PENDING and may_wait_for(task, reason):
                    tasks[task_id] = msgspec.structs.replace(
                        task,
                        waiting_for=reason,
                        waiting_since=since,
                        waiting_detail=detail,
                        waiting_until=until[0] if until else None,
                    )

        left = iter(updates.items())
        while some := list(islice(left, _LABELS_AT_ONCE)):
            self._storage.replace_in_memory(TABLE, partial(apply, some))

    def set_remark(self, task_id: int, remark: str) -> None:
        """Say what a running task does just now; in memory only, as the step log tells it for good."""

        def apply(tasks: dict[int, Task]) -> None:
            task = tasks.get(task_id)
            if task is not None and task.status is Status.RUNNING:
                tasks[task_id] = msgspec.structs.replace(task, remark=remark)

        self._storage.replace_in_memory(TABLE, apply)
