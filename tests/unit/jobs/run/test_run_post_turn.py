"""A running attempt by itself: a stop before and after its commit point, and what its deadline covers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from jobs.hub import logs
from jobs.phone.errors import LeaseLost, StopRequested
from jobs.queue.turn import REQUEST, SHUTDOWN
from jobs.run.evidence import Evidence
from jobs.run.post_turn import AFTER_PROOF_S, LookTurn, PostTurn
from jobs.task.attempt import OnHold
from jobs.task.states import Mover
from storage.errors import StoreError
from storage.records import Account, Stage, Task
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

    def live(
        self,
        *,
        look: bool = False,
        lease_s: float = LEASE_S,
        cleared: Callable[[Task], AbstractContextManager[None]] = lambda _: nullcontext(),
        account: Account | None = None,
    ) -> PostTurn:
        (task,) = self.store.tasks.create([new_task(at=self.clock.now())])
        self.mover.move(task.id, Stage.QUEUED)
        task = self.mover.move(task.id, Stage.PREPARING, attempt=1)
        return (LookTurn if look else PostTurn)(
            task,
            account,
            clock=self.clock,
            mover=self.mover,
            tasks=self.store.tasks,
            writer=self.evidence.writer,
            lease_s=lease_s,
            proof_s=PROOF_S,
            cleared=cleared,
        )

    def session(self) -> FakeSession:
        return self.phones.open("A")

    def log(self, attempt: PostTurn) -> list[dict[str, Any]]:
        """The step log without the times of day."""
        lines = self.evidence.log(attempt.task.id)
        return [{key: value for key, value in line.items() if key != "at"} for line in lines]

    def stored(self, attempt: PostTurn) -> Task:
        stored = self.store.tasks.get(attempt.task.id)
        assert stored is not None
        return stored

    def stage(self, attempt: PostTurn) -> Stage:
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
    attempt.cut()
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
    attempt = rig.live(look=True)
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
    attempt.cut()
    assert attempt.stop_at == first
    assert attempt.cut_at is not None
    assert first is not None
    assert attempt.cut_at - first == pytest.approx(7)
    assert attempt.stop_reason == REQUEST


def refuse(*_: Any, **__: Any) -> Any:
    raise StoreError("no space left")


def run_out_of_space(monkeypatch: pytest.MonkeyPatch, rig: Rig) -> None:
    """From here on nothing about tasks can be written."""
    for name in ("change", "change_each"):
        monkeypatch.setattr(rig.store.tasks, name, refuse)


def test_a_step_is_shown_while_it_runs_and_logged_with_its_duration(rig: Rig) -> None:
    attempt = rig.live()
    with attempt.step("push", file="a.mp4"):
        rig.clock.advance(1.5)
        assert rig.stored(attempt).remark == "push"
        line = logging.makeLogRecord({"levelno": logging.INFO, "msg": "seen"})
        assert logs.PlainFormatter().format(line).endswith("seen step=push")
        attempt.note("half of it is there", percent=50)
        with attempt.step("scan"):
            rig.clock.advance(0.25)
        attempt.note("all of it is there")
    attempt.note("after all steps")
    assert rig.log(attempt) == [
        {"attempt": 1, "step": "push", "note": "half of it is there", "percent": 50},
        {"attempt": 1, "step": "scan", "took_ms": 250},
        {"attempt": 1, "step": "push", "note": "all of it is there"},
        {"attempt": 1, "step": "push", "took_ms": 1750, "file": "a.mp4"},
        {"attempt": 1, "step": "", "note": "after all steps"},
    ]
    assert attempt.failed_step == ""


def test_the_innermost_step_that_failed_first_is_remembered_and_each_says_why(rig: Rig) -> None:
    attempt = rig.live()
    with pytest.raises(KeyError), attempt.step("prepare"), attempt.step("push", file="a.mp4"):
        raise KeyError("x")
    with pytest.raises(ValueError, match="later"), attempt.step("tidy"):
        raise ValueError("later")
    attempt.note("over")
    assert attempt.failed_step == "push"
    assert rig.log(attempt) == [
        {"attempt": 1, "step": "push", "took_ms": 0, "file": "a.mp4", "error": "KeyError: 'x'"},
        {"attempt": 1, "step": "prepare", "took_ms": 0, "error": "KeyError: 'x'"},
        {"attempt": 1, "step": "tidy", "took_ms": 0, "error": "ValueError: later"},
        {"attempt": 1, "step": "", "note": "over"},
    ]


def test_no_step_begins_once_the_attempt_is_over(rig: Rig) -> None:
    stopped, lost = rig.live(), rig.live()
    stopped.request_stop(SHUTDOWN)
    lost.revoke()
    with pytest.raises(StopRequested) as stop, stopped.step("push"):
        raise AssertionError("the step began")
    assert stop.value.reason == SHUTDOWN
    with (
        pytest.raises(LeaseLost, match=rf"^the phone A works on task {lost.task.id}: its time is over$"),
        lost.step("push"),
    ):
        raise AssertionError("the step began")
    assert rig.log(stopped) == rig.log(lost) == []
    forced = rig.live()
    forced.cut()
    with pytest.raises(StopRequested) as stop:
        forced.check()
    assert stop.value.reason == REQUEST


def test_a_wait_lasts_as_long_as_it_was_asked_for(rig: Rig) -> None:
    attempt = rig.live()
    done = threading.Event()

    def script() -> None:
        attempt.wait(30.0)
        done.set()

    thread = threading.Thread(target=script)
    thread.start()
    rig.clock.await_waiters(1)
    rig.clock.advance(29.0)
    assert not done.is_set()
    rig.clock.advance(1.0)
    thread.join(GUARD_S)
    assert done.is_set()


def test_the_commit_point_and_what_follows_stand_in_the_step_log(rig: Rig) -> None:
    attempt = rig.live()
    with attempt.step("publish"):
        attempt.enter_committing()
        attempt.enter_verifying()
        attempt.enter_published("seen on the profile")
    assert [line.get("note") for line in rig.log(attempt)] == [
        "commit point written",
        "tap sent",
        "published: seen on the profile",
        None,
    ]
    stored = rig.stored(attempt)
    assert (stored.stage, stored.remark) == (Stage.PUBLISHED, "seen on the profile")
    assert attempt.task == stored
    assert attempt.recorded


def test_the_deadline_after_the_commit_point_covers_proof_and_what_the_script_waits_for(rig: Rig) -> None:
    attempt = rig.live(lease_s=10.0)
    attempt.enter_committing(then_wait_s=7.0)
    assert attempt.deadline.remaining_s == pytest.approx(PROOF_S + AFTER_PROOF_S + 7.0)
    plain = rig.live(lease_s=10.0)
    plain.enter_committing()
    assert plain.deadline.remaining_s == pytest.approx(PROOF_S + AFTER_PROOF_S)


def test_the_guard_is_held_while_the_commit_point_is_written_and_sees_the_account(rig: Rig) -> None:
    asked: list[tuple[str, Stage]] = []

    @contextmanager
    def cleared(task: Task) -> Iterator[None]:
        asked.append((task.account_seen, rig.stage(attempt)))
        yield
        asked.append(("written", rig.stage(attempt)))

    attempt = rig.live(cleared=cleared)
    attempt.see_account("ann")
    attempt.enter_committing()
    assert asked == [("ann", Stage.PREPARING), ("written", Stage.COMMITTING)]
    assert rig.stored(attempt).account_seen == "ann"


def test_R51_where_the_guard_refuses_nothing_is_committed(rig: Rig) -> None:
    @contextmanager
    def cleared(_: Task) -> Iterator[None]:
        raise OnHold("the account was disabled")
        yield

    attempt = rig.live(cleared=cleared)
    with pytest.raises(OnHold):
        attempt.enter_committing()
    assert not attempt.committed
    assert rig.stage(attempt) is Stage.PREPARING
    assert attempt.request_stop(REQUEST) is True


def test_JOB_2_an_attempt_whose_task_moved_on_loses_it_at_the_commit_point(rig: Rig) -> None:
    attempt = rig.live()
    rig.store.tasks.change(attempt.task.id, attempt=2)
    with pytest.raises(LeaseLost) as lost:
        attempt.enter_committing()
    assert str(attempt.task.id) in str(lost.value)
    assert attempt.lost
    assert not attempt.committed
    assert rig.stage(attempt) is Stage.PREPARING


def test_a_look_for_a_lost_post_says_that_it_never_publishes(rig: Rig) -> None:
    with pytest.raises(LeaseLost, match=r"^looking after a crash never publishes$"):
        rig.live(look=True).enter_committing()


def test_a_stop_that_stands_in_the_store_alone_is_one_by_request(rig: Rig) -> None:
    attempt = rig.live()
    rig.store.tasks.change(attempt.task.id, stop_requested=True)
    with pytest.raises(StopRequested) as stop:
        attempt.enter_committing()
    assert stop.value.reason == REQUEST


def test_what_the_script_saw_after_the_tap_is_not_lost_to_a_full_disk(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = rig.live()
    attempt.enter_committing()
    with monkeypatch.context() as full, caplog.at_level(logging.WARNING):
        run_out_of_space(full, rig)
        attempt.enter_verifying()
        attempt.enter_published("seen")
    number = attempt.task.id
    assert caplog.messages == [
        f"task {number}: the sent tap could not be noted: no space left",
        f"task {number}: the proof could not be noted yet: no space left",
    ]
    assert not attempt.recorded
    assert [line["note"] for line in rig.log(attempt)] == ["commit point written", "tap sent"]
    assert attempt.request_stop(REQUEST) is False  # the verdict is still to come
    attempt.enter_published("seen")  # from committing, through verifying
    assert rig.stage(attempt) is Stage.PUBLISHED


@pytest.mark.parametrize("change", [{"attempt": 2}, {"stage": Stage.FAILED}])
def test_JOB_2_proof_of_an_attempt_whose_task_moved_on_is_not_written(
    rig: Rig, change: dict[str, Any]
) -> None:
    attempt = rig.live()
    attempt.enter_committing()
    stored = rig.store.tasks.change(attempt.task.id, **change)
    attempt.enter_published("seen")
    assert rig.stored(attempt) == stored
    assert not attempt.recorded


def test_JOB_2_an_attempt_whose_task_moved_on_does_not_note_its_tap(rig: Rig) -> None:
    attempt = rig.live()
    attempt.enter_committing()
    stored = rig.store.tasks.change(attempt.task.id, attempt=2)
    attempt.enter_verifying()
    assert rig.stored(attempt) == stored


def test_the_account_and_the_version_that_the_app_shows_are_stored_with_the_task(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = rig.live()
    attempt.see_account("ann")
    attempt.set_app_version("31.2")
    stored = rig.stored(attempt)
    assert (stored.account_seen, stored.app_version) == ("ann", "31.2")
    assert attempt.task == stored
    with monkeypatch.context() as full:
        run_out_of_space(full, rig)
        attempt.see_account("ann")  # known already: nothing is written
        attempt.set_app_version("31.2")
        assert rig.log(attempt) == []
        attempt.see_account("bob")
        attempt.set_app_version("31.3")
    assert [line["note"] for line in rig.log(attempt)] == [
        "the account bob could not be stored yet: no space left",
        "the app version 31.3 could not be stored: no space left",
    ]
    attempt.enter_committing()  # writes the account that was seen last
    assert rig.stored(attempt).account_seen == "bob"


def test_the_language_of_the_app_is_kept_beside_its_version_and_each_may_change(rig: Rig) -> None:
    attempt = rig.live()
    for version, language in (("31.2", "en"), ("31.2", "nl"), ("31.3", "nl")):
        attempt.set_app_version(version, language)
        stored = rig.stored(attempt)
        assert (stored.app_version, stored.app_language) == (version, language)
    attempt.set_app_version("31.3")
    assert rig.stored(attempt).app_language == "", "nobody told it"


def test_JOB_2_an_attempt_whose_task_moved_on_stores_neither_account_nor_version(rig: Rig) -> None:
    attempt = rig.live()
    stored = rig.store.tasks.change(attempt.task.id, attempt=2)
    attempt.see_account("ann")
    attempt.set_app_version("31.2")
    assert rig.stored(attempt) == stored


def test_evidence_is_kept_under_the_number_of_the_attempt_and_ends_with_it(rig: Rig) -> None:
    attempt = rig.live()
    attempt.keep_evidence("screenshot.png", b"\x89PNG")
    assert rig.evidence.read(attempt.task.id, "1-screenshot.png") == b"\x89PNG"
    assert attempt.writer is attempt.writer
    attempt.close()
    attempt.note("too late")
    assert rig.log(attempt) == []


def test_a_session_that_cannot_be_closed_keeps_nobody_from_going_on(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt, session = rig.live(), rig.session()
    attempt.attach(session)

    def broken() -> None:
        raise OSError("no such device")

    monkeypatch.setattr(session, "close", broken)
    assert attempt.request_stop(REQUEST) is True
    assert caplog.messages == ["A: the session could not be closed"]


def test_a_session_stays_open_while_nothing_has_ended_the_attempt(rig: Rig) -> None:
    attempt, session = rig.live(), rig.session()
    attempt.attach(session)
    assert not session.closed.is_set()
    attempt.close()
    assert session.closed.is_set()
    late, session = rig.live(), rig.session()
    late.revoke()
    with pytest.raises(LeaseLost):
        late.attach(session)
    assert session.closed.is_set()


def test_a_new_attempt_has_no_stop_no_cut_and_no_failed_step(rig: Rig) -> None:
    attempt = rig.live()
    assert (attempt.failed_step, attempt.stop_reason, attempt.stop_at, attempt.cut_at) == ("", "", None, None)
    assert (attempt.lost, attempt.recorded, attempt.ending, attempt.committed) == (False, False, False, False)
    assert rig.live(look=True).committed is True
    attempt.revoke()
    first = attempt.cut_at
    rig.clock.advance(3)
    attempt.close()
    assert attempt.cut_at == first == rig.clock.monotonic() - 3


def test_the_sent_tap_is_written_at_once_and_only_after_the_commit_point(rig: Rig) -> None:
    attempt = rig.live()
    attempt.enter_verifying()  # no commit point: nothing can have been tapped
    assert rig.stage(attempt) is Stage.PREPARING
    attempt.enter_committing()
    attempt.enter_verifying()
    assert rig.stage(attempt) is Stage.VERIFYING
    assert attempt.task == rig.stored(attempt)


def test_R50_the_guard_sees_the_account_even_where_it_could_not_be_stored(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def cleared(task: Task) -> AbstractContextManager[None]:
        asked.append(task.account_seen)
        return nullcontext()

    attempt = rig.live(cleared=cleared)
    with monkeypatch.context() as full:
        run_out_of_space(full, rig)
        attempt.see_account("bob")
    attempt.enter_committing()
    assert asked == ["bob"]


def test_an_attempt_that_never_had_a_session_ends_without_a_fault(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = rig.live()
    assert attempt.request_stop(REQUEST) is True
    attempt.close()
    assert caplog.messages == []


def test_the_script_is_told_the_account_of_its_task(rig: Rig) -> None:
    account = Account(id=1, username="ann", platform="tiktok")
    assert rig.live(account=account).account is account
