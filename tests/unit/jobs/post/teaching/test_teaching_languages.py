"""A language that nobody shipped, by lessons alone: from the first rehearsal on a Dutch phone to a post that is published."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.input.refusals import Invalid
from jobs.phone import app_language
from jobs.phone.protocol import PhoneSession
from jobs.post.teaching.lessons import Lesson, Wish
from storage.error_codes import ErrorCode
from storage.records import Outcome
from tests.support.post_stage import AppStage, files
from tests.support.rehearsed import Rehearsed
from tests.support.teaching import School

#: The whole way is taught once for all of these tests, which takes ten seconds of the processor.
pytestmark = pytest.mark.timeout(600)

#: What a person types: the app's own words for refusals, which no rehearsal brings onto a screen.
STOP_WORDS = {
    "account_status": ["Accountstatus"],
    "blocked": ["Het account is geblokkeerd"],
    "close": ["Sluiten"],
    "for_you": ["Voor jou"],
    "login": ["Log in bij TikTok", "Gebruik telefoon / e-mail / gebruikersnaam"],
    "post_failed": ["Video kan niet worden geüpload"],
    "publish_now": ["Nu plaatsen"],
    "restricted": ["Je kunt nu niet plaatsen"],
    "retry": ["Opnieuw proberen"],
    "security_check": ["Beveiligingscontrole"],
    "sheet": ["Dialoogvenster"],
    "verify": ["Verifieer om door te gaan"],
}
#: What is shown on the pictures, in the order in which the rehearsals come upon it.
WAY = (
    ("Startpagina", "home_tab"),
    ("Maken", "create_button"),
    ("Profiel", "profile_tab"),
    ("Profiel bewerken", "edit_profile"),
    ("Jouw verhaal", "your_story"),
    ("Volgende", "editor_next"),
    ("Concepten", "drafts_button"),
    ("Plaatsen", "post_button"),
    ("Beschrijving toevoegen…", "description_field"),
    ("Vermelding", "mention_button"),
    ("Inklappen", "collapse_button"),
    ("Weggooien", "discard_button"),
    ("Concept opslaan", "save_draft_button"),
)


class DutchHub(School):
    """A hub with a Dutch phone."""

    def rehearse(self) -> tuple[Rehearsed, str]:
        """A rehearsal on the phone as it goes on in any language; and the id of the last screen that it saw."""
        walked = Rehearsed(self.stage(), self.book.rehearsing("tiktok")).tried()
        report = walked.kept(
            self.reports,
            "PHONE1",
            error="ui_changed" if walked.failure else "",
            step=walked.step,
            language="nl",
        )
        waits = [k.id for k in self.kept.all() if k.source_id == report.id and k.sentence]
        return walked, waits[-1] if waits else ""

    def stage(self) -> AppStage:
        stage = AppStage(
            "tiktok", files(self.folder, "clip.mp4"), phone={"language": "nl"}, caption="Hallo #wereld"
        )
        stage.screens = self.used[-1] if self.used else {}
        return stage

    def translate(self, screen: str, label: str, element: str, **facts: Any) -> Lesson:
        wish = Wish(
            screen=screen,
            means="translation",
            node=self.node(screen, label),
            name=element,
            language="nl",
            **facts,
        )
        return self.teaching.teach(wish, "anna")

    def learn_the_way(self) -> int:
        """Rehearse and teach until the form was reached and left; how many rehearsals that took."""
        left = dict(WAY)
        for number in range(1, 12):
            walked, screen = self.rehearse()
            if not walked.failure:
                return number
            shown = [label for label in left if self.shows(screen, label)]
            assert shown, f"{walked.failure}: nothing of {left} is on {screen}"
            for label in shown:
                self.translate(screen, label, left.pop(label))
        raise AssertionError("the way is not learned")

    def shows(self, screen: str, label: str) -> bool:
        _, sight = self.teaching.screens.read(screen)
        return any(label in (n.text, n.content_desc, n.hint) for n in sight.tree.nodes)


def speaks_dutch(phone: PhoneSession, package: str) -> tuple[str, app_language.Spoken]:
    return phone.app_version(package), app_language.Spoken("nl-NL", phone="nl-NL")


@pytest.fixture(autouse=True)
def _dutch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_language, "read_with_version", speaks_dutch)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """The folder of a hub that has learned the way, and how many rehearsals that took."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(app_language, "read_with_version", speaks_dutch)
        folder = tmp_path_factory.mktemp("learned")
        hub = DutchHub(folder)
        assert hub.stage().fails().code == ErrorCode.APP_LANGUAGE
        yield folder, hub.learn_the_way()


@pytest.fixture
def hub(tmp_path: Path, learned: tuple[Path, int]) -> DutchHub:
    """A hub that has learned the way, but no words of refusals."""
    shutil.copytree(learned[0], tmp_path, dirs_exist_ok=True)
    hub = DutchHub(tmp_path)
    hub.book.put_in_force()
    return hub


def test_a_whole_post_in_a_language_that_nobody_shipped(hub: DutchHub, learned: tuple[Path, int]) -> None:
    assert learned[1] <= 6
    assert hub.stage().fails().code == ErrorCode.APP_LANGUAGE, "the words of refusals are missing"
    (dutch,) = hub.teaching.languages("tiktok", "nl")
    assert {m.word for m in dutch.missing} == STOP_WORDS.keys()
    hub.teaching.teach_words("tiktok", "nl", STOP_WORDS, "anna")
    (dutch,) = hub.teaching.languages("tiktok", "nl")
    assert (dutch.covered, dutch.missing) == (True, [])
    stage = hub.stage()
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["caption"] == "Hallo #wereld"
    assert stage.published == 1


def test_the_texts_of_an_unread_screen_are_asked_for_and_taught_at_once_in_whatever_order(
    hub: DutchHub,
) -> None:
    for _, lesson in hub.book.all():
        hub.book.delete(lesson.id)
    editor = next(k.id for k in hub.kept.all() if hub.shows(k.id, "Volgende"))
    likeliest = hub.teaching.screens.unread(editor)[0]
    assert likeliest.screen == "editor"
    assert [ask.element for ask in likeliest.asks if ask.needed] == ["editor_next", "your_story"]
    assert all(len(ask.nodes) <= 3 for ask in likeliest.asks[2:]), "what other screens have comes last"
    texts = {"editor_next": hub.node(editor, "Volgende"), "your_story": hub.node(editor, "Jouw verhaal")}
    for ask in likeliest.asks[:2]:
        assert texts[ask.element] in ask.nodes
    assert len(hub.teaching.translate(editor, "", texts, "anna", dry_run=True)) == 2
    assert hub.book.all() == []
    lessons = hub.teaching.translate(editor, "", texts, "anna")
    assert {lesson.name: lesson.words for lesson in lessons} == {
        "your_story": {
            "your_story": [{"nl": "Jouw verhaal", "seen": lessons[0].words["your_story"][0]["seen"]}]
        },
        "editor_next": {"next": [{"nl": "Volgende", "seen": lessons[0].words["your_story"][0]["seen"]}]},
    }
    assert hub.teaching.screens.read(editor)[0].read_as == "editor"
    assert [one.id for one in lessons] == sorted({one.id for one in lessons})


def test_a_question_that_comes_back_at_each_step_out_of_the_form_ends_the_rehearsal_there(
    hub: DutchHub,
) -> None:
    for _, lesson in hub.book.all():
        if lesson.name in {"discard_button", "save_draft_button"}:
            hub.book.delete(lesson.id)
    walked, screen = hub.rehearse()
    assert walked.failure == "some_sheet comes back each time that the form is left"
    assert walked.screens.count("some_sheet") <= 9, "three of each of the ways out that are tried"
    assert hub.shows(screen, "Weggooien")
    assert "leave_sheet" in [one.screen for one in hub.teaching.screens.unread(screen)]


def test_of_several_texts_none_is_taught_where_one_is_wrong(hub: DutchHub) -> None:
    for _, lesson in hub.book.all():
        hub.book.delete(lesson.id)
    editor = next(k.id for k in hub.kept.all() if hub.shows(k.id, "Volgende"))
    texts = {"your_story": hub.node(editor, "Volgende"), "editor_next": hub.node(editor, "Jouw verhaal")}
    with pytest.raises(Invalid) as refused:
        hub.teaching.translate(editor, "nl", texts, "anna")
    assert {problem.field for problem in refused.value.problems} == {
        "texts.your_story.node",
        "texts.editor_next.node",
    }
    assert hub.book.all() == []


def test_a_refusal_in_that_language_is_read_as_one(hub: DutchHub) -> None:
    hub.teaching.teach_words("tiktok", "nl", STOP_WORDS, "anna")
    stage = hub.stage()
    stage.phone.faults.arm("account-blocked", "")
    verdict = stage.run()
    assert verdict.error is not None
    assert (verdict.outcome, verdict.error.code) == (Outcome.NOT_PUBLISHED, ErrorCode.ACCOUNT_BLOCKED)


@pytest.mark.parametrize("word", ["login", "post"])
def test_without_one_of_its_guarded_words_no_task_runs_in_it_any_more(hub: DutchHub, word: str) -> None:
    hub.teaching.teach_words("tiktok", "nl", STOP_WORDS, "anna")
    number = next(lesson.id for _, lesson in hub.book.all() if word in lesson.words)
    hub.teaching.switch(number, on=False)
    assert hub.stage().fails().code == ErrorCode.APP_LANGUAGE
    hub.teaching.switch(number, on=True)
    assert hub.stage().run().outcome is Outcome.PUBLISHED


def test_the_words_of_a_language_that_is_not_covered_move_no_task(hub: DutchHub) -> None:
    assert not hub.used[-1]["tiktok"].words["next"].matches("Volgende")
    assert hub.book.rehearsing("tiktok").words["next"].matches("Volgende")


def test_the_publishing_button_is_taught_from_its_form_alone(hub: DutchHub) -> None:
    number = next(lesson.id for _, lesson in hub.book.all() if "post" in lesson.words)
    hub.book.delete(number)
    editor = next(k.id for k in hub.kept.all() if hub.shows(k.id, "Volgende"))
    with pytest.raises(Invalid):
        hub.translate(editor, "Volgende", "post_button")


@pytest.mark.parametrize(
    ("label", "element"),
    [
        ("Volgende", "your_story"),
        ("Plaatsen", "drafts_button"),
        ("Concepten", "post_button"),
        ("Plaatsen", "your_story"),
    ],
)
def test_swapped_words_find_nothing_in_their_place(hub: DutchHub, label: str, element: str) -> None:
    """The places of the shipped rules stay: what stands elsewhere is not what is said of it."""
    for _, lesson in hub.book.all():
        hub.book.delete(lesson.id)
    screen = next(k.id for k in hub.kept.all() if hub.shows(k.id, label))
    with pytest.raises(Invalid):
        hub.translate(screen, label, element)


@pytest.mark.parametrize("order", [("post_button", "more_options_row"), ("more_options_row", "post_button")])
def test_one_text_is_never_both_a_row_and_the_publishing_button_whichever_came_first(
    hub: DutchHub, order: tuple[str, str]
) -> None:
    form = next(k.id for k in hub.kept.all() if hub.shows(k.id, "Plaatsen"))
    hub.book.delete(next(lesson.id for _, lesson in hub.book.all() if "post" in lesson.words))
    taught = []
    for element in order:
        try:
            taught.append(hub.translate(form, "Plaatsen", element).name)
        except Invalid:
            continue
    assert taught == ["post_button"]
