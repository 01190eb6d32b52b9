"""Sample records and broken disks for the tests of the store."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import msgspec

from storage.archive_pages import ArchivePages
from storage.engine.files import Files
from storage.records import MediaFile, NewTask, Stage, Task, TaskError
from storage.store import Store

_BOOKKEEPING = {"store.clean", "store.unclean_starts"}


def new_task(number: int = 1, **changes: Any) -> NewTask:
    """A task as intake hands it over."""
    media = MediaFile(
        path=f"/srv/media/{number}.mp4",
        name=f"{number}.mp4",
        sha256=f"{number:064x}",
        size_bytes=1000,
        kind="video",
        root="/srv/media",
    )
    facts: dict[str, Any] = {
        "serial": f"PHONE{number % 3}",
        "platform": "tiktok",
        "package": "com.zhiliaoapp.musically",
        "script_config": {"caption": "hello", "material_list": ["a.mp4"]},
        "scheduled_at": 1_000_000.0 + number,
        "created_at": 1_000_000.0,
        "username": f"user{number % 2}",
        "materials": (media,),
    }
    return NewTask(**{**facts, **changes})


def ended(store: Store, at: float, code: str = "", *, serial: str = "A", **changes: Any) -> Task:
    """A task on TikTok that ended at that time: published, or failed with this code."""
    new = NewTask(
        serial=serial, platform="tiktok", package="p", script_config={}, scheduled_at=0.0, created_at=0.0
    )
    task = store.tasks.create([new])[0]
    error = TaskError(code, "why") if code else None
    stage = Stage.FAILED if code else Stage.PUBLISHED
    return store.tasks.change(task.id, **{"stage": stage, "finished_at": at, "error": error, **changes})


def state_of(store: Store) -> dict[str, dict[int, Any]]:
    """Everything that must survive, as plain values."""
    return {
        name: {
            doc_id: msgspec.to_builtins(record)
            for doc_id, record in sorted(records.items())
            if getattr(record, "key", "") not in _BOOKKEEPING
        }
        for name, records in store.storage.tables.items()
    }


def archived(pages: ArchivePages) -> list[Task]:
    """All tasks of the archive, month by month, each month in the order in which they ended."""
    found: list[Task] = []
    for name in reversed(pages.names()):
        with pages.open(name) as month:
            found += month.every({})
    return found


def unlock(store: Store) -> None:
    """Free the state directory of a store whose process is thought to have ended."""
    store.lock.close()


def crash(store: Store) -> None:
    """What the end of its process does: nothing says that the store was closed in order."""
    store.storage.close()
    unlock(store)


class BreakingFiles(Files):
    """Fails the `at`-th counted operation (or all from it on) with an error number; writes leave half behind."""

    def __init__(self, number: int = errno.ENOSPC, at: int = 1 << 60, *, lasting: bool = False) -> None:
        self.done: list[str] = []
        super().__init__(self._count)
        self.number = number
        self.at = at
        self.lasting = lasting

    def _count(self, name: str) -> None:
        if name.startswith("before"):
            self.done.append(name)

    def _breaks(self) -> bool:
        count = len(self.done)
        return count == self.at or (self.lasting and count >= self.at)

    def _fail(self) -> None:
        raise OSError(self.number, os.strerror(self.number))

    def write(self, fd: int, data: bytes, offset: int, what: str) -> None:
        if len(self.done) + 1 == self.at or (self.lasting and len(self.done) + 1 >= self.at):
            os.pwrite(fd, data[: len(data) // 2], offset)
        self._stops(f"write {what}")
        super().write(fd, data, offset, what)

    def sync(self, fd: int, what: str) -> None:
        super().sync(fd, what)
        if self._breaks() and self.done[-1] == f"before fsync {what}":
            self._fail()

    def allocate(self, fd: int, size: int, what: str) -> None:
        super().allocate(fd, size, what)
        if self._breaks():
            self._fail()

    def _stops(self, name: str) -> None:
        """Fails instead of the operation that comes next, if it is its turn."""
        if len(self.done) + 1 == self.at or (self.lasting and len(self.done) + 1 >= self.at):
            self.done.append(f"before {name}")
            self._fail()

    def rename(self, old: Path, new: Path, what: str) -> None:
        self._stops(f"rename {what}")
        super().rename(old, new, what)

    def truncate(self, fd: int, size: int, what: str) -> None:
        self._stops(f"truncate {what}")
        super().truncate(fd, size, what)

    def remove(self, path: Path, what: str) -> None:
        self._stops(f"remove {what}")
        super().remove(path, what)

    def sync_folder(self, folder: Path, what: str) -> None:
        self._stops(f"fsync folder {what}")
        super().sync_folder(folder, what)
