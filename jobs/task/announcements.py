"""What the jobs core reports to people on its own: failed tasks, unknown outcomes, a clock that cannot be right."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from jobs.hub.settings import EventName
from storage.error_codes import ErrorCode
from storage.errors import StoreError
from storage.records import ENDED, Outcome, Stage, Task

_LOG = logging.getLogger(__name__)


class Tell(Protocol):
    """Hands an event to what delivers it, as `jobs.notify.outbox.Outbox.tell` does; must not wait for the delivery."""

    def __call__(self, name: EventName, sentence: str, /, **facts: Any) -> None: ...


def drop_event(_name: EventName, _sentence: str, /, **_facts: Any) -> None:
    """Drops the event."""


class Announcements:
    """Turns ends of tasks and doubts about the clock into events; an outbox that fails changes nothing else."""

    def __init__(self, tell: Tell, at_work: Callable[[int], bool], picture: Callable[[int], str]) -> None:
        """`at_work` says whether an attempt still adds to a task's evidence, `picture` names its newest picture."""
        self._tell = tell
        self._at_work = at_work
        self._picture = picture
        self._published: dict[int, Task] = {}  #: to be told of once their evidence is complete
        self._clock_problem = ""

    def moved(self, task: Task) -> None:
        """A task was moved; only ends that a person did not ask for are worth a word."""
        if task.stage is Stage.PUBLISHED:
            self._published[task.id] = task
            if not self._at_work(task.id):
                self.closed(task.id)
            return
        if task.stage not in ENDED or task.deleted:
            return
        if task.error_code == ErrorCode.STOPPED:
            return
        name: EventName = "unknown_outcome" if task.outcome is Outcome.UNKNOWN else "task_failed"
        self.safely(
            name,
            f"task {task.id} for {whom(task)}: {task.remark}",
            **about(task),
            code=task.error_code,
        )

    def closed(self, task_id: int) -> None:
        """The evidence of a task is complete: if its post is published, that is reported now, with the picture."""
        task = self._published.pop(task_id, None)
        if task is None:
            return
        name = self._picture(task_id)
        self.safely(
            "task_published",
            f"task {task.id} for {whom(task)}: {task.remark}",
            **about(task),
            caption=task.caption,
            picture=f"/api/v1/task/{task.id}/artifacts/{name}" if name else "",
        )

    def clock(self, problem: str) -> None:
        """The clock's present problem, "" when there is none; each is reported once."""
        if problem and not self._clock_problem:
            self.safely("clock", f"{problem}; tasks with a start time are held")
        self._clock_problem = problem

    def safely(self, name: EventName, sentence: str, /, **facts: Any) -> None:
        """Report it, as `quietly`."""
        quietly(self._tell, name, sentence, **facts)


def quietly(tell: Tell, name: EventName, sentence: str, /, **facts: Any) -> None:
    """Report it. A store that refuses it is logged: the notification is lost, all else goes on."""
    try:
        tell(name, sentence, **facts)
    except StoreError as error:
        _LOG.warning("a notification was lost: %s (%s)", sentence, error)


def about(task: Task) -> dict[str, Any]:
    """The facts that say which task a notification is about."""
    return {
        "task_id": task.id,
        "serial": task.serial,
        "username": task.username,
        "account_seen": task.account_seen,
        "platform": task.platform,
    }


def whom(task: Task) -> str:
    """How a sentence names the account of a task; its phone where the account is not known."""
    name = task.account_known
    return f"@{name}" if name else task.serial
