"""How long the API's calls take, as ratios to the license check of the same app, over one kept-alive connection.

The license check is the barest call that goes through a worker and the envelope; the loop itself answers /healthz.

python -m benchmarks.http_api [--tasks N] [--seconds S]
Goals: a list page of 20 with filters at 100,000 tasks at most 1.7x, creating a task at most 4x, both flat.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.record import Figures

_ROOT = Path(__file__).resolve().parents[1]
_PHONES = 100
_RAW = "(raw append + fdatasync)"


def serve(pipe: Connection, folder: Path, tasks: int, busy_threads: int) -> None:
    """The server's process: a store with so many tasks, the whole HTTP side, until the pipe says stop."""
    from jobs.hub.clock import SystemClock
    from jobs.hub.settings import Media, Posting, Server
    from storage.records import Outcome, Stage
    from tests.support.http_side import HttpSide, ShownPhones, new_task

    sys.setswitchinterval(0.0005)
    phones = ShownPhones(*(f"PHONE{n:03}" for n in range(_PHONES)))
    media = folder / "media"
    media.mkdir(parents=True, exist_ok=True)
    shutil.copy(_ROOT / "tests" / "media" / "clip.mp4", media)
    with HttpSide(
        folder,
        clock=SystemClock(),
        phones=phones,
        server=Server(listen="127.0.0.1:0"),
        media=Media(roots=(str(media),)),
        posting=Posting(timezone="Europe/Berlin"),
    ) as side:
        now = side.clock.now()
        stages = [
            {"stage": Stage.PUBLISHED, "outcome": Outcome.PUBLISHED, "finished_at": now},
            {"stage": Stage.FAILED, "finished_at": now},
            {},
        ]
        for start in range(0, tasks, 3000):
            count = min(3000, tasks - start)
            new = [
                new_task(
                    f"PHONE{n % _PHONES:03}",
                    at=now + 86400,
                    created_at=now,
                    caption="Fresh from the workshop #woodwork",
                    username=f"account_{n % 250}",
                )
                for n in range(start, start + count)
            ]
            created = side.store.tasks.create(new)
            for index, changes in enumerate(stages):
                if changes:
                    side.store.tasks.change_each(
                        {task.id: changes for task in created[index::3]}, expect=[Stage.SCHEDULED]
                    )
        side.store.maintain(now)
        stop = threading.Event()
        for _ in range(busy_threads):
            threading.Thread(target=spin, args=(stop,), daemon=True).start()
        side.serve()
        assert side.server is not None
        pipe.send(side.server.port)
        pipe.recv()
        stop.set()


def spin(stop: threading.Event) -> None:
    """A busy pure-Python thread, as a phone thread would be if it parsed trees in Python."""
    while not stop.is_set():
        sum(range(200))


class Caller:
    """One kept-alive connection, as lean as a client can be, so that the server is what is measured."""

    def __init__(self, port: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), 30)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, request: bytes) -> bytes:
        self._sock.sendall(request)
        data = b""
        while True:
            more = self._sock.recv(1 << 20)
            assert more, "the server has closed the connection, as it does after an answer of unknown length"
            data += more
            head, found, body = data.partition(b"\r\n\r\n")
            if found and b"transfer-encoding: chunked" in head.lower():
                if body.endswith(b"0\r\n\r\n"):
                    return body
            elif found:
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                if len(body) >= length:
                    return body


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def post(path: str, body: Any) -> bytes:
    data = json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def creates() -> Iterator[bytes]:
    """Create requests, each for the next phone."""
    number = 0
    while True:
        number += 1
        config = {
            "captions": f"hello {number} #workshop",
            "material_list": ["clip.mp4"],
            "upload_wait_time": 60,
        }
        yield post(
            "/api/v1/task",
            {"serials": [f"PHONE{number % _PHONES:03}"], "script_name": "post", "script_config": config, "force": True, "start_time": "03:00"},
        )  # fmt: skip


def measure(port: int, seconds: float, disk: Path) -> dict[str, list[float]]:
    """Times of each call in ms, taken in turns so that the machine's moods hit all alike."""
    raw = os.open(disk, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    caller = Caller(port)
    new = creates()
    calls: dict[str, Any] = {
        "license check": lambda: get("/api/v1/license/check"),
        "one task": lambda: get("/api/v1/task/17"),
        "list page of 20": lambda: get("/api/v1/task"),
        "list page of 20, filters": lambda: get(
            "/api/v1/task?status=3&serial=PHONE004&script_name=post&source=api"
        ),
        "list page of 20, far": lambda: get("/api/v1/task?status=2&page=500"),
        "list page of 100": lambda: get("/api/v1/task?page_size=100"),
        "stats": lambda: get("/api/v1/task/stats"),
        "create one task": lambda: next(new),
    }
    times: dict[str, list[float]] = {name: [] for name in (*calls, _RAW)}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for name, make in calls.items():
            for _ in range(5):
                request = make()
                started = time.perf_counter()
                body = caller.call(request)
                times[name].append((time.perf_counter() - started) * 1000)
                assert body == b"ok\n" or body.startswith(b'{"code":0,'), body[:300]
        for _ in range(5):
            started = time.perf_counter()
            os.write(raw, b"x" * 900)
            os.fdatasync(raw)
            times[_RAW].append((time.perf_counter() - started) * 1000)
    os.close(raw)
    return times


def report(tasks: int, busy: int, times: dict[str, list[float]], figures: Figures) -> None:
    """Print p50 and p99 and the ratio of the p50 to the bare endpoint's."""
    base = statistics.median(times["license check"])
    extra = f", {busy} busy thread(s) beside" if busy else ""
    print(f"\n{tasks} tasks stored{extra}")
    for name, found in times.items():
        p50 = statistics.median(found)
        p99 = statistics.quantiles(found, n=100)[98]
        figures.add(f"{name}, {tasks} tasks, p50", p50, "ms")
        print(f"  {name:28} p50 {p50:7.3f} ms  {p50 / base:5.2f}x   p99 {p99:7.3f} ms   n={len(found)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, nargs="*", default=[1_000, 100_000])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--busy", type=int, default=0, help="busy pure-Python threads beside the server's")
    options = parser.parse_args()
    figures = Figures("http_api", options)
    context = multiprocessing.get_context("spawn")
    for tasks in options.tasks:
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs, Path(folder), tasks, options.busy))
            process.start()
            theirs.close()  # so that a server that dies ends the wait for its port
            report(tasks, options.busy, measure(ours.recv(), options.seconds, Path(folder) / "raw"), figures)
            ours.send("stop")
            process.join(30)
    figures.close()


if __name__ == "__main__":
    main()
