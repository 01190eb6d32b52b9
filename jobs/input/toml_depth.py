"""Finds keys of TOML that go too deep, before a parser sees them: its time grows with the cube of their parts."""

from __future__ import annotations

import re

#: The deepest key of a file that is read here has five.
MAX_PARTS = 32
#: Texts and comments as a whole, whether they are closed or not, so that no character is looked at twice; what keys are made of.
_TOKEN = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"{3,5}|\Z)'
    r"|'''(?:[^']++|'(?!''))*+(?:'{3,5}|\Z)"
    r'|(?P<part>"(?:[^"\\\n]++|\\[^\n])*+(?:"|(?=\n)|\\?\Z)'
    r"|'[^'\n]*+(?:'|(?=\n)|\Z)"
    r"|[A-Za-z0-9_-]++)"
    r"|(?P<dot>\.)"
    r"|(?P<blank>[ \t]++)"
    r"|\#[^\n]*+"
    r"|[^\"'A-Za-z0-9_.\-\s#]++|\s",
    re.DOTALL,
)


def too_deep(text: str) -> int:
    """The number of the first line with a key of more than `MAX_PARTS` parts, 0 where there is none."""
    if text.count(".") < MAX_PARTS:
        return 0
    parts, joined = 0, False
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "part":
                parts = parts + 1 if joined else 1
                joined = False
                if parts > MAX_PARTS:
                    return text.count("\n", 0, token.start()) + 1
            case "dot":
                joined = parts > 0
            case "blank":
                pass
            case _:
                parts, joined = 0, False
    return 0
