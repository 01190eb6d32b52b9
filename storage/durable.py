"""The TinyDB storage of the daemon: records in memory for reading, a journal and snapshots on disk for keeping."""

from __future__ import annotations

import gc
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from tinydb.storages import Storage

from storage import journal, snapshot
from storage.commit import GroupCommit, Ticket, Transaction
from storage.errors import InvalidRecord, StoreFailed, StoreFull
from storage.files import Files, is_full
from storage.load import Loaded, Loader, generations, journal_path, journals, set_aside, snapshot_path

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Space kept back so that running tasks can record their end on a full disk.
RESERVE_BYTES = 4 * 1024**2

#: A journal is replaced by a snapshot once it is as big as the snapshot before, and at least this big.
MIN_JOURNAL_BYTES = 8 * 1024**2


class Listener(Protocol):
    """Told of every committed change of a table, under the state lock: keeps indexes and caches right."""

    def __call__(self, changes: Sequence[tuple[int, Any, Any]], /) -> None:
        """`changes` are (id, record before or None, record now or None)."""


class JournalStorage(Storage):
    """TinyDB's storage over a folder of generations.

    Records are typed structs in the tables named in `types`, plain dicts elsewhere; they are replaced, never changed,
    so a reader needs no lock for one record. `state_lock` is held only while memory is brought up to date, never
    during disk operations; whoever reads several things that must fit together holds it shortly.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        types: Mapping[str, type[msgspec.Struct]] | None = None,
        files: Files | None = None,
        keep_generations: int = 3,
        min_free_bytes: int = 0,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        self._folder = Path(folder)
        self._files = files or Files()
        self._types = dict(types or {})
        self._keep = max(1, keep_generations)
        self._min_free = min_free_bytes
        self._reserve_bytes = reserve_bytes
        self._encode = msgspec.json.Encoder().encode
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            name: msgspec.json.Decoder(kind) for name, kind in self._types.items()
        }
        self._plain: msgspec.json.Decoder[Any] = msgspec.json.Decoder(dict[str, Any])
        self._listeners: dict[str, list[Listener]] = {}
        self.state_lock = threading.Lock()
        self._snapshot_lock = threading.Lock()
        self._writing = threading.Lock()  # held while a group is written, and while the journal is switched
        self._fd = -1
        self._broken: str = ""
        self._full = False
        self.warnings: list[str] = []
        self.lost_changes = False
        self.touched: dict[str, set[int]] = {}
        self._folder.mkdir(parents=True, exist_ok=True)
        self._start()
        self._group = GroupCommit(self._write_group)

    # --- start and end

    def _start(self) -> None:
        collecting = gc.isenabled()
        gc.disable()  # it would walk the growing state again and again
        try:
            state = Loader(self._folder, self._files, self._types, repair=True).load()
        finally:
            if collecting:
                gc.enable()
        gc.freeze()
        if state is None:
            state = self._first_generation()
        self.tables = state.tables
        for name in self._types:
            self.tables.setdefault(name, {})
        self._next_ids = state.next_ids
        self._seq = state.seq
        self._generation = state.generation
        self._offset = state.journal_bytes
        self.lost_changes = state.lost_changes
        self.touched = state.touched
        for warning in state.warnings:
            self._warn(warning)
        if state.lost_changes or not journal_path(self._folder, self._generation).exists():
            self._begin_again(state)
        else:
            self._fd = self._files.open(journal_path(self._folder, self._generation), os.O_RDWR)
        known = generations(self._folder)
        self._snapshot_bytes = snapshot_path(self._folder, known[-1]).stat().st_size if known else 0
        self._restore_reserve()

    def _first_generation(self) -> Loaded:
        """An empty state on disk; the journal comes first, so that a snapshot without one always means damage."""
        head = journal.header(snapshot.SCHEMA)
        self._files.replace(journal_path(self._folder, 1), [head], "journal")
        empty = snapshot.chunks(snapshot.Head(snapshot.SCHEMA, 0), {})
        self._files.replace(snapshot_path(self._folder, 1), empty, "snapshot")
        return Loaded(
            tables={}, next_ids={}, seq=0, generation=1, journal_bytes=len(head), schema=snapshot.SCHEMA
        )

    def _begin_again(self, state: Loaded) -> None:
        """After damage: what could be read becomes a generation of its own before the damaged files are put away."""
        self._generation += 1
        self._seq += 1
        self._fd, self._offset = self._new_journal(self._generation)
        self._write_snapshot(self._generation, self._seq, dict(self._next_ids), self.tables)
        for path in state.superseded:
            if path.exists():
                set_aside(self._files, path)

    def close(self) -> None:
        """Close the journal; every change is on disk already."""
        with self._snapshot_lock, self._writing:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

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
                listener([(doc_id, None, record) for doc_id, record in self.tables.get(table, {}).items()])
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
            essential: Whether it may use the reserved space when the disk is full.

        Raises:
            StoreFull: no room; nothing was changed.
            StoreFailed: the disk refused; nothing was changed.
        """
        result: T = self._group.run(action, essential=essential)
        return result

    def _normal(self, table: str, record: Any) -> tuple[bytes, Any]:
        """A record's JSON and the record as it will be read from it, which is what memory keeps."""
        try:
            text = self._encode(record)
            decoder = self._decoders.get(table)
            if decoder is None:
                return text, self._plain.decode(text)
            kept = decoder.decode(text)
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
            raise InvalidRecord(f"a record of {table} cannot be stored: {error}") from error
        if isinstance(record, Mapping):
            unknown = record.keys() - set(self._types[table].__struct_fields__)
            if unknown:
                raise InvalidRecord(
                    f"a record of {table} has no field {', '.join(sorted(map(str, unknown)))}"
                )
            text = self._encode(kept)
        return text, kept

    def new_id(self, table: str) -> int:
        """The next id of the table; grows for ever, also across restarts for every id that was ever stored."""
        with self.state_lock:
            number = self._next_ids.get(table, 1)
            self._next_ids[table] = number + 1
            return number

    def _write_group(self, group: Sequence[Ticket]) -> None:
        with self._writing:
            if self._fd < 0:
                raise StoreFailed("the store is closed")
            if self._broken:
                self._mend()
            change = Transaction(self.tables, self._normal, self.new_id)
            parts: list[bytes] = []
            seq = self._seq
            for ticket in group:
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
                        parts.append(journal.line(text))
            if parts:
                self._append(b"".join(parts), essential=any(ticket.essential for ticket in group))
                self._seq = seq
                self._apply(change)

    def _append(self, data: bytes, *, essential: bool) -> None:
        try:
            self._append_once(data)
        except OSError as error:
            self._take_back(error)
            if not is_full(error):
                raise StoreFailed(f"the journal cannot be written: {error.strerror}") from error
            if not self._full:
                self._full = True
                log.warning("the disk is full: new tasks are refused until there is room again")
            if not essential or not self._release_reserve():
                raise StoreFull("there is no disk space left") from error
            try:
                self._append_once(data)
            except OSError as again:
                self._take_back(again)
                raise StoreFull("there is no disk space left, the reserve is used up") from again

    def _append_once(self, data: bytes) -> None:
        self._files.write(self._fd, data, self._offset, "journal")
        self._files.sync(self._fd, "journal")
        self._offset += len(data)

    def _take_back(self, error: OSError) -> None:
        """After a refused write: nothing of it may stay in the file, else it would come back with the next start."""
        self._broken = f"writing failed: {error.strerror}"
        try:
            self._mend()
        except StoreFailed as failed:
            log.warning("%s", failed)

    def _mend(self) -> None:
        """Cut the journal back to the last acknowledged change.

        Raises:
            StoreFailed: not possible; the next write tries again.
        """
        try:
            self._files.truncate(self._fd, self._offset, "journal")
            self._files.sync(self._fd, "journal")
        except OSError as error:
            raise StoreFailed(f"the journal cannot be repaired: {error.strerror}") from error
        self._broken = ""

    def _apply(self, change: Transaction) -> None:
        with self.state_lock:
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

    def replace_in_memory(self, table: str, change: Callable[[dict[int, Any]], None]) -> None:
        """Change records in memory only, for facts that are worked out again after a restart; no index may use them."""
        with self.state_lock:
            change(self.tables[table])

    # --- space

    @property
    def _reserve(self) -> Path:
        return self._folder / "reserve"

    def has_room(self) -> bool:
        """Whether new tasks may be taken; notices by itself when space returns."""
        if self._files.free_bytes(self._folder) < self._min_free:
            return False
        if self._full:
            self._restore_reserve()
        return not self._full

    def _release_reserve(self) -> bool:
        try:
            if self._reserve.exists():
                self._files.remove(self._reserve, "reserve")
                self._files.sync_folder(self._folder, "reserve")
                return True
        except OSError:
            log.warning("the reserved space cannot be released")
        return False

    def _restore_reserve(self) -> None:
        if self._reserve_bytes and not (
            self._reserve.exists() and self._reserve.stat().st_size == self._reserve_bytes
        ):
            try:
                fd = self._files.open(self._reserve, os.O_RDWR | os.O_CREAT)
                try:
                    self._files.allocate(fd, self._reserve_bytes, "reserve")
                finally:
                    os.close(fd)
            except OSError:
                self._reserve.unlink(missing_ok=True)
                self._full = True
                return
        if self._full:
            log.warning("there is disk space again")
        self._full = False

    # --- snapshots

    def snapshot_due(self) -> bool:
        """Whether the journal has grown enough to be worth replacing."""
        return self._offset >= max(MIN_JOURNAL_BYTES, self._snapshot_bytes)

    def snapshot(self) -> None:
        """Write a new generation while others go on writing and reading; raises OSError, then nothing has changed."""
        with self._snapshot_lock:
            number = self._generation + 1
            fd, offset = -1, 0
            path = journal_path(self._folder, number)
            self._files.remove(path, "journal")
            with self._writing:
                fd, offset = self._new_journal(number)
                old, self._fd = self._fd, fd
                self._generation, self._offset = number, offset
                seq, next_ids = self._seq, dict(self._next_ids)
                tables = {name: dict(records) for name, records in self.tables.items()}
            os.close(old)
            self._write_snapshot(number, seq, next_ids, tables)
            self._prune()

    def _new_journal(self, number: int) -> tuple[int, int]:
        head = journal.header(snapshot.SCHEMA)
        path = journal_path(self._folder, number)
        self._files.replace(path, [head], "new journal")
        return self._files.open(path, os.O_RDWR), len(head)

    def _write_snapshot(
        self, number: int, seq: int, next_ids: dict[str, int], tables: Mapping[str, Mapping[int, Any]]
    ) -> None:
        head = snapshot.Head(snapshot.SCHEMA, seq, next_ids)
        self._snapshot_bytes = self._files.replace(
            snapshot_path(self._folder, number), snapshot.chunks(head, tables), "snapshot"
        )

    def _prune(self) -> None:
        known = generations(self._folder)
        oldest = known[-self._keep :][0]
        for generation in known[: -self._keep]:
            self._files.remove(snapshot_path(self._folder, generation), "old snapshot")
        for generation in journals(self._folder):
            if generation < oldest:
                self._files.remove(journal_path(self._folder, generation), "old journal")

    # --- state

    def _warn(self, sentence: str) -> None:
        log.warning("%s", sentence)
        self.warnings.append(sentence)

    def problems(self) -> list[str]:
        """What a person should know, one sentence each."""
        found = list(self.warnings)
        if self._full:
            found.append("the disk is full: new tasks are refused")
        if self._broken:
            found.append(f"the journal cannot be written ({self._broken})")
        return found

    @property
    def writable(self) -> bool:
        return not self._broken and self._fd >= 0

    @property
    def journal_bytes(self) -> int:
        return self._offset
