"""The archive: tasks that ended long ago, by the month in which they ended; pages of them, and files to keep."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handlers.api.objects import archive as objects
from handlers.api.services import Services
from handlers.api.task_view import show_task
from handlers.request.body import invalid
from handlers.request.call import Call, Result, Route, page_of, routes_below
from handlers.request.envelope import Answer, Code, Refusal, Reply
from handlers.request.task_filter import AccountName, CaptionPart, OutcomeName
from jobs.hub.platforms import Platform
from jobs.hub.time_zone import zone_name
from jobs.input.refusals import NotFound, Problem
from jobs.input.values import shorten
from jobs.intake.sheets.csv_export import export_csv
from storage.archive_pages import MonthFacts, OpenMonth, is_month
from storage.errors import StoreFailed
from storage.lists.task_lists import Wanted
from storage.records import Outcome, Status

_LOG = logging.getLogger(__name__)
_ENCODER = msgspec.json.Encoder()
_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}
_MATCH_HEADER = ("If-None-Match", "the ETag of the last answer: 304 without a body while it is still right")
_NAMED_IN_REFUSAL = 12
#: How many bytes of an export are sent as one piece.
_PIECE_BYTES = 32 * 1024


class ArchiveFilter(msgspec.Struct):
    """Which tasks of a month; all that is given must fit. As in the list of tasks."""

    status: Annotated[Literal[2, 3], Meta(description="2 completed, 3 failed")] | UnsetType = UNSET
    outcome: OutcomeName | UnsetType = UNSET
    platform: Platform | UnsetType = UNSET
    serial: str | UnsetType = UNSET
    username: AccountName | UnsetType = UNSET
    q: CaptionPart | UnsetType = UNSET


class ArchiveQuery(ArchiveFilter):
    """Filters and page of a month."""

    page: Annotated[int, Meta(ge=1)] = 1
    page_size: Annotated[int, Meta(ge=1, description="More than 100 counts as 100")] = 20


class ArchiveExportQuery(ArchiveFilter):
    """Which tasks of a month, and in which form."""

    format: Annotated[
        Literal["csv", "jsonl"],
        Meta(description="csv: the columns of /task/export; jsonl: one task object per line"),
    ] = "csv"


class ArchiveHandlers:
    """Everything under `/archive`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def months(self, call: Call) -> Result:
        with _readable("the archive"):
            found = self._services.store.archived.months()
        shown = objects.ArchivedMonths(
            [_shown(one) for one in found],
            self._services.settings().storage.retention_days,
            all(one.tally is not None or one.problem for one in found),
        )
        etag = f'"{hashlib.sha256(_ENCODER.encode(shown)).hexdigest()[:20]}"'
        return _unless_known(call, etag) or Answer(shown, _headers(etag))

    def page(self, call: Call) -> Result:
        query = call.query(ArchiveQuery)
        page, size = page_of(query)
        zone = self._services.zone()
        with self._open(call) as month, _readable(call.args["month"]):
            etag = self._etag(month, "page", query, call.warnings)
            if known := _unless_known(call, etag):
                return known
            tasks, total = month.page(_wanted(query), page, size)
            data = {
                "month": call.args["month"],
                "tasks": [show_task(task, zone) for task in tasks],
                "total": total,
                "page": page,
                "page_size": size,
                "unreadable_lines": month.unreadable,
            }
        return Answer(data, _headers(etag))

    def export(self, call: Call) -> Result:
        query = call.query(ArchiveExportQuery)
        form = query.get("format", "csv")
        zone = self._services.zone()
        name = call.args["month"]
        month = self._open(call)
        try:
            etag = self._etag(month, "export", query)
            if known := _unless_known(call, etag):
                month.close()
                return known
            with _readable(name):
                tasks = month.every(_wanted(query))
        except BaseException:
            month.close()
            raise
        lines = (
            export_csv(tasks, zone)
            if form == "csv"
            else (_ENCODER.encode(show_task(task, zone)) + b"\n" for task in tasks)
        )
        headers = (
            *_headers(etag),
            ("Content-Disposition", f'attachment; filename="archive-{name}.{form}"'),
            ("X-Tikmatrixd-Unreadable-Lines", str(month.unreadable)),
        )
        return Reply(200, b"", headers, _TYPES[form], _Export(month, lines))

    def _open(self, call: Call) -> OpenMonth:
        """The month of the path. Raises Refusal, NotFound."""
        name = call.args["month"]
        if not is_month(name):
            raise invalid(f'must be a month as 2027-01, not "{shorten(name)}"', "month")
        archived = self._services.store.archived
        with _readable(name):
            try:
                return archived.open(name)
            except FileNotFoundError:
                names = archived.names()
        kept = ", ".join(names[:_NAMED_IN_REFUSAL]) + (", …" if len(names) > _NAMED_IN_REFUSAL else "")
        there = f"there are: {kept}" if names else "no month is archived yet"
        raise NotFound(Problem("month", f"no tasks of {name} are archived; {there}"))

    def _etag(self, month: OpenMonth, what: str, query: dict[str, Any], *more: object) -> str:
        """Of the answer to this question: the month's file, the question, the zone and the version decide what it is."""
        zone = zone_name(self._services.zone())
        asked = (what, sorted(query.items()), *more, zone, self._services.version)
        return f'"{month.state}-{hashlib.sha256(repr(asked).encode()).hexdigest()[:12]}"'

    def routes(self) -> list[Route]:
        """The routes of this resource. They read files, so quick calls do not wait behind them."""
        bad, missing = Code.INVALID, Code.NOT_FOUND
        route = routes_below("/api/v1/archive", "tasks", limited_by_plan=True, slow=True,
                             headers=(_MATCH_HEADER,), statuses=(200, 304))  # fmt: skip
        return [
            route("GET", "", self.months, "The months of tasks that ended long ago, newest first", objects.ArchivedMonths),
            route("GET", "/{month}", self.page, "A page of the tasks that ended in a month, what ended last first",
                  objects.ArchivedTasks, bad, missing, query=ArchiveQuery),
            route("GET", "/{month}/export", self.export, "The tasks that ended in a month as a file, in the order of their end",
                  None, bad, missing, query=ArchiveExportQuery, media_type="*/*"),
        ]  # fmt: skip


class _Export:
    """The lines of an export, several in one piece; closes the month."""

    def __init__(self, month: OpenMonth, lines: Iterator[bytes]) -> None:
        self._month = month
        self._lines = lines

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = bytearray()
        for line in self._lines:
            piece += line
            if len(piece) >= _PIECE_BYTES:
                break
        if not piece:
            self.close()
            raise StopIteration
        return bytes(piece)

    def close(self) -> None:
        self._month.close()


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Raises Refusal (50001) with a sentence where the disk cannot be read."""
    try:
        yield
    except (OSError, StoreFailed) as error:
        why = error.strerror if isinstance(error, OSError) else None
        _LOG.error("the archive, %s: %s", what, error)
        where = what if what == "the archive" else f"the archive of {what}"
        raise Refusal(Code.INTERNAL, f"{where} cannot be read: {why or error}") from error


def _wanted(query: dict[str, Any]) -> Wanted:
    """What the fields of an `ArchiveFilter` ask the archive for."""
    names = ("platform", "serial", "username", "q")
    wanted: dict[str, Any] = {name: query[name] for name in names if name in query}
    if "status" in query:
        wanted["status"] = Status(query["status"])
    if "outcome" in query:
        wanted["outcome"] = Outcome(query["outcome"])
    return cast("Wanted", wanted)


def _shown(one: MonthFacts) -> objects.ArchivedMonthObject:
    tally = one.tally
    return objects.ArchivedMonthObject(
        month=one.month,
        size_bytes=one.size_bytes,
        tasks=tally and tally.tasks,
        completed=tally and tally.completed,
        failed=tally and tally.failed,
        unknown=tally and tally.unknown,
        unreadable_lines=tally and tally.unreadable,
        problem=one.problem,
    )


def _headers(etag: str) -> tuple[tuple[str, str], ...]:
    return (("ETag", etag), ("Cache-Control", "private, no-cache"))


def _unless_known(call: Call, etag: str) -> Reply | None:
    """304 where the caller has this very answer."""
    return Reply(304, b"", _headers(etag)) if call.holds(etag) else None
