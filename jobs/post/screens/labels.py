"""Texts as phones show them: made comparable across quotes, spaces and case, and named words in several languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]")
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


#: Whether a label's patterns fit a text is remembered for so many texts of at most so many characters.
JUDGED_MAX, JUDGED_CHARS = 1024, 60


@lru_cache(maxsize=8192)
def normalise(text: str) -> str:
    """A text in the form in which texts are compared: folded case, straight quotes, single spaces."""
    if not text:
        return ""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).translate(_SAME)
    return _SPACE.sub(" ", text).strip().casefold()


class Label:
    """A named text of an app, `@name` in the screens files: what it may read, in any known language, as whole texts and as patterns.

    Patterns are searched in the normalised form, so they are written in lower case with straight quotes.
    """

    __slots__ = ("_judged", "_pattern", "name", "texts")

    def __init__(self, name: str, texts: Iterable[str], patterns: Iterable[str] = ()) -> None:
        self.name = name
        self.texts = frozenset(normalise(t) for t in texts)
        joined = "|".join(f"(?:{p})" for p in patterns)
        self._pattern = re.compile(joined) if joined else None
        self._judged: dict[str, bool] = {}  #: of short texts: the same ones stand on screen after screen

    def same_as(self, other: Label) -> bool:
        """Whether both read the same texts."""
        mine, theirs = self._pattern, other._pattern
        return self.texts == other.texts and (mine and mine.pattern) == (theirs and theirs.pattern)

    @property
    def has_patterns(self) -> bool:
        return self._pattern is not None

    def matches(self, text: str) -> bool:
        """Whether a text reads like this label. An empty one never does."""
        if not text:
            return False
        return self.matches_normalised(normalise(text))

    def matches_normalised(self, text: str) -> bool:
        """The same for a text that is already normalised."""
        if not text:
            return False
        if text in self.texts:
            return True
        if self._pattern is None:
            return False
        known = self._judged.get(text)
        if known is None:
            known = self._pattern.search(text) is not None
            if len(text) <= JUDGED_CHARS:
                if len(self._judged) >= JUDGED_MAX:
                    self._judged.clear()
                self._judged[text] = known
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
