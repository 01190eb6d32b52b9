"""What is known of media files outlives restarts, renames and a damaged cache, and never speaks of a changed file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.tables import media_facts
from storage.tables.media_facts import FileId, Known, MediaFacts

FILE = FileId(device=2**63 + 5, inode=2**64 - 1, size=10, mtime_ns=1_000, ctime_ns=2_000)


@pytest.fixture
def facts(tmp_path: Path) -> Iterator[MediaFacts]:
    kept = MediaFacts(tmp_path / "facts")
    yield kept
    kept.close()


def test_what_is_kept_is_found_after_a_restart(facts: MediaFacts, tmp_path: Path) -> None:
    facts.keep(FILE, "aa", b"{}")
    facts.close()
    assert facts.find(FILE) is None
    again = MediaFacts(tmp_path / "facts")
    assert again.find(FILE) == Known("aa", b"{}")
    again.close()


def test_digest_and_look_may_come_one_after_the_other(facts: MediaFacts) -> None:
    facts.keep(FILE, "aa")
    facts.keep(FILE, seen=b"1")
    assert facts.find(FILE) == Known("aa", b"1")
    facts.keep(FILE, "bb")
    assert facts.find(FILE) == Known("bb", b"1")


@pytest.mark.parametrize("field", FileId._fields)
def test_a_file_that_differs_in_anything_is_another(facts: MediaFacts, field: str) -> None:
    facts.keep(FILE, "aa", b"1")
    other = FILE._replace(**{field: 7})
    assert facts.find(other) is None
    facts.keep(other, seen=b"2")
    assert facts.find(other) == Known("", b"2"), "what was known of the old state counts no longer"


def test_a_rename_changes_the_ctime_alone(facts: MediaFacts) -> None:
    facts.keep(FILE, "aa", b"1")
    facts.moved(FILE, FILE._replace(ctime_ns=9, size=11))
    assert facts.find(FILE) == Known("aa", b"1")
    facts.moved(FILE, FILE._replace(ctime_ns=9))
    assert facts.find(FILE._replace(ctime_ns=9)) == Known("aa", b"1")


@pytest.mark.parametrize("damage", [b"no database at all" * 400, b"SQLite format 3\0" + b"\xff" * 5000, b""])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "facts").write_bytes(damage)
    facts = MediaFacts(tmp_path / "facts")
    facts.find(FILE)
    facts.keep(FILE, "aa")
    assert facts.find(FILE) == Known("aa", None)
    facts.close()


def test_a_cache_of_another_layout_is_emptied(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "facts")
    database.execute("CREATE TABLE files (x)")
    database.execute("PRAGMA user_version = 99")
    database.close()
    facts = MediaFacts(tmp_path / "facts")
    facts.keep(FILE, "aa")
    assert facts.find(FILE) == Known("aa", None)
    facts.close()


def test_a_folder_that_takes_no_file_costs_only_the_memory_of_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    facts = MediaFacts(tmp_path / "none" / "facts")
    for _ in range(3):
        facts.keep(FILE, "aa")
    assert facts.find(FILE) is None
    assert len(caplog.records) == 1
    facts.close()


def test_the_cache_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_facts, "ROWS_MAX", 10)
    monkeypatch.setattr(media_facts, "TRIM", 5)
    facts = MediaFacts(tmp_path / "facts")
    for inode in range(20):
        facts.keep(FILE._replace(inode=inode), "aa")
    facts.close()
    facts = MediaFacts(tmp_path / "facts")
    known = [facts.find(FILE._replace(inode=inode)) is not None for inode in range(20)]
    assert known == [False] * 15 + [True] * 5
    facts.close()


def test_an_identity_is_read_from_a_status(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    status = (tmp_path / "x").stat()
    assert FileId.of(status)[:3] == (status.st_dev, status.st_ino, 3)
