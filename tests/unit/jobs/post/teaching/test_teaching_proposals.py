"""Which rules a lesson may become, the steadiest first, and what a person is told where it becomes none."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.phone.screen.tree import parse_xml
from jobs.post.screens.recognise import recognise
from jobs.post.screens.screens_file import Rule, Screen
from jobs.post.screens.vocabularies import shipped_file, shipped_vocabulary
from jobs.post.teaching.kept_screens import KeptScreen
from jobs.post.teaching.lessons import Lesson, Wish
from jobs.post.teaching.proposals import Proposal, Proposals, Refused
from storage.error_codes import ErrorCode
from tests.support.teaching import drawn_xml, sheet

PACKAGE = "com.zhiliaoapp.musically"
GO_ON = drawn_xml("tiktok", "editor", {"Next": "Go on"})
PROMOTION = drawn_xml("tiktok", "editor", over=sheet("Season of lights", "Join the fun", "Another day"))
SEEN = "taught from rehearsal-1-01, version 48.2.0"


def made(
    xml: str,
    means: str,
    label: str = "",
    *,
    node: int | None = None,
    language: str = "en",
    version: str = "48.2.0",
    **wish: Any,
) -> list[Proposal]:
    """What a wish about the node with this label may become."""
    tree = parse_xml(xml)
    sight = recognise(tree, shipped_vocabulary("tiktok"), app_version=version)
    labelled = (
        n for n, one in enumerate(tree.nodes) if label and label in (one.text, one.content_desc, one.hint)
    )
    place = next(labelled, -1) if node is None else node
    kept = KeptScreen(
        id="rehearsal-1-01", source="rehearsal", source_id=1, file="01.xml", picture="01.png", serial="PHONE1", platform="tiktok",
        app_version=version, language=language, read_as="", kind="unknown", sentence="", taken_at=0.0,
    )  # fmt: skip
    said: Any = Wish(screen=kept.id, means=means, node=place, **wish)  # type: ignore[arg-type]
    proposals = Proposals(said, kept, sight, trusted=shipped_file("tiktok"), language=language, number=7)
    return proposals.all()


def refused(xml: str, means: str, label: str = "", **more: Any) -> tuple[str, str]:
    """The field that is wrong, and what is said of it."""
    with pytest.raises(Refused) as said:
        made(xml, means, label, **more)
    return said.value.field, str(said.value)


def page(*nodes: str) -> str:
    return f'<hierarchy><node package="{PACKAGE}" class="android.view.View" bounds="[0,0][1000,2000]">{"".join(nodes)}</node></hierarchy>'


def node(box: str, inner: str = "", cls: str = "TextView", **attributes: str) -> str:
    said = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<node package="{PACKAGE}" class="android.widget.{cls}" bounds="{box}"{said}>{inner}</node>'


FACTS: dict[str, Any] = {
    "id": 7, "screen": "rehearsal-1-01", "picture": "01.png", "app_version": "48.2.0", "source": "rehearsal", "source_id": 1,
}  # fmt: skip


# -- an element that is found elsewhere -----------------------------------------------------------------------------


def test_a_renamed_button_is_one_more_wording_or_found_by_its_text_its_id_or_its_place() -> None:
    facts = FACTS | {"means": "element", "name": "editor_next", "language": "en"}
    wide = (0.587, 0.758, 0.887, 1.0)
    place = Rule(
        cls="TextView", labelled=True, zone=(0.677, 0.848, 0.797, 0.968), max_size=(0.105, 0.029), seen=SEEN
    )
    assert made(GO_ON, "element", "Go on", name="editor_next") == [
        Proposal(
            Lesson(
                sentence='"Go on" is one more wording of "next", by which editor_next and others are found',
                words={"next": [{"en": "Go on", "seen": SEEN}]}, **facts,
            ),
            "text", "editor_next",
        ),
        Proposal(
            Lesson(
                sentence='the text "Go on" in this part of the screen is editor_next',
                elements={"editor_next": [Rule(text="Go on", editable=False, zone=wide, seen=SEEN)]}, **facts,
            ),
            "text", "editor_next",
        ),
        Proposal(
            Lesson(
                sentence="the node with the id ntq is editor_next, in version 48.2.0",
                elements={"editor_next": [Rule(id="ntq", versions=("48.2.0",), zone=wide, seen=SEEN)]}, **facts,
            ),
            "id", "editor_next",
        ),
        Proposal(
            Lesson(
                sentence="what stands in this place, and looks alike, is editor_next",
                elements={"editor_next": [place]}, **facts,
            ),
            "structure", "editor_next",
        ),
    ]  # fmt: skip


def test_without_a_version_no_id_is_proposed_and_the_version_is_called_unknown() -> None:
    found = made(GO_ON, "element", "Go on", name="editor_next", version="")
    assert [one.steadiness for one in found] == ["text", "text", "structure"]
    assert found[0].lesson.words["next"][0]["seen"] == "taught from rehearsal-1-01, version unknown"


def test_in_a_language_that_is_not_covered_only_words_are_taught() -> None:
    (only,) = made(GO_ON, "element", "Go on", name="editor_next", language="nl")
    assert only.lesson.words == {"next": [{"nl": "Go on", "seen": SEEN}]}


def test_a_description_is_found_as_one() -> None:
    xml = page(node("[100,100][300,200]", content_desc="Do it", clickable="true"))
    found = made(xml, "element", "Do it", name="editor_next")
    assert [list(one.lesson.elements.get("editor_next", []))[:1] for one in found] == [
        [],
        [Rule(desc="Do it", editable=False, zone=(0.05, 0.0, 0.35, 0.225), seen=SEEN)],
        [
            Rule(
                cls="TextView", clickable=True, labelled=True, zone=(0.14, 0.015, 0.26, 0.135), max_size=(0.26, 0.065), seen=SEEN
            )
        ],
    ]  # fmt: skip
    assert found[1].lesson.sentence == 'the desc "Do it" in this part of the screen is editor_next'


def test_what_stands_in_a_field_was_typed_and_its_hint_is_not() -> None:
    xml = page(
        node(
            "[100,100][900,200]", cls="EditText", text="My words", hint="Say something", content_desc="field"
        )
    )
    found = made(xml, "element", "Say something", name="description_field")
    assert found[0].lesson.words == {"description_hint": [{"en": "Say something", "seen": SEEN}]}
    assert [one.steadiness for one in found] == ["text", "structure"]
    assert found[-1].lesson.elements["description_field"][0].editable is True
    bare = page(node("[100,100][900,200]", cls="EditText", text="Say something"))
    assert made(bare, "element", "Say something", name="description_field")[0].lesson.words == {
        "description_hint": [{"en": "Say something", "seen": SEEN}]
    }


def test_a_node_that_says_nothing_is_found_by_its_place_alone() -> None:
    (only,) = made(page(node("[100,100][300,200]")), "element", node=1, name="editor_next")
    assert only.steadiness == "structure"
    assert only.lesson.elements["editor_next"][0].labelled is False


def test_zones_and_sizes_stay_within_the_screen() -> None:
    xml = page(node("[0,0][1000,2000]", text="Everything"))
    rule = made(xml, "element", "Everything", name="editor_next")[-1].lesson.elements["editor_next"][0]
    assert (rule.zone, rule.max_size) == ((0.44, 0.44, 0.56, 0.56), (1.0, 1.0))
    corner = made(page(node("[0,0][10,20]", text="Corner")), "element", "Corner", name="editor_next")
    assert [one.lesson.elements["editor_next"][0].zone for one in corner[1:]] == [
        (0.0, 0.0, 0.155, 0.155),
        (0.0, 0.0, 0.065, 0.065),
    ]
    low = made(page(node("[990,1980][1000,2000]", text="Corner")), "element", "Corner", name="editor_next")
    assert low[1].lesson.elements["editor_next"][0].zone == (0.845, 0.845, 1.0, 1.0)


def test_a_box_speaks_by_the_only_label_in_it() -> None:
    label = node("[110,110][290,190]", text="Do it")
    box = node("[100,100][300,200]", label, cls="FrameLayout")
    assert (
        made(page(box), "element", node=1, name="editor_next")[1].lesson.elements["editor_next"][0].text
        == "Do it"
    )
    twice = node(
        "[100,100][300,200]", label + node("[110,150][290,190]", content_desc="do it"), cls="FrameLayout"
    )
    assert (
        made(page(twice), "element", node=1, name="editor_next")[1].lesson.elements["editor_next"][0].text
        == "Do it"
    )
    other = node("[100,100][300,200]", label + node("[110,150][290,190]", text="No"), cls="FrameLayout")
    assert [one.steadiness for one in made(page(other), "element", node=1, name="editor_next")] == [
        "structure"
    ]
    hidden = node(
        "[100,100][300,200]", node("[110,110][290,190]", text="Do it", displayed="false"), cls="FrameLayout"
    )
    assert [one.steadiness for one in made(page(hidden), "element", node=1, name="editor_next")] == [
        "structure"
    ]
    own = node("[100,100][300,200]", label, cls="FrameLayout", text="Mine")
    assert (
        made(page(own), "element", node=1, name="editor_next")[1].lesson.elements["editor_next"][0].text
        == "Mine"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [("  two \n lines  ", "two lines"), ("a\u2028b", "a b"), ("x" * 160, "x" * 160), ("x" * 161, "")],
)
def test_texts_stand_in_one_line_of_a_hundred_and_sixty_characters(text: str, shown: str) -> None:
    xml = page(node("[100,100][900,200]", text=text.replace("\n", "&#10;")))
    found = made(xml, "element", node=1, name="editor_next")
    words = [one.lesson.words["next"][0]["en"] for one in found if one.lesson.words]
    assert words == ([shown] if shown else [])


# -- translations ---------------------------------------------------------------------------------------------------

COUNTED = drawn_xml("tiktok", "picker", {"Next": "Verder (3)"})


def test_a_translation_is_a_wording_and_its_numbers_may_be_left_open() -> None:
    facts = FACTS | {"means": "translation", "name": "picker_next", "language": "nl"}
    pattern = r"/^verder\ \(\d+\)$/"
    assert made(COUNTED, "translation", "Verder (3)", language="nl", name="picker_next") == [
        Proposal(
            Lesson(
                sentence=f'"{text}" is one more wording of "next", by which picker_next and others are found',
                words={"next": [{"nl": text, "seen": SEEN}]},
                **facts,
            ),
            "text",
            "picker_next",
        )
        for text in ("Verder (3)", pattern)
    ]


def test_a_word_that_reads_no_numbers_leaves_none_open() -> None:
    xml = drawn_xml("tiktok", "post_screen", {"More options": "Opties 2"})
    found = made(xml, "translation", "Opties 2", language="nl", name="ai_label_text")
    assert [one.lesson.words for one in found] == [{"ai_content": [{"nl": "Opties 2", "seen": SEEN}]}]


def test_each_word_is_proposed_once_though_several_rules_read_it() -> None:
    xml = page(node("[100,100][300,200]", text="Thuis", content_desc="Thuis"))
    found = made(xml, "translation", "Thuis", language="nl", name="home_tab")
    assert [one.lesson.words for one in found] == [{"home": [{"nl": "Thuis", "seen": SEEN}]}]


def test_what_is_no_translation_is_told() -> None:
    told = "'en' is known to the shipped files: teach the element, not a translation"
    assert refused(GO_ON, "translation", "Go on", name="editor_next") == ("language", told)
    told = "picker_cells is found without any word: there is nothing to translate"
    assert refused(COUNTED, "translation", "Verder (3)", language="nl", name="picker_cells") == ("name", told)


# -- what is not there ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("means", ["element", "translation", "dialog"])
def test_a_node_must_be_meant(means: str) -> None:
    told = "is missing: say which node of the picture is meant"
    assert refused(GO_ON, means, name="editor_next", language="nl") == ("node", told)


def test_a_node_that_is_not_in_the_picture_is_told() -> None:
    last = len(parse_xml(GO_ON).nodes) - 1
    told = f"must be between 0 and {last}"
    assert refused(GO_ON, "element", node=last + 1, name="editor_next") == ("node", told)
    assert refused(GO_ON, "element", node=-2, name="editor_next") == ("node", told)
    assert made(GO_ON, "element", node=last, name="editor_next")
    assert made(GO_ON, "element", node=0, name="editor_next")


def test_an_element_that_is_not_known_is_told() -> None:
    assert refused(GO_ON, "element", "Go on", name="nobody") == ("name", "there is no element 'nobody'")
    assert refused(GO_ON, "element", "Go on") == ("name", "is missing: say which element it is")


def test_a_node_at_which_nothing_could_be_found_again_is_told() -> None:
    xml = page(node("[100,100][300,200]"))
    told = "nothing at this node could be found again: it has no text, no id and no place of its own"
    assert refused(xml, "element", node=1, name="editor_next", language="nl") == ("node", told)


# -- sheets ---------------------------------------------------------------------------------------------------------


def test_a_sheet_is_told_by_its_heading_and_closed_by_the_text_or_the_place_of_its_button() -> None:
    facts = FACTS | {"means": "dialog", "name": "taught_dialog_7", "language": "en"}
    head = Rule(text="Season of lights", place="dialog", editable=False, seen=SEEN)
    by_text = Rule(label="Another day", editable=False, place="button", seen=SEEN)
    by_place = Rule(
        cls="Button",
        clickable=True,
        labelled=True,
        zone=(0.44, 0.74, 0.56, 0.86),
        max_size=(1.0, 0.065),
        seen=SEEN,
    )
    shown = Screen(
        kind="interruption", layer=96, cover=True, all=("taught_dialog_7_text", "taught_dialog_7_close"),
        next=("taught_dialog_7_close",), seen=SEEN,
    )  # fmt: skip
    assert made(PROMOTION, "dialog", "Another day") == [
        Proposal(
            Lesson(
                sentence=f'where a sheet or dialog is headed "Season of lights", {does} and goes on',
                elements={"taught_dialog_7_text": [head], "taught_dialog_7_close": [close]},
                screens={"taught_dialog_7": shown},
                **facts,
            ),
            steadiness,
            "taught_dialog_7_close",
        )
        for steadiness, close, does in (
            ("text", by_text, 'touches "Another day"'),
            ("structure", by_place, "touches what stands in this place"),
        )
    ]


def test_a_button_with_an_id_is_found_by_it_in_its_version() -> None:
    xml = PROMOTION.replace(
        'text="Another day" content-desc="" resource-id=""',
        'text="Another day" content-desc="" resource-id="x:id/later"',
    )
    assert xml != PROMOTION
    found = made(xml, "dialog", "Another day")
    assert [one.steadiness for one in found] == ["text", "id", "structure"]
    rule = found[1].lesson.elements["taught_dialog_7_close"][0]
    assert (rule.id, rule.versions, rule.zone) == ("later", ("48.2.0",), (0.35, 0.65, 0.65, 0.95))
    assert "touches the node with the id later and goes on" in found[1].lesson.sentence
    assert [one.steadiness for one in made(xml, "dialog", "Another day", version="")] == ["text", "structure"]


def test_a_text_that_is_no_button_is_found_in_its_part_of_the_screen() -> None:
    rule = made(PROMOTION, "dialog", "What it is about")[0].lesson.elements["taught_dialog_7_close"][0]
    assert (rule.label, rule.place, rule.zone) == ("What it is about", "", (0.35, 0.5, 0.65, 0.8))
    assert len(made(PROMOTION, "dialog", "What it is about")) == 1, (
        "what takes no touch is not touched by its place"
    )


@pytest.mark.parametrize(
    ("xml", "label", "field", "told"),
    [
        (GO_ON, "Go on", "screen", "no sheet or dialog lies over the app here; a page is left by the flow, not closed"),
        (PROMOTION, "Your Story", "node", "is not part of the sheet or dialog that lies on top"),
        (PROMOTION, "Season of lights", "node", "is the heading of the sheet: choose what closes it"),
    ],
)  # fmt: skip
def test_what_closes_no_sheet_is_told(xml: str, label: str, field: str, told: str) -> None:
    assert refused(xml, "dialog", label) == (field, told)


def test_a_sheet_that_stops_or_ends_a_post_is_closed_by_no_lesson() -> None:
    xml = drawn_xml("tiktok", "editor", over=sheet("Log in to TikTok", "Use phone or email", "Another day"))
    told = "this screen is login, which no lesson may close"
    assert refused(xml, "dialog", "Another day") == ("screen", told)


# -- screens for a person -------------------------------------------------------------------------------------------


def test_a_sheet_may_stop_the_post_for_a_person() -> None:
    facts = FACTS | {"means": "person", "name": "taught_person_7", "language": "en"}
    for sentence, says in (("  Ask the boss ", "Ask the boss"), ("", 'the app shows "Season of lights"')):
        assert made(PROMOTION, "person", sentence=sentence) == [
            Proposal(
                Lesson(
                    sentence='where it says "Season of lights", the post stops and a person is asked',
                    elements={
                        "taught_person_7_text": [Rule(text="Season of lights", editable=False, place="dialog", seen=SEEN)]
                    },
                    screens={
                        "taught_person_7": Screen(
                            kind="human", layer=97, all=("taught_person_7_text",), error=ErrorCode.PERSON_NEEDED, says=says, seen=SEEN
                        )
                    },
                    **facts,
                ),
                "text",
                "taught_person_7_text",
            )
        ]  # fmt: skip


def test_the_text_that_a_person_points_at_tells_it_and_a_node_without_one_leaves_it_to_the_heading() -> None:
    xml = page(node("[100,100][900,200]", text="Confirm your age"), node("[100,300][900,400]", text="Later"))
    (found,) = made(xml, "person", "Later")
    assert found.lesson.elements["taught_person_7_text"][0].text == "Later"
    described = PROMOTION.replace(
        'text="Join the fun" content-desc=""', 'text="" content-desc="Join the fun"'
    )
    (found,) = made(described, "person", "Join the fun")
    assert found.lesson.elements["taught_person_7_text"][0].text == "Season of lights"


def test_on_a_page_of_the_apps_own_its_heading_tells_it() -> None:
    xml = page(node("[100,100][900,200]", text="Confirm your age"), node("[100,300][900,400]", text="Later"))
    (found,) = made(xml, "person")
    rule = found.lesson.elements["taught_person_7_text"][0]
    assert (rule.text, rule.place) == ("Confirm your age", "app")


def test_a_page_without_words_tells_nothing() -> None:
    told = "nothing is written here by which the page could be told"
    assert refused(page(node("[100,100][900,200]")), "person") == ("screen", told)
    assert refused(page(node("[100,100][900,200]", cls="EditText", text="typed")), "person") == (
        "screen",
        told,
    )
    bare = drawn_xml("tiktok", "editor", over=sheet("", "Another day")).replace("What it is about", "")
    bare = bare.replace('text="Another day" content-desc=""', 'text="" content-desc="Another day"')
    told = "nothing is written here by which the sheet or dialog could be told"
    assert refused(bare, "person") == ("screen", told)


def test_where_people_write_no_text_stops_a_post() -> None:
    xml = drawn_xml("tiktok", "home", {"Home": "Start"})
    nodes = parse_xml(xml).nodes
    place = next(n for n, one in enumerate(nodes) if one.text and one.bounds[1] > 1200)
    field, told = refused(xml, "person", node=place)
    assert field == "node"
    assert (
        told
        == f'"{nodes[place].text}" stands where people\'s texts stand: every post that says so would be stopped'
    )


def test_a_screen_that_says_what_became_of_a_post_is_no_screen_for_a_person() -> None:
    xml = drawn_xml("tiktok", "home", over=node("[0,100][200,200]", text="40%"))
    told = "this screen is uploading, which says what became of a post"
    assert refused(xml, "person", "40%") == ("screen", told)
