"""What hostile clients can do to a daemon that posts: answers of /healthz, memory, the posts, and how it stops.

python -m benchmarks.flood [--seconds 60] [--sources 1] [--phones 4] [--stop] [KIND ...]

Each kind of flood comes from one process of its own over loopback, as fast as that process can. Goals: p99 of /healthz
at most 100 ms during the flood and 10 ms after it, at most 150 MB of memory, every post published, SIGTERM obeyed in time.
The flood, the daemon, the simulated phones and the probe share the processors of one machine: say how many when you quote.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import select
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.daemon import rss_mb
from benchmarks.posting import Bench

_STRANGER = "X-Forwarded-For: 192.0.2.7\r\n"  #: loopback is trusted; behind this header it is not
_MB = 1024**2
_PAUSE = threading.Event()
GOAL_DURING_MS, GOAL_AFTER_MS, GOAL_MB, GOAL_STOP_S = 100.0, 10.0, 150.0, 5.0


@dataclass(frozen=True)
class Attack:
    """One kind of flood: what each connection sends at first, then without end, then once a second; whether it reads."""

    connections: int
    first: bytes = b""
    stream: bytes = b""
    trickle: bytes = b""
    reads: bool = False
    hangs_up: bool = False  #: close and reopen as soon as all is sent


def _head(line: str, *headers: str) -> bytes:
    return "\r\n".join([f"{line} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


ATTACKS = {
    "pipelined": Attack(100, stream=b"GET /x HTTP/1.1\r\n\r\n" * 3400),
    "pipelined-read": Attack(100, stream=b"GET /x HTTP/1.1\r\n\r\n" * 3400, reads=True),
    "half-headers": Attack(1000, first=b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000, trickle=b"y"),
    "half-bodies": Attack(
        1000, first=_head("POST /api/v1/task", "Content-Length: 1000000") + b"x" * 500_000, trickle=b"x"
    ),
    "half-chunks": Attack(
        1000,
        first=_head("POST /api/v1/task", "Transfer-Encoding: chunked") + b"1\r\nx\r\n" * 20_000,
        trickle=b"1\r\nx\r\n",
    ),
    "unread": Attack(500, stream=(_head("GET /") + _head("GET /api/v1/openapi.json")) * 50),
    "connections": Attack(5000),
    "churn": Attack(200, first=_head("GET /x", "Connection: close"), hangs_up=True),
    "resets": Attack(200, first=_head("GET /api/v1/task"), hangs_up=True),
    "uploads": Attack(
        50,
        first=f"POST /api/v1/materials?name=a.mp4 HTTP/1.1\r\nHost: localhost\r\n{_STRANGER}Content-Length: 2000000000\r\n\r\n".encode(),
        stream=bytes(256 * 1024),
    ),
    "small-uploads": Attack(
        50,
        first=f"POST /api/v1/task HTTP/1.1\r\nHost: localhost\r\n{_STRANGER}Content-Length: 900000\r\n\r\n".encode()
        + bytes(900_000),
        reads=True,
    ),
}


class _Client:
    """One hostile connection; it is opened again whenever the server ends it."""

    def __init__(self, flood: Flood, source: str) -> None:
        self._flood = flood
        self._source = source
        self._open()

    def _open(self) -> None:
        attack = self._flood.attack
        self.sock = socket.socket()
        self.sock.setblocking(False)
        if not attack.reads:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if self._flood.attack.hangs_up:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.bind((self._source, 0))
        self._rest = memoryview(attack.first)
        self.sock.connect_ex(("127.0.0.1", self._flood.port))
        self._flood.opened += 1
        self._flood.clients[self.sock.fileno()] = self
        self._flood.poll.register(
            self.sock, select.EPOLLOUT | select.EPOLLRDHUP | (select.EPOLLIN if attack.reads else 0)
        )

    def _reopen(self) -> None:
        del self._flood.clients[self.sock.fileno()]
        self._flood.poll.unregister(self.sock)
        self.sock.close()
        self._open()

    def handle(self, events: int) -> None:
        attack = self._flood.attack
        try:
            if events & (select.EPOLLERR | select.EPOLLHUP | select.EPOLLRDHUP):
                self._reopen()
                return
            if events & select.EPOLLIN and not self.sock.recv(65536):
                self._reopen()
                return
            if events & select.EPOLLOUT:
                self._write(attack)
        except BlockingIOError:
            pass
        except OSError:
            self._reopen()

    def _write(self, attack: Attack) -> None:
        if not self._rest:
            if attack.hangs_up:
                self._reopen()
                return
            if not attack.stream:
                self._flood.poll.modify(
                    self.sock, select.EPOLLRDHUP | (select.EPOLLIN if attack.reads else 0)
                )
                return
            self._rest = memoryview(attack.stream)
        sent = self.sock.send(self._rest)
        self._rest = self._rest[sent:]
        self._flood.sent_bytes += sent

    def trickle(self) -> None:
        """A byte now and then, to look alive."""
        if not self._rest and self._flood.attack.trickle:
            try:
                self._flood.sent_bytes += self.sock.send(self._flood.attack.trickle)
            except BlockingIOError:
                pass
            except OSError:
                self._reopen()


class Flood:
    """One kind of flood against a port, in this process."""

    def __init__(self, port: int, attack: Attack, sources: int) -> None:
        self.port = port
        self.attack = attack
        self.opened = self.sent_bytes = 0
        self.poll = select.epoll()
        self.clients: dict[int, _Client] = {}
        self._sources = [f"127.0.0.{number + 1}" for number in range(sources)]

    def run(self, seconds: float) -> None:
        """Flood for so long; then all connections are closed."""
        ends = time.monotonic() + seconds
        trickle_at = time.monotonic() + 1.0
        left = self.attack.connections
        while time.monotonic() < ends:
            for _ in range(min(left, 200)):
                _Client(self, self._sources[left % len(self._sources)])
                left -= 1
            for fd, events in self.poll.poll(0.05, 256):
                if fd in self.clients:
                    self.clients[fd].handle(events)
            if time.monotonic() >= trickle_at:
                trickle_at += 1.0
                for client in list(self.clients.values()):
                    client.trickle()
        for client in self.clients.values():
            client.sock.close()


def start_flood(port: int, kind: str, seconds: float, sources: int) -> subprocess.Popen[str]:
    """The flood in a process of its own; it prints what it did."""
    words = ["--flood", kind, "--port", str(port), "--seconds", f"{seconds:g}", "--sources", str(sources)]
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.flood", *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[1],
    )


def probe_ms(port: int, timeout_s: float = 10.0) -> float:
    """How long /healthz takes on a new connection; infinite when it is not answered."""
    began = time.perf_counter()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout_s) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while part := sock.recv(4096):
                answer += part
    except OSError:
        return float("inf")
    return (time.perf_counter() - began) * 1000 if answer.endswith(b"ok\n") else float("inf")


def p99(times: Sequence[float]) -> float:
    """The time that 99 of 100 keep."""
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]


class Posts:
    """Keeps one post under way on each phone, in a thread, and counts what became of them."""

    def __init__(self, bench: Bench) -> None:
        self.published = self.missed = self.failed_calls = 0
        self._bench = bench
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="posts")
        self._thread.start()

    def stop(self) -> None:
        """Let the posts end that are under way."""
        self._stop.set()
        self._thread.join(120)

    def _run(self) -> None:
        waiting: list[int] = []
        number = 0
        while waiting or not self._stop.is_set():
            try:
                if not waiting:
                    number += 1
                    waiting = self._bench.create(
                        self._bench.ready["serials"], "tiktok", "share", f"flood {number}"
                    )
                task = self._bench.call(f"/api/v1/task/{waiting[0]}")
                if task["status"] >= 2:
                    waiting.pop(0)
                    self.published += task["outcome"] == "published"
                    self.missed += task["outcome"] != "published"
                    continue
            except (OSError, urllib.error.URLError, ValueError):
                self.failed_calls += 1
            _PAUSE.wait(0.25)


@dataclass
class Found:
    """What one flood did."""

    kind: str
    during_ms: list[float] = field(default_factory=list)
    after_ms: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    opened: int = 0
    sent_mb: float = 0.0
    published: int = 0
    missed: int = 0
    failed_calls: int = 0

    def __str__(self) -> str:
        return (
            f"{self.kind:15} {self.opened:8} opened {self.sent_mb:8.1f} MB sent   /healthz during p50 {statistics.median(self.during_ms):6.1f} "
            f"p99 {p99(self.during_ms):7.1f} max {max(self.during_ms):7.1f} ms, after p99 {p99(self.after_ms):6.1f} ms   "
            f"{self.peak_mb:6.1f} MB   posts {self.published} published, {self.missed} not, {self.failed_calls} calls failed"
        )


def measure(bench: Bench, kind: str, seconds: float, sources: int) -> Found:
    """One flood against the daemon of this bench, with posts under way."""
    found = Found(kind)
    port = int(bench.url.rpartition(":")[2])
    posts = Posts(bench)
    flood = start_flood(port, kind, seconds, sources)
    _PAUSE.wait(min(2.0, seconds / 4))  # it takes a moment to begin
    while flood.poll() is None:
        found.during_ms.append(probe_ms(port))
        found.peak_mb = max(found.peak_mb, rss_mb(bench.daemon.pid))
        _PAUSE.wait(0.02)
    assert flood.stdout is not None
    told = json.loads(flood.stdout.read())
    flood.stdout.close()
    posts.stop()
    found.opened, found.sent_mb = told["opened"], told["sent_bytes"] / _MB
    found.published, found.missed, found.failed_calls = posts.published, posts.missed, posts.failed_calls
    for _ in range(300):
        found.after_ms.append(probe_ms(port))
        _PAUSE.wait(0.005)
    found.peak_mb = max(found.peak_mb, rss_mb(bench.daemon.pid))
    return found


def stop_during(bench: Bench, kind: str, sources: int) -> float:
    """How many seconds the daemon needs to end on SIGTERM while the flood goes on; infinite beyond a minute."""
    flood = start_flood(int(bench.url.rpartition(":")[2]), kind, 15.0, sources)
    _PAUSE.wait(4.0)
    began = time.monotonic()
    bench.daemon.send_signal(signal.SIGTERM)
    try:
        bench.daemon.wait(60)
        return time.monotonic() - began
    except subprocess.TimeoutExpired:
        bench.daemon.kill()
        return float("inf")
    finally:
        flood.terminate()
        flood.wait(10)
        if flood.stdout is not None:
            flood.stdout.close()


def raise_limit() -> None:
    """As many descriptors as 5,000 connections need."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 12_000 if hard == resource.RLIM_INFINITY else min(hard, 12_000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", choices=[[], *ATTACKS], metavar="KIND", help=", ".join(ATTACKS))
    parser.add_argument("--seconds", type=float, default=60.0, help="of each flood")
    parser.add_argument(
        "--sources", type=int, default=1, help="addresses 127.0.0.x that it comes from, at most 250"
    )
    parser.add_argument("--phones", type=int, default=4)
    parser.add_argument(
        "--latency", type=float, default=1000, help="milliseconds per nominal second of the apps"
    )
    parser.add_argument("--stop", action="store_true", help="only stop a daemon in each kind of flood")
    parser.add_argument("--flood", choices=list(ATTACKS), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    raise_limit()
    if options.flood:
        flood = Flood(options.port, ATTACKS[options.flood], options.sources)
        flood.run(options.seconds)
        print(json.dumps({"opened": flood.opened, "sent_bytes": flood.sent_bytes}))
        return
    load = os.getloadavg()[0]
    print(
        f"{os.cpu_count()} processors, load {load:.1f}, from {options.sources} address(es), {options.seconds:g} s each"
    )
    kinds = options.kinds or list(ATTACKS)
    for kind in kinds if options.stop else ():
        with _bench(options) as bench:
            print(f"SIGTERM during {kind}: {stop_during(bench, kind, options.sources):.1f} s", flush=True)
    if options.stop:
        return
    with _bench(options) as bench:
        print(f"memory before: {rss_mb(bench.daemon.pid):.1f} MB", flush=True)
        for kind in kinds:
            print(measure(bench, kind, options.seconds, options.sources), flush=True)
        print(f"SIGTERM during pipelined: {stop_during(bench, 'pipelined', options.sources):.1f} s")


@contextmanager
def _bench(options: argparse.Namespace) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.phones, options.latency)
        try:
            yield bench
        finally:
            bench.stop()


if __name__ == "__main__":
    main()
