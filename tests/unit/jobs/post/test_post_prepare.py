"""Before anything is touched: the app's version and language are read, remembered, and may keep the attempt off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs.hub.settings import Phones, Posting, Settings
from jobs.phone.app_language import Spoken
from jobs.post.language import language_to_be
from jobs.post.script import PostScript
from jobs.task.attempt import OnHold
from storage.records import Task
from tests.support.post_stage import AppStage, files
from tests.support.vocabularies import shipped_screens

ENGLISH = shipped_screens()["tiktok"]


class Gate:
    """Keeps every attempt off, and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, str, str]] = []

    def __call__(self, task: Task, version: str, language: str) -> None:
        self.told.append((task.id, version, language))
        raise OnHold("it is rehearsed first")


def script(stage: AppStage, gate: Gate) -> PostScript:
    settings = Settings(posting=Posting(), phones=Phones())
    return PostScript(settings, stage.memory, vocabularies=shipped_screens(), admit=gate)  # type: ignore[arg-type]


def test_an_attempt_that_is_kept_off_has_touched_nothing(tmp_path: Path) -> None:
    stage = AppStage("tiktok", files(tmp_path, "a.mp4"))
    gate = Gate()
    with pytest.raises(OnHold, match="rehearsed first"):
        script(stage, gate).run(stage.attempt, stage.phone)  # type: ignore[arg-type]
    assert gate.told == [(7, stage.phone.app.version, "")]
    assert f"version {stage.phone.app.version}" in stage.attempt.log
    assert "COMMITTING" not in stage.attempt.log
    assert stage.phone.app.screen == "stopped"
    assert stage.phone.posts == []


@pytest.mark.parametrize(
    ("spoken", "set_to", "becomes"),
    [
        (Spoken("en-US"), "", "en"),
        (Spoken("nl-NL", can_set=True), "", "nl"),
        (Spoken("nl-NL", can_set=True), "en", "en"),
        (Spoken("nl-NL", can_set=False), "en", "nl"),
        (Spoken("en-GB", can_set=True), "nl", "en"),
        (Spoken(""), "en", ""),
    ],
)
def test_the_language_that_counts_is_the_one_in_which_the_app_will_be_driven(
    spoken: Spoken, set_to: str, becomes: str
) -> None:
    assert language_to_be(spoken, ENGLISH, set_to) == becomes


def test_nothing_keeps_a_post_off_where_no_gate_is_given(tmp_path: Path) -> None:
    stage = AppStage("tiktok", files(tmp_path, "a.mp4"))
    verdict: Any = stage.run()
    assert verdict.outcome == "published"
