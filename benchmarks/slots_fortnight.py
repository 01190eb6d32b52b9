"""Fourteen days of slots with kill -9, clock jumps, daylight saving and a restore in the middle: each post once (R60).

`python -m benchmarks.slots_fortnight [--seed N] [--days N]`. A child process plans and "posts" on a clock that runs through
half an hour per step; this process kills it after random steps, sets its clock wrong, and puts back a backup in the middle.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jobs.accounts.accounts import Accounts
from jobs.hub.settings import AccountEntry, Media, Posting, Settings
from jobs.intake.intake import Intake
from jobs.intake.repeat_guard import Repeats
from jobs.slots.calendar import occurrences
from jobs.slots.planner import Planner
from jobs.slots.slots import Slots
from storage.backup import backup, restore
from storage.errors import StateLocked
from storage.records import Outcome, Stage
from storage.store import Store

ZONE = ZoneInfo("Europe/Berlin")
#: The night of 28 March 2027 leaves out an hour.
BEGIN = datetime(2027, 3, 20, 12, tzinfo=ZONE).timestamp()
STEP_S = 1800.0
DAY_S = 86400.0
NAMES = ("anna", "ben", "cleo")
PICTURE = Path(__file__).parents[1] / "tests" / "media" / "photo.jpg"


class SteppedClock:
    """A clock that stands still between steps; how far it is outlives a kill."""

    def __init__(self, file: Path) -> None:
        self._file = file
        state = json.loads(file.read_text())
        self._now, self.off_s = float(state["now"]), float(state["off_s"])

    def now(self) -> float:
        return self._now + self.off_s

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        return event.wait(timeout_s)

    def wait_for(self, condition: threading.Condition, timeout_s: float) -> bool:
        return condition.wait(timeout_s)

    @property
    def trusted(self) -> bool:
        """The real daemon does not trust one that is so wrong either (jobs/queue/clock_trust.py)."""
        return abs(self.off_s) < DAY_S

    def step(self) -> float:
        """Half an hour passes; returns the true time."""
        self._now += STEP_S
        write(self._file, {"now": self._now, "off_s": self.off_s})
        return self._now


def write(file: Path, state: dict[str, float]) -> None:
    """Replace the file, so that a kill leaves the old or the new one."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps(state))
    new.replace(file)


class Hub:
    """What of the daemon has to do with slots, on one state directory."""

    def __init__(self, folder: Path, clock: SteppedClock) -> None:
        media = folder / "media"
        settings = Settings(
            media=Media(roots=(str(media),)),
            posting=Posting(timezone="Europe/Berlin"),
            accounts=tuple(AccountEntry(username=name, serial=f"PHONE-{name}") for name in NAMES),
        )
        self.clock = clock
        self.store = Store.open(folder / "state", reserve_bytes=0, now=clock.now)
        Accounts(settings, self.store)
        serials = {f"PHONE-{name}" for name in NAMES}
        self.intake = Intake(
            settings, clock, self.store, lambda: serials, lambda: None,
            repeats=Repeats(self.store, clock, settings.posting),
        )  # fmt: skip
        self.planner = Planner(
            clock, self.store, self.intake, zone=lambda: ZONE, trusted=lambda: clock.trusted,
            tell=lambda *_, **__: None,
        )  # fmt: skip
        self.slots = Slots(clock, self.store, self.intake, self.planner, lambda: ZONE)

    def occurrence_of(self, task_id: int) -> str:
        """Which time of which slot, and for which account, a task was planned for. Two may fall on one moment."""
        known = (one for slot in self.slots.all() for one in self.store.slots.of_slot(slot.id))
        return next(
            spell(one.slot_id, one.day, one.time, one.username) for one in known if task_id in one.task_ids
        )

    def post_what_is_due(self, log: Path) -> None:
        """Publish like the runner: noted before, done once, and unknown when a kill fell between."""
        for task in self.store.tasks.by_stage(Stage.COMMITTING):
            self.store.tasks.change(
                task.id, stage=Stage.FAILED, outcome=Outcome.UNKNOWN, finished_at=self.clock.now()
            )
        for task in self.store.tasks.by_stage(Stage.SCHEDULED) if self.clock.trusted else ():
            if task.due_at > self.clock.now():
                continue
            self.store.tasks.change(task.id, expect={Stage.SCHEDULED}, stage=Stage.COMMITTING)
            with log.open("a") as file:
                file.write(f"{self.occurrence_of(task.id)} {task.materials[0].sha256}\n")
            self.store.tasks.change(
                task.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=self.clock.now()
            )


def spell(slot_id: int, day: str, time_: str, username: str) -> str:
    """One word for an occurrence."""
    return f"{slot_id}/{day}/{time_}/{username}"


def child(folder: Path) -> None:
    """Run until the fortnight is over, or until it is killed."""
    clock = SteppedClock(folder / "clock.json")
    hub = Hub(folder, clock)
    if not hub.slots.all():
        config = {
            "content_type": 1,
            "material_source": "localFolder",
            "material_path": str(folder / "media" / "pool"),
        }
        common = {"usernames": list(NAMES), "script_config": config}
        hub.slots.add({**common, "name": "day", "times": ["09:00", "18:30"]})
        hub.slots.add({**common, "name": "night", "times": ["02:30"], "missed": "catch_up"})
        hub.slots.add({**common, "name": "weekend", "times": ["12:00"], "weekdays": ["sat", "sun"]})
    end = float((folder / "end").read_text())
    while clock.step() < end:
        print("step", flush=True)
        hub.planner.turn()
        hub.post_what_is_due(folder / "posts.log")
    clock.off_s = 0.0
    hub.planner.turn()
    hub.post_what_is_due(folder / "posts.log")
    hub.store.close()


class Fortnight:
    """One run: kills, jumps, a restore, and the judgement."""

    def __init__(self, folder: Path, seed: int, days: int) -> None:
        self.folder = folder
        self.dice = random.Random(seed)
        self.days = days
        self.kills = self.jumps = 0
        self.restored = False
        self.saved: Path | None = None
        (folder / "end").write_text(str(BEGIN + days * DAY_S))
        write(folder / "clock.json", {"now": BEGIN, "off_s": 0.0})
        for name in NAMES:
            pool = folder / "media" / "pool" / f"@{name}"
            pool.mkdir(parents=True)
            for number in range(days * 8):
                (pool / f"{number:04d}.jpg").write_bytes(PICTURE.read_bytes() + f"{name}{number}".encode())

    @property
    def day(self) -> float:
        return float((json.loads((self.folder / "clock.json").read_text())["now"] - BEGIN) / DAY_S)

    def run(self) -> None:
        """Start the child again and again, until one comes to the end."""
        while True:
            running = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.slots_fortnight", "--child", str(self.folder)],
                cwd=Path(__file__).parents[1], stdout=subprocess.PIPE,
            )  # fmt: skip
            assert running.stdout is not None
            steps = self.dice.randint(1, 60)
            lines = sum(1 for _ in itertools.islice(running.stdout, steps))
            if lines < steps:
                running.stdout.close()
                if running.wait():
                    raise RuntimeError("the child ended by itself")
                return
            running.kill()
            running.wait()
            running.stdout.close()
            self.kills += 1
            self._disturb()

    def _disturb(self) -> None:
        # A process that the child had just begun to start shares its lock for a moment after the kill.
        deadline = time.monotonic() + 10
        while True:
            try:
                self._copy()
                break
            except StateLocked:
                if time.monotonic() > deadline:
                    raise
                threading.Event().wait(0.02)
        state = json.loads((self.folder / "clock.json").read_text())
        state["off_s"] = self.dice.choice((0.0, 0.0, 0.0, 3 * 3600.0, -5 * 3600.0, 40 * DAY_S, -BEGIN))
        self.jumps += state["off_s"] != 0.0
        write(self.folder / "clock.json", state)

    def _copy(self) -> None:
        """Make the backup, or put it back."""
        if self.saved is None and self.day > self.days * 0.3:
            self.saved = self.folder / "backup.tar"
            backup(self.folder / "state", self.saved)
        elif self.saved is not None and not self.restored and self.day > self.days * 0.6:
            restore(self.saved, self.folder / "state", now=BEGIN + self.day * DAY_S)
            self.restored = True

    def judge(self) -> tuple[dict[str, int], list[str]]:
        """Figures, and what is wrong: a post that was made twice, an occurrence of which nothing is known."""
        write(self.folder / "clock.json", {"now": BEGIN + self.days * DAY_S, "off_s": 0.0})
        hub = Hub(self.folder, SteppedClock(self.folder / "clock.json"))
        posts = [line.split() for line in (self.folder / "posts.log").read_text().splitlines()]
        posted = Counter(occurrence for occurrence, _ in posts)
        files = Counter(file for _, file in posts)
        wrong = [f"{key} was posted {count} times" for key, count in posted.items() if count > 1]
        wrong += [f"file {key[:12]} was posted {count} times" for key, count in files.items() if count > 1]
        figures: Counter[str] = Counter(kills=self.kills, jumps=self.jumps, restores=int(self.restored))
        tasks = {(f"{task.scheduled_at:.0f}", task.username): task for task in self._tasks(hub)}
        for slot in hub.slots.all():
            known = {(one.day, one.time, one.username): one for one in hub.store.slots.of_slot(slot.id)}
            for due in occurrences(slot, BEGIN + STEP_S, BEGIN + self.days * DAY_S - STEP_S, ZONE):
                for name in NAMES:
                    figures["occurrences"] += 1
                    key = (f"{due.at:.0f}", name)
                    one = known.get((due.day, due.time, name))
                    if posted[spell(slot.id, due.day, due.time, name)]:
                        figures["posted"] += 1
                    elif key in tasks and tasks[key].outcome is Outcome.UNKNOWN:
                        figures["unknown, after a kill or the restore"] += 1
                    elif one is not None and one.reason:
                        figures["missed, and said"] += 1
                    elif one is not None and any(hub.store.tasks.get(i) is not None for i in one.task_ids):
                        figures["caught up"] += 1
                    else:
                        wrong.append(f"slot {slot.id} {due.day} {due.time} {name}: nothing is known of it")
        hub.store.close()
        return dict(figures), wrong

    @staticmethod
    def _tasks(hub: Hub) -> Iterator[Any]:
        yield from hub.store.tasks.page(page_size=1 << 31)[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--child", type=Path)
    asked = parser.parse_args()
    if asked.child is not None:
        child(asked.child)
        return 0
    folder = Path(tempfile.mkdtemp(prefix="slots-"))
    try:
        run = Fortnight(folder, asked.seed, asked.days)
        run.run()
        figures, wrong = run.judge()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"seed {asked.seed}, {asked.days} days: " + ", ".join(f"{n} {what}" for what, n in figures.items()))
    for line in wrong[:20]:
        print("WRONG:", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    sys.exit(main())
