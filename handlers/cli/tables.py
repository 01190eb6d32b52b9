"""Tables for a terminal: aligned, cut to its width, and without characters that would steer it."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

_GAP, _CUT = "  ", "…"
#: The last column, which says why, gets as many columns of the terminal, or a line of its own.
_LEAST = 12


def terminal_width() -> int | None:
    """Columns to fill: those of COLUMNS, else those of the terminal; None where a program or a file reads."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(titles: Sequence[str], rows: Sequence[Sequence[object]], width: int | None) -> list[str]:
    """The lines of a table; numbers stand at the right of their column. The last column is the one to be cut.

    Where the terminal is too narrow a row takes several lines, so that no column is lost; the further ones are indented.
    """
    cells = [[clean(str(cell)) for cell in row] for row in rows]
    widths = [max(map(columns, column)) for column in zip(titles, *cells, strict=True)]
    right = [bool(rows) and all(isinstance(row[at], int) for row in rows) for at in range(len(titles))]
    lines = []
    folds = _folds(widths, width)
    for row in [list(titles), *cells]:
        parts = []
        for cell, room, to_right in zip(row, widths, right, strict=True):
            blanks = " " * (room - columns(cell))
            parts.append(blanks + cell if to_right else cell + blanks)
        for first, end in pairwise(folds):
            text = _GAP.join(parts[first:end]).rstrip()
            if text or not first:
                lines.append(cut(f"{_GAP if first else ''}{text}", width))
    return lines


def _folds(widths: Sequence[int], width: int | None) -> list[int]:
    """The columns with which a line begins, and behind them the number of columns."""
    folds, used = [0], 0
    for at, wanted in enumerate(widths):
        least = min(wanted, _LEAST) if at == len(widths) - 1 else wanted
        if at and width is not None and used + least > width:
            folds.append(at)
            used = len(_GAP)
        used += wanted + len(_GAP)
    return [*folds, len(widths)]


def facts(pairs: Sequence[tuple[str, object]]) -> list[str]:
    """One line for each fact that has a value, the names above each other; nothing of them is cut."""
    said = [(name, clean(str(value))) for name, value in pairs if value is not None and value != ""]
    room = max((len(name) for name, _ in said), default=0)
    return [f"{name:{room}}{_GAP}{value}" for name, value in said]


def shown(text: str) -> str:
    """Lines as they may stand on a terminal: their breaks and blanks are kept, what would steer it is not."""
    return "\n".join(line if line.isprintable() else _printable(line) for line in text.split("\n"))


def clean(text: str) -> str:
    """The text on one line: line ends and control characters are blanks, invisible marks are left out."""
    return _printable(text).strip()


def _printable(text: str) -> str:
    kept = (
        char if char.isprintable() else "" if unicodedata.category(char) == "Cf" else " " for char in text
    )
    return "".join(kept)


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: an ideograph or an emoji takes two, an accent none."""
    return sum(map(_columns_of, text))


def _columns_of(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def cut(text: str, width: int | None) -> str:
    """Cut the text to this many columns; a cut text ends in an ellipsis."""
    if width is None or columns(text) <= width:
        return text
    kept, room = "", width - 1
    for char in text:
        room -= _columns_of(char)
        if room < 0:
            break
        kept += char
    return kept + _CUT
