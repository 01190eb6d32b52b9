"""Counts wrong tokens: an address that guesses has to wait, and the log says so once. Right tokens never wait."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict

from jobs.hub.addresses import address
from jobs.hub.clock import Clock

_LOG = logging.getLogger(__name__)

WINDOW_S = 60.0  #: how long a wrong token counts
MAX_WRONG = 10  #: wrong tokens of one address within the window; after them it has to wait
MAX_WRONG_OF_ALL = 200  #: of all addresses together: an IPv6 neighbour has as many addresses as it likes
_MAX_PEERS = 1024
_ALL = "all addresses together"


class WrongTokens:
    """Wrong tokens per full address and of all, in bounded memory: the longest quiet address is forgotten first.

    It decides nothing about a right token: an address may be shared, by the clients of a proxy or of a router.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._peers: OrderedDict[str, tuple[int, float]] = OrderedDict()  #: address -> wrong ones, until when

    def count(self, peer: str) -> float:
        """One more wrong token; returns for how many seconds its sender shall not try again, 0 for at once."""
        key = str(address(peer) or peer)
        with self._lock:
            of_all, wait_of_all_s = self._add(_ALL, MAX_WRONG_OF_ALL)
            of_peer, wait_s = self._add(key, MAX_WRONG)
            self._peers.move_to_end(_ALL)
            while len(self._peers) > _MAX_PEERS:
                self._peers.popitem(last=False)
        if of_all == MAX_WRONG_OF_ALL:
            _say(_ALL, of_all)
        elif (
            of_peer == MAX_WRONG and of_all < MAX_WRONG_OF_ALL
        ):  # whoever has many addresses shall not fill the log
            _say(key, of_peer)
        return max(wait_s, wait_of_all_s)

    def _add(self, key: str, most: int) -> tuple[int, float]:
        """Wrong ones within the window with this one, and how long to wait."""
        now = self._clock.monotonic()
        wrong, until = self._peers.pop(key, (0, 0.0))
        if now >= until:
            wrong, until = 0, now + WINDOW_S
        self._peers[key] = (wrong + 1, until)
        return wrong + 1, until - now if wrong + 1 >= most else 0.0


def _say(whom: str, wrong: int) -> None:
    _LOG.warning(
        "%d wrong tokens within %.0f s from %s; right ones are let in as ever", wrong, WINDOW_S, whom
    )
