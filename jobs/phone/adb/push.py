"""Copying a file to a phone so that it is either there whole, under its name, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import posixpath
import secrets
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.hub.regular_file import may_pass, open_regular
from jobs.phone.adb.client import NOT_FOUND, AdbPhone
from jobs.phone.adb.push_gate import PushGate
from jobs.phone.adb.sync_push import GRACE_S, SyncPush
from jobs.phone.adb.wire import Grip
from jobs.phone.errors import (
    CommandFailed,
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
#: A pushed file that is not whole yet; the name hides it from galleries and media scanners.
TEMP_PREFIX = ".tikmatrixd-"
TEMP_SUFFIX = ".part"
#: The slowest phone that hashes a file.
MIN_HASHED_BYTES_PER_S = 20_000_000

#: How long a push waits for its turn.
GATE_TIMEOUT_S = 1800.0


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
        temp = _hidden_in(folder)
        with self._opened(local) as stream, self._cleaning():
            with self._gate.place(self._grip, self._grip.deadline(patience_s)):
                self._sweep(folder)
                self._leftovers.paths.add(temp)
                size = _sequential(stream)
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
        temp = _hidden_in(folder)
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
            return self._send(stream, _sequential(stream), remote, sha256=file.sha256, mtime=mtime)

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
                f"cannot read {local}: {error.strerror}", serial=self._grip.serial, passing=may_pass(error)
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
            SyncPush(connection, deadline).send_file(stream, size, temp, mtime=mtime, digest=digest)
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


def _hidden_in(folder: str) -> str:
    """A new hidden name in a folder of the phone."""
    return f"{folder}/{TEMP_PREFIX}{secrets.token_hex(6)}{TEMP_SUFFIX}"


def _sequential(stream: int) -> int:
    """The size of an open file, which the kernel is told to read ahead."""
    size = os.fstat(stream).st_size
    os.posix_fadvise(stream, 0, size, os.POSIX_FADV_SEQUENTIAL)
    return size


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
