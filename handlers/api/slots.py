"""Slots: posts that repeat, what they will make in the coming week, and what they did not make."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from handlers.api.objects.common import LocalTime, Moment, Removed
from handlers.api.services import Services
from handlers.api.task_view import moment
from handlers.request.call import Call, Result, Route
from handlers.request.envelope import Code
from jobs.hub.platforms import Platform
from jobs.hub.time_zone import zone_name
from jobs.intake.start_time import show
from jobs.slots.slot_fields import WEEKDAYS, SlotFields
from jobs.slots.slots import Shown
from storage.records import Slot


class OccurrenceObject(msgspec.Struct, frozen=True):
    """One time of a slot for one account."""

    day: Annotated[str, Meta(description="YYYY-MM-DD")]
    time: Annotated[str, Meta(description="HH:MM, as the slot says")]
    username: str
    start_time: Annotated[
        LocalTime,
        Meta(
            description="When its task is planned to start, also where that was moved to another time (the earliest of "
            "several); without a task, when the slot says"
        ),
    ]
    task_ids: Annotated[list[int], Meta(description="Its tasks; planned 48 hours ahead")]
    problem: Annotated[str, Meta(description="Why it was not made, or could not be planned so far")]


class SlotObject(msgspec.Struct, frozen=True):
    """A slot, and what it makes."""

    id: Annotated[int, Meta(ge=1)]
    name: str
    usernames: list[str]
    times: list[str]
    weekdays: list[str]
    platform: Literal[Platform, "all"] | None
    script_config: dict[str, Any]
    missed: Literal["skip", "catch_up"]
    first_day: str
    last_day: str
    paused: bool
    created_at: Moment
    next: Annotated[list[OccurrenceObject], Meta(description="The coming seven days, earliest first")]
    past: Annotated[list[OccurrenceObject], Meta(description="The latest 20, newest first")]


class SlotList(msgspec.Struct, frozen=True):
    """All slots."""

    slots: list[SlotObject]
    timezone: Annotated[str, Meta(description="The zone of all times")]


class SlotChange(msgspec.Struct, frozen=True):
    """A slot after a call that changed it, and what in the call was ignored."""

    slot: SlotObject
    warnings: list[str]


class SlotHandlers:
    """Everything under `/slots`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def all(self, call: Call) -> Result:
        zone = self._services.zone()
        return SlotList([self._show(slot) for slot in self._services.slots.all()], zone_name(zone))

    def get(self, call: Call) -> Result:
        return self._show(self._services.slots.get(call.id))

    def create(self, call: Call) -> Result:
        slot, warnings = self._services.slots.add(call.fields(SlotFields))
        return SlotChange(self._show(slot), warnings)

    def change(self, call: Call) -> Result:
        slot, warnings = self._services.slots.change(call.id, call.fields(SlotFields))
        return SlotChange(self._show(slot), warnings)

    def remove(self, call: Call) -> Result:
        self._services.slots.remove(call.id)
        return Removed(call.id)

    def pause(self, call: Call) -> Result:
        return self._show(self._services.slots.pause(call.id, paused=True))

    def resume(self, call: Call) -> Result:
        return self._show(self._services.slots.pause(call.id, paused=False))

    def _show(self, slot: Slot) -> SlotObject:
        zone, slots = self._services.zone(), self._services.slots

        def shown(one: Shown) -> OccurrenceObject:
            return OccurrenceObject(
                one.day, one.time, one.username, show(one.starts_at, zone), list(one.task_ids), one.problem
            )

        return SlotObject(
            id=slot.id,
            name=slot.name,
            usernames=list(slot.usernames),
            times=list(slot.times),
            weekdays=[WEEKDAYS[day] for day in slot.weekdays],
            platform=slot.platform or None,  # type: ignore[arg-type]
            script_config=dict(slot.script_config),
            missed="catch_up" if slot.missed == "catch_up" else "skip",
            first_day=slot.first_day,
            last_day=slot.last_day,
            paused=slot.paused,
            created_at=moment(slot.created_at, zone) or "",
            next=[shown(one) for one in slots.next(slot)],
            past=[shown(one) for one in slots.past(slot)],
        )

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        s, bad, missing = "/api/v1/slots", Code.INVALID, Code.NOT_FOUND
        writes = (bad, missing, Code.NO_SPACE)

        def route(
            method: str, path: str, call: Any, summary: str, answer: Any, *codes: Code, **more: Any
        ) -> Route:
            return Route(method=method, path=s + path, call=call, summary=summary, tag="slots", answer=answer,
                         codes=codes, limited_by_plan=True, **more)  # fmt: skip

        return [
            route("GET", "", self.all, "List slots with what they make in the coming week", SlotList),
            route("POST", "", self.create, "Create a slot: posts that repeat on weekdays and times", SlotChange,
                  *writes, Code.DRAINING, body=SlotFields, creates=True, slow=True),
            route("GET", "/{id}", self.get, "Look at one slot", SlotObject, missing),
            route("PATCH", "/{id}", self.change, "Change a slot; its tasks that wait for their time are planned anew",
                  SlotChange, *writes, body=SlotFields, slow=True),
            route("DELETE", "/{id}", self.remove, "Forget a slot and its tasks that wait for their time", Removed, missing,
                  slow=True),
            route("POST", "/{id}/pause", self.pause, "Plan nothing more, and take back what waits for its time",
                  SlotObject, missing, slow=True),
            route("POST", "/{id}/resume", self.resume, "Plan again, from now on", SlotObject, missing, slow=True),
        ]  # fmt: skip
