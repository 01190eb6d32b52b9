"""HTTP to the automation server on the phone, over one kept connection per session."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

from jobs.hub.clock import Deadline
from jobs.phone.adb.client import AdbPhone, ServiceRefused
from jobs.phone.adb.wire import Grip, GuardedSocket
from jobs.phone.errors import AutomationLost

if TYPE_CHECKING:
    from collections.abc import Callable

#: The on-phone server (NanoHTTPD) closes a connection that is quiet for 5 s; one that may be closing is not used.
REUSE_WITHIN_S = 2.0
HTTP_OK = 200
#: The largest recorded UI tree has 166 KB, the longest answers otherwise a few; JSON writes some characters as six bytes.
MAX_ANSWER_BYTES = 12 * 1024 * 1024


class NotSent(AutomationLost):
    """The automation server could not be reached: the request never left, so it may be sent again."""


class AnswerLost(AutomationLost):
    """The request was sent, but no whole answer came: it may have been done."""


class AnswerTooLarge(AnswerLost):
    """The answer is larger than any answer can be; nothing of it was kept."""


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
    ) -> tuple[int, bytes]:
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
            with http.client.HTTPResponse(sock, method=method) as response:
                response.begin()
                if (response.length or 0) > MAX_ANSWER_BYTES:
                    raise self._too_large()
                data = response.read(MAX_ANSWER_BYTES + 1)
                if len(data) > MAX_ANSWER_BYTES:  # in chunks, whose number is not announced
                    raise self._too_large()
                if response.length:
                    raise self._lost(f"{response.length} bytes of the answer are missing")
                status, close = response.status, response.will_close
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
