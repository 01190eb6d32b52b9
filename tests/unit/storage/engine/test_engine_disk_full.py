"""A disk that is full or fails, tried at every single operation of a busy run."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.engine import disk as disk_module
from storage.engine.files import Files
from storage.engine.load import generations
from storage.errors import StoreError, StoreFailed, StoreFull
from storage.records import Outcome, Stage, Status
from storage.store import Store
from tests.support.storage_samples import BreakingFiles, new_task, state_of

Opener = Callable[..., Store]


class Busy:
    """A run that uses everything; after each step memory must be what was acknowledged."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.refused: list[StoreError] = []
        self.acknowledged = state_of(store)

    def step(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except StoreError as error:
            self.refused.append(error)
            assert state_of(self.store) == self.acknowledged, "a refused change left a trace"
        else:
            self.acknowledged = state_of(self.store)

    def run(self) -> None:
        store = self.store
        for number in range(3):
            self.step(lambda number=number: store.tasks.create([new_task(number), new_task(number + 100)]))
            first = next(iter(self.acknowledged["tasks"]), 1)
            self.step(lambda first=first: store.tasks.change(first, stage=Stage.QUEUED))
            self.step(
                lambda first=first: store.tasks.change(
                    first, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=1000.0
                )
            )
            self.step(store.storage.snapshot)
        self.step(lambda: store.accounts.add(username="anna", platform="tiktok"))
        self.step(lambda: store.meta.set("position", 3))
        self.step(lambda: store.maintain(40 * 86400.0))
        self.step(lambda: store.tasks.remove([2]))


def operations(make_store: Opener, tmp_path: Path) -> int:
    files = BreakingFiles()
    Busy(make_store(state_dir=tmp_path / "probe", files=files)).run()
    return len(files.done)


@pytest.mark.parametrize(
    ("number", "lasting", "first"),
    [(errno.ENOSPC, False, 1), (errno.ENOSPC, True, 2), (errno.EIO, False, 3), (errno.EIO, True, 4)],
    ids=["full once", "full for long", "broken once", "broken for long"],
)
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.long)])
def test_TDB_3_a_failure_at_any_operation_leaves_memory_equal_to_disk(
    make_store: Opener, tmp_path: Path, number: int, lasting: bool, first: int, every: int
):
    """By default each operation fails in one of the four ways, in a long test in all."""
    count = operations(make_store, tmp_path)
    refused = 0
    for at in range((first - 1) % every + 1, count + 1, every):
        directory = tmp_path / f"{at}"
        files = BreakingFiles(number, at, lasting=lasting)
        try:
            store = make_store(state_dir=directory, files=files)
        except (StoreFailed, OSError):
            assert make_store(state_dir=directory).health().writable, (
                "a start that failed must not spoil the next"
            )
            continue
        busy = Busy(store)
        busy.run()
        refused += len(busy.refused)
        files.at = 1 << 60
        files.lasting = False
        store.maintain(50 * 86400.0)
        assert store.health().writable
        assert not [warning for warning in store.health().warnings if "disk is full" in warning]
        busy.step(lambda store=store: store.tasks.create([new_task(7)]))
        last = state_of(store)
        assert state_of(make_store(state_dir=directory)) == last
    assert refused
    assert count > 60


class SmallDisk(Files):
    """A disk with so many bytes left; what the reserve gives up comes back."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left
        self.sizes: dict[int, int] = {}

    def write(self, fd: int, data: bytes, offset: int, what: str) -> None:
        inode = os.fstat(fd).st_ino
        grows = offset + len(data) - max(self.sizes.get(inode, 0), os.fstat(fd).st_size)
        if grows > self.left:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.left -= max(0, grows)
        super().write(fd, data, offset, what)

    def allocate(self, fd: int, size: int, what: str) -> None:
        if size > self.left:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.left -= size
        super().allocate(fd, size, what)

    def remove(self, path: Path, what: str) -> None:
        size = path.stat().st_size if path.exists() else 0
        super().remove(path, what)
        self.left += size

    def free_bytes(self, folder: str) -> int:
        return self.left


def test_TDB_3_on_a_full_disk_new_tasks_are_refused_but_running_ones_record_their_end(make_store: Opener):
    disk = SmallDisk(100_000)
    store = make_store(files=disk, reserve_bytes=50_000)
    tasks = store.tasks.create([new_task(number) for number in range(5)])
    for task in tasks:
        store.tasks.change(task.id, stage=Stage.PREPARING)
    store.storage.disk.size = store.storage.disk.offset  # no room in the journal: each change needs the disk
    disk.left = 0

    with pytest.raises(StoreFull):
        store.tasks.create([new_task(50)])
    assert (store.state_dir / "store" / "reserve").exists(), "the reserve is not for new tasks"
    assert any("full" in warning for warning in store.health().warnings)

    for task in tasks:
        store.tasks.change(task.id, stage=Stage.FAILED, outcome=Outcome.NONE, finished_at=1.0)
    with pytest.raises(StoreFull):
        store.tasks.create([new_task(51)])
    with pytest.raises(StoreFull):
        store.accounts.add(username="anna", platform="tiktok")

    disk.left = 200_000
    created = store.tasks.create([new_task(52)])
    assert store.health().warnings == ()
    before = state_of(store)
    again = make_store(files=SmallDisk(10_000_000))
    assert state_of(again) == before
    assert again.tasks.counts()[Status.FAILED] == 5
    assert again.tasks.get(created[0].id) is not None


def test_a_snapshot_never_takes_the_last_space_from_the_changes_beside_it(
    make_store: Opener, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(disk_module, "MIN_JOURNAL_BYTES", 500)
    disk = SmallDisk(disk_module.SPARE_BYTES + 400_000)
    store = make_store(files=disk)
    task = store.tasks.create([new_task()])[0]
    store.maintain(1000.0)
    assert len(generations(store.state_dir / "store")) == 2
    disk.left = disk_module.SPARE_BYTES
    store.tasks.change(task.id, remark="x" * 1000)
    store.maintain(2000.0)
    assert len(generations(store.state_dir / "store")) == 2
    assert any("no room for a snapshot" in warning for warning in store.health().warnings)
    store.tasks.change(task.id, remark="goes on")
    assert store.tasks.create([new_task(2)])
    disk.left = disk_module.SPARE_BYTES + 400_000
    store.maintain(3000.0)
    assert len(generations(store.state_dir / "store")) == 3
    assert store.health().warnings == ()


def test_below_the_free_space_mark_new_tasks_are_refused_and_changes_are_not(make_store: Opener):
    disk = SmallDisk(10_000_000)
    store = make_store(files=disk, min_free_bytes=5_000_000)
    task = store.tasks.create([new_task()])[0]
    disk.left = 4_999_999
    with pytest.raises(StoreFull, match="not enough disk space"):
        store.tasks.create([new_task(2)])
    store.tasks.change(task.id, remark="still possible")
    disk.left = 5_000_000
    assert store.tasks.create([new_task(3)])


def test_TDB_7_after_a_failed_write_readers_see_the_old_value(make_store: Opener):
    files = BreakingFiles(errno.EIO)
    store = make_store(files=files)
    task = store.tasks.create([new_task()])[0]
    files.at = len(files.done) + 1
    with pytest.raises(StoreFailed):
        store.tasks.change(task.id, remark="never written")
    assert store.tasks.get(task.id) == task
    assert store.health().writable
    assert make_store().tasks.get(task.id).remark == ""


def test_a_disk_that_cannot_even_be_repaired_makes_the_store_unwritable_until_it_can(make_store: Opener):
    files = BreakingFiles(errno.EIO)
    store = make_store(files=files)
    task = store.tasks.create([new_task()])[0]
    files.at, files.lasting = len(files.done) + 1, True
    for _ in range(2):
        with pytest.raises(StoreFailed):
            store.tasks.change(task.id, remark="never written")
    assert not store.health().writable
    assert any("cannot be written" in warning for warning in store.health().warnings)
    files.at = 1 << 60
    store.tasks.change(task.id, remark="written")
    assert store.health().writable
