"""Sentences that hold what phones, apps and programs say: bounded and printable before they reach logs, records and answers."""

from __future__ import annotations

from jobs.input.values import shorten

#: The longest sentence of our own has some 350 characters; whatever was said to us stands at its end.
SENTENCE_CHARS = 600


def sentence(text: str, most: int = SENTENCE_CHARS) -> str:
    """The text in one line of at most `most` characters, without any that steer a terminal or hide what follows."""
    if len(text) <= most and text.isprintable():
        return text
    # An adb server may answer 64 KB, a tree may hold megabytes: the rest of it is not even looked at.
    return shorten(" ".join(text[: 4 * most].split()), most)
