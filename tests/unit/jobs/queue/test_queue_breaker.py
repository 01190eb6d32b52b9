"""What keeps failing in the same way is left alone for a while."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.queue.breaker import FAILURES, PAUSE_MAX_S, PAUSE_S, WITHIN_S, Breaker
from storage.error_codes import ErrorCode
from storage.records import Stage, Task, TaskError
from storage.store import Store
from tests.support.bench import Bench, new_task
from tests.support.clock import FakeClock
from tests.support.daemon import until
from tests.support.fake_phones import PUBLISHED, FakePhones, FakeScript, publish

APP = "com.zhiliaoapp.musically"


class Rig:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = FakeClock()
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        self.breaker = Breaker(
            self.clock, store.tasks, lambda n, s, /, **facts: self.told.append((n, s, facts))
        )

    def task(self, serial: str = "A", version: str = "43.1", **facts: Any) -> Task:
        new = msgspec.structs.replace(new_task(serial, stage=Stage.QUEUED), **facts)
        (task,) = self.store.tasks.create([new])
        return self.store.tasks.change(task.id, app_version=version) if version else task

    def ends(self, code: str, task: Task | None = None, step: str = "picker", **facts: Any) -> Task:
        """A task is over: with an error, or published when the code is ""."""
        ended = task or self.task(**facts)
        ended = msgspec.structs.replace(
            ended,
            stage=Stage.FAILED if code else Stage.PUBLISHED,
            error=TaskError(code, "so it goes", step) if code else None,
        )
        self.breaker.moved(ended)
        return ended

    def held(self, **facts: Any) -> str:
        return self.breaker.obstacle(self.task(**facts))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        yield Rig(store)


def test_U2_19_three_equal_failures_pause_that_version_of_the_app_on_the_phones_that_have_it(
    rig: Rig,
) -> None:
    rig.ends("", serial="C", version="43.2")
    for serial in ("A", "B", "A"):
        assert rig.held(serial="A") == ""
        rig.ends("ui_changed", serial=serial)
    assert "com.zhiliaoapp.musically 43.1 is paused until" in rig.held(serial="A")
    assert "3 tasks in a row ended with ui_changed at picker" in rig.held(serial="B")
    assert rig.held(serial="C", version="43.2") == ""
    assert rig.held(serial="A", package="com.instagram.android") == ""
    assert rig.breaker.pauses("A") == rig.breaker.pauses("B") == rig.breaker.all_pauses
    assert rig.breaker.pauses("C") == []
    ((name, sentence, facts),) = rig.told
    assert (name, facts["code"], facts["scope"]) == ("needs_hands", "ui_changed", f"{APP} 43.1")
    assert sentence == rig.breaker.all_pauses[0]


def test_JOB_7_a_fault_that_lasts_a_week_costs_few_attempts_and_few_words(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = 0
    waiting = rig.task()
    for _ in range(7 * 24 * 12):  # every five minutes
        if not rig.breaker.obstacle(waiting):
            rig.breaker.started(waiting)
            rig.ends("ui_changed", waiting)
            attempts += 1
            waiting = rig.task()
        rig.clock.advance(300.0)
    # Three until it is paused, then after 15, 30, 60, 120 minutes and every four hours.
    assert 40 <= attempts <= 3 + 5 + 7 * 24 / 4
    assert len(caplog.records) <= attempts
    assert len(rig.told) <= attempts


def test_failures_at_other_steps_of_other_kinds_or_of_one_task_alone_pause_nothing(rig: Rig) -> None:
    one = rig.ends("ui_changed")
    for _ in range(FAILURES):
        rig.ends("ui_changed", one)
    rig.ends("ui_changed", step="post_screen")
    rig.ends("ui_changed")
    rig.ends("media_rejected")
    rig.ends("stopped")
    assert not rig.breaker.any_open


def test_a_post_in_between_and_a_day_in_between_begin_the_count_anew(rig: Rig) -> None:
    rig.ends("ui_changed")
    rig.ends("ui_changed")
    rig.ends("")
    rig.ends("ui_changed")
    rig.clock.advance(WITHIN_S)
    rig.ends("ui_changed")
    rig.ends("ui_changed")
    assert not rig.breaker.any_open
    rig.ends("ui_changed")
    assert rig.breaker.any_open


@pytest.mark.parametrize("code", ["not_logged_in", "wrong_account", "account_blocked"])
def test_JOB_7_an_account_that_fails_three_times_is_paused_alone(rig: Rig, code: str) -> None:
    for _ in range(FAILURES):
        rig.ends(code, username="Anna")
    assert "the account @anna (tiktok) is paused" in rig.held(username="anna")
    assert rig.held(username="bert") == rig.held() == ""
    assert rig.breaker.pauses("A") == rig.breaker.all_pauses


@pytest.mark.parametrize("code", ["device_timeout", "automation_lost", "push_failed", "device_storage_full"])
def test_JOB_7_a_phone_that_fails_three_times_is_paused_alone(rig: Rig, code: str) -> None:
    for username in ("anna", "bert", "carl"):
        rig.ends(code, username=username)
    assert "the phone A is paused" in rig.held(serial="A")
    assert rig.held(serial="B") == ""


def test_an_app_that_is_missing_on_a_phone_pauses_only_itself_there(rig: Rig) -> None:
    for _ in range(FAILURES):
        rig.ends("app_missing", version="")
    assert f"{APP} on the phone A is paused" in rig.held(version="")
    assert rig.held(package="com.instagram.android") == rig.held(serial="B") == ""


def test_after_the_pause_one_task_tries_and_the_others_wait_for_it(rig: Rig) -> None:
    for _ in range(FAILURES):
        rig.ends("ui_changed")
    rig.clock.advance(PAUSE_S)
    trial, other = rig.task(), rig.task(serial="B")
    rig.ends("", serial="B", version="43.1", package="com.instagram.android")
    rig.breaker.versions["B", APP] = "43.1"
    assert rig.breaker.obstacle(trial) == ""
    rig.breaker.started(trial)
    assert rig.breaker.obstacle(trial) == ""
    assert f"task {trial.id} tries" in rig.breaker.obstacle(other)
    rig.ends("", trial)
    assert rig.breaker.obstacle(other) == ""
    assert rig.breaker.all_pauses == []


def test_a_trial_that_fares_no_better_doubles_the_pause_up_to_a_bound(rig: Rig) -> None:
    for _ in range(FAILURES):
        rig.ends("ui_changed")
    expected = PAUSE_S
    for _ in range(8):
        rig.clock.advance(expected - 1)
        assert "paused until" in rig.held()
        rig.clock.advance(1)
        trial = rig.task()
        assert rig.breaker.obstacle(trial) == ""
        rig.breaker.started(trial)
        rig.ends("ui_changed", trial)
        expected = min(PAUSE_MAX_S, expected * 2)
    assert expected == PAUSE_MAX_S


def test_a_trial_that_says_nothing_or_never_begins_makes_room_for_another(rig: Rig) -> None:
    for _ in range(FAILURES):
        rig.ends("ui_changed")
    rig.clock.advance(PAUSE_S)
    trial = rig.task()
    rig.breaker.started(trial)
    assert "tries" in rig.held()
    rig.ends("no_material", trial)
    assert rig.held() == ""
    lost = rig.task()
    rig.breaker.started(lost)
    assert "tries" in rig.held()
    rig.clock.advance(10)
    assert rig.held() == ""


def test_a_person_resumes_a_phone_by_hand(rig: Rig) -> None:
    for _ in range(FAILURES):
        rig.ends("ui_changed")
    (sentence,) = rig.breaker.all_pauses
    assert rig.breaker.resume("B") == []
    assert rig.breaker.resume("A") == [sentence]
    assert rig.held() == ""
    rig.ends("ui_changed")
    assert not rig.breaker.any_open


def test_a_task_that_ran_already_when_the_pause_began_does_not_prolong_it(rig: Rig) -> None:
    for _ in range(FAILURES):
        rig.ends("ui_changed")
    (before,) = rig.breaker.all_pauses
    rig.clock.advance(PAUSE_S / 2)
    rig.ends("ui_changed")
    assert rig.breaker.all_pauses[0].partition(":")[0] == before.partition(":")[0]
    assert len(rig.told) == 1


def test_what_is_paused_waits_with_the_reason_and_what_stands_behind_it_goes_ahead(tmp_path: Path) -> None:
    from jobs.task.attempt import ScriptFailed

    def run(attempt: Any, phone: Any) -> Any:
        attempt.set_app_version("43.1")
        if attempt.task.package == APP:
            raise ScriptFailed(ErrorCode.UI_CHANGED, "never seen before", step="picker")
        return publish(attempt, phone)

    with Bench(tmp_path, FakePhones("A"), FakeScript(run)) as bench:
        for _ in range(FAILURES):
            bench.wait(bench.now().id)
        held = bench.now()
        other = bench.add(
            msgspec.structs.replace(new_task(at=bench.clock.now()), package="com.instagram.android")
        )[0]
        assert bench.wait(other.id).stage is Stage.PUBLISHED
        # The phone may still be on its way out of the other task's attempt.
        until(lambda: f"{APP} 43.1 is paused until" in bench.task(held.id).waiting_detail, 5)
        assert bench.jobs.halts.why("A") in bench.jobs.notices
        assert bench.jobs.halts.resume("A")
        assert bench.wait(held.id).error == TaskError("ui_changed", "never seen before", "picker")
    assert PUBLISHED
