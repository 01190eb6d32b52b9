"""How soon and how often an account posts, and the hub's quiet hours (R61)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jobs.hub.settings import Posting
from jobs.pace.pace import Pace
from jobs.task.attempt import OnHold
from storage.records import Outcome, Stage, Task, Waiting
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600.0


def at(text: str) -> float:
    """A moment on Berlin's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


class Rig:
    """A pace on a real store at noon of a winter's day."""

    def __init__(self, store: Store, **posting: Any) -> None:
        self.store = store
        self.clock = FakeClock(now=at("2027-01-15 12:00"))
        self.posting = Posting(**{"timezone": "Europe/Berlin", **posting})
        self.trusts_clock = True
        self.restart()

    def restart(self) -> None:
        self.pace = Pace(self.store, self.clock, self.posting, lambda: self.trusts_clock)

    def task(self, serial: str = "A", **facts: Any) -> Task:
        new = new_task(serial, at=self.clock.now(), stage=Stage.QUEUED, **facts)
        return self.store.tasks.create([new])[0]

    def posted(self, serial: str = "A", *, outcome: Outcome = Outcome.PUBLISHED, **facts: Any) -> Task:
        """A post that has ended just now."""
        stage = Stage.PUBLISHED if outcome is Outcome.PUBLISHED else Stage.FAILED
        seen = facts.pop("account_seen", "")
        task = self.task(serial, **facts)
        done = self.store.tasks.change(
            task.id, stage=stage, outcome=outcome, finished_at=self.clock.now(), account_seen=seen
        )
        self.pace.moved(done)
        return done

    def until(self, task: Task) -> str:
        """Until when a task waits, "" when it may start."""
        hold = self.pace.hold(task)
        if hold is None:
            return ""
        assert hold.reason is Waiting.PACE
        assert hold.until is not None
        return datetime.fromtimestamp(hold.until, BERLIN).strftime("%Y-%m-%d %H:%M")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, reserve_bytes=0) as opened:
        yield opened


def test_without_limits_nothing_waits(store: Store) -> None:
    rig = Rig(store)
    rig.posted(username="kim")
    assert rig.until(rig.task(username="kim")) == ""


def test_an_account_leaves_its_gap_after_the_end_of_its_last_post(store: Store) -> None:
    rig = Rig(store, min_gap_minutes=90)
    rig.posted(username="kim")
    task = rig.task(username="KIM")
    hold = rig.pace.hold(task)
    assert hold is not None
    assert hold.sentence == "@KIM leaves 90 minutes between two posts: it waits until 2027-01-15 13:30"
    assert rig.until(rig.task(username="lee")) == ""
    rig.clock.advance(90 * 60)
    assert rig.until(task) == ""


def test_each_of_the_first_that_wait_is_told_its_own_earliest_moment(store: Store) -> None:
    rig = Rig(store, min_gap_minutes=240, max_per_day=3, quiet_hours=("22:00-07:00",))
    rig.posted(username="kim")
    task = rig.task(username="kim")
    hold = rig.pace.hold(task)
    assert hold is not None
    first, behind = rig.pace.line(task, hold, 5)
    assert first[0] == hold
    times = [datetime.fromtimestamp(one.until or 0.0, BERLIN).strftime("%d %H:%M") for one in first]
    assert times == ["15 16:00", "15 20:00", "16 07:00", "16 11:00", "16 15:00"]
    assert first[2].sentence == (
        "@kim leaves 4 hours between two posts; quiet hours 22:00-07:00: "
        "behind 2 other posts it waits until 2027-01-16 07:00 at the earliest"
    )
    assert behind == (Waiting.PACE, "posts of @kim that were due before it come first", None, True)


def test_what_quiet_hours_alone_hold_back_may_all_start_when_they_end(store: Store) -> None:
    rig = Rig(store, quiet_hours=("11:00-13:00",))
    task = rig.task(username="kim")
    hold = rig.pace.hold(task)
    assert hold is not None
    assert rig.pace.line(task, hold, 5) == ((), hold)


@pytest.mark.parametrize("outcome", [Outcome.NONE, Outcome.NOT_PUBLISHED])
def test_what_was_not_published_counts_for_nothing(store: Store, outcome: Outcome) -> None:
    rig = Rig(store, min_gap_minutes=90, max_per_day=1)
    rig.posted(username="kim", outcome=outcome)
    assert rig.until(rig.task(username="kim")) == ""


def test_a_post_that_may_be_out_counts_and_so_does_one_whose_task_was_deleted_or_retried(
    store: Store,
) -> None:
    rig = Rig(store, max_per_day=1)
    media = ({"path": "/m/a", "name": "a", "sha256": "a" * 64, "size_bytes": 1, "kind": "video"},)
    from msgspec import convert

    from storage.records import MediaFile

    files = tuple(convert(one, MediaFile) for one in media)
    for name, after in (("kim", "kept"), ("lee", "deleted"), ("max", "retried")):
        task = rig.posted(username=name, outcome=Outcome.UNKNOWN, materials=files)
        if after == "deleted":
            store.tasks.remove([task.id])
        if after == "retried":
            store.tasks.change(task.id, stage=Stage.QUEUED, outcome=Outcome.NONE)
        assert rig.until(rig.task(username=name)) == "2027-01-16 00:00", after


def test_a_post_under_way_counts_as_one_that_ends_now(store: Store) -> None:
    rig = Rig(store, min_gap_minutes=60, max_per_day=1)
    store.tasks.change(rig.task(username="kim").id, stage=Stage.COMMITTING, started_at=rig.clock.now())
    rig.clock.advance(600)
    waiting = rig.task(username="kim")
    assert rig.until(waiting) == "2027-01-16 00:00"
    rig.posting = Posting(timezone="Europe/Berlin", min_gap_minutes=60)
    rig.restart()
    assert rig.until(waiting) == "2027-01-15 13:10"


def test_an_account_has_its_own_limits_and_nought_is_none(store: Store) -> None:
    rig = Rig(store, min_gap_minutes=60, max_per_day=1)
    store.accounts.add(username="kim", platform="tiktok", serial="A", min_gap_minutes=0, max_per_day=2)
    rig.posted(username="kim")
    assert rig.until(rig.task(username="kim")) == ""
    rig.posted(username="kim")
    assert rig.until(rig.task(username="kim")) == "2027-01-16 00:00"


def test_the_day_is_that_of_the_hub_and_a_new_one_starts_at_nought(store: Store) -> None:
    rig = Rig(store, max_per_day=2)
    rig.clock.advance(at("2027-01-15 23:50") - rig.clock.now())
    rig.posted(username="kim")
    rig.posted(username="kim")
    task = rig.task(username="kim")
    hold = rig.pace.hold(task)
    assert hold is not None
    assert hold.sentence == "@kim has its 2 posts of 2027-01-15: it waits until 2027-01-16 00:00"
    rig.clock.advance(600)
    assert rig.until(task) == ""


def test_quiet_hours_reach_over_midnight_and_are_several(store: Store) -> None:
    rig = Rig(store, quiet_hours=("23:00-07:00", "12:00-13:30"))
    task = rig.task(username="kim")
    assert rig.until(task) == "2027-01-15 13:30"
    for now, until in (
        ("2027-01-15 22:59", ""),
        ("2027-01-15 23:00", "2027-01-16 07:00"),
        ("2027-01-16 03:00", "2027-01-16 07:00"),
        ("2027-01-16 07:00", ""),
    ):
        rig.clock.step_wall(at(now) - rig.clock.now())
        assert rig.until(task) == until


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2027-03-28 01:30", "2027-03-28 03:30"),  # 02:30 does not exist: clocks go from 02:00 to 03:00
        ("2027-10-31 01:30", "2027-10-31 02:30"),  # 02:30 comes twice: the first is taken
    ],
)
def test_quiet_hours_end_once_in_the_nights_in_which_clocks_change(
    store: Store, now: str, until: str
) -> None:
    rig = Rig(store, quiet_hours=("23:00-02:30",))
    rig.clock.step_wall(at(now) - rig.clock.now())
    task = rig.task(username="kim")
    assert rig.until(task) == until
    rig.clock.step_wall(at(until) - rig.clock.now())
    assert rig.until(task) == ""


def test_what_waits_for_one_obstacle_is_told_of_the_next_too(store: Store) -> None:
    rig = Rig(store, max_per_day=1, quiet_hours=("23:00-07:00",))
    rig.posted(username="kim")
    hold = rig.pace.hold(rig.task(username="kim"))
    assert hold is not None
    assert hold.sentence == (
        "@kim has its 1 post of 2027-01-15; quiet hours 23:00-07:00: it waits until 2027-01-16 07:00"
    )


class TestWhoseItIs:
    """A task that names no account counts for the one that the app showed, or for the phone and app."""

    def test_what_an_app_showed_counts_for_that_account(self, store: Store) -> None:
        rig = Rig(store, max_per_day=1)
        rig.posted(account_seen="kim")
        assert rig.until(rig.task("B", username="Kim")) != ""
        assert rig.until(rig.task("A", username="lee")) == ""

    def test_before_it_is_seen_all_posts_of_the_app_on_the_phone_count(self, store: Store) -> None:
        rig = Rig(store, max_per_day=1)
        rig.posted(account_seen="kim")
        assert rig.until(rig.task("A")) != ""
        assert rig.until(rig.task("B")) == ""

    def test_of_a_phone_with_one_account_its_posts_count(self, store: Store) -> None:
        rig = Rig(store, max_per_day=1)
        store.accounts.add(username="kim", platform="tiktok", serial="A")
        rig.posted(username="kim")
        assert rig.until(rig.task("A")) != ""

    def test_a_post_of_which_nothing_could_be_read_counts_for_the_only_account(self, store: Store) -> None:
        rig = Rig(store, max_per_day=1)
        store.accounts.add(username="kim", platform="tiktok", serial="A")
        rig.posted()
        assert rig.until(rig.task("A", username="kim")) != ""
        store.accounts.add(username="lee", platform="tiktok", serial="A")
        assert rig.until(rig.task("A", username="kim")) == ""

    def test_the_account_seen_before_the_tap_decides(self, store: Store) -> None:
        rig = Rig(store, max_per_day=1)
        rig.posted("B", username="kim")
        task = rig.task("A")
        assert rig.until(task) == ""
        task = store.tasks.change(task.id, account_seen="kim")
        with pytest.raises(OnHold, match="@kim has its 1 post of 2027-01-15"), rig.pace.committing(task):
            pass
        assert rig.until(task) != ""  # and it waits for that now


def test_two_phones_never_pass_the_commit_point_of_one_account_at_once(store: Store) -> None:
    rig = Rig(store, max_per_day=5)
    one, other = rig.task("A", username="kim"), rig.task("B", username="kim")
    with rig.pace.committing(one):
        with pytest.raises(OnHold, match="by another task just now"), rig.pace.committing(other):
            pass
        with rig.pace.committing(rig.task("C", username="lee")):
            pass
    with rig.pace.committing(other):
        pass


def test_quiet_hours_cut_nothing_that_runs(store: Store) -> None:
    rig = Rig(store, quiet_hours=("11:00-13:00",), min_gap_minutes=5)
    with rig.pace.committing(rig.task(username="kim")):
        pass


class TestClock:
    """Jumps of the wall clock neither shorten a gap nor make anybody wait for ever."""

    def test_a_clock_put_forward_shortens_no_gap(self, store: Store) -> None:
        rig = Rig(store, min_gap_minutes=60)
        rig.posted(username="kim")
        rig.clock.advance(10 * 60)
        rig.clock.step_wall(5 * HOUR)
        assert rig.until(rig.task(username="kim")) == "2027-01-15 18:00"

    def test_a_clock_put_forward_after_a_restart_shortens_none_either(self, store: Store) -> None:
        rig = Rig(store, min_gap_minutes=60)
        rig.posted(username="kim")
        rig.clock.advance(10 * 60)
        rig.restart()
        rig.clock.advance(10 * 60)
        rig.clock.step_wall(5 * HOUR)
        assert rig.until(rig.task(username="kim")) == "2027-01-15 18:00"

    def test_nor_one_that_was_put_back_before_the_restart(self, store: Store) -> None:
        rig = Rig(store, min_gap_minutes=60)
        rig.posted(username="kim")
        rig.clock.step_wall(-48 * HOUR)
        rig.pace.clock_stepped()
        rig.restart()
        rig.pace.clock_stepped()
        rig.clock.step_wall(HOUR)
        assert rig.until(rig.task(username="kim")) == "2027-01-13 14:00"

    def test_a_clock_put_back_makes_an_account_wait_no_longer_than_its_gap(self, store: Store) -> None:
        rig = Rig(store, min_gap_minutes=60)
        rig.posted(username="kim")
        rig.clock.step_wall(-300 * 24 * HOUR)
        rig.pace.clock_stepped()
        task = rig.task(username="kim")
        assert rig.until(task) == "2026-03-21 13:00"
        rig.clock.advance(HOUR)
        assert rig.until(task) == ""

    def test_it_holds_through_a_restart(self, store: Store) -> None:
        rig = Rig(store, min_gap_minutes=60, max_per_day=1)
        rig.posted(username="kim")
        rig.clock.step_wall(-24 * HOUR)
        rig.pace.clock_stepped()
        task = rig.task(username="kim")
        # It was made on the 15th by the clock of then, and on the 14th by that of now.
        assert rig.until(task) == "2027-01-16 00:00"
        rig.clock.advance(12 * HOUR)
        rig.restart()
        rig.pace.clock_stepped()
        assert rig.until(task) == "2027-01-16 00:00"
        rig.clock.advance(24 * HOUR)
        assert rig.until(task) == ""

    def test_a_post_from_the_future_blocks_one_day_only_however_often_the_daemon_starts(
        self, store: Store
    ) -> None:
        rig = Rig(store, max_per_day=1)
        rig.posted(username="kim")
        rig.clock.step_wall(-100 * 24 * HOUR)
        rig.pace.clock_stepped()
        task = rig.task(username="kim")
        for _ in range(3):
            assert rig.until(task) == "2026-10-08 00:00"
            rig.clock.advance(HOUR)
            rig.restart()
            rig.pace.clock_stepped()
        rig.clock.advance(24 * HOUR)
        rig.restart()
        rig.pace.clock_stepped()
        assert rig.until(task) == ""


@pytest.mark.parametrize("limits", [{"max_per_day": 3}, {"quiet_hours": ("23:00-07:00",)}])
def test_what_goes_by_the_day_waits_while_the_clock_is_in_doubt(store: Store, limits: dict[str, Any]) -> None:
    rig = Rig(store, **limits)
    task = rig.task()
    rig.trusts_clock = False
    hold = rig.pace.hold(task)
    assert hold is not None
    assert (hold.reason, hold.until) == (Waiting.PACE, None)
    assert hold.sentence.startswith("the clock of this box is in doubt")
    if "max_per_day" in limits:
        with pytest.raises(OnHold, match="in doubt"), rig.pace.committing(task):
            pass
    rig.trusts_clock = True
    assert rig.pace.hold(task) is None


def test_a_gap_is_real_time_and_needs_no_wall_clock(store: Store) -> None:
    rig = Rig(store, min_gap_minutes=30)
    rig.trusts_clock = False
    assert rig.pace.hold(rig.task()) is None


def test_an_account_shows_what_its_pace_does(store: Store) -> None:
    rig = Rig(store, min_gap_minutes=60, max_per_day=3)
    account = store.accounts.add(username="kim", platform="tiktok", serial="A", max_per_day=2)
    rig.posted(username="kim")
    planned = rig.task(username="kim")
    state = rig.pace.state(account)
    assert (state.limits.min_gap_minutes, state.limits.max_per_day, state.posts_today) == (60, 2, 1)
    assert state.next_allowed_at == rig.clock.now() + HOUR
    assert state.last_post_at == rig.clock.now()
    assert (state.next_post_at, state.next_task_id) == (rig.clock.now() + HOUR, planned.id)
    assert state.why == "@kim leaves 1 hour between two posts"


def test_new_limits_hold_at_once(store: Store) -> None:
    rig = Rig(store)
    rig.posted(username="kim")
    task = rig.task(username="kim")
    rig.pace.reload(Posting(timezone="Europe/Berlin", max_per_day=1))
    assert rig.until(task) == "2027-01-16 00:00"
