"""The few file operations on which durability rests; every one passes a named hook before and after."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from storage.engine.hooks import Hook, no_hook

log = logging.getLogger(__name__)

#: What the system says when there is no room: disk, quota, file-size limit.
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

#: A big file is pushed to disk in pieces of this size, so that it never makes a small fsync wait for long.
SYNC_STEP_BYTES = 256 * 1024

#: A disk with bad places is read in pieces of this size.
BLOCK_BYTES = 4096

#: What stands for a byte that the disk cannot read; no text in UTF-8 holds it.
UNREADABLE = b"\xff"


def is_full(error: OSError) -> bool:
    """Whether the error means "no room" (rather than a broken disk)."""
    return error.errno in NO_SPACE


class Files:
    """Durable file operations. Tests replace it to make single operations fail."""

    def __init__(self, at: Hook = no_hook) -> None:
        self._at = at

    def open(self, path: Path, flags: int) -> int:
        return os.open(path, flags | os.O_CLOEXEC, 0o640)

    def read(self, path: Path) -> bytes:
        """The whole file. What the disk cannot read comes as `UNREADABLE`: the checksums tell what that spoils."""
        fd = self.open(path, os.O_RDONLY)
        try:
            size = os.fstat(fd).st_size
            try:
                return self.read_at(fd, size, 0)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
            log.warning("%s: the disk cannot read all of it", path)
            steps = range(0, size, BLOCK_BYTES)
            return b"".join(self._block(fd, min(BLOCK_BYTES, size - at), at) for at in steps)
        finally:
            os.close(fd)

    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        data = os.pread(fd, size, offset)
        while 0 < len(data) < size and (more := os.pread(fd, size - len(data), offset + len(data))):
            data += more  # the system reads at most 2 GB at a time
        return data

    def _block(self, fd: int, size: int, offset: int) -> bytes:
        try:
            return self.read_at(fd, size, offset)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return UNREADABLE * size

    def write(self, fd: int, data: bytes, offset: int, what: str) -> None:
        """Write all of `data` at `offset`; raises OSError, also after a part was written."""
        self._at(f"before write {what}")
        view = memoryview(data)
        while view:
            done = os.pwrite(fd, view, offset)
            if done == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            view = view[done:]
            offset += done
        self._at(f"after write {what}")

    def sync(self, fd: int, what: str) -> None:
        self._at(f"before fsync {what}")
        os.fdatasync(fd)
        self._at(f"after fsync {what}")

    def truncate(self, fd: int, size: int, what: str) -> None:
        self._at(f"before truncate {what}")
        os.ftruncate(fd, size)
        self._at(f"after truncate {what}")

    def allocate(self, fd: int, size: int, what: str) -> None:
        self._at(f"before allocate {what}")
        os.posix_fallocate(fd, 0, size)
        self._at(f"after allocate {what}")

    def rename(self, old: Path, new: Path, what: str) -> None:
        self._at(f"before rename {what}")
        old.rename(new)
        self._at(f"after rename {what}")

    def remove(self, path: Path, what: str) -> None:
        self._at(f"before remove {what}")
        path.unlink(missing_ok=True)
        self._at(f"after remove {what}")

    def sync_folder(self, folder: Path, what: str) -> None:
        """Make renames and new names in the folder durable."""
        self._at(f"before fsync folder {what}")
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        self._at(f"after fsync folder {what}")

    def make_folder(self, folder: Path) -> None:
        """Make the folder and those above it that are missing, durably; nothing happens when it is there."""
        if folder.is_dir():
            return
        self.make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        self.sync_folder(folder.parent, "new folder")

    def free_bytes(self, folder: str) -> int:
        """Bytes that the daemon may still write in this folder's file system."""
        facts = os.statvfs(folder)
        return facts.f_bavail * facts.f_frsize

    @contextlib.contextmanager
    def replacing(self, path: Path, what: str, mode: int | None = None) -> Iterator[int]:
        """A new file to write to, which takes the place of `path` at the end: whole and durable, or not at all.

        Raises:
            OSError: nothing was replaced; or, when making the new name durable failed, the whole new file is there but
                a power cut may bring the old one back.
        """
        refuse_no_file(path)
        beside = path.with_name(f"{path.name}.{os.urandom(4).hex()}.tmp")
        fd = self.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            try:
                if mode is not None:
                    os.fchmod(fd, mode)
                yield fd
                self.sync(fd, what)
            finally:
                os.close(fd)
            self.rename(beside, path, what)
        except Exception:
            beside.unlink(missing_ok=True)
            raise
        self.sync_folder(path.parent, what)

    def replace(self, path: Path, chunks: Iterable[bytes], what: str) -> int:
        """Replace a file by one with this content; returns its size. Raises OSError, as `replacing`."""
        size = unsynced = 0
        with self.replacing(path, what) as fd:
            for chunk in chunks:
                self.write(fd, chunk, size, what)
                size += len(chunk)
                unsynced += len(chunk)
                if unsynced >= SYNC_STEP_BYTES:
                    os.fdatasync(fd)
                    unsynced = 0
        return size


def refuse_no_file(path: Path) -> None:
    """Raise OSError for what would be lost when a file takes its place: a device, a pipe, a link such as /dev/stdout."""
    try:
        kind = path.stat().st_mode
    except OSError:
        return  # nothing is there, or opening it says why not
    leads = str(path.readlink()) if path.is_symlink() else ""
    kernel_s = (leads, os.path.realpath(path.parent) + "/")
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)) or any(name.startswith("/proc/") for name in kernel_s):
        raise OSError(
            errno.EINVAL, "it is a device, a pipe or an open file: give the name of a file", str(path)
        )
