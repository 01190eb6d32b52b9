"""The real server: start, stop, limits before bodies arrive, errors in the envelope."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from handlers.access.token_book import TokenBook
from handlers.access.tokens import Tokens, new_token
from handlers.server.server import CannotListen, Exposed, HttpServer, check_exposure
from jobs.hub.settings import Server, Settings
from tests.support.http_side import HttpSide

T = "/api/v1/task"


@pytest.fixture
def port(side: HttpSide) -> int:
    side.serve()
    assert side.server is not None
    return side.server.port


def raw(port: int, request: bytes, timeout_s: float = 5.0) -> bytes:
    """Send bytes, read until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout_s) as sock:
        sock.sendall(request)
        parts = []
        while part := sock.recv(65536):
            parts.append(part)
        return b"".join(parts)


def envelope(answer: bytes) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/json; charset=utf-8" in head, answer
    parsed: dict[str, Any] = json.loads(body)
    assert set(parsed) == {"code", "message", "data"}
    return parsed


def call(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection.request(method, path, data, {k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_tasks_are_created_and_listed_over_the_network(side: HttpSide, port: int) -> None:
    status, answer = call(port, "POST", T, side.body())
    assert (status, answer["code"]) == (200, 0)
    assert call(port, "GET", T)[1]["data"]["total"] == 1


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(port: int) -> None:
    request = f"POST {T} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\nConnection: close\r\n\r\n".encode()
    assert envelope(raw(port, request))["code"] == 41301


def test_a_client_that_sends_a_little_too_much_reads_the_answer(port: int) -> None:
    status, answer = call(port, "POST", T, b"[" + b" " * 5 * 1024**2 + b"]")
    assert (status, answer["code"]) == (413, 41301)


def test_WEB_4_an_endless_chunked_body_is_cut_at_the_limit(side: HttpSide, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.sendall(f"POST {T} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        sent = 0
        with pytest.raises(OSError):  # noqa: PT011, PT012 - reset or broken pipe
            while sent < 100 * 1024**2:
                sock.sendall(chunk)
                sent += len(chunk)
        assert sent < 40 * 1024**2
    assert list(side.library.dir.glob("*")) == []


def test_a_chunked_body_within_the_limit_is_read(side: HttpSide, port: int) -> None:
    text = json.dumps(side.body()).encode()
    pieces = b"".join(b"%x\r\n%s\r\n" % (1, bytes([byte])) for byte in text)
    request = f"POST {T} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode()
    assert envelope(raw(port, request + pieces + b"0\r\n\r\n"))["code"] == 0


def test_an_endless_chunk_header_is_cut(port: int) -> None:
    request = f"POST {T} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    assert envelope(raw(port, request + b"1" * 40_000))["code"] == 40001


def test_what_the_server_itself_refuses_is_in_the_envelope(port: int) -> None:
    for request, code in (
        (b"GET /api/v1/task HTTP/1.1\r\nbroken header\r\n\r\n", 40001),
        (b"GET /api/v1/task HTTP/1.1\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", 40001),
        (b"POST /api/v1/task HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n", 40001),
        (b"POST /api/v1/task HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 40001),
        (b"nonsense\r\n\r\n", 40001),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 40001),
    ):
        assert envelope(raw(port, request))["code"] == code, request[:60]


def test_what_is_no_http_is_told_so_at_once(port: int) -> None:
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)
    for sent, told in (
        (hello, "write http:// instead of https://"),
        (b'{"script_name": "post"}', "does not begin with a method"),
        (b"get /api/v1/task HTTP/1.1\r\n", "such as GET /api/v1/task"),
        (b"\0\0\0", "does not begin with a method"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not begin with a method"),
        (b"GET /\r\n", "must end in HTTP/1.1"),
        (b"GET /api/v1/task HTTP/1.1\nHost: localhost\n\n", "CR LF"),
    ):
        answer = envelope(raw(port, sent))  # nothing follows, and the connection stays open
        assert answer["code"] == 40001
        assert told in answer["message"], answer
    assert call(port, "GET", T)[0] == 200


def test_a_request_that_hides_another_from_a_proxy_is_refused(side: HttpSide, port: int) -> None:
    """Through a proxy on the box the hidden one would come without the headers that tell where it is from."""
    hidden = f"GET {T} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for version, length in (
        ("1.1", f"Content-Length: {5 + len(hidden)}\r\n"),
        ("1.0", "Connection: keep-alive\r\n"),
    ):
        head = f"POST {T} HTTP/{version}\r\nHost: localhost\r\n{length}Transfer-Encoding: chunked\r\n\r\n"
        answer = raw(port, (head + "0\r\n\r\n" + hidden).encode())
        assert envelope(answer)["code"] == 40001, "one answer, and the connection is closed"


def test_an_encoding_that_is_named_twice_is_refused(port: int) -> None:
    for lines in (
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n",
    ):
        answer = raw(port, f"POST {T} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n0\r\n\r\n".encode())
        assert "Transfer-Encoding must be chunked, once" in envelope(answer)["message"]
    good = f"POST {T} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
    assert envelope(raw(port, good.encode()))["data"]["errors"][0]["field"] == "script_name"


def test_a_number_or_address_that_cannot_be_read_is_refused_in_the_envelope(port: int) -> None:
    for request, code in (
        (f"POST {T} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {'9' * 9000}\r\n\r\n", 40001),
        (f"POST {T} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {'9' * 30}\r\n\r\n", 41301),
        ("GET http://[::1/api HTTP/1.1\r\nHost: localhost\r\n\r\n", 40001),
    ):
        assert envelope(raw(port, request.encode()))["code"] == code, request[:60]


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (f"GET {T}?q=B\u00fcro HTTP/1.1", "write it percent-encoded"),
        (f"GET {T}?q=two words HTTP/1.1", "a blank in the address is written %20"),
        (f"GET {T}?q={'a' * 40_000} HTTP/1.1", "more than 32768 bytes"),
        (f"GET {T} HTTP/1.1\r\nNo Colon", "is not NAME: VALUE"),
        (f"POST {T} HTTP/1.1\r\nTransfer-Encoding: gzip", "must be chunked, once"),
        (f"POST {T} HTTP/1.1\r\nContent-Length: 2, 2", "must be a number of bytes, once"),
        (f"POST {T} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "does not begin with its size"),
    ],
)
def test_what_cannot_be_read_is_told_in_plain_words_as_a_listed_problem(
    port: int, start: str, said: str
) -> None:
    answer = envelope(raw(port, f"{start}\r\nHost: localhost\r\n\r\n".encode()))
    assert answer["code"] == 40001
    assert said in answer["message"]
    assert answer["data"]["errors"] == [{"field": "", "problem": answer["message"]}]


def test_a_crash_outside_every_handler_is_in_the_envelope(
    side: HttpSide, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(side.app.router, "match", explode)
    status, answer = call(port, "GET", T)
    assert (status, answer["code"]) == (500, 50001)
    assert answer["data"]["incident"]


def test_expect_100_continue_is_answered_before_a_large_body_is_sent(port: int) -> None:
    request = f"POST {T} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n".encode()
    answer = raw(port, request)
    assert not answer.startswith(b"HTTP/1.1 100")
    assert envelope(answer)["code"] == 41301


def test_keep_alive_serves_many_requests_on_one_connection(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(50):
        connection.request("GET", f"{T}/stats")
        response = connection.getresponse()
        assert response.status == 200
        response.read()
    connection.close()


def test_stop_closes_idle_connections_at_once(side: HttpSide, port: int) -> None:
    idle = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(20)]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    assert side.server is not None
    started = time.monotonic()
    assert side.server.stop(10.0)
    assert time.monotonic() - started < 1.0
    assert not side.server.alive
    with pytest.raises(OSError):  # noqa: PT011 - refused
        socket.create_connection(("127.0.0.1", port), 1)
    for sock in idle:
        assert sock.recv(1) == b""
        sock.close()
    connection.close()


def test_WEB_6_a_running_request_gets_its_whole_answer_while_the_server_stops(
    side: HttpSide, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    real = side.store.tasks.counts

    def slow() -> Any:
        entered.set()
        assert go_on.wait(10)
        return real()

    monkeypatch.setattr(side.store.tasks, "counts", slow)
    answers: list[tuple[int, Any]] = []
    client = threading.Thread(target=lambda: answers.append(call(port, "GET", f"{T}/stats")))
    client.start()
    assert entered.wait(5)
    assert side.server is not None
    done: list[bool] = []
    stopper = threading.Thread(target=lambda: done.append(side.server.stop(10.0)))  # type: ignore[union-attr]
    stopper.start()
    go_on.set()
    client.join(5)
    stopper.join(5)
    assert answers[0][0] == 200
    assert done == [True]


def test_stop_does_not_wait_longer_than_its_deadline(
    side: HttpSide, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hang() -> Any:
        entered.set()
        go_on.wait(20)
        return {}

    monkeypatch.setattr(side.store.tasks, "counts", hang)
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(f"GET {T}/stats HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert entered.wait(5)
        assert side.server is not None
        started = time.monotonic()
        assert not side.server.stop(0.3)
        assert time.monotonic() - started < 3
    go_on.set()


def test_a_loop_that_died_is_replaced_and_the_port_stays_open(side: HttpSide, port: int) -> None:
    server = side.server
    assert server is not None
    died = server.loop_thread
    assert died is not None
    server.loop.call(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    died.join(5)
    assert not server.alive
    server.heal()
    assert call(port, "GET", T)[0] == 200
    assert server.rebuilt == 1
    server.heal()
    assert server.rebuilt == 1, "a loop that lives is left alone"


def test_a_loop_that_hangs_is_replaced_and_does_no_harm_when_it_wakes(
    side: HttpSide, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = side.server
    assert server is not None
    hung = server.loop_thread
    assert hung is not None
    go_on = threading.Event()
    with socket.create_connection(("127.0.0.1", port), 5) as old:
        old.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert old.recv(1000).startswith(b"HTTP/1.1 200")
        server.loop.call(lambda: go_on.wait(30))  # type: ignore[arg-type, return-value]
        monkeypatch.setattr("handlers.server.server.STALE_S", -1.0)
        server.heal()
        monkeypatch.undo()
        assert old.recv(1) == b"", "its clients see the end"
        assert call(port, "GET", T)[0] == 200
        go_on.set()
        hung.join(5)
        assert not hung.is_alive()
        assert call(port, "GET", T)[0] == 200
    assert server.alive


def test_requests_that_hang_for_a_minute_do_not_take_the_threads_away(
    side: HttpSide, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = side.server
    assert server is not None
    assert server.lanes is not None
    lane = server.lanes.quick
    threads, go_on = lane.threads, threading.Event()
    entered = threading.Semaphore(0)

    def hang() -> None:
        entered.release()
        go_on.wait(30)

    for _ in range(threads):
        lane.submit(hang)
    for _ in range(threads):
        assert entered.acquire(timeout=5)
    server.heal()
    assert lane.threads == threads, "not yet"
    monkeypatch.setattr("handlers.server.server.HUNG_S", -1.0)
    server.heal()
    assert call(port, "GET", T)[0] == 200
    for _ in range(3):
        server.heal()
    assert lane.threads == 2 * threads, "bounded"
    go_on.set()


def test_a_port_that_is_taken_is_named(side: HttpSide, port: int) -> None:
    with pytest.raises(
        CannotListen, match=rf"cannot listen on 127.0.0.1:{port}: something else listens there already"
    ):
        HttpServer(side.app, Server(listen=f"127.0.0.1:{port}")).start()
    with pytest.raises(CannotListen, match="this box has no such address"):
        HttpServer(side.app, Server(listen="192.0.2.1:0")).start()


def test_the_port_is_taken_before_anything_is_answered_and_given_back_if_that_never_comes(
    side: HttpSide,
) -> None:
    server = HttpServer(side.app, Server(listen="127.0.0.1:0"))
    server.listen()
    with socket.create_connection(("127.0.0.1", server.port)):
        pass
    assert not server.alive
    with pytest.raises(CannotListen):
        HttpServer(side.app, Server(listen=f"127.0.0.1:{server.port}")).listen()
    assert server.stop(1.0)
    another = HttpServer(side.app, Server(listen=f"127.0.0.1:{server.port}"))
    another.listen()
    another.stop(1.0)


def test_WEB_7_other_machines_are_not_served_without_a_token(tmp_path: Path) -> None:
    tokens = Tokens(TokenBook(tmp_path / "tokens.json", tmp_path))
    for listen in ("0.0.0.0:50809", ":50809", "192.168.1.5:50809", "[::]:50809", "hub.lan:50809"):
        with pytest.raises(Exposed, match=r"tikmatrixd\.py token new"):
            check_exposure(Settings(server=Server(listen=listen)), tokens)
    for listen in ("127.0.0.1:50809", "localhost:50809", "[::1]:0", "127.0.0.2:1"):
        check_exposure(Settings(server=Server(listen=listen)), tokens)
    new_token(tmp_path / "tokens.json", "laptop")
    check_exposure(Settings(server=Server(listen="0.0.0.0:50809")), tokens)
