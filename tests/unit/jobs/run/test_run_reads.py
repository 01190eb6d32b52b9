"""Reads on the real jobs core: they wait until their phone is free, end in time, and say how."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from jobs.hub.settings import Posting
from jobs.input.refusals import Draining
from jobs.phone.errors import PhoneNotReady, PhoneOffline
from jobs.phone.protocol import PhoneState
from jobs.queue.dispatcher import Dispatcher
from jobs.queue.turn import STOPPED, ReadTurn, Turn
from jobs.run.claims import Claims
from jobs.run.endings import Endings
from jobs.run.runner import Runner
from jobs.run.turn_register import Turns, Watch
from jobs.task.attempt import ScriptFailed
from jobs.task.states import Mover
from storage.error_codes import ErrorCode
from storage.records import Stage
from storage.store import Store
from tests.support.bench import Bench, new_task, plain_turns
from tests.support.clock import FakeClock
from tests.support.fake_phones import GUARD_S, FakePhones, FakeScript, publish

Do = Callable[[Turn, Any], None]


def nothing(turn: Turn, phone: Any) -> None:
    turn.check()


class Asked:
    """A read and what was heard of it."""

    def __init__(
        self, clock: Any, do: Do = nothing, *, serial: str = "A", wait_s: float = 60.0, lease_s: float = 60.0
    ) -> None:
        self.ends: list[str] = []
        self.over = threading.Event()
        self.turn = ReadTurn(
            serial, "is looked at", do, self._ended, clock=clock, wait_s=wait_s, lease_s=lease_s
        )

    def _ended(self, why: str) -> None:
        self.ends.append(why)
        self.over.set()

    def end(self) -> str:
        assert self.over.wait(GUARD_S), "it did not end"
        (why,) = self.ends
        return why


# --- on the running core ----------------------------------------------------------------------------------


@pytest.fixture
def go_on() -> threading.Event:
    return threading.Event()


@pytest.fixture
def bench(tmp_path: Path, go_on: threading.Event) -> Iterator[Bench]:
    """Posts on phones A and B wait for `go_on`."""

    def run(attempt: Any, phone: Any) -> Any:
        assert go_on.wait(GUARD_S)
        return publish(attempt, phone)

    with Bench(tmp_path, FakePhones("A", "B"), FakeScript(run)) as running:
        yield running
        go_on.set()


def test_a_read_waits_for_the_running_task_and_for_no_other_phone(
    bench: Bench, go_on: threading.Event
) -> None:
    task = bench.now()
    bench.script.await_run()
    here, there = Asked(bench.clock), Asked(bench.clock, serial="B")
    bench.jobs.ask(here.turn)
    bench.jobs.ask(there.turn)
    assert there.end() == ""
    assert not here.over.is_set()
    assert bench.jobs.current_task("A") == bench.task(task.id)
    go_on.set()
    assert here.end() == ""
    assert bench.task(task.id).stage is Stage.PUBLISHED


def test_tasks_wait_while_a_read_has_the_phone(bench: Bench, go_on: threading.Event) -> None:
    begun = threading.Event()

    def hold(turn: Turn, phone: Any) -> None:
        begun.set()
        assert go_on.wait(GUARD_S)

    asked = Asked(bench.clock, hold)
    bench.jobs.ask(asked.turn)
    assert begun.wait(GUARD_S)
    task = bench.now()
    assert bench.jobs.current_task("A") is None
    assert not bench.script.runs
    go_on.set()
    assert asked.end() == ""
    assert bench.wait(task.id).stage is Stage.PUBLISHED


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ScriptFailed(ErrorCode.UI_CHANGED, "an odd screen"), "an odd screen"),
        (PhoneNotReady("the phone is locked"), "the phone is locked"),
        (ZeroDivisionError("oh"), "ZeroDivisionError: oh"),
    ],
)
def test_whatever_a_read_raises_is_told_and_the_phone_is_free_again(
    bench: Bench, go_on: threading.Event, error: Exception, why: str
) -> None:
    def fail(turn: Turn, phone: Any) -> None:
        raise error

    asked = Asked(bench.clock, fail)
    bench.jobs.ask(asked.turn)
    assert asked.end() == why
    go_on.set()
    assert bench.wait(bench.now().id).stage is Stage.PUBLISHED
    assert bench.phones.sessions[0].closed.is_set()


def test_a_phone_that_is_gone_at_the_door_ends_the_read(bench: Bench) -> None:
    bench.phones.at_the_door["A"] = PhoneOffline("the link was lost", serial="A")
    asked = Asked(bench.clock)
    bench.jobs.ask(asked.turn)
    assert asked.end() == "the link was lost"


def test_the_end_of_the_daemon_ends_waiting_and_running_reads(tmp_path: Path) -> None:
    begun = threading.Event()

    def hang(turn: Turn, phone: Any) -> None:
        begun.set()
        phone.hang()

    bench = Bench(tmp_path, FakePhones("A"), FakeScript())
    bench.start()
    running, waiting = Asked(bench.clock, hang), Asked(bench.clock)
    bench.jobs.ask(running.turn)
    assert begun.wait(GUARD_S)
    bench.jobs.ask(waiting.turn)
    assert bench.jobs.stop(GUARD_S)
    assert (running.end(), waiting.end()) == (STOPPED, STOPPED)
    with pytest.raises(Draining):
        bench.jobs.ask(Asked(bench.clock).turn)
    bench.store.close()


# --- turns made by hand -----------------------------------------------------------------------------------


class Rig:
    """A dispatcher, a runner and the watch, without threads."""

    def __init__(self, store: Store, *serials: str, limit: int = 100) -> None:
        self.clock = FakeClock()
        self.store = store
        self.phones = FakePhones(*serials)
        self.begun: list[Turn] = []
        self.dispatcher = Dispatcher(
            self.clock, store.tasks, self.phones, limit, self.begun.extend, turn_for=plain_turns(self.clock)
        )
        self.turns = Turns(self.clock)
        mover = Mover(store.tasks, self.clock)
        endings = Endings(Posting(), self.clock, store.tasks, mover=mover, uniform=min)
        self.watch = Watch(self.clock, self.turns, endings=endings, dispatcher=self.dispatcher)
        self.runner = Runner(self.phones, {}, claims=cast("Claims", None), endings=endings)

    def add(self, *, before_s: float, serial: str = "A") -> int:
        new = new_task(serial, at=self.clock.now() - before_s, stage=Stage.QUEUED)
        task = self.store.tasks.create([new])[0]
        self.dispatcher.enqueue([task])
        return task.id

    def ask(self, do: Do = nothing, *, serial: str = "A", **bounds: float) -> Asked:
        asked = Asked(self.clock, do, serial=serial, **bounds)
        assert self.turns.add(asked.turn)
        self.dispatcher.enqueue_read(asked.turn)
        return asked

    def turn(self) -> list[Turn]:
        before = len(self.begun)
        self.dispatcher.turn()
        return self.begun[before:]

    def work(self, turn: Turn) -> None:
        self.runner.do(turn)
        self.turns.forget(turn)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        yield Rig(store, "A", "B")


def test_the_turn_comes_as_that_of_a_post_that_is_due_when_it_is_asked(rig: Rig) -> None:
    earlier, later = rig.add(before_s=5), rig.add(before_s=-5)
    asked = rig.ask()
    order = []
    for _ in range(4):
        for turn in rig.turn():
            order.append(turn.task_id)
            rig.dispatcher.release(turn)
    assert order == [earlier, 0, later]
    assert rig.begun[1] is asked.turn


def test_a_task_behind_a_read_says_what_it_waits_for(rig: Rig) -> None:
    rig.ask()
    assert [turn.task_id for turn in rig.turn()] == [0]
    task_id = rig.add(before_s=0)
    assert rig.turn() == []
    task = rig.store.tasks.get(task_id)
    assert task is not None
    assert task.waiting_detail == "the phone A is looked at"


def test_a_read_takes_a_slot(tmp_path: Path) -> None:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        rig = Rig(store, "A", "B", limit=1)
        rig.ask()
        rig.ask(serial="B")
        (first,) = rig.turn()
        assert rig.dispatcher.why("B") == "1 phones work already, which is the limit"
        rig.dispatcher.release(first)
        assert [turn.serial for turn in rig.turn()] == ["B"]


def test_a_turn_that_does_not_come_ends_the_read_and_it_is_never_begun(rig: Rig) -> None:
    rig.phones.set("A", PhoneState.OFFLINE)
    asked = rig.ask(wait_s=600)
    assert rig.turn() == []
    assert "is not ready" in rig.dispatcher.why("A")
    rig.clock.advance(599)
    rig.watch.look()
    assert asked.ends == []
    rig.clock.advance(1)
    rig.watch.look()
    assert asked.end() == "its turn did not come within 10 min"
    rig.phones.set("A")
    assert rig.turn() == []


def test_a_read_that_takes_too_long_is_cut(rig: Rig) -> None:
    begun = threading.Event()

    def hang(turn: Turn, phone: Any) -> None:
        begun.set()
        phone.hang()

    asked = rig.ask(hang, lease_s=30)
    assert rig.turn() == [asked.turn]
    worker = threading.Thread(target=rig.work, args=(asked.turn,))
    worker.start()
    assert begun.wait(GUARD_S)
    rig.clock.advance(30)
    rig.watch.look()
    assert asked.end() == "it did not end within 30 s"
    worker.join(GUARD_S)
    assert not worker.is_alive()
    assert rig.turns.hanging == []


def test_JOB_1_a_worker_that_never_comes_back_loses_its_phone(rig: Rig) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hang(turn: Turn, phone: Any) -> None:
        begun.set()
        assert go_on.wait(GUARD_S)

    asked = rig.ask(hang, lease_s=30)
    assert rig.turn() == [asked.turn]
    worker = threading.Thread(target=rig.work, args=(asked.turn,))
    worker.start()
    assert begun.wait(GUARD_S)
    for seconds in (30, 9):
        rig.clock.advance(seconds)
        rig.watch.look()
    assert asked.ends == []
    rig.clock.advance(1)
    rig.watch.look()
    assert asked.end() == "it did not end within 30 s"
    assert rig.turns.hanging == ["A"]
    task = rig.add(before_s=0)
    assert [turn.task_id for turn in rig.turn()] == [task]
    go_on.set()
    worker.join(GUARD_S)
    assert rig.turns.hanging == []
    assert len(asked.ends) == 1
