"""The sync service: how files get on and off the phone (source: adb's SYNC.TXT and file_sync_protocol.h)."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
import time
from pathlib import Path
from typing import BinaryIO

from simulator.adb.link import Stream
from simulator.android.files import PhoneFiles
from simulator.phone import Phone

_CHUNK_BYTES = 64 * 1024
_ERRNO_NAMES = {errno.ENOSPC: "No space left on device", errno.EACCES: "Permission denied",
                errno.EROFS: "Read-only file system", errno.ENOENT: "No such file or directory",
                errno.EISDIR: "Is a directory", errno.ENAMETOOLONG: "File name too long",
                errno.ENOTDIR: "Not a directory"}  # fmt: skip


async def serve(phone: Phone, stream: Stream) -> None:
    """Answer sync requests until QUIT or the end of the stream."""
    while True:
        head = await stream.readexactly(8)
        kind, length = head[:4], struct.unpack("<I", head[4:])[0]
        if kind == b"QUIT":
            return
        if length > 4096:
            await _fail(stream, "path too long")
            return
        path = (await stream.readexactly(length)).decode("utf-8", "surrogateescape")
        if kind == b"STAT":
            mode, size, mtime, *_ = _stat(phone.files, path)
            await stream.write(b"STAT" + struct.pack("<III", mode, size & 0xFFFFFFFF, mtime))
        elif kind in (b"STA2", b"LST2"):
            await stream.write(kind + _stat_v2(phone.files, path))
        elif kind in (b"LIST", b"LIS2"):
            await _list(phone.files, stream, path, v2=kind == b"LIS2")
        elif kind == b"SEND":
            path, _, mode_text = path.rpartition(",")
            await _receive(phone, stream, path, int(mode_text) if mode_text.isdecimal() else 0o644)
        elif kind == b"SND2":
            fields = await stream.readexactly(12)
            mode, flags = struct.unpack("<II", fields[4:])
            if flags & ~0x80000000:
                await _fail(stream, f"unknown flags: {flags}")
                return
            await _receive(phone, stream, path, mode, dry_run=bool(flags))
        elif kind in (b"RECV", b"RCV2"):
            if kind == b"RCV2":
                await stream.readexactly(8)
            await _send(phone.files, stream, path)
        else:
            await _fail(stream, f"unknown command {kind!r}")
            return


async def _fail(stream: Stream, message: str) -> None:
    data = message.encode()
    await stream.write(b"FAIL" + struct.pack("<I", len(data)) + data)


def _reason(error: OSError) -> str:
    return _ERRNO_NAMES.get(error.errno or 0, error.strerror or "I/O error")


def _stat(files: PhoneFiles, path: str) -> tuple[int, int, int, int, int]:
    """Mode, size, mtime, inode and errno; zeros when it does not exist."""
    try:
        found = files.host_path(path).stat()
    except OSError as error:
        if files.system_listing(path) is not None:
            return stat.S_IFDIR | 0o755, 4096, int(time.time()), 1, 0
        return 0, 0, 0, 0, error.errno or errno.EIO
    kind = stat.S_IFDIR | 0o771 if stat.S_ISDIR(found.st_mode) else stat.S_IFREG | 0o660
    return kind, found.st_size, int(found.st_mtime), found.st_ino, 0


def _stat_v2(files: PhoneFiles, path: str) -> bytes:
    mode, size, mtime, inode, error = _stat(files, path)
    links = 1 if mode else 0
    return struct.pack(
        "<IQQIIIIQqqq", error, 1, inode, mode, links, 0, 9997 if mode else 0, size, mtime, mtime, mtime
    )


async def _list(files: PhoneFiles, stream: Stream, path: str, *, v2: bool) -> None:
    answer = bytearray()
    try:
        names = files.listing(path)
    except OSError:
        names = []
    for name in names:
        data = name.encode("utf-8", "surrogateescape")
        full = f"{path.rstrip('/')}/{name}"
        if v2:
            answer += b"DNT2" + _stat_v2(files, full) + struct.pack("<I", len(data)) + data
        else:
            mode, size, mtime, *_ = _stat(files, full)
            answer += b"DENT" + struct.pack("<IIII", mode, size & 0xFFFFFFFF, mtime, len(data)) + data
    answer += b"DONE" + bytes(72 if v2 else 16)
    await stream.write(bytes(answer))


async def _send(files: PhoneFiles, stream: Stream, path: str) -> None:
    try:
        file = files.host_path(path).open("rb")
    except OSError as error:
        await _fail(stream, f"open failed: {_reason(error)}")
        return
    with file:
        while data := file.read(_CHUNK_BYTES):
            await stream.write(b"DATA" + struct.pack("<I", len(data)) + data)
    await stream.write(b"DONE" + bytes(4))


async def _receive(phone: Phone, stream: Stream, path: str, mode: int, *, dry_run: bool = False) -> None:
    """Take a file. As on a phone, an error is reported at once and the rest of the data is read and thrown away."""
    files = phone.files
    problem = ""
    file: BinaryIO | None = None
    host = Path()
    if stat.S_ISLNK(mode):
        problem = "symlink failed: Operation not permitted"
    elif not dry_run:
        try:
            host = files.for_writing(path)
            if host.is_dir():
                raise IsADirectoryError(errno.EISDIR, "Is a directory")
            host.parent.mkdir(parents=True, exist_ok=True)
            file = host.open("wb")
        except OSError as error:
            problem = f"couldn't create file: {_reason(error)}"
    if problem:
        await _fail(stream, problem)
    ok = False
    total = 0
    breakage = _Breakage(phone)
    try:
        while True:
            kind, length = struct.unpack("<4sI", await stream.readexactly(8))
            if kind == b"DONE":
                ok = not problem
                break
            if kind != b"DATA" or length > _CHUNK_BYTES:
                problem = f"unknown data chunk {kind!r}"
                await _fail(stream, problem)
                return
            data = await stream.readexactly(length)
            total += length
            if problem:
                continue
            try:
                await breakage.passed(total)
                if file is not None:
                    files.take_space(length)
                    file.write(data)
            except OSError as error:
                problem = f"write failed: {_reason(error)}"
                await _fail(stream, problem)
    finally:
        if file is not None:
            file.close()
            # adbd unlinks what it could not finish; who removed it meanwhile gave its space back.
            if not ok and host.exists():
                files.give_space(host.stat().st_size)
                host.unlink()
    if not ok:
        return
    if file is not None:
        with contextlib.suppress(FileNotFoundError):  # adbd does not look whether it could set the time
            os.utime(host, (length, length))
        phone.pushed(path, total)
    if breakage.silent:
        await phone.hang()
    await stream.write(b"OKAY" + bytes(4))


class _Breakage:
    """The faults of a push: `push-fail BYTES`, `push-cut BYTES`, `push-silent`, `storage-full`."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self.silent = bool(phone.fault("push-silent"))
        self._fail_at = _byte_count(phone.fault("push-fail"))
        self._cut_at = _byte_count(phone.fault("push-cut"))
        self._full = bool(phone.fault("storage-full"))

    async def passed(self, total: int) -> None:
        if self._full:
            raise OSError(errno.ENOSPC, "No space left on device")
        if self._fail_at is not None and total >= self._fail_at:
            raise OSError(errno.EIO, "I/O error")
        if self._cut_at is not None and total >= self._cut_at:
            self._phone.plug.cut()
            await self._phone.hang()


def _byte_count(armed: object) -> int | None:
    if armed is None:
        return None
    return int(armed) if isinstance(armed, str) and armed.isdecimal() else 0
