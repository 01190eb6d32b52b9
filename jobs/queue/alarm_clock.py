"""APScheduler as an alarm clock on the injected clock: it rings at given times and does nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job
from apscheduler.schedulers.base import BaseScheduler

from jobs.hub.clock import Clock, utc

#: APScheduler tells at level info of every job that comes and goes.
_LOG = logging.getLogger("jobs.queue.alarm_clock.apscheduler")
_LOG.setLevel(logging.WARNING)


class _ClockZone(tzinfo):
    """UTC, but `datetime.now(zone)`, which APScheduler asks for the time, is what the injected clock says.

    `now` asks `fromutc`, and so does `astimezone`: moments must not be converted to this zone.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def fromutc(self, _moment: datetime) -> datetime:
        return utc(self._clock.now()).replace(tzinfo=self)

    def utcoffset(self, _moment: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, _moment: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, _moment: datetime | None) -> str:
        return "UTC"


class _CallDirectly(BaseExecutor):  # type: ignore[misc]
    """Runs a job where it is submitted: an alarm only sets a flag, and a pool would only be one more thing to drain."""

    def submit_job(self, job: Job, run_times: list[datetime]) -> None:
        # The base class counts running instances, here in the wrong order: it would keep an entry for ever.
        self._do_submit_job(job, run_times)

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        job.func(*job.args)


class AlarmClock(BaseScheduler):  # type: ignore[misc]
    """Rings at each set time; the thread that calls `turn` is the caller's.

    One job per time, each under an id of its own: adding a job under the id of one that is just being run would
    lose the new one. Nothing rings too late to count (`misfire_grace_time=None`).
    """

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._set: dict[float, str] = {}
        self._last_id = 0
        super().__init__(
            timezone=_ClockZone(clock),
            executors={"default": _CallDirectly()},
            job_defaults={"misfire_grace_time": None, "coalesce": True},
            logger=_LOG,
        )
        self.start()

    def wakeup(self) -> None:
        """Nothing to wake: the thread that sets an alarm also runs the clock."""

    def shutdown(self, wait: bool = True) -> None:
        """Forget all alarms; the thread is the caller's to stop."""
        super().shutdown(wait)

    def set(self, times: Iterable[float]) -> None:
        """Ring at these epoch seconds and, of those set before, no others."""
        wanted = set(times)
        for at in self._set.keys() - wanted:
            self.remove_job(self._set.pop(at))
        for at in wanted - self._set.keys():
            self._last_id += 1
            self._set[at] = f"due-{self._last_id}"
            moment = datetime.fromtimestamp(at, UTC)
            self.add_job(self._go_off, "date", run_date=moment, args=(at,), id=self._set[at])

    def turn(self) -> float | None:
        """Ring what is due; returns the seconds until the next alarm, None when none is set."""
        # Its own word on when to come again is a moment converted to the zone, hence always "now".
        self._process_jobs()
        return max(0.0, min(self._set) - self._clock.now()) if self._set else None

    def _go_off(self, at: float) -> None:
        self._set.pop(at, None)
        self._ring()
