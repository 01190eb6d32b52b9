"""Random plans, clocks that jump, restarts and pauses: the pace is never broken, and nothing that is due is forgotten (R61)."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from jobs.pace import pauses
from jobs.task.attempt import Attempt, Verdict
from storage.records import ENDED, Stage, Waiting
from tests.support.bench import Bench, new_task
from tests.support.clock import FakeClock
from tests.support.fake_phones import PUBLISHED, FakePhones, FakeScript

BERLIN = ZoneInfo("Europe/Berlin")
NAMES = {"A": ("kim", "lee"), "B": ("max",)}
QUIET = ("23:00-07:00",)
PEOPLE = ("kim", "lee", "max", "")
WHAT = (pauses.HUB, pauses.phone("A"), pauses.account(1))


class Planned(RuleBasedStateMachine):
    """A jobs core whose turns are made by hand, and a judge who sees every tap."""

    @initialize(gap=st.sampled_from([0, 30, 240]), most=st.integers(1, 3), quiet=st.booleans())
    def begin(self, gap: int, most: int, quiet: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock(
            now=datetime(2027, 3, 26, 15, tzinfo=BERLIN).timestamp()
        )  # daylight saving comes
        self.gap_s, self.most = gap * 60.0, most
        self.posting: dict[str, Any] = {
            "timezone": "Europe/Berlin",
            "min_gap_minutes": gap,
            "max_per_day": most,
            "quiet_hours": QUIET if quiet else (),
        }
        self.current = {"A": "kim", "B": "max"}
        self.taps: dict[str, float] = {}
        self.days: Counter[tuple[str, str]] = Counter()
        self.forward = False
        self.open()
        for serial, names in NAMES.items():
            for name in names:
                self.bench.store.accounts.add(username=name, platform="tiktok", serial=serial)

    def open(self) -> None:
        phones = FakePhones(*NAMES)
        self.bench = Bench(
            Path(self.folder.name),
            phones,
            FakeScript(self.publish),
            self.clock,
            synchronised=True,
            **self.posting,
        )
        self.bench.jobs.workers.run = lambda work: work()  # type: ignore[method-assign]
        self.bench.jobs.recovery.turn()

    def publish(self, attempt: Attempt, phone: Any) -> Verdict:
        """Switch to the task's account, or take the one that is there; then post."""
        task = attempt.task
        name = task.username or self.current[task.serial]
        self.current[task.serial] = name
        attempt.see_account(name)
        attempt.enter_committing()
        self.judge(name)
        attempt.enter_verifying()
        return PUBLISHED

    def judge(self, name: str) -> None:
        true_time, wall = self.clock.monotonic(), datetime.fromtimestamp(self.clock.now(), BERLIN)
        if name in self.taps:
            assert true_time - self.taps[name] >= self.gap_s, f"@{name}: too soon"
        self.taps[name] = true_time
        self.days[name, wall.date().isoformat()] += 1
        assert self.days[name, wall.date().isoformat()] <= self.most, f"@{name}: too many"
        assert not self.posting["quiet_hours"] or 7 <= wall.hour < 23, "in quiet hours"

    def pump(self) -> None:
        """Let everything start that may."""
        for _ in range(20):
            self.bench.jobs.scheduler.turn()
            before = len(self.bench.script.runs)
            self.bench.jobs.dispatcher.turn()
            if len(self.bench.script.runs) == before:
                break
        for task in self.bench.store.tasks.queued():
            assert task.waiting_for in {Waiting.PACE, Waiting.PAUSE}, (task.waiting_for, task.waiting_detail)
            assert task.waiting_until is None or task.waiting_until > self.clock.now()

    @rule(
        name=st.sampled_from(PEOPLE),
        in_minutes=st.sampled_from([0, 0, 45, 600, 2000]),
        count=st.integers(1, 4),
    )
    def plan(self, name: str, in_minutes: int, count: int) -> None:
        serial = "B" if name == "max" else "A"
        now = self.clock.now()
        at = now + in_minutes * 60.0
        self.bench.add(*(new_task(serial, at=at, created=now, username=name) for _ in range(count)))
        self.pump()

    @rule(minutes=st.sampled_from([1, 29, 31, 120, 500, 1440]))
    def wait(self, minutes: int) -> None:
        self.clock.advance(minutes * 60.0)
        self.pump()

    @rule(hours=st.sampled_from([-48, -3, -1, 1, 3, 30]))
    def jump(self, hours: int) -> None:
        self.forward = self.forward or hours > 0
        self.clock.step_wall(hours * 3600.0)
        self.pump()

    @rule()
    def restart(self) -> None:
        if self.forward:  # how long it was off, only the wall clock knows; it must not have lied meanwhile
            self.clock.advance(self.gap_s)
            self.forward = False
        self.bench.close()
        self.open()
        self.pump()

    @rule(name=st.sampled_from(["kim", "lee"]))
    def switch(self, name: str) -> None:
        self.current["A"] = name

    @rule(what=st.sampled_from(WHAT), minutes=st.sampled_from([0, 90]))
    def pause(self, what: str, minutes: int) -> None:
        until = self.clock.now() + minutes * 60.0 if minutes else None
        self.bench.jobs.pauses.set(what, reason="", until=until)
        runs = len(self.bench.script.runs)
        self.pump()
        assert what != pauses.HUB or len(self.bench.script.runs) == runs

    @rule(what=st.sampled_from(WHAT))
    def resume(self, what: str) -> None:
        self.bench.jobs.pauses.end(what)
        self.pump()

    def teardown(self) -> None:
        if not hasattr(self, "bench"):
            return
        try:
            for what in WHAT:
                self.bench.jobs.pauses.end(what)
            tasks = self.bench.store.tasks.page(page_size=1000)[0]
            for _ in range(24 * (len(tasks) + 10)):
                if all(self.bench.task(task.id).stage in ENDED for task in tasks):
                    break
                self.clock.advance(3600.0)
                self.pump()
            left = [
                self.bench.task(task.id)
                for task in tasks
                if self.bench.task(task.id).stage is not Stage.PUBLISHED
            ]
            assert left == [], f"forgotten: {[(task.id, task.stage, task.waiting_detail) for task in left]}"
        finally:
            self.bench.close()
            self.folder.cleanup()


TestPlanned = Planned.TestCase
TestPlanned.settings = hypothesis_settings(max_examples=15, stateful_step_count=15, deadline=None)
