"""After lost writes, ends each unfinished task that may have been posted as failed with outcome unknown."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

import msgspec

from storage.engine.load import Loaded
from storage.error_codes import ErrorCode
from storage.lists.task_reads import TABLE as TASKS
from storage.records import (
    ENDED,
    PENDING,
    SPENT,
    Account,
    IdempotencyEntry,
    MetaValue,
    Occurrence,
    Outcome,
    PostMark,
    Slot,
    Stage,
    Task,
    TaskError,
    UsageMark,
    Use,
)
from storage.tables.accounts import TABLE as ACCOUNTS
from storage.tables.idempotency import TABLE as ANSWERS
from storage.tables.meta import PAUSES
from storage.tables.meta import TABLE as META
from storage.tables.posts import TABLE as POSTS
from storage.tables.posts import content_of, is_out, mark_of
from storage.tables.slots import OCCURRENCES, SLOTS, key_of
from storage.tables.usage import TABLE as USAGE

_SENTENCE = (
    "The stored state was damaged and later changes of this task may be lost: look whether it was posted"
)


_LOST_TASK = "missed: its task was lost in a restore before it began"
_LOST_POST = "posted; its task was lost in a restore"
_LOST_UNKNOWN = "may have been posted: its task was lost in a restore, look at the account"
_LOST_FAILED = "not posted; its task was lost in a restore"

#: How far the clock may be behind what is stored: it is slewed, and clients' clocks are others.
_SLACK_S = 60.0

#: Ids left out, because tasks that are not known any more may have had them.
_IDS_SKIPPED = 1000


def put_in_doubt(state: Loaded, now: float) -> int:
    """End every task that could have been posted in the lost part as failed with outcome unknown.

    That is an unfinished one whose time has come, and one that the unreadable part is known to have changed, also where
    it had ended without a post: it may have been retried. With a wrong clock it is every unfinished one. Publishing twice
    is worse than asking a person, who can retry or mark each. Returns how many.
    """
    tasks: dict[int, Task] = state.tables.get(TASKS, {})
    newest = _newest(tasks.values())
    come = now if now + _SLACK_S >= newest else math.inf
    touched = state.touched.get(TASKS, set())
    doubtful = [
        task
        for task in tasks.values()
        if (task.outcome not in SPENT and task.id in touched)
        or (task.stage not in ENDED and (task.due_at <= come or task.id in touched))
    ]
    for task in doubtful:
        tasks[task.id] = msgspec.structs.replace(
            task,
            stage=Stage.FAILED,
            outcome=Outcome.UNKNOWN,
            # One that ended in 1970 would leave for the archive before anybody looked.
            finished_at=max(now, newest),
            error=TaskError(ErrorCode.INTERRUPTED, _SENTENCE),
            remark=_SENTENCE,
            waiting_for=None,
            waiting_since=None,
            waiting_detail="",
            waiting_until=None,
            held=False,
        )
    _keep_files(state, doubtful)
    state.next_ids[TASKS] = state.next_ids.get(TASKS, 1) + _IDS_SKIPPED
    _catch_up_nothing(state, max(now, newest))
    if doubtful:
        state.warnings.append(
            f"{len(doubtful)} tasks may have been posted: look at each, then retry or mark it"
        )
    return len(doubtful)


def _catch_up_nothing(state: Loaded, now: float) -> None:
    """What slots had planned up to now may be lost, and posted: it is not caught up with as if it had been missed."""
    slots: dict[int, Slot] = state.tables.get(SLOTS, {})
    for slot_id, slot in slots.items():
        slots[slot_id] = msgspec.structs.replace(slot, catch_up_from=max(slot.catch_up_from, now))
    known: dict[int, Occurrence] = state.tables.get(OCCURRENCES, {})
    for doc_id in [doc_id for doc_id, one in known.items() if one.reason == _LOST_TASK and one.at > now]:
        del known[doc_id]  # it is planned again


def _newest(tasks: Iterable[Task]) -> float:
    """The latest time that any record tells of; a clock before it is wrong (many boxes boot in 1970)."""
    return max((max(task.created_at, task.finished_at or 0.0) for task in tasks), default=0.0)


def heed(state: Loaded, present: Loaded) -> None:
    """Take over from the store that a backup will replace what keeps posts from being made twice.

    That is which of the tasks went on since, which files were used since, which posts went out since, which requests
    were answered since, and which ids were given away since. What a person paused since stays paused.
    """
    tasks: dict[int, Task] = state.tables.get(TASKS, {})
    now: Task
    for doc_id, now in present.tables.get(TASKS, {}).items():
        before = tasks.get(doc_id)
        if before is None or before.created_at != now.created_at:
            continue  # nothing to do with each other: the store of another box
        went_on = (before.stage, before.attempt) != (now.stage, now.attempt)
        # One that had ended, and was retried without a post, may be retried again.
        if went_on and (before.stage not in ENDED or is_out(now)):
            state.touched.setdefault(TASKS, set()).add(doc_id)
    for name, next_id in present.next_ids.items():
        state.next_ids[name] = max(state.next_ids.get(name, 1), next_id)
    _heed_posts(state, present)
    _heed_slots(state, present)
    _heed_answers(state, present)
    _heed_pauses(state, present)
    marks: dict[int, UsageMark] = state.tables.setdefault(USAGE, {})
    known = {(mark.root, mark.sha256): doc_id for doc_id, mark in marks.items()}
    new_id = state.next_ids.get(USAGE, 1)
    for mark in present.tables.get(USAGE, {}).values():
        if mark.use is Use.USED:
            doc_id = known.get((mark.root, mark.sha256), new_id)
            marks[doc_id] = mark
            new_id += doc_id == new_id
    state.next_ids[USAGE] = new_id


def _heed_posts(state: Loaded, present: Loaded) -> None:
    tasks: dict[int, Task] = state.tables.get(TASKS, {})
    posts: dict[int, PostMark] = state.tables.setdefault(POSTS, {})
    known = set(posts.values())
    mark: PostMark
    since: list[PostMark] = []
    for mark in present.tables.get(POSTS, {}).values():
        # A mark that the backup has too is that of an earlier attempt; else it was posted since, and deleted or retried.
        news = mark not in known
        if news:
            since.append(mark)
        before = tasks.get(mark.task_id)
        if before is None:
            continue
        if before.stage not in ENDED or (news and mark.content == content_of(before.materials)):
            state.touched.setdefault(TASKS, set()).add(before.id)
    task: Task
    for task in present.tables.get(TASKS, {}).values():
        made = mark_of(task) if is_out(task) else None
        before = tasks.get(task.id)
        # The backup's task does not know which account was read since, nor that it got another file or time.
        if made is not None and (before is None or mark_of(before) != made):
            since.append(made)
    new_id = max(state.next_ids.get(POSTS, 1), max(posts, default=0) + 1)
    posts.update(enumerate(since, new_id))
    state.next_ids[POSTS] = new_id + len(since)


def _heed_answers(state: Loaded, present: Loaded) -> None:
    """Requests that were answered since: who repeats one gets that answer. One of which nothing had begun is made anew."""
    kept: dict[int, IdempotencyEntry] = state.tables.setdefault(ANSWERS, {})
    known = {entry.key: doc_id for doc_id, entry in kept.items()}
    tasks: dict[int, Task] = present.tables.get(TASKS, {})
    entry: IdempotencyEntry
    taken = 0
    for entry in present.tables.get(ANSWERS, {}).values():
        doc_id = known.get(entry.key, state.next_ids.get(ANSWERS, 1))
        is_new = doc_id not in kept or kept[doc_id].created_at < entry.created_at
        made = [tasks.get(task_id) for task_id in entry.answer.get("task_ids", ())]
        if is_new and not all(map(_never_began, made)):
            state.next_ids[ANSWERS] = max(state.next_ids.get(ANSWERS, 1), doc_id + 1)
            kept[doc_id] = entry
            taken += 1
    if taken:
        state.warnings.append(
            f"{taken} requests came since the backup and had begun to be posted: repeated with the same key, they get "
            "the same answer and make nothing new"
        )


def _never_began(task: Task | None) -> bool:
    return task is not None and task.stage in PENDING and not task.attempt


def _heed_pauses(state: Loaded, present: Loaded) -> None:
    """Pauses that are in force; those of accounts, where the account is the same."""
    kept: dict[int, MetaValue] = state.tables.setdefault(META, {})
    known = {value.key: doc_id for doc_id, value in kept.items()}
    value: MetaValue
    for value in present.tables.get(META, {}).values():
        kind, _, name = value.key.removeprefix(PAUSES).partition(":")
        if not value.key.startswith(PAUSES):
            continue
        if kind == "account" and _account(state, int(name)) != _account(present, int(name)):
            continue
        doc_id = known.get(value.key, state.next_ids.get(META, 1))
        state.next_ids[META] = max(state.next_ids.get(META, 1), doc_id + 1)
        kept[doc_id] = value


def _account(state: Loaded, account_id: int) -> tuple[str, str] | None:
    account: Account | None = state.tables.get(ACCOUNTS, {}).get(account_id)
    return None if account is None else (account.platform, account.username.casefold())


def _heed_slots(state: Loaded, present: Loaded) -> None:
    """Occurrences that were planned since: they are not planned again, and say what became of a task that is lost."""
    kept: dict[int, Occurrence] = state.tables.setdefault(OCCURRENCES, {})
    known = {key_of(occurrence) for occurrence in kept.values()}
    back: dict[int, Task] = state.tables.get(TASKS, {})
    tasks: dict[int, Task] = present.tables.get(TASKS, {})
    occurrence: Occurrence
    for doc_id, occurrence in present.tables.get(OCCURRENCES, {}).items():
        if key_of(occurrence) in known:
            continue
        new_id = doc_id if doc_id not in kept else max(state.next_ids.get(OCCURRENCES, 1), *kept) + 1
        state.next_ids[OCCURRENCES] = max(state.next_ids.get(OCCURRENCES, 1), new_id + 1)
        lost = [tasks[task_id] for task_id in occurrence.task_ids if task_id in tasks and task_id not in back]
        said = {"task_ids": (), "reason": _what_became_of(lost)} if lost else {}
        kept[new_id] = msgspec.structs.replace(occurrence, **said)


def _what_became_of(lost: Collection[Task]) -> str:
    """What an occurrence says whose tasks are gone: the worst that may have happened."""
    if all(task.stage is Stage.SCHEDULED for task in lost):
        return _LOST_TASK
    if any(is_out(task) and task.outcome is not Outcome.PUBLISHED for task in lost):
        return _LOST_UNKNOWN
    return _LOST_POST if any(is_out(task) for task in lost) else _LOST_FAILED


def _keep_files(state: Loaded, doubtful: Collection[Task]) -> None:
    """The files of doubtful tasks count as posted; those of one that had ended without a post were free."""
    marks: dict[int, UsageMark] = state.tables.setdefault(USAGE, {})
    task_ids = {task.id for task in doubtful}
    for doc_id, mark in marks.items():
        if mark.task_id in task_ids:
            marks[doc_id] = msgspec.structs.replace(mark, use=Use.USED)
    known = {(mark.root, mark.sha256) for mark in marks.values()}
    for task in doubtful:
        for file in task.materials:
            if file.root and (file.root, file.sha256) not in known:
                new_id = state.next_ids.get(USAGE, 1)
                state.next_ids[USAGE] = new_id + 1
                marks[new_id] = UsageMark(file.root, file.sha256, Use.USED, task.id)
                known.add((file.root, file.sha256))
