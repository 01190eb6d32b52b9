"""Phones: the inventory, their labels, the newest picture, and which accounts their apps show as logged in."""

from __future__ import annotations

import threading
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handlers.api.objects import devices as objects
from handlers.api.services import Services
from handlers.api.system import PauseRequest, pause, pause_facts
from handlers.api.task_view import moment
from handlers.request.call import Call, Result, Route
from handlers.request.envelope import Answer, Code, Reply
from jobs.accounts.matching import MatchState
from jobs.hub.platforms import PLATFORMS, Platform
from jobs.input.fields import Findings, read_object
from jobs.input.refusals import NotFound, Problem
from jobs.pace import pauses
from jobs.phone.inventory.labels import MAX_LABEL_CHARS, Labels, read_label
from jobs.phone.protocol import PhoneInfo

_PICTURES_AT_ONCE = 2
_PICTURE_HEADERS = (("Cache-Control", "no-store"),)


class MatchRequest(msgspec.Struct):
    """Whose accounts to match; with `accounts` the caller has looked, without it the phone is read."""

    platform: Annotated[Platform, Meta(description="Which app")]
    accounts: (
        Annotated[
            tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...],
            Meta(max_length=100, description="The names that the app's account switcher shows"),
        ]
        | UnsetType
    ) = UNSET
    add: Annotated[
        bool,
        Meta(description="Enter the accounts that the app shows and that are not entered yet, on this phone"),
    ] = False


class DeviceChange(msgspec.Struct):
    """What people can change about a phone."""

    label: Annotated[
        str,
        Meta(
            max_length=MAX_LABEL_CHARS,
            description="A name for people, shown beside the serial; one line, empty removes it",
        ),
    ]


class DeviceHandlers:
    """Everything under `/devices`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._labels = Labels(services.store.meta)
        # A picture of an idle phone may take seconds: a few at a time, so that creating tasks never waits for them. Of
        # several adb servers each has its own, so that one that hangs takes none of the others'.
        servers = [server.name for server in services.phones.servers()]
        at_once = _PICTURES_AT_ONCE if len(servers) == 1 else 1
        self._cameras = {name: threading.BoundedSemaphore(at_once) for name in servers}

    def inventory(self, call: Call) -> Result:
        devices = [self._show(info) for info in self._services.phones.inventory()]
        zone = self._services.zone()
        servers = [
            objects.AdbServerObject(
                name=server.name,
                address=server.address,
                up=server.up,
                detail=server.why,
                since=moment(server.since, zone) or "",
                phones=server.phones,
                usable=server.usable,
                pushes=server.pushes,
                max_pushes=server.max_pushes,
            )
            for server in self._services.phones.servers()
        ]
        return objects.DeviceList(devices, len(devices), servers)

    def change(self, call: Call) -> Result:
        info = self._find(call.args["serial"])
        findings = Findings()
        wishes = read_object(
            DeviceChange, call.fields(DeviceChange), findings, hooks={"label": read_label}, strict=True
        )
        findings.refuse()
        self._labels.set(info.serial, wishes["label"])
        return self._show(info)

    def screenshot(self, call: Call) -> Result:
        info = self._find(call.args["serial"])
        camera = self._cameras.setdefault(info.adb_server, threading.BoundedSemaphore(1))
        if not camera.acquire(blocking=False):
            raise NotFound(
                Problem("serial", "other pictures are being taken just now; try again in a moment")
            )
        try:
            picture = self._services.phones.cached_screenshot(info.serial)
        finally:
            camera.release()
        if picture is None:
            raise NotFound(Problem("serial", f"there is no picture of {info.serial} yet"))
        return Reply(200, picture, _PICTURE_HEADERS, "image/png")

    def match_accounts(self, call: Call) -> Result:
        findings = Findings()
        wishes = read_object(MatchRequest, call.fields(MatchRequest), findings)
        if wishes.get("accounts") == []:
            findings.problem("accounts", "names no account; leave it out to have the phone read")
        findings.refuse()
        serial, platform = self._find(call.args["serial"]).serial, wishes["platform"]
        if "accounts" in wishes:
            return self._note(serial, platform, wishes["accounts"], add=wishes.get("add", False))
        running = self._services.matcher.request(serial, platform, add=wishes.get("add", False))
        return Answer(_show_match(running), status=202)

    def _note(self, serial: str, platform: str, shown: list[str], *, add: bool) -> objects.Matched:
        package = self._services.settings().posting.package(platform)
        matched = self._services.accounts.match(
            serial, platform, shown, add=dict.fromkeys(shown, package) if add else None
        )
        return _show_match(MatchState.of(serial, platform, matched))

    def matched(self, call: Call) -> Result:
        info = self._find(call.args["serial"])
        states = [self._services.matcher.state(info.serial, platform) for platform in PLATFORMS]
        return {"matches": [_show_match(state) for state in states if state is not None]}

    def pause(self, call: Call) -> Result:
        info = self._find(call.args["serial"])
        pause(self._services, pauses.phone(info.serial), call)
        return self._show(info)

    def resume(self, call: Call) -> Result:
        info = self._find(call.args["serial"])
        jobs = self._services.jobs
        return objects.Resumed(info.serial, jobs.halts.resume(info.serial), jobs.halts.why(info.serial))

    def _find(self, serial: str) -> PhoneInfo:
        info = self._services.phones.info(serial)
        if info is None:
            raise NotFound(Problem("serial", f"there is no phone {serial}"))
        return info

    def _show(self, info: PhoneInfo) -> objects.DeviceObject:
        zone = self._services.zone()
        task = self._services.jobs.current_task(info.serial)
        return objects.DeviceObject(
            serial=info.serial,
            label=self._labels.get(info.serial),
            state=info.state.value,
            detail=info.detail or self._services.jobs.halts.why(info.serial),
            since=moment(info.since, zone) or "",
            last_seen=moment(info.last_seen, zone),
            model=info.model,
            android=info.android,
            battery_percent=info.battery_percent,
            battery_celsius=info.battery_celsius,
            resumable=bool(self._services.jobs.halts.all(info.serial)),
            current_task=task.id if task and not task.deleted else None,
            adb_server=info.adb_server,
            **pause_facts(self._services.jobs.pauses.get(pauses.phone(info.serial)), zone),
        )

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        d, missing = "/api/v1/devices", Code.NOT_FOUND
        return [
            Route(method="GET", path=d, call=self.inventory, tag="devices", answer=objects.DeviceList,
                  summary="All phones seen since the start or named in the config"),
            Route(method="PATCH", path=d + "/{serial}", call=self.change, tag="devices", answer=objects.DeviceObject,
                  body=DeviceChange, codes=(Code.INVALID, missing, Code.NO_SPACE),
                  summary="Give a phone a name for people"),
            Route(method="GET", path=d + "/{serial}/screenshot", call=self.screenshot, tag="devices", codes=(missing,),
                  slow=True,
                  media_type="image/png", summary="The newest picture of a phone; a running task is not disturbed"),
            Route(method="POST", path=d + "/{serial}/match-accounts", call=self.match_accounts, tag="devices",
                  answer=objects.Matched, body=MatchRequest, statuses=(200, 202),
                  codes=(Code.INVALID, missing, Code.DRAINING),
                  summary="Note which accounts an app on a phone shows as logged in"),
            Route(method="GET", path=d + "/{serial}/match-accounts", call=self.matched, tag="devices",
                  answer=objects.MatchedList, codes=(missing,), summary="How far that reading has come, and its result"),
            Route(method="POST", path=d + "/{serial}/pause", call=self.pause, tag="devices",
                  answer=objects.DeviceObject, body=PauseRequest,
                  codes=(Code.INVALID, missing, Code.NO_SPACE),
                  summary="Start nothing new on this phone; what runs is finished"),
            Route(method="POST", path=d + "/{serial}/resume", call=self.resume, tag="devices",
                  answer=objects.Resumed, codes=(missing,),
                  summary="A person looked at the phone: what was paused there goes on at once"),
        ]  # fmt: skip


def _show_match(state: MatchState) -> objects.Matched:
    return msgspec.convert(msgspec.structs.asdict(state), objects.Matched)
