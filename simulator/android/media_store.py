"""The media store: a real SQLite database that lists a file only after a scan, as Android's does."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.android.files import PhoneFiles
from simulator.android.media_probe import Probed, probe
from simulator.apps.base import MediaRow

_TYPES = {"image": 1, "audio": 2, "video": 3, "": 0}
_TABLE = """
CREATE TABLE IF NOT EXISTS files (
  _id INTEGER PRIMARY KEY AUTOINCREMENT, _data TEXT UNIQUE COLLATE NOCASE, _display_name TEXT, title TEXT,
  _size INTEGER, mime_type TEXT, media_type INTEGER NOT NULL, duration INTEGER, width INTEGER, height INTEGER,
  resolution TEXT, date_added INTEGER, date_modified INTEGER, datetaken INTEGER, relative_path TEXT,
  bucket_display_name TEXT, volume_name TEXT DEFAULT 'external_primary', is_pending INTEGER DEFAULT 0,
  is_trashed INTEGER DEFAULT 0, owner_package_name TEXT, orientation INTEGER DEFAULT 0
)
"""
_COLUMNS = re.compile(r"[a-z_]+")
_READ_ACTIONS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}


class MediaError(ValueError):
    """What `content` prints for a request that the provider refuses."""


class MediaStore:
    """The media store of one phone."""

    def __init__(self, path: Path, files: PhoneFiles) -> None:
        self._files = files
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(_TABLE)
        # Ids of a used phone do not begin at 1.
        if not self._db.execute("SELECT 1 FROM sqlite_sequence WHERE name='files'").fetchone():
            self._db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('files', 1000000032)")
        self._digests: dict[str, tuple[tuple[int, int], str]] = {}
        self.changed: Callable[[], None] = lambda: None

    def close(self) -> None:
        self._db.close()

    async def scan(self, path: str) -> str:
        """Look at one file and list it; its content uri, or "" when there is no such file."""
        canonical = self._files.canonical(path)
        try:
            host = self._files.host_path(canonical)
            facts = await asyncio.to_thread(_look, host, host.name)
        except OSError:
            self.forget(canonical)
            return ""
        found, stat, digest = facts
        self._digests[canonical] = ((stat.st_mtime_ns, stat.st_size), digest)
        row = self._row(canonical, found, stat)
        # An upsert by path, so that a file scanned again keeps its id.
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        updates = ", ".join(f"{name}=excluded.{name}" for name in row if name != "date_added")
        self._db.execute(
            f"INSERT INTO files ({names}) VALUES ({marks}) ON CONFLICT(_data) DO UPDATE SET {updates}",  # noqa: S608
            tuple(row.values()),
        )
        row_id = self._db.execute("SELECT _id FROM files WHERE _data=?", (canonical,)).fetchone()[0]
        self.changed()
        folder = {"video": "video/media", "image": "images/media"}.get(found.kind, "file")
        return f"content://media/external_primary/{folder}/{row_id}"

    async def insert(self, kind: str, values: dict[str, Any]) -> str:
        """`content insert`: a row as the caller wrote it. A video inserted so has no duration, as on a phone.

        Raises MediaError.
        """
        path = values.get("_data")
        if not path and values.get("_display_name"):
            folder = values.get("relative_path") or ("Movies" if kind == "video" else "Pictures")
            path = f"/storage/emulated/0/{str(folder).strip('/')}/{values['_display_name']}"
        if not path:
            raise MediaError(
                "java.lang.IllegalArgumentException: no path was provided when inserting new file"
            )
        canonical = self._files.canonical(str(path))
        width = height = None
        if kind == "image":
            try:
                found, stat, digest = await asyncio.to_thread(
                    _look, self._files.host_path(canonical), canonical
                )
                self._digests[canonical] = ((stat.st_mtime_ns, stat.st_size), digest)
                width, height = found.width or None, found.height or None
            except OSError:
                pass
        now = int(time.time())
        name = canonical.rpartition("/")[2]
        row = {
            "_data": canonical, "_display_name": name, "title": name.rpartition(".")[0], "media_type": _TYPES[kind],
            "mime_type": values.get("mime_type") or ("video/mp4" if kind == "video" else "image/jpeg"),
            "date_added": values.get("date_added") or now, "date_modified": values.get("date_modified") or now,
            "_size": values.get("_size"), "width": width, "height": height,
            "relative_path": _relative(canonical), "owner_package_name": "com.android.shell",
        }  # fmt: skip
        try:
            cursor = self._db.execute(
                f"INSERT INTO files ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})",  # noqa: S608
                tuple(row.values()),
            )
        except sqlite3.IntegrityError as error:
            raise MediaError("android.database.sqlite.SQLiteConstraintException: UNIQUE constraint failed: files._data"
                             " (code 2067 SQLITE_CONSTRAINT_UNIQUE)") from error  # fmt: skip
        self.changed()
        return f"content://media/external/{'video' if kind == 'video' else 'images'}/media/{cursor.lastrowid}"

    def forget(self, path: str) -> None:
        """The file is gone (or a folder with all in it): so are its rows."""
        canonical = self._files.canonical(path)
        self._db.execute(
            "DELETE FROM files WHERE _data=? OR substr(_data, 1, ?)=?",
            (canonical, len(canonical) + 1, canonical + "/"),
        )
        self.changed()

    def query(
        self, kind: str, row_id: int | None, projection: list[str], where: str, sort: str
    ) -> list[dict[str, Any]]:
        """`content query`: the where clause is real SQL, read only. Raises MediaError."""
        for name in projection:
            if not _COLUMNS.fullmatch(name):
                raise MediaError(f"java.lang.IllegalArgumentException: Invalid column {name}")
        clauses = [] if kind == "file" else [f"media_type={_TYPES[kind]}"]
        if row_id is not None:
            clauses.append(f"_id={row_id}")
        if where:
            clauses.append(f"({where})")
        sql = f"SELECT {', '.join(projection) or '*'} FROM files"  # noqa: S608 - read only, see the authorizer
        sql += f" WHERE {' AND '.join(clauses)}" if clauses else ""
        sql += f" ORDER BY {sort}" if sort else ""
        self._db.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_OK if action in _READ_ACTIONS else sqlite3.SQLITE_DENY
        )
        try:
            return [dict(row) for row in self._db.execute(sql)]
        except sqlite3.Error as error:
            raise MediaError(
                f"android.database.sqlite.SQLiteException: {error} (code 1 SQLITE_ERROR)"
            ) from error
        finally:
            self._db.set_authorizer(None)

    def delete(self, kind: str, row_id: int | None, where: str) -> int:
        """`content delete`: rows and, as Android does, their files."""
        rows = self.query(kind, row_id, ["_id", "_data"], where, "")
        for row in rows:
            self._db.execute("DELETE FROM files WHERE _id=?", (row["_id"],))
            try:
                self._files.remove(self._files.host_path(row["_data"]))
            except OSError:
                continue
        self.changed()
        return len(rows)

    def path_of(self, row_id: int) -> str:
        """The path of a row, "" when there is none."""
        row = self._db.execute("SELECT _data FROM files WHERE _id=?", (row_id,)).fetchone()
        return row[0] if row else ""

    def rows(self) -> list[MediaRow]:
        """What pickers list: videos and images whose file is there, newest first."""
        found = self._db.execute(
            "SELECT * FROM files WHERE media_type IN (1, 3) AND is_pending=0 AND is_trashed=0"
            " ORDER BY date_modified DESC, _id DESC"
        )
        return [row for row in map(self._media_row, found) if row is not None]

    def row(self, row_id: int) -> MediaRow | None:
        found = self._db.execute("SELECT * FROM files WHERE _id=?", (row_id,)).fetchone()
        return None if found is None else self._media_row(found)

    def _media_row(self, row: sqlite3.Row) -> MediaRow | None:
        try:
            host = self._files.host_path(row["_data"])
            stat = host.stat()
        except OSError:
            return None
        return MediaRow(
            id=row["_id"],
            path=row["_data"],
            name=row["_display_name"],
            kind="video" if row["media_type"] == _TYPES["video"] else "image",
            size_bytes=stat.st_size,
            sha256=self._digest(row["_data"], host, stat),
            duration_ms=row["duration"] or 0,
            width=row["width"] or 0,
            height=row["height"] or 0,
            date_added=float(row["date_modified"] or 0),
        )

    def _digest(self, path: str, host: Path, stat: os.stat_result) -> str:
        """The digest of what lies there now; read again only when the file changed since the last look."""
        known = self._digests.get(path)
        if known is None or known[0] != (stat.st_mtime_ns, stat.st_size):
            # A touch after the scan changes the time only; the content must be read to know.
            known = ((stat.st_mtime_ns, stat.st_size), file_digest(host, "sha256"))
            self._digests[path] = known
        return known[1]

    def _row(self, path: str, found: Probed, stat: os.stat_result) -> dict[str, Any]:
        name = path.rpartition("/")[2]
        return {
            "_data": path, "_display_name": name, "title": name.rpartition(".")[0], "_size": stat.st_size,
            "mime_type": found.mime, "media_type": _TYPES[found.kind], "duration": found.duration_ms or None,
            "width": found.width or None, "height": found.height or None,
            "resolution": f"{found.width}\u00d7{found.height}" if found.width else None,
            "date_added": int(time.time()), "date_modified": int(stat.st_mtime),
            "datetaken": int(stat.st_mtime * 1000), "relative_path": _relative(path),
            "bucket_display_name": path.split("/")[-2], "owner_package_name": None, "is_pending": 0,
        }  # fmt: skip


def _relative(path: str) -> str:
    return path.removeprefix("/storage/emulated/0/").rpartition("/")[0] + "/"


def _look(host: Path, name: str) -> tuple[Probed, os.stat_result, str]:
    stat = host.stat()
    return probe(host, name), stat, file_digest(host, "sha256")


def file_digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
