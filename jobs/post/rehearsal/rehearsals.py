"""Takes requests for rehearsals, has them done on the phone's turn, and keeps their reports."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from jobs.content.plan import make_plan
from jobs.content.script_config import PostConfig
from jobs.hub.clock import Clock
from jobs.hub.platforms import facts
from jobs.hub.settings import Settings
from jobs.input.refusals import Invalid, NotFound, Problem
from jobs.phone.errors import LeaseLost, PhoneError, StopRequested
from jobs.phone.protocol import PhoneInfo, Phones, PhoneSession
from jobs.post.apps import APPS
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.flow.getting_files import PhoneFiles
from jobs.post.rehearsal import font_scale
from jobs.post.rehearsal.attempt import RehearsalAttempt
from jobs.post.rehearsal.driver import RehearsalDriver
from jobs.post.rehearsal.recorder import Recorder
from jobs.post.rehearsal.report import Report
from jobs.post.rehearsal.report_files import ReportFiles
from jobs.post.rehearsal.walk import Rehearsal
from jobs.post.screens.screens_file import Vocabulary
from jobs.queue.reads import Engine, Reads
from jobs.queue.turn import ReadTurn, Turn
from jobs.task.attempt import ScriptFailed
from storage.records import MediaFile, Stage, Task
from storage.tables.meta import MetaStore

_LOG = logging.getLogger(__name__)

#: How long a phone's turn is waited for, and how long a rehearsal may take.
WAIT_S, REHEARSE_S = 1800.0, 420.0
#: What is typed into the form. It is never published.
CAPTION = "A rehearsal of tikmatrixd"
KINDS = ("video", "images", "story")
_FILES = Path(__file__).with_name("files")
_PACKAGE = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which way is to be rehearsed."""

    platform: str
    way: str  #: "share" or "addButton"; "" is the app's first
    kind: str = "video"
    package: str = ""  #: "" is the platform's app of the config


class Rehearsals:
    """One rehearsal at a time on each phone. Thread-safe."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        clock: Clock,
        *,
        phones: Phones,
        jobs: Engine,
        meta: MetaStore,
        vocabulary: Callable[[str, str], Vocabulary],
        folder: Path,
        ended: Callable[[Report], None] = lambda _: None,
    ) -> None:
        """`meta` remembers what was typed into a form and not published; `ended` is given each report when it is done."""
        self._settings = settings
        self._clock = clock
        self._phones = phones
        self._meta = meta
        self._vocabulary = vocabulary
        self.reports = ReportFiles(folder)
        self._ended = ended
        self._reads: Reads[str, Report] = Reads(jobs)

    def request(self, serial: str, wish: Wish) -> Report:
        """Begin a rehearsal when the phone's turn comes; the one that runs, where the phone has one.

        Raises:
            NotFound: there is no such phone.
            Invalid: the app does not know this way or kind.
            Draining: the daemon is about to stop.
            StoreFailed: there is no room for a report.
        """
        info = self._phones.info(serial)
        if info is None:
            raise NotFound(Problem("serial", f"there is no phone {serial}"))
        wish = checked(wish)
        running = self._reads.get(serial)
        if running is None:
            number, folder = self.reports.new()
            begun = self._begun(number, info, wish)
            try:
                running = self._reads.start(serial, self._turn(begun, folder), begun)
            except BaseException:
                self.reports.drop(number)
                raise
            if running[1] is not begun:  # another request came first
                self.reports.drop(number)
        return self._as_it_runs(*running)

    def all(self, serial: str = "") -> list[Report]:
        """Those that run or wait, then the kept ones, the newest first."""
        running = [pair for pair in self._reads.all() if not serial or pair[1].serial == serial]
        shown = [self._as_it_runs(*pair) for pair in running]
        done = {report.id for report in shown}
        return shown + [report for report in self.reports.all(serial) if report.id not in done]

    def get(self, number: int) -> Report | None:
        """One report, also of a rehearsal that runs."""
        return next((report for report in self.all() if report.id == number), None)

    def vocabulary(self, report: Report) -> Vocabulary:
        """The screens of the app that a report is about, as they are now."""
        return self._vocabulary(report.platform, report.package)

    # --- inside --------------------------------------------------------------------------------------------

    def _begun(self, number: int, info: PhoneInfo, wish: Wish) -> Report:
        return Report(
            id=number,
            serial=info.serial,
            platform=wish.platform,
            way=wish.way,
            kind=wish.kind,
            state="running",
            began_at=self._clock.now(),
            package=wish.package or self._settings().posting.package(wish.platform),
            model=info.model,
            android=info.android,
        )

    def _as_it_runs(self, turn: ReadTurn, report: Report) -> Report:
        return msgspec.structs.replace(report, sentence=self._reads.waits(turn) or "the rehearsal runs")

    def _turn(self, begun: Report, folder: Path) -> ReadTurn:
        found: list[Report] = []

        def do(turn: Turn, phone: PhoneSession) -> None:
            found.append(self._rehearse(turn, phone, begun, folder))

        def ended(why: str) -> None:
            report = found[0] if found else msgspec.structs.replace(begun, state="failed", sentence=why)
            report = msgspec.structs.replace(report, ended_at=self._clock.now())
            _LOG.info("rehearsal %d on %s: %s: %s", report.id, report.serial, report.state, report.sentence)
            try:
                self.reports.add(report)
            finally:
                self._reads.over(begun.serial)
                self._ended(report)

        return ReadTurn(
            begun.serial,
            f"rehearses a post on {facts(begun.platform).title}",
            do,
            ended,
            clock=self._clock,
            wait_s=WAIT_S,
            lease_s=REHEARSE_S,
        )

    def _rehearse(self, turn: Turn, phone: PhoneSession, begun: Report, folder: Path) -> Report:
        app = APPS[begun.platform]
        attempt = RehearsalAttempt(turn, _task(begun, self._clock.now()), None)
        recorder = Recorder(folder, phone, self._clock)
        vocabulary = self._vocabulary(begun.platform, begun.package)
        driver = RehearsalDriver(
            attempt,
            phone,
            vocabulary,
            on_screen=recorder.screen,
        )
        plan = make_plan(attempt.task)
        flow = app.flow(
            attempt,
            phone,
            plan,
            drafts=DraftMemory(self._meta, phone.serial, plan.package),
            vocabulary=vocabulary,
            posting=self._settings().posting,
            files=PhoneFiles(attempt, phone),
            driver=driver,
        )
        walk = Rehearsal(flow, app, set_language=self._settings().phones.set_app_language)
        verdict: dict[str, Any] = {"state": "ready", "sentence": f"{_title(begun)}: ready"}
        scale = 0.0
        try:
            scale = font_scale.read(phone)
            walk.run()
        except ScriptFailed as failed:
            verdict = _failed(begun, str(failed), failed.code.value, failed.step)
        except (PhoneError, StopRequested, LeaseLost) as error:
            verdict = _failed(begun, str(error), getattr(getattr(error, "code", None), "value", ""), "")
        if verdict["state"] == "failed" and walk.may_keep_texts:
            verdict["sentence"] += f". {_KEPT.format(app=facts(begun.platform).title)}"
        return msgspec.structs.replace(
            begun,
            **verdict,
            app_version=attempt.app_version,
            font_scale=scale,
            language=attempt.language,
            screen=recorder.size,
            account=attempt.account_seen or flow.account_seen,
            caption_read=walk.caption_read,
            screens=recorder.screens(),
            options=tuple(walk.options),
            left=walk.left,
            discarded=walk.discarded,
            file_removed=walk.file_removed,
            nothing_published=walk.nothing_published,
            notes=tuple(attempt.notes),
        )


_KEPT = "What it typed may stand in the next form of {app}; the next post or rehearsal throws it away"


def checked(wish: Wish) -> Wish:
    """The wish with its way filled in.

    Raises:
        Invalid: the app does not know this way or kind, or cannot be rehearsed.
    """
    app = facts(wish.platform)
    ways = [way for way in app.ways if way != "useSound"]
    problems = []
    if APPS[wish.platform].way_back is None:
        problems.append(Problem("platform", f"posts on {app.title} cannot be rehearsed"))
    if wish.way and wish.way not in ways:
        problems.append(Problem("way", f"{app.title} can be rehearsed by {' or '.join(ways)}"))
    kinds = [kind for kind in KINDS if kind != "story" or app.has("placement")]
    if wish.kind not in kinds:
        problems.append(Problem("kind", f"posts on {app.title} are {', '.join(kinds)}"))
    if wish.package and not _PACKAGE.fullmatch(wish.package):
        problems.append(Problem("package", "is not a package name, e.g. com.instagram.android"))
    if problems:
        raise Invalid(problems)
    return msgspec.structs.replace(wish, way=wish.way or ways[0])


def _title(report: Report) -> str:
    return f"{facts(report.platform).title}: {report.kind} by {report.way}"


def _failed(begun: Report, why: str, code: str, step: str) -> dict[str, Any]:
    return {"state": "failed", "sentence": f"{_title(begun)}: {why}", "error": code, "step": step}


def _task(begun: Report, now: float) -> Task:
    """What a flow is given to post; no store has it."""
    image = begun.kind == "images"
    config = PostConfig(
        content_type=int(image),  # type: ignore[arg-type]
        post_way=begun.way,  # type: ignore[arg-type]
        placement="story" if begun.kind == "story" else "reel",
        upload_wait_time=0,
    )
    return Task(
        id=0,
        serial=begun.serial,
        platform=begun.platform,
        package=begun.package,
        script_config=msgspec.to_builtins(config),
        scheduled_at=now,
        created_at=now,
        due_at=now,
        attempt=begun.id,
        caption="" if begun.kind == "story" else CAPTION,
        materials=(_file("rehearsal.jpg" if image else "rehearsal.mp4"),),
        stage=Stage.PREPARING,
    )


def _file(name: str) -> MediaFile:
    path = _FILES / name
    data = path.read_bytes()
    video = name.endswith(".mp4")
    return MediaFile(
        path=str(path),
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        kind="video" if video else "image",
        duration_s=5.0 if video else None,
        width=720,
        height=1280,
    )
