"""Words that a person gives, texts of one picture taken at once, imports, and how far a language is: on a hub without an app."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs.input.refusals import Invalid, NotFound
from jobs.post.teaching import lesson_book, taught_files
from jobs.post.teaching.lessons import MAX_TEXT, Lesson, Wish
from jobs.post.teaching.teaching import MAX_WORDINGS
from tests.support.teaching import School, drawn_xml

DUTCH = drawn_xml("tiktok", "editor", {"Next": "Volgende", "Your Story": "Jouw verhaal"})
GO_ON = drawn_xml("tiktok", "editor", {"Next": "Go on"})
LOGIN = {"login": ["Log in bij TikTok", "  Gebruik   telefoon "]}


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


def problems(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(problem.field, problem.problem) for problem in refused.value.problems]


def saved(school: School) -> list[Lesson]:
    """What is kept, also after a restart, in the order in which it was taught."""
    now = [lesson for _, lesson in reversed(school.book.all())]
    school.open()
    assert [lesson for _, lesson in reversed(school.book.all())] == now
    return now


# --- words by which refusals are recognised


def test_words_are_kept_without_needless_blanks_by_whom_and_for_which_language(school: School) -> None:
    lessons = school.teaching.teach_words("tiktok", "nl", LOGIN | {"retry": ["Opnieuw"]}, "anna")
    assert [(one.id, one.means, one.name, one.language, one.by) for one in lessons] == [
        (1, "word", "login", "nl", "anna"),
        (2, "word", "retry", "nl", "anna"),
    ]
    assert lessons[0].words == {
        "login": [{"nl": ["Log in bij TikTok", "Gebruik telefoon"], "seen": "given by a person"}]
    }
    assert lessons[0].sentence == '"Log in bij TikTok" is what "login" reads in nl'
    assert saved(school) == lessons
    assert school.book.reader("tiktok").words["login"].matches("gebruik telefoon")
    (more,) = school.teaching.teach_words("tiktok", "nl", {"blocked": ["Geblokkeerd"]}, "anna")
    assert more.id == 3


def test_words_that_are_only_tried_are_not_kept(school: School) -> None:
    lessons = school.teaching.teach_words("tiktok", "nl", LOGIN, "anna", dry_run=True)
    assert [lesson.name for lesson in lessons] == ["login"]
    assert school.teaching.teach_words("tiktok", "nl", {}, "anna") == []
    assert saved(school) == []


@pytest.mark.parametrize(
    ("language", "words", "field", "says"),
    [
        ("any", LOGIN, "language", 'must be one language: "any" stands for all'),
        ("en", LOGIN, "language", "'en' is covered by the files already"),
        ("Dutch!", LOGIN, "language", 'must be a code of two or three letters, as "nl"'),
        ("nl", {"next": ["Volgende"]}, "words.next", "is no word that is given so; such words are "),
        ("nl", {"post": ["Plaatsen"]}, "words.post", "is no word that is given so; such words are "),
        ("nl", {"x" * 99: ["a"]}, "words." + "x" * 60, "is no word that is given so"),
        ("nl", {"login": []}, "words.login", f"needs one to {MAX_WORDINGS} wordings of at most {MAX_TEXT} characters"),
        ("nl", {"login": ["  "]}, "words.login", "needs one to"),
        ("nl", {"login": ["a" * (MAX_TEXT + 1)]}, "words.login", "needs one to"),
        ("nl", {"login": [f"Log in {n}" for n in range(MAX_WORDINGS + 1)]}, "words.login", "needs one to"),
        ("nl", {"login": ["Next"]}, "words", ""),
    ],
)  # fmt: skip
def test_words_that_cannot_be_given_are_refused_with_the_field_and_none_is_kept(
    school: School, language: str, words: dict[str, list[str]], field: str, says: str
) -> None:
    with pytest.raises(Invalid) as refused:
        school.teaching.teach_words("tiktok", language, {"retry": ["Opnieuw"]} | words, "anna")
    told = problems(refused)
    assert told[0][0] == field
    assert told[0][1].startswith(says)
    assert saved(school) == []


def test_the_longest_and_the_most_wordings_that_are_allowed_are_taken(school: School) -> None:
    texts = ["a" * MAX_TEXT, *(f"Log in {n}" for n in range(MAX_WORDINGS - 1))]
    (lesson,) = school.teaching.teach_words("tiktok", "nl", {"login": texts}, "anna")
    assert lesson.words["login"][0]["nl"] == texts


def test_a_refusal_of_a_word_lists_those_that_are_given_so_in_order(school: School) -> None:
    with pytest.raises(Invalid) as refused:
        school.teaching.teach_words("tiktok", "nl", {"next": ["Volgende"]}, "anna")
    listed = problems(refused)[0][1].partition("such words are ")[2].split(", ")
    assert listed == sorted(listed)
    assert {"login", "verify", "blocked"} <= set(listed)
    assert "post" not in listed


def test_an_app_that_is_not_known_is_refused(school: School) -> None:
    with pytest.raises(Invalid) as refused:
        school.teaching.teach_words("myspace", "nl", LOGIN, "anna")
    assert problems(refused) == [("platform", "must be one of tiktok, instagram")]


# --- texts of one picture


def test_texts_of_one_picture_are_taken_at_once_in_its_language_or_the_one_that_is_said(
    school: School,
) -> None:
    (screen,) = school.keep(DUTCH, language="nl")
    texts = {
        name: school.node(screen, label)
        for name, label in (("editor_next", "Volgende"), ("your_story", "Jouw verhaal"))
    }
    tried = school.teaching.translate(screen, "", texts, "anna", dry_run=True)
    assert saved(school) == []
    lessons = school.teaching.translate(screen, "", texts, "anna")
    assert {one.name: (one.language, one.means, one.by) for one in lessons} == {
        "editor_next": ("nl", "translation", "anna"), "your_story": ("nl", "translation", "anna"),
    }  # fmt: skip
    assert [one.id for one in tried] == [one.id for one in lessons] == [1, 2]
    assert saved(school) == lessons
    assert school.teaching.screens.read(screen)[0].read_as == "editor"
    assert school.teaching.translate(screen, "nl", {}, "anna") == []


def test_of_several_texts_each_wrong_one_is_told_and_none_is_kept(school: School) -> None:
    (screen,) = school.keep(DUTCH, language="nl")
    texts = {"editor_next": school.node(screen, "Volgende"), "your_story": 9999, "x" * 99: 0}
    with pytest.raises(Invalid) as refused:
        school.teaching.translate(screen, "nl", texts, "anna")
    fields = [field for field, _ in problems(refused)]
    assert [field.rpartition(".")[0] for field in fields] == [
        "texts.editor_next",
        "texts.your_story",
        "texts." + "x" * 60,
    ]
    assert saved(school) == []


def test_a_picture_that_is_not_kept_and_a_language_that_is_none_are_told(school: School) -> None:
    with pytest.raises(NotFound):
        school.teaching.translate("rehearsal-9-01", "nl", {}, "anna")
    (screen,) = school.keep(DUTCH, language="nl")
    with pytest.raises(Invalid) as refused:
        school.teaching.translate(screen, "Dutch!", {}, "anna")
    assert problems(refused)[0][0] == "language"


# --- one lesson


def test_a_proposal_that_is_not_there_is_told_with_how_many_there_are(school: School) -> None:
    (screen,) = school.keep(GO_ON)
    wish = {"screen": screen, "means": "element", "node": school.node(screen, "Go on"), "name": "editor_next"}
    made = school.teaching.propose(Wish(**wish, rule=3))  # type: ignore[arg-type]
    assert (made.rule, [number for number, _, _ in made.alternatives]) == (3, [0, 1, 2])
    for rule in (-1, 4):
        with pytest.raises(Invalid) as refused:
            school.teaching.propose(Wish(**wish, rule=rule))  # type: ignore[arg-type]
        assert problems(refused) == [("rule", "must be between 0 and 3")]


def test_a_lesson_says_in_the_pictures_language_unless_another_is_named(school: School) -> None:
    (screen,) = school.keep(DUTCH, language="nl")
    (unknown,) = school.keep(GO_ON, language="")
    node, other = school.node(screen, "Jouw verhaal"), school.node(unknown, "Go on")

    def words(**wish: Any) -> set[str]:
        chosen = school.teaching.propose(Wish(**wish)).chosen
        return {key for entries in chosen.words.values() for entry in entries for key in entry} - {"seen"}

    dutch = {"screen": screen, "means": "translation", "node": node, "name": "your_story"}
    assert words(**dutch) == {"nl"}
    assert words(**dutch, language="vls") == {"vls"}
    assert words(screen=unknown, means="element", node=other, name="editor_next") == {"en"}


def test_what_a_kept_screen_speaks_against_is_told_at_the_node_at_the_texts_or_at_the_switch(
    school: School,
) -> None:
    (screen,) = school.keep(GO_ON)
    wish = Wish(screen=screen, means="element", node=school.node(screen, "Go on"), name="editor_next")
    lesson = school.teaching.teach(wish, "anna")
    school.keep(drawn_xml("tiktok", "post_screen", {"Post": "Go on"}))
    taken, _ = school.teaching.import_file(
        "tiktok", '[words]\nnext = [{ en = "Proceed" }]\n', "anna", dry_run=False
    )
    assert len(taken) == 1, "what speaks against an earlier lesson is no reason against this one"
    school.teaching.switch(lesson.id, on=False)
    for field, call in (
        ("node", lambda: school.teaching.teach(wish, "anna")),
        ("on", lambda: school.teaching.switch(lesson.id, on=True)),
    ):
        with pytest.raises(Invalid) as refused:
            call()
        assert {told for told, _ in problems(refused)} == {field}
    (dutch,) = school.keep(DUTCH, language="nl")
    school.keep(drawn_xml("tiktok", "post_screen", {"Post": "Volgende"}), language="nl")
    texts = {"your_story": school.node(dutch, "Jouw verhaal"), "editor_next": school.node(dutch, "Volgende")}
    with pytest.raises(Invalid) as refused:
        school.teaching.translate(dutch, "nl", texts, "anna")
    assert {told for told, _ in problems(refused)} == {"texts"}


# --- imports


def test_an_import_is_tried_or_taken_with_its_lessons_in_one_piece(school: School) -> None:
    toml = '[words]\nnext = [{ en = "Proceed" }]\n[elements]\neditor_next = [{ id = "next_of_50", versions = ["50."] }]\n'
    lessons, tried = school.teaching.import_file("tiktok", toml, "anna", dry_run=True)
    assert lessons
    assert tried.refused == []
    assert saved(school) == []
    taken, _ = school.teaching.import_file("tiktok", toml, "anna", dry_run=False)
    assert [one.name for one in taken] == [one.name for one in lessons]
    assert {one.by for one in taken} == {"anna"}
    assert saved(school) == taken
    with pytest.raises(Invalid) as refused:
        school.teaching.import_file("tiktok", "", "anna", dry_run=False)
    assert problems(refused) == [("toml", "holds no word, no element and no screen")]


def test_an_import_that_is_refused_says_so_at_a_trial_and_is_not_taken(school: School) -> None:
    toml = '[words]\nnext = [{ en = "Post" }]\n'
    _, tried = school.teaching.import_file("tiktok", toml, "anna", dry_run=True)
    assert tried.refused
    with pytest.raises(Invalid) as refused:
        school.teaching.import_file("tiktok", toml, "anna", dry_run=False)
    assert problems(refused) == [("toml", sentence) for sentence in tried.refused]
    assert saved(school) == []


# --- languages


def test_the_languages_are_those_that_are_covered_were_taught_or_were_seen(school: School) -> None:
    school.keep(GO_ON, language="it")
    school.keep(GO_ON, language="")
    school.teaching.teach_words("tiktok", "nl", LOGIN, "anna")
    found = school.teaching.languages("tiktok")
    covered = list(school.book.files("tiktok").covered)
    assert [one.language for one in found] == [*covered, "it", "nl"]
    assert {one.platform for one in found} == {"tiktok"}
    dutch = found[-1]
    assert (dutch.covered, dutch.shipped, dutch.name) == (False, False, "Dutch")
    assert [(given.word, given.id) for given in dutch.given if given.id] == [("login", 1)]
    assert "login" not in [one.word for one in dutch.missing]
    assert "login" in [one.word for one in found[-2].missing]
    assert {one.platform for one in school.teaching.languages()} == {"tiktok", "instagram"}
    assert [(one.platform, one.language) for one in school.teaching.languages("", "fi")] == [
        ("tiktok", "fi"), ("instagram", "fi")
    ]  # fmt: skip
    assert school.teaching.languages("myspace") == []


def test_a_language_is_covered_by_the_files_and_lacks_the_words_that_nobody_gave(school: School) -> None:
    assert school.teaching.covered("tiktok", "en") == (True, [])
    covered, lacks = school.teaching.covered("tiktok", "nl")
    assert not covered
    assert "login" in lacks
    school.teaching.teach_words("tiktok", "nl", LOGIN, "anna")
    assert "login" not in school.teaching.covered("tiktok", "nl")[1]


# --- on and off


def test_switching_says_which_lesson_of_which_app_and_twice_is_once(school: School) -> None:
    (lesson,) = school.teaching.teach_words("tiktok", "nl", LOGIN, "anna")
    assert school.teaching.switch(lesson.id, on=True) == ("tiktok", lesson)
    platform, off = school.teaching.switch(lesson.id, on=False)
    assert (platform, off.on) == ("tiktok", False)
    assert school.teaching.switch(lesson.id, on=False) == ("tiktok", off)
    assert school.book.on("tiktok") == []
    assert saved(school) == [off]
    assert school.teaching.switch(lesson.id, on=True) == ("tiktok", lesson)
    with pytest.raises(NotFound):
        school.teaching.switch(99, on=False)


def test_switching_or_deleting_one_lesson_leaves_the_others_as_they_are(school: School) -> None:
    first, second, third = school.teaching.teach_words(
        "tiktok", "nl", LOGIN | {"retry": ["Opnieuw"], "blocked": ["Geblokkeerd"]}, "anna"
    )
    school.teaching.switch(second.id, on=False)
    assert [(one.id, one.name, one.on) for one in saved(school)] == [
        (first.id, "login", True), (second.id, "retry", False), (third.id, "blocked", True),
    ]  # fmt: skip
    assert [one.id for one in school.book.on("tiktok")] == [first.id, third.id]
    school.book.delete(first.id)
    assert [one.id for one in saved(school)] == [second.id, third.id]


def test_what_counts_is_exported_as_a_file_that_can_be_taken_elsewhere(
    school: School, tmp_path: Path
) -> None:
    (lesson,) = school.teaching.teach_words("tiktok", "nl", LOGIN, "anna")
    school.teaching.switch(
        school.teaching.teach_words("tiktok", "nl", {"retry": ["Opnieuw"]}, "a")[0].id, on=False
    )
    text = school.book.export("tiktok")
    assert "Opnieuw" not in text
    elsewhere = School(tmp_path / "elsewhere")
    taken, _ = elsewhere.teaching.import_file("tiktok", text, "ben", dry_run=False)
    assert [one.words for one in taken] == [lesson.words]
    assert "Log in" not in school.book.export("instagram")


def test_no_more_lessons_are_kept_than_there_is_room_for(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_book, "MAX_LESSONS", 2)
    two = {"retry": ["Opnieuw"], "blocked": ["Geblokkeerd"]}
    school.teaching.teach_words("tiktok", "nl", LOGIN, "anna")
    with pytest.raises(Invalid, match="at most 2 lessons are kept of one app"):
        school.teaching.teach_words("tiktok", "nl", two, "anna")
    assert len(saved(school)) == 1
    school.teaching.teach_words("tiktok", "nl", {"retry": ["Opnieuw"]}, "anna")
    assert len(saved(school)) == 2


def test_a_taught_file_that_would_become_too_large_is_not_written(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.teaching.teach_words("tiktok", "nl", LOGIN, "anna")
    size = len((school.folder / "taught" / "tiktok.toml").read_bytes())
    monkeypatch.setattr(taught_files, "MAX_BYTES", size + 20)
    with pytest.raises(Invalid) as refused:
        school.teaching.teach_words("tiktok", "nl", {"retry": ["Opnieuw"]}, "anna")
    assert problems(refused) == [
        ("", "the taught file would become too large: delete lessons that nothing needs")
    ]
    assert [one.name for one in saved(school)] == ["login"]


def test_lessons_are_told_the_newest_first_by_app(school: School) -> None:
    toml = '[elements]\nnext_button = [{ id = "next_of_50", versions = ["50."] }]\n'
    school.teaching.teach_words("tiktok", "nl", LOGIN, "anna")
    school.teaching.import_file("instagram", toml, "anna", dry_run=False)
    school.teaching.teach_words("tiktok", "nl", {"retry": ["Opnieuw"]}, "anna")
    told = [(platform, lesson.id) for platform, lesson in school.book.all()]
    assert told == [("tiktok", 3), ("instagram", 2), ("tiktok", 1)]
    assert [lesson.id for _, lesson in school.book.all("tiktok")] == [3, 1]
    assert school.book.find(2)[0] == "instagram"


def test_posts_are_made_with_what_is_covered_and_rehearsals_with_what_was_taught_too(school: School) -> None:
    changes = school.book.stand
    school.teaching.teach_words("tiktok", "nl", LOGIN, "anna")
    school.teaching.teach_words("tiktok", "nl", {"retry": ["Opnieuw"]}, "anna")
    assert school.book.stand == changes + 2
    assert set(school.used[-1]) == {"tiktok", "instagram"}
    assert not school.used[-1]["tiktok"].words["login"].matches("Log in bij TikTok")
    assert school.book.rehearsing("tiktok").words["login"].matches("Log in bij TikTok")
    french = "Ne pas autoriser"  # of the shipped words of a language that is not covered
    assert school.book.reader("tiktok").words["dont_allow"].matches(french)
    assert not school.book.rehearsing("tiktok").words["dont_allow"].matches(french)


def test_after_a_reload_the_files_are_those_that_were_read_and_the_lessons_count_on(school: School) -> None:
    school.teaching.teach_words("tiktok", "nl", LOGIN, "anna")
    files, before = dict(school.book.trusted), len(school.used)
    school.book.put_in_force(files)
    assert school.book.trusted is files
    school.book.put_in_force()
    assert school.book.trusted is files
    assert len(school.used) == before + 2
    assert school.book.reader("tiktok").words["login"].matches("Log in bij TikTok")


def test_who_taught_is_kept_in_sixty_characters(school: School) -> None:
    (lesson,) = school.teaching.teach_words("tiktok", "nl", LOGIN, "a" * 99)
    assert lesson.by == "a" * 60
