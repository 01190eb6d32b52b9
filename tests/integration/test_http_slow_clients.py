"""Slow, silent, too many: the server stays reachable (WEB-1 to WEB-3)."""

from __future__ import annotations

import errno
import json
import os
import resource
import socket
import statistics
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from jobs.hub.settings import Server
from tests.support.http_side import HttpSide, WireClient

T = "/api/v1/task"


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path) as built:
        yield built


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("the hard limit of open files is too low here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def healthz_ms(wire: WireClient) -> float:
    started = time.perf_counter()
    assert wire.call("GET", "/healthz").body == b"ok\n"
    return (time.perf_counter() - started) * 1000


@pytest.mark.usefixtures("many_descriptors")
def test_WEB_2_500_slow_clients_do_not_delay_the_health_probe(side: HttpSide) -> None:
    wire = side.serve()
    begun = {
        "nothing": b"",
        "half a request line": b"GET /api/v1/ta",
        "half a header": f"GET {T} HTTP/1.1\r\nHost: loc".encode(),
        "half a body": f"POST {T} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{{".encode(),
        "half a chunk": f"POST {T} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nx".encode(),
    }
    with ExitStack() as stack:
        clients = []
        for number in range(500):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", wire.port), 10))
            sock.sendall(list(begun.values())[number % len(begun)])
            clients.append(sock)
        stop = threading.Event()

        def dribble() -> None:
            while not stop.wait(0.02):
                for sock in clients[1::7]:
                    with suppress(OSError):
                        sock.send(b"x")

        dribbler = threading.Thread(target=dribble)
        dribbler.start()
        try:
            times = [healthz_ms(wire) for _ in range(30)]
            listed = wire.good("GET", T)
        finally:
            stop.set()
            dribbler.join()
    assert max(times) < 1000, times
    assert statistics.median(times) < 100
    assert listed["total"] == 0


@pytest.mark.usefixtures("many_descriptors")
def test_WEB_1_with_1100_open_descriptors_the_server_still_answers(side: HttpSide) -> None:
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
    try:
        wire = side.serve()
        assert side.server is not None
        with socket.create_connection(("127.0.0.1", wire.port), 5) as sock:
            assert sock.fileno() > 1100
            assert wire.good("POST", T, side.body())["created_count"] == 1
            assert wire.good("GET", T)["total"] == 1
    finally:
        for descriptor in held:
            os.close(descriptor)


def test_when_full_the_longest_silent_connection_makes_place(side: HttpSide) -> None:
    wire = side.serve(newcomers=20)
    with ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(("127.0.0.1", wire.port), 5)) for _ in range(60)
        ]
        for _ in range(5):
            assert healthz_ms(wire) < 1000
        assert silent[0].recv(1) == b"", "the oldest was closed"


class Scarce:
    """A listening socket for which there are no descriptors at first."""

    def __init__(self, sock: socket.socket, failures: int) -> None:
        self._sock = sock
        self.failures = failures

    def accept(self) -> object:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "too many open files")
        return self._sock.accept()

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()


def test_without_descriptors_the_server_waits_for_some_and_goes_on(
    side: HttpSide, caplog: pytest.LogCaptureFixture
) -> None:
    wire = side.serve()
    assert side.server is not None
    scarce = Scarce(side.server.loop.door.listener, 2)
    side.server.loop.door.listener = scarce  # type: ignore[assignment]
    assert wire.call("GET", "/healthz").body == b"ok\n"
    assert scarce.failures == 0
    assert "no new connection can be taken" in caplog.text


def test_without_descriptors_a_silent_connection_makes_place(side: HttpSide) -> None:
    wire = side.serve()
    assert side.server is not None
    with socket.create_connection(("127.0.0.1", wire.port), 5) as silent:
        assert healthz_ms(wire) < 1000
        side.server.loop.door.listener = Scarce(side.server.loop.door.listener, 1)  # type: ignore[assignment]
        assert healthz_ms(wire) < 1000
        assert silent.recv(1) == b""


def test_WEB_2_a_byte_now_and_then_does_not_keep_a_connection(side: HttpSide) -> None:
    wire = side.serve(timeout_s=1)
    for begun in (
        b"GET / HTTP/1.1\r\nX: ",
        f"POST {T} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n".encode(),
    ):
        with socket.create_connection(("127.0.0.1", wire.port), 15) as sock:
            sock.sendall(begun)
            sock.settimeout(0.2)
            started = time.monotonic()
            closed = False
            while not closed and time.monotonic() - started < 12:
                try:
                    sock.sendall(b"x")
                    closed = sock.recv(1) == b""
                except TimeoutError:
                    continue
                except OSError:
                    closed = True
            assert closed
            assert time.monotonic() - started < 10


def test_a_steady_client_is_never_cut_off(side: HttpSide) -> None:
    wire = side.serve(timeout_s=1, min_rate_bytes_per_s=1000)
    body = b'{"script_name": "other", "x": "' + b"y" * 8000 + b'"}'
    with socket.create_connection(("127.0.0.1", wire.port), 15) as sock:
        sock.sendall(f"POST {T} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        pause = threading.Event()
        for start in range(0, len(body), 500):
            sock.sendall(body[start : start + 500])
            pause.wait(0.25)
        assert b'"code":40003' in sock.recv(65536)


def test_WEB_3_hanging_creates_do_not_delay_reads(side: HttpSide, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = side.serve()
    go_on, entered = threading.Event(), threading.Semaphore(0)
    real = side.intake.create

    def hang(*args: object, **more: object) -> object:
        entered.release()
        go_on.wait(20)
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(side.intake, "create", hang)
    creators = [threading.Thread(target=wire.call, args=("POST", T, side.body())) for _ in range(40)]
    for creator in creators:
        creator.start()
    for _ in range(side.settings.server.threads // 4):  # half of the slow ones, for peers not known yet
        assert entered.acquire(timeout=10)
    times = []
    for path in (T, f"{T}/stats", "/api/v1/devices", "/api/v1/accounts", "/readyz", "/healthz") * 5:
        started = time.perf_counter()
        assert wire.call("GET", path).status_int == 200
        times.append(time.perf_counter() - started)
    go_on.set()
    for creator in creators:
        creator.join(20)
    assert statistics.median(times) < 0.3, times
    assert max(times) < 2.0, times
    assert wire.good("GET", T)["total"] == 40


@pytest.mark.parametrize("how", ["closed", "half closed", "reset"])
def test_MED_22_nothing_is_created_for_a_client_that_has_hung_up(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    wire = side.serve()
    go_on, entered, done = threading.Event(), threading.Event(), threading.Event()
    real = side.intake.choosing.chosen

    def slow(*args: object, **more: object) -> object:
        """Reading files takes longer than the client waits."""
        entered.set()
        go_on.wait(20)
        return real(*args, **more)  # type: ignore[arg-type]

    real_create = side.intake.create

    def create(*args: object, **more: object) -> object:
        try:
            return real_create(*args, **more)  # type: ignore[arg-type]
        finally:
            done.set()

    monkeypatch.setattr(side.intake.choosing, "chosen", slow)
    monkeypatch.setattr(side.intake, "create", create)
    body = json.dumps(side.body()).encode()
    head = f"POST {T} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    sock = socket.create_connection(("127.0.0.1", wire.port), 10)
    sock.sendall(head + body)
    assert entered.wait(10)
    if how == "half closed":
        sock.shutdown(socket.SHUT_WR)
    else:
        if how == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    go_on.set()
    assert done.wait(10)
    if how == "half closed":  # it still reads, and is told
        assert b"hung up" in sock.recv(65536)
        sock.close()
    assert len(side.store.tasks) == 0
    assert wire.good("POST", T, side.body())["created_count"] == 1


def test_WEB_2_who_asks_for_much_and_reads_nothing_keeps_no_thread(tmp_path: Path) -> None:
    with HttpSide(tmp_path, server=Server(listen="127.0.0.1:0", threads=2)) as side:
        for _ in range(30):
            side.task(script_config={"captions": "x" * 1024**2})
        wire = side.serve()
        with ExitStack() as stack:
            for _ in range(2):
                sock = stack.enter_context(socket.create_connection(("127.0.0.1", wire.port), 10))
                sock.sendall(f"GET {T}?page_size=100 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 3)
                assert sock.recv(12) == b"HTTP/1.1 200"
            assert wire.good("GET", f"{T}/stats")["total"] == 30


def test_WEB_2_a_crowd_of_newcomers_is_let_in_within_few_rounds(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = side.serve()
    assert side.server is not None
    loop = side.server.loop
    go_on = threading.Event()
    rounds: list[int] = []
    real = loop.one_round
    with ExitStack() as stack:
        loop.call(lambda: go_on.wait(20))
        for _ in range(200):
            stack.enter_context(socket.create_connection(("127.0.0.1", wire.port), 10))
        monkeypatch.setattr(loop, "one_round", lambda: (rounds.append(len(loop.channels)), real())[1])
        go_on.set()
        assert wire.call("GET", "/healthz").body == b"ok\n"
    assert sum(there < 200 for there in rounds) < 50, "one newcomer a round would need 200"


def test_WEB_4_an_upload_by_a_stranger_is_refused_before_it_is_received(side: HttpSide) -> None:
    wire = side.serve()
    with socket.create_connection(("127.0.0.1", wire.port), 10) as sock:
        sock.sendall(
            b"POST /api/v1/materials?name=a.mp4 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000000\r\n"
            b"X-Forwarded-For: 192.0.2.7\r\nExpect: 100-continue\r\n\r\n"
        )
        answer = sock.recv(65536)
    assert answer.startswith(b"HTTP/1.1 401")
    assert b'"code":40101' in answer


def test_WEB_4_a_large_upload_passes_through_a_file_beside_the_library(side: HttpSide) -> None:
    wire = side.serve()
    clip = (side.media / "clip.mp4").read_bytes()
    free_box = (3 * 1024**2).to_bytes(4, "big") + b"free" + bytes(3 * 1024**2 - 8)
    data = wire.good(
        "POST", "/api/v1/materials?name=large.mp4", raw=clip + free_box, Content_Type="video/mp4"
    )
    assert data["material"]["size_bytes"] == len(clip) + 3 * 1024**2
    assert len([path for path in side.library.dir.iterdir() if path.is_file()]) == 1


def test_an_upload_without_room_is_refused_before_it_is_received(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = side.serve()
    assert side.server is not None
    side.server.site.min_free_bytes = 2**62
    answer = wire.bad(
        50701, "POST", "/api/v1/materials?name=large.mp4", raw=bytes(2 * 1024**2), Content_Type="video/mp4"
    )
    assert "disk space" in answer["message"]
