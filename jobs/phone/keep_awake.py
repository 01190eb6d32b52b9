"""The screen stays on for an attempt (PHN-2), and the phone gets its own setting back, also after a crash of this box.

What was set before stands on the phone itself, beside the setting: the next session finds it, whatever
became of the daemon that wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from jobs.phone.adb.client import AdbPhone, Printed
from jobs.phone.adb.together import run_together

#: Both end the sleep: one while power is plugged in, the other on a phone that runs on its battery.
STAY_ON, TIMEOUT = ("global", "stay_on_while_plugged_in"), ("system", "screen_off_timeout")
#: Where the operator's values are kept.
BEFORE = {STAY_ON: "tikmatrixd_stay_on_before", TIMEOUT: "tikmatrixd_screen_off_timeout_before"}
#: AC, USB and wireless (BatteryManager); what `svc power stayon true` sets at least.
ALL_PLUGS = 7
#: The longest that a phone without power stays on by itself: longer than any attempt.
LONG_MS = 30 * 60 * 1000
_VALUE = re.compile(r"\d{1,10}")
_POWERED = re.compile(r"powered: true")
_SHELL_S = 5.0

Setting = tuple[str, str]


class Kept(NamedTuple):
    """One setting of the phone: its value now, and the operator's where ours stands in its place."""

    now: str
    before: str


class Found(NamedTuple):
    """What keeps a screen on."""

    stay_on: Kept
    timeout: Kept
    battery: str  #: what `dumpsys battery` says


#: What `read` makes a `Found` of.
QUESTIONS = (
    *(
        ("settings", "get", *place)
        for setting in (STAY_ON, TIMEOUT)
        for place in (setting, ("global", BEFORE[setting]))
    ),
    ("dumpsys", "battery"),
)


def read(answers: Sequence[Printed]) -> Found:
    """The answers to `QUESTIONS`."""
    *values, battery = (printed.text for printed in answers)
    # "null" is what no setting reads as; so does anything else that is no number.
    words = [word if _VALUE.fullmatch(word) else "" for word in (value.strip() for value in values)]
    return Found(Kept(words[0], words[1]), Kept(words[2], words[3]), battery)


def begin(phone: AdbPhone, found: Found) -> bool:
    """Keep the screen on; True when the phone has something to be given back at the end."""
    stay_on, timeout, battery = found
    plugged = _POWERED.search(battery) is not None
    lines = []
    if plugged and int(stay_on.now or "0") & ALL_PLUGS != ALL_PLUGS:
        lines += _remember(STAY_ON, stay_on)
        lines.append("svc power stayon true")
    if not plugged and int(timeout.now or "0") < LONG_MS:
        lines += _remember(TIMEOUT, timeout)
        lines.append(f"settings put {' '.join(TIMEOUT)} {LONG_MS}")
    if lines:
        phone.run(" && ".join(lines), timeout_s=_SHELL_S)
    return bool(lines or stay_on.before or timeout.before)


def end(phone: AdbPhone) -> bool:
    """Give the phone its own settings back; True when there was something to give back."""
    lines = []
    stay_on, timeout, _ = read(run_together(phone, *QUESTIONS, timeout_s=_SHELL_S))
    for setting, kept in ((STAY_ON, stay_on), (TIMEOUT, timeout)):
        if kept.before:
            place = " ".join(setting)
            lines.append(f"settings put {place} {kept.before}")
            lines.append(f"settings delete global {BEFORE[setting]}")
    if lines:
        phone.run(" && ".join(lines), timeout_s=_SHELL_S)
    return bool(lines)


def _remember(setting: Setting, kept: Kept) -> list[str]:
    """The operator's value is the first that was found: ours, left by a crash, is never taken for it."""
    return [] if kept.before else [f"settings put global {BEFORE[setting]} {kept.now or '0'}"]
