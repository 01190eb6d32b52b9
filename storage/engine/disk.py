"""The files of a store: the journal that is appended to, the snapshots, and what happens when the disk refuses."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from storage.engine import journal, snapshot
from storage.engine.files import Files, is_full
from storage.engine.load import (
    DAMAGED,
    Loaded,
    Loader,
    generations,
    journal_path,
    journals,
    keep_copy,
    snapshot_path,
)
from storage.engine.migrate import Schema
from storage.engine.reserve import Reserve
from storage.errors import StoreFailed, StoreFull

log = logging.getLogger(__name__)

#: The journal grows by this much at a time, filled with zeros: an fsync that need not record a new file size is quicker.
ROOM_BYTES = 512 * 1024

#: What must stay free beside a snapshot, for the changes that come while it is written.
SPARE_BYTES = 8 * 1024**2

#: A journal is replaced by a snapshot once it is as big as the snapshot before, but not earlier or later than at these
#: sizes: the first keeps snapshots rare, the second keeps the next start quick.
MIN_JOURNAL_BYTES = 8 * 1024**2
MAX_JOURNAL_BYTES = 32 * 1024**2


class Disk:
    """One folder of generations. Not thread-safe: the storage calls it from one thread at a time."""

    def __init__(
        self,
        folder: Path,
        files: Files,
        schema: Schema,
        *,
        keep: int,
        min_free_bytes: int,
        reserve_bytes: int,
    ) -> None:
        self._folder = folder
        self._files = files
        self._schema = schema
        self._keep = max(1, keep)
        self._fd = -1
        self.offset = 0
        self.size = 0  # of the journal with the room at its end
        self._broken = ""
        self._generation = 0
        self._snapshot_bytes = 0
        self._snapshot_generation = 0
        self._make_reserve = partial(Reserve, folder / "reserve", reserve_bytes, min_free_bytes, files)
        self.reserve: Reserve

    # --- start and end

    def load(
        self, types: Mapping[str, type[msgspec.Struct]], after_loss: Callable[[Loaded], object]
    ) -> Loaded:
        """Read the newest state and open its journal; what was damaged is put aside.

        Args:
            types: Record type of each typed table.
            after_loss: Called when acknowledged changes could not be read, before the state is written anew.

        Raises:
            NewerSchema, StoreDamaged: the folder was not changed.
            StoreFailed: it cannot be read or written.
        """
        try:
            self._files.make_folder(self._folder)
            state = Loader(self._folder, self._files, types, self._schema, repair=True).load()
            self.reserve = self._make_reserve()  # not before: a store that is refused is left as it is
            if state is None:
                state = self._first_generation()
            self._remove_leftovers()
            self._generation = state.generation
            if state.lost_changes:
                after_loss(state)
            if state.begin_again:
                self._begin_again(state)
            else:
                self._fd = self._files.open(journal_path(self._folder, self._generation), os.O_RDWR)
                self.offset = state.journal_bytes
                self.size = os.fstat(self._fd).st_size
            damaged = len(list(self._folder.glob(f"*{DAMAGED}*")))
            if damaged:
                state.warnings.append(
                    f"{damaged} damaged files are kept in {self._folder}: remove them when not needed"
                )
            self._snapshot_generation = generations(self._folder)[-1]
            self._snapshot_bytes = snapshot_path(self._folder, self._snapshot_generation).stat().st_size
        except OSError as error:
            raise StoreFailed(f"{self._folder} cannot be opened: {error.strerror}") from error
        return state

    def _remove_leftovers(self) -> None:
        """Files that a crash left half-written: they will not be continued, and a snapshot may be big."""
        for path in self._folder.glob("*.tmp"):
            with contextlib.suppress(OSError):
                self._files.remove(path, "leftover")

    def _first_generation(self) -> Loaded:
        """An empty state. The journal comes first, so that a snapshot without one always means damage."""
        head = journal.header(self._schema.version)
        self._files.replace(journal_path(self._folder, 1), [head], "journal")
        self._put_snapshot(1, snapshot.Head(self._schema.version, 0), {})
        return Loaded(schema=self._schema.version, seq=0, generation=1, journal_bytes=len(head))

    def _begin_again(self, state: Loaded) -> None:
        """What could be read, or was brought to the present shape, becomes a generation of its own.

        Copies of damaged files come first: should the process end on the way, the next start still raises the alarm.
        """
        damaged = [path for path in state.superseded if path.exists()]
        for path in damaged:
            keep_copy(self._files, path)
        number = self._generation + 1
        self._switch(number, self._prepare(number))
        head = snapshot.Head(self._schema.version, state.seq, state.next_ids)
        self._put_snapshot(number, head, state.tables)
        for path in damaged:
            self._files.remove(path, "damaged file")

    @property
    def is_open(self) -> bool:
        return self._fd >= 0

    def close(self) -> None:
        """Close the journal; the room at its end is given back."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                self._files.truncate(self._fd, self.offset, "journal")
            os.close(self._fd)
            self._fd = -1

    # --- appending

    def append(self, data: bytes, *, essential: bool) -> None:
        """Write at the end of the journal, durably and completely or not at all.

        Args:
            data: Whole lines.
            essential: Whether the reserved space may be used.

        Raises:
            StoreFull: there is no room.
            StoreFailed: the disk refused.
        """
        if self._fd < 0:
            raise StoreFailed("the store is closed")
        if self._broken:
            self.mend()
        try:
            self._append(data)
        except OSError as error:
            self._take_back(error)
            if not is_full(error):
                raise StoreFailed(f"the journal cannot be written: {error.strerror}") from error
            if not essential:
                self.reserve.note_full()
                raise StoreFull("there is no disk space left") from error
            if not self.reserve.release():
                raise StoreFull("there is no disk space left, the reserve is used up") from error
            try:
                self._append(data)
            except OSError as again:
                self._take_back(again)
                raise StoreFull("there is no disk space left, not even in the reserve") from again

    def _append(self, data: bytes) -> None:
        if self._journal_is_gone:
            raise OSError(errno.ENOENT, "it was deleted; it is written anew within a minute")
        if self.offset + len(data) > self.size:
            self._make_room(len(data))
        self._files.write(self._fd, data, self.offset, "journal")
        self._files.sync(self._fd, "journal")
        self.offset += len(data)
        self.size = max(self.size, self.offset)

    def _make_room(self, needed: int) -> None:
        """Let the journal grow in one step; on a nearly full disk only as the data needs."""
        wanted = self.offset + needed + ROOM_BYTES
        try:
            self._files.write(self._fd, bytes(wanted - self.size), self.size, "room")
            self._files.sync(self._fd, "room")
            self.size = wanted
        except OSError as error:
            if not is_full(error):
                raise
            self._files.truncate(self._fd, self.size, "room")

    def _take_back(self, error: OSError) -> None:
        """Nothing of a refused write may stay in the file, else it would come back with the next start."""
        self._broken = f"writing failed: {error.strerror}"
        try:
            self.mend()
        except StoreFailed as failed:
            log.warning("%s", failed)

    def mend(self) -> None:
        """Cut the journal back to the last acknowledged change, if a write broke off.

        Raises:
            StoreFailed: not possible now; the next write tries again.
        """
        if not self._broken:
            return
        try:
            self._files.truncate(self._fd, self.offset, "journal")
            self._files.sync(self._fd, "journal")
            self.size = self.offset
        except OSError as error:
            raise StoreFailed(f"the journal cannot be repaired: {error.strerror}") from error
        self._broken = ""

    # --- generations

    def snapshot_due(self) -> bool:
        """Whether the journal has grown enough to be worth replacing, or the last attempt failed."""
        enough = max(MIN_JOURNAL_BYTES, min(self._snapshot_bytes, MAX_JOURNAL_BYTES))
        return self._snapshot_generation < self._generation or self.offset >= enough or self._journal_is_gone

    @property
    def _journal_is_gone(self) -> bool:
        """Whether the open journal has no name any more: what is added to it would be gone after the next start."""
        return self._fd >= 0 and os.fstat(self._fd).st_nlink == 0

    @property
    def has_changes(self) -> bool:
        """Whether anything was written since the last snapshot."""
        return self.offset > len(journal.header(self._schema.version))

    @property
    def awaits_snapshot(self) -> int | None:
        """Number of the present journal if it is still empty and its snapshot was not written: an attempt failed."""
        waits = self._snapshot_generation < self._generation and not self.has_changes
        return self._generation if waits and not self._journal_is_gone else None

    def check_room_for_snapshot(self) -> None:
        """A snapshot must not take the last space from the changes that are written beside it; raises StoreFull."""
        needed = self._snapshot_bytes + self.offset + ROOM_BYTES + SPARE_BYTES
        if self._files.free_bytes(str(self._folder)) < needed:
            raise StoreFull(f"there is no room for a snapshot: {needed / 1e6:.0f} MB are needed")

    def prepare(self) -> tuple[int, int]:
        """Make the next journal ready beside the present one; returns its number and descriptor."""
        number = self._generation + 1
        return number, self._prepare(number)

    def _prepare(self, number: int) -> int:
        path = journal_path(self._folder, number)
        self._files.replace(path, [journal.header(self._schema.version), bytes(ROOM_BYTES)], "new journal")
        return self._files.open(path, os.O_RDWR)

    def switch(self, number: int, fd: int) -> None:
        """From now on append to the prepared journal."""
        if self._broken:
            self.mend()
        self._switch(number, fd)

    def _switch(self, number: int, fd: int) -> None:
        old, self._fd = self._fd, fd
        self._generation = number
        self.offset = len(journal.header(self._schema.version))
        self.size = self.offset + ROOM_BYTES
        if old >= 0:
            os.close(old)

    def put_snapshot(
        self, number: int, seq: int, next_ids: dict[str, int], tables: Mapping[str, Mapping[int, Any]]
    ) -> None:
        """Write the snapshot that belongs before journal `number`, then drop generations that are too old."""
        self._put_snapshot(number, snapshot.Head(self._schema.version, seq, next_ids), tables)
        known = generations(self._folder)
        oldest = known[-self._keep :][0]
        for generation in known[: -self._keep]:
            self._files.remove(snapshot_path(self._folder, generation), "old snapshot")
        for generation in journals(self._folder):
            if generation < oldest:
                self._files.remove(journal_path(self._folder, generation), "old journal")

    def _put_snapshot(
        self, number: int, head: snapshot.Head, tables: Mapping[str, Mapping[int, Any]]
    ) -> None:
        self._snapshot_bytes = self._files.replace(
            snapshot_path(self._folder, number), snapshot.chunks(head, tables), "snapshot"
        )
        self._snapshot_generation = number

    # --- state

    @property
    def journal_bytes(self) -> int:
        return self.offset

    @property
    def trouble(self) -> str:
        """Why nothing can be written, "" when all is well."""
        return self._broken or ("it was deleted" if self._journal_is_gone else "")
