"""Sends the bytes of one file over adb's sync service."""

from __future__ import annotations

import contextlib
import os
import struct
from typing import Protocol

import ppadb.sync
from ppadb.protocol import Protocol as Words
from ppadb.sync.stats import S_IFREG

from jobs.hub.clock import Deadline
from jobs.hub.regular_file import may_pass
from jobs.phone.adb.client import AdbConnection
from jobs.phone.errors import PhoneError, PhoneStorageFull, PushFailed

#: Beside the bytes: opening the file on the phone, and the phone flushing what it has.
GRACE_S = 20.0
#: A phone that takes nothing for this time has stopped: another push gets its place, long before the file's time is over.
STALL_S = 30.0
#: The slowest phone that writes down what it took before it says so.
MIN_FLUSHED_BYTES_PER_S = 10_000_000
#: A file that its owner may write and all may read.
_MODE = S_IFREG | 0o644
_CHUNKS_PER_WRITE = 16


class Hash(Protocol):
    def update(self, data: memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


class SyncPush(ppadb.sync.Sync):
    """ppadb's sync protocol, with the current time as mtime, bigger writes, and the phone's FAIL understood."""

    connection: AdbConnection

    def __init__(self, connection: AdbConnection, deadline: Deadline) -> None:
        """`deadline` is for the whole file; nothing on the way may take all of it."""
        super().__init__(connection)
        self._deadline = deadline

    def _within(self, seconds: float) -> None:
        """The next step ends within this time, and within the file's own."""
        sock = self.connection.sock
        sock.deadline = sock.grip.deadline(self._deadline.within(seconds))

    def send_file(self, stream: int, size: int, dest: str, *, mtime: int, digest: Hash | None) -> None:
        """Send `size` bytes of the open file. Raises PushFailed with what the phone says."""
        self._send_str(Words.SEND, f"{dest},{_MODE}")
        # Header and data alternate in one buffer, so that 1 MB costs one read and one write call.
        chunk = self.DATA_MAX_LENGTH
        buffer = memoryview(bytearray(_CHUNKS_PER_WRITE * (chunk + 8)))
        slots = [buffer[i * (chunk + 8) : (i + 1) * (chunk + 8)] for i in range(_CHUNKS_PER_WRITE)]
        for slot in slots:
            slot[:8] = b"DATA" + struct.pack("<I", chunk)
        bodies = [slot[8:] for slot in slots]
        sent = 0
        while sent < size:
            try:
                count = os.preadv(stream, bodies, sent)
            except OSError as error:  # of the box, or of its share: not of the link to the phone
                raise PushFailed(
                    f"the file cannot be read any more: {error.strerror}", passing=may_pass(error)
                ) from error
            if not count:
                raise PushFailed("the file became shorter while it was copied", passing=False)
            count = min(count, size - sent)
            whole, rest = divmod(count, chunk)
            if digest is not None:
                for body in bodies[:whole]:
                    digest.update(body)
            end = whole * (chunk + 8)
            if rest:
                if digest is not None:
                    digest.update(bodies[whole][:rest])
                slots[whole][4:8] = struct.pack("<I", rest)
                end += 8 + rest
            self._write(buffer[:end])
            if rest:
                slots[whole][4:8] = struct.pack("<I", chunk)
            sent += count
        self._write(b"DONE" + struct.pack("<I", mtime))
        self._within(GRACE_S + size / MIN_FLUSHED_BYTES_PER_S)
        self._check_end()

    def _write(self, data: bytes | memoryview) -> None:
        self._within(STALL_S)
        if self.connection.sock.readable():
            self._check_end()  # the phone only talks before the end when something is wrong
        try:
            self.connection.write(data)
        except PhoneError:
            with contextlib.suppress(PhoneError):
                if self.connection.sock.readable():
                    self._check_end(early=True)
            raise

    def _check_end(self, *, early: bool = False) -> None:
        """OKAY, or FAIL with a message; both are followed by a little-endian length (PPA-5)."""
        head = self.connection.read(8)
        word, length = bytes(head[:4]), int.from_bytes(head[4:], "little")
        if word == b"OKAY":
            return
        if word != b"FAIL" or length > 65536:
            raise PushFailed(f"the phone answered nonsense: {bytes(head)!r}")
        message = self.connection.read(length).decode("utf-8", "replace")
        full = "no space left" in message.lower() or "enospc" in message.lower()
        kind = PhoneStorageFull if full else PushFailed
        raise kind(f"the phone refused the file: {message}")
