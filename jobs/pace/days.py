"""Days and quiet hours of the hub's zone as moments, through daylight saving."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from jobs.input.quiet_hours import Span


def day_bounds(at: float, where: tzinfo) -> tuple[float, float]:
    """When the day in which a moment lies begins, and when the next one does."""
    day = datetime.fromtimestamp(at, where).date()
    return _moment(day, 0, where), _moment(day + timedelta(days=1), 0, where)


def quiet_span(at: float, spans: Sequence[Span], where: tzinfo) -> tuple[Span, float] | None:
    """The span in which a moment lies, and the end of that span; of several spans the last to end. None outside all of them."""
    today = datetime.fromtimestamp(at, where).date()
    found: list[tuple[float, Span]] = []
    for span in spans:
        # Yesterday's may reach over midnight. A moment lies in what begins a day later only where clocks jump.
        for days in (-1, 0, 1):
            day = today + timedelta(days=days)
            last = day if span.end > span.start else day + timedelta(days=1)
            start, end = _moment(day, span.start, where), _moment(last, span.end, where)
            if start <= at < end:
                found.append((end, span))
    if not found:
        return None
    end, span = max(found)
    return span, end


def _moment(day: date, minute: int, where: tzinfo) -> float:
    """When clocks there show this minute of the day first; of a minute in a gap of spring, when they have jumped over it."""
    day, minute = (day + timedelta(days=1), 0) if minute == 24 * 60 else (day, minute)
    return datetime.combine(day, time(minute // 60, minute % 60), where).timestamp()
