"""Looks after evidence, pauses and store every minute, and remembers the time for the next start."""

from __future__ import annotations

import logging
from collections.abc import Callable

from jobs.hub.clock import Clock
from jobs.hub.supervision import Loop
from jobs.pace.pauses import Pauses
from jobs.queue.clock_trust import ClockTrust
from jobs.run.evidence import Evidence
from storage.errors import StoreError
from storage.store import Store

_LOG = logging.getLogger(__name__)

#: How often wall time is remembered, for the next start's judgement of the clock.
STAMP_EVERY_S = 600.0
#: How often store and evidence are looked after.
EVERY_S = 60.0

_STAMP = "jobs.last_stamp"


def last_stamp(store: Store) -> float:
    """The wall time that the last run remembered; 0 where none did."""
    return float(store.meta.get(_STAMP, 0.0))


class Maintenance:
    """A loop of its own: on a failing disk a turn may take long."""

    def __init__(
        self,
        clock: Clock,
        store: Store,
        evidence: Evidence,
        pauses: Pauses,
        trust: ClockTrust,
        *,
        check_threads: Callable[[], None],
    ) -> None:
        """`check_threads` restarts what died, the thread that looks after the others included."""
        self._clock = clock
        self._store = store
        self._evidence = evidence
        self._pauses = pauses
        self._trust = trust
        self._check_threads = check_threads
        self._stamped = float("-inf")
        self.loop = Loop("maintenance", self.turn, clock, longest_wait_s=EVERY_S)

    def turn(self) -> float:
        """Look after everything once; in how many seconds again."""
        self._check_threads()
        # First what makes room: on a full disk the rest may fail.
        if self._evidence.needs_cleaning:
            self._evidence.clean()
        now, steady = self._clock.monotonic(), self._trust.steady
        if steady and now - self._stamped >= STAMP_EVERY_S:
            self.stamp()
            self._stamped = now
        self._pauses.tidy()
        self._store.maintain(self._clock.now(), forget=steady)
        return EVERY_S

    def stamp(self) -> None:
        """Remember the wall time."""
        try:
            self._store.meta.set(_STAMP, self._clock.now())
        except StoreError as error:
            _LOG.warning("the time could not be stored: %s", error)
