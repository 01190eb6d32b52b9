"""What may be laid over a small screens file: each sentence that is said against it, and what is said against nothing of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jobs.post.screens.checks.additions import objections
from jobs.post.screens.screens_file import Containers, Rule, Screen, ScreensFile
from storage.error_codes import ErrorCode

PACKAGE = "com.zhiliaoapp.musically"

BASE = ScreensFile(
    platform="tiktok",
    packages=(PACKAGE,),
    covered=("en",),
    publishing=("post_button", "late_button"),
    proof=("badge",),
    account=("handle",),
    words={
        "next": [{"en": "Next", "seen": "43"}],
        "post": [{"en": ["Post", "Go live", "Beam it"]}],
        "beam": [{"en": "Beam it"}],
        "also_post": [{"en": "Post"}],
        "late": [{"en": "Publish now"}],
        "login": [{"en": ["Log in", "/^sign (up|in)/"]}],
        "failed": [{"en": "Not posted"}],
        "age": [{"en": "Just now"}],
        "badge": [{"any": "/^\\d+ %$/"}],
        "cancel": [{"en": "Cancel"}],
        "handle": [{"any": "/^@\\w+$/"}],
        "remove": [{"en": "Delete it"}],
    },
    elements={
        "next_button": [Rule(label="@next")],
        "post_button": [Rule(label="@post")],
        "tab": [Rule(label="@also_post")],
        "late_button": [Rule(label="@late")],
        "login_text": [Rule(text="@login")],
        "failed_text": [Rule(text="@failed")],
        "age": [Rule(text="@age")],
        "badge": [Rule(text="@badge")],
        "cancel": [Rule(label="@cancel")],
        "handle": [Rule(text="@handle")],
        "remove": [Rule(label="@remove")],
        "drafts": [Rule(id="drafts")],
        "title": [Rule(id="title")],
    },
    screens={
        "login": Screen(kind="human", layer=100, all=("login_text",)),
        "crashed": Screen(kind="human", layer=110, all=("title",)),
        "failed": Screen(kind="failure", layer=82, all=("failed_text",)),
        "done": Screen(kind="success", layer=80, all=("age",)),
        "running": Screen(kind="progress", layer=79, all=("badge",)),
        "form": Screen(kind="path", layer=50, all=("post_button",), next=("next_button",), never=("drafts", "remove")),
        "asks": Screen(kind="interruption", layer=89, all=("late_button",), next=("late_button",), phase="after"),
        "sheet": Screen(kind="interruption", layer=85, all=("cancel",), next=("cancel",)),
        "side": Screen(kind="path", layer=40, all=("title",), asked_by=("next_button",)),
    },
)  # fmt: skip
ASKS_PERSON = {"error": ErrorCode.PERSON_NEEDED}


def file(**parts: Any) -> ScreensFile:
    return ScreensFile(**parts)


def word(name: str, text: str | list[str], language: str = "nl") -> ScreensFile:
    return file(words={name: [{language: text}]})


def element(name: str, **rule: Any) -> ScreensFile:
    return file(elements={name: [Rule(**rule)]})


def screen(name: str, **facts: Any) -> ScreensFile:
    return file(screens={name: Screen(**facts)})


def interruption(**facts: Any) -> ScreensFile:
    return screen(
        "x", **({"kind": "interruption", "layer": 86, "all": ("cancel",), "next": ("cancel",)} | facts)
    )


def said(above: ScreensFile, *, lesson: bool = False) -> list[str]:
    return objections(BASE, above, lesson=lesson)


# -- the head of the file -------------------------------------------------------------------------------------------

HEADS = [
    (file(platform="tiktok"), []),
    (file(platform="instagram"), ["platform: this file is laid over that of tiktok, not of instagram"]),
    (file(packages=("com.ss.android.ugc.trill",)), []),
    (
        file(packages=("com.android.vending", "com.instagram.android")),
        [
            "packages: com.android.vending is not a build of tiktok; rules would tap at another app",
            "packages: com.instagram.android is not a build of tiktok; rules would tap at another app",
        ],
    ),
    (file(publishing=("title",)), ["publishing: only the shipped file says this"]),
    (file(proof=("title",)), ["proof: only the shipped file says this"]),
    (file(account=("title",)), ["account: only the shipped file says this"]),
    (file(containers=Containers(titles="@next")), ["containers.titles: only the shipped file says this"]),
    (file(containers=Containers(dialog_ids=("abc", "abcd"))), ["containers.dialog_ids: 'abc' is too short to name dialogs alone"]),
    (
        file(containers=Containers(people=("title", "login_text"))),
        ["containers.people: login_text tells a refusal: on such a page refusals would no longer count"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("above", "told"), HEADS)
def test_of_the_head_of_a_file_only_builds_ids_and_pages_may_be_added(
    above: ScreensFile, told: list[str]
) -> None:
    assert said(above) == told


@pytest.mark.parametrize(
    "above",
    [
        file(packages=("com.ss.android.ugc.trill",)),
        file(covered=("nl",)),
        file(containers=Containers(boxes=("a_box",))),
    ],
)
def test_a_lesson_adds_none_of_them(above: ScreensFile) -> None:
    assert said(above, lesson=True) == ["a lesson teaches words, elements and screens alone"]
    assert said(above) == []


# -- what a lesson may be called ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("abc_1", True),
        ("a" * 60, True),
        ("a" * 61, False),
        ("1abc", False),
        ("Abc", False),
        ("a\nb", False),
        ("a-b", False),
    ],
)
def test_names_of_lessons_are_short_and_plain(name: str, good: bool) -> None:
    told = [] if good else [f"{name[:60]!r} is no name: names are up to 60 small letters, digits and _"]
    assert said(element(name, text="Go on"), lesson=True) == told
    assert said(element(name, text="Go on")) == []
    person = screen(name, kind="human", layer=97, all=("title",), **ASKS_PERSON)
    assert said(person, lesson=True) == told
    assert [
        s for s in said(word(name, "Verder"), lesson=True) if "no screen reads this word" not in s
    ] == told


def test_texts_of_lessons_have_one_line_of_two_hundred_characters() -> None:
    told = "a text has one line and at most 200 characters"
    for text, good in (("x" * 200, True), ("x" * 201, False), ("a\nb", False)):
        expected = [] if good else [f"{text[:40]!r}: {told}"]
        assert said(word("next", text), lesson=True) == expected
        assert said(element("title", text=text), lesson=True) == expected
        assert said(word("next", text)) == []


def test_what_a_lesson_says_to_people_has_one_line_of_three_hundred_characters() -> None:
    for says, good in (("x" * 300, True), ("x" * 301, False), ("a\nb", False)):
        person = screen("x", kind="human", layer=97, all=("title",), says=says, **ASKS_PERSON)
        told = [] if good else ["`says` has one line and at most 300 characters"]
        assert said(person, lesson=True) == told


@pytest.mark.parametrize(
    ("language", "good"),
    [
        ("nl", True),
        ("fil", True),
        ("seen", True),
        ("any", True),
        ("english", False),
        ("x", False),
        ("NL", False),
    ],
)
def test_languages_of_lessons_are_codes(language: str, good: bool) -> None:
    told = [] if good else [f"{language!r} is no language: languages are codes of two or three letters"]
    assert said(word("next", "Verder", language), lesson=True) == told


# -- words ----------------------------------------------------------------------------------------------------------

PUBLISH, STOP, PROOF, WAY = (
    "what a publishing button reads",
    "what a refusal or a question for a person reads",
    "what counts as proof of a post",
    "what another part of the app reads",
)
ACCOUNT = "by this it is told which account the app shows, so that no post is made under another one; no lesson changes that"
KNOWN = "; in this language the shipped file knows it, and no lesson changes that"

WORDS: list[tuple[str, str, str, list[str], list[str]]] = [
    ("next", "Verder", "nl", [], []),
    ("next", "Go on", "en", [], []),
    ("next", " ", "nl", ["words.next: an empty text reads nothing"], ["words.next: an empty text reads nothing"]),
    ("age", "Zojuist", "nl", [], [f"words.age: it is {PROOF}, and only the shipped file says that"]),
    *[
        ("age", "Home", language, [told], [told])
        for language in ("en", "any")
        for told in (f"words.age: it is {PROOF}, and only the shipped file says that",)
    ],
    ("login", "Inloggen", "nl", [], []),
    ("login", "Come in", "en", [], [f"words.login: it is {STOP}{KNOWN}"]),
    ("login", "Come in", "any", [], [f"words.login: it is {STOP}{KNOWN}"]),
    ("post", "Beamen", "nl", [], []),
    ("post", "Beam", "en", [], [f"words.post: it is {PUBLISH}{KNOWN}"]),
    ("late", "Beam", "en", [], [f"words.late: it is {STOP}{KNOWN}"]),
    ("handle", "alice", "nl", [], [f"words.handle: {ACCOUNT}"]),
    ("fresh", "Verder", "nl", [], ["words.fresh: no screen reads this word"]),
    *[
        ("next", text, "nl", told, told)
        for text, told in (
            ("Post", [f'words.next: "Post" is {PUBLISH} (the word post)', 'words.next: a button that reads "Post" may publish, pay or delete']),
            ("Log in", [f'words.next: "Log in" is {STOP} (the word login)']),
            ("Sign up now", [f'words.next: "Sign up now" is {STOP} (the word login)']),
            ("Just now", [f'words.next: "Just now" is {PROOF} (the word age)']),
            ("Delete draft", ['words.next: a button that reads "Delete draft" may publish, pay or delete']),
        )
    ],
    ("login", "Next", "nl", [f'words.login: "Next" is {WAY} (the word next)'], [f'words.login: "Next" is {WAY} (the word next)']),
    ("post", "Log in", "nl", [f'words.post: "Log in" is {STOP} (the word login)'], [f'words.post: "Log in" is {STOP} (the word login)']),
    ("also_post", "Post", "nl", [], []),
    ("also_post", "Delete", "nl", [], []),
    ("beam", "Delete", "nl", [], []),
    ("remove", "Delete", "nl", [], []),
    ("post", "Delete", "nl", [], []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "language", "told", "to_lessons"), WORDS)
def test_a_wording_reads_nothing_that_is_guarded(
    name: str, text: str, language: str, told: list[str], to_lessons: list[str]
) -> None:
    assert said(word(name, text, language)) == told
    assert said(word(name, text, language), lesson=True) == to_lessons


def test_a_new_word_reads_nothing_hard_either() -> None:
    assert said(word("fresh", "Delete")) == [
        'words.fresh: a button that reads "Delete" may publish, pay or delete'
    ]


def test_two_words_that_are_added_do_not_read_the_same_where_one_of_them_is_guarded() -> None:
    both = file(words={"next": [{"nl": "Beamen"}], "post": [{"nl": "Beamen"}]})
    assert said(both) == [
        f'words.next: "Beamen" is {PUBLISH} (the word post)',
        f'words.post: "Beamen" is {WAY} (the word next)',
    ]


def test_every_wording_of_a_list_is_judged_and_remarks_are_not() -> None:
    above = file(words={"next": [{"nl": ["Verder", "Post"]}, {"seen": "Delete", "de": "Weiter"}]})
    assert len(said(above)) == 2


@pytest.mark.parametrize(
    ("pattern", "told", "to_lessons"),
    [
        ("/^verder \\(\\d+\\)$/", [], []),
        ("/^\\d+ van \\d+ en \\d+ of \\d+$/", [], []),
        ("/^\\d+ a \\d+ b \\d+ c \\d+ d \\d+$/", [], ["whole"]),
        ("/^\\d+\\d+$/", [], ["whole"]),
        ("/^verder/", [], ["whole"]),
        ("/verder$/", [], ["whole"]),
        ("/^(verder|door)$/", [], ["whole"]),
        ("//", [], []),
        ("/(/", [], ["whole"]),
        ("/./", ["words.next: /./ reads nearly everything"], ["whole"]),
        ("/^(ok|home)$/", ["words.next: /^(ok|home)$/ reads nearly everything"], ["whole"]),
        ("/^ok$/", [], []),
        ("/^p.st$/", [f"words.next: /^p.st$/ reads {PUBLISH} (the word post)",
                      'words.next: /^p.st$/ reads "post": such a button may publish, pay or delete'], ["whole"]),
        ("/^log in$/", [f"words.next: /^log in$/ reads {STOP} (the word login)"],
         [f"words.next: /^log in$/ reads {STOP} (the word login)"]),
        ("/^buy$/", ['words.next: /^buy$/ reads "buy": such a button may publish, pay or delete'],
         ['words.next: /^buy$/ reads "buy": such a button may publish, pay or delete']),
    ],
)  # fmt: skip
def test_a_pattern_reads_nothing_that_is_guarded_and_lessons_leave_only_numbers_open(
    pattern: str, told: list[str], to_lessons: list[str]
) -> None:
    assert said(word("next", pattern)) == told
    whole = ["words.next: a lesson has whole texts; only their numbers may be left open"]
    assert said(word("next", pattern), lesson=True) == (whole if to_lessons == ["whole"] else to_lessons)


def test_a_pattern_of_a_word_that_is_guarded_or_reads_hard_words_anyway_may_read_them() -> None:
    assert said(word("post", "/^buy$/")) == []
    assert said(word("remove", "/^erase$/")) == []
    assert said(word("also_post", "/^p.st$/")) == []


# -- elements -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told", "to_lessons"),
    [
        ("title", [], []),
        ("new_one", [], []),
        ("post_button", [], ["elements.post_button: it publishes; no lesson changes by what it is found"]),
        ("login_text", [], ["elements.login_text: it says what became of a post, or stops it; no lesson changes by what it is found"]),
        ("handle", [], [f"elements.handle: {ACCOUNT}"]),
        ("age", ["elements.age: it says what became of a post, and only the shipped file says by what it is found"],
         ["elements.age: it says what became of a post, or stops it; no lesson changes by what it is found"]),
    ],
)  # fmt: skip
def test_by_what_guarded_elements_are_found_no_lesson_says(
    name: str, told: list[str], to_lessons: list[str]
) -> None:
    assert said(element(name, id="somewhere")) == told
    assert said(element(name, id="somewhere"), lesson=True) == to_lessons


SMALL, LARGE = (0.0, 0.0, 0.5, 0.5), (0.0, 0.0, 0.5, 0.51)
SIZE = (0.5, 0.5)


@pytest.mark.parametrize(
    ("rule", "telling"),
    [
        ({"id": "x"}, True),
        ({"text": "Go on"}, True),
        ({"clickable": True}, False),
        ({"zone": SMALL, "max_size": SIZE}, False),
        ({"clickable": True, "zone": SMALL}, False),
        ({"clickable": True, "zone": SMALL, "max_size": SIZE}, True),
        ({"clickable": True, "zone": SMALL, "min_size": SIZE}, True),
        ({"cls": "Button", "zone": SMALL, "touches": "left"}, True),
        ({"editable": False, "zone": SMALL, "corner": "top-left", "inside": "title"}, True),
        ({"clickable": True, "zone": LARGE, "max_size": SIZE}, False),
        ({"clickable": True, "max_size": SIZE}, False),
        ({"clickable": True, "row_of": "title"}, False),
        ({"clickable": True, "row_of": "title", "zone": SMALL}, True),
        ({"clickable": True, "row_of": "title", "max_size": SIZE}, True),
        ({"clickable": True, "row_of": "title", "zone": LARGE}, False),
        ({"row_of": "title", "max_size": SIZE}, False),
    ],
)
def test_a_rule_must_tell_one_thing_from_the_others(rule: dict[str, Any], telling: bool) -> None:
    told = "elements.x rule 1: matches nearly everything: give it a text, an id, or an element beside it and a size"
    assert said(element("x", **rule)) == ([] if telling else [told])


def test_a_rule_for_other_apps_windows_has_an_id_or_a_text_and_a_lesson_has_none() -> None:
    told = "elements.x rule 1: looks at other apps' windows"
    assert said(element("x", id="a", package="android")) == []
    assert said(element("x", text="Go on", package="android")) == []
    beside = {"clickable": True, "row_of": "title", "max_size": SIZE, "package": "android"}
    assert said(element("x", **beside)) == [told]
    assert said(element("x", id="a", package="android"), lesson=True) == [told]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x", "Go on", []),
        ("x", " ", ["elements.x rule 1: an empty text reads nothing"]),
        ("x", "@next", []),
        ("x", "@post", [f"elements.x rule 1: the word post is {PUBLISH}"]),
        ("x", "@login", [f"elements.x rule 1: the word login is {STOP}"]),
        ("x", "Post", [f'elements.x rule 1: "Post" is {PUBLISH} (the word post)']),
        ("x", "Log in", [f'elements.x rule 1: "Log in" is {STOP} (the word login)']),
        (
            "x",
            "Delete draft",
            ['elements.x rule 1: a button that reads "Delete draft" may publish, pay or delete'],
        ),
        ("post_button", "@post", []),
        ("post_button", "Post", []),
        ("post_button", "Delete draft", []),
        ("login_text", "Log in", []),
        ("login_text", "Post", [f'elements.login_text rule 1: "Post" is {PUBLISH} (the word post)']),
    ],
)
def test_a_rule_reads_nothing_that_is_guarded_but_what_its_element_reads_already(
    name: str, text: str, told: list[str]
) -> None:
    assert said(element(name, text=text)) == told


@pytest.mark.parametrize("text", ["Delete draft", "Post", "@login"])
def test_what_only_tells_a_screen_for_a_person_may_read_anything(text: str) -> None:
    rules = {"x": [Rule(text=text)]}
    person = Screen(kind="human", layer=97, all=("x",), **ASKS_PERSON)
    assert said(file(elements=rules, screens={"asks_more": person})) == []
    some = msgspec.structs.replace(person, all=(), any=("x",))
    assert said(file(elements=rules, screens={"asks_more": some})) == []
    sheet = Screen(kind="interruption", layer=86, all=("cancel",), next=("x",))
    assert said(file(elements=rules, screens={"asks_more": person, "sheet_more": sheet})) != []
    usual = Screen(kind="interruption", layer=86, all=("x",), next=("cancel",))
    assert said(file(elements=rules, screens={"asks_more": usual})) != []
    known = file(
        elements={"title": [Rule(text=text)]},
        screens={"asks_more": msgspec.structs.replace(person, all=("title",))},
    )
    assert said(known) != []


# -- screens --------------------------------------------------------------------------------------------------------

ADDS = "screens.x: a lesson adds dialogs and screens for a person, and replaces nothing"


@pytest.mark.parametrize("name", ["login", "failed", "done", "running"])
def test_screens_that_stop_or_end_posts_stay_as_they_are(name: str) -> None:
    above = screen(name, kind="path", layer=50, all=("title",), off=True)
    assert said(above) == [f"screens.{name}: it stops or ends posts, and only the shipped file says how"]


@pytest.mark.parametrize("kind", ["success", "progress", "failure"])
def test_nothing_new_counts_as_proof_or_failure(kind: str) -> None:
    told = "screens.x: only the shipped file says what counts as proof or as a failure"
    assert said(screen("x", kind=kind, layer=50, all=("title",))) == [told]


def test_a_lesson_adds_sheets_and_screens_for_a_person_alone() -> None:
    assert said(interruption(), lesson=True) == []
    person = {"kind": "human", "layer": 97, "all": ("title",)}
    assert said(screen("x", **person, **ASKS_PERSON), lesson=True) == []
    told = ["screens.x: the error of a screen that a lesson adds is person_needed"]
    assert said(screen("x", **person, error=ErrorCode.ACCOUNT_BLOCKED), lesson=True) == told
    assert said(screen("x", **person, error=ErrorCode.ACCOUNT_BLOCKED)) == []
    assert said(screen("x", kind="path", layer=50, all=("title",)), lesson=True) == [ADDS]
    assert said(interruption(off=True), lesson=True) == [ADDS]
    sheet = screen("sheet", kind="interruption", layer=85, all=("cancel",), next=("cancel",))
    assert said(sheet, lesson=True) == [ADDS.replace("screens.x", "screens.sheet")]
    assert said(sheet) == []


def test_what_is_switched_off_must_be_there() -> None:
    off = {"kind": "interruption", "layer": 85, "off": True}
    assert said(screen("sheet", **off)) == []
    assert said(screen("x", **off)) == ["screens.x: there is no such screen to switch off"]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"phase": "after"}, ["screens.x: only the shipped file says what is answered after the publishing tap"]),
        ({"layer": 100}, ["screens.x: its layer must be below 100: above lie the screens that stop a post"]),
        ({"layer": 99}, []),
        ({"kind": "path", "layer": 100}, ["screens.x: its layer must be below 100: above lie the screens that stop a post"]),
        ({"all": ()}, ["screens.x: would fit every sheet: say with `all` what it shows"]),
        ({"all": (), "any": ("cancel",)}, []),
        ({"never": ("cancel",)}, ["screens.x: cancel stands in `next` and in `never`"]),
        ({"next": ("post_button",)}, ["screens.x: post_button publishes, and only the code behind the commit point may touch it"]),
        ({"next": ("age",)}, ["screens.x: age says what became of a post: it is not touched"]),
        ({"next": ("drafts",)}, ["screens.x: drafts stands under `never` of another screen"]),
        ({"next": ("drafts", "cancel", "age")}, [
            "screens.x: drafts stands under `never` of another screen", "screens.x: age says what became of a post: it is not touched",
        ]),
    ],
)  # fmt: skip
def test_a_sheet_that_is_added_lies_below_what_stops_a_post_and_touches_nothing_guarded(
    facts: dict[str, Any], told: list[str]
) -> None:
    assert said(interruption(**facts)) == told


def test_a_screen_for_a_person_may_lie_anywhere_and_touches_nothing() -> None:
    assert said(screen("x", kind="human", layer=120, next=("post_button",), **ASKS_PERSON)) == []


FORM = {
    "kind": "path",
    "layer": 50,
    "all": ("post_button",),
    "next": ("next_button",),
    "never": ("drafts", "remove"),
}
ASKS = {
    "kind": "interruption",
    "layer": 89,
    "all": ("late_button",),
    "next": ("late_button",),
    "phase": "after",
}
SIDE = {"kind": "path", "layer": 40, "all": ("title",), "asked_by": ("next_button",)}


@pytest.mark.parametrize(
    ("name", "facts", "told"),
    [
        ("form", FORM, []),
        ("asks", ASKS, []),
        ("side", SIDE, []),
        ("form", FORM | {"kind": "interruption"}, ["screens.form: it is of kind path, and stays that"]),
        ("asks", ASKS | {"phase": ""}, ["screens.asks: `phase` says when it may be answered, and stays as it is"]),
        ("asks", ASKS | {"phase": "posting"}, ["screens.asks: `phase` says when it may be answered, and stays as it is"]),
        ("form", FORM | {"never": ("remove",)}, ["screens.form: `never` has no drafts any more"]),
        ("form", FORM | {"never": ()}, ["screens.form: `never` has no drafts, remove any more"]),
        ("side", SIDE | {"asked_by": ()}, ["screens.side: `asked_by` may not go: the screen would count without being asked for"]),
        ("side", SIDE | {"asked_by": ("cancel",)}, []),
        ("form", FORM | {"all": ()}, []),
        ("form", FORM | {"layer": 100}, ["screens.form: its layer must be below 100: above lie the screens that stop a post"]),
        ("form", FORM | {"layer": 51}, []),
        ("form", FORM | {"next": ("next_button", "late_button")},
         ["screens.form: late_button publishes, and only the code behind the commit point may touch it"]),
    ],
)  # fmt: skip
def test_a_screen_that_is_replaced_keeps_what_makes_it_safe(
    name: str, facts: dict[str, Any], told: list[str]
) -> None:
    assert said(screen(name, **facts)) == told


def test_a_screen_that_lies_high_in_the_shipped_file_may_stay_there() -> None:
    high = {"kind": "path", "layer": 105, "all": ("title",)}
    base = msgspec.structs.replace(BASE, screens={**BASE.screens, "high": Screen(**high)})
    assert objections(base, screen("high", **high)) == []
    assert len(objections(base, screen("high", **(high | {"layer": 106})))) == 1


def test_each_objection_is_raised_once() -> None:
    above = file(words={"next": [{"nl": ["Delete it all", "Delete it all"]}]})
    assert len(said(above)) == 1
