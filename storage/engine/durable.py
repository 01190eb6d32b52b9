"""The TinyDB storage of the daemon: records in memory for reading, a journal and snapshots on disk for keeping."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from tinydb.storages import Storage

from storage.engine import journal
from storage.engine.codec import Codec
from storage.engine.commit import GroupCommit, Ticket, Transaction
from storage.engine.disk import Disk
from storage.engine.files import Files
from storage.engine.load import Loaded
from storage.engine.migrate import CURRENT, Schema
from storage.engine.reserve import RESERVE_BYTES
from storage.errors import StoreError, StoreFailed, StoreFull

log = logging.getLogger(__name__)

T = TypeVar("T")

_BEHIND = "memory is behind the disk after an internal error: restart the daemon"


#: Called with every committed change of a table, as (id, record before or None, record now or None), under the state
#: lock: keeps indexes and caches right.
Listener = Callable[[Sequence[tuple[int, Any, Any]]], None]


class JournalStorage(Storage):
    """TinyDB's storage over a folder of generations.

    Records are typed structs in the tables named in `types`, plain dicts elsewhere; they are replaced, never changed,
    so a reader needs no lock for one record. `frozen` names the one field of a table's structs that holds free JSON; it
    is kept in containers that refuse changes. `state_lock` is held only while memory is brought up to date, never
    during disk operations; a reader of several things that must fit together holds it shortly.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        types: Mapping[str, type[msgspec.Struct]] | None = None,
        frozen: Mapping[str, str] | None = None,
        files: Files | None = None,
        schema: Schema = CURRENT,
        keep_generations: int = 3,
        min_free_bytes: int = 0,
        reserve_bytes: int = RESERVE_BYTES,
        after_loss: Callable[[Loaded], object] = lambda _state: None,
    ) -> None:
        self._codec = Codec(types or {}, frozen or {})
        self._types = self._codec.types
        self._listeners: dict[str, list[Listener]] = {}
        #: What new listeners are told, by table; gone with the first change. At a start several come one after the other.
        self._replays: dict[str, list[tuple[int, Any, Any]]] = {}
        self.state_lock = threading.Lock()
        self._snapshot_lock = threading.Lock()
        self._behind = False  # memory, after an internal error
        self._with_disk: set[int] = set()  # threads that write, or wait for those that do
        self._writing = threading.Lock()  # held while a group is written, and while the journal is switched
        self.disk = Disk(
            Path(folder),
            files or Files(),
            schema,
            keep=keep_generations,
            min_free_bytes=min_free_bytes,
            reserve_bytes=reserve_bytes,
        )
        self._load(after_loss)
        self.group = GroupCommit(self.write_group)

    def _load(self, after_loss: Callable[[Loaded], object]) -> None:
        state = self.disk.load(self._types, after_loss)
        self._codec.freeze_all(state.tables)
        self.tables = state.tables
        for name in self._types:
            self.tables.setdefault(name, {})
        self._next_ids = state.next_ids
        self._seq = state.seq
        self.version = 0  #: grows with each change of what is in memory, since the start
        self.warnings = state.warnings
        self.lost_changes = state.lost_changes
        for warning in state.warnings:
            log.warning("%s", warning)

    def close(self) -> None:
        """Close the journal; every change is on disk already."""
        with self._snapshot_lock, self._writing:
            self.disk.close()

    # --- reading

    def read(self) -> dict[str, dict[str, Any]] | None:
        """All tables as TinyDB knows them: text ids, plain documents (copies)."""
        with self.state_lock:
            tables = {
                name: dict(records)
                for name, records in self.tables.items()
                if records or name not in self._types
            }
        if not tables:
            return None
        return {
            name: {str(doc_id): self.plain(record) for doc_id, record in records.items()}
            for name, records in tables.items()
        }

    def copy_of(self, table: str) -> dict[int, Any]:
        """The table's records at this moment."""
        return self.tables.get(table, {}).copy()

    def plain(self, record: Any) -> dict[str, Any]:
        """A record as a document of its own, in JSON's types."""
        document: dict[str, Any] = msgspec.to_builtins(record)
        return document

    def listen(self, table: str, listener: Listener, *, replay: bool = True) -> None:
        """Call the listener with every change from now on, and with all present records first (`replay`)."""
        with self.state_lock:
            if replay:
                if table not in self._replays:
                    present = self.tables.get(table, {})
                    self._replays[table] = [(doc_id, None, record) for doc_id, record in present.items()]
                listener(self._replays[table])
            self._listeners.setdefault(table, []).append(listener)

    # --- writing

    def write(self, data: Mapping[str, Mapping[Any, Any]]) -> None:
        """TinyDB's whole-state write: only the differences reach the journal."""

        def replace_all(change: Transaction) -> None:
            for name in [*self.tables, *change.changes]:
                if name not in data:
                    change.drop(name)
            for name, documents in data.items():
                wanted = {int(doc_id): document for doc_id, document in documents.items()}
                change.touch(name)
                for doc_id in change.ids(name):
                    if doc_id not in wanted:
                        change.remove(name, doc_id)
                for doc_id, document in wanted.items():
                    present = change.get(name, doc_id)
                    if present is None or self.plain(present) != document:
                        change.put(name, doc_id, document)

        self.commit(replace_all)

    def commit(self, action: Callable[[Transaction], T], *, essential: bool = True) -> T:
        """Run the action on a transaction and make what it did durable; all of it or nothing.

        The action runs in whichever thread writes the group, sees the changes that come before it, and must not wait
        for anything. An exception from it reaches only its own caller and leaves no trace.

        Args:
            action: Fills the transaction; its result is returned.
            essential: It is not refused when the disk is nearly full, and may use the reserved space.

        Raises:
            StoreFull: no room; nothing was changed.
            StoreFailed: the disk refused; nothing was changed.
        """
        with self._counted():
            result: T = self.group.run(action, essential=essential)
        return result

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Know the thread as one that the disk may hold up."""
        me = threading.get_ident()
        self._with_disk.add(me)
        try:
            yield
        finally:
            self._with_disk.discard(me)

    def new_id(self, table: str) -> int:
        """The next id of the table; grows for ever, also across restarts for every id that was ever stored."""
        with self.state_lock:
            number = self._next_ids.get(table, 1)
            self._next_ids[table] = number + 1
            return number

    def replace_in_memory(self, table: str, change: Callable[[dict[int, Any]], None]) -> None:
        """Change records in memory only, for facts that are worked out again after a restart; no index may use them."""
        with self.state_lock:
            self.version += 1
            self._replays.clear()
            change(self.tables[table])

    def write_group(self, group: Sequence[Ticket]) -> None:
        """Run these actions one after the other and make what they did durable in one write. Raises StoreFailed, StoreFull."""
        with self._writing:
            if self._behind:
                raise StoreFailed(_BEHIND)
            room = all(ticket.essential for ticket in group) or self.has_room()
            change = Transaction(self.tables, self._codec.normal, self._codec.read, self.new_id)
            parts: list[bytes] = []
            first = len(group)  # place of the first change
            seq = self._seq
            for number, ticket in enumerate(group):
                if not (room or ticket.essential):
                    ticket.error = StoreFull("there is not enough disk space for anything new")
                    continue
                change.begin()
                try:
                    ticket.result = ticket.action(change)
                    text = change.payload(seq + 1, self._seq + 1)
                except Exception as error:  # noqa: BLE001 - the caller's own error, raised again in its thread
                    change.roll_back()
                    ticket.error = error
                else:
                    if text is not None:
                        seq += 1
                        first = min(first, number)
                        parts.append(journal.line(text))
            if parts:
                try:
                    self.disk.append(b"".join(parts), essential=any(ticket.essential for ticket in group))
                except BaseException as error:
                    # What others said on seeing changes that came to nothing (a conflict, a name taken) is void.
                    for ticket in group[first:]:
                        ticket.error = error
                    raise
                self._seq = seq
                try:
                    self._apply(change)
                except BaseException:
                    self._behind = True
                    raise

    def _apply(self, change: Transaction) -> None:
        with self.state_lock:
            self.version += 1
            self._replays.clear()
            for name, records in change.changes.items():
                table = self.tables.setdefault(name, {})
                news: list[tuple[int, Any, Any]] = []
                for doc_id, record in records.items():
                    if record is None:
                        news.append((doc_id, table.pop(doc_id, None), None))
                    else:
                        news.append((doc_id, table.get(doc_id), record))
                        table[doc_id] = record
                        if doc_id >= self._next_ids.get(name, 1):
                            self._next_ids[name] = doc_id + 1
                for listener in self._listeners.get(name, ()):
                    listener(news)
            for name in change.dropped:
                if not self.tables.get(name, True) and name not in self._types:
                    del self.tables[name]

    # --- care

    def snapshot_due(self, *, daily: bool = False) -> bool:
        """Whether the journal is big enough (or, once a day, not empty)."""
        return self.disk.snapshot_due() or (daily and self.disk.has_changes)

    def snapshot(self) -> None:
        """Write a new generation while others go on writing and reading.

        Raises:
            StoreFull: there is no room for it.
            StoreFailed: it could not be written; nothing is lost, the journals before it are kept.
        """
        with self._counted(), self._snapshot_lock:
            try:
                self.disk.check_room_for_snapshot()
                self.disk.put_snapshot(*self._state_at_switch())
            except OSError as error:
                raise StoreFailed(f"the snapshot cannot be written: {error.strerror}") from error

    def _state_at_switch(self) -> tuple[int, int, dict[str, int], dict[str, dict[int, Any]]]:
        """Go over to the next journal; its number and the state before its first change."""
        with self._writing:
            number = self.disk.awaits_snapshot
            if number is not None:
                return (number, *self._state())
        number, fd = self.disk.prepare()
        try:
            with self._writing:
                self.disk.switch(number, fd)
                return (number, *self._state())
        except StoreError:
            os.close(fd)
            raise

    def _state(self) -> tuple[int, dict[str, int], dict[str, dict[int, Any]]]:
        return (
            self._seq,
            dict(self._next_ids),
            {name: records.copy() for name, records in self.tables.items()},
        )

    def tables_now(self) -> tuple[int, dict[str, int], dict[str, dict[int, Any]]]:
        """Number of the last change, next ids and all records, of one moment."""
        with self._writing:
            return self._state()

    def mend(self) -> None:
        """Try to get over a disk error; raises StoreFailed while it lasts."""
        with self._writing:
            self.disk.mend()

    def has_room(self) -> bool:
        """Whether anything new may be stored. Asked once per group, with no other writer about."""
        return self.disk.reserve.has_room()

    @property
    def refuses_new(self) -> str:
        """Why nothing new would be stored now, "" when it would."""
        return self.disk.reserve.refusal()

    def look_for_room(self) -> None:
        """Notice that space has returned although nothing new comes."""
        with self._writing:
            self.has_room()

    def problems(self) -> list[str]:
        """What a person should know, one sentence each."""
        found = list(self.warnings)
        if refusal := self.refuses_new:
            found.append(refusal)
        if self._behind:
            found.append(_BEHIND)
        if self.disk.trouble:
            found.append(f"the journal cannot be written ({self.disk.trouble})")
        return found

    @property
    def write_under_way(self) -> int:
        """The number of the write that is under way, 0 for none; one that stays the same hangs in the disk."""
        return self.group.under_way

    def holds_up(self, thread: int | None) -> bool:
        """Whether the thread of this identity is in a write or a snapshot: how long that takes is up to the disk."""
        return thread in self._with_disk

    @property
    def journal_bytes(self) -> int:
        """What the journal holds, without the room at its end."""
        return self.disk.journal_bytes

    @property
    def writable(self) -> bool:
        return self.disk.is_open and not self.disk.trouble and not self._behind
