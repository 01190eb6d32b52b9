"""The one source of time: wall clock, monotonic clock, waiting, deadlines."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for what people see and for start times; monotonic time for durations and deadlines."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds that never step."""

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait for the event at most `timeout_s` seconds of this clock; True if it was set."""

    def wait_for(self, condition: threading.Condition, timeout_s: float) -> bool:
        """`Condition.wait` on this clock; the caller holds the condition. False on timeout."""


class SystemClock:
    """The clock of the box."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        return event.wait(max(0.0, timeout_s))

    def wait_for(self, condition: threading.Condition, timeout_s: float) -> bool:
        return condition.wait(max(0.0, timeout_s))


def utc(seconds: float) -> datetime:
    """Epoch seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)


class Deadline:
    """A moment on the monotonic clock after which a wait must end."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._at = clock.monotonic() + seconds

    @property
    def remaining_s(self) -> float:
        return max(0.0, self._at - self._clock.monotonic())

    @property
    def expired(self) -> bool:
        return self._clock.monotonic() >= self._at

    def within(self, seconds: float) -> float:
        """The smaller of `seconds` and what remains."""
        return min(seconds, self.remaining_s)
