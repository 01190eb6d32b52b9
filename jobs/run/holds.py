"""Whether a task that is due may start now, and may still be posted when its form is ready: pauses, its account, its pace, a new app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from jobs.accounts.account_holds import account_hold
from jobs.pace.hold import Hold, Line
from jobs.pace.pace import Pace
from jobs.pace.pauses import Pauses
from jobs.task.attempt import OnHold
from storage.engine.commit import Transaction
from storage.records import Task, Waiting
from storage.tables.accounts import AccountStore

#: Asked within the write of a commit point; raises what keeps the task from being posted.
Within = Callable[[Transaction], None]


class Holds:
    """Asked by the dispatcher, at the claim, and right before the commit point. Thread-safe."""

    def __init__(
        self,
        accounts: AccountStore,
        pauses: Pauses,
        pace: Pace,
        new_version: Callable[[Task], Hold | None] = lambda _: None,
    ) -> None:
        """`new_version`: why a task waits for the rehearsal of its app."""
        self._new_version = new_version
        self._accounts = accounts
        self._pauses = pauses
        self._pace = pace

    def hold(self, task: Task, *, lately: bool = False) -> Hold | None:
        """Why a task must not start now, whatever its phone does; `lately`: as far as it was found a moment ago."""
        if pause := self._pauses.hold(task, self._pace.account(task)):
            return pause
        if why := account_hold(task, self._accounts.named):
            return Hold(Waiting.ACCOUNT, why)
        return self._pace.hold(task, lately=lately) or self._new_version(task)

    def line(self, task: Task, hold: Hold, count: int) -> Line:
        """The reasons of the first `count` posts of the task's account, and of those behind them, while `hold` lasts."""
        if hold.reason is Waiting.PACE:
            return self._pace.line(task, hold, count)
        return Line((), hold)

    @contextmanager
    def cleared(self, task: Task) -> Iterator[Within]:
        """Held while the commit point is written; `task` says which account was seen.

        What was paused since the task began does not cut it; an account that was not known by then counts as it is.
        What it gives is asked once more within the write: an account may be disabled in the write before it.

        Raises:
            OnHold: it must not be posted now.
        """
        if why := account_hold(task, self._accounts.named):
            raise OnHold(why)
        if not task.username and (
            pause := self._pauses.hold(task, self._pace.account(task), before=task.started_at)
        ):
            raise OnHold(pause.sentence)
        with self._pace.committing(task):
            yield partial(self._still_cleared, task)

    def _still_cleared(self, task: Task, change: Transaction) -> None:
        """Raise OnHold where the account has changed by this write."""
        if why := account_hold(task, partial(self._accounts.named_within, change)):
            raise OnHold(why)
