"""Writes tasks as a CSV file with the columns that a bulk request reads (R58)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import Any

from jobs.content.captions import escape
from jobs.content.script_config import PostConfig
from jobs.intake.sheets.csv_rows import RESULTS, guarded, joined
from jobs.intake.start_time import show
from storage.records import PENDING, Task

#: Spreadsheets read UTF-8 only where this stands first.
_BOM = "\ufeff"
_FIRST = ("account", "serial", "platform", "start_time", "file", "material_ids", "caption")
#: Keys by which files and captions were found; the columns say which they are.
_CHOSEN = (
    "captions",
    "caption_format",
    "material_list",
    "material_ids",
    "material_source",
    "material_path",
    "materials_tags",
)
_OPTIONS = tuple(name for name in PostConfig.__struct_fields__ if name not in _CHOSEN)
_DEFAULTS = {name: getattr(PostConfig(), name) for name in _OPTIONS}


def export_csv(tasks: Iterable[Task], zone: tzinfo) -> Iterator[bytes]:
    """The file, a piece per task, in the order of `tasks`. Times are in `zone`, without seconds."""
    buffer = io.StringIO(_BOM)
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    writer.writerow([*_FIRST, *_OPTIONS, *RESULTS])
    for task in tasks:
        yield _taken(buffer)
        writer.writerow([guarded(cell) for cell in _cells(task, zone)])
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _cells(task: Task, zone: tzinfo) -> Iterator[str]:
    yield task.username
    yield "" if task.username else task.serial
    yield task.platform
    yield _start(task.scheduled_at, zone)
    yield joined(file.path for file in task.materials if file.material_id is None)
    yield joined(str(file.material_id) for file in task.materials if file.material_id is not None)
    yield escape(task.caption)
    for name in _OPTIONS:
        value = task.script_config.get(name, _DEFAULTS[name])
        yield "" if value == _DEFAULTS[name] else _text(value)
    yield str(task.id)
    yield task.status.name.lower()
    yield str(task.outcome.value)
    yield task.account_seen
    yield "" if task.finished_at is None else show(task.finished_at, zone)
    yield task.remark
    waits = task.stage in PENDING
    yield str((waits and task.waiting_for) or "")
    yield task.waiting_detail if waits else ""
    yield task.error_code
    yield str(task.retry_count)
    yield task.serial


def _start(moment: float, zone: tzinfo) -> str:
    """The planned time; of an hour that comes twice the second one needs its offset, as a time without one means the first."""
    local = datetime.fromtimestamp(moment, zone)
    return local.isoformat(timespec="minutes") if local.fold else show(moment, zone)[:16]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return joined(map(str, value)) if isinstance(value, list | tuple) else str(value)
