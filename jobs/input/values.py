"""Reads one value from outside, kindly: numbers and booleans also as texts; and quotes one in a refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from jobs.input.spoilt_values import decoded_twice, explain_spoilt

_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,18}\s*", re.ASCII)
#: XML cannot hold these, so no screen of a phone can show them back; NUL ends paths.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
#: What a phone's dump of its screen shows as dots (AOSP's AccessibilityNodeInfoDumper), and code points that are not characters.
_UNSHOWABLE = re.compile(
    "[\x80-\x9f\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class Unreadable(ValueError):
    """A value that cannot be used; the message completes the sentence "FIELD: ..."."""


def read_bool(value: Any) -> bool:
    """True and false, also as text, also as 0 and 1."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in _BOOLEANS:
        return _BOOLEANS[value.strip().lower()]
    raise Unreadable(f"must be true or false, not {shown(value)}")


def read_int(value: Any) -> int:
    """A whole number, also as text or as a float without a fraction; never a boolean."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, str) and value.isascii() and value.strip().isdigit():
        raise Unreadable(f"is too large a number: {shown(value)}")
    raise Unreadable(f"must be a whole number, not {shown(value)}")


def read_text(value: Any) -> str:
    """A text without characters that no phone can show."""
    if not isinstance(value, str):
        raise Unreadable(f"must be a text, not {shown(value)}")
    spoilt = explain_spoilt(value)
    if spoilt:
        raise Unreadable(spoilt)
    bad = _CONTROL.search(value)
    if bad:
        hint = "; in JSON a backslash must be doubled" if bad[0] in "\b\f" else ""
        raise Unreadable(f"holds the character U+{ord(bad[0]):04X}, which cannot be used{hint}")
    return value


def read_typed(value: Any) -> str:
    """A text that will be typed into an app, and must be read back from its screen."""
    text = read_text(value)
    bad = _UNSHOWABLE.search(text)
    if bad:
        was_windows = "\x80" <= bad[0] <= "\x9f"
        hint = "; the text was Windows-1252 and was read as Latin-1: send UTF-8" if was_windows else ""
        raise Unreadable(f"holds the character U+{ord(bad[0]):04X}, which no app shows{hint}")
    return text


def read_tags(value: Any) -> Any:
    """Tags may come as a text with commas, or, as forms have no lists, as the JSON text of one."""
    if isinstance(value, str) and isinstance(listed := decoded_twice(value), list):
        return listed
    return [tag for tag in value.split(",") if tag.strip()] if isinstance(value, str) else value


def split_joined(text: str) -> list[str]:
    """The parts of a text that joins several with commas, semicolons or line breaks; empty when it is one."""
    parts = [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
    return parts if len(parts) > 1 else []


def shown(value: Any) -> str:
    """The value as the caller wrote it, shortened."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    return shorten(json.dumps(value))


def shorten(text: str, limit: int = 60) -> str:
    """At most `limit` characters, all printable, but for what joins the parts of an emoji or the letters of a word."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() or _joins(text, at) else "?" for at, c in enumerate(text))
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _joins(text: str, at: int) -> bool:
    """Whether a joiner stands where it belongs: in ASCII it would be something hidden."""
    inside = 0 < at < len(text) - 1
    return text[at] in "\u200c\u200d" and inside and not (text[at - 1].isascii() or text[at + 1].isascii())
