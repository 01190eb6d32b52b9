"""Copies out and in: a backup file while the daemon runs, its check, its restore; plain TinyDB JSON likewise."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from storage.archive_pages import ArchivePages
from storage.archived_month import task_in
from storage.doubt import heed, put_in_doubt
from storage.engine import journal, snapshot
from storage.engine.files import Files
from storage.engine.load import FIRST, Loaded, Loader, journal_path, snapshot_path
from storage.engine.migrate import CURRENT
from storage.errors import BackupUnreadable, NoStore, StoreDamaged, StoreError, StoreFailed
from storage.records import Task
from storage.schema import TYPES
from storage.state_dir import ARCHIVE, FOLDER, RESTORED, finish_restore, lock_state
from storage.store import Store
from storage.tar_headers import Hostile, check_headers
from storage.task_archive import Archive

log = logging.getLogger(__name__)

_SNAPSHOT_NAME = "snapshot.json"

#: Last file of a backup: the SHA-256 of all others, so that a cut or altered one is noticed.
_MANIFEST_NAME = "manifest.json"

#: Of one file in a backup, which is read into memory: many times what a hub of years has.
_MAX_FILE_BYTES = 2 * 1024**3

#: A running daemon replaces generations now and then: how often reading is begun anew.
_ATTEMPTS = 5


class BackupFacts(msgspec.Struct, frozen=True):
    """What a backup holds."""

    changes: int  #: number of the last change in it
    records: dict[str, int]  #: how many per table
    archived_months: tuple[str, ...]
    size_bytes: int


def backup(source: Path | Store, target: Path) -> BackupFacts:
    """Write everything to one file (a tar archive), from an open store or beside the daemon that has it open.

    Raises:
        NoStore: there is nothing to copy.
        StoreDamaged: the store needs a look first; an incomplete backup would hide that.
        StoreFailed: reading or writing failed; a file that was there before is untouched.
    """
    try:
        state = _state_of(source)
        state_dir = source if isinstance(source, Path) else source.state_dir
        _write_tar(target, state, state_dir / ARCHIVE)
    except OSError as error:
        raise StoreFailed(f"the backup cannot be written: {error.strerror or error}") from error
    return check_backup(target)


def check_backup(path: Path) -> BackupFacts:
    """Read a backup completely, as a restore would.

    Raises:
        BackupUnreadable: it is not a whole backup.
        NewerSchema: a newer program made it.
    """
    state, months = _read_tar(path)
    return BackupFacts(
        changes=state.seq,
        records={name: len(records) for name, records in state.tables.items()},
        archived_months=tuple(months),
        size_bytes=path.stat().st_size,
    )


def restore(path: Path, state_dir: Path, now: float, files: Files | None = None) -> list[str]:
    """Check the backup, then put it in the place of the store, which is kept beside; the daemon must be stopped.

    Tasks that were due by now, or that went on in the store that is replaced (if it can be read), may have been posted
    after the backup was made, so they wait for a person. Files that were used since stay used.

    Returns:
        Sentences about what a person should know.

    Raises:
        BackupUnreadable, NewerSchema, StateLocked: nothing was changed.
        StoreFailed: the disk refused; the store is the one before or the restored one, whole.
    """
    state, _ = _read_tar(path)
    _finish_earlier(state_dir, files or Files())
    _heed_present(state, state_dir)
    put_in_doubt(state, now)
    return _install(state, state_dir, path, files or Files())


def export_json(source: Path | Store, target: Path) -> None:
    """Write the records as a file that plain TinyDB opens.

    Raises:
        NoStore, StoreDamaged, StoreFailed: as `backup`.
    """
    try:
        state = _state_of(source)
        Files().replace(target, _plain_json(state.tables), "export")
    except OSError as error:
        raise StoreFailed(f"the export cannot be written: {error.strerror or error}") from error


def import_json(path: Path, state_dir: Path, now: float) -> list[str]:
    """Make a store of a file in TinyDB's JSON format, in the place of the present one; otherwise as `restore`."""
    try:
        text = path.read_bytes()
        raw = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        state = Loaded(schema=CURRENT.version, seq=0)
        for name in snapshot.OWN_TABLES:  # of a snapshot, which plain TinyDB can open and write too
            raw.pop(name, None)
        for name, records in raw.items():
            kind: Any = dict[int, TYPES.get(name, dict[str, Any])]  # type: ignore[misc]
            state.tables[name] = msgspec.json.decode(records, type=kind)
            state.next_ids[name] = max(state.tables[name], default=0) + 1
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupUnreadable(f"{path} cannot be imported: {error}") from error
    _finish_earlier(state_dir, Files())
    _heed_present(state, state_dir)
    put_in_doubt(state, now)
    return _install(state, state_dir, None, Files())


def _finish_earlier(state_dir: Path, files: Files) -> None:
    """A restore that was cut off: what it knew of later posts stands in its result alone."""
    lock = lock_state(state_dir, files)
    try:
        finish_restore(state_dir, files)
    except OSError as error:
        raise StoreFailed(f"{state_dir} cannot be restored: {error.strerror or error}") from error
    finally:
        lock.close()


def _heed_present(state: Loaded, state_dir: Path) -> None:
    try:
        present = Loader(state_dir / FOLDER, Files(), TYPES, CURRENT, repair=False).load()
    except (OSError, StoreError) as error:  # that may be the reason for the restore
        state.warnings.append(
            f"the store that is replaced cannot be read, so posts made since are not known: {error}"
        )
        return
    if present is not None:
        heed(state, present)


def _state_of(source: Path | Store) -> Loaded:
    if isinstance(source, Store):
        seq, next_ids, tables = source.storage.tables_now()
        return Loaded(schema=CURRENT.version, seq=seq, next_ids=next_ids, tables=tables)
    folder = source / FOLDER
    for attempt in range(_ATTEMPTS):
        try:
            state = Loader(folder, Files(), TYPES, CURRENT, repair=False).load()
        except FileNotFoundError:
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        if state is None:
            raise NoStore(f"there is no store in {source}")
        if not state.lost_changes:
            return state
    raise StoreDamaged(
        f"the store in {source} has lost changes: start the daemon, read its warnings, then make a backup"
    )


def _plain_json(tables: dict[str, dict[int, Any]]) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode
    separator = b"{"
    for name, records in tables.items():
        yield b"%b%b:{" % (separator, encode(name))
        separator = b",\n"
        for number, (doc_id, record) in enumerate(records.items()):
            yield b'%b"%d":%b' % (b",\n" if number else b"\n", doc_id, encode(record))
        yield b"}"
    yield b"{}\n" if separator == b"{" else b"}\n"


def _write_tar(target: Path, state: Loaded, folder: Path) -> None:
    with (
        Files().replacing(target.absolute(), "backup") as fd,
        os.fdopen(fd, "wb", closefd=False) as out,
        tarfile.open(fileobj=out, mode="w") as tar,
    ):
        head = snapshot.Head(CURRENT.version, state.seq, state.next_ids)
        sums = {_SNAPSHOT_NAME: _add(tar, _SNAPSHOT_NAME, b"".join(snapshot.chunks(head, state.tables)))}
        for month in reversed(ArchivePages(folder).names()):
            text = Files().read(folder / f"{month}.jsonl")
            name = f"{ARCHIVE}/{month}.jsonl"
            sums[name] = _add(tar, name, text[: text.rfind(b"\n") + 1])
        _add(tar, _MANIFEST_NAME, msgspec.json.encode(sums))


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> str:
    """Add a file; returns its SHA-256."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o640
    tar.addfile(member, io.BytesIO(data))
    return hashlib.sha256(data).hexdigest()


def _read_tar(path: Path) -> tuple[Loaded, list[str]]:
    """The state in a backup and the months beside it, after a look at every byte."""
    try:
        sums: dict[str, str] = {}
        kept: dict[str, bytes] = {}
        for name, data in _contents(path):
            sums[name] = hashlib.sha256(data).hexdigest()
            if name in (_SNAPSHOT_NAME, _MANIFEST_NAME):
                kept[name] = data
        del sums[_MANIFEST_NAME]
        if msgspec.json.decode(kept[_MANIFEST_NAME], type=dict[str, str]) != sums:
            raise BackupUnreadable(f"{path} is incomplete or was altered")
        raw = snapshot.read(kept[_SNAPSHOT_NAME])
        state = Loader.from_snapshot(raw, TYPES, CURRENT, path)
        months = [Path(name).stem for name in sums if name != _SNAPSHOT_NAME]
    except KeyError as error:
        raise BackupUnreadable(f"{path} is not a whole backup: it has no {error}") from error
    except (
        OSError,
        tarfile.TarError,
        snapshot.Unreadable,
        msgspec.MsgspecError,
        UnicodeDecodeError,
        RecursionError,
        Hostile,
    ) as error:
        raise BackupUnreadable(f"{path} cannot be read as a backup: {error}") from error
    return state, months


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file in the archive, only one of them in memory. Raises Hostile, TarError, OSError."""
    check_headers(path)
    with tarfile.open(path, mode="r:") as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.isfile() else None
            if stream is not None:
                if member.size > _MAX_FILE_BYTES:
                    raise Hostile(
                        f"{member.name!r} has {member.size} bytes, at most {_MAX_FILE_BYTES} are taken"
                    )
                data = stream.read()
                if len(data) != member.size:
                    raise tarfile.ReadError(f"{member.name} is cut off")
                yield member.name, data


def _install(state: Loaded, state_dir: Path, archived: Path | None, files: Files) -> list[str]:
    """`archived` is the backup whose archive files are added to those that are there."""
    lock = lock_state(state_dir, files)
    try:
        restored, unfinished = state_dir / RESTORED, state_dir / f"{RESTORED}.tmp"
        for leftover in (restored, unfinished):
            if leftover.exists():
                shutil.rmtree(leftover)
        archive = Archive(state_dir / ARCHIVE, files)
        for name, text in _contents(archived) if archived else ():
            if Path(name).parent.name == ARCHIVE:
                archive.append(_not_yet_archived(state_dir / ARCHIVE, name, text))
        unfinished.mkdir()
        # Not the first generation: that one may be read without its snapshot, since it begins empty.
        number = FIRST + 1
        files.replace(journal_path(unfinished, number), [journal.header(CURRENT.version)], "restored journal")
        head = snapshot.Head(CURRENT.version, state.seq, state.next_ids)
        files.replace(
            snapshot_path(unfinished, number), snapshot.chunks(head, state.tables), "restored snapshot"
        )
        files.rename(unfinished, restored, "complete restore")
        files.sync_folder(state_dir, "complete restore")
        kept = finish_restore(state_dir, files)
    except OSError as error:
        raise StoreFailed(f"{state_dir} cannot be restored: {error.strerror or error}") from error
    finally:
        lock.close()
    return [*state.warnings, *([f"the store before is kept in {kept}"] if kept else [])]


def _not_yet_archived(folder: Path, name: str, text: bytes) -> list[Task]:
    """The tasks of this archive file of a backup that the folder's file of the same month has not."""
    pages, month = ArchivePages(folder), Path(name).stem
    present = set[int]()
    if month in pages.names():
        with pages.open(month) as opened:
            present.update(task.id for task in opened.every({}))
    found = [task_in(line) for line in text.splitlines()]
    if unreadable := found.count(None):
        log.warning("%s: %d unreadable lines were skipped", name, unreadable)
    # The last line of a task counts, as in `archived_month`.
    return list({task.id: task for task in found if task is not None and task.id not in present}.values())
