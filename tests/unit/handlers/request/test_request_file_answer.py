"""Parts of files, as clients ask for them."""

from __future__ import annotations

import time

import pytest

from handlers.request.file_answer import RANGE


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", "0", "9"), ("Bytes = 5 - ", "5", ""), ("bytes=-7", "", "7"), ("bytes= 1 - 2 ", "1", "2")],
)
def test_a_range_may_have_blanks(asked: str, first: str, last: str) -> None:
    match = RANGE.fullmatch(asked)
    assert match is not None
    assert match.groups() == (first, last)


@pytest.mark.parametrize(
    "asked", ["bytes=" + " " * 32_000 + "x", "bytes" + " " * 32_000 + "x", "bytes=1-2" + " " * 32_000 + "x"]
)
def test_a_range_of_blanks_without_end_does_not_hold_up_the_hub(asked: str) -> None:
    began = time.thread_time()
    assert RANGE.fullmatch(asked) is None
    assert time.thread_time() - began < 0.5
