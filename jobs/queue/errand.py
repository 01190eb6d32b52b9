"""Errands: short looks at a phone that belong to no task. Each waits its turn, ends in bounded time and says how."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jobs.hub.clock import Clock, Deadline
from jobs.phone.errors import StopRequested
from jobs.phone.protocol import PhoneSession

_LOG = logging.getLogger(__name__)

STOPPED = "the daemon stopped"


class Errand:
    """One look at one phone; implements `jobs.task.attempt.Visit` for whoever does it.

    A worker's thread does it; `cut` and `end` may come from other threads.
    """

    def __init__(
        self,
        serial: str,
        doing: str,
        do: Callable[[Errand, PhoneSession], None],
        ended: Callable[[str], None],
        *,
        clock: Clock,
        wait_s: float,
        lease_s: float,
    ) -> None:
        """Prepare.

        Args:
            serial: The phone.
            doing: What happens there, to follow "the phone X", e.g. "is asked for its accounts".
            do: Does it, on the session it is given; what it raises is why it failed.
            ended: Called once, with why it failed or "".
            clock: The clock.
            wait_s: How long it may wait for its turn.
            lease_s: How long it may take then.
        """
        self.serial = serial
        self.doing = doing
        self.clock = clock
        self.asked_at = clock.now()
        self.deadline = Deadline(clock, wait_s)  #: of the turn first, of the work once it has begun
        self.cut_at: float | None = None  #: monotonic, of the moment from which the session is closed
        self._do = do
        self._ended = ended
        self._wait_s = wait_s
        self._lease_s = lease_s
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._session: PhoneSession | None = None
        self._begun = self._over = False
        self._why_cut = ""

    # --- what whoever does it may ask ---------------------------------------------------------------------

    def check(self) -> None:
        if self._stopped.is_set():
            raise StopRequested

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

    # --- what the engine does with it ---------------------------------------------------------------------

    @property
    def begun(self) -> bool:
        return self._begun

    @property
    def over(self) -> bool:
        return self._over

    def begin(self) -> None:
        """Its turn has come: from here on its lease runs."""
        with self._lock:
            self.deadline = Deadline(self.clock, self._lease_s)
            self._begun = True

    def attach(self, session: PhoneSession) -> None:
        """Take over the session: from here on a cut closes it. Raises StopRequested."""
        with self._lock:
            self._session = session
        self.check()

    def do(self, session: PhoneSession) -> None:
        """Do it; raises whatever kept it from being done."""
        self._do(self, session)

    def cut(self, why: str) -> None:
        """Make it end now: its session is closed, so it can touch nothing more."""
        with self._lock:
            if self.cut_at is None:
                self.cut_at, self._why_cut = self.clock.monotonic(), why
            self._stopped.set()
            session = self._session
        if session is not None:
            try:
                session.close()
            except Exception:  # noqa: BLE001 - closing must not keep anybody from going on
                _LOG.exception("%s: the session could not be closed", self.serial)

    def end(self, why: str) -> None:
        """It is over: well ("") or not; only the first word counts, and a cut's reason before all others."""
        with self._lock:
            if self._over:
                return
            self._over = True
        self._ended(self._why_cut or why)

    @property
    def overdue(self) -> str:
        """Why it must end now, as a sentence; "" while it may go on."""
        if not self.deadline.expired:
            return ""
        if self._begun:
            return f"it did not end within {self._lease_s:.0f} s"
        return f"its turn did not come within {self._wait_s / 60:.0f} min"
