"""The whole daemon: start with stored tasks, idle memory, lateness of many starts at once, stop of a running task.

python -m benchmarks.daemon [--tasks 10000] [--phones 100]
Goals: start at most 1 s on top of the import of the libraries; 60 MB; p99 of the lateness 25 ms; stop within 1 s.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.posting import Bench
from benchmarks.record import Figures
from benchmarks.storage_peers import new_task
from benchmarks.timing import timed, unit
from storage.store import Store

_ROOT = Path(__file__).resolve().parents[1]
_LIBRARIES = "bottle, waitress, tinydb, apscheduler.schedulers.background, msgspec, lxml.etree, ppadb.client, adbutils, PIL.Image, click, psutil"
_PAUSE = threading.Event()


class Shown:
    """Prints each figure, and keeps it for the next run."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def __call__(self, name: str, figure: str, goal: str, kept: float, kept_unit: str = "ms") -> None:
        print(f"{name:48} {figure:34} goal {goal}", flush=True)
        self._figures.add(name, kept, kept_unit)


def libraries() -> None:
    """A bare process with what the daemon imports."""
    known = [name.strip() for name in _LIBRARIES.split(",")]
    code = (
        f"import importlib.util as u, importlib as i; [i.import_module(n) for n in {known!r}"
        " if u.find_spec(n.partition('.')[0])]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@contextmanager
def running(config: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon, from the moment it says that it is ready."""
    with (folder / "daemon.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, str(_ROOT / "tikmatrixd.py"), "--config", str(config), "serve"],
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith(b"tikmatrixd is ready"), (folder / "daemon.log").read_text()
        yield process
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def alone(folder: Path, tasks: int, rounds: int, idle_s: float, show: Shown) -> None:
    """Start to ready and idle memory; no phones, no adb server."""
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text(
        f'[server]\nlisten = "127.0.0.1:0"\n[storage]\nstate_dir = "{folder}/state"\n'
        f'[adb]\nport = 1\nstart_server = false\n[media]\nroots = ["{folder}"]\n'
    )

    def start() -> float:
        began = time.perf_counter()
        with running(config, folder):
            return time.perf_counter() - began

    start()
    empty = [start() for _ in range(rounds)]
    with running(config, folder) as process:
        _PAUSE.wait(idle_s)
        memory = rss_mb(process.pid)
    store = Store.open(folder / "state")
    for begin in range(0, tasks, 500):
        store.tasks.create([new_task(number) for number in range(begin, min(tasks, begin + 500))])
    store.close()
    bare, full = [], []
    for _ in range(rounds):
        bare.append(timed(libraries))
        full.append(start())
    with running(config, folder) as process:
        _PAUSE.wait(idle_s)
        loaded = rss_mb(process.pid)
    base = statistics.median(bare)
    nothing = statistics.median(empty)
    show("import of the libraries alone", unit(base), "-", base * 1000)
    show("start to ready, nothing stored", unit(nothing), "-", nothing * 1000)
    on_top = statistics.median(full) - base
    show(
        f"start to ready, {tasks} tasks",
        f"{unit(statistics.median(full))}, {unit(on_top)} on top",
        "1 s on top",
        statistics.median(full) * 1000,
    )
    show("idle memory, nothing stored", f"{memory:.1f} MB", "60 MB", memory, "MB")
    show(f"idle memory, {tasks} tasks", f"{loaded:.1f} MB", "-", loaded, "MB")


def late(bench: Bench) -> tuple[float, list[int]]:
    """One task per phone, all due at the same minute; that moment and the tasks, once they are done."""
    serials = bench.ready["serials"]
    due = (datetime.now(UTC).astimezone() + timedelta(seconds=75)).replace(second=0, microsecond=0)
    ids = _create(bench, serials, start_time=f"{due:%H:%M}")
    _PAUSE.wait(max(0.0, due.timestamp() - time.time() + 1.0))
    _finish(bench, ids)
    return due.timestamp(), ids


def show_lateness(state_dir: Path, due: float, ids: Sequence[int], show: Shown) -> None:
    """From what the stopped daemon wrote down: the API rounds to whole seconds."""
    store = Store.open(state_dir)
    claimed = [task.started_at for task in store.tasks.many(ids)]
    store.close()
    lateness = sorted(at - due for at in claimed if at is not None)
    p99 = lateness[min(len(lateness) - 1, int(len(lateness) * 0.99))]
    figure = f"p50 {unit(lateness[len(lateness) // 2])}, p99 {unit(p99)}"
    show(f"lateness of {len(ids)} starts at once", figure, "p99 25 ms", p99 * 1000)


def _create(bench: Bench, serials: Sequence[str], **more: Any) -> list[int]:
    config = {
        "captions": "bench",
        "material_list": ["sample.mp4"],
        "upload_wait_time": 0,
        "post_way": "share",
    }
    body = {"serials": list(serials), "script_name": "post", "force": True, "script_config": config, **more}
    ids: list[int] = bench.call("/api/v1/task", body)["task_ids"]
    return ids


def _finish(bench: Bench, ids: Sequence[int]) -> None:
    for task_id in ids:
        while bench.call(f"/api/v1/task/{task_id}")["status"] < 2:
            _PAUSE.wait(0.1)


def stops(bench: Bench, rounds: int, show: Shown) -> None:
    """From the request to the end of the task, at moments spread over the time before the commit point."""
    taken = []
    for number in range(rounds):
        serial = bench.ready["serials"][number % len(bench.ready["serials"])]
        (task_id,) = _create(bench, [serial])
        while bench.call(f"/api/v1/task/{task_id}")["status"] == 0:
            _PAUSE.wait(0.01)
        _PAUSE.wait(4.0 * (number + 0.5) / rounds)
        began = time.perf_counter()
        bench.call(f"/api/v1/task/{task_id}/stop", {})
        while (task := bench.call(f"/api/v1/task/{task_id}"))["status"] < 2:
            _PAUSE.wait(0.005)
        assert task["outcome"] in {"none", "not_published"}, task
        taken.append(time.perf_counter() - began)
    figure = f"median {unit(statistics.median(taken))}, worst {unit(max(taken))}"
    show(f"stop of a running task, {rounds} moments", figure, "1 s", statistics.median(taken) * 1000)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--phones", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5, help="starts of each kind")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds of rest before memory is read")
    options = parser.parse_args()
    figures = Figures("daemon", options)
    show = Shown(figures)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone(folder / "alone", options.tasks, options.rounds, options.idle, show)
        bench = Bench(folder / "stop", 4, 1000.0)
        try:
            stops(bench, 12, show)
        finally:
            bench.stop()
        bench = Bench(folder / "late", options.phones, 0.0)
        try:
            due, ids = late(bench)
        finally:
            bench.stop()
        show_lateness(folder / "late" / "daemon", due, ids, show)
    figures.close()


if __name__ == "__main__":
    main()
