"""The table of moves, tested as a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from jobs.task.states import MOVES, OUTCOMES, IllegalMove, Mover, sources
from storage.errors import StageConflict, UnknownRecord
from storage.records import AFTER_COMMIT, ENDED, PENDING, RUNNING, Outcome, Stage, Task, TaskError, Waiting
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock
from tests.support.recorder import Recorder

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
    "l": [(Stage.QUEUED, Stage.SCHEDULED)],
}
ALLOWED = {pair for pairs in LETTERS.values() for pair in pairs}
PAIRS = list(product(Stage, Stage))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all: each test looks at the tasks alone that it made itself."""
    with Store.open(tmp_path_factory.mktemp("states"), reserve_bytes=0) as opened:
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
        Mover(store.tasks, FakeClock()).move(10**9, Stage.QUEUED)


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


def test_a_chain_of_moves_is_one_write_between_the_points_of_its_last_stage(store: Store) -> None:
    recorder, clock, told = Recorder(), FakeClock(now=1000.0), list[Task]()
    mover = Mover(store.tasks, clock, recorder, told.append)
    task = in_stage(store, Stage.VERIFYING)
    error = TaskError("media_rejected", "the app refused it")
    moved = mover.move_through(
        task,
        [
            (Stage.REJECTED, {"error": error, "remark": "refused"}),
            (Stage.SCHEDULED, {"due_at": 1030.0, "retry_count": 1}),
        ],
    )
    assert moved == store.tasks.get(task.id)
    assert (moved.stage, moved.outcome, moved.due_at, moved.retry_count) == (
        Stage.SCHEDULED,
        Outcome.NONE,
        1030.0,
        1,
    )
    assert (moved.remark, moved.error, moved.finished_at) == ("refused", None, None)
    assert recorder.names == ["jobs.before_scheduled", "jobs.after_scheduled"]
    assert told == [moved]


def test_a_chain_of_moves_is_refused_where_the_table_has_no_such_way(store: Store) -> None:
    recorder = Recorder()
    mover = Mover(store.tasks, FakeClock(), recorder)
    task = in_stage(store, Stage.VERIFYING)
    for way in ([Stage.PUBLISHED, Stage.SCHEDULED], [Stage.SCHEDULED]):
        with pytest.raises(IllegalMove):
            mover.move_through(task, [(to, {}) for to in way])
    with pytest.raises(IllegalMove):
        mover.move_through(task, [(Stage.FAILED, {"outcome": Outcome.NONE})])
    assert store.tasks.get(task.id) == task
    assert recorder.names == []


@pytest.mark.parametrize("change", [{"stage": Stage.FAILED}, {"attempt": 9}])
def test_a_chain_of_moves_of_a_task_that_moved_on_is_refused(store: Store, change: dict[str, Any]) -> None:
    task = in_stage(store, Stage.VERIFYING)
    stored = store.tasks.change(task.id, **change)
    with pytest.raises(StageConflict):
        Mover(store.tasks, FakeClock()).move_through(task, [(Stage.PUBLISHED, {})])
    assert store.tasks.get(task.id) == stored


def test_several_tasks_move_in_one_write_each_with_its_own_changes(store: Store) -> None:
    recorder, told = Recorder(), list[Task]()
    mover = Mover(store.tasks, FakeClock(now=1000.0), recorder, told.append)
    waiting, running = in_stage(store, Stage.QUEUED), in_stage(store, Stage.PREPARING)
    moved_on, other_attempt = in_stage(store, Stage.QUEUED), in_stage(store, Stage.QUEUED)
    store.tasks.change(moved_on.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED)
    store.tasks.change(other_attempt.id, attempt=5)
    each = [(task, {"remark": f"task {task.id}"}) for task in (waiting, running, moved_on, other_attempt)]
    moved = mover.move_each(each, Stage.FAILED)
    assert [(task.id, task.remark) for task in moved] == [
        (task.id, f"task {task.id}") for task in (waiting, running)
    ]
    for task in moved:
        assert store.tasks.get(task.id) == task
        assert (task.stage, task.outcome, task.finished_at) == (Stage.FAILED, Outcome.NONE, 1000.0)
    assert recorder.names == ["jobs.before_failed", "jobs.after_failed"]
    assert told == moved


def test_of_several_tasks_none_moves_where_the_table_has_no_move_for_one(store: Store) -> None:
    mover = Mover(store.tasks, FakeClock())
    may, may_not = in_stage(store, Stage.QUEUED), in_stage(store, Stage.PUBLISHED)
    with pytest.raises(IllegalMove):
        mover.move_each([(may, {}), (may_not, {})], Stage.FAILED)
    assert store.tasks.get(may.id) == may
    behind = in_stage(store, Stage.VERIFYING)
    with pytest.raises(IllegalMove):
        mover.move_each([(behind, {"outcome": Outcome.NONE})], Stage.FAILED)


def test_each_single_move_is_told_once_it_is_written(store: Store) -> None:
    told = list[Task]()
    mover = Mover(store.tasks, FakeClock(), moved=told.append)
    task = store.tasks.create([new_task()])[0]
    moved = mover.move(task.id, Stage.QUEUED)
    assert told == [moved]
    with pytest.raises(StageConflict):
        mover.move(task.id, Stage.PREPARING, expect={Stage.QUEUED}, expect_attempt=7)
    assert told == [moved]


def test_a_refused_move_says_which_one_it_was(store: Store) -> None:
    mover = Mover(store.tasks, FakeClock())
    task = in_stage(store, Stage.PUBLISHED)
    with pytest.raises(IllegalMove, match=r"^no move leads from published to queued$"):
        mover.move(task.id, Stage.QUEUED, expect={Stage.PUBLISHED})
    running = in_stage(store, Stage.PREPARING)
    with pytest.raises(IllegalMove, match=r"^a task that is committing cannot have the outcome none$"):
        mover.move(running.id, Stage.COMMITTING, outcome=Outcome.NONE)
    behind = in_stage(store, Stage.VERIFYING)
    with pytest.raises(
        IllegalMove, match=r"^after the commit point a task must not be recorded as not published$"
    ):
        mover.move(behind.id, Stage.FAILED, expect={Stage.VERIFYING}, outcome=Outcome.NONE)


def test_a_claimed_task_says_that_it_starts(store: Store) -> None:
    mover = Mover(store.tasks, FakeClock())
    claimed = mover.claim([in_stage(store, Stage.QUEUED)])[0]
    assert (claimed.remark, claimed.attempt) == ("starting", 1)


def test_what_a_task_waited_for_is_forgotten_when_it_moves_on(store: Store) -> None:
    mover = Mover(store.tasks, FakeClock(now=1000.0))
    waited = {"waiting_for": Waiting.DEVICE, "waiting_since": 900.0, "waiting_detail": "the phone is away"}
    for stage, to in ((Stage.QUEUED, Stage.PREPARING), (Stage.PREPARING, Stage.FAILED)):
        task = store.tasks.change(in_stage(store, stage).id, **waited)
        moved = mover.move(task.id, to, expect={stage})
        assert (moved.waiting_for, moved.waiting_since, moved.waiting_detail) == (None, None, "")
    back = mover.move(in_stage(store, Stage.PREPARING).id, Stage.QUEUED, expect={Stage.PREPARING})
    assert (back.waiting_for, back.waiting_since) == (None, 1000.0)
    later = mover.move(in_stage(store, Stage.FAILED).id, Stage.SCHEDULED)
    assert (later.waiting_for, later.waiting_since) == (Waiting.TIME, 1000.0)


def test_a_new_attempt_forgets_how_the_one_before_ended(store: Store) -> None:
    mover = Mover(store.tasks, FakeClock(now=1000.0))
    old = {"error": TaskError("push_failed", "no space"), "finished_at": 900.0}
    for stage, to in ((Stage.QUEUED, Stage.PREPARING), (Stage.PREPARING, Stage.QUEUED)):
        task = store.tasks.change(in_stage(store, stage).id, **old)
        moved = mover.move(task.id, to, expect={stage})
        assert (moved.error, moved.finished_at) == (None, None)


def test_a_move_of_a_task_that_is_in_another_stage_than_expected_is_refused(store: Store) -> None:
    mover = Mover(store.tasks, FakeClock())
    task = in_stage(store, Stage.PREPARING)
    with pytest.raises(StageConflict):
        mover.move(task.id, Stage.PREPARING, expect={Stage.QUEUED})
    with pytest.raises(StageConflict):
        mover.move(task.id, Stage.VERIFYING)  # only from where the table leads there
    assert store.tasks.get(task.id) == task


def test_who_knows_only_that_the_commit_point_was_passed_may_fail_a_task_as_unknown(store: Store) -> None:
    for stage in AFTER_COMMIT:
        failed = Mover(store.tasks, FakeClock()).move(
            in_stage(store, stage).id, Stage.FAILED, expect=AFTER_COMMIT
        )
        assert (failed.stage, failed.outcome) == (Stage.FAILED, Outcome.UNKNOWN)


def test_what_is_planned_anew_is_scheduled_and_told_between_its_own_points(store: Store) -> None:
    recorder, told = Recorder(), list[Task]()
    mover = Mover(store.tasks, FakeClock(now=1000.0), recorder, told.append)
    for stage in (Stage.SCHEDULED, Stage.QUEUED):
        task = in_stage(store, stage)
        planned = mover.replan(task, due_at=1500.0, remark="changed")
        assert planned == store.tasks.get(task.id)
        assert (planned.stage, planned.due_at, planned.remark) == (Stage.SCHEDULED, 1500.0, "changed")
        assert (planned.waiting_for, planned.waiting_since) == (Waiting.TIME, 1000.0)
        assert told[-1] == planned
    assert recorder.names == ["jobs.before_replan", "jobs.after_replan"] * 2
    assert len(told) == 2


@pytest.mark.parametrize("stage", sorted(set(Stage) - PENDING))
def test_a_task_that_runs_or_ran_is_not_planned_anew_as_one_that_waits(store: Store, stage: Stage) -> None:
    """A failed or running task may lead back to its plan, by a move of its own: what it is now is not as the caller saw it."""
    mover = Mover(store.tasks, FakeClock())
    seen = in_stage(store, Stage.QUEUED)
    stored = store.tasks.change(seen.id, stage=stage, outcome=OUTCOMES[stage][0])
    with pytest.raises(StageConflict):
        mover.replan(seen, due_at=1500.0)
    assert store.tasks.get(seen.id) == stored
    if stage in AFTER_COMMIT or stage is Stage.PUBLISHED:
        with pytest.raises(IllegalMove):
            mover.replan(stored, due_at=1500.0)


@pytest.mark.parametrize("change", [{"attempt": 4}, {"caption": "another"}])
def test_what_was_claimed_or_changed_since_it_was_seen_keeps_its_plan(
    store: Store, change: dict[str, Any]
) -> None:
    seen = in_stage(store, Stage.SCHEDULED)
    stored = store.tasks.change(seen.id, **change)
    mover = Mover(store.tasks, FakeClock())
    with pytest.raises(StageConflict):
        mover.replan(seen, due_at=1500.0)
    assert mover.make_ready([seen]) == []
    assert mover.move_each([(seen, {})], Stage.FAILED) == []
    assert store.tasks.get(seen.id) == stored


def test_what_was_changed_since_its_checks_is_not_claimed(store: Store) -> None:
    seen = in_stage(store, Stage.QUEUED)
    stored = store.tasks.change(seen.id, caption="another")
    assert Mover(store.tasks, FakeClock()).claim([seen]) == []
    assert store.tasks.get(seen.id) == stored
