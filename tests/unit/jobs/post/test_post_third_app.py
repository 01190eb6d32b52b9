"""A third app is its own folder and one entry in each table: it is registered here, and the post script posts through it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.hub import platforms
from jobs.post import apps
from jobs.post.screens.file_checks import check
from jobs.post.screens.screens_file import SHIPPED, lay_over, read_file
from jobs.post.script import PostScript
from storage.records import Outcome
from tests.support import app_phone
from tests.support.post_stage import AppStage, files
from tests.support.toy import app
from tests.support.toy.drawn import LoopApp


class LoopStage(AppStage):
    """A phone on which Loop is the app, and a script that knows its screens."""

    def script(self, **posting: object) -> PostScript:
        script = super().script(**posting)
        file = lay_over(read_file(SHIPPED / "android.toml"), read_file(app.SCREENS))
        script.reload({app.PLATFORM: check(file, app.SCREENS.name)})
        return script


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoopStage:
    monkeypatch.setitem(platforms.FACTS, app.PLATFORM, app.FACTS)
    monkeypatch.setitem(apps.APPS, app.PLATFORM, app.LOOP)
    monkeypatch.setattr(app_phone, "make_app", LoopApp)
    return LoopStage(app.PLATFORM, files(tmp_path, "clip.mp4"))


def test_a_post_goes_through_an_app_that_only_the_tables_know(stage: LoopStage) -> None:
    verdict = stage.run()
    assert (verdict.outcome, verdict.remark) == (Outcome.PUBLISHED, "the app shows it: posted")
    assert stage.way == [
        "start the app", "push 1", "tap profile_tab", "tap new_button", "tap cells", "type into caption_field",
        "type 'Hello #world'", "PUBLISH on loop/form", "remove 1",
    ]  # fmt: skip
    assert stage.post()["caption"] == "Hello #world"
    assert stage.attempt.seen == ["demo_01"]


def test_a_lost_post_is_looked_for_in_it_too(stage: LoopStage) -> None:
    stage.run()
    assert stage.look_for_post().outcome is Outcome.PUBLISHED
    assert stage.published == 1


def test_without_its_entry_in_the_table_the_task_ends_and_is_not_driven_as_another_app(
    stage: LoopStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(apps.APPS, app.PLATFORM)
    with pytest.raises(KeyError, match="loop"):
        stage.run()
    assert stage.way == []
