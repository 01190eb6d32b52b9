"""Counts how tasks ended since the start, for those who draw graphs."""

from __future__ import annotations

import threading
from collections import Counter

from storage.records import ENDED, Outcome, Task

#: What an end may be counted as: its outcome.
OUTCOMES = (Outcome.PUBLISHED, Outcome.NONE, Outcome.NOT_PUBLISHED, Outcome.UNKNOWN)


class Tally:
    """Thread-safe; starts at zero with the daemon, as counters do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended: Counter[tuple[str, Outcome]] = Counter()

    def moved(self, task: Task) -> None:
        """A task was moved; what a retry follows at once never gets here as an end."""
        if task.stage in ENDED:
            with self._lock:
                self._ended[task.platform, task.outcome] += 1

    def ended(self, platform: str, outcome: Outcome) -> int:
        """How many tasks of a platform ended so."""
        with self._lock:
            return self._ended[platform, outcome]
