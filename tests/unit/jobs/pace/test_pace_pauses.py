"""Pauses of the hub, of phones and of accounts (R62)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jobs.notify.long_pauses import LongPauses
from jobs.pace import pauses
from jobs.pace.pauses import Pauses
from storage.records import Stage, Waiting
from storage.store import Store
from tests.support.bench import new_task
from tests.support.clock import FakeClock

HOUR = 3600.0


class Rig:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.changes = 0
        self.told: list[tuple[str, str]] = []
        self.open()

    def open(self) -> None:
        self.store = Store.open(self.folder, reserve_bytes=0)
        self.pauses = Pauses(self.store, self.clock, lambda: ZoneInfo("Europe/Berlin"), self._changed)
        self.long = LongPauses(self.clock, self.pauses, self._tell)

    def restart(self) -> None:
        self.store.close()
        self.open()

    def _changed(self) -> None:
        self.changes += 1

    def _tell(self, name: str, sentence: str, /, **facts: Any) -> None:
        self.told.append((name, sentence))

    def why(self, serial: str = "A", username: str = "") -> str:
        """What keeps a task from starting."""
        task = self.store.tasks.create([new_task(serial, username=username, stage=Stage.QUEUED)])[0]
        owner = self.store.accounts.named(username, "tiktok") if username else None
        hold = self.pauses.hold(task, owner)
        if hold is None:
            return ""
        assert hold.reason is Waiting.PAUSE
        return hold.sentence


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.store.close()


def test_a_pause_holds_what_it_names_and_nothing_else(rig: Rig) -> None:
    kim = rig.store.accounts.add(username="kim", platform="tiktok", serial="A")
    rig.pauses.set(pauses.phone("A"), reason="new battery", until=None)
    assert rig.why("A") == "the phone A is paused since 2027-01-15 09:00: new battery"
    assert rig.why("B") == ""
    rig.pauses.end(pauses.phone("A"))
    rig.pauses.set(pauses.account(kim.id), reason="", until=rig.clock.now() + HOUR)
    assert rig.why("A", "kim") == "@kim is paused since 2027-01-15 09:00 until 2027-01-15 10:00"
    assert rig.why("A", "lee") == ""
    rig.pauses.set(pauses.HUB, reason="", until=None)
    assert rig.why("B") == "the hub is paused since 2027-01-15 09:00"


def test_a_pause_lasts_through_a_restart_and_ends_at_its_time(rig: Rig) -> None:
    rig.pauses.set(pauses.HUB, reason="holidays", until=rig.clock.now() + HOUR)
    rig.restart()
    assert "holidays" in rig.why()
    rig.clock.advance(HOUR)
    assert rig.why() == ""
    before = rig.changes
    rig.pauses.tidy()
    assert (rig.pauses.get(pauses.HUB), rig.store.meta.keys("pause:")) == (None, [])
    assert rig.changes > before  # what waits is looked at again


def test_a_second_pause_keeps_since_when_and_takes_reason_and_end(rig: Rig) -> None:
    first = rig.pauses.set(pauses.HUB, reason="a", until=None)
    rig.clock.advance(60)
    second = rig.pauses.set(pauses.HUB, reason="b", until=rig.clock.now() + HOUR)
    assert (second.since, second.reason, second.until) == (first.since, "b", rig.clock.now() + HOUR)


def test_the_pause_of_an_account_that_is_removed_is_forgotten(rig: Rig) -> None:
    kim = rig.store.accounts.add(username="kim", platform="tiktok")
    rig.pauses.set(pauses.account(kim.id), reason="", until=None)
    rig.store.accounts.remove(kim.id)
    assert rig.pauses.sentences() == []
    rig.pauses.tidy()
    assert rig.store.meta.keys("pause:") == []


def test_a_pause_that_lasts_a_day_is_announced_once_also_through_a_restart(rig: Rig) -> None:
    rig.pauses.set(pauses.phone("A"), reason="new battery", until=None)
    rig.clock.advance(23 * HOUR)
    rig.long.turn()
    assert rig.told == []
    rig.clock.advance(HOUR)
    rig.long.turn()
    [(name, sentence)] = rig.told
    assert name == "paused"
    assert sentence.startswith(
        "the phone A is paused since 2027-01-15 09:00: new battery; nothing new starts"
    )
    rig.restart()
    rig.clock.advance(48 * HOUR)
    rig.long.turn()
    assert len(rig.told) == 1


def test_only_pauses_that_were_there_before_a_task_began_hold_it_at_its_end(rig: Rig) -> None:
    rig.pauses.set(pauses.HUB, reason="", until=None)
    task = rig.store.tasks.create([new_task("A", stage=Stage.QUEUED)])[0]
    assert rig.pauses.hold(task, None, before=rig.clock.now() - 1) is None
    assert rig.pauses.hold(task, None, before=rig.clock.now()) is not None


def test_a_pause_that_is_ended_while_it_is_announced_stays_ended(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.pauses.set(pauses.HUB, reason="", until=rig.clock.now() + HOUR)
    ending = threading.Thread(target=rig.pauses.end, args=(pauses.HUB,))
    now = rig.clock.now

    def asked() -> float:
        """Read by who announces; the other comes just after that."""
        if ending.ident is None:
            ending.start()
            ending.join(0.2)  # it waits for the announcement, or is through
        return now()

    monkeypatch.setattr(rig.clock, "now", asked)
    rig.pauses.mark_told(pauses.HUB)
    ending.join()
    assert rig.pauses.get(pauses.HUB) is None
    assert rig.store.meta.keys("pause:") == []
