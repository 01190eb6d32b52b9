"""Tasks: create, list, look at, stop, retry, delete; their log and evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from handlers.access.auth import source_of
from handlers.api.objects import tasks as objects
from handlers.api.services import Services
from handlers.api.task_view import TaskViews, show_task
from handlers.request.call import Call, Result, Route, page_of, routes_below
from handlers.request.envelope import Answer, Code
from handlers.request.file_answer import kept_reply
from handlers.request.headers import KEY, VERSION, key_of, seen_version, version_of
from handlers.request.task_filter import TaskFilter, wanted_tasks
from jobs.hub.time_zone import zone_name
from jobs.input.fields import Findings, read_object
from jobs.input.near_names import Unknown
from jobs.input.refusals import NotFound, Problem
from jobs.intake.change_request import ChangeRequest
from jobs.intake.request import CreateRequest
from jobs.run.control import RetryAll
from storage.lists.task_lists import Sort, Wanted
from storage.records import Status, Task

_MAX_BATCH = 10_000
KEY_HEADER = (
    KEY,
    "1 to 128 visible characters; the same key and body within 24 h get the first answer again",
)
CLIENT_HEADER = (
    "X-Tikmatrixd-Client",
    'console: a person makes it, so `source` is "ui", as it is in a session; else it is "api"',
)

_MATCH_HEADER = (
    VERSION,
    "the `version` that you have seen; with another nothing is done (41201)",
)

SeenVersion = Annotated[
    int,
    Meta(
        ge=0,
        description="As `If-Match`: the `version` that was looked at; with another nothing is done (41201). It grows with "
        "each retry, so that one look is good for one retry",
    ),
]
Flag = Annotated[bool, Meta(description="true or false, 1 or 0")]


class ListQuery(TaskFilter):
    """Filters, order and page of the task list."""

    sort: Annotated[
        Sort,
        Meta(
            description="-id: newest first; scheduled_at: by planned time; -finished_at: what ended last first, "
            "what has not ended behind it"
        ),
    ] = "-id"
    page: Annotated[int, Meta(ge=1)] = 1
    page_size: Annotated[int, Meta(ge=1, description="More than 100 counts as 100")] = 20


class CreateQuery(msgspec.Struct):
    """Fields of the body that people put into the address most; every other field of it, too, may stand there."""

    dry_run: Annotated[Flag, Meta(description="Check and resolve everything, create nothing")] = False
    force: Annotated[
        Flag, Meta(description="Create although the account was given the same media a moment ago")
    ] = False


class RetryQuery(msgspec.Struct):
    """What a person may insist on."""

    force: Annotated[Flag, Meta(description="Retry beyond max_retry_count")] = False
    confirm: Annotated[
        Flag,
        Meta(
            description="Retry although the outcome is unknown, or another task has posted the same media meanwhile: "
            "a person looked at the account"
        ),
    ] = False
    now: Annotated[Flag, Meta(description="Start at once, also where the planned time is still to come")] = (
        False
    )
    version: SeenVersion | None = None


class SeenQuery(msgspec.Struct):
    """Which version of the task the caller has looked at."""

    version: SeenVersion | None = None


class BatchRequest(msgspec.Struct):
    """Which tasks to delete."""

    task_ids: Annotated[tuple[int, ...], Meta(min_length=1, max_length=_MAX_BATCH)]


_BATCH = Unknown(other_words=dict.fromkeys(("ids", "tasks", "id", "task"), "task_ids"))


class TaskHandlers:
    """Everything under `/task`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._views = TaskViews()

    def create(self, call: Call) -> Result:
        body = call.body()
        raw = call.fields(CreateRequest, body)
        key = key_of(call.environ)
        if queried := call.queried():
            body += b"\n?" + queried.encode()
        created = self._services.intake.create(
            raw, source=source_of(call.environ), idempotency_key=key, body=body, gone=call.hung_up
        )
        return Answer(created.answer, (("Idempotent-Replay", "true"),) if created.replayed else ())

    def page(self, call: Call) -> Result:
        query = call.query(ListQuery)
        page, size = page_of(query)
        tasks, total = self._services.store.tasks.page(
            sort=query.get("sort", "-id"), page=page, page_size=size, **self._wanted(query)
        )
        views = self._views.many(tasks, self._services.zone())
        return {"tasks": views, "total": total, "page": page, "page_size": size}

    def get(self, call: Call) -> Result:
        return self._views.one(self._find(call.id), self._services.zone())

    def stats(self, call: Call) -> Result:
        counts = self._services.store.tasks.counts(**self._wanted(call.query(TaskFilter)))
        numbers = {status.name.lower(): counts.get(status, 0) for status in Status}
        return objects.Stats(total=sum(numbers.values()), **numbers)

    def _wanted(self, query: dict[str, Any]) -> Wanted:
        return wanted_tasks(query, self._services.clock.now(), self._services.zone())

    def delete(self, call: Call) -> Result:
        self._find(call.id)
        return self._delete([call.id])

    def delete_batch(self, call: Call) -> Result:
        findings = Findings()
        values = read_object(BatchRequest, call.fields(BatchRequest), findings, unknown=_BATCH)
        if not findings.problems and not values["task_ids"]:
            findings.problem("task_ids", "name at least one task")
        findings.refuse()
        return self._delete(values["task_ids"], findings.warnings)

    def stop(self, call: Call) -> Result:
        self._find(call.id)
        task = self._services.control.stop(call.id)
        shown = msgspec.structs.asdict(show_task(task, self._services.zone()))
        return objects.StoppedTask(**shown, stopping=task.status is Status.RUNNING)

    def retry(self, call: Call) -> Result:
        wishes = call.query(RetryQuery)
        self._find(call.id)
        version = seen_version(call.environ, wishes.pop("version", None))
        return self._show(self._services.control.retry(call.id, **wishes, version=version))

    def retry_all(self, call: Call) -> Result:
        done: RetryAll = self._services.control.retry_all()
        return {"retried_count": len(done.task_ids), "task_ids": done.task_ids, "skipped": done.skipped}

    def change(self, call: Call) -> Result:
        self._find(call.id)
        raw = call.fields(ChangeRequest)
        done = self._services.planning.change(call.id, raw, version=version_of(call.environ))
        return {
            "task": self._show(done.task),
            "changed": done.changed,
            "warnings": done.warnings,
            "timezone": zone_name(self._services.zone()),
        }

    def hold(self, call: Call) -> Result:
        self._find(call.id)
        return self._show(self._services.planning.hold(call.id))

    def release(self, call: Call) -> Result:
        version = self._seen(call)
        return self._show(self._services.planning.release(call.id, version=version))

    def mark_published(self, call: Call) -> Result:
        version = self._seen(call)
        return self._show(self._services.control.mark_published(call.id, version=version))

    def log(self, call: Call) -> Result:
        evidence = self._services.evidence
        names, lines = evidence.names(call.id), evidence.log(call.id)
        # The log of a deleted task is kept, so it can be read as long as the evidence lasts.
        if not names and not lines:
            self._find(call.id)
        return objects.TaskLog(call.id, lines, names)

    def artifact(self, call: Call) -> Result:
        name = call.args["name"]
        data = self._services.evidence.read(call.id, name)
        if data is None or name == "log.jsonl":
            raise NotFound(
                Problem("name", f"task {call.id} has no artifact of this name; its log lists them")
            )
        return kept_reply(data, name)

    def _find(self, task_id: int) -> Task:
        task = self._services.store.tasks.get(task_id)
        if task is None or task.deleted:
            raise NotFound(Problem("id", f"there is no task {task_id}"))
        return task

    def _seen(self, call: Call) -> int | None:
        queried = call.query(SeenQuery).get("version")
        self._find(call.id)
        return seen_version(call.environ, queried)

    def _show(self, task: Task) -> Any:
        return self._views.one(task, self._services.zone())

    def _delete(self, task_ids: list[int], warnings: Sequence[str] = ()) -> objects.Deleted:
        gone = self._services.control.delete(task_ids)
        return objects.Deleted(len(gone.task_ids), gone.task_ids, gone.not_found, [*warnings, *gone.warnings])

    def routes(self) -> list[Route]:
        """The routes of this resource; words that could be taken for an id come first."""
        bad, missing = Code.INVALID, Code.NOT_FOUND
        t = "/api/v1/task"

        route = routes_below(t, "tasks", limited_by_plan=True)
        return [
            route("POST", "", self.create, "Create tasks", objects.Created, bad, Code.NO_SCRIPT, Code.UNKNOWN_SCRIPT,
                  missing, Code.KEY_REUSED, Code.DUPLICATE, Code.DRAINING, Code.NO_SPACE,
                  body=CreateRequest, query=CreateQuery, headers=(KEY_HEADER, CLIENT_HEADER), creates=True, slow=True),
            route("GET", "", self.page, "List tasks, newest first or as `sort` says", objects.TaskList, bad, query=ListQuery),
            route("GET", "/stats", self.stats, "Count tasks by status", objects.Stats, bad, query=TaskFilter),
            route("DELETE", "/batch", self.delete_batch, "Delete several tasks", objects.Deleted, bad, missing,
                  body=BatchRequest, slow=True),
            route("POST", "/retry-all", self.retry_all, "Retry every failed task below its limit", objects.RetriedAll,
                  slow=True),
            route("GET", "/{id}", self.get, "Look at one task", objects.TaskObject, missing),
            route("PATCH", "/{id}", self.change, "Change a pending task: time, account, files, caption, options",
                  objects.TaskChange, bad, missing, Code.DUPLICATE, Code.CHANGED, Code.NO_SPACE,
                  body=ChangeRequest, headers=(_MATCH_HEADER,), slow=True),
            route("DELETE", "/{id}", self.delete, "Delete a task, stopping it first if it runs", objects.Deleted, missing),
            route("POST", "/{id}/stop", self.stop, "Stop a pending or running task", objects.StoppedTask, bad, missing),
            route("POST", "/{id}/retry", self.retry, "Retry a failed task", objects.TaskObject, bad, missing,
                  Code.CHANGED, query=RetryQuery, headers=(_MATCH_HEADER,)),
            route("POST", "/{id}/hold", self.hold, "Keep a pending task from starting until it is released",
                  objects.TaskObject, bad, missing),
            route("POST", "/{id}/release", self.release, "Let a held task start at its time, or now if that is past",
                  objects.TaskObject, bad, missing, Code.CHANGED, query=SeenQuery, headers=(_MATCH_HEADER,)),
            route("POST", "/{id}/mark-published", self.mark_published,
                  "Say that a task with an unknown outcome was published", objects.TaskObject, bad, missing, Code.CHANGED,
                  query=SeenQuery, headers=(_MATCH_HEADER,)),
            route("GET", "/{id}/log", self.log, "The step log and the names of the kept files", objects.TaskLog, missing),
            route("GET", "/{id}/artifacts/{name}", self.artifact, "A screenshot or UI tree kept as evidence", None,
                  missing, media_type="*/*"),
        ]  # fmt: skip
