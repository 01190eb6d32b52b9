"""What the store is compared with: a raw append and sqlite; and the task that all of them store."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from storage.records import MediaFile, NewTask, Stage, Task


def new_task(number: int) -> NewTask:
    """A task as a post of one video stores it: some 900 bytes in the journal."""
    media = MediaFile(
        path=f"/srv/media/{number}.mp4",
        name=f"{number}.mp4",
        sha256=f"{number:064x}",
        size_bytes=9_000_000,
        kind="video",
    )
    return NewTask(
        serial=f"R58M{number % 50:04d}",
        platform="tiktok",
        package="com.zhiliaoapp.musically",
        script_config={
            "caption": "a day at the sea",
            "visibility": "everyone",
            "material_list": [media.path],
        },
        scheduled_at=1.7e9 + number,
        created_at=1.7e9,
        username=f"account_{number % 100}",
        caption="a day at the sea",
        materials=(media,),
        stage=Stage.SCHEDULED if number % 100 == 0 else Stage.PUBLISHED,
    )


class RawFile:
    """The limit: append the same bytes to a file, fdatasync."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._data = data
        self._lock = threading.Lock()

    def append(self, _number: int) -> None:
        with self._lock:
            os.write(self._fd, self._data)
            os.fdatasync(self._fd)


class Sqlite:
    """One table with an index on the status; WAL, synchronous=FULL."""

    def __init__(self, path: Path, tasks: Sequence[Task]) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("CREATE TABLE tasks (id INTEGER PRIMARY KEY, status INTEGER, doc BLOB)")
        self._db.execute("BEGIN")
        rows = ((task.id, int(task.status), msgspec.json.encode(task)) for task in tasks)
        self._db.executemany("INSERT INTO tasks VALUES (?, ?, ?)", rows)
        self._db.execute("COMMIT")
        self._db.execute("CREATE INDEX by_status ON tasks (status, id)")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def create(self, number: int) -> None:
        self._db.execute(
            "INSERT INTO tasks (status, doc) VALUES (0, ?)", (msgspec.json.encode(new_task(number)),)
        )

    def update(self, task: Task) -> None:
        self._db.execute("UPDATE tasks SET doc = ? WHERE id = ?", (msgspec.json.encode(task), task.id))

    def get(self, task_id: int) -> None:
        found = self._db.execute("SELECT doc FROM tasks WHERE id = ?", (task_id,)).fetchone()
        msgspec.json.decode(found[0])

    def page(self) -> None:
        sql = "SELECT doc FROM tasks WHERE status = 2 ORDER BY id DESC LIMIT 20"
        for (text,) in self._db.execute(sql).fetchall():
            msgspec.json.decode(text)
        self._db.execute("SELECT count(*) FROM tasks WHERE status = 2").fetchone()

    def counts(self) -> None:
        self._db.execute("SELECT status, count(*) FROM tasks GROUP BY status").fetchall()

    def close(self) -> None:
        self._db.close()
