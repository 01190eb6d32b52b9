"""What is known of media files, kept across restarts by inode, size and times: a cache, which may be lost at any time."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from pathlib import Path
from typing import NamedTuple

_LOG = logging.getLogger(__name__)

#: Where it lies in the state directory.
FILE = "media-facts.sqlite3"
#: Rows kept; beyond that the ones that were written longest ago go.
ROWS_MAX = 200_000
#: How many rows go at once, so that a full table is not trimmed at every write.
TRIM = 10_000
_LAYOUT = 1

_CREATE = """
CREATE TABLE IF NOT EXISTS files (
    device TEXT NOT NULL, inode TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL, seen BLOB, PRIMARY KEY (device, inode)
)
"""


class FileId(NamedTuple):
    """Which file it was, in which state. `ctime_ns` changes at every write, also where the mtime was set back."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileId:
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class Known(NamedTuple):
    """What is known of a file: its SHA-256 in hex, and what the probe saw as it wrote it; "" and None: not yet."""

    sha256: str
    seen: bytes | None


class MediaFacts:
    """The cache, in an SQLite file of its own. Thread-safe. No failure of the disk reaches the caller."""

    def __init__(self, path: Path | None) -> None:
        """`path` None keeps it in memory only. The file is opened at the first use."""
        self._path = path
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._closed = False
        self._broken = False
        self._told = False

    def find(self, file: FileId) -> Known | None:
        """What is known of the file in exactly this state."""
        with self._lock:
            rows = self._run(
                "SELECT sha256, seen FROM files WHERE device = ? AND inode = ? AND size = ? AND mtime_ns = ? "
                "AND ctime_ns = ?",
                _values(file),
            )
        return Known(*rows[0]) if rows else None

    def keep(self, file: FileId, sha256: str = "", seen: bytes | None = None) -> None:
        """Remember this; what is left out and known for the same state stays."""
        with self._lock:
            self._run(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (device, inode) DO UPDATE SET "
                "sha256 = CASE WHEN excluded.sha256 = '' AND (size, mtime_ns, ctime_ns) = "
                "(excluded.size, excluded.mtime_ns, excluded.ctime_ns) THEN sha256 ELSE excluded.sha256 END, "
                "seen = CASE WHEN excluded.seen IS NULL AND (size, mtime_ns, ctime_ns) = "
                "(excluded.size, excluded.mtime_ns, excluded.ctime_ns) THEN seen ELSE excluded.seen END, "
                "size = excluded.size, mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns",
                (*_values(file), sha256, seen),
            )

    def moved(self, before: FileId, now: FileId) -> None:
        """The file was renamed, which changes its ctime and nothing else."""
        known = self.find(before)
        if known is not None and before._replace(ctime_ns=now.ctime_ns) == now:
            self.keep(now, *known)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._database is not None:
                self._database.close()
                self._database = None

    def _run(self, statement: str, values: tuple[object, ...]) -> list[tuple[str, bytes | None]]:
        if self._closed or self._broken:
            return []
        try:
            if self._database is None:
                self._database = self._open()
            return self._database.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:  # a full or read-only disk, a lock: not the file's fault
            if not self._told:
                _LOG.warning("facts about media files cannot be stored for now: %s", error)
            self._told = True
            self._broken = self._database is None
            return []
        except sqlite3.DatabaseError as error:
            _LOG.warning("%s is damaged (%s) and made anew: files are looked into once more", FILE, error)
            self._start_anew()
            return []

    def _open(self) -> sqlite3.Connection:
        where = ":memory:" if self._path is None else str(self._path)
        database = sqlite3.connect(where, timeout=1, isolation_level=None, check_same_thread=False)
        try:
            # NORMAL with a write-ahead log: a power cut loses the last rows at most, and never the file.
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            (layout,) = database.execute("PRAGMA user_version").fetchone()
            if layout != _LAYOUT:
                database.execute("DROP TABLE IF EXISTS files")
                database.execute(f"PRAGMA user_version = {_LAYOUT}")
            database.execute(_CREATE)
            (rows,) = database.execute("SELECT count(*) FROM files").fetchone()
            if rows > ROWS_MAX:
                database.execute(
                    "DELETE FROM files WHERE rowid IN (SELECT rowid FROM files ORDER BY rowid LIMIT ?)",
                    (rows - ROWS_MAX + TRIM,),
                )
        except BaseException:
            database.close()
            raise
        return database

    def _start_anew(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._path is None:
            return
        try:
            for ending in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        except OSError as error:
            _LOG.warning("%s cannot be removed: %s", self._path, error)
            self._broken = True


def _values(file: FileId) -> tuple[object, ...]:
    # As text: an inode may be larger than SQLite's numbers.
    return (str(file.device), str(file.inode), file.size, file.mtime_ns, file.ctime_ns)
