"""The thread that accepts, reads and sends for all connections. It never waits for a lock, a disk or a client."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import islice
from operator import attrgetter

from handlers.server.channel import Channel, Limits
from handlers.server.exchange import Exchange
from handlers.server.lanes import Lane, Turns
from handlers.server.peers import Peer, Peers
from handlers.server.request_parser import Site
from handlers.server.spool import NoRoom, Spool

_LOG = logging.getLogger(__name__)

_POLL_S = 1.0  #: the longest rest, and how late a timeout of a connection may be noticed
_PAUSED_POLL_S = 0.02  #: how late it may be noticed that a peer may go on
_LEAVING_POLL_S = 0.05
_NO_DESCRIPTORS_PAUSE_S = 0.5
_CANDIDATES = 16  #: of its oldest connections a peer gives up the one that has been quiet for longest
#: What a peer, and one of its connections, is charged at most at a time: much of it may be waiting for other threads.
_COST_MAX_S, _COST_OF_CHANNEL_MAX_S = 0.02, 0.002
_HALF_REQUESTS_S = 2.0  #: requests that are arriving while the server leaves get so long to be whole
#: How long the connections that have something, those that have more, and newcomers may take in each round.
_TURN_S, _TURN_OF_NEWCOMERS_S = 0.005, 0.01
_TURN_BESIDE_A_CROWD_S = (
    0.001  #: of the others, while newcomers queue: those who ask for /healthz are among them
)
_EVENTS_A_ROUND = 64
_SAY_AGAIN_S = 60.0


class Lanes:
    """The threads of a server: half of them for what looks into files or at phones, and only they serve it.

    A dozen slow phones or large videos must not hold up the calls that answer from memory (WEB-3).
    """

    def __init__(self, threads: int) -> None:
        slow = max(1, threads // 2)
        self.slow = Lane("slow", slow)
        self.quick = Lane("quick", max(1, threads - slow))
        self.disk = Lane("disk", 2)

    def end(self, ends: float) -> None:
        """Wait for the threads until this moment of the monotonic clock."""
        for lane in (self.quick, self.slow, self.disk):
            lane.end(ends)


class _Bell:
    """Wakes the loop from any thread. Ringing never blocks, and the descriptor lives as long as any thread may ring."""

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def __del__(self) -> None:
        os.close(self.fd)

    def ring(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it rings already
            os.eventfd_write(self.fd, 1)

    def hush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.fd)


class HttpLoop:
    """Serves a listening socket until `leave`. All but `leave`, `cut` and `call` belongs to the thread of `run`."""

    def __init__(self, listener: socket.socket, site: Site, lanes: Lanes, limits: Limits) -> None:
        self.site = site
        self.limits = limits
        self.lanes = lanes
        self.now = self.beat = time.monotonic()
        self.abandoned = False
        self._listener = listener
        self._accepts = self._crowded = False
        self._accept_at = 0.0
        self._poll = select.epoll()
        self._bell = _Bell()
        self._inbox: deque[Callable[[], None]] = deque()
        self._again: dict[Channel, None] = {}  #: in order
        self._paused: dict[Channel, float] = {}
        self._channels: dict[int, Channel] = {}
        self._peers: Peers = Peers()
        self._turns = {lane: Turns[Channel](lane) for lane in (lanes.quick, lanes.slow)}
        self._tick_at = self._resume_at = 0.0
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
        for channel in list(self._channels.values()):
            channel.cut()

    # --- the loop's thread

    def run(self) -> None:
        """Serve."""
        try:
            self._accept_again()
            while not self._finished():
                self._round()
        finally:
            self._accept_no_more()
            for channel in list(self._channels.values()):
                channel.close()
            self._poll.close()

    def _round(self) -> None:
        events = self._poll.poll(self._rest_s(), _EVENTS_A_ROUND)
        self.now = self.beat = time.monotonic()
        if self.abandoned:
            return
        turn_s = _TURN_BESIDE_A_CROWD_S if self._crowded else _TURN_S
        ends = self.now + turn_s
        for fd, happened in events:
            if fd == self._bell.fd:
                self._bell.hush()
            elif time.monotonic() < ends and (channel := self._channels.get(fd)) is not None:
                self._charged(channel, partial(channel.handle, happened))  # else it happens again
        for _ in range(len(self._inbox)):
            self._inbox.popleft()()
        self._go_on(turn_s)
        self._start_requests()
        if self._accepts:
            # Last: they may get the descriptors of connections that were closed above, for which events were there.
            # In each round: else they would wait for their turn among a thousand busy connections.
            self._accept()
        self._start_requests()
        if self.now >= self._tick_at:
            self._tick()

    def _rest_s(self) -> float:
        if self._again or self._inbox:
            return 0.0
        if self._paused:
            return _PAUSED_POLL_S
        return _LEAVING_POLL_S if self.site.leaving else _POLL_S

    def _charged(self, channel: Channel, job: Callable[[], None]) -> None:
        """Do this for a connection, at the cost of its peer; what fails ends this connection only."""
        began = time.monotonic()
        try:
            job()
        except Exception:  # noqa: BLE001 - one connection must not end the others
            self._say("a connection failed", exc_info=True)
            channel.close()
        self._pay(channel, time.monotonic() - began)

    def _pay(self, channel: Channel, cost_s: float) -> None:
        channel.budget.pay(min(cost_s, _COST_OF_CHANNEL_MAX_S))
        channel.peer.budget.pay(min(cost_s, _COST_MAX_S))

    def _say(self, text: str, *, exc_info: bool = False) -> None:
        if self.now - self._said_at >= _SAY_AGAIN_S:
            self._said_at = self.now
            _LOG.warning("%s; if it happens again soon it is not said again", text, exc_info=exc_info)

    # --- accepting

    def _accept(self) -> None:
        ends = time.monotonic() + _TURN_OF_NEWCOMERS_S
        self._crowded = True
        while (
            time.monotonic() < ends and not self._inbox
        ):  # a worker that is ready must not wait for the crowd
            try:
                sock, addr = self._listener.accept()
            except BlockingIOError:
                self._crowded = False
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                if error.errno in {errno.EMFILE, errno.ENFILE} and self._make_room():
                    continue
                self._say(f"no new connection can be taken: {error.strerror or error}")
                self._accept_no_more()
                self._accept_at = self.now + _NO_DESCRIPTORS_PAUSE_S
                return
            self._welcome(sock, addr)

    def _welcome(self, sock: socket.socket, addr: tuple[str, int]) -> None:
        began = time.monotonic()
        peer = self._peers.get(addr[0], self.now)
        channel = Channel(self, sock, addr, peer)
        self._channels[channel.fd] = channel
        peer.channels[channel] = None
        self._pay(channel, time.monotonic() - began)
        # Most send their request at once, and one that is answered at once needs no room.
        self._charged(channel, partial(channel.read, new=True))
        if len(peer.channels) > self.limits.per_peer:
            room = self._close_quietest(peer)
        else:
            room = len(self._channels) <= self.limits.connections or self._make_room()
        if not room:
            channel.close()

    def _accept_no_more(self) -> None:
        if self._accepts and not self.abandoned:
            self._poll.unregister(self._listener)
        self._accepts = False

    def _accept_again(self) -> None:
        if not self._accepts and not self.site.leaving:
            self._poll.register(self._listener, select.EPOLLIN)
            self._accepts = True

    def _make_room(self) -> bool:
        return any(self._close_quietest(peer) for peer in self._peers.largest_first())

    def _close_quietest(self, peer: Peer) -> bool:
        """Close a connection of this peer; not one that has sent its request: else a crowd would never be served."""
        idle = (channel for channel in peer.channels if not channel.queued)
        oldest = list(islice(idle, _CANDIDATES))
        if not oldest:
            return False
        min(oldest, key=attrgetter("quiet_since")).close()
        return True

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
        if not (channel.overdrawn(self.now) and self._peers.overdrawn(channel.peer, self.now)):
            return False
        self._paused.setdefault(channel, self.now)
        return True

    def again(self, channel: Channel) -> None:
        """Let it go on once the others had their turn."""
        self._again[channel] = None

    def dispatch(self, channel: Channel, exchange: Exchange) -> None:
        """Have a worker make the next piece of the answer."""
        slow = self.site.app.is_slow(exchange.request.command, exchange.request.path)
        self._turns[self.lanes.slow if slow or exchange.wrote_header else self.lanes.quick].wait(channel)

    def store(self, channel: Channel, spool: Spool) -> None:
        """Have a part of a body written to the disk."""
        self.lanes.disk.submit(partial(self._flush, channel, spool))

    def later(self, job: Callable[[], None]) -> None:
        """Have this done beside the loop: removing a large file may take a while."""
        self.lanes.disk.submit(job)

    def forget(self, channel: Channel) -> None:
        """It is about to be closed, which also ends the watch of its descriptor."""
        del self._channels[channel.fd]
        channel.peer.channels.pop(channel, None)
        self._paused.pop(channel, None)
        self._again.pop(channel, None)
        for turns in self._turns.values():
            turns.leave(channel)

    # --- inside

    def _flush(self, channel: Channel, spool: Spool) -> None:
        try:
            spool.flush()
            room = True
        except NoRoom:
            room = False
        self.call(partial(self._charged, channel, partial(channel.stored, room=room)))

    def _go_on(self, turn_s: float) -> None:
        """Let those go on that gave way to others, and those that have waited long enough."""
        if self._paused and self.now >= self._resume_at:
            self._resume_at = self.now + _PAUSED_POLL_S
            for channel, since in list(self._paused.items()):
                if not (channel.overdrawn(self.now) and self._peers.overdrawn(channel.peer, self.now)):
                    del self._paused[channel]
                    channel.waited(self.now - since)
                    self._again[channel] = None
        ends = time.monotonic() + turn_s
        for _ in range(len(self._again)):
            if time.monotonic() >= ends:
                break
            channel = next(iter(self._again))
            del self._again[channel]
            self._charged(channel, channel.advance)

    def _start_requests(self) -> None:
        for lane, turns in self._turns.items():
            while (channel := turns.next(self._is_overdrawn)) is not None:
                assert channel.exchange is not None  # noqa: S101 - closed ones are left out
                channel.started = True
                lane.submit(partial(self._work, lane, channel, channel.exchange))

    def _is_overdrawn(self, peer: Peer) -> bool:
        return self._peers.overdrawn(peer, self.now)

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
            self.call(partial(self._worked, lane, channel, exchange, pieces, time.monotonic() - began))

    def _worked(
        self, lane: Lane, channel: Channel, exchange: Exchange, pieces: list[bytes], took_s: float
    ) -> None:
        self._turns[lane].ended(channel.peer)
        if exchange.refused:
            self._pay(channel, min(took_s, _COST_OF_CHANNEL_MAX_S))
        channel.peer.known |= exchange.known and not exchange.refused
        self._charged(channel, partial(channel.answer, exchange, pieces))

    def _tick(self) -> None:
        self._tick_at = self.now + _POLL_S
        if self.now >= self._accept_at:
            self._accept_again()
        for channel in list(self._channels.values()):
            if channel.expired(self.now):
                channel.close()
        self._peers.tidy(self.now)

    def _finished(self) -> bool:
        if self._cut:
            return True
        if not self.site.leaving:
            return False
        if self._accepts or self._patience_ends == float("inf"):
            self._accept_no_more()
            self._listener.close()
            self._patience_ends = self.now + _HALF_REQUESTS_S
        for channel in list(self._channels.values()):
            if not channel.answering and (not channel.receiving or self.now > self._patience_ends):
                channel.close()
        return not self._channels
