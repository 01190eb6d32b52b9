"""The store as a whole: its lock, its clean stop, its upkeep, its health."""

from __future__ import annotations

import errno
import fcntl
import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.engine import disk
from storage.engine.files import Files
from storage.engine.hooks import ENVIRONMENT, KillAt, hook_from, no_hook
from storage.engine.load import generations, journals
from storage.errors import StateLocked, StoreFailed
from storage.lists.task_index import TaskIndex
from storage.records import IdempotencyEntry, Task, Waiting
from storage.store import Store
from tests.support.recorder import Recorder
from tests.support.storage_samples import crash, new_task

Opener = Callable[..., Store]
ROOT = Path(__file__).resolve().parents[3]


def test_TDB_4_a_second_daemon_on_the_same_directory_refuses_to_start(store: Store):
    with pytest.raises(StateLocked, match="stop it first"):
        Store.open(store.state_dir)
    script = (
        "import sys\nfrom pathlib import Path\nfrom storage.store import Store\nfrom storage.errors import StateLocked\n"
        "try:\n    Store.open(Path(sys.argv[1]))\nexcept StateLocked:\n    sys.exit(7)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(store.state_dir)], cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 7


def test_TDB_4_a_deleted_lock_file_lets_no_second_daemon_in(make_store: Opener):
    store = make_store()
    (store.state_dir / "lock").unlink()
    for _ in range(2):
        with pytest.raises(StateLocked, match="stop it first"):
            Store.open(store.state_dir)
    assert store.health().warnings == ()
    store.close()
    make_store()


def test_a_lock_file_alone_is_obeyed_too(make_store: Opener):
    """As where the file system has no locks for folders, or an older version of the daemon runs."""
    store = make_store()
    store.close()
    state_dir = store.state_dir
    with (state_dir / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StateLocked):
            Store.open(state_dir)
    make_store()


def test_a_state_directory_that_is_replaced_under_the_daemon_is_told(make_store: Opener, tmp_path: Path):
    store = make_store()
    store.state_dir.rename(tmp_path / "moved")
    assert any("cannot be found any more" in warning for warning in store.health().warnings)
    store.state_dir.mkdir()
    assert any("was replaced" in warning for warning in store.health().warnings)
    store.state_dir.rmdir()
    (tmp_path / "moved").rename(store.state_dir)
    assert store.health().warnings == ()


def test_after_close_another_may_open(store: Store):
    store.close()
    with Store.open(store.state_dir) as again:
        assert again.stopped_cleanly


def test_JOB_17_starts_after_a_crash_are_counted(make_store: Opener):
    store = make_store()
    assert store.stopped_cleanly
    for crashes in (1, 2):
        crash(store)
        store = make_store()
        assert not store.stopped_cleanly
        assert store.unclean_starts == crashes
    store = make_store()
    assert store.stopped_cleanly
    assert store.unclean_starts == 2


def test_a_state_directory_that_cannot_be_written_is_a_clear_refusal(tmp_path: Path):
    class ReadOnly(disk.Files):
        def write(self, fd: int, data: bytes, offset: int, what: str) -> None:
            raise OSError(30, "Read-only file system")

    with pytest.raises(StoreFailed, match="Read-only file system"):
        Store.open(tmp_path / "state", files=ReadOnly())
    with Store.open(tmp_path / "state") as store:
        assert store.health().writable


def test_upkeep_replaces_a_long_journal_by_a_snapshot(make_store: Opener, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(disk, "MIN_JOURNAL_BYTES", 20_000)
    store = make_store()
    folder = store.state_dir / "store"
    store.maintain(1000.0)
    assert generations(folder) == [1]
    store.tasks.create([new_task(number) for number in range(30)])
    store.maintain(1060.0)
    assert generations(folder) == [1, 2]
    store.maintain(1120.0)
    assert generations(folder) == [1, 2], "nothing to do"


def test_upkeep_writes_a_snapshot_once_a_day_if_anything_changed(store: Store):
    folder = store.state_dir / "store"
    store.maintain(0.0)
    store.tasks.create([new_task(1)])
    store.maintain(86_399.0)
    assert len(generations(folder)) == 1
    store.maintain(86_400.0)
    assert len(generations(folder)) == 2
    store.maintain(2 * 86_400.0)
    assert len(generations(folder)) == 2


def test_upkeep_forgets_old_answers(store: Store):
    store.tasks.create([new_task(1)], idempotency=lambda _: IdempotencyEntry("key", "hash", 1000.0, {}))
    store.maintain(1000.0 + 86_400.0)
    assert store.storage.tables["idempotency"] == {}


def test_a_snapshot_that_fails_stands_in_health_until_one_succeeds(make_store: Opener):
    class Failing(disk.Files):
        broken = False

        def rename(self, old: Path, new: Path, what: str) -> None:
            if self.broken and what == "snapshot":
                raise OSError(5, "Input/output error")
            super().rename(old, new, what)

    files = Failing()
    store = make_store(files=files)
    store.maintain(0.0)
    store.tasks.create([new_task(1)])
    files.broken = True
    store.maintain(90_000.0)
    store.tasks.create([new_task(2)])
    store.maintain(90_060.0)
    store.maintain(90_600.0)
    store.maintain(91_300.0)
    assert [warning for warning in store.health().warnings if "snapshot" in warning]
    assert len(journals(store.state_dir / "store")) == 3
    files.broken = False
    store.maintain(91_900.0)
    assert store.health().warnings == ()
    assert len(make_store().tasks) == 2


def test_what_was_loaded_is_left_out_of_full_collections(make_store: Opener):
    store = make_store()
    store.tasks.create([new_task(number) for number in range(50)])
    make_store()
    assert gc.get_freeze_count() > 50
    assert gc.isenabled()
    gc.unfreeze()


def test_nothing_is_collected_while_a_store_is_opened(make_store: Opener, monkeypatch: pytest.MonkeyPatch):
    collecting = []
    update = TaskIndex.update

    def watched(index: TaskIndex, changes: Any) -> None:
        collecting.append(gc.isenabled())
        update(index, changes)

    monkeypatch.setattr(TaskIndex, "update", watched)
    make_store()
    assert collecting == [False]
    assert gc.isenabled()


def test_collections_go_on_where_a_store_cannot_be_opened(make_store: Opener):
    class Gone(Files):
        def read(self, path: Path) -> bytes:
            raise OSError(errno.EIO, "the disk is gone")

    make_store().close()
    with pytest.raises(StoreFailed, match="gone"):
        make_store(files=Gone())
    assert gc.isenabled()


def test_whoever_listens_later_is_told_what_is_there_by_then(make_store: Opener):
    store = make_store()
    told: list[list[tuple[int, object, Task | None]]] = [[], [], []]
    store.storage.listen("tasks", told[0].extend)
    (task,) = store.tasks.create([new_task(1)])
    store.storage.listen("tasks", told[1].extend)
    store.tasks.set_waiting({task.id: (Waiting.TIME, 1.0, "its time has not come")})
    store.storage.listen("tasks", told[2].extend)
    assert told[0] == [(task.id, None, task)]
    assert told[1] == [(task.id, None, task)]
    assert told[2] == [(task.id, None, store.tasks.get(task.id))]
    assert told[2] != told[1]


def test_the_environment_may_name_a_point_at_which_the_process_dies():
    assert hook_from({}) is no_hook
    assert isinstance(hook_from({ENVIRONMENT: "before write journal:3"}), KillAt)
    script = (
        "import os\nfrom storage.engine.hooks import hook_from\nat = hook_from(os.environ)\n"
        "for name in ('a', 'b', 'a', 'b'):\n    at(name)\n    print(name, flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, ENVIRONMENT: "b:2"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -9
    assert done.stdout.split() == [b"a", b"b", b"a"]


def test_a_recorder_remembers_what_was_passed():
    recorder = Recorder()
    recorder("a")
    recorder("b")
    assert recorder.names == ["a", "b"]
