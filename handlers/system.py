"""The daemon itself: reading its config file again."""

from __future__ import annotations

from handlers import objects
from handlers.call import Call, Result, Route
from handlers.envelope import Code
from handlers.services import Services


class SystemHandlers:
    """`POST /reload`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def reload(self, call: Call) -> Result:
        done = self._services.reload()
        return objects.Reloaded(done.changed, done.restart_needed)

    def routes(self) -> list[Route]:
        """The one route."""
        return [
            Route(
                method="POST",
                path="/api/v1/reload",
                call=self.reload,
                summary="Read the config file again, the same as SIGHUP",
                tag="system",
                answer=objects.Reloaded,
                codes=(Code.INVALID,),
            )
        ]
