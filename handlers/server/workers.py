"""Has the requests of connections worked on in threads, and hands each piece of an answer back to the loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from handlers.server.connection.channel import Channel
from handlers.server.connection.exchange import Exchange
from handlers.server.lanes import Lane, Lanes, Turns
from handlers.server.peers import Peer


class Workers:
    """Only the loop's thread uses it.

    Args:
        call: Has something done by the loop's thread; called in a worker.
        answered: Called in the loop's thread when a piece of an answer is made, with the seconds that this took.
    """

    def __init__(
        self,
        lanes: Lanes,
        call: Callable[[Callable[[], None]], None],
        answered: Callable[[Channel, Exchange, list[bytes], float], None],
    ) -> None:
        self._lanes = lanes
        self._call = call
        self._answered = answered
        self._turns = {lane: Turns[Channel](lane) for lane in (lanes.quick, lanes.slow)}

    def wait(self, channel: Channel, *, slow: bool) -> None:
        """The request of this connection waits for a thread."""
        self._turns[self._lanes.slow if slow else self._lanes.quick].wait(channel)

    def leave(self, channel: Channel) -> None:
        """It is closed."""
        for turns in self._turns.values():
            turns.leave(channel)

    def start(self, overdrawn: Callable[[Peer], bool]) -> None:
        """Give those that wait the threads that are free."""
        for lane, turns in self._turns.items():
            while (channel := turns.next(overdrawn)) is not None:
                assert channel.exchange is not None  # noqa: S101 - closed ones are left out
                channel.started = True
                lane.submit(partial(self._work, lane, channel, channel.exchange))

    def _work(self, lane: Lane, channel: Channel, exchange: Exchange) -> None:
        """In a worker."""
        pieces: list[bytes] = []
        began = time.monotonic()
        try:
            if not exchange.cancelled:
                pieces = exchange.work()
        except BaseException:
            exchange.done = exchange.close_on_finish = True
            raise
        finally:
            self._call(partial(self._worked, lane, channel, exchange, pieces, time.monotonic() - began))

    def _worked(
        self, lane: Lane, channel: Channel, exchange: Exchange, pieces: list[bytes], took_s: float
    ) -> None:
        self._turns[lane].ended(channel.peer)
        self._answered(channel, exchange, pieces, took_s)
