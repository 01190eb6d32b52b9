"""A restore plans no occurrence anew that may be posted, and says what became of those whose tasks are lost (R60)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from storage.backup import backup, restore
from storage.records import Occurrence, Outcome, Stage
from storage.store import Store
from tests.support.storage_samples import new_task

Opener = Callable[..., Store]
DAY = "2027-03-27"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stage": Stage.SCHEDULED}, "missed: its task was lost in a restore before it began"),
        ({"stage": Stage.QUEUED}, "not posted; its task was lost in a restore"),
        ({"stage": Stage.FAILED}, "not posted; its task was lost in a restore"),
        (
            {"stage": Stage.COMMITTING},
            "may have been posted: its task was lost in a restore, look at the account",
        ),
        (
            {"stage": Stage.FAILED, "outcome": Outcome.UNKNOWN},
            "may have been posted: its task was lost in a restore, look at the account",
        ),
        (
            {"stage": Stage.PUBLISHED, "outcome": Outcome.PUBLISHED},
            "posted; its task was lost in a restore",
        ),
    ],
)
def test_an_occurrence_planned_since_the_backup_says_what_became_of_its_task(
    make_store: Opener, tmp_path, changes: dict[str, Any], said: str
):
    store = make_store()
    backup(store, tmp_path / "backup.tar")
    now = time.time()
    when = Occurrence(slot_id=1, day=DAY, time="09:00", username="anna", at=now - 3600)
    [task] = store.tasks.create(
        [new_task(1)],
        beside=lambda change, tasks: store.slots.note(
            change, msgspec.structs.replace(when, task_ids=(tasks[0].id,))
        ),
    )
    store.tasks.change(task.id, **changes)
    store.close()
    restore(tmp_path / "backup.tar", tmp_path / "state", now)
    restored = make_store()
    [one] = restored.slots.of_slot(1)
    assert restored.slots.knows((1, DAY, "09:00", "anna")), "it would be planned again"
    assert (one.task_ids, one.reason) == ((), said)
