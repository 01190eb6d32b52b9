"""The screens whose trees this hub keeps: of rehearsals, and of tasks that failed. Those that no rule describes wait for a lesson."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec

from jobs.hub.platforms import platform_of
from jobs.phone.app_language import language_of
from jobs.phone.screen.tree import TreeUnreadable, UiTree, parse_xml
from jobs.post.rehearsal.report import Report
from jobs.post.rehearsal.report_files import ReportFiles
from jobs.post.screens.inspect import front_package
from storage.error_codes import ErrorCode
from storage.records import Stage, Task

#: Screens that are listed as waiting, and kept trees of one app on which a lesson is tried.
MAX_WAITING, MAX_KNOWN = 100, 200
#: All these trees together are no larger; a usual one has 60 to 100 KB.
MAX_KNOWN_BYTES = 24 * 1024 * 1024
#: Tasks whose evidence is looked at.
MAX_TASKS = 60
#: A larger tree is no screen.
MAX_TREE_BYTES = 1024 * 1024
_ID = re.compile(r"(rehearsal|task)-([0-9]{1,12})-([A-Za-z0-9][A-Za-z0-9-]{0,60})")
_TASK_TREE = re.compile(r"[0-9]{1,6}-(tree|sheet)\.xml")
#: Errors that say that a screen was not as expected.
_UNREAD = frozenset(
    {ErrorCode.UI_CHANGED, ErrorCode.OPTION_NOT_SET, ErrorCode.APP_LANGUAGE, ErrorCode.PERSON_NEEDED}
)


class Evidence(Protocol):
    """What is asked of the evidence of tasks."""

    def task_ids(self) -> list[int]: ...
    def names(self, task_id: int) -> list[str]: ...
    def read(self, task_id: int, name: str) -> bytes | None: ...
    def log(self, task_id: int) -> list[dict[str, Any]]: ...


class KeptScreen(msgspec.Struct, frozen=True, kw_only=True):
    """A screen that was seen on a phone, and where its tree and picture are."""

    id: str
    source: str  #: "rehearsal" or "task"
    source_id: int
    file: str  #: name of the tree
    picture: str  #: name of the picture, "" when there is none
    serial: str
    platform: str
    app_version: str
    language: str  #: bare code; "" where it is not known
    read_as: str  #: screen name at the time, "" for none
    kind: str
    sentence: str  #: why it waits for a lesson, "" when it does not
    taken_at: float


class KeptScreens:
    """Finds them where they are kept; nothing is copied. Thread-safe."""

    def __init__(self, reports: ReportFiles, evidence: Evidence, task: Callable[[int], Task | None]) -> None:
        """`task` gives a task by its id, None when it is gone."""
        self._reports = reports
        self._evidence = evidence
        self._task = task

    def all(self) -> Iterator[KeptScreen]:
        """Every one, the newest first within each source."""
        for report in self._reports.all():
            yield from _of_report(report)
        for task_id in self._evidence.task_ids()[:MAX_TASKS]:
            yield from self._of_task(task_id)

    def find(self, name: str) -> KeptScreen | None:
        """One by its id."""
        match = _ID.fullmatch(name)
        if match is None:
            return None
        number = int(match[2])
        if match[1] == "rehearsal":
            report = self._reports.get(number)
            found = _of_report(report) if report is not None else iter(())
        else:
            found = self._of_task(number)
        return next((screen for screen in found if screen.id == name), None)

    def tree(self, screen: KeptScreen) -> UiTree | None:
        """Its tree; None when it is gone, too large, or none."""
        if screen.source == "rehearsal":
            data = self._reports.read(screen.source_id, screen.file)
        else:
            data = self._evidence.read(screen.source_id, screen.file)
        if data is None or len(data) > MAX_TREE_BYTES:
            return None
        try:
            return parse_xml(data.decode("utf-8", "replace"))
        except TreeUnreadable:
            return None

    def _of_task(self, task_id: int) -> Iterator[KeptScreen]:
        task = self._task(task_id)
        if task is None:
            return
        names = self._evidence.names(task_id)
        trees = [name for name in names if _TASK_TREE.fullmatch(name)]
        language = self._language_of(task_id) if trees else ""
        for name in sorted(trees, reverse=True):
            picture = f"{name.partition('-')[0]}-screenshot.png"
            yield KeptScreen(
                id=f"task-{task_id}-{name.removesuffix('.xml')}",
                source="task",
                source_id=task_id,
                file=name,
                picture=picture if picture in names and name.endswith("tree.xml") else "",
                serial=task.serial,
                platform=task.platform,
                app_version=task.app_version,
                language=language,
                read_as="",
                kind="unknown",
                sentence=_why_task(task, sheet=name.endswith("sheet.xml")),
                taken_at=task.ended_at,
            )

    def _language_of(self, task_id: int) -> str:
        told = [
            str(line.get("tag", ""))
            for line in self._evidence.log(task_id)
            if line.get("note") == "language of the app"
        ]
        tag = told[-1] if told else ""
        return language_of(tag) if tag and tag != "not told" else ""


def of_the_app(tree: UiTree, platform: str) -> bool:
    """Whether the app itself is in front on a tree and says something: not a launcher, not a splash."""
    front = front_package(tree)
    if platform_of(front) != platform:
        return False
    return any(n.package == front and n.visible and (n.text or n.content_desc) for n in tree.nodes)


def _of_report(report: Report) -> Iterator[KeptScreen]:
    named = [n for n, seen in enumerate(report.screens, 1) if seen.name == report.step]
    last = named[-1] if named else len(report.screens)
    for number, seen in enumerate(report.screens, 1):
        if not seen.tree:
            continue
        yield KeptScreen(
            id=f"rehearsal-{report.id}-{seen.tree.removesuffix('.xml')}",
            source="rehearsal",
            source_id=report.id,
            file=seen.tree,
            picture=seen.picture,
            serial=report.serial,
            platform=report.platform,
            app_version=report.app_version,
            language=language_of(report.language),
            read_as=seen.name,
            kind=seen.kind,
            sentence=_why_seen(report, seen.name, seen.kind, last=number == last),
            taken_at=report.began_at + seen.at_ms / 1000,
        )


def _why_seen(report: Report, name: str, kind: str, *, last: bool) -> str:
    if kind == "unknown":
        return "no rule describes this screen"
    if name == "some_sheet":
        return "a sheet that no rule describes lies over the app"
    if last and report.state == "failed" and report.error in _UNREAD:
        return f"the rehearsal ended here: {report.sentence}"
    return ""


def _why_task(task: Task, *, sheet: bool) -> str:
    if sheet:
        return "a sheet that no rule describes lay over the app"
    if task.stage in (Stage.FAILED, Stage.REJECTED) and task.error_code in _UNREAD:
        return f"the task ended here: {task.error.message if task.error else task.remark}"
    return ""
