"""The retry policy and the ends of attempts: tables, no clock, no store."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.hub.settings import Posting
from jobs.phone.errors import (
    AppMissing,
    CommandFailed,
    ElementMissing,
    LeaseLost,
    PhoneOffline,
    PushFailed,
    StopRequested,
    TapUncertain,
)
from jobs.task import ending
from jobs.task.attempt import ScriptFailed, Verdict
from jobs.task.retry import after_failure, interrupted_too_often, pause_s
from storage.error_codes import ErrorCode
from storage.records import Outcome, Stage, Task, TaskError, Waiting
from tests.support.bench import new_task

POSTING = Posting()
NOW = 1000.0


def task(stage: Stage = Stage.PREPARING, **facts: Any) -> Task:
    new = new_task(at=500.0)
    values = {name: getattr(new, name) for name in new.__struct_fields__}
    return Task(**(values | {"id": 7, "due_at": 500.0, "stage": stage} | facts))


def middle(low: float, high: float) -> float:
    return (low + high) / 2


@pytest.mark.parametrize(
    ("facts", "outcome", "passing", "posting", "reason"),
    [
        ({}, Outcome.NONE, True, POSTING, ""),
        ({}, Outcome.NOT_PUBLISHED, True, POSTING, ""),
        ({"retry_count": 2}, Outcome.NONE, True, POSTING, ""),
        ({"retry_count": 3}, Outcome.NONE, True, POSTING, "retry_limit"),
        ({"retry_count": 4}, Outcome.NONE, True, POSTING, "retry_limit"),
        ({"max_retry_count": 0}, Outcome.NONE, True, POSTING, "retry_limit"),
        ({}, Outcome.NONE, False, POSTING, "final_error"),
        ({}, Outcome.NONE, True, Posting(auto_retry=False), "auto_retry_off"),
        ({}, Outcome.UNKNOWN, True, POSTING, "outcome_unknown"),
        ({}, Outcome.PUBLISHED, True, POSTING, "published"),
        ({"stop_requested": True}, Outcome.NONE, True, POSTING, "stopped"),
        ({"deleted": True}, Outcome.NONE, True, POSTING, "stopped"),
    ],
)
def test_only_what_cannot_publish_twice_and_can_pass_is_tried_again(
    facts: dict[str, Any], outcome: Outcome, passing: bool, posting: Posting, reason: str
) -> None:
    decision = after_failure(
        task(**facts), outcome, passing=passing, posting=posting, now=NOW, uniform=middle
    )
    assert decision.reason == reason
    assert decision.retry_at == (None if reason else NOW + 32.5)


def test_the_pause_is_drawn_between_the_settings_bounds_in_whatever_order_they_stand() -> None:
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    pause_s(Posting(), uniform)
    pause_s(Posting(retry_pause_min_s=60.0, retry_pause_max_s=5.0), uniform)
    assert asked == [(5.0, 60.0), (5.0, 60.0)]


@pytest.mark.parametrize(("interruptions", "last"), [(0, False), (1, False), (2, True), (3, True)])
def test_the_third_interruption_is_the_last(interruptions: int, last: bool) -> None:
    assert interrupted_too_often(task(interruptions=interruptions), POSTING) is last
    step = ending.interrupted(task(interruptions=interruptions), POSTING, by="the daemon stopped")
    assert step.to is (Stage.FAILED if last else Stage.QUEUED)
    assert step.changes["interruptions"] == interruptions + 1
    assert "retry_count" not in step.changes
    if last:
        assert step.changes["error"].code == "interrupted"


@pytest.mark.parametrize("facts", [{"stop_requested": True}, {"deleted": True}])
def test_an_interrupted_task_that_was_to_stop_does_not_start_again(facts: dict[str, Any]) -> None:
    assert ending.interrupted(task(**facts), POSTING, by="x") == ending.stopped()


@pytest.mark.parametrize(
    ("cause", "code", "passing", "step"),
    [
        (ScriptFailed(ErrorCode.UI_CHANGED, "no button", step="own"), "ui_changed", False, "own"),
        (ScriptFailed(ErrorCode.UPLOAD_TIMEOUT, "slow", passing=True), "upload_timeout", True, "outer"),
        (PhoneOffline("gone"), "device_offline", True, "outer"),
        (PhoneOffline("gone for good", passing=False), "device_offline", False, "outer"),
        (AppMissing("none"), "app_missing", False, "outer"),
        (CommandFailed("am start: no such activity"), "command_failed", True, "outer"),
        (ElementMissing("no field has the focus"), "command_failed", True, "outer"),
        (PushFailed("torn"), "push_failed", True, "outer"),
        (TapUncertain("?"), "automation_lost", False, "outer"),
        (LeaseLost("late"), "device_timeout", True, "outer"),
        (StopRequested(), "device_offline", True, "outer"),
        (KeyError("x"), "internal", False, "outer"),
    ],
)
def test_every_exception_becomes_a_stable_word(cause: Exception, code: str, passing: bool, step: str) -> None:
    found = ending.trouble(cause, "outer", 1200.0)
    assert (found.error.code, found.passing, found.error.step) == (code, passing, step)
    assert found.error.message


def steps(verdict: Verdict, stage: Stage, **facts: Any) -> list[ending.Step]:
    return ending.after_commit(task(stage, **facts), verdict, POSTING, NOW, middle)


@pytest.mark.parametrize(
    ("stage", "verdict", "stages", "outcome"),
    [
        (Stage.VERIFYING, Verdict(Outcome.PUBLISHED, "seen"), [Stage.PUBLISHED], None),
        (Stage.COMMITTING, Verdict(Outcome.PUBLISHED, "seen"), [Stage.VERIFYING, Stage.PUBLISHED], None),
        (Stage.VERIFYING, Verdict(Outcome.UNKNOWN, "?"), [Stage.FAILED], Outcome.UNKNOWN),
        (Stage.COMMITTING, Verdict(Outcome.UNKNOWN, "?"), [Stage.FAILED], Outcome.UNKNOWN),
        (Stage.VERIFYING, Verdict(Outcome.NONE, "?", passing=True), [Stage.FAILED], Outcome.UNKNOWN),
        (Stage.VERIFYING, Verdict(Outcome.NOT_PUBLISHED, "no"), [Stage.REJECTED], Outcome.NOT_PUBLISHED),
        (Stage.COMMITTING, Verdict(Outcome.NOT_PUBLISHED, "no"), [Stage.FAILED], Outcome.NOT_PUBLISHED),
        (
            Stage.VERIFYING,
            Verdict(Outcome.NOT_PUBLISHED, "try later", passing=True),
            [Stage.REJECTED, Stage.SCHEDULED],
            Outcome.NOT_PUBLISHED,
        ),
    ],
)
def test_JOB_5_behind_the_commit_point_only_proof_publishes_and_only_refusal_repeats(
    stage: Stage, verdict: Verdict, stages: list[Stage], outcome: Outcome | None
) -> None:
    found = steps(verdict, stage)
    assert [step.to for step in found] == stages
    if outcome is not None:
        assert found[0].changes["outcome"] is outcome
        assert found[0].changes["error"] is not None


def test_a_refused_post_that_was_to_stop_is_not_tried_again() -> None:
    verdict = Verdict(Outcome.NOT_PUBLISHED, "later", passing=True)
    assert [s.to for s in steps(verdict, Stage.VERIFYING, stop_requested=True)] == [Stage.REJECTED]


def test_a_retry_keeps_what_was_chosen_and_says_when() -> None:
    step = ending.retry_step(task(retry_count=1), NOW + 30, NOW, because="the cable was pulled")
    assert step.to is Stage.SCHEDULED
    assert step.changes["due_at"] == NOW + 30
    assert step.changes["retry_count"] == 2
    assert step.changes["waiting_for"] is Waiting.RETRY_DELAY
    assert step.changes["remark"] == "retry 2 of 3 in 30 s: the cable was pulled"
    assert step.changes.keys().isdisjoint({"caption", "materials", "scheduled_at"})


def test_a_failure_after_the_last_retry_says_how_often_it_was_tried() -> None:
    trouble = ending.Trouble(TaskError("push_failed", "the file did not arrive"), passing=True)
    (step,) = ending.before_commit(task(retry_count=3), trouble, POSTING, NOW, middle)
    assert step.to is Stage.FAILED
    assert step.changes["remark"] == "the file did not arrive (after 3 retries)"
