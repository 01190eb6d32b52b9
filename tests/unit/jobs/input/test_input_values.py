"""What a refusal quotes of a caller's text."""

from __future__ import annotations

import pytest

from jobs.input.values import shorten


@pytest.mark.parametrize("text", ["Team 👩‍👩‍👧‍👦!", "می‌خواهم", "❤️‍🔥 and 🏳️‍🌈"])
def test_a_joined_emoji_or_word_is_quoted_as_it_was_written(text: str) -> None:
    assert shorten(text) == text


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("kim\u200d", "kim?"),
        ("ki\u200dm", "ki?m"),
        ("\u200d👧", "?👧"),
        ("👧\u202egnp", "👧?gnp"),
        ("a\nb\x1b[31m", "a?b?[31m"),
    ],
)
def test_what_hides_or_steers_is_a_question_mark(text: str, quoted: str) -> None:
    assert shorten(text) == quoted


def test_a_long_text_is_cut() -> None:
    assert shorten("x" * 61) == "x" * 57 + "..."
