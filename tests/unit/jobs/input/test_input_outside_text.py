"""Sentences with what others say: one bounded line that steers no terminal, whatever is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.input.outside_text import SENTENCE_CHARS, sentence
from jobs.phone.errors import PhoneError, PushFailed
from jobs.task.attempt import ScriptFailed
from jobs.task.ending import trouble
from storage.error_codes import ErrorCode

HOSTILE = "the app says:\x1b[2J\n\u202e" + "y" * 2_000_000


def is_harmless(text: str) -> bool:
    return len(text) <= SENTENCE_CHARS and text.isprintable()


@given(st.text(max_size=3000))
def test_a_sentence_is_one_line_of_bounded_length(text: str) -> None:
    said = sentence(text)
    assert len(said) <= SENTENCE_CHARS
    assert all(char.isprintable() or char in "\u200c\u200d" for char in said)


@pytest.mark.parametrize(
    "text", ["plain", "two  blanks", "木工 👨\u200d👩\u200d👧 café", "x" * SENTENCE_CHARS]
)
def test_usual_sentences_stay_as_they_are(text: str) -> None:
    assert sentence(text) == text


@pytest.mark.parametrize(
    "error",
    [
        PhoneError(HOSTILE),
        PushFailed(f"the phone refused the file: {HOSTILE}"),
        ScriptFailed(ErrorCode.UI_CHANGED, HOSTILE),
        RuntimeError(HOSTILE),
    ],
)
def test_no_end_of_a_task_holds_more_than_a_line_of_what_a_phone_says(error: Exception) -> None:
    message = trouble(error, "step", 60.0).error.message
    assert "the app says:" in message
    assert is_harmless(message)
