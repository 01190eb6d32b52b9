from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.hub.platforms import PLATFORMS
from jobs.post.screens import labels
from jobs.post.screens.labels import Label, Wording, normalise
from jobs.post.screens.vocabularies import shipped_file, shipped_vocabulary


def shipped_texts(platform: str) -> list[str]:
    """Every whole text of the shipped words, and what their patterns begin with."""
    found = []
    for entries in shipped_file(platform).words.values():
        for entry in entries:
            for value in entry.values():
                texts = [value] if isinstance(value, str) else value
                found += [re.sub(r"[/^$\\]|\([^()]*\)\??", "", text) for text in texts]
    return found


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_text_reads_like_the_words_that_say_so_one_by_one(platform: str) -> None:
    words = shipped_vocabulary(platform).words
    wording = Wording(words)
    texts = {normalise(text + more) for text in shipped_texts(platform) for more in ("", " 3", " this post")}
    for text in filter(None, texts):
        expected = {name for name, label in words.items() if label.matches_normalised(text)}
        for _ in range(2):  # as worked out, and as remembered
            assert set(wording.of(text)) == expected, text
            assert len(wording.of(text)) == len(expected)


@pytest.mark.parametrize(
    "pattern",
    ["^a", "a", "^a|b", "^(a|b)c", "^(a|b)|c", "(^a)|b", r"^a\|b", "^[|]b", "^((a|b) )?c", "^a(|b)", r"^\(a|b\)", "b$", "^$|a"],
)  # fmt: skip
@given(text=st.text(alphabet="abc |()[]\\", max_size=8))
@settings(deadline=None, max_examples=60)
def test_a_pattern_fits_wherever_a_search_finds_it(pattern: str, text: str) -> None:
    label = Label("x", (), [pattern, "never this"])
    assert label.fits_pattern(text) == (re.search(pattern, text) is not None)


def test_texts_that_never_come_again_take_no_memory_for_ever() -> None:
    wording = Wording({"number": Label("number", (), [r"^\d+$"])})
    for number in range(20_000):
        assert wording.of(str(number)) == ("number",)
    assert len(wording._known) <= 4096
    long = "9" * 1000
    assert wording.of(long) == ("number",)
    assert long not in wording._known


def test_what_people_write_at_length_is_not_remembered() -> None:
    normalise("x" * labels.NORMALISED_CHARS)
    remembered = labels.remembered.cache_info().currsize
    for number in range(100):
        assert normalise(f"\N{RIGHT SINGLE QUOTATION MARK}{number} " + "Long " * 4_000).startswith(
            f"'{number} long long"
        )
    assert labels.remembered.cache_info().currsize == remembered
