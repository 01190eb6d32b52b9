"""Reads a CSV file of posts, as spreadsheets in English and German write it, into one create body per row (R58)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jobs.content.script_config import PREFIX, PostConfig
from jobs.input.fields import Findings, is_flag, is_list, kind_of_field
from jobs.input.near_names import near_name
from jobs.input.refusals import Invalid, Problem
from jobs.input.sheet_text import sheet_text
from jobs.input.values import shorten
from jobs.intake.request import SCRIPT
from jobs.intake.sheets.csv_checks import (
    plain_name,
    refuse_missing_files,
    refuse_missing_times,
    refuse_nameless,
    refuse_not_yet,
    warn_missing_captions,
)
from jobs.intake.sheets.sheet_times import is_day_first, read_sheet_time

#: Columns with names of their own, and the fields that they fill.
_COLUMNS = {
    "account": "usernames",
    "serial": "serials",
    "file": f"{PREFIX}material_list",
    "caption": f"{PREFIX}captions",
    "start_time": "start_time",
    "platform": "platform",
    "force": "force",
}
#: Columns that an export has besides: what became of a task is no part of a new one.
RESULTS = (
    "id", "status", "outcome", "account_seen", "finished_at", "remark", "waiting_for", "waiting_detail", "error",
    "retry_count", "on_phone",
)  # fmt: skip
_CONFIG = tuple(name for name in PostConfig.__struct_fields__ if f"{PREFIX}{name}" not in _COLUMNS.values())
KNOWN = (*_COLUMNS, *_CONFIG)
#: Several values in one cell; in a name it stands behind a backslash.
SEPARATOR = "|"
_DELIMITERS = ",;\t"
_SEP_LINE = re.compile(r'"?sep=([,;\t])"?', re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")
#: A spreadsheet runs what begins so; an export puts an apostrophe before it.
GUARDED = ("=", "+", "-", "@", "\t", "\r")

_FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "wahr", "ja", "j", "x", "1"), True),
    **dict.fromkeys(("false", "no", "n", "falsch", "nein", "0"), False),
}


class Row(NamedTuple):
    """One create body, and how its fields are called where it came from."""

    label: str  #: "row 5" or "tasks[3]"
    body: Any
    columns: Mapping[str, str] = {}  #: the column of a field, for rows of a CSV file


def read_csv(data: bytes, findings: Findings) -> list[Row]:
    """The rows that are not blank, numbered as a spreadsheet numbers them: the first after the header is row 2.

    Args:
        data: UTF-8, UTF-16 with its mark, or Windows-1252; comma, semicolon or tab; "sep=;" may stand before the header.
        findings: Takes problems of single rows, and warnings.

    Raises:
        Invalid: it is no CSV file with a header that is known here.
    """
    text = sheet_text(data, findings)
    lines = _records(text)
    header = next(lines, None)
    if header is None:
        raise Invalid(Problem("", f"the file is empty; its first row names columns: {', '.join(_COLUMNS)}"))
    columns = _columns(header[1], findings)
    records = [(number, cells) for number, cells in lines if any(cell.strip() for cell in cells)]
    if records and not text.endswith(("\r", "\n")) and len(records[-1][1]) < len(columns):
        # Excel leaves trailing separators out, but ends its last line; what an empty start_time means is now.
        findings.problem(
            f"row {records[-1][0]}",
            f"is the end of the file and has {len(records[-1][1])} of {len(columns)} cells: is the file whole?",
        )
    refuse_nameless(header[1], records, findings)
    index = columns.index("start_time") if "start_time" in columns else len(columns)
    refuse_missing_times(records, index, findings)
    refuse_missing_files(records, columns, findings)
    refuse_not_yet(header[1], records, findings)
    warn_missing_captions(records, columns, findings)
    day_first = is_day_first(cells[index] for _, cells in records if len(cells) > index)
    return [_row(number, cells, columns, findings, day_first=day_first) for number, cells in records]


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Records with their numbers, the header being 1, whatever stands before it. Raises Invalid for broken quotes."""
    start = text.lstrip("\r\n")
    # Excel for the Mac ends lines with CR alone.
    first, *others = _LINE_END.split(start, maxsplit=1)
    rest = "".join(others)
    if marked := _SEP_LINE.fullmatch(first.strip(" ")):
        delimiter, start = marked[1], rest
    else:
        delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            why = (
                "a quoted cell that begins here is never closed"
                if str(error) == "unexpected end of data"
                else f"cannot be read ({error}); a quote inside a quoted cell is written twice"
            )
            raise Invalid(Problem(f"row {number + 1}", why)) from None
        number += 1
        yield number, cells


def _columns(header: Sequence[str], findings: Findings) -> list[str]:
    """The field that each column fills, "" for one that fills none."""
    fields: list[str] = []
    problems = []
    for index, cell in enumerate(header):
        name = plain_name(cell)
        if not name:
            fields.append("")
            continue
        if name in RESULTS:
            findings.warn(f'column "{cell.strip()}": says what became of a task, ignored')
            fields.append("")
            continue
        field = _COLUMNS.get(name) or (f"{PREFIX}{name}" if name in PostConfig.__struct_fields__ else "")
        field = name if not field and name in _COLUMNS.values() else field
        if not field:
            near = near_name(name, KNOWN)
            hint = (
                f'; did you mean "{near}"?'
                if near
                else f"; known: {', '.join(_COLUMNS)} and any key of script_config"
            )
            problems.append(
                Problem(f"column {index + 1}", f'"{shorten(cell.strip())}" is not a known column{hint}')
            )
        elif field in fields:
            problems.append(Problem(f"column {index + 1}", f'"{shorten(cell.strip())}" stands twice'))
        fields.append(field)
    if header and not any(fields):
        raise Invalid(
            Problem("row 1", f"must name the columns: {', '.join(_COLUMNS)} and any key of script_config")
        )
    if not problems and not {"usernames", "serials"} & set(fields):
        problems.append(
            Problem("row 1", 'names no column "account" (or "serial"); the first row must name the columns')
        )
    if problems:
        raise Invalid(problems)
    return fields


def _row(
    number: int, cells: Sequence[str], columns: Sequence[str], findings: Findings, *, day_first: bool | None
) -> Row:
    label = f"row {number}"
    config: dict[str, Any] = {}
    body: dict[str, Any] = {"script_name": SCRIPT, "script_config": config}
    names = {field: name for name, field in _COLUMNS.items()}
    if any(cell.strip() for cell in cells[len(columns) :]):
        findings.problem(
            label,
            "has more cells than the first row; a caption that holds the separator must stand in quotes",
        )
    for field, cell in zip(columns, cells, strict=False):
        text = unguarded(cell)
        if not field or not text.strip():
            continue
        key = field.removeprefix(PREFIX)
        inside = field.startswith(PREFIX)
        try:
            value = (
                read_sheet_time(text, day_first=day_first)
                if field == "start_time"
                else _value(key, text, inside=inside)
            )
        except ValueError as error:
            findings.problem(f"{label}, {names.get(field, key)}", str(error))
            continue
        (config if inside else body)[key] = value
    return Row(label, body, names)


def _value(key: str, text: str, *, inside: bool) -> Any:
    """A cell as JSON would have it."""
    if key in {"usernames", "serials"}:
        return _several(text)
    kind = kind_of_field(PostConfig, key) if inside else None
    if kind is not None and is_list(kind):
        return _several(text)
    if key == "force" or (kind is not None and is_flag(kind)):
        flag = _FLAGS.get(text.strip().casefold())
        if flag is None:
            raise ValueError(f'"{shorten(text)}" is neither yes nor no')
        return flag
    return text if key == "captions" else text.strip()


def _several(text: str) -> list[str]:
    parts = (part.strip() for part in re.split(r"(?<!\\)[|]|\n", text))
    return [part.replace(f"\\{SEPARATOR}", SEPARATOR) for part in parts if part]


def joined(values: Iterable[str]) -> str:
    """A cell of several values, as reading takes it apart."""
    return SEPARATOR.join(value.replace(SEPARATOR, f"\\{SEPARATOR}") for value in values)


def guarded(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula, with an apostrophe before it where it needs one.

    One that has an apostrophe of its own there gets another, so that reading takes away none but ours.
    """
    return f"'{cell}" if cell.lstrip("'").startswith(GUARDED) else cell


def unguarded(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(GUARDED) else cell
