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
_LETTER = r"[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0152\u0153\u0160\u0161\u017d\u017e]"
#: What letters of other encodings become in Windows-1252: letters and signs that captions of Western Europe do not hold (Turkish,
#: Vietnamese, Chinese), signs within a word (Polish, Korean, a Mac's umlauts), and a capital there (a Mac's).
_STRANGE = re.compile(
    r"[\xa4\xa6\xa8\xac\xaf\xb6\xb8\xd0\xdd\xde\xf0\xfd\xfe\xff\u0192\u02c6\u02dc\u0178]"
    rf"|(?<={_LETTER})[^\x00-\x7f\xa0\xad\xb4\xb7\xc0-\xd6\xd8-\xf6\xf8-\xff\u0152\u0153\u0160\u0161\u017d\u017e"
    rf"\u2013\u2014\u2018\u2019](?={_LETTER})"
    rf"|(?<={_LETTER})[\u201a\u201e]|[\xaa\xb3\xb9\xba](?={_LETTER})|(?<=[a-z])[\u0152\u0160\u017d]"
)
#: Characters beyond ASCII side by side, with the quotes, dashes and the like around them that are ordinary there.
_RUN = re.compile(r"[^\x00-\x7f]{3,}")
_AROUND_WORDS = "\xa0\xab\xbb\xa1\xbf\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2026\u2022"
#: Words without any plain letter; and letters that a caption may list, as they end an alphabet (Æ, Ø, Å).
_PLAINLESS = re.compile(rf"(?<!{_LETTER})[\xc0-\xd6\xd8-\xf6\xf8-\xff]{{2,}}(?!{_LETTER})")
_ALONE = frozenset("\xc4\xc5\xc6\xd6\xd8\xdc\xdf\xe4\xe5\xe6\xf6\xf8\xfc")
#: Letters that no language of Western Europe has both of: what Hungarian and the languages of Czechia to Croatia become.
_STRANGERS = (
    (frozenset("\xf5\xd5"), frozenset("\xf6\xfc\xd6\xdc")),
    (
        frozenset("\u0160\u0161\u017d\u017e"),
        frozenset("\xe6\xe8\xec\xef\xf2\xf8\xf9\xc6\xc8\xcc\xcf\xd2\xd8\xd9"),
    ),
)
#: How old Excel workbooks and other files of old Office programs begin.
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def sheet_text(data: bytes, findings: Findings) -> str:
    """The text of a file. A warning says where it had to be guessed how it was saved.

    Raises:
        Invalid: it is not text, or its encoding cannot be told.
    """
    if data.startswith((b"PK\x03\x04", _OLD_OFFICE)):
        raise _invalid(f"this is a workbook (.xlsx, .ods or .xls); {_SAVE}")
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise _invalid(f"this is UTF-32 text; {_SAVE}")
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
    if strange := _strange(text):
        raise _invalid(
            f'the file is not UTF-8, and as Windows-1252 it would hold "{_around(text, *strange)}"; {_SAVE}'
        )
    findings.warn(
        "the file is not UTF-8 and was read as Windows-1252; look at umlauts and emoji, or save it as CSV (UTF-8)"
    )
    return text


def _strange(text: str) -> tuple[int, int] | None:
    """Where the text shows that it was meant in another encoding."""
    if found := _STRANGE.search(text):
        return found.span()
    for found in _RUN.finditer(text):
        run = found[0].strip(_AROUND_WORDS)
        letters = sum(map(str.isalpha, run))
        if letters and len(set(run)) > 1 and (len(run) > 3 or (len(run) == 3 and letters < 3)):
            return found.span()
    for found in _PLAINLESS.finditer(text):
        if not frozenset(found[0]) <= _ALONE:
            return found.span()
    held = frozenset(text)
    for one, others in _STRANGERS:
        if held & one and held & others:
            place = min(text.index(letter) for letter in held & others)
            return place, place + 1
    return None


def _around(text: str, first: int, last: int) -> str:
    """The word, of which what was found may be a part."""
    start, end = first, last
    while start and first - start < _SHOWN and text[start - 1] not in _ENDS:
        start -= 1
    while end < len(text) and end - last < _SHOWN and text[end] not in _ENDS:
        end += 1
    return text[start:end]


def _invalid(problem: str) -> Invalid:
    return Invalid(Problem("", problem))
