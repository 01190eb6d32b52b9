"""From what a person says about a kept screen to a rule that counts: proposals, refusals, switching, restarts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from jobs.input.refusals import Invalid, NotFound
from jobs.post.screens.drawn import drawn_trees
from jobs.post.screens.vocabularies import Trusted
from jobs.post.teaching import taught_files, trial
from jobs.post.teaching.lessons import MAX_LESSONS, Lesson, Wish
from jobs.post.teaching.teaching import toml_of
from tests.support.teaching import School, drawn_xml, sheet

GO_ON = drawn_xml("tiktok", "editor", {"Next": "Go on"})
PROMOTION = drawn_xml("tiktok", "editor", over=sheet("Season of lights", "Join the fun", "Another day"))


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


def teach(school: School, screen: str, means: str, label: str = "", **facts: Any) -> Lesson:
    node = school.node(screen, label) if label else -1
    return school.teaching.teach(Wish(screen=screen, means=means, node=node, **facts), "anna")  # type: ignore[arg-type]


def refusals(school: School, screen: str, means: str, label: str = "", **facts: Any) -> str:
    with pytest.raises(Invalid) as refused:
        teach(school, screen, means, label, **facts)
    return " / ".join(problem.problem for problem in refused.value.problems)


# -- what waits ---------------------------------------------------------------------------------------------------


def test_an_unknown_screen_of_a_rehearsal_waits_until_it_is_taught(school: School) -> None:
    (screen,) = school.keep(GO_ON)
    (waiting,) = school.teaching.screens.all()
    assert (waiting.kept.id, waiting.read_as, waiting.kind, waiting.taught) == (screen, "", "unknown", False)
    teach(school, screen, "element", "Go on", name="editor_next")
    (waiting,) = school.teaching.screens.all()
    assert (waiting.read_as, waiting.taught) == ("editor", True)


@pytest.mark.parametrize(
    ("of_screen", "says"),
    [
        ("nowhere", "there is no screen 'nowhere'"),
        ("camera", "camera has no editor_next: say on which screen it stands, or leave this out"),
    ],
)
def test_an_element_is_taught_only_on_a_screen_that_has_it(school: School, of_screen: str, says: str) -> None:
    (screen,) = school.keep(GO_ON)
    assert refusals(school, screen, "element", "Go on", name="editor_next", of_screen=of_screen) == says
    teach(school, screen, "element", "Go on", name="editor_next", of_screen="editor")
    (waiting,) = school.teaching.screens.all()
    assert waiting.read_as == "editor"


def test_waiting_screens_are_told_by_app_and_phone(school: School) -> None:
    school.keep(GO_ON)
    assert len(school.teaching.screens.all("tiktok", "PHONE1")) == 1
    assert school.teaching.screens.all("instagram") == []
    assert school.teaching.screens.all("", "PHONE2") == []


def test_a_screen_of_another_app_does_not_wait(school: School) -> None:
    school.keep(GO_ON.replace("com.zhiliaoapp.musically", "com.android.launcher"))
    assert school.teaching.screens.all() == []


@pytest.mark.parametrize("name", ["rehearsal-9-01", "task-1-1-tree", "rehearsal-1-../../x", "", "x"])
def test_what_is_not_kept_cannot_be_taught(school: School, name: str) -> None:
    school.keep(GO_ON)
    with pytest.raises(NotFound):
        school.teaching.screens.read(name)


# -- what a lesson becomes ----------------------------------------------------------------------------------------


def test_a_renamed_button_becomes_one_more_wording_with_steadiness_falling(school: School) -> None:
    (screen,) = school.keep(GO_ON)
    wish = Wish(screen=screen, means="element", node=school.node(screen, "Go on"), name="editor_next")
    made = school.teaching.propose(wish)
    assert toml_of(made.chosen).startswith('[words]\nnext = [{ en = "Go on", seen = "taught from ')
    assert [made.steadiness, *(steady for _, _, steady in made.alternatives)] == [
        "text",
        "text",
        "id",
        "structure",
    ]
    assert (made.reads, made.tried.changed, made.tried.refused) == ("editor", [], [])
    assert made.tried.known_screens == 14
    assert school.book.all() == [], "a proposal changes nothing"


@pytest.mark.parametrize("rule", [1, 2, 3])
def test_each_alternative_finds_the_button_too(school: School, rule: int) -> None:
    (screen,) = school.keep(GO_ON)
    teach(school, screen, "element", "Go on", name="editor_next", rule=rule)
    assert school.read(GO_ON) == "editor"


def test_an_id_counts_in_its_version_alone(school: School) -> None:
    (screen,) = school.keep(GO_ON, app_version="48.9")
    lesson = teach(school, screen, "element", "Go on", name="editor_next", rule=2)
    assert lesson.elements["editor_next"][0].versions == ("48.9",)
    assert school.read(GO_ON) == "", "this reads as version 48.2.0"


def test_a_sheet_is_closed_by_the_button_that_was_shown(school: School) -> None:
    (screen,) = school.keep(PROMOTION)
    assert school.read(PROMOTION) == "some_sheet"
    lesson = teach(school, screen, "dialog", "Another day")
    assert school.read(PROMOTION) == lesson.name == "taught_dialog_1"
    assert school.book.reader("tiktok").screen(lesson.name).doubtful


def test_a_screen_that_needs_a_person_says_so_in_the_person_s_words(school: School) -> None:
    (screen,) = school.keep(PROMOTION)
    lesson = teach(school, screen, "person", sentence="TikTok wants a decision about the season")
    found = school.book.reader("tiktok").screen(lesson.name)
    assert (found.kind, found.error, found.says) == (
        "human",
        "person_needed",
        "TikTok wants a decision about the season",
    )


def test_a_lesson_is_in_force_at_once_and_compiled_once(school: School) -> None:
    (screen,) = school.keep(GO_ON)
    teach(school, screen, "element", "Go on", name="editor_next")
    (vocabularies,) = school.used
    assert vocabularies["tiktok"].words["next"].matches("Go on")


# -- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [0, 1])
def test_nothing_becomes_the_publishing_button(school: School, rule: int) -> None:
    (screen,) = school.keep(drawn_xml("tiktok", "post_screen", {"Post": "Go live now"}))
    said = refusals(school, screen, "element", "Go live now", name="post_button", rule=rule)
    assert "it publishes" in said or "what a publishing button reads" in said


@pytest.mark.parametrize(
    "name", ["more_options_row", "neutral_place", "collapse_button", "editor_next", "add_link_row"]
)
@pytest.mark.parametrize("rule", range(4))
def test_no_element_is_taught_onto_a_publishing_button_whatever_it_reads(
    school: School, name: str, rule: int
) -> None:
    (screen,) = school.keep(drawn_xml("tiktok", "post_screen", {"Post": "Beam it up"}))
    said = refusals(school, screen, "element", "Beam it up", name=name, rule=rule)
    assert said


@pytest.mark.parametrize(
    "label", ["Post", "Post now", "Buy now", "Delete", "Share to story", "Publicar", "Nu plaatsen"]
)
def test_no_sheet_is_closed_by_a_button_that_may_publish_pay_or_delete(school: School, label: str) -> None:
    (screen,) = school.keep(drawn_xml("tiktok", "editor", over=sheet("One more thing", label, "Another day")))
    assert refusals(school, screen, "dialog", label)


@pytest.mark.parametrize("label", ["Buy now", "Delete", "Log out"])
def test_nor_is_it_closed_by_such_a_button_that_is_found_by_its_place(school: School, label: str) -> None:
    (screen,) = school.keep(drawn_xml("tiktok", "editor", over=sheet("One more thing", label, "Another day")))
    assert "may publish, pay or delete" in refusals(school, screen, "dialog", label, rule=1)


@pytest.mark.parametrize(
    "name", ["post_age", "upload_badge", "no_likes", "failed_notice", "feed_text", "login_text"]
)
def test_what_tells_the_fate_of_a_post_is_not_taught(school: School, name: str) -> None:
    (screen,) = school.keep(GO_ON)
    assert refusals(school, screen, "element", "Go on", name=name)


def test_a_rule_that_contradicts_a_known_screen_is_refused(school: School) -> None:
    (screen,) = school.keep(drawn_xml("tiktok", "account_sheet", {"Add account": "Another one"}))
    said = refusals(school, screen, "person", "Switch account")
    assert "the drawn account_sheet is account_sheet, and would be taught_person_1" in said


def test_a_page_is_no_dialog(school: School) -> None:
    (screen,) = school.keep(GO_ON)
    assert "no sheet or dialog" in refusals(school, screen, "dialog", "Go on")


def test_a_heading_does_not_close_its_own_sheet(school: School) -> None:
    (screen,) = school.keep(PROMOTION)
    assert "heading" in refusals(school, screen, "dialog", "Season of lights")


def test_what_lies_beneath_the_sheet_does_not_close_it(school: School) -> None:
    (screen,) = school.keep(PROMOTION)
    assert "not part of the sheet" in refusals(school, screen, "dialog", "Your Story")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"node": 99_999}, "node"),
        ({"node": -1}, "node"),
        ({"name": "no_such_element"}, "name"),
        ({"name": ""}, "name"),
        ({"rule": 17}, "rule"),
        ({"language": "../x"}, "language"),
    ],
)
def test_a_wish_that_names_what_is_not_there_names_the_field(
    school: School, facts: dict[str, Any], field: str
) -> None:
    (screen,) = school.keep(GO_ON)
    wish = {
        "screen": screen,
        "means": "element",
        "node": school.node(screen, "Go on"),
        "name": "editor_next",
    } | facts
    with pytest.raises(Invalid) as refused:
        school.teaching.teach(Wish(**wish), "anna")
    assert refused.value.problems[0].field == field
    assert school.book.all() == []


def test_people_s_texts_stop_no_post(school: School) -> None:
    """The texts of a feed's posts stand on a page that shows what people wrote."""
    (screen,) = school.keep(drawn_xml("tiktok", "home", {"Home": "Start"}))
    _, sight = school.teaching.screens.read(screen)
    node = next(n for n, one in enumerate(sight.tree.nodes) if one.text and one.bounds[1] > 1200)
    with pytest.raises(Invalid, match="people's texts"):
        school.teaching.teach(Wish(screen=screen, means="person", node=node), "anna")


# -- switching, deleting, restarting ------------------------------------------------------------------------------


def test_a_lesson_that_is_off_does_not_count_and_comes_back(school: School) -> None:
    (screen,) = school.keep(GO_ON)
    lesson = teach(school, screen, "element", "Go on", name="editor_next")
    school.teaching.switch(lesson.id, on=False)
    assert school.read(GO_ON) == ""
    school.open()
    assert school.read(GO_ON) == ""
    school.teaching.switch(lesson.id, on=True)
    assert school.read(GO_ON) == "editor"


def test_a_lesson_outlives_a_restart_with_who_when_and_from_where(school: School) -> None:
    (screen,) = school.keep(GO_ON)
    teach(school, screen, "element", "Go on", name="editor_next")
    school.open()
    ((platform, lesson),) = school.book.all()
    assert platform == "tiktok"
    assert (lesson.by, lesson.screen, lesson.app_version) == ("anna", screen, "48.2.0")
    assert lesson.taught_at > 0
    assert school.read(GO_ON) == "editor"


def test_a_deleted_lesson_is_gone(school: School) -> None:
    (screen,) = school.keep(GO_ON)
    lesson = teach(school, screen, "element", "Go on", name="editor_next")
    school.book.delete(lesson.id)
    assert school.read(GO_ON) == ""
    with pytest.raises(NotFound):
        school.book.delete(lesson.id)


def test_an_unreadable_file_counts_for_nothing_and_is_not_written_over(
    school: School, tmp_path: Path
) -> None:
    (screen,) = school.keep(GO_ON)
    path = tmp_path / "taught" / "tiktok.toml"
    path.parent.mkdir()
    path.write_text("[lessons")
    school.open()
    assert school.book.left_out()
    with pytest.raises(Invalid, match="cannot be read"):
        teach(school, screen, "element", "Go on", name="editor_next")
    assert path.read_text() == "[lessons"


@pytest.mark.parametrize(
    "part",
    [
        '[lessons.1.words]\nnext = [{ en = "Post" }]\n',
        '[lessons.1.elements]\npost_button = [{ text = "Go on" }]\n',
        "[lessons.1.elements]\nnot_now_button = [{ clickable = true }]\n",
        '[lessons.1.screens.own_post]\nkind = "success"\nlayer = 78\nall = ["home_tab"]\n',
        '[lessons.1.words]\nno_such_word = [{ en = "x" }]\n',
    ],
)
def test_a_file_that_was_changed_by_hand_is_judged_when_it_is_read(
    school: School, tmp_path: Path, part: str
) -> None:
    path = tmp_path / "taught" / "tiktok.toml"
    path.parent.mkdir()
    good = '[lessons.2]\nmeans = "element"\n[lessons.2.words]\nnext = [{ en = "Go on" }]\n'
    path.write_text(f'[lessons.1]\nmeans = "element"\n{part}{good}')
    school.open()
    (sentence,) = school.book.left_out()
    assert sentence.startswith("lesson 1 ")
    assert school.read(GO_ON) == "editor", "the good one counts"


def _written(school: School, lessons: Mapping[int, str]) -> Path:
    """A taught file with these lessons: by id, what follows its header; read at once."""
    path = school.folder / "taught" / "tiktok.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"[lessons.{number}]\n{part}\n" for number, part in lessons.items()), "utf-8")
    school.open()
    return path


def _says(number: int, word: str = "next") -> str:
    return f'[lessons.{number}.words]\n{word} = [{{ en = "Go on {number}" }}]'


def test_one_unfit_lesson_among_many_is_found_with_few_trials(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    judge = taught_files.problems_of

    def problems_of(trusted: Trusted, lessons: Sequence[Lesson]) -> list[str]:
        tried.append(len(lessons))
        return judge(trusted, lessons)

    monkeypatch.setattr(taught_files, "problems_of", problems_of)
    words = dict.fromkeys(range(1, 65), "next") | {40: "no_such_word"}
    _written(school, {number: _says(number, word) for number, word in words.items()})
    (sentence,) = school.book.left_out()
    assert sentence.startswith("lesson 40 (imported) does not count")
    assert [lesson.id for lesson in school.book.on("tiktok")] == [n for n in range(1, 65) if n != 40]
    assert len(tried) <= 14


def test_more_lessons_than_count_are_named_and_stay_in_their_file(school: School) -> None:
    path = _written(school, {number: _says(number) for number in range(1, MAX_LESSONS + 3)})
    assert [sentence.partition(" does not count")[0] for sentence in school.book.left_out()] == [
        f"lesson {MAX_LESSONS + 1} (imported)",
        f"lesson {MAX_LESSONS + 2} (imported)",
    ]
    (screen,) = school.keep(GO_ON)
    assert "at most 200 lessons" in refusals(school, screen, "element", "Go on", name="editor_next")
    school.book.delete(1)
    assert f"[lessons.{MAX_LESSONS + 2}]" in path.read_text("utf-8"), "nothing was lost by writing"
    assert len(school.book.left_out()) == 1


@pytest.mark.parametrize(
    ("lessons", "told"),
    [
        ({1: "taught_at = nan"}, "taught_at"),
        ({1: "taught_at = 1e300"}, "taught_at"),
        ({1: "taught_at = -1.0"}, "taught_at"),
        ({1: "", "01": ""}, "holds lesson 1 twice"),
    ],
)
def test_a_time_that_is_none_and_a_lesson_that_stands_twice_are_named(
    school: School, lessons: dict[int, str], told: str
) -> None:
    _written(school, lessons)
    (sentence,) = school.book.left_out()
    assert told in sentence


def test_what_speaks_against_an_earlier_lesson_keeps_nobody_from_teaching(school: School) -> None:
    (screen,) = school.keep(GO_ON)
    teach(school, screen, "element", "Go on", name="editor_next")
    _, promotion = school.keep(drawn_xml("tiktok", "post_screen", {"Post": "Go on"}), PROMOTION)
    assert teach(school, promotion, "dialog", "Another day").means == "dialog"
    school.teaching.switch(1, on=False)
    with pytest.raises(Invalid, match="go on"):  # what is off would be laid over anew
        school.teaching.switch(1, on=True)


def test_large_trees_are_kept_out_of_a_trial_when_there_is_no_more_room(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "MAX_KNOWN_BYTES", 2 * len(PROMOTION))
    screens = [
        school.keep(GO_ON.replace("Go on", f"Go on to {place}" + "." * 200 * place))[0] for place in range(6)
    ]
    (node, proposed) = school.node(screens[-1], "Go on to 5" + "." * 1000), None
    proposed = school.teaching.propose(
        Wish(screen=screens[-1], means="element", node=node, name="editor_next", rule=1)
    )
    drawn = len(drawn_trees("tiktok"))
    assert drawn < proposed.tried.known_screens < drawn + len(screens)


def test_a_lesson_that_an_operator_s_file_makes_wrong_is_left_out(tmp_path: Path) -> None:
    school = School(tmp_path)
    (screen,) = school.keep(GO_ON)
    teach(school, screen, "element", "Go on", name="editor_next")
    folder = tmp_path / "screens"
    folder.mkdir()
    (folder / "tiktok.toml").write_text('[words]\npost = [{ en = "Go on", seen = "50" }]\n')
    again = School(tmp_path, overlay=str(folder))
    (sentence,) = again.book.left_out()
    assert "what a publishing button reads" in sentence
    assert again.book.reader("tiktok").words["post"].matches("Go on")
    assert not again.book.reader("tiktok").words["next"].matches("Go on")


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (
            '[screens.some_sheet]\nkind = "interruption"\nlayer = 1\ncover = true\noff = true\n',
            "replaces nothing",
        ),
        (
            (
                '[screens.x]\nkind = "human"\nlayer = 97\nall = ["x"]\nerror = "account_blocked"\n'
                '[elements]\nx = [{ text = "Sad news" }]\n'
            ),
            "the error of a screen that a lesson adds is person_needed",
        ),
        (r'[words]\nnext = [{ en = "/^\\d+\\d+\\d+\\d+x$/" }]', "a lesson has whole texts"),
        (r'[words]\nnext = [{ en = "/^\\d+1\\d+1\\d+1x$/" }]', "a lesson has whole texts"),
    ],
)
def test_no_import_reaches_further_than_a_lesson(school: School, toml: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        school.teaching.import_file("tiktok", toml.replace("\\n", "\n"), "anna", dry_run=False)


def test_numbers_without_end_leave_the_taught_file_readable(school: School) -> None:
    rules = (
        '[elements]\neditor_next = [{ id = "next_of_50", max_size = [inf, inf], zone = [-inf, 0, 1, 1] }]\n'
    )
    (lesson,), _ = school.teaching.import_file("tiktok", rules, "anna", dry_run=False)
    school.open()
    assert school.book.left_out() == []
    assert school.book.find(lesson.id)[1] == lesson


def test_no_import_makes_a_dialog_of_what_was_taught_to_need_a_person(school: School) -> None:
    heading = '[elements]\nx = [{ text = "Sad news", place = "dialog" }]\n'
    person = '[screens.sad]\nkind = "human"\nlayer = 97\nall = ["x"]\nerror = "person_needed"\n'
    dialog = '[screens.sad]\nkind = "interruption"\nlayer = 90\nall = ["x"]\nnext = ["close_sheet"]\n'
    school.teaching.import_file("tiktok", f"{heading}{person}", "anna", dry_run=False)
    with pytest.raises(Invalid, match="another lesson says what this screen is"):
        school.teaching.import_file("tiktok", dialog.replace("close_sheet", "x"), "anna", dry_run=False)
