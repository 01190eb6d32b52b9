"""The phone's media store: what it is told and asked, as shell commands, and how its answers are read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection
from pathlib import PurePosixPath

#: Both apps show this folder under "Recents". MediaStore wants the real path, not the /sdcard link.
FOLDER = "/sdcard/DCIM/Camera"
REAL_FOLDER = "/storage/emulated/0/DCIM/Camera"

COLLECTION = {
    "video": "content://media/external/video/media",
    "image": "content://media/external/images/media",
}
_MIME = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
}  # fmt: skip
_ROW_ID = re.compile(r"\b_id=(\d+)")
_ROW_NAME = re.compile(r"\b_display_name=([\w.-]+)")
_ROW_DURATION = re.compile(r"\bduration=(\d+)")
_ROW_DATE = re.compile(r"\bdate_modified=(\d+)")
#: A row of `_id:_display_name`, whatever a file is called.
_A_ROW = re.compile(r"Row: \d+ _id=(?P<id>\d+), _display_name=(?P<name>.*)")
#: Known since Android 10; the uri that it answers with says that it worked.
SCAN = f'content call --uri content://media --method scan_file --arg {REAL_FOLDER}/"$f"'
BROADCAST = f'am broadcast -a android.intent.action.MEDIA_SCANNER_SCAN_FILE -d file://{REAL_FOLDER}/"$f"'


def mime_of(name: str, kind: str) -> str:
    """The type of a file by its name, as the media store calls it; `kind` is "video" or "image"."""
    return _MIME.get(PurePosixPath(name).suffix, "video/mp4" if kind == "video" else "image/jpeg")


def by_kind(kinds: dict[str, str]) -> list[tuple[list[str], str]]:
    """The names of each kind, and the kind."""
    return [([n for n, k in kinds.items() if k == kind], kind) for kind in sorted(set(kinds.values()))]


def question(names: list[str], kind: str) -> tuple[str, ...]:
    """Ask the media store for the rows of these files."""
    columns = "_id:_display_name:date_modified" + (":duration" if kind == "video" else "")
    return (
        "content", "query", "--uri", COLLECTION[kind], "--projection", columns, "--where", _named(names),
    )  # fmt: skip


def later(kind: str, row_id: int, date: int) -> tuple[str, ...]:
    """Ask the media store for all rows of this kind from `row_id` on, and for those with a date from `date` on (0: none)."""
    dated_later = f" OR date_modified>={date}" if date else ""
    return (
        "content", "query", "--uri", COLLECTION[kind], "--projection", "_id:_display_name",
        "--where", f"_id>={row_id}{dated_later}",
    )  # fmt: skip


def all_rows(output: str) -> list[tuple[int, str]]:
    """Id and name of every row that `later` was answered."""
    found = map(_A_ROW.match, output.splitlines())
    return [(int(match["id"]), match["name"]) for match in found if match]


def rows_in(kinds: dict[str, str], output: str) -> dict[str, tuple[int, int]]:
    """The ids and dates of the rows of these files, by name; a video counts once it has a duration."""
    found: dict[str, tuple[int, int]] = {}
    for line in output.splitlines():
        row, name, duration = _ROW_ID.search(line), _ROW_NAME.search(line), _ROW_DURATION.search(line)
        kind = kinds.get(name[1]) if name else None
        if row and name and kind and (kind != "video" or (duration and int(duration[1]) > 0)):
            date = _ROW_DATE.search(line)
            found[name[1]] = int(row[1]), int(date[1]) if date else 0
    return found


def for_each(names: Collection[str], command: str) -> str:
    """A loop of the phone's shell; the command finds each name in "$f"."""
    return f"for f in {' '.join(shlex.quote(name) for name in names)}; do {command}; done"


def _named(names: Collection[str]) -> str:
    """A condition of the media store. Our names hold letters, digits, dots and dashes: nothing to quote."""
    return f"_display_name IN ({','.join(repr(name) for name in names)})"


def removal(names: Collection[str]) -> str:
    """Remove files of ours and their rows, which Android before 11 keeps when a file goes."""
    commands = [f"cd {FOLDER} && rm -f {' '.join(shlex.quote(name) for name in names)}"]
    for kind in ("image", "video"):
        alike = [name for name in names if mime_of(name, "video").startswith(kind)]
        if alike:
            commands.append(f'content delete --uri {COLLECTION[kind]} --where "{_named(alike)}"')
    return "; ".join(commands)
