"""What is written when an attempt ends, to the letter: people and programs read these words."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.hub.settings import Posting
from jobs.phone.errors import LeaseLost, PhoneOffline, StopRequested
from jobs.task import ending
from jobs.task.attempt import ScriptFailed, Verdict
from jobs.task.ending import Step, Trouble
from storage.error_codes import ErrorCode
from storage.errors import StoreError
from storage.records import Outcome, Stage, Task, TaskError, Waiting
from tests.support.bench import new_task

POSTING = Posting(retry_pause_min_s=10.0, retry_pause_max_s=20.0)
NOW = 1_000_000.0
ADVICE = "the post may have been published: check the account, then mark it as published or confirm the retry"


def task(stage: Stage = Stage.PREPARING, **facts: Any) -> Task:
    new = new_task(at=500.0)
    values = {name: getattr(new, name) for name in new.__struct_fields__}
    return Task(**(values | {"id": 7, "due_at": 500.0, "stage": stage, "attempt": 1} | facts))


def middle(low: float, high: float) -> float:
    return (low + high) / 2


def retry(count: int, because: str) -> Step:
    """The step back to waiting that follows a failure at NOW, with the pause of POSTING in the middle."""
    return Step(
        Stage.SCHEDULED,
        {
            "due_at": NOW + 15,
            "retry_count": count,
            "waiting_for": Waiting.RETRY_DELAY,
            "waiting_detail": f"pause before retry {count} until 1970-01-12T13:46:55+00:00",
            "stop_requested": False,
            "remark": f"retry {count} of 3 in 15 s: {because}",
        },
    )


@pytest.mark.parametrize(
    ("cause", "found"),
    [
        (
            ScriptFailed(ErrorCode.UI_CHANGED, "no button", step="tap"),
            Trouble(TaskError("ui_changed", "no button", "tap"), passing=False),
        ),
        (
            ScriptFailed(ErrorCode.UPLOAD_TIMEOUT, "slow", passing=True),
            Trouble(TaskError("upload_timeout", "slow", "outer"), passing=True),
        ),
        (PhoneOffline("gone"), Trouble(TaskError("device_offline", "gone", "outer"), passing=True)),
        (
            PhoneOffline("gone for good", passing=False),
            Trouble(TaskError("device_offline", "gone for good", "outer"), passing=False),
        ),
        (
            StopRequested("shutdown"),
            Trouble(
                TaskError("device_offline", "the phone's connections were closed", "outer"), passing=True
            ),
        ),
        (
            LeaseLost("late"),
            Trouble(
                TaskError("device_timeout", "the attempt did not end within 1200 s", "outer"), passing=True
            ),
        ),
        (
            StoreError("no space"),
            Trouble(
                TaskError("storage_failed", "the daemon could not write its state: no space", "outer"),
                passing=True,
            ),
        ),
        (KeyError("x"), Trouble(TaskError("internal", "KeyError: 'x'", "outer"), passing=False)),
    ],
)
def test_every_exception_says_what_happened_where_and_whether_trying_again_can_help(
    cause: Exception, found: Trouble
) -> None:
    assert ending.trouble(cause, "outer", 1200.4) == found


PASSING = Trouble(TaskError("push_failed", "no cable", "push"), passing=True)
FINAL = Trouble(TaskError("ui_changed", "no button", "tap"), passing=False)


@pytest.mark.parametrize(
    ("facts", "found", "step"),
    [
        ({}, PASSING, retry(1, "no cable")),
        ({"retry_count": 1}, PASSING, retry(2, "no cable")),
        (
            {"retry_count": 3},
            PASSING,
            Step(Stage.FAILED, {"error": PASSING.error, "remark": "no cable (after 3 retries)"}),
        ),
        ({}, FINAL, Step(Stage.FAILED, {"error": FINAL.error, "remark": "no button"})),
        (
            {"stop_requested": True},
            PASSING,
            Step(Stage.FAILED, {"error": PASSING.error, "remark": "no cable"}),
        ),
    ],
)
def test_before_the_commit_point_a_failure_is_tried_again_or_says_why_not(
    facts: dict[str, Any], found: Trouble, step: Step
) -> None:
    assert ending.before_commit(task(**facts), found, POSTING, NOW, middle) == [step]


REFUSED = TaskError("media_rejected", "too long")
UNSURE = TaskError("upload_timeout", "no proof in time", "prove")


def failed(error: TaskError, remark: str) -> Step:
    return Step(Stage.FAILED, {"outcome": Outcome.UNKNOWN, "error": error, "remark": f"{remark}; {ADVICE}"})


def refused(to: Stage, error: TaskError, remark: str) -> Step:
    return Step(to, {"outcome": Outcome.NOT_PUBLISHED, "error": error, "remark": remark})


@pytest.mark.parametrize(
    ("stage", "facts", "verdict", "steps"),
    [
        (
            Stage.VERIFYING,
            {},
            Verdict(Outcome.PUBLISHED, "seen"),
            [Step(Stage.PUBLISHED, {"remark": "seen", "error": None})],
        ),
        (
            Stage.COMMITTING,
            {},
            Verdict(Outcome.PUBLISHED, "seen"),
            [Step(Stage.VERIFYING, {}), Step(Stage.PUBLISHED, {"remark": "seen", "error": None})],
        ),
        (Stage.VERIFYING, {}, Verdict(Outcome.UNKNOWN, "lost", UNSURE), [failed(UNSURE, "lost")]),
        (Stage.VERIFYING, {}, Verdict(Outcome.UNKNOWN, "", UNSURE), [failed(UNSURE, "no proof in time")]),
        (
            Stage.COMMITTING,
            {},
            Verdict(Outcome.UNKNOWN, "lost"),
            [failed(TaskError("internal", "lost"), "lost")],
        ),
        (
            Stage.VERIFYING,
            {},
            Verdict(Outcome.NONE, "", passing=True),
            [failed(TaskError("internal", "no verdict"), "no verdict")],
        ),
        (
            Stage.VERIFYING,
            {},
            Verdict(Outcome.NOT_PUBLISHED, "refused", REFUSED),
            [refused(Stage.REJECTED, REFUSED, "refused")],
        ),
        (
            Stage.COMMITTING,
            {},
            Verdict(Outcome.NOT_PUBLISHED, "", REFUSED),
            [refused(Stage.FAILED, REFUSED, "too long")],
        ),
        (
            Stage.VERIFYING,
            {},
            Verdict(Outcome.NOT_PUBLISHED, ""),
            [
                refused(
                    Stage.REJECTED,
                    TaskError("media_rejected", "the app refused the post"),
                    "the app refused the post",
                )
            ],
        ),
        (
            Stage.VERIFYING,
            {},
            Verdict(Outcome.NOT_PUBLISHED, "try later", passing=True),
            [
                refused(Stage.REJECTED, TaskError("media_rejected", "try later"), "try later"),
                retry(1, "try later"),
            ],
        ),
        (
            Stage.VERIFYING,
            {},
            Verdict(Outcome.NOT_PUBLISHED, "", REFUSED, passing=True),
            [refused(Stage.REJECTED, REFUSED, "too long"), retry(1, "too long")],
        ),
        (
            Stage.VERIFYING,
            {"retry_count": 3},
            Verdict(Outcome.NOT_PUBLISHED, "try later", REFUSED, passing=True),
            [refused(Stage.REJECTED, REFUSED, "try later (after 3 retries)")],
        ),
    ],
)
def test_behind_the_commit_point_the_task_says_what_is_known_of_the_post(
    stage: Stage, facts: dict[str, Any], verdict: Verdict, steps: list[Step]
) -> None:
    assert ending.after_commit(task(stage, **facts), verdict, POSTING, NOW, middle) == steps


def test_a_stop_and_a_repeated_post_say_so() -> None:
    assert ending.stopped() == Step(
        Stage.FAILED, {"error": TaskError("stopped", "stopped by request"), "remark": "stopped by request"}
    )
    assert ending.repeated("task 3 posted it") == Step(
        Stage.FAILED,
        {"error": TaskError("already_posted", "task 3 posted it"), "remark": "task 3 posted it"},
    )


def test_R52_asked_for_again_before_its_planned_time_a_task_keeps_that_time() -> None:
    planned = task(Stage.FAILED, scheduled_at=NOW + 600)
    assert ending.asked_again(planned, NOW + 600, NOW, at_once=False) == Step(
        Stage.SCHEDULED,
        {
            "due_at": NOW + 600,
            "retry_count": 1,
            "stop_requested": False,
            "remark": "planned again for 1970-01-12T13:56:40+00:00",
        },
    )


def test_R52_asked_for_at_once_a_planned_task_gives_its_time_up() -> None:
    planned = task(Stage.FAILED, scheduled_at=NOW + 600)
    step = ending.asked_again(planned, NOW + 15, NOW, at_once=True)
    expected = retry(1, "asked for")
    assert step == Step(expected.to, expected.changes | {"scheduled_at": NOW + 15})
    # Even where the pause ends at the planned time.
    step = ending.asked_again(task(Stage.FAILED, scheduled_at=NOW + 15), NOW + 15, NOW, at_once=True)
    assert step == Step(expected.to, expected.changes | {"scheduled_at": NOW + 15})


@pytest.mark.parametrize("scheduled_at", [NOW - 600, NOW])
@pytest.mark.parametrize("at_once", [True, False])
def test_asked_for_again_after_its_planned_time_a_task_starts_after_a_pause(
    scheduled_at: float, at_once: bool
) -> None:
    late = task(Stage.FAILED, scheduled_at=scheduled_at)
    assert ending.asked_again(late, NOW + 15, NOW, at_once=at_once) == retry(1, "asked for")


def test_a_task_that_never_ran_has_no_retry_counted_when_it_is_asked_for_again() -> None:
    never_ran = task(Stage.FAILED, attempt=0, retry_count=2)
    step = ending.asked_again(never_ran, NOW + 15, NOW, at_once=False)
    expected = retry(3, "asked for").changes | {
        "retry_count": 2,
        "remark": "starts 1970-01-12T13:46:55+00:00, as asked for",
    }
    assert step == Step(Stage.SCHEDULED, expected)


def test_an_interrupted_task_starts_again_until_it_was_interrupted_too_often() -> None:
    assert ending.interrupted(task(), POSTING, by="the daemon stopped") == Step(
        Stage.QUEUED, {"interruptions": 1, "remark": "starts again: the daemon stopped"}
    )
    sentence = "interrupted 3 times: the daemon stopped"
    assert ending.interrupted(task(interruptions=2), POSTING, by="the daemon stopped") == Step(
        Stage.FAILED,
        {"error": TaskError("interrupted", sentence), "remark": sentence, "interruptions": 3},
    )


@pytest.mark.parametrize("facts", [{"stop_requested": True}, {"deleted": True}])
def test_an_interrupted_task_whose_end_was_asked_for_is_stopped(facts: dict[str, Any]) -> None:
    assert ending.interrupted(task(**facts), POSTING, by="the daemon stopped") == ending.stopped()
