"""Dates and times as spreadsheets write them, in the form that the API takes."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OF_DAY = r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.][0-5]\d)?(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
_TIME = rf"(?:,?[ T]+{_OF_DAY})?"
_DOTS = re.compile(rf"(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_SLASHES = re.compile(rf"(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_YEAR_FIRST = re.compile(rf"(\d{{4}})[/-](\d{{1,2}})[/-](\d{{1,2}}){_TIME}", re.ASCII)
_CLOCK = re.compile(_OF_DAY, re.ASCII)
#: A quarter of a day, or 25 minutes past midnight.
_FRACTION = re.compile(r"0\.\d\d", re.ASCII)
#: Marks of direction, which some programs put around the parts of a date.
_MARKS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


def is_day_first(cells: Iterable[str]) -> bool | None:
    """Whether 3/4/2027 is the third of April, judged by a whole column; None while no cell tells."""
    dates = [found for cell in cells if (found := _SLASHES.fullmatch(_plain(cell)))]
    if any(int(found[1]) > 12 for found in dates):
        return True
    return False if any(int(found[2]) > 12 for found in dates) else None


def read_sheet_time(text: str, *, day_first: bool | None) -> str:
    """A start time as `YYYY-MM-DD HH:MM` or `HH:MM`; what is no time stays as it is, and is refused where times are read.

    Raises:
        ValueError: the day may be the month and the other way round, the time may be a part of a day, or there is no such
            hour before or after noon.
    """
    text = _plain(text)
    if found := _YEAR_FIRST.fullmatch(text):
        return f"{_date(found[1], found[2], found[3])}{_clock(found)}"
    if found := _DOTS.fullmatch(text):
        return f"{_date(found[3], found[2], found[1])}{_clock(found)}"
    if found := _SLASHES.fullmatch(text):
        if day_first is None and int(found[1]) != int(found[2]):
            raise ValueError(f'"{text}" may be two days; write the year first: 2027-01-31 18:30')
        day, month = (found[1], found[2]) if day_first else (found[2], found[1])
        return f"{_date(found[3], month, day)}{_clock(found)}"
    if _FRACTION.fullmatch(text):
        raise ValueError(
            f'"{text}" may be a spreadsheet\'s own number of a time; format the column as time, or write 00:{text[2:]}'
        )
    if found := _CLOCK.fullmatch(text):
        return _clock(found).strip()
    return text


def _plain(text: str) -> str:
    """The cell with ordinary blanks only: JavaScript and macOS write a narrow one that does not break before PM."""
    return " ".join(_MARKS.sub("", text).split())


def _date(year: str, month: str, day: str) -> str:
    return f"{'20' if len(year) == 2 else ''}{year}-{int(month):02d}-{int(day):02d}"


def _clock(found: re.Match[str]) -> str:
    """A blank and HH:MM of what was found; nothing where it has no time of day."""
    if found["hour"] is None:
        return ""
    hour = int(found["hour"])
    if found["half"]:
        after_noon = found["half"] in "pP"
        if hour > (23 if after_noon else 12):
            raise ValueError(f'"{found[0]}" is no time of day; write 18:30 or 6:30 PM')
        hour = hour % 12 + (12 if after_noon else 0)
    return f" {hour:02d}:{found['minute']}"
