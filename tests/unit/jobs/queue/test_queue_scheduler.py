"""Due tasks become ready in time, whatever the clock does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.queue.alarm_clock import AlarmClock
from jobs.queue.clock_trust import BUILT_AT, ClockTrust
from jobs.queue.scheduler import Scheduler
from jobs.task.states import Mover
from storage.records import MediaFile, Stage, Task, Use, Waiting
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock, TickingClock

HOUR_S, DAY_S = 3600.0, 86400.0


class Rig:
    """A scheduler without its thread: turns are called by hand."""

    def __init__(
        self, store: Store, clock: FakeClock, *, last_stamp: float = 0.0, synchronised: bool | None = None
    ) -> None:
        self.store = store
        self.clock = clock
        self.synchronised = synchronised
        self.queued: list[int] = []
        self.trust = ClockTrust(clock, last_stamp, lambda: self.synchronised)
        self.scheduler = Scheduler(
            clock,
            store.tasks,
            mover=Mover(store.tasks, clock),
            trust=self.trust,
            enqueue=self._enqueue,
            longest_retry_pause_s=60.0,
        )

    def _enqueue(self, tasks: Any) -> None:
        self.queued += [task.id for task in tasks if task.id not in self.queued]

    def add(self, at: float, **facts: Any) -> Task:
        facts.setdefault("created", at - DAY_S)
        return self.store.tasks.create([new_task(at=at, **facts)])[0]

    def turn(self, advance_s: float = 0.0) -> float:
        self.clock.advance(advance_s)
        return self.scheduler.turn()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, reserve_bytes=0) as opened:
        yield opened


@pytest.mark.parametrize("after_ms", range(1, 13))
def test_a_time_that_comes_while_the_scheduler_looks_is_not_missed(store: Store, after_ms: int) -> None:
    start = 1_800_000_000.0
    clock = TickingClock(start)
    rig = Rig(store, clock)
    task = rig.add(start + after_ms / 1000 + 0.0005)
    wait_s = rig.turn()
    woken = rig.scheduler.loop._wake.is_set()
    assert rig.queued == [task.id] or woken or wait_s <= after_ms / 1000
    rig.turn(wait_s if not woken else 0.0)
    if not rig.queued:
        rig.turn()
    assert rig.queued == [task.id]


def test_a_task_is_made_ready_at_its_time_and_not_before(store: Store) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    task = rig.add(clock.now() + 3.0)
    assert rig.turn() == pytest.approx(3.0)
    assert rig.turn(2.9) == pytest.approx(0.1)
    assert rig.queued == []
    rig.turn(0.1)
    assert rig.queued == [task.id]
    assert store.tasks.get(task.id).stage is Stage.QUEUED  # type: ignore[union-attr]


def test_the_loop_rests_no_longer_than_a_step_of_the_clock_may_go_unnoticed(store: Store) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    assert rig.turn() == 5.0
    rig.add(clock.now() + HOUR_S)
    assert rig.turn() <= 5.0


def test_tasks_due_together_share_one_alarm_and_come_in_order(store: Store) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    at = clock.now() + 10
    tasks = [rig.add(at) for _ in range(100)]
    rig.turn()
    assert len(rig.scheduler.alarms.get_jobs()) == 1
    rig.turn(10)
    assert rig.queued == [task.id for task in tasks]


def test_APS_1_what_fell_due_while_the_daemon_was_down_is_made_ready_at_once(store: Store) -> None:
    clock = FakeClock()
    task = Rig(store, clock).add(clock.now() - DAY_S)
    rig = Rig(store, clock)
    rig.turn()
    assert rig.queued == [task.id]


def test_APS_2_a_task_that_the_dispatcher_lost_is_found_by_the_sweep(store: Store) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    task = rig.add(clock.now())
    rig.turn()
    rig.queued.clear()
    for _ in range(2):
        rig.turn(5)
    assert rig.queued == [task.id]


def test_APS_3_a_jump_forward_over_the_start_time_starts_the_task_within_five_seconds(store: Store) -> None:
    clock = FakeClock()
    rig = Rig(store, clock, synchronised=True)
    task = rig.add(clock.now() + HOUR_S)
    rig.turn()
    clock.step_wall(2 * HOUR_S)
    rig.turn(5)
    assert rig.queued == [task.id]


def test_APS_3_after_a_large_jump_tasks_wait_for_the_time_service_two_minutes_at_most(store: Store) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    task = rig.add(clock.now() + HOUR_S)
    rig.turn()
    clock.step_wall(2 * HOUR_S)
    rig.turn(5)
    assert rig.queued == []
    held = store.tasks.get(task.id)
    assert held is not None
    assert held.waiting_for is Waiting.TIME
    assert held.waiting_detail == "the clock of this box jumped 7200 s forward"
    for _ in range(24):
        rig.turn(5)
    assert rig.queued == [task.id]


@pytest.mark.parametrize("settles", ["the time service", "a person", "a correction"])
def test_APS_4_a_jump_over_months_is_not_believed_before_it_is_confirmed_or_corrected(
    store: Store, settles: str
) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    task = rig.add(clock.now() + HOUR_S)
    for _ in range(3):
        rig.turn(40 * DAY_S)  # the box has run for months: that is no jump
    ran = datetime.fromtimestamp(clock.now(), UTC).date()
    late = rig.add(clock.now() + HOUR_S)
    clock.step_wall(100 * DAY_S)
    for _ in range(60):
        rig.turn(5)
    assert rig.queued == [task.id]
    assert not rig.trust.trusted
    assert rig.trust.problem.endswith(f"but it last ran on {ran}")
    if settles == "the time service":
        rig.synchronised = True
    elif settles == "a person":
        rig.trust.confirm()
    else:
        clock.step_wall(-100 * DAY_S)
    rig.turn(5)
    assert rig.trust.trusted
    assert (rig.queued == [task.id, late.id]) is (settles != "a correction")


def test_a_task_that_was_held_for_the_clock_s_sake_no_longer_says_so_once_the_clock_is_right(
    store: Store,
) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    task = rig.add(clock.now() + HOUR_S)
    rig.turn()
    clock.step_wall(2 * HOUR_S)
    rig.turn(5)
    clock.step_wall(-2 * HOUR_S)
    for _ in range(24):
        rig.turn(5)
    held = store.tasks.get(task.id)
    assert held is not None
    assert (held.waiting_for, held.waiting_detail) == (Waiting.TIME, "")


@pytest.mark.parametrize("boot", [0.0, BUILT_AT + 10 * 365 * DAY_S, BUILT_AT + 30 * DAY_S])
def test_APS_4_a_box_that_boots_at_a_wrong_time_starts_nothing_until_its_clock_is_right(
    store: Store, boot: float
) -> None:
    right = BUILT_AT + 31 * DAY_S  # the last stamp was written an hour before
    clock = FakeClock(now=boot)
    rig = Rig(store, clock, last_stamp=right - HOUR_S)
    overdue = rig.add(right - 60)
    later = rig.add(right + HOUR_S)
    for _ in range(200):
        rig.turn(5)
    assert rig.queued == []
    assert rig.trust.problem
    clock.step_wall(right - clock.now())
    rig.turn(5)
    assert rig.queued == [overdue.id]
    assert not rig.trust.reason
    rig.turn(HOUR_S)
    assert rig.queued == [overdue.id, later.id]


def test_APS_4_the_word_of_the_time_service_or_of_a_person_settles_every_doubt(store: Store) -> None:
    for settle in ("service", "person"):
        clock = FakeClock(now=BUILT_AT + 400 * DAY_S)
        rig = Rig(store, clock, last_stamp=BUILT_AT + DAY_S)
        task = rig.add(clock.now() - 1)
        rig.turn(5)
        assert task.id not in rig.queued
        if settle == "service":
            rig.synchronised = True
        else:
            rig.trust.confirm()
        rig.turn(5)
        assert task.id in rig.queued


def test_APS_4_a_task_asked_for_at_once_does_not_wait_for_a_right_clock(store: Store) -> None:
    clock = FakeClock(now=1000.0)
    rig = Rig(store, clock)
    task = rig.add(clock.now(), created=clock.now())
    rig.turn()
    assert rig.queued == [task.id]


def test_APS_5_a_step_back_starts_nothing_twice_and_does_not_stretch_a_retry_pause(store: Store) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    done = rig.add(clock.now())
    rig.turn()
    retried = rig.add(clock.now() + 30)
    store.tasks.change(retried.id, waiting_for=Waiting.RETRY_DELAY, scheduled_at=clock.now())
    clock.step_wall(-3 * HOUR_S)
    rig.turn(5)
    assert rig.queued == [done.id]
    for _ in range(13):
        rig.turn(5)
    assert rig.queued == [done.id, retried.id]


def test_APS_5_what_was_asked_for_at_once_under_a_clock_that_was_ahead_starts_once_it_is_put_back(
    store: Store,
) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    rig.turn()
    clock.step_wall(10 * 365 * DAY_S)
    rig.turn(5)
    task = rig.add(clock.now(), created=clock.now())
    held = store.tasks.change(rig.add(clock.now(), created=clock.now()).id, held=True)
    clock.step_wall(-10 * 365 * DAY_S)  # the time service is quicker than the scheduler
    rig.turn(5)
    assert rig.queued == [task.id]
    assert store.tasks.get(held.id) == held


def test_R53_a_retry_pause_is_not_a_day_when_the_clock_was_corrected_while_the_daemon_was_off(
    store: Store,
) -> None:
    clock = FakeClock()
    wrong = Rig(store, clock)
    retried, planned = wrong.add(clock.now() + 30), wrong.add(clock.now() + HOUR_S)
    store.tasks.change(retried.id, waiting_for=Waiting.RETRY_DELAY, scheduled_at=clock.now())
    store.tasks.change(planned.id, waiting_for=Waiting.RETRY_DELAY)
    clock.step_wall(-DAY_S)
    restarted = Rig(store, clock)
    restarted.turn()
    for _ in range(13):
        restarted.turn(5)
    assert restarted.queued == [retried.id]
    kept = store.tasks.get(planned.id)
    assert kept is not None
    assert kept.due_at == planned.scheduled_at, "what is planned for later does not start early"


def test_R53_a_task_planned_a_year_ahead_keeps_its_files_and_starts_on_its_day(tmp_path: Path) -> None:
    clock = FakeClock()
    at = clock.now() + 366 * DAY_S
    file = MediaFile(path="/m/a.mp4", name="a.mp4", sha256="a" * 64, size_bytes=1, kind="video", root="/m")
    with Store.open(tmp_path, reserve_bytes=0) as store:
        task = store.tasks.create([new_task(at=at, created=clock.now(), materials=(file,))])[0]
    for month in range(12):
        clock.advance(30 * DAY_S)
        with Store.open(tmp_path, reserve_bytes=0) as store:
            store.maintain(clock.now())
            rig = Rig(store, clock, last_stamp=clock.now())
            rig.turn()
            assert rig.queued == [], month
            assert store.usage.state("/m", "a" * 64) is Use.RESERVED
    clock.advance(6 * DAY_S)
    with Store.open(tmp_path, reserve_bytes=0) as store:
        rig = Rig(store, clock, last_stamp=clock.now())
        rig.turn()
        assert rig.queued == [task.id]


def test_APS_7_an_error_of_the_store_does_not_end_the_scheduler(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    task = rig.add(clock.now())
    with monkeypatch.context() as patch:
        patch.setattr(store.tasks, "due_times", None)
        with pytest.raises(TypeError):
            rig.turn()
    rig.turn(1)
    assert rig.queued == [task.id]


def test_many_due_times_hold_alarms_only_for_the_next_minute(store: Store) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    for minute in range(50):
        rig.add(clock.now() + 1 + minute * 30)
    rig.turn()
    assert len(rig.scheduler.alarms.get_jobs()) == 2
    for _ in range(310):
        rig.turn(5)
    assert len(rig.queued) == 50
    assert rig.scheduler.alarms.get_jobs() == []


def test_an_alarm_set_while_it_goes_off_is_not_lost() -> None:
    clock = FakeClock()
    rung: list[float] = []
    at = clock.now() + 10

    def ring() -> None:
        rung.append(clock.now())
        if len(rung) == 1:
            alarms.set([at])  # the same time again, as for a task created in this very moment

    alarms = AlarmClock(clock, ring)
    alarms.set([at])
    assert alarms.turn() == pytest.approx(10)
    clock.advance(10)
    alarms.turn()
    alarms.turn()
    assert len(rung) == 2
    assert alarms.turn() is None
    alarms.shutdown()


def test_an_alarm_that_is_no_longer_wanted_does_not_ring() -> None:
    clock = FakeClock()
    rung: list[float] = []
    alarms = AlarmClock(clock, lambda: rung.append(clock.now()))
    alarms.set([clock.now() + 10, clock.now() + 20])
    alarms.set([clock.now() + 20])
    clock.advance(15)
    alarms.turn()
    assert rung == []
    clock.advance(3 * HOUR_S)
    alarms.turn()
    assert len(rung) == 1


def test_many_due_at_once_become_ready_in_several_writes_so_that_others_can_write_between(
    store: Store,
) -> None:
    clock = FakeClock()
    rig = Rig(store, clock)
    new = [new_task(at=clock.now() + 5.0, created=clock.now()) for _ in range(350)]
    ids = [task.id for task in store.tasks.create(new)]
    at_once: list[int] = []
    store.storage.listen("tasks", lambda changes: at_once.append(len(changes)), replay=False)
    rig.turn(5.0)
    assert rig.queued == ids
    assert sum(at_once) == 350
    assert max(at_once) <= 100
