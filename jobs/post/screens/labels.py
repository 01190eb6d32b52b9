"""Texts as phones show them: made comparable across quotes, spaces and case, and named words in several languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_SPACE = re.compile(r"\s+")
#: Curly quotes and long dashes, which phones and people mix with the straight ones.
_SAME = str.maketrans(
    {
        "\u2019": "'",
        "\u2018": "'",
        "\u02bc": "'",
        "`": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2013": "-",
        "\u2014": "-",
    }
)


#: What cannot divide a pattern as a whole into alternatives.
_GROUPED = re.compile(r"\\.|\[[^\]]*\]|\([^()]*\)")

#: How many texts have their labels remembered, and how long such a text may be.
JUDGED_MAX, JUDGED_CHARS = 4096, 60


#: How many texts have their normalised form remembered, and how long such a text may be. Longer ones, which people write,
#: seldom come again and would take hundreds of megabytes.
NORMALISED_MAX, NORMALISED_CHARS = 8192, 300


def normalise(text: str) -> str:
    """A text in the form in which texts are compared: folded case, straight quotes, single spaces."""
    return remembered(text) if len(text) <= NORMALISED_CHARS else _normalised(text)


def without_marks(text: str) -> str:
    """A text without the characters that nobody sees, such as those that set its direction, and without blanks around it."""
    return _INVISIBLE.sub("", text).strip()


def _normalised(text: str) -> str:
    if not text:
        return ""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).translate(_SAME)
    return _SPACE.sub(" ", text).strip().casefold()


remembered = lru_cache(maxsize=NORMALISED_MAX)(_normalised)


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    joined = "|".join(f"(?:{p})" for p in patterns)
    return re.compile(joined) if joined else None


def _only_at_start(pattern: str) -> bool:
    """Whether a pattern surely fits nowhere but at the beginning: a search would try each later place all the same."""
    return pattern.startswith("^") and "|" not in _GROUPED.sub("", pattern)


class Label:
    """A named text of an app, `@name` in the screens files: what it may read, in any known language, as whole texts and as patterns.

    Patterns are searched in the normalised form, so they are written in lower case with straight quotes.
    """

    __slots__ = ("_anywhere", "_at_start", "_patterns", "name", "texts")

    def __init__(self, name: str, texts: Iterable[str], patterns: Iterable[str] = ()) -> None:
        self.name = name
        self.texts = frozenset(normalise(t) for t in texts)
        self._patterns = tuple(patterns)
        self._at_start = _any_of(p for p in self._patterns if _only_at_start(p))
        self._anywhere = _any_of(p for p in self._patterns if not _only_at_start(p))

    def same_as(self, other: Label) -> bool:
        """Whether both read the same texts."""
        return self.texts == other.texts and self._patterns == other._patterns

    @property
    def has_patterns(self) -> bool:
        return bool(self._patterns)

    def matches(self, text: str) -> bool:
        """Whether a text reads like this label. An empty one never does."""
        if not text:
            return False
        return self.matches_normalised(normalise(text))

    def matches_normalised(self, text: str) -> bool:
        """The same for a text that is already normalised."""
        if not text:
            return False
        return text in self.texts or self.fits_pattern(text)

    def fits_pattern(self, text: str) -> bool:
        """Whether one of the patterns is found in a normalised text."""
        at_start, anywhere = self._at_start, self._anywhere
        return (at_start is not None and at_start.match(text) is not None) or (
            anywhere is not None and anywhere.search(text) is not None
        )


class Wording:
    """Which labels of an app a text reads like. Of short texts that is remembered: the same ones stand on screen after screen."""

    def __init__(self, labels: Mapping[str, Label]) -> None:
        self._whole: dict[str, list[str]] = {}
        for name, label in labels.items():
            for text in label.texts:
                self._whole.setdefault(text, []).append(name)
        self._patterned = [(name, label) for name, label in labels.items() if label.has_patterns]
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, text: str) -> tuple[str, ...]:
        """The names of the labels that a normalised text reads like."""
        known = self._known.get(text)
        if known is None:
            whole = self._whole.get(text, ())
            known = (
                *whole,
                *(n for n, label in self._patterned if n not in whole and label.fits_pattern(text)),
            )
            if len(text) <= JUDGED_CHARS:
                if len(self._known) >= JUDGED_MAX:
                    self._known.clear()
                self._known[text] = known
        return known


def label_from_entries(
    name: str, entries: Iterable[Mapping[str, str | list[str]]], languages: Collection[str] | None = None
) -> Label:
    """A label from its TOML entries: language -> text, list of texts, or /pattern/; the key `seen` is a remark.

    With `languages` only texts of these count, and those under `any`.

    Raises:
        ValueError: a pattern does not compile; the message names it.
    """
    texts: list[str] = []
    patterns: list[str] = []
    for entry in entries:
        for language, value in entry.items():
            if language == "seen" or not (languages is None or language == "any" or language in languages):
                continue
            for text in [value] if isinstance(value, str) else value:
                if len(text) > 2 and text.startswith("/") and text.endswith("/"):
                    pattern = text[1:-1]
                    try:
                        re.compile(pattern)
                    except re.error as error:
                        raise ValueError(
                            f"word {name!r}: pattern {text} does not compile: {error}"
                        ) from error
                    patterns.append(pattern)
                else:
                    texts.append(text)
    return Label(name, texts, patterns)
