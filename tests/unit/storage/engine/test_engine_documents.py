"""TinyDB's own query API on the store, and what we promise beyond upstream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tinydb import Query, TinyDB, where
from tinydb.table import Document

from benchmarks.tinydb_face import JournalDB, JournalTable
from storage.engine.durable import JournalStorage
from storage.errors import InvalidRecord
from storage.records import Stage, Task
from storage.store import Store
from tests.support.storage_samples import new_task

Opener = Callable[..., Store]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[JournalDB]:
    with JournalDB(tmp_path / "db", reserve_bytes=0) as database:
        yield database


def reopened(db: JournalDB, tmp_path: Path) -> JournalDB:
    db.close()
    return JournalDB(tmp_path / "db", reserve_bytes=0)


def test_the_documented_query_api_works_on_tasks(store: Store):
    store.tasks.create([new_task(number) for number in range(1, 7)])
    table = JournalTable(store.storage, "tasks")
    assert [document.doc_id for document in table.search(where("serial") == "PHONE1")] == [1, 4]
    assert table.get(doc_id=2)["serial"] == "PHONE2"
    assert table.get(Query().materials.any(where("name") == "3.mp4")).doc_id == 3
    assert table.count(where("stage") == "scheduled") == 6
    assert table.contains(where("username") == "user0")
    assert table.update({"remark": "by hand"}, where("serial") == "PHONE1") == [1, 4]
    assert store.tasks.get(4).remark == "by hand"
    assert isinstance(store.tasks.get(4), Task)
    assert table.remove(where("serial") == "PHONE2") == [2, 5]
    assert store.tasks.get(2) is None
    assert table.upsert({"remark": "again"}, where("id") == 1) == [1]
    assert len(table) == 4


def test_a_change_through_the_table_reaches_the_indexes(store: Store):
    store.tasks.create([new_task(1)])
    table = JournalTable(store.storage, "tasks")
    table.update({"stage": "queued"}, doc_ids=[1])
    assert [task.id for task in store.tasks.queued()] == [1]
    assert store.tasks.get(1).stage is Stage.QUEUED


def test_a_document_that_does_not_fit_its_type_is_refused(store: Store):
    store.tasks.create([new_task(1)])
    table = JournalTable(store.storage, "tasks")
    with pytest.raises(InvalidRecord):
        table.update({"stage": "nowhere"}, doc_ids=[1])
    with pytest.raises(InvalidRecord, match="colour"):
        table.update({"colour": "red"}, doc_ids=[1])
    with pytest.raises(InvalidRecord):
        table.insert({"serial": "A"})
    assert len(table) == 1


def test_documents_survive_a_restart(db: JournalDB, tmp_path: Path):
    db.insert({"a": 1})
    db.table("other").insert_multiple([{"b": [1, {"c": 2}]}, {"d": None}])
    db.update({"a": 2}, where("a") == 1)
    with reopened(db, tmp_path) as again:
        assert again.all() == [{"a": 2}]
        assert again.table("other").all() == [{"b": [1, {"c": 2}]}, {"d": None}]
        assert again.tables() == {"_default", "other"}


def test_TDB_4_threads_that_insert_at_once_lose_nothing(db: JournalDB, tmp_path: Path):
    def insert(number: int) -> None:
        for turn in range(40):
            db.insert({"number": number, "turn": turn})
            db.update({"seen": True}, (where("number") == number) & (where("turn") == turn))

    threads = [threading.Thread(target=insert, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with reopened(db, tmp_path) as again:
        assert len(again) == 320
        assert again.count(where("seen") == True) == 320  # noqa: E712 - TinyDB's syntax
        assert len({document.doc_id for document in again}) == 320


def test_TDB_7_changing_a_returned_document_changes_nothing_else(db: JournalDB):
    db.insert({"list": [1]})
    query = where("list").any([1])
    for find in (
        lambda: db.search(query)[0],
        lambda: db.search(query)[0],
        lambda: db.get(query),
        lambda: db.get(doc_id=1),
        lambda: db.get(doc_ids=[1])[0],
        lambda: db.all()[0],
        lambda: next(iter(db)),
    ):
        document = find()
        document["list"].append(2)
        document["new"] = True
        assert db.all() == [{"list": [1]}]


def test_an_updater_that_raises_leaves_no_trace(db: JournalDB):
    db.insert_multiple([{"a": 1}, {"a": "x"}])

    def add_one(document: dict) -> None:
        document["a"] += 1

    with pytest.raises(TypeError):
        db.update(add_one)
    assert db.all() == [{"a": 1}, {"a": "x"}]


def test_TDB_8_documents_are_what_json_makes_of_them_from_the_start(db: JournalDB, tmp_path: Path):
    db.insert({1: (1, 2)})
    assert db.all() == [{"1": [1, 2]}]
    with pytest.raises(InvalidRecord):
        db.insert({"bad": "\ud800"})
    with pytest.raises(InvalidRecord):
        db.insert({"bad": object()})
    with reopened(db, tmp_path) as again:
        assert again.all() == [{"1": [1, 2]}]


def test_TDB_9_an_id_is_not_given_again_after_a_restart(db: JournalDB, tmp_path: Path):
    db.insert_multiple([{}, {}, {}])
    db.remove(doc_ids=[3])
    with reopened(db, tmp_path) as again:
        assert again.insert({}) == 4
        again.truncate()
        assert again.insert({}) == 5


def test_an_explicit_id_moves_the_next_one(db: JournalDB):
    db.insert(Document({"a": 1}, doc_id=40))
    assert db.insert({}) == 41
    with pytest.raises(ValueError, match="already exists"):
        db.insert(Document({"a": 1}, doc_id=40))


def test_an_unchanged_update_writes_nothing(db: JournalDB):
    db.insert({"a": 1})
    size = db.storage.journal_bytes
    db.update({"a": 1})
    assert db.storage.journal_bytes == size


def test_plain_tinydb_works_on_the_storage_and_opens_its_snapshot(tmp_path: Path):
    with TinyDB(tmp_path / "db", storage=JournalStorage, reserve_bytes=0) as plain:
        plain.insert({"a": 1})
        plain.insert({"a": 2})
        plain.update({"a": 3}, where("a") == 2)
        plain.drop_table("_default")
        plain.table("kept").insert({"b": 1})
        plain.storage.snapshot()
    newest = max((tmp_path / "db").glob("snapshot-*.json"))
    with TinyDB(newest, access_mode="r") as upstream:
        assert upstream.table("kept").all() == [{"b": 1}]


def test_dropped_tables_stay_dropped(db: JournalDB, tmp_path: Path):
    db.insert({"a": 1})
    db.table("other").insert({"b": 1})
    db.drop_table("other")
    assert db.tables() == {"_default"}
    db.table("other").insert({"b": 2})
    with reopened(db, tmp_path) as again:
        assert again.table("other").all() == [{"b": 2}]
        again.drop_tables()
        assert again.tables() == set()
        assert again.all() == []
