"""Times of day: leniency, past ones, the current minute, daylight saving (R11)."""

from __future__ import annotations

import itertools
import random
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.intake.start_time import StartTimeInvalid, next_start, parse_time_of_day, read_start, show, spread

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, where: ZoneInfo = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=where, fold=fold).timestamp()


@pytest.mark.parametrize(
    ("text", "meant"),
    [("7:05", (7, 5)), ("07:05", (7, 5)), (" 23:59 ", (23, 59)), ("0:00", (0, 0)), ("00:00", (0, 0))],
)
def test_times_of_day_are_read_kindly(text: str, meant: tuple[int, int]) -> None:
    assert parse_time_of_day(text) == meant


@pytest.mark.parametrize(
    "text", ["24:00", "12:60", "12", "12:00:00", "7:5", "-1:00", "12.30", "noon", "1২:00", "x" * 1000]
)
def test_anything_else_is_no_time_of_day(text: str) -> None:
    with pytest.raises(StartTimeInvalid, match="is not a time of day HH:MM") as raised:
        parse_time_of_day(text)
    assert len(str(raised.value)) < 100


@pytest.mark.parametrize(
    ("now", "time", "meant"),
    [
        ("2026-11-23 12:00:30", "18:30", "2026-11-23 18:30:00"),
        ("2026-11-23 12:00:30", "12:01", "2026-11-23 12:01:00"),
        ("2026-11-23 12:00:30", "12:00", "2026-11-23 12:00:30"),  # the current minute is now
        ("2026-11-23 12:00:30", "11:59", "2026-11-24 11:59:00"),
        ("2026-12-31 23:59:59", "00:00", "2027-01-01 00:00:00"),
        ("2028-02-28 12:00:00", "10:00", "2028-02-29 10:00:00"),
        # Spring: 02:00 becomes 03:00 on 2026-03-29.
        ("2026-03-28 23:00:00", "02:30", "2026-03-29 03:00:00"),
        ("2026-03-29 01:30:00", "02:00", "2026-03-29 03:00:00"),
        ("2026-03-29 01:30:00", "03:00", "2026-03-29 03:00:00"),
        ("2026-03-29 03:00:20", "02:30", "2026-03-29 03:00:20"),
        ("2026-03-29 03:01:00", "02:30", "2026-03-30 02:30:00"),
    ],
)
def test_APS_6_a_time_of_day_becomes_a_moment(now: str, time: str, meant: str) -> None:
    assert show(next_start(*parse_time_of_day(time), at(now), BERLIN), BERLIN) == meant


def test_APS_6_a_repeated_hour_means_its_first_occurrence_that_is_not_past() -> None:
    first, second = at("2026-10-25 02:30", fold=0), at("2026-10-25 02:30", fold=1)
    assert second - first == 3600
    assert next_start(2, 30, at("2026-10-25 01:00"), BERLIN) == first
    assert next_start(2, 30, at("2026-10-25 02:10", fold=0), BERLIN) == first
    assert next_start(2, 30, at("2026-10-25 02:10", fold=1), BERLIN) == second
    assert next_start(2, 30, second + 20, BERLIN) == second + 20
    assert next_start(2, 30, at("2026-10-25 03:00"), BERLIN) == at("2026-10-26 02:30")


def test_a_day_that_a_country_skipped_moves_to_the_next_one() -> None:
    apia = ZoneInfo("Pacific/Apia")
    assert show(next_start(10, 0, at("2011-12-29 12:00", apia), apia), apia) == "2011-12-31 00:00:00"


def test_a_past_time_is_tomorrow_now_or_refused() -> None:
    now = at("2026-11-23 12:00:30")
    assert show(next_start(7, 0, now, BERLIN, "tomorrow"), BERLIN) == "2026-11-24 07:00:00"
    assert next_start(7, 0, now, BERLIN, "now") == now
    with pytest.raises(StartTimeInvalid, match="07:00 is already past today"):
        next_start(7, 0, now, BERLIN, "reject")
    assert next_start(12, 0, now, BERLIN, "reject") == now


@given(
    now=st.floats(min_value=0, max_value=4e9),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    name=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
)
def test_the_moment_is_never_past_nor_further_than_two_days(
    now: float, hour: int, minute: int, name: str
) -> None:
    where = ZoneInfo(name)
    moment = next_start(hour, minute, now, where)
    assert now <= moment <= now + 49 * 3600
    shown = datetime.fromtimestamp(moment, where)
    at_that_time = (shown.hour, shown.minute) == (hour, minute)
    # Else the hour does not exist on that day.
    gap = shown.replace(hour=hour, minute=minute, second=0, microsecond=0)
    assert (
        at_that_time
        or datetime.fromtimestamp(gap.timestamp(), where).hour != hour
        or where.key == "Australia/Lord_Howe"
    )


# --- dates (R53)

NOW = at("2026-11-23 12:00:30")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-11-23 18:30", "2026-11-23 18:30:00"),
        ("2026-11-23T18:30", "2026-11-23 18:30:00"),  # an input of type datetime-local
        ("2026-11-23 18:30:15", "2026-11-23 18:30:15"),  # as the API shows times
        (" 2026-11-23 18:30 ", "2026-11-23 18:30:00"),
        ("2026-11-23 12:00", "2026-11-23 12:00:30"),  # the current minute is now
        ("2026-12-01T17:30:00Z", "2026-12-01 18:30:00"),
        ("2026-12-01T17:30:00.000Z", "2026-12-01 18:30:00"),  # JavaScript
        ("2026-12-01T18:30:00.1234567+01:00", "2026-12-01 18:30:00"),  # .NET
        ("2026-12-01t17:30:00z", "2026-12-01 18:30:00"),
        ("2026-12-01 18:30:00+01:00", "2026-12-01 18:30:00"),  # Python
        ("2026-12-01T18:30:00+0100", "2026-12-01 18:30:00"),
        ("2026-12-01T12:30:00-05:00", "2026-12-01 18:30:00"),
        ("2026-12-01T18:30+01:00", "2026-12-01 18:30:00"),
        ("2027-07-01 18:30", "2027-07-01 18:30:00"),
        ("2027-11-24 12:00", "2027-11-24 12:00:00"),  # 366 days
    ],
)
def test_R53_a_date_with_a_time_becomes_a_moment(text: str, meant: str) -> None:
    start = read_start(text, NOW, BERLIN)
    assert show(start.at, BERLIN) == meant
    assert start.warning == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-11-23 11:59", "is past: it is 2026-11-23 12:00:30 now in the zone Europe/Berlin"),
        ("2025-11-23T18:30:00Z", "is past"),
        ("2026-11-23T10:59:59Z", "is past"),
        ("2027-11-24 12:01", "more than 366 days ahead"),
        ("2026-12-01", "has no time of day"),
        ("2026-13-01 10:00", "not a time that exists"),
        ("2027-02-29 10:00", "not a time that exists"),
        ("2026-12-01 24:00", "not a time that exists"),
        ("2026-12-01T18:30:00+25:00", "not a time that exists"),
        ("2026-12-01T18:30:00 01:00", "%2B"),
        ("1795435230", "seconds since 1970"),
        ("1795435230000", "seconds since 1970"),
        ("01.12.2026 18:30", "YYYY-MM-DD|2027-01-31"),
        ("12/01/2026 18:30", "2027-01-31"),
        ("6:30 PM", "18:30"),
        ("tomorrow 18:30", "2027-01-31"),
        ("18h30", "18:30"),
        ("now", "18:30"),
        ("x" * 1000, "is not a time of day HH:MM"),
        ("24:00", "midnight is 00:00 of the next day"),
        ("now", "that is left out, or empty, means now"),
        ("46357.770833", "a spreadsheet's own number of a day"),
        ("46357,75", "a spreadsheet's own number of a day"),
    ],
)
def test_R53_what_cannot_be_planned_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(StartTimeInvalid, match=why) as raised:
        read_start(text, NOW, BERLIN)
    assert len(str(raised.value)) < 220


def test_R53_a_time_of_day_that_means_tomorrow_says_so() -> None:
    start = read_start("11:59", NOW, BERLIN)
    assert show(start.at, BERLIN) == "2026-11-24 11:59:00"
    assert start.warning == (
        "11:59 is past today (it is 12:00 in Europe/Berlin): it means tomorrow, 2026-11-24 11:59"
    )
    assert read_start("12:00", NOW, BERLIN) == (NOW, "")
    assert read_start("12:01", NOW, BERLIN).warning == ""
    assert "it means now" in read_start("11:59", NOW, BERLIN, "now").warning


def test_R53_times_that_do_not_exist_or_come_twice_say_so() -> None:
    gap = read_start("2027-03-28 02:30", NOW, BERLIN)
    assert show(gap.at, BERLIN) == "2027-03-28 03:00:00"
    assert gap.warning == "02:30 does not exist on 2027-03-28, clocks are put forward: 03:00 is taken"
    twice = read_start("2027-10-31 02:30", NOW, BERLIN)
    assert twice.at == at("2027-10-31 02:30", fold=0)
    assert twice.warning == "02:30 comes twice on 2027-10-31: the first is taken"
    second = read_start("2027-10-31T02:30:00+01:00", NOW, BERLIN)
    assert (second.at, second.warning) == (at("2027-10-31 02:30", fold=1), "")
    night = at("2027-03-28 01:00")
    assert "does not exist" in read_start("02:30", night, BERLIN).warning


def test_intervals_add_up_from_task_to_task() -> None:
    starts = spread(100.0, 4, 1, 2, random.Random(1))
    assert starts[0] == 100.0
    assert all(60 <= later - earlier <= 120 for earlier, later in itertools.pairwise(starts))
    assert spread(100.0, 3, 0, 0, random.Random(1)) == [100.0, 100.0, 100.0]
