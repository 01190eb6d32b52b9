"""When the occurrences of a slot are due, through daylight saving (R60)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from jobs.intake.start_time import on_wall, parse_time_of_day
from storage.records import Occurrence, Slot

#: The longest stretch of days that is looked at, whatever the clock says.
_MOST_DAYS = 400
_A_MONDAY = date(1970, 1, 5)


class Due(NamedTuple):
    """One time of a slot, for all its accounts."""

    at: float
    day: str
    time: str


def occurrences(slot: Slot, start: float, end: float, where: tzinfo) -> Iterator[Due]:
    """What is due from `start` up to and including `end`, day by day.

    A time in the gap of a spring night is due in the first minute after it, one that an autumn night has twice the first
    time.
    """
    day = datetime.fromtimestamp(start, where).date() - timedelta(days=1)
    last = datetime.fromtimestamp(end, where).date() + timedelta(days=1)
    for _ in range(_MOST_DAYS):
        if day > last:
            return
        if _falls_on(slot, day):
            for time in slot.times:
                one = _due(day, time, where)
                if start <= one.at <= end:
                    yield one
        day += timedelta(days=1)


def due(day: str, time: str, where: tzinfo) -> Due:
    """When this time of this day (YYYY-MM-DD, HH:MM) is due on the clock of a zone."""
    return _due(date.fromisoformat(day), time, where)


def number_of(slot: Slot, day: str, time: str, where: tzinfo) -> int:
    """The how-many-th time of a slot this is, from 0 at its first after it was created, as its days and times are now."""
    number = _count(slot, date.fromisoformat(day), time)
    first = datetime.fromtimestamp(slot.created_at, where).date()
    if slot.first_day:
        first = max(first, date.fromisoformat(slot.first_day))
    for _ in range(8):
        if _falls_on(slot, first):
            for begins in slot.times:
                if _due(first, begins, where).at >= slot.created_at:
                    return max(0, number - _count(slot, first, begins))
        first += timedelta(days=1)
    return number


def _count(slot: Slot, day: date, time: str) -> int:
    """A number that grows by one from each time of a slot to its next."""
    weeks, weekday = divmod((day - _A_MONDAY).days, 7)
    days = weeks * len(slot.weekdays) + sum(other < weekday for other in slot.weekdays)
    return days * len(slot.times) + slot.times.index(time)


def makes(slot: Slot, occurrence: Occurrence) -> bool:
    """Whether a slot, as it is now, makes this occurrence; while it is paused, whether it will again."""
    names = {name.casefold() for name in slot.usernames}
    here = occurrence.username.casefold() in names and occurrence.time in slot.times
    return here and _falls_on(slot, date.fromisoformat(occurrence.day))


def _falls_on(slot: Slot, day: date) -> bool:
    text = day.isoformat()
    return (
        day.weekday() in slot.weekdays
        and (not slot.first_day or text >= slot.first_day)
        and (not slot.last_day or text <= slot.last_day)
    )


def _due(day: date, time: str, where: tzinfo) -> Due:
    hour, minute = parse_time_of_day(time)
    wall = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - the zone is applied in on_wall
    return Due(on_wall(wall, where).at, day.isoformat(), time)
