"""Rehearsals: begin one on a phone, see how far it is, read its report with its pictures and trees."""

from __future__ import annotations

import os
import tempfile
import threading
from io import BufferedRandom
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handlers.api.objects.common import Moment
from handlers.api.services import Services
from handlers.api.task_view import moment
from handlers.request.call import Call, Result, Route, routes_below
from handlers.request.envelope import Answer, Code, Refusal, Reply
from handlers.request.file_answer import Part, kept_reply
from jobs.hub.platforms import Platform
from jobs.input.fields import Findings, read_object
from jobs.input.refusals import Invalid, NotFound, Problem
from jobs.phone.inventory.labels import Labels
from jobs.post.rehearsal import export
from jobs.post.rehearsal.rehearsals import Wish
from jobs.post.rehearsal.report import Report, SeenOption, SeenScreen, differences


class RehearsalRequest(msgspec.Struct):
    """Which way to the filled form is to be walked. Nothing is published."""

    platform: Annotated[
        Platform | UnsetType, Meta(description="Which app; without it `posting.default_platform`")
    ] = UNSET
    way: Annotated[
        Literal["", "share", "addButton"],
        Meta(description="How the post begins; empty: the app's first way"),
    ] = ""
    kind: Annotated[
        Literal["video", "images", "story"],
        Meta(description="What would be posted; a story on Instagram only"),
    ] = "video"
    package: Annotated[
        str, Meta(description="The app of an account that lives in another one; empty: that of the config")
    ] = ""


class RehearsalObject(msgspec.Struct, frozen=True):
    """One rehearsal: what came on the screen, by which rules it was recognised, and the verdict."""

    id: Annotated[int, Meta(ge=1)]
    serial: str
    platform: str
    way: str
    kind: str
    state: Annotated[
        Literal["running", "ready", "failed"],
        Meta(description="`ready`: the filled form was reached, read back, and left without a trace"),
    ]
    sentence: Annotated[str, Meta(description="The verdict, or what it waits for")]
    error: Annotated[str, Meta(description="An error code as of tasks; empty when there is none")]
    step: Annotated[str, Meta(description="Where it failed")]
    began_at: Moment
    ended_at: Moment | None
    package: str
    app_version: str
    language: Annotated[
        str, Meta(description="What the app spoke, as `en`; empty when the phone did not tell")
    ]
    model: str
    android: str
    font_scale: Annotated[
        float, Meta(ge=0, description="Of the phone's texts: 1 is as it was made, 0: it was not told")
    ]
    screen: Annotated[tuple[int, int], Meta(description="Width and height in pixels")]
    account: Annotated[str, Meta(description="The account that the app showed")]
    caption_read: Annotated[bool, Meta(description="The caption was read back as it was typed")]
    screens: Annotated[list[SeenScreen], Meta(description="In the order in which they came")]
    options: Annotated[list[SeenOption], Meta(description="Options of the form: opened and closed again")]
    left: Annotated[bool, Meta(description="The form was left by the app's own way back")]
    discarded: Annotated[
        bool, Meta(description="The app asked whether to discard the post, and was told yes")
    ]
    file_removed: bool
    nothing_published: Annotated[
        bool, Meta(description="The app was watched afterwards: it shows neither a post nor an upload")
    ]
    changed: Annotated[list[str], Meta(description="What differs from the rehearsal of this way before")]
    notes: Annotated[list[str], Meta(description="The step log")]


class RehearsalList(msgspec.Struct, frozen=True):
    """Rehearsals, the newest first."""

    rehearsals: list[RehearsalObject]
    total: int


class ExportQuery(msgspec.Struct):
    """What the file may hold."""

    blank: Annotated[
        bool,
        Meta(
            description="Without what is of people: texts become their shape, names, serial and pictures are left out"
        ),
    ] = False


class RehearsalHandlers:
    """Everything about rehearsals."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._rehearsals = services.rehearsals
        self._exporting = threading.Lock()

    def begin(self, call: Call) -> Result:
        findings = Findings()
        wishes = read_object(RehearsalRequest, call.fields(RehearsalRequest), findings, strict=True)
        findings.refuse()
        wish = Wish(
            platform=wishes.get("platform") or self._services.settings().posting.default_platform,
            way=wishes.get("way", ""),
            kind=wishes.get("kind", "video"),
            package=wishes.get("package", ""),
        )
        return Answer(self._show(self._rehearsals.request(call.args["serial"], wish)), status=202)

    def of_phone(self, call: Call) -> Result:
        serial = call.args["serial"]
        if self._services.phones.info(serial) is None:
            raise NotFound(Problem("serial", f"there is no phone {serial}"))
        return self._list(self._rehearsals.all(serial))

    def all(self, call: Call) -> Result:
        return self._list(self._rehearsals.all())

    def one(self, call: Call) -> Result:
        return self._show(self._find(call))

    def file(self, call: Call) -> Result:
        name = call.args["name"]
        data = self._rehearsals.reports.read(self._find(call).id, name)
        if data is None:
            raise NotFound(Problem("name", "this rehearsal has no file of this name"))
        return kept_reply(data, name, ("Cache-Control", "private, max-age=86400"))

    def export(self, call: Call) -> Result:
        report, blank = self._find(call), bool(call.query(ExportQuery).get("blank", False))
        if report.state == "running":
            raise Invalid(
                Problem("id", f"rehearsal {report.id} still runs: its report is kept when it has ended")
            )
        if not self._exporting.acquire(blocking=False):
            raise Refusal(Code.INVALID, "another report is being written: try again in a moment")
        try:
            file = self._exported(report, blank)
        except OSError as error:
            raise Refusal(Code.NO_SPACE, f"the report was not written: {error.strerror}") from error
        finally:
            self._exporting.release()
        size = file.seek(0, os.SEEK_END)
        name = f"rehearsal-{report.id}{'-blanked' if blank else ''}.zip"
        headers = (
            ("Content-Disposition", f'attachment; filename="{name}"'),
            ("Content-Length", str(size)),
            ("Cache-Control", "no-store"),
        )
        return Reply(200, b"", headers, "application/zip", Part(file, 0, size))

    def _exported(self, report: Report, blank: bool) -> BufferedRandom:
        """The file, without a name: it is gone when it was sent. Raises OSError."""
        file = tempfile.TemporaryFile(dir=self._services.store.state_dir)  # noqa: SIM115 - it is sent, then closed
        try:
            export.write(
                file,
                report,
                self._rehearsals.reports,
                vocabulary=self._rehearsals.vocabulary(report),
                names=self._names(),
                blank=blank,
            )
        except BaseException:
            file.close()
            raise
        return file

    def _names(self) -> list[str]:
        """Names that this hub knows of people, accounts and phones."""
        store, labels = self._services.store, Labels(self._services.store.meta)
        accounts = [name for one in store.accounts.all() for name in (one.username, one.display_name)]
        phones = [
            name for one in self._services.phones.inventory() for name in (one.serial, labels.get(one.serial))
        ]
        return [*accounts, *phones]

    def _find(self, call: Call) -> Report:
        report = self._rehearsals.get(call.id)
        if report is None:
            raise NotFound(Problem("id", f"there is no rehearsal {call.id}, or its report was dropped"))
        return report

    def _list(self, reports: list[Report]) -> RehearsalList:
        return RehearsalList([self._show(report) for report in reports], len(reports))

    def _show(self, report: Report) -> RehearsalObject:
        zone = self._services.zone()
        before = None if report.state == "running" else self._rehearsals.reports.before(report)
        facts = msgspec.structs.asdict(report) | {
            "began_at": moment(report.began_at, zone) or "",
            "ended_at": moment(report.ended_at, zone),
            "screens": list(report.screens),
            "options": list(report.options),
            "notes": list(report.notes),
            "changed": differences(before, report) if before else [],
        }
        return RehearsalObject(**facts)

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        missing = Code.NOT_FOUND
        device = routes_below("/api/v1/devices/{serial}/rehearse", "rehearsals")
        below = routes_below("/api/v1/rehearsals", "rehearsals")
        return [
            device("POST", "", self.begin, "Walk to the filled form and back on the phone's turn; nothing is published",
                   RehearsalObject, Code.INVALID, missing, Code.DRAINING, Code.NO_SPACE,
                   body=RehearsalRequest, statuses=(202,)),
            device("GET", "", self.of_phone, "The rehearsals of a phone", RehearsalList, missing),
            below("GET", "", self.all, "All rehearsals that are kept", RehearsalList),
            below("GET", "/{id}", self.one, "One rehearsal", RehearsalObject, missing),
            below("GET", "/{id}/export", self.export, "The report with its trees and pictures as one zip file", None, missing,
                  Code.NO_SPACE, query=ExportQuery, media_type="application/zip", slow=True),
            below("GET", "/{id}/{name}", self.file, "A picture (NN.png) or UI tree (NN.xml) of a rehearsal", None, missing,
                  media_type="image/png"),
        ]  # fmt: skip
