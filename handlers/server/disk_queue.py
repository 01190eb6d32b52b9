"""Queues parts of request bodies for the disk threads, and drops those of closed connections."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from handlers.server.connection.channel import Channel
from handlers.server.connection.spool import NoRoom, Spool
from handlers.server.lanes import Lane

#: What is with the threads stays in memory until its turn comes, though its connection may long be closed.
WITH_THREADS = 16


class DiskQueue:
    """In order of arrival. Only the loop's thread uses it.

    Args:
        written: Called in a thread of the lane when a part is on the disk, or there was no room for it. The loop must
            then call `ended`.
    """

    def __init__(self, lane: Lane, written: Callable[[Channel, bool], None]) -> None:
        self._lane = lane
        self._written = written
        self.waiting: dict[Channel, Spool] = {}
        self.running = 0

    def put(self, channel: Channel, spool: Spool) -> None:
        """Have what this body has in memory written."""
        self.waiting[channel] = spool
        self._start()

    def give_up(self, channel: Channel) -> bool:
        """The connection is closed: whether its part had not been begun, and is forgotten."""
        return self.waiting.pop(channel, None) is not None

    def ended(self) -> None:
        """A part is done; the next may begin."""
        self.running -= 1
        self._start()

    def _start(self) -> None:
        while self.waiting and self.running < WITH_THREADS:
            channel = next(iter(self.waiting))
            self.running += 1
            self._lane.submit(partial(self._flush, channel, self.waiting.pop(channel)))

    def _flush(self, channel: Channel, spool: Spool) -> None:
        room = False
        try:
            spool.flush()
            room = True
        except NoRoom:
            pass
        finally:
            self._written(channel, room)
