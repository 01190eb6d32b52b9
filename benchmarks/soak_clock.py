"""A clock that runs as the box's does and leaps over the hours in which nothing happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class LeapingClock:
    """`jobs.hub.clock.Clock`: seconds last as long as real ones, so that talk with phones keeps its deadlines, until `leap`.

    A leap moves wall and monotonic time together, as if the time had passed, and wakes every thread that waits.
    """

    def __init__(self, now: float) -> None:
        self._wall0 = now
        self._real0 = time.monotonic()
        self._leapt_s = 0.0
        self._lock = threading.Lock()
        self._waiting: dict[int, threading.Condition] = {}

    def now(self) -> float:
        return self._wall0 + self.monotonic()

    def monotonic(self) -> float:
        return time.monotonic() - self._real0 + self._leapt_s

    def leap(self, seconds: float) -> None:
        """So much time has passed."""
        with self._lock:
            self._leapt_s += seconds
            waiting = list(self._waiting.values())
        for condition in waiting:
            with condition:
                condition.notify_all()

    def step_wall(self, seconds: float) -> None:
        """Somebody sets the clock of the box: wall time alone moves, and nobody is woken by that."""
        self._wall0 += seconds

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        # The event's own condition: both `set` and a leap notify it.
        condition: threading.Condition = event._cond  # type: ignore[attr-defined]  # noqa: SLF001
        deadline = self.monotonic() + max(0.0, timeout_s)
        with self._registered(condition), condition:
            while not event.is_set() and (left := deadline - self.monotonic()) > 0:
                condition.wait(left)
            return event.is_set()

    def wait_for(self, condition: threading.Condition, timeout_s: float) -> bool:
        deadline = self.monotonic() + max(0.0, timeout_s)
        with self._registered(condition):
            condition.wait(max(0.0, timeout_s))
        return self.monotonic() < deadline

    @contextmanager
    def _registered(self, condition: threading.Condition) -> Iterator[None]:
        # By a key of this wait: several threads may wait on one condition.
        key = threading.get_ident()
        with self._lock:
            self._waiting[key] = condition
        try:
            yield
        finally:
            with self._lock:
                self._waiting.pop(key, None)
