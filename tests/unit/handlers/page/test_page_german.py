"""The German of the console is one hand's: formal, with its own marks, and one word for one thing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[4] / "handlers/page/static"

#: What was said otherwise, and the word for it.
WORDS = {
    r"\bBeleg\b": "Nachweis",
    r"\b[Nn]eu(?:e[nrs]?)? versuch": "erneut versuchen",
    r"\bThread": "what of the hub does not go on, in plain words",
    r"\b(?:das|im|vom|mit dem|sein) Log\b": "Protokoll",
    r"Ansichten-Datei": "Ansichtsdatei",
    r"\bBlatt\b": "Einblendung",
    r"\bEscape\b": "Esc",
    r"\b[Aa]n \{n\} Kont": "auf einem Konto posten",
    r"(?i)(?<![{-])\b(?:Task|Queue|Account|Token-Name|downloaden|uploaden|canceln)s?\b": "a German word",
}

#: What is written so in a file or a call, whatever the reader speaks.
CODE = re.compile(r"`[^`]*`|\[\[?[^\]]*\]\]?|\w+ ?= ?\"[^\"]*\"|\"C:/Videos\" = \"\{\}\"|\"\"")


def german() -> Iterator[tuple[str, str]]:
    """Where it stands, and the text."""
    for section, texts in json.loads((STATIC / "texts.json").read_text("utf-8")).items():
        yield from ((f"{section}.{key}", text["de"]) for key, text in texts.items())
    for part in json.loads((STATIC / "hub_says.de.json").read_text("utf-8")).values():
        for sentences in part.values():
            yield from sentences.items()


def test_everybody_is_addressed_formally() -> None:
    informal = re.compile(r"\b(?:du|dich|dir|deine?[nmrs]?|euch|euer|eure)\b", re.IGNORECASE)
    assert [place for place, text in german() if informal.search(text)] == []


def test_quotation_marks_and_dots_are_german() -> None:
    english = re.compile(r"\"|\u201d|\u201a|\u2019(?=\w)|\w…|\.\.\.(?!\])")
    assert [place for place, text in german() if english.search(CODE.sub("", text))] == []
    assert [place for place, text in german() if text.count("„") != text.count("“")] == []


@pytest.mark.parametrize("word", WORDS, ids=WORDS.values())
def test_one_thing_has_one_word(word: str) -> None:
    assert [place for place, text in german() if re.search(word, CODE.sub("", text))] == []
