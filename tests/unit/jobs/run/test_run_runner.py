"""The runner by itself, turn by turn: claims, the door, the verdicts, looks after a crash, and how each end is written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.hub.clock import Deadline
from jobs.hub.settings import Posting
from jobs.intake.repeat_guard import Repeat
from jobs.pace.pace import Pace
from jobs.pace.pauses import Pauses
from jobs.phone.errors import (
    AdbDown,
    LeaseLost,
    PhoneNotReady,
    PhoneOffline,
    PhoneUnauthorized,
    StopRequested,
)
from jobs.phone.protocol import PhoneState
from jobs.phone.screen.tree import UiTree
from jobs.queue.turn import REQUEST, SHUTDOWN, ReadTurn
from jobs.run.claims import SETTLE_EXTRA_S, Claims
from jobs.run.endings import Endings
from jobs.run.evidence import Evidence
from jobs.run.holds import Holds
from jobs.run.post_turn import LookTurn, PostTurn
from jobs.run.runner import DOOR_PAUSE_S, NOT_READY_PAUSE_MAX_S, Pause, Runner
from jobs.run.turn_register import Turns
from jobs.task.attempt import Attempt, OnHold, ScriptFailed, Verdict
from jobs.task.states import Mover
from storage.error_codes import ErrorCode
from storage.errors import StoreFailed
from storage.records import Outcome, Stage, Task, TaskError
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock
from tests.support.fake_phones import PUBLISHED, FakePhones, FakeScript, nothing_seen, publish

POSTING = Posting(attempt_timeout_s=600.0, proof_timeout_s=90.0, retry_pause_min_s=5.0, retry_pause_max_s=5.0)


class NoRepeats:
    """A guard that says what the test sets."""

    def __init__(self) -> None:
        self.at_the_claim: Repeat | None = None
        self.at_the_commit: Exception | None = None
        self.asked: list[Task] = []

    def at_claim(self, task: Task) -> Repeat | None:
        return self.at_the_claim

    def committing(self, task: Task) -> AbstractContextManager[None]:
        self.asked.append(task)
        if self.at_the_commit is not None:
            raise self.at_the_commit
        return nullcontext()


class Rig:
    """A runner on a real store; `post` runs one task to its end on the test's own thread."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.store = Store.open(folder, reserve_bytes=0)
        self.evidence = Evidence(folder / "evidence", 10**9, self.clock)
        self.mover = Mover(self.store.tasks, self.clock)
        self.phones = FakePhones("A", "B")
        self.script = FakeScript()
        self.repeats = NoRepeats()
        self.turns = Turns(self.clock)
        self.endings = Endings(POSTING, self.clock, self.store.tasks, mover=self.mover, uniform=min)
        pace = Pace(self.store, self.clock, POSTING)
        pauses = Pauses(self.store, self.clock, lambda: pace.where, lambda: None)
        self.holds = Holds(self.store.accounts, pauses, pace)
        self.claims = Claims(
            POSTING,
            self.clock,
            store=self.store,
            mover=self.mover,
            evidence=self.evidence,
            repeats=self.repeats,  # type: ignore[arg-type]
            holds=self.holds,
            turns=self.turns,
            endings=self.endings,
        )
        self.runner = Runner(self.phones, {"post": self.script}, claims=self.claims, endings=self.endings)

    def queued(self, serial: str = "A", **facts: Any) -> Task:
        (task,) = self.store.tasks.create([new_task(serial, at=self.clock.now(), **facts)])
        return self.mover.move(task.id, Stage.QUEUED)

    def claim(self, *tasks: Task) -> list[PostTurn]:
        return self.claims.claim([self.claims.turn_for(task, False) for task in tasks])

    def begun(self, **facts: Any) -> PostTurn:
        """A turn whose task was claimed."""
        (turn,) = self.claim(self.queued(**facts))
        return turn

    def look(self, task: Task) -> Pause:
        """Do the turn that looks for a task's post."""
        return self.do(self.claims.turn_for(task, True))

    def do(self, turn: PostTurn) -> Pause:
        pause = self.runner.do(turn)
        self.turns.forget(turn)
        return pause

    def post(self, play: Callable[[Attempt, Any], Verdict], **facts: Any) -> tuple[Task, Pause]:
        """Claim a task and run it with this script."""
        self.script.play = play
        turn = self.begun(**facts)
        pause = self.do(turn)
        return self.stored(turn.task_id), pause

    def lost(self, stage: Stage = Stage.COMMITTING, **facts: Any) -> Task:
        """A task whose attempt died after its commit point."""
        turn = self.begun(**facts)
        self.turns.forget(turn)
        turn.close()
        task = self.mover.move(turn.task_id, Stage.COMMITTING)
        return self.mover.move(task.id, stage) if stage is not Stage.COMMITTING else task

    def settle(self, play: Callable[[Attempt, Any], Verdict], **facts: Any) -> tuple[Task, Pause]:
        """Look for the post of an attempt that died."""
        self.script._settle = play
        task = self.lost(**facts)
        pause = self.look(task)
        return self.stored(task.id), pause

    def stored(self, task_id: int) -> Task:
        task = self.store.tasks.get(task_id)
        assert task is not None
        return task

    def notes(self, task_id: int) -> list[str]:
        return [line["note"] for line in self.evidence.log(task_id) if "note" in line]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.store.close()


def says(verdict: Verdict) -> Callable[[Attempt, Any], Verdict]:
    return lambda *_: verdict


def raises(error: Exception) -> Callable[[Attempt, Any], Verdict]:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        with attempt.step("push"):
            raise error

    return play


def committed_then(end: Verdict | Exception) -> Callable[[Attempt, Any], Verdict]:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.enter_committing()
        attempt.enter_verifying()
        if isinstance(end, Exception):
            raise end
        return end

    return play


# -- claiming -----------------------------------------------------------------------------------------------------


def test_a_claim_prepares_the_tasks_and_each_attempt_holds_its_stored_copy(rig: Rig) -> None:
    one, two = rig.queued("A"), rig.queued("B")
    turns = rig.claim(one, two)
    assert [turn.task_id for turn in turns] == [one.id, two.id]
    for attempt in turns:
        assert attempt.task == rig.stored(attempt.task_id)
        assert (attempt.task.stage, attempt.task.attempt) == (Stage.PREPARING, 1)
        assert rig.turns.of_task(attempt.task_id) is attempt
        assert attempt.deadline.remaining_s == 600.0
        assert not isinstance(attempt, LookTurn)
    assert rig.turns.all() == turns


def test_a_task_that_is_gone_or_no_longer_queued_is_not_claimed(rig: Rig) -> None:
    task = rig.queued()
    moved = rig.mover.move(task.id, Stage.FAILED, expect={Stage.QUEUED})
    gone = msgspec.structs.replace(moved, id=999)
    assert rig.claim(moved, gone) == []
    assert rig.turns.of_task(moved.id) is None
    assert rig.stored(task.id).stage is Stage.FAILED


def test_a_task_that_was_given_to_another_phone_meanwhile_is_claimed_there_and_nowhere_else(rig: Rig) -> None:
    task = rig.queued("A")
    turn = rig.claims.turn_for(task, False)
    moved = rig.store.tasks.change(task.id, serial="B")
    assert rig.claims.claim([turn]) == []
    assert rig.stored(task.id).stage is Stage.QUEUED
    assert [there.serial for there in rig.claim(moved)] == ["B"]


@pytest.mark.parametrize("asked", ["stop_requested", "deleted"])
def test_a_task_whose_end_was_asked_for_meanwhile_is_stopped_instead_of_claimed(rig: Rig, asked: str) -> None:
    task = rig.store.tasks.change(rig.queued().id, **{asked: True})
    other = rig.queued("B")
    assert [turn.task_id for turn in rig.claim(task, other)] == [other.id]
    ended = rig.stored(task.id)
    assert (ended.stage, ended.remark) == (Stage.FAILED, "stopped by request")


def test_a_task_whose_account_was_disabled_meanwhile_stays_in_its_queue(rig: Rig) -> None:
    rig.store.accounts.add(username="me", platform="tiktok", serial="A", enabled=False)
    task = rig.queued(username="me")
    other = rig.queued("B")
    assert [turn.task_id for turn in rig.claim(task, other)] == [other.id]
    assert rig.stored(task.id).stage is Stage.QUEUED


def test_a_task_that_would_repeat_a_post_fails_with_the_guards_sentence(rig: Rig) -> None:
    rig.repeats.at_the_claim = Repeat(7, "has had the same video from task 7")
    task = rig.queued()
    assert rig.claim(task) == []
    ended = rig.stored(task.id)
    assert ended.error is not None
    assert (ended.stage, ended.error.code) == (Stage.FAILED, "already_posted")
    assert "has had the same video from task 7" in ended.remark


def test_somebody_who_ended_it_first_is_left_alone(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    task = rig.store.tasks.change(rig.queued().id, stop_requested=True)
    inner = rig.mover.move_through

    def late(moved: Task, steps: Any) -> Task:
        rig.store.tasks.change(task.id, stage=Stage.FAILED, remark="by another")
        return inner(moved, steps)

    rig.mover.move_through = late  # type: ignore[method-assign]
    with caplog.at_level(logging.INFO):
        assert rig.claim(task) == []
    assert rig.stored(task.id).remark == "by another"
    assert f"task {task.id}: it was ended from elsewhere: " in caplog.text


def test_a_claim_that_cannot_be_written_leaves_nothing_registered(rig: Rig) -> None:
    task = rig.queued()

    def full(tasks: Any) -> list[Task]:
        raise StoreFailed("no space left")

    rig.mover.claim = full  # type: ignore[method-assign]
    with pytest.raises(StoreFailed):
        rig.claim(task)
    assert rig.turns.all() == []
    assert rig.stored(task.id).stage is Stage.QUEUED


def test_what_the_write_did_not_take_is_not_registered_either(rig: Rig) -> None:
    one, two = rig.queued("A"), rig.queued("B")
    inner = rig.mover.claim
    rig.mover.claim = lambda tasks: inner([t for t in tasks if t.id == two.id])  # type: ignore[method-assign]
    assert [turn.task_id for turn in rig.claim(one, two)] == [two.id]
    assert rig.turns.of_task(one.id) is None
    assert rig.turns.of_task(two.id) is not None


def test_an_attempt_knows_the_account_that_its_task_names(rig: Rig) -> None:
    account = rig.store.accounts.add(username="me", platform="tiktok", serial="A")
    rig.store.accounts.add(username="me", platform="instagram", serial="A")
    attempt = rig.begun(username="ME")
    assert attempt.account == account
    (nameless,) = rig.claim(rig.queued("B"))
    assert nameless.account is None


# -- leaving ------------------------------------------------------------------------------------------------------


def test_once_the_daemon_leaves_what_runs_is_stopped_and_nothing_begins(rig: Rig) -> None:
    attempt = rig.begun()
    assert rig.turns.close() == [attempt]
    attempt.request_stop(SHUTDOWN)
    assert rig.claim(rig.queued("B")) == []
    rig.do(attempt)
    ended = rig.stored(attempt.task_id)
    assert (ended.stage, ended.remark) == (Stage.QUEUED, "starts again: the daemon stopped")
    assert ended.interruptions == 1
    assert rig.script.runs == []


def test_no_look_for_a_post_begins_once_the_daemon_leaves(rig: Rig) -> None:
    task = rig.lost()
    rig.turns.close()
    assert rig.look(task) == Pause()
    assert rig.script.settled == []
    assert rig.stored(task.id).stage is Stage.COMMITTING


def test_waiting_for_idle_ends_with_the_last_attempt_or_with_its_time(rig: Rig) -> None:
    attempt = rig.begun()
    expired = Deadline(rig.clock, 0.0)
    assert rig.turns.wait_idle(expired) is False
    rig.turns.forget(attempt)
    assert rig.turns.wait_idle(expired) is True


def test_an_older_piece_of_work_does_not_take_a_newer_ones_entry(rig: Rig) -> None:
    attempt = rig.begun()
    rig.turns.forget(rig.claims.turn_for(attempt.task, False))
    assert rig.turns.of_task(attempt.task_id) is attempt
    rig.turns.forget(attempt)
    assert rig.turns.of_task(attempt.task_id) is None
    rig.turns.forget(attempt)


# -- at the phone's door ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [PhoneOffline("cable"), PhoneUnauthorized("not allowed"), AdbDown("no server"), PhoneNotReady("locked")],
)
def test_a_phone_that_is_gone_at_the_door_counts_against_nobody(rig: Rig, error: Exception) -> None:
    rig.phones.at_the_door["A"] = error
    task, pause = rig.post(publish)
    assert (task.stage, task.retry_count, task.interruptions) == (Stage.QUEUED, 0, 0)
    assert task.remark == f"waits for its phone: {error}"
    assert pause == Pause(DOOR_PAUSE_S, str(error))
    assert f"the phone could not be opened: {error}" in rig.notes(task.id)
    assert rig.turns.all() == []


def test_a_door_that_breaks_otherwise_is_the_attempts_failure(rig: Rig) -> None:
    rig.phones.at_the_door["A"] = OSError("odd")
    task, pause = rig.post(publish)
    assert task.error is not None
    assert (task.stage, task.error.code, task.error.message) == (Stage.FAILED, "internal", "OSError: odd")
    assert pause == Pause()


def test_a_stop_before_the_door_opens_no_session(rig: Rig) -> None:
    attempt = rig.begun()
    attempt.request_stop(REQUEST)
    rig.do(attempt)
    assert rig.phones.sessions == []
    assert rig.stored(attempt.task_id).remark == "stopped by request"


def test_the_session_is_closed_whatever_happens_in_it(rig: Rig) -> None:
    rig.post(publish)
    rig.post(raises(PhoneOffline("cable")))
    assert len(rig.phones.sessions) == 2
    assert all(session.closed.is_set() for session in rig.phones.sessions)


# -- verdicts -----------------------------------------------------------------------------------------------------


def test_proof_publishes_and_keeps_no_picture(rig: Rig) -> None:
    task, pause = rig.post(publish)
    assert (task.stage, task.outcome, task.remark) == (
        Stage.PUBLISHED, Outcome.PUBLISHED, "the post is on the profile",
    )  # fmt: skip
    assert pause == Pause()
    assert rig.evidence.names(task.id) == []
    assert f"{Stage.PUBLISHED}: the post is on the profile" in rig.notes(task.id)
    assert rig.turns.of_task(task.id) is None


def test_a_refusal_keeps_what_the_phone_shows(rig: Rig) -> None:
    refusal = Verdict(Outcome.NOT_PUBLISHED, "it cannot be posted", TaskError("upload_failed", "no", "proof"))
    task, _ = rig.post(committed_then(refusal))
    assert (task.stage, task.outcome) == (Stage.REJECTED, Outcome.NOT_PUBLISHED)
    assert rig.evidence.names(task.id) == ["1-screenshot.png", "1-tree.xml"]
    assert rig.evidence.read(task.id, "1-screenshot.png") == b"\x89PNG"
    assert rig.evidence.read(task.id, "1-tree.xml") == b"<hierarchy/>"


def test_what_a_script_has_kept_itself_is_not_overwritten(rig: Rig) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.keep_evidence("screenshot.png", b"own picture")
        attempt.keep_evidence("tree.xml", b"own tree")
        return committed_then(Verdict(Outcome.NOT_PUBLISHED, "no"))(attempt, phone)

    task, _ = rig.post(play)
    assert rig.evidence.read(task.id, "1-screenshot.png") == b"own picture"
    assert rig.evidence.read(task.id, "1-tree.xml") == b"own tree"


def test_a_phone_that_gives_no_picture_gives_its_tree_all_the_same(rig: Rig) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        phone.screenshot = lambda **_: None
        raise ScriptFailed(ErrorCode.UI_CHANGED, "odd")

    task, _ = rig.post(play)
    assert rig.evidence.names(task.id) == ["1-tree.xml"]


def test_a_picture_that_cannot_be_had_changes_nothing_about_the_end(rig: Rig) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        def broken(**_: Any) -> bytes:
            raise PhoneOffline("gone")

        phone.screenshot = broken
        raise ScriptFailed(ErrorCode.OPTION_NOT_SET, "no label", step="ai label")

    task, _ = rig.post(play)
    assert task.error == TaskError("option_not_set", "no label", "ai label")
    assert "no picture of the failure: PhoneOffline: gone" in rig.notes(task.id)


def test_each_look_for_evidence_has_five_seconds(rig: Rig) -> None:
    asked: list[float] = []

    def play(attempt: Attempt, phone: Any) -> Verdict:
        inner = phone.observe
        phone.screenshot = lambda *, timeout_s: asked.append(timeout_s)
        phone.observe = lambda timeout_s: (asked.append(timeout_s), inner())[1]
        raise ScriptFailed(ErrorCode.UI_CHANGED, "odd")

    rig.post(play)
    assert asked == [5.0, 5.0]


def test_a_doubtful_verdict_fails_with_an_unknown_outcome(rig: Rig) -> None:
    doubt = Verdict(Outcome.UNKNOWN, "no proof", TaskError("upload_timeout", "no proof", "proof"))
    task, _ = rig.post(committed_then(doubt))
    assert (task.stage, task.outcome) == (Stage.FAILED, Outcome.UNKNOWN)
    assert task.error == doubt.error
    assert rig.evidence.names(task.id) == ["1-screenshot.png", "1-tree.xml"]


@pytest.mark.parametrize("outcome", [Outcome.PUBLISHED, Outcome.UNKNOWN])
def test_a_verdict_that_may_mean_a_post_counts_though_no_commit_point_was_asked_for(
    rig: Rig, outcome: Outcome, caplog: pytest.LogCaptureFixture
) -> None:
    task, pause = rig.post(says(Verdict(outcome, "seen", TaskError("x", "y"))))
    assert task.outcome is outcome
    assert task.stage is (Stage.PUBLISHED if outcome is Outcome.PUBLISHED else Stage.FAILED)
    assert task.retry_count == 0
    assert f"task {task.id}: a verdict without a commit point" in caplog.text
    assert pause == Pause()


def test_a_refusal_before_the_commit_point_is_a_failure_with_its_own_words(rig: Rig) -> None:
    why = TaskError("wrong_account", "another account", "account")
    task, _ = rig.post(says(Verdict(Outcome.NOT_PUBLISHED, "remark", why)))
    assert (task.stage, task.error, task.outcome) == (Stage.FAILED, why, Outcome.NONE)
    again, _ = rig.post(says(Verdict(Outcome.NOT_PUBLISHED, "remark", why, passing=True)))
    assert (again.stage, again.retry_count) == (Stage.SCHEDULED, 1)
    bare, _ = rig.post(says(Verdict(Outcome.NONE, "nothing to say")))
    assert bare.error == TaskError("internal", "nothing to say")


def test_a_failure_that_can_pass_is_tried_again_after_its_pause(rig: Rig) -> None:
    task, _ = rig.post(raises(ScriptFailed(ErrorCode.NOT_INDEXED, "not listed", passing=True)))
    assert (task.stage, task.retry_count, task.due_at) == (Stage.SCHEDULED, 1, rig.clock.now() + 5.0)
    assert task.remark == "retry 1 of 3 in 5 s: not listed"
    final, _ = rig.post(raises(ScriptFailed(ErrorCode.UI_CHANGED, "odd")))
    assert final.error == TaskError("ui_changed", "odd", "push")


def test_a_phone_that_is_lost_on_the_way_names_the_step(rig: Rig) -> None:
    task, _ = rig.post(raises(PhoneOffline("cable")), max_retry_count=0)
    assert task.error == TaskError("device_offline", "cable", "push")


def test_a_script_that_breaks_is_told_of_with_its_trace_and_a_failure_of_the_phone_is_not(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    for expected in (
        ScriptFailed(ErrorCode.UI_CHANGED, "b"),
        PhoneOffline("c"),
        StopRequested(),
        LeaseLost(),
        StoreFailed("d"),
    ):
        rig.post(raises(expected))
    assert "the script broke" not in caplog.text
    task, _ = rig.post(raises(KeyError("oops")))
    assert task.error == TaskError("internal", "KeyError: 'oops'", "push")
    (record,) = [r for r in caplog.records if "the script broke" in r.getMessage()]
    assert record.getMessage() == f"task {task.id}: the script broke"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], KeyError)


def test_what_breaks_after_the_commit_point_is_unknown(rig: Rig) -> None:
    task, _ = rig.post(committed_then(KeyError("oops")))
    assert (task.stage, task.outcome, task.retry_count) == (Stage.FAILED, Outcome.UNKNOWN, 0)
    assert task.error is not None
    assert task.error.message == "KeyError: 'oops'"


def test_a_script_that_has_no_name_here_is_a_failure_and_no_crash(rig: Rig) -> None:
    task, _ = rig.post(publish, script_name="other")
    assert task.error is not None
    assert (task.stage, task.error.code) == (Stage.FAILED, "internal")


# -- a phone that a person must look after ------------------------------------------------------------------------


def test_a_phone_that_is_not_ready_is_left_alone_for_longer_each_time(rig: Rig) -> None:
    pauses = []
    for _ in range(7):
        task, pause = rig.post(raises(PhoneNotReady("locked")))
        assert (task.stage, task.retry_count) == (Stage.QUEUED, 0)
        pauses.append(pause.seconds)
        assert pause.why == "locked"
    assert pauses == [30.0, 60.0, 120.0, 240.0, 480.0, NOT_READY_PAUSE_MAX_S, NOT_READY_PAUSE_MAX_S]
    _, other = rig.post(raises(PhoneNotReady("hot")), serial="B")
    assert other.seconds == 30.0


def test_a_phone_that_worked_once_begins_with_the_shortest_pause_again(rig: Rig) -> None:
    rig.post(raises(PhoneNotReady("locked")))
    rig.post(publish)
    _, pause = rig.post(raises(PhoneNotReady("locked")))
    assert pause.seconds == 30.0


def test_a_phone_that_is_not_ready_after_the_commit_point_leaves_the_outcome_unknown(rig: Rig) -> None:
    task, pause = rig.post(committed_then(PhoneNotReady("a call")))
    assert (task.stage, task.outcome) == (Stage.FAILED, Outcome.UNKNOWN)
    assert pause == Pause()


# -- the account and the guard at the commit point ----------------------------------------------------------------


def test_an_account_that_is_disabled_at_the_commit_point_puts_the_task_back(rig: Rig) -> None:
    account = rig.store.accounts.add(username="me", platform="tiktok", serial="A")

    def play(attempt: Attempt, phone: Any) -> Verdict:
        rig.store.accounts.change(account.id, enabled=False)
        attempt.enter_committing()
        raise AssertionError("unreachable")

    task, pause = rig.post(play, username="me")
    hold = "the account @me is disabled: enable it, or delete this task"
    assert (task.stage, task.remark, task.retry_count) == (Stage.QUEUED, hold, 0)
    assert f"not posted: {hold}" in rig.notes(task.id)
    assert pause == Pause()


def test_a_stop_that_comes_with_the_hold_ends_the_task(rig: Rig) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        rig.store.tasks.change(attempt.task.id, stop_requested=True)
        raise OnHold("disabled")

    task, _ = rig.post(play)
    assert (task.stage, task.remark) == (Stage.FAILED, "stopped by request")


def test_the_guard_is_asked_at_the_commit_point_with_the_account_that_was_seen(rig: Rig) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.see_account("seen_01")
        attempt.enter_committing()
        return PUBLISHED

    rig.post(play)
    assert [task.account_seen for task in rig.repeats.asked] == ["seen_01"]
    rig.repeats.at_the_commit = ScriptFailed(ErrorCode.ALREADY_POSTED, "had it from task 3")
    task, _ = rig.post(publish)
    assert task.error is not None
    assert (task.stage, task.error.code) == (Stage.FAILED, "already_posted")
    assert rig.phones.taps == {}


# -- looking for a post after a crash -----------------------------------------------------------------------------


def test_a_look_that_finds_the_post_publishes_it(rig: Rig) -> None:
    task, pause = rig.settle(says(PUBLISHED))
    assert (task.stage, task.outcome) == (Stage.PUBLISHED, Outcome.PUBLISHED)
    assert pause == Pause()
    assert "looking for the post" in rig.notes(task.id)
    assert rig.evidence.names(task.id) == []
    assert rig.phones.sessions[-1].closed.is_set()
    assert rig.turns.all() == []


def test_a_look_that_finds_nothing_is_unknown_and_keeps_a_picture(rig: Rig) -> None:
    task, _ = rig.settle(nothing_seen)
    assert (task.stage, task.outcome) == (Stage.FAILED, Outcome.UNKNOWN)
    assert task.remark.startswith("nothing seen; ")
    assert rig.evidence.names(task.id) == ["1-screenshot.png", "1-tree.xml"]


def test_a_look_has_the_time_for_proof_and_two_minutes_and_never_publishes(rig: Rig) -> None:
    seen: list[float] = []

    def play(attempt: Attempt, phone: Any) -> Verdict:
        seen.append(attempt.deadline.remaining_s)
        with pytest.raises(LeaseLost):
            attempt.enter_committing()
        return PUBLISHED

    rig.settle(play)
    assert seen == [POSTING.proof_timeout_s + SETTLE_EXTRA_S]


@pytest.mark.parametrize("error", [PhoneOffline("cable"), LeaseLost("late"), StopRequested()])
def test_a_look_that_could_not_be_made_settles_nothing(rig: Rig, error: Exception) -> None:
    task, pause = rig.settle(raises(error))
    assert task.stage is Stage.COMMITTING
    assert pause == Pause(DOOR_PAUSE_S, str(error))
    assert f"could not look: {error}" in rig.notes(task.id)
    assert rig.turns.all() == []


def test_a_phone_that_is_gone_at_a_looks_door_settles_nothing(rig: Rig) -> None:
    rig.phones.set("A", PhoneState.OFFLINE)
    task = rig.lost()
    pause = rig.look(task)
    assert (rig.stored(task.id).stage, pause.seconds) == (Stage.COMMITTING, DOOR_PAUSE_S)


def test_a_look_that_was_stopped_on_request_is_unknown(rig: Rig) -> None:
    def play(attempt: Any, phone: Any) -> Verdict:
        attempt.request_stop(REQUEST)
        attempt.cut()
        attempt.check()
        raise AssertionError("unreachable")

    task, _ = rig.settle(play)
    assert (task.stage, task.outcome) == (Stage.FAILED, Outcome.UNKNOWN)
    assert task.error == TaskError("stopped", "stopped by request")


def test_a_look_whose_lease_was_taken_settles_nothing_whatever_it_raises(rig: Rig) -> None:
    def play(attempt: Any, phone: Any) -> Verdict:
        attempt.revoke()
        raise KeyError("oops")

    task, pause = rig.settle(play)
    assert task.stage is Stage.COMMITTING
    assert pause.seconds == DOOR_PAUSE_S


def test_a_look_that_the_daemons_end_cut_off_stays_for_the_next_start(rig: Rig) -> None:
    def play(attempt: Any, phone: Any) -> Verdict:
        attempt.request_stop(SHUTDOWN)
        return Verdict(Outcome.UNKNOWN, "cut off")

    task, _ = rig.settle(play)
    assert task.stage is Stage.COMMITTING


def test_a_look_that_breaks_is_unknown_with_what_broke(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    task, _ = rig.settle(raises(KeyError("oops")))
    assert (task.stage, task.outcome) == (Stage.FAILED, Outcome.UNKNOWN)
    assert task.error == TaskError("internal", "KeyError: 'oops'", "push")
    assert task.remark.startswith("KeyError: 'oops'; ")
    assert "the script broke" in caplog.text


@pytest.mark.parametrize("stage", [Stage.QUEUED, Stage.PUBLISHED])
def test_no_look_is_made_for_a_task_that_is_not_in_doubt(rig: Rig, stage: Stage) -> None:
    task = rig.queued() if stage is Stage.QUEUED else rig.post(publish)[0]
    opened = len(rig.phones.sessions)
    assert rig.look(task) == Pause()
    assert rig.look(msgspec.structs.replace(task, id=999)) == Pause()
    assert len(rig.phones.sessions) == opened
    assert rig.stored(task.id).stage is stage


def test_a_look_after_the_tap_was_noted_is_made_as_well(rig: Rig) -> None:
    task, _ = rig.settle(says(PUBLISHED), stage=Stage.VERIFYING)
    assert task.stage is Stage.PUBLISHED


# -- giving back and taking away ----------------------------------------------------------------------------------


def test_what_could_not_be_begun_goes_back_to_its_queue_uncounted(rig: Rig) -> None:
    attempt = rig.begun()
    rig.endings.not_started(attempt, "no thread")
    task = rig.stored(attempt.task_id)
    assert (task.stage, task.remark) == (Stage.QUEUED, "could not be started just now")
    assert (task.retry_count, task.interruptions) == (0, 0)
    look = rig.claims.turn_for(task, True)
    rig.endings.not_started(look, "no thread")
    assert rig.stored(task.id) == task


@pytest.mark.parametrize(
    ("reason", "stage", "interruptions"), [(SHUTDOWN, Stage.QUEUED, 1), (REQUEST, Stage.FAILED, 0)]
)
def test_what_goes_back_to_its_queue_while_it_is_stopped_ends_as_the_stop_says(
    rig: Rig, reason: str, stage: Stage, interruptions: int
) -> None:
    attempt = rig.begun()
    attempt.request_stop(reason)
    rig.endings.queue_again(attempt, "waits for its phone")
    task = rig.stored(attempt.task_id)
    assert (task.stage, task.interruptions) == (stage, interruptions)


def test_giving_back_does_not_wait_for_a_store_that_refuses(rig: Rig) -> None:
    attempt = rig.begun()
    rig.mover.move_through = _refusing(99)  # type: ignore[method-assign]
    rig.endings.not_started(attempt, "no thread")
    assert rig.stored(attempt.task_id).stage is Stage.PREPARING


def _refusing(times: int, then: Callable[..., Task] | None = None) -> Callable[..., Task]:
    left = [times]

    def move_through(task: Task, steps: Any) -> Task:
        if left[0]:
            left[0] -= 1
            raise StoreFailed("no space left")
        assert then is not None
        return then(task, steps)

    return move_through


def test_an_end_that_the_store_refuses_is_written_later_and_told_of_once(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.mover.move_through = _refusing(3, rig.mover.move_through)  # type: ignore[method-assign]
    waited: list[float] = []
    rig.clock.wait = lambda _, timeout_s: bool(waited.append(timeout_s))  # type: ignore[method-assign]
    task, _ = rig.post(raises(ScriptFailed(ErrorCode.UI_CHANGED, "odd")))
    assert task.error == TaskError("ui_changed", "odd", "push")
    assert waited == [2.0, 2.0, 2.0]
    told = [r.getMessage() for r in caplog.records if "cannot be written yet" in r.getMessage()]
    assert told == [f"task {task.id}: its end cannot be written yet: no space left"]


def test_a_verdict_that_the_store_refuses_is_written_later_too(rig: Rig) -> None:
    rig.mover.move_through = _refusing(3, rig.mover.move_through)  # type: ignore[method-assign]
    waited: list[float] = []
    rig.clock.wait = lambda _, timeout_s: bool(waited.append(timeout_s))  # type: ignore[method-assign]
    task, _ = rig.post(committed_then(PUBLISHED))
    assert (task.stage, waited) == (Stage.PUBLISHED, [2.0, 2.0, 2.0])


def test_threads_that_wait_to_write_leave_when_the_daemon_ends(rig: Rig) -> None:
    rig.mover.move_through = _refusing(99)  # type: ignore[method-assign]
    rig.endings.give_up_writing()
    task, _ = rig.post(raises(ScriptFailed(ErrorCode.UI_CHANGED, "odd")))
    assert task.stage is Stage.PREPARING
    assert rig.turns.of_task(task.id) is None


def test_taking_the_phone_away_says_whether_the_end_could_be_written(rig: Rig) -> None:
    attempt = rig.begun()
    inner = rig.mover.move_through
    rig.mover.move_through = _refusing(1, inner)  # type: ignore[method-assign]
    assert rig.endings.fail(attempt, PhoneOffline("hangs"), patient=False) is False
    assert not attempt.ending
    assert rig.endings.fail(attempt, PhoneOffline("hangs"), patient=False) is True
    assert rig.stored(attempt.task.id).stage is Stage.SCHEDULED
    assert rig.endings.fail(attempt, PhoneOffline("later"), patient=False) is True, "it is ended already"


def test_an_attempt_whose_lease_is_over_fails_for_that_whatever_was_raised(rig: Rig) -> None:
    attempt = rig.begun(max_retry_count=0)
    attempt.revoke()
    rig.endings.fail(attempt, KeyError("the closed session"))
    error = rig.stored(attempt.task.id).error
    assert error == TaskError("device_timeout", "the attempt did not end within 600 s")


def test_a_lease_that_ends_after_the_commit_point_is_unknown(rig: Rig) -> None:
    attempt = rig.begun()
    attempt.enter_committing()
    attempt.revoke()
    rig.endings.fail(attempt, LeaseLost())
    task = rig.stored(attempt.task.id)
    assert (task.stage, task.outcome) == (Stage.FAILED, Outcome.UNKNOWN)
    assert task.remark.startswith("the attempt did not end within 600 s; ")


def test_only_the_first_writes_the_end(rig: Rig) -> None:
    attempt = rig.begun()
    assert rig.endings.fail(attempt, ScriptFailed(ErrorCode.UI_CHANGED, "first"))
    assert rig.endings.fail(attempt, ScriptFailed(ErrorCode.UI_CHANGED, "second"))
    assert rig.stored(attempt.task.id).remark == "first"


@pytest.mark.parametrize("change", [{"attempt": 2}, {"stage": Stage.FAILED}])
def test_an_attempt_that_is_no_longer_the_running_one_writes_nothing(
    rig: Rig, change: dict[str, Any]
) -> None:
    attempt = rig.begun()
    rig.store.tasks.change(attempt.task_id, remark="another's", **change)
    assert rig.endings.fail(attempt, ScriptFailed(ErrorCode.UI_CHANGED, "late"))
    assert rig.stored(attempt.task_id).remark == "another's"
    assert rig.notes(attempt.task_id) == ["this attempt was ended from elsewhere"]


@pytest.mark.parametrize("patient", [True, False])
def test_an_end_that_another_writes_at_the_same_moment_stands(rig: Rig, patient: bool) -> None:
    attempt = rig.begun()
    inner = rig.mover.move_through

    def late(task: Task, steps: Any) -> Task:
        rig.store.tasks.change(task.id, stage=Stage.FAILED, remark="another's")
        return inner(task, steps)

    rig.mover.move_through = late  # type: ignore[method-assign]
    assert rig.endings.fail(attempt, ScriptFailed(ErrorCode.UI_CHANGED, "late"), patient=patient)
    assert rig.stored(attempt.task.id).remark == "another's"
    (note,) = rig.notes(attempt.task.id)
    assert note.startswith("this attempt was ended from elsewhere: ")


def test_proof_that_is_written_already_is_not_written_again(rig: Rig) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.enter_committing()
        attempt.enter_verifying()
        attempt.enter_published("seen at once")
        raise PhoneOffline("while cleaning up")

    task, _ = rig.post(play)
    assert (task.stage, task.remark) == (Stage.PUBLISHED, "seen at once")


# -- stops --------------------------------------------------------------------------------------------------------


def test_a_stop_on_request_ends_the_task_and_the_daemons_end_queues_it_again(rig: Rig) -> None:
    def stopped(reason: str) -> Callable[[Any, Any], Verdict]:
        def play(attempt: Any, phone: Any) -> Verdict:
            attempt.request_stop(reason)
            attempt.check()
            raise AssertionError("unreachable")

        return play

    task, _ = rig.post(stopped(REQUEST))
    assert (task.stage, task.error) == (Stage.FAILED, TaskError("stopped", "stopped by request"))
    assert rig.evidence.names(task.id) == [], "a session that is closed is not asked for a picture"
    again, _ = rig.post(stopped(SHUTDOWN))
    assert (again.stage, again.interruptions) == (Stage.QUEUED, 1)


@pytest.mark.parametrize("asked", ["stop_requested", "deleted"])
def test_a_stop_that_stands_with_the_task_ends_it_before_the_commit_point(rig: Rig, asked: str) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        rig.store.tasks.change(attempt.task.id, **{asked: True})
        raise ScriptFailed(ErrorCode.NOT_INDEXED, "not listed", passing=True)

    task, _ = rig.post(play)
    assert (task.stage, task.remark) == (Stage.FAILED, "stopped by request")


@pytest.mark.parametrize("asked", ["stop_requested", "deleted"])
def test_a_stop_that_comes_while_the_retry_is_written_ends_the_task(rig: Rig, asked: str) -> None:
    inner = rig.mover.move_through
    moved: list[Stage] = []

    def late(task: Task, steps: Any) -> Task:
        done = inner(task, steps)
        moved.append(done.stage)
        return rig.store.tasks.change(task.id, **{asked: True}) if len(moved) == 1 else done

    rig.mover.move_through = late  # type: ignore[method-assign]
    task, _ = rig.post(raises(ScriptFailed(ErrorCode.NOT_INDEXED, "not listed", passing=True)))
    assert moved == [Stage.SCHEDULED, Stage.FAILED]
    assert task.remark == "stopped by request"


def test_a_stop_request_to_the_attempt_alone_ends_the_retry_that_was_written(rig: Rig) -> None:
    inner = rig.mover.move_through
    live: list[PostTurn] = []

    def late(task: Task, steps: Any) -> Task:
        done = inner(task, steps)
        live[0].request_stop(REQUEST)
        return done

    def play(attempt: Any, phone: Any) -> Verdict:
        live.append(attempt)
        rig.mover.move_through = late  # type: ignore[method-assign]
        raise ScriptFailed(ErrorCode.NOT_INDEXED, "not listed", passing=True)

    task, _ = rig.post(play)
    assert task.stage is Stage.FAILED


def test_the_daemons_end_does_not_end_a_retry_that_was_written(rig: Rig) -> None:
    inner = rig.mover.move_through
    live: list[PostTurn] = []

    def late(task: Task, steps: Any) -> Task:
        done = inner(task, steps)
        live[0].request_stop(SHUTDOWN)
        return done

    def play(attempt: Any, phone: Any) -> Verdict:
        live.append(attempt)
        rig.mover.move_through = late  # type: ignore[method-assign]
        raise ScriptFailed(ErrorCode.NOT_INDEXED, "not listed", passing=True)

    task, _ = rig.post(play)
    assert task.stage is Stage.SCHEDULED


def test_the_attempt_holds_the_end_that_was_written(rig: Rig) -> None:
    attempt = rig.begun()
    rig.script.play = publish
    rig.do(attempt)
    assert attempt.task == rig.stored(attempt.task_id)
    assert attempt.cut_at is not None


# -- what a stop and the end of a lease reach ---------------------------------------------------------------------


def test_a_stop_closes_the_session_that_the_script_holds(rig: Rig) -> None:
    closed: list[bool] = []

    def play(attempt: Any, phone: Any) -> Verdict:
        attempt.request_stop(REQUEST)
        closed.append(phone.closed.is_set())
        attempt.check()
        raise AssertionError("unreachable")

    rig.post(play)
    assert closed == [True]


def test_a_look_after_a_crash_has_the_session_counts_as_committed_and_is_closed_by_force(rig: Rig) -> None:
    seen: list[bool] = []

    def play(attempt: Any, phone: Any) -> Verdict:
        seen.append(phone is rig.phones.sessions[-1] and attempt.committed)
        seen.append(attempt.request_stop(REQUEST))
        attempt.cut()
        seen.append(phone.closed.is_set())
        return Verdict(Outcome.UNKNOWN, "cut off")

    rig.settle(play)
    assert seen == [True, False, True]


def test_a_look_that_breaks_is_told_of_with_its_trace(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.settle(raises(KeyError("oops")))
    (record,) = [r for r in caplog.records if "the script broke" in r.getMessage()]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], KeyError)


def test_the_guard_is_asked_about_the_very_task_at_its_claim(rig: Rig) -> None:
    asked: list[Task] = []

    def at_claim(task: Task) -> Repeat | None:
        asked.append(task)
        return None

    rig.repeats.at_claim = at_claim  # type: ignore[method-assign]
    task = rig.queued()
    rig.claim(task)
    assert asked == [task]


def test_a_phone_that_is_not_ready_after_the_commit_point_is_named_as_the_reason(rig: Rig) -> None:
    task, _ = rig.post(committed_then(PhoneNotReady("a call")))
    assert task.error is not None
    assert (task.error.code, task.error.message) == (PhoneNotReady("a call").code, "a call")


def test_the_way_back_from_a_closed_door_waits_for_a_store_that_refuses(rig: Rig) -> None:
    rig.phones.at_the_door["A"] = PhoneOffline("cable")
    rig.mover.move_through = _refusing(2, rig.mover.move_through)  # type: ignore[method-assign]
    rig.clock.wait = lambda *_: False  # type: ignore[method-assign]
    task, _ = rig.post(publish)
    assert task.stage is Stage.QUEUED


def test_taking_the_phone_away_from_a_post_that_is_proven_or_was_ended_by_another_is_done(rig: Rig) -> None:
    proven = rig.begun()
    proven.enter_committing()
    proven.enter_verifying()
    proven.enter_published("seen")
    assert rig.endings.fail(proven, LeaseLost(), patient=False) is True
    ended = rig.begun(serial="B")
    rig.store.tasks.change(ended.task_id, stage=Stage.FAILED)
    assert rig.endings.fail(ended, LeaseLost(), patient=False) is True


def test_a_tree_that_no_text_file_can_hold_is_kept_all_the_same(rig: Rig) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        phone.observe = lambda **_: UiTree([], source="half a pair \ud800")
        raise ScriptFailed(ErrorCode.UI_CHANGED, "odd")

    task, _ = rig.post(play)
    assert rig.evidence.read(task.id, "1-tree.xml") == b"half a pair ?"


def test_waiting_for_idle_waits_as_long_as_is_left_and_ends_with_the_last_attempt(rig: Rig) -> None:
    turn = rig.begun()
    waited: list[float] = []

    def wait_for(_: object, timeout_s: float) -> bool:
        waited.append(timeout_s)
        rig.turns.forget(turn)
        return True

    rig.clock.wait_for = wait_for  # type: ignore[method-assign, assignment]
    assert rig.turns.wait_idle(Deadline(rig.clock, 7.0)) is True
    assert waited == [7.0]


def test_a_read_that_failed_says_why_and_counts_as_ended(rig: Rig) -> None:
    ends: list[str] = []
    turn = ReadTurn(
        "A", "is looked at", lambda *_: None, ends.append, clock=rig.clock, wait_s=1.0, lease_s=1.0
    )
    assert rig.endings.fail(turn, PhoneOffline("it went")) is True
    assert ends == ["it went"]


def test_a_read_for_which_the_box_has_no_thread_says_so(rig: Rig) -> None:
    ends: list[str] = []
    turn = ReadTurn(
        "A", "is looked at", lambda *_: None, ends.append, clock=rig.clock, wait_s=1.0, lease_s=1.0
    )
    rig.endings.not_started(turn, "no thread")
    assert ends == ["no thread"], "without a reason it would count as done"
