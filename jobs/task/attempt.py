"""What a script may ask of the attempt it runs in: stop requests, stage moves, the step log, evidence."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from jobs.hub.clock import Clock, Deadline
from jobs.input.outside_text import sentence
from jobs.phone.protocol import PhoneSession
from storage.error_codes import ErrorCode
from storage.records import Account, Outcome, Task, TaskError


class Verdict(msgspec.Struct, frozen=True):
    """How an attempt ended. `passing` says whether another attempt can help."""

    outcome: Outcome
    remark: str
    error: TaskError | None = None
    passing: bool = False


class ScriptFailed(Exception):
    """A script ends with this before the commit point; nothing was published.

    `passing` says whether trying again can help, where that is not as usual with this code.
    """

    def __init__(self, code: ErrorCode, message: str, *, step: str = "", passing: bool | None = None) -> None:
        super().__init__(sentence(message))  # it may hold what an app shows
        self.code = code
        self.step = step
        self.passing = code.retryable if passing is None else passing


class OnHold(Exception):
    """The task may not be posted just now, for a reason that a person can take away; it waits on, uncounted."""


class Visit(Protocol):
    """A turn at a phone as the code that looks at it and touches it sees it; an attempt at a task is more than that."""

    clock: Clock
    deadline: Deadline  #: everything must end before it

    def check(self) -> None:
        """Raise StopRequested or LeaseLost when this must not go on; call it between steps."""

    def wait(self, seconds: float) -> None:
        """Wait on the clock; raises StopRequested at once when a stop comes."""

    def step(self, name: str, **facts: Any) -> AbstractContextManager[None]:
        """Name what is done now: logged with its duration and its error; a task shows it as its `remark`."""

    def note(self, sentence: str, **facts: Any) -> None:
        """One line in the step log."""


class Attempt(Visit, Protocol):
    """One run of a task on its phone, as the script sees it."""

    task: Task  #: always the newest stored copy
    account: Account | None  #: the task's account, when it names one that is known

    def enter_committing(self, *, then_wait_s: float = 0.0) -> None:
        """Write to disk that the publishing tap is about to happen. `then_wait_s`: how long the script waits after proof.

        Raises:
            StopRequested, LeaseLost, StoreError: Nothing may be tapped.
            ScriptFailed: `already_posted`: the account that was seen has had the same media from another task.
            OnHold: The account was disabled, removed or moved since the attempt began.
        """

    def enter_verifying(self) -> None:
        """Write that the tap was sent."""

    def enter_published(self, remark: str) -> None:
        """Write that the app showed proof: what is still to be done on the phone can no longer change that."""

    def see_account(self, name: str) -> None:
        """Remember with the task which account the app shows, without "@"; "" when there is no way to read it."""

    def set_app_version(self, version: str, language: str = "") -> None:
        """Remember the app's version, and the language that it speaks, with the task."""

    def keep_evidence(self, name: str, data: bytes) -> None:
        """Keep a file (screenshot.png, tree.xml) for this attempt, within the quota."""


class Script(Protocol):
    """A way to do a task: `run` does it, `look_for_post` looks, without any tap that changes something, what became of it."""

    def run(self, attempt: Attempt, phone: PhoneSession) -> Verdict:
        """Do the task. Raises ScriptFailed, PhoneError, StopRequested, LeaseLost before the commit point; after
        `enter_committing` it always returns a Verdict (unknown when in doubt), whatever happens.
        """

    def look_for_post(self, attempt: Attempt, phone: PhoneSession) -> Verdict:
        """After a crash past the commit point: read-only look for proof. Never taps anything that publishes."""
