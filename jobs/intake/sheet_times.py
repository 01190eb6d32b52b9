"""Dates and times as spreadsheets write them, in the form that the API takes."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OF_DAY = r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.]\d{2})?(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
_TIME = rf"(?:,?[ T]+{_OF_DAY})?"
_DOTS = re.compile(rf"(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_SLASHES = re.compile(rf"(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_YEAR_FIRST = re.compile(rf"(\d{{4}})[/-](\d{{1,2}})[/-](\d{{1,2}}){_TIME}", re.ASCII)
_CLOCK = re.compile(_OF_DAY, re.ASCII)


def is_day_first(cells: Iterable[str]) -> bool | None:
    """Whether 3/4/2027 is the third of April, judged by a whole column; None while no cell tells."""
    dates = [found for cell in cells if (found := _SLASHES.fullmatch(cell.strip()))]
    if any(int(found[1]) > 12 for found in dates):
        return True
    return False if any(int(found[2]) > 12 for found in dates) else None


def read_sheet_time(text: str, *, day_first: bool | None) -> str:
    """A start time as `YYYY-MM-DD HH:MM` or `HH:MM`; what is no time stays as it is, and is refused where times are read.

    Raises:
        ValueError: the day may be the month, and the other way round.
    """
    text = text.strip()
    if found := _YEAR_FIRST.fullmatch(text):
        return f"{_date(found[1], found[2], found[3])}{_clock(found)}"
    if found := _DOTS.fullmatch(text):
        return f"{_date(found[3], found[2], found[1])}{_clock(found)}"
    if found := _SLASHES.fullmatch(text):
        if day_first is None and int(found[1]) != int(found[2]):
            raise ValueError(f'"{text}" may be two days; write the year first: 2027-01-31 18:30')
        day, month = (found[1], found[2]) if day_first else (found[2], found[1])
        return f"{_date(found[3], month, day)}{_clock(found)}"
    if found := _CLOCK.fullmatch(text):
        return _clock(found).strip()
    return text


def _date(year: str, month: str, day: str) -> str:
    return f"{'20' if len(year) == 2 else ''}{year}-{int(month):02d}-{int(day):02d}"


def _clock(found: re.Match[str]) -> str:
    """A blank and HH:MM of what was found; nothing where it has no time of day."""
    if found["hour"] is None:
        return ""
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    return f" {hour:02d}:{found['minute']}"
