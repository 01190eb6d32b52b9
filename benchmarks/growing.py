"""A day of a farm: hundreds of simulated phones on three real adb servers, one daemon, its day in accelerated time.

python -m benchmarks.growing [--phones 300] [--posts 10] [--waves 60]

Accelerated is the daemon's clock and nothing else (benchmarks/soak.py): seconds in which something is done last real
seconds, the others are leapt over. Posts come in waves, a share of the phones each, so that each phone has its posts over
the working day. Printed are resident memory, processor time of this process (the daemon with its threads, and the little
that this script does), how late posts began, how long pages took while all that ran, and what the phones counted.
The phones and their adb servers run on the same machine: of it they take several times what the daemon takes.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.posting_load import processor_s, rss_mb
from benchmarks.record import Figures
from benchmarks.soak_clock import LeapingClock
from benchmarks.timing import repeated
from handlers.daemon.daemon import Daemon
from jobs.hub import logs
from jobs.hub.clock import utc
from jobs.hub.config_file import load_config
from jobs.phone.protocol import PhoneState
from storage.records import Outcome, Stage
from tests.support.farm import Farm

DAY_S, HOUR_S = 86_400.0, 3600.0
#: The first simulated day, and its working hours.
START = 1_800_000_000.0 - 1_800_000_000.0 % DAY_S
FIRST_HOUR, LAST_HOUR = 7.0, 22.0
LEAP_S = 4 * HOUR_S
CONFIG = """
[posting]
timezone = "UTC"
duplicate_window_minutes = 0
"""
PAGES = ("/api/v1/devices", "/api/v1/task?page_size=20", "/api/v1/needs", "/readyz")
_PAUSE = threading.Event()


class Day:
    """A farm whose daemon lives in this process."""

    def __init__(self, folder: Path, phones: int) -> None:
        self.farm = Farm(folder, phones // 3)
        self.farm.configure(CONFIG)
        self.clock = LeapingClock(START)
        self.daemon = Daemon(load_config(self.farm.config), self.clock, "growing")
        self.daemon.start()
        # In turn over the boxes, so that each wave falls on all of them.
        self.serials = [
            serial for row in zip(*(box.serials for box in self.farm.boxes), strict=True) for serial in row
        ]
        while self._usable() < len(self.serials):
            _PAUSE.wait(0.2)
        self.tasks: list[int] = []
        self.most_at_once = 0
        self.pages_s: list[float] = []

    def _usable(self) -> int:
        return sum(phone.state is PhoneState.DEVICE for phone in self.daemon.fleet.inventory())

    def stop(self) -> None:
        self.daemon.stop()
        self.farm.stop()

    def plan(self, posts: int, waves: int) -> None:
        """So many posts for each phone; each wave takes the next phones in turn."""
        of_wave = len(self.serials) * posts // waves
        for wave in range(waves):
            at = START + (FIRST_HOUR + (LAST_HOUR - FIRST_HOUR) * wave / waves) * HOUR_S
            whom = {self.serials[(wave * of_wave + k) % len(self.serials)] for k in range(of_wave)}
            config = {
                "captions": f"wave {wave}", "material_list": [str(self.farm.video)], "upload_wait_time": 0, "post_way": "share",
            }  # fmt: skip
            body = {
                "script_name": "post", "serials": sorted(whom), "platform": "tiktok", "force": True,
                "start_time": f"{utc(at):%H:%M}", "script_config": config,
            }  # fmt: skip
            self.tasks += self._call("POST", "/api/v1/task", body)["data"]["task_ids"]

    def live(self) -> None:
        """Until all of the day's posts have ended."""
        tasks = self.daemon.store.tasks
        while True:
            now = self.clock.now()
            busy = len(self.daemon.jobs.dispatcher.busy)
            self.most_at_once = max(self.most_at_once, busy)
            if busy or tasks.active() or any(tasks.queued()) or tasks.due(now) or not self.daemon.fleet.quiet:
                _PAUSE.wait(0.005)
                continue
            due = min(tasks.due_times(), default=None)
            if due is None:
                return
            self.clock.leap(max(0.05, min(LEAP_S, due - now)))
            self.daemon.fleet.look_again(5.0)

    @contextlib.contextmanager
    def viewed(self) -> Iterator[None]:
        """Pages are asked for, one a second."""
        pages = itertools.cycle(PAGES)

        def view() -> None:
            began = time.perf_counter()
            self._call("GET", next(pages))
            self.pages_s.append(time.perf_counter() - began)

        with repeated(view, 1.0):
            yield

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.daemon.url).netloc, timeout=60)
        with contextlib.closing(connection):
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, {"Content-Type": "application/json"})
            answer = json.load(connection.getresponse())
        assert answer.get("code", 0) == 0, answer
        return answer

    def lateness_s(self) -> list[float]:
        """By how much the first attempt of each post began late."""
        found = [self.daemon.store.tasks.get(task_id) for task_id in self.tasks]
        return [
            task.started_at - task.scheduled_at
            for task in found
            if task is not None and task.started_at is not None
        ]

    def judge(self) -> tuple[int, int, list[str]]:
        """Posts that were published, those that are not over, and what is wrong."""
        found = [self.daemon.store.tasks.get(task_id) for task_id in self.tasks]
        seen = [task for task in found if task is not None]
        wrong = [] if len(seen) == len(self.tasks) else [f"{len(self.tasks) - len(seen)} tasks are lost"]
        wrong += self.farm.judge(
            [{"serial": t.serial, "caption": t.caption, "outcome": t.outcome.value, "id": t.id} for t in seen]
        )
        published = sum(task.outcome is Outcome.PUBLISHED for task in seen)
        ended = {Stage.PUBLISHED, Stage.FAILED, Stage.REJECTED}
        return published, sum(task.stage not in ended for task in seen), wrong


def part(values: list[float], share: float) -> float:
    """The value below which this share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    """Live through one day and print what it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--phones", type=int, default=300)
    parser.add_argument("--posts", type=int, default=10, help="of each phone in the day")
    parser.add_argument("--waves", type=int, default=60)
    options = parser.parse_args()
    sys.setswitchinterval(0.0005)
    figures = Figures("growing", options)
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "daemon.log").open("a") as log:
        with contextlib.redirect_stderr(log):
            logs.set_up("info", "plain")
            day = Day(Path(folder), options.phones)
            try:
                began, pid = time.monotonic(), os.getpid()
                idle_mb, before_s = rss_mb(pid), processor_s(pid)
                day.plan(options.posts, options.waves)
                planned_s = processor_s(pid) - before_s
                with day.viewed():
                    day.live()
                real_s, used_s, most_mb = time.monotonic() - began, processor_s(pid) - before_s, _most_mb()
                late = day.lateness_s()
                published, stuck, wrong = day.judge()
                boxes = ", ".join(f"{s.name} {s.usable} of {s.phones}" for s in day.daemon.fleet.servers())
            finally:
                day.stop()
    posts = len(day.tasks)
    print(
        f"{options.phones} phones on three adb servers ({boxes} usable at the end), {posts} posts, {real_s:.0f} s of real time"
    )
    print(f"  {published} published, {stuck} not over, {len(wrong)} doubled or lost {wrong[:3] or ''}")
    print(
        f"  memory {idle_mb:.0f} MB idle, {most_mb:.0f} MB at most; at most {day.most_at_once} phones at work at once"
    )
    print(
        f"  processor {used_s:.0f} s ({planned_s:.1f} s of it for planning), {used_s / posts * 1000:.0f} ms for each post with all that "
        f"goes on beside it; {used_s / real_s:.0%} of one core while phones worked"
    )
    print(
        f"  began late by {part(late, 0.5):.2f} s (half), {part(late, 0.99):.2f} s (99 %), {max(late):.2f} s (worst)"
    )
    pages = day.pages_s
    print(
        f"  pages {statistics.median(pages) * 1000:.0f} ms (half), {part(pages, 0.99) * 1000:.0f} ms (99 %), {len(pages)} asked",
        flush=True,
    )
    for name, value, unit in (
        ("memory at most", most_mb, "MB"),
        ("processor per post", used_s / posts * 1000, "ms"),
        ("lateness p99", part(late, 0.99), "s"),
        ("page p99", part(pages, 0.99) * 1000, "ms"),
    ):
        figures.add(f"{options.phones} phones: {name}", value, unit)
    figures.close()


def _most_mb() -> float:
    """The most resident memory that this process had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
