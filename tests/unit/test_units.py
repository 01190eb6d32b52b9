"""What the systemd units promise, read as systemd reads them; `make long` runs them under a real one."""

from __future__ import annotations

import re
from pathlib import Path

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"


def service(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    section = ""
    for line in (SYSTEMD / name).read_text().splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = match[1]
        elif section == "Service" and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_a_child_that_runs_out_of_memory_does_not_stop_the_daemon() -> None:
    unit = service("tikmatrixd.service")
    assert unit["OOMPolicy"] == ["continue"]
    # A child may raise its own value above this one, and is ended first then.
    assert int(unit["OOMScoreAdjust"][0]) < 0


def test_both_units_have_a_hard_bound_of_memory() -> None:
    assert service("tikmatrixd.service")["MemoryMax"] == ["1G"]
    assert service("tikmatrixd.service")["MemorySwapMax"] == ["0"]
    assert service("tikmatrixd-adb.service")["MemoryMax"] == ["512M"]
