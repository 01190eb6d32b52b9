"""Weeks of a phone hub in an hour: the whole daemon on simulated phones, with faults, judged day by day.

python -m benchmarks.soak [--phones 50] [--days 14] [--faults 1%] [--posts 4] [--seed 1]

Accelerated is the daemon's clock and nothing else: while a phone is at work its seconds last a real second; when
nothing is to be done it leaps on, ten minutes at most (one, while a task waits for a sick phone). Apps answer at once
(latency 0). Every day each phone gets its posts by the API, spread over the day; each hundredth (`--faults 1%`)
meets a fault. At the end of a day somebody goes through the phones that ask for a person.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import random
import shutil
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import adbutils

from benchmarks.soak_clock import LeapingClock
from benchmarks.soak_faults import FAULTS
from benchmarks.soak_judge import Posting, Verdicts, bounded_shell
from handlers.daemon.daemon import Daemon
from jobs.hub import logs
from jobs.hub.clock import utc
from jobs.hub.config_file import load_config
from jobs.phone.protocol import PhoneState
from simulator.child import SimulatorChild
from tests.support.storage_samples import archived

DAY_S = 86_400.0
LEAP_S, LEAP_WHILE_WAITING_S = 600.0, 60.0
#: Posts come at full hours of the working day, all phones at once: the hardest way to spread them.
FIRST_HOUR, LAST_HOUR = 7, 22
#: The first simulated day.
START = 1_800_000_000.0 - 1_800_000_000.0 % DAY_S
#: What is kept for months and by the gigabyte, so short that two weeks show whether it levels off.
STORAGE = f"""[storage]
retention_days = 5
evidence_quota_bytes = {128 * 1024**2}
"""
MORE_CONFIG = """
[posting]
timezone = "UTC"
unknown_screen_patience_s = 1.5
proof_timeout_s = 6.0
attempt_timeout_s = 90.0
duplicate_window_minutes = 0
"""
#: What is judged of a task's answer.
JUDGED = ("status", "outcome", "error", "remark", "waiting_for", "waiting_detail")
_PAUSE = threading.Event()


class Soak:
    """One daemon in this process, its phones in another."""

    def __init__(
        self, folder: Path, phones: int, *, fault_chance: float, posts_a_day: int, seed: int
    ) -> None:
        self._chance = random.Random(seed)
        self._fault_chance = fault_chance
        self._posts_a_day = posts_a_day
        self.child = SimulatorChild(
            phones, folder, extra=("--adb-faults", "--seed", str(seed)), timeout_s=180
        )
        config_path = self.child.config_path
        text = config_path.read_text().replace("[storage]\n", STORAGE)
        config_path.write_text(text + MORE_CONFIG)
        self.clock = LeapingClock(START)
        self.state_dir = folder / "daemon"
        self.daemon = Daemon(load_config(config_path), self.clock, "soak")
        self.daemon.start()
        self.daemon.fleet.wait_synced(60)
        self.serials: list[str] = self.child.ready["serials"]
        self._direct = adbutils.AdbClient(port=int(self.child.ready["direct_adb_port"]))
        self._video = str(next((folder / "media").iterdir()))
        self.postings: dict[int, Posting] = {}
        self.faults = 0
        self.hands: Counter[str] = Counter()
        self._strikes: list[tuple[float, str, str]] = []  #: when, on which phone, what

    def stop(self) -> None:
        self.daemon.stop()
        self.child.stop()

    # --- a day --------------------------------------------------------------------------------------------

    def day(self, number: int) -> list[Posting]:
        """Live through it; the tasks that were created for it."""
        begins = START + number * DAY_S
        today = [
            self._create(begins, serial, turn) for serial in self.serials for turn in range(self._posts_a_day)
        ]
        self._strikes.sort()
        self._live_until(begins + DAY_S)
        for one in self.postings.values():
            if one.end.get("status", 0) < 2:
                task = self._call("GET", f"/api/v1/task/{one.task_id}")
                one.end = {
                    key: task[key] for key in JUDGED
                }  # the soak's own memory must not look like the daemon's
        self._person()
        return today

    def _create(self, begins: float, serial: str, turn: int) -> Posting:
        hours = (LAST_HOUR - FIRST_HOUR) // max(1, self._posts_a_day)
        at = begins + (FIRST_HOUR + turn * hours) * 3600
        platform = self._chance.choice(("tiktok", "instagram"))
        one = Posting(f"{utc(at):%m-%d %H} on {serial}", serial, platform)
        if self._chance.random() < self._fault_chance:
            fault = self._chance.choice(FAULTS)
            one.fault, one.words = fault.name, fault.draw(self._chance, platform)
            self._strikes.append((at - 1, serial, one.words))
        body = {
            "script_name": "post",
            "serials": [serial],
            "platform": platform,
            "start_time": f"{utc(at):%H:%M}",
            "script_config": {
                "captions": one.caption,
                "material_list": [self._video],
                "upload_wait_time": 0,
            },
        }
        (one.task_id,) = self._call("POST", "/api/v1/task", body)["task_ids"]
        self.postings[one.task_id] = one
        return one

    def _live_until(self, end: float) -> None:
        while (now := self.clock.now()) < end:
            while self._strikes and self._strikes[0][0] <= now:
                _, serial, words = self._strikes.pop(0)
                self.faults += 1
                self._simctl(serial, f"fault {words}")
            if self._at_work(now) or not self.daemon.fleet.quiet:
                _PAUSE.wait(0.002)
                continue
            waiting = any(self.daemon.store.tasks.queued())
            next_due = min(self.daemon.store.tasks.due_times(), default=end)
            next_strike = self._strikes[0][0] if self._strikes else end
            longest = LEAP_WHILE_WAITING_S if waiting else LEAP_S
            self.clock.leap(max(0.05, min(longest, next_due - now, next_strike - now, end - now)))
            self.daemon.fleet.look_again(5.0)
            _PAUSE.wait(0.002)

    def _at_work(self, now: float) -> bool:
        """Something is being done or is about to be: time must not leap."""
        tasks = self.daemon.store.tasks
        if self.daemon.jobs.dispatcher.busy or tasks.active():
            return True
        return any(task.waiting_for is None for task in tasks.queued()) or bool(tasks.due(now))

    def _person(self) -> None:
        """What somebody does who comes by once a day: looks at the phones that ask for it, and says so."""
        usable = {phone.serial: phone.state is PhoneState.DEVICE for phone in self.daemon.fleet.inventory()}
        for serial in self.serials:
            failed = [p for p in self.postings.values() if p.serial == serial and p.end.get("status") == 3]
            asks = self.daemon.jobs.halts.why(serial)
            if asks or not usable.get(serial) or (failed and not failed[-1].hands):
                self.hands[serial] += 1
                for one in failed:
                    one.hands = "seen"
                self._simctl(serial, "reset")
                self._simctl(serial, "fault adb-line")
                self._simctl(serial, "fault adb-version")
                self._call("POST", f"/api/v1/devices/{serial}/resume")

    # --- the outside world --------------------------------------------------------------------------------

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.daemon.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)["data"]

    def _simctl(self, serial: str, words: str) -> str:
        for _ in range(300):
            try:
                return bounded_shell(self._direct, serial, f"simctl {words}")
            except (adbutils.AdbError, OSError):
                _PAUSE.wait(0.1)  # off the bus just now
        raise TimeoutError(f"{serial} does not come back")

    def posts(self) -> Counter[str]:
        """Captions with how often the phones published them."""
        found: Counter[str] = Counter()
        for serial in self.serials:
            lines = self._simctl(serial, "posts").splitlines()
            found.update(json.loads(line)["caption"] for line in lines if line.strip())
        return found

    def judge(self) -> Verdicts:
        """All tasks so far; those that moved to the archive are known by their last answer."""
        store = self.daemon.store
        put_away = {task.id for task in archived(store.archived)}
        there = sum(i in put_away or store.tasks.get(i) is not None for i in self.postings)
        verdicts = Verdicts(list(self.postings.values()), self.posts(), there)
        verdicts.stuck += len(store.tasks.active())  # posts end hours before the day does
        return verdicts


def resources(state_dir: Path) -> tuple[int, int, int, float, float]:
    """Threads, descriptors, thousands of Python objects, resident MB of this process, MB of the state directory."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    resident_kb = int(status.partition("VmRSS:")[2].split()[0])
    size = sum(path.stat().st_size for path in state_dir.rglob("*") if path.is_file())
    return (
        threading.active_count(),
        len(list(Path("/proc/self/fd").iterdir())),
        len(gc.get_objects()) // 1000,
        resident_kb / 1024,
        size / 1024**2,
    )


def main(words: list[str] | None = None) -> int:
    """Print a line per day; 0 when there were neither doubles, nor lost, nor stuck tasks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--phones", type=int, default=50)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--faults", default="1%", help="share of the posts that meet a fault")
    parser.add_argument("--posts", type=int, default=4, help="posts per phone and day")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--keep", type=Path, help="folder for phones, state and logs (default: a temporary one)"
    )
    options = parser.parse_args(words)
    sys.setswitchinterval(0.0005)
    folder = options.keep or Path(tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    share = float(options.faults.rstrip("%")) / (100 if options.faults.endswith("%") else 1)
    with (folder / "daemon.log").open("a", buffering=1) as log, contextlib.redirect_stderr(log):
        logs.set_up("info", "plain")
        good = live(folder, share, options)
    if options.keep is None:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


def live(folder: Path, share: float, options: argparse.Namespace) -> bool:
    """All the days; whether every promise was kept."""
    soak = Soak(folder, options.phones, fault_chance=share, posts_a_day=options.posts, seed=options.seed)
    good = True
    print(
        "day tasks published failed waiting doubles lost stuck faults hands threads fds  kobj  rss_MB state_MB real_s  failed by"
    )
    try:
        for number in range(options.days):
            began = time.monotonic()
            today = soak.day(number)
            verdicts = soak.judge()
            good = good and not (verdicts.problems or verdicts.doubles or verdicts.lost or verdicts.stuck)
            outcomes = Counter(
                str(one.end.get("outcome")) if one.end.get("status", 0) >= 2 else "waiting" for one in today
            )
            reasons = Counter(one.end["error"]["code"] for one in today if one.end.get("error"))
            threads, descriptors, objects, resident, size = resources(soak.state_dir)
            failed = sum(outcomes.values()) - outcomes["published"] - outcomes["waiting"]
            print(
                f"{number + 1:3} {len(today):5} {outcomes['published']:9} {failed:6} {outcomes['waiting']:7} "
                f"{verdicts.doubles:7} {verdicts.lost:4} {verdicts.stuck:5} {soak.faults:6} {sum(soak.hands.values()):5} "
                f"{threads:7} {descriptors:3} {objects:5} {resident:7.1f} {size:8.1f} {time.monotonic() - began:6.0f}  {dict(reasons) or ''}",
                flush=True,
            )
            for problem in verdicts.problems[:10]:
                print(f"    {problem}", flush=True)
        print(f"in all: {soak.judge()}")
    finally:
        soak.stop()
    return good


if __name__ == "__main__":
    sys.exit(main())
