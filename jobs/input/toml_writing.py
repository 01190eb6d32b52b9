"""Writes values and tables as TOML."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_value(content: Any) -> str:
    """A value; tables inline."""
    if isinstance(content, Mapping):
        return "{ " + ", ".join(f"{toml_key(str(k))} = {toml_value(v)}" for k, v in content.items()) + " }"
    if isinstance(content, list | tuple):
        return "[" + ", ".join(toml_value(v) for v in content) + "]"
    if isinstance(content, float) and not math.isfinite(content):
        return str(content)  # JSON has no word for these, TOML has: "inf", "-inf" and "nan"
    # JSON's spelling of texts, numbers and booleans is TOML's, but for one control character.
    return msgspec.json.encode(content).decode().replace("\x7f", "\\u007f")


def table(head: str, content: Mapping[str, Any]) -> Iterator[str]:
    """A table with one line for each of its keys."""
    if content:
        yield f"[{head}]"
        yield from (f"{toml_key(key)} = {toml_value(v)}" for key, v in content.items())
        yield ""


def toml_key(name: str) -> str:
    """A key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else toml_value(name)
