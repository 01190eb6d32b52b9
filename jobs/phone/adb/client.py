"""ppadb's client and device over our sockets: typed errors, exact reads, exit statuses, nothing left open."""

from __future__ import annotations

import contextlib
import re
import secrets
import shlex
from collections.abc import Iterator
from typing import Any, NamedTuple

import ppadb.client
import ppadb.connection
import ppadb.device

from jobs.hub.clock import Deadline
from jobs.phone.adb import wire
from jobs.phone.adb.wire import Grip, GuardedSocket
from jobs.phone.errors import AdbDown, CommandFailed, PhoneError, PhoneOffline, PhoneUnauthorized

#: What a shell command may print; more is cut off with an error, so that a babbling phone costs no memory.
MAX_OUTPUT_BYTES = 32 * 1024 * 1024
#: One message to the adb server has a length of four hex digits.
MAX_MESSAGE_BYTES = 0xFFFF
#: The exit status of every POSIX shell for a command that does not exist.
NOT_FOUND = 127

_STDOUT, _STDERR, _EXIT = 1, 2, 3
#: Four hex digits and nothing else: Python's own reading takes signs and blanks, too, and a length below 0 is none.
_LENGTH = re.compile(rb"[0-9A-Fa-f]{4}")
_PACKET_HEAD = 5
_READ_BYTES = 65_536


class Endpoint(NamedTuple):
    """Where the adb server listens."""

    host: str
    port: int


class ServiceRefused(PhoneOffline):
    """The phone is there but did not open the service that was asked for."""


class AdbConnection(ppadb.connection.Connection):
    """ppadb's connection with the socket handling replaced (PPA-1 to PPA-5, PPA-8, PPA-10)."""

    socket: GuardedSocket | None

    def __init__(self, endpoint: Endpoint, grip: Grip, deadline: Deadline | None) -> None:
        super().__init__(endpoint.host, endpoint.port)
        self._grip = grip
        self._deadline = deadline
        self.serial = grip.serial
        self.on_phone = False  #: past the transport command: a lost link is the phone's, not the server's

    def connect(self) -> GuardedSocket:
        self.socket = wire.connect(self.host, self.port, self._grip, self._deadline)
        return self.socket

    @property
    def sock(self) -> GuardedSocket:
        if self.socket is None:
            raise self.lost("the connection is closed")
        return self.socket

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def detach(self) -> GuardedSocket:
        """Give the socket to the caller; `close` no longer touches it."""
        sock, self.socket = self.sock, None
        return sock

    def lost(self, why: object) -> PhoneError:
        if self.on_phone:
            return PhoneOffline(f"the link to the phone was lost: {why}", serial=self.serial)
        return AdbDown(f"the adb server broke off: {why}", serial=self.serial)

    @contextlib.contextmanager
    def _io(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self.lost(error) from error

    def _recv(self, length: int) -> bytes:
        return bytes(self._recv_into(length))

    def _recv_into(self, length: int) -> bytearray:
        data = bytearray(length)
        view = memoryview(data)
        with self._io():
            while view:
                count = self.sock.recv_into(view)
                if not count:
                    raise self.lost(f"closed after {length - len(view)} of {length} bytes")
                view = view[count:]
        return data

    def recv_some(self, length: int) -> bytes:
        """Up to `length` bytes, b"" at the end."""
        with self._io():
            return self.sock.recv(length)

    def _send(self, data: Any) -> None:
        with self._io():
            self.sock.sendall(data)

    def send(self, msg: str) -> bool:
        if len(msg.encode()) > MAX_MESSAGE_BYTES:
            raise CommandFailed("the command is too long for adb", serial=self.serial)
        return bool(super().send(msg))

    def receive(self) -> str:
        head = self._recv(4)
        if not _LENGTH.fullmatch(head):
            raise self._nonsense(head)
        return self._recv(int(head, 16)).decode("utf-8", "replace")

    def _check_status(self) -> bool:
        head = self._recv(4)
        if head == b"OKAY":
            return True
        if head != b"FAIL":
            raise self._nonsense(head)
        raise self._refusal(self.receive())

    def _nonsense(self, head: bytes) -> PhoneError:
        return AdbDown(f"the adb server answered nonsense: {head!r}", serial=self.serial)

    def _refusal(self, message: str) -> PhoneError:
        lower = message.lower()
        if "unauthorized" in lower:
            return PhoneUnauthorized(f"adb: {message}", serial=self.serial)
        if self.on_phone:
            return ServiceRefused(f"the phone refused: {message}", serial=self.serial)
        return PhoneOffline(f"adb: {message}", serial=self.serial)

    def read_all(self) -> bytearray:
        data = bytearray()
        while chunk := self.recv_some(65536):
            data += chunk
            if len(data) > MAX_OUTPUT_BYTES:
                raise CommandFailed("the phone printed too much", serial=self.serial)
        return data


class AdbClient(ppadb.client.Client):
    """ppadb's client. Each connection that it makes belongs to `grip` and must end within `timeout_s`."""

    def __init__(self, endpoint: Endpoint, grip: Grip, *, timeout_s: float = 5.0) -> None:
        super().__init__(endpoint.host, endpoint.port)
        self.endpoint = endpoint
        self.grip = grip
        self.timeout_s = timeout_s

    def create_connection(self, timeout: float | None = None) -> AdbConnection:
        seconds = self.timeout_s if timeout is None else timeout
        return self.connection(self.grip.deadline(seconds))

    def connection(self, deadline: Deadline | None) -> AdbConnection:
        connection = AdbConnection(self.endpoint, self.grip, deadline)
        connection.connect()
        return connection

    def ask(self, request: str) -> str:
        """One question to the adb server ("host:devices-l") and its answer."""
        return str(self._execute_cmd(request))

    def version(self) -> int:
        answer = self.ask("host:version")
        try:
            return int(answer, 16)
        except ValueError:
            raise AdbDown(f"the adb server has no version: {answer!r}") from None

    def track(self) -> AdbConnection:
        """A connection on which the server sends the list of phones at each change."""
        connection = self.create_connection()
        try:
            connection.send("host:track-devices")
        except BaseException:
            connection.close()
            raise
        return connection


class Printed(NamedTuple):
    """What a command printed and its exit status."""

    stdout: bytes
    stderr: bytes
    exit_code: int

    @property
    def text(self) -> str:
        return (self.stdout + self.stderr).decode("utf-8", "replace").replace("\r\n", "\n")


class Features:
    """What the adbd of one phone can do, for as long as the phone stays connected."""

    def __init__(self) -> None:
        self.known: frozenset[str] | None = None  #: None until it was asked for


class AdbPhone(ppadb.device.Device):
    """ppadb's device: shell with exit status, and services opened on the phone."""

    def __init__(self, client: AdbClient, serial: str, features: Features | None = None) -> None:
        """`features`: what is known of the phone already, and is kept for those who come after."""
        super().__init__(client, serial)
        self._features = Features() if features is None else features

    def create_connection(self, set_transport: bool = True, timeout: float | None = None) -> AdbConnection:
        return self.open_within(self.client.grip.deadline(timeout or self.client.timeout_s), set_transport)

    def open_within(self, deadline: Deadline | None, set_transport: bool = True) -> AdbConnection:
        connection: AdbConnection = self.client.connection(deadline)
        connection.serial = self.serial
        if set_transport:
            try:
                self.transport(connection)
            except BaseException:
                connection.close()
                raise
            connection.on_phone = True
        return connection

    def open_service(self, name: str, deadline: Deadline | None) -> AdbConnection:
        """A stream to a service of the phone ("sync:", "tcp:9008"). Raises ServiceRefused."""
        connection = self.open_within(deadline)
        try:
            connection.send(name)
        except BaseException:
            connection.close()
            raise
        return connection

    def features(self) -> frozenset[str]:
        """What the phone's adbd can do; asked once for each connection of the phone."""
        known = self._features.known
        if known is None:
            answer = self._execute_cmd(f"host-serial:{self.serial}:features")
            known = self._features.known = frozenset(str(answer).split(","))
        return known

    def run(self, command: str, *, timeout_s: float = 10.0) -> Printed:
        """Run one shell line. Its status comes from shell v2, or from an end marker where a phone lacks it (PPA-8)."""
        deadline = self.client.grip.deadline(timeout_s)
        if "shell_v2" in self.features():
            with contextlib.closing(self.open_service(f"shell,v2,raw:{command}", deadline)) as connection:
                return _read_v2(connection)
        marker = f"END-{secrets.token_hex(8)}:"
        line = f"{command}; echo {marker}$?"
        with contextlib.closing(self.open_service(f"shell:{line}", deadline)) as connection:
            return self._cut_marker(bytes(connection.read_all()), marker)

    def binary(self, *argv: str, timeout_s: float = 10.0) -> bytes:
        """What a command prints on its standard output, to the byte."""
        if "shell_v2" in self.features():
            return self.run(quote(argv), timeout_s=timeout_s).stdout
        deadline = self.client.grip.deadline(timeout_s)
        with contextlib.closing(self.open_service(f"exec:{quote(argv)}", deadline)) as connection:
            return bytes(connection.read_all())

    def _cut_marker(self, output: bytes, marker: str) -> Printed:
        match = re.search(re.escape(marker.encode()) + rb"(\d+)\s*$", output)
        if match is None:
            raise PhoneOffline("the link was lost before the command ended", serial=self.serial)
        return Printed(output[: match.start()], b"", int(match[1]))

    def shell_words(self, *argv: str, timeout_s: float = 10.0) -> Printed:
        return self.run(quote(argv), timeout_s=timeout_s)


def quote(argv: tuple[str, ...]) -> str:
    """The words as one shell line in which no character has a meaning (PPA-9)."""
    if any("\0" in word for word in argv):
        raise ValueError("a shell word cannot hold a NUL character")
    return shlex.join(argv)


def _read_v2(connection: AdbConnection) -> Printed:
    """Packets of one byte kind, four bytes length (little endian) and data; see adb's shell_protocol.h."""
    out, err = bytearray(), bytearray()
    come = bytearray()  # what most commands print comes at once, packets and status together
    while True:
        _read_on(connection, come, _PACKET_HEAD)
        end = _PACKET_HEAD + int.from_bytes(come[1:_PACKET_HEAD], "little")
        if len(out) + len(err) + end > MAX_OUTPUT_BYTES:
            raise CommandFailed("the phone printed too much", serial=connection.serial)
        _read_on(connection, come, end)
        kind, data = come[0], come[_PACKET_HEAD:end]
        del come[:end]
        if kind == _STDOUT:
            out += data
        elif kind == _STDERR:
            err += data
        elif kind == _EXIT:
            return Printed(bytes(out), bytes(err), data[0] if data else 255)


def _read_on(connection: AdbConnection, come: bytearray, length: int) -> None:
    """Read until `come` holds at least `length` bytes."""
    while len(come) < length:
        chunk = connection.recv_some(max(_READ_BYTES, length - len(come)))
        if not chunk:
            raise connection.lost(f"closed after {len(come)} of {length} bytes")
        come += chunk
