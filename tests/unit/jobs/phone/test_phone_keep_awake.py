"""The screen's settings: set for an attempt, and the operator's given back whatever happened in between (PHN-2)."""

from __future__ import annotations

import re
from typing import cast

import pytest

from jobs.phone import keep_awake
from jobs.phone.adb.client import AdbPhone, Printed
from jobs.phone.adb.together import run_together

ON, ON_BEFORE = "global stay_on_while_plugged_in", "global tikmatrixd_stay_on_before"
OFF, OFF_BEFORE = "system screen_off_timeout", "global tikmatrixd_screen_off_timeout_before"


class Phone:
    """A shell that knows `settings`, `svc power stayon` and the battery."""

    def __init__(self, *, plugged: bool = True, **settings: str) -> None:
        self.values = {ON: "0", OFF: "60000"} | settings
        self.plugged = plugged
        self.refuses = False

    serial = "S"

    def run(self, line: str, *, timeout_s: float) -> Printed:
        out = []
        for command in re.split("; | && ", line):
            words = command.removesuffix(" 2>&1").split()
            key = " ".join(words[2:4])
            if words[:2] == ["settings", "get"]:
                out.append(self.values.get(key, "null"))
            elif words == ["dumpsys", "battery"]:
                out.append(f"  AC powered: false\n  USB powered: {str(self.plugged).lower()}")
            elif words[0] == "echo":
                out.append(words[1].replace("$?", "0"))
            elif self.refuses:
                return Printed(b"", b"java.lang.SecurityException", 255)
            elif words[:2] == ["settings", "put"]:
                self.values[key] = words[4]
            elif words[:2] == ["settings", "delete"]:
                self.values.pop(key, None)
            elif words == ["svc", "power", "stayon", "true"]:
                self.values[ON] = "7"
            else:
                raise AssertionError(command)
        return Printed(("\n".join(out) + "\n").encode(), b"", 0)


def begin(phone: Phone) -> bool:
    on_phone = cast("AdbPhone", phone)
    found = keep_awake.read(run_together(on_phone, *keep_awake.QUESTIONS, timeout_s=5.0))
    return keep_awake.begin(on_phone, found)


def end(phone: Phone) -> bool:
    return keep_awake.end(cast("AdbPhone", phone))


@pytest.mark.parametrize("own", ["0", "2", "null"])
def test_a_plugged_phone_stays_on_and_gets_its_own_value_back(own: str) -> None:
    phone = Phone(**{ON: own})
    assert begin(phone)
    assert (phone.values[ON], phone.values[OFF]) == ("7", "60000")
    assert end(phone)
    assert phone.values == {ON: "0" if own == "null" else own, OFF: "60000"}
    assert not end(phone)


def test_a_phone_on_its_battery_stays_on_by_its_timeout() -> None:
    phone = Phone(plugged=False)
    assert begin(phone)
    assert (phone.values[ON], phone.values[OFF]) == ("0", "1800000")
    assert end(phone)
    assert phone.values == {ON: "0", OFF: "60000"}


def test_what_a_crash_left_is_never_taken_for_the_operator_s() -> None:
    phone = Phone()
    assert begin(phone)
    assert begin(phone)  # the next daemon, which did not see the end of the first
    assert end(phone)
    assert phone.values == {ON: "0", OFF: "60000"}


@pytest.mark.parametrize("own", ["7", "15"])
def test_a_phone_that_stays_on_by_itself_is_left_alone(own: str) -> None:
    phone = Phone(**{ON: own})
    assert not begin(phone)
    assert phone.values == {ON: own, OFF: "60000"}
    assert not end(phone)


def test_nothing_that_a_phone_prints_gets_into_a_command() -> None:
    phone = Phone(**{ON: "0; rm -rf /sdcard", ON_BEFORE: "$(reboot)", OFF_BEFORE: "1 2"})
    assert begin(phone)
    assert phone.values[ON_BEFORE] == "0"
    assert end(phone)
    assert phone.values[ON] == "0"
