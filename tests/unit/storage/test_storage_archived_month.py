"""One month of the archive: whole lines alone, each task once, in the order of its end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from storage import archived_month
from storage.archived_month import ArchivedMonth, whole_lines
from storage.records import Outcome, Stage, Status, Task
from tests.support.storage_samples import new_task

NOV = 1_700_000_000.0  # 2023-11-14


def ended(number: int, **changes: Any) -> Task:
    """A task as it stands in a file of the archive."""
    facts = {"due_at": NOV, "finished_at": NOV + number, "stage": Stage.PUBLISHED, **changes}
    facts.setdefault("outcome", Outcome.PUBLISHED)
    return Task(**{**msgspec.structs.asdict(new_task(number)), **facts}, id=number)


def lines_of(*tasks: Task) -> bytes:
    return b"".join(msgspec.json.encode(task) + b"\n" for task in tasks)


class File:
    """A file of the archive that tests write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()
        self.descriptor = os.open(path, os.O_RDONLY)

    def month(self, *in_store: int) -> ArchivedMonth:
        return ArchivedMonth.looked_through(self.descriptor, in_store.__contains__)

    def ids(self, month: ArchivedMonth, without: frozenset[int] = frozenset(), **wanted: Any) -> list[int]:
        text = wanted.pop("q", "")
        holding = month.search(self.descriptor, text) if text else None
        return [task.id for task in month.tasks(self.descriptor, month.rows(wanted, holding, without))]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    made = File(tmp_path / "2023-11.jsonl")
    yield made
    os.close(made.descriptor)


@pytest.mark.parametrize("block", [1, 2, 7, 64 * 1024])
def test_lines_are_the_same_however_the_file_is_cut_into_blocks(
    file: File, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(archived_month, "_BLOCK_BYTES", block)
    file.path.write_bytes(b"one\n\ntwo and more\nhalf")
    size = file.path.stat().st_size
    assert list(whole_lines(file.descriptor, size)) == [(0, b"one"), (4, b""), (5, b"two and more")]
    assert list(whole_lines(file.descriptor, size + 100)) == [(0, b"one"), (4, b""), (5, b"two and more")]
    assert list(whole_lines(file.descriptor, 6)) == [(0, b"one"), (4, b"")]


def test_a_line_without_an_end_takes_no_more_memory_than_a_line_may(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archived_month, "_BLOCK_BYTES", 100)
    monkeypatch.setattr(archived_month, "_LONGEST_LINE_BYTES", 1000)
    task = lines_of(ended(1))
    file.path.write_bytes(b"\0" * 50_000 + b"\n" + task)
    found = list(whole_lines(file.descriptor, file.path.stat().st_size))
    assert max(len(line) for _, line in found[:-1]) <= 1100
    start, line = found[-1]
    assert (start, line + b"\n") == (50_001, task)
    month = file.month()
    assert file.ids(month) == [1]
    assert month.unreadable > 0


def test_what_ended_last_comes_first_in_whatever_order_it_was_archived(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archived_month, "_SORTED_AT_ONCE", 4)
    order = [3, 9, 1, 8, 2, 7, 10, 4, 6, 5]
    file.path.write_bytes(lines_of(*(ended(number) for number in order)))
    assert file.ids(file.month()) == list(range(10, 0, -1))


@pytest.mark.parametrize(("together", "gap"), [(1, 0), (3_000, 0), (3_000, 1_000), (10**6, 10**6)])
def test_lines_are_the_same_however_many_are_read_together(
    file: File, monkeypatch: pytest.MonkeyPatch, together: int, gap: int
) -> None:
    monkeypatch.setattr(archived_month, "_TOGETHER_BYTES", together)
    monkeypatch.setattr(archived_month, "_GAP_BYTES", gap)
    order = [(number * 17) % 41 + 1 for number in range(41)]
    tasks = [ended(number, caption="x" * number * 20) for number in order]
    file.path.write_bytes(lines_of(*tasks))
    month = file.month()
    for rows in (month.rows({}, None, frozenset()), month.rows({"serial": "PHONE1"}, None, frozenset({3}))):
        found = list(month.tasks(file.descriptor, rows))
        assert found == sorted((tasks[row] for row in rows), key=lambda task: -task.id)
    assert file.ids(month, q="x" * 600) == list(range(41, 29, -1))


def test_one_without_an_end_stands_at_the_time_when_it_was_made(file: File) -> None:
    file.path.write_bytes(lines_of(ended(1), ended(2, finished_at=None, created_at=NOV + 50), ended(3)))
    assert file.ids(file.month()) == [2, 3, 1]


def test_a_task_that_stands_there_twice_is_one_and_its_last_line_counts(file: File) -> None:
    """It was archived, could not leave the store, was retried there, and was archived again."""
    again = ended(1, stage=Stage.FAILED, outcome=Outcome.UNKNOWN, finished_at=NOV + 99)
    file.path.write_bytes(lines_of(ended(1), ended(2), again))
    month = file.month()
    assert len(month) == 2
    assert file.ids(month) == [1, 2]
    assert file.ids(month, status=Status.FAILED) == [1]
    assert month.counts() == {
        (Status.FAILED, Outcome.UNKNOWN): 1,
        (Status.COMPLETED, Outcome.PUBLISHED): 1,
    }


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\0\0\0",
        b"null",
        b'"\xff"',
        b'{"id":4}',
        lines_of(ended(4))[:-20],
        lines_of(ended(4)).replace(b'"id":4', b'"id":-4')[:-1],
        lines_of(ended(4)).replace(b'"id":4', b'"id":99999999999999999999999')[:-1],
        lines_of(ended(4, created_at=9e18))[:-1],
        lines_of(ended(4, finished_at=-1e12))[:-1],
    ],
)
def test_a_damaged_line_costs_that_line_alone_and_is_counted(file: File, damage: bytes) -> None:
    file.path.write_bytes(lines_of(ended(1)) + damage + b"\n" + lines_of(ended(2)))
    month = file.month()
    assert file.ids(month) == [2, 1]
    assert month.unreadable == 1


def test_the_half_line_of_a_write_that_goes_on_is_no_damage(file: File) -> None:
    whole = lines_of(ended(2))
    file.path.write_bytes(lines_of(ended(1)) + whole[:40])
    month = file.month()
    assert file.ids(month) == [1]
    assert month.unreadable == 0
    file.path.write_bytes(lines_of(ended(1)) + whole)
    assert file.ids(file.month()) == [2, 1]
    assert file.ids(month) == [1], "what was looked through before stays as it was"


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"status": Status.COMPLETED}, [4, 2, 1]),
        ({"status": Status.FAILED, "outcome": Outcome.UNKNOWN}, [5]),
        ({"platform": "instagram"}, [2]),
        ({"serial": "PHONE1"}, [4, 1]),
        ({"username": "@Anna.K"}, [3]),
        ({"username": "seen"}, [4]),
        ({"username": "nobody"}, []),
        ({"q": "straße"}, [2]),
        ({"q": "oak", "status": Status.COMPLETED}, [1]),
        ({"q": "birch"}, []),
    ],
)
def test_filters_mean_what_they_mean_in_the_list_of_tasks(
    file: File, wanted: dict[str, Any], ids: list[int]
) -> None:
    file.path.write_bytes(
        lines_of(
            ended(1, caption="Oak, slowly"),
            ended(2, platform="instagram", caption="Die STRASSE hinunter"),
            ended(3, username="anna.k", stage=Stage.FAILED, outcome=Outcome.NONE, caption="More OAK"),
            ended(4, username="", account_seen="Seen"),
            ended(5, stage=Stage.FAILED, outcome=Outcome.UNKNOWN),
        )
    )
    if "q" in wanted:
        wanted = {**wanted, "q": wanted["q"].casefold()}
    assert file.ids(file.month(), **wanted) == ids


def test_those_that_live_in_the_store_are_left_out_when_asked_for(file: File) -> None:
    file.path.write_bytes(lines_of(ended(1), ended(2), ended(3)))
    month = file.month(2)
    assert list(month.left) == [2]
    assert file.ids(month, frozenset({2})) == [3, 1]
    assert file.ids(month) == [3, 2, 1]


def test_only_some_texts_are_remembered(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archived_month, "_TEXTS_KEPT", 2)
    file.path.write_bytes(lines_of(ended(1, caption="abc")))
    month = file.month()
    for text in "abc":
        assert month.search(file.descriptor, text) == b"\1"
    assert [month.found(text) for text in "abc"] == [None, b"\1", b"\1"]


def test_lines_that_are_far_apart_do_not_cost_what_lies_between_them(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    between = [ended(number, caption="x" * 1000) for number in range(2, 200)]
    file.path.write_bytes(lines_of(ended(1, serial="FAR"), *between, ended(200, serial="FAR")))
    month = file.month()
    read_bytes = 0
    read = os.pread

    def counted(descriptor: int, count: int, offset: int) -> bytes:
        nonlocal read_bytes
        read_bytes += count
        return read(descriptor, count, offset)

    monkeypatch.setattr(os, "pread", counted)
    assert file.ids(month, serial="FAR") == [200, 1]
    assert read_bytes < 3_000
    read_bytes = 0
    assert len(file.ids(month)) == 200
    assert read_bytes < file.path.stat().st_size * 1.1
