"""Leases: no attempt keeps its phone longer than it may, whatever its worker does (JOB-1, JOB-2)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from jobs.hub.clock import Clock
from jobs.phone.errors import LeaseLost, StopRequested
from jobs.queue.work import Work
from jobs.run.live_attempt import LiveAttempt
from jobs.run.runner import Runner

_LOG = logging.getLogger(__name__)

#: How long a worker may need to come back once its session was closed.
LET_GO_S = 10.0
#: How long a stop request waits for the verdict of a post past its commit point.
STOP_COMMIT_BOUND_S = 60.0


class Leases:
    """Ends attempts that outlive their deadline or a stop, and takes the phone from workers that do not come back."""

    def __init__(self, clock: Clock, runner: Runner, release: Callable[[Work], None]) -> None:
        self._clock = clock
        self._runner = runner
        self._release = release
        self._abandoned: set[Work] = set()

    def turn(self) -> None:
        """Look at every running attempt; called once a second."""
        for attempt, work in self._runner.all_live():
            if not attempt.ending:
                self._look(attempt, work)

    def came_back(self, work: Work) -> None:
        """A worker is through with this work, late or not."""
        self._abandoned.discard(work)

    @property
    def hanging(self) -> list[str]:
        """Serials of phones whose workers were given up and never came back."""
        return sorted(work.serial for work in self._abandoned)

    def abandon(self, attempt: LiveAttempt, work: Work) -> None:
        """End an attempt in its worker's place; the worker's session is closed, so it can touch nothing more."""
        cause = StopRequested(attempt.stop_reason) if attempt.stop_reason else LeaseLost("the worker hangs")
        if not self._runner.fail(attempt, cause, patient=False):
            return  # the store refuses: again in a second
        _LOG.error("task %d: its worker does not come back; the phone %s is freed", work.task_id, work.serial)
        self._abandoned.add(work)
        self._runner.forget(work)
        self._release(work)

    def _look(self, attempt: LiveAttempt, work: Work) -> None:
        now = self._clock.monotonic()
        if attempt.cut_at is not None:
            if now - attempt.cut_at >= LET_GO_S:
                self.abandon(attempt, work)
        elif attempt.deadline.expired:
            _LOG.warning("task %d: its time is over", work.task_id)
            attempt.revoke()
        elif attempt.stop_at is not None and now - attempt.stop_at >= STOP_COMMIT_BOUND_S:
            attempt.force_stop()
