"""Many tasks at once: created from JSON or a CSV file, and written back as one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from handlers.access.auth import source_of
from handlers.api.objects import tasks as objects
from handlers.api.services import Services
from handlers.api.tasks import CLIENT_HEADER, KEY_HEADER, Flag
from handlers.request.body import invalid
from handlers.request.call import Call, Result, Route
from handlers.request.envelope import Answer, Code, Reply
from handlers.request.headers import key_of
from handlers.request.task_filter import TaskFilter, wanted_tasks
from jobs.content.beyond import BEYOND
from jobs.content.script_config import PostConfig
from jobs.input.fields import Findings, read_object
from jobs.input.near_names import Unknown
from jobs.input.refusals import Invalid, Problem
from jobs.intake.bulk import MAX_ROWS, create_bulk
from jobs.intake.change_request import NAMED, SOURCES
from jobs.intake.request import KEY_ELSEWHERE, OTHER_WORDS, CreateRequest
from jobs.intake.sheets.csv_export import export_csv
from jobs.intake.sheets.csv_rows import Row, read_csv

_LIMIT_BYTES = 8 * 1024**2
_CSV = "text/csv; charset=utf-8"


class BulkRequest(msgspec.Struct):
    """Bodies of `POST /task`; all become tasks or none."""

    tasks: Annotated[tuple[CreateRequest, ...], Meta(min_length=1, max_length=MAX_ROWS)]
    dry_run: Annotated[bool, Meta(description="Check and resolve everything, create nothing")] = False
    force: Annotated[bool, Meta(description="Create also what an account was given a moment ago")] = False


class _Around(msgspec.Struct):
    """What stands beside `tasks`, which are read one by one."""

    tasks: Any = None
    dry_run: bool = False
    force: bool = False


#: A time or an account for all rows, said once beside them, would be lost: the posts would be made at once.
_AROUND = Unknown(
    harmless=frozenset({"script_name"}),
    elsewhere={
        **{
            name: "into each of tasks"
            for name in CreateRequest.__struct_fields__
            if name not in ("dry_run", "force")
        },
        **dict.fromkeys(PostConfig.__struct_fields__, "into script_config of each of tasks"),
        **KEY_ELSEWHERE,
    },
    other_words=OTHER_WORDS,
    beyond=BEYOND,
)


class BulkQuery(msgspec.Struct):
    """The fields beside `tasks`, for a CSV file, which has no place for them."""

    dry_run: Annotated[Flag, Meta(description="Check and resolve everything, create nothing")] = False
    force: Annotated[Flag, Meta(description="Create also what an account was given a moment ago")] = False


class ExportQuery(TaskFilter):
    """Which tasks, as in the list, and in which form."""

    format: Annotated[Literal["csv"], Meta(description="csv, the only one")] = "csv"


class BulkHandlers:
    """`/task/bulk` and `/task/export`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def create(self, call: Call) -> Result:
        body = call.body()
        key = key_of(call.environ)
        findings = Findings()
        if _is_csv(call, body):
            _refuse_form(call, body)
            around = call.query(BulkQuery)
            rows = read_csv(body, findings)
        else:
            around, rows = _read_json(call, body, findings)
        created = create_bulk(
            self._services.intake,
            rows,
            findings,
            source=source_of(call.environ),
            body=body,
            idempotency_key=key,
            dry_run=around.get("dry_run", False),
            force=around.get("force", False),
            gone=call.hung_up,
        )
        return Answer(created.answer, (("Idempotent-Replay", "true"),) if created.replayed else ())

    def export(self, call: Call) -> Result:
        zone = self._services.zone()
        wanted = wanted_tasks(call.query(ExportQuery), self._services.clock.now(), zone)
        tasks = self._services.store.tasks.every(**wanted)
        return Reply(
            200,
            b"",
            (("Content-Disposition", 'attachment; filename="tasks.csv"'),),
            _CSV,
            export_csv(tasks, zone),
        )

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        return [
            Route(
                method="POST", path="/api/v1/task/bulk", call=self.create, tag="tasks", answer=objects.Created,
                summary=f"Create up to {MAX_ROWS} tasks, all or none, from JSON or CSV",
                codes=(Code.NOT_FOUND, Code.KEY_REUSED, Code.DUPLICATE, Code.DRAINING, Code.NO_SPACE),
                body=BulkRequest, query=BulkQuery, headers=(KEY_HEADER, CLIENT_HEADER), creates=True, slow=True, csv=True,
                limit_bytes=_LIMIT_BYTES, limited_by_plan=True,
            ),
            Route(
                method="GET", path="/api/v1/task/export", call=self.export, tag="tasks",
                summary="The tasks of a list as a CSV file that /task/bulk reads", query=ExportQuery,
                media_type="text/csv", slow=True, limited_by_plan=True,
            ),
        ]  # fmt: skip


def _is_csv(call: Call, body: bytes) -> bool:
    """Whether it is meant as CSV, whatever curl says of it: JSON begins with a brace."""
    kind = (call.header("Content-Type") or "").partition(";")[0].strip().casefold()
    if kind in {"text/csv", "text/tab-separated-values", "application/csv", "application/vnd.ms-excel"}:
        return True
    return (
        bool(body)
        and kind != "application/json"
        and not body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"["))
    )


def _refuse_form(call: Call, body: bytes) -> None:
    """Raise Refusal for a file that a form holds, or whose lines curl has put together: its first row is none of a table."""
    how = "send the file itself, with curl: --data-binary @week.csv"
    kind = (call.header("Content-Type") or "").casefold()
    if kind.startswith("multipart/") or (body.startswith(b"--") and b"form-data" in body[:500]):
        raise invalid(f"the body is a multipart form (curl -F); {how}")
    if kind.startswith("application/x-www-form-urlencoded") and not re.search(rb"[\r\n]", body):
        raise invalid(f"the body is one line: curl -d takes the line breaks out of a file; {how}")


def _read_json(call: Call, body: bytes, findings: Findings) -> tuple[dict[str, Any], list[Row]]:
    """The fields beside `tasks`, and a row for each of these. Raises Refusal, Invalid."""
    given = call.fields(_Around, body)
    tasks = given.get("tasks")
    if not isinstance(tasks, list):
        raise Invalid(Problem("tasks", "must be a list of bodies as POST /task takes them"))
    around = read_object(_Around, {**given, "tasks": None}, findings, unknown=_AROUND)
    _refuse_missing_files(tasks, findings)
    return around, [Row(f"tasks[{index}]", one) for index, one in enumerate(tasks)]


def _refuse_missing_files(tasks: Sequence[Any], findings: Findings) -> None:
    """A list of files that a program had not got is left out of its JSON, and would mean any file of the library."""
    configs = [one.get("script_config") if isinstance(one, Mapping) else None for one in tasks]
    if not any(isinstance(config, Mapping) and any(config.get(key) for key in NAMED) for config in configs):
        return
    for index, config in enumerate(configs):
        if isinstance(config, Mapping) and not any(config.get(key) for key in SOURCES):
            findings.problem(
                f"tasks[{index}].script_config",
                "says not where its files come from, which means any file of the library, but other rows name theirs: name them "
                "here too, or say it with material_source, material_path or materials_tags",
            )
