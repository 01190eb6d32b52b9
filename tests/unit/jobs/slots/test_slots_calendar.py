"""When occurrences of slots are due (R60)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jobs.slots.calendar import occurrences
from storage.records import Slot

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def due(start: str, end: str, **fields: Any) -> list[str]:
    slot = Slot(
        id=1, name="", usernames=("anna",), created_at=0, planned_from=0, script_config={},
        **{"times": ("18:30",), **fields},
    )  # fmt: skip
    found = occurrences(slot, at(start), at(end), BERLIN)
    return [
        f"{one.day} {one.time} {datetime.fromtimestamp(one.at, BERLIN):%Y-%m-%d %H:%M %z}" for one in found
    ]


def test_times_fall_on_their_weekdays_from_the_first_to_the_last_day() -> None:
    found = due(
        "2027-01-01 00:00", "2027-01-31 00:00", weekdays=(0, 4), first_day="2027-01-08", last_day="2027-01-18"
    )
    assert [one[:10] for one in found] == ["2027-01-08", "2027-01-11", "2027-01-15", "2027-01-18"]


def test_both_ends_of_the_stretch_count() -> None:
    assert len(due("2027-01-04 18:30", "2027-01-05 18:30")) == 2
    assert due("2027-01-04 18:31", "2027-01-05 18:29") == []


def test_a_time_that_a_spring_night_leaves_out_is_due_in_the_first_minute_after() -> None:
    assert due("2027-03-28 00:00", "2027-03-28 23:00", times=("02:30",)) == [
        "2027-03-28 02:30 2027-03-28 03:00 +0200"
    ]


def test_a_time_that_an_autumn_night_has_twice_is_due_once_at_the_first() -> None:
    assert due("2027-10-31 00:00", "2027-10-31 23:00", times=("02:30",)) == [
        "2027-10-31 02:30 2027-10-31 02:30 +0200"
    ]


def test_midnight_belongs_to_the_day_that_begins() -> None:
    assert [one[:16] for one in due("2027-01-04 23:00", "2027-01-05 01:00", times=("00:00",))] == [
        "2027-01-05 00:00"
    ]
