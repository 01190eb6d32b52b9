"""Who may start on a phone while others there are held back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from jobs.pace.hold import Hold, Line
from jobs.phone.protocol import PhoneState
from jobs.queue.dispatcher import HEADS, Dispatcher
from jobs.queue.lane import Lane
from jobs.queue.turn import Turn
from storage.records import Stage, Task, Waiting
from storage.store import Store
from storage.tables.tasks import WaitingFacts
from tests.support.bench import new_task, plain_turns
from tests.support.clock import FakeClock
from tests.support.fake_phones import FakePhones


class Rig:
    """A dispatcher whose tasks are held back by the name of their account."""

    def __init__(self, store: Store, *serials: str, limit: int = 100, **more: Any) -> None:
        self.store = store
        self.clock = FakeClock()
        self.holds: dict[str, Hold] = {}
        self.asked = 0
        self.begun: list[int] = []
        self.turns: list[Turn] = []
        self.phones = FakePhones(*serials)
        self.dispatcher = Dispatcher(
            self.clock,
            store.tasks,
            self.phones,
            limit,
            self._begin,
            turn_for=plain_turns(self.clock),
            hold=self._hold,
            **more,
        )

    def _hold(self, task: Task) -> Hold | None:
        self.asked += 1
        return self.holds.get(task.username)

    def _begin(self, turns: Sequence[Turn]) -> None:
        self.turns += turns
        self.begun += [turn.task_id for turn in turns]
        for turn in turns:
            self.store.tasks.change(turn.task_id, stage=Stage.PREPARING)

    def add(self, serial: str, username: str, at: float = 0.0, count: int = 1) -> list[Task]:
        new = [new_task(serial, at=at, stage=Stage.QUEUED, username=username) for _ in range(count)]
        tasks = self.store.tasks.create(new)
        self.dispatcher.enqueue(tasks)
        return tasks

    def end(self, task: Task) -> None:
        """The task that works on its phone is posted."""
        self.store.tasks.change(task.id, stage=Stage.PUBLISHED)
        [turn] = [turn for turn in self.turns if turn.task_id == task.id]
        self.dispatcher.release(turn)

    def paced(self, username: str, in_s: float) -> None:
        self.holds[username] = Hold(Waiting.PACE, f"@{username} waits", self.clock.now() + in_s)

    def task(self, task: Task) -> Task:
        found = self.store.tasks.get(task.id)
        assert found is not None
        return found


def in_line(task: Task, hold: Hold, count: int) -> Line:
    """Each a minute after the one before it, those behind without a time."""
    assert hold.until is not None
    first = (hold, *(hold._replace(until=hold.until + 60 * place) for place in range(1, count)))
    return Line(first, Hold(Waiting.PACE, f"others of @{task.username} come first", in_line=True))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, reserve_bytes=0) as opened:
        yield opened


def test_an_account_that_is_held_back_keeps_the_phone_from_no_other(store: Store) -> None:
    rig = Rig(store, "A")
    held, other = rig.add("A", "kim", 1)[0], rig.add("A", "lee", 2)[0]
    rig.paced("kim", 300)
    rig.dispatcher.turn()
    assert rig.begun == [other.id]
    found = rig.task(held)
    assert (found.waiting_for, found.waiting_detail) == (Waiting.PACE, "@kim waits")
    assert found.waiting_until == rig.clock.now() + 300


def test_a_phone_with_nothing_but_held_tasks_takes_no_slot_from_others(store: Store) -> None:
    rig = Rig(store, "A", "B", limit=1)
    rig.add("A", "kim", 1)
    rig.paced("kim", 300)
    (other,) = rig.add("B", "lee", 2)
    rig.dispatcher.turn()
    assert rig.begun == [other.id]


def test_the_dispatcher_looks_again_when_the_first_hold_ends(store: Store) -> None:
    rig = Rig(store, "A", "B")
    rig.add("A", "kim")
    rig.add("B", "lee")
    rig.paced("kim", 7.5)
    rig.paced("lee", 3.25)
    assert rig.dispatcher.turn() == 3.25


def test_all_tasks_of_an_account_are_asked_about_once(store: Store) -> None:
    rig = Rig(store, "A")
    tasks = rig.add("A", "kim", count=400)
    rig.paced("kim", 300)
    rig.dispatcher.turn()
    assert rig.asked == 1
    assert {rig.task(task).waiting_for for task in tasks} == {Waiting.PACE}
    rig.holds.clear()
    rig.dispatcher.turn()
    assert rig.begun == [tasks[0].id]
    assert rig.task(tasks[1]).waiting_for is Waiting.DEVICE
    assert rig.task(tasks[1]).waiting_until is None


def test_a_task_that_is_given_to_another_account_waits_with_that(store: Store) -> None:
    rig = Rig(store, "A")
    task = rig.add("A", "kim")[0]
    rig.paced("kim", 300)
    rig.dispatcher.turn()
    store.tasks.change(task.id, username="lee")
    rig.dispatcher.turn()
    assert rig.begun == [task.id]


def test_a_task_that_was_stopped_leaves_the_others_of_its_account_in_their_order(store: Store) -> None:
    rig = Rig(store, "A")
    first, second, third = rig.add("A", "kim", count=3)
    rig.paced("kim", 300)
    rig.dispatcher.turn()
    store.tasks.change(first.id, stage=Stage.FAILED)
    rig.holds.clear()
    rig.dispatcher.turn()
    rig.dispatcher.release(rig.turns[0])
    rig.dispatcher.turn()
    assert rig.begun == [second.id, third.id]


class Told:
    """Which tasks are told why they wait, from now on."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ids: list[int] = []
        real = store.tasks.set_waiting

        def note(updates: Mapping[int, WaitingFacts]) -> None:
            self.ids += updates
            real(updates)

        monkeypatch.setattr(store.tasks, "set_waiting", note)


def test_a_post_of_an_account_with_a_pace_moves_the_labels_of_the_first_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(store, "A", line=in_line)
    first, *others = rig.add("A", "kim", count=5 * HEADS)
    rig.dispatcher.turn()
    rig.end(first)
    rig.paced("kim", 300)
    rig.dispatcher.turn()
    assert {rig.task(task).waiting_detail for task in others[HEADS:]} == {"others of @kim come first"}
    assert {rig.task(task).waiting_until for task in others[HEADS:]} == {None}
    told = Told(store, monkeypatch)
    rig.holds.clear()
    rig.dispatcher.turn()  # the next one works
    rig.end(others[0])
    rig.paced("kim", 900)
    rig.dispatcher.turn()
    assert set(told.ids) == {task.id for task in others[1 : HEADS + 1]}
    moments = [rig.task(task).waiting_until for task in others[1 : HEADS + 2]]
    assert moments == [rig.clock.now() + 900 + 60 * place for place in range(HEADS)] + [None]


def test_what_keeps_the_phone_itself_is_told_to_all_that_waited_in_line(store: Store) -> None:
    rig = Rig(store, "A", line=in_line)
    tasks = rig.add("A", "kim", count=3 * HEADS)
    rig.paced("kim", 300)
    rig.dispatcher.turn()
    rig.holds.clear()
    rig.phones.set("A", PhoneState.OFFLINE)
    rig.dispatcher.turn()
    assert {rig.task(task).waiting_for for task in tasks} == {Waiting.DEVICE}
    assert {rig.task(task).waiting_until for task in tasks} == {None}


def test_an_earlier_post_takes_the_place_of_the_last_of_the_first_ones(store: Store) -> None:
    rig = Rig(store, "A", line=in_line)
    tasks = rig.add("A", "kim", at=5, count=HEADS + 1)
    rig.paced("kim", 300)
    rig.dispatcher.turn()
    (earlier,) = rig.add("A", "kim", at=1)
    rig.dispatcher.turn()
    told = [rig.task(task).waiting_until for task in (earlier, *tasks)]
    assert told == [rig.clock.now() + 300 + 60 * place for place in range(HEADS)] + [None, None]
    assert rig.task(tasks[HEADS - 1]).waiting_detail == "others of @kim come first"


def test_what_no_longer_waits_is_found_though_nobody_said_so_and_no_look_asks_all_that_wait(
    store: Store,
) -> None:
    lane = Lane("A")
    tasks = store.tasks.create([new_task("A", at=float(n), stage=Stage.QUEUED) for n in range(95)])
    for task in tasks:
        lane.add(task)
    gone = {task.id for task in tasks[::3]}
    for task_id in gone:
        store.tasks.change(task_id, stage=Stage.PREPARING)
    left = [len(lane)]
    for _ in range(10):
        lane.sweep(store.tasks, 10)
        left.append(len(lane))
    assert {task.id for task in tasks if task.id in lane} == {task.id for task in tasks} - gone
    assert max(before - now for before, now in pairwise(left)) <= 10
    store.tasks.change(
        tasks[1].id, stage=Stage.PREPARING
    )  # one round is over: the next finds what came since
    for _ in range(20):
        lane.sweep(store.tasks, 10)
    assert tasks[1].id not in lane
