"""How long large requests make others wait: a search, an export, a deletion of 10,000, a retry of 33,000, 33,000 due at once.

python -m benchmarks.delays [--tasks 100000]
Goal: no other request waits more than 50 ms. Each row has the waits of a list, a count and a durable change beside the event;
the first row has them beside nothing, which is what the machine itself does at the moment.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.http_api import Caller, get, post
from benchmarks.record import Figures

_PHONES = 100
_GAP = threading.Event()


def serve(pipe: Connection, folder: Path, tasks: int, due_in_s: float) -> None:
    """The server's process: a third published, a third failed, a third due at one moment on phones that do not answer."""
    import sys

    from jobs.hub.clock import SystemClock
    from jobs.hub.settings import Posting, Server
    from jobs.phone.protocol import PhoneState
    from storage.records import Outcome, Stage, TaskError
    from tests.support.http_side import HttpSide, ShownPhones, new_task

    sys.setswitchinterval(0.0005)
    phones = ShownPhones(*(f"PHONE{n:03}" for n in range(_PHONES)))
    for n in range(_PHONES):
        phones.set(f"PHONE{n:03}", PhoneState.OFFLINE)
    with HttpSide(
        folder,
        clock=SystemClock(),
        phones=phones,
        server=Server(listen="127.0.0.1:0"),
        posting=Posting(timezone="Europe/Berlin", retry_pause_min_s=3600, retry_pause_max_s=7200),
    ) as side:
        now = side.clock.now()
        error = TaskError("device_offline", "it was not connected", "open")
        stages = [
            {"stage": Stage.PUBLISHED, "outcome": Outcome.PUBLISHED, "finished_at": now},
            {"stage": Stage.FAILED, "finished_at": now, "error": error},
            {},
        ]
        due = now + due_in_s
        for start in range(0, tasks, 3000):
            numbers = range(start, min(tasks, start + 3000))
            new = [
                new_task(
                    f"PHONE{n % _PHONES:03}",
                    at=due if n % 3 == 2 else now + 86_400,
                    created_at=now,
                    caption=f"Fresh from the workshop, bench {n} #woodwork",
                    username=f"account_{n % 250}",
                )
                for n in numbers
            ]
            created = side.store.tasks.create(new)
            for index, changes in enumerate(stages):
                if changes:
                    side.store.tasks.change_each(
                        {task.id: changes for task in created[index::3]}, expect=[Stage.SCHEDULED]
                    )
        held = side.store.tasks.create([new_task("PHONE000", at=now + 9e6, created_at=now)])[0]
        side.store.maintain(now)
        side.run_jobs()
        side.serve()
        assert side.server is not None
        pipe.send((side.server.port, held.id, due))
        pipe.recv()


class Probes:
    """Calls of others, each on a connection of its own, one after the other with a short pause."""

    def __init__(self, port: int, held: int, figures: Figures) -> None:
        flips = [post(f"/api/v1/task/{held}/{what}", {}) for what in ("hold", "release")]
        self._calls = {
            "list": [get("/api/v1/task?status=3&serial=PHONE004")],
            "count": [get("/api/v1/task/stats")],
            "change": flips,
        }
        self._port = port
        self.figures = figures
        self.waits: dict[str, list[float]] = {}

    def beside(self, event: Callable[[], object]) -> float:
        """Run them beside the event; returns how long that took, in seconds."""
        self.waits = {name: [] for name in self._calls}
        done = threading.Event()
        threads = [threading.Thread(target=self._run, args=(name, done)) for name in self._calls]
        for thread in threads:
            thread.start()
        began = time.perf_counter()
        event()
        took = time.perf_counter() - began
        done.set()
        for thread in threads:
            thread.join()
        return took

    def _run(self, name: str, done: threading.Event) -> None:
        caller = Caller(self._port)
        number = 0
        while not done.wait(0.004):
            began = time.perf_counter()
            answer = caller.call(self._calls[name][number % len(self._calls[name])])
            self.waits[name].append((time.perf_counter() - began) * 1000)
            assert b'"code":0' in answer, answer[:300]
            number += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = context.Pipe()
        due_in_s = 25 + options.tasks / 4000
        process = context.Process(target=serve, args=(theirs, Path(folder), options.tasks, due_in_s))
        process.start()
        theirs.close()
        port, held, due = ours.recv()
        probes = Probes(port, held, Figures("delays", options))
        caller = Caller(port)
        published = list(range(1, options.tasks + 1, 3))[: min(10_000, options.tasks // 4)]
        report("nothing", probes, lambda: _GAP.wait(3.0))
        search = get("/api/v1/task?q=BENCH+99&sort=scheduled_at")
        report("search for a caption that nobody has asked for", probes, lambda: caller.call(search))
        report("the same again", probes, lambda: caller.call(search))
        for sort in ("scheduled_at", "-finished_at"):
            turns = [get(f"/api/v1/task?serial=PHONE{n:03}&sort={sort}") for n in range(_PHONES)]
            took = report(
                f"lists of {_PHONES} phones in turn, by {sort}",
                probes,
                lambda turns=turns: [caller.call(turn) for turn in turns],  # type: ignore[misc]
            )
            print(f"    {took * 1000 / _PHONES:.1f} ms each")
        export = get("/api/v1/task/export?status=2")
        report("export of a third", probes, lambda: Caller(port).call(export))
        gone = post("/api/v1/task/batch", {"task_ids": published}).replace(b"POST", b"DELETE", 1)
        report(f"deletion of {len(published)}", probes, lambda: caller.call(gone))
        report("retry of all that failed", probes, lambda: caller.call(post("/api/v1/task/retry-all", {})))
        _GAP.wait(max(0.0, due - time.time() - 1.0))
        report("a third is due at once", probes, lambda: until_queued(caller, due))
        ours.send("stop")
        process.join(60)
        probes.figures.close()


def until_queued(caller: Caller, due: float) -> None:
    """Wait until all that was due waits for its phone, and a moment more: every reason is said again by then."""
    last = get("/api/v1/task?sort=scheduled_at&page_size=1&status=0&platform=tiktok")
    late = time.time() + 120
    _GAP.wait(max(0.0, due - time.time()))
    while time.time() < late:
        data = json.loads(caller.call(last))["data"]
        if data["tasks"][0]["waiting_for"] == "device":
            break
        _GAP.wait(0.2)
    _GAP.wait(12.0)


def report(name: str, probes: Probes, event: Callable[[], object]) -> float:
    """Print the waits beside an event; returns how long it took, in seconds."""
    took = probes.beside(event)
    shown = []
    for call, waits in probes.waits.items():
        if not waits:
            continue
        p99 = statistics.quantiles(waits, n=100)[98] if len(waits) > 1 else waits[0]
        probes.figures.add(f"{call} beside {name}, p99", p99, "ms")
        shown.append(f"{call} p99 {p99:.0f}, worst {max(waits):.0f} ms of {len(waits)}")
    print(f"{name:52} {took:6.2f} s   {'; '.join(shown)}", flush=True)
    return took


if __name__ == "__main__":
    main()
