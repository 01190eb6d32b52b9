"""Stores on a state directory of the test's own, in memory where the box has room there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.engine import disk
from storage.store import Store

MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 1 << 30


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """These tests count, break and lose writes by themselves: waiting for a real disk would tell nothing more."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ENOUGH_BYTES:
        yield tmp_path_factory.mktemp("storage")
        return
    with tempfile.TemporaryDirectory(prefix="tikmatrixd-tests-", dir=MEMORY) as folder:
        yield Path(folder)


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
