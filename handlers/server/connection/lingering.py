"""After the last answer of a connection: what the client still sends is thrown away, until it has read the answer."""

from __future__ import annotations

import socket

_DISCARD_BYTES = 64 * 1024


class Lingering:
    """Closing with something unread would reset the connection, and the client might never see the answer.

    Raises OSError when the client is gone.
    """

    __slots__ = ("_left_bytes", "_sock")

    def __init__(self, sock: socket.socket, most_bytes: int) -> None:
        self._sock = sock
        self._left_bytes = most_bytes
        sock.shutdown(socket.SHUT_WR)

    def ended(self) -> bool:
        """Throw away what has come; whether the client has ended its side, or has sent more than it may."""
        try:
            thrown_away = len(self._sock.recv(_DISCARD_BYTES, socket.MSG_DONTWAIT))
        except BlockingIOError:
            return False
        except OSError:
            return True
        self._left_bytes -= thrown_away
        return not thrown_away or self._left_bytes < 0
