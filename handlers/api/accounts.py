"""Accounts: the documented list, and our own calls to create, change and remove them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handlers.api.objects import accounts as objects
from handlers.api.objects.common import Removed
from handlers.api.services import Services
from handlers.api.system import PauseRequest, pause, pause_facts
from handlers.api.task_view import moment
from handlers.request.call import Call, Result, Route, page_of, routes_below
from handlers.request.envelope import Code
from jobs.accounts.account_fields import OTHER_NAMES, AccountFields
from jobs.hub.platforms import Platform
from jobs.input.refusals import Invalid, Problem
from jobs.input.values import shorten
from jobs.pace import pauses
from jobs.phone.protocol import PhoneState
from storage.records import Account


class AccountQuery(msgspec.Struct):
    """Filters and page of the account list."""

    platform: Platform | UnsetType = UNSET
    device: Annotated[str, Meta(description="Serial of the phone")] | UnsetType = UNSET
    logined: Annotated[Literal[0, 1], Meta(description="1 logged in")] | UnsetType = UNSET
    status: Annotated[Literal[0, 1], Meta(description="0 enabled, 1 disabled")] | UnsetType = UNSET
    tag: Annotated[str, Meta(description="Exactly this tag")] | UnsetType = UNSET
    page: Annotated[int, Meta(ge=1)] = 1
    page_size: Annotated[int, Meta(ge=1, description="More than 100 counts as 100")] = 20


def _about_phone(account: Account, known: Collection[str]) -> list[str]:
    """A phone may come later; but a serial with a slip in it never does."""
    if not account.serial or account.serial in known:
        return []
    return [
        f'device: no phone "{shorten(account.serial)}" was ever seen here; tasks of this account wait for it'
    ]


def _refuse_pause(fields: Mapping[str, Any], *, paused: bool) -> None:
    """What is shown may come back, but a wish to pause that is ignored lets posts go out. Raises Invalid."""
    wanted = fields.get("paused")
    if isinstance(wanted, bool) and wanted != paused:
        call = "pause" if wanted else "resume"
        raise Invalid(Problem("paused", f"is a call of its own: POST /api/v1/accounts/{{id}}/{call}"))


class AccountHandlers:
    """Everything under `/accounts`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def page(self, call: Call) -> Result:
        query = call.query(AccountQuery)
        page, size = page_of(query)
        filters: dict[str, Any] = {
            name: query[name] for name in ("platform", "device", "tag") if name in query
        }
        if "logined" in query:
            filters["logined"] = bool(query["logined"])
        if "status" in query:
            filters["enabled"] = not query["status"]
        found, total = self._services.accounts.page(**filters, page=page, page_size=size)
        return objects.AccountList([self._show(account) for account in found], total, page, size)

    def get(self, call: Call) -> Result:
        return self._show(self._services.accounts.get(call.id))

    def create(self, call: Call) -> Result:
        known = self._serials()
        fields = call.fields(AccountFields)
        _refuse_pause(fields, paused=False)
        account, warnings = self._services.accounts.add(fields)
        return objects.AccountChange(self._show(account), [*warnings, *_about_phone(account, known)])

    def change(self, call: Call) -> Result:
        known, before = self._serials(), self._services.accounts.get(call.id)
        fields = call.fields(AccountFields)
        _refuse_pause(fields, paused=self._show(before).paused)
        account, warnings = self._services.accounts.change(call.id, fields)
        if account.serial != before.serial:
            warnings = [*warnings, *_about_phone(account, known)]
        return objects.AccountChange(self._show(account), warnings)

    def remove(self, call: Call) -> Result:
        self._services.accounts.remove(call.id)
        return Removed(call.id)

    def pause(self, call: Call) -> Result:
        account = self._services.accounts.get(call.id)
        pause(self._services, pauses.account(account.id), call)
        return self._show(account)

    def resume(self, call: Call) -> Result:
        account = self._services.accounts.get(call.id)
        self._services.jobs.pauses.end(pauses.account(account.id))
        return self._show(account)

    def _serials(self) -> set[str]:
        return {phone.serial for phone in self._services.phones.inventory()}

    def _show(self, account: Account) -> objects.AccountObject:
        phone = self._services.phones.info(account.serial) if account.serial else None
        jobs, zone, now = self._services.jobs, self._services.zone(), self._services.clock.now()
        state = jobs.pace.state(account)
        online = phone is not None and phone.state is PhoneState.DEVICE
        return objects.AccountObject(
            id=account.id,
            username=account.username,
            email=None,
            platform=account.platform,  # type: ignore[arg-type]
            packagename=account.package or None,
            device=account.serial,
            device_online=online,
            device_name=phone.model if phone and online else "",
            logined=1 if account.logged_in else 0,
            logined_text="logged_in" if account.logged_in else "not_logged_in",
            status=0 if account.enabled else 1,
            status_text="enabled" if account.enabled else "disabled",
            tags=list(account.tags),
            display_name=account.display_name,
            managed="config" if account.managed == "config" else "api",
            min_gap_minutes=account.min_gap_minutes,
            max_per_day=account.max_per_day,
            pace=objects.Pace(state.limits.min_gap_minutes, state.limits.max_per_day),
            posts_today=state.posts_today,
            next_allowed_at=moment(state.next_allowed_at, zone) if state.next_allowed_at > now else None,
            pace_detail=state.why,
            last_post_at=moment(state.last_post_at, zone),
            next_post_at=moment(state.next_post_at, zone),
            next_task_id=state.next_task_id,
            **pause_facts(jobs.pauses.get(pauses.account(account.id)), zone),
        )

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        a, bad, missing = "/api/v1/accounts", Code.INVALID, Code.NOT_FOUND
        writes = (bad, missing, Code.NO_SPACE)

        route = routes_below(a, "accounts")
        return [
            route("GET", "", self.page, "List accounts with the state of their phones", objects.AccountList, bad,
                  query=AccountQuery),
            route("POST", "", self.create, "Create an account; nothing is logged in", objects.AccountChange, bad,
                  Code.NO_SPACE, Code.DRAINING, body=AccountFields, creates=True,
                  more_names=OTHER_NAMES),
            route("GET", "/{id}", self.get, "Look at one account", objects.AccountObject, missing),
            route("PATCH", "/{id}", self.change, "Change, enable or disable an account", objects.AccountChange, *writes,
                  body=AccountFields, more_names=OTHER_NAMES),
            route("POST", "/{id}/pause", self.pause, "Start nothing new for this account; what runs is finished",
                  objects.AccountObject, *writes, body=PauseRequest),
            route("POST", "/{id}/resume", self.resume, "End the pause of an account; what is due starts",
                  objects.AccountObject, missing),
            route("DELETE", "/{id}", self.remove, "Forget an account; its tasks keep what they need", Removed,
                  bad, missing),
        ]  # fmt: skip
