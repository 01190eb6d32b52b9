"""When a task starts: a time of day on the box's clock becomes a moment, through midnight and daylight saving."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_TIME = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})\s*", re.ASCII)
_LOCALTIME = Path("/etc/localtime")
_ZONEINFO = "/zoneinfo/"
_LONGEST_GAP_MIN = 26 * 60


class StartTimeInvalid(ValueError):
    """The text is no time of day, or is past where that is refused; the message says which."""


def zone(name: str) -> tzinfo:
    """The zone of this IANA name; "" means the system's, with its rules for daylight saving."""
    return ZoneInfo(name) if name else system_zone()


def system_zone() -> tzinfo:
    """The zone of the box: the TZ variable, else /etc/localtime, else UTC."""
    variable = os.environ.get("TZ", "").removeprefix(":")
    if variable and not variable.startswith("/"):
        try:
            return ZoneInfo(variable)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return UTC
    file = Path(variable) if variable else _LOCALTIME
    try:
        real = str(file.resolve(strict=True))
        if _ZONEINFO in real:
            return ZoneInfo(real.partition(_ZONEINFO)[2].removeprefix("posix/").removeprefix("right/"))
        with file.open("rb") as data:
            return ZoneInfo.from_file(data, key="local")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def parse_time_of_day(text: str) -> tuple[int, int]:
    """Hour and minute of "HH:MM"; "7:05" is 07:05. Raises StartTimeInvalid."""
    match = _TIME.fullmatch(text)
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise StartTimeInvalid(f'"{shown}" is not a time of day HH:MM')
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


def _moments(wall: datetime, where: tzinfo) -> Iterator[float]:
    """The moments at which clocks there show this, or the first minute after it that they show at all."""
    for _ in range(_LONGEST_GAP_MIN):
        found = sorted({wall.replace(tzinfo=where, fold=fold).timestamp() for fold in (0, 1)})
        shown = [m for m in found if datetime.fromtimestamp(m, where).replace(tzinfo=None, fold=0) == wall]
        if shown:
            yield from shown
            return
        wall += timedelta(minutes=1)


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
