"""Gives each client address a budget of the event loop's time; an address that exceeds it must wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

#: Seconds of the loop's time a second, for all strangers together and for all known peers together.
STRANGERS_SHARE, KNOWN_SHARE = 0.2, 0.6
#: What a peer may use at once after it was quiet, divided by the number of peers.
BURST_S = 0.5
#: What one connection may use at once, and in a second, though its peer has overdrawn. Calls from an address from
#: which also a flood comes are served by this.
CHANNEL_BURST_S, CHANNEL_SHARE = 0.002, 0.001
#: A known peer keeps up to this many connections when others have to give up theirs.
MODEST = 64
_PEERS_MAX = 4096
#: How often a second, and how often at once after it was quiet, a peer is answered whether it lives although all others
#: of its address wait. Probes ask every few seconds.
PROBES_A_SECOND, PROBES_AT_ONCE = 100.0, 500.0
#: When this many requests of one peer wait for a worker, its next ones wait unread.
ASKING_MAX = 64


class Budget:
    """Time of the loop, or answers, that refill as time passes. It may be overdrawn; then its owner waits."""

    __slots__ = ("_at", "_credit")

    def __init__(self, credit: float, now: float) -> None:
        self._credit = credit
        self._at = now

    def credit(self, a_second: float, burst: float, now: float) -> float:
        """What is left; negative when it is overdrawn."""
        self._credit = min(burst, self._credit + (now - self._at) * a_second)
        self._at = now
        return self._credit

    def pay(self, cost: float) -> None:
        self._credit -= cost


class Peer:
    """One address, with its open connections. It is known once a request that needs trust was answered."""

    __slots__ = ("address", "asking", "budget", "channels", "known", "newcomers", "probes", "stuck")

    def __init__(self, address: str, now: float) -> None:
        self.address = address
        self.known = False
        self.budget = Budget(BURST_S, now)
        self.probes = Budget(PROBES_AT_ONCE, now)
        self.asking = 0  #: how many of its requests wait for a worker, or a worker has
        self.newcomers: dict[Any, None] = {}  #: nothing of theirs was looked at yet; in order of arrival
        self.channels: dict[Any, None] = {}  #: the others, in order of admission
        self.stuck: dict[Any, None] = {}  #: those of them that do not read their answer

    def may_probe(self, now: float) -> bool:
        """Whether it is answered at once that it lives, whatever else it did; counts as such an answer."""
        if self.probes.credit(PROBES_A_SECOND, PROBES_AT_ONCE, now) < 1:
            return False
        self.probes.pay(1)
        return True


class Peers:
    """All peers that have connections or debts."""

    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}
        self._counts = {False: 1, True: 1}

    def get(self, address: str, now: float) -> Peer:
        """The peer with this address; new ones begin as strangers."""
        peer = self._peers.get(address)
        if peer is None:
            peer = self._peers[address] = Peer(address, now)
            self._counts[False] += 1
        return peer

    def overdrawn(self, peer: Peer, now: float) -> bool:
        """Whether this peer used more than its part."""
        return self._credit_s(peer, now) < 0

    def has_enough(self, peer: Peer, now: float) -> bool:
        """Whether its newcomers have to wait: it used more than its part, or its requests queue for the workers."""
        return peer.asking >= ASKING_MAX or self.overdrawn(peer, now)

    def _credit_s(self, peer: Peer, now: float) -> float:
        count = self._counts[peer.known]
        share = KNOWN_SHARE if peer.known else STRANGERS_SHARE
        return peer.budget.credit(share / count, BURST_S / count, now)

    def tidy(self, now: float) -> None:
        """Count the peers, and forget those without connections and debts."""
        counts = {False: 0, True: 0}
        full = len(self._peers) > _PEERS_MAX
        for address, peer in list(self._peers.items()):
            if not peer.channels and not peer.newcomers and (full or self._credit_s(peer, now) >= 0):
                del self._peers[address]
            else:
                counts[peer.known] += 1
        self._counts = {known: max(1, count) for known, count in counts.items()}

    def largest_first(self) -> Iterable[Peer]:
        """Who has to give up connections first when there are too many: strangers and the greedy, of these those with most."""

        def modest(peer: Peer) -> bool:
            return peer.known and len(peer.channels) <= MODEST

        return sorted(self._peers.values(), key=lambda peer: (modest(peer), -len(peer.channels)))

    def most_newcomers(self) -> Peer | None:
        """Who has to give up a newcomer when there are too many of them."""
        return max(self._peers.values(), key=lambda peer: len(peer.newcomers), default=None)
