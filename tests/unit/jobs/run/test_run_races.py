"""What comes between two steps of the daemon: stops, deletions, its own end, and owners that change."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.pace import pauses
from jobs.phone.errors import PhoneOffline, StopRequested
from jobs.task.attempt import Attempt, Verdict
from storage.errors import StoreFull
from storage.records import Outcome, Stage
from storage.store import Store
from tests.support.bench import Bench, new_task
from tests.support.clock import FakeClock
from tests.support.fake_phones import GUARD_S, FakePhones, FakeScript, publish


class At:
    """A hook that calls something the n-th time that a point is passed."""

    def __init__(self, point: str, count: int = 1) -> None:
        self._point = point
        self._left = count
        self.call: Callable[[], Any] = lambda: None

    def __call__(self, name: str, /) -> None:
        if name == self._point:
            self._left -= 1
            if self._left == 0:
                self.call()


def gone(phones: FakePhones, serial: str = "A") -> None:
    phones.at_the_door[serial] = PhoneOffline("it went", serial=serial)


def test_a_stop_while_the_task_goes_back_to_its_queue_is_kept(tmp_path: Path) -> None:
    phones = FakePhones("A")
    gone(phones)
    hook = At("jobs.before_queued", 2)  # the first is the one by which it became due
    with Bench(tmp_path, phones, FakeScript(), FakeClock(), hook=hook) as bench:
        hook.call = lambda: bench.control.stop(1)
        task = bench.now()
        ended = bench.wait(task.id)
    assert ended.error is not None
    assert ended.error.code == "stopped"


def test_a_deletion_while_the_task_goes_back_to_its_queue_leaves_the_phone_to_others(tmp_path: Path) -> None:
    phones = FakePhones("A")
    gone(phones)
    hook = At("jobs.before_queued", 2)
    script = FakeScript()
    with Bench(tmp_path, phones, script, FakeClock(), hook=hook) as bench:
        deleted = threading.Event()

        def delete() -> None:
            bench.control.delete([1])
            phones.at_the_door.clear()
            phones.set("A")
            deleted.set()

        hook.call = delete
        bench.now()
        assert deleted.wait(GUARD_S)
        other = bench.now()
        bench.wait(other.id, {Stage.PUBLISHED})
        assert script.runs == [other.id]


def test_R62_what_is_paused_while_a_claim_waits_for_the_disk_does_not_start(tmp_path: Path) -> None:
    phones, script = FakePhones("A"), FakeScript(publish)
    hook = At("jobs.before_preparing")
    with Bench(tmp_path, phones, script, hook=hook) as bench:
        hook.call = lambda: bench.jobs.pauses.set(pauses.HUB, reason="", until=None)
        task = bench.now()
        with bench.changed:
            assert bench.changed.wait_for(
                lambda: bench.history.get(task.id, [])[-2:] == [Stage.PREPARING, Stage.QUEUED], GUARD_S
            )
        assert script.runs == []
        bench.jobs.pauses.end(pauses.HUB)
        done = bench.wait(task.id)
    assert (done.stage, done.retry_count, done.interruptions) == (Stage.PUBLISHED, 0, 0)
    assert phones.taps == {"A": 1}


@pytest.mark.parametrize("deleted", [True, False])
def test_a_queued_task_that_should_have_ended_ends_when_its_turn_comes(tmp_path: Path, deleted: bool) -> None:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        task = store.tasks.create([new_task()])[0]
        store.tasks.change(task.id, stage=Stage.QUEUED, stop_requested=True, deleted=deleted)
    script = FakeScript()
    with Bench(tmp_path, FakePhones("A"), script) as bench:
        other = bench.now()
        bench.wait(other.id, {Stage.PUBLISHED})
        assert bench.wait(task.id).stage is Stage.FAILED
    assert script.runs == [other.id]


def test_nothing_starts_once_the_daemon_leaves_even_if_the_dispatcher_is_late(tmp_path: Path) -> None:
    script = FakeScript()
    bench = Bench(tmp_path, FakePhones("A"), script)
    try:
        task = bench.store.tasks.create([new_task()])[0]
        bench.store.tasks.change(task.id, stage=Stage.QUEUED)
        bench.jobs.stop(GUARD_S)
        bench.jobs.starts.begin(
            [bench.jobs.claims.turn_for(task, False)]
        )  # the dispatcher's thread, held up by the disk
        bench.jobs.workers.join(GUARD_S)
        left = bench.task(task.id)
    finally:
        bench.close()
    assert (left.stage, left.interruptions, script.runs) == (Stage.QUEUED, 0, [])


def test_a_look_for_a_post_that_begins_while_the_daemon_leaves_settles_nothing(tmp_path: Path) -> None:
    script = FakeScript()
    bench = Bench(tmp_path, FakePhones("A"), script)
    try:
        task = bench.store.tasks.create([new_task()])[0]
        bench.store.tasks.change(task.id, stage=Stage.VERIFYING, outcome=Outcome.UNKNOWN, attempt=1)
        bench.jobs.stop(GUARD_S)
        bench.jobs.starts.begin([bench.jobs.claims.turn_for(task, True)])
        bench.jobs.workers.join(GUARD_S)
        left = bench.task(task.id)
    finally:
        bench.close()
    assert (left.stage, script.settled) == (Stage.VERIFYING, [])


def test_recovery_leaves_a_task_alone_that_a_new_attempt_took_while_it_looked(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakePhones("A"), FakeScript())
    try:
        task = bench.store.tasks.create([new_task()])[0]
        first = bench.store.tasks.change(task.id, stage=Stage.PREPARING, attempt=1)

        def owned(task_id: int) -> bool:
            # Its worker was through just now, and the next one has it before recovery comes to look at it.
            back = bench.jobs.mover.move(first.id, Stage.QUEUED, expect_attempt=1)
            bench.jobs.mover.claim([back])
            return False

        bench.jobs.recovery.owned = owned
        bench.jobs.recovery.turn()
        left = bench.task(task.id)
    finally:
        bench.close()
    assert (left.stage, left.attempt, left.interruptions) == (Stage.PREPARING, 2, 0)


def test_a_look_for_a_post_that_takes_too_long_is_nobodys_stop(tmp_path: Path) -> None:
    """It will be looked again; the task does not say that a person stopped it."""
    hangs = threading.Event()

    def settle(attempt: Attempt, phone: Any) -> Verdict:
        hangs.set()
        phone.hang()
        raise AssertionError("unreachable")

    bench = Bench(tmp_path, FakePhones("A"), FakeScript(settle=settle))
    try:
        task = bench.store.tasks.create([new_task()])[0]
        bench.store.tasks.change(task.id, stage=Stage.VERIFYING, outcome=Outcome.UNKNOWN, attempt=1)
        bench.jobs.starts.begin([bench.jobs.claims.turn_for(task, True)])
        assert hangs.wait(GUARD_S)
        attempt = bench.jobs.turns.of_task(task.id)
        assert attempt is not None
        attempt.revoke()
        bench.jobs.workers.close()
        assert bench.jobs.workers.join(GUARD_S)
        left = bench.task(task.id)
    finally:
        bench.close()
    assert (left.stage, left.error) == (Stage.VERIFYING, None)


def proven_then_idle(attempt: Attempt, phone: Any) -> Verdict:
    """The post is proven; then the script waits, as for the server to work on it."""
    attempt.enter_committing()
    phone.tap_once()
    attempt.enter_verifying()
    attempt.enter_published("it is there")
    with contextlib.suppress(StopRequested):
        attempt.wait(1e6)
    return Verdict(Outcome.PUBLISHED, "it is there")


def test_a_proof_is_written_before_what_is_only_clearing_up(tmp_path: Path) -> None:
    with Bench(tmp_path, FakePhones("A"), FakeScript(proven_then_idle), FakeClock()) as bench:
        task = bench.now()
        done = bench.wait(task.id)
        assert (done.stage, done.remark) == (Stage.PUBLISHED, "it is there")
        assert bench.jobs.turns.of_task(task.id) is not None
        assert bench.jobs.dispatcher.busy == {"A": task.id}
        other = bench.wait(bench.now().id, {Stage.QUEUED})
        began = time.monotonic()
        bench.jobs.stop(GUARD_S)
        assert time.monotonic() - began < 2.0  # nobody waits for a verdict that stands
        assert bench.task(other.id).stage is Stage.QUEUED


def test_a_proof_that_cannot_be_written_at_once_is_written_at_the_end(tmp_path: Path) -> None:
    refused = threading.Event()

    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.enter_committing()
        phone.tap_once()
        attempt.enter_verifying()

        def refuse(*_: Any, **__: Any) -> Any:
            refused.set()
            raise StoreFull("no room")

        mover = attempt._mover  # type: ignore[attr-defined]
        inner = mover.move_through
        mover.move_through = refuse
        attempt.enter_published("it is there")
        mover.move_through = inner
        return Verdict(Outcome.PUBLISHED, "it is there")

    with Bench(tmp_path, FakePhones("A"), FakeScript(play)) as bench:
        assert bench.wait(bench.now().id).stage is Stage.PUBLISHED
    assert refused.is_set()


def test_a_stop_asked_for_before_a_crash_still_lets_the_phone_be_looked_at_once(tmp_path: Path) -> None:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        task = store.tasks.create([new_task()])[0]
        store.tasks.change(
            task.id, stage=Stage.VERIFYING, outcome=Outcome.UNKNOWN, attempt=1, stop_requested=True
        )
    script = FakeScript(settle=lambda *_: Verdict(Outcome.PUBLISHED, "it is there"))
    with Bench(tmp_path, FakePhones("A"), script) as bench:
        assert bench.wait(task.id).stage is Stage.PUBLISHED


def test_R70_a_write_that_is_refused_before_the_commit_point_is_tried_again(tmp_path: Path) -> None:
    full = [True]

    def play(attempt: Attempt, phone: Any) -> Verdict:
        if full.pop():
            full.append(False)
            raise StoreFull("there is not enough disk space for anything new")
        return publish(attempt, phone)

    with Bench(tmp_path, FakePhones("A"), FakeScript(play), pause_s=0.0) as bench:
        done = bench.wait(bench.now().id, {Stage.PUBLISHED, Stage.FAILED})
        assert (done.stage, done.retry_count) == (Stage.PUBLISHED, 1)
        assert bench.phones.taps == {"A": 1}


def test_an_upload_wait_time_of_half_an_hour_is_not_cut_by_the_lease(tmp_path: Path) -> None:
    """The default lease is 1200 s; the app is left alone for as long as was asked."""
    left: list[float] = []

    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.enter_committing(then_wait_s=1800.0)
        phone.tap_once()
        attempt.enter_verifying()
        attempt.enter_published("it is there")
        left.append(attempt.deadline.remaining_s)
        return Verdict(Outcome.PUBLISHED, "it is there")

    with Bench(tmp_path, FakePhones("A"), FakeScript(play)) as bench:
        bench.wait(bench.now().id, {Stage.PUBLISHED})
    assert left[0] > 1800.0
