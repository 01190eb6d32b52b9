"""Sockets to the adb server with a deadline on everything, which another thread can break off at once."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jobs.hub.addresses import is_loopback
from jobs.hub.clock import Clock, Deadline
from jobs.phone.errors import AdbDown, DeadlinePassed, PhoneError, StopRequested

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

#: A local adb server that does not take a connection in this time is as good as dead.
CONNECT_TIMEOUT_S = 2.0
#: On the way to another box the question for a connection may be lost: it is asked again after 1 s and after 3 s.
FAR_CONNECT_TIMEOUT_S = 5.0


class Grip:
    """Everything that one owner (a session, the tracker) may be blocked on.

    `break_off` may be called from any thread: it wakes every call that blocks on one of the sockets or in
    `wait`, and those calls, and all later ones, raise the reason.
    """

    def __init__(self, clock: Clock, serial: str = "") -> None:
        self.clock = clock
        self.serial = serial
        self._lock = threading.Lock()
        self._sockets: set[GuardedSocket] = set()
        self._broken = threading.Event()
        self._reason: Exception | None = None
        self._callbacks: list[Callable[[], None]] = []

    @property
    def broken(self) -> bool:
        return self._broken.is_set()

    def check(self) -> None:
        """Raise the reason for which the grip was broken off, if it was."""
        if self._broken.is_set():
            raise self.reason()

    def reason(self) -> Exception:
        """A fresh exception each time: the same object raised by several threads would mix their tracebacks."""
        reason = self._reason
        if isinstance(reason, PhoneError):
            return type(reason)(str(reason), serial=reason.serial, passing=reason.passing)
        if isinstance(reason, StopRequested):
            return StopRequested(reason.reason)
        return StopRequested()

    def deadline(self, seconds: float) -> Deadline:
        return Deadline(self.clock, seconds)

    def wait(self, seconds: float) -> None:
        """Wait, unless the grip is broken off meanwhile."""
        if self.clock.wait(self._broken, seconds):
            raise self.reason()

    def on_break(self, callback: Callable[[], None]) -> None:
        """Call it when the grip is broken off (from that thread), or now if it already is."""
        with self._lock:
            if not self._broken.is_set():
                self._callbacks.append(callback)
                return
        callback()

    def forget_callback(self, callback: Callable[[], None]) -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._callbacks.remove(callback)

    def add(self, sock: GuardedSocket) -> None:
        with self._lock:
            if not self._broken.is_set():
                self._sockets.add(sock)
                return
        raise self.reason()

    def discard(self, sock: GuardedSocket) -> None:
        with self._lock:
            self._sockets.discard(sock)

    def break_off(self, reason: PhoneError | StopRequested | None = None) -> bool:
        """Abort everything; the first reason stays. True if this call was the first."""
        with self._lock:
            if self._broken.is_set():
                return False
            self._reason = reason
            self._broken.set()
            sockets, self._sockets = self._sockets, set()
            callbacks, self._callbacks = self._callbacks, []
        for sock in sockets:
            # Only shut down here: the descriptor is closed by the thread that uses it, else its number could
            # be given to another socket while that thread still reads from it.
            sock.shut()
        for callback in callbacks:
            callback()
        return True

    def __len__(self) -> int:
        with self._lock:
            return len(self._sockets)


class GuardedSocket(socket.socket):
    """A TCP socket whose calls all end at one absolute deadline, and whose `send` sends everything.

    Foreign code (ppadb, adbutils, http.client) uses it like any socket. `settimeout` can only bring the deadline
    nearer: 600 s from a library never outlive the operation's own time (U2-1).
    """

    def __init__(
        self, grip: Grip, deadline: Deadline | None, family: socket.AddressFamily = socket.AF_INET
    ) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self.grip = grip
        self.deadline = deadline
        try:
            grip.add(self)
        except BaseException:
            super().close()
            raise

    def move(self, grip: Grip, deadline: Deadline | None) -> None:
        """Hand the socket to another owner, which may live longer."""
        grip.add(self)
        self.grip.discard(self)
        self.grip, self.deadline = grip, deadline

    def shut(self) -> None:
        """Wake the thread that blocks on this socket; it stays open until its user closes it."""
        with contextlib.suppress(OSError):
            super().shutdown(socket.SHUT_RDWR)

    def settimeout(self, value: float | None) -> None:
        if value is None:
            return
        if self.deadline is None or value < self.deadline.remaining_s:
            self.deadline = self.grip.deadline(value)

    def _arm(self) -> None:
        self.grip.check()
        if self.deadline is None:
            super().settimeout(None)
            return
        left = self.deadline.remaining_s
        if left <= 0:
            raise self._late()
        super().settimeout(left)

    def _late(self) -> DeadlinePassed:
        return DeadlinePassed("the phone or the adb server did not answer in time", serial=self.grip.serial)

    @contextlib.contextmanager
    def _guarded(self) -> Any:
        self._arm()
        try:
            yield
        except TimeoutError:
            self.grip.check()
            raise self._late() from None
        except OSError:
            self.grip.check()
            raise

    def connect(self, address: Any) -> None:
        with self._guarded():
            super().connect(address)
        self.grip.check()

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        with self._guarded():
            data = super().recv(bufsize, flags)
        if not data:
            self.grip.check()
        return data

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        with self._guarded():
            count = super().recv_into(buffer, nbytes, flags)
        if not count:
            self.grip.check()
        return count

    def send(self, data: ReadableBuffer, flags: int = 0, /) -> int:
        self.sendall(data, flags)
        return memoryview(data).nbytes

    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        with self._guarded():
            super().sendall(data, flags)

    def readable(self) -> bool:
        """Something (data or the end) can be read now, without waiting."""
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        self.grip.discard(self)
        super().close()


class NotTaken(AdbDown):
    """No connection within the time: the server is stopped, or the way to it is cut."""


def connect(host: str, port: int, grip: Grip, deadline: Deadline | None) -> GuardedSocket:
    """A connection to the adb server. Raises AdbDown (NotTaken), or what broke off the grip."""
    limit_s = CONNECT_TIMEOUT_S if is_loopback(host) else FAR_CONNECT_TIMEOUT_S
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = GuardedSocket(grip, grip.deadline(limit_s), family)
    try:
        if deadline is not None and deadline.remaining_s < limit_s:
            sock.deadline = deadline
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((host, port))
    except (OSError, DeadlinePassed) as error:
        sock.close()
        kind = NotTaken if isinstance(error, DeadlinePassed) else AdbDown
        raise kind(f"no adb server answers on {host}:{port}: {error}", serial=grip.serial) from error
    except BaseException:
        sock.close()
        raise
    sock.deadline = deadline
    return sock
