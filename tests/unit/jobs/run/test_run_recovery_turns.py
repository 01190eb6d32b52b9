"""The adoption of tasks without an owner, turn by turn and without threads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.hub.settings import Posting
from jobs.run.recovery import ONE_LOOK_S, SETTLE_BOUND_S, Recovery
from jobs.task.states import OUTCOMES, Mover
from storage.errors import StoreFailed
from storage.records import RUNNING, Outcome, Stage, Task, TaskError
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock

LOOKING = "may have been published just before the daemon ended: looking for the post on its phone"


class Found:
    """A store as a crash left it, its recovery, and what recovery hands on."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.store = Store.open(folder, reserve_bytes=0)
        self.owned: set[int] = set()
        self.queued: list[Task] = []
        self.looked_for: list[int] = []
        self.recovery = Recovery(
            Posting(),
            self.clock,
            self.store.tasks,
            mover=Mover(self.store.tasks, self.clock),
            uniform=lambda low, _: low,
            owned=self.owned.__contains__,
            enqueue=self.queued.extend,
            settle=lambda task: self.looked_for.append(task.id),
        )

    def put(self, stage: Stage, **facts: Any) -> Task:
        task = self.store.tasks.create([new_task(at=self.clock.now())])[0]
        return self.store.tasks.change(
            task.id, **({"stage": stage, "outcome": OUTCOMES[stage][0], "attempt": 1} | facts)
        )

    def stored(self, task: Task) -> Task:
        stored = self.store.tasks.get(task.id)
        assert stored is not None
        return stored


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Found]:
    made = Found(tmp_path)
    yield made
    made.store.close()


def test_an_attempt_before_the_commit_point_is_queued_again_and_says_why(
    found: Found, caplog: pytest.LogCaptureFixture
) -> None:
    task = found.put(Stage.PREPARING)
    found.recovery.turn()
    stored = found.stored(task)
    sentence = "starts again: the daemon ended during an attempt"
    assert (stored.stage, stored.remark, stored.interruptions) == (Stage.QUEUED, sentence, 1)
    assert found.queued == [stored]
    assert caplog.messages == [f"task {task.id}: {sentence}"]
    assert found.looked_for == []


@pytest.mark.parametrize("facts", [{"interruptions": 2}, {"stop_requested": True}])
def test_what_must_not_start_again_is_not_queued(found: Found, facts: dict[str, Any]) -> None:
    task = found.put(Stage.PREPARING, **facts)
    found.recovery.turn()
    assert found.stored(task).stage is Stage.FAILED
    assert found.queued == []


@pytest.mark.parametrize("stage", [Stage.COMMITTING, Stage.VERIFYING])
def test_a_post_of_unknown_fate_is_looked_for_each_turn_and_named_once(
    found: Found, caplog: pytest.LogCaptureFixture, stage: Stage
) -> None:
    task = found.put(stage)
    found.recovery.turn()
    found.recovery.turn()
    assert found.looked_for == [task.id, task.id]
    assert (found.stored(task).stage, found.stored(task).remark) == (stage, LOOKING)
    assert caplog.messages == [f"task {task.id}: looking for its post, because it is not known how it ended"]


@pytest.mark.parametrize(("facts", "bound_s"), [({}, SETTLE_BOUND_S), ({"stop_requested": True}, ONE_LOOK_S)])
def test_the_search_for_a_post_ends_as_unknown_at_its_bound_and_not_before(
    found: Found, caplog: pytest.LogCaptureFixture, facts: dict[str, Any], bound_s: float
) -> None:
    task = found.put(Stage.VERIFYING, **facts)
    found.recovery.turn()
    found.clock.advance(bound_s - 1)
    found.recovery.turn()
    assert found.stored(task).stage is Stage.VERIFYING
    assert found.looked_for == [task.id] * 2
    found.clock.advance(1)
    found.recovery.turn()
    stored = found.stored(task)
    sentence = "it is not known how the attempt ended, and its phone could not be looked at"
    assert (stored.stage, stored.outcome) == (Stage.FAILED, Outcome.UNKNOWN)
    assert stored.error == TaskError("interrupted", sentence)
    assert stored.remark.startswith(f"{sentence}; ")
    assert found.looked_for == [task.id] * 2
    assert caplog.messages[1:] == [f"task {task.id}: its outcome stays unknown"]
    found.recovery.turn()
    assert found.looked_for == [task.id] * 2


@pytest.mark.parametrize("stage", sorted(RUNNING))
def test_what_has_an_owner_is_left_to_it(found: Found, stage: Stage) -> None:
    owned = found.put(stage)
    found.owned.add(owned.id)
    orphan = found.put(Stage.COMMITTING)
    found.recovery.turn()
    assert found.stored(owned) == owned
    assert found.looked_for == [orphan.id]


def test_a_search_that_runs_keeps_its_bound(found: Found) -> None:
    task = found.put(Stage.COMMITTING)
    found.recovery.turn()
    found.owned.add(task.id)
    found.clock.advance(SETTLE_BOUND_S)
    found.recovery.turn()
    assert found.stored(task).stage is Stage.COMMITTING
    found.owned.clear()
    found.recovery.turn()
    assert found.stored(task).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("change", [{"attempt": 2}, {"stage": Stage.FAILED}])
def test_a_task_that_moves_under_the_adoption_is_left_alone_and_the_others_are_not(
    found: Found, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    moves, other = found.put(Stage.PREPARING), found.put(Stage.PREPARING)
    get = found.store.tasks.get

    def get_then_move(task_id: int) -> Task | None:
        task = get(task_id)
        if task_id == moves.id:
            found.store.tasks.change(task_id, **change)
        return task

    monkeypatch.setattr(found.store.tasks, "get", get_then_move)
    found.recovery.turn()
    monkeypatch.undo()
    assert found.stored(moves).interruptions == 0
    assert found.stored(other).stage is Stage.QUEUED


@pytest.mark.parametrize("gone", [None, Stage.FAILED])
def test_a_task_that_ended_since_it_was_listed_is_left_alone_and_the_others_are_not(
    found: Found, monkeypatch: pytest.MonkeyPatch, gone: Stage | None
) -> None:
    listed, other = found.put(Stage.COMMITTING), found.put(Stage.COMMITTING)
    ended = None if gone is None else found.store.tasks.change(listed.id, stage=gone)
    get = found.store.tasks.get
    monkeypatch.setattr(found.store.tasks, "active", lambda: [listed, other])
    monkeypatch.setattr(
        found.store.tasks, "get", lambda number: ended if number == listed.id else get(number)
    )
    found.recovery.turn()
    assert found.looked_for == [other.id]


def test_a_store_that_refuses_is_named_once_and_asked_again_each_turn(
    found: Found, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = found.put(Stage.PREPARING), found.put(Stage.PREPARING)
    asked: list[int] = []

    def refuse(task_id: int, **_: Any) -> Task:
        asked.append(task_id)
        raise StoreFailed("no space left")

    with monkeypatch.context() as full, caplog.at_level(logging.ERROR):
        full.setattr(found.store.tasks, "change", refuse)
        found.recovery.turn()
        found.recovery.turn()
    sentence = f"task {first.id} stays as it was found: the store refused the change: no space left"
    assert asked == [first.id, first.id]  # the next would be refused as well
    assert [record.getMessage() for record in caplog.records] == [sentence]
    assert found.recovery.refused is True
    found.recovery.turn()
    assert [found.stored(task).stage for task in (first, second)] == [Stage.QUEUED, Stage.QUEUED]
    caplog.clear()
    third = found.put(Stage.PREPARING)
    with monkeypatch.context() as full, caplog.at_level(logging.ERROR):
        full.setattr(found.store.tasks, "change", refuse)
        found.recovery.turn()
    assert [record.getMessage() for record in caplog.records] == [
        sentence.replace(str(first.id), str(third.id), 1)
    ]
