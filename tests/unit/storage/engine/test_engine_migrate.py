"""Files of older versions: what was kept of each is opened by today's program, and the way up is walked step by step."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from storage.engine.durable import JournalStorage
from storage.engine.load import generations
from storage.engine.migrate import CURRENT, Schema
from storage.records import Outcome, Stage, Status, TaskError
from storage.schema import TYPES
from storage.store import Store
from storage.tables.posts import content_of, places_of
from tests.support.storage_samples import new_task

Opener = Callable[..., Store]
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    """A state directory as version 1 left it."""
    shutil.copytree(DATA / "version-1", tmp_path / "state" / "store")
    return tmp_path / "state"


def test_TDB_10_a_version_1_file_is_opened_with_everything_in_it(version_1: Path, make_store: Opener):
    store = make_store(state_dir=version_1)
    assert store.health().warnings == ()
    assert store.tasks.counts() == {
        Status.PENDING: 1,
        Status.RUNNING: 0,
        Status.COMPLETED: 1,
        Status.FAILED: 1,
    }
    published, unknown, queued = store.tasks.many([1, 2, 3])
    assert (published.outcome, published.app_version, published.caption) == (
        Outcome.PUBLISHED,
        "43.1.4",
        "hello 🎉",
    )
    assert published.script_config == {"caption": "hello", "material_list": ["a.mp4"], "volume": 0.5}
    assert unknown.error == TaskError("upload_timeout", "no proof came in time", "verify")
    assert queued.stage is Stage.QUEUED
    # Fields and tables of later versions have their defaults; what was posted is found by its content.
    assert (published.account_seen, published.placement, published.forced) == ("", "", False)
    assert [
        mark.task_id for mark in store.tasks.posts(content_of(published.materials), places_of(published))
    ] == [1]
    assert store.tasks.get(4) is None
    assert store.usage.taken("/srv/media") == {f"{number:064x}" for number in (1, 2, 3)}
    assert store.accounts.find("anna")[0].tags == ("main",)
    assert store.materials.get(1).tags == ("summer",)
    assert store.idempotency.find("key-1", 1.7e9).answer == {"ids": [1, 2, 3, 4]}
    assert store.meta.get("sound.position") == {"folder": "/srv/media", "line": 3}
    assert store.tasks.create([new_task()])[0].id == 5


def test_every_version_up_to_now_has_a_kept_file_and_a_step():
    assert sorted(path.name for path in DATA.iterdir()) == [
        f"version-{n}" for n in range(1, CURRENT.version + 1)
    ]
    assert sorted(CURRENT.steps) == list(range(1, CURRENT.version))


def rename_remark(tables: dict[str, dict[int, Any]]) -> None:
    for task in tables["tasks"].values():
        task["note"] = task.pop("remark")


def split_note(tables: dict[str, dict[int, Any]]) -> None:
    for task in tables["tasks"].values():
        task["words"] = task.pop("note").split()


class LaterTask(msgspec.Struct, frozen=True):
    id: int
    words: tuple[str, ...]


LATER = Schema(version=3, steps={1: rename_remark, 2: split_note})
LATER_TYPES: dict[str, type[msgspec.Struct]] = {**TYPES, "tasks": LaterTask}


def test_an_older_state_is_brought_up_step_by_step_with_its_journal(version_1: Path):
    folder = version_1 / "store"
    storage = JournalStorage(folder, types=LATER_TYPES, schema=LATER, reserve_bytes=0)
    assert storage.tables["tasks"] == {
        1: LaterTask(1, ("posted",)),
        2: LaterTask(2, ()),
        3: LaterTask(3, ()),
    }
    assert storage.tables["accounts"][1].username == "anna"
    storage.commit(lambda change: change.put("tasks", 7, LaterTask(7, ("new",))))
    storage.close()
    assert generations(folder) == [2, 3], "the older state is kept as a generation of its own"
    again = JournalStorage(folder, types=LATER_TYPES, schema=LATER, reserve_bytes=0)
    assert sorted(again.tables["tasks"]) == [1, 2, 3, 7]
    again.close()


def test_when_the_newer_snapshot_is_lost_the_older_state_is_brought_up_again(version_1: Path):
    folder = version_1 / "store"
    storage = JournalStorage(folder, types=LATER_TYPES, schema=LATER, reserve_bytes=0)
    storage.commit(lambda change: change.put("tasks", 7, LaterTask(7, ("new",))))
    storage.close()
    (folder / "snapshot-00000003.json").write_bytes(b"")
    again = JournalStorage(folder, types=LATER_TYPES, schema=LATER, reserve_bytes=0)
    assert sorted(again.tables["tasks"]) == [1, 2, 3, 7]
    assert again.tables["tasks"][1] == LaterTask(1, ("posted",))
    assert not again.lost_changes
    again.close()
