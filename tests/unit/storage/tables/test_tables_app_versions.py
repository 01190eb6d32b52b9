"""What became of posts with each version and language of an app, known without a walk over all tasks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.records import Outcome, Stage, Task
from storage.store import Store
from storage.tables.app_versions import AppKey
from tests.support import storage_samples

KEY = AppKey("tiktok", "47.0.3", "en")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, reserve_bytes=0) as opened:
        yield opened


def ended(store: Store, at: float, code: str = "", **changes: Any) -> Task:
    return storage_samples.ended(
        store, at, code, **{"app_version": KEY.version, "app_language": "en", **changes}
    )


def test_the_newest_published_post_counts_on_each_phone(store: Store) -> None:
    ended(store, 5.0)
    ended(store, 3.0)
    ended(store, 9.0, serial="B")
    ended(store, 1.0, app_language="nl")
    found = store.app_versions
    assert found.published(KEY)
    assert [found.last_published(KEY, on) for on in (["A"], ["A", "B"], ["C"], [])] == [5.0, 9.0, None, None]
    assert not found.published(KEY._replace(version="47.0.4"))
    assert found.keys() == {(KEY, "A"), (KEY, "B"), (KEY._replace(language="nl"), "A")}


def test_a_published_post_stays_known_when_its_task_leaves(store: Store) -> None:
    task = ended(store, 5.0)
    store.tasks.remove([task.id])
    assert store.app_versions.published(KEY)


def test_failures_are_ends_without_a_post_until_they_are_tried_again(store: Store) -> None:
    first, second = ended(store, 1.0, "ui_changed"), ended(store, 2.0, "app_crashed")
    ended(store, 3.0, "stopped")
    ended(store, 4.0, "upload_timeout", outcome=Outcome.UNKNOWN)
    ended(store, 5.0, "ui_changed", app_version="")
    assert store.app_versions.failures(KEY, ["A"]) == [second.id, first.id]
    store.tasks.change(second.id, stage=Stage.QUEUED, finished_at=None, error=None)
    store.tasks.remove([first.id])
    assert store.app_versions.failures(KEY, ["A"]) == []
    assert store.app_versions.keys() == set()


def test_both_are_known_after_a_restart(store: Store, tmp_path: Path) -> None:
    ended(store, 5.0)
    bad = ended(store, 6.0, "ui_changed", serial="B")
    store.close()
    with Store.open(tmp_path, reserve_bytes=0) as again:
        assert again.app_versions.last_published(KEY, ["A"]) == 5.0
        assert again.app_versions.failures(KEY, ["A", "B"]) == [bad.id]
