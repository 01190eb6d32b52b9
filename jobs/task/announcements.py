"""What the jobs core tells people unasked: tasks that failed, outcomes nobody knows, a clock that cannot be right."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from jobs.hub.settings import EventName
from storage.error_codes import ErrorCode
from storage.errors import StoreError
from storage.records import ENDED, Outcome, Stage, Task

_LOG = logging.getLogger(__name__)


class Tell(Protocol):
    """Hands an event to whoever delivers it, as `jobs.notify.outbox.Outbox.tell` does; must not wait for the delivery."""

    def __call__(self, name: EventName, sentence: str, /, **facts: Any) -> None: ...


def nobody(_name: EventName, _sentence: str, /, **_facts: Any) -> None:
    """Tells nobody."""


class Announcements:
    """Turns ends of tasks and doubts about the clock into events; an outbox that fails changes nothing else."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._clock_problem = ""

    def moved(self, task: Task) -> None:
        """A task was moved; only ends that a person did not ask for are worth a word."""
        if task.stage not in ENDED or task.stage is Stage.PUBLISHED or task.deleted:
            return
        if task.error_code == ErrorCode.STOPPED:
            return
        name: EventName = "unknown_outcome" if task.outcome is Outcome.UNKNOWN else "task_failed"
        name_seen = task.username or task.account_seen
        whom = f"@{name_seen}" if name_seen else task.serial
        self.safely(
            name,
            f"task {task.id} for {whom}: {task.remark}",
            task_id=task.id,
            serial=task.serial,
            username=task.username,
            account_seen=task.account_seen,
            platform=task.platform,
            code=task.error_code,
        )

    def clock(self, problem: str) -> None:
        """The clock's present problem, "" when there is none; each is told once."""
        if problem and not self._clock_problem:
            self.safely("clock", f"{problem}; tasks with a start time are held")
        self._clock_problem = problem

    def safely(self, name: EventName, sentence: str, /, **facts: Any) -> None:
        """Tell, whatever that costs nobody else."""
        try:
            self._tell(name, sentence, **facts)
        except StoreError as error:
            _LOG.warning("a notification was lost: %s (%s)", sentence, error)
