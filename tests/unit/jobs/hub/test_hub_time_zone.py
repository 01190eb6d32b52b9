"""The hub's zone: IANA names, POSIX texts in TZ as the C library reads them, and what is refused (R53, CLI-10)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs.hub.config_checks import check_values
from jobs.hub.settings import Settings
from jobs.hub.time_zone import ZoneInvalid, system_zone, zone, zone_name
from jobs.intake.start_time import read_start, show

#: The C library's own clock for a TZ: one line of local time and offset for every tenth day, and around the rules.
_ASK_C = """
import time
for moment in range(1_798_761_600, 1_830_297_600, 864_000 // 2 + 1800):
    print(time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment)), time.localtime(moment).tm_gmtoff)
"""


@pytest.mark.parametrize(
    "text",
    [
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "CET-1CEST",  # without rules the C library takes those of the USA
        "UTC-2",
        "UTC+2",
        "GMT0",
        "<+03>-3",
        "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "AEST-10AEDT,M10.1.0,M4.1.0/3",
        "JST-9",
        "NST3:30NDT,M3.2.0,M11.1.0",
        "XXX3YYY,J60,J300",
        "XXX3YYY,59/1,300/1:30",
        "EST5EDT",
        ":Europe/Berlin",
        "Europe/Berlin",
        "",
    ],
)
def test_CLI_10_TZ_is_read_as_the_c_library_reads_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", _ASK_C], env={**os.environ, "TZ": text}, capture_output=True, check=True
    )
    monkeypatch.setenv("TZ", text)
    where = system_zone()
    moments = range(1_798_761_600, 1_830_297_600, 864_000 // 2 + 1800)
    ours = [
        f"{datetime.fromtimestamp(m, where):%Y-%m-%d %H:%M:%S} {datetime.fromtimestamp(m, where).utcoffset().total_seconds():.0f}"  # type: ignore[union-attr]
        for m in moments
    ]
    assert ours == asked.stdout.decode().splitlines()


@pytest.mark.parametrize(
    "text",
    [
        "Nowhere/Land", "Europe/Berlni", "CEST", "AB3", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3 ", "/nowhere", "/etc/passwd", "../../etc/passwd", " Europe/Berlin", "+01:00", "local",
    ],
)  # fmt: skip
def test_CLI_10_a_TZ_that_is_no_zone_is_never_taken_for_utc(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", text)
    with pytest.raises(ZoneInvalid, match="the variable TZ is"):
        zone("")
    assert [key for key, _ in check_values(Settings())] == ["posting.timezone"]
    assert zone("Asia/Tokyo") == ZoneInfo("Asia/Tokyo"), "a configured zone does not depend on TZ"


def test_CLI_10_a_near_zone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlni")
    with pytest.raises(ZoneInvalid, match='did you mean "Europe/Berlin"'):
        system_zone()
    with pytest.raises(ZoneInvalid, match=r"write e\.g\. Europe/Berlin"):
        zone("x")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("America/New York", "America/New_York"),
        ("Berlni", "Europe/Berlin"),
        ("utc", "UTC"),
    ],
)
def test_a_city_and_another_case_lead_to_the_zone(name: str, meant: str) -> None:
    with pytest.raises(ZoneInvalid, match=f'did you mean "{meant}"'):
        zone(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GMT+2", '"Etc/GMT-2" is 2 h ahead of UTC'),
        ("UTC+2", '"Etc/GMT-2" is 2 h ahead of UTC'),
        ("gmt +02:00", '"Etc/GMT-2" is 2 h ahead of UTC'),
        ("UTC-05", '"Etc/GMT+5" is 5 h behind UTC'),
    ],
)
def test_CLI_10_an_offset_never_leads_to_the_zone_of_the_other_side(name: str, meant: str) -> None:
    with pytest.raises(ZoneInvalid, match=re.escape(meant)):
        zone(name)


@pytest.mark.parametrize("name", ["CEST", "MESZ", "BST", "IST", "AEDT", "PDT"])
def test_an_abbreviation_is_never_taken_for_a_misspelling_of_another_one(name: str) -> None:
    with pytest.raises(ZoneInvalid, match=r"is not a time zone; write e\.g\. Europe/Berlin$"):
        zone(name)


def test_the_zone_of_the_box_is_used_where_none_is_configured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    assert zone("") == ZoneInfo("America/New_York")
    rome = Path("/usr/share/zoneinfo/Europe/Rome")
    if rome.exists():
        monkeypatch.setenv("TZ", str(rome))
        assert zone_name(system_zone()) == "Europe/Rome"
        copy = tmp_path / "copy"
        copy.write_bytes(rome.read_bytes())
        monkeypatch.setenv("TZ", str(copy))
        assert zone_name(system_zone()) == str(copy)
    monkeypatch.delenv("TZ")
    assert zone_name(system_zone())
    monkeypatch.setenv("TZ", "")
    assert system_zone() is UTC


def test_CLI_10_summer_time_of_a_posix_text_moves_start_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    where, berlin = zone(""), ZoneInfo("Europe/Berlin")
    assert zone_name(where) == "CET-1CEST,M3.5.0,M10.5.0/3"
    now = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    for text in ("2027-03-28 02:30", "2027-10-31 02:30", "2027-07-01 12:00", "23:00"):
        ours, theirs = read_start(text, now, where), read_start(text, now, berlin)
        assert ours.at == theirs.at
        assert show(ours.at, where) == show(ours.at, berlin)
