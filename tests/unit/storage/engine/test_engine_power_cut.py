"""A power cut, which unlike a kill also loses what was written but not yet made durable, in any order of pages."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from storage.engine.commit import Ticket, Transaction
from storage.engine.files import Files
from storage.records import Outcome, Stage
from storage.store import Store
from tests.support.storage_samples import archived, new_task, state_of, unlock

PAGE = 512


class PowerCut(BaseException):
    """The lights go out."""


class LosingFiles(Files):
    """Knows what is durable: contents up to the last fsync of a file, names up to the last fsync of the folder."""

    def __init__(self, cut_at: int) -> None:
        super().__init__(self._count)
        self.left = cut_at
        self.contents: dict[int, bytes] = {}  # inode -> durable bytes
        self.names: dict[Path, dict[str, int]] = {}  # folder -> durable name -> inode
        self.folders: set[Path] = set()  # those whose name is durable
        self.held: list[int] = []  # descriptors that keep inodes from being given again

    def _count(self, _name: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise PowerCut

    def open(self, path: Path, flags: int) -> int:
        fd = super().open(path, flags & ~os.O_WRONLY | os.O_RDWR)
        self.held.append(os.dup(fd))
        self.contents.setdefault(os.fstat(fd).st_ino, b"")
        return fd

    def sync(self, fd: int, what: str) -> None:
        super().sync(fd, what)
        facts = os.fstat(fd)
        self.contents[facts.st_ino] = os.pread(fd, facts.st_size, 0)

    def sync_folder(self, folder: Path, what: str) -> None:
        super().sync_folder(folder, what)
        self.names[folder] = {path.name: path.stat().st_ino for path in folder.iterdir() if path.is_file()}
        self.folders.update(path for path in folder.iterdir() if path.is_dir())

    def after_the_cut(self, root: Path, target: Path, dice: random.Random) -> None:
        """What the disk holds: all that is durable, and of the rest whatever the drive happened to write."""
        lost = [
            path
            for path in root.rglob("*")
            if path.is_dir() and path not in self.folders and dice.random() < 0.5
        ]
        for folder in [path for path in (root, *root.rglob("*")) if path.is_dir() and path not in lost]:
            copy = target / folder.relative_to(root)
            copy.mkdir(parents=True, exist_ok=True)
            now = {path.name: path for path in folder.iterdir() if path.is_file()}
            durable = self.names.get(folder, {})
            for name in sorted(durable.keys() | now.keys()):
                # A name that was changed since the last fsync of the folder may be the old or the new one.
                inode = now[name].stat().st_ino if name in now else -1
                if inode != durable.get(name, -1) and dice.random() < 0.5:
                    inode = durable.get(name, -1)
                if inode >= 0:
                    (copy / name).write_bytes(self._content(inode, dice))

    def _content(self, inode: int, dice: random.Random) -> bytes:
        durable = self.contents.get(inode, b"")
        current = durable
        for fd in self.held:
            if os.fstat(fd).st_ino == inode:
                current = os.pread(fd, os.fstat(fd).st_size, 0)
        if dice.random() < 0.3:
            return durable
        mixed = bytearray(current if dice.random() < 0.5 else durable)
        mixed.extend(bytes(max(0, max(len(current), len(durable)) - len(mixed))))
        for start in range(0, len(mixed), PAGE):
            source = dice.choice((current, durable))
            piece = source[start : start + PAGE]
            mixed[start : start + len(piece)] = piece
        return bytes(mixed)

    def let_go(self) -> None:
        for fd in self.held:
            os.close(fd)


def run(store: Store, note: Callable[[], None]) -> None:
    """A bit of everything; `note` is called after each acknowledgement."""
    for number in range(4):
        store.tasks.create([new_task(10 * number + n) for n in range(3)])
        note()
        for task_id in range(1, 3 * number + 1, 2):
            store.tasks.change(task_id, remark=f"{number}" * 300)
            note()
        store.tasks.change(number + 1, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=1.0)
        note()
        together(store, [1, 2, 3], f"together {number}")
        note()
        if number in (1, 3):
            store.storage.snapshot()
            note()
    store.maintain(90 * 86400.0)
    note()


def together(store: Store, task_ids: list[int], remark: str) -> None:
    """Changes that share one write, as those of threads which wait at the same moment."""

    def change(task_id: int) -> Callable[[Transaction], None]:
        def action(change: Transaction) -> None:
            task = change.get("tasks", task_id)
            change.put("tasks", task_id, msgspec.structs.replace(task, remark=remark * 60))

        return action

    store.storage.write_group([Ticket(change(task_id), essential=True) for task_id in task_ids])


@pytest.mark.parametrize("disks", [1, pytest.param(6, marks=pytest.mark.long)])
@pytest.mark.parametrize("part", range(4))
def test_JOB_17_a_power_cut_at_any_moment_loses_no_acknowledged_change(tmp_path: Path, part: int, disks: int):
    """`disks`: of how many disks that wrote different pages the store is opened again, for each cut."""
    dice = random.Random(part)
    cuts = 0
    for cut_at in range(1 + part, 10_000, 4):
        files = LosingFiles(cut_at)
        root = tmp_path / f"{cut_at}"
        acknowledged: list[dict] = []
        store = None
        try:
            store = Store.open(root, files=files, reserve_bytes=0)
            run(store, lambda: acknowledged.append(visible(store)))  # noqa: B023 - called at once
        except PowerCut:
            cuts += 1
        else:
            files.left = -1
            store.close()
            files.let_go()
            break
        for turn in range(disks):
            disk = tmp_path / f"{cut_at}-{turn}"
            files.after_the_cut(root, disk, dice)
            with Store.open(disk, reserve_bytes=0) as again:
                assert not again.storage.lost_changes, again.health().warnings
                if acknowledged:
                    contains(visible(again), acknowledged[-1])
                again.tasks.create([new_task(77)])
        files.let_go()
        if store is not None:
            unlock(store)
    assert cuts > 30


def visible(store: Store) -> dict:
    """All tasks by id, also archived ones."""
    tasks = state_of(store)["tasks"]
    tasks.update((task.id, task) for task in archived(store.archived))
    return {
        task_id: (task["remark"], task["stage"]) if isinstance(task, dict) else (task.remark, task.stage)
        for task_id, task in tasks.items()
    }


def contains(now: dict, acknowledged: dict) -> None:
    """Everything acknowledged is there; the changes that were under way may be there too."""
    different = [task_id for task_id, facts in acknowledged.items() if now.get(task_id) != facts]
    assert len(different) <= 1 or all(now[task_id][0].startswith("together") for task_id in different), (
        different
    )
    assert not [task_id for task_id in different if task_id not in now]
