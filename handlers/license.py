"""The license probe, and what the plan forbids."""

from __future__ import annotations

from handlers import objects
from handlers.call import Call, Result, Route
from handlers.envelope import Code
from handlers.services import Services
from jobs.engine import slots
from jobs.refusals import PlanForbids, Problem
from jobs.settings import Settings

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
