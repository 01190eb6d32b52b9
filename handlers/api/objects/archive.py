"""What the API shows of the archive."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from handlers.api.objects.tasks import TaskObject

_Unreadable = Annotated[
    int, Meta(ge=0, description="Damaged lines of its file: what stood there is in no answer")
]


class ArchivedMonthObject(msgspec.Struct, frozen=True):
    """A month of the archive; the numbers of tasks are null until it was looked through."""

    month: Annotated[str, Meta(description="As 2027-01, in UTC: that in which the tasks ended")]
    size_bytes: Annotated[int, Meta(ge=0, description="Of its file")]
    tasks: Annotated[int, Meta(ge=0)] | None
    completed: Annotated[int, Meta(ge=0)] | None
    failed: Annotated[int, Meta(ge=0)] | None
    unknown: Annotated[int, Meta(ge=0, description="Those of the failed that may be published")] | None
    unreadable_lines: _Unreadable | None
    problem: Annotated[str, Meta(description="Why its file cannot be read; else empty")]


class ArchivedMonths(msgspec.Struct, frozen=True):
    """The months that the hub keeps, newest first, and after how many days a task that ended moves there."""

    months: list[ArchivedMonthObject]
    retention_days: float
    complete: Annotated[
        bool, Meta(description="false: the hub has not looked through all of them yet; ask again")
    ]


class ArchivedTasks(msgspec.Struct, frozen=True):
    """One page of the tasks of a month, what ended last first; `total` counts all that match."""

    month: str
    tasks: list[TaskObject]
    total: Annotated[int, Meta(ge=0)]
    page: Annotated[int, Meta(ge=1)]
    page_size: Annotated[int, Meta(ge=1, le=100)]
    unreadable_lines: _Unreadable
