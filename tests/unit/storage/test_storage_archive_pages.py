"""The archive as people read it: its months, their pages, beside a daemon that writes it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import archive_pages
from storage.archive_pages import ArchivePages, MonthFacts, Tally, is_month
from storage.archived_month import ArchivedMonth
from storage.errors import StoreFailed
from storage.records import Outcome, Stage, Task
from storage.store import Store
from storage.task_archive import Archive
from tests.support.storage_samples import new_task

DAY = 86400.0
OCT, NOV = 1_697_500_000.0, 1_700_000_000.0  # 2023-10-17, 2023-11-14


def finished(store: Store, count: int, at: float = NOV, **changes: Any) -> list[Task]:
    tasks = store.tasks.create([new_task(number) for number in range(count)])
    end = {"stage": Stage.PUBLISHED, "outcome": Outcome.PUBLISHED, "finished_at": at, **changes}
    return [store.tasks.change(task.id, **end) for task in tasks]


def ids(pages: ArchivePages, month: str, page: int = 1, size: int = 100, **wanted: Any) -> list[int]:
    with pages.open(month) as opened:
        return [task.id for task in opened.page(wanted, page, size)[0]]


def counted_looks(monkeypatch: pytest.MonkeyPatch) -> list[ArchivedMonth]:
    """Every look through a file from now on."""
    looks: list[ArchivedMonth] = []
    look = ArchivedMonth.looked_through

    def counted(*args: Any) -> ArchivedMonth:
        looks.append(look(*args))
        return looks[-1]

    monkeypatch.setattr(ArchivedMonth, "looked_through", counted)
    return looks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def archive(folder: Path) -> Archive:
    return Archive(folder)


@pytest.fixture
def pages(folder: Path) -> ArchivePages:
    return ArchivePages(folder)


def test_before_anything_was_archived_there_is_no_month(pages: ArchivePages) -> None:
    assert pages.names() == []
    assert pages.months() == []
    with pytest.raises(FileNotFoundError):
        pages.open("2023-11")


def test_months_come_newest_first_and_say_what_came_of_their_tasks(make_store: Callable[..., Store]) -> None:
    store = make_store(retention_days=30)
    finished(store, 2)
    finished(store, 1, stage=Stage.FAILED, outcome=Outcome.UNKNOWN)
    finished(store, 1, stage=Stage.FAILED, outcome=Outcome.NONE)
    finished(store, 3, OCT)
    store.maintain(NOV + 90 * DAY)
    newest, older = store.archived.months()
    assert (newest.month, newest.tally) == ("2023-11", Tally(4, 2, 2, 1, 0))
    assert (older.month, older.tally) == ("2023-10", Tally(3, 3, 0, 0, 0))
    size = (store.state_dir / "archive" / "2023-11.jsonl").stat().st_size
    assert (newest.size_bytes, newest.problem) == (size, "")


def test_a_page_holds_its_part_and_every_holds_all_in_the_order_of_their_end(
    store: Store, archive: Archive, pages: ArchivePages
) -> None:
    tasks = [finished(store, 1, NOV + number)[0] for number in range(7)]
    archive.append(tasks)
    with pages.open("2023-11") as month:
        found, total = month.page({}, 2, 3)
        assert ([task.id for task in found], total) == ([tasks[n].id for n in (3, 2, 1)], 7)
        assert month.page({}, 4, 3) == ([], 7)
        assert month.page({}, 10**15, 100) == ([], 7)
        assert list(month.every({})) == tasks
        assert list(month.every({"serial": "PHONE1"})) == []


@pytest.mark.parametrize(
    "name",
    ["", "2027-1", "2027-13", "2027-00", "27-01", "2027-01 ", "2027-01\n", "\u0662\u0660\u0662\u0667-\u0660\u0661", "2027-01.jsonl", "..", "../../etc", "2027/01"],
)  # fmt: skip
def test_what_is_no_month_opens_nothing(
    pages: ArchivePages, folder: Path, archive: Archive, name: str
) -> None:
    archive.append([])
    folder.mkdir(exist_ok=True)
    if "/" not in name and name not in ("", ".."):
        (folder / f"{name}.jsonl").write_bytes(b"")
    assert not is_month(name)
    assert pages.names() == []
    with pytest.raises(FileNotFoundError):
        pages.open(name)


def test_what_was_appended_since_is_seen_at_the_next_look_and_nothing_is_read_twice(
    store: Store, archive: Archive, pages: ArchivePages, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = counted_looks(monkeypatch)
    one, two = finished(store, 2)
    archive.append([one])
    with pages.open("2023-11") as before:
        assert ids(pages, "2023-11") == [one.id]
        pages.months()
        assert len(looks) == 1
        archive.append([two])
        assert [task.id for task in before.page({}, 1, 10)[0]] == [one.id], "one page after another fits"
        assert pages.months()[0].tally == Tally(2, 2, 0, 0, 0)
        assert ids(pages, "2023-11") == [two.id, one.id]
        assert len(looks) == 2


def test_a_task_that_could_not_leave_the_store_yet_is_no_part_of_the_archive(store: Store) -> None:
    tasks = finished(store, 3)
    store.archive.append(tasks)
    states = []
    with store.archived.open("2023-11") as month:
        states.append(month.state)
        assert month.page({}, 1, 10) == ([], 0)
    assert store.archived.months()[0].tally == Tally(0, 0, 0, 0, 0)
    store.tasks.remove([tasks[0].id])
    assert ids(store.archived, "2023-11") == [tasks[0].id]
    assert store.archived.months()[0].tally == Tally(1, 1, 0, 0, 0)
    with store.archived.open("2023-11") as month:
        states.append(month.state)
        assert [task.id for task in month.every({})] == [tasks[0].id]
    store.maintain(NOV + 90 * DAY)
    with store.archived.open("2023-11") as month:
        states.append(month.state)
    assert len(ids(store.archived, "2023-11")) == 3
    assert len(set(states)) == 3, "whoever has the page of another state must not take it for this one"


def test_a_damaged_file_gives_its_good_part_and_says_so(
    store: Store, archive: Archive, pages: ArchivePages, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tasks = finished(store, 3)
    archive.append(tasks)
    path = folder / "2023-11.jsonl"
    text = bytearray(path.read_bytes())
    second = text.index(b"\n") + 1
    text[second + 20 : second + 60] = bytes(40)
    path.write_bytes(text)
    for _ in range(2):
        with pages.open("2023-11") as month:
            assert month.unreadable == 1
            assert [task.id for task in month.every({})] == [tasks[0].id, tasks[2].id]
    assert pages.months()[0].tally == Tally(2, 2, 0, 0, 1)
    assert [record.message for record in caplog.records] == [f"{path}: 1 unreadable lines were skipped"]


def test_a_line_that_breaks_after_the_look_is_left_out_of_what_follows(
    store: Store, archive: Archive, pages: ArchivePages, folder: Path
) -> None:
    tasks = finished(store, 3)
    archive.append(tasks)
    with pages.open("2023-11") as month:
        descriptor = os.open(folder / "2023-11.jsonl", os.O_WRONLY)
        os.pwrite(descriptor, b"\0" * 40, 20)
        os.close(descriptor)
        assert [task.id for task in month.every({})] == [task.id for task in tasks[1:]]
        assert [task.id for task in month.every({"q": ""})] == [task.id for task in tasks[1:]]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    store: Store, archive: Archive, pages: ArchivePages, folder: Path
) -> None:
    archive.append(finished(store, 1))
    archive.append(finished(store, 1, OCT))
    (folder / "2023-11.jsonl").chmod(0)
    newest, older = pages.months()
    assert newest == MonthFacts("2023-11", 0, None, "Permission denied")
    assert older.tally == Tally(1, 1, 0, 0, 0)
    with pytest.raises(PermissionError):
        pages.open("2023-11")


def test_neither_a_pipe_nor_a_folder_in_the_place_of_a_file_is_waited_for(
    pages: ArchivePages, folder: Path
) -> None:
    folder.mkdir()
    os.mkfifo(folder / "2023-11.jsonl")
    (folder / "2023-10.jsonl").mkdir()
    assert [one.problem for one in pages.months()] == ["it is not a regular file"] * 2
    for name in ("2023-11", "2023-10"):
        with pytest.raises(OSError, match="not a regular file"):
            pages.open(name)


def test_a_list_of_months_looks_through_a_part_at_a_time(
    store: Store, archive: Archive, pages: ArchivePages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_pages, "_AT_ONCE_BYTES", 1)
    for days in range(0, 120, 30):
        archive.append(finished(store, 1, NOV - days * DAY))
    for known in range(1, 5):
        assert [one.tally is not None for one in pages.months()] == [number < known for number in range(4)]


def test_only_some_months_stay_in_memory(
    store: Store, archive: Archive, pages: ArchivePages, monkeypatch: pytest.MonkeyPatch
) -> None:
    months = ("2023-11", "2023-10", "2023-09")
    for days, month in zip((0, 30, 60), months, strict=True):
        archive.append(finished(store, 1, NOV - days * DAY))
        assert len(ids(pages, month)) == 1
    looks = counted_looks(monkeypatch)
    pages.months()
    for month in months[1:]:
        assert len(ids(pages, month)) == 1
    assert looks == [], "a list of months keeps none, and drops none"
    assert len(ids(pages, months[0])) == 1
    assert len(looks) == 1


def test_a_text_is_searched_once_and_its_findings_stay_right_when_the_file_grows(
    store: Store, archive: Archive, pages: ArchivePages, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = finished(store, 2, caption="Oak")
    archive.append([one])
    assert ids(pages, "2023-11", q="OAK") == [one.id]
    with monkeypatch.context() as patched:
        patched.setattr(ArchivedMonth, "search", None)
        assert ids(pages, "2023-11", q="oAk") == [one.id]
    archive.append([two])
    assert ids(pages, "2023-11", q="oak") == [two.id, one.id]


def test_who_waits_for_a_stuck_disk_gives_up(
    store: Store, archive: Archive, pages: ArchivePages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_pages, "TURN_TIMEOUT_S", 0.01)
    archive.append(finished(store, 1))
    look, stuck, goes_on = ArchivedMonth.looked_through, threading.Event(), threading.Event()

    def waits_for_the_disk(*args: Any) -> ArchivedMonth:
        stuck.set()
        assert goes_on.wait(10)
        return look(*args)

    monkeypatch.setattr(ArchivedMonth, "looked_through", waits_for_the_disk)
    first = threading.Thread(target=pages.months)
    first.start()
    assert stuck.wait(10)
    with pytest.raises(StoreFailed, match="the disk is stuck"):
        pages.open("2023-11")
    with pytest.raises(StoreFailed):
        pages.months()
    goes_on.set()
    first.join(10)
    assert len(ids(pages, "2023-11")) == 1


def test_readers_beside_a_daemon_that_archives_see_whole_tasks_alone(store: Store) -> None:
    finished(store, 400)
    seen: list[int] = []
    wrong: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                opened = store.archived.open("2023-11")
            except FileNotFoundError:
                continue
            with opened as month:
                count = len(list(month.every({})))
                if month.unreadable or month.page({}, 1, 10)[1] != count:
                    wrong.append(f"{month.unreadable} unreadable, {count} tasks")
                seen.append(count)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(20):
            store.maintain(NOV + 90 * DAY + number * 3600)
            finished(store, 20)
    finally:
        done.set()
        reader.join(30)
    assert wrong == []
    assert seen == sorted(seen)
