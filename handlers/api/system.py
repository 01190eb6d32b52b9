"""The daemon itself: its plan, what its config file says, reading that again, and believing its clock."""

from __future__ import annotations

from handlers.api import objects
from handlers.api.services import Services
from handlers.api.task_view import moment
from handlers.request.call import Call, Result, Route, routes_below
from handlers.request.envelope import Code
from jobs.hub.settings import Settings
from jobs.input.refusals import PlanForbids, Problem
from jobs.run.engine import slots

SENTENCE = "API access requires the Pro plan or higher"


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
    """`GET /config`, `POST /reload` and `POST /clock/confirm`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def reload(self, call: Call) -> Result:
        done = self._services.reload()
        return objects.Reloaded(done.changed, done.restart_needed)

    def config(self, call: Call) -> Result:
        return objects.ConfigInForce(self._services.config_text(), self._services.config_notices())

    def confirm_clock(self, call: Call) -> Result:
        doubt = self._services.jobs.confirm_clock()
        return objects.ClockConfirmed(moment(self._services.clock.now(), self._services.zone()) or "", doubt)

    def routes(self) -> list[Route]:
        """The three routes."""
        route = routes_below("/api/v1", "system")
        return [
            route("GET", "/config", self.config,
                  "The settings in force and where each comes from, without secrets", objects.ConfigInForce),
            route("POST", "/clock/confirm", self.confirm_clock,
                  "Say that the box's time is right: tasks that were held because it was in doubt may start",
                  objects.ClockConfirmed),
            route("POST", "/reload", self.reload, "Read the config file again, the same as SIGHUP", objects.Reloaded,
                  Code.INVALID),
        ]  # fmt: skip
