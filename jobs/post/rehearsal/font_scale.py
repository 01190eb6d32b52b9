"""How large a phone writes its texts: from some size on rows leave the screen and labels are cut."""

from __future__ import annotations

import re

from jobs.phone.protocol import PhoneSession

_SCALE = re.compile(r"\d{1,2}(\.\d{1,6})?", re.ASCII)


def read(phone: PhoneSession) -> float:
    """1.0 is as the phone was made, 0.0 is not told. Raises PhoneError, StopRequested, LeaseLost."""
    told = phone.shell("settings", "get", "system", "font_scale").output.strip()
    if told == "null":  # as long as its owner never chose one
        return 1.0
    return float(told) if _SCALE.fullmatch(told) else 0.0
