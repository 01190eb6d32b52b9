"""Stops: by request and by the daemon's own end, before and after the commit point, with hanging phones."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from jobs.phone.errors import LeaseLost, PhoneOffline, StopRequested
from jobs.run.turn_register import LET_GO_S, STOP_COMMIT_BOUND_S
from jobs.task.attempt import Attempt, Verdict
from storage.records import Outcome, Stage, Task
from tests.support.bench import Bench
from tests.support.clock import FakeClock
from tests.support.fake_phones import GUARD_S, PUBLISHED, FakePhones, FakeScript, publish


def hang(attempt: Attempt, phone: Any) -> Verdict:
    """Waits for an answer of the phone that never comes."""
    with attempt.step("push the file"):
        phone.hang()
    raise AssertionError("unreachable")


def idle(attempt: Attempt, phone: Any) -> Verdict:
    """Waits on the clock."""
    attempt.wait(1e6)
    raise AssertionError("the wait ended without a stop")


def seen(attempt: Attempt, phone: Any) -> Verdict:
    """A look for the post that finds it."""
    return PUBLISHED


@pytest.mark.parametrize("play", [hang, idle])
def test_a_running_task_stops_within_a_second_whatever_it_waits_for(tmp_path: Path, play: Any) -> None:
    script = FakeScript(play)
    phones = FakePhones("A")
    with Bench(tmp_path, phones, script) as bench:
        task = bench.now()
        script.await_run()
        began = time.monotonic()
        answer = bench.control.stop(task.id)
        assert answer.stop_requested or answer.stage is Stage.FAILED
        stopped = bench.wait(task.id)
        assert time.monotonic() - began < 1.0
        assert stopped.error is not None
        assert stopped.error.code == "stopped"
        assert stopped.remark == "stopped by request"
        assert stopped.outcome is Outcome.NONE
        assert phones.sessions[0].closed.is_set()


def test_a_stop_behind_the_commit_point_waits_for_the_verdict_and_keeps_the_truth(tmp_path: Path) -> None:
    tapped, go_on = threading.Event(), threading.Event()

    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.enter_committing()
        phone.tap_once()
        attempt.enter_verifying()
        tapped.set()
        assert go_on.wait(GUARD_S)
        return PUBLISHED

    with Bench(tmp_path, FakePhones("A"), FakeScript(play)) as bench:
        task = bench.now()
        assert tapped.wait(GUARD_S)
        answer = bench.control.stop(task.id)
        assert answer.stage is Stage.VERIFYING
        assert answer.stop_requested
        go_on.set()
        assert bench.wait(task.id).stage is Stage.PUBLISHED


def test_a_stop_behind_the_commit_point_ends_as_unknown_after_its_bound(tmp_path: Path) -> None:
    clock = FakeClock()
    tapped = threading.Event()

    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.enter_committing()
        phone.tap_once()
        tapped.set()
        phone.hang()
        raise AssertionError("unreachable")

    with Bench(tmp_path, FakePhones("A"), FakeScript(play), clock) as bench:
        task = bench.now()
        assert tapped.wait(GUARD_S)
        bench.control.stop(task.id)
        clock.advance(STOP_COMMIT_BOUND_S - 1)
        assert bench.task(task.id).stage is Stage.COMMITTING
        clock.advance(1)
        ended = bench.wait(task.id)
    assert (ended.stage, ended.outcome) == (Stage.FAILED, Outcome.UNKNOWN)
    assert ended.retry_count == 0


def test_no_tap_follows_a_stop_that_came_just_before_the_commit_point(tmp_path: Path) -> None:
    at_the_point, go_on = threading.Event(), threading.Event()

    def play(attempt: Attempt, phone: Any) -> Verdict:
        at_the_point.set()
        assert go_on.wait(GUARD_S)
        attempt.enter_committing()
        phone.tap_once()
        return PUBLISHED

    phones = FakePhones("A")
    with Bench(tmp_path, phones, FakeScript(play)) as bench:
        task = bench.now()
        assert at_the_point.wait(GUARD_S)
        bench.control.stop(task.id)
        go_on.set()
        ended = bench.wait(task.id)
    assert ended.error is not None
    assert ended.error.code == "stopped"
    assert phones.taps == {}
    assert Stage.COMMITTING not in bench.history[task.id]


def test_a_pending_task_that_is_stopped_never_starts(tmp_path: Path) -> None:
    phones = FakePhones()
    script = FakeScript()
    with Bench(tmp_path, phones, script) as bench:
        task = bench.now()
        stopped = bench.control.stop(task.id)
        assert stopped.stage is Stage.FAILED
        phones.set("A")
        other = bench.now()
        bench.wait(other.id)
    assert script.runs == [other.id]


def test_a_retry_that_is_being_written_while_the_stop_comes_does_not_outlive_it(tmp_path: Path) -> None:
    bench: Bench
    task: Task

    def at(name: str) -> None:
        # Between the decision to retry and its write, the stop arrives.
        if name == "jobs.before_scheduled":
            live = bench.jobs.turns.of_task(task.id)
            assert live is not None
            live.request_stop("request")

    def play(attempt: Attempt, phone: Any) -> Verdict:
        raise PhoneOffline("gone")

    bench = Bench(tmp_path, FakePhones("A"), FakeScript(play), hook=at)
    task = bench.now()
    with bench:
        ended = bench.wait(task.id)
    assert ended.error is not None
    assert ended.error.code == "stopped"


def test_JOB_1_an_attempt_that_outlives_its_lease_loses_its_phone(tmp_path: Path) -> None:
    clock = FakeClock()
    script = FakeScript(hang)
    with Bench(tmp_path, FakePhones("A"), script, clock, attempt_timeout_s=100.0, auto_retry=False) as bench:
        task = bench.now()
        script.await_run()
        clock.advance(101)
        ended = bench.wait(task.id)
    assert ended.error is not None
    assert ended.error.code == "device_timeout"
    assert ended.error.step == "push the file"


def test_JOB_1_a_worker_that_never_comes_back_holds_neither_phone_nor_slot_nor_task(tmp_path: Path) -> None:
    clock = FakeClock()
    stuck = threading.Event()

    def play(attempt: Attempt, phone: Any) -> Verdict:
        if attempt.task.id == 1:
            assert stuck.wait(GUARD_S)  # deaf to its session and to its stop
            attempt.enter_committing()
            phone.tap_once()
        return publish(attempt, phone)

    phones = FakePhones("A")
    script = FakeScript(play)
    with Bench(tmp_path, phones, script, clock, slots=1, attempt_timeout_s=100.0, auto_retry=False) as bench:
        first, second = bench.now(), bench.now()
        script.await_run()
        clock.advance(101)
        assert phones.sessions[0].closed.wait(GUARD_S)
        clock.advance(LET_GO_S)
        ended = bench.wait(first.id)
        assert ended.error is not None
        assert ended.error.code == "device_timeout"
        assert bench.wait(second.id).stage is Stage.PUBLISHED
        assert bench.jobs.health() == ["the worker of the phone A hangs"]
        stuck.set()
        bench.jobs.workers.close()
    assert phones.taps == {"A": 1}


def test_JOB_2_an_attempt_whose_lease_is_over_makes_no_tap(tmp_path: Path) -> None:
    clock = FakeClock()
    raised: list[BaseException] = []

    def play(attempt: Attempt, phone: Any) -> Verdict:
        # Time passes in one go: nobody had a chance to take the lease away.
        clock.advance(101)
        try:
            attempt.enter_committing()
        except LeaseLost as error:
            raised.append(error)
            raise
        phone.tap_once()
        return PUBLISHED

    phones = FakePhones("A")
    with Bench(tmp_path, phones, FakeScript(play), clock, attempt_timeout_s=100.0, auto_retry=False) as bench:
        bench.wait(bench.now().id)
    assert raised
    assert phones.taps == {}


def test_APS_8_a_hundred_hung_phones_are_out_in_seconds_and_their_tasks_queued_again(tmp_path: Path) -> None:
    serials = [f"P{number:03}" for number in range(100)]
    script = FakeScript(hang)
    bench = Bench(tmp_path, FakePhones(*serials), script)
    bench.start()
    tasks = [bench.now(serial) for serial in serials]
    script.await_run(100)
    began = time.monotonic()
    assert bench.jobs.stop(15.0)
    assert time.monotonic() - began < 5.0
    for task in tasks:
        found = bench.task(task.id)
        assert (found.stage, found.interruptions, found.retry_count) == (Stage.QUEUED, 1, 0)
    bench.store.close()


def test_APS_8_deaf_workers_do_not_keep_the_daemon_from_stopping(tmp_path: Path) -> None:
    stuck = threading.Event()

    def play(attempt: Attempt, phone: Any) -> Verdict:
        assert stuck.wait(GUARD_S)
        return publish(attempt, phone)

    phones = FakePhones("A")
    script = FakeScript(play)
    bench = Bench(tmp_path, phones, script)
    bench.start()
    task = bench.now()
    script.await_run()
    began = time.monotonic()
    assert not bench.jobs.stop(4.0)
    assert time.monotonic() - began < 5.0
    assert bench.task(task.id).stage is Stage.QUEUED
    stuck.set()
    assert bench.jobs.workers.join(GUARD_S)
    assert phones.taps == {}
    bench.store.close()


def test_a_stop_of_the_daemon_waits_for_a_verdict_that_comes_in_time(tmp_path: Path) -> None:
    tapped, go_on = threading.Event(), threading.Event()

    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.enter_committing()
        phone.tap_once()
        attempt.enter_verifying()
        tapped.set()
        assert go_on.wait(GUARD_S)
        return PUBLISHED

    bench = Bench(tmp_path, FakePhones("A"), FakeScript(play))
    bench.start()
    task = bench.now()
    assert tapped.wait(GUARD_S)
    threading.Timer(0.2, go_on.set).start()
    assert bench.jobs.stop(15.0)
    assert bench.task(task.id).stage is Stage.PUBLISHED
    bench.store.close()


def test_a_post_whose_verdict_comes_too_late_for_a_stop_is_looked_for_at_the_next_start(
    tmp_path: Path,
) -> None:
    tapped = threading.Event()

    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.enter_committing()
        phone.tap_once()
        attempt.enter_verifying()
        tapped.set()
        try:
            phone.hang()
        except StopRequested:
            return Verdict(Outcome.UNKNOWN, "stopped while waiting for proof")
        raise AssertionError("unreachable")

    phones = FakePhones("A")
    bench = Bench(tmp_path, phones, FakeScript(play))
    bench.start()
    task = bench.now()
    assert tapped.wait(GUARD_S)
    assert bench.jobs.stop(3.2)
    assert bench.task(task.id).stage is Stage.VERIFYING
    bench.store.close()

    script = FakeScript(settle=seen)
    with Bench(tmp_path, phones, script) as bench:
        assert bench.wait(task.id).stage is Stage.PUBLISHED
    assert script.runs == []
    assert phones.taps == {"A": 1}


def test_the_third_stop_of_the_daemon_during_a_task_is_one_too_many(tmp_path: Path) -> None:
    phones = FakePhones("A")
    task_id = 0
    for count in (1, 2, 3):
        script = FakeScript(hang)
        bench = Bench(tmp_path, phones, script)
        bench.start()
        task_id = task_id or bench.now().id
        script.await_run()
        bench.jobs.stop(15.0)
        task = bench.task(task_id)
        assert task.interruptions == count
        assert task.stage is (Stage.FAILED if count == 3 else Stage.QUEUED)
        bench.store.close()
    assert task.error is not None
    assert task.error.code == "interrupted"
    assert task.outcome is Outcome.NONE
