"""Clocks that are wrong, jump, or have summer time, under the whole daemon: nothing early, nothing lost, nothing twice."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from benchmarks.soak_clock import LeapingClock
from handlers.daemon.daemon import Daemon
from jobs.hub.config_file import load_config
from jobs.phone.protocol import PhoneState
from tests.support.daemon import until
from tests.support.simulated import Simulated, sample_video

HOUR_S, DAY_S = 3600.0, 86_400.0
NOON = datetime(2027, 1, 15, 12, tzinfo=UTC).timestamp()
BERLIN = ZoneInfo("Europe/Berlin")
YEAR_2036 = datetime(2036, 2, 7, 6, 28, tzinfo=UTC).timestamp()
_PAUSE = threading.Event()


class Box:
    """A box with one phone, whose clock the test moves; `boot` starts the daemon on what the last one left."""

    def __init__(self, phones: Simulated, folder: Path) -> None:
        self.phones = phones
        self.serial = phones.serials[0]
        self.folder = folder
        self.daemon: Daemon | None = None
        self.clock = LeapingClock(NOON)
        self._posts_before = len(self._all_posts())

    def boot(self, now: float, *, synchronised: bool | None = None, timezone: str = "UTC") -> None:
        if self.daemon is not None:
            self.daemon.stop()
        self.clock = LeapingClock(now)
        config = load_config(self.phones.child.config_path)
        settings = config.settings
        settings = replace(
            settings,
            server=replace(settings.server, listen="127.0.0.1:0"),
            storage=replace(settings.storage, state_dir=str(self.folder)),
            posting=replace(settings.posting, timezone=timezone, duplicate_window_minutes=0),
        )
        self.daemon = Daemon(replace(config, settings=settings), self.clock, "0")
        self.daemon.jobs.trust.synchronised = lambda: synchronised
        self.daemon.start()
        fleet = self.daemon.fleet
        assert fleet.wait_synced(30)

        def usable() -> bool:
            info = fleet.info(self.serial)
            return info is not None and info.state is PhoneState.DEVICE and fleet.quiet

        # A leap into the middle of the phone's first check would make its answers late.
        until(usable, 30, "the phone is usable")

    def stop(self) -> None:
        if self.daemon is not None:
            self.daemon.stop()

    def call(self, path: str, body: Any = None) -> Any:
        assert self.daemon is not None
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.daemon.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)["data"]

    def post(self, start: str = "") -> int:
        config = {
            "captions": f"on the clock {time.monotonic_ns()}",
            "material_list": [str(self.phones.child.config_path.parent / "media" / sample_video().name)],
            "upload_wait_time": 0,
        }
        body = {"script_name": "post", "serials": [self.serial], "script_config": config}
        (task_id,) = self.call("/api/v1/task", body | ({"start_time": start} if start else {}))["task_ids"]
        return int(task_id)

    def task(self, task_id: int) -> dict[str, Any]:
        return self.call(f"/api/v1/task/{task_id}")  # type: ignore[no-any-return]

    def published(self, task_id: int) -> dict[str, Any]:
        """The task once it is published and its phone tidied up: within seconds, or the test fails."""
        assert self.daemon is not None
        ends = time.monotonic() + 40
        while (task := self.task(task_id))["outcome"] != "published" or self.daemon.jobs.dispatcher.busy:
            assert time.monotonic() < ends, task
            assert task["status"] < 3, task
            _PAUSE.wait(0.02)
        return task

    def leap(self, seconds: float) -> None:
        """Time passes, not in the middle of a question to the adb server: for that its answer would be late."""
        assert self.daemon is not None
        fleet = self.daemon.fleet
        until(lambda: fleet.quiet, 20, "the tracker asks nobody anything")
        self.clock.leap(seconds)
        self._notice()

    def step(self, seconds: float) -> None:
        """Somebody, or a time service, sets the clock; then the scheduler's longest rest passes."""
        self.clock.step_wall(seconds)
        self.leap(6.0)

    def _notice(self) -> None:
        """Return once the scheduler has looked at the clock again."""
        assert self.daemon is not None
        self.daemon.fleet.look_again(5.0)
        rounds = 2
        trust = self.daemon.jobs.trust
        looked = trust.look
        seen = threading.Semaphore(0)

        def look() -> float:
            step = looked()
            seen.release()
            return step

        trust.look = look  # type: ignore[method-assign]
        try:
            for _ in range(rounds):
                self.daemon.jobs.wake()
                assert seen.acquire(timeout=10)
        finally:
            trust.look = looked  # type: ignore[method-assign]

    def waits(self, task_id: int) -> str:
        """Why a task has not begun; fails if it has."""
        task = self.task(task_id)
        assert (task["status"], task["started_at"]) == (0, None), task
        return f"{task['waiting_for']}: {task['waiting_detail']}"

    def posts(self) -> int:
        return len(self._all_posts()) - self._posts_before

    def _all_posts(self) -> list[dict[str, Any]]:
        return self.phones.lines(self.serial, "posts")


@pytest.fixture
def box(simulated_phones: Callable[[int], Simulated], tmp_path: Path) -> Iterator[Box]:
    one = Box(simulated_phones(1), tmp_path)
    yield one
    one.stop()


def test_APS_4_a_box_that_boots_in_1970_starts_what_is_asked_for_now_and_holds_what_has_a_time(
    box: Box,
) -> None:
    box.boot(100.0)
    box.published(box.post())
    with pytest.raises(urllib.error.HTTPError) as refused:
        box.post("00:10")
    assert b"names no day, and the clock of this box is in doubt" in refused.value.read()
    timed = box.post("1970-01-01 00:10")
    box.leap(HOUR_S)
    assert "the clock of this box is wrong: it says 1970-01-01" in box.waits(timed)
    box.step(NOON - box.clock.now())
    box.published(timed)
    assert box.posts() == 2


@pytest.mark.parametrize("wrong", [YEAR_2036, NOON - 400 * DAY_S, 0.0], ids=["2036", "a year ago", "1970"])
def test_APS_4_a_box_that_wakes_at_a_wrong_time_posts_neither_early_nor_never(box: Box, wrong: float) -> None:
    box.boot(NOON)
    box.published(box.post())
    task = box.post("14:00")
    box.boot(wrong)
    box.leap(60.0)
    if wrong > NOON:
        assert "the clock of this box may be wrong: it says 2036-02-07" in box.waits(task)
    box.step(NOON + HOUR_S - box.clock.now())
    assert box.waits(task) == "time: "
    box.leap(HOUR_S)
    begun = box.published(task)["started_at"]
    assert begun.startswith("2027-01-15T14:0")
    assert box.posts() == 2


def test_APS_4_the_time_service_s_word_ends_every_doubt(box: Box) -> None:
    box.boot(NOON)
    task = box.post("14:00")
    box.boot(YEAR_2036, synchronised=True)
    box.leap(6.0)
    box.published(task)
    assert box.posts() == 1


def test_APS_3_a_jump_of_two_hours_starts_what_fell_due_by_it_within_ten_seconds_or_after_two_minutes(
    box: Box,
) -> None:
    box.boot(NOON, synchronised=True)
    task = box.post("13:00")
    box.step(2 * HOUR_S)
    box.published(task)
    box.boot(NOON + DAY_S)
    task = box.post("13:00")
    box.step(2 * HOUR_S)
    assert "jumped 7200 s forward" in box.waits(task)
    box.leap(125.0)
    box.published(task)
    assert box.posts() == 2


def test_APS_3_a_box_that_slept_starts_what_it_slept_through(box: Box) -> None:
    """Monotonic time stands still while a box sleeps: waking up is a jump of the wall."""
    box.boot(NOON)
    tasks = [box.post(start) for start in ("13:00", "14:00", "20:30")]
    box.step(8 * HOUR_S)
    box.leap(125.0)
    for task in tasks[:2]:
        box.published(task)
    assert box.waits(tasks[2]) == "time: "
    assert box.posts() == 2


def test_APS_5_a_step_back_during_and_after_a_post_runs_nothing_twice(box: Box) -> None:
    box.boot(NOON)
    first = box.post()
    # Before that the task would wait for its time again, which is then three hours off.
    until(lambda: box.task(first)["status"] != 0, 20, "the post has begun")
    box.clock.step_wall(-3 * HOUR_S)
    box.published(first)
    box.step(-3 * HOUR_S)
    second = box.post()
    box.published(second)
    box.step(-60.0)
    box.leap(DAY_S)
    assert box.posts() == 2
    assert box.task(first)["retry_count"] == box.task(second)["retry_count"] == 0


def test_R60_a_clock_that_leaps_between_two_looks_makes_no_slot_miss_its_posts(box: Box) -> None:
    box.boot(NOON)
    assert box.daemon is not None
    account = next(one for one in box.phones.accounts if one["serial"] == box.serial)
    folder = box.phones.child.config_path.parent / "media"
    slot = box.call(
        "/api/v1/slots",
        {
            "usernames": [account["username"]],
            "platform": account["platform"],
            "times": ["18:00"],
            "script_config": {
                "material_source": "localFolder",
                "material_path": str(folder),
                "captions": "daily",
            },
        },
    )["slot"]["id"]
    box.clock.step_wall(5 * DAY_S)
    box.daemon.planner.turn()
    made = box.daemon.store.slots.of_slot(slot)
    assert [one for one in made if one.reason] == [], "what the wrong clock has passed is not missed"
    assert all(one.at < NOON + 3 * DAY_S for one in made)


@pytest.mark.parametrize(
    ("night", "start", "begins"),
    [
        (datetime(2027, 3, 27, 23, tzinfo=BERLIN), "02:30", "2027-03-28T03:00:00+02:00"),
        (datetime(2027, 10, 30, 23, tzinfo=BERLIN), "02:30", "2027-10-31T02:30:00+02:00"),
        (datetime(2027, 10, 30, 23, tzinfo=BERLIN), "03:00", "2027-10-31T03:00:00+01:00"),
    ],
    ids=["the hour that is not", "the hour that comes twice", "the hour after it"],
)
def test_APS_6_summer_time_begins_and_ends_and_each_post_is_at_its_moment(
    box: Box, night: datetime, start: str, begins: str
) -> None:
    box.boot(night.timestamp(), timezone="Europe/Berlin")
    task = box.post(start)
    due = datetime.fromisoformat(box.task(task)["scheduled_at"])
    assert due == datetime.fromisoformat(begins)
    box.leap(due.timestamp() - box.clock.now() - 5)
    assert box.waits(task) == "time: "
    box.leap(6)
    box.published(task)
    box.leap(HOUR_S)
    assert box.posts() == 1
