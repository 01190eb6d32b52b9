"""Copying a file to a phone so that it is either there whole, under its name, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import posixpath
import secrets
import shlex
import struct
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import ppadb.sync
from ppadb.protocol import Protocol as Words
from ppadb.sync.stats import S_IFREG

from jobs.hub.clock import Deadline
from jobs.hub.regular_file import open_regular
from jobs.phone.adb.client import NOT_FOUND, AdbConnection, AdbPhone
from jobs.phone.adb.wire import Grip
from jobs.phone.errors import (
    CommandFailed,
    DeadlinePassed,
    PhoneError,
    PhoneStorageFull,
    PushFailed,
    StopRequested,
)
from jobs.phone.protocol import Outgoing

if TYPE_CHECKING:
    from jobs.phone.commands import Commands


#: The slowest link that is still waited for (USB 2 on a bad hub gives about 5 MB/s, Wi-Fi at the edge about 1).
MIN_BYTES_PER_S = 500_000
#: On top: opening the file on the phone, and the phone flushing what it has.
GRACE_S = 20.0
#: A phone that takes nothing for this time has stopped: another push gets its place, long before the file's time is over.
STALL_S = 30.0
#: The slowest phone that writes down what it took before it says so.
MIN_FLUSHED_BYTES_PER_S = 10_000_000
#: A pushed file that is not whole yet; the name hides it from galleries and media scanners.
TEMP_PREFIX = ".tikmatrixd-"
TEMP_SUFFIX = ".part"
#: The slowest phone that hashes a file.
MIN_HASHED_BYTES_PER_S = 20_000_000

#: How long a push waits for its turn.
GATE_TIMEOUT_S = 1800.0

#: A file that its owner may write and all may read.
_MODE = S_IFREG | 0o644
_CHUNKS_PER_WRITE = 16


class Hash(Protocol):
    def update(self, data: memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


class PushGate:
    """Limits how many pushes run at once: a hub's bandwidth is shared by all its phones (ADB-13)."""

    def __init__(self, places: int) -> None:
        self.places = max(1, places)
        self._free = self.places
        self._condition = threading.Condition()

    @property
    def taken(self) -> int:
        """How many pushes run now."""
        return self.places - self._free

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()

    @contextlib.contextmanager
    def place(self, grip: Grip, deadline: Deadline) -> Iterator[None]:
        """Wait for a free place. Raises DeadlinePassed, or what broke off the grip."""
        grip.on_break(self._wake)
        try:
            with self._condition:
                while not self._free:
                    grip.check()
                    if deadline.expired:
                        raise DeadlinePassed(
                            "other files kept being copied to other phones", serial=grip.serial
                        )
                    grip.clock.wait_for(self._condition, deadline.remaining_s)
                self._free -= 1
        finally:
            grip.forget_callback(self._wake)
        try:
            yield
        finally:
            with self._condition:
                self._free += 1
                self._condition.notify()


class _SyncPush(ppadb.sync.Sync):
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
            count = os.preadv(stream, bodies, sent)
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


class Leftovers:
    """What earlier pushes may have left on one phone."""

    def __init__(self) -> None:
        self.paths: set[str] = set()  #: could not be deleted yet
        self.swept: set[str] = set()  #: folders cleared of what an earlier run of the daemon left


class Pusher:
    """Pushes to one phone for one owner; remembers what could not be deleted."""

    def __init__(
        self,
        phone: AdbPhone,
        gate: PushGate,
        leftovers: Leftovers,
        commands: Commands,
    ) -> None:
        """`commands`: what runs on the phone."""
        self._phone = phone
        self._grip: Grip = phone.client.grip
        self._gate = gate
        self._leftovers = leftovers
        self._commands = commands

    def push(
        self,
        local: Path,
        remote: str,
        *,
        sha256: str = "",
        patience_s: float = GATE_TIMEOUT_S,
    ) -> None:
        """Copy, verify, move into place; `patience_s` is for the wait until other pushes are done.

        The bytes go to a hidden temporary name in the same folder, so that neither a gallery nor a retry ever
        meets half a file, and the final name appears by one rename.
        """
        folder = posixpath.dirname(remote)
        temp = f"{folder}/{TEMP_PREFIX}{secrets.token_hex(6)}{TEMP_SUFFIX}"
        with self._opened(local) as stream, self._cleaning():
            with self._gate.place(self._grip, self._grip.deadline(patience_s)):
                self._sweep(folder)
                self._leftovers.paths.add(temp)
                size = os.fstat(stream).st_size
                os.posix_fadvise(stream, 0, size, os.POSIX_FADV_SEQUENTIAL)
                expected = self._send(stream, size, temp, sha256=sha256)
                self._verify(stream, temp, size, expected)
                here, there = shlex.quote(temp), shlex.quote(remote)
                # By the phone's clock: pickers sort by it.
                self.sh(f"touch {here} && mv -f {here} {there}")
                self._leftovers.paths.discard(temp)

    @contextlib.contextmanager
    def hidden_folder(self, folder: str) -> Iterator[tuple[str, str]]:
        """The name of a folder in which files for `folder` arrive; it is deleted when they do not all arrive.

        Beside it a shell pattern of what earlier runs may have left in `folder`, "" for nothing.
        """
        temp = f"{folder}/{TEMP_PREFIX}{secrets.token_hex(6)}{TEMP_SUFFIX}"
        sweep = ""
        if folder not in self._leftovers.swept:
            sweep = f"{shlex.quote(folder)}/{TEMP_PREFIX}*{TEMP_SUFFIX}"
        with self._cleaning():
            if self._leftovers.paths:
                self.clean()
            self._leftovers.paths.add(temp)
            yield temp, sweep
            self._leftovers.paths.discard(temp)
            self._leftovers.swept.add(folder)

    def send_whole(self, file: Outgoing, remote: str, *, mtime: int) -> str:
        """Send one file when it is its turn; its SHA-256. Raises what sending raises."""
        with (
            self._opened(file.local) as stream,
            self._gate.place(self._grip, self._grip.deadline(GATE_TIMEOUT_S)),
        ):
            size = os.fstat(stream).st_size
            os.posix_fadvise(stream, 0, size, os.POSIX_FADV_SEQUENTIAL)
            return self._send(stream, size, remote, sha256=file.sha256, mtime=mtime)

    def sh(self, script: str, *, timeout_s: float = 10.0) -> str:
        """What a script printed on the phone. Raises CommandFailed."""
        return self._commands.checked("sh", "-c", script, timeout_s=timeout_s)

    def now(self) -> float:
        return self._grip.clock.now()

    @staticmethod
    def hash_timeout_s(size_bytes: int) -> float:
        return GRACE_S + size_bytes / MIN_HASHED_BYTES_PER_S

    @contextlib.contextmanager
    def _opened(self, local: Path) -> Iterator[int]:
        try:
            stream = open_regular(local)
        except OSError as error:
            raise PushFailed(
                f"cannot read {local}: {error.strerror}", serial=self._grip.serial, passing=False
            ) from error
        try:
            yield stream
        finally:
            os.close(stream)

    @contextlib.contextmanager
    def _cleaning(self) -> Iterator[None]:
        """What arrived of a failed push is deleted, and its error says which phone it was."""
        try:
            yield
        except PhoneError as error:
            error.serial = self._grip.serial
            with contextlib.suppress(PhoneError, StopRequested):
                self.clean()
            if isinstance(error, CommandFailed):
                raise _push_error(error) from error
            raise

    def _send(self, stream: int, size: int, temp: str, *, sha256: str, mtime: int | None = None) -> str:
        digest = None if sha256 else hashlib.sha256()
        deadline = self._grip.deadline(GRACE_S + size / MIN_BYTES_PER_S)
        if mtime is None:
            mtime = int(self._grip.clock.now())
        with contextlib.closing(self._phone.open_service("sync:", deadline)) as connection:
            _SyncPush(connection, deadline).send_file(stream, size, temp, mtime=mtime, digest=digest)
        return sha256 or (digest.hexdigest() if digest else "")

    def _verify(
        self, stream: int, temp: str, size: int, sha256: str, *, first: Sequence[tuple[str, ...]] = ()
    ) -> None:
        """Raises PushFailed, CommandFailed. `first`: commands that share the round trip."""
        timeout_s = self.hash_timeout_s(size)
        *_, counted, summed = self._commands.together(
            *first, ("stat", "-c", "%s", temp), ("sha256sum", temp), timeout_s=10.0 + timeout_s
        )
        there = "" if counted.exit_code else counted.text.strip()
        if there != str(size):
            raise PushFailed(f"{there or 'no'} bytes of {size} arrived")
        output = summed.text
        if summed.exit_code == NOT_FOUND:
            # Android 6 and older have no sha256sum.
            output = self._commands.checked("md5sum", temp, timeout_s=timeout_s)
            sha256 = _md5(stream)
        if output.split()[:1] != [sha256]:
            raise PushFailed("the file on the phone differs from the one that was accepted")

    def has(self, local: Path, remote: str) -> bool:
        """Whether the phone has exactly this file; also clears its folder of what an earlier run of the daemon left."""
        folder = posixpath.dirname(remote)
        first = () if folder in self._leftovers.swept else (_sweeping(folder),)
        with os.fdopen(open_regular(local), "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            try:
                self._verify(file.fileno(), remote, file.seek(0, os.SEEK_END), sha256, first=first)
            except CommandFailed:
                return False
            except PushFailed:
                self._leftovers.swept.add(folder)
                return False
        self._leftovers.swept.add(folder)
        return True

    def _sweep(self, folder: str) -> None:
        if folder not in self._leftovers.swept:
            with contextlib.suppress(CommandFailed):  # not every old phone has find
                self._commands.checked(*_sweeping(folder))
            self._leftovers.swept.add(folder)
        self.clean()

    def clean(self) -> None:
        """Delete what earlier pushes left behind, as far as the link allows."""
        for path in tuple(self._leftovers.paths):
            self._commands.checked("rm", "-rf", path, timeout_s=5.0)
            self._leftovers.paths.discard(path)


def _sweeping(folder: str) -> tuple[str, ...]:
    return ("find", folder, "-maxdepth", "1", "-name", f"{TEMP_PREFIX}*{TEMP_SUFFIX}", "-delete")


def _md5(stream: int) -> str:
    with open(os.dup(stream), "rb") as file:  # noqa: PTH123 - an open descriptor has no path
        file.seek(0)
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _push_error(error: CommandFailed) -> PushFailed:
    full = "no space left" in error.output.lower()
    kind = PhoneStorageFull if full else PushFailed
    return kind(
        f"the file could not be put in its place: {error.output.strip() or error}", serial=error.serial
    )
