"""A task as the API shows it, encoded once per change: a page of the list is a join of ready pieces."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, tzinfo

import msgspec

from handlers.api.objects.tasks import TaskErrorObject, TaskObject
from storage.records import Status, Task, Waiting

_CACHE_SIZE = 2000  #: tasks; about 2 KB each
_ENCODER = msgspec.json.Encoder()
_STATUS_TEXT = {status: status.name.lower() for status in Status}


def moment(seconds: float | None, zone: tzinfo) -> str | None:
    """RFC 3339 with the zone's offset."""
    return None if seconds is None else datetime.fromtimestamp(seconds, zone).isoformat("T", "seconds")


def show_task(task: Task, zone: tzinfo) -> TaskObject:
    """The task object of the API."""
    status = task.status
    planned = moment(task.scheduled_at, zone) or ""
    started = moment(task.started_at, zone)
    finished = moment(task.finished_at, zone)
    error = task.error
    return TaskObject(
        id=task.id,
        script_name=task.script_name,
        serial=task.serial,
        status=status.value,
        status_text=_STATUS_TEXT[status],  # type: ignore[arg-type]
        source=task.source,  # type: ignore[arg-type]
        username=task.username,
        account_seen=task.account_seen,
        script_config=task.script_config,
        enable_multi_account=task.enable_multi_account,
        start_time=_plain(started or planned),
        end_time=_plain(finished) if finished else None,
        retry_count=task.retry_count,
        max_retry_count=task.max_retry_count,
        remark=task.remark,
        scheduled_at=planned,
        created_at=moment(task.created_at, zone) or "",
        started_at=started,
        finished_at=finished,
        next_attempt_at=moment(_next_attempt(task), zone),
        platform=task.platform,  # type: ignore[arg-type]
        package=task.package,
        outcome=task.outcome,
        error=TaskErrorObject(error.code, error.message, error.step) if error else None,
        caption=task.caption,
        materials=[file.name for file in task.materials],
        waiting_for=task.waiting_for if status is Status.PENDING else None,
        waiting_since=moment(task.waiting_since, zone) if status is Status.PENDING else None,
        waiting_detail=task.waiting_detail if status is Status.PENDING else "",
        version=task.version,
    )


def _next_attempt(task: Task) -> float | None:
    """When a pending task may start next; None where nothing but a person's word lets it."""
    if task.status is not Status.PENDING or task.held:
        return None
    if task.waiting_for in {Waiting.PACE, Waiting.PAUSE}:
        return task.waiting_until
    return task.due_at


def _plain(rfc3339: str) -> str:
    return rfc3339[:10] + " " + rfc3339[11:19]


class TaskViews:
    """Encoded tasks. The store replaces a record whenever it changes, so the same record has the same encoding."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._zone: tzinfo | None = None
        self._ready: OrderedDict[int, tuple[Task, msgspec.Raw]] = OrderedDict()

    def one(self, task: Task, zone: tzinfo) -> msgspec.Raw:
        """The task, ready to stand in an answer."""
        return self.many((task,), zone)[0]

    def many(self, tasks: Iterable[Task], zone: tzinfo) -> list[msgspec.Raw]:
        """The same for several, in order."""
        with self._lock:
            if zone is not self._zone:
                self._zone = zone
                self._ready.clear()
            ready = self._ready
            views = []
            for task in tasks:
                found = ready.get(task.id)
                if found is not None and found[0] is task:
                    views.append(found[1])
                    continue
                view = msgspec.Raw(_ENCODER.encode(show_task(task, zone)))
                ready.pop(task.id, None)
                ready[task.id] = (task, view)
                views.append(view)
            while len(ready) > _CACHE_SIZE:
                ready.popitem(last=False)
            return views
