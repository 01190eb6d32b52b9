"""One connection: reads a request, has it answered, sends the answer, and only then looks at the next."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from collections.abc import Callable
from typing import Protocol

from handlers.server.connection.exchange import Exchange
from handlers.server.connection.incoming import Incoming
from handlers.server.connection.lingering import Lingering
from handlers.server.connection.outgoing import Outgoing
from handlers.server.connection.request_parser import Parser, Site
from handlers.server.connection.spool import Spool
from handlers.server.limits import Limits
from handlers.server.peers import CHANNEL_BURST_S, CHANNEL_SHARE, Budget, Peer

_READ, _WRITE = select.EPOLLIN, select.EPOLLOUT
_DONT_WAIT = socket.MSG_DONTWAIT  #: cheaper than a socket that never blocks: that takes a system call more
#: Requests that the loop answers by itself on one connection before the others have their turn.
_STEPS_A_TURN = 4
_RESET = struct.pack("ii", 1, 0)


class Loop(Protocol):
    """What a connection needs of the loop."""

    site: Site
    limits: Limits
    now: float

    def want(self, channel: Channel, mask: int) -> None: ...
    def has_to_wait(self, channel: Channel) -> bool: ...
    def dispatch(self, channel: Channel, exchange: Exchange) -> None: ...
    def store(self, channel: Channel, spool: Spool) -> None: ...
    def later(self, job: Callable[[], None]) -> None: ...
    def admit(self, channel: Channel) -> None: ...
    def again(self, channel: Channel) -> None: ...
    def forget(self, channel: Channel) -> None: ...


class Channel:
    """Only the loop's thread uses it; workers have the exchange.

    Attributes:
        wanted, watched: The events that it waits for, and those that the loop watches for it; None before the first.
        is_new: Nothing of its first request was looked at yet; the loop changes it in `admit`.
    """

    __slots__ = (
        "_addr", "_incoming", "_loop", "_out", "_served", "_sock", "_storing", "budget", "closed", "exchange", "fd",
        "is_new", "lingers", "moved_at", "peer", "queued", "started", "wanted", "watched",
    )  # fmt: skip

    def __init__(self, loop: Loop, sock: socket.socket, addr: tuple[str, int], peer: Peer) -> None:
        self.fd = sock.fileno()
        self.peer = peer
        self.budget = Budget(CHANNEL_BURST_S, loop.now)
        self.wanted = 0
        self.watched: int | None = None  #: None: not yet
        self.closed = False
        self.is_new = True
        self.exchange: Exchange | None = None  #: the request being answered
        self.queued = False  #: it waits for a worker, or a worker has it
        self.started = False  #: a worker has it
        self._loop = loop
        self._sock = sock
        self._addr = addr
        self._incoming = Incoming(loop.site, addr[0])
        self._served = False  #: at least one request was answered
        self._storing = False
        self.lingers: Lingering | None = None  #: the last answer is sent
        self._out = Outgoing()
        self.moved_at = loop.now

    @property
    def answering(self) -> bool:
        """A request is being answered, or its answer is on its way."""
        return self.exchange is not None

    @property
    def asks(self) -> bool:
        """It has sent a request and waits for this side."""
        return self.queued or (self.is_new and self._incoming.asks)

    @property
    def receiving(self) -> bool:
        """A part of a request has arrived."""
        return bool(self._incoming)

    @property
    def quiet_since(self) -> float:
        """When it last moved; what was already answered for the last time comes before all others."""
        return float("-inf") if self.lingers else self.moved_at

    def overdrawn(self, now: float) -> bool:
        """Whether this connection alone used more than a connection may."""
        return self.budget.credit(CHANNEL_SHARE, CHANNEL_BURST_S, now) < 0

    def expired(self, now: float) -> bool:
        """Whether the client is too slow or silent. The time that this side needs does not count."""
        limits = self._loop.limits
        if self.lingers:
            return now - self.moved_at > limits.linger_s
        if self._out:
            since, moved_bytes = self._out.since, self._out.sent_bytes
        elif self.exchange is not None or self._storing or not self.wanted & _READ:
            return False
        else:
            since, moved_bytes = self._incoming.since(self.moved_at)
        late_s = now - since - moved_bytes / limits.min_rate_bytes_per_s
        return max(late_s, now - self.moved_at) > limits.timeout_s

    def waited(self, waited_s: float) -> None:
        """The loop let it wait so long: that does not count as the client's time."""
        self.moved_at += waited_s
        self._incoming.waited(waited_s)

    # --- what the loop has for it

    def handle(self, events: int) -> None:
        """React to what happened on the socket."""
        if not events & self.wanted:  # it was watched for longer than wanted: that saves a system call
            self._loop.want(self, self.wanted)
        elif self.lingers:
            if self.lingers.ended():
                self.close()
        elif events & self.wanted & _READ:
            self.read()
        else:
            self.advance()

    def answer(self, exchange: Exchange, pieces: list[bytes]) -> None:
        """A worker made the next piece of the answer."""
        self.queued = self.started = False
        self.peer.asking -= 1
        if not self.closed:
            self._send(pieces)
            self.advance()
        elif not exchange.done:
            self._loop.later(exchange.cancel)

    def stored(self, *, room: bool) -> None:
        """A part of the body is on the disk, or there was no room."""
        self._storing = False
        if self.closed:
            self._incoming.give_up(self._loop.later)
            return
        self.moved_at = self._loop.now
        if not room and self._incoming.parser is not None:
            self._incoming.parser.no_room()
            self._begin(self._incoming.parser)
        self.advance()

    def not_stored(self) -> None:
        """It is being closed, and the part of its body that waited for the disk was given up."""
        self._storing = False

    def close(self) -> None:
        """Close it now; idempotent. A worker that has its request ends by itself."""
        if self.closed:
            return
        self.closed = True
        if self._out:  # the client does not read: the kernel must not keep for it what is on its way
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._out.clear()
        self._incoming.rest = b""
        self._loop.forget(self)
        self._sock.close()
        if self.exchange is not None and not self.exchange.done:
            self.exchange.cancelled = True
            if not self.started:
                self.peer.asking -= self.queued
                self._loop.later(self.exchange.cancel)
        if not self._storing:
            self._incoming.give_up(self._loop.later)

    def cut(self) -> None:
        """End the connection from another thread than the loop's, which hangs: its socket stays open but dead."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    # --- inside

    def advance(self, *, new: bool = False) -> None:
        """Go on until the client, a worker, the disk or the budget has to be waited for, or others have their turn."""
        for _ in range(_STEPS_A_TURN):
            if self.closed or self._storing or self.lingers:
                return
            if self._out and not self._flush():
                return
            if self.exchange is not None:
                if not self.exchange.done:
                    if not self.queued:
                        self.queued = True
                        self.peer.asking += 1
                        self._loop.dispatch(self, self.exchange)
                    self._want(0)
                    return
                self._end_exchange(self.exchange)
            elif self._has_to_wait():
                if not self.closed:
                    self._want(0)
                return
            elif self._incoming.rest:
                if new and self._incoming.parser is not None:
                    break  # a body: those come first that have none
                if self.is_new:
                    self._loop.admit(self)
                self._parse()
                if self._incoming.in_chunks:
                    break  # a piece of them costs much
            else:
                self._want(_READ)
                return
        if not self.closed:
            self._want(0)
            self._loop.again(self)

    def _has_to_wait(self) -> bool:
        """Not in the middle of its headers, nor before what is answered at once, unless its peer asks for that without end."""
        if self.is_new:
            health = self._incoming.asks_health and self.peer.may_probe(self._loop.now)
            may_wait = bool(self._incoming.rest) and not health
        else:
            may_wait = self._served or self._incoming.in_body
        return may_wait and self._loop.has_to_wait(self)

    def _want(self, mask: int) -> None:
        self.wanted = mask
        if self.watched is None or mask & ~self.watched:
            self._loop.want(self, mask)

    def begin(self, first: bytes | None) -> None:
        """Go on with what a newcomer has sent; None when nothing has come yet."""
        if first is None:
            self._want(_READ)
            return
        self._incoming.rest = first
        self.advance(new=True)

    def read(self) -> None:
        """Read what there may be, and go on with it."""
        if self.exchange is not None or self._storing or self._incoming.rest:
            return
        try:
            data = self._sock.recv(self._incoming.wanted_bytes(is_new=self.is_new), _DONT_WAIT)
        except BlockingIOError:
            self._want(_READ)
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self.moved_at = self._loop.now
        self._incoming.rest = data
        self.advance()

    def _parse(self) -> None:
        parser = self._incoming.parse(self._loop.now)
        if parser.completed:
            self._begin(parser)
        elif parser.expect_continue and parser.headers_finished:
            parser.expect_continue = False
            self._send([b"HTTP/1.1 100 Continue\r\n\r\n"])
        elif parser.spool is not None and parser.spool.full:
            self._storing = True
            self._want(0)
            self._loop.store(self, parser.spool)

    def _begin(self, request: Parser) -> None:
        self._incoming.parser = None
        if request.empty:
            return
        exchange = self.exchange = Exchange(self._loop.site, self._addr, request)
        exchange.connection = self._sock
        if request.error is not None:
            self._send(exchange.refuse())
            request.give_up(self._loop.later)
            return
        at_once = None if request.body_rcv else self._loop.site.app.at_once(request.command, request.path)
        if at_once is not None:
            self._send(exchange.reply(at_once))

    def _end_exchange(self, exchange: Exchange) -> None:
        self.exchange = None
        self._served = True
        self.moved_at = self._loop.now
        if exchange.close_on_finish:
            self._linger()

    def _linger(self) -> None:
        self._incoming.rest = b""
        try:
            self.lingers = Lingering(self._sock, self._loop.limits.linger_bytes)
        except OSError:
            self.close()
            return
        self._want(_READ)
        if self.lingers.ended():
            self.close()

    def _send(self, pieces: list[bytes]) -> None:
        if not self._out:
            self.moved_at = self._loop.now
        self._out.add(pieces, self._loop.now)

    def _flush(self) -> bool:
        """Send what there is; False when the client has to read first, or is gone."""
        before = self._out.sent_bytes
        try:
            sent_all = self._out.flush(self._sock)
        except OSError:
            self.close()
            return False
        if sent_all or self._out.sent_bytes != before:
            self.moved_at = self._loop.now
        if sent_all:
            self.peer.stuck.pop(self, None)
        else:
            self.peer.stuck[self] = None
            self._want(_WRITE)
        return sent_all
