"""The whole HTTP side on a real store, intake and jobs core, with scripted phones; with and without a server."""

from __future__ import annotations

import functools
import http.client
import random
import shutil
import warnings
from datetime import tzinfo
from pathlib import Path
from typing import Any, Self, cast

import msgspec

with warnings.catch_warnings():
    # WebOb still imports cgi.
    warnings.simplefilter("ignore", DeprecationWarning)
    from webtest import TestApp, TestResponse

from handlers.access.sessions import NAME, Sessions
from handlers.access.token_book import TokenBook
from handlers.access.tokens import Tokens
from handlers.api.app import create_app
from handlers.api.objects.hub import Reloaded
from handlers.api.services import Services
from handlers.server.limits import Limits
from handlers.server.server import HttpServer
from jobs.accounts.accounts import Accounts
from jobs.accounts.matching import Matcher
from jobs.compat.compat import Compat
from jobs.compat.known import Known
from jobs.compat.new_versions import NewVersions
from jobs.hub.clock import Clock
from jobs.hub.config_file import LoadedConfig
from jobs.hub.settings import AccountEntry, Media, Posting, Server, Settings
from jobs.hub.settings import Phones as PhoneSettings
from jobs.intake.changer import Changer
from jobs.intake.intake import Intake
from jobs.intake.pending_changes import Planning
from jobs.library.library import Library
from jobs.post.rehearsal.rehearsals import Rehearsals
from jobs.post.screens.vocabularies import Trusted, read_all_trusted
from jobs.post.script import PostScript
from jobs.post.teaching.kept_screens import KeptScreens
from jobs.post.teaching.lesson_book import LessonBook
from jobs.post.teaching.teaching import Teaching
from jobs.run.control import Control
from jobs.run.engine import Jobs
from jobs.run.evidence import Evidence
from jobs.slots.planner import Planner
from jobs.slots.slots import Slots
from jobs.upkeep.backup import Made, Places, back_up
from jobs.upkeep.doctor_findings import Finding
from jobs.upkeep.doctor_run import DoctorRun
from jobs.upkeep.needs import Needs
from storage.engine.files import Files
from storage.records import NewTask, Outcome, Stage, Task, TaskError
from storage.store import Store
from tests.support.clock import FakeClock
from tests.support.fake_phones import FakePhones, FakeScript
from tests.support.vocabularies import shipped_screens

MEDIA = Path(__file__).parents[1] / "media"
PNG = b"\x89PNG\r\n\x1a\n picture"


def new_task(serial: str, *, at: float, **facts: Any) -> NewTask:
    """A task about to be stored; due at `at`."""
    given = {
        "platform": "tiktok",
        "package": "com.zhiliaoapp.musically",
        "script_config": {},
        "created_at": at,
        **facts,
    }
    return NewTask(serial=serial, scheduled_at=at, **given)


@functools.cache
def _trusted() -> dict[str, Trusted]:
    return read_all_trusted()


class ShownPhones(FakePhones):
    """Scripted phones that also have pictures and complaints."""

    def __init__(self, *serials: str) -> None:
        super().__init__(*serials)
        self.pictures: dict[str, bytes] = {}
        self.complaints: list[str] = []

    def cached_screenshot(self, serial: str) -> bytes | None:
        return self.pictures.get(serial)

    def health(self) -> list[str]:
        return self.complaints

    def forget(self) -> None:
        """None was ever seen."""
        self._infos = {}

    def since(self, seconds: float) -> None:
        """All phones have been in their state since then."""
        self._infos = {
            serial: msgspec.structs.replace(info, since=seconds) for serial, info in self._infos.items()
        }


class HttpSide:
    """All that lies behind the API; `client` calls it without a network, `serve` puts it on a port."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock | None = None,
        script: FakeScript | None = None,
        phones: ShownPhones | None = None,
        accounts: tuple[AccountEntry, ...] = (),
        matcher: Matcher | None = None,
        phones_settings: PhoneSettings | None = None,
        seed: int | None = None,
        retention_days: float = 30,
        files: Files | None = None,
        **sections: Any,
    ) -> None:
        self.folder = folder
        self.media = folder / "media"
        self.media.mkdir(parents=True, exist_ok=True)
        for name in ("clip.mp4", "photo.jpg", "photo.png"):
            shutil.copy(MEDIA / name, self.media / name)
        self.clock = clock or FakeClock()
        self.phones = phones or ShownPhones("PHONE1", "PHONE2", "PHONE3")
        defaults: dict[str, Any] = {
            "server": Server(listen="127.0.0.1:0"),
            "media": Media(roots=(str(self.media),)),
            "posting": Posting(
                timezone="Europe/Berlin", duplicate_window_minutes=0, duplicate_warning_hours=0
            ),
        }
        if phones_settings is not None:
            defaults["phones"] = phones_settings
        self.settings = Settings(**{**defaults, **sections, "accounts": accounts})
        self.store = Store.open(folder / "state", reserve_bytes=0, retention_days=retention_days, files=files)
        self.evidence = Evidence(folder / "state" / "evidence", 10**9, self.clock)
        known = Known(self.store, self.clock)
        self.versions = NewVersions(
            self.store,
            self.clock,
            known,
            enabled=lambda: self.settings.posting.rehearse_new_versions,
            tell=lambda *_, **__: None,
            zone=self.zone,
        )
        self.jobs = Jobs(
            self.settings,
            self.clock,
            self.store,
            cast("Any", self.phones),
            {"post": script or FakeScript()},
            self.evidence,
            synchronised=lambda: True,
            uniform=random.Random(seed).uniform,
            versions=self.versions,
        )
        self.control = Control(self.settings, self.clock, self.store, self.jobs)
        self.accounts = Accounts(self.settings, self.store)
        self.intake = Intake(
            self.settings,
            self.clock,
            self.store,
            self.known_serials,
            self.jobs.wake,
            choice=random.Random(seed),
            repeats=self.jobs.repeats,
            pace=self.jobs.pace,
        )
        self.told: list[str] = []
        self.planner = Planner(
            self.clock,
            self.store,
            self.intake,
            zone=self.zone,
            trusted=lambda: self.jobs.trust.trusted,
            tell=self._tell,
        )
        self.library = Library(self.settings, self.store, self.clock, self.intake.probe)
        self.planning = Planning(
            self.clock,
            self.store,
            self.jobs.mover,
            self.jobs.wake,
            Changer(self.clock, self.store, self.intake),
        )
        self.tokens_file = folder / "state" / "tokens.json"
        self.draining = False
        self.overdue_s = 0.0
        self.reloaded = Reloaded([], [])
        book = TokenBook(self.tokens_file, folder / "state")
        tokens = Tokens(book)
        self.config_notices: list[str] = []
        self.findings: list[Finding] = []  #: of doctor
        self.tried: list[tuple[str, str]] = []
        needs = Needs(
            lambda: self.settings,
            self.clock,
            self.store,
            phones=cast("Any", self.phones),
            jobs=self.jobs,
            planner=self.planner,
            versions=self.versions,
            config_notices=lambda: self.config_notices,
            token_problem=lambda: tokens.problem,
        )
        self.script = PostScript(self.settings, vocabularies=shipped_screens())
        self.rehearsals = Rehearsals(
            lambda: self.settings,
            self.clock,
            phones=cast("Any", self.phones),
            jobs=self.jobs,
            meta=self.store.meta,
            vocabulary=self.script.vocabulary,
            folder=folder / "state" / "rehearsals",
            ended=self.versions.ended,
        )
        self.versions.use(self.rehearsals, self.jobs, self.script)
        self.lessons = LessonBook(
            self.clock, folder / "state" / "taught", trusted=_trusted(), use=self.script.reload
        )
        self.teaching = Teaching(
            self.lessons, KeptScreens(self.rehearsals.reports, self.evidence, self.store.tasks.get)
        )
        self.services = Services(
            settings=lambda: self.settings,
            clock=self.clock,
            store=self.store,
            tokens=tokens,
            token_book=book,
            sessions=Sessions(folder / "state" / NAME, tokens, self.clock),
            intake=self.intake,
            control=self.control,
            planning=self.planning,
            slots=Slots(self.clock, self.store, self.intake, self.planner, self.zone),
            rehearsals=self.rehearsals,
            teaching=self.teaching,
            compat=Compat(
                self.store,
                known,
                self.versions,
                phones=cast("Any", self.phones),
                reports=self.rehearsals.all,
                taught=self.lessons.on,
            ),
            accounts=self.accounts,
            needs=needs,
            doctor=DoctorRun(lambda: self.findings, self.clock),
            back_up=self._back_up,
            try_notifications=lambda: self.tried,
            library=self.library,
            phones=self.phones,
            jobs=self.jobs,
            evidence=self.evidence,
            draining=lambda: self.draining,
            reload=lambda: self.reload(),  # noqa: PLW0108 - a subclass may have its own
            config_text=str,
            notifications_waiting=lambda: 0,
            matcher=matcher
            or Matcher(
                lambda: self.settings,
                self.clock,
                phones=cast("Any", self.phones),
                jobs=self.jobs,
                accounts=self.accounts,
                vocabulary=self.script.vocabulary,
            ),
            config_notices=lambda: self.config_notices,
            overdue_s=lambda: self.overdue_s,
            version="0.0-test",
        )
        self.app = create_app(self.services)
        self.client: Client = AppClient(self.app)
        self.server: HttpServer | None = None
        self._jobs_run = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.server is not None:
            self.server.stop(5.0)
        if self._jobs_run:
            self.jobs.stop(10.0)
        self.store.close()

    def known_serials(self) -> set[str]:
        return {info.serial for info in self.phones.inventory()} | set(self.settings.phones.known)

    def zone(self) -> tzinfo:
        return self.services.zone()

    def reload(self) -> Reloaded:
        """What a reload is answered with; nothing is read."""
        return self.reloaded

    def _back_up(self, target: Path, library: bool) -> Made:
        storage = msgspec.structs.replace(self.settings.storage, state_dir=str(self.folder / "state"))
        config = LoadedConfig(msgspec.structs.replace(self.settings, storage=storage), None, {}, {})
        return back_up(
            config, Places(self.tokens_file, False, None), target, self.clock.now(), library=library
        )

    def _tell(self, _name: str, sentence: str, /, **_facts: Any) -> None:
        self.told.append(sentence)

    def run_jobs(self) -> None:
        """Start the jobs core: due tasks run."""
        self.jobs.start()
        self._jobs_run = True

    def serve(self, **limits: Any) -> WireClient:
        """Put the app on a free port; returns a client of it."""
        self.server = HttpServer(
            self.app, self.settings.server, spool_dir=self.library.dir, limits=Limits(**limits)
        )
        self.server.start()
        return WireClient(self.server.port)

    def configure(self, **sections: Any) -> None:
        """Put other settings in force, as a reload does."""
        self.settings = msgspec.structs.replace(self.settings, **sections)

    def body(self, **changes: Any) -> dict[str, Any]:
        """A good create request."""
        config = {"captions": "hello", "material_list": ["clip.mp4"], **changes.pop("script_config", {})}
        return {"serials": ["PHONE1"], "script_name": "post", "script_config": config, **changes}

    def task(self, serial: str = "PHONE1", *, status: str = "pending", **facts: Any) -> Task:
        """A stored task in some state; "unknown" failed after the commit point, "stopped" by request."""
        new = new_task(serial, at=self.clock.now(), **facts)
        task = self.store.tasks.create([new])[0]
        now = self.clock.now()
        changes: dict[str, Any] = {
            "pending": {},
            "running": {"stage": Stage.PREPARING, "started_at": now, "attempt": 1},
            "committing": {"stage": Stage.COMMITTING, "started_at": now, "attempt": 1},
            "completed": {"stage": Stage.PUBLISHED, "outcome": Outcome.PUBLISHED, "finished_at": now},
            "failed": {"stage": Stage.FAILED, "finished_at": now, "attempt": 1, "error": TaskError("ui_changed", "unknown screen", "find")},
            "unknown": {"stage": Stage.FAILED, "outcome": Outcome.UNKNOWN, "finished_at": now, "attempt": 1, "error": TaskError("unknown_outcome", "no proof")},
            "stopped": {"stage": Stage.FAILED, "finished_at": now, "error": TaskError("stopped", "stopped by request")},
        }[status]  # fmt: skip
        return self.store.tasks.change(task.id, **changes) if changes else task


class Client:
    """Checks the envelope of every answer; how a call is made is up to the subclasses."""

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        peer: str = "127.0.0.1",
        **headers: str,
    ) -> Any:
        """Any call; keyword `Content_Type="x"` becomes the header Content-Type."""
        raise NotImplementedError

    def good(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The data of a call that must succeed."""
        response = self.call(method, path, body, **more)
        answer = response.json
        assert answer["code"] == 0, answer
        assert answer["message"] == "success"
        assert response.status_int in {200, 202}
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        return answer["data"]

    def bad(self, code: int, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """The whole answer of a call that must be refused with this code and its HTTP status."""
        response = self.call(method, path, body, **more)
        answer: dict[str, Any] = response.json
        assert answer["code"] == code, answer
        assert response.status_int == code // 100
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        assert set(answer) == {"code", "message", "data"}
        assert isinstance(answer["message"], str)
        assert answer["message"]
        assert answer["data"] is None or isinstance(answer["data"], dict)
        return answer


class AppClient(Client):
    """Calls the app without a network, as a peer on the box would unless told otherwise."""

    def __init__(self, app: Any) -> None:
        self._app = TestApp(app)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        peer: str = "127.0.0.1",
        **headers: str,
    ) -> TestResponse:
        data = raw if raw is not None else b"" if body is None else msgspec.json.encode(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        environ = {"REMOTE_ADDR": peer, "HTTP_HOST": sent.pop("Host", "localhost:50809")}
        self._app.reset()  # it keeps cookies as a browser does; here a call shows what the test says
        return self._app.request(
            path, method=method, body=data, headers=sent, expect_errors=True, environ=environ
        )


class WireAnswer(msgspec.Struct):
    """An answer that came over the network."""

    status_int: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class WireClient(Client):
    """Calls a server over the network, a new connection for each call."""

    def __init__(self, port: int) -> None:
        self.port = port

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        peer: str = "127.0.0.1",
        **headers: str,
    ) -> WireAnswer:
        data = raw if raw is not None else None if body is None else msgspec.json.encode(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            return WireAnswer(response.status, response.headers, response.read())
        finally:
            connection.close()
