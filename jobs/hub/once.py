"""Limits how often the same lasting problem is reported."""

from __future__ import annotations

from collections.abc import Hashable

from jobs.hub.clock import Clock


class Once:
    """Remembers matters by name. Not thread-safe."""

    def __init__(self, clock: Clock, again_s: float) -> None:
        self._clock = clock
        self._again_s = again_s
        self._reported_at: dict[Hashable, float] = {}

    def is_news(self, *matter: Hashable) -> bool:
        """Whether this was not reported lately; from now on it was."""
        now = self._clock.monotonic()
        self._reported_at = {known: at for known, at in self._reported_at.items() if now - at < self._again_s}
        if matter in self._reported_at:
            return False
        self._reported_at[matter] = now
        return True
