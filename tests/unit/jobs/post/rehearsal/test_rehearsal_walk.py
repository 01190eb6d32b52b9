"""Rehearsals on the simulated apps: they reach the form, read it, leave it without a trace, and can publish nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.hub.platforms import platform_of
from jobs.post.apps import APPS
from jobs.post.flow.app import FormOption
from jobs.post.screens.element import holds_point
from jobs.post.screens.recognise import recognise
from jobs.task.attempt import ScriptFailed
from simulator.apps.base import Post
from tests.support.app_phone import AppPhone
from tests.support.post_stage import AppStage, files
from tests.support.rehearsed import Rehearsed
from tests.support.vocabularies import shipped_screens

#: Names of the simulated apps' screens from which posts are sent.
FORMS = ("post", "share", "story-editor", "story-share-sheet", "share-chooser")
WAYS = [
    ("tiktok", "clip.mp4", {"post_way": "share"}),
    ("tiktok", "clip.mp4", {"post_way": "addButton"}),
    ("tiktok", "one.jpg", {"post_way": "addButton"}),
    ("instagram", "clip.mp4", {"post_way": "addButton"}),
    ("instagram", "one.jpg", {"post_way": "addButton"}),
    ("instagram", "clip.mp4", {"post_way": "addButton", "placement": "story"}),
]


class FormOfPublishingButtons(AppPhone):
    """Every button of the form publishes, whatever it says, but the rows of the options."""

    def tap(self, x: int, y: int) -> None:
        editing = getattr(self.app.stack[-1], "editing", False)  # Instagram's caption is a screen of its own
        if self.app.screen in FORMS and not editing:
            sight = recognise(self._tree(), shipped_screens()[platform_of(self.package) or ""])
            rows = [
                row for o in APPS[platform_of(self.package) or ""].back.options if (row := sight.find(o.row))
            ]
            under = [n for n in sight.tree.nodes if n.visible and holds_point(n.bounds, (x, y))]
            on_row = any(holds_point(row.bounds, (x, y)) for row in rows)
            if not on_row and any(n.class_name.endswith("Button") for n in under):
                self.publish(Post(self.package, "", "video", "published by a rehearsal", []))
        super().tap(x, y)


@pytest.mark.parametrize(("platform", "file", "config"), WAYS)
def test_a_rehearsal_reaches_the_form_and_leaves_nothing_behind(
    tmp_path: Path, platform: str, file: str, config: dict[str, Any]
) -> None:
    stage = AppStage(platform, files(tmp_path, file), caption="A rehearsal", **config)
    done = Rehearsed(stage).run().walk
    assert done.caption_read
    assert done.left
    assert done.discarded == (
        file != "one.jpg" or platform == "tiktok"
    )  # Instagram drops images without a question
    assert done.file_removed
    assert done.nothing_published
    assert stage.phone.posts == []
    assert stage.published == 0
    assert stage.phone.rows == []
    assert "unfinished" not in stage.phone.app.state
    assert not stage.phone.app.state.get("drafts")


@pytest.mark.parametrize("crash", ["home", "leave-sheet", "more-options"])
def test_an_app_that_dies_behind_the_filled_form_keeps_no_text_of_ours(tmp_path: Path, crash: str) -> None:
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"), caption="A rehearsal")
    rehearsed = Rehearsed(stage)
    seen = rehearsed.walk.back.form
    armed = []

    def arm(sight: Any) -> None:
        if sight.name in seen and not armed:
            armed.append(stage.phone.faults.arm("app-crash", crash))
        rehearsed.seen(sight)

    rehearsed.driver.on_screen = arm
    rehearsed.tried()
    assert armed
    assert rehearsed.failure
    assert "unfinished" not in stage.phone.app.state
    assert stage.phone.rows == []
    assert stage.phone.posts == []


def test_what_an_app_in_another_language_keeps_is_told_and_thrown_away_by_the_next_rehearsal(
    tmp_path: Path,
) -> None:
    """The phone's language is changed while the form is filled: the app is ended, and no word of it is known any more."""
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"), caption="A rehearsal")
    rehearsed = Rehearsed(stage)
    seen = rehearsed.walk.back.form

    def change(sight: Any) -> None:
        if sight.name in seen and stage.phone.language == "en":
            stage.phone.language = "xx"
            stage.phone.faults.arm("app-crash", "more-options")
        rehearsed.seen(sight)

    rehearsed.driver.on_screen = change
    rehearsed.tried()
    assert rehearsed.failure
    assert stage.phone.app.state.get("unfinished")
    assert rehearsed.walk.may_keep_texts
    stage.phone.language = "en"
    stage.phone.faults.clear()
    after = AppStage("tiktok", files(tmp_path, "next.mp4"), caption="Another rehearsal", on=stage.phone)
    after.memory = stage.memory
    again = Rehearsed(after).run().walk
    assert again.left
    assert not again.may_keep_texts
    assert "unfinished" not in stage.phone.app.state


def test_the_next_post_finds_a_clean_form(tmp_path: Path) -> None:
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"), caption="A rehearsal")
    Rehearsed(stage).run()
    after = AppStage("tiktok", files(tmp_path, "next.mp4"), caption="The post", on=stage.phone)
    after.run()
    assert [post.caption for post in stage.phone.posts] == ["The post"]


@pytest.mark.parametrize(("platform", "file", "config"), WAYS)
def test_a_form_whose_every_button_publishes_publishes_nothing(
    tmp_path: Path, platform: str, file: str, config: dict[str, Any]
) -> None:
    phone = FormOfPublishingButtons(platform)
    stage = AppStage(platform, files(tmp_path, file), caption="A rehearsal", on=phone, **config)
    Rehearsed(stage).run()
    assert phone.posts == []


@pytest.mark.parametrize(
    ("platform", "question"),
    [("tiktok", "publish-publicly"), ("instagram", "limited-reach"), ("instagram", "about-reels")],
)
def test_a_question_whose_answer_publishes_is_not_answered_on_the_way_out_either(
    tmp_path: Path, platform: str, question: str
) -> None:
    stage = AppStage(platform, files(tmp_path, "clip.mp4"), caption="A rehearsal", post_way="addButton")
    rehearsed = Rehearsed(stage)
    asked = []

    def ask(sight: Any) -> None:
        if sight.name in rehearsed.walk.back.form and not asked:
            asked.append(question)
            stage.phone.app.cover(question)
            stage.phone.display.changed()
        rehearsed.seen(sight)

    rehearsed.driver.on_screen = ask
    rehearsed.tried()
    assert asked
    assert "came before anything was published" in rehearsed.failure
    assert stage.phone.posts == []


def test_what_the_app_asks_after_a_publishing_tap_is_touched_by_no_rehearsal(tmp_path: Path) -> None:
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"), caption="A rehearsal", post_way="addButton")
    rehearsed = Rehearsed(stage).run()
    driver = rehearsed.driver
    stage.phone.app.cover("publish-publicly")
    stage.phone.display.changed()
    sight = driver.observe()
    assert sight.next is not None
    for element in (sight.next, replace(sight.next, name="deny_button")):
        with pytest.raises(ScriptFailed, match="a rehearsal never publishes"):
            driver.tap(element)


@pytest.mark.parametrize(("platform", "element"), [("tiktok", "post_button"), ("instagram", "share_button")])
def test_a_touch_that_would_publish_is_refused_at_the_phone(
    tmp_path: Path, platform: str, element: str
) -> None:
    """Were an option's row found where the publishing button lies, the driver would not touch it."""
    stage = AppStage(platform, files(tmp_path, "clip.mp4"), caption="A rehearsal", post_way="addButton")
    rehearsed = Rehearsed(stage)
    back = rehearsed.walk.back
    rehearsed.walk.back = replace(back, options=(FormOption("a row that publishes", element, ("home",)),))
    rehearsed.run()
    (option,) = rehearsed.walk.options
    assert "a rehearsal never publishes" in option.detail
    assert stage.phone.posts == []


def test_a_post_that_shows_at_the_tabs_a_moment_later_is_told_and_not_called_nothing(tmp_path: Path) -> None:
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"), caption="A rehearsal")
    rehearsed = Rehearsed(stage)
    walk, since = rehearsed.walk, list[float]()

    def shows(_flow: Any, _sight: Any) -> str:
        since.append(stage.phone.time.at)
        return "a new tile on the profile" if stage.phone.time.at - since[0] > 3.0 else ""

    walk.back = replace(walk.back, shows_new_post=shows)
    rehearsed.tried()
    assert rehearsed.failure.startswith("something may have been published during the rehearsal: a new tile")
    assert (walk.doubt, walk.nothing_published) == ("a new tile on the profile", False)
