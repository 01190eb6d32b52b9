"""Whether the daemon lives (/healthz), and whether it can work (/readyz)."""

from __future__ import annotations

from typing import Any

import msgspec

from handlers.api.services import Services
from handlers.api.system import pause_facts
from handlers.api.task_view import moment
from handlers.page.changes import Counts, NextPost, State
from handlers.request.call import Call, Result, Route
from handlers.request.envelope import Reply
from jobs.hub.time_zone import zone_name
from jobs.pace import pauses
from jobs.phone.protocol import PhoneInfo, PhoneState

_TEXT = "text/plain; charset=utf-8"
NO_STORE = (("Cache-Control", "no-store"),)
ALIVE = Reply(200, b"ok\n", NO_STORE, _TEXT)


class Readiness(msgspec.Struct, frozen=True):
    """Whether the daemon can work; `reasons` why not, `notices` what a person may want to know though it does.

    `timezone` is the zone of all times that have no offset, `time` what its clocks show now (RFC 3339).
    `paused`, since when, until when and why: of the whole hub; `notices` name paused phones and accounts too.
    """

    ready: bool
    reasons: list[str]
    notices: list[str]
    timezone: str
    time: str
    paused: bool
    paused_since: str | None
    paused_until: str | None
    pause_reason: str


class HealthHandlers:
    """The probes; they live outside `/api/`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def healthz(self, call: Call) -> Result:
        return ALIVE

    def readyz(self, call: Call) -> Result:
        state = readiness(self._services)
        return Reply(200 if state.ready else 503, msgspec.json.encode(state) + b"\n", NO_STORE)

    def routes(self) -> list[Route]:
        return [
            probe("/healthz", self.healthz, "Alive; needs no token"),
            probe("/readyz", self.readyz, "Able to work: adb, store, at least one phone", "application/json"),
        ]


def probe(path: str, call: Any, summary: str, media_type: str = "text/plain") -> Route:
    """A route for programs that watch the daemon."""
    return Route(method="GET", path=path, call=call, summary=summary, tag="health", media_type=media_type)


def readiness(services: Services) -> Readiness:
    """Asks every part; waits for none."""
    store = services.store.health()
    reasons = [] if store.writable else list(store.warnings) or ["the store cannot be written"]
    notices = list(store.warnings) if store.writable else []
    if store.writable and store.refuses_new:
        reasons.append(store.refuses_new)
        notices = [notice for notice in notices if notice not in reasons]
    reasons += services.jobs.health()
    if services.draining():
        reasons.append("the daemon is about to stop")
    phones = services.phones.inventory()
    if any(phone.state is PhoneState.DEVICE for phone in phones):
        # A sick phone affects only itself: as long as one works, the others' troubles are for people to read.
        notices += services.phones.health()
    else:
        known = f"; {len(phones)} known, the list of devices says why" if phones else ""
        reasons += [*services.phones.health(), f"no phone is usable{known}"]
    notices += services.jobs.notices
    notices += services.config_notices()
    if services.tokens.problem:
        notices.append(services.tokens.problem)
    zone = services.zone()
    return Readiness(
        not reasons,
        list(dict.fromkeys(reasons)),
        list(dict.fromkeys(notices)),
        zone_name(zone),
        moment(services.clock.now(), zone) or "",
        **pause_facts(services.jobs.pauses.get(pauses.HUB), zone),
    )


class Stamp:
    """Another value whenever the store, a phone or the settings were changed; what else changes is looked for."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._phones = 0
        services.phones.subscribe(self._heard)

    def _heard(self, info: PhoneInfo) -> None:
        self._phones += 1  # on the tracker's thread alone

    def __call__(self) -> object:
        services = self._services
        return services.store.storage.version, self._phones, services.settings()


def state_for_viewers(services: Services) -> State:
    """What every viewer of the console is shown, worked out without a walk over any list of tasks."""
    ready = readiness(services)
    tasks = services.store.tasks
    numbers = {status.name.lower(): count for status, count in tasks.counts().items()}
    unknown = services.store.attention.unknown_count
    first = tasks.first_due()
    return State(
        timezone=ready.timezone,
        ready=ready.ready,
        reasons=ready.reasons,
        notices=ready.notices,
        needs_count=services.needs.all().total,
        counts=Counts(total=sum(numbers.values()), **numbers, unknown=unknown),
        next_post=None if first is None else NextPost(
            first.id, moment(first.due_at, services.zone()) or "", first.username, first.platform, first.serial
        ),
        version=services.version,
    )  # fmt: skip
