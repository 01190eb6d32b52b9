"""Words that publish, pay, delete or log out, in many languages. They only refuse: nothing is tapped or read by them."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from jobs.post.screens.labels import normalise

_FILE = Path(__file__).with_name("hard_words.txt")
#: What hides such a word behind a first one.
_NOW = frozenset(
    (
        "now",
        "jetzt",
        "maintenant",
        "ahora",
        "ora",
        "agora",
        "nu",
        "teraz",
        "sekarang",
        "acum",
        "сейчас",
        "зараз",
    )
)
_SPACE = re.compile(r"\s+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


@lru_cache(maxsize=1)
def hard_words() -> frozenset[str]:
    """Every such word or pair of words, in the form in which texts are compared. Guesses are welcome: too many cost a lesson."""
    lines = _FILE.read_text("utf-8").splitlines()
    words = (word for line in lines if not line.startswith("#") for word in line.split())
    return frozenset(normalise(word.replace("_", " ")) for word in words)


@lru_cache(maxsize=4096)
def is_hard(text: str) -> bool:
    """Whether a button with this text may publish, pay, delete or log out: by its first words, or "now" and a second."""
    words = [word for part in _SPACE.split(normalise(text)) if (word := _EDGES.sub("", part))]
    if not words:
        return False
    hard = hard_words()
    if any(" ".join(words[:n]) in hard for n in (1, 2)) or " ".join(words) in hard:
        return True
    return len(words) == 2 and words[0] in _NOW and words[1] in hard
