"""What the API shows of accounts."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from handlers.api.objects.common import Moment
from jobs.hub.platforms import Platform


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
