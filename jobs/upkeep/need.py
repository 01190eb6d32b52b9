"""One matter that needs a person, and the calls that settle it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Kind = Literal[
    "adb",
    "disk",
    "clock",
    "tokens",
    "config",
    "unknown_outcome",
    "accept_key",
    "phone",
    "log_in",
    "app",
    "version",
    "screen",
    "task",
    "slot",
]
#: The most urgent first.
RANK = {kind: rank for rank, kind in enumerate(Kind.__args__)}  # type: ignore[attr-defined]


class Act(msgspec.Struct, frozen=True):
    """One call that settles the matter, or lets it go on once a person has done something."""

    call: Annotated[str, Meta(description="What a button says")]
    method: Literal["POST", "PATCH", "DELETE"]
    path: Annotated[str, Meta(description="With its query")]
    body: dict[str, bool | str] | None = None


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One matter that needs a person."""

    kind: Kind
    key: Annotated[str, Meta(description="The same for as long as it is the same matter")]
    sentence: str
    since: float | None = None  #: epoch seconds; None: since it was first seen
    task_id: int | None = None
    serial: str = ""
    account_id: int | None = None
    slot_id: int | None = None
    actions: tuple[Act, ...] = ()
