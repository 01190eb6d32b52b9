"""What the API shows of the hub itself."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from handlers.api.objects.common import Moment


class LicenseInfo(msgspec.Struct, frozen=True):
    """The answer to the API access probe."""

    plan_name: str
    api_enabled: bool
    device_limit: Annotated[int, Meta(description="Phones that work at once")]
    message: str


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
