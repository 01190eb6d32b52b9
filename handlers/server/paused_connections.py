"""Pauses connections of addresses that exceeded their budget, and resumes them later in turns."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from itertools import islice

from handlers.server.connection.channel import Channel
from handlers.server.peers import ASKING_MAX, Peer, Peers

#: How late it may be noticed that a peer may go on.
PAUSED_POLL_S = 0.02
#: How many newcomers are resumed each time although their address has overdrawn: clients that share an address with a flood are served too.
LET_IN_ANYWAY = 4
_PEERS_A_TURN = 64


class Patience:
    """The connections that wait. Only the loop's thread uses it.

    Attributes:
        paused: Those that have been served, and since when they wait.
        newcomers: Those whose first request waits unread, in order of arrival; peers take turns.
    """

    def __init__(self, peers: Peers) -> None:
        self.paused: dict[Channel, float] = {}
        self.newcomers: OrderedDict[Peer, dict[Channel, float]] = OrderedDict()
        self._peers = peers
        self._let_in_at = self._resume_at = 0.0

    def __bool__(self) -> bool:
        return bool(self.paused or self.newcomers)

    def has_to_wait(self, channel: Channel, now: float, *, crowded: bool) -> bool:
        """Whether this connection waits from now on; newcomers also while others crowd in."""
        if channel.is_new:
            waits = crowded or channel.peer in self.newcomers or self._peers.has_enough(channel.peer, now)
            if not waits:
                return False
            self.newcomers.setdefault(channel.peer, {}).setdefault(channel, now)
            return True
        if not (channel.overdrawn(now) and self._peers.overdrawn(channel.peer, now)):
            return False
        self.paused.setdefault(channel, now)
        return True

    def waiting(self, peer: Peer) -> int:
        """How many newcomers of this peer wait with what they have sent."""
        return len(self.newcomers.get(peer, ()))

    def forget(self, channel: Channel) -> None:
        """It is closed."""
        self.paused.pop(channel, None)
        waiting = self.newcomers.get(channel.peer)
        if waiting is not None:
            waiting.pop(channel, None)
            if not waiting:
                del self.newcomers[channel.peer]

    def let_in(self, now: float) -> Iterator[Channel]:
        """Newcomers that have waited long enough. What one costs counts before the next is looked for."""
        if now >= self._let_in_at:
            self._let_in_at = now + PAUSED_POLL_S
            yield from self._let_in_anyway(now)
        yield from self._let_in(now)

    def resumed(self, now: float) -> list[Channel]:
        """Those that have been served before and have waited long enough."""
        if now < self._resume_at:
            return []
        self._resume_at = now + PAUSED_POLL_S
        over = [
            channel
            for channel in self.paused
            if not (channel.overdrawn(now) and self._peers.overdrawn(channel.peer, now))
        ]
        for channel in over:
            channel.waited(now - self.paused.pop(channel))
        return over

    def _let_in_anyway(self, now: float) -> Iterator[Channel]:
        for _ in range(LET_IN_ANYWAY):
            peer = next(iter(self.newcomers), None)
            if peer is None:
                break
            self.newcomers.move_to_end(peer)
            if peer.asking < ASKING_MAX:
                yield self._next(peer, now)

    def _let_in(self, now: float) -> Iterator[Channel]:
        """Newcomers of those who have something left, one of each in turn."""
        turns = deque(islice(self.newcomers, _PEERS_A_TURN))
        for peer in turns:
            self.newcomers.move_to_end(peer)
        while turns:
            peer = turns.popleft()
            if peer in self.newcomers and not self._peers.has_enough(peer, now):
                yield self._next(peer, now)
                turns.append(peer)

    def _next(self, peer: Peer, now: float) -> Channel:
        channel, since = next(iter(self.newcomers[peer].items()))
        self.forget(channel)
        channel.waited(now - since)
        return channel
