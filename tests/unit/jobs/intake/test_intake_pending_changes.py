"""Hold and release: what a caller may still decide about a task that has not begun (R55)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.input.refusals import Invalid, NotFound
from jobs.intake.changer import Changer
from jobs.intake.intake import Intake
from jobs.intake.pending_changes import Planning
from storage.records import ENDED, PENDING, RUNNING, Stage, Status, Task, Waiting
from storage.store import Store
from tests.support.bench import Bench, new_task
from tests.support.clock import FakeClock
from tests.support.fake_phones import FakePhones, FakeScript


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Without its threads: tasks stay in the stage in which a test puts them."""
    made = Bench(tmp_path, FakePhones("A"), FakeScript(), FakeClock())
    yield made
    made.close()


@pytest.fixture
def planning(bench: Bench) -> Planning:
    return planning_of(bench)


def planning_of(bench: Bench) -> Planning:
    intake = Intake(bench.settings, bench.clock, bench.store, lambda: {"A"}, bench.jobs.wake)
    changer = Changer(bench.clock, bench.store, intake)
    return Planning(bench.clock, bench.store, bench.jobs.mover, bench.jobs.wake, changer)


def put(bench: Bench, stage: Stage = Stage.SCHEDULED, *, in_s: float = 0.0, **facts: Any) -> Task:
    now = bench.clock.now()
    task = bench.store.tasks.create([new_task(at=now + in_s, created=now)])[0]
    return bench.store.tasks.change(task.id, **({"stage": stage} | facts))


@pytest.mark.parametrize("stage", sorted(PENDING))
def test_R55_a_held_task_is_pending_and_says_how_it_goes_on(
    bench: Bench, planning: Planning, stage: Stage
) -> None:
    task = planning.hold(put(bench, stage).id)
    assert (task.status, task.stage, task.held) == (Status.PENDING, Stage.SCHEDULED, True)
    assert task.waiting_for is Waiting.HOLD
    assert task.waiting_since == bench.clock.now()
    assert task.waiting_detail == "it is held: it starts once it is released"


def test_R55_a_held_task_is_not_due_however_late_it_is(bench: Bench, planning: Planning) -> None:
    task = planning.hold(put(bench, in_s=60).id)
    bench.clock.advance(86_400)  # type: ignore[attr-defined]
    assert bench.store.tasks.due(bench.clock.now()) == []
    assert bench.store.tasks.due_times() == []
    assert planning.release(task.id).due_at == bench.clock.now()
    assert [due.id for due in bench.store.tasks.due(bench.clock.now())] == [task.id]


def test_R55_a_released_task_keeps_a_time_that_is_to_come(bench: Bench, planning: Planning) -> None:
    at = bench.clock.now() + 3600
    task = planning.release(planning.hold(put(bench, in_s=3600).id).id)
    assert (task.due_at, task.scheduled_at, task.held) == (at, at, False)
    assert task.waiting_for is Waiting.TIME
    assert bench.store.tasks.due_times() == [at]


def test_R55_a_released_task_keeps_its_planned_time_on_record_though_that_is_past(
    bench: Bench, planning: Planning
) -> None:
    at = bench.clock.now()
    task = planning.hold(put(bench).id)
    bench.clock.advance(3600)  # type: ignore[attr-defined]
    assert planning.release(task.id).scheduled_at == at


def test_a_retry_pause_that_was_held_goes_on_as_one(bench: Bench, planning: Planning) -> None:
    now = bench.clock.now()
    task = put(bench, due_at=now + 30, retry_count=1, waiting_for=Waiting.RETRY_DELAY)
    released = planning.release(planning.hold(task.id).id)
    assert (released.waiting_for, released.due_at, released.retry_count) == (Waiting.RETRY_DELAY, now + 30, 1)


def test_holding_twice_and_releasing_twice_changes_nothing_more(bench: Bench, planning: Planning) -> None:
    task = put(bench, in_s=60)
    held = planning.hold(task.id)
    assert planning.hold(task.id) is held
    released = planning.release(task.id)
    assert planning.release(task.id) is released
    assert (held.version, released.version) == (task.version + 1, task.version + 2)


@pytest.mark.parametrize("stage", sorted(RUNNING | ENDED))
def test_a_task_that_has_begun_or_ended_is_neither_held_nor_released(
    bench: Bench, planning: Planning, stage: Stage
) -> None:
    task = put(bench, stage, attempt=1)
    for decide in (planning.hold, planning.release):
        with pytest.raises(Invalid, match=f"task {task.id} is {task.status.name.lower()}"):
            decide(task.id)
    assert bench.task(task.id) == task


def test_a_queued_task_that_is_being_stopped_is_not_held(bench: Bench, planning: Planning) -> None:
    task = put(bench, Stage.QUEUED, stop_requested=True)
    with pytest.raises(Invalid, match="is being stopped"):
        planning.hold(task.id)


def test_there_is_no_task_to_hold_or_it_was_deleted(bench: Bench, planning: Planning) -> None:
    task = put(bench, Stage.QUEUED, deleted=True)
    for task_id in (task.id, task.id + 1):
        with pytest.raises(NotFound):
            planning.hold(task_id)


def test_R55_a_hold_lasts_through_a_restart(bench: Bench, planning: Planning, tmp_path: Path) -> None:
    task = planning.hold(put(bench).id)
    bench.store.close()
    with Store.open(tmp_path, reserve_bytes=0) as again:
        found = again.tasks.get(task.id)
        assert found == task
        assert again.tasks.due(bench.clock.now()) == []


def test_a_task_that_is_stopped_while_held_and_then_retried_is_held_no_longer(
    bench: Bench, planning: Planning
) -> None:
    task = planning.hold(put(bench).id)
    bench.control.stop(task.id)
    assert not bench.control.retry(task.id).held


def test_what_waits_says_that_it_is_held_whatever_others_worked_out_before(
    bench: Bench, planning: Planning
) -> None:
    task = planning.hold(put(bench, Stage.QUEUED).id)
    for reason in (Waiting.DEVICE, Waiting.TIME, Waiting.SLOT):
        bench.store.tasks.set_waiting({task.id: (reason, 1.0, "worked out a moment ago")})
    assert bench.task(task.id) == task


def test_R55_a_hold_between_the_scheduler_s_look_and_its_write_keeps_the_task(
    bench: Bench, planning: Planning
) -> None:
    due = [put(bench), put(bench)]
    planning.hold(due[0].id)
    assert [task.id for task in bench.jobs.mover.make_ready(due)] == [due[1].id]
    assert bench.task(due[0].id).held


def test_R55_a_hold_and_a_release_between_a_look_at_a_task_and_its_claim_make_the_claim_fail(
    bench: Bench, planning: Planning
) -> None:
    [seen] = bench.jobs.mover.make_ready([put(bench)])
    planning.hold(seen.id)
    planning.release(seen.id)
    [again] = bench.jobs.mover.make_ready([bench.task(seen.id)])
    assert bench.jobs.mover.claim([seen]) == []
    assert [task.id for task in bench.jobs.mover.claim([again])] == [seen.id]


def test_a_held_task_starts_when_it_is_released_and_not_before(tmp_path: Path) -> None:
    phones, script = FakePhones("A"), FakeScript()
    with Bench(tmp_path, phones, script, FakeClock()) as bench:
        planning = planning_of(bench)
        held = bench.add(new_task(at=bench.clock.now() + 60, created=bench.clock.now()))[0]
        planning.hold(held.id)
        bench.clock.advance(120)  # type: ignore[attr-defined]
        other = bench.now()
        bench.wait(other.id, {Stage.PUBLISHED})
        planning.release(held.id)
        bench.wait(held.id, {Stage.PUBLISHED})
    assert script.runs == [other.id, held.id]
