"""Takes a stream into a file that appears whole or not at all, within quota and free space."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.hub.settings import Settings
from jobs.input.refusals import Invalid, NoSpace, Problem

#: Names of files that are still being received begin with this.
_PARTIAL = ".upload-"
#: Written in steps, so that the disk is not blocked for seconds at the end.
_SYNC_STEP_BYTES = 16 * 1024**2
_FULL = (errno.ENOSPC, errno.EDQUOT)


def remove_partials(folder: Path) -> None:
    """Remove what uploads that never ended have left behind; only before the first upload."""
    for left_over in folder.glob(f"{_PARTIAL}*"):
        with contextlib.suppress(OSError):
            left_over.unlink()


@contextmanager
def partial_file(folder: Path, suffix: str) -> Iterator[Path]:
    """A new empty file in the folder (made if missing), gone afterwards unless it was renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, path = tempfile.mkstemp(prefix=_PARTIAL, suffix=suffix, dir=folder)
    os.close(descriptor)
    try:
        yield Path(path)
    finally:
        Path(path).unlink(missing_ok=True)


def receive(
    chunks: Iterable[bytes], file: Path, *, settings: Settings, kept_bytes: int, length: int | None
) -> str:
    """Write the stream durably; returns its SHA-256. `kept_bytes` is what the library holds, `length` what was announced.

    Raises:
        Invalid: too large, or not as long as announced.
        NoSpace: there is no room.
    """
    most = settings.server.max_upload_bytes
    room = max(0, room_for(file.parent, settings, kept_bytes))
    if (length or 0) > most:
        raise Invalid(Problem("file", f"has {length} bytes, {most} are taken", "too_large"))
    if (length or 0) > room:
        raise NoSpace(Problem("file", f"has {length} bytes, the library has room for {room}"))
    digest = hashlib.sha256()
    size_bytes = unsynced = 0
    with full_disk_told(), file.open("wb") as out:
        for chunk in chunks:
            size_bytes += len(chunk)
            unsynced += len(chunk)
            if size_bytes > most:
                raise Invalid(Problem("file", f"is larger than {most} bytes", "too_large"))
            if size_bytes > room:
                raise NoSpace(Problem("file", f"does not fit: the library has room for {room} bytes"))
            digest.update(chunk)
            out.write(chunk)
            if unsynced >= _SYNC_STEP_BYTES:
                out.flush()
                os.fdatasync(out.fileno())
                unsynced = 0
        out.flush()
        os.fsync(out.fileno())
    if length is not None and size_bytes != length:
        raise Invalid(Problem("file", f"{length} bytes were announced, {size_bytes} came", "truncated"))
    return digest.hexdigest()


@contextmanager
def full_disk_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpace(Problem("file", "the disk is full")) from error
        raise


def room_for(folder: Path, settings: Settings, library_bytes: int) -> int:
    """How many bytes an upload may have now."""
    room = shutil.disk_usage(folder).free - settings.storage.min_free_bytes
    quota = settings.media.library_quota_bytes
    return min(room, quota - library_bytes) if quota else room


def sync_folder(folder: Path) -> None:
    """Make renames in the folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
