"""Work for the processor alone, such as reading a screen, is done by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: How long a thread waits for another that reads a screen. That takes some milliseconds; one that hangs stops no other.
STAND_BACK_S = 1.0

#: Held by the one tree that is read at a time.
TURN = threading.Lock()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait while another thread reads a screen. Must not be nested.

    Python runs one thread at a time anyway. Threads that all want to run take that right from each other two thousand times a
    second each, and with every phone more there is one more that does; those that wait here sleep.
    """
    mine = TURN.acquire(timeout=STAND_BACK_S)
    try:
        yield
    finally:
        if mine:
            TURN.release()
