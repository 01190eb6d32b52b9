"""Which posts are out, may be out, or are to come: found by their content and account, also after their task left the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.records import AFTER_COMMIT, ENDED, SPENT, MediaFile, NewTask, PostMark, Task
from storage.tables.table import Table

TABLE = "posts"

#: Where a post goes: (platform, account) where the account is known, else (phone, app).
Place = tuple[str, str]


def account_place(platform: str, username: str) -> Place:
    """The place of an account that is known by name."""
    return f"@{platform}", username.casefold()


def phone_place(serial: str, package: str) -> Place:
    """The place of whichever account is current in an app on a phone."""
    return serial, package


def content_of(materials: Sequence[MediaFile]) -> str:
    """One digest for what a post shows, in whatever order; "" when it shows nothing."""
    if len(materials) == 1:
        return materials[0].sha256
    digests = sorted({file.sha256 for file in materials})
    if len(digests) <= 1:
        return "".join(digests)
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def places_of(post: Task | PostMark) -> list[Place]:
    """The places at which this post is found."""
    if post.username:
        return [account_place(post.platform, post.username)]
    places = [phone_place(post.serial, post.package)]
    if post.account_seen:
        places.append(account_place(post.platform, post.account_seen))
    return places


def is_out(task: Task) -> bool:
    """Whether the task's post is published or may be."""
    return task.stage in AFTER_COMMIT or task.outcome in SPENT


def post_of(task: NewTask, *, planned_at: float | None = None) -> PostMark:
    """A task, also one that is not stored yet, as its post; `planned_at` where that is another time than the task's."""
    task_id, seen, due_at = 0, "", task.scheduled_at
    if isinstance(task, Task):
        task_id, seen, due_at = task.id, task.account_seen, task.due_at
    return PostMark(
        task_id=task_id,
        content=content_of(task.materials),
        placement=task.placement,
        platform=task.platform,
        serial=task.serial,
        package=task.package,
        username=task.username,
        account_seen=seen,
        planned_at=due_at if planned_at is None else planned_at,
    )


def mark_of(task: Task) -> PostMark | None:
    """The task as a post; None when it shows nothing and never will without a retry."""
    out = is_out(task)
    if not task.materials or (task.stage in ENDED and not out):
        return None
    return msgspec.structs.replace(
        post_of(task),
        ended_at=(task.finished_at or task.started_at or task.due_at) if out else None,
        at_once=task.due_at <= task.created_at,
    )


class PostStore(Table[PostMark]):
    """Marks of posts whose tasks were deleted, moved to the archive or retried: one for each attempt that may have posted."""

    name = TABLE

    def __init__(self, storage: JournalStorage) -> None:
        super().__init__(storage)
        self._ids: dict[tuple[str, Place], list[int]] = {}
        storage.listen(TABLE, self._update)

    def _update(self, changes: Sequence[tuple[int, PostMark | None, PostMark | None]]) -> None:
        for doc_id, before, now in changes:
            if before is not None:
                for place in places_of(before):
                    ids = self._ids[before.content, place]
                    ids.remove(doc_id)
                    if not ids:
                        del self._ids[before.content, place]
            if now is not None:
                for place in places_of(now):
                    self._ids.setdefault((now.content, place), []).append(doc_id)

    def find(self, content: str, places: Iterable[Place]) -> list[PostMark]:
        """The marks with this content at any of the places; the caller holds the state lock."""
        found = {doc_id for place in places for doc_id in self._ids.get((content, place), ())}
        return [self._records[doc_id] for doc_id in sorted(found)]

    def expire(self, before: float) -> int:
        """Drop the marks of posts that ended before this time; returns how many."""
        return self._drop(lambda mark: (mark.ended_at or 0.0) < before)


def keep_mark(change: Transaction, task: Task) -> None:
    """Within a change that removes the task or lets it try again: remember its post, if it is or may be out.

    Each attempt has a mark of its own: the account may have got each.
    """
    mark = mark_of(task)
    if mark is not None and mark.ended_at is not None:
        change.put(TABLE, change.new_id(TABLE), mark)
