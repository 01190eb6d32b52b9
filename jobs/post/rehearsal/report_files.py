"""The reports of rehearsals on the disk: one folder each, the oldest dropped first."""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
from pathlib import Path

import msgspec

from jobs.post.rehearsal.report import Report
from storage.engine.files import Files
from storage.errors import StoreFailed

_LOG = logging.getLogger(__name__)

#: Reports that are kept of one phone, app, way and kind, and of all.
KEPT_ALIKE, KEPT = 5, 200
_FILE = re.compile(r"[0-9]{2}\.(png|xml)")
_REPORT = "report.json"


class ReportFiles:
    """`FOLDER/ID/report.json` with its pictures and trees. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Reads what is there; a folder without a readable report was cut off and is dropped."""
        self.folder = folder
        self._lock = threading.Lock()
        self._reports: dict[int, Report] = {}
        self._next_id = 1
        for place in sorted(folder.glob("[0-9]*")) if folder.is_dir() else []:
            report = _read(place)
            if report is None:
                shutil.rmtree(place, ignore_errors=True)
            else:
                self._reports[report.id] = report
            if place.name.isdecimal():
                self._next_id = max(self._next_id, int(place.name) + 1)

    def new(self) -> tuple[int, Path]:
        """A free id and its folder, which is made. Raises StoreFailed."""
        with self._lock:
            number, self._next_id = self._next_id, self._next_id + 1
        place = self.folder / str(number)
        try:
            place.mkdir(parents=True)
        except OSError as error:
            raise StoreFailed(f"{place} cannot be made: {error.strerror}") from error
        return number, place

    def drop(self, number: int) -> None:
        """Take back a folder that no rehearsal fills."""
        shutil.rmtree(self.folder / str(number), ignore_errors=True)

    def add(self, report: Report) -> None:
        """Keep a report that is done, and drop what is too old."""
        try:
            with Files().replacing(self.folder / str(report.id) / _REPORT, "rehearsal") as fd:
                os.write(fd, msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
        except OSError as error:
            _LOG.warning("the report of a rehearsal cannot be kept over a restart: %s", error)
        with self._lock:
            self._reports[report.id] = report
            alike = [r.id for r in self._reports.values() if _same_way(r, report)]
            dropped = {*sorted(alike)[:-KEPT_ALIKE], *sorted(self._reports)[:-KEPT]}
            for number in dropped:
                del self._reports[number]
        for number in dropped:
            shutil.rmtree(self.folder / str(number), ignore_errors=True)

    def all(self, serial: str = "") -> list[Report]:
        """The newest first; of one phone where a serial is given."""
        with self._lock:
            reports = [r for r in self._reports.values() if not serial or r.serial == serial]
        return sorted(reports, key=lambda report: -report.id)

    def get(self, number: int) -> Report | None:
        with self._lock:
            return self._reports.get(number)

    def before(self, report: Report) -> Report | None:
        """The one before of the same phone, app, way and kind."""
        return next((r for r in self.all() if r.id < report.id and _same_way(r, report)), None)

    def read(self, number: int, name: str) -> bytes | None:
        """A picture or a tree of a report; None when there is none of this name."""
        if self.get(number) is None or not _FILE.fullmatch(name):
            return None
        try:
            return (self.folder / str(number) / name).read_bytes()
        except OSError:
            return None


def _same_way(one: Report, two: Report) -> bool:
    return (one.serial, one.platform, one.way, one.kind) == (two.serial, two.platform, two.way, two.kind)


def _read(place: Path) -> Report | None:
    try:
        return msgspec.json.decode((place / _REPORT).read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError):
        return None
