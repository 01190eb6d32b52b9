"""Limits how many files are copied to phones at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from jobs.hub.clock import Deadline
from jobs.phone.adb.wire import Grip
from jobs.phone.errors import DeadlinePassed


class PushGate:
    """Limits how many pushes run at once: a hub's bandwidth is shared by all its phones (ADB-13)."""

    def __init__(self, places: int) -> None:
        self.places = max(1, places)
        self.free = self.places
        self._condition = threading.Condition()

    @property
    def taken(self) -> int:
        """How many pushes run now."""
        return self.places - self.free

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()

    @contextlib.contextmanager
    def place(self, grip: Grip, deadline: Deadline) -> Iterator[None]:
        """Wait for a free place. Raises DeadlinePassed, or what broke off the grip."""
        grip.on_break(self._wake)
        try:
            with self._condition:
                while not self.free:
                    grip.check()
                    if deadline.expired:
                        raise DeadlinePassed(
                            "other files kept being copied to other phones", serial=grip.serial
                        )
                    grip.clock.wait_for(self._condition, deadline.remaining_s)
                self.free -= 1
        finally:
            grip.forget_callback(self._wake)
        try:
            yield
        finally:
            with self._condition:
                self.free += 1
                self._condition.notify()
