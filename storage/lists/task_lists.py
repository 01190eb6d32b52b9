"""Lists of tasks by any filters in any order: every question is answered from sets of ids, without a walk over tasks."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Sequence
from operator import attrgetter
from typing import Literal, TypedDict

from storage.lists.bits import Bits, common, either
from storage.lists.captions import Captions, plain
from storage.lists.order import BLOCK, Order
from storage.records import Outcome, Status, Task

#: Newest first, by planned time, or those that ended last first and those that have not ended behind them.
Sort = Literal["-id", "scheduled_at", "-finished_at"]

#: Answers kept until the next change of any task.
_ANSWERS = 256
#: As many new tasks at once are taken in together.
_MANY = 1000


class Wanted(TypedDict, total=False):
    """Which tasks; what is absent or None is not asked for."""

    status: Status | None
    serial: str | None
    script_name: str | None
    source: str | None
    username: str | None  #: the account named, else the one that the app showed; without "@" and case
    platform: str | None
    outcome: Outcome | None
    held: bool | None
    q: str | None  #: a part of the caption, whatever the case
    planned_from: float | None  #: epoch seconds; both ends belong to the range
    planned_to: float | None


#: Facts of a task that a list can be asked for.
_FACTS = ("status", "serial", "username", "platform", "outcome", "held", "script_name", "source")
_Facts = tuple[Status, str, str, str, Outcome, bool, str, str]


class TaskLists:
    """Kept right by `update`, which the storage calls under its state lock; readers hold that lock too."""

    def __init__(self, block: int = BLOCK) -> None:
        self._shown = Bits()
        self._sets: dict[tuple[str, Hashable], Bits] = {}
        self._counts = dict.fromkeys(Status, 0)
        self._planned = Order(block)
        self._finished = Order(block)
        self.captions = Captions()
        self._answers: OrderedDict[Hashable, tuple[list[int], int]] = OrderedDict()

    # --- changes

    def update(self, changes: Sequence[tuple[int, Task | None, Task | None]]) -> None:
        """Take committed changes in: (id, before, now)."""
        self._answers.clear()
        if not self._shown and len(changes) >= _MANY:
            self._load([now for _, _, now in changes if now is not None and not now.deleted])
            return
        for doc_id, before, now in changes:
            self._change(doc_id, _shown(before), _shown(now))

    def _change(self, doc_id: int, before: Task | None, now: Task | None) -> None:
        self.captions.update(doc_id, before, now)
        old, new = _facts(before), _facts(now)
        if old != new:
            for place, name in enumerate(_FACTS):
                was = None if old is None else old[place]
                value = None if new is None else new[place]
                if was != value:
                    if old is not None:
                        self._drop((name, was), doc_id)
                    if new is not None:
                        self._sets.setdefault((name, value), Bits()).add(doc_id)
            if old is not None:
                self._counts[old[0]] -= 1
            if new is not None:
                self._counts[new[0]] += 1
        for order, at in ((self._planned, _planned), (self._finished, _finished)):
            if before is not None and (now is None or at(before) != at(now)):
                order.remove(at(before), doc_id)
            if now is not None and (before is None or at(before) != at(now)):
                order.add(at(now), doc_id)
        if before is None and now is not None:
            self._shown.add(doc_id)
        elif now is None:
            self._shown.discard(doc_id)

    def _drop(self, fact: tuple[str, Hashable], doc_id: int) -> None:
        members = self._sets[fact]
        members.discard(doc_id)
        if not members:
            del self._sets[fact]

    def _load(self, tasks: Sequence[Task]) -> None:
        """What a start reads: the sets are made whole, not member by member."""
        tasks = sorted(tasks, key=_id)
        every = [task.id for task in tasks]
        likeness: defaultdict[Hashable, list[int]] = defaultdict(list)
        for place, alike in enumerate(map(_likeness, tasks)):
            likeness[alike].append(place)
        by_fact: defaultdict[tuple[str, Hashable], list[Bits]] = defaultdict(list)
        for places in likeness.values():
            facts = _facts_of(tasks[places[0]])
            self._counts[facts[0]] += len(places)
            members = Bits.of([every[place] for place in places])
            for fact in zip(_FACTS, facts, strict=True):
                by_fact[fact].append(members)
        self._sets = {fact: either(parts) for fact, parts in by_fact.items()}
        self._shown = Bits.of(every)
        self._planned.load(every, [task.scheduled_at for task in tasks])
        self._finished.load(every, [_finished(task) for task in tasks])

    # --- questions

    def counts(self, wanted: Wanted | None = None) -> dict[Status, int]:
        """How many of the tasks that match have each status."""
        if not wanted:
            return dict(self._counts)
        matching = self.matching(wanted)
        nothing = Bits()
        return {
            status: matching.common_with(self._sets.get(("status", status), nothing)) for status in Status
        }

    def page(self, wanted: Wanted, sort: Sort, page: int, page_size: int) -> tuple[list[int], int]:
        """Ids of one page of the tasks that match, and how many match in all. Captions must have been read."""
        question = (frozenset(wanted.items()), sort, page, page_size)
        answer = self._answers.get(question)
        if answer is None:
            answer = self._page(wanted, sort, (page - 1) * page_size, page_size)
            if len(answer[0]) <= 100:
                self._answers[question] = answer
                if len(self._answers) > _ANSWERS:
                    self._answers.popitem(last=False)
        return answer

    def _page(self, wanted: Wanted, sort: Sort, skip: int, count: int) -> tuple[list[int], int]:
        matching = self.matching(wanted)
        total = len(matching)
        if skip >= total:
            return [], total
        if sort == "-id":
            return matching.newest(skip, count), total
        latest_first = sort == "-finished_at"
        order = self._finished if latest_first else self._planned
        return order.page(matching, skip, count, latest_first=latest_first), total

    def planned(self) -> list[list[int]]:
        """Every id by planned time, in pieces; a copy."""
        return self._planned.all()

    def matching(self, wanted: Wanted, *, but_captions: bool = False) -> Bits:
        """The tasks that match; without the question about the caption where that is not answered yet."""
        sets = [self._shown]
        for name in _FACTS:
            value = wanted.get(name)
            if value is not None:
                if name == "username":
                    value = str(value).lstrip("@").casefold()
                sets.append(self._sets.get((name, value), Bits()))
        first, last = wanted.get("planned_from"), wanted.get("planned_to")
        if first is not None or last is not None:
            low = float("-inf") if first is None else first
            sets.append(self._planned.between(low, float("inf") if last is None else last))
        if not but_captions and (text := wanted.get("q")):
            sets.append(self.captions.found(plain(text)))
        return common(sets)


_id = attrgetter("id")
#: Tasks that are alike in this have the same facts. It is asked of every task at a start.
_likeness = attrgetter(
    "stage", "serial", "username", "account_seen", "platform", "outcome", "held", "script_name", "source"
)


def _shown(task: Task | None) -> Task | None:
    return None if task is None or task.deleted else task


def _planned(task: Task) -> float:
    return task.scheduled_at


def _finished(task: Task) -> float:
    return float("-inf") if task.finished_at is None else task.finished_at


def _facts(task: Task | None) -> _Facts | None:
    return None if task is None else _facts_of(task)


def _facts_of(task: Task) -> _Facts:
    account = task.username or task.account_seen
    return (
        task.stage.status,
        task.serial,
        account.casefold(),
        task.platform,
        task.outcome,
        task.held,
        task.script_name,
        task.source,
    )
