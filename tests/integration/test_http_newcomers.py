"""How connections are let in: they cost little until they are looked at, and who asks for /healthz never waits for them."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from handlers.server import disk_queue, http_loop, paused_connections, peers
from handlers.server.connection.channel import Channel
from handlers.server.connection.incoming import Incoming
from handlers.server.connection.request_parser import Parser
from handlers.server.connection.spool import Spool
from handlers.server.http_loop import HttpLoop
from handlers.server.peers import ASKING_MAX, Peer
from handlers.server.server import HttpServer
from tests.support.http_side import HttpSide, WireClient

T = "/api/v1/task"
RESET = struct.pack("ii", 1, 0)
HALF_A_BODY = f"POST {T} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n".encode() + b"x" * 3000


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path) as built:
        yield built


def connect(port: int, data: bytes = b"", source: str = "127.0.0.1") -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), 10, source_address=(source, 0))
    sock.sendall(data)
    return sock


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def health_ms(wire: WireClient) -> float:
    began = time.perf_counter()
    assert wire.call("GET", "/healthz").body == b"ok\n"
    return (time.perf_counter() - began) * 1000


def loop_of(side: HttpSide) -> HttpLoop:
    assert side.server is not None
    return side.server.loop


def ruined(side: HttpSide) -> Peer:
    """The peer 127.0.0.1, which has used up its part for minutes."""
    loop, found, done = loop_of(side), [], threading.Event()

    def pay() -> (
        None
    ):  # in the loop's thread, which forgets a peer without connections and debts at any moment
        peer = loop.peers.get("127.0.0.1", time.monotonic())
        peer.budget.pay(1000.0)
        found.append(peer)
        done.set()

    loop.call(pay)
    assert done.wait(60)
    return found[0]


def until(condition: Callable[[], Any]) -> None:
    ends = time.monotonic() + 60  # nine answers of 20 MB are made meanwhile
    while not condition():
        assert time.monotonic() < ends
        threading.Event().wait(0.005)


def is_open(sock: socket.socket) -> bool:
    patience_s = sock.gettimeout()
    sock.settimeout(0)
    try:
        return bool(sock.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        sock.settimeout(patience_s)


def test_a_crowd_that_sends_nothing_is_held_and_not_closed_for_opening_again_would_cost_more(
    side: HttpSide,
) -> None:
    wire = side.serve(connections=20, per_peer=10)
    with ExitStack() as stack:
        crowd = [stack.enter_context(connect(wire.port)) for _ in range(300)]
        until(lambda: len(loop_of(side).channels) == 300)
        assert health_ms(wire) < 1000
        assert wire.good("GET", T)["total"] == 0
        assert all(is_open(sock) for sock in crowd)


def test_for_who_has_hung_up_before_being_accepted_nothing_is_made(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bytes | None] = []
    welcome = HttpLoop.welcome

    def counted(loop: HttpLoop, sock: socket.socket, addr: Any, peer: Peer, first: bytes | None) -> None:
        made.append(first)
        welcome(loop, sock, addr, peer, first)

    monkeypatch.setattr(HttpLoop, "welcome", counted)
    side.server = HttpServer(side.app, side.settings.server, spool_dir=side.library.dir)
    side.server.listen()
    for data in (get(T), b""):
        for _ in range(20):
            with connect(side.server.port, data) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    side.server.start()
    assert health_ms(WireClient(side.server.port)) < 1000
    assert len(made) == 1, "more than the probe's own"


def test_health_is_answered_to_an_address_that_has_used_up_its_part_and_its_requests_get_their_turn(
    side: HttpSide,
) -> None:
    wire = side.serve()
    ruined(side)
    with ExitStack() as stack:
        crowd = [stack.enter_context(connect(wire.port, get(T))) for _ in range(60)]
        until(lambda: loop_of(side).patience.newcomers)
        assert health_ms(wire) < 1000
        for sock in crowd:
            assert sock.recv(12) == b"HTTP/1.1 200"
        assert wire.good("GET", T)["total"] == 0


def test_a_flood_of_probes_waits_as_all_else_of_its_address_and_other_addresses_are_answered(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "PROBES_A_SECOND", 0.0)
    monkeypatch.setattr(peers, "PROBES_AT_ONCE", 20.0)
    monkeypatch.setattr(paused_connections, "LET_IN_ANYWAY", 0)
    wire = side.serve()
    peer = ruined(side)
    with ExitStack() as stack:
        flood = [stack.enter_context(connect(wire.port, get("/healthz"))) for _ in range(25)]
        until(lambda: loop_of(side).patience.waiting(peer) == 5)
        until(lambda: len(select.select(flood, [], [], 0)[0]) == 20)
        assert all(map(is_open, flood))
        other = stack.enter_context(connect(wire.port, get("/healthz"), "127.0.0.2"))
        assert other.recv(4096).endswith(b"ok\n")


def test_other_addresses_do_not_wait_for_one_that_has_used_up_its_part(side: HttpSide) -> None:
    wire = side.serve()
    ruined(side)
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(connect(wire.port, HALF_A_BODY))
        until(lambda: len(loop_of(side).channels) == 300)
        other = stack.enter_context(connect(wire.port, get(T), "127.0.0.2"))
        assert other.recv(12) == b"HTTP/1.1 200"
        assert loop_of(side).patience.newcomers, "the flood still waits"


def test_requests_beyond_what_the_workers_can_do_wait_and_none_of_them_is_closed(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(side.store.tasks, "counts", lambda: go_on.wait(30) and {})
    wire = side.serve(per_peer=ASKING_MAX + 20)
    with ExitStack() as stack:
        crowd = [stack.enter_context(connect(wire.port, get(f"{T}/stats"))) for _ in range(ASKING_MAX + 100)]
        until(lambda: len(loop_of(side).channels) == len(crowd))
        assert health_ms(wire) < 1000
        assert loop_of(side).peers.get("127.0.0.1", 0.0).asking <= ASKING_MAX + 1
        go_on.set()
        for sock in crowd:
            assert sock.recv(12) == b"HTTP/1.1 200"
        until(lambda: loop_of(side).peers.get("127.0.0.1", 0.0).asking == 0)


def test_who_does_not_read_the_answer_gives_up_the_connection_before_others(side: HttpSide) -> None:
    for _ in range(20):
        side.task(script_config={"captions": "x" * 1024**2})
    wire = side.serve(per_peer=12)
    with ExitStack() as stack:
        idle = stack.enter_context(connect(wire.port, get("/healthz")))
        assert idle.recv(4096).endswith(b"ok\n")
        deaf = [stack.enter_context(connect(wire.port, get(f"{T}?page_size=100"))) for _ in range(9)]
        until(lambda: len(loop_of(side).peers.get("127.0.0.1", 0.0).stuck) == len(deaf))
        for _ in range(8):
            busy = stack.enter_context(connect(wire.port, get("/healthz")))
            assert busy.recv(4096).endswith(b"ok\n")
        assert is_open(idle)
        assert len(loop_of(side).peers.get("127.0.0.1", 0.0).stuck) < len(deaf)


@pytest.mark.parametrize("at_once", [True, False])
def test_only_so_many_newcomers_of_one_address_may_have_sent_more_than_a_request(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    """What they have sent is in the memory of the kernel, which other programs need too."""
    monkeypatch.setattr(paused_connections, "LET_IN_ANYWAY", 0)
    wire = side.serve(loaded_newcomers_per_peer=20)
    ruined(side)
    with ExitStack() as stack:
        first = HALF_A_BODY if at_once else b""
        crowd = [stack.enter_context(connect(wire.port, first)) for _ in range(30)]
        for sock in () if at_once else crowd:
            sock.sendall(HALF_A_BODY)
        until(lambda: sum(map(is_open, crowd)) == 20)
        assert health_ms(wire) < 1000
        asks = stack.enter_context(connect(wire.port, get(T)))
        until(lambda: loop_of(side).patience.waiting(loop_of(side).peers.get("127.0.0.1", 0.0)) == 21)
        assert is_open(asks)


def test_of_those_who_hang_up_while_they_wait_nothing_stays(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paused_connections, "LET_IN_ANYWAY", 0)
    wire = side.serve()
    peer = ruined(side)
    for _ in range(40):
        with connect(wire.port, get(T)) as sock:
            until(lambda: loop_of(side).patience.waiting(peer))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        until(lambda: not loop_of(side).patience.waiting(peer))
    assert not peer.newcomers


def test_thousands_that_expire_at_once_are_closed_in_steps(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_loop, "TURN_S", 0.0)
    wire = side.serve(timeout_s=1)
    loop = loop_of(side)
    closed: list[int] = []
    real = loop.one_round
    monkeypatch.setattr(loop, "one_round", lambda: (real(), closed.append(len(loop.channels)))[0])
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(connect(wire.port))
        until(lambda: len(loop.channels) == 50)
        until(lambda: not loop.channels)
    assert set(range(50)) <= set(closed), "one in each round"


def test_a_body_in_tiny_chunks_gives_way_to_others_after_each_piece(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A piece of 8 KB would be 1,300 chunks, ten milliseconds for which /healthz waits, and several were parsed in a turn."""
    turns: list[list[int]] = []
    parse, advance = Incoming.parse, Channel.advance

    def counted(incoming: Incoming, now: float) -> Parser:
        parser, before = incoming.parser, len(incoming.rest)
        if parser is not None and parser.headers_finished and parser.chunked:
            parse(incoming, now)
            turns[-1].append(before - len(incoming.rest))
            return parser
        return parse(incoming, now)

    def in_turn(channel: Channel, **new: bool) -> None:
        turns.append([])
        advance(channel, **new)

    monkeypatch.setattr(Incoming, "parse", counted)
    monkeypatch.setattr(Channel, "advance", in_turn)
    wire = side.serve()
    head = f"POST {T} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    with connect(wire.port, head + b"1\r\nx\r\n" * 2000 + b"0\r\n\r\n") as sock:
        assert sock.recv(12) == b"HTTP/1.1 400"
    parsed = [pieces for pieces in turns if pieces]
    assert sum(map(sum, parsed)) == 12_005
    assert max(map(len, parsed)) == 1
    assert max(map(max, parsed)) <= 256


def test_what_waits_for_the_disk_is_given_up_with_its_connection(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of half bodies filled the memory with parts that waited for the disk."""
    monkeypatch.setattr(disk_queue, "WITH_THREADS", 2)
    go_on = threading.Event()
    written: list[Spool] = []
    flush = Spool.flush

    def hang(spool: Spool) -> None:
        written.append(spool)
        go_on.wait(30)
        flush(spool)

    monkeypatch.setattr(Spool, "flush", hang)
    side.serve()
    loop = loop_of(side)
    head = f"POST {T} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n".encode()
    with ExitStack() as stack:
        for _ in range(10):
            sock = stack.enter_context(connect(loop.site.effective_port, head + bytes(60_000)))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        until(lambda: len(loop.to_disk.waiting) == 8)
    until(lambda: not loop.channels)
    go_on.set()
    until(lambda: not loop.to_disk.running)
    assert len(written) == 2
    assert not any(len(spool) for spool in written if not spool.on_disk)
