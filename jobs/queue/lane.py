"""A lane: what waits for one phone, in groups that the same account lets start or holds back."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from jobs.pace.hold import Hold, Line
from jobs.queue.turn import ReadTurn
from jobs.queue.waiting import Why
from storage.records import Stage, Task, Waiting
from storage.tables.tasks import TaskStore

#: App and account: whatever holds one task of a group back holds all of it.
GroupKey = tuple[str, str, str]
#: Start time and id.
Post = tuple[float, int]


def group_of(task: Task) -> GroupKey:
    """The group of a task: by its account, or by the one that the app showed."""
    name = f"@{task.username}" if task.username else task.account_seen
    return task.platform, task.package, name.casefold()


@dataclass(eq=False)
class Group:
    """Posts of one account that wait for the phone, and why those last said to wait do."""

    posts: list[Post] = field(default_factory=list)  #: by start time and id
    unlabelled: set[int] = field(default_factory=set)  #: tasks that were told nothing yet
    hold: Hold | None = None  #: why none of them may start, whatever the phone does
    asked: tuple[Hold | None, int] = (None, 0)  #: the hold and the number of posts for which `line` was asked
    line: Line | None = None  #: what the hold means for the first posts, and for those behind them
    said: Hold | None = None  #: what was last given to all but those of `told`
    told: dict[int, Hold] = field(default_factory=dict)  #: the first posts, and what each was told


class _Place(NamedTuple):
    """Where a task stands in the lane."""

    key: GroupKey
    post: Post


class Lane:
    """Looks for lost posts, then posts by start time and id, and reads when they were asked for."""

    def __init__(self, serial: str) -> None:
        self.serial = serial
        self.looks: list[int] = []
        self.reads: list[ReadTurn] = []
        self.groups: dict[GroupKey, Group] = {}
        self.reason: Hold | None = None  #: why nothing here may start, as last found
        self.not_before = float("-inf")  #: monotonic; the phone was gone at the door a moment ago
        self.door = ""  #: why
        self._news = True  #: since those that wait were last told why: who waits, or what holds them back
        self._places: dict[int, _Place] = {}
        #: Task ids that `sweep` has still to look at, and how many it looks at in one turn.
        self._unswept: list[int] = []
        self._swept_at_once = 1

    def __bool__(self) -> bool:
        return bool(self.looks or self._places or self.reads)

    def __len__(self) -> int:
        """How many posts wait."""
        return len(self._places)

    def __contains__(self, task_id: int) -> bool:
        return task_id in self._places

    # --- posts that come and go

    def add(self, task: Task) -> None:
        """A queued task; one that is known takes the place that it has by now."""
        place = _Place(group_of(task), (task.scheduled_at, task.id))
        if self._places.get(task.id) == place:
            return
        key, post = place
        self.remove(task.id)
        self._places[task.id] = place
        self._news = True
        group = self.groups.setdefault(key, Group())
        insort(group.posts, post)
        group.unlabelled.add(task.id)

    def say_again(self, task_id: int) -> None:
        """The task was told nothing, or forgot it."""
        self._news = True
        self.groups[self._places[task_id].key].unlabelled.add(task_id)

    def remove(self, task_id: int) -> None:
        """A post that is gone, if it was here."""
        place = self._places.pop(task_id, None)
        if place is not None:
            self._news = True
            group = self.groups[place.key]
            group.unlabelled.discard(task_id)
            group.told.pop(task_id, None)
            del group.posts[bisect_left(group.posts, place.post)]
            if not group.posts:
                del self.groups[place.key]

    def refresh(self, tasks: TaskStore, task_ids: Iterable[int]) -> None:
        """These were changed: forget what was stopped, deleted, held or given to another phone, and mend the order."""
        for task_id in task_ids:
            if task_id in self._places:
                if task := self._here(tasks, task_id):
                    self.add(task)
                else:
                    self.remove(task_id)

    def sweep(self, tasks: TaskStore, parts: int) -> None:
        """Forget tasks that no longer wait here, also where no change was heard of. Each call looks at one of `parts` parts of them."""
        if not self._unswept:
            self._unswept = list(self._places)
            self._swept_at_once = max(1, -(-len(self._unswept) // parts))
        part = self._unswept[-self._swept_at_once :]
        del self._unswept[-self._swept_at_once :]
        for task_id in part:
            if task_id in self._places and self._here(tasks, task_id) is None:
                self.remove(task_id)

    def _here(self, tasks: TaskStore, task_id: int) -> Task | None:
        """The task, if it waits for this phone."""
        task = tasks.get(task_id)
        return (
            task if task is not None and task.stage is Stage.QUEUED and task.serial == self.serial else None
        )

    # --- whose turn it is

    def ask(
        self,
        tasks: TaskStore,
        why: Callable[[Task], Hold | None],
        line: Callable[[Task, Hold, int], Line],
        heads: int,
    ) -> None:
        """Ask of each group whether it is held back, by its first task, and where that is news the reasons of its first `heads`."""
        for group in self.groups.values():
            task = tasks.get(group.posts[0][1])
            hold = None if task is None else why(task)
            asked = (hold, min(len(group.posts), heads))
            if asked != group.asked:
                group.asked, self._news = asked, True
                group.line = None if task is None or hold is None else line(task, hold, asked[1])
            if group.hold is not group.asked[0]:
                group.hold, self._news = group.asked[0], True

    def hold_back(self, group: Group, hold: Hold) -> None:
        """A group turned out to be held back when its turn came."""
        group.hold, self._news = hold, True

    def firsts(self) -> list[tuple[Post, Group]]:
        """The first post of each group that nothing holds back, by start time and id."""
        found = [(group.posts[0], group) for group in self.groups.values() if group.hold is None]
        return sorted(found, key=lambda one: one[0])

    @property
    def head(self) -> tuple[int, float, int]:
        """Sorts lanes by whose turn a free slot is."""
        if self.looks:
            return 0, 0.0, self.looks[0]
        firsts = self.firsts()
        if self.read_before(firsts):
            return 1, self.reads[0].asked_at, 0
        return (1, *firsts[0][0]) if firsts else (2, 0.0, 0)

    def read_before(self, firsts: list[tuple[Post, Group]]) -> bool:
        """A read waits, and no post that may start was due before it was asked for."""
        return bool(self.reads) and (not firsts or self.reads[0].asked_at < firsts[0][0][0])

    def wake_at(self) -> Iterator[float]:
        """When holds end whose end is known, in seconds since the epoch."""
        return (
            group.hold.until for group in self.groups.values() if group.hold and group.hold.until is not None
        )

    # --- what those that wait are told

    def labels(self, reason: Hold | None, behind: Hold | None, heads: int) -> Iterator[Why]:
        """Why each waits, where that is news.

        Args:
            reason: Why nothing here may start; the first `heads` posts that nothing else holds back are told so.
            behind: What those behind them are told instead.
            heads: How many get the exact reason.
        """
        if reason == self.reason and not self._news:
            return
        self._news = False
        first = self._heads(heads)
        for group in self.groups.values():
            exactly: dict[int, Hold] = {}
            rest = behind
            if group.hold is not None:
                # A breaker may have put another hold in the place of the one that was asked about.
                line = group.line if group.hold is group.asked[0] else None
                of_first, rest = line or ((), group.hold)
                exactly = {post[1]: hold for post, hold in zip(group.posts, of_first, strict=False)}
            elif reason is not None:
                exactly = {post[1]: reason for post in group.posts[:heads] if post[1] in first}
            if rest is None:
                group.said = None
                group.told.clear()
                continue
            for task_id, hold in sorted(exactly.items()):
                if task_id in group.unlabelled or group.told.get(task_id) != hold:
                    yield Why(task_id, *hold[:3])
            if _stays_true(group.said, rest):
                rest = group.said or rest
                others = (group.unlabelled | group.told.keys()) - exactly.keys()
            else:
                others = {post[1] for post in group.posts} - exactly.keys()
            yield from (Why(task_id, *rest[:3]) for task_id in sorted(others))
            group.said, group.told = rest, exactly
            group.unlabelled.clear()
        self.reason = reason

    def _heads(self, count: int) -> set[int]:
        """The first posts that nothing but the phone holds back."""
        open_groups = [group.posts[:count] for group in self.groups.values() if group.hold is None]
        return {post[1] for post in heapq.nsmallest(count, (post for posts in open_groups for post in posts))}


def _stays_true(said: Hold | None, rest: Hold) -> bool:
    """Whether those behind the first need not be told anew; the pace of their account outlasts the phone's posts."""
    if said is None or said == rest:
        return said is not None
    return said.in_line and rest.in_line and said.reason is Waiting.PACE
