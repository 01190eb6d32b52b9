"""Which tasks a list, a count or an export is asked for: the fields of its query, and what they mean (R57)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType

from jobs.hub.platforms import Platform
from jobs.input.fields import Findings
from jobs.intake.start_time import StartTimeInvalid, read_moment
from storage.lists.task_lists import Wanted
from storage.records import Outcome, Status

_MOMENT = "`HH:MM` today, `YYYY-MM-DD HH:MM` in the hub's zone, or RFC 3339 with an offset; a date alone means the whole day"
#: Fields that mean the same for the store.
_SAME = ("serial", "script_name", "source", "username", "platform", "held", "q")

#: Filters that the archive's calls have too.
AccountName = Annotated[
    str,
    Meta(
        description="The account, with or without @: the one that was named, else the one that the app showed"
    ),
]
CaptionPart = Annotated[
    str, Meta(max_length=200, description="A part of the caption; capitals do not matter")
]
OutcomeName = Literal["none", "published", "not_published", "unknown"]


class TaskFilter(msgspec.Struct):
    """Which tasks; all that is given must fit."""

    status: (
        Annotated[Literal[0, 1, 2, 3], Meta(description="0 pending, 1 running, 2 completed, 3 failed")]
        | UnsetType
    ) = UNSET
    serial: str | UnsetType = UNSET
    script_name: str | UnsetType = UNSET
    source: Literal["ui", "api"] | UnsetType = UNSET
    username: AccountName | UnsetType = UNSET
    platform: Platform | UnsetType = UNSET
    outcome: OutcomeName | UnsetType = UNSET
    held: (
        Annotated[bool, Meta(description="Whether it waits for its release: true or false, 1 or 0")]
        | UnsetType
    ) = UNSET
    q: CaptionPart | UnsetType = UNSET
    from_: Annotated[str, Meta(description=f"Planned then or later: {_MOMENT}")] | UnsetType = msgspec.field(
        name="from", default=UNSET
    )
    to: Annotated[str, Meta(description=f"Planned then or earlier: {_MOMENT}")] | UnsetType = UNSET


def wanted_tasks(query: Mapping[str, Any], now: float, where: tzinfo) -> Wanted:
    """What the fields of a `TaskFilter` ask the store for. Raises Invalid."""
    findings = Findings()
    wanted: dict[str, Any] = {name: query[name] for name in _SAME if name in query}
    if "status" in query:
        wanted["status"] = Status(query["status"])
    if "outcome" in query:
        wanted["outcome"] = Outcome(query["outcome"])
    for name in ("from", "to"):
        if name in query:
            try:
                wanted[f"planned_{name}"] = read_moment(query[name], now, where, end_of_day=name == "to")
            except StartTimeInvalid as error:
                findings.problem(name, str(error))
    if wanted.get("planned_to", float("inf")) < wanted.get("planned_from", float("-inf")):
        findings.problem("to", "is earlier than from")
    findings.refuse()
    return cast("Wanted", wanted)
