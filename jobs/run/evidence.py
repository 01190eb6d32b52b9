"""Evidence: the step log, screenshots and UI trees kept for each task, within a quota, oldest dropped first."""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from jobs.hub.clock import Clock, utc

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LOG_NAME = "log.jsonl"

#: One attempt writes at most this much: a script that runs in circles must not fill the disk (JOB-7, JOB-8).
MAX_LOG_LINES = 5_000
#: A caption has a tenth of this; what an app shows may have megabytes.
MAX_LINE_BYTES = 64 * 1024
MAX_FACT_CHARS = 4_000
MAX_FILES = 50
MAX_FILE_BYTES = 16 * 1024**2


class Evidence:
    """All evidence, one folder per task: `DIR/TASK_ID/log.jsonl` and `DIR/TASK_ID/ATTEMPT-NAME`.

    Reading and writing may happen on any thread. Nothing here ever fails an attempt: what cannot be written is
    reported once in the daemon's log.
    """

    def __init__(self, folder: Path, quota_bytes: int, clock: Clock) -> None:
        self._folder = folder
        self._quota_bytes = quota_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[int, int] = {}  #: task id -> open writers; their folders are never cleaned
        self._bytes: int | None = None  #: None until the folder was counted
        self._full = False
        self._listener: Callable[[int], None] = lambda _: None

    def on_closed(self, listener: Callable[[int], None]) -> None:
        """Call this with the id of each task whose last writer was closed."""
        self._listener = listener

    def is_open(self, task_id: int) -> bool:
        """Whether an attempt may still add evidence of this task."""
        with self._lock:
            return task_id in self._open

    def picture(self, task_id: int) -> str:
        """The name of the newest picture kept for a task, "" when there is none."""
        pictures = [name for name in self.names(task_id) if name.endswith(".png")]
        return max(pictures, key=lambda name: (_attempt_of(name), name), default="")

    def writer(self, task_id: int, attempt: int) -> EvidenceWriter:
        """The writing side for one attempt; close it."""
        with self._lock:
            self._open[task_id] = self._open.get(task_id, 0) + 1
        return EvidenceWriter(self, self._clock, self._folder / str(task_id), task_id, attempt)

    def log(self, task_id: int) -> list[dict[str, Any]]:
        """The step log of all attempts, oldest line first; half a line after a power cut is left out."""
        try:
            text = (self._folder / str(task_id) / _LOG_NAME).read_bytes()
        except OSError:
            return []
        lines = []
        for line in text.splitlines():
            with contextlib.suppress(msgspec.DecodeError):
                lines.append(msgspec.json.decode(line, type=dict[str, Any]))
        return lines

    def names(self, task_id: int) -> list[str]:
        """The names of the files kept for a task, without the log."""
        try:
            entries = sorted((self._folder / str(task_id)).iterdir())
        except OSError:
            return []
        return [entry.name for entry in entries if entry.name != _LOG_NAME and _NAME.fullmatch(entry.name)]

    def task_ids(self) -> list[int]:
        """The tasks of which anything is kept, the newest first."""
        return sorted((int(folder.name) for folder in self._task_folders()), reverse=True)

    def read(self, task_id: int, name: str) -> bytes | None:
        """One kept file, None when there is none of this name."""
        if not _NAME.fullmatch(name):
            return None
        try:
            return (self._folder / str(task_id) / name).read_bytes()
        except OSError:
            return None

    @property
    def needs_cleaning(self) -> bool:
        """The folder was never counted, or more than the quota lies in it."""
        return self._bytes is None or self._bytes > self._quota_bytes

    def clean(self) -> int:
        """Drop the evidence of the longest untouched tasks until a tenth of the quota is free; returns bytes freed."""
        folders = []
        total = 0
        for folder in self._task_folders():
            size, newest = _measure(folder)
            total += size
            folders.append((newest, folder, size))
        freed = 0
        goal = self._quota_bytes * 0.9 if total > self._quota_bytes else total
        for _, folder, size in sorted(folders):
            if total - freed <= goal:
                break
            with self._lock:
                if int(folder.name) in self._open:
                    continue
                shutil.rmtree(folder, ignore_errors=True)
            freed += size
        with self._lock:
            self._bytes = total - freed
        if freed:
            _LOG.info("evidence: %d bytes dropped to stay within the quota", freed)
        return freed

    @property
    def warnings(self) -> list[str]:
        """Why evidence is not kept, for the health report; empty when it is."""
        return ["evidence cannot be written"] if self._full else []

    def _task_folders(self) -> list[Path]:
        try:
            return [entry for entry in self._folder.iterdir() if entry.name.isdecimal()]
        except OSError:
            return []

    def _has_room(self, size: int) -> bool:
        """False when the quota is so far exceeded that files must wait for the next cleaning."""
        return self._bytes is None or self._bytes + size <= self._quota_bytes * 1.1

    def _grown(self, size: int) -> None:
        self._full = False
        with self._lock:
            if self._bytes is not None:
                self._bytes += size

    def _failed(self, error: OSError) -> None:
        if not self._full:
            _LOG.warning("evidence cannot be written: %s", error)
        self._full = True

    def _closed(self, task_id: int) -> None:
        with self._lock:
            left = self._open.get(task_id, 1) - 1
            if left:
                self._open[task_id] = left
            else:
                self._open.pop(task_id, None)
        if not left:
            self._listener(task_id)


class EvidenceWriter:
    """Writes the evidence of one attempt; used by the attempt's thread and by the thread that ends it."""

    def __init__(self, evidence: Evidence, clock: Clock, folder: Path, task_id: int, attempt: int) -> None:
        self._evidence = evidence
        self._clock = clock
        self._folder = folder
        self._task_id = task_id
        self._attempt = attempt
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._lines = 0
        self._closed = False
        self.kept: set[str] = set()  #: names under which files were kept

    def line(self, step: str, **facts: Any) -> None:
        """One line of the step log: time, attempt, step and whatever facts there are."""
        entry = {"at": utc(self._clock.now()).isoformat(), "attempt": self._attempt, "step": step, **facts}
        text = msgspec.json.encode(entry, enc_hook=str) + b"\n"
        if len(text) > MAX_LINE_BYTES:
            cut = {name: _cut(fact) for name, fact in entry.items()}
            text = msgspec.json.encode(cut, enc_hook=str) + b"\n"
        with self._lock:
            self._lines += 1
            if self._closed or self._lines > MAX_LOG_LINES:
                return
            try:
                if self._file is None:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    # Unbuffered: what a crash leaves is as long as what happened.
                    self._file = (self._folder / _LOG_NAME).open("ab", buffering=0)
                self._file.write(text)
            except OSError as error:
                self._evidence._failed(error)  # noqa: SLF001
                return
        self._evidence._grown(len(text))  # noqa: SLF001

    def keep(self, name: str, data: bytes) -> None:
        """Keep a file of this attempt. Over-long data and odd names are refused with a line in the log."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a name for evidence: {name!r}")
        with self._lock:
            refused = self._closed or len(self.kept) >= MAX_FILES or len(data) > MAX_FILE_BYTES
            refused = refused or not self._evidence._has_room(len(data))  # noqa: SLF001
            if not refused:
                try:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    (self._folder / f"{self._attempt}-{name}").write_bytes(data)
                    self.kept.add(name)
                except OSError as error:
                    self._evidence._failed(error)  # noqa: SLF001
                    return
        if refused:
            self.line("evidence", note=f"{name} ({len(data)} bytes) was not kept")
        else:
            self._evidence._grown(len(data))  # noqa: SLF001

    def close(self) -> None:
        """No more lines; idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._file is not None:
                self._file.close()
                self._file = None
        self._evidence._closed(self._task_id)  # noqa: SLF001


def _cut(fact: Any) -> Any:
    """A fact of a line that is too long: numbers as they are, texts and lists cut, and how long they were."""
    if fact is None or isinstance(fact, bool | int | float):
        return fact
    text = fact if isinstance(fact, str) else msgspec.json.encode(fact, enc_hook=str).decode()
    if len(text) <= MAX_FACT_CHARS:
        return fact
    return f"{text[:MAX_FACT_CHARS]}... ({len(text)} characters)"


def _attempt_of(name: str) -> int:
    number = name.partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _measure(folder: Path) -> tuple[int, float]:
    """The bytes in a folder and the time of its newest file."""
    size, newest = 0, 0.0
    with contextlib.suppress(OSError):
        for entry in folder.iterdir():
            facts = entry.stat()
            size += facts.st_size
            newest = max(newest, facts.st_mtime)
    return size, newest
