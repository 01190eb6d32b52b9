"""Tells people of pauses that last: what was paused by hand is easily forgotten (R62)."""

from __future__ import annotations

import logging

from jobs.hub.clock import Clock
from jobs.pace.pauses import Pauses
from jobs.task.announcements import Tell
from storage.errors import StoreError

_LOG = logging.getLogger(__name__)

#: How long a pause must last before it is reported, once.
AFTER_S = 24 * 3600.0
LOOK_EVERY_S = 60.0


class LongPauses:
    """One notification per pause; that it was told is kept with the pause. `turn` may be called as often as one likes."""

    def __init__(self, clock: Clock, pauses: Pauses, tell: Tell) -> None:
        self._clock = clock
        self._pauses = pauses
        self._tell = tell
        self._next_look = float("-inf")

    def turn(self) -> None:
        now = self._clock.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY_S
        for what, called, pause in list(self._pauses.all()):
            if pause.told or self._clock.now() - pause.since < AFTER_S:
                continue
            try:
                self._pauses.mark_told(what)
            except StoreError as error:
                _LOG.warning(
                    "the notice about a long pause is put off, because the store refused it: %s", error
                )
                continue
            sentence = (
                f"{self._pauses.sentence(called, pause)}; nothing new starts there before it is resumed"
            )
            self._tell("paused", sentence, paused=what, reason=pause.reason)
