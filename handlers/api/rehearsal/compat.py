"""What this hub can do: versions and languages of the apps, and a person's word that posts go on with one."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from handlers.api.objects.common import Moment
from handlers.api.services import Services
from handlers.api.task_view import moment
from handlers.request.call import Call, Result, Route, routes_below
from handlers.request.envelope import Code
from jobs.compat.compat import Line
from jobs.hub.platforms import Platform
from jobs.input.fields import Findings, read_object
from storage.tables.app_versions import AppKey


class CompatRehearsal(msgspec.Struct, frozen=True):
    """A rehearsal in short."""

    id: int
    state: Annotated[str, Meta(description="`ready` or `failed`, as of the rehearsal")]
    sentence: str
    ended_at: Moment | None


class CompatFailure(msgspec.Struct, frozen=True):
    """A task that ended without a post."""

    task_id: int
    code: str
    sentence: str
    at: Moment | None


class CompatObject(msgspec.Struct, frozen=True):
    """One version and language of an app on one Android, with what is known of it."""

    platform: Platform
    app_version: str
    language: Annotated[str, Meta(description="As `en`; empty where it was not told")]
    android: Annotated[str, Meta(description="Empty where it is not known")]
    phones: Annotated[list[str], Meta(description="Serials of the phones that showed it")]
    last_rehearsal: CompatRehearsal | None
    last_published_at: Moment | None
    failures: Annotated[int, Meta(ge=0, description="Tasks in the store that ended without a post")]
    last_failure: CompatFailure | None
    taught_rules: Annotated[int, Meta(ge=0, description="Taught rules that are on for this app")]
    allowed: Annotated[bool, Meta(description="A person lets posts go on without a rehearsal")]
    state: Annotated[
        Literal["ready", "unknown", "failing", "rehearsing"],
        Meta(description="`unknown`: neither published nor rehearsed to the end"),
    ]
    sentence: str


class CompatList(msgspec.Struct, frozen=True):
    """Every version and language that a phone of this hub showed."""

    versions: list[CompatObject]
    total: int


class AllowRequest(msgspec.Struct):
    """Posts with this version and language go on, whatever its rehearsal says."""

    platform: Platform
    app_version: str
    language: Annotated[str, Meta(description="As `GET /compat` shows it")] = ""


class CompatHandlers:
    """The table, and the way past it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._compat = services.compat

    def all(self, call: Call) -> Result:
        lines = [self._show(line) for line in self._compat.lines()]
        return CompatList(lines, len(lines))

    def allow(self, call: Call) -> Result:
        findings = Findings()
        given = read_object(AllowRequest, call.fields(AllowRequest), findings, strict=True)
        findings.refuse()
        key = AppKey(given["platform"], given["app_version"], given.get("language", ""))
        return self._show(self._compat.allow(key))

    def _show(self, line: Line) -> CompatObject:
        zone = self._services.zone()
        last, failed = line.last_rehearsal, line.last_failure
        return CompatObject(
            platform=line.key.platform,  # type: ignore[arg-type]
            app_version=line.key.version,
            language=line.key.language,
            android=line.android,
            phones=list(line.phones),
            last_rehearsal=None
            if last is None
            else CompatRehearsal(last.id, last.state, last.sentence, moment(last.ended_at, zone)),
            last_published_at=moment(line.last_published_at, zone),
            failures=line.failures,
            last_failure=None
            if failed is None
            else CompatFailure(failed.id, failed.error_code, failed.remark, moment(failed.finished_at, zone)),
            taught_rules=line.taught_rules,
            allowed=line.allowed,
            state=line.state,
            sentence=line.sentence,
        )

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        below = routes_below("/api/v1/compat", "rehearsals")
        return [
            below("GET", "", self.all, "What this hub can do, by app, version, language and Android", CompatList),
            below("POST", "/allow", self.allow, "Let posts go on with a version that waits for its rehearsal",
                  CompatObject, Code.INVALID, Code.NO_SPACE, body=AllowRequest),
        ]  # fmt: skip
