"""Accounts, materials, answers, small facts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from storage.errors import AccountExists, InvalidRecord, StoreFailed, UnknownRecord
from storage.records import IdempotencyEntry, NewAccount, NewMaterial
from storage.store import Store
from storage.tables import idempotency
from tests.support.storage_samples import new_task

Opener = Callable[..., Store]


def material(name: str, **changes) -> NewMaterial:
    facts = {
        "path": f"/lib/{name}",
        "name": name,
        "kind": "video",
        "sha256": name,
        "size_bytes": 1,
        "created_at": 1.0,
    }
    return NewMaterial(**{**facts, **changes})


def test_an_account_is_found_whatever_its_case(store: Store):
    anna = store.accounts.add(username="Anna", platform="tiktok", serial="A", tags=("x",))
    store.accounts.add(NewAccount(username="anna", platform="instagram"))
    assert store.accounts.named("ANNA", "tiktok") == anna
    assert [account.platform for account in store.accounts.find("aNNa")] == ["tiktok", "instagram"]
    assert store.accounts.get(anna.id) == anna


def test_a_name_is_given_once_per_platform(store: Store):
    store.accounts.add(username="Anna", platform="tiktok")
    other = store.accounts.add(username="bob", platform="tiktok")
    with pytest.raises(AccountExists, match="Anna"):
        store.accounts.add(username="anna", platform="tiktok")
    with pytest.raises(AccountExists):
        store.accounts.change(other.id, username="ANNA")
    assert store.accounts.change(other.id, username="BOB").username == "BOB"
    assert len(store.accounts.all()) == 2


def test_an_account_that_is_changed_or_taken_over_by_the_config_is_known_at_every_moment(
    store: Store,
) -> None:
    """Who asks without a lock must never hear that it is gone: a disabled one would be posted to."""
    anna = store.accounts.add(username="anna", platform="tiktok", serial="A", enabled=False)
    heard: list[bool] = []

    def at_each_line(frame: Any, _event: str, _arg: Any) -> Any:
        if frame.f_code.co_filename.endswith("tables/accounts.py"):
            heard.append(store.accounts.named("anna", "tiktok") is not None)
        return at_each_line

    before = sys.gettrace()
    sys.settrace(at_each_line)
    try:
        store.accounts.change(anna.id, max_per_day=3)
        store.accounts.sync_config(
            [NewAccount(username="Anna", platform="tiktok", serial="B", enabled=False)]
        )
    finally:
        sys.settrace(before)
    assert heard
    assert all(heard)


def test_accounts_are_changed_and_removed(make_store: Opener):
    store = make_store()
    anna = store.accounts.add(username="anna", platform="tiktok")
    store.accounts.change(anna.id, enabled=False, serial="B")
    assert make_store().accounts.get(anna.id).serial == "B"
    store = make_store()
    assert store.accounts.remove(anna.id)
    assert not store.accounts.remove(anna.id)
    with pytest.raises(UnknownRecord):
        store.accounts.change(anna.id, enabled=True)


def test_the_config_file_owns_its_accounts(make_store: Opener):
    store = make_store()
    store.accounts.add(username="Anna", platform="tiktok", logged_in=False)
    store.accounts.add(username="carl", platform="tiktok")
    entry = NewAccount(username="anna", platform="tiktok", serial="A")
    store.accounts.sync_config([entry, NewAccount(username="dora", platform="instagram", serial="B")])
    anna = store.accounts.find("anna")[0]
    assert (anna.managed, anna.serial, anna.id, anna.logged_in) == ("config", "A", 1, False)
    size = store.storage.journal_bytes
    store.accounts.sync_config([entry, NewAccount(username="dora", platform="instagram", serial="B")])
    assert store.storage.journal_bytes == size, "nothing changed, nothing is written"
    store.accounts.sync_config([entry])
    assert [account.username for account in make_store().accounts.all()] == ["anna", "carl"]


def test_candidates_are_in_the_order_of_sort_number_and_age(
    store: Store,
):
    names = [
        ("late", {"created_at": 9.0}),
        ("early", {"created_at": 2.0}),
        ("second", {"sort_number": -1}),
        ("own", {"username": "Anna", "sort_number": 7}),
        ("other", {"username": "bob", "sort_number": 8}),
        ("image", {"kind": "image"}),
        ("tagged", {"tags": ("summer",), "sort_number": 9}),
    ]
    for name, changes in names:
        store.materials.add(material(name, **changes))
    found = [found.name for found in store.materials.candidates("video")]
    assert found == ["second", "early", "late", "own", "other", "tagged"]
    assert [found.name for found in store.materials.candidates("video", ["summer", "x"])] == ["tagged"]
    assert store.materials.tags() == {"summer"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("BENCH", ["m3", "Bench.mp4"]),
        ("stra\u00dfe", ["m2"]),
        ("fu\u0308nf", ["m1"]),
        ("oak", ["m4", "m3"]),
        ("#oak", ["m3"]),
        (".mp4", ["Bench.mp4"]),
        ("birch", []),
        ("", ["m4", "m3", "m2", "m1", "Bench.mp4"]),
    ],
)
def test_materials_are_found_by_a_part_of_name_tag_or_caption(store: Store, text: str, names: list[str]):
    store.materials.add(material("Bench.mp4"))
    store.materials.add(material("m1", caption="F\u00fcnf Sp\u00e4ne"))
    store.materials.add(material("m2", tags=("Hauptstrasse",)))
    store.materials.add(material("m3", caption="My bench", tags=("Oak",)))
    store.materials.add(material("m4", caption="soaked"))
    assert [found.name for found in store.materials.matching(q=text)] == names
    assert [found.name for found in store.materials.matching(q=text, kind="image")] == []


def test_materials_are_listed_changed_and_removed(make_store: Opener):
    store = make_store()
    for number in range(5):
        store.materials.add(material(f"m{number}", tags=("even",) if number % 2 == 0 else ()))
    assert [found.name for found in store.materials.matching(tag="even")] == ["m4", "m2", "m0"]
    store.materials.change(1, caption="new", tags=("x",))
    assert make_store().materials.get(1).caption == "new"
    store = make_store()
    assert store.materials.remove(1).name == "m0"
    assert store.materials.remove(1) is None
    with pytest.raises(UnknownRecord):
        store.materials.change(1, caption="x")


def test_an_answer_is_kept_for_a_day(store: Store):
    store.tasks.create(
        [new_task()], idempotency=lambda _: IdempotencyEntry("key", "hash", 1000.0, {"code": 0})
    )
    assert store.idempotency.find("key", 1000.0 + 86399.0) is not None
    assert store.idempotency.find("key", 1000.0 + 86400.0) is None
    assert store.idempotency.find("other", 1000.0) is None
    assert store.idempotency.expire(1000.0) == 0
    assert store.idempotency.expire(1000.0 + 86400.0) == 1
    assert store.idempotency.expire(1000.0 + 86400.0) == 0


def test_answers_are_dropped_from_the_oldest_on_some_at_a_time(
    make_store: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "EXPIRE_AT_ONCE", 2)
    store = make_store()
    day = 86400.0
    for number in (3, 1, 5, 2, 4):
        entry = IdempotencyEntry(f"key {number}", "hash", 1000.0 + number, {"code": 0})
        store.tasks.create([new_task()], idempotency=lambda _, entry=entry: entry)

    def left() -> list[int]:
        return [n for n in range(1, 6) if store.idempotency.find(f"key {n}", 1000.0)]

    assert (store.idempotency.expire(1003.0 + day), left()) == (2, [3, 4, 5])
    store = make_store()
    assert (store.idempotency.expire(1003.0 + day), left()) == (1, [4, 5])
    assert (store.idempotency.expire(1003.0 + day), left()) == (0, [4, 5])
    renewed = IdempotencyEntry("key 4", "hash", 5000.0, {"code": 0})
    store.tasks.create([new_task()], idempotency=lambda _: renewed)
    assert (store.idempotency.expire(1005.0 + day), left()) == (1, [4])


def test_answers_that_could_not_be_dropped_are_dropped_the_next_time(store: Store) -> None:
    store.tasks.create(
        [new_task()], idempotency=lambda _: IdempotencyEntry("key", "hash", 1000.0, {"code": 0})
    )
    commit = store.storage.commit

    def fails(action: Any, **more: Any) -> Any:
        raise StoreFailed("no disk")

    store.storage.commit = fails  # type: ignore[method-assign]
    with pytest.raises(StoreFailed):
        store.idempotency.expire(1000.0 + 86400.0)
    store.storage.commit = commit  # type: ignore[method-assign]
    assert store.idempotency.expire(1000.0 + 86400.0) == 1


def test_small_facts_survive_and_equal_ones_are_not_written_again(make_store: Opener):
    store = make_store()
    store.meta.set("position", {"a": [1, 2]})
    size = store.storage.journal_bytes
    store.meta.set("position", {"a": [1, 2]})
    assert store.storage.journal_bytes == size
    value = make_store().meta.get("position")
    assert value == {"a": [1, 2]}
    store = make_store()
    store.meta.get("position")["a"].append(3)
    assert store.meta.get("position") == {"a": [1, 2]}
    assert store.meta.get("missing", 7) == 7
    store.meta.remove("position")
    store.meta.remove("position")
    assert store.meta.get("position") is None
    with pytest.raises(InvalidRecord):
        store.meta.set("bad", object())


def test_an_answer_that_was_renewed_while_old_ones_are_dropped_stays(store: Store) -> None:
    """The store looks for old answers before its turn to write comes; a fresh one may take an old one's place meanwhile."""
    day = 86400.0
    store.tasks.create(
        [new_task()], idempotency=lambda _: IdempotencyEntry("key", "hash", 1000.0, {"code": 0})
    )
    commit = store.storage.commit

    def later(action: Any, **more: Any) -> Any:
        store.storage.commit = commit  # type: ignore[method-assign]
        fresh = IdempotencyEntry("key", "other", 1000.0 + day, {"code": 1})
        store.tasks.create([new_task()], idempotency=lambda _: fresh)
        return commit(action, **more)

    store.storage.commit = later  # type: ignore[method-assign]
    assert store.idempotency.expire(1000.0 + day) == 0
    kept = store.idempotency.find("key", 1000.0 + day)
    assert kept is not None
    assert kept.body_sha256 == "other"
