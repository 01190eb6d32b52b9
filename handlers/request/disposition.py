"""Reads the Content-Disposition of a form's part as browsers, curl, .NET and older clients write it."""

from __future__ import annotations

import email.errors
import email.header
import re
from urllib.parse import unquote_to_bytes

#: A parameter: a token, and a quoted text or a token. A quoted text ends at a quote that no backslash precedes.
_PARAMETER = re.compile(
    r";\s*(?P<name>[^\s;=\"]+)\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\[\\\"]|\\(?![\\\"]))*)\"|(?P<bare>[^;]*))",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\([\\\"])")
#: What browsers and curl escape in names, and nothing else (WHATWG, "multipart/form-data encoding algorithm").
_PERCENT = {"%22": '"', "%0D": "\r", "%0A": "\n", "%0d": "\r", "%0a": "\n"}
_PERCENT_ANY = re.compile("%22|%0D|%0A", re.IGNORECASE)
_ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[bq]\?[^?\s]*\?=", re.IGNORECASE)
_CONTINUED = re.compile(r"(?P<name>[^*]+)\*(?P<number>\d+)(?P<extended>\*?)")


def parameters(header: str) -> dict[str, str]:
    """The parameters by lower-case name, decoded; `name*` (RFC 5987) wins over `name`, as RFC 6266 says."""
    plain: dict[str, str] = {}
    extended: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(header):
        name = match["name"].lower()
        quoted = match["quoted"]
        value = match["bare"].strip().strip('"') if quoted is None else quoted
        continued = _CONTINUED.fullmatch(name)
        if continued is not None:
            numbered = pieces.setdefault(continued["name"], {})
            numbered[int(continued["number"][:4])] = (value, bool(continued["extended"]))
        elif name.endswith("*"):
            decoded = _extended(value)
            if decoded is not None:
                extended[name[:-1]] = decoded
        else:
            plain.setdefault(name, _plain(value))
    for name, numbered in pieces.items():
        joined = _joined(numbered)
        if joined is not None:
            extended.setdefault(name, joined)
    return plain | extended


def _plain(value: str) -> str:
    """A quoted text as it was meant: escapes of curl and browsers, and the encoded words of .NET (RFC 2047)."""
    value = _PERCENT_ANY.sub(lambda m: _PERCENT[m[0]], _ESCAPED.sub(r"\1", value))
    if _ENCODED_WORD.search(value):
        try:
            return str(email.header.make_header(email.header.decode_header(value))) or value
        except (email.errors.HeaderParseError, LookupError, UnicodeError, ValueError):
            return value
    return value


def _extended(value: str) -> str | None:
    """charset'language'percent-encoded; None for what is none of that."""
    charset, quote, rest = value.partition("'")
    _, second, text = rest.partition("'")
    if not quote or not second:
        return None
    try:
        return unquote_to_bytes(text).decode(charset or "utf-8")
    except (LookupError, UnicodeError):
        return None


def _joined(numbered: dict[int, tuple[str, bool]]) -> str | None:
    """A value in numbered pieces (RFC 2231, section 3)."""
    if 0 not in numbered:
        return None
    text = "".join(numbered[n][0] for n in range(len(numbered)) if n in numbered)
    if numbered[0][1]:
        return _extended(text)
    return _plain(text)
