"""When a task starts: what a caller wrote becomes a moment, through midnight and daylight saving (R53)."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from jobs.hub.time_zone import zone_name

_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s?(Z|z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
#: An offset whose "+" an address has turned into a blank.
_LOST_PLUS = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)? \d{2}:?\d{2}", re.ASCII)
#: Days since 1900, as a cell without a format shows a date between 1982 and 2119.
_DAY_NUMBER = re.compile(r"[3-7]\d{4}(?:[.,]\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST_GAP_MIN = 26 * 60
#: How far ahead a task may be planned.
LONGEST_AHEAD_DAYS = 366
FORMS = 'write "18:30", "2027-01-31 18:30" or, with an offset, "2027-01-31T18:30:00+01:00"'


class StartTimeInvalid(ValueError):
    """The text is not a start time, or the time is refused; the message says why."""


class Start(NamedTuple):
    """A moment in seconds since the epoch, and what a caller may not expect about it ("" when there is nothing)."""

    at: float
    warning: str = ""


def read_start(text: str, now: float, where: tzinfo, past: str = "tomorrow") -> Start:
    """The moment that a caller means. The current minute means now.

    Args:
        text: "HH:MM" or "YYYY-MM-DD HH:MM" in the zone `where`, or RFC 3339 with an offset.
        now: Seconds since the epoch.
        where: The hub's zone.
        past: What an earlier time of day means: "tomorrow", "now" or "reject". An earlier date is always refused.

    Raises:
        StartTimeInvalid: it is none of these, past, or more than 366 days ahead.
    """
    text = text.strip()
    if _TIME.fullmatch(text):
        return _of_day(*parse_time_of_day(text), now, where, past)
    start = _of_date(text, where)
    if start.at < now - now % 60:
        raise StartTimeInvalid(
            f'"{text}" is past: it is {show(now, where)} now in the zone {zone_name(where)}'
        )
    if start.at > now + LONGEST_AHEAD_DAYS * 86400:
        raise StartTimeInvalid(f'"{text}" is more than {LONGEST_AHEAD_DAYS} days ahead')
    return Start(max(start.at, now), start.warning)


def names_no_day(text: str) -> bool:
    """Whether it is a time of day alone: which moment that means depends on what the clock says now."""
    return _TIME.fullmatch(text.strip()) is not None


def read_moment(text: str, now: float, where: tzinfo, *, end_of_day: bool = False) -> float:
    """The moment that a question about tasks means; it may be past, and as far ahead as it likes.

    Args:
        text: As `read_start` takes it, or a date alone.
        now: Seconds since the epoch; a time of day is that of today.
        where: The hub's zone.
        end_of_day: A date alone means the last moment of that day, not the first.

    Raises:
        StartTimeInvalid: it is none of these.
    """
    text = text.strip()
    if _TIME.fullmatch(text):
        hour, minute = parse_time_of_day(text)
        today = datetime.fromtimestamp(now, where).replace(tzinfo=None, fold=0)
        return on_wall(today.replace(hour=hour, minute=minute, second=0, microsecond=0), where).at
    if not _DATE.fullmatch(text):
        return _of_date(text, where).at
    midnight = _of_date(f"{text} 00:00", where).at
    if not end_of_day:
        return midnight
    next_day = datetime.fromisoformat(text) + timedelta(days=1)
    return math.nextafter(on_wall(next_day, where).at, midnight)


def _of_date(text: str, where: tzinfo) -> Start:
    """A date with a time of day. Raises StartTimeInvalid."""
    found = _DATE_TIME.fullmatch(text)
    if not found:
        raise StartTimeInvalid(_why_not(text))
    try:
        wall = datetime(*(int(part or 0) for part in found.groups()[:6]))  # type: ignore[arg-type]  # noqa: DTZ001
        if not 1970 <= wall.year < 9999:
            raise ValueError(f"the year {wall.year} is out of range")
        offset = found[7] and _offset(found[7])
    except ValueError as error:
        raise StartTimeInvalid(f'"{text}" is not a time that exists: {error}; {FORMS}') from None
    return Start(wall.replace(tzinfo=offset).timestamp()) if offset else on_wall(wall, where)


def parse_time_of_day(text: str) -> tuple[int, int]:
    """Hour and minute of "HH:MM"; "7:05" is 07:05. Raises StartTimeInvalid."""
    match = _TIME.fullmatch(text.strip())
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        midnight = "; midnight is 00:00 of the next day" if text.strip() == "24:00" else ""
        raise StartTimeInvalid(f"{_quoted(text)} is not a time of day HH:MM{midnight}")
    return int(match[1]), int(match[2])


def next_start(hour: int, minute: int, now: float, where: tzinfo, past: str = "tomorrow") -> float:
    """The moment that a time of day means, in seconds since the epoch.

    The current minute means now. A time in the gap of a spring night means the first valid minute after it, one that
    an autumn night has twice the first of the two that is not past.

    Args:
        hour: 0 to 23.
        minute: 0 to 59.
        now: Seconds since the epoch.
        where: The zone that the time of day is in.
        past: What an earlier time means: "tomorrow", "now" or "reject".

    Raises:
        StartTimeInvalid: it is past, and that is refused.
    """
    today = datetime.fromtimestamp(now, where)
    wall = today.replace(hour=hour, minute=minute, second=0, microsecond=0, tzinfo=None)
    this_minute = now - now % 60
    for moment in _moments(wall, where):
        if moment >= this_minute:
            return max(moment, now)
    if past == "now":
        return now
    if past == "reject":
        raise StartTimeInvalid(f"{hour:02d}:{minute:02d} is already past today")
    return next(_moments(wall + timedelta(days=1), where))


def _of_day(hour: int, minute: int, now: float, where: tzinfo, past: str) -> Start:
    moment = next_start(hour, minute, now, where, past)
    wanted = f"{hour:02d}:{minute:02d}"
    today, then = datetime.fromtimestamp(now, where), datetime.fromtimestamp(moment, where)
    if then.date() != today.date():
        return Start(
            moment,
            f"{wanted} is past today (it is {today:%H:%M} in {zone_name(where)}): it means tomorrow, {then:%Y-%m-%d %H:%M}",
        )
    if moment == now and wanted != f"{today:%H:%M}" and past == "now":
        return Start(
            moment, f"{wanted} is past today (it is {today:%H:%M} in {zone_name(where)}): it means now"
        )
    if moment > now and wanted != f"{then:%H:%M}":
        return Start(moment, _gap(today.replace(hour=hour, minute=minute, tzinfo=None), then))
    return Start(moment)


def on_wall(wall: datetime, where: tzinfo) -> Start:
    """The first moment at which clocks there show this, or the first after the gap that swallows it."""
    moments = list(_moments(wall, where))
    then = datetime.fromtimestamp(moments[0], where)
    if then.replace(tzinfo=None, fold=0) != wall:
        return Start(moments[0], _gap(wall, then))
    if len(moments) > 1:
        return Start(moments[0], f"{wall:%H:%M} comes twice on {wall:%Y-%m-%d}: the first is taken")
    return Start(moments[0])


def _gap(wall: datetime, then: datetime) -> str:
    return f"{wall:%H:%M} does not exist on {wall:%Y-%m-%d}, clocks are put forward: {then:%H:%M} is taken"


def _moments(wall: datetime, where: tzinfo) -> Iterator[float]:
    """The moments at which clocks there show this, or the first minute after it that they show at all."""
    for _ in range(_LONGEST_GAP_MIN):
        found = sorted({wall.replace(tzinfo=where, fold=fold).timestamp() for fold in (0, 1)})
        shown = [m for m in found if datetime.fromtimestamp(m, where).replace(tzinfo=None, fold=0) == wall]
        if shown:
            yield from shown
            return
        wall = wall.replace(second=0) + timedelta(minutes=1)


def _offset(text: str) -> timezone:
    if text in "Zz":
        return UTC
    sign = -1 if text[0] == "-" else 1
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(f"the offset {text} is too large")
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def _why_not(text: str) -> str:
    shown = _quoted(text)
    if _LOST_PLUS.fullmatch(text):
        return f"{shown}: the + of the offset became a blank; in an address it is written %2B"
    if _DATE.fullmatch(text):
        return f"{shown} has no time of day; {FORMS}"
    if text.casefold() == "now":
        return f"{shown} is no time: a start time that is left out, or empty, means now; {FORMS}"
    if _DAY_NUMBER.fullmatch(text):
        return f"{shown} looks like a spreadsheet's own number of a day: format the column as date and time; {FORMS}"
    if text.isdigit() and len(text) >= 9:
        return f"{shown} looks like seconds since 1970 (or milliseconds); {FORMS}"
    return f"{shown} is not a time of day HH:MM and no date with a time; {FORMS}"


def _quoted(text: str) -> str:
    return f'"{text if len(text) <= 40 else text[:37] + "..."}"'


def show(seconds: float, where: tzinfo) -> str:
    """`YYYY-MM-DD HH:MM:SS` on the clock of that zone, as the API shows times."""
    return datetime.fromtimestamp(seconds, where).strftime("%Y-%m-%d %H:%M:%S")


def spread(
    first: float, count: int, min_minutes: int, max_minutes: int, choice: random.Random
) -> list[float]:
    """Start times of the tasks of one request: between neighbours a random pause."""
    starts = [first]
    while len(starts) < count:
        starts.append(starts[-1] + choice.uniform(min_minutes * 60.0, max_minutes * 60.0))
    return starts
