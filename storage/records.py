"""The records that the store keeps, as typed, immutable values."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any

import msgspec


class Status(IntEnum):
    """What the API shows of a task's life."""

    PENDING = 0
    RUNNING = 1
    COMPLETED = 2
    FAILED = 3


class Stage(StrEnum):
    """What really stands behind a status; the moves between stages are in `jobs.task.states`."""

    SCHEDULED = "scheduled"  #: waits for its time or its retry pause
    QUEUED = "queued"  #: due; waits for its phone, its turn or a slot
    PREPARING = "preparing"  #: an attempt runs; nothing irreversible was done
    COMMITTING = "committing"  #: written before the publishing tap: from here on never repeated
    VERIFYING = "verifying"  #: the tap was sent; waits for proof
    PUBLISHED = "published"  #: the app showed proof
    REJECTED = "rejected"  #: the app refused after the tap
    FAILED = "failed"  #: ended without a post, or with an unknown outcome

    @property
    def status(self) -> Status:
        return _STATUS[self]


_STATUS = {
    Stage.SCHEDULED: Status.PENDING,
    Stage.QUEUED: Status.PENDING,
    Stage.PREPARING: Status.RUNNING,
    Stage.COMMITTING: Status.RUNNING,
    Stage.VERIFYING: Status.RUNNING,
    Stage.PUBLISHED: Status.COMPLETED,
    Stage.REJECTED: Status.FAILED,
    Stage.FAILED: Status.FAILED,
}


#: Of a task that is still to run; whose attempt has done nothing irreversible; whose attempt is past the commit point.
PENDING = frozenset({Stage.SCHEDULED, Stage.QUEUED})
BEFORE_COMMIT = frozenset({Stage.PREPARING})
AFTER_COMMIT = frozenset({Stage.COMMITTING, Stage.VERIFYING})
RUNNING = BEFORE_COMMIT | AFTER_COMMIT
ENDED = frozenset({Stage.PUBLISHED, Stage.REJECTED, Stage.FAILED})


class Outcome(StrEnum):
    """What is known about the post itself."""

    NONE = "none"  #: the publishing tap was never reached
    PUBLISHED = "published"  #: proof was seen
    NOT_PUBLISHED = "not_published"  #: the app clearly refused
    UNKNOWN = "unknown"  #: the tap may have worked; a person must look


#: With these the task's media is, or may be, out.
SPENT = frozenset({Outcome.PUBLISHED, Outcome.UNKNOWN})


class Waiting(StrEnum):
    """Why a pending task is not running."""

    TIME = "time"
    DEVICE = "device"
    ACCOUNT = "account"
    SLOT = "slot"
    RETRY_DELAY = "retry_delay"
    HOLD = "hold"  #: a person holds it
    PACE = "pace"  #: its account posts no sooner, or the hub has its quiet hours
    PAUSE = "pause"  #: a person paused the hub, its phone or its account
    REHEARSAL = "rehearsal"  #: the version or language of its app is new to this hub


class TaskError(msgspec.Struct, frozen=True):
    """Why an attempt failed: `code` is a stable word, `message` a sentence, `step` where it happened."""

    code: str
    message: str
    step: str = ""


class MediaFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file to be published, as checked at intake."""

    path: str  #: absolute path on the box, links resolved
    name: str  #: what people see
    sha256: str
    size_bytes: int
    kind: str  #: "video" or "image"
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    material_id: int | None = None  #: set when it came from the material library
    root: str = ""  #: the folder or library under which its "used" mark is kept ("" = material_list)


class NewTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task about to be stored: all that intake decided. Times are seconds since the epoch, UTC."""

    serial: str
    platform: str
    package: str
    script_config: dict[str, Any]
    scheduled_at: float
    created_at: float
    script_name: str = "post"
    username: str = ""  #: "" means the account that is current in the app
    enable_multi_account: bool = False
    source: str = "api"
    caption: str = ""
    materials: tuple[MediaFile, ...] = ()
    sound: str = ""  #: the sound name or link chosen for this task
    max_retry_count: int = 3
    stage: Stage = Stage.SCHEDULED
    placement: str = ""  #: "reel", "story", "feed", "video" or "photos"; "" in tasks of older versions
    forced: bool = False  #: created with `force`: it may show again what was posted before


class Task(NewTask, frozen=True, kw_only=True):
    """A stored task. Never mutated: the store replaces it by a changed copy."""

    id: int
    outcome: Outcome = Outcome.NONE
    due_at: float  #: when it may start next: its start time, or the end of a retry pause
    started_at: float | None = None
    finished_at: float | None = None
    retry_count: int = 0
    interruptions: int = 0  #: how often the daemon ended during an attempt before the commit point
    attempt: int = 0  #: counts attempts; also the fencing token of the running one
    waiting_for: Waiting | None = None
    waiting_since: float | None = None
    waiting_detail: str = ""  #: one sentence for people
    waiting_until: float | None = None  #: until when, where that is known and is not `due_at`
    remark: str = ""
    error: TaskError | None = None
    app_version: str = ""
    app_language: str = ""  #: as "en", what the app spoke in the last attempt; "" where it was not told
    account_seen: str = (
        ""  #: the account that the app showed before the post, without "@"; "" until it was read
    )
    #: tasks that show the same media, of which a person knew when this one was to be retried all the same
    confirmed_repeats: tuple[int, ...] = ()
    deleted: bool = False  #: deleted by the caller while it ran: in no list, still owned by its worker
    stop_requested: bool = False
    held: bool = False  #: scheduled, and does not start before a person releases it
    version: int = 0  #: counts changes of what a caller plans, and retries of what had ended, see `storage.tables.task_rules`

    @property
    def status(self) -> Status:
        return self.stage.status

    @property
    def ended_at(self) -> float:
        """When it ended; when it was made, for one whose end has no time."""
        return self.created_at if self.finished_at is None else self.finished_at

    @property
    def account_known(self) -> str:
        """The account that it names, else the one that the app showed; "" where neither is known."""
        return self.username or self.account_seen

    @property
    def error_code(self) -> str:
        """One of `storage.error_codes`, or a word of another version; "" without an error."""
        return self.error.code if self.error else ""


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A login that lives on a phone, about to be stored. No passwords, no e-mail."""

    username: str  #: without "@"; unique per platform, compared case-insensitively
    platform: str
    serial: str = ""
    package: str = ""  #: "" means the platform's default app
    enabled: bool = True
    logged_in: bool = True
    tags: tuple[str, ...] = ()
    managed: str = "api"  #: "config" when it stands in the config file, else "api"
    display_name: str = ""  #: what TikTok's account switcher shows instead of the handle
    min_gap_minutes: int | None = None  #: of its pace; None means the configured default, 0 no gap
    max_per_day: int | None = None  #: of its pace; None means the configured default, 0 no limit


class Account(NewAccount, frozen=True, kw_only=True):
    """A stored login."""

    id: int


class NewMaterial(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the material library, about to be recorded."""

    path: str
    name: str
    kind: str
    sha256: str
    size_bytes: int
    created_at: float
    caption: str = ""
    username: str = ""
    sort_number: int = 0
    tags: tuple[str, ...] = ()
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None


class Material(NewMaterial, frozen=True, kw_only=True):
    """A recorded file."""

    id: int


class Use(StrEnum):
    """Whether a file may still be chosen. A file without a mark is free."""

    FREE = "free"
    RESERVED = "reserved"  #: a task that has not ended has it
    USED = "used"  #: it was published, or may have been


class UsageMark(msgspec.Struct, frozen=True):
    """What became of a file's content under a root; `task_id` is the task that set it last."""

    root: str
    sha256: str
    use: Use
    task_id: int


class PostMark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One post: what it shows and where. Kept for posts that are or may be out when their task leaves the store."""

    task_id: int
    content: str  #: one digest of all its media, see `storage.tables.posts.content_of`
    platform: str
    serial: str
    package: str
    planned_at: float  #: when it was last meant to start
    placement: str = ""
    username: str = ""
    account_seen: str = ""
    ended_at: float | None = None  #: when it was, or may have been, published; None while it is to come
    at_once: bool = False  #: it was asked for without a time to come


class IdempotencyEntry(msgspec.Struct, frozen=True):
    """A request that must not be carried out twice, and what was answered to it."""

    key: str
    body_sha256: str
    created_at: float
    answer: dict[str, Any]


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """Posts that repeat: at these times of these days, one for each account."""

    id: int
    name: str
    usernames: tuple[str, ...]
    times: tuple[str, ...]  #: "HH:MM" in the hub's zone
    created_at: float
    planned_from: float  #: what is due before is none of its occurrences
    catch_up_from: float = (
        0.0  #: what was due before may have been posted in a part of the store that is lost
    )
    platform: str = ""  #: "" means the account's
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)  #: 0 is Monday
    script_config: dict[str, Any]  #: as a create request has it
    missed: str = "skip"  #: or "catch_up"
    first_day: str = ""  #: "YYYY-MM-DD", "" means no limit
    last_day: str = ""
    paused: bool = False


class Occurrence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One time of a slot for one account: planned as tasks, or not made for a reason."""

    slot_id: int
    day: str  #: "YYYY-MM-DD" in the zone that was the hub's when it was planned
    time: str  #: "HH:MM"
    username: str
    at: float  #: when it was due
    task_ids: tuple[int, ...] = ()
    reason: str = ""  #: why no task was made


class MetaValue(msgspec.Struct, frozen=True):
    """One small fact under a name, in JSON's types."""

    key: str
    value: Any
