"""What of a plan breaks the pace is said when it is made; it is taken all the same (R61)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jobs.hub.settings import Posting
from jobs.pace.pace import Pace
from jobs.pace.plans import Plans
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    return datetime.fromisoformat(f"2027-01-{text}").replace(tzinfo=BERLIN).timestamp()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, reserve_bytes=0) as opened:
        yield opened


def said(store: Store, *times: str, username: str = "kim", **posting: Any) -> list[str]:
    """What is said of tasks at these times."""
    pace = Pace(store, FakeClock(now=at("15 12:00")), Posting(timezone="Europe/Berlin", **posting))
    return Plans(store, pace).of_tasks([new_task(at=at(text), username=username) for text in times])


def test_nothing_is_said_without_limits_or_within_them(store: Store) -> None:
    assert said(store, "16 10:00", "16 10:00") == []
    assert (
        said(store, "16 10:00", "16 11:00", min_gap_minutes=60, max_per_day=2, quiet_hours=("23:00-07:00",))
        == []
    )
    assert said(store, "16 10:00", "16 10:00", username="", max_per_day=1) == []


def test_more_posts_than_a_day_takes_are_said_together_with_what_waits_already(store: Store) -> None:
    store.tasks.create([new_task(at=at("16 09:00"), username="kim")])
    assert said(store, "16 10:00", "16 11:00", "17 10:00", max_per_day=2) == [
        "@kim has 3 posts on 2027-01-16, its pace allows 2 a day: the rest waits for a later day"
    ]


def test_posts_that_are_too_near_are_said_once(store: Store) -> None:
    store.tasks.create([new_task(at=at("16 10:20"), username="Kim")])
    assert said(store, "16 10:00", "18 10:00", "18 10:05", min_gap_minutes=30) == [
        "@kim has posts at 2027-01-16 10:00 and 10:20 (and 1 more), nearer than the 30 minutes of its pace: the later one waits"
    ]


def test_posts_in_quiet_hours_are_said(store: Store) -> None:
    assert said(store, "17 02:00", "16 23:30", "16 12:00", quiet_hours=("23:00-07:00",)) == [
        "@kim: 2027-01-16 23:30 (and 1 more) lies in the quiet hours 23:00-07:00: it waits for their end"
    ]
