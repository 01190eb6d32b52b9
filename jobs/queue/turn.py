"""Turns: one phone for one purpose, from its place in the queue until the phone is free for the next."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jobs.hub.clock import Clock, Deadline
from jobs.phone.errors import LeaseLost, StopRequested
from jobs.phone.protocol import PhoneSession

_LOG = logging.getLogger(__name__)

REQUEST, SHUTDOWN = "request", "shutdown"
STOPPED = "the daemon stopped"


class Turn:
    """Its deadline, its stop, and who writes how it ended. Compared by identity.

    A worker's thread uses it; `request_stop`, `cut` and `revoke` come from other threads. Each closes the session,
    so that nothing more is touched.
    """

    is_post = False

    def __init__(
        self, serial: str, doing: str, *, clock: Clock, lease_s: float, wait_s: float = 0.0, task_id: int = 0
    ) -> None:
        """`doing` says what happens there, to follow "the phone X", e.g. "works on task 7"; `lease_s` is how long it may take
        once it has begun, `wait_s` how long it may wait for that; `task_id` is 0 where it is for no task.
        """
        self.serial = serial
        self.doing = doing
        self.clock = clock
        self.lease_s = lease_s
        self.task_id = task_id
        self.deadline = Deadline(
            clock, wait_s or lease_s
        )  #: of the wait first, of the work once it has begun
        self.begun = False
        self.reports = 0  #: how often the phone's state had been reported when it was given the phone
        self.stop_reason = ""  #: of the first stop
        self.stop_at: float | None = None  #: monotonic, of the first stop
        self.cut_at: float | None = None  #: monotonic, of the moment from which the session is closed
        self.lost = False  #: its time is over
        self.ending = False  #: a thread writes how it ended
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._session: PhoneSession | None = None

    # --- what the work on the phone may ask ----------------------------------------------------------------

    def check(self) -> None:
        if self.lost:
            raise LeaseLost(f"the phone {self.serial} {self.doing}: its time is over")
        if self._stopped.is_set():
            raise StopRequested(self.stop_reason or REQUEST)

    def wait(self, seconds: float) -> None:
        self.clock.wait(self._stopped, seconds)
        self.check()

    @contextmanager
    def step(self, name: str, **facts: Any) -> Iterator[None]:
        self.check()
        self.note(name, **facts)
        yield

    def note(self, sentence: str, **facts: Any) -> None:
        _LOG.debug("%s: %s %s", self.serial, sentence, facts or "")

    # --- what the engine does with it ----------------------------------------------------------------------

    def begin(self) -> None:
        """The phone is free for it: from here on its lease runs."""
        with self._lock:
            self.deadline = Deadline(self.clock, self.lease_s)
            self.begun = True

    def attach(self, session: PhoneSession) -> None:
        """Take over the session: from here on a stop closes it. Raises what `check` raises."""
        with self._lock:
            self._session = session
            over = self.lost or self._stopped.is_set()
        if over:
            session.close()
        self.check()

    @property
    def awaits_verdict(self) -> bool:
        """A stop comes too late: what was done on the phone decides how this ends."""
        return False

    def request_stop(self, reason: str) -> bool:
        """End it at once. Returns False when a verdict is waited for first."""
        with self._lock:
            if self.stop_at is None:
                self.stop_at = self.clock.monotonic()
                self.stop_reason = reason
            if self.awaits_verdict:
                return False
            self._stopped.set()
        self._close_session()
        return True

    def cut(self) -> None:
        """End the wait for a verdict too."""
        with self._lock:
            self._stopped.set()
        self._close_session()

    def revoke(self) -> None:
        """Its time is over: it makes no further tap."""
        with self._lock:
            self.lost = True
        self.cut()

    def claim_end(self) -> bool:
        """True for the first who asks: one thread alone says how it ended."""
        with self._lock:
            first = not self.ending
            self.ending = True
            return first

    def end(self, why: str = "") -> None:
        """It is over: well ("") or not; only the first call counts."""
        self.claim_end()

    def close(self) -> None:
        """Let go of the phone; idempotent."""
        self._close_session()

    def _close_session(self) -> None:
        if self.cut_at is None:
            self.cut_at = self.clock.monotonic()
        session = self._session
        if session is not None:
            try:
                session.close()
            except Exception:  # noqa: BLE001 - closing must not keep its caller from going on
                _LOG.exception("%s: the session could not be closed", self.serial)


class ReadTurn(Turn):
    """A short look at a phone for no task: it waits until the phone is free, ends in bounded time and says how."""

    def __init__(
        self,
        serial: str,
        doing: str,
        do: Callable[[Turn, PhoneSession], None],
        ended: Callable[[str], None],
        *,
        clock: Clock,
        wait_s: float,
        lease_s: float,
    ) -> None:
        """`do` does it on the session it is given; `ended` is called once, with why it failed or ""."""
        super().__init__(serial, doing, clock=clock, lease_s=lease_s, wait_s=wait_s)
        self.asked_at = clock.now()
        self._do = do
        self._ended = ended
        self._wait_s = wait_s
        self._late = ""

    def do(self, session: PhoneSession) -> None:
        """Do it; raises what kept it from being done."""
        self._do(self, session)

    def revoke(self) -> None:
        self._late = (
            f"it did not end within {self.lease_s:.0f} s"
            if self.begun
            else f"its turn did not come within {self._wait_s / 60:.0f} min"
        )
        super().revoke()

    def end(self, why: str = "") -> None:
        # The reason of a stop comes before whatever the closed session raised.
        if self.claim_end():
            self._ended((STOPPED if self.stop_reason else self._late) or why)
