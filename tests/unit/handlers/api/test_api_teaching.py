"""The calls of teaching: what waits, proposals, lessons, export and import, languages; refusals name their field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.http_side import HttpSide
from tests.support.teaching import drawn_xml, keep, sheet

GO_ON = drawn_xml("tiktok", "editor", {"Next": "Go on"})
PROMOTION = drawn_xml("tiktok", "editor", over=sheet("Season of lights", "Join the fun", "Another day"))


class Hub:
    def __init__(self, side: HttpSide) -> None:
        self.side = side
        keep(side.rehearsals.reports, GO_ON, PROMOTION)

    def call(self, method: str, path: str, code: int = 0, **body: Any) -> Any:
        answer = self.side.client.call(method, f"/api/v1{path}", body or None)
        assert answer.json["code"] == code, answer.text
        return answer.json["data"]

    def node(self, screen: str, label: str) -> int:
        nodes = self.call("GET", f"/teach/screens/{screen}")["nodes"]
        return next(n["node"] for n in nodes if label in (n["text"], n["desc"]))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with HttpSide(tmp_path_factory.mktemp("hub")) as side:
        yield Hub(side)


@pytest.fixture(autouse=True)
def _forget(hub: Hub) -> Iterator[None]:
    yield
    for lesson in hub.call("GET", "/taught")["taught"]:
        hub.call("DELETE", f"/taught/{lesson['id']}")


def test_what_waits_is_listed_with_its_picture_and_tree(hub: Hub) -> None:
    screens = hub.call("GET", "/teach/screens?platform=tiktok&serial=PHONE1")["screens"]
    assert {s["id"]: (s["read_as"], s["kind"], s["taught"]) for s in screens} == {
        "rehearsal-1-01": ("", "unknown", False),
        "rehearsal-1-02": ("some_sheet", "interruption", False),
    }
    assert screens[0]["tree"] == "/api/v1/rehearsals/1/02.xml"
    assert hub.call("GET", "/teach/screens?platform=instagram")["total"] == 0


def test_a_screen_is_shown_with_its_nodes_and_what_may_be_named(hub: Hub) -> None:
    shown = hub.call("GET", "/teach/screens/rehearsal-1-01")
    by_text = {n["text"] or n["desc"]: n for n in shown["nodes"]}
    assert by_text["Your Story"]["never"]
    assert not by_text["Go on"]["never"]
    assert {
        k: v
        for k, v in next(e for e in shown["elements"] if e["name"] == "editor_next").items()
        if k != "sentence"
    } == {"screen": "editor", "name": "editor_next", "never": False}
    assert {"name": "editor", "kind": "path", "sentence": "editor"} in shown["screens"]
    assert shown["size"] == [1080, 2400]


def test_a_lesson_is_proposed_taught_switched_and_forgotten(hub: Hub) -> None:
    lesson = {
        "screen": "rehearsal-1-01",
        "means": "element",
        "node": hub.node("rehearsal-1-01", "Go on"),
        "name": "editor_next",
    }
    made = hub.call("POST", "/teach/proposals", **lesson)
    assert (made["steadiness"], made["reads"], made["changed"], made["refused"]) == ("text", "editor", [], [])
    assert made["known_screens"] == 15
    assert [a["rule"] for a in made["alternatives"]] == [1, 2, 3]
    taught = hub.call("POST", "/taught", **lesson)
    assert (taught["on"], taught["by"], taught["means"]) == (True, "this box", "element")
    assert hub.call("GET", "/teach/screens")["screens"][1]["taught"]
    off = hub.call("PATCH", f"/taught/{taught['id']}", on=False)
    assert not off["on"]
    assert not hub.call("GET", "/teach/screens")["screens"][1]["taught"]
    assert hub.call("PATCH", f"/taught/{taught['id']}", on=True)["on"]
    assert hub.call("DELETE", f"/taught/{taught['id']}") == {}
    hub.call("DELETE", f"/taught/{taught['id']}", 40401)


def test_a_refused_lesson_names_every_reason(hub: Hub) -> None:
    lesson = {
        "screen": "rehearsal-1-01",
        "means": "element",
        "node": hub.node("rehearsal-1-01", "Your Story"),
        "name": "editor_next",
    }
    assert hub.call("POST", "/teach/proposals", **lesson)["refused"]
    (error, *_) = hub.call("POST", "/taught", 40001, **lesson)["errors"]
    assert error["field"] == "node"
    assert "publishing button" in error["problem"]
    assert hub.call("GET", "/taught")["total"] == 0


def test_lessons_go_to_another_hub_as_a_screens_file(hub: Hub) -> None:
    hub.call(
        "POST",
        "/taught",
        screen="rehearsal-1-02",
        means="dialog",
        node=hub.node("rehearsal-1-02", "Another day"),
    )
    text = hub.side.client.call("GET", "/api/v1/taught/export?platform=tiktok").text
    assert "[screens.taught_dialog_" in text
    again = hub.call("POST", "/taught/import", platform="tiktok", toml=text, dry_run=True)
    assert (again["lessons"], again["imported"]) == ([], False), "they are here already"
    for lesson in hub.call("GET", "/taught")["taught"]:
        hub.call("DELETE", f"/taught/{lesson['id']}")
    taken = hub.call("POST", "/taught/import", platform="tiktok", toml=text)
    assert ([one["means"] for one in taken["lessons"]], taken["imported"]) == (["imported"], True)
    assert hub.call("GET", "/teach/screens")["screens"][0]["taught"]


@pytest.mark.parametrize(
    "toml",
    [
        '[words]\nnext = [{ en = "Post" }]',
        "[words",
        'covered = ["nl"]',
        "[elements]\nx = [{ clickable = true }]",
        "# nothing",
    ],
)
def test_an_import_is_judged_as_a_lesson_is(hub: Hub, toml: str) -> None:
    errors = hub.call("POST", "/taught/import", 40001, platform="tiktok", toml=toml)["errors"]
    assert errors[0]["field"] == "toml"
    assert hub.call("GET", "/taught")["total"] == 0


def test_a_word_without_a_wording_keeps_no_screen_from_being_shown(hub: Hub) -> None:
    hub.call("POST", "/taught/import", platform="tiktok", toml="[words]\ncounter = [{ en = [] }]")
    assert hub.call("GET", "/teach/screens/rehearsal-1-01")["elements"]


def test_a_language_says_what_it_lacks_and_takes_it(hub: Hub) -> None:
    (dutch,) = hub.call("GET", "/teach/languages?platform=tiktok&language=nl")["languages"]
    assert (dutch["name"], dutch["covered"], dutch["given"]) == ("Dutch", False, [])
    missing = {m["word"]: m["kind"] for m in dutch["missing"]}
    assert missing["login"] == "stop"
    assert missing["post"] == "publish"
    given = hub.call(
        "POST", "/teach/words", platform="tiktok", language="nl", words={"login": ["Log in bij TikTok"]}
    )
    assert ("login" in given["missing"], given["covered"]) == (False, False)
    (dutch,) = hub.call("GET", "/teach/languages?platform=tiktok&language=nl")["languages"]
    assert [(g["word"], g["texts"], g["id"]) for g in dutch["given"]] == [
        ("login", ["Log in bij TikTok"], given["taught"][0]["id"])
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"language": "en", "words": {"login": ["x"]}}, "language"),
        ({"language": "NL", "words": {"login": ["x"]}}, "language"),
        ({"language": "nl", "words": {"post": ["Plaatsen"]}}, "words.post"),
        ({"language": "nl", "words": {"age_now": ["zojuist"]}}, "words.age_now"),
        ({"language": "nl", "words": {"login": []}}, "words"),
        ({"language": "nl", "words": {"login": [7]}}, "words.login"),
        ({"language": "nl", "words": {"login": ["/.*/"]}}, "words"),
        ({"language": "nl", "words": {"login": ["x" * 161]}}, "words.login"),
    ],
)
def test_words_that_are_no_such_words_are_refused(hub: Hub, body: dict[str, Any], field: str) -> None:
    errors = hub.call("POST", "/teach/words", 40001, platform="tiktok", **body)["errors"]
    assert errors[0]["field"] == field
    assert hub.call("GET", "/taught")["total"] == 0


@pytest.fixture
def dutch_editor(hub: Hub) -> str:
    (screen,) = keep(
        hub.side.rehearsals.reports,
        drawn_xml("tiktok", "editor", {"Next": "Volgende", "Your Story": "Jouw verhaal"}),
        language="nl",
    )
    return screen


def test_the_texts_of_a_screen_in_another_language_are_taught_together(hub: Hub, dutch_editor: str) -> None:
    (unread, *_) = hub.call("GET", f"/teach/screens/{dutch_editor}")["unread"]
    assert unread["screen"] == "editor"
    assert [text["element"] for text in unread["texts"] if text["needed"]] == ["editor_next", "your_story"]
    assert unread["texts"][1]["sentence"] == 'your story: reads "Your Story" in English'
    texts = {
        "editor_next": hub.node(dutch_editor, "Volgende"),
        "your_story": hub.node(dutch_editor, "Jouw verhaal"),
    }
    tried = hub.call("POST", "/taught/texts", screen=dutch_editor, texts=texts, dry_run=True)
    assert (len(tried["taught"]), hub.call("GET", "/taught")["total"]) == (2, 0)
    taught = hub.call("POST", "/taught/texts", screen=dutch_editor, texts=texts)
    assert {one["name"] for one in taught["taught"]} == texts.keys()
    assert "post" in taught["missing"]
    assert hub.call("GET", f"/teach/screens/{dutch_editor}")["screen"]["read_as"] == "editor"
    assert hub.call("GET", "/teach/screens/rehearsal-1-01")["unread"] == [], "English is covered"


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({}, "texts"),
        ({f"e{n}": n for n in range(41)}, "texts"),
        ({"no_such_element": 3}, "texts.no_such_element.name"),
        ({"editor_next": 100_000}, "texts.editor_next.node"),
        ({"editor_next": 0}, "texts.editor_next"),
    ],
)
def test_texts_that_are_none_are_refused(
    hub: Hub, dutch_editor: str, texts: dict[str, int], field: str
) -> None:
    errors = hub.call("POST", "/taught/texts", 40001, screen=dutch_editor, texts=texts)["errors"]
    assert errors[0]["field"].startswith(field)
    assert hub.call("GET", "/taught")["total"] == 0


def test_a_stranger_teaches_nothing(hub: Hub) -> None:
    for path in ("/taught", "/taught/texts", "/teach/proposals", "/taught/import", "/teach/words"):
        answer = hub.side.client.call("POST", f"/api/v1{path}", {}, peer="192.0.2.7")
        assert answer.json["code"] == 40101
