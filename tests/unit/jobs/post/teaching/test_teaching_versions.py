"""An app update that the shipped files do not know: rehearsals and a few lessons lead to a post again."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.post.teaching.lessons import Wish
from storage.records import Outcome
from tests.support.post_stage import AppStage, files
from tests.support.rehearsed import Rehearsed
from tests.support.teaching import School

#: What a person says to each of the screens that such a version brings: label, meaning, element.
SAYS = (
    ("Another day", "dialog", ""),
    ("Go on", "element", "editor_next"),
    ("Make a post", "element", "create_button"),
)


def stage(school: School, version: str, **config: str) -> AppStage:
    made = AppStage("tiktok", files(school.folder, "clip.mp4"), phone={"version": version}, **config)
    made.screens = school.used[-1] if school.used else {}
    return made


def teach(school: School, report: int) -> str:
    """The one lesson that the last waiting screen of a rehearsal needs; what was taught."""
    for waiting in school.teaching.screens.all():
        if waiting.kept.source_id != report:
            continue
        _, sight = school.teaching.screens.read(waiting.kept.id)
        shown = {n.text or n.content_desc: number for number, n in enumerate(sight.tree.nodes)}
        for label, means, name in SAYS:
            if label in shown:
                # On the picker it is the same word, which then serves the editor, too.
                element = "picker_next" if waiting.read_as == "picker" else name
                wish = Wish(screen=waiting.kept.id, means=means, node=shown[label], name=element)  # type: ignore[arg-type]
                return school.teaching.teach(wish, "anna").name
    raise AssertionError([(w.kept.id, w.read_as) for w in school.teaching.screens.all()])


@pytest.mark.parametrize(
    ("version", "way", "lessons"),
    [
        pytest.param("48.2.0", "share", ["editor_next"], marks=pytest.mark.long),
        pytest.param("48.8.3", "share", ["taught_dialog_1"], marks=pytest.mark.long),
        ("49.0.2", "share", ["taught_dialog_1", "editor_next"]),
        ("48.5.1", "addButton", ["create_button", "picker_next"]),
    ],
)
def test_after_an_update_a_few_lessons_lead_to_a_post(
    tmp_path: Path, version: str, way: str, lessons: list[str]
) -> None:
    school = School(tmp_path)
    assert stage(school, version, post_way=way).fails()
    taught: list[str] = []
    for _ in range(len(lessons) + 1):
        walked = Rehearsed(stage(school, version, post_way=way), school.book.rehearsing("tiktok")).tried()
        if not walked.failure:
            break
        report = walked.kept(school.reports, "PHONE1", error="ui_changed", step=walked.step, language="en")
        taught.append(teach(school, report.id))
    assert sorted(taught) == sorted(lessons)
    posted = stage(school, version, post_way=way)
    assert posted.run().outcome is Outcome.PUBLISHED
    assert posted.published == 1
