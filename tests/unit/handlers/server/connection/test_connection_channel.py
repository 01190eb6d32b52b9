"""One connection against a loop that only takes notes: what it asks of the loop, and what its client reads."""

from __future__ import annotations

import contextlib
import json
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from handlers.server.connection.channel import Channel
from handlers.server.connection.exchange import Exchange
from handlers.server.connection.request_parser import HEADER_BYTES, Site
from handlers.server.connection.spool import MEMORY_BYTES, Spool
from handlers.server.limits import Limits
from handlers.server.peers import Peer
from tests.support.http_side import HttpSide

READ, WRITE = select.EPOLLIN, select.EPOLLOUT
T = "/api/v1/task"
HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
STATS = f"GET {T}/stats HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
LAST = f"GET {T}/stats HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


class NotingLoop:
    """What a connection sees of the loop; each test decides when anything goes on."""

    def __init__(self, side: HttpSide, **limits: Any) -> None:
        self.site = Site(side.app, "127.0.0.1", 1, side.folder, 0)
        self.limits = Limits(**limits)
        self.now = 1000.0
        self.full = False  #: connections have to wait
        self.asked_to_wait = 0
        self.wants: list[int] = []
        self.dispatched: list[Exchange] = []
        self.spools: list[Spool] = []
        self.jobs: list[Callable[[], None]] = []
        self.waiting: list[Channel] = []  #: those that gave way
        self.admitted = self.forgotten = 0

    def want(self, channel: Channel, mask: int) -> None:
        channel.watched = mask
        self.wants.append(mask)

    def has_to_wait(self, channel: Channel) -> bool:
        assert isinstance(channel, Channel)
        self.asked_to_wait += 1
        return self.full

    def dispatch(self, channel: Channel, exchange: Exchange) -> None:
        assert isinstance(channel, Channel)
        self.dispatched.append(exchange)

    def store(self, channel: Channel, spool: Spool) -> None:
        assert isinstance(channel, Channel)
        self.spools.append(spool)

    def later(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def admit(self, channel: Channel) -> None:
        channel.is_new = False
        self.admitted += 1

    def again(self, channel: Channel) -> None:
        assert isinstance(channel, Channel)
        self.waiting.append(channel)

    def forget(self, channel: Channel) -> None:
        assert isinstance(channel, Channel)
        self.forgotten += 1


class Line:
    """A connection with both its ends."""

    def __init__(self, loop: NotingLoop, ends: tuple[socket.socket, socket.socket]) -> None:
        self.loop = loop
        self.client, self.sock = ends
        self.client.settimeout(5)
        self.peer = Peer("127.0.0.1", loop.now)
        self.channel = Channel(loop, self.sock, ("127.0.0.1", 5), self.peer)

    def send(self, data: bytes) -> None:
        """The client sends, and the loop notices."""
        self.client.sendall(data)
        self.channel.handle(READ)

    def upload(self, data: bytes) -> None:
        """The client sends a lot; all that it needs is done at once."""
        rest = memoryview(data)
        while rest and not self.channel.closed and not self.channel.answering:
            rest = rest[self.client.send(rest[:30_000]) :]
            while not self.channel.closed and select.select([self.sock], [], [], 0)[0]:
                self.channel.handle(READ)
                self.settle()
                if self.channel.answering or self.channel.wanted != READ:
                    break

    def settle(self) -> None:
        """Let it go on as long as it gives way to others or waits for the disk."""
        while self.loop.waiting or self.loop.spools:
            if self.loop.waiting:
                self.loop.waiting.pop(0).advance()
            else:
                self.loop.spools.pop(0).flush()
                self.channel.stored(room=True)

    def work(self) -> None:
        """A worker makes the next piece of the answer."""
        exchange = self.loop.dispatched.pop(0)
        self.channel.started = True
        self.channel.answer(exchange, exchange.work())

    def received(self) -> bytes:
        """What the client has received by now."""
        data = b""
        self.client.setblocking(False)
        try:
            while part := self.client.recv(65536):
                data += part
        except BlockingIOError:
            pass
        self.client.settimeout(5)
        return data

    @property
    def ended(self) -> bool:
        """The client reads the end of the connection."""
        try:
            return self.client.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True


@pytest.fixture
def loop(side: HttpSide) -> NotingLoop:
    return NotingLoop(side)


@pytest.fixture
def line(loop: NotingLoop) -> Iterator[Line]:
    made = Line(loop, socket.socketpair())
    made.channel.begin(None)
    yield made
    made.channel.close()
    made.client.close()


def post(body: bytes, **headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"POST {T} HTTP/1.1\r\nHost: localhost\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
    )


def half(length: int) -> bytes:
    return f"POST {T} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode()


def code(answer: bytes) -> int:
    return int(json.loads(answer.partition(b"\r\n\r\n")[2])["code"])


# --- a request and its answer


def test_a_request_in_pieces_is_given_to_a_worker_once_it_is_whole(line: Line) -> None:
    for at in range(0, len(STATS), 20):
        assert line.loop.dispatched == []
        assert not line.channel.answering
        line.send(STATS[at : at + 20])
        assert line.channel.receiving == (at + 20 < len(STATS))
    assert [exchange.request.path for exchange in line.loop.dispatched] == [f"{T}/stats"]
    assert line.channel.answering
    assert line.channel.asks
    assert line.peer.asking == 1
    assert line.channel.wanted == 0, "nothing more is read meanwhile"


def test_a_connection_is_known_by_its_socket_and_wants_nothing_until_it_begins(loop: NotingLoop) -> None:
    line = Line(loop, socket.socketpair())
    assert line.channel.fd == line.sock.fileno()
    assert (line.channel.wanted, line.channel.watched) == (0, None)
    line.channel.close()
    line.client.close()


def test_each_request_of_an_address_counts(line: Line) -> None:
    other = Line(line.loop, socket.socketpair())
    other.channel = Channel(line.loop, other.sock, ("127.0.0.1", 6), line.peer)
    other.channel.begin(None)
    line.send(STATS)
    other.send(STATS)
    assert line.peer.asking == 2
    other.channel.close()
    other.client.close()
    assert line.peer.asking == 1


def test_the_answer_is_sent_and_the_next_request_read(line: Line) -> None:
    line.send(STATS)
    line.work()
    assert line.received().startswith(b"HTTP/1.1 200 OK\r\n")
    assert not line.channel.answering
    assert not line.channel.asks
    assert not line.channel.queued
    assert not line.channel.started
    assert (line.peer.asking, line.channel.wanted) == (0, READ)
    line.send(STATS)
    line.work()
    assert code(line.received()) == 0
    assert not line.channel.closed


def test_a_request_that_was_sent_ahead_waits_until_the_answer_is_sent(line: Line) -> None:
    line.send(STATS + HEALTHZ)
    line.client.sendall(HEALTHZ)
    assert len(line.loop.dispatched) == 1
    line.channel.read()
    assert line.received() == b""
    line.work()
    answer = line.received()
    assert (answer.count(b"HTTP/1.1 200"), answer[-3:]) == (2, b"ok\n")
    assert line.channel.wanted == READ
    line.channel.handle(READ)
    assert line.received().endswith(b"ok\n")


def test_nothing_is_read_while_an_answer_is_made_though_nothing_waits_to_be_parsed(line: Line) -> None:
    line.send(STATS)
    line.client.sendall(HEALTHZ)
    line.channel.read()
    line.work()
    assert line.received().count(b"HTTP/1.1 200") == 1
    line.channel.handle(READ)
    assert line.received().endswith(b"ok\n")


def test_where_nothing_has_come_reading_waits_for_more(line: Line) -> None:
    line.channel.read()
    assert not line.channel.closed
    assert line.channel.wanted == READ


def test_of_a_newcomer_two_kilobytes_are_read_at_first(line: Line) -> None:
    line.send(b"GET / HTTP/1.1\r\nX: " + b"y" * 5000)
    assert len(line.sock.recv(65536, socket.MSG_PEEK)) == 5000 + 19 - 2048
    line.channel.handle(READ)
    assert select.select([line.sock], [], [], 0)[0] == []


def test_health_needs_no_worker_and_a_body_that_comes_with_it_does(line: Line) -> None:
    line.send(HEALTHZ)
    assert line.received().endswith(b"\r\n\r\nok\n")
    assert line.loop.dispatched == []
    assert line.peer.asking == 0
    line.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx")
    assert len(line.loop.dispatched) == 1


def test_many_requests_that_need_no_worker_give_way_after_a_few(line: Line) -> None:
    line.send(HEALTHZ * 20)
    first = line.received().count(b"ok\n")
    assert 0 < first < 5
    assert line.loop.waiting == [line.channel]
    assert line.channel.wanted == 0
    line.settle()
    assert first + line.received().count(b"ok\n") == 20
    assert line.channel.wanted == READ


def test_empty_lines_before_a_request_are_no_request(line: Line) -> None:
    line.send(b"\r\n\r\n")
    line.settle()
    assert not line.channel.answering
    line.send(HEALTHZ)
    line.settle()
    assert line.received().endswith(b"ok\n")


def test_a_malformed_request_is_answered_at_once_and_is_the_last(line: Line) -> None:
    line.send(b"nonsense\r\n\r\n")
    assert code(line.received()) == 40001
    assert line.loop.dispatched == []
    assert line.ended
    assert not line.channel.closed, "it waits until the client has read the answer"


def test_headers_without_end_are_refused(line: Line) -> None:
    line.upload(b"GET / HTTP/1.1\r\nX: " + b"y" * (HEADER_BYTES + 20_000))
    assert code(line.received()) == 40001


def test_leave_to_send_a_body_is_given_once(line: Line) -> None:
    body = b'{"script_name": "post"}'
    head = post(body, Expect="100-continue")[: -len(body)]
    line.send(head)
    assert line.received() == b"HTTP/1.1 100 Continue\r\n\r\n"
    line.send(body[:5])
    line.send(body[5:])
    line.work()
    answer = line.received()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"100 Continue" not in answer


# --- the end of a connection


def test_after_the_last_answer_what_still_comes_is_thrown_away(line: Line) -> None:
    line.send(LAST + STATS)
    line.work()
    assert code(line.received()) == 0
    assert line.ended
    assert line.channel.wanted == READ
    assert line.channel.lingers
    assert not line.channel.receiving
    assert line.channel.quiet_since == float("-inf"), "it is the first that others may take the place of"
    line.send(STATS)
    assert line.loop.dispatched == []
    assert not line.channel.closed
    line.channel.advance()
    line.client.close()
    line.channel.handle(READ)
    assert line.channel.closed


def test_who_sends_too_much_after_the_last_answer_is_closed(side: HttpSide) -> None:
    loop = NotingLoop(side, linger_bytes=1000)
    line = Line(loop, socket.socketpair())
    with closing(line.client):
        line.channel.begin(LAST)
        line.work()
        line.send(b"x" * 1000)
        assert not line.channel.closed
        line.send(b"x")
        assert line.channel.closed


def test_a_client_that_has_closed_already_is_not_waited_for(line: Line) -> None:
    line.send(LAST)
    line.client.shutdown(socket.SHUT_WR)
    line.work()
    assert line.channel.closed
    assert line.received()


def test_the_clients_end_closes_an_idle_connection_and_one_with_half_a_request(loop: NotingLoop) -> None:
    for sent in (b"", STATS[:30], half(100) + b"x"):
        line = Line(loop, socket.socketpair())
        line.channel.begin(None)
        if sent:
            line.send(sent)
        line.client.close()
        line.channel.handle(READ)
        assert line.channel.closed, sent
        assert line.sock.fileno() == -1
    assert loop.forgotten == 3


def test_closing_twice_is_closing_once(line: Line) -> None:
    line.channel.close()
    line.channel.close()
    assert line.loop.forgotten == 1
    line.channel.advance()
    assert line.ended


def test_a_reset_closes_it(loop: NotingLoop) -> None:
    line = Line(loop, tcp_pair())
    line.channel.begin(None)
    line.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    line.client.close()
    line.channel.handle(READ)
    assert line.channel.closed


def test_a_request_that_waits_for_a_worker_is_given_up_with_its_connection(line: Line) -> None:
    line.send(STATS)
    exchange = line.loop.dispatched[0]
    line.channel.close()
    assert exchange.cancelled
    assert line.peer.asking == 0
    assert line.loop.jobs == [exchange.cancel]


def test_a_request_that_a_worker_has_is_given_up_when_the_worker_comes_back(line: Line) -> None:
    line.send(STATS)
    exchange = line.loop.dispatched[0]
    line.channel.started = True
    line.channel.close()
    assert exchange.cancelled
    assert (line.peer.asking, line.loop.jobs) == (1, [])
    line.channel.answer(exchange, [b"half an answer"])
    assert line.peer.asking == 0
    assert line.loop.jobs == [exchange.cancel]
    assert line.received() == b""


def test_an_answer_that_is_whole_needs_no_cancelling_when_its_client_is_gone(line: Line) -> None:
    line.send(STATS)
    exchange = line.loop.dispatched[0]
    line.channel.started = True
    pieces = exchange.work()
    line.channel.close()
    assert not exchange.cancelled
    line.channel.answer(exchange, pieces)
    assert line.loop.jobs == []
    assert line.peer.asking == 0


def test_a_connection_is_cut_from_outside_without_being_closed(line: Line) -> None:
    line.channel.cut()
    assert line.ended
    assert not line.channel.closed
    line.channel.close()
    line.channel.cut()


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]


def test_what_a_client_does_not_read_is_not_kept_for_it_by_the_kernel(
    side: HttpSide, loop: NotingLoop
) -> None:
    line = stuck(side, Line(loop, tcp_pair()))
    line.channel.close()
    with pytest.raises(ConnectionResetError):
        read_to_the_end(line.client)
    line.client.close()


def read_to_the_end(sock: socket.socket) -> None:
    while sock.recv(65536):
        pass


# --- clients that do not read


def stuck(side: HttpSide, line: Line) -> Line:
    """It has an answer on its way that is too large for the sockets."""
    for _ in range(20):
        side.task(script_config={"captions": "x" * 500_000})
    line.channel.begin(f"GET {T}?page_size=100 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    while line.channel not in line.peer.stuck:
        line.work()
    return line


def test_an_answer_that_is_not_read_waits_and_no_more_of_it_is_made(side: HttpSide, line: Line) -> None:
    stuck(side, line)
    assert line.channel.wanted == WRITE
    assert line.loop.dispatched == []
    assert line.channel.answering
    got = len(line.received())
    while line.peer.stuck or line.loop.dispatched:
        if line.loop.dispatched:
            line.work()
        else:
            line.channel.handle(WRITE)
        got += len(line.received())
    assert got > 10_000_000
    assert line.peer.stuck == {}
    assert line.channel.wanted == READ


def test_a_client_that_goes_while_its_answer_is_on_its_way_is_closed(side: HttpSide, line: Line) -> None:
    stuck(side, line)
    line.client.close()
    line.channel.handle(WRITE)
    assert line.channel.closed
    assert line.loop.dispatched == [], "no more of the answer is made"


# --- bodies


def test_a_body_goes_to_the_disk_in_parts_and_nothing_is_read_meanwhile(line: Line) -> None:
    line.send(half(3 * MEMORY_BYTES))
    line.send(b" " * MEMORY_BYTES)
    line.loop.waiting = []
    while not line.loop.spools:
        line.channel.advance()
    assert line.channel.wanted == 0
    line.client.sendall(b" " * 10)
    line.channel.read()
    line.channel.advance()
    (spool,) = line.loop.spools
    assert len(spool) == MEMORY_BYTES
    line.settle()
    assert spool.on_disk
    assert line.channel.wanted == READ
    line.upload(b" " * (2 * MEMORY_BYTES - 10))
    assert len(line.loop.dispatched) == 1
    line.work()
    assert code(line.received()) == 40001


def test_what_came_already_waits_with_the_part_that_waits_for_the_disk(line: Line) -> None:
    line.send(half(20 * MEMORY_BYTES))
    while not line.loop.spools:
        line.send(b"x" * 10_000)
    (spool,) = line.loop.spools
    before = len(spool)
    assert before % 10_000, "the rest of the last piece waits"
    line.channel.advance()
    assert (len(spool), len(line.loop.spools)) == (before, 1)


def test_where_there_is_no_room_the_body_is_refused(line: Line) -> None:
    spooled(line)
    line.channel.stored(room=False)
    assert code(line.received()) == 50701
    assert line.ended


def spooled(line: Line) -> Spool:
    """Half a body, of which a part is on the disk and another waits for it."""
    line.send(half(20 * MEMORY_BYTES))
    kept = []
    for _ in range(2):
        while not line.loop.spools:
            if line.loop.waiting:
                line.loop.waiting.pop(0).advance()
            else:
                line.send(b"x" * 8192)
        kept.append(line.loop.spools.pop())
        if len(kept) == 1:
            kept[0].flush()
            line.channel.stored(room=True)
    assert kept[0] is kept[1]
    assert kept[0].on_disk
    return kept[0]


def test_nothing_is_read_while_a_part_waits_for_the_disk_though_nothing_waits_to_be_parsed(
    line: Line,
) -> None:
    spooled(line)
    assert line.channel.wanted == 0
    line.client.sendall(b"x" * 10)
    line.channel.read()
    assert len(line.sock.recv(65536, socket.MSG_PEEK)) == 10


def test_the_file_of_half_a_body_is_removed_beside_the_loop(line: Line) -> None:
    spool = spooled(line)
    line.channel.not_stored()
    line.channel.close()
    assert line.loop.jobs == [spool.close]
    assert len(spool) == MEMORY_BYTES, "what is in memory is forgotten"


def test_a_part_that_is_being_written_keeps_its_file_until_then(line: Line) -> None:
    spool = spooled(line)
    line.channel.close()
    assert line.loop.jobs == []
    line.channel.stored(room=True)
    assert line.loop.jobs == [spool.close]


def test_chunks_give_way_after_each_piece(line: Line) -> None:
    line.send(f"POST {T} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    line.settle()
    line.send(b"1\r\n \r\n" * 1000 + b"0\r\n\r\n")
    turns = 0
    while line.loop.waiting:
        turns += 1
        line.loop.waiting.pop(0).advance()
    assert turns > 20
    assert len(line.loop.dispatched) == 1


# --- waiting


def test_a_newcomer_that_has_to_wait_is_not_admitted_and_nothing_of_it_is_parsed(line: Line) -> None:
    line.loop.full = True
    line.send(STATS)
    assert (line.loop.admitted, line.loop.dispatched, line.channel.wanted) == (0, [], 0)
    assert line.channel.asks
    assert line.channel.receiving
    line.loop.full = False
    line.channel.advance()
    assert line.loop.admitted == 1
    assert len(line.loop.dispatched) == 1


def test_of_a_newcomer_that_was_closed_while_it_waited_nothing_is_left(line: Line) -> None:
    line.loop.full = True
    line.send(STATS)
    assert line.channel.receiving
    line.channel.close()
    assert not line.channel.receiving


def test_a_newcomer_that_asks_for_health_does_not_wait(line: Line) -> None:
    line.loop.full = True
    line.send(HEALTHZ)
    assert line.received().endswith(b"ok\n")
    assert line.loop.admitted == 1


def test_a_newcomer_with_a_body_comes_after_those_that_have_none(loop: NotingLoop) -> None:
    line = Line(loop, socket.socketpair())
    with closing(line.client):
        line.channel.begin(half(1000) + b"x" * 50)
        assert loop.waiting == [line.channel]
        line.settle()
        assert line.channel.wanted == READ
        line.channel.close()


def test_a_connection_in_the_middle_of_its_headers_never_waits_in_its_body_it_does(line: Line) -> None:
    line.send(half(1000)[:-30])
    line.loop.full = True
    line.loop.asked_to_wait = 0
    line.send(half(1000)[-30:-10])
    assert line.loop.asked_to_wait == 0
    line.send(half(1000)[-10:] + b"x")
    assert line.loop.asked_to_wait
    assert line.channel.wanted == 0


def test_a_connection_that_was_served_waits_before_its_next_request(line: Line) -> None:
    line.send(HEALTHZ)
    line.loop.full = True
    line.send(STATS)
    assert line.loop.dispatched == []
    line.loop.full = False
    line.channel.advance()
    assert len(line.loop.dispatched) == 1


def test_what_was_closed_while_it_waited_wants_nothing_more(line: Line) -> None:
    def close(channel: Channel) -> bool:
        channel.close()
        return True

    line.loop.has_to_wait = close  # type: ignore[method-assign]
    line.send(STATS)
    assert line.loop.wants == [READ]


def test_events_that_it_does_not_want_any_more_are_not_watched_any_more(line: Line) -> None:
    line.send(STATS)
    assert line.loop.wants == [READ], "it is watched for longer than wanted: that spares a call"
    line.channel.handle(READ)
    assert line.loop.wants == [READ, 0]
    line.work()
    assert line.loop.wants == [READ, 0, READ]


def test_a_connection_that_used_more_than_its_part_is_overdrawn_until_time_has_passed(line: Line) -> None:
    assert not line.channel.overdrawn(line.loop.now)
    line.channel.budget.pay(0.003)
    assert line.channel.overdrawn(line.loop.now)
    assert line.channel.overdrawn(line.loop.now + 0.9)
    assert not line.channel.overdrawn(line.loop.now + 1.1)


# --- time


def test_an_idle_connection_has_half_a_minute(line: Line) -> None:
    now = line.loop.now
    assert line.channel.quiet_since == now
    assert not line.channel.expired(now + 30)
    assert line.channel.expired(now + 30.1)
    line.loop.now = now + 20
    line.send(HEALTHZ)
    assert line.channel.quiet_since == now + 20
    assert not line.channel.expired(now + 50)
    assert line.channel.expired(now + 50.1)


def test_the_time_that_this_side_let_it_wait_is_not_the_clients(line: Line) -> None:
    now = line.loop.now
    line.channel.waited(5)
    assert line.channel.moved_at == now + 5
    assert not line.channel.expired(now + 35)
    assert line.channel.expired(now + 35.1)


def test_a_byte_now_and_then_does_not_keep_the_headers_open(line: Line) -> None:
    now = line.loop.now
    line.send(b"GET / HTTP/1.1\r\nX: ")
    line.loop.now = now + 29
    line.send(b"y" * 10_000)
    assert not line.channel.expired(now + 30)
    assert line.channel.expired(now + 30.1)
    line.channel.waited(5)
    assert not line.channel.expired(now + 35)
    assert line.channel.expired(now + 35.1)


def test_a_body_has_the_time_that_it_takes_at_the_slowest_rate(line: Line) -> None:
    now = line.loop.now
    head = half(100_000)
    line.send(head)
    line.loop.now = now + 10
    line.upload(b"x" * (40_960 - len(head)))
    line.loop.now = now + 38
    line.send(b"x")
    assert not line.channel.expired(now + 40)
    assert line.channel.expired(now + 40.1)
    assert line.channel.quiet_since == now + 38


def test_silence_ends_it_however_much_came_before(line: Line) -> None:
    line.send(half(10_000_000))
    line.upload(b"x" * 1_000_000)
    assert not line.channel.expired(line.loop.now + 30)
    assert line.channel.expired(line.loop.now + 30.1)


def test_the_time_of_workers_disks_and_turns_is_not_the_clients(line: Line) -> None:
    line.send(STATS)
    assert not line.channel.expired(line.loop.now + 1000)
    line.work()
    line.loop.full = True
    line.send(STATS)
    assert not line.channel.expired(line.loop.now + 1000)


def test_a_body_that_waits_for_the_disk_does_not_expire_and_its_time_goes_on_after(line: Line) -> None:
    spool = spooled(line)
    assert not line.channel.expired(line.loop.now + 1000)
    line.loop.now += 100
    spool.flush()
    line.channel.stored(room=True)
    assert line.channel.quiet_since == line.loop.now


def test_an_answer_that_is_not_read_expires_in_half_a_minute(side: HttpSide, line: Line) -> None:
    stuck(side, line)
    now = line.loop.now
    assert not line.channel.expired(now + 30)
    assert line.channel.expired(now + 10_000)
    line.loop.now = now + 10
    line.channel.handle(WRITE)
    assert line.channel.quiet_since == now, "nothing moved"
    line.received()
    line.channel.handle(WRITE)
    assert line.channel.quiet_since == now + 10


def test_the_time_to_read_an_answer_begins_with_the_answer(line: Line) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            line.sock.send(b"x" * 65536, socket.MSG_DONTWAIT)
    line.send(STATS)
    line.loop.now += 10
    line.work()
    assert line.channel in line.peer.stuck
    assert line.channel.moved_at == line.loop.now
    assert not line.channel.expired(line.loop.now + 30)


def test_after_the_last_answer_two_seconds_are_left(line: Line) -> None:
    line.send(LAST)
    line.loop.now += 5
    line.work()
    assert not line.channel.expired(line.loop.now + 2)
    assert line.channel.expired(line.loop.now + 2.1)


def test_the_peers_address_and_socket_reach_the_exchange(line: Line) -> None:
    line.send(STATS)
    exchange = line.loop.dispatched[0]
    assert exchange.addr == ("127.0.0.1", 5)
    assert not exchange.check_client_disconnected()
    line.client.close()
    assert exchange.check_client_disconnected()
