"""What the operating system asks of the daemon: stop, stop now, read the config again, say what every thread does."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import queue
import signal
import threading
from collections.abc import Callable
from typing import Any


class Signals:
    """Answers to signals. Install them before anything is started: a signal without an answer ends the process.

    A handler may run while the main thread holds any lock of Python's threading module, so it only puts into a
    `SimpleQueue`, which is made for that.
    """

    def __init__(self, leave: Callable[[int], Any] = os._exit) -> None:
        self.stopping = False
        self._reload = False
        self._woken: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._leave = leave

    def install(self) -> None:
        """Answer SIGTERM, SIGINT, SIGHUP, and SIGUSR1 with the stacks of all threads on standard error."""
        # The stacks come from C, so that they come whatever Python waits for; the names of the threads follow.
        signal.signal(signal.SIGUSR1, _name_threads)
        faulthandler.register(signal.SIGUSR1, all_threads=True, chain=True)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def ask_to_stop(self) -> None:
        """The same as a first SIGTERM; from any thread."""
        self.stopping = True
        self.wake()

    def ask_to_reload(self) -> None:
        """The same as a SIGHUP; from any thread."""
        self._reload = True
        self.wake()

    def wake(self) -> None:
        """Let `wait` return; from any thread."""
        self._woken.put(None)

    def wait(self, timeout_s: float) -> None:
        """Wait on the main thread until something was asked, or `wake` was called, or the time is over."""
        with contextlib.suppress(queue.Empty):
            self._woken.get(timeout=max(0.0, timeout_s))
            while True:
                self._woken.get_nowait()

    def take_reload(self) -> bool:
        """Whether a reload was asked for since the last call."""
        asked, self._reload = self._reload, False
        return asked

    def _on_signal(self, number: int, _frame: Any) -> None:
        if number == signal.SIGHUP:
            self.ask_to_reload()
        elif self.stopping:
            self._leave(128 + number)  # asked twice: out at once; the journal of the store makes that safe
        else:
            self.ask_to_stop()


def _name_threads(_number: int, _frame: Any) -> None:
    for thread in threading.enumerate():
        os.write(2, f"Thread 0x{thread.ident or 0:016x} is {thread.name}\n".encode())
