"""A request that passed every check before its files, the tasks that it makes, and what is answered to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import msgspec

from jobs.content.plan import kind_of
from jobs.content.script_config import ParsedConfig
from jobs.content.selection import Chosen
from jobs.hub.time_zone import zone_name
from jobs.intake.request import SCRIPT, CreateRequest
from jobs.intake.start_time import show
from jobs.intake.targets import Target
from storage.records import NewTask, Task


class Plan(msgspec.Struct, frozen=True):
    """A request that passed every check before its files."""

    request: CreateRequest
    parsed: ParsedConfig
    targets: list[Target]
    starts: list[float]
    now: float
    source: str


class Created(msgspec.Struct, frozen=True):
    """What became of a request; `answer` is what the caller gets as `data`."""

    tasks: list[Task]
    warnings: list[str]
    dry_run: bool
    replayed: bool
    answer: dict[str, Any]


def tasks_of(plan: Plan, chosen: Sequence[Chosen], *, forced: bool, max_retry_count: int) -> list[NewTask]:
    """The tasks of a plan, as they are to be stored; `chosen` holds what each of them posts."""
    config = plan.parsed.stored()
    return [
        NewTask(
            serial=target.serial,
            platform=target.platform,
            package=target.package,
            script_config=config,
            scheduled_at=start,
            created_at=plan.now,
            script_name=SCRIPT,
            username=target.username,
            enable_multi_account=plan.request.enable_multi_account,
            source=plan.source,
            caption=choice.caption,
            materials=choice.materials,
            sound=choice.sound,
            max_retry_count=max_retry_count,
            placement=kind_of(plan.parsed.config, target.platform, choice.materials)
            if choice.materials
            else "",
            forced=forced,
        )
        for target, start, choice in zip(plan.targets, plan.starts, chosen, strict=True)
    ]


def answer_of(
    tasks: Sequence[NewTask], ids: Sequence[int], warnings: Sequence[str], where: tzinfo
) -> dict[str, Any]:
    """What the caller gets; `ids` is empty where nothing was stored, times are shown in the zone `where`."""
    return {
        "task_ids": list(ids),
        "created_count": len(ids),
        "warnings": list(warnings),
        "timezone": zone_name(where),
        "tasks": [
            {
                "id": ids[index] if ids else None,
                "serial": task.serial,
                "username": task.username,
                "start_time": show(task.scheduled_at, where),
                "caption": task.caption,
                "materials": [file.name for file in task.materials],
            }
            for index, task in enumerate(tasks)
        ],
    }
