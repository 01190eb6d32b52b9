"""R69: deleting and reserving thousands goes in steps, so that no other request waits for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.run.control import AT_ONCE
from storage.engine.commit import Transaction
from storage.errors import StoreFailed
from storage.records import MediaFile, Outcome, Stage, Use
from tests.support.bench import Bench, new_task
from tests.support.clock import FakeClock
from tests.support.fake_phones import FakePhones, FakeScript
from tests.support.http_side import HttpSide


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, FakePhones("A"), FakeScript(), FakeClock())
    yield made
    made.close()


def file(number: int) -> MediaFile:
    sha256 = f"{number:064x}"
    return MediaFile(path=f"/m/{number}", name="a.mp4", sha256=sha256, size_bytes=1, kind="video", root="/m")


def put(bench: Bench, count: int) -> list[int]:
    at = bench.clock.now()
    tasks = [new_task(at=at, materials=(file(number),)) for number in range(count)]
    return [task.id for task in bench.store.tasks.create(tasks)]


def test_R69_a_batch_is_deleted_in_steps_and_answered_as_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = put(bench, 2 * AT_ONCE + 7)
    running = ids[AT_ONCE]
    bench.store.tasks.change(running, stage=Stage.COMMITTING, attempt=1)
    sizes: list[int] = []
    remove = bench.store.tasks.remove

    def counted(some: list[int], **more: Any) -> list[int]:
        sizes.append(len(some))
        return remove(some, **more)

    monkeypatch.setattr(bench.store.tasks, "remove", counted)
    done = bench.control.delete([*ids, 10**9])
    assert max(sizes) <= AT_ONCE
    assert (done.task_ids, done.not_found) == (ids, [10**9])
    assert len(done.warnings) == 1
    assert len(bench.store.tasks) == 1, "the one that runs lets go of its phone first"


def test_R69_a_store_that_fails_in_the_middle_says_what_was_deleted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = put(bench, AT_ONCE + 1)
    remove = bench.store.tasks.remove

    def fails_later(some: list[int], **more: Any) -> list[int]:
        if len(some) == 1:
            raise StoreFailed("the disk is gone")
        return remove(some, **more)

    monkeypatch.setattr(bench.store.tasks, "remove", fails_later)
    done = bench.control.delete(ids)
    assert (done.task_ids, done.not_found) == (ids[:-1], ids[-1:])
    assert "could not be deleted: the disk is gone" in done.warnings[0]
    with pytest.raises(StoreFailed):
        bench.control.delete(ids[-1:])


def test_R69_retry_all_goes_in_steps_and_never_moves_a_task_that_has_moved_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = put(bench, 2 * AT_ONCE + 3)
    failed = {"stage": Stage.FAILED, "attempt": 1, "outcome": Outcome.NONE}
    bench.store.tasks.change_each(dict.fromkeys(ids, failed), expect={Stage.SCHEDULED})
    sizes: list[int] = []
    change_each = bench.store.tasks.change_each

    def counted(changes: Any, **more: Any) -> list[Any]:
        if not sizes:  # meanwhile one was retried, ran and failed again
            bench.store.tasks.change(ids[0], attempt=2, retry_count=1)
        sizes.append(len(changes))
        return change_each(changes, **more)

    monkeypatch.setattr(bench.store.tasks, "change_each", counted)
    done = bench.control.retry_all()
    assert sizes == [AT_ONCE, AT_ONCE, 3]
    assert (done.task_ids, done.skipped) == (ids[1:], [])
    moved_on = bench.store.tasks.get(ids[0])
    assert moved_on is not None
    assert (moved_on.stage, moved_on.retry_count) == (Stage.FAILED, 1)


def test_R69_retry_all_lets_one_of_two_with_the_same_media_through(bench: Bench) -> None:
    at = bench.clock.now()
    twins = [new_task(at=at, created=at - 86400, materials=(file(1),), username="kim") for _ in range(2)]
    ids = [task.id for task in bench.store.tasks.create(twins)]
    failed = {"stage": Stage.FAILED, "attempt": 1, "outcome": Outcome.NONE}
    bench.store.tasks.change_each(dict.fromkeys(ids, failed), expect={Stage.SCHEDULED})
    done = bench.control.retry_all()
    assert len(done.task_ids) == 1
    assert [(entry.id, entry.reason) for entry in done.skipped] == [
        (next(i for i in ids if i not in done.task_ids), "already_posted")
    ]


def test_R69_reserving_many_files_in_one_write_looks_through_its_marks_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    changed = Transaction.changed

    def counted(self: Transaction, table: str) -> dict[int, Any]:
        nonlocal looks
        looks += table == "usage"
        return changed(self, table)

    monkeypatch.setattr(Transaction, "changed", counted)
    put(bench, 300)
    assert looks <= 2
    assert bench.store.usage.state("/m", file(299).sha256) is Use.RESERVED


def test_R69_long_calls_have_threads_of_their_own(tmp_path: Path) -> None:
    with HttpSide(tmp_path) as side:
        assert side.app.is_slow("POST", "/api/v1/task/retry-all")
        assert side.app.is_slow("DELETE", "/api/v1/task/batch")
        assert not side.app.is_slow("GET", "/api/v1/task")
