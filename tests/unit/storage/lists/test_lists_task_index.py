"""The indexes against the simplest thing that could be right: a walk over all tasks."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from storage.lists.task_index import TaskIndex
from storage.records import Outcome, Stage, Status, Task
from storage.store import Store
from storage.tables.posts import Place, account_place, content_of, phone_place
from tests.support.storage_samples import new_task

SERIALS = ("A", "B")
USERS = ("x", "y", "")


def task(number: int, **changes: Any) -> Task:
    new = msgspec.structs.asdict(new_task(number, **changes))
    return Task(**new, id=number, due_at=new["scheduled_at"])


class Comparison(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.tasks: dict[int, Task] = {}
        self.index = TaskIndex(self.tasks)
        self.next_id = 1

    def store(self, number: int, now: Task | None) -> None:
        before = self.tasks.pop(number, None)
        if now is not None:
            self.tasks[number] = now
        self.index.update([(number, before, now)])

    @rule(
        serial=st.sampled_from(SERIALS),
        user=st.sampled_from(USERS),
        at=st.integers(0, 5),
        stage=st.sampled_from(Stage),
        media=st.integers(1, 2),
    )
    def add(self, serial: str, user: str, at: int, stage: Stage, media: int) -> None:
        new = task(media, serial=serial, username=user, scheduled_at=float(at), stage=stage)
        self.store(self.next_id, msgspec.structs.replace(new, id=self.next_id))
        self.next_id += 1

    @rule(
        pick=st.integers(0, 1000),
        stage=st.sampled_from(Stage),
        due=st.integers(0, 5),
        deleted=st.booleans(),
        outcome=st.sampled_from(Outcome),
    )
    def change(self, pick: int, stage: Stage, due: int, deleted: bool, outcome: Outcome) -> None:
        if self.tasks:
            number = sorted(self.tasks)[pick % len(self.tasks)]
            changed = msgspec.structs.replace(
                self.tasks[number], stage=stage, due_at=float(due), deleted=deleted, outcome=outcome
            )
            self.store(number, changed)

    @rule(
        pick=st.integers(0, 1000),
        serial=st.sampled_from(SERIALS),
        user=st.sampled_from(USERS),
        media=st.integers(1, 2),
    )
    def move(self, pick: int, serial: str, user: str, media: int) -> None:
        """As TinyDB's own `update` can."""
        if self.tasks:
            number = sorted(self.tasks)[pick % len(self.tasks)]
            files = new_task(media).materials
            moved = msgspec.structs.replace(self.tasks[number], serial=serial, username=user, materials=files)
            self.store(number, moved)

    @rule(pick=st.integers(0, 1000))
    def remove(self, pick: int) -> None:
        if self.tasks:
            self.store(sorted(self.tasks)[pick % len(self.tasks)], None)

    @invariant()
    def every_answer_is_that_of_a_walk(self) -> None:
        scheduled = sorted((t.due_at, t.id) for t in self.tasks.values() if t.stage is Stage.SCHEDULED)
        assert self.index.due(3.0) == [number for due, number in scheduled if due <= 3.0]
        assert self.index.due_times() == sorted({due for due, _ in scheduled})
        queued = sorted((t.scheduled_at, t.id) for t in self.tasks.values() if t.stage is Stage.QUEUED)
        assert self.index.queued() == [number for _, number in queued]
        for stage in Stage:
            assert self.index.in_stages(stage) == sorted(
                t.id for t in self.tasks.values() if t.stage is stage
            )
        found = sorted(t.id for t in self.index.with_content(f"{1:064x}", [account_place("tiktok", "X")]))
        assert found == sorted(
            t.id
            for t in self.tasks.values()
            if (t.username or t.account_seen, t.materials[0].sha256) == ("x", f"{1:064x}")
        )
        current = self.index.with_content(f"{1:064x}", [phone_place("A", "com.zhiliaoapp.musically")])
        assert sorted(t.id for t in current) == sorted(
            t.id
            for t in self.tasks.values()
            if (t.serial, t.username, t.materials[0].sha256) == ("A", "", f"{1:064x}")
        )


Comparison.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None, database=None)
TestIndexAgainstAWalk = Comparison.TestCase


def test_readers_beside_writers_always_see_pages_that_fit_together(store: Store):
    store.tasks.create([new_task(number) for number in range(60)])
    stop = threading.Event()
    problems: list[str] = []

    def read() -> None:
        while not stop.is_set():
            page, total = store.tasks.page(status=Status.PENDING, page_size=1000)
            if len(page) != total or any(task.status is not Status.PENDING for task in page):
                problems.append("a page does not fit")
            if sum(store.tasks.counts().values()) != 60:
                problems.append("the counts do not fit")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    dice = random.Random(3)
    for _ in range(300):
        store.tasks.change(
            dice.randrange(1, 61), stage=dice.choice([Stage.QUEUED, Stage.PREPARING, Stage.SCHEDULED])
        )
    stop.set()
    for reader in readers:
        reader.join(10)
    assert problems == []


def test_what_a_start_takes_in_at_once_is_found_like_what_came_bit_by_bit(tmp_path: Path) -> None:
    dice = random.Random(7)
    stages = [Stage.SCHEDULED, Stage.QUEUED, Stage.PUBLISHED, Stage.FAILED]
    places = [account_place("tiktok", name) for name in "xy"] + [phone_place("A", new_task(1).package)]
    with Store.open(tmp_path, reserve_bytes=0) as store:
        for _ in range(4):
            new = [
                new_task(
                    dice.randrange(5),
                    serial=dice.choice(SERIALS),
                    username=dice.choice(USERS),
                    platform="tiktok",
                    scheduled_at=float(dice.randrange(50)),
                )
                for _ in range(400)
            ]
            for made in store.tasks.create(new):
                stage = dice.choice(stages)
                ended = {"finished_at": float(dice.randrange(50))} if stage is Stage.PUBLISHED else {}
                outcome = Outcome.PUBLISHED if ended else Outcome.NONE
                store.tasks.change(made.id, stage=stage, outcome=outcome, **ended)
        before = answers(store, places)
    with Store.open(tmp_path, reserve_bytes=0) as store:
        assert answers(store, places) == before
    assert all(before)


def answers(store: Store, places: list[Place]) -> list[Any]:
    tasks, times = store.tasks, store.account_times
    return [
        [task.id for task in tasks.due(25.0)],
        [task.id for task in tasks.queued()],
        [task.id for task in tasks.by_stage(Stage.FAILED)],
        *(times.posted([place], 10.0) for place in places),
        *(times.planned([place], 10.0) for place in places),
        [mark.task_id for mark in tasks.posts(content_of(tasks.many([1])[0].materials), places)],
        tasks.needed_materials() or "none is of the library",
    ]
