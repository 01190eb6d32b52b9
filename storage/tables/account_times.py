"""When accounts have posted and are to post: found by account, or by phone and app, without a walk over all tasks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence

from storage.engine.durable import JournalStorage
from storage.lists.task_reads import TABLE as TASKS
from storage.records import AFTER_COMMIT, PENDING, SPENT, PostMark, Task
from storage.tables.posts import TABLE as POSTS
from storage.tables.posts import Place, places_of

#: The time of a post whose tap may have been sent and whose end is not known yet.
UNDER_WAY = float("inf")

#: As many new tasks at once are taken in together.
_MANY = 1000

#: When, and the task that it was or is to be.
Time = tuple[float, int]


def unread_place(serial: str, package: str) -> Place:
    """The place of posts in an app on a phone of which it is not known whose they are."""
    return f"?{serial}", package


class AccountTimes:
    """Kept right by the changes of the store: posts that are or may be out, and tasks that are to run."""

    def __init__(self, storage: JournalStorage) -> None:
        self._storage = storage
        self._posted: dict[Place, list[Time]] = {}
        self._planned: dict[Place, list[Time]] = {}
        storage.listen(TASKS, self._update_tasks)
        storage.listen(POSTS, self._update_marks)

    def posted(self, places: Iterable[Place], since: float) -> set[Time]:
        """Posts at any of the places that ended at `since` or later, those under way among them."""
        return self._from(self._posted, places, since)

    def planned(self, places: Iterable[Place], since: float) -> set[Time]:
        """Tasks for any of the places that have not begun, with the time from which they may, from `since` on."""
        return self._from(self._planned, places, since)

    def last_posted(self, places: Iterable[Place]) -> float | None:
        """When the newest post at any of the places ended; None where there is none."""
        with self._storage.state_lock:
            found = [times[-1][0] for place in places if (times := self._posted.get(place))]
        return max(found, default=None)

    def latest(self, at: float) -> dict[Place, list[Time]]:
        """Of each place the last post that ended by then, and those after it."""
        with self._storage.state_lock:
            return {
                place: times[max(0, bisect_right(times, (at, 1 << 62)) - 1) :]
                for place, times in self._posted.items()
            }

    def next_planned(self, places: Iterable[Place]) -> Time | None:
        """The first task that has not begun for any of the places."""
        with self._storage.state_lock:
            found = [times[0] for place in places if (times := self._planned.get(place))]
        return min(found, default=None)

    def posted_after(self, at: float) -> set[Time]:
        """Every post that ended after this time. Asks each place, not each task."""
        with self._storage.state_lock:
            places = list(self._posted)
        return {(when, task_id) for when, task_id in self.posted(places, at) if when != at}

    def _from(self, index: dict[Place, list[Time]], places: Iterable[Place], since: float) -> set[Time]:
        found: set[Time] = set()
        with self._storage.state_lock:
            for place in places:
                times = index.get(place)
                if times:
                    found.update(times[bisect_left(times, (since, -1)) :])
        return found

    # --- called by the storage under its state lock

    def _update_tasks(self, changes: Sequence[tuple[int, Task | None, Task | None]]) -> None:
        if len(changes) >= _MANY and not self._posted and not self._planned:
            self._load([now for _, _, now in changes if now is not None])
            return
        for _, before, now in changes:
            self._replace(self._posted, _ended_at, before, now)
            self._replace(self._planned, _starts_at, before, now)

    def _load(self, tasks: Iterable[Task]) -> None:
        """What a start reads: each list is sorted once."""
        for task in tasks:
            ended, starts = _ended_at(task), _starts_at(task)
            if ended is None and starts is None:
                continue
            for place in places_of_post(task):
                if ended is not None:
                    self._posted.setdefault(place, []).append((ended, task.id))
                if starts is not None:
                    self._planned.setdefault(place, []).append((starts, task.id))
        for index in (self._posted, self._planned):
            for times in index.values():
                times.sort()

    @staticmethod
    def _replace(
        index: dict[Place, list[Time]],
        time_of: Callable[[Task], float | None],
        before: Task | None,
        now: Task | None,
    ) -> None:
        was = None if before is None else time_of(before)
        comes = None if now is None else time_of(now)
        if before is not None and now is not None and was == comes and _same(before, now):
            return
        if before is not None and was is not None:
            for place in places_of_post(before):
                _drop(index, place, (was, before.id))
        if now is not None and comes is not None:
            for place in places_of_post(now):
                _add(index, place, (comes, now.id))

    def _update_marks(self, changes: Sequence[tuple[int, PostMark | None, PostMark | None]]) -> None:
        for _, before, now in changes:
            for mark, put in ((before, _drop), (now, _add)):
                if mark is not None and mark.ended_at is not None:
                    for place in places_of_post(mark):
                        put(self._posted, place, (mark.ended_at, mark.task_id))


def _ended_at(task: Task) -> float | None:
    """When the task's post ended; None of one that is not out."""
    if task.stage in AFTER_COMMIT:
        return UNDER_WAY
    if task.outcome not in SPENT:
        return None
    return task.finished_at or task.started_at or task.due_at


def _starts_at(task: Task) -> float | None:
    """When a pending task may start; None of others, and of one that is held."""
    return task.due_at if task.stage in PENDING and not task.held else None


def places_of_post(post: Task | PostMark) -> list[Place]:
    """The places at which a post, or the task that is to make it, is found."""
    unread = not post.username and not post.account_seen
    return [*places_of(post), *([unread_place(post.serial, post.package)] if unread else [])]


def _same(before: Task, now: Task) -> bool:
    return (before.username, before.account_seen, before.serial, before.platform, before.package) == (
        now.username,
        now.account_seen,
        now.serial,
        now.platform,
        now.package,
    )


def _add(index: dict[Place, list[Time]], place: Place, time: Time) -> None:
    times = index.setdefault(place, [])
    if not times or times[-1] < time:
        times.append(time)
    else:
        insort(times, time)


def _drop(index: dict[Place, list[Time]], place: Place, time: Time) -> None:
    times = index.get(place, [])
    at = bisect_left(times, time)
    if at < len(times) and times[at] == time:
        del times[at]
        if not times:
            del index[place]
