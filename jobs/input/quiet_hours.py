"""Reads spans of the day, such as 23:00-07:00, in which nothing is to start."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_SPAN = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})\s*[-\u2013\u2014]\s*([0-9]{1,2}):([0-9]{2})\s*", re.ASCII)
_DAY = 24 * 60


class QuietHoursInvalid(ValueError):
    """A text is no span of the day, or the spans leave no time to post; the message says why."""


class Span(NamedTuple):
    """From one minute of the day to another; over midnight where the end is not behind the start. `end` 1440 is midnight."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"

    @property
    def length(self) -> int:
        """Minutes."""
        return (self.end - self.start) % _DAY or _DAY


def read_quiet_hours(texts: Sequence[str]) -> tuple[Span, ...]:
    """The spans that texts like "23:00-07:00" name. Raises QuietHoursInvalid."""
    spans = tuple(_read(text) for text in texts)
    quiet = {(span.start + minute) % _DAY for span in spans for minute in range(span.length)}
    if len(quiet) == _DAY:
        raise QuietHoursInvalid("cover the whole day: nothing would ever be posted")
    return spans


def _read(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    start, end = (
        (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])) if found else (-1, -1)
    )
    if not found or start >= _DAY or end > _DAY or int(found[2]) > 59 or int(found[4]) > 59:
        raise QuietHoursInvalid(f'"{text}" is no span of the day like "23:00-07:00"')
    if start == end:
        raise QuietHoursInvalid(f'"{text}" begins and ends at the same time')
    return Span(start, end)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
