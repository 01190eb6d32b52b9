"""The watch over running attempts, turn by turn: who is cut, when, and what becomes of its phone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from jobs.hub.clock import Deadline
from jobs.phone.errors import LeaseLost, StopRequested
from jobs.queue.dispatcher import Dispatcher
from jobs.queue.turn import REQUEST, SHUTDOWN, STOPPED, ReadTurn, Turn
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
    """The part of the dispatcher that the watch uses: which turns wait, and which phones are freed."""

    def __init__(self) -> None:
        self.released: list[Turn] = []
        self.waiting: list[Turn] = []

    def withdraw(self, turn: Turn) -> bool:
        return turn in self.waiting

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

    def waits(self, said: list[str]) -> ReadTurn:
        """A read whose turn has not come; `said` gets how it ended."""
        turn = ReadTurn(
            "A", "is read", lambda *_: None, said.append, clock=self.clock, wait_s=60.0, lease_s=LEASE_S
        )
        assert self.turns.add(turn)
        self.queues.waiting.append(turn)
        return turn


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


def test_a_turn_that_does_not_come_in_time_ends_and_is_forgotten_but_no_phone_is_freed_for_it(
    watched: Watched,
) -> None:
    said: list[str] = []
    turn = watched.waits(said)
    watched.clock.advance(59)
    watched.watch.look()
    assert said == []
    watched.clock.advance(1)
    watched.watch.look()
    assert said == ["its turn did not come within 1 min"]
    assert turn not in watched.turns.all()
    assert watched.queues.released == []


def test_at_the_end_of_the_daemon_every_turn_is_stopped_those_that_wait_end_and_none_begins(
    watched: Watched,
) -> None:
    said: list[str] = []
    running, _ = watched.begin("B"), watched.waits(said)
    watched.watch.leave()
    assert running.stop_reason == SHUTDOWN
    with pytest.raises(StopRequested):
        running.check()
    assert said == [STOPPED]
    assert watched.turns.all() == [running], "its worker says how it ended"
    late = Turn("C", "is read", clock=watched.clock, lease_s=LEASE_S)
    assert not watched.turns.add(late)
    assert late not in watched.turns.all()


def test_the_last_turn_is_waited_for_until_it_ends_or_the_time_is_over(watched: Watched) -> None:
    turn = watched.begin()
    assert not watched.turns.wait_idle(Deadline(watched.clock, 0.0))
    watched.turns.forget(turn)
    assert watched.turns.wait_idle(Deadline(watched.clock, 0.0))


def test_a_worker_that_comes_back_just_before_it_is_given_up_keeps_its_phone_to_itself(
    watched: Watched,
) -> None:
    """It frees the phone on its own: freed twice, a task would begin beside the next one."""
    turn = watched.begin()
    turn.revoke()
    watched.turns.forget(turn)
    watched.watch.abandon(turn)
    assert watched.queues.released == []
    assert watched.turns.hanging == []


def test_a_turn_is_found_by_its_task_the_latest_first(watched: Watched) -> None:
    first, other = watched.begin("A"), watched.begin("B")
    again = Turn("A", "works on it again", clock=watched.clock, lease_s=LEASE_S, task_id=first.task_id)
    assert watched.turns.add(again)
    assert watched.turns.of_task(first.task_id) is again
    assert watched.turns.of_task(other.task_id) is other
    assert watched.turns.of_task(10**6) is None
