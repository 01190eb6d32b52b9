"""What keeps a due task from starting, and from being posted when its form is ready: each reason, and which one is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.hub.settings import Posting
from jobs.pace import pauses
from jobs.pace.hold import Hold, Line
from jobs.pace.pace import Pace
from jobs.pace.pauses import Pauses
from jobs.run.holds import Holds
from jobs.task.attempt import OnHold
from storage.engine.commit import Transaction
from storage.records import Account, Outcome, Stage, Task, Waiting
from storage.store import Store
from storage.tables.accounts import TABLE
from tests.support.bench import new_task
from tests.support.clock import FakeClock

REHEARSAL = Hold(Waiting.REHEARSAL, "version 35 of TikTok waits for a rehearsal")
DISABLED = "the account @kim is disabled: enable it, or delete this task"


class Rig:
    """Real pauses, accounts and pace; the account @kim of phone A, which may post once in ten minutes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = FakeClock()
        self.pace = Pace(store, self.clock, Posting())
        self.pauses = Pauses(store, self.clock, lambda: self.pace.where, lambda: None)
        self.waits_for_rehearsal: list[Task] = []
        self.kim = store.accounts.add(username="kim", platform="tiktok", serial="A", min_gap_minutes=10)
        self.holds = Holds(
            store.accounts,
            self.pauses,
            self.pace,
            lambda task: REHEARSAL if task in self.waits_for_rehearsal else None,
        )

    def task(self, username: str = "kim", **changes: Any) -> Task:
        (task,) = self.store.tasks.create(
            [new_task("A", at=self.clock.now(), username=username, stage=Stage.QUEUED)]
        )
        return self.store.tasks.change(task.id, **changes) if changes else task

    def posted(self) -> None:
        """@kim was posted to just now."""
        self.pace.moved(
            self.task(stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=self.clock.now())
        )

    def why(self, task: Task, *, lately: bool = False) -> Waiting | None:
        hold = self.holds.hold(task, lately=lately)
        return hold.reason if hold else None

    def disable(self) -> None:
        self.store.accounts.change(self.kim.id, enabled=False)

    def is_cleared(self, task: Task) -> None:
        """Raises what keeps it from being posted at its commit point."""
        with self.holds.cleared(task) as within:
            within(writing())


def writing(*accounts: Account) -> Transaction:
    """A write in which these accounts were changed before."""
    change = Transaction({}, lambda _, record: (b"", record), lambda _, text: text, lambda _: 1)
    for account in accounts:
        change.put(TABLE, account.id, account)
    return change


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        yield Rig(store)


# -- before it starts ----------------------------------------------------------------------------------------------


def test_a_task_starts_where_nothing_holds_it(rig: Rig) -> None:
    assert rig.holds.hold(rig.task()) is None
    assert rig.holds.hold(rig.task(username="")) is None


def test_a_pause_is_told_first_then_the_account_then_the_pace_then_a_new_version(rig: Rig) -> None:
    task = rig.task()
    rig.waits_for_rehearsal.append(task)
    assert rig.holds.hold(task) == REHEARSAL
    rig.posted()
    assert rig.why(task) is Waiting.PACE
    rig.disable()
    assert rig.holds.hold(task) == Hold(Waiting.ACCOUNT, DISABLED)
    rig.pauses.set(pauses.phone("A"), reason="", until=None)
    assert rig.why(task) is Waiting.PAUSE


def test_a_pause_of_its_account_holds_a_task(rig: Rig) -> None:
    rig.pauses.set(pauses.account(rig.kim.id), reason="", until=None)
    assert rig.why(rig.task()) is Waiting.PAUSE
    assert rig.why(rig.task(username="", account_seen="kim")) is Waiting.PAUSE


def test_what_the_pace_found_a_moment_ago_is_told_only_where_that_is_asked_for(rig: Rig) -> None:
    task = rig.task()
    rig.posted()
    hold = rig.holds.hold(task, lately=True)
    assert hold is not None
    assert rig.holds.hold(task, lately=True) is hold
    assert rig.holds.hold(task) is not hold


def test_without_word_of_new_versions_none_holds_a_task(rig: Rig) -> None:
    assert Holds(rig.store.accounts, rig.pauses, rig.pace).hold(rig.task()) is None


def test_posts_in_a_line_behind_the_pace_each_have_a_moment_of_their_own(rig: Rig) -> None:
    task = rig.task()
    rig.posted()
    hold = rig.holds.hold(task)
    assert hold is not None
    line = rig.holds.line(task, hold, 3)
    now = rig.clock.now()
    assert [one.until for one in line.first] == [now + 600, now + 1200, now + 1800]
    assert line.behind.sentence == "posts of @kim that were due before it come first"


def test_whatever_else_holds_them_is_the_same_for_all_of_a_line(rig: Rig) -> None:
    task = rig.task()
    rig.posted()
    paused = Hold(Waiting.PAUSE, "the hub is paused", rig.clock.now() + 600)
    assert rig.holds.line(task, paused, 3) == Line((), paused)


# -- at the commit point -------------------------------------------------------------------------------------------


def test_a_task_is_posted_where_nothing_holds_it(rig: Rig) -> None:
    rig.is_cleared(rig.task())
    rig.is_cleared(rig.task(username="", account_seen="kim"))
    rig.is_cleared(rig.task(username=""))


def test_an_account_that_was_disabled_since_keeps_the_task_from_being_posted(rig: Rig) -> None:
    rig.disable()
    with pytest.raises(OnHold) as caught:
        rig.is_cleared(rig.task())
    assert str(caught.value) == DISABLED


def test_an_account_that_is_disabled_in_the_write_before_keeps_the_task_from_being_posted(rig: Rig) -> None:
    disabled = msgspec.structs.replace(rig.kim, enabled=False)
    with rig.holds.cleared(rig.task()) as within, pytest.raises(OnHold) as caught:
        within(writing(disabled))
    assert str(caught.value) == DISABLED


def test_an_account_that_has_posted_since_keeps_the_task_from_being_posted(rig: Rig) -> None:
    task = rig.task()
    rig.posted()
    with pytest.raises(OnHold, match="it waits until"):
        rig.is_cleared(task)


def test_two_posts_to_one_account_do_not_pass_the_commit_point_at_the_same_time(rig: Rig) -> None:
    with (
        rig.holds.cleared(rig.task()),
        pytest.raises(OnHold, match="posted to by another task"),
        rig.holds.cleared(rig.task()),
    ):
        pass


def test_a_pause_that_came_since_the_task_began_does_not_cut_it(rig: Rig) -> None:
    named = rig.task(started_at=rig.clock.now())
    seen = rig.task(username="", account_seen="kim", started_at=rig.clock.now())
    rig.clock.advance(60)
    rig.pauses.set(pauses.account(rig.kim.id), reason="", until=None)
    rig.is_cleared(named)
    rig.is_cleared(seen)


def test_an_account_that_was_paused_before_is_not_posted_to_once_the_app_shows_it(rig: Rig) -> None:
    rig.pauses.set(pauses.account(rig.kim.id), reason="holidays", until=None)
    rig.clock.advance(60)
    with pytest.raises(OnHold) as caught:
        rig.is_cleared(rig.task(username="", account_seen="kim", started_at=rig.clock.now()))
    assert str(caught.value) == "@kim is paused since 2027-01-15 08:00: holidays"


def test_a_task_that_names_its_account_was_asked_for_pauses_when_it_was_claimed(rig: Rig) -> None:
    rig.pauses.set(pauses.account(rig.kim.id), reason="", until=None)
    rig.is_cleared(rig.task(started_at=rig.clock.now()))
