"""Loops that go on after errors, come back after death, and are missed when they hang."""

from __future__ import annotations

import logging
import threading

import pytest

from jobs.hub.supervision import LATE_S, STALE_S, Loop, Supervisor
from jobs.run.workers import IDLE_S, Workers
from tests.support.clock import FakeClock
from tests.support.fake_phones import GUARD_S


class Turns:
    """Counts turns, so that a test can wait for one."""

    def __init__(self) -> None:
        self.done = threading.Semaphore(0)
        self.error: BaseException | None = None
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self) -> float:
        self.done.release()
        assert self.gate.wait(GUARD_S)
        if self.error is not None:
            raise self.error
        return 5.0

    def await_turn(self) -> None:
        assert self.done.acquire(timeout=GUARD_S), "no turn came"


def test_a_loop_turns_at_once_when_woken_and_else_when_its_time_has_come() -> None:
    clock, turns = FakeClock(), Turns()
    loop = Loop("test", turns, clock, longest_wait_s=5.0)
    loop.start()
    turns.await_turn()
    loop.wake()
    turns.await_turn()
    clock.advance(5)
    turns.await_turn()
    loop.stop()
    assert loop.join(GUARD_S)
    assert not loop.died


def test_APS_7_an_error_in_a_turn_is_logged_once_a_minute_and_the_loop_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, turns = FakeClock(), Turns()
    turns.error = OSError("the disk has a bad moment")
    loop = Loop("test", turns, clock, longest_wait_s=5.0)
    with caplog.at_level(logging.ERROR):
        loop.start()
        for _ in range(30):
            turns.await_turn()
            loop.wake()
        loop.stop()
        assert loop.join(GUARD_S)
    assert [record.message for record in caplog.records] == [
        "test: OSError: the disk has a bad moment; going on"
    ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("guest", [False, True], ids=["one of its own", "one that it only revives"])
def test_a_dead_helper_thread_is_started_again(caplog: pytest.LogCaptureFixture, guest: bool) -> None:
    clock, turns = FakeClock(), Turns()
    turns.error = GeneratorExit()  # nothing that a loop catches
    loop = Loop("test", turns, clock, longest_wait_s=5.0)
    supervisor = Supervisor([] if guest else [loop], [], clock)
    if guest:
        supervisor.revive(loop)
    loop.start()
    turns.await_turn()
    assert loop.join(GUARD_S)
    assert supervisor.problems() == ([] if guest else ["the thread test died"])
    turns.error = None
    with caplog.at_level(logging.ERROR):
        supervisor.check()
    turns.await_turn()
    assert loop.alive
    assert caplog.text.count("it is started again") == 1
    assert supervisor.problems() == []
    loop.stop()
    assert loop.join(GUARD_S)


def test_a_revived_loop_that_is_late_does_not_starve_the_watchdog_and_is_named_after_a_while() -> None:
    clock, turns = FakeClock(), Turns()
    turns.gate.clear()
    loop = Loop("outbox", turns, clock, longest_wait_s=5.0)
    supervisor = Supervisor([], [], clock)
    supervisor.revive(loop)
    loop.start()
    turns.await_turn()
    clock.advance(5 + STALE_S + 1)
    assert not any("outbox" in problem for problem in supervisor.problems())
    assert supervisor.late() == []
    clock.advance(LATE_S)
    assert supervisor.late() == [
        "the thread outbox has not come round for over 10 minutes: what it waits for hangs"
    ]
    assert not any("outbox" in problem for problem in supervisor.problems())
    loop.stop()
    turns.gate.set()
    assert loop.join(GUARD_S)


def test_a_loop_that_hangs_is_named_and_starves_the_watchdog() -> None:
    clock, turns = FakeClock(), Turns()
    turns.gate.clear()
    loop = Loop("scheduler", turns, clock, longest_wait_s=5.0)
    supervisor = Supervisor([loop], [], clock)
    supervisor.loop.start()
    loop.start()
    turns.await_turn()
    clock.advance(5 + STALE_S)
    assert "the thread scheduler has not come round for 60 s" not in supervisor.problems()
    clock.advance(1)
    assert "the thread scheduler has not come round for 61 s" in supervisor.problems()
    assert supervisor.stale_s >= 61
    supervisor.loop.stop()
    loop.stop()
    turns.gate.set()
    assert loop.join(GUARD_S)


def test_workers_run_calls_side_by_side_and_reuse_idle_threads() -> None:
    clock = FakeClock()
    workers = Workers(clock)
    gate, running = threading.Barrier(3), threading.Semaphore(0)
    names: list[str] = []

    def call() -> None:
        names.append(threading.current_thread().name)
        gate.wait(GUARD_S)
        running.release()

    for _ in range(2):
        for _ in range(2):
            workers.run(call)
        gate.wait(GUARD_S)
        for _ in range(2):
            assert running.acquire(timeout=GUARD_S)
        clock.await_waiters(2)
    assert sorted(names) == ["phone-worker-1"] * 2 + ["phone-worker-2"] * 2
    workers.close()
    assert workers.join(GUARD_S)


def test_a_call_that_fails_does_not_end_its_worker(caplog: pytest.LogCaptureFixture) -> None:
    workers = Workers(FakeClock())
    done = threading.Event()

    def fail() -> None:
        raise ValueError("odd")

    with caplog.at_level(logging.ERROR):
        workers.run(fail)
        workers.run(done.set)
        assert done.wait(GUARD_S)
        workers.close()
        assert workers.join(GUARD_S)
    assert "a worker's call failed" in caplog.text


def test_idle_workers_end_after_a_while() -> None:
    clock = FakeClock()
    workers = Workers(clock)
    done = threading.Event()
    workers.run(done.set)
    assert done.wait(GUARD_S)
    clock.await_waiters(1)
    clock.advance(IDLE_S)
    assert workers.join(GUARD_S)
