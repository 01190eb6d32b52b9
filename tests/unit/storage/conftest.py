"""Stores on a state directory of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.engine import disk
from storage.store import Store


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals that grow in small steps: the tests write thousands of them."""
    monkeypatch.setattr(disk, "ROOM_BYTES", 2048)


@pytest.fixture
def make_store(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Opens stores on one state directory; each is closed when the next is opened."""
    opened: list[Store] = []

    def open_store(**options: Any) -> Store:
        for store in opened:
            store.close()
        options.setdefault("reserve_bytes", 64 * 1024)
        store = Store.open(options.pop("state_dir", tmp_path / "state"), **options)
        opened.append(store)
        return store

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store: Callable[..., Store]) -> Store:
    """An open, empty store."""
    return make_store()
