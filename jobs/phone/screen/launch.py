"""Long-lived shell streams of the automation servers: kept open, drained by one thread, a little output remembered."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading

from jobs.phone.adb.wire import GuardedSocket
from jobs.phone.errors import PhoneError, StopRequested

log = logging.getLogger(__name__)

#: Enough for the stack trace of a failed start; the rest of weeks of chatter is dropped (U2-13).
KEPT_BYTES = 16 * 1024


class Launch:
    """One running automation server, alive as long as its shell stream is; silence means nothing (U2-14)."""

    def __init__(self, sock: GuardedSocket) -> None:
        self.sock = sock
        self.ended = threading.Event()
        self._output = bytearray()

    @property
    def alive(self) -> bool:
        return not self.ended.is_set()

    @property
    def output(self) -> str:
        return bytes(self._output).decode("utf-8", "replace")

    def take(self, data: bytes) -> None:
        self._output += data
        del self._output[:-KEPT_BYTES]


class OutputPump:
    """One thread that reads what all automation servers print, so that none of them ever blocks on a full pipe."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._selector.register(self._wake_r, selectors.EVENT_READ)
        self._lock = threading.Lock()
        self._new: list[Launch] = []
        self._gone: list[Launch] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="phone-output", daemon=True)
        self._started = False

    def add(self, launch: Launch) -> None:
        with self._lock:
            self._new.append(launch)
            if not self._started:
                self._started = True
                self._thread.start()
        self._wake()

    def end(self, launch: Launch) -> None:
        """Close the stream, which ends the server on the phone."""
        launch.ended.set()
        launch.sock.shut()
        with self._lock:
            self._gone.append(launch)
        self._wake()

    def stop(self) -> None:
        with self._lock:
            self._stopping = True
            started = self._started
        self._wake()
        if started:
            self._thread.join(5.0)
        self._wake_w.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._wake_w.send(b"\0")

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select():
                if key.data is None:
                    with contextlib.suppress(BlockingIOError):
                        self._wake_r.recv(4096)
                else:
                    self._read(key.data)
            with self._lock:
                new, self._new = self._new, []
                gone, self._gone = self._gone, []
            for launch in new:
                try:
                    self._selector.register(launch.sock, selectors.EVENT_READ, launch)
                except (ValueError, KeyError):
                    self._drop(
                        launch
                    )  # closed already; one stream must not end the thread that reads all of them
            for launch in gone:
                self._drop(launch)
        for key in tuple(self._selector.get_map().values()):
            if key.data is not None:
                self._drop(key.data)
        self._selector.close()
        self._wake_r.close()

    def _read(self, launch: Launch) -> None:
        try:
            data = launch.sock.recv(65536)
        except (OSError, PhoneError, StopRequested):
            data = b""
        if data:
            launch.take(data)
            log.debug("automation server of %s: %r", launch.sock.grip.serial, data[:200])
        else:
            self._drop(launch)

    def _drop(self, launch: Launch) -> None:
        launch.ended.set()
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(launch.sock)
        launch.sock.close()
