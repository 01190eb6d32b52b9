"""`GET /needs`: everything that needs a person now, each matter with the calls that settle it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from handlers.page.session import Moment, When
from handlers.request.call import Call, Result, Route, routes_below
from jobs.upkeep.need import Act, Kind
from jobs.upkeep.needs import NeedList


class Matter(msgspec.Struct, frozen=True):
    """One matter that needs a person."""

    kind: Annotated[Kind, Meta(description="What it is about")]
    key: Annotated[str, Meta(description="The same for as long as it is the same matter")]
    sentence: str
    since: Moment
    task_id: int | None
    serial: Annotated[str | None, Meta(description="The phone")]
    account_id: int | None
    slot_id: int | None
    actions: Annotated[tuple[Act, ...], Meta(description="Calls that settle it; none: only hands do")]


class Matters(msgspec.Struct, frozen=True):
    """What needs a person, most urgent first: at most 100, and how many there are."""

    needs: list[Matter]
    total: int


class NeedHandlers:
    """The one call."""

    def __init__(self, needs: Callable[[], NeedList], when: When) -> None:
        self._needs = needs
        self._when = when

    def all(self, call: Call) -> Result:
        found = self._needs()
        shown = [
            Matter(
                need.kind,
                need.key,
                need.sentence,
                self._when(need.since or 0.0),
                need.task_id,
                need.serial or None,
                need.account_id,
                need.slot_id,
                need.actions,
            )
            for need in found.needs
        ]
        return Matters(shown, found.total)

    def routes(self) -> list[Route]:
        """The one route."""
        route = routes_below("/api/v1", "system")
        return [route("GET", "/needs", self.all, "Everything that needs a person now", Matters)]
