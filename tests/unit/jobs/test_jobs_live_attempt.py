"""A running attempt by itself: a stop before and after its commit point, and what its deadline covers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.evidence import Evidence
from jobs.live_attempt import AFTER_PROOF_S, REQUEST, SHUTDOWN, LiveAttempt
from jobs.phone.errors import LeaseLost, StopRequested
from jobs.states import Mover
from storage.records import Stage
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock
from tests.support.fake_phones import GUARD_S, FakePhones, FakeSession

LEASE_S, PROOF_S = 600.0, 120.0


class Rig:
    """A stored task in `preparing` and its attempt; `attempt` is what a script would hold."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.store = Store.open(folder, reserve_bytes=0)
        self.evidence = Evidence(folder / "evidence", 10**9, self.clock)
        self.mover = Mover(self.store.tasks, self.clock)
        self.phones = FakePhones("A")

    def live(self, *, settling: bool = False, lease_s: float = LEASE_S) -> LiveAttempt:
        (task,) = self.store.tasks.create([new_task(at=self.clock.now())])
        self.mover.move(task.id, Stage.QUEUED)
        task = self.mover.move(task.id, Stage.PREPARING, attempt=1)
        return LiveAttempt(
            task,
            None,
            clock=self.clock,
            mover=self.mover,
            tasks=self.store.tasks,
            writer=self.evidence.writer,
            lease_s=lease_s,
            proof_s=PROOF_S,
            settling=settling,
        )

    def session(self) -> FakeSession:
        return self.phones.open("A")

    def stage(self, attempt: LiveAttempt) -> Stage:
        stored = self.store.tasks.get(attempt.task.id)
        assert stored is not None
        return stored.stage


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.store.close()


def test_a_stop_before_the_commit_point_closes_the_phone_and_forbids_the_tap(rig: Rig) -> None:
    attempt, session = rig.live(), rig.session()
    attempt.attach(session)
    assert attempt.request_stop(REQUEST) is True
    assert session.closed.is_set()
    assert not attempt.committed
    with pytest.raises(StopRequested):
        attempt.enter_committing()
    assert rig.stage(attempt) is Stage.PREPARING


def test_a_stop_after_the_commit_point_leaves_the_phone_open_until_the_verdict(rig: Rig) -> None:
    attempt, session = rig.live(), rig.session()
    attempt.attach(session)
    attempt.enter_committing()
    assert attempt.committed
    assert attempt.request_stop(REQUEST) is False
    assert not session.closed.is_set()
    attempt.check()  # the script goes on looking for proof
    attempt.enter_verifying()
    attempt.enter_published("the app shows it: posted")
    assert rig.stage(attempt) is Stage.PUBLISHED
    # The proof is written: now a stop ends the tidying up.
    assert attempt.request_stop(SHUTDOWN) is True
    assert session.closed.is_set()
    assert attempt.stop_reason == REQUEST


def test_a_stop_after_the_commit_point_can_be_forced_when_its_bound_has_passed(rig: Rig) -> None:
    attempt, session = rig.live(), rig.session()
    attempt.attach(session)
    attempt.enter_committing()
    attempt.request_stop(REQUEST)
    attempt.force_stop()
    assert session.closed.is_set()
    with pytest.raises(StopRequested):
        attempt.check()


def test_the_commit_point_is_written_before_anything_may_be_tapped(rig: Rig) -> None:
    attempt = rig.live()
    attempt.enter_committing()
    assert rig.stage(attempt) is Stage.COMMITTING
    with pytest.raises(LeaseLost):
        attempt.enter_committing()


def test_the_commit_point_leaves_time_for_the_proof_however_late_it_came(rig: Rig) -> None:
    attempt = rig.live()
    rig.clock.advance(LEASE_S - 1)
    attempt.enter_committing()
    assert attempt.deadline.remaining_s >= PROOF_S + AFTER_PROOF_S


def test_the_commit_point_never_shortens_what_is_left_of_the_attempt(rig: Rig) -> None:
    attempt = rig.live(lease_s=10_000.0)
    attempt.enter_committing()
    assert attempt.deadline.remaining_s == pytest.approx(10_000.0)


def test_an_attempt_whose_time_is_over_does_not_reach_the_commit_point(rig: Rig) -> None:
    attempt = rig.live()
    rig.clock.advance(LEASE_S + 1)
    with pytest.raises(LeaseLost):
        attempt.enter_committing()
    assert attempt.lost
    assert rig.stage(attempt) is Stage.PREPARING


def test_the_end_of_a_lease_wakes_a_script_that_waits(rig: Rig) -> None:
    attempt, session = rig.live(), rig.session()
    attempt.attach(session)
    ended: list[BaseException] = []

    def script() -> None:
        try:
            attempt.wait(1e6)
        except BaseException as error:  # noqa: BLE001 - the test looks at what it was
            ended.append(error)

    thread = threading.Thread(target=script)
    thread.start()
    attempt.revoke()
    thread.join(GUARD_S)
    assert not thread.is_alive()
    assert [type(error) for error in ended] == [LeaseLost]
    assert session.closed.is_set()
    with pytest.raises(LeaseLost):
        attempt.enter_committing()


def test_a_look_for_a_lost_post_never_reaches_the_commit_point_and_is_past_it_for_a_stop(rig: Rig) -> None:
    attempt = rig.live(settling=True)
    with pytest.raises(LeaseLost):
        attempt.enter_committing()
    assert attempt.request_stop(REQUEST) is False


def test_a_task_that_was_stopped_or_deleted_in_the_store_is_not_published(rig: Rig) -> None:
    stopped, deleted = rig.live(), rig.live()
    rig.store.tasks.change(stopped.task.id, stop_requested=True)
    rig.store.tasks.change(deleted.task.id, deleted=True)
    for attempt in (stopped, deleted):
        with pytest.raises(StopRequested):
            attempt.enter_committing()
        assert rig.stage(attempt) is Stage.PREPARING


def test_a_session_that_comes_after_the_stop_is_closed_at_once(rig: Rig) -> None:
    attempt, session = rig.live(), rig.session()
    attempt.request_stop(REQUEST)
    with pytest.raises(StopRequested):
        attempt.attach(session)
    assert session.closed.is_set()


def test_one_thread_alone_writes_how_an_attempt_ended(rig: Rig) -> None:
    attempt = rig.live()
    assert attempt.claim_end() is True
    assert attempt.claim_end() is False


def test_the_moment_of_the_first_stop_and_of_the_cut_are_kept(rig: Rig) -> None:
    attempt = rig.live()
    rig.clock.advance(5)
    attempt.enter_committing()
    attempt.request_stop(REQUEST)
    first = attempt.stop_at
    rig.clock.advance(7)
    attempt.request_stop(SHUTDOWN)
    attempt.force_stop()
    assert attempt.stop_at == first
    assert attempt.cut_at is not None
    assert first is not None
    assert attempt.cut_at - first == pytest.approx(7)
    assert attempt.stop_reason == REQUEST
