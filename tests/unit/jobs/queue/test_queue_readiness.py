"""Phones that are there but not fit to work: their tasks wait, say why, and go on by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs.hub.settings import Phones
from jobs.phone.errors import PhoneNotReady
from jobs.phone.protocol import PhoneInfo, PhoneState
from jobs.run.runner import NOT_READY_PAUSE_MAX_S, NOT_READY_PAUSE_S
from storage.records import Stage, Waiting
from tests.support.bench import Bench
from tests.support.clock import FakeClock
from tests.support.fake_phones import FakePhones, FakeScript, publish


@pytest.mark.parametrize(
    ("percent", "celsius", "why"),
    [
        (14, 20.0, "its battery is at 14 %, tasks start from 15 %"),
        (80, 43.5, "its battery is at 44 °C, tasks start below 43 °C"),
        (15, 43.0, ""),
        (None, None, ""),
    ],
)
def test_JOB_9_a_low_or_hot_battery_starts_nothing(percent: Any, celsius: Any, why: str) -> None:
    info = PhoneInfo(
        serial="A", state=PhoneState.DEVICE, since=0.0, battery_percent=percent, battery_celsius=celsius
    )
    assert Phones().battery_problem(info.battery_percent, info.battery_celsius) == why


def test_JOB_9_a_task_waits_for_a_charged_phone_and_starts_by_itself(tmp_path: Path) -> None:
    phones = FakePhones()
    phones.set("A", battery_percent=9)
    with Bench(tmp_path, phones, FakeScript()) as bench:
        task = bench.now()
        while not (waits := bench.task(task.id)).waiting_detail:
            bench.jobs.dispatcher.turn()
        assert (waits.waiting_for, waits.attempt) == (Waiting.DEVICE, 0)
        assert "its battery is at 9 %" in waits.waiting_detail
        assert bench.jobs.halts.why("A") == "its battery is at 9 %, tasks start from 15 %"
        # Somebody who looked at it has not charged it: nothing is paused that a word could end.
        assert bench.jobs.halts.all("A") == bench.jobs.halts.resume("A") == []
        assert bench.jobs.halts.why("A") == "its battery is at 9 %, tasks start from 15 %"
        phones.set("A", battery_percent=15)
        assert bench.wait(task.id).stage is Stage.PUBLISHED
        assert bench.jobs.halts.why("A") == ""


def test_U2_17_a_locked_phone_s_task_waits_and_costs_no_retry(tmp_path: Path) -> None:
    locked = [True]

    def run(attempt: Any, phone: Any) -> Any:
        if locked[0]:
            raise PhoneNotReady("the phone is locked: a person must unlock it", serial=phone.serial)
        return publish(attempt, phone)

    clock = FakeClock()
    phones = FakePhones("A")
    script = FakeScript(run)
    with Bench(tmp_path, phones, script, clock) as bench:
        task = bench.now()
        for number, pause_s in enumerate([30, 60, 120, 240, 480, 900, 900], 1):
            script.await_run()
            waits = bench.wait(task.id, {Stage.QUEUED})
            while not bench.jobs.dispatcher.closed("A"):
                bench.jobs.dispatcher.turn()
            assert (waits.attempt, waits.retry_count) == (number, 0)
            clock.advance(pause_s - 1)
            assert "locked" in bench.jobs.halts.why("A")
            locked[0] = number < 7
            clock.advance(2)
            bench.jobs.dispatcher.loop.wake()  # it may have looked at the clock just before it was moved
        assert bench.wait(task.id).stage is Stage.PUBLISHED
        assert phones.taps == {"A": 1}
    assert (NOT_READY_PAUSE_S, NOT_READY_PAUSE_MAX_S) == (30, 900)


def test_a_person_s_word_ends_that_a_phone_needs_hands(tmp_path: Path) -> None:
    phones = FakePhones()
    phones.set("A", PhoneState.NEEDS_HANDS, detail="its automation keeps dying")
    with Bench(tmp_path, phones, FakeScript()) as bench:
        task = bench.now()
        assert bench.jobs.halts.resume("A") == ["its automation keeps dying"]
        assert bench.wait(task.id).stage is Stage.PUBLISHED


def test_a_person_who_was_at_the_phone_ends_its_pause(tmp_path: Path) -> None:
    locked = [True]

    def run(attempt: Any, phone: Any) -> Any:
        if locked[0]:
            raise PhoneNotReady("in a call", serial=phone.serial)
        return publish(attempt, phone)

    script = FakeScript(run)
    with Bench(tmp_path, FakePhones("A"), script, FakeClock()) as bench:
        task = bench.now()
        script.await_run()
        bench.wait(task.id, {Stage.QUEUED})
        while not bench.jobs.dispatcher.closed("A"):
            bench.jobs.dispatcher.turn()
        locked[0] = False
        assert bench.jobs.halts.resume("A") == ["in a call"]
        assert bench.wait(task.id).stage is Stage.PUBLISHED
