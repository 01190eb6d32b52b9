"""When the posts of an account ended, in real time: neither a clock that is put back nor one that is put forward makes a gap shorter."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from math import ceil

from jobs.hub.clock import Clock
from storage.errors import StoreError
from storage.records import ENDED, Task
from storage.store import Store
from storage.tables.account_times import UNDER_WAY, Time, places_of_post
from storage.tables.posts import Place, is_out

_LOG = logging.getLogger(__name__)

_NOTICED = "pace.noticed"


class PostTimes:
    """What was published or may have been, by the place that it counts for. Thread-safe."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.changes = 0  #: of what it answers; what was read before one is not kept
        #: Monotonic, when a post there ended: in this run, or as far as the wall clock knew when this one began.
        self._ended: dict[Place, float] = {}
        #: Posts whose time lay in the future when it was looked at, since the clock was put back: by task, when that was.
        self._noticed: dict[int, float] = {
            int(task_id): float(at) for task_id, at in dict(store.meta.get(_NOTICED, {})).items()
        }
        now, monotonic = clock.now(), clock.monotonic()
        for place, times in store.account_times.latest(now).items():
            # Of one that lies ahead, since the clock was put back, it counts when that was noticed.
            seen = [at if at <= now else self._noticed.get(task_id, at) for at, task_id in times]
            if known := [at for at in seen if at <= now]:
                self._ended[place] = monotonic - (now - max(known))

    def moved(self, task: Task) -> None:
        """A task was moved and written: the time since its post is counted, whatever the wall clock does meanwhile."""
        self.changes += is_out(task)
        if task.stage in ENDED and is_out(task):
            now = self._clock.monotonic()
            for place in places_of_post(task):
                self._ended[place] = now

    def clock_stepped(self) -> None:
        """The wall clock was put back, or the daemon starts: posts that lie ahead now count from this moment on."""
        now = self._clock.now()
        ahead = {task_id for at, task_id in self._store.account_times.posted_after(now) if at != UNDER_WAY}
        noticed = {task_id: min(self._noticed.get(task_id, now), now) for task_id in ahead}
        if noticed == self._noticed:
            return
        self._noticed = noticed
        self.changes += 1
        try:
            self._store.meta.set(_NOTICED, {str(task_id): at for task_id, at in noticed.items()})
        except StoreError as error:
            _LOG.warning("which posts lie ahead of the clock could not be stored: %s", error)

    def last(self, places: Sequence[Place], within_s: float, now: float) -> float | None:
        """When the newest post at these places ended, in wall time; None where that is longer ago than `within_s`."""
        recent = self._store.account_times.posted(places, now - within_s)
        last = max((self._seen_at(time, now) for time in recent), default=None)
        ended = [self._ended[place] for place in places if place in self._ended]
        if ended:
            # The wall clock may have been put forward since: the gap is of real time.
            ago_s = self._clock.monotonic() - max(ended)
            if ago_s < within_s and (last is None or last < now - ago_s - 1.0):
                last = float(ceil(now - ago_s))
        return last

    def count(
        self, places: Sequence[Place], now: float, day: tuple[float, float], planned: Sequence[float] = ()
    ) -> int:
        """The posts of a day, from its start to its end. One that lies ahead of the clock counts on both days.

        `planned` are moments of posts to come, which count too.
        """
        start, end = day
        return sum(start <= moment < end for moment in planned) + sum(
            start <= time[0] < end or start <= self._seen_at(time, now) < end
            for time in self._store.account_times.posted(places, start)
        )

    def _seen_at(self, time: Time, now: float) -> float:
        """When a post ended; of one under way, or that lies ahead of the clock, when that was noticed."""
        at, task_id = time
        return min(self._noticed.get(task_id, now), now) if at > now else at
