"""Clocks for tests: one that is moved by hand, one that runs faster than the box."""

from __future__ import annotations

import threading
import time

#: Real seconds after which a wait on a `FakeClock` gives up: a test that would hang fails instead.
GUARD_S = 60.0


class FakeClock:
    """A clock that stands still until it is moved; wall and monotonic time move together or apart.

    Threads that wait on it wake when it reaches their deadline, or at once when their event is set or their
    condition notified.
    """

    def __init__(self, now: float = 1_800_000_000.0, monotonic: float = 1_000.0) -> None:
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Condition()
        self._waiting: dict[int, threading.Condition] = {}

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Time passes: both clocks move."""
        self._move(seconds, seconds)

    def step_wall(self, seconds: float) -> None:
        """Somebody sets the clock of the box: only wall time moves."""
        self._move(seconds, 0.0)

    def await_waiters(self, count: int) -> None:
        """Wait until so many threads wait on this clock."""
        with self._lock:
            assert self._lock.wait_for(lambda: len(self._waiting) >= count, GUARD_S), "nobody waits"

    def _move(self, wall_s: float, monotonic_s: float) -> None:
        with self._lock:
            self._now += wall_s
            self._monotonic += monotonic_s
            waiting = list(self._waiting.values())
        for condition in waiting:
            with condition:
                condition.notify_all()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        # The event's own condition: `set` notifies it, and so does `_move`; checked while it is held, so no
        # wake-up is lost between the check and the wait.
        condition: threading.Condition = event._cond  # type: ignore[attr-defined]
        deadline = self._monotonic + max(0.0, timeout_s)
        guard = time.monotonic() + GUARD_S
        with self._registered(condition), condition:
            while not event.is_set() and self._monotonic < deadline:
                if not condition.wait(GUARD_S) and time.monotonic() > guard:
                    raise AssertionError(f"waited {GUARD_S} real seconds for a clock that nobody moved")
            return event.is_set()

    def wait_for(self, condition: threading.Condition, timeout_s: float) -> bool:
        if timeout_s <= 0:
            return False
        deadline = self._monotonic + timeout_s
        with self._registered(condition):
            return condition.wait(GUARD_S) and self._monotonic < deadline

    def _registered(self, condition: threading.Condition) -> _Registration:
        return _Registration(self._lock, self._waiting, condition)


class _Registration:
    def __init__(
        self,
        lock: threading.Condition,
        waiting: dict[int, threading.Condition],
        condition: threading.Condition,
    ) -> None:
        self._lock = lock
        self._waiting = waiting
        self._condition = condition

    def __enter__(self) -> None:
        with self._lock:
            self._waiting[id(self)] = self._condition
            self._lock.notify_all()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._waiting.pop(id(self), None)


class TickingClock(FakeClock):
    """A millisecond passes whenever somebody looks."""

    def now(self) -> float:
        self._now += 0.001
        return self._now


class WaitingClock:
    """A clock that stands still but for waits: each passes its whole time at once. For code that one thread runs."""

    def __init__(self, at: float = 1_000_000.0) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.at += timeout_s
        return False

    def wait_for(self, condition: threading.Condition, timeout_s: float) -> bool:
        self.at += timeout_s
        return False


class FastClock:
    """The box's clock, `factor` times as fast; for soaks."""

    def __init__(self, factor: float, now: float | None = None) -> None:
        self._factor = factor
        self._real0 = time.monotonic()
        self._now0 = time.time() if now is None else now

    def now(self) -> float:
        return self._now0 + self._elapsed_s()

    def monotonic(self) -> float:
        return self._elapsed_s()

    def _elapsed_s(self) -> float:
        return (time.monotonic() - self._real0) * self._factor

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        return event.wait(max(0.0, timeout_s) / self._factor)

    def wait_for(self, condition: threading.Condition, timeout_s: float) -> bool:
        return condition.wait(max(0.0, timeout_s) / self._factor)
