"""HTTP to the automation server on the phone, over one kept connection per session."""

from __future__ import annotations

import http.client
import io
import re
from typing import TYPE_CHECKING, NamedTuple

from jobs.hub.clock import Deadline
from jobs.phone.adb.client import AdbPhone, ServiceRefused
from jobs.phone.adb.wire import Grip, GuardedSocket
from jobs.phone.errors import AutomationLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

#: The on-phone server (NanoHTTPD) closes a connection that is quiet for 5 s; one that may be closing is not used.
REUSE_WITHIN_S = 2.0
HTTP_OK = 200
#: The largest recorded UI tree has 166 KB, the longest answers otherwise a few; JSON writes some characters as six bytes.
MAX_ANSWER_BYTES = 12 * 1024 * 1024
#: The head of an answer and the beginning of its body are read at once.
_FIRST_BYTES = 64 * 1024
#: An answer that has a body, as the server on the phone gives them; http.client knows all others.
_ORDINARY = re.compile(rb"HTTP/1\.1 (20[0-3]|[45]\d\d)(?: [^\r\n]*)?")
_LENGTH = re.compile(rb"\d{1,12}")


class NotSent(AutomationLost):
    """The automation server could not be reached: the request never left, so it may be sent again."""


class AnswerLost(AutomationLost):
    """The request was sent, but no whole answer came: it may have been done."""


class AnswerTooLarge(AnswerLost):
    """The answer is larger than any answer can be; nothing of it was kept."""


class _Answer(NamedTuple):
    status: int
    body: bytes | bytearray
    close: bool  #: no further request may use the connection


class _Head(NamedTuple):
    """What the first bytes say of an ordinary answer."""

    status: int
    length: int
    close: bool
    body_at: int


class RpcConnection:
    """One HTTP/1.1 connection through adb. Not for use by two threads at once."""

    def __init__(self, phone: AdbPhone, port: int, grip: Grip) -> None:
        self._phone = phone
        self._service = f"tcp:{port}"
        self._grip = grip
        self._sock: GuardedSocket | None = None
        self._used_at = 0.0

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def request(
        self,
        method: str,
        path: str,
        body: bytes,
        deadline: Deadline,
        *,
        sent: Callable[[], None] | None = None,
    ) -> tuple[int, bytes | bytearray]:
        """Send one request and return status and body.

        `sent` is called just before the first byte leaves. Raises NotSent, AnswerLost, AnswerTooLarge,
        DeadlinePassed, PhoneOffline (not sent either), AdbDown, StopRequested.
        """
        sock = self._connected(deadline)
        # One write for head and body: each write to a phone costs a round trip of its own over USB. An empty
        # Accept-Encoding keeps the server from gzip, which leaks memory there (NanoHTTPD issue 492).
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: tikmatrixd\r\nAccept-Encoding: \r\n"
            f"Connection: keep-alive\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            if sent is not None:
                sent()
            sock.sendall(head.encode("ascii") + body)
            status, data, close = self._answer(sock, method)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._lost(repr(error)) from error
        except BaseException:
            self.close()
            raise
        if close:
            self.close()
        else:
            self._used_at = self._grip.clock.monotonic()
        return status, data

    def _answer(self, sock: GuardedSocket, method: str) -> _Answer:
        first = sock.recv(_FIRST_BYTES)
        head = _ordinary_head(first)
        if head is None:
            return self._other_answer(first, sock, method)
        if head.length > MAX_ANSWER_BYTES:
            raise self._too_large()
        come = first[head.body_at : head.body_at + head.length]
        if len(come) == head.length:
            return _Answer(head.status, come, head.close or len(first) > head.body_at + head.length)
        body = bytearray(head.length)
        body[: len(come)] = come
        missing = memoryview(body)[len(come) :]
        while missing:
            count = sock.recv_into(missing)
            if not count:
                raise self._lost(f"{len(missing)} bytes of the answer are missing")
            missing = missing[count:]
        return _Answer(head.status, body, head.close)

    def _other_answer(self, first: bytes, sock: GuardedSocket, method: str) -> _Answer:
        """An answer in chunks, without a length, or with a head that came in parts."""
        with http.client.HTTPResponse(_Begun(first, sock), method=method) as response:  # type: ignore[arg-type]
            response.begin()
            if (response.length or 0) > MAX_ANSWER_BYTES:
                raise self._too_large()
            data = response.read(MAX_ANSWER_BYTES + 1)
            if len(data) > MAX_ANSWER_BYTES:  # in chunks, whose number is not announced
                raise self._too_large()
            if response.length:
                raise self._lost(f"{response.length} bytes of the answer are missing")
            return _Answer(response.status, data, response.will_close)

    def _too_large(self) -> AnswerTooLarge:
        return AnswerTooLarge(
            f"the automation server answered with more than {MAX_ANSWER_BYTES} bytes",
            serial=self._grip.serial,
        )

    def _lost(self, why: str) -> AnswerLost:
        return AnswerLost(f"the automation server broke off: {why}", serial=self._grip.serial)

    def _connected(self, deadline: Deadline) -> GuardedSocket:
        if self._sock is not None:
            idle_s = self._grip.clock.monotonic() - self._used_at
            # Readable before anything was asked means closed by the other side.
            if idle_s < REUSE_WITHIN_S and not self._sock.readable():
                self._sock.deadline = deadline
                return self._sock
            self.close()
        try:
            connection = self._phone.open_service(self._service, deadline)
        except ServiceRefused as error:
            raise NotSent("no automation server runs on the phone", serial=self._grip.serial) from error
        self._sock = connection.detach()
        return self._sock


def _ordinary_head(first: bytes) -> _Head | None:
    """The head of an answer with a length; None for any other, and while it is not there as a whole."""
    end = first.find(b"\r\n\r\n")
    status, *lines = first[: max(0, end)].split(b"\r\n")
    ordinary = _ORDINARY.fullmatch(status)
    if ordinary is None:
        return None
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in fields or not name.strip() == name != b"":
            return None
        fields[name] = value.strip()
    length = fields.get(b"content-length", b"")
    if b"transfer-encoding" in fields or not _LENGTH.fullmatch(length):
        return None
    close = b"close" in fields.get(b"connection", b"").lower()
    return _Head(int(ordinary[1]), int(length), close, end + 4)


class _Begun(io.RawIOBase):
    """A socket of which some bytes were read already, as http.client reads it."""

    def __init__(self, first: bytes, sock: GuardedSocket) -> None:
        super().__init__()
        self._first = memoryview(first)
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if not self._first:
            return self._sock.recv_into(buffer)
        into = memoryview(buffer)
        count = min(len(into), len(self._first))
        into[:count] = self._first[:count]
        self._first = self._first[count:]
        return count
