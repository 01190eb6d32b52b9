"""What a host of the network may do to the HTTP side: it is served in its turn, and all others go on."""

from __future__ import annotations

import gc
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from benchmarks.flood import start_flood
from handlers.server import peers
from handlers.server.connection.request_parser import Parser
from handlers.server.connection.spool import Spool
from jobs.hub.settings import Server
from tests.support.http_side import HttpSide, WireClient

T = "/api/v1/task"
HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path) as built:
        yield built


def get(path: str, **headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode()


def connect(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 10, source_address=(source, 0))


def half_a_request(port: int, source: str = "127.0.0.1") -> socket.socket:
    sock = connect(port, source)
    sock.sendall(b"GET / HTTP/1.1\r\nX: ")
    return sock


def read_all(sock: socket.socket) -> bytes:
    """Until the server closes."""
    data = b""
    while part := sock.recv(65536):
        data += part
    return data


def health_ms(wire: WireClient) -> float:
    began = time.perf_counter()
    assert wire.call("GET", "/healthz").body == b"ok\n"
    return (time.perf_counter() - began) * 1000


@pytest.fixture
def hung(side: HttpSide, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Semaphore]:
    """Each request for the stats hangs in its worker until the test ends; released once for each."""
    entered, go_on = threading.Semaphore(0), threading.Event()

    def hang() -> Any:
        entered.release()
        go_on.wait(30)
        return {}

    monkeypatch.setattr(side.store.tasks, "counts", hang)
    yield entered
    go_on.set()


def test_WEB_2_pipelined_requests_of_clients_that_never_read_neither_freeze_nor_fill_the_server(
    side: HttpSide,
) -> None:
    """Each such read used to become thousands of requests; the workers blocked in the full pipe that wakes the loop."""
    wire = side.serve()
    assert side.server is not None
    flood = start_flood(wire.port, "pipelined", 20.0, 1)
    try:
        ends = time.monotonic() + 15
        while len(side.server.loop.channels) < 50 and time.monotonic() < ends:
            threading.Event().wait(0.02)
        times = [health_ms(wire) for _ in range(20)]
        gc.collect()
        parsers = sum(isinstance(thing, Parser) for thing in gc.get_objects())
        assert wire.good("GET", T)["total"] == 0
        began = time.monotonic()
        side.server.stop(2.0)
        assert time.monotonic() - began < 5
    finally:
        flood.kill()
        flood.communicate()
    assert parsers < 300, "one request for each connection"
    assert sorted(times)[len(times) // 2] < 500, times


def test_requests_sent_ahead_are_answered_one_after_another_and_in_order(side: HttpSide) -> None:
    wire = side.serve()
    with connect(wire.port) as sock:
        sock.sendall(
            b"".join(get(f"/api/v1/nothing{number}") for number in range(300))
            + get("/healthz", Connection="close")
        )
        answers = read_all(sock)
    assert [int(number) for number in re.findall(rb"there is no /api/v1/nothing(\d+)", answers)] == list(
        range(300)
    )
    assert answers.endswith(b"ok\n")


def test_while_a_request_is_answered_the_next_ones_are_not_even_parsed(
    side: HttpSide, hung: threading.Semaphore
) -> None:
    wire = side.serve()
    with connect(wire.port) as sock:
        sock.sendall(get(f"{T}/stats") + get("/x") * 2000)
        assert hung.acquire(timeout=5)
        gc.collect()
        assert sum(isinstance(thing, Parser) for thing in gc.get_objects()) == 1


def test_WEB_3_health_is_answered_while_every_worker_hangs(side: HttpSide, hung: threading.Semaphore) -> None:
    wire = side.serve()
    with ExitStack() as stack:
        for number in range(side.settings.server.threads):
            sock = stack.enter_context(connect(wire.port, f"127.0.1.{number + 1}"))
            sock.sendall(get(f"{T}/stats"))
        assert hung.acquire(timeout=5)
        assert max(health_ms(wire) for _ in range(10)) < 1000


def test_health_keeps_its_rules_though_no_worker_answers_it(side: HttpSide) -> None:
    wire = side.serve()
    for method, body in (("GET", b"ok\n"), ("HEAD", b"")):
        for path in ("/healthz", "/healthz/", "/healthz?probe=1"):
            answer = wire.call(method, path, Host="whatever.example")
            assert (answer.status_int, answer.body) == (200, body), path
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert answer.headers["Content-Length"] == "3"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Date"]
    wire.bad(40501, "POST", "/healthz")
    counted = 'tikmatrixd_http_requests_total{method="GET",route="/healthz",status="2xx"} 6.0'
    assert counted in wire.call("GET", "/metrics").text


def test_WEB_3_one_address_never_has_all_threads(side: HttpSide, hung: threading.Semaphore) -> None:
    wire = side.serve()
    quick = side.settings.server.threads - side.settings.server.threads // 2
    wire.good("GET", T)
    with ExitStack() as stack:
        for _ in range(3 * quick):
            stack.enter_context(connect(wire.port)).sendall(get(f"{T}/stats"))
        for _ in range(quick - 1):
            assert hung.acquire(timeout=5)
        with connect(wire.port, "127.0.0.2") as other:
            other.sendall(get(T, Connection="close"))
            other.settimeout(5)
            assert read_all(other).startswith(b"HTTP/1.1 200")
        assert not hung.acquire(blocking=False)


def test_strangers_together_never_have_more_than_half_of_the_threads(
    side: HttpSide, hung: threading.Semaphore
) -> None:
    wire = side.serve()
    quick = side.settings.server.threads - side.settings.server.threads // 2
    wire.good("GET", T)
    with ExitStack() as stack:
        for number in range(3 * quick):
            stack.enter_context(connect(wire.port, f"127.0.1.{number + 1}")).sendall(get(f"{T}/stats"))
        for _ in range(quick // 2):
            assert hung.acquire(timeout=5)
        assert wire.good("GET", T)["total"] == 0
        assert not hung.acquire(blocking=False)


def test_who_opens_many_connections_loses_its_own_first(side: HttpSide) -> None:
    wire = side.serve(connections=40, per_peer=30)
    with ExitStack() as stack:
        innocent = stack.enter_context(connect(wire.port, "127.0.0.2"))
        innocent.sendall(HEALTHZ)
        assert innocent.recv(4096).endswith(b"ok\n")
        greedy = [stack.enter_context(half_a_request(wire.port)) for _ in range(35)]
        assert health_ms(wire) < 1000
        assert greedy[0].recv(1) == b"", "over its own limit"
        others = [stack.enter_context(half_a_request(wire.port, "127.0.0.3")) for _ in range(25)]
        assert health_ms(wire) < 1000
        innocent.sendall(HEALTHZ)
        assert innocent.recv(4096).endswith(b"ok\n"), "has one connection only, and keeps it"
        assert others


def test_strangers_give_up_their_connections_before_peers_that_are_known(side: HttpSide) -> None:
    wire = side.serve(connections=30, per_peer=25)
    with ExitStack() as stack:
        known = [stack.enter_context(connect(wire.port, "127.0.0.2")) for _ in range(20)]
        for sock in known:
            sock.sendall(get(T))
            assert sock.recv(65536).startswith(b"HTTP/1.1 200")
        for number in range(30):
            stack.enter_context(half_a_request(wire.port, f"127.0.1.{number + 1}"))
        assert health_ms(wire) < 1000
        for sock in known:
            sock.sendall(get(T))
            assert sock.recv(65536).startswith(b"HTTP/1.1 200")


def test_WEB_2_a_client_that_never_reads_its_answer_is_closed_in_time(side: HttpSide) -> None:
    """It used to stay for ever: the server closed connections only when they could be written to."""
    for _ in range(20):
        side.task(script_config={"captions": "x" * 1024**2})
    wire = side.serve(timeout_s=1)
    assert side.server is not None
    with connect(wire.port) as sock:
        sock.sendall(get(f"{T}?page_size=100"))
        assert sock.recv(12) == b"HTTP/1.1 200"
        ends = time.monotonic() + 10
        while side.server.loop.channels and time.monotonic() < ends:
            threading.Event().wait(0.05)
        assert not side.server.loop.channels
        assert wire.good("GET", f"{T}/stats")["total"] == 20


def test_a_client_that_reads_its_answer_a_little_at_a_time_is_closed_too(side: HttpSide) -> None:
    for _ in range(20):
        side.task(script_config={"captions": "x" * 1024**2})
    wire = side.serve(timeout_s=1, min_rate_bytes_per_s=10**9)
    assert side.server is not None
    with connect(wire.port) as sock:
        sock.sendall(get(f"{T}?page_size=100"))
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")
        ends = time.monotonic() + 10
        while side.server.loop.channels and time.monotonic() < ends:
            with suppress(OSError):
                sock.recv(1)
            threading.Event().wait(0.05)
        assert not side.server.loop.channels


def test_a_client_that_ends_its_side_after_the_request_reads_the_answer(side: HttpSide) -> None:
    wire = side.serve()
    with connect(wire.port) as sock:
        sock.sendall(get(T))
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).startswith(b"HTTP/1.1 200")


def test_WEB_4_a_strangers_body_is_thrown_away_as_it_comes(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[int] = []
    append = Spool.append
    monkeypatch.setattr(Spool, "append", lambda spool, data: (kept.append(len(data)), append(spool, data))[1])
    wire = side.serve()
    body = b"x" * 500_000
    for path in (T, "/api/v1/materials?name=a.mp4"):
        with connect(wire.port) as sock:
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.7\r\nContent-Length: {len(body)}\r\n\r\n"
            sock.sendall(head.encode() + body)
            answer = read_all(sock)
        assert b'"code":40101' in answer
    assert kept == []


def test_a_disk_that_hangs_stops_uploads_and_nothing_else(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    flush = Spool.flush

    def hang(spool: Spool) -> None:
        reached.set()
        go_on.wait(30)
        flush(spool)

    monkeypatch.setattr(Spool, "flush", hang)
    wire = side.serve()
    body = side.body(script_config={"captions": "x" * 2000, "unknown": "y" * 100_000})
    answers: list[Any] = []
    creator = threading.Thread(target=lambda: answers.append(wire.good("POST", T, body)))
    creator.start()
    assert reached.wait(5)
    assert wire.good("GET", T)["total"] == 0
    assert health_ms(wire) < 1000
    go_on.set()
    creator.join(10)
    assert answers[0]["created_count"] == 1


def test_a_peer_that_sends_nonsense_is_slowed_down_and_others_are_not(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a peer may use is time of the processor: on a busy machine a test could hardly use it up.
    monkeypatch.setattr(peers, "STRANGERS_SHARE", 0.0001)
    monkeypatch.setattr(peers, "BURST_S", 0.001)
    wire = side.serve()
    answered = 0
    stop = threading.Event()

    def flood() -> None:
        nonlocal answered
        with connect(wire.port, "127.0.0.9") as sock:
            while not stop.is_set():
                sock.sendall(get("/api/v1/nothing"))
                sock.recv(65536)
                answered += 1

    floods = [threading.Thread(target=flood) for _ in range(4)]
    for thread in floods:
        thread.start()
    try:
        assert side.server is not None
        peer = side.server.loop.peers.get("127.0.0.9", time.monotonic())
        ends = time.monotonic() + 10
        while not side.server.loop.patience.paused and time.monotonic() < ends:
            threading.Event().wait(0.01)
        assert {channel.peer for channel in side.server.loop.patience.paused} == {peer}
        assert wire.good("GET", T)["total"] == 0
    finally:
        stop.set()
        for thread in floods:
            thread.join(10)
    assert answered


def test_a_jump_of_the_clock_closes_no_connection(side: HttpSide, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = side.serve(timeout_s=5)
    real = time.time
    with connect(wire.port) as sock:
        sock.sendall(get(T))
        assert sock.recv(65536).startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(time, "time", lambda: real() + 86_400)
        sock.settimeout(2.5)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        monkeypatch.undo()


def test_IPv6_peers_are_served(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with HttpSide(tmp_path, server=Server(listen="[::]:0")) as side:
        port = side.serve().port
        for address in ("::1", "127.0.0.1"):
            with socket.create_connection((address, port), 5) as sock:
                sock.sendall(get(T, Connection="close"))
                assert read_all(sock).startswith(b"HTTP/1.1 200")
