"""Lists of tasks against the simplest thing that could be right: a walk over all tasks."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from storage.lists.finder import TaskFinder
from storage.lists.task_lists import Sort, Wanted
from storage.records import Outcome, Stage, Status, Task
from storage.store import Store
from tests.support.storage_samples import new_task

CAPTIONS = ("", "Oak bench #workshop", "OAK and café", "cafe\u0301 STRASSE", "Straße")
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "serial": st.sampled_from(["A", "B"]),
        "username": st.sampled_from(["anna", "Anna", "ben", ""]),
        "account_seen": st.sampled_from(["", "anna", "ben"]),
        "platform": st.sampled_from(["tiktok", "instagram"]),
        "stage": st.sampled_from(Stage),
        "outcome": st.sampled_from(Outcome),
        "held": st.booleans(),
        "caption": st.sampled_from(CAPTIONS),
        "scheduled_at": st.integers(0, 6).map(float),
        "finished_at": st.sampled_from([None, 1.0, 2.0, 3.0]),
        "deleted": st.booleans(),
    },
)
QUESTIONS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(Status),
        "serial": st.sampled_from(["A", "B", "C"]),
        "script_name": st.sampled_from(["post", "like"]),
        "source": st.sampled_from(["api", "ui"]),
        "username": st.sampled_from(["anna", "@ANNA", "ben", "nobody"]),
        "platform": st.sampled_from(["tiktok", "instagram"]),
        "outcome": st.sampled_from(Outcome),
        "held": st.booleans(),
        "q": st.sampled_from(["oak", "OAK", "CAFÉ", "strasse", "", "nowhere"]),
        "planned_from": st.integers(0, 7).map(float),
        "planned_to": st.integers(0, 7).map(float),
    },
)
SORTS: tuple[Sort, ...] = ("-id", "scheduled_at", "-finished_at")


def plain(text: str) -> str:
    return text.replace("e\u0301", "é").casefold()


def fits(task: Task, wanted: Wanted) -> bool:
    account = (task.username or task.account_seen).casefold()
    checks: dict[str, Callable[[Any], bool]] = {
        "status": lambda value: task.status is value,
        "serial": lambda value: task.serial == value,
        "script_name": lambda value: task.script_name == value,
        "source": lambda value: task.source == value,
        "username": lambda value: account == value.removeprefix("@").casefold(),
        "platform": lambda value: task.platform == value,
        "outcome": lambda value: task.outcome is value,
        "held": lambda value: task.held is value,
        "q": lambda value: plain(value) in plain(task.caption),
        "planned_from": lambda value: task.scheduled_at >= value,
        "planned_to": lambda value: task.scheduled_at <= value,
    }
    return not task.deleted and all(checks[name](value) for name, value in wanted.items())


def walk(tasks: dict[int, Task], wanted: Wanted, sort: Sort) -> list[int]:
    found = sorted((task for task in tasks.values() if fits(task, wanted)), key=lambda task: -task.id)
    if sort == "scheduled_at":
        found.sort(key=lambda task: (task.scheduled_at, task.id))
    elif sort == "-finished_at":
        found.sort(key=lambda task: float("inf") if task.finished_at is None else -task.finished_at)
    return [task.id for task in found]


def sample(number: int, changes: dict[str, Any]) -> Task:
    task = Task(**msgspec.structs.asdict(new_task(number)), id=number, due_at=0.0)
    return msgspec.structs.replace(task, **changes)


class Lists(RuleBasedStateMachine):
    """Ids lie far apart, so that few tasks fill many ranges of ids, and a block of an order holds few."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: dict[int, Task] = {}
        self.finder = TaskFinder(self.tasks, threading.Lock(), block=4)
        self.next_id = 1
        self.asked: list[tuple[Wanted, Sort]] = []

    def store(self, number: int, now: Task | None) -> None:
        before = self.tasks.pop(number, None)
        if now is not None:
            self.tasks[number] = now
        self.finder.lists.update([(number, before, now)])

    @initialize(many=st.sampled_from([False] * 5 + [True]), seed=st.integers(0, 99))
    def begin(self, many: bool, seed: int) -> None:
        """Some begin as a start of the daemon does: with all that was stored, at once."""
        dice = random.Random(seed)
        for number in range(1, 1001 if many else 1):
            self.tasks[number] = sample(
                number,
                {
                    "serial": dice.choice("AB"),
                    "stage": dice.choice(list(Stage)),
                    "caption": dice.choice(CAPTIONS),
                    "scheduled_at": float(dice.randrange(7)),
                    "deleted": dice.random() < 0.1,
                },
            )
        self.next_id = len(self.tasks) + 1
        self.finder.lists.update([(number, None, task) for number, task in self.tasks.items()])

    @rule(changes=FACTS, gap=st.sampled_from([1, 1, 1, 700, 5000]))
    def add(self, changes: dict[str, Any], gap: int) -> None:
        self.next_id += gap
        self.store(self.next_id, sample(self.next_id, changes))

    @precondition(lambda self: self.tasks)
    @rule(pick=st.integers(0, 1 << 20), changes=FACTS)
    def change(self, pick: int, changes: dict[str, Any]) -> None:
        number = sorted(self.tasks)[pick % len(self.tasks)]
        self.store(number, msgspec.structs.replace(self.tasks[number], **changes))

    @precondition(lambda self: self.tasks)
    @rule(pick=st.integers(0, 1 << 20))
    def remove(self, pick: int) -> None:
        self.store(sorted(self.tasks)[pick % len(self.tasks)], None)

    @rule(wanted=QUESTIONS, sort=st.sampled_from(SORTS))
    def ask(self, wanted: Wanted, sort: Sort) -> None:
        self.asked = [*self.asked[-3:], (wanted, sort)]

    @invariant()
    def every_list_is_that_of_a_walk(self) -> None:
        everything: list[tuple[Wanted, Sort]] = [({}, "-id"), *self.asked]
        for wanted, sort in everything:
            expected = walk(self.tasks, wanted, sort)
            tasks, total = self.finder.page(sort=sort, page_size=10_000, **wanted)
            assert [task.id for task in tasks] == expected
            assert total == len(expected)
            for size, page in ((2, 2), (3, 1), (150, 3)):
                tasks, total = self.finder.page(sort=sort, page=page, page_size=size, **wanted)
                assert [task.id for task in tasks] == expected[(page - 1) * size : page * size]
                assert total == len(expected)
            planned = walk(self.tasks, wanted, "scheduled_at")
            assert [task.id for task in self.finder.every(**wanted)] == planned
            statuses = [self.tasks[number].status for number in expected]
            assert self.finder.counts(**wanted) == {status: statuses.count(status) for status in Status}


Lists.TestCase.settings = settings(max_examples=12, stateful_step_count=20, deadline=None, database=None)
TestListsAgainstAWalk = Lists.TestCase


@pytest.fixture
def many(store: Store) -> Store:
    for start in range(0, 5000, 500):
        store.tasks.create([new_task(n, caption=f"Bench {n}") for n in range(start, start + 500)])
    return store


def test_captions_that_change_while_they_are_searched_are_judged_as_they_are_at_the_end(many: Store) -> None:
    stop = threading.Event()

    def write() -> None:
        dice = random.Random(5)
        while not stop.is_set():
            number = dice.randrange(1, 5001)
            many.tasks.change(number, caption=dice.choice(["Stool", f"Bench {number}"]))

    writer = threading.Thread(target=write)
    writer.start()
    for text in [f"bench {number}" for number in range(1, 20)]:
        tasks, total = many.tasks.page(q=text, page_size=10_000)
        assert len(tasks) == total
        assert all(text in task.caption.casefold() for task in tasks)
    stop.set()
    writer.join(30)
    tasks, _ = many.tasks.page(q="stool", page_size=10_000)
    assert sorted(task.id for task in tasks) == [
        number for number in range(1, 5001) if many.tasks.many([number])[0].caption == "Stool"
    ]


def test_a_search_never_holds_the_lock_for_longer_than_one_step(store: Store) -> None:
    """A lock that counts what is read between taking and releasing it."""
    tasks = {number: sample(number, {"caption": f"Bench {number}"}) for number in range(1, 20_001)}
    finder = TaskFinder(tasks, lock := CountingLock())
    finder.lists.update([(number, None, task) for number, task in tasks.items()])
    assert finder.page(q="bench 1999")[1] == 11
    assert lock.taken >= 20, "one for each thousand captions"
    taken = lock.taken
    assert finder.page(q="bench 1999", page=2, page_size=10)[1] == 11
    assert lock.taken == taken + 2, "what was read is not read again"


class CountingLock:
    """A lock that counts how often it was taken."""

    def __init__(self) -> None:
        self.taken = 0
        self._lock = threading.Lock()

    def __enter__(self) -> bool:
        self.taken += 1
        return self._lock.acquire()

    def __exit__(self, *about: object) -> None:
        self._lock.release()


def test_what_was_read_of_a_caption_that_was_changed_meanwhile_counts_for_nothing() -> None:
    before = sample(1, {"caption": "Bench"})
    tasks = {1: before}
    finder = TaskFinder(tasks, threading.Lock())
    finder.lists.update([(1, None, before)])
    tasks[1] = msgspec.structs.replace(before, caption="Stool")
    finder.lists.update([(1, before, tasks[1])])
    finder.lists.captions.note("bench", [(before, True)], tasks.get)
    assert finder.page(q="bench")[1] == 0
    assert finder.page(q="stool")[1] == 1


def test_all_that_match_are_those_of_one_moment_and_each_as_it_is_when_it_is_taken() -> None:
    tasks = {number: sample(number, {"scheduled_at": float(number)}) for number in range(1, 6)}
    finder = TaskFinder(tasks, threading.Lock())
    finder.lists.update([(number, None, task) for number, task in tasks.items()])
    found = finder.every()
    assert next(found).id == 1
    before = dict(tasks)
    tasks[2] = msgspec.structs.replace(tasks[2], deleted=True)
    del tasks[3]
    tasks[4] = msgspec.structs.replace(tasks[4], remark="moved", scheduled_at=0.0)
    tasks[6] = sample(6, {"scheduled_at": 9.0})
    finder.lists.update([(number, before.get(number), tasks.get(number)) for number in (2, 3, 4, 6)])
    assert [(task.id, task.remark) for task in found] == [(4, "moved"), (5, "")]
