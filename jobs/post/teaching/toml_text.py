"""Writes parts of screens files as TOML, in the form that docs/screens.md describes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from jobs.input.toml_writing import table, toml_key
from jobs.post.screens.screens_file import ScreensFile


def screens_toml(part: ScreensFile) -> str:
    """The words, elements and screens of a file."""
    return "\n".join(sections(part)).strip() + "\n"


def sections(part: ScreensFile, below: str = "") -> Iterator[str]:
    """The same line by line; `below` another table, whose name ends with a dot."""
    yield from table(f"{below}words", part.words)
    elements = {name: [msgspec.to_builtins(rule) for rule in rules] for name, rules in part.elements.items()}
    yield from table(f"{below}elements", elements)
    for name, screen in part.screens.items():
        yield from table(f"{below}screens.{toml_key(name)}", msgspec.to_builtins(screen))
