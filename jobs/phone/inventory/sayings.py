"""Limits journal lines to one per phone, kind and minute, and counts the repeats (PHN-4)."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from jobs.hub.clock import Clock

#: The same matter of the same phone is written at most this often.
EVERY_S = 60.0


@dataclass
class _Matter:
    """One kind of thing that happens to one phone."""

    said_at: float  #: monotonic, of the last line
    held: int = 0  #: how often it happened since
    level: int = logging.INFO
    sentence: str = ""  #: the newest one that was held back


class Sayings:
    """Writes at once what is new, and counts what repeats. Thread-safe."""

    def __init__(self, clock: Clock, log: logging.Logger) -> None:
        self._clock = clock
        self._log = log
        self._lock = threading.Lock()
        self.matters: dict[tuple[str, str], _Matter] = {}

    def say(self, serial: str, matter: str, sentence: str, *, level: int = logging.INFO) -> None:
        """`matter` is what makes two sentences the same thing: a state, or one word for what was tried."""
        now = self._clock.monotonic()
        with self._lock:
            known = self.matters.get((serial, matter))
            if known is not None and now - known.said_at < EVERY_S:
                known.held += 1
                known.level, known.sentence = level, sentence
                return
            self.matters[serial, matter] = _Matter(now)
        self._log.log(level, "%s: %s", serial, sentence)

    @property
    def due_at(self) -> float | None:
        """Monotonic time at which `flush` has something to write."""
        with self._lock:
            return min((m.said_at + EVERY_S for m in self.matters.values() if m.held), default=None)

    def flush(self) -> None:
        """Write what was held back for a minute, and forget what is over."""
        now = self._clock.monotonic()
        with self._lock:
            over = {key: m for key, m in self.matters.items() if now - m.said_at >= EVERY_S}
            for key, matter in over.items():
                if matter.held:
                    self.matters[key] = _Matter(now)
                else:
                    del self.matters[key]
        for (serial, _), matter in over.items():
            if matter.held:
                self._log.log(
                    matter.level,
                    "%s: %s (%d more times within a minute)",
                    serial,
                    matter.sentence,
                    matter.held,
                )
