"""Hashtags of all scripts, and what looks like one: nothing of a word stays behind, and what is none is told."""

# ruff: noqa: RUF001 - signs that look alike are what this is about

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.content.hashtags import count_hashtags, doubts, trim

WORDS = [
    "wood",
    "größe",
    unicodedata.normalize("NFD", "cafégrün"),
    "हिन्दी",
    "ภาษาไทยน้ำ",
    "كِتَاب",
    "می\u200cخواهم",
    "日本語",
    "col·lecció",
    "🎉party",
    "👨\u200d👩\u200d👧fam",
    "👍🏽",
    "1\ufe0f\u20e3day",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "🇩🇪",
    "wood\u200bwork",
]


@pytest.mark.parametrize("word", WORDS)
def test_a_surplus_hashtag_is_left_out_with_every_letter_accent_and_part_of_an_emoji(word: str) -> None:
    assert trim(f"text #a #{word} end", 1) == ("text #a end", [f"#{word}"])
    assert trim(f"text #a #{word}, end", 1) == ("text #a, end", [f"#{word}"])
    assert trim(f"#{word}#{word}", 1) == (f"#{word}", [f"#{word}"])
    assert count_hashtags(f"#{word} and # alone") == 1


@given(st.text(alphabet="# \tab\u0301\u200d🎉-", max_size=30), st.integers(0, 5))
def test_trimming_takes_signs_away_from_the_end_alone(text: str, left: int) -> None:
    kept, dropped = trim(text, left)
    assert kept.count("#") == min(left, text.count("#"))
    assert len(dropped) == text.count("#") - kept.count("#")
    assert len(text) - len(kept) - sum(map(len, dropped)) in range(len(dropped) + 1)


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ("新品 ＃木工", '"＃" (U+FF03), which only looks like "#"'),
        ("﹟wood", "U+FE5F"),
        ("♯wood", "U+266F"),
        ("by ＠anna", '"＠" (U+FF20), which only looks like "@": an app may make no mention of it'),
        ("#wood\u200bwork", 'U+200B within "#woodwork": an app ends the hashtag there'),
        ("#\u2060wood", "U+2060"),
        ("#ta\u00adg", "U+00AD"),
        ("#\u200fكتاب", "U+200F"),
        ("@\u200banna", 'U+200B within "@anna": an app ends the mention there'),
        ("｛早安｜晚安｝", "full-width signs, of which nothing is chosen"),
        ("{a｜b}", "full-width signs"),
    ],
)
def test_what_only_looks_like_a_hashtag_a_mention_or_a_choice_is_told(caption: str, said: str) -> None:
    (told,) = doubts(caption)
    assert said in told


@pytest.mark.parametrize(
    "caption",
    [
        *(f"#{word} @anna" for word in WORDS[:-1]),
        "#wood\u200f end",  # a mark of direction behind it, as Arabic and Hebrew texts have them
        "\u200f#wood",
        "in C♯ minor, 5 ＃ 6",
        "plain\u200btext",
        "a ｜ b",
        "mail me: anna@example.org",
    ],
)
def test_what_apps_take_as_it_is_gets_no_word(caption: str) -> None:
    assert doubts(caption) == []
