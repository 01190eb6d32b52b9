"""The daemon itself: its plan, what its config file says, reading that again, and believing its clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from handlers.api.objects import hub as objects
from handlers.api.services import Services
from handlers.api.task_view import moment
from handlers.request.call import Call, Result, Route, routes_below
from handlers.request.envelope import Code
from jobs.hub.settings import Settings
from jobs.input.fields import Findings, read_object
from jobs.input.refusals import NoSpace, PlanForbids, Problem
from jobs.input.values import Unreadable, read_text
from jobs.intake.start_time import StartTimeInvalid, read_start
from jobs.pace import pauses
from jobs.pace.pauses import Pause
from jobs.run.engine import slots
from storage.errors import StoreFull

SENTENCE = "API access requires the Pro plan or higher"


MAX_REASON_CHARS = 200


class PauseRequest(msgspec.Struct):
    """Why something is paused, and until when."""

    reason: Annotated[str, Meta(max_length=MAX_REASON_CHARS, description="For people; one line")] = ""
    until: Annotated[
        str,
        Meta(
            max_length=60,
            description="When it ends by itself: HH:MM, YYYY-MM-DD HH:MM in the hub's zone, or RFC 3339; empty: when "
            "it is resumed",
        ),
    ] = ""


def pause(services: Services, what: str, call: Call) -> Pause:
    """Pause the hub, a phone or an account as the call says. Raises Invalid, NoSpace."""
    findings = Findings()
    wishes = read_object(
        PauseRequest, call.fields(PauseRequest), findings, hooks={"reason": _one_line}, strict=True
    )
    until = None
    if text := wishes.get("until", "").strip():
        try:
            until = read_start(text, services.clock.now(), services.zone()).at
        except StartTimeInvalid as error:
            findings.problem("until", str(error))
        else:
            if until <= services.clock.now():
                findings.problem("until", f'"{text}" is now: leave it out, or name a later time')
    findings.refuse()
    try:
        return services.jobs.pauses.set(what, reason=wishes.get("reason", ""), until=until)
    except StoreFull as error:
        raise NoSpace(Problem("", str(error))) from error


def pause_facts(found: Pause | None, zone: tzinfo) -> Mapping[str, Any]:
    """A pause as phones, accounts and the hub show it."""
    return {
        "paused": found is not None,
        "paused_since": moment(found.since, zone) if found else None,
        "paused_until": moment(found.until, zone) if found else None,
        "pause_reason": found.reason if found else "",
    }


def _one_line(value: Any) -> str:
    text = read_text(value).strip()
    if "\n" in text or "\r" in text:
        raise Unreadable("must be one line")
    return text


def check_plan(settings: Settings) -> None:
    """Raise PlanForbids on a plan without API access."""
    if settings.license.plan == "starter":
        raise PlanForbids(Problem("", SENTENCE))


class LicenseHandlers:
    """`GET /license/check`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def check(self, call: Call) -> Result:
        settings = self._services.settings()
        return objects.LicenseInfo(settings.license.plan.title(), True, slots(settings), "API access enabled")

    def routes(self) -> list[Route]:
        """The one route."""
        return [
            Route(
                method="GET",
                path="/api/v1/license/check",
                call=self.check,
                summary="Whether the plan allows API access",
                tag="license",
                answer=objects.LicenseInfo,
                codes=(Code.FORBIDDEN,),
                limited_by_plan=True,
            )
        ]


class SystemHandlers:
    """`GET /config`, `POST /reload`, `POST /clock/confirm`, `POST /hub/pause` and `/hub/resume`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def reload(self, call: Call) -> Result:
        return self._services.reload()

    def config(self, call: Call) -> Result:
        return objects.ConfigInForce(self._services.config_text(), self._services.config_notices())

    def confirm_clock(self, call: Call) -> Result:
        doubt = self._services.jobs.confirm_clock()
        return objects.ClockConfirmed(moment(self._services.clock.now(), self._services.zone()) or "", doubt)

    def pause(self, call: Call) -> Result:
        pause(self._services, pauses.HUB, call)
        return self._hub()

    def resume(self, call: Call) -> Result:
        self._services.jobs.pauses.end(pauses.HUB)
        return self._hub()

    def _hub(self) -> objects.HubPause:
        found = self._services.jobs.pauses.get(pauses.HUB)
        return objects.HubPause(**pause_facts(found, self._services.zone()))

    def routes(self) -> list[Route]:
        """The five routes."""
        route = routes_below("/api/v1", "system")
        return [
            route("GET", "/config", self.config,
                  "The settings in force and where each comes from, without secrets", objects.ConfigInForce),
            route("POST", "/clock/confirm", self.confirm_clock,
                  "Say that the box's time is right: tasks that were held because it was in doubt may start",
                  objects.ClockConfirmed),
            route("POST", "/hub/pause", self.pause, "Start nothing new on any phone; what runs is finished",
                  objects.HubPause, Code.INVALID, Code.NO_SPACE, body=PauseRequest),
            route("POST", "/hub/resume", self.resume, "End the pause of the hub; what is due starts",
                  objects.HubPause),
            route("POST", "/reload", self.reload, "Read the config file again, the same as SIGHUP", objects.Reloaded,
                  Code.INVALID),
        ]  # fmt: skip
