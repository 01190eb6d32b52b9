"""Old finished tasks: moved in the right order, listed once, readable by any tool."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.archive_pages import ArchivePages
from storage.engine.files import Files
from storage.records import Outcome, Stage
from storage.store import Store
from storage.task_archive import Archive
from tests.support.storage_samples import BreakingFiles, archived, new_task

Opener = Callable[..., Store]
DAY = 86400.0
NOV = 1_700_000_000.0  # 2023-11-14


def finished(store: Store, count: int, at: float = NOV) -> list[int]:
    tasks = store.tasks.create([new_task(number) for number in range(count)])
    for task in tasks:
        store.tasks.change(task.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=at)
    return [task.id for task in tasks]


def test_tasks_that_ended_long_ago_move_to_the_file_of_their_month(make_store: Opener):
    store = make_store(retention_days=30)
    old = finished(store, 3)
    newer = finished(store, 2, NOV + 20 * DAY)
    waiting = store.tasks.create([new_task(99)])[0].id
    store.maintain(NOV + 30 * DAY + 1.0)
    assert [task_id for task_id in (*old, *newer, waiting) if store.tasks.get(task_id)] == [*newer, waiting]
    assert store.archived.names() == ["2023-11"]
    assert [task.id for task in archived(store.archived)] == old
    assert store.tasks.counts()[2] == 2
    assert make_store().tasks.get(old[0]) is None
    lines = (store.state_dir / "archive" / "2023-11.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["stage"] == "published"


def test_used_files_stay_used_after_their_task_was_archived(store: Store):
    finished(store, 1)
    store.maintain(NOV + 90 * DAY)
    assert len(store.tasks) == 0
    assert store.usage.state("/srv/media", f"{0:064x}") == "used"


def test_after_a_clock_that_was_far_ahead_old_tasks_are_put_away_again(store: Store):
    store.maintain(NOV + 10_000 * DAY)
    finished(store, 1)
    store.maintain(NOV + 90 * DAY)
    assert store.archived.names() == ["2023-11"]


def test_many_tasks_move_in_steps(store: Store):
    ids = finished(store, 3)
    more = [task.id for task in store.tasks.create([new_task(n, stage=Stage.FAILED) for n in range(450)])]
    store.maintain(NOV + 90 * DAY)
    assert len(store.tasks) == 0
    listed = [task.id for task in archived(store.archived)]
    assert sorted(listed) == [*ids, *more]


def test_a_task_deleted_while_it_ran_is_not_archived(store: Store):
    task_id = finished(store, 1)[0]
    store.tasks.change(task_id, deleted=True)
    store.maintain(NOV + 90 * DAY)
    assert store.tasks.get(task_id) is None
    assert store.archived.names() == []


def test_when_the_archive_cannot_be_written_the_tasks_stay_and_it_is_tried_again(make_store: Opener):
    files = BreakingFiles(errno.EIO)
    store = make_store(files=files)
    ids = finished(store, 3)
    files.at, files.lasting = len(files.done) + 1, True
    store.maintain(NOV + 90 * DAY)
    store.maintain(NOV + 90 * DAY)
    assert len(store.tasks) == 3
    assert sum("archive" in warning for warning in store.health().warnings) == 1
    files.at = 1 << 60
    store.maintain(NOV + 90 * DAY)
    assert len(store.tasks) == 0
    assert [task.id for task in archived(store.archived)] == ids
    assert store.health().warnings == ()


def test_a_journal_that_refuses_for_long_does_not_fill_the_archive_with_the_same_tasks(make_store: Opener):
    class Refusing(BreakingFiles):
        refuses = False

        def write(self, fd: int, data: bytes, offset: int, what: str) -> None:
            if self.refuses and what in ("journal", "room"):
                self._fail()
            super().write(fd, data, offset, what)

    files = Refusing(errno.EIO)
    store = make_store(files=files)
    ids = finished(store, 3)
    files.refuses = True
    for minute in range(5):
        store.maintain(NOV + 90 * DAY + 60 * minute)
    assert len(store.tasks) == 3
    assert len((store.state_dir / "archive" / "2023-11.jsonl").read_bytes().splitlines()) == 3
    files.refuses = False
    store.maintain(NOV + 90 * DAY + 600)
    assert len(store.tasks) == 0
    assert [task.id for task in archived(store.archived)] == ids


def test_after_a_crash_between_archiving_and_removing_no_task_is_listed_twice(store: Store):
    ids = finished(store, 3)
    store.archive.append(store.tasks.many(ids))
    assert archived(store.archived) == []
    store.maintain(NOV + 90 * DAY)
    assert [task.id for task in archived(store.archived)] == ids


def test_half_a_line_from_a_crash_is_overwritten(store: Store, tmp_path: Path):
    tasks = store.tasks.many(finished(store, 3))
    archive = Archive(tmp_path / "archive", Files())
    archive.append(tasks[:1])
    path = tmp_path / "archive" / "2023-11.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    archive.append(tasks[1:])
    assert archived(ArchivePages(tmp_path / "archive")) == tasks
    path.write_bytes(whole[:30])
    archive.append(tasks[2:])
    assert archived(ArchivePages(tmp_path / "archive")) == tasks[2:]


def test_an_unreadable_line_is_skipped_with_one_warning(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    tasks = store.tasks.many(finished(store, 3))
    archive = Archive(tmp_path / "archive")
    archive.append(tasks)
    path = tmp_path / "archive" / "2023-11.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"\xff{]\n" + lines[2])
    assert archived(ArchivePages(tmp_path / "archive")) == [tasks[0], tasks[2]]
    assert len([line for line in caplog.messages if "1 unreadable" in line]) == 1
