"""The text of a table in whatever encoding spreadsheets save; one that would be read as other words than were meant is refused."""

from __future__ import annotations

import re

from jobs.input.fields import Findings
from jobs.input.refusals import Invalid, Problem

#: How much of a word is shown on each side, and where it ends.
_SHOWN, _ENDS = 20, frozenset(' ;,"\t\r\n')
_SAVE = "save the table as CSV (UTF-8)"
#: A character of several bytes in UTF-8; text in Windows-1252 hardly ever has one by chance.
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
#: What letters of other encodings become in Windows-1252: words without any plain letter (Cyrillic, Greek, Hebrew), and
#: capitals and signs within a word (a Mac's umlauts).
_STRANGE_WORD = re.compile(
    r"(?<![^\W\d_])[\u00c0-\u00ff]{4,}(?![^\W\d_])"
    r"|[a-z][\u0160\u017d\u0178\u20ac\u201a\u201e\u2026\u2020\u2021\u02c6\u2030\u2039\u0152\u201c\u201d\u02dc\u2122\u203a\xa7\xa4\xa6][a-z]"
)


def sheet_text(data: bytes, findings: Findings) -> str:
    """The text of a file. A warning says where it had to be guessed how it was saved.

    Raises:
        Invalid: it is no text, or its encoding cannot be told.
    """
    if data.startswith(b"PK\x03\x04"):
        raise _invalid(f"this is a workbook (.xlsx or .ods); {_SAVE}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise _invalid("the file says UTF-16 and is not; save it as CSV (UTF-8)") from error
    if b"\0" in data[:1000]:
        halves = max(data[:1000:2].count(0), data[1:1000:2].count(0))
        if halves > len(data[:1000]) // 4:
            raise _invalid(f"this is UTF-16 text without its mark; {_SAVE}")
        raise _invalid(f"this is not text; {_SAVE}, not as .xlsx or .ods")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        first = error
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise _invalid(
            f"byte {error.start + 1} is neither UTF-8 nor Windows-1252; save the table as CSV (UTF-8)"
        ) from None
    whole = _UTF8_SEQUENCE.findall(data)
    if whole and 2 * len(whole) >= sum(byte > 0x7F for byte in _UTF8_SEQUENCE.sub(b"", data)):
        line = data.count(b"\n", 0, first.start) + 1
        raise _invalid(f"line {line} holds text in another encoding than the rest, which is UTF-8; {_SAVE}")
    if strange := _STRANGE_WORD.search(text):
        raise _invalid(
            f'the file is not UTF-8, and as Windows-1252 it would hold "{_around(text, strange)}"; {_SAVE}'
        )
    findings.warn(
        "the file is not UTF-8 and was read as Windows-1252; look at umlauts and emoji, or save it as CSV (UTF-8)"
    )
    return text


def _around(text: str, found: re.Match[str]) -> str:
    """The word, of which the match may be a part."""
    start, end = found.span()
    while start and found.start() - start < _SHOWN and text[start - 1] not in _ENDS:
        start -= 1
    while end < len(text) and end - found.end() < _SHOWN and text[end] not in _ENDS:
        end += 1
    return text[start:end]


def _invalid(problem: str) -> Invalid:
    return Invalid(Problem("", problem))
