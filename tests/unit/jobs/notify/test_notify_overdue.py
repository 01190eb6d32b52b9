"""Tasks whose phone keeps them waiting are not left in silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.notify.overdue import AGAIN_S, LOOK_EVERY_S, PATIENCE_S, Overdue
from storage.records import Stage, Waiting
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock


class Rig:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = FakeClock()
        self.busy: set[str] = set()
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.overdue = Overdue(
            self.clock, store.tasks, lambda: self.busy, lambda _, s, /, **facts: self.told.append((s, facts))
        )

    def waits(self, serial: str, why: Waiting = Waiting.DEVICE) -> int:
        task = self.store.tasks.create([new_task(serial, at=self.clock.now(), stage=Stage.QUEUED)])[0]
        self.store.tasks.set_waiting(
            {task.id: (why, self.clock.now(), f"the phone {serial} is not connected")}
        )
        return task.id

    def turn(self, after_s: float) -> list[str]:
        self.clock.advance(after_s)
        before = len(self.told)
        self.overdue.turn()
        return [sentence for sentence, _ in self.told[before:]]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        yield Rig(store)


def test_JOB_6_a_task_that_waits_ten_minutes_for_its_phone_is_told_once(rig: Rig) -> None:
    task_id = rig.waits("A")
    assert rig.turn(PATIENCE_S - 1) == []
    assert rig.turn(LOOK_EVERY_S) == [f"task {task_id} waits for 11 minutes: the phone A is not connected"]
    assert rig.turn(LOOK_EVERY_S) == []
    assert rig.told[0][1] == {"serial": "A", "task_id": task_id, "waiting": 1}
    assert rig.turn(AGAIN_S) != []


def test_JOB_6_many_tasks_of_one_phone_are_one_event_and_each_phone_has_its_own(rig: Rig) -> None:
    for _ in range(5):
        rig.waits("A")
    rig.waits("B")
    assert rig.turn(PATIENCE_S) == [
        "5 tasks wait for 10 minutes: the phone A is not connected",
        f"task {6} waits for 10 minutes: the phone B is not connected",
    ]


def test_tasks_behind_another_one_and_tasks_without_a_slot_are_no_news(rig: Rig) -> None:
    rig.waits("A")
    rig.waits("B", Waiting.SLOT)
    rig.waits("C", Waiting.PACE)
    rig.waits("D", Waiting.PAUSE)
    rig.busy.add("A")
    assert rig.turn(PATIENCE_S) == []
