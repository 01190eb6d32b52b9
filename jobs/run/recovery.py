"""What becomes of tasks whose attempt no thread owns: after a crash, a power cut, or a worker's death."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from jobs.hub.clock import Clock
from jobs.hub.settings import Posting
from jobs.task import ending
from jobs.task.attempt import Verdict
from jobs.task.retry import Uniform
from jobs.task.states import Mover
from storage.error_codes import ErrorCode
from storage.errors import StageConflict, StoreError, UnknownRecord
from storage.records import RUNNING, Outcome, Stage, Task, TaskError
from storage.tables.tasks import TaskStore

_LOG = logging.getLogger(__name__)

#: How long a post of unknown fate waits for its phone before it is given to a person.
SETTLE_BOUND_S = 1800.0
#: How long, if its end was asked for: time for one look at a phone that is there.
ONE_LOOK_S = 10.0


class Recovery:
    """Adopts active tasks without an owner: before the commit point they are queued again, after it looked for.

    Nothing here ever leads to a second tap: a task past the commit point is only handed to `settle`, and ends as
    unknown when its phone does not come back within the bound.
    """

    def __init__(
        self,
        posting: Posting,
        clock: Clock,
        tasks: TaskStore,
        *,
        mover: Mover,
        uniform: Uniform,
        owned: Callable[[int], bool],
        enqueue: Callable[[Iterable[Task]], None],
        settle: Callable[[Task], None],
    ) -> None:
        self._posting = posting
        self._clock = clock
        self._tasks = tasks
        self._mover = mover
        self._uniform = uniform
        self.owned = owned
        self._enqueue = enqueue
        self._settle = settle
        self.refused = False
        self._unsettled: dict[int, float] = {}  #: task id -> monotonic time at which it was adopted

    def turn(self) -> None:
        """Adopt tasks whose attempt no thread owns; called at start and once a second afterwards."""
        active = self._tasks.active()
        for listed in active:
            # First the task, then its owner: of an attempt that began in between this one is not the stored one.
            task = self._tasks.get(listed.id)
            if task is None or task.stage not in RUNNING or self.owned(task.id):
                continue
            try:
                self._adopt(task)
            except (StageConflict, UnknownRecord):
                continue  # it ended since it was listed
            except StoreError as error:
                if not self.refused:
                    _LOG.error(
                        "task %d stays as it was found: the store refused the change: %s", task.id, error
                    )
                self.refused = True
                return  # again in a second
        self.refused = False
        # A task that is active and owned (being looked for) keeps its bound.
        ids = {task.id for task in active}
        self._unsettled = {task_id: at for task_id, at in self._unsettled.items() if task_id in ids}

    def _adopt(self, task: Task) -> None:
        if task.stage is Stage.PREPARING:
            step = ending.interrupted(task, self._posting, by="the daemon ended during an attempt")
            moved = self._mover.move_through(task, [step])
            _LOG.warning("task %d: %s", task.id, moved.remark)
            if moved.stage is Stage.QUEUED:
                self._enqueue([moved])
            return
        now = self._clock.monotonic()
        if task.id not in self._unsettled:
            self._unsettled[task.id] = now
            _LOG.warning("task %d: looking for its post, because it is not known how it ended", task.id)
            remark = "may have been published just before the daemon ended: looking for the post on its phone"
            self._tasks.set_remark(task.id, remark)
            self._settle(task)
            return
        bound_s = ONE_LOOK_S if task.stop_requested else SETTLE_BOUND_S
        if now - self._unsettled[task.id] >= bound_s:
            self._give_up(task)
        else:
            self._settle(task)

    def _give_up(self, task: Task) -> None:
        error = TaskError(
            ErrorCode.INTERRUPTED,
            "it is not known how the attempt ended, and its phone could not be looked at",
        )
        verdict = Verdict(Outcome.UNKNOWN, error.message, error)
        steps = ending.after_commit(task, verdict, self._posting, self._clock.now(), self._uniform)
        self._mover.move_through(task, steps)
        _LOG.warning("task %d: its outcome stays unknown", task.id)
