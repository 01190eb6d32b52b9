"""What a table of posts may not leave open: without it another post would be made than the one meant (R58)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from jobs.content.beyond import BEYOND
from jobs.content.config_rules import SOURCE_KEYS
from jobs.content.script_config import PREFIX
from jobs.input.fields import Findings
from jobs.input.values import shorten
from storage.records import Waiting

_WAITING, _STATUS, _CAPTIONS = "waiting_for", "status", f"{PREFIX}captions"
#: As many rows are named in one warning.
_NAMED_ROWS = 20
#: Columns that name files, and those that say where others come from.
_NAMED = frozenset({f"{PREFIX}material_list", f"{PREFIX}material_ids"})
_SOURCES = frozenset(f"{PREFIX}{key}" for key in SOURCE_KEYS)


def plain_name(name: str) -> str:
    """The name of a column as it is compared."""
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def refuse_nameless(
    header: Sequence[str], records: Sequence[tuple[int, Sequence[str]]], findings: Findings
) -> None:
    """A column without a name may be the second half of a caption: what stands there is never left out without a word."""
    for index, name in enumerate(header):
        if name.strip():
            continue
        held = ((number, cells[index].strip()) for number, cells in records if len(cells) > index)
        if first := next(((number, cell) for number, cell in held if cell), None):
            findings.problem(
                f"column {index + 1}",
                f'has no name in the first row, and row {first[0]} holds "{shorten(first[1])}" there; '
                "name the column or empty it",
            )


def refuse_missing_times(
    records: Sequence[tuple[int, Sequence[str]]], index: int, findings: Findings
) -> None:
    """Refuse an empty start_time where other rows have one: it would mean now."""
    times = [(number, len(cells) > index and bool(cells[index].strip())) for number, cells in records]
    if not any(given for _, given in times):
        return
    for number, given in times:
        if not given:
            findings.problem(
                f"row {number}, start_time",
                "is empty, which means now, but other rows have a time: give this row one too, "
                "or send what is to start now as a table of its own",
            )


def refuse_missing_files(
    records: Sequence[tuple[int, Sequence[str]]], columns: Sequence[str], findings: Findings
) -> None:
    """Refuse a row without its file where other rows name theirs: it would mean any file of the library."""

    def given(cells: Sequence[str], fields: Collection[str]) -> bool:
        return any(field in fields and cell.strip() for field, cell in zip(columns, cells, strict=False))

    named = [given(cells, _NAMED) for _, cells in records]
    if not any(named):
        return
    for (number, cells), by_name in zip(records, named, strict=True):
        if not by_name and not given(cells, _SOURCES):
            findings.problem(
                f"row {number}, file",
                "is empty, which means any file of the library, but other rows name one: name one here too, or say with "
                "material_source, material_path or materials_tags where it comes from",
            )


def refuse_not_yet(
    header: Sequence[str], records: Sequence[tuple[int, Sequence[str]]], findings: Findings
) -> None:
    """Refuse a row that says that it is not to be posted, or not yet: a held task of an export, a draft of somebody's plan."""
    names = [plain_name(name) for name in header]
    for number, cells in records:
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        if row.get(_WAITING, "").casefold() == Waiting.HOLD:
            findings.problem(
                f"row {number}, {_WAITING}",
                "says that this post was held, and none can be held from the start: take the row out, or empty this cell "
                "to have it posted at its time",
            )
        if BEYOND[_STATUS].asked(row.get(_STATUS, "")):
            findings.problem(
                f"row {number}, {_STATUS}",
                f'is "{shorten(row[_STATUS])}", but every row is posted: take the row out, or empty this cell',
            )


def warn_missing_captions(
    records: Sequence[tuple[int, Sequence[str]]], columns: Sequence[str], findings: Findings
) -> None:
    """Say which posts have no caption where others have one: it may have been lost."""
    if _CAPTIONS not in columns:
        return
    index = columns.index(_CAPTIONS)
    without = [str(number) for number, cells in records if len(cells) <= index or not cells[index].strip()]
    if not without or len(without) == len(records):
        return
    rows = ", ".join(without[:_NAMED_ROWS]) + (" and others" if len(without) > _NAMED_ROWS else "")
    findings.warn(f"row {rows}: the caption is empty: unless the file brings one along, the post has none")
