"""What the API shows: one type per object of an answer. The OpenAPI document is made from these very types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from jobs.hub.platforms import Platform
from storage.error_codes import ErrorCode
from storage.records import Outcome, Waiting

LocalTime = Annotated[str, Meta(description="YYYY-MM-DD HH:MM:SS in the box's time zone")]
Moment = Annotated[str, Meta(description="RFC 3339 with offset")]

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
            ge=0, description="Grows with each change of what is planned: time, account, media, caption, hold"
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


class LicenseInfo(msgspec.Struct, frozen=True):
    """The answer to the API access probe."""

    plan_name: str
    api_enabled: bool
    device_limit: Annotated[int, Meta(description="Phones that work at once")]
    message: str


class Pace(msgspec.Struct, frozen=True):
    """How soon and how often an account may post; 0 is without limit."""

    min_gap_minutes: Annotated[int, Meta(ge=0)]
    max_per_day: Annotated[int, Meta(ge=0)]


class AccountObject(msgspec.Struct, frozen=True):
    """A login that lives on a phone. `email` is always null: neither e-mail nor password is kept."""

    id: int
    username: str
    email: None
    platform: Platform
    packagename: Annotated[str | None, Meta(description="null: the platform's default app")]
    device: Annotated[str, Meta(description="Serial of the phone, empty when bound to none")]
    device_online: bool
    device_name: Annotated[str, Meta(description="Model, empty when offline")]
    logined: Literal[0, 1]
    logined_text: Literal["logged_in", "not_logged_in"]
    status: Annotated[Literal[0, 1], Meta(description="0 enabled, 1 disabled")]
    status_text: Literal["enabled", "disabled"]
    tags: list[str]
    display_name: Annotated[str, Meta(description="What TikTok's account switcher shows, where it differs")]
    managed: Annotated[Literal["config", "api"], Meta(description="config: it stands in the config file")]
    min_gap_minutes: Annotated[int | None, Meta(description="Its own; null: `posting.min_gap_minutes`")]
    max_per_day: Annotated[int | None, Meta(description="Its own; null: `posting.max_per_day`")]
    pace: Annotated[Pace, Meta(description="What is in force")]
    posts_today: Annotated[
        int, Meta(ge=0, description="Published, or maybe published, on this day of the hub")
    ]
    next_allowed_at: Annotated[
        Moment | None, Meta(description="When its pace or quiet hours let it post again; null: now")
    ]
    pace_detail: Annotated[str, Meta(description="Why not now, as one sentence; empty where it may post")]
    last_post_at: Moment | None
    next_post_at: Annotated[Moment | None, Meta(description="When its next pending task may start")]
    next_task_id: int | None
    paused: Annotated[bool, Meta(description="Nothing new starts here: a person paused it")]
    paused_since: Moment | None
    paused_until: Annotated[Moment | None, Meta(description="When that ends by itself; null: never")]
    pause_reason: str


class AccountList(msgspec.Struct, frozen=True):
    """One page of accounts."""

    accounts: list[AccountObject]
    total: int
    page: int
    page_size: int


class AccountChange(msgspec.Struct, frozen=True):
    """An account after a call that changed it, and what in the call was ignored."""

    account: AccountObject
    warnings: list[str]


class DeviceObject(msgspec.Struct, frozen=True):
    """A phone as last seen."""

    serial: str
    label: Annotated[str, Meta(description="The name that people gave it; empty: none")]
    state: Annotated[
        str,
        Meta(
            description="device (usable), unauthorized, offline, absent, no_permissions, duplicate, needs_hands, adb_down"
        ),
    ]
    detail: Annotated[
        str, Meta(description="Why it is not usable, or starts nothing for now, and what to do")
    ]
    since: Moment
    last_seen: Moment | None
    model: str
    android: str
    battery_percent: int | None
    battery_celsius: float | None
    resumable: Annotated[
        bool,
        Meta(
            description="Whether `POST …/resume` would end something that holds it up; false for a low battery"
        ),
    ]
    current_task: int | None
    adb_server: Annotated[
        str,
        Meta(
            description="The name of the adb server through which it is reached, or was last; `local`: that of the hub itself"
        ),
    ]
    paused: Annotated[bool, Meta(description="Nothing new starts here: a person paused it")]
    paused_since: Moment | None
    paused_until: Annotated[Moment | None, Meta(description="When that ends by itself; null: never")]
    pause_reason: str


class AdbServerObject(msgspec.Struct, frozen=True):
    """An adb server as last seen."""

    name: Annotated[str, Meta(description="`local`, or the name in `adb_servers` of the config")]
    address: Annotated[str, Meta(description="HOST:PORT as the hub calls it")]
    up: Annotated[bool, Meta(description="Whether it answers")]
    detail: Annotated[str, Meta(description="Why it does not, as one sentence")]
    since: Moment
    phones: Annotated[int, Meta(ge=0, description="How many are reached through it, or were last")]
    usable: Annotated[int, Meta(ge=0)]
    pushes: Annotated[int, Meta(ge=0, description="Files that are being copied to its phones")]
    max_pushes: Annotated[int, Meta(ge=1, description="How many may be at the same time")]


class DeviceList(msgspec.Struct, frozen=True):
    """All phones seen since the start or named in the config, and the adb servers, that of the hub itself first."""

    devices: list[DeviceObject]
    total: int
    adb_servers: list[AdbServerObject]


class Resumed(msgspec.Struct, frozen=True):
    """What was paused on a phone, as sentences; empty when nothing was."""

    serial: str
    resumed: list[str]
    still: Annotated[
        str, Meta(description="What still keeps it from starting tasks, e.g. a low battery; empty: nothing")
    ]


class MaterialObject(msgspec.Struct, frozen=True):
    """A file of the library."""

    id: int
    name: str
    kind: Literal["video", "image"]
    sha256: str
    size_bytes: int
    created_at: Moment
    caption: str
    username: str
    sort_number: int
    tags: list[str]
    used: Annotated[
        Literal["free", "reserved", "used"],
        Meta(description="reserved: a task has it; used: it was or may have been published"),
    ]
    duration_s: float | None
    width: int | None
    height: int | None


class MaterialList(msgspec.Struct, frozen=True):
    """One page of the library, newest first."""

    materials: list[MaterialObject]
    total: int
    page: int
    page_size: int


class MaterialUpload(msgspec.Struct, frozen=True):
    """What became of an upload; `created` is false when the same content was there already."""

    material: MaterialObject
    created: bool
    warnings: list[str]


class UploadObject(msgspec.Struct, frozen=True):
    """An upload in pieces. Once `offset` is `size_bytes`, `material_id` is what it became."""

    id: int
    name: str
    size_bytes: int
    offset: Annotated[
        int, Meta(description="Number of bytes that are stored for good; the next piece begins there")
    ]
    piece_bytes: Annotated[int, Meta(description="How much to send at a time; other sizes work too")]
    expires_at: Annotated[str, Meta(description="When it is forgotten unless more comes; RFC 3339")]
    material_id: int | None
    material: MaterialObject | None
    created: Annotated[
        bool | None, Meta(description="With the last piece: false when the same content was there already")
    ]
    warnings: list[str]


class MaterialChange(msgspec.Struct, frozen=True):
    """A material after a call that changed it, and what in the call was ignored."""

    material: MaterialObject
    warnings: list[str]


class Reset(msgspec.Struct, frozen=True):
    """How many files may be chosen again."""

    reset_count: int


class Removed(msgspec.Struct, frozen=True):
    """The id of what was removed."""

    id: int


class HubPause(msgspec.Struct, frozen=True):
    """Whether the whole hub is paused."""

    paused: Annotated[bool, Meta(description="Nothing new starts here: a person paused it")]
    paused_since: Moment | None
    paused_until: Annotated[Moment | None, Meta(description="When that ends by itself; null: never")]
    pause_reason: str


class ClockConfirmed(msgspec.Struct, frozen=True):
    """The time that was confirmed, and what was in doubt about it."""

    time: Annotated[Moment, Meta(description="The box's time now")]
    doubt: Annotated[
        str, Meta(description="Why tasks were held, as one sentence; empty when nothing was in doubt")
    ]


class Reloaded(msgspec.Struct, frozen=True):
    """Keys that changed, and those among them that need a restart to take effect."""

    changed: list[str]
    restart_needed: list[str]


class ConfigInForce(msgspec.Struct, frozen=True):
    """The settings in force as TOML, each with its source, and in what the files on disk differ from them."""

    text: str
    notices: list[str]


class Matched(msgspec.Struct, frozen=True):
    """Which accounts an app shows as logged in on a phone, or how far the reading of them has come."""

    serial: str
    platform: Platform
    state: Literal["running", "done", "failed"]
    detail: str
    logged_in: Annotated[list[str], Meta(description="Accounts that the app shows, now marked as logged in")]
    not_shown: Annotated[
        list[str], Meta(description="Accounts of this phone that it does not show, marked as not logged in")
    ]
    unknown: Annotated[list[str], Meta(description="Names in the app that are not accounts here")]
    added: Annotated[
        list[str], Meta(description="Accounts that were entered just now, because `add` asked for it")
    ]


class MatchedList(msgspec.Struct, frozen=True):
    """The last reading for each app."""

    matches: list[Matched]
