"""Accepts new connections, and closes others when a limit on connections is exceeded."""

from __future__ import annotations

import errno
import select
import socket
import time
from itertools import islice
from typing import Protocol

from handlers.server.connection.channel import Channel
from handlers.server.connection.incoming import FIRST_BYTES, is_request
from handlers.server.limits import Limits
from handlers.server.paused_connections import Patience
from handlers.server.peers import Peer, Peers

#: How long newcomers may keep the processor in each round. Time of the processor, because time of a clock also passes
#: while other programs run, and then the queue of the kernel would grow.
_TURN_CPU_S = 0.01
_TURN_BESIDE_WORK_CPU_S = 0.005  #: while a worker waits for the loop
_NO_DESCRIPTORS_PAUSE_S = 0.5
_CANDIDATES = 16  #: of its oldest connections a peer gives up the one that has been quiet for longest
_FEW = 16  #: newcomers in one turn that are no crowd
_DONT_WAIT = socket.MSG_DONTWAIT


class Loop(Protocol):
    """What accepting needs of the loop."""

    now: float
    limits: Limits
    peers: Peers
    patience: Patience
    channels: dict[int, Channel]
    admitted: int

    def welcome(
        self, sock: socket.socket, addr: tuple[str, int], peer: Peer, first: bytes | None
    ) -> None: ...
    def has_work(self) -> bool: ...
    def say(self, text: str) -> None: ...


class Door:
    """The listening socket, watched by the loop's poll. Only the loop's thread uses it.

    Attributes:
        opened: Newcomers are accepted.
        crowded: There are too many newcomers to serve each at once: they are all accepted first. In the kernel's queue
            those who ask for /healthz stand behind all others.
    """

    def __init__(self, loop: Loop, listener: socket.socket, poll: select.epoll) -> None:
        self.opened = self.crowded = False
        self._loop = loop
        self.listener = listener
        self._poll = poll
        self._open_at = 0.0

    def open(self) -> None:
        """Accept newcomers, unless there were no descriptors for them a moment ago."""
        if not self.opened and self._loop.now >= self._open_at:
            self._poll.register(self.listener, select.EPOLLIN)
            self.opened = True

    def shut(self) -> None:
        """Accept nothing more for now; newcomers wait in the kernel."""
        if self.opened:
            self._poll.unregister(self.listener)
        self.opened = False

    def accept(self) -> None:
        """Take those who wait, at most for one turn."""
        loop, began, taken = self._loop, time.thread_time(), 0
        while time.thread_time() - began < (_TURN_BESIDE_WORK_CPU_S if loop.has_work() else _TURN_CPU_S):
            try:
                sock, addr = self.listener.accept()
            except BlockingIOError:
                self.crowded = False
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                if error.errno in {errno.EMFILE, errno.ENFILE} and (
                    self._close_newcomer() or self._make_room()
                ):
                    continue
                loop.say(f"no new connection can be taken: {error.strerror or error}")
                self.shut()
                self._open_at = loop.now + _NO_DESCRIPTORS_PAUSE_S
                return
            taken += 1
            self.crowded = self.crowded or taken > _FEW
            self._take(sock, addr)
        self.crowded = True

    def _take(self, sock: socket.socket, addr: tuple[str, int]) -> None:
        began = time.thread_time()
        loop = self._loop
        peer = loop.peers.get(addr[0], loop.now)
        try:
            first = sock.recv(FIRST_BYTES, _DONT_WAIT)
        except BlockingIOError:
            first = None
        except OSError:
            first = b""
        if first == b"" or (first and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
            sock.close()  # it has hung up: who does so without end gets nothing made
            peer.budget.pay(time.thread_time() - began)
            return
        loaded = first is not None and not is_request(first)
        if loaded and loop.patience.waiting(peer) >= loop.limits.loaded_newcomers_per_peer:
            sock.close()
        else:
            loop.welcome(sock, addr, peer, first)
            while len(loop.channels) - loop.admitted > loop.limits.newcomers and self._close_newcomer():
                pass
        peer.budget.pay(time.thread_time() - began)

    def make_room_for(self, channel: Channel) -> None:
        """One more was admitted: if these are too many another has to go, or this one."""
        loop = self._loop
        if len(channel.peer.channels) > loop.limits.per_peer:
            room = _close_quietest(channel.peer)
        else:
            room = loop.admitted <= loop.limits.connections or self._make_room()
        if not room:
            channel.close()

    def _make_room(self) -> bool:
        return any(_close_quietest(peer) for peer in self._loop.peers.largest_first())

    def _close_newcomer(self) -> bool:
        """Close the oldest newcomer of those who have most; not one that waits for an answer, if there is another."""
        peer = self._loop.peers.most_newcomers()
        newcomers = [] if peer is None else list(islice(peer.newcomers, _CANDIDATES))
        if newcomers:
            min(newcomers, key=lambda channel: channel.asks).close()
        return bool(newcomers)


def _close_quietest(peer: Peer) -> bool:
    """Close a connection of this peer, first one that does not read its answer.

    Not one that has sent its request: else a crowd would never be served.
    """
    idle = (channel for channel in peer.channels if not channel.asks)
    for candidates in (iter(peer.stuck), idle):
        oldest = list(islice(candidates, _CANDIDATES))
        if oldest:
            min(oldest, key=lambda channel: channel.quiet_since).close()
            return True
    return False
