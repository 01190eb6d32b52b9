"""The store: opens a state directory, holds all record stores on it, looks after it while it is open."""

from __future__ import annotations

import gc
import logging
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import msgspec

from storage.archive_pages import ArchivePages
from storage.doubt import put_in_doubt
from storage.engine.collector import uncollected
from storage.engine.durable import JournalStorage
from storage.engine.files import Files
from storage.engine.hooks import hook_from
from storage.engine.reserve import RESERVE_BYTES
from storage.errors import StoreError
from storage.retention import Retention
from storage.schema import FROZEN, TYPES
from storage.state_dir import ARCHIVE, FOLDER, StateLock, finish_restore, lock_state
from storage.tables.account_times import AccountTimes
from storage.tables.accounts import AccountStore
from storage.tables.app_versions import AppVersions
from storage.tables.attention import Attention
from storage.tables.idempotency import IdempotencyStore
from storage.tables.materials import MaterialStore
from storage.tables.media_facts import FILE as MEDIA_FACTS
from storage.tables.media_facts import MediaFacts
from storage.tables.meta import MetaStore
from storage.tables.posts import PostStore
from storage.tables.slots import SlotStore
from storage.tables.tasks import TaskStore
from storage.tables.usage import UsageStore
from storage.task_archive import Archive

log = logging.getLogger(__name__)

#: How often old tasks are looked for, and how often a snapshot is written at least while there are changes.
RETENTION_EVERY_S = 3600.0
SNAPSHOT_EVERY_S = 24 * 3600.0

#: How long a post is known after its task left the store, at least: as long as a task that may repeat it can live.
POSTS_KEPT_DAYS = 90

#: How long it is known that an occurrence of a slot was planned.
OCCURRENCES_KEPT_DAYS = 90

#: How long after a snapshot that failed the next is tried.
SNAPSHOT_AGAIN_S = 600.0

_CLEAN = "store.clean"
_UNCLEAN_STARTS = "store.unclean_starts"


class StoreHealth(msgspec.Struct, frozen=True):
    """Whether changes can be written, and what a person should know."""

    writable: bool
    warnings: tuple[str, ...]
    refuses_new: str = ""  #: why nothing new is stored (code 50701); also among the warnings


class Store:
    """Everything durable about one state directory. Thread-safe; open it once, close it at the end."""

    def __init__(  # noqa: PLR0917 - `open` alone makes it
        self,
        state_dir: Path,
        lock: StateLock,
        storage: JournalStorage,
        files: Files,
        retention: float,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self.state_dir = state_dir
        self.storage = storage
        self.lock = lock
        self.usage = UsageStore(storage)
        self.idempotency = IdempotencyStore(storage, monotonic)
        self.posts = PostStore(storage)
        self.tasks = TaskStore(storage, self.usage, self.idempotency, self.posts)
        self.attention = Attention(storage)
        self.account_times = AccountTimes(storage)
        self.app_versions = AppVersions(storage)
        self.accounts = AccountStore(storage)
        self.materials = MaterialStore(storage)
        self.meta = MetaStore(storage)
        self.slots = SlotStore(storage, self.tasks)
        self.media_facts = MediaFacts(state_dir / MEDIA_FACTS)
        self.archive = Archive(state_dir / ARCHIVE, files)
        self.archived = ArchivePages(state_dir / ARCHIVE, lambda task_id: self.tasks.get(task_id) is not None)
        self._retention = Retention(storage, self.archive, retention)
        self._retention_at = -math.inf
        self._posts_kept_s = max(POSTS_KEPT_DAYS, 2 * retention) * 24 * 3600.0
        self._snapshot_at: float | None = None
        self._snapshot_failed_at = -math.inf
        self._trouble: dict[str, str] = {}
        self.stopped_cleanly = self._mark_start()

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
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] | None = None,
    ) -> Self:
        """Open the state directory, made if it is missing.

        Args:
            state_dir: Where everything durable lies.
            retention_days: Tasks that ended earlier than this move to the archive.
            generations: Snapshots kept.
            min_free_bytes: Below this much free space nothing new is stored.
            reserve_bytes: Kept back for the changes of running tasks on a full disk.
            files: The file operations; tests break them.
            now: The wall clock, read once and only if acknowledged changes were lost.
            monotonic: Seconds that never step: answers of this run are as old as it says, whatever the wall clock does.

        Raises:
            StateLocked: another process has it open.
            NewerSchema: a newer program wrote it.
            StoreDamaged: none of its generations can be read.
            StoreFailed: it cannot be read or written.
            OSError: the directory cannot be made or locked.
        """
        files = files or Files(hook_from(os.environ))
        lock = lock_state(state_dir, files)
        try:
            finish_restore(state_dir, files)
            with uncollected():
                storage = JournalStorage(
                    state_dir / FOLDER,
                    types=TYPES,
                    frozen=FROZEN,
                    files=files,
                    keep_generations=generations,
                    min_free_bytes=min_free_bytes,
                    reserve_bytes=reserve_bytes,
                    after_loss=lambda state: put_in_doubt(state, now()),
                )
                return cls(state_dir, lock, storage, files, retention_days, monotonic)
        except BaseException:
            lock.close()
            raise

    def close(self) -> None:
        """Note the clean stop and let go of the state directory; may be called twice."""
        if not self.lock.held:
            return
        try:
            self.meta.set(_CLEAN, True)
        except StoreError as error:
            log.warning("the clean stop could not be noted: %s", error)
        self.media_facts.close()
        self.storage.close()
        gc.unfreeze()  # else what was loaded stays in memory for as long as the process lives
        self.lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _mark_start(self) -> bool:
        """Whether the last stop was clean (or this is the first start); counts the others."""
        clean = bool(self.meta.get(_CLEAN, default=True))
        try:
            if not clean:
                self.meta.set(_UNCLEAN_STARTS, self.unclean_starts + 1)
            self.meta.set(_CLEAN, False)
        except StoreError as error:
            log.warning("the start could not be noted: %s", error)
        return clean

    @property
    def unclean_starts(self) -> int:
        """How often the daemon started after a crash or a power cut."""
        return int(self.meta.get(_UNCLEAN_STARTS, 0))

    def health(self) -> StoreHealth:
        """For the readiness probe; cheap."""
        warnings = [*self.storage.problems(), *self._trouble.values()]
        if self.lock.held and (moved := self.lock.problem()):
            warnings.append(moved)
        return StoreHealth(
            writable=self.storage.writable,
            warnings=tuple(warnings),
            refuses_new=self.storage.refuses_new,
        )

    def maintain(self, now: float, *, forget: bool = True) -> None:
        """Do what is due: get over disk errors, forget old answers, archive old tasks, write a snapshot.

        Call it every minute or so from one thread. It raises nothing: what fails is logged once, stands in `health`
        and is tried again. Without `forget` nothing is taken for old: the clock is in doubt, and what keeps a post from
        being made twice must not be lost to a wrong date.
        """
        self._try("repair", self.storage.mend)
        self.storage.look_for_room()
        if forget:
            self._forget_old(now)
        self._snapshot_if_due(now)

    def _forget_old(self, now: float) -> None:
        self._try("idempotency", lambda: self.idempotency.expire(now))
        self._try("posts", lambda: self.posts.expire(now - self._posts_kept_s))
        self._try("slots", lambda: self.slots.expire(now - OCCURRENCES_KEPT_DAYS * 24 * 3600.0))
        if _is_due(self._retention_at, RETENTION_EVERY_S, now) and self._try(
            "archive", lambda: self._retention.run(now)
        ):
            self._retention_at = now

    def _snapshot_if_due(self, now: float) -> None:
        if self._snapshot_at is None:
            self._snapshot_at = now
        daily = _is_due(self._snapshot_at, SNAPSHOT_EVERY_S, now)
        if self.storage.snapshot_due(daily=daily) and _is_due(
            self._snapshot_failed_at, SNAPSHOT_AGAIN_S, now
        ):
            if self._try("snapshot", self.storage.snapshot):
                self._snapshot_at = now
                self._snapshot_failed_at = -math.inf
            else:
                self._snapshot_failed_at = now

    def _try(self, what: str, action: Callable[[], object]) -> bool:
        try:
            action()
        except (OSError, StoreError) as error:
            if what not in self._trouble:
                log.warning("upkeep of the store, %s: %s", what, error)
            self._trouble[what] = f"upkeep of the store, {what}: {error}"
            return False
        self._trouble.pop(what, None)
        return True


def _is_due(last: float, every_s: float, now: float) -> bool:
    """Whether it is time again; also when the wall clock went back."""
    return now - last >= every_s or now < last
