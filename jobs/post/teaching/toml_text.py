"""Writes parts of screens files as TOML, in the form that docs/screens.md describes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from jobs.post.screens.screens_file import ScreensFile

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def screens_toml(part: ScreensFile) -> str:
    """The words, elements and screens of a file."""
    return "\n".join(_sections(part)).strip() + "\n"


def value(content: Any) -> str:
    """A value; tables inline."""
    if isinstance(content, Mapping):
        return "{ " + ", ".join(f"{_key(str(k))} = {value(v)}" for k, v in content.items()) + " }"
    if isinstance(content, list | tuple):
        return "[" + ", ".join(value(v) for v in content) + "]"
    if isinstance(content, float) and not math.isfinite(content):
        return str(content)  # JSON has no word for these, TOML has: "inf", "-inf" and "nan"
    # JSON's spelling of texts, numbers and booleans is TOML's, but for one control character.
    return msgspec.json.encode(content).decode().replace("\x7f", "\\u007f")


def table(head: str, content: Mapping[str, Any]) -> Iterator[str]:
    """A table with one line for each of its keys."""
    if content:
        yield f"[{head}]"
        yield from (f"{_key(key)} = {value(v)}" for key, v in content.items())
        yield ""


def _sections(part: ScreensFile, below: str = "") -> Iterator[str]:
    yield from table(f"{below}words", part.words)
    elements = {name: [msgspec.to_builtins(rule) for rule in rules] for name, rules in part.elements.items()}
    yield from table(f"{below}elements", elements)
    for name, screen in part.screens.items():
        yield from table(f"{below}screens.{_key(name)}", msgspec.to_builtins(screen))


def sections(part: ScreensFile, below: str) -> Iterator[str]:
    """The same below another table, whose name ends with a dot."""
    yield from _sections(part, below)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else value(name)
