"""What a start finds after a crash, and that it never taps again."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from jobs.phone.errors import LeaseLost, PhoneOffline
from jobs.phone.protocol import PhoneState
from jobs.run.recovery import ONE_LOOK_S, SETTLE_BOUND_S
from jobs.task.attempt import Attempt, Verdict
from jobs.task.states import OUTCOMES
from storage.errors import StoreFailed
from storage.records import Outcome, Stage, Task
from storage.store import Store
from tests.support.bench import Bench, new_task
from tests.support.clock import FakeClock
from tests.support.fake_phones import GUARD_S, PUBLISHED, FakePhones, FakeScript, publish


def crashed(folder: Path, stage: Stage, **facts: Any) -> Task:
    """A state directory as a crash leaves it: one task in a stage, nobody working on it."""
    with Store.open(folder, reserve_bytes=0) as store:
        task = store.tasks.create([new_task(at=1.0)])[0]
        return store.tasks.change(task.id, stage=stage, outcome=OUTCOMES[stage][0], attempt=1, **facts)


def looked(verdict: Verdict) -> FakeScript:
    """A script whose look for the post ends with this verdict."""

    def settle(attempt: Attempt, phone: Any) -> Verdict:
        with pytest.raises(LeaseLost):
            attempt.enter_committing()
        return verdict

    return FakeScript(settle=settle)


def test_JOB_3_an_attempt_before_the_commit_point_runs_again_and_counts_no_retry(tmp_path: Path) -> None:
    task = crashed(tmp_path, Stage.PREPARING)
    phones = FakePhones("A")
    with Bench(tmp_path, phones, FakeScript()) as bench:
        done = bench.wait(task.id)
    assert (done.stage, done.retry_count, done.interruptions, done.attempt) == (Stage.PUBLISHED, 0, 1, 2)
    assert phones.taps == {"A": 1}


def test_JOB_3_the_third_crash_before_the_commit_point_is_the_last(tmp_path: Path) -> None:
    task = crashed(tmp_path, Stage.PREPARING, interruptions=2)
    script = FakeScript()
    with Bench(tmp_path, FakePhones("A"), script) as bench:
        done = bench.wait(task.id)
    assert done.error is not None
    assert done.error.code == "interrupted"
    assert done.outcome is Outcome.NONE
    assert script.runs == []


@pytest.mark.parametrize("stage", [Stage.COMMITTING, Stage.VERIFYING])
@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (PUBLISHED, Outcome.PUBLISHED),
        (Verdict(Outcome.NOT_PUBLISHED, "the form is still open"), Outcome.NOT_PUBLISHED),
        (Verdict(Outcome.UNKNOWN, "nothing to be seen"), Outcome.UNKNOWN),
    ],
)
def test_JOB_3_behind_the_commit_point_the_phone_is_looked_at_and_never_tapped(
    tmp_path: Path, stage: Stage, verdict: Verdict, outcome: Outcome
) -> None:
    task = crashed(tmp_path, stage)
    phones = FakePhones("A")
    script = looked(verdict)
    with Bench(tmp_path, phones, script) as bench:
        done = bench.wait(task.id)
    assert done.outcome is outcome
    assert script.runs == []
    assert script.settled == [task.id]
    assert phones.taps == {}
    assert all(session.closed.is_set() for session in phones.sessions)


def test_a_look_waits_for_its_phone_and_comes_before_any_post_there(tmp_path: Path) -> None:
    task = crashed(tmp_path, Stage.VERIFYING)
    phones = FakePhones()
    phones.set("A", PhoneState.OFFLINE)
    order: list[str] = []

    def settle(attempt: Attempt, phone: Any) -> Verdict:
        order.append("look")
        return PUBLISHED

    def run(attempt: Attempt, phone: Any) -> Verdict:
        order.append("post")
        return publish(attempt, phone)

    with Bench(tmp_path, phones, FakeScript(run, settle)) as bench:
        post = bench.now()
        bench.wait(post.id, {Stage.QUEUED})
        waiting = bench.task(task.id)
        assert waiting.stage is Stage.VERIFYING
        assert "looking for the post" in waiting.remark
        phones.set("A")
        bench.wait(post.id)
        assert bench.wait(task.id).stage is Stage.PUBLISHED
    assert order == ["look", "post"]


def test_a_look_that_fails_is_repeated_when_the_phone_reports_again(tmp_path: Path) -> None:
    task = crashed(tmp_path, Stage.COMMITTING)
    phones = FakePhones("A")
    tries = threading.Semaphore(0)

    def settle(attempt: Attempt, phone: Any) -> Verdict:
        tries.release()
        if len(script.settled) == 1:
            raise PhoneOffline("it hung up")
        return PUBLISHED

    script = FakeScript(settle=settle)
    with Bench(tmp_path, phones, script) as bench:
        assert tries.acquire(timeout=GUARD_S)
        phones.set("A")
        assert bench.wait(task.id).stage is Stage.PUBLISHED


def test_a_look_that_fails_is_repeated_before_any_post_there_also_on_a_phone_that_was_reported_meanwhile(
    tmp_path: Path,
) -> None:
    task = crashed(tmp_path, Stage.COMMITTING)
    phones = FakePhones("A")
    order: list[str] = []
    queued = threading.Event()

    def settle(attempt: Attempt, phone: Any) -> Verdict:
        order.append("look")
        if len(order) == 1:
            assert queued.wait(GUARD_S)
            phones.set("A")
            raise PhoneOffline("it came back through another adb server")
        return PUBLISHED

    def run(attempt: Attempt, phone: Any) -> Verdict:
        order.append("post")
        return publish(attempt, phone)

    with Bench(tmp_path, phones, FakeScript(run, settle)) as bench:
        post = bench.now()
        bench.wait(post.id, {Stage.QUEUED})
        queued.set()
        bench.wait(task.id)
        bench.wait(post.id)
    assert order == ["look", "look", "post"]


def test_a_phone_that_stays_away_beyond_the_bound_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    task = crashed(tmp_path, Stage.COMMITTING)
    clock = FakeClock()
    phones = FakePhones()
    phones.set("A", PhoneState.OFFLINE)
    with Bench(tmp_path, phones, FakeScript(), clock) as bench:
        clock.advance(SETTLE_BOUND_S - 1)
        assert bench.task(task.id).stage is Stage.COMMITTING
        clock.advance(2)
        done = bench.wait(task.id)
    assert (done.stage, done.outcome) == (Stage.FAILED, Outcome.UNKNOWN)
    assert "mark it as published or confirm the retry" in done.remark


def test_a_stop_ends_the_search_for_a_post_as_unknown(tmp_path: Path) -> None:
    task = crashed(tmp_path, Stage.VERIFYING)
    clock = FakeClock()
    with Bench(tmp_path, FakePhones(), FakeScript(), clock) as bench:
        assert bench.control.stop(task.id).stop_requested
        clock.advance(ONE_LOOK_S)
        done = bench.wait(task.id)
    assert (done.stage, done.outcome) == (Stage.FAILED, Outcome.UNKNOWN)


@pytest.mark.parametrize("facts", [{"stop_requested": True}, {"deleted": True, "stop_requested": True}])
def test_a_task_that_was_to_stop_when_the_daemon_died_does_not_start_again(
    tmp_path: Path, facts: dict[str, bool]
) -> None:
    task = crashed(tmp_path, Stage.PREPARING, **facts)
    script = FakeScript()
    with Bench(tmp_path, FakePhones("A"), script) as bench:
        done = bench.wait(task.id)
    assert done.error is not None
    assert done.error.code == "stopped"
    assert script.runs == []


@pytest.mark.parametrize("refused", ["verifying", "published"])
def test_JOB_4_a_store_that_refuses_after_the_tap_costs_no_second_post(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    left = [3]

    def at(name: str) -> None:
        if name == f"jobs.before_{refused}" and left[0]:
            left[0] -= 1
            raise StoreFailed("the disk has a bad moment")

    monkeypatch.setattr("jobs.run.endings.WRITE_AGAIN_S", 0.01)
    phones = FakePhones("A")
    with Bench(tmp_path, phones, FakeScript(), hook=at) as bench:
        assert bench.wait(bench.now().id).outcome is Outcome.PUBLISHED
    assert phones.taps == {"A": 1}


def test_a_store_that_refuses_the_commit_point_means_no_tap(tmp_path: Path) -> None:
    def at(name: str) -> None:
        if name == "jobs.before_committing":
            raise StoreFailed("the disk has a bad moment")

    phones = FakePhones("A")
    with Bench(tmp_path, phones, FakeScript(), hook=at, pause_s=0.05) as bench:
        done = bench.wait(bench.now().id)
    assert done.stage is Stage.FAILED
    assert done.outcome is Outcome.NONE
    assert phones.taps == {}


def test_a_store_that_refuses_a_claim_leaves_the_task_queued_and_it_runs_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [1]

    def at(name: str) -> None:
        if name == "jobs.before_preparing" and left[0]:
            left[0] -= 1
            raise StoreFailed("the disk has a bad moment")

    monkeypatch.setattr("jobs.run.starts.BEGIN_PAUSE_S", 0.01)
    with Bench(tmp_path, FakePhones("A"), FakeScript(), hook=at) as bench:
        assert bench.wait(bench.now().id).stage is Stage.PUBLISHED


def test_a_phone_that_is_gone_at_the_door_counts_nothing_against_the_task(tmp_path: Path) -> None:
    phones = FakePhones("A")
    phones.at_the_door["A"] = PhoneOffline("it hung up")
    with Bench(tmp_path, phones, FakeScript()) as bench:
        task = bench.now()
        bench.wait(task.id, {Stage.PREPARING})
        waiting = bench.wait(task.id, {Stage.QUEUED})
        assert (waiting.retry_count, waiting.interruptions, waiting.outcome) == (0, 0, Outcome.NONE)
        del phones.at_the_door["A"]
        phones.set("A")
        assert bench.wait(task.id).stage is Stage.PUBLISHED


def test_a_script_that_claims_success_without_a_commit_point_is_not_repeated(tmp_path: Path) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        return PUBLISHED

    with Bench(tmp_path, FakePhones("A"), FakeScript(play)) as bench:
        task = bench.wait(bench.now().id)
    assert task.outcome is Outcome.PUBLISHED


def test_a_store_that_refuses_at_the_start_does_not_keep_the_daemon_down(tmp_path: Path) -> None:
    task = crashed(tmp_path, Stage.PREPARING)
    left = [2]

    def at(name: str) -> None:
        if name == "jobs.before_queued" and left[0]:
            left[0] -= 1
            raise StoreFailed("the disk has a bad moment")

    with Bench(tmp_path, FakePhones("A"), FakeScript(), hook=at) as bench:
        assert bench.wait(task.id).stage is Stage.PUBLISHED
