"""The turns that have not ended: none keeps its phone longer than it may, whatever its worker does (JOB-1, JOB-2)."""

from __future__ import annotations

import logging
import threading

from jobs.hub.clock import Clock, Deadline
from jobs.phone.errors import LeaseLost, StopRequested
from jobs.queue.dispatcher import Dispatcher
from jobs.queue.turn import SHUTDOWN, Turn
from jobs.run.endings import Endings

_LOG = logging.getLogger(__name__)

#: How long a worker may need to come back once its session was closed.
LET_GO_S = 10.0
#: How long a stop request waits for the verdict of a post past its commit point.
STOP_COMMIT_BOUND_S = 60.0


class Turns:
    """The register of turns. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._turns: list[Turn] = []
        self._abandoned: set[Turn] = set()
        self._closed = False

    def add(self, turn: Turn) -> bool:
        """Register a turn; False when the daemon leaves: nothing begins any more."""
        with self._changed:
            if not self._closed:
                self._turns.append(turn)
            return not self._closed

    def forget(self, turn: Turn) -> None:
        """A worker is through with a turn, late or not."""
        with self._changed:
            self._abandoned.discard(turn)
            self._remove(turn)

    def abandon(self, turn: Turn) -> bool:
        """A turn's worker does not come back; False when it came back just now."""
        with self._changed:
            if not self._remove(turn):
                return False
            self._abandoned.add(turn)
            return True

    def close(self) -> list[Turn]:
        """Take no more; the turns that have not ended."""
        with self._changed:
            self._closed = True
            return list(self._turns)

    def all(self) -> list[Turn]:
        """Every turn that has not ended."""
        with self._changed:
            return list(self._turns)

    def of_task(self, task_id: int) -> Turn | None:
        """The turn that works on a task."""
        return next((turn for turn in reversed(self.all()) if turn.task_id == task_id), None)

    @property
    def hanging(self) -> list[str]:
        """Serials of phones whose workers were given up and never came back."""
        with self._changed:
            return sorted({turn.serial for turn in self._abandoned})

    def wait_idle(self, deadline: Deadline) -> bool:
        """Wait until no turn is left; False when the deadline came first."""
        with self._changed:
            while self._turns and not deadline.expired:
                self._clock.wait_for(self._changed, deadline.remaining_s)
            return not self._turns

    def _remove(self, turn: Turn) -> bool:
        if turn not in self._turns:
            return False
        self._turns.remove(turn)
        self._changed.notify_all()
        return True


class Watch:
    """Ends turns that outlive their deadline or a stop, and takes the phone from workers that do not come back."""

    def __init__(self, clock: Clock, turns: Turns, *, endings: Endings, dispatcher: Dispatcher) -> None:
        self._clock = clock
        self._turns = turns
        self._endings = endings
        self._dispatcher = dispatcher

    def look(self) -> None:
        """Look at every turn; called once a second."""
        now = self._clock.monotonic()
        for turn in self._turns.all():
            if turn.ending:
                continue
            if turn.cut_at is not None:
                if turn.begun and now - turn.cut_at >= LET_GO_S:
                    self.abandon(turn)
            elif turn.deadline.expired:
                _LOG.warning("the phone %s %s: its time is over", turn.serial, turn.doing)
                turn.revoke()
                self.end_waiting(turn)
            elif turn.stop_at is not None and now - turn.stop_at >= STOP_COMMIT_BOUND_S:
                turn.cut()

    def leave(self) -> None:
        """The daemon ends: stop every turn, and begin no other from now on."""
        for turn in self._turns.close():
            turn.request_stop(SHUTDOWN)
            self.end_waiting(turn)

    def abandon(self, turn: Turn) -> None:
        """End a turn in its worker's place; the worker's session is closed, so it can touch nothing more."""
        cause = StopRequested(turn.stop_reason) if turn.stop_reason else LeaseLost("its worker hangs")
        if not self._endings.fail(turn, cause, patient=False):
            return  # the store refuses: again in a second
        if self._turns.abandon(turn):
            _LOG.error("the phone %s %s: the worker does not come back", turn.serial, turn.doing)
            self._dispatcher.release(turn)

    def end_waiting(self, turn: Turn) -> None:
        """End a turn that has not begun."""
        if self._dispatcher.withdraw(turn):
            turn.end()
            self._turns.forget(turn)
