"""How long a post takes on simulated phones, against the apps' own latencies; many phones against one.

python -m benchmarks.posting [--latency 1000] [--phones 50]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.record import Figures
from simulator.adb.server import locked_adb
from simulator.child import SimulatorChild

_ROOT = Path(__file__).resolve().parents[1]
_PAUSE = threading.Event()


class Bench:
    """A simulator and a daemon on it."""

    def __init__(self, folder: Path, phones: int, latency_ms: float) -> None:
        self.child = SimulatorChild(phones, folder, extra=("--latency", f"{latency_ms:g}"), timeout_s=120)
        self.ready = self.child.ready
        ready_file = folder / "ready.json"
        self.daemon = subprocess.Popen(
            [sys.executable, str(_ROOT / "tikmatrixd.py"), "--config", str(self.child.config_path), "serve", "--ready-file", str(ready_file)],
            stdout=subprocess.PIPE, stderr=(folder / "daemon.log").open("wb"),
        )  # fmt: skip
        assert self.daemon.stdout is not None
        self.daemon.stdout.readline()
        self.url = json.loads(ready_file.read_text())["url"]
        self._wait_for_phones(phones)

    def _wait_for_phones(self, count: int) -> None:
        while sum(d["state"] == "device" for d in self.call("/api/v1/devices")["devices"]) < count:
            _PAUSE.wait(0.2)

    def call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data), timeout=60) as answer:
            return json.load(answer)["data"]

    def simctl(self, serial: str, *words: str) -> list[dict[str, Any]]:
        out = subprocess.run(
            [str(locked_adb()), "-P", str(self.ready["adb_port"]), "-s", serial, "shell", "simctl", *words],
            capture_output=True, check=True, timeout=60, text=True,
        ).stdout  # fmt: skip
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def create(self, serials: list[str], platform: str, way: str, name: str) -> list[int]:
        """One task for each phone; their ids."""
        config = {
            "captions": f"{name} #bench",
            "material_list": ["sample.mp4"],
            "upload_wait_time": 0,
            "post_way": way,
        }
        body = {
            "serials": serials,
            "script_name": "post",
            "platform": platform,
            "force": True,
            "script_config": config,
        }
        ids: list[int] = self.call("/api/v1/task", body)["task_ids"]
        return ids

    def finish(self, ids: list[int]) -> list[dict[str, Any]]:
        """The tasks, once all of them are published."""
        waiting, done = set(ids), []
        while waiting:
            for task_id in sorted(waiting):
                task = self.call(f"/api/v1/task/{task_id}")
                if task["status"] < 2:
                    break  # the others can wait to be asked: what is measured has the processor
                assert task["outcome"] == "published", task
                waiting.discard(task_id)
                done.append(task)
            _PAUSE.wait(0.1)
        return done

    def post(self, serials: list[str], platform: str, way: str, name: str) -> list[dict[str, Any]]:
        """One post on each phone; the finished tasks."""
        return self.finish(self.create(serials, platform, way, name))

    def stop(self) -> None:
        self.daemon.terminate()
        self.daemon.wait(30)
        self.child.stop()


def one_post(bench: Bench, platform: str, way: str, runs: int, figures: Figures) -> None:
    """Split one post into push, the app's own time and the rest."""
    serial = bench.ready["serials"][0]
    rows = []
    for run in range(runs + 1):
        bench.simctl(serial, "reset")
        (task,) = bench.post([serial], platform, way, f"run {run}")
        log = bench.call(f"/api/v1/task/{task['id']}/log")["log"]
        wall = _seconds(log[-1]["at"]) - _seconds(log[0]["at"]) + log[0].get("took_ms", 0) / 1000
        push = sum(line.get("took_ms", 0) for line in log if line.get("step") in {"push", "index"}) / 1000
        events = bench.simctl(serial, "events", "4000")
        app = sum(event.get("seconds", 0.0) for event in events if event["what"] == "app-wait")
        calls = sum(event["what"] in {"rpc", "shell"} for event in events)
        if run:  # the first starts the automation server and answers permissions
            rows.append((wall, push, app, calls))
    wall, push, app, calls = (statistics.median(column) for column in zip(*rows, strict=True))
    ratio = wall / app if app else float("nan")
    figures.add(f"{platform} by {way}", wall, "s")
    figures.add(f"{platform} by {way}, calls to the phone", calls, "")
    print(
        f"{platform:10} {way:10} {wall:7.2f} s  = push {push:5.2f}  app {app:6.2f}  rest {wall - push - app:5.2f}   {ratio:5.2f} x the app's own time, {calls:.0f} calls to the phone"
    )


def _seconds(stamp: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(stamp).timestamp()


def many(bench: Bench, rounds: int, figures: Figures) -> None:
    """All phones, several posts each, against one phone with as many."""
    serials = bench.ready["serials"]
    bench.post(serials, "tiktok", "share", "warm-up")
    alone = _timed(bench, serials[:1], rounds)
    together = _timed(bench, serials, rounds)
    share = alone / together
    figures.add(f"{len(serials)} phones, of the ideal throughput", share, "", more_is_better=True)
    print(
        f"{len(serials)} phones, {rounds} posts each: {together:.1f} s; one phone alone: {alone:.1f} s; {share:.0%} of the ideal throughput"
    )


def _timed(bench: Bench, serials: list[str], rounds: int) -> float:
    began = time.monotonic()
    waiting = [
        bench.create(serials, "tiktok", "share", f"round {number} of {len(serials)}")
        for number in range(rounds)
    ]
    for ids in waiting:
        bench.finish(ids)
    return time.monotonic() - began


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--latency", type=float, default=1000, help="milliseconds per nominal second of the apps"
    )
    parser.add_argument("--phones", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3, help="posts per phone when all work at once")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    figures = Figures("posting", options)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "one", 1, options.latency)
        try:
            for platform, way in (("tiktok", "share"), ("tiktok", "addButton"), ("instagram", "addButton")):
                one_post(bench, platform, way, options.runs, figures)
        finally:
            bench.stop()
        bench = Bench(Path(folder) / "many", options.phones, options.latency)
        try:
            many(bench, options.rounds, figures)
        finally:
            bench.stop()
    figures.close()


if __name__ == "__main__":
    main()
