"""The bounded pool of named threads on which attempts run."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from jobs.hub.clock import Clock, Deadline

_LOG = logging.getLogger(__name__)

#: An idle worker ends after this time.
IDLE_S = 60.0


class Workers:
    """Runs calls on threads named `phone-worker-N`; threads are made when needed and reused.

    The bound is kept by the dispatcher's slots: a call never waits in a queue here, because a
    thread that hangs must not hold up the next phone.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._calls: deque[Callable[[], None]] = deque()
        self._idle = 0
        self._threads: set[threading.Thread] = set()
        self._made = 0
        self._closed = False

    def run(self, call: Callable[[], None]) -> None:
        """Run the call soon, on an idle thread or a new one.

        Raises:
            RuntimeError: The box has no thread left; the call will not be run.
        """
        with self._changed:
            self._calls.append(call)
            if self._idle >= len(self._calls):
                self._changed.notify()
                return
            self._made += 1
            thread = threading.Thread(target=self._work, name=f"phone-worker-{self._made}", daemon=True)
            self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:
            with self._changed:
                self._threads.discard(thread)
                if call not in self._calls:
                    return  # an idle thread took it in the meantime
                self._calls.remove(call)
            raise

    def close(self) -> None:
        """Idle threads end now, busy ones after their call."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Wait until all threads have ended; False when some had not in time."""
        deadline = Deadline(self._clock, timeout_s)
        with self._changed:
            while self._threads and not deadline.expired:
                self._clock.wait_for(self._changed, deadline.remaining_s)
            return not self._threads

    def _work(self) -> None:
        try:
            while (call := self._next()) is not None:
                try:
                    call()
                except Exception:  # noqa: BLE001 - a call's fault ends the call, not the thread
                    _LOG.exception("a worker's call failed")
        finally:
            with self._changed:
                self._threads.discard(threading.current_thread())
                self._changed.notify_all()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            if not self._calls and not self._closed:
                self._idle += 1
                self._clock.wait_for(self._changed, IDLE_S)
                self._idle -= 1
            return self._calls.popleft() if self._calls else None
