"""The watch over running attempts, turn by turn: who is cut, when, and what becomes of its phone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from jobs.phone.errors import LeaseLost, StopRequested
from jobs.queue.work import Work
from jobs.run.evidence import Evidence
from jobs.run.leases import LET_GO_S, STOP_COMMIT_BOUND_S, Leases
from jobs.run.live_attempt import REQUEST, SHUTDOWN, LiveAttempt
from jobs.run.runner import Runner
from jobs.task.states import Mover
from storage.records import Stage
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock

LEASE_S = 600.0


class RegisterOfAttempts:
    """The part of the runner that the leases use; `writes` is False while the store refuses."""

    def __init__(self) -> None:
        self.live: dict[LiveAttempt, Work] = {}
        self.ended: list[tuple[LiveAttempt, BaseException, bool]] = []
        self.writes = True

    def all_live(self) -> list[tuple[LiveAttempt, Work]]:
        return list(self.live.items())

    def fail(self, attempt: LiveAttempt, cause: BaseException, *, patient: bool = True) -> bool:
        self.ended.append((attempt, cause, patient))
        return self.writes

    def forget(self, work: Work) -> None:
        self.live = {attempt: own for attempt, own in self.live.items() if own is not work}


class Watched:
    """A store, leases, and attempts that run as long as the test likes."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.store = Store.open(folder, reserve_bytes=0)
        self.evidence = Evidence(folder / "evidence", 10**9, self.clock)
        self.mover = Mover(self.store.tasks, self.clock)
        self.runner = RegisterOfAttempts()
        self.released: list[Work] = []
        self.leases = Leases(self.clock, cast("Runner", self.runner), self.released.append)

    def begin(self, serial: str = "A") -> tuple[LiveAttempt, Work]:
        (task,) = self.store.tasks.create([new_task(serial, at=self.clock.now())])
        self.mover.move(task.id, Stage.QUEUED)
        attempt = LiveAttempt(
            self.mover.move(task.id, Stage.PREPARING, attempt=1),
            None,
            clock=self.clock,
            mover=self.mover,
            tasks=self.store.tasks,
            writer=self.evidence.writer,
            lease_s=LEASE_S,
            proof_s=10_000.0,
        )
        work = Work(task.id, serial)
        self.runner.live[attempt] = work
        return attempt, work


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.store.close()


def test_JOB_1_an_attempt_is_cut_at_its_deadline_and_not_before(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    attempt, work = watched.begin()
    watched.clock.advance(LEASE_S - 1)
    watched.leases.turn()
    assert (attempt.lost, attempt.cut_at) == (False, None)
    watched.clock.advance(1)
    with caplog.at_level(logging.WARNING):
        watched.leases.turn()
    assert attempt.lost
    assert attempt.cut_at == watched.clock.monotonic()
    assert caplog.messages == [f"task {work.task_id}: its time is over"]
    assert watched.runner.ended == []  # its own thread says how it ended


def test_JOB_1_a_worker_that_does_not_come_back_loses_its_phone(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    attempt, work = watched.begin()
    watched.clock.advance(LEASE_S)
    watched.leases.turn()
    watched.clock.advance(LET_GO_S - 1)
    watched.leases.turn()
    assert (watched.runner.ended, watched.released, watched.leases.hanging) == ([], [], [])
    watched.clock.advance(1)
    with caplog.at_level(logging.ERROR):
        watched.leases.turn()
    ((ended, cause, patient),) = watched.runner.ended
    assert ended is attempt
    assert isinstance(cause, LeaseLost)
    assert str(cause) == "the worker hangs"
    assert patient is False
    assert watched.released == [work]
    assert watched.leases.hanging == ["A"]
    assert watched.runner.live == {}
    assert caplog.messages[-1:] == [
        f"task {work.task_id}: its worker does not come back; the phone A is freed"
    ]


def test_a_worker_that_hangs_in_a_stop_ends_as_stopped(watched: Watched) -> None:
    attempt, work = watched.begin()
    attempt.request_stop(SHUTDOWN)
    watched.clock.advance(LET_GO_S)
    watched.leases.turn()
    ((_, cause, _),) = watched.runner.ended
    assert isinstance(cause, StopRequested)
    assert cause.reason == SHUTDOWN
    assert watched.released == [work]


def test_a_phone_is_freed_only_once_it_is_written_how_the_attempt_ended(watched: Watched) -> None:
    attempt, work = watched.begin()
    attempt.revoke()
    watched.clock.advance(LET_GO_S)
    watched.runner.writes = False
    watched.leases.turn()
    assert (watched.released, watched.leases.hanging) == ([], [])
    assert watched.runner.live == {attempt: work}
    watched.runner.writes = True
    watched.leases.turn()
    assert (watched.released, watched.leases.hanging) == ([work], ["A"])


def test_a_stop_behind_the_commit_point_is_forced_at_its_bound_and_not_before(watched: Watched) -> None:
    attempt, _ = watched.begin()
    attempt.enter_committing()
    watched.clock.advance(100)
    watched.leases.turn()
    assert attempt.cut_at is None  # nothing was asked of it
    attempt.request_stop(REQUEST)
    watched.clock.advance(STOP_COMMIT_BOUND_S - 1)
    watched.leases.turn()
    assert attempt.cut_at is None
    watched.clock.advance(1)
    watched.leases.turn()
    assert attempt.cut_at == watched.clock.monotonic()
    assert not attempt.lost
    with pytest.raises(StopRequested):
        attempt.check()


def test_an_attempt_whose_end_is_being_written_is_left_alone(watched: Watched) -> None:
    attempt, _ = watched.begin()
    attempt.claim_end()
    watched.clock.advance(LEASE_S + LET_GO_S)
    watched.leases.turn()
    assert (attempt.lost, attempt.cut_at) == (False, None)


def test_one_attempt_that_is_left_alone_does_not_hide_the_others(watched: Watched) -> None:
    ending, _ = watched.begin("A")
    ending.claim_end()
    late, _ = watched.begin("B")
    watched.clock.advance(LEASE_S)
    watched.leases.turn()
    assert late.lost


def test_phones_whose_workers_hang_are_named_until_the_workers_come_back(watched: Watched) -> None:
    works = []
    for serial in ("B", "A"):
        attempt, work = watched.begin(serial)
        attempt.revoke()
        works.append(work)
    watched.clock.advance(LET_GO_S)
    watched.leases.turn()
    assert watched.leases.hanging == ["A", "B"]
    watched.leases.came_back(works[0])
    assert watched.leases.hanging == ["A"]
    watched.leases.came_back(works[0])  # one that was never given up, or is back already
    assert watched.leases.hanging == ["A"]
