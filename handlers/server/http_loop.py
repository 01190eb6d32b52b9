"""The thread that accepts, reads and sends for all connections. It never waits for a lock, a disk or a client."""

from __future__ import annotations

import logging
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

from handlers.server.accepting import Door
from handlers.server.bell import Bell
from handlers.server.connection.channel import Channel
from handlers.server.connection.exchange import Exchange
from handlers.server.connection.request_parser import Site
from handlers.server.connection.spool import Spool
from handlers.server.disk_queue import DiskQueue
from handlers.server.lanes import Lanes
from handlers.server.limits import Limits
from handlers.server.paused_connections import PAUSED_POLL_S, Patience
from handlers.server.peers import Peer, Peers
from handlers.server.workers import Workers

_LOG = logging.getLogger(__name__)

_POLL_S = 1.0  #: the longest rest, and how late a timeout of a connection may be noticed
_LEAVING_POLL_S = 0.05
#: What a peer, and one of its connections, is charged at most at a time: much of it may be waiting for other threads.
_COST_MAX_S, _COST_OF_CHANNEL_MAX_S = 0.02, 0.002
_HALF_REQUESTS_S = 2.0  #: requests that are arriving while the server leaves get so long to be whole
#: How long each kind of connections may take in a round: those that have something, those that have waited, those that
#: have more. Newcomers have their turn after each round, and those who ask for /healthz are among them.
TURN_S = 0.001
_EVENTS_A_ROUND = 256
_GONE = select.EPOLLERR | select.EPOLLHUP
_SAY_AGAIN_S = 60.0


class HttpLoop:
    """Serves a listening socket until `leave`. All but `leave`, `cut` and `call` belongs to the thread of `run`."""

    def __init__(self, listener: socket.socket, site: Site, lanes: Lanes, limits: Limits) -> None:
        self.site = site
        self.limits = limits
        self.lanes = lanes
        self.now = self.beat = time.monotonic()
        self.abandoned = False
        self._listener = listener
        self._poll = select.epoll()
        self.door = Door(self, listener, self._poll)
        self._bell = Bell()
        self._inbox: deque[Callable[[], None]] = deque()
        self._again: dict[Channel, None] = {}  #: in order
        self.channels: dict[int, Channel] = {}
        self.admitted = 0  #: of them those that are no newcomers any more
        self.peers = Peers()
        self.patience = Patience(self.peers)
        self.to_disk = DiskQueue(lanes.disk, self._written)
        self._workers = Workers(lanes, self.call, self._answered)
        self._tick_at = 0.0
        self._sweep: Iterator[Channel] | None = None  #: those that are yet to be looked at for having expired
        self._said_at = float("-inf")
        self._patience_ends = float("inf")
        self._cut = False
        self._poll.register(self._bell.fd, select.EPOLLIN)

    # --- any thread

    def call(self, job: Callable[[], None]) -> None:
        """Have this done by the loop's thread, soon."""
        self._inbox.append(job)
        self._bell.ring()

    def leave(self) -> None:
        """Accept nothing more; end once all requests are answered."""
        self.site.leaving = True
        self._bell.ring()

    def cut(self) -> None:
        """End now."""
        self._cut = True
        self._bell.ring()

    def abandon(self) -> None:
        """Another loop takes over the listening socket; this one hangs or is dead. Its clients see the end at once."""
        self.abandoned = self._cut = True
        self._bell.ring()
        for channel in list(self.channels.values()):
            channel.cut()

    # --- the loop's thread

    def run(self) -> None:
        """Serve."""
        try:
            self.door.open()
            while not self._finished():
                self.one_round()
        finally:
            if not self.abandoned:
                self.door.shut()
            for channel in list(self.channels.values()):
                channel.close()
            self._poll.close()

    def one_round(self) -> None:
        """Wait for the sockets, then do what they and the workers have brought."""
        events = self._poll.poll(self._rest_s(), _EVENTS_A_ROUND)
        self.now = self.beat = time.monotonic()
        if self.abandoned:
            return
        ends = self.now + TURN_S
        for fd, happened in events:
            if fd == self._bell.fd:
                self._bell.hush()
            elif (channel := self.channels.get(fd)) is None:
                continue
            elif happened & _GONE:
                channel.close()  # always at once: a flood of those who hang up would fill all places
            elif time.monotonic() < ends:
                self._charged(channel, partial(channel.handle, happened))  # else it happens again
        for _ in range(len(self._inbox)):
            self._inbox.popleft()()
        self._go_on()
        self._workers.start(self._is_overdrawn)
        if self.door.opened:
            # Last: they may get the descriptors of connections that were closed above, for which events were there.
            # In each round: else they would wait for their turn among a thousand busy connections.
            self.door.accept()
        self._workers.start(self._is_overdrawn)
        if self.now >= self._tick_at:
            self._tick()

    def _rest_s(self) -> float:
        if self._again or self._inbox:
            return 0.0
        if self.patience:
            return PAUSED_POLL_S
        if self.now >= self._tick_at:
            return 0.0
        return _LEAVING_POLL_S if self.site.leaving else _POLL_S

    def _charged(self, channel: Channel, job: Callable[[], None]) -> None:
        """Do this for a connection, at the cost of its peer; what fails ends this connection only."""
        began = time.thread_time()
        try:
            job()
        except Exception:  # noqa: BLE001 - one connection must not end the others
            self.say("a connection failed", exc_info=True)
            channel.close()
        if len(channel.peer.channels) > self.limits.per_peer or self.admitted > self.limits.connections:
            self.door.make_room_for(channel)
        self._pay(channel, time.thread_time() - began)

    def _pay(self, channel: Channel, cost_s: float) -> None:
        channel.budget.pay(min(cost_s, _COST_OF_CHANNEL_MAX_S))
        channel.peer.budget.pay(min(cost_s, _COST_MAX_S))

    # --- what accepting asks for

    def welcome(self, sock: socket.socket, addr: tuple[str, int], peer: Peer, first: bytes | None) -> None:
        """Serve a newcomer that has sent these bytes so far."""
        channel = Channel(self, sock, addr, peer)
        self.channels[channel.fd] = channel
        peer.newcomers[channel] = None
        self._charged(channel, partial(channel.begin, first))

    def has_work(self) -> bool:
        """Whether a worker waits for the loop."""
        return bool(self._inbox)

    def say(self, text: str, *, exc_info: bool = False) -> None:
        """Log a warning, once in a while."""
        if self.now - self._said_at >= _SAY_AGAIN_S:
            self._said_at = self.now
            _LOG.warning("%s; if it happens again soon it is not said again", text, exc_info=exc_info)

    # --- what connections ask for

    def want(self, channel: Channel, mask: int) -> None:
        """Watch the connection for these events."""
        if channel.watched is None:
            self._poll.register(channel.fd, mask)
        else:
            self._poll.modify(channel.fd, mask)
        channel.watched = mask

    def has_to_wait(self, channel: Channel) -> bool:
        """Whether this connection and its peer have used more than their part; then it is resumed later."""
        crowd = self.patience.waiting(channel.peer) >= self.limits.loaded_newcomers_per_peer
        if channel.is_new and crowd and not channel.asks:
            channel.close()
            return True
        return self.patience.has_to_wait(channel, self.now, crowded=self.door.crowded)

    def admit(self, channel: Channel) -> None:
        """Its request is looked at from now on."""
        channel.is_new = False
        del channel.peer.newcomers[channel]
        channel.peer.channels[channel] = None
        self.admitted += 1

    def again(self, channel: Channel) -> None:
        """Let it go on once the others had their turn."""
        self._again[channel] = None

    def dispatch(self, channel: Channel, exchange: Exchange) -> None:
        """Have a worker make the next piece of the answer."""
        slow = self.site.app.is_slow(exchange.request.command, exchange.request.path)
        self._workers.wait(channel, slow=slow or exchange.wrote_header)

    def store(self, channel: Channel, spool: Spool) -> None:
        """Have a part of a body written to the disk."""
        self.to_disk.put(channel, spool)

    def later(self, job: Callable[[], None]) -> None:
        """Have this done beside the loop: removing a large file may take a while."""
        self.lanes.disk.submit(job)

    def forget(self, channel: Channel) -> None:
        """It is about to be closed, which also ends the watch of its descriptor."""
        del self.channels[channel.fd]
        if channel.is_new:
            del channel.peer.newcomers[channel]
        else:
            del channel.peer.channels[channel]
            self.admitted -= 1
        channel.peer.stuck.pop(channel, None)
        self.patience.forget(channel)
        self._again.pop(channel, None)
        if self.to_disk.give_up(channel):
            channel.not_stored()
        self._workers.leave(channel)

    # --- inside

    def _written(self, channel: Channel, room: bool) -> None:
        """In a thread of the disk."""
        self.call(partial(self._stored, channel, room))

    def _stored(self, channel: Channel, room: bool) -> None:
        self.to_disk.ended()
        self._charged(channel, partial(channel.stored, room=room))

    def _go_on(self) -> None:
        """Let those go on that gave way to others, and those that have waited long enough."""
        ends = time.monotonic() + TURN_S
        for channel in self.patience.let_in(self.now):
            self.admit(channel)
            self._charged(channel, channel.advance)
            if time.monotonic() >= ends:
                break
        self._again.update(dict.fromkeys(self.patience.resumed(self.now)))
        ends = time.monotonic() + TURN_S  # their own: else newcomers without end would leave them none
        for _ in range(len(self._again)):
            if time.monotonic() >= ends:
                break
            channel = next(iter(self._again))
            del self._again[channel]
            self._charged(channel, channel.advance)

    def _is_overdrawn(self, peer: Peer) -> bool:
        return self.peers.overdrawn(peer, self.now)

    def _answered(self, channel: Channel, exchange: Exchange, pieces: list[bytes], took_s: float) -> None:
        if exchange.refused:
            self._pay(channel, min(took_s, _COST_OF_CHANNEL_MAX_S))
        channel.peer.known |= exchange.known and not exchange.refused
        self._charged(channel, partial(channel.answer, exchange, pieces))

    def _tick(self) -> None:
        """Close what has expired, in steps: thousands may have come in the same second."""
        if self._sweep is None:
            self._sweep = iter(list(self.channels.values()))
        ends = time.monotonic() + TURN_S
        for channel in self._sweep:
            if not channel.closed and channel.expired(self.now):
                channel.close()
            if time.monotonic() >= ends:
                return
        self._sweep = None
        self._tick_at = self.now + _POLL_S
        self.peers.tidy(self.now)
        if not self.site.leaving:
            self.door.open()

    def _finished(self) -> bool:
        if self._cut:
            return True
        if not self.site.leaving:
            return False
        if self.door.opened or self._patience_ends == float("inf"):
            self.door.shut()
            self._listener.close()
            self._patience_ends = self.now + _HALF_REQUESTS_S
        for channel in list(self.channels.values()):
            if not channel.answering and (not channel.receiving or self.now > self._patience_ends):
                channel.close()
        return not self.channels
