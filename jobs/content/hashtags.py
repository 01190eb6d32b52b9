"""Hashtags and mentions as apps read them: where one ends, which are left out, and what only looks like one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from jobs.media.names import INVISIBLE

#: What joins the letters of a word or the parts of an emoji.
_JOINERS = "\u200c\u200d"
#: Invisible characters at which an app ends a hashtag.
_BREAKS = frozenset(INVISIBLE) - frozenset(_JOINERS)
#: Dots within words of Catalan and Japanese.
_WORD_SIGNS = frozenset("_\u00b7\u30fb" + INVISIBLE)
#: Letters, their accents and vowel signs, symbols that are emoji, and the marks that colour these.
_WORD_KINDS = frozenset({"Mn", "Mc", "Me", "So", "Sk"})
#: Signs that keyboards of other languages write, and fonts show alike. C\u266f is a note.
_ALIKE = re.compile(r"(?<![\w/&])([\uff03\ufe5f\u266f\uff20\ufe6b])(?=\w)")
_MENTIONS = "\uff20\ufe6b"
_WIDE_CHOICE = re.compile(r"[{\uff5b][^{}\uff5b\uff5d]*\uff5c[^{}\uff5b\uff5d]*[}\uff5d]")
_SHOWN = 30


def hashtags(text: str, sign: str = "#") -> Iterator[tuple[int, int]]:
    """Where each hashtag begins and ends; a sign with nothing behind it is one of no letters."""
    start = text.find(sign)
    while start >= 0:
        end = start + 1
        while end < len(text) and _is_part(text[end]):
            end += 1
        yield start, end
        start = text.find(sign, end)


def count_hashtags(text: str) -> int:
    """How many signs have something behind them."""
    return sum(end > start + 1 for start, end in hashtags(text))


def trim(text: str, left: int) -> tuple[str, list[str]]:
    """The text with its first `left` hashtags, without those behind them, and these. A blank before one goes with it."""
    kept, dropped, place = "", [], 0
    for number, (start, end) in enumerate(hashtags(text)):
        if number < left:
            continue
        dropped.append(text[start:end])
        first = start - 1 if start > place and text[start - 1] in " \t" else start
        kept += text[place:first]
        place = end
    return kept + text[place:], dropped


def doubts(text: str) -> list[str]:
    """Sentences about what was most likely meant as a hashtag, a mention or a choice, and will be none."""
    return [*_alike(text), *_broken(text), *_wide_choice(text)]


def _alike(text: str) -> Iterator[str]:
    for sign in dict.fromkeys(_ALIKE.findall(text)):
        meant, what = ("@", "mention") if sign in _MENTIONS else ("#", "hashtag")
        yield (
            f'holds "{sign}" (U+{ord(sign):04X}), which only looks like "{meant}": an app may make no {what} of it'
        )


def _broken(text: str) -> Iterator[str]:
    for sign, what in (("#", "hashtag"), ("@", "mention")):
        for start, end in hashtags(text, sign):
            word = text[start:end].rstrip(INVISIBLE)
            at = next((place for place, char in enumerate(word) if char in _BREAKS), -1)
            if at > 0:
                whole = "".join(char for char in word if char not in _BREAKS)
                yield (
                    f'holds the invisible character U+{ord(word[at]):04X} within "{whole[:_SHOWN]}": '
                    f"an app ends the {what} there; write the word anew"
                )


def _wide_choice(text: str) -> Iterator[str]:
    if found := _WIDE_CHOICE.search(text):
        yield (
            f'holds "{found[0][:_SHOWN]}" with full-width signs, of which nothing is chosen: write {{a|b}} with those of a '
            "Latin keyboard"
        )


def _is_part(char: str) -> bool:
    return char.isalnum() or char in _WORD_SIGNS or unicodedata.category(char) in _WORD_KINDS or _is_tag(char)


def _is_tag(char: str) -> bool:
    """Whether it spells the region of a flag."""
    return "\U000e0020" <= char <= "\U000e007f"
