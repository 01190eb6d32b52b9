"""How an attempt ends: from a verdict or an exception to the moves that tell the truth. Pure functions."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from jobs.hub.clock import utc
from jobs.hub.settings import Posting
from jobs.input.outside_text import sentence
from jobs.phone.errors import LeaseLost, PhoneError, StopRequested
from jobs.task.attempt import ScriptFailed, Verdict
from jobs.task.retry import Decision, Uniform, after_failure, interrupted_too_often
from storage.error_codes import ErrorCode
from storage.errors import StoreError
from storage.records import Outcome, Stage, Task, TaskError, Waiting

STOPPED = TaskError(code=ErrorCode.STOPPED, message="stopped by request")
UNKNOWN_ADVICE = (
    "the post may have been published: check the account, then mark it as published or confirm the retry"
)


class Step(NamedTuple):
    """One move: the stage, and what is written with it."""

    to: Stage
    changes: dict[str, Any]


class Trouble(msgspec.Struct, frozen=True):
    """Why an attempt has no verdict, as a task error; `passing` says whether trying again can help."""

    error: TaskError
    passing: bool


def trouble(cause: BaseException, step: str, lease_s: float) -> Trouble:
    """What an exception that left a script means."""
    match cause:
        case ScriptFailed():
            return Trouble(TaskError(cause.code, str(cause), cause.step or step), cause.passing)
        case PhoneError():
            return Trouble(TaskError(cause.code, str(cause), step), cause.passing)
        case StopRequested():
            # No stop was requested, or the runner would not ask here: the phone layer closed the session.
            code, message = ErrorCode.DEVICE_OFFLINE, "the phone's connections were closed"
        case LeaseLost():
            code, message = ErrorCode.DEVICE_TIMEOUT, f"the attempt did not end within {lease_s:.0f} s"
        case StoreError():
            code, message = ErrorCode.STORAGE_FAILED, f"the daemon could not write its state: {cause}"
        case _:
            code, message = ErrorCode.INTERNAL, f"{type(cause).__name__}: {cause}"
    return Trouble(TaskError(code, sentence(message), step), code.retryable)


def before_commit(task: Task, found: Trouble, posting: Posting, now: float, uniform: Uniform) -> list[Step]:
    """Nothing was published: retry with a pause, or fail. `task` is as stored now, in stage preparing."""
    decision = after_failure(
        task, Outcome.NONE, passing=found.passing, posting=posting, now=now, uniform=uniform
    )
    if decision.retry_at is not None:
        return [retry_step(task, decision.retry_at, now, because=found.error.message)]
    return [
        Step(Stage.FAILED, {"error": found.error, "remark": _remark(found.error.message, decision, task)})
    ]


def after_commit(task: Task, verdict: Verdict, posting: Posting, now: float, uniform: Uniform) -> list[Step]:
    """The commit point was passed: only proof publishes, only a clear refusal allows a retry, all else is unknown.

    `task` is as stored now, in stage committing or verifying.
    """
    error = verdict.error
    if verdict.outcome is Outcome.PUBLISHED:
        return published(task, verdict.remark)
    if verdict.outcome is not Outcome.NOT_PUBLISHED:
        error = error or TaskError(ErrorCode.INTERNAL, verdict.remark or "no verdict")
        remark = f"{verdict.remark or error.message}; {UNKNOWN_ADVICE}"
        return [Step(Stage.FAILED, {"outcome": Outcome.UNKNOWN, "error": error, "remark": remark})]
    error = error or TaskError(ErrorCode.MEDIA_REJECTED, verdict.remark or "the app refused the post")
    decision = after_failure(
        task, Outcome.NOT_PUBLISHED, passing=verdict.passing, posting=posting, now=now, uniform=uniform
    )
    # Without the tap (still committing) nothing can have been refused: the attempt failed.
    end = Stage.REJECTED if task.stage is Stage.VERIFYING else Stage.FAILED
    remark = _remark(verdict.remark or error.message, decision, task)
    steps = [Step(end, {"outcome": Outcome.NOT_PUBLISHED, "error": error, "remark": remark})]
    if decision.retry_at is not None:
        steps.append(retry_step(task, decision.retry_at, now, because=verdict.remark or error.message))
    return steps


def published(task: Task, remark: str) -> list[Step]:
    """The app showed proof; `task` is in stage committing or verifying."""
    steps = [Step(Stage.VERIFYING, {})] if task.stage is Stage.COMMITTING else []
    return [*steps, Step(Stage.PUBLISHED, {"remark": remark, "error": None})]


def stopped() -> Step:
    """The attempt was asked to stop before the commit point."""
    return Step(Stage.FAILED, {"error": STOPPED, "remark": STOPPED.message})


def repeated(sentence: str) -> Step:
    """Another task has posted the same media since this one was created."""
    return Step(Stage.FAILED, {"error": TaskError(ErrorCode.ALREADY_POSTED, sentence), "remark": sentence})


def asked_again(task: Task, due_at: float, now: float, *, at_once: bool) -> Step:
    """A person or a program asks for another try: at its planned time where that is to come, else soon.

    `at_once`: without regard to the time that it was planned for.
    """
    if due_at == task.scheduled_at and not at_once:
        step = Step(
            Stage.SCHEDULED,
            {
                "due_at": due_at,
                "retry_count": task.retry_count + 1,
                "stop_requested": False,
                "remark": f"planned again for {_moment(due_at)}",
            },
        )
    else:
        step = retry_step(task, due_at, now, because="asked for")
        if at_once and task.scheduled_at > now:
            step.changes["scheduled_at"] = due_at
    if not task.attempt:  # it never ran: nothing is repeated
        step.changes["retry_count"] = task.retry_count
        step.changes["remark"] = f"starts {_moment(due_at)}, as asked for"
    return step


def _moment(at: float) -> str:
    return utc(at).isoformat(timespec="seconds")


def interrupted(task: Task, posting: Posting, *, by: str) -> Step:
    """The daemon ended, or ends, during an attempt that had not reached the commit point."""
    if task.stop_requested or task.deleted:
        return stopped()
    count = task.interruptions + 1
    if interrupted_too_often(task, posting):
        message = f"interrupted {count} times: {by}"
        return Step(
            Stage.FAILED,
            {"error": TaskError(ErrorCode.INTERRUPTED, message), "remark": message, "interruptions": count},
        )
    return Step(Stage.QUEUED, {"interruptions": count, "remark": f"starts again: {by}"})


def retry_step(task: Task, retry_at: float, now: float, *, because: str) -> Step:
    """Back to scheduled, with a pause."""
    count = task.retry_count + 1
    remark = f"retry {count} of {task.max_retry_count} in {retry_at - now:.0f} s: {because}"
    return Step(
        Stage.SCHEDULED,
        {
            "due_at": retry_at,
            "retry_count": count,
            "waiting_for": Waiting.RETRY_DELAY,
            "waiting_detail": f"pause before retry {count} until {utc(retry_at).isoformat(timespec='seconds')}",
            "stop_requested": False,
            "remark": remark,
        },
    )


def _remark(sentence: str, decision: Decision, task: Task) -> str:
    if decision.reason == "retry_limit":
        return f"{sentence} (after {task.retry_count} retries)"
    return sentence
