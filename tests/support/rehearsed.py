"""A rehearsal of a simulated app in the test's own process, and the trees of the screens that it saw."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from jobs.content.plan import make_plan
from jobs.hub.settings import Posting
from jobs.post.apps import APPS
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.flow.getting_files import PhoneFiles
from jobs.post.rehearsal.driver import RehearsalDriver
from jobs.post.rehearsal.rehearsals import CAPTION
from jobs.post.rehearsal.report import Report, SeenScreen
from jobs.post.rehearsal.report_files import ReportFiles
from jobs.post.rehearsal.walk import Rehearsal
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Vocabulary
from jobs.task.attempt import ScriptFailed
from simulator.android.picture import boxes, draw
from tests.support.app_phone import AppPhone
from tests.support.post_stage import AppStage, files
from tests.support.vocabularies import shipped_screens


@lru_cache(maxsize=1)
def met_a_promotion() -> Rehearsed:
    """One of a TikTok that lays a promotion over its editor, which nothing that is known closes."""
    with tempfile.TemporaryDirectory() as folder:
        stage = AppStage(
            "tiktok",
            files(Path(folder), "clip.mp4"),
            caption=CAPTION,
            post_way="share",
            on=AppPhone("tiktok", version="49.0.2"),
        )
        return Rehearsed(stage).tried()


class Rehearsed:
    """A rehearsal on a stage, and what it saw."""

    def __init__(self, stage: AppStage, vocabulary: Vocabulary | None = None) -> None:
        """`vocabulary`: None is that of the shipped files."""
        self.stage = stage
        attempt, phone = stage.attempt, stage.phone
        attempt.task = msgspec.structs.replace(attempt.task, id=0)
        plan = make_plan(attempt.task)
        app = APPS[plan.platform]
        self.screens: list[str] = []
        self.kinds: list[str] = []
        self.trees: list[str] = []  #: their XML
        self.pictures: list[bytes] = []
        self.failure = ""  #: why it did not get to the end
        self.step = ""  #: where
        self.driver = RehearsalDriver(
            attempt,
            phone,
            vocabulary or shipped_screens()[plan.platform],
            on_screen=self.seen,
        )
        flow = app.flow(
            attempt,
            phone,
            plan,
            drafts=DraftMemory(stage.memory, phone.serial, plan.package),  # type: ignore[arg-type]
            vocabulary=self.driver.vocabulary,
            posting=Posting(),
            files=PhoneFiles(attempt, phone),
            driver=self.driver,
        )
        self.walk = Rehearsal(flow, app, set_language="")

    def run(self) -> Rehearsed:
        self.walk.run()
        return self

    def tried(self) -> Rehearsed:
        """The same where it may end on the way."""
        try:
            self.walk.run()
        except ScriptFailed as failed:
            self.failure, self.step = str(failed), failed.step
        return self

    def kept(self, reports: ReportFiles, serial: str, **facts: Any) -> Report:
        """Its report, kept with trees and pictures as the daemon keeps them."""
        number, folder = reports.new()
        phone, plan = self.stage.phone, make_plan(self.stage.attempt.task)
        screens = []
        for place, name in enumerate(self.screens, 1):
            (folder / f"{place:02d}.xml").write_text(self.trees[place - 1], "utf-8")
            (folder / f"{place:02d}.png").write_bytes(self.pictures[place - 1])
            screens.append(
                SeenScreen(
                    name=name,
                    kind=self.kinds[place - 1],
                    at_ms=place * 1900,
                    stayed_ms=1400,
                    picture=f"{place:02d}.png",
                    tree=f"{place:02d}.xml",
                )
            )
        given: dict[str, Any] = {
            "way": plan.way, "kind": "video", "began_at": 1_800_000_000.0, "ended_at": 1_800_000_041.0, "package": phone.package,
            "state": "failed" if self.failure else "ready", "sentence": self.failure or "ready", "app_version": phone.app.version,
            "account": phone.app.me.username, "language": "en", "error": "ui_changed" if self.failure else "", "screen": (phone.width, phone.height), "font_scale": 1.0, "model": "Pixel 7",
            "android": "14", "screens": tuple(screens), "options": tuple(self.walk.options), "left": self.walk.left,
            "caption_read": self.walk.caption_read, "discarded": self.walk.discarded, "file_removed": self.walk.file_removed,
            "nothing_published": self.walk.nothing_published, "notes": tuple(self.stage.attempt.log),
        }  # fmt: skip
        report = Report(id=number, serial=serial, platform=plan.platform, **(given | facts))
        reports.add(report)
        return report

    def seen(self, sight: Sight) -> None:
        self.screens.append(sight.name)
        self.kinds.append(sight.kind)
        self.trees.append(sight.tree.source)
        phone = self.stage.phone
        self.pictures.append(draw(boxes(phone.display.roots()), (phone.width, phone.height), "PNG", 100, 0.4))
