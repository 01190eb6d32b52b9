"""The watch over running attempts, turn by turn: who is cut, when, and what becomes of its phone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from jobs.phone.errors import LeaseLost, StopRequested
from jobs.queue.dispatcher import Dispatcher
from jobs.queue.turn import REQUEST, SHUTDOWN, Turn
from jobs.run.endings import Endings
from jobs.run.evidence import Evidence
from jobs.run.post_turn import PostTurn
from jobs.run.turn_register import LET_GO_S, STOP_COMMIT_BOUND_S, Turns, Watch
from jobs.task.states import Mover
from storage.records import Stage
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock

LEASE_S = 600.0


class Ends:
    """The part of the endings that the watch uses; `writes` is False while the store refuses."""

    def __init__(self) -> None:
        self.ended: list[tuple[Turn, BaseException, bool]] = []
        self.writes = True

    def fail(self, turn: Turn, cause: BaseException, *, patient: bool = True) -> bool:
        self.ended.append((turn, cause, patient))
        return self.writes


class Queues:
    """The part of the dispatcher that the watch uses: no turn waits, and phones are freed."""

    def __init__(self) -> None:
        self.released: list[Turn] = []

    def withdraw(self, turn: Turn) -> bool:
        return False

    def release(self, turn: Turn) -> None:
        self.released.append(turn)


class Watched:
    """A store, leases, and attempts that run as long as the test likes."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.store = Store.open(folder, reserve_bytes=0)
        self.evidence = Evidence(folder / "evidence", 10**9, self.clock)
        self.mover = Mover(self.store.tasks, self.clock)
        self.endings = Ends()
        self.queues = Queues()
        self.turns = Turns(self.clock)
        self.watch = Watch(
            self.clock,
            self.turns,
            endings=cast("Endings", self.endings),
            dispatcher=cast("Dispatcher", self.queues),
        )

    def begin(self, serial: str = "A") -> PostTurn:
        (task,) = self.store.tasks.create([new_task(serial, at=self.clock.now())])
        self.mover.move(task.id, Stage.QUEUED)
        attempt = PostTurn(
            self.mover.move(task.id, Stage.PREPARING, attempt=1),
            None,
            clock=self.clock,
            mover=self.mover,
            tasks=self.store.tasks,
            writer=self.evidence.writer,
            lease_s=LEASE_S,
            proof_s=10_000.0,
        )
        attempt.begin()
        assert self.turns.add(attempt)
        return attempt


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.store.close()


def test_JOB_1_an_attempt_is_cut_at_its_deadline_and_not_before(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = watched.begin()
    watched.clock.advance(LEASE_S - 1)
    watched.watch.look()
    assert (attempt.lost, attempt.cut_at) == (False, None)
    watched.clock.advance(1)
    with caplog.at_level(logging.WARNING):
        watched.watch.look()
    assert attempt.lost
    assert attempt.cut_at == watched.clock.monotonic()
    assert caplog.messages == [f"the phone A works on task {attempt.task_id}: its time is over"]
    assert watched.endings.ended == []  # its own thread says how it ended


def test_JOB_1_a_worker_that_does_not_come_back_loses_its_phone(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = watched.begin()
    watched.clock.advance(LEASE_S)
    watched.watch.look()
    watched.clock.advance(LET_GO_S - 1)
    watched.watch.look()
    assert (watched.endings.ended, watched.queues.released, watched.turns.hanging) == ([], [], [])
    watched.clock.advance(1)
    with caplog.at_level(logging.ERROR):
        watched.watch.look()
    ((ended, cause, patient),) = watched.endings.ended
    assert ended is attempt
    assert isinstance(cause, LeaseLost)
    assert str(cause) == "its worker hangs"
    assert patient is False
    assert watched.queues.released == [attempt]
    assert watched.turns.hanging == ["A"]
    assert watched.turns.all() == []
    assert caplog.messages[-1:] == [
        f"the phone A works on task {attempt.task_id}: the worker does not come back"
    ]


def test_a_worker_that_hangs_in_a_stop_ends_as_stopped(watched: Watched) -> None:
    attempt = watched.begin()
    attempt.request_stop(SHUTDOWN)
    watched.clock.advance(LET_GO_S)
    watched.watch.look()
    ((_, cause, _),) = watched.endings.ended
    assert isinstance(cause, StopRequested)
    assert cause.reason == SHUTDOWN
    assert watched.queues.released == [attempt]


def test_a_phone_is_freed_only_once_it_is_written_how_the_attempt_ended(watched: Watched) -> None:
    attempt = watched.begin()
    attempt.revoke()
    watched.clock.advance(LET_GO_S)
    watched.endings.writes = False
    watched.watch.look()
    assert (watched.queues.released, watched.turns.hanging) == ([], [])
    assert watched.turns.all() == [attempt]
    watched.endings.writes = True
    watched.watch.look()
    assert (watched.queues.released, watched.turns.hanging) == ([attempt], ["A"])


def test_a_stop_behind_the_commit_point_is_forced_at_its_bound_and_not_before(watched: Watched) -> None:
    attempt = watched.begin()
    attempt.enter_committing()
    watched.clock.advance(100)
    watched.watch.look()
    assert attempt.cut_at is None  # nothing was asked of it
    attempt.request_stop(REQUEST)
    watched.clock.advance(STOP_COMMIT_BOUND_S - 1)
    watched.watch.look()
    assert attempt.cut_at is None
    watched.clock.advance(1)
    watched.watch.look()
    assert attempt.cut_at == watched.clock.monotonic()
    assert not attempt.lost
    with pytest.raises(StopRequested):
        attempt.check()


def test_an_attempt_whose_end_is_being_written_is_left_alone(watched: Watched) -> None:
    attempt = watched.begin()
    attempt.claim_end()
    watched.clock.advance(LEASE_S + LET_GO_S)
    watched.watch.look()
    assert (attempt.lost, attempt.cut_at) == (False, None)


def test_one_attempt_that_is_left_alone_does_not_hide_the_others(watched: Watched) -> None:
    ending = watched.begin("A")
    ending.claim_end()
    late = watched.begin("B")
    watched.clock.advance(LEASE_S)
    watched.watch.look()
    assert late.lost


def test_phones_whose_workers_hang_are_named_until_the_workers_come_back(watched: Watched) -> None:
    works = []
    for serial in ("B", "A"):
        attempt = watched.begin(serial)
        attempt.revoke()
        works.append(attempt)
    watched.clock.advance(LET_GO_S)
    watched.watch.look()
    assert watched.turns.hanging == ["A", "B"]
    watched.turns.forget(works[0])
    assert watched.turns.hanging == ["A"]
    watched.turns.forget(works[0])  # one that was never given up, or is back already
    assert watched.turns.hanging == ["A"]
