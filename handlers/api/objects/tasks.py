"""What the API shows of tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from handlers.api.objects.common import LocalTime, Moment
from jobs.hub.platforms import Platform
from storage.error_codes import ErrorCode
from storage.records import Outcome, Waiting

#: Those worth an example; the manual has them all.
_CODES_OFTEN_MET = (
    ErrorCode.DEVICE_OFFLINE,
    ErrorCode.UNAUTHORIZED,
    ErrorCode.APP_MISSING,
    ErrorCode.NOT_LOGGED_IN,
    ErrorCode.WRONG_ACCOUNT,
    ErrorCode.NO_MATERIAL,
    ErrorCode.MEDIA_REJECTED,
    ErrorCode.UI_CHANGED,
    ErrorCode.UPLOAD_TIMEOUT,
    ErrorCode.STOPPED,
    ErrorCode.INTERRUPTED,
    ErrorCode.INTERNAL,
)


class TaskErrorObject(msgspec.Struct, frozen=True):
    """Why a task failed: a stable word, a sentence, and the step at which it happened."""

    code: Annotated[str, Meta(description=f"A stable word, e.g. {', '.join(_CODES_OFTEN_MET)}")]
    message: str
    step: str


class TaskObject(msgspec.Struct, frozen=True):
    """One task."""

    id: Annotated[int, Meta(ge=1, description="Grows, and is never used again")]
    script_name: str
    serial: Annotated[str, Meta(description="The phone")]
    status: Annotated[Literal[0, 1, 2, 3], Meta(description="0 pending, 1 running, 2 completed, 3 failed")]
    status_text: Literal["pending", "running", "completed", "failed"]
    source: Literal["api", "ui"]
    username: Annotated[str, Meta(description="The account; empty: the one that is current on the phone")]
    account_seen: Annotated[
        str,
        Meta(
            description="The account that the app showed before the post; empty until it was read, or where the app "
            "gives no way to read it (the log says why)"
        ),
    ]
    script_config: Annotated[dict[str, Any], Meta(description="As given, after defaults")]
    enable_multi_account: bool
    start_time: Annotated[LocalTime, Meta(description="Planned start; once it has begun, the real start")]
    end_time: LocalTime | None
    retry_count: Annotated[int, Meta(ge=0)]
    max_retry_count: Annotated[int, Meta(ge=0)]
    remark: Annotated[str, Meta(description="Last result, step or error in one line, for people")]
    scheduled_at: Moment
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    next_attempt_at: Annotated[
        Moment | None,
        Meta(
            description="When a pending task may start next at the earliest; null while it is held, while a pause without "
            "an end lasts, and behind the first twenty posts that the pace of their account holds back"
        ),
    ]
    platform: Platform
    package: str
    outcome: Annotated[
        Outcome,
        Meta(
            description="none: the publishing tap was never reached; unknown: it may be published, look at the account"
        ),
    ]
    error: TaskErrorObject | None
    caption: Annotated[str, Meta(description="What was or will be posted")]
    materials: Annotated[list[str], Meta(description="Names of the files, in order")]
    waiting_for: Annotated[Waiting | None, Meta(description="Why a pending task is not running")]
    waiting_since: Moment | None
    waiting_detail: Annotated[str, Meta(description="The same as one sentence")]
    version: Annotated[
        int,
        Meta(
            ge=0,
            description="Grows with each change of what is planned (time, account, media, caption, hold), and when a task that had "
            "ended is retried",
        ),
    ]


class StoppedTask(TaskObject, frozen=True):
    """The answer to a stop request: the task, and whether an attempt is still being stopped."""

    stopping: bool


class TaskList(msgspec.Struct, frozen=True):
    """One page of tasks, newest first; `total` counts all that match."""

    tasks: list[TaskObject]
    total: Annotated[int, Meta(ge=0)]
    page: Annotated[int, Meta(ge=1)]
    page_size: Annotated[int, Meta(ge=1, le=100)]


class CreatedTask(msgspec.Struct, frozen=True):
    """What a create call resolved for one task; `id` is null in a dry run."""

    id: int | None
    serial: str
    username: str
    start_time: LocalTime
    caption: str
    materials: list[str]


class Created(msgspec.Struct, frozen=True):
    """The answer to a create call; a dry run has no ids and says so."""

    task_ids: list[int]
    created_count: Annotated[int, Meta(ge=0)]
    warnings: list[str]
    tasks: list[CreatedTask]
    timezone: Annotated[str, Meta(description="The zone of all start times, e.g. Europe/Berlin")] = ""
    dry_run: bool = False


class TaskChange(msgspec.Struct, frozen=True):
    """A task after a change, and what is new about it."""

    task: TaskObject
    changed: Annotated[
        list[str],
        Meta(
            description="What is another than before; empty when all was so already",
            examples=[["caption", "script_config.captions", "start_time"]],
        ),
    ]
    warnings: list[str]
    timezone: Annotated[str, Meta(description="The zone of all start times, e.g. Europe/Berlin")]


class Deleted(msgspec.Struct, frozen=True):
    """Tasks deleted; unknown ids among those asked for; warnings about posts that may still appear."""

    deleted_count: Annotated[int, Meta(ge=0)]
    task_ids: list[int]
    not_found: list[int]
    warnings: list[str]


class Skipped(msgspec.Struct, frozen=True):
    """A failed task that retry-all left alone: outcome_unknown, retry_limit, stopped, already_posted"""

    id: int
    reason: str


class RetriedAll(msgspec.Struct, frozen=True):
    """What retry-all did."""

    retried_count: Annotated[int, Meta(ge=0)]
    task_ids: list[int]
    skipped: list[Skipped]


class Stats(msgspec.Struct, frozen=True):
    """Counts by status."""

    total: int
    pending: int
    running: int
    completed: int
    failed: int


class TaskLog(msgspec.Struct, frozen=True):
    """The step log of all attempts, oldest line first, and the names of the files kept as evidence."""

    task_id: int
    log: list[dict[str, Any]]
    artifacts: list[str]
