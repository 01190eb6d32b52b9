"""A proxy before an HTTP server that passes a request on, but loses its answer, as a Wi-Fi that drops does."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import Self


class LossyProxy:
    """Listens on a free port of loopback; `lose` says which answers never arrive.

    Attributes:
        port: Where it listens.
        lost: How many answers were lost.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.lost = 0
        self._losing: list[bytes] = []
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            sockets = list(self._sockets)
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def lose(self, request: str, times: int = 1) -> None:
        """Lose the answers to the next requests that begin with this, for example "POST /api/v1/task "."""
        self._losing += [request.encode()] * times

    def lose_no_more(self) -> None:
        """Let all answers through from now on."""
        self._losing.clear()

    def cut(self) -> None:
        """End all connections now, as when a router restarts."""
        with self._lock:
            sockets = list(self._sockets)
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target_port)) as server:
            with self._lock:
                self._sockets |= {client, server}
            try:
                self._until_end(client, server)
            except OSError:
                pass
            finally:
                with self._lock:
                    self._sockets -= {client, server}

    def _until_end(self, client: socket.socket, server: socket.socket) -> None:
        losing = False
        with selectors.DefaultSelector() as events:
            events.register(client, selectors.EVENT_READ, server)
            events.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in events.select():
                    source = client if key.data is server else server
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    if source is client:
                        losing = losing or self._is_to_lose(data)
                    elif losing:
                        self.lost += 1
                        return
                    key.data.sendall(data)

    def _is_to_lose(self, data: bytes) -> bool:
        for begin in self._losing:
            if data.startswith(begin):
                self._losing.remove(begin)
                return True
        return False
