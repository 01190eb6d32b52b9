"""Writes how attempts end: once each, as the stored task's stage and the facts demand."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import msgspec

from jobs.hub.clock import Clock
from jobs.hub.settings import Posting
from jobs.phone.errors import LeaseLost
from jobs.queue.turn import SHUTDOWN, ReadTurn, Turn
from jobs.run.post_turn import PostTurn
from jobs.task import ending
from jobs.task.attempt import Verdict
from jobs.task.ending import Step
from jobs.task.retry import Uniform
from jobs.task.states import Mover
from storage.errors import StageConflict, StoreError, UnknownRecord
from storage.records import AFTER_COMMIT, PENDING, RUNNING, Outcome, Stage, Task
from storage.tables.tasks import TaskStore

_LOG = logging.getLogger(__name__)

#: Pause between tries to write an end that the store refuses.
WRITE_AGAIN_S = 2.0


class Endings:
    """From a verdict or an exception to the stored end. Thread-safe: `Turn.claim_end` decides whose end counts."""

    def __init__(
        self, posting: Posting, clock: Clock, tasks: TaskStore, *, mover: Mover, uniform: Uniform
    ) -> None:
        self._posting = posting
        self._clock = clock
        self._tasks = tasks
        self._mover = mover
        self._uniform = uniform
        self._give_up = threading.Event()

    def give_up_writing(self) -> None:
        """The daemon ends: threads that still try to write an end must leave; the next start tells from the stage."""
        self._give_up.set()

    def unstarted(self, task: Task, end: Step) -> None:
        """A stop or a deletion came while the task went back to its queue, or another task has posted its media."""
        try:
            self._mover.move_through(task, [end])
        except (StageConflict, UnknownRecord) as error:
            _LOG.info("task %d: it was ended from elsewhere: %s", task.id, error)

    def not_started(self, turn: Turn, why: str) -> None:
        """The box has no thread for a turn: a read fails, a post waits on, a look is asked for again by `Recovery`."""
        if isinstance(turn, ReadTurn):
            turn.end(why)
        elif isinstance(turn, PostTurn) and turn.is_post:
            self.queue_again(turn, "could not be started just now", patient=False)

    def queue_again(self, turn: PostTurn, remark: str, *, patient: bool = True) -> None:
        """The task waits on, and nothing is counted against it."""
        back = Step(Stage.QUEUED, {"remark": remark})
        self._end(turn, lambda task: [_stop_or(task, turn, back, self._posting)], patient=patient)

    def verdict(self, turn: PostTurn, verdict: Verdict) -> None:
        """The commit point was passed, or must be taken for passed."""
        self._end(turn, lambda task: self._after_commit(task, turn, verdict))

    def fail(self, turn: Turn, cause: BaseException, *, patient: bool = True) -> bool:
        """End a turn without a verdict; also called in place of a worker that hangs.

        Returns:
            False when the end could not be written and `patient` was not asked for; then nothing has changed.
        """
        if not isinstance(turn, PostTurn):
            turn.end(str(cause))
            return True
        if turn.lost:
            cause = LeaseLost()  # whatever the closed session raised
        found = ending.trouble(cause, turn.failed_step, self._posting.attempt_timeout_s)

        def decide(task: Task) -> list[Step]:
            if task.stage in AFTER_COMMIT:
                verdict = Verdict(Outcome.UNKNOWN, found.error.message, found.error)
                return self._after_commit(task, turn, verdict)
            usual = ending.before_commit(task, found, self._posting, self._clock.now(), self._uniform)
            return [_stop_or(task, turn, usual[0], self._posting)]

        return self._end(turn, decide, patient=patient)

    def _after_commit(self, task: Task, turn: PostTurn, verdict: Verdict) -> list[Step]:
        if verdict.outcome is Outcome.UNKNOWN and turn.stop_reason == SHUTDOWN:
            return []  # stays as it is: the next start looks for the post
        first: list[Step] = []
        if task.stage is Stage.PREPARING:
            first = [Step(Stage.COMMITTING, {})]
            task = msgspec.structs.replace(task, stage=Stage.COMMITTING)
        return first + ending.after_commit(task, verdict, self._posting, self._clock.now(), self._uniform)

    def _end(self, turn: PostTurn, decide: Callable[[Task], list[Step]], *, patient: bool = True) -> bool:
        """Write the end once, then close the attempt's log."""
        if not turn.claim_end():
            return True
        written = self._write(turn, decide, patient=patient)
        if not written and not patient:
            turn.ending = False
            return False
        turn.close()
        return True

    def _write(self, turn: PostTurn, decide: Callable[[Task], list[Step]], *, patient: bool) -> bool:
        if turn.recorded:
            return True
        task = self._tasks.get(turn.task_id)
        if task is None or task.attempt != turn.task.attempt or task.stage not in RUNNING:
            turn.note("this attempt was ended from elsewhere")
            return True
        said = False
        steps = decide(task)
        while steps:
            try:
                task = self._mover.move_through(task, steps)
            except (StageConflict, UnknownRecord) as error:
                turn.note(f"this attempt was ended from elsewhere: {error}")
                return True
            except StoreError as error:
                if not said:
                    _LOG.error("task %d: its end cannot be written yet: %s", task.id, error)
                said = True
                if not patient or self._clock.wait(self._give_up, WRITE_AGAIN_S):
                    return False
                continue
            turn.task = task
            turn.note(f"{task.stage}: {task.remark}")
            steps = []
            asked = task.stop_requested or task.deleted or turn.stop_reason not in {"", SHUTDOWN}
            if task.stage in PENDING and asked:
                steps = [ending.stopped()]  # the stop came while it was being written that it runs again
        return True


def _stop_or(task: Task, turn: PostTurn, usual: Step, posting: Posting) -> Step:
    """What a stop makes of the usual end before the commit point."""
    if turn.stop_reason == SHUTDOWN:
        return ending.interrupted(task, posting, by="the daemon stopped")
    if turn.stop_reason or task.stop_requested or task.deleted:
        return ending.stopped()
    return usual
