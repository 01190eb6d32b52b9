"""docs/failures.md tells the truth about which test covers which failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: How many failures each chapter knows.
CHAPTERS = {"ADB": 17, "PPA": 10, "U2": 21, "TDB": 10, "APS": 8, "WEB": 9, "JOB": 17, "FT": 8}
_ID = re.compile(rf"(?:^|_)({'|'.join(CHAPTERS)})_(\d+)(?=_|$)")
_ROW = re.compile(r"^\| ([A-Z0-9]+-\d+) \|(.*)\|$", re.MULTILINE)
_NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def ids_in(name: str) -> set[str]:
    """The failures that a test's name quotes: `U2_17` is U2-17."""
    return {f"{chapter}-{number}" for chapter, number in _ID.findall(name)}


def written_tests() -> Iterator[tuple[str, str]]:
    """Every test function: its file below tests/, and its name."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE):
            yield path.relative_to(ROOT / "tests").as_posix(), name


def rows() -> dict[str, str]:
    return dict(_ROW.findall((ROOT / "docs/failures.md").read_text("utf-8")))


def test_every_failure_has_one_row_and_every_test_s_failures_are_among_them() -> None:
    known = {f"{chapter}-{n + 1}" for chapter, count in CHAPTERS.items() for n in range(count)}
    assert rows().keys() == known
    assert {failure for _, name in written_tests() for failure in ids_in(name)} <= known


def test_every_test_that_is_named_exists_and_quotes_the_failure_of_its_row() -> None:
    there = set(written_tests())
    wrong = [
        f"{failure}: {file}::{name}"
        for failure, row in rows().items()
        for file, name in _NAMED.findall(row)
        if (file, name) not in there or failure not in ids_in(name)
    ]
    assert wrong == []


def test_every_failure_names_a_test() -> None:
    bench = {failure for failure in rows() if failure.startswith("FT-")}  # tools, not failures
    assert {failure for failure, row in rows().items() if not _NAMED.search(row)} <= bench


def test_ids_are_read_to_their_end() -> None:
    assert ids_in("test_U2_17_and_JOB_9_a_phone") == {"U2-17", "JOB-9"}
    assert ids_in("test_WEB_1_with_1100_files_and_ADB_10") == {"WEB-1", "ADB-10"}
