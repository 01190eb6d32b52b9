"""The repeat guard: no account gets the same media twice at one placement unless a person says so (R50).

It is asked when a task is created, retried, claimed, and right before the publishing tap, when the account is known. What
counts is what is published, may be published, or is to come, also when its task was deleted since.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum

import msgspec

from jobs.hub.clock import Clock
from jobs.hub.settings import Posting
from jobs.pace.whose import Whose
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode
from storage.records import PostMark, Task, Use
from storage.store import Store
from storage.tables.posts import Place, account_place, phone_place, places_of, post_of


class Repeat(msgspec.Struct, frozen=True):
    """Another task with the same media: which, and one sentence to follow the name of the account."""

    task_id: int  #: 0 for a request that is just being carried out
    sentence: str
    refused: bool = True  #: near enough to be refused; else worth a warning only


class Moment(Enum):
    """When the guard is asked: other posts that are to come count only before a task has its turn."""

    CREATE = "create"
    RETRY = "retry"
    CLAIM = "claim"
    COMMIT = "commit"


class _Passing(msgspec.Struct, frozen=True):
    """A post that was asked about and is not stored yet."""

    post: PostMark
    moment: Moment


class _Question(msgspec.Struct, frozen=True):
    """What is asked of every other post."""

    moment: Moment
    now: float
    window_s: float
    warn_s: float
    task: Task | None  #: None while it is about to be created


_Taken = tuple[tuple[str, Place], _Passing]


class Repeats:
    """Finds repeats, and keeps two tasks from passing at the same time. Thread-safe."""

    def __init__(self, store: Store, clock: Clock, posting: Posting) -> None:
        self._whose = Whose(store, posting)
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self.passing: dict[tuple[str, Place], list[_Passing]] = {}

    @property
    def posting(self) -> Posting:
        """Replaced at a reload."""
        return self._whose.posting

    @posting.setter
    def posting(self, posting: Posting) -> None:
        self._whose.posting = posting

    # --- the four questions

    @contextmanager
    def creating(self, posts: Sequence[PostMark], forced: Sequence[bool]) -> Iterator[dict[int, Repeat]]:
        """The repeats among posts that are about to be created, by position, for as long as it takes to store them.

        `forced` says of each post whether it is to be created all the same. One that stands twice among `posts`, at
        times that are near enough, repeats itself.
        """
        mine: dict[tuple[str, Place], list[PostMark]] = {}
        with self._lock:
            found = {}
            for index, post in enumerate(posts):
                bound = self._bound(post)
                repeats = self._repeats(post, Moment.CREATE, bound=bound)
                repeats += self._twice(post, mine, bound)
                if repeats:
                    found[index] = max(
                        repeats, key=lambda repeat: (repeat.refused, repeat.task_id or 1 << 62)
                    )
            created = all(forced[index] or not repeat.refused for index, repeat in found.items())
            taken = self._take(posts, Moment.CREATE) if created else []
        try:
            yield found
        finally:
            self._give_back(taken)

    @contextmanager
    def retrying(self, task: Task, due_at: float) -> Iterator[list[Repeat]]:
        """What a retry of this task, to start at `due_at`, would repeat."""
        with self._asked(task, post_of(task, planned_at=due_at), Moment.RETRY) as found:
            yield found

    def at_claim(self, task: Task) -> Repeat | None:
        """What a task whose turn has come would repeat."""
        with self._asked(task, post_of(task), Moment.CLAIM) as found:
            return found[-1] if found else None

    @contextmanager
    def committing(self, task: Task) -> Iterator[None]:
        """Right before the publishing tap; `task` says which account was seen.

        Raises:
            ScriptFailed: `already_posted`.
        """
        with self._asked(task, post_of(task), Moment.COMMIT) as found:
            if found:
                last = found[-1]
                raise ScriptFailed(
                    ErrorCode.ALREADY_POSTED, refusal(task, last), step="commit", passing=not last.task_id
                )
            yield

    # --- inside

    @contextmanager
    def _asked(self, task: Task, post: PostMark, moment: Moment) -> Iterator[list[Repeat]]:
        found: list[Repeat] = []
        taken: list[_Taken] = []
        if self.posting.duplicate_window_minutes and task.materials:
            bound = self._bound(post)
            with self._lock:
                if not task.forced:
                    repeats = self._repeats(post, moment, bound=bound, task=task)
                    found = [repeat for repeat in repeats if repeat.refused]
                    found += self._used_files(task, moment)
                    found = [repeat for repeat in found if repeat.task_id not in task.confirmed_repeats]
                if moment is not Moment.CLAIM:
                    taken = self._take([post], moment)
        try:
            yield found
        finally:
            self._give_back(taken)

    def _take(self, posts: Iterable[PostMark], moment: Moment) -> list[_Taken]:
        """Let others see these posts until they are stored; under the lock."""
        taken = [
            ((post.content, place), _Passing(post, moment))
            for post in posts
            if post.content
            for place in places_of(post)
        ]
        for key, passing in taken:
            self.passing.setdefault(key, []).append(passing)
        return taken

    def _give_back(self, taken: Sequence[_Taken]) -> None:
        with self._lock:
            for key, mine in taken:
                left = [other for other in self.passing[key] if other is not mine]
                if left:
                    self.passing[key] = left
                else:
                    del self.passing[key]

    def _is_passing(self, post: PostMark, place: Place, moment: Moment) -> bool:
        """Whether another post like this one is just being stored, or just before its tap."""
        return any(
            _same(post, other.post, only_unread=False)
            and (moment is not Moment.COMMIT or other.moment is Moment.COMMIT)
            for other in self.passing.get((post.content, place), ())
        )

    def _repeats(
        self, post: PostMark, moment: Moment, *, bound: Sequence[str], task: Task | None = None
    ) -> list[Repeat]:
        """Every other post with the same content, account and placement that is near enough, by task id."""
        window_s = self.posting.duplicate_window_minutes * 60
        warn_s = self.posting.duplicate_warning_hours * 3600 if moment is Moment.CREATE else 0.0
        if not post.content or not (window_s or warn_s):
            return []
        asked = _Question(moment, self._clock.now(), window_s, warn_s, task)
        found: list[Repeat] = []
        for place, only_unread in _where(post, moment, bound):
            others = self._store.tasks.posts(post.content, [place])
            found += [
                repeat
                for other in others
                if _same(post, other, only_unread=only_unread)
                and (repeat := _judge(post, other, asked)) is not None
            ]
            if moment is not Moment.CLAIM and self._is_passing(post, place, moment):
                found.append(
                    Repeat(0, "is being given the same media by another request just now", bool(window_s))
                )
        found.sort(key=lambda repeat: repeat.refused)  # of one task the nearest post counts
        return sorted(
            {repeat.task_id: repeat for repeat in found}.values(), key=lambda r: r.task_id or 1 << 62
        )

    def _twice(
        self, post: PostMark, mine: dict[tuple[str, Place], list[PostMark]], bound: Sequence[str]
    ) -> list[Repeat]:
        """The repeat of an earlier post of the same request; `mine` has those, and takes this one up."""
        window_s = self.posting.duplicate_window_minutes * 60
        if not post.content or not window_s:
            return []
        twice = any(
            _same(post, other, only_unread=only_unread)
            and abs(post.planned_at - other.planned_at) <= window_s
            for place, only_unread in _where(post, Moment.CREATE, bound)
            for other in mine.get((post.content, place), ())
        )
        for place in places_of(post):
            mine.setdefault((post.content, place), []).append(post)
        return [Repeat(0, "is given the same media twice by this request")] if twice else []

    def _used_files(self, task: Task, moment: Moment) -> list[Repeat]:
        """Files of a folder or of the library that another task has used, or is about to use, meanwhile."""
        counts = {Use.USED, Use.RESERVED} if moment is Moment.RETRY else {Use.USED}
        found = []
        for file in task.materials:
            mark = self._store.usage.holder(file.root, file.sha256) if file.root else None
            if mark is not None and mark.task_id != task.id and mark.use in counts:
                done = "has used" if mark.use is Use.USED else "is to use"
                found.append(
                    Repeat(
                        mark.task_id, f'is not the next: task {mark.task_id} {done} "{file.name}" meanwhile'
                    )
                )
        return found

    def _bound(self, post: PostMark) -> list[str]:
        """The enabled accounts that live in the post's app on its phone."""
        return [account.username for account in self._whose.living(post.serial, post.package)]


def refusal(task: Task, repeat: Repeat) -> str:
    """Why a task does not post, as one sentence."""
    name = task.account_known
    whom = f"@{name}" if name else f"the account on {task.serial}"
    return f"{whom} {repeat.sentence}; confirm the retry to post it all the same"


def _where(post: PostMark, moment: Moment, bound: Sequence[str]) -> Iterator[tuple[Place, bool]]:
    """Where to look, and whether there only posts count of which it is not known whose they are.

    The account is the one that was read before the tap; before that the one that the task names; else the only one that
    lives in this app on this phone; else whichever is current there.
    """
    phone = phone_place(post.serial, post.package)
    known = post.username or (post.account_seen if moment is Moment.COMMIT else "")
    if known:
        yield account_place(post.platform, known), False
        if not bound or [name.casefold() for name in bound] == [known.casefold()]:
            yield phone, True
        return
    yield phone, False
    names = {
        name.casefold(): name for name in (*(bound if len(bound) == 1 else ()), post.account_seen) if name
    }
    for name in names.values():
        yield account_place(post.platform, name), False


def _same(post: PostMark, other: PostMark, *, only_unread: bool) -> bool:
    if other is post or (other.task_id and other.task_id == post.task_id):
        return False
    if only_unread and (other.username or other.account_seen):
        return False
    return other.placement == post.placement or not other.placement or not post.placement


def _judge(post: PostMark, other: PostMark, asked: _Question) -> Repeat | None:
    """Whether another post is near enough to make this one a repeat."""
    moment, now, task = asked.moment, asked.now, asked.task
    out = other.ended_at is not None
    if not out and moment in {Moment.CLAIM, Moment.COMMIT}:
        return None  # that one will be asked in its turn
    times = [other.planned_at] if other.ended_at is None else [other.planned_at, other.ended_at]
    if out or other.at_once:  # whatever the clock says by now, it does not lie ahead
        times = [min(at, now) for at in times]
    planned = [post.planned_at]
    if moment in {Moment.CLAIM, Moment.COMMIT}:
        times = [other.planned_at]  # two days that were planned apart stay apart, however late a phone is
    if task is not None:
        planned.append(task.scheduled_at)
    distance_s = min(abs(at - mine) for at in times for mine in planned)
    refused = bool(asked.window_s) and distance_s <= asked.window_s
    if task is not None and out and (moment is Moment.RETRY or _was_asked_again(task)):
        # It was posted since this task was created or had its time: the retry would be the second one.
        late = (other.ended_at or 0.0) >= task.scheduled_at - asked.window_s
        refused = refused or other.task_id > task.id or late
    if not refused and distance_s > asked.warn_s:
        return None
    at = max(times)
    when = f" {ago(now - at)} ago" if at <= now else f", to be posted in {ago(at - now)}"
    return Repeat(other.task_id, f"was given the same media{when} (task {other.task_id})", refused)


def _was_asked_again(task: Task) -> bool:
    """Whether it starts at another time than the one that it was planned for; one that never ran counts no retry."""
    return task.retry_count > 0 or task.due_at != task.scheduled_at


def ago(seconds: float) -> str:
    """A span of time in its largest unit."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count = int(seconds // size)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "a moment"
