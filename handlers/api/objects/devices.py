"""What the API shows of phones and adb servers."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from handlers.api.objects.common import Moment
from jobs.hub.platforms import Platform


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
