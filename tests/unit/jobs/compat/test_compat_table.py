"""The table of what this hub can do, asked on reports, posts and trials that are given: which lines, in which order, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.compat.compat import Compat, Line
from jobs.compat.known import Known
from jobs.compat.trial import Trial
from jobs.compat.ways import Way
from jobs.input.refusals import Invalid
from jobs.post.rehearsal.report import Report
from jobs.post.teaching.lessons import Lesson
from storage.records import MediaFile, Stage, TaskError
from storage.store import Store
from storage.tables.app_versions import AppKey
from tests.support.bench import new_task
from tests.support.clock import FakeClock

NEW = AppKey("tiktok", "49.0.2", "en")
CLIP = MediaFile(path="/m/a.mp4", name="a.mp4", sha256="0" * 64, size_bytes=1, kind="video")


class Versions:
    """What waits for a rehearsal, by hand."""

    def __init__(self, known: Known) -> None:
        self.waiting: list[Trial] = []
        self.known = known

    def trials(self) -> list[Trial]:
        return list(self.waiting)

    def sentence(self, trial: Trial) -> str:
        return f"{trial.way} waits on {trial.serial}"

    def allow(self, key: AppKey) -> None:
        self.known.allow(key)


class Table:
    """The table on a real store."""

    def __init__(self, folder: Path) -> None:
        self.store = Store.open(folder, reserve_bytes=0)
        self.known = Known(self.store, FakeClock())
        self.versions = Versions(self.known)
        self.reports: list[Report] = []  #: the newest first
        self.phones: list[Any] = []
        self.lessons: dict[str, list[Lesson]] = {}
        self.compat = Compat(
            self.store,
            self.known,
            self.versions,  # type: ignore[arg-type]
            phones=SimpleNamespace(inventory=lambda: self.phones),  # type: ignore[arg-type]
            reports=lambda: self.reports,
            taught=lambda platform: self.lessons.get(platform, []),
        )

    def rehearsed(self, key: AppKey = NEW, serial: str = "A", state: str = "ready", **facts: Any) -> Report:
        given: dict[str, Any] = {
            "id": len(self.reports) + 1, "way": "share", "kind": "video", "began_at": 50.0, "sentence": "so it was",
            "app_version": key.version, "language": key.language, "platform": key.platform, **facts,
        }  # fmt: skip
        report = Report(serial=serial, state=state, **given)  # type: ignore[arg-type]
        self.reports.insert(0, report)
        self.known.rehearsed(report)
        return report

    def posted(self, at: float, key: AppKey = NEW, serial: str = "A", error: str = "") -> int:
        """A post that ended at this time."""
        new = new_task(serial, platform=key.platform, materials=(CLIP,), script_config={"post_way": "share"})
        task = self.store.tasks.create([new])[0]
        self.store.tasks.change(
            task.id, app_version=key.version, app_language=key.language, stage=Stage.QUEUED
        )
        self.store.tasks.change(
            task.id,
            stage=Stage.FAILED if error else Stage.PUBLISHED,
            error=TaskError(error, "no") if error else None,
            finished_at=at,
        )
        return task.id

    def line(self) -> Line:
        (line,) = self.compat.lines()
        return line


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    made = Table(tmp_path)
    yield made
    made.store.close()


def lesson(number: int, language: str) -> Lesson:
    return Lesson(id=number, means="element", name="editor_next", language=language, sentence="so")


# --- which lines there are


def test_without_anything_met_there_is_no_line(table: Table) -> None:
    table.rehearsed(NEW._replace(version=""))
    assert table.compat.lines() == []


def test_a_version_is_met_by_a_rehearsal_by_a_post_by_a_trial_and_by_a_persons_word(table: Table) -> None:
    rehearsed, posted, waits, allowed = (NEW._replace(version=f"{n}.0") for n in (4, 3, 2, 1))
    table.rehearsed(rehearsed, "R")
    table.posted(5.0, posted, "P")
    table.versions.waiting = [Trial(Way(waits, "share", "video"), serial="T")]
    table.known.allow(allowed)
    assert [(line.key, line.phones) for line in table.compat.lines()] == [
        (rehearsed, ("R",)), (posted, ("P",)), (waits, ("T",)), (allowed, ()),
    ]  # fmt: skip


def test_a_persons_word_for_a_version_that_was_met_makes_no_line_of_its_own(table: Table) -> None:
    table.rehearsed(NEW, android="14")
    table.known.allow(NEW)
    assert (table.line().allowed, table.line().android) == (True, "14")


def test_one_line_for_each_android_with_its_phones_in_order(table: Table) -> None:
    for serial, android in (("C", "14"), ("B", "9"), ("A", "14"), ("D", "")):
        table.rehearsed(NEW, serial, android=android)
    lines = table.compat.lines()
    assert [(line.android, line.phones) for line in lines] == [
        ("14", ("A", "C")), ("9", ("B",)), ("", ("D",))
    ]  # fmt: skip


def test_the_android_of_a_phone_is_what_it_says_now_else_what_its_newest_rehearsal_saw(table: Table) -> None:
    table.rehearsed(NEW, "A", android="12")
    table.rehearsed(NEW, "A", android="13")
    table.rehearsed(NEW, "A", android="")
    assert table.line().android == "13"
    table.phones = [SimpleNamespace(serial="A", android="")]
    assert table.line().android == "13"
    table.phones = [SimpleNamespace(serial="A", android="15")]
    assert table.line().android == "15"


def test_lines_stand_by_app_and_language_and_the_newest_version_first_as_people_count(table: Table) -> None:
    keys = [
        AppKey("tiktok", "49.10.0", "de"),
        AppKey("tiktok", "49.10.0", "en"),
        AppKey("tiktok", "49.9.1", "en"),
        AppKey("tiktok", "49.9", "en"),
        AppKey("tiktok", "49.²." + "9" * 5000, "en"),
        AppKey("instagram", "300.1.beta", "en"),
        AppKey("instagram", "299.9", "en"),
    ]
    for key in keys[::2] + keys[1::2]:
        table.rehearsed(key)
    assert [line.key for line in table.compat.lines()] == keys


# --- what a line says


def test_a_line_counts_posts_of_its_own_version_and_phones_alone(table: Table) -> None:
    first, last = table.posted(3.0, error="ui_changed"), table.posted(9.0, error="ui_changed")
    table.posted(20.0, NEW._replace(version="1.0"), "B")
    table.posted(30.0, NEW._replace(version="1.0"), "B", error="ui_changed")
    table.posted(7.0)
    table.posted(4.0)
    line = next(line for line in table.compat.lines() if line.key == NEW)
    assert (line.failures, line.last_published_at) == (2, 7.0)
    assert line.last_failure is not None
    assert line.last_failure.id == last
    table.store.tasks.remove([last, first])
    line = next(line for line in table.compat.lines() if line.key == NEW)
    assert (line.failures, line.last_failure) == (0, None)


def test_a_line_counts_lessons_of_its_app_that_are_for_its_language_or_for_any(table: Table) -> None:
    table.rehearsed(NEW)
    table.lessons = {
        "tiktok": [lesson(1, "en"), lesson(2, ""), lesson(3, "de")],
        "instagram": [lesson(4, "en")],
    }
    assert table.line().taught_rules == 2


def test_the_last_rehearsal_of_a_line_is_its_newest_that_has_ended_on_its_phones(table: Table) -> None:
    table.rehearsed(NEW, "A")
    newest = table.rehearsed(NEW, "A", "failed", error="app_crashed")
    table.rehearsed(NEW, "A", "running")
    table.rehearsed(NEW._replace(version="1.0"), "A")
    table.rehearsed(NEW, "B", android="9")
    line = next(line for line in table.compat.lines() if line.key == NEW and not line.android)
    assert line.last_rehearsal == newest


@pytest.mark.parametrize(
    ("began_at", "published_at", "state"),
    [(50.0, None, "failing"), (50.0, 49.0, "failing"), (50.0, 50.0, "ready"), (50.0, 51.0, "ready"), (0.5, None, "failing")],
)  # fmt: skip
def test_a_version_fails_where_a_rehearsal_after_its_last_post_said_so(
    table: Table, began_at: float, published_at: float | None, state: str
) -> None:
    if published_at is not None:
        table.posted(published_at)
    table.rehearsed(state="failed", error="ui_changed", began_at=began_at)
    said = (
        "TikTok 49.0.2 in English failed its last rehearsal: so it was"
        if state == "failing"
        else "TikTok 49.0.2 in English has published"
    )
    assert (table.line().state, table.line().sentence) == (state, said)


def test_a_rehearsal_that_could_not_be_done_says_nothing_of_a_version(table: Table) -> None:
    table.rehearsed(state="failed", error="app_crashed")
    assert (table.line().state, table.line().sentence) == (
        "unknown",
        "TikTok 49.0.2 in English has neither published nor been rehearsed to the end",
    )
    table.known.allow(NEW)
    assert (table.line().state, table.line().sentence) == (
        "ready",
        "TikTok 49.0.2 in English was not rehearsed on these phones: a person lets posts go on",
    )


def test_a_version_that_was_rehearsed_is_ready_there_and_works_elsewhere(table: Table) -> None:
    table.rehearsed(NEW, "A", android="14")
    table.rehearsed(NEW, "B", "failed", error="app_crashed", android="9")
    there, elsewhere = table.compat.lines()
    assert (there.state, there.sentence) == ("ready", "TikTok 49.0.2 in English was rehearsed and is ready")
    assert (elsewhere.state, elsewhere.sentence) == (
        "ready",
        "TikTok 49.0.2 in English was not rehearsed on these phones: it works on other phones",
    )


def test_what_waits_is_told_by_its_trial_the_failed_way_before_the_running_one(table: Table) -> None:
    red = Trial(
        Way(NEW, "share", "video"), serial="A", red=table.rehearsed(state="failed", error="ui_changed")
    )
    running = Trial(Way(NEW, "addButton", "video"), serial="A", running=2)
    waits = Trial(Way(NEW, "share", "images"), serial="A")
    for order in ([red, running, waits], [waits, running, red], [running, red, waits]):
        table.versions.waiting = order
        assert (table.line().state, table.line().sentence) == ("failing", table.versions.sentence(red))
    for order in ([running, waits], [waits, running]):
        table.versions.waiting = order
        assert (table.line().state, table.line().sentence) == ("rehearsing", table.versions.sentence(running))
    table.versions.waiting = [waits]
    assert (table.line().state, table.line().sentence) == ("unknown", table.versions.sentence(waits))


# --- a person's word


def test_a_persons_word_is_answered_with_its_line_and_refused_for_what_was_not_met(table: Table) -> None:
    table.rehearsed(NEW._replace(version="50.0"))
    table.rehearsed(state="failed", error="ui_changed")
    line = table.compat.allow(NEW)
    assert (line.key, line.allowed) == (NEW, True)
    for wrong, field in (
        (NEW._replace(version="1.0"), "app_version"),
        (NEW._replace(platform="instagram"), "app_version"),
        (NEW._replace(language="nl"), "language"),
    ):
        with pytest.raises(Invalid) as refused:
            table.compat.allow(wrong)
        (problem,) = refused.value.problems
        assert (problem.field, problem.problem) == (
            field, "no phone of this hub has shown this version of the app in this language"
        )  # fmt: skip
    assert list(table.known.allowed) == [NEW]


def test_without_lessons_of_its_own_a_table_counts_none(table: Table) -> None:
    table.rehearsed(NEW)
    bare = Compat(
        table.store,
        table.known,
        table.versions,  # type: ignore[arg-type]
        phones=SimpleNamespace(inventory=list),  # type: ignore[arg-type]
        reports=lambda: table.reports,
    )
    assert [line.taught_rules for line in bare.lines()] == [0]
