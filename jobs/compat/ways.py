"""Which way of a version a task goes: what is rehearsed, and kept back, apart from the other ways of the same version."""

from __future__ import annotations

from typing import NamedTuple

from jobs.content.plan import make_plan
from jobs.hub.platforms import PostKind, facts
from jobs.phone.app_language import name_of
from jobs.post.rehearsal.rehearsals import Wish, checked
from jobs.post.rehearsal.report import Report
from storage.records import Task
from storage.tables.app_versions import AppKey, Asked, asked_of


class Way(NamedTuple):
    """One way through one version and language of an app."""

    key: AppKey
    way: str  #: "share" or "addButton"
    kind: str  #: "video", "images" or "story"

    def __str__(self) -> str:
        usual = facts(self.key.platform).ways[0], "video"
        own = "" if (self.way, self.kind) == usual else f" ({self.kind} by {self.way})"
        return f"{title(self.key)}{own}"


def title(key: AppKey) -> str:
    """A version and language for people."""
    language = f" in {name_of(key.language)}" if key.language else ""
    return f"{facts(key.platform).title} {key.version}{language}"


def key_of(report: Report) -> AppKey:
    """The version and language that a rehearsal met."""
    return AppKey(report.platform, report.app_version, report.language)


def rehearsed_way(report: Report) -> Way:
    """The way that a rehearsal went."""
    return Way(key_of(report), report.way, report.kind)


#: Platform and what a task asks for -> way and kind. The first task of every account is looked up all the time.
_found: dict[tuple[str, Asked], tuple[str, str]] = {}
_MOST_FOUND = 1_000


def way_of(task: Task, key: AppKey) -> Way:
    """The way of a task through a version and language of its app; the app can be rehearsed, and the task has files.

    Raises:
        msgspec.ValidationError: its config cannot be read; its attempt says so.
    """
    asked = task.platform, asked_of(task)
    found = _found.get(asked)
    if found is None:
        wish = wish_of(task)
        if len(_found) >= _MOST_FOUND:
            _found.clear()
        found = _found[asked] = wish.way, wish.kind
    return Way(key, *found)


def wish_of(task: Task) -> Wish:
    """The way of a task, as far as it can be rehearsed: from a sound's page the form is reached as by the app's first way."""
    plan = make_plan(task)
    kind = "story" if plan.kind is PostKind.STORY else "video" if plan.is_video else "images"
    way = "" if plan.way == "useSound" else plan.way
    return checked(Wish(platform=task.platform, way=way, kind=kind, package=task.package))
