"""The license probe, and what the plan forbids."""

from __future__ import annotations

from handlers.api import objects
from handlers.api.services import Services
from handlers.request.call import Call, Result, Route
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
