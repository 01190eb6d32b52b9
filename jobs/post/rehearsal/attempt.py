"""An attempt that cannot pass the commit point: what a flow is given when it is only rehearsed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jobs.phone.errors import LeaseLost
from jobs.queue.turn import Turn
from storage.records import Account, Task

#: Lines of the step log that a report keeps.
MAX_NOTES = 400
_NEVER = "a rehearsal never publishes"


class RehearsalAttempt:
    """Implements `jobs.task.attempt.Attempt` on a turn for no task. Nothing of it is stored with a task."""

    def __init__(self, turn: Turn, task: Task, account: Account | None) -> None:
        """`turn` has begun; `task` has the id 0, which no stored task has."""
        self._turn = turn
        self.task = task
        self.account = account
        self.clock = turn.clock
        self.deadline = turn.deadline
        self.account_seen = ""
        self.app_version = self.language = ""
        self.notes: list[str] = []

    def check(self) -> None:
        self._turn.check()

    def wait(self, seconds: float) -> None:
        self._turn.wait(seconds)

    @contextmanager
    def step(self, name: str, **facts: Any) -> Iterator[None]:
        with self._turn.step(name, **facts):
            self._line(name, facts)
            yield

    def note(self, sentence: str, **facts: Any) -> None:
        self._turn.note(sentence, **facts)
        self._line(sentence, facts)

    def _line(self, sentence: str, facts: dict[str, Any]) -> None:
        if len(self.notes) < MAX_NOTES:
            said = ", ".join(f"{name} {value}" for name, value in facts.items())
            self.notes.append(f"{sentence} ({said})" if said else sentence)

    def see_account(self, name: str) -> None:
        self.account_seen = name

    def set_app_version(self, version: str, language: str = "") -> None:
        self.app_version, self.language = version, language

    # --- what only a post may do ---------------------------------------------------------------------------

    def enter_committing(self, *, then_wait_s: float = 0.0) -> None:
        raise LeaseLost(_NEVER)

    def enter_verifying(self) -> None:
        raise LeaseLost(_NEVER)

    def enter_published(self, remark: str) -> None:
        raise LeaseLost(_NEVER)

    def keep_evidence(self, name: str, data: bytes) -> None:
        """The recorder keeps pictures and trees."""
