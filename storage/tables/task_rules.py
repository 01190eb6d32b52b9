"""Rules about single tasks that every write keeps: the version that counts changes, and which reason to wait fits a stage."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from storage.records import ENDED, Stage, Task, Waiting

#: What a caller plans about a task. Each write that changes any of it makes the next version.
PLANNED = (
    "scheduled_at",
    "serial",
    "platform",
    "package",
    "username",
    "script_config",
    "caption",
    "materials",
    "sound",
    "placement",
    "held",
)
#: In which stage a task may wait for what.
_STAGE_OF: Mapping[Waiting, Stage] = {
    Waiting.TIME: Stage.SCHEDULED,
    Waiting.RETRY_DELAY: Stage.SCHEDULED,
    Waiting.HOLD: Stage.SCHEDULED,
    Waiting.DEVICE: Stage.QUEUED,
    Waiting.ACCOUNT: Stage.QUEUED,
    Waiting.SLOT: Stage.QUEUED,
    Waiting.PACE: Stage.QUEUED,
    Waiting.PAUSE: Stage.QUEUED,
    Waiting.REHEARSAL: Stage.QUEUED,
}


def counted(before: Task, now: Task) -> Task:
    """The changed task with its version. A way back from an end counts, too: who saw that end has not seen the next one."""
    if before.stage in ENDED and now.stage not in ENDED:
        return msgspec.structs.replace(now, version=before.version + 1)
    for name in PLANNED:
        one, other = getattr(before, name), getattr(now, name)
        if one is not other and one != other:
            return msgspec.structs.replace(now, version=before.version + 1)
    return now


def may_wait_for(task: Task, reason: Waiting | None) -> bool:
    """Whether this reason still fits: it may have been worked out before the task was held or planned anew."""
    return reason is None or (_STAGE_OF[reason] is task.stage and (reason is Waiting.HOLD) is task.held)
