"""The bytes of an answer that are on their way to a client."""

from __future__ import annotations

import socket
from collections import deque

_VIEWS_A_SEND = 16
_DONT_WAIT = socket.MSG_DONTWAIT


class Outgoing:
    """Sends pieces in order, as fast as the client reads.

    Attributes:
        since: When the first of the bytes now on their way was added.
        sent_bytes: What it took since then.
    """

    __slots__ = ("_pieces", "sent_bytes", "since")

    def __init__(self) -> None:
        self._pieces: deque[memoryview] = deque()
        self.since = 0.0
        self.sent_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def add(self, pieces: list[bytes], now: float) -> None:
        """Send these too."""
        if not self._pieces:
            self.since = now
            self.sent_bytes = 0
        self._pieces.extend(memoryview(piece) for piece in pieces if piece)

    def clear(self) -> None:
        self._pieces.clear()

    def flush(self, sock: socket.socket) -> bool:
        """Send what there is; False when the client has to read first. Raises OSError when it is gone."""
        pieces = self._pieces
        while pieces:
            try:
                sent = sock.sendmsg(
                    [pieces[i] for i in range(min(len(pieces), _VIEWS_A_SEND))], [], _DONT_WAIT
                )
            except BlockingIOError:
                return False
            self.sent_bytes += sent
            while sent and sent >= len(pieces[0]):
                sent -= len(pieces.popleft())
            if sent:
                pieces[0] = pieces[0][sent:]
        return True
