"""What the System screen needs beside the settings: doctor, a backup to keep, a notification on trial."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from handlers.access.auth import WHO, Who
from handlers.page.session import Moment, When
from handlers.request.call import Call, Result, Route, routes_below
from handlers.request.envelope import Code, Refusal, Reply
from handlers.request.file_answer import Part
from jobs.hub.clock import Clock, utc
from jobs.upkeep.backup import Made
from jobs.upkeep.doctor_findings import Finding
from jobs.upkeep.doctor_run import DoctorRun
from storage.errors import StoreError

#: How long a caller waits for doctor; what is found by then is the answer, and the look goes on.
DOCTOR_S = 25.0
_PREFIX = "backup-"


class DoctorReport(msgspec.Struct, frozen=True):
    """What doctor found on this box and its phones, failures first."""

    findings: list[Finding]
    complete: Annotated[bool, Meta(description="False: it still looks; ask again for the rest")]
    at: Annotated[Moment, Meta(description="When the look began")]
    can_post: Annotated[bool, Meta(description="At least one phone can post")]
    verdict: str


class BackupQuery(msgspec.Struct):
    """What the backup holds."""

    library: Annotated[bool, Meta(description="Uploaded materials too; they may be large")] = False


class Tried(msgspec.Struct, frozen=True):
    """One receiver that was sent a notification."""

    receiver: Annotated[str, Meta(description="Without the secrets that its address may hold")]
    problem: Annotated[str, Meta(description="Why it did not take it; empty: it did")]


class TriedList(msgspec.Struct, frozen=True):
    """Every receiver of the config."""

    receivers: list[Tried]


class UpkeepHandlers:
    """`GET /doctor`, `GET /backup` and `POST /notify/test`."""

    def __init__(
        self,
        doctor: DoctorRun,
        back_up: Callable[[Path, bool], Made],
        try_out: Callable[[], list[tuple[str, str]]],
        *,
        state_dir: Path,
        clock: Clock,
        when: When,
    ) -> None:
        self._doctor = doctor
        self.back_up = back_up
        self._try_out = try_out
        self._folder = state_dir / "spool"
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob(f"{_PREFIX}*"):  # of a daemon that ended while it made one
            shutil.rmtree(left, ignore_errors=True)
        self._making = threading.Lock()
        self._clock = clock
        self._when = when

    def doctor(self, call: Call) -> Result:
        report = self._doctor.report(DOCTOR_S)
        at = self._when(report.at)
        return DoctorReport(report.findings, report.complete, at, report.can_post, report.verdict)

    def backup(self, call: Call) -> Result:
        who: Who = call.environ[WHO]
        if who.how == "trusted network":
            raise Refusal(Code.FORBIDDEN, "a backup holds secrets: call from the box itself, or log in first")
        wishes = call.query(BackupQuery)
        if not self._making.acquire(blocking=False):
            raise Refusal(Code.INVALID, "another backup is being made: try again in a moment")
        try:
            with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=self._folder) as folder:
                target = Path(folder) / "backup.tar"
                made = self.back_up(target, bool(wishes.get("library", False)))
                file = target.open("rb")  # it is read from here on; its name is gone
        except StoreError as error:
            raise Refusal(Code.NO_SPACE, f"no backup was made: {error}") from error
        finally:
            self._making.release()
        day = utc(self._clock.now()).strftime("%Y-%m-%d")
        headers = (
            ("Content-Disposition", f'attachment; filename="tikmatrixd-{day}.tar"'),
            ("Content-Length", str(made.size_bytes)),
            ("Cache-Control", "no-store"),
        )
        return Reply(200, b"", headers, "application/x-tar", Part(file, 0, made.size_bytes))

    def try_out(self, call: Call) -> Result:
        return TriedList([Tried(receiver, problem) for receiver, problem in self._try_out()])

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        route = routes_below("/api/v1", "system", slow=True)
        return [
            route("GET", "/doctor", self.doctor, "Check this box and its phones, as `tikmatrixd doctor` does", DoctorReport),
            route("GET", "/backup", self.backup, "Everything that makes this hub this hub, as one tar file; it holds secrets",
                  None, Code.NO_SPACE, query=BackupQuery, media_type="application/x-tar"),
            route("POST", "/notify/test", self.try_out, "Send a notification on trial to every receiver", TriedList),
        ]  # fmt: skip
