"""Why a task that is due does not start yet, and until when."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import NamedTuple

from storage.records import Waiting


class Hold(NamedTuple):
    """A reason, one sentence, and the moment (seconds since the epoch) at which it is over, where that is known."""

    reason: Waiting
    sentence: str
    until: float | None = None
    in_line: bool = False  #: it is true of whatever waits behind others, also while these move on


class Line(NamedTuple):
    """Why posts of one account wait: the first ones, each by itself, and all behind them."""

    first: tuple[Hold, ...]
    behind: Hold


def clock_time(at: float, where: tzinfo, *, up: bool = True) -> str:
    """`YYYY-MM-DD HH:MM` on the clocks of the zone; seconds are rounded up to the next minute, or left out."""
    return datetime.fromtimestamp(-(-at // 60) * 60 if up else at, where).strftime("%Y-%m-%d %H:%M")
