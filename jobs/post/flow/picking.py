"""Reads video durations in a media picker and compares them with the length of our file."""

from __future__ import annotations

import re

_DURATION = re.compile(r"^\s*(?:(\d+):)?(\d{1,2}):(\d{2})\s*$")
#: How often a grid that does not show our file yet is looked at again.
MAX_REFRESHES = 4


def seconds(label: str) -> int | None:
    """A duration label such as "0:18" or "1:02:03" in seconds; None when it is none."""
    match = _DURATION.match(label)
    if match is None:
        return None
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3])


def fits_duration(label_s: int, real_s: float | None) -> bool:
    """Whether a label can be that of a file: apps round and cut differently."""
    return real_s is None or abs(label_s - real_s) <= 1.5
