"""After acknowledged changes were lost: tasks that may have been posted in the lost part wait for a person."""

from __future__ import annotations

import msgspec

from storage.load import Loaded
from storage.records import Outcome, Stage, Task, TaskError, UsageMark, Use
from storage.tasks import ENDS
from storage.tasks import TABLE as TASKS
from storage.usage import TABLE as USAGE

_SENTENCE = (
    "The stored state was damaged and later changes of this task may be lost: look whether it was posted"
)


#: Ids left out, because tasks that are not known any more may have had them.
_IDS_SKIPPED = 1000


def put_in_doubt(state: Loaded, now: float) -> int:
    """End every unfinished task that could have been started in the lost part as failed with outcome unknown.

    That is one whose time has come, or one that the unreadable part is known to have changed. Publishing twice is worse
    than asking a person, who can retry or mark each. Returns how many.
    """
    tasks: dict[int, Task] = state.tables.get(TASKS, {})
    touched = state.touched.get(TASKS, set())
    doubtful = [
        task
        for task in tasks.values()
        if task.stage not in ENDS and (task.due_at <= now or task.id in touched)
    ]
    for task in doubtful:
        tasks[task.id] = msgspec.structs.replace(
            task,
            stage=Stage.FAILED,
            outcome=Outcome.UNKNOWN,
            finished_at=now,
            error=TaskError("interrupted", _SENTENCE),
            remark=_SENTENCE,
            waiting_for=None,
            waiting_since=None,
            waiting_detail="",
        )
    _keep_files(state, {task.id for task in doubtful})
    state.next_ids[TASKS] = state.next_ids.get(TASKS, 1) + _IDS_SKIPPED
    if doubtful:
        state.warnings.append(
            f"{len(doubtful)} unfinished tasks may have been posted: look at each, then retry or mark it"
        )
    return len(doubtful)


def _keep_files(state: Loaded, task_ids: set[int]) -> None:
    """The files of doubtful tasks count as posted."""
    marks: dict[int, UsageMark] = state.tables.get(USAGE, {})
    for doc_id, mark in marks.items():
        if mark.task_id in task_ids:
            marks[doc_id] = msgspec.structs.replace(mark, use=Use.USED)
