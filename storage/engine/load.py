"""Start-up: find the newest readable generation, replay its journals, say clearly what was wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from storage.engine import journal, snapshot
from storage.engine.files import Files
from storage.engine.migrate import Schema
from storage.errors import NewerSchema, StoreDamaged

_SNAPSHOT = "snapshot-*.json"
_JOURNAL = "journal-*.log"
DAMAGED = ".damaged"
_NUMBER = re.compile("[0-9]{8,}")

#: Number of the generation with which a store begins.
FIRST = 1

Tables = dict[str, dict[int, Any]]


class Loaded(msgspec.Struct):
    """The state as it stands on disk, ready to be written on."""

    schema: int  #: version of the documents in `tables`
    seq: int
    generation: int = 0  #: of the newest journal
    journal_bytes: int = 0  #: where the newest journal continues
    tables: Tables = {}
    next_ids: dict[str, int] = {}
    warnings: list[str] = []
    begin_again: bool = False  #: the state must become a generation of its own before anything is added
    lost_changes: bool = False  #: acknowledged changes after `seq` could not be read
    touched: dict[str, set[int]] = {}  #: records that the unread changes are known to have changed
    superseded: list[Path] = []  #: damaged files, to be removed once a new generation is on disk


def snapshot_path(folder: Path, generation: int) -> Path:
    return folder / f"snapshot-{generation:08d}.json"


def journal_path(folder: Path, generation: int) -> Path:
    return folder / f"journal-{generation:08d}.log"


def generations(folder: Path, pattern: str = _SNAPSHOT) -> list[int]:
    """Numbers of the files of this kind, ascending; copies that a person made beside them are not ours."""
    numbers = (path.stem.partition("-")[2] for path in folder.glob(pattern))
    return sorted(int(number) for number in numbers if _NUMBER.fullmatch(number))


def journals(folder: Path) -> list[int]:
    return generations(folder, _JOURNAL)


def set_aside(files: Files, path: Path) -> None:
    """Rename a damaged file so that it is kept but never read again."""
    files.rename(path, _free_name(path), "damaged file")
    files.sync_folder(path.parent, "damaged file")


def keep_copy(files: Files, path: Path) -> None:
    """Copy a damaged file, which is still needed, to where `set_aside` would put it."""
    files.replace(_free_name(path), [files.read(path)], "damaged file")


def _free_name(path: Path) -> Path:
    target = path.with_name(path.name + DAMAGED)
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}{DAMAGED}-{number}")
    return target


class Loader:
    """Reads a folder of generations. With `repair` it also sets damaged files aside and cuts torn tails."""

    def __init__(
        self,
        folder: Path,
        files: Files,
        types: Mapping[str, type[msgspec.Struct]],
        schema: Schema,
        *,
        repair: bool,
    ) -> None:
        self._folder = folder
        self._files = files
        self._repair = repair
        self._types = types
        self._schema = schema
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {}
        self._plain: msgspec.json.Decoder[Any] = msgspec.json.Decoder(dict[str, Any])
        self._warnings: list[str] = []

    def load(self) -> Loaded | None:
        """The newest state; None when the folder holds no generation at all.

        Raises:
            NewerSchema: written by a newer program; nothing was changed.
            StoreDamaged: there are generations and none can be read; nothing was changed.
        """
        known = generations(self._folder)
        if not known and self._never_used():
            return None
        damaged: list[Path] = []
        for generation in reversed(known):
            path = snapshot_path(self._folder, generation)
            try:
                base = self._open(snapshot.read(self._files.read(path)), path)
            except snapshot.Unreadable as error:
                self._warn(
                    f"{path.name} is unreadable ({error}); it is set aside and the generation before is used"
                )
                damaged.append(path)
                continue
            break
        else:
            generation, base = FIRST, self._empty(known)
        state = self._replay(generation, base)
        if self._repair:
            for path in damaged:
                set_aside(self._files, path)
        return state

    def _empty(self, known: list[int]) -> Loaded:
        """The state before the first change, of which the first snapshot says nothing but that there was none.

        Raises:
            StoreDamaged: the journals that are left do not begin there.
        """
        path = journal_path(self._folder, FIRST)
        found = journal.scan(self._files.read(path), 0) if path.exists() else None
        # A restored store has a first journal too; its first change has another number.
        if found is None or not found.entries:
            raise StoreDamaged(
                f"no readable snapshot is left in {self._folder}, and no journal that begins with the first change; "
                "nothing was changed: restore a backup, or move the folder away to start without any task"
            )
        which = "readable snapshot" if known else "snapshot"
        self._warn(
            f"there is no {which}: everything is read from {path.name}, which begins with the first change"
        )
        state = self._open(snapshot.Snapshot(snapshot.Head(found.schema, 0), {}), path)
        state.begin_again = True
        return state

    def _never_used(self) -> bool:
        """No generation was ever completed: no damaged snapshot, and no change in any journal."""
        numbers = journals(self._folder)
        if any(self._folder.glob(f"*{DAMAGED}*")) or any(number > FIRST for number in numbers):
            return False
        found = [journal.scan(self._files.read(journal_path(self._folder, number)), 0) for number in numbers]
        return not any(scan.entries or scan.later for scan in found)

    def _warn(self, sentence: str) -> None:
        self._warnings.append(sentence)

    @classmethod
    def from_snapshot(
        cls, raw: snapshot.Snapshot, types: Mapping[str, type[msgspec.Struct]], schema: Schema, path: Path
    ) -> Loaded:
        """The state in a snapshot that stands alone; raises snapshot.Unreadable, NewerSchema."""
        loader = cls(path.parent, Files(), types, schema, repair=False)
        state = loader._open(raw, path)
        loader._bring(state, schema.version)
        return state

    def _open(self, raw: snapshot.Snapshot, path: Path) -> Loaded:
        self._refuse_newer(path, raw.head.schema)
        typed = raw.head.schema == self._schema.version
        self._decoders = (
            {name: msgspec.json.Decoder(kind) for name, kind in self._types.items()} if typed else {}
        )
        state = Loaded(schema=raw.head.schema, seq=raw.head.seq, next_ids=dict(raw.head.next_ids))
        for name, text in raw.tables.items():
            kind: Any = self._types.get(name, dict[str, Any]) if typed else dict[str, Any]
            try:
                state.tables[name] = msgspec.json.decode(text, type=dict[int, kind])
            except msgspec.MsgspecError as error:
                raise snapshot.Unreadable(f"table {name}: {error}") from error
        return state

    def _refuse_newer(self, path: Path, version: int) -> None:
        if version > self._schema.version:
            raise NewerSchema(
                f"{path} was written by a newer version of this program (schema {version}, this one knows "
                f"{self._schema.version}): start that version again, or restore a backup made by this one"
            )

    def _bring(self, state: Loaded, version: int) -> None:
        """Bring documents of an older version to this one; at the program's own they become records."""
        if version > state.schema:
            self._schema.bring(state.tables, state.schema, version)
            state.schema = version
            state.begin_again = True
            if version == self._schema.version:
                for name, kind in self._types.items():
                    records: Any = dict[int, kind]  # type: ignore[valid-type]
                    state.tables[name] = msgspec.convert(state.tables.get(name, {}), records)
                    self._decoders[name] = msgspec.json.Decoder(kind)

    def _replay(self, generation: int, state: Loaded) -> Loaded:
        state.generation = generation
        following = [number for number in journals(self._folder) if number >= generation]
        last = following[-1] if following else 0
        if generation not in following:
            self._lose(state, journal_path(self._folder, generation), [])
            following = []
        for number in following:
            path = journal_path(self._folder, number)
            found = journal.scan(self._files.read(path), state.seq)
            self._refuse_newer(path, found.schema)
            self._bring(state, found.schema)
            state.generation = number
            if not self._apply_all(state, path, found):
                break
            state.journal_bytes = found.good_bytes
            if found.tail is journal.Tail.DAMAGED:
                self._lose(state, path, found.later)
                break
            if found.tail is journal.Tail.TORN:
                self._warn(
                    f"{path.name}: an unfinished write after change {state.seq} "
                    f"({found.used_bytes - found.good_bytes} bytes) was cut off"
                )
                if number == last:
                    self._cut(path, found.good_bytes)
        self._bring(state, self._schema.version)
        if state.lost_changes:
            self._drop_after(state)
        state.warnings = self._warnings
        return state

    def _apply_all(self, state: Loaded, path: Path, found: journal.Scan) -> bool:
        for number, entry in enumerate(found.entries):
            try:
                self._apply(state, entry)
            except msgspec.MsgspecError as error:
                self._warn(f"{path.name}: change {entry.seq} does not fit its table ({error})")
                self._lose(state, path, found.entries[number:] + found.later)
                return False
        return True

    def _apply(self, state: Loaded, entry: journal.Entry) -> None:
        decoded = {
            name: {
                doc_id: self._decoders.get(name, self._plain).decode(raw) for doc_id, raw in records.items()
            }
            for name, records in entry.put.items()
        }
        for name in entry.dropped:
            state.tables.pop(name, None)
        for name, ids in entry.gone.items():
            table = state.tables.setdefault(name, {})
            for doc_id in ids:
                table.pop(doc_id, None)
        for name, records in decoded.items():
            state.tables.setdefault(name, {}).update(records)
            newest = max(records, default=0)
            if newest >= state.next_ids.get(name, 1):
                state.next_ids[name] = newest + 1
        state.seq = entry.seq

    def _lose(self, state: Loaded, path: Path, later: list[journal.Entry]) -> None:
        """Acknowledged changes are gone: remember whom they touched, never give their ids away again."""
        state.lost_changes = state.begin_again = True
        self._note_touched(state, later)
        self._warn(
            f"{path.name} is missing or damaged after change {state.seq}: acknowledged changes are lost; "
            "the file is kept, unfinished tasks whose fate is unknown wait for a person"
        )

    def _note_touched(self, state: Loaded, later: list[journal.Entry]) -> None:
        for entry in later:
            for name, records in entry.put.items():
                state.touched.setdefault(name, set()).update(records)
            for name, ids in entry.gone.items():
                state.touched.setdefault(name, set()).update(ids)

    def _drop_after(self, state: Loaded) -> None:
        """Stop before the damage: nothing from there on is read again, no id in it is given away again."""
        damaged = state.generation
        for number in journals(self._folder):
            path = journal_path(self._folder, number)
            if number > damaged:
                rest = journal.scan(self._files.read(path), state.seq)
                self._note_touched(state, rest.entries + rest.later)
            if number >= damaged:
                state.superseded.append(path)
            state.generation = max(state.generation, number)
        for name, ids in state.touched.items():
            state.next_ids[name] = max(state.next_ids.get(name, 1), max(ids, default=0) + 1)

    def _cut(self, path: Path, size: int) -> None:
        if not self._repair:
            return
        fd = self._files.open(path, os.O_RDWR)
        try:
            self._files.truncate(fd, size, "journal")
            self._files.sync(fd, "journal")
        finally:
            os.close(fd)
