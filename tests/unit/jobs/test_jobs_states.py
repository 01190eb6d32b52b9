"""The table of moves, tested as a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from jobs.states import AFTER_COMMIT, ENDED, MOVES, OUTCOMES, PENDING, RUNNING, IllegalMove, Mover, sources
from storage.errors import StageConflict, UnknownRecord
from storage.hooks import Recorder
from storage.records import Outcome, Stage, Task, Waiting
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock

#: The letters of the picture in docs/architecture.md.
LETTERS = {
    "a": [(Stage.SCHEDULED, Stage.QUEUED)],
    "b": [(Stage.QUEUED, Stage.PREPARING)],
    "c": [(Stage.PREPARING, Stage.COMMITTING)],
    "d": [(Stage.COMMITTING, Stage.VERIFYING)],
    "e": [(Stage.VERIFYING, Stage.PUBLISHED)],
    "f": [(Stage.VERIFYING, Stage.REJECTED)],
    "g": [(stage, Stage.SCHEDULED) for stage in (Stage.PREPARING, Stage.REJECTED, Stage.FAILED)],
    "h": [(Stage.PREPARING, Stage.QUEUED)],
    "i": [(stage, Stage.FAILED) for stage in (Stage.SCHEDULED, Stage.QUEUED, Stage.PREPARING)],
    "j": [(stage, Stage.FAILED) for stage in (Stage.COMMITTING, Stage.VERIFYING)],
    "k": [(Stage.FAILED, Stage.PUBLISHED)],
}
ALLOWED = {pair for pairs in LETTERS.values() for pair in pairs}
PAIRS = list(product(Stage, Stage))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, reserve_bytes=0) as opened:
        yield opened


def in_stage(store: Store, stage: Stage) -> Task:
    """A task that is in a stage, however it came there."""
    task = store.tasks.create([new_task()])[0]
    return store.tasks.change(task.id, stage=stage, outcome=OUTCOMES[stage][0])


@pytest.mark.parametrize(("stage", "to"), PAIRS, ids=[f"{a}-{b}" for a, b in PAIRS])
def test_the_table_has_exactly_the_moves_of_the_picture(store: Store, stage: Stage, to: Stage) -> None:
    task = in_stage(store, stage)
    mover = Mover(store.tasks, FakeClock())
    if (stage, to) in ALLOWED:
        moved = mover.move(task.id, to, expect={stage})
        assert moved == store.tasks.get(task.id)
        assert moved.stage is to
        assert moved.outcome in OUTCOMES[to]
    else:
        with pytest.raises(IllegalMove):
            mover.move(task.id, to, expect={stage})
        assert store.tasks.get(task.id) == task


def test_nothing_leads_from_behind_the_commit_point_to_where_a_task_could_run_again() -> None:
    for stage in AFTER_COMMIT:
        assert MOVES[stage].isdisjoint(PENDING | {Stage.PREPARING})


def test_the_groups_of_stages_cover_all_and_do_not_overlap() -> None:
    assert frozenset(Stage) == PENDING | RUNNING | ENDED
    assert len(PENDING) + len(RUNNING) + len(ENDED) == len(Stage)


@pytest.mark.parametrize("to", list(Stage))
def test_without_an_expectation_a_move_is_taken_from_every_stage_that_leads_there(to: Stage) -> None:
    assert sources(to) == {a for a, b in ALLOWED if b is to}


@pytest.mark.parametrize("stage", sorted(AFTER_COMMIT))
def test_a_failure_behind_the_commit_point_is_unknown_unless_a_refusal_is_certain(
    store: Store, stage: Stage
) -> None:
    mover = Mover(store.tasks, FakeClock())
    assert mover.move(in_stage(store, stage).id, Stage.FAILED, expect={stage}).outcome is Outcome.UNKNOWN
    refused = mover.move(
        in_stage(store, stage).id, Stage.FAILED, expect={stage}, outcome=Outcome.NOT_PUBLISHED
    )
    assert refused.outcome is Outcome.NOT_PUBLISHED
    for outcome in (Outcome.NONE, Outcome.PUBLISHED):
        with pytest.raises(IllegalMove):
            mover.move(in_stage(store, stage).id, Stage.FAILED, expect={stage}, outcome=outcome)


def test_nobody_fails_a_task_without_knowing_on_which_side_of_the_commit_point_it_is(store: Store) -> None:
    task = in_stage(store, Stage.PREPARING)
    with pytest.raises(IllegalMove):
        Mover(store.tasks, FakeClock()).move(task.id, Stage.FAILED)


@pytest.mark.parametrize(("to", "outcome"), [(s, o) for s in Stage for o in Outcome if o not in OUTCOMES[s]])
def test_a_stage_takes_only_its_outcomes(store: Store, to: Stage, outcome: Outcome) -> None:
    stage = min(sources(to), default=None)
    if stage is None:
        return
    task = in_stage(store, stage)
    with pytest.raises(IllegalMove):
        Mover(store.tasks, FakeClock()).move(task.id, to, expect={stage}, outcome=outcome)


def test_JOB_2_a_move_with_an_old_fencing_token_is_refused(store: Store) -> None:
    clock = FakeClock()
    mover = Mover(store.tasks, clock)
    task = in_stage(store, Stage.PREPARING)
    with pytest.raises(StageConflict):
        mover.move(task.id, Stage.COMMITTING, expect={Stage.PREPARING}, expect_attempt=task.attempt + 1)
    assert store.tasks.get(task.id) == task


def test_a_move_of_a_task_that_is_gone_says_so(store: Store) -> None:
    with pytest.raises(UnknownRecord):
        Mover(store.tasks, FakeClock()).move(99, Stage.QUEUED)


def test_times_and_waiting_follow_the_stage(store: Store) -> None:
    clock = FakeClock(now=1000.0)
    mover = Mover(store.tasks, clock)
    task = store.tasks.create([new_task(at=990.0)])[0]
    assert (task.waiting_for, task.waiting_since) == (Waiting.TIME, 990.0)
    ready = mover.make_ready([task])[0]
    assert (ready.stage, ready.waiting_for, ready.waiting_since) == (Stage.QUEUED, None, 1000.0)
    clock.advance(5)
    claimed = mover.claim([ready])[0]
    assert (claimed.stage, claimed.started_at, claimed.attempt) == (Stage.PREPARING, 1005.0, 1)
    assert claimed.waiting_since is None
    clock.advance(5)
    failed = mover.move(task.id, Stage.FAILED, expect={Stage.PREPARING})
    assert failed.finished_at == 1010.0
    again = mover.move(task.id, Stage.SCHEDULED, expect={Stage.FAILED}, due_at=1020.0)
    assert (again.finished_at, again.error, again.due_at) == (None, None, 1020.0)


def test_tasks_that_moved_on_are_left_out_of_a_common_move(store: Store) -> None:
    mover = Mover(store.tasks, FakeClock())
    stays, goes = store.tasks.create([new_task(), new_task()])
    mover.move(stays.id, Stage.FAILED, expect=PENDING)
    assert [task.id for task in mover.make_ready([stays, goes])] == [goes.id]
    assert [task.id for task in mover.claim([stays, goes])] == [goes.id]
    assert mover.claim([goes]) == []


def test_JOB_3_every_write_of_a_stage_lies_between_two_named_points(store: Store) -> None:
    recorder = Recorder()
    mover = Mover(store.tasks, FakeClock(), recorder)
    task = store.tasks.create([new_task()])[0]
    mover.make_ready([task])
    mover.claim([task])
    for stage in (Stage.COMMITTING, Stage.VERIFYING, Stage.PUBLISHED):
        mover.move(task.id, stage)
    stages = ("queued", "preparing", "committing", "verifying", "published")
    assert recorder.names == [f"jobs.{when}_{stage}" for stage in stages for when in ("before", "after")]
