"""Ends that a person has to look at, known without a walk over all tasks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.records import Outcome, Stage
from storage.store import Store
from tests.support.storage_samples import ended


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, reserve_bytes=0) as opened:
        yield opened


def test_unknown_outcomes_are_known_newest_first_until_a_person_has_looked(store: Store) -> None:
    tasks = [ended(store, at, "unknown_outcome", outcome=Outcome.UNKNOWN) for at in (3.0, 5.0, 4.0)]
    ended(store, 9.0, "ui_changed")
    assert [task.id for task in store.attention.unknown(2)] == [tasks[1].id, tasks[2].id]
    assert store.attention.unknown_count == 3
    store.tasks.change(tasks[0].id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED)
    store.tasks.change(tasks[1].id, deleted=True)
    store.tasks.remove([tasks[2].id])
    assert store.attention.unknown(9) == []
    assert store.attention.unknown_count == 0


def test_the_last_end_of_a_phone_and_app_counts_where_only_a_person_gets_on(store: Store) -> None:
    ended(store, 1.0, "ui_changed")
    last = ended(store, 2.0, "verification_needed")
    other = ended(store, 3.0, "person_needed", serial="B")
    ended(store, 4.0, "device_timeout", serial="C")  # it retries
    assert [task.id for task in store.attention.ends()] == [other.id, last.id]
    ended(store, 1.5, "ui_changed")  # ended before, written later
    assert [task.id for task in store.attention.ends()] == [other.id, last.id]
    ended(store, 5.0)
    assert [task.id for task in store.attention.ends()] == [other.id]
    store.tasks.change(other.id, stage=Stage.QUEUED, finished_at=None, error=None)
    assert store.attention.ends() == []


def test_both_are_known_after_a_restart(store: Store, tmp_path: Path) -> None:
    unknown = ended(store, 1.0, "unknown_outcome", outcome=Outcome.UNKNOWN)
    end = ended(store, 2.0, "account_blocked", serial="B")
    store.close()
    with Store.open(tmp_path, reserve_bytes=0) as again:
        assert [task.id for task in again.attention.unknown(9)] == [unknown.id]
        assert [task.id for task in again.attention.ends()] == [end.id]


def test_the_version_grows_with_every_change_in_memory_and_with_nothing_else(store: Store) -> None:
    before = store.storage.version
    task = ended(store, 1.0, "ui_changed")
    after = store.storage.version
    assert after >= before + 2
    store.tasks.page()
    store.tasks.counts()
    assert store.storage.version == after
    store.tasks.set_remark(task.id, "step")
    assert store.storage.version == after + 1
