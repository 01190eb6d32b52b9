"""What a table of posts may not leave open: without it another post would be made than the one meant (R58)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from jobs.content.config_rules import SOURCE_KEYS
from jobs.content.script_config import PREFIX
from jobs.input.fields import Findings
from jobs.input.values import shorten
from storage.records import Waiting

_WAITING = "waiting_for"
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


def refuse_held(
    header: Sequence[str], records: Sequence[tuple[int, Sequence[str]]], findings: Findings
) -> None:
    """Refuse a row of an export whose task was held: what is made of it would start at its time."""
    names = [plain_name(name) for name in header]
    if _WAITING not in names:
        return
    index = names.index(_WAITING)
    for number, cells in records:
        if len(cells) > index and cells[index].strip().casefold() == Waiting.HOLD:
            findings.problem(
                f"row {number}, {_WAITING}",
                "says that this post was held, and none can be held from the start: take the row out, or empty this cell "
                "to have it posted at its time",
            )
