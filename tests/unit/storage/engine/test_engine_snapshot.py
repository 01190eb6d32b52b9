"""Snapshots: written in pieces beside the writers, readable by plain TinyDB, checked to the last byte."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable

import pytest

from storage.engine import snapshot
from storage.engine.files import Files
from storage.records import Stage
from storage.store import Store
from tests.support.storage_samples import new_task, state_of

Opener = Callable[..., Store]


def whole(records: int = 120) -> bytes:
    tables = {"tasks": {number: {"text": "ä" * number} for number in range(1, records)}, "empty": {}}
    return b"".join(snapshot.chunks(snapshot.Head(1, 42, {"tasks": 200}), tables))


def test_what_was_written_is_read():
    found = snapshot.read(whole())
    assert found.head == snapshot.Head(1, 42, {"tasks": 200})
    assert set(found.tables) == {"tasks", "empty"}
    assert len(json.loads(bytes(found.tables["tasks"]))) == 119


def test_it_is_ordinary_json_in_tinydbs_shape():
    tables = json.loads(whole())
    assert tables["tasks"]["2"] == {"text": "ää"}
    assert all(isinstance(documents, dict) for documents in tables.values())


def test_TDB_1_no_cut_and_no_altered_byte_goes_unnoticed():
    data = whole(20)
    for cut in range(len(data)):
        with pytest.raises(snapshot.Unreadable):
            snapshot.read(data[:cut])
    dice = random.Random(1)
    for _ in range(1000):
        spoiled = bytearray(data)
        spoiled[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        with pytest.raises(snapshot.Unreadable):
            snapshot.read(bytes(spoiled))


class Watched(Files):
    """Stops before the snapshot is put in place."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def rename(self, old, new, what: str) -> None:
        if what == "snapshot" and not self.reached.is_set() and self.go_on is not None and self.armed:
            self.reached.set()
            assert self.go_on.wait(20)
        super().rename(old, new, what)

    armed = False


def test_writers_and_readers_go_on_while_a_snapshot_is_written(make_store: Opener):
    files = Watched()
    store = make_store(files=files)
    store.tasks.create([new_task(number) for number in range(10)])
    files.armed = True
    writer = threading.Thread(target=store.storage.snapshot)
    writer.start()
    assert files.reached.wait(20)
    store.tasks.change(1, stage=Stage.QUEUED)
    created = store.tasks.create([new_task(11)])[0]
    assert store.tasks.page()[1] == 11
    files.go_on.set()
    writer.join(20)
    before = state_of(store)
    again = make_store()
    assert state_of(again) == before
    assert again.tasks.get(created.id) == created
    assert again.health().warnings == ()
