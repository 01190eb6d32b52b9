"""The store: opens a state directory, holds all record stores on it, looks after it while it is open."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

import msgspec

from storage.accounts import TABLE as ACCOUNTS
from storage.accounts import AccountStore
from storage.durable import RESERVE_BYTES, JournalStorage
from storage.errors import StateLocked
from storage.files import Files
from storage.idempotency import TABLE as IDEMPOTENCY
from storage.idempotency import IdempotencyStore
from storage.materials import TABLE as MATERIALS
from storage.materials import MaterialStore
from storage.meta import TABLE as META
from storage.meta import MetaStore
from storage.records import Account, IdempotencyEntry, Material, MetaValue, Task, UsageMark
from storage.tasks import TABLE as TASKS
from storage.tasks import TaskStore
from storage.usage import TABLE as USAGE
from storage.usage import UsageStore

#: Record type of each table.
TYPES: dict[str, type[msgspec.Struct]] = {
    TASKS: Task,
    ACCOUNTS: Account,
    MATERIALS: Material,
    USAGE: UsageMark,
    IDEMPOTENCY: IdempotencyEntry,
    META: MetaValue,
}

#: Folder of the generations inside the state directory.
FOLDER = "store"


class StoreHealth(msgspec.Struct, frozen=True):
    """Whether changes can be written, and what a person should know."""

    writable: bool
    warnings: tuple[str, ...]


class Store:
    """Everything durable about one state directory. Thread-safe; open it once, close it at the end."""

    def __init__(self, state_dir: Path, lock_fd: int, storage: JournalStorage, retention_days: float) -> None:
        self.state_dir = state_dir
        self.storage = storage
        self._lock_fd = lock_fd
        self._retention_days = retention_days
        self.usage = UsageStore(storage)
        self.idempotency = IdempotencyStore(storage)
        self.tasks = TaskStore(storage, self.usage, self.idempotency)
        self.accounts = AccountStore(storage)
        self.materials = MaterialStore(storage)
        self.meta = MetaStore(storage)

    @classmethod
    def open(
        cls,
        state_dir: Path,
        *,
        retention_days: float = 30,
        generations: int = 3,
        min_free_bytes: int = 0,
        reserve_bytes: int = RESERVE_BYTES,
        files: Files | None = None,
    ) -> Self:
        """Open the state directory, made if it is missing.

        Raises:
            StateLocked: another process has it open.
            NewerSchema: a newer program wrote it.
            StoreDamaged: none of its generations can be read.
        """
        state_dir.mkdir(parents=True, exist_ok=True)
        lock_fd = _lock(state_dir)
        try:
            storage = JournalStorage(
                state_dir / FOLDER,
                types=TYPES,
                files=files,
                keep_generations=generations,
                min_free_bytes=min_free_bytes,
                reserve_bytes=reserve_bytes,
            )
            return cls(state_dir, lock_fd, storage, retention_days)
        except BaseException:
            os.close(lock_fd)
            raise

    def close(self) -> None:
        """Let go of the state directory; may be called twice."""
        self.storage.close()
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def health(self) -> StoreHealth:
        """For the readiness probe; cheap."""
        return StoreHealth(writable=self.storage.writable, warnings=tuple(self.storage.problems()))

    def maintain(self, now: float) -> None:
        """Do what is due: forget old answers, replace a long journal by a snapshot. Call it every minute or so."""
        self.idempotency.expire(now)
        self.storage.has_room()
        if self.storage.snapshot_due():
            self.storage.snapshot()


def _lock(state_dir: Path) -> int:
    fd = os.open(state_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise StateLocked(f"another process uses {state_dir}") from error
    return fd
