"""What an addition does to screens that are known, on drawn trees: other names, other touches, and what it must not reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from jobs.phone.screen.tree import UiTree, parse_xml
from jobs.post.screens.checks.readings import (
    Change,
    KnownTree,
    Readings,
    changed_elements,
    compare,
    guarded_nodes,
    publishing_nodes,
)
from jobs.post.screens.labels import Label
from jobs.post.screens.recognise import recognise
from jobs.post.screens.screens_file import Rule, Screen, Vocabulary

PACKAGE = "com.zhiliaoapp.musically"
#: id -> the text on it and its box; each test draws some of them.
Nodes = Mapping[str, tuple[str, tuple[int, int, int, int]]]
TITLE = {"title": ("Create", (0, 0, 1000, 100))}
NEXT = {"next": ("Go on", (800, 900, 1000, 1000))}
BACK = {"back": ("Back", (0, 900, 200, 1000))}


def drawn(*nodes: Nodes, field: bool = False) -> UiTree:
    """A screen of 1000 by 1000 with these nodes, each with its id; `field`: a text field stands on it, too."""
    lines = [
        f'<node resource-id="{PACKAGE}:id/{name}" text="{text}" package="{PACKAGE}" clickable="true"'
        f' class="android.widget.Button" bounds="[{x1},{y1}][{x2},{y2}]"/>'
        for one in nodes
        for name, (text, (x1, y1, x2, y2)) in one.items()
    ]
    if field:
        lines.append(
            f'<node class="android.widget.EditText" package="{PACKAGE}" bounds="[0,200][1000,400]"/>'
        )
    root = f'<node package="{PACKAGE}" class="android.view.View" bounds="[0,0][1000,1000]">'
    return parse_xml(f"<hierarchy>{root}{''.join(lines)}</node></hierarchy>")


def vocabulary(
    elements: Mapping[str, Sequence[Rule]] | None = None,
    screens: Mapping[str, Screen] | None = None,
    words: Mapping[str, Label] | None = None,
) -> Vocabulary:
    """An app with a screen "way" that is told by its title and touched at its "next"; more elements and screens by choice."""
    known: dict[str, tuple[Rule, ...]] = {
        name: (Rule(id=name),)
        for name in ("title", "next", "back", "post", "sent", "handle", "verify", "never")
    }
    known.update({name: tuple(rules) for name, rules in (elements or {}).items()})
    shown = {
        "asks": Screen(kind="human", layer=90, all=("verify",), none=("home",)),
        "way": Screen(kind="path", layer=50, all=("title",), next=("next",), never=("never",)),
    } | dict(screens or {})
    known.setdefault("home", (Rule(id="home"),))
    return Vocabulary(
        platform="tiktok",
        packages=(PACKAGE,),
        covered=("en",),
        words=dict(words or {}),
        elements=known,
        screens=tuple(sorted(shown.items(), key=lambda one: -one[1].layer)),
        publishing=("post",),
        proof=("sent",),
        account=("handle",),
    )


def tells(*trees: UiTree, before: Vocabulary | None = None, after: Vocabulary, **more: Any) -> Readings:
    before = before or vocabulary()
    known = [KnownTree(f"screen {number}", tree) for number, tree in enumerate(trees, 1)]
    return compare(before, after, changed_elements(before, after), known, **more)


def extra(**rule: Any) -> Vocabulary:
    """The same app with one more rule of "back", an element that is touched."""
    return touched({"back": [Rule(id="back"), Rule(**rule)]})


def touched(elements: Mapping[str, Sequence[Rule]], **screens: Screen) -> Vocabulary:
    """With a screen more, which is never there, so that "back" counts as touched."""
    return vocabulary(
        elements, {"other": Screen(kind="path", layer=40, all=("home",), next=("back",))} | screens
    )


BEFORE = touched({})

# -- what is changed ------------------------------------------------------------------------------------------------


def test_elements_are_changed_by_their_rules_and_by_the_words_that_they_read() -> None:
    words = {"go": Label("go", ["Go"]), "stay": Label("stay", ["Stay"])}
    rules = {
        "a": [Rule(text="@go")],
        "b": [Rule(text=("x", "@stay"))],
        "c": [Rule(text="go")],
        "d": [Rule(id="d")],
    }
    before = vocabulary(rules, words=words)
    assert changed_elements(before, vocabulary(rules, words=words)) == set()
    more = words | {"go": Label("go", ["Go", "Los"])}
    assert changed_elements(before, vocabulary(rules, words=more)) == {"a"}
    new_word = {**words, "new": Label("new", ["New"])}
    later = {**rules, "d": [Rule(id="d"), Rule(id="e")], "e": [Rule(text="@new")]}
    assert changed_elements(before, vocabulary(later, words=new_word)) == {"d", "e"}


# -- names ----------------------------------------------------------------------------------------------------------


def dialog(name: str = "title") -> Vocabulary:
    return vocabulary(screens={"added": Screen(kind="path", layer=60, all=(name,), next=("next",))})


def test_a_screen_that_would_have_another_name_is_a_contradiction() -> None:
    found = tells(drawn(TITLE, NEXT), after=dialog())
    assert found.changed == [Change("screen 1", "way", "added")]
    assert found.refused == ["it contradicts a known screen: screen 1 is way, and would be added"]
    assert found.recognised == []


def test_a_screen_that_would_have_no_name_any_more_is_one_too_but_for_an_operator() -> None:
    lost = vocabulary(screens={"way": Screen(kind="path", layer=50, all=("title", "nothing"), next=("next",))},
                      elements={"nothing": [Rule(id="nothing")]})  # fmt: skip
    found = tells(drawn(TITLE, NEXT), after=lost)
    assert found.refused == ["it contradicts a known screen: screen 1 is way, and would be unknown"]
    assert tells(drawn(TITLE, NEXT), after=lost, operator=True).refused == []
    assert tells(drawn(TITLE, NEXT), after=dialog(), operator=True).changed == [
        Change("screen 1", "way", "added")
    ]


def test_the_screen_that_the_lesson_is_about_may_change() -> None:
    found = tells(drawn(TITLE, NEXT), drawn(TITLE, BACK), after=dialog(), allowed=("screen 1",))
    assert [change.screen for change in found.changed] == ["screen 2"]


def test_an_unknown_screen_that_gets_a_name_is_recognised() -> None:
    found = tells(drawn(BACK), drawn(NEXT), after=dialog("back"))
    assert (found.recognised, found.changed, found.refused) == (["screen 1"], [], [])


def test_a_sheet_that_nobody_knew_may_get_a_name() -> None:
    sheets = {"some_sheet": Screen(kind="interruption", layer=10, all=("back",))}
    before = vocabulary(screens=sheets)
    after = vocabulary(screens=sheets | {"added": Screen(kind="path", layer=60, all=("back",))})
    assert tells(drawn(BACK), before=before, after=after).recognised == ["screen 1"]


def test_an_apps_version_counts_as_it_does_at_the_phone() -> None:
    after = vocabulary({"title": [Rule(id="title", versions=("49",))]})
    before = vocabulary()
    for version, names in (("49.1", []), ("48.1", ["screen"])):
        known = [KnownTree("screen", drawn(TITLE, NEXT), version)]
        found = compare(before, after, {"title"}, known)
        assert [change.screen for change in found.changed] == names
    before = vocabulary({"title": [Rule(id="title", versions=("49",))]})
    found = compare(before, vocabulary(), {"title"}, [KnownTree("screen", drawn(TITLE, NEXT), "49.1")])
    assert (found.recognised, found.changed) == ([], [])


# -- what is touched next -------------------------------------------------------------------------------------------


def moved(*, also: Mapping[str, Sequence[Rule]] | None = None, **screen: Any) -> Vocabulary:
    more = {"kind": "path", "layer": 50, "all": ("title",), "next": ("back",)} | screen
    return vocabulary(also, {"way": Screen(**more)})


def test_a_screen_that_would_be_touched_elsewhere_is_a_contradiction_but_for_an_operator() -> None:
    tree = drawn(TITLE, NEXT, BACK)
    found = tells(tree, after=moved())
    assert found.changed == [Change("screen 1", 'way, touched at "Go on"', 'touched at "Back"')]
    assert tells(tree, after=moved(), operator=True).changed == []
    assert tells(tree, after=moved(), allowed=("screen 1",)).changed == []
    assert tells(tree, after=vocabulary(), before=vocabulary()).changed == []


def test_a_screen_that_would_not_be_touched_any_more_is_one_and_one_that_was_not_is_none() -> None:
    tree = drawn(TITLE, {"next": ("", NEXT["next"][1])})
    found = tells(tree, after=moved())
    assert found.changed == [Change("screen 1", "way, touched at next", "touched at nothing")]
    assert tells(tree, before=moved(), after=vocabulary()).changed == []


@pytest.mark.parametrize(
    ("barred", "why"),
    [
        ("post", "publishes"),
        ("sent", "says what became of a post"),
        ("never", "must never be touched on way"),
        ("hard", "may publish, pay or delete"),
    ],
)
@pytest.mark.parametrize("holds", [True, False])
def test_no_screen_is_touched_where_something_guarded_lies(barred: str, why: str, *, holds: bool) -> None:
    text = "Delete" if barred == "hard" else "Here"
    box = (0, 890, 300, 1000) if holds else (0, 900, 190, 1000)
    under = {barred: (text, box)}
    tree = drawn(TITLE, NEXT, under, BACK)
    found = tells(tree, after=moved(), operator=True)
    assert found.refused == [f'on screen 1 it would touch "{text.lower()}", which {why}']


def test_what_is_guarded_itself_is_not_touched_next() -> None:
    found = tells(
        drawn(TITLE, NEXT, {"sent": ("Sent", (0, 500, 200, 600))}), after=moved(next=("sent",)), operator=True
    )
    assert found.refused == ['on screen 1 it would touch "sent", which says what became of a post']
    publishing = moved(next=("post",))
    found = tells(drawn(TITLE, NEXT, {"post": ("Here", (0, 500, 200, 600))}), after=publishing, operator=True)
    assert found.refused == [], "what follows the publishing button is the commit point"


def test_what_was_touched_next_before_is_not_asked_again() -> None:
    """A button that the files name already stands; its label alone is no reason."""
    tree = drawn(TITLE, {"next": ("Delete", NEXT["next"][1])})
    assert tells(tree, after=extra(id="nothing"), before=BEFORE).refused == []


def test_of_several_that_lie_there_one_is_told() -> None:
    both = {"post": ("Here", (0, 890, 300, 1000)), "sent": ("There", (0, 890, 310, 1000))}
    found = tells(drawn(TITLE, NEXT, both, BACK), after=moved(), operator=True)
    assert found.refused == ['on screen 1 it would touch "here", which publishes']


# -- elements that are found elsewhere ------------------------------------------------------------------------------

PLACE = (400, 500, 500, 600)


@pytest.mark.parametrize(
    ("barred", "text", "why"),
    [
        ("post", "Here", "publishes"),
        ("sent", "Here", "says what became of a post"),
        ("never", "Here", "must never be touched on way"),
        ("other", "Delete", "may publish, pay or delete"),
    ],
)
@pytest.mark.parametrize("itself", [True, False])
def test_nothing_guarded_becomes_an_element_that_is_touched_nor_lies_under_it(
    barred: str, text: str, why: str, *, itself: bool
) -> None:
    guarded = {barred: (text, PLACE if itself else (350, 450, 600, 700))}
    on_top = {} if itself else {"found": ("Look", PLACE)}
    found = tells(
        drawn(TITLE, guarded, on_top),
        before=BEFORE,
        after=extra(id=barred if itself else "found"),
        allowed=("screen 1",),
    )
    assert found.refused == [f'on screen 1 back would be "{text.lower()}", which {why}']


@pytest.mark.parametrize("told_by", ["all", "any"])
@pytest.mark.parametrize("kind", ["human", "failure", "success", "progress", "path", "interruption"])
def test_what_tells_that_a_post_ended_or_stops_is_guarded(kind: str, told_by: str) -> None:
    tree = drawn({"verify": ("Are you human?", PLACE)})
    facts: dict[str, Any] = {"kind": kind, "layer": 90, told_by: ("verify",)}
    screens = {"asks": Screen(**facts)}
    after = touched({"back": [Rule(id="back"), Rule(id="verify")]}, **screens)
    found = tells(tree, before=touched({}, **screens), after=after)
    told = 'on screen 1 back would be "are you human?", which tells asks'
    assert found.refused == ([] if kind in ("path", "interruption") else [told])


def test_a_button_that_publishes_by_the_addition_alone_is_guarded_as_well() -> None:
    after = touched(
        {"back": [Rule(id="back"), Rule(id="found")], "post": [Rule(id="post"), Rule(id="found")]}
    )
    found = tells(drawn(TITLE, {"found": ("Look", PLACE)}), before=BEFORE, after=after)
    assert found.refused == ['on screen 1 back would be "look", which publishes']


def test_what_was_found_before_is_not_judged_anew() -> None:
    before = touched({"back": [Rule(id="post")]})
    after = touched({"back": [Rule(id="post"), Rule(id="back")]})
    assert tells(drawn(TITLE, {"post": ("Here", PLACE)}), before=before, after=after).refused == []


@pytest.mark.parametrize(("height", "refused"), [(300, True), (301, False)])
def test_a_box_over_more_than_three_tenths_of_the_screen_is_no_button(height: int, *, refused: bool) -> None:
    wide = {"sent": ("Sent", (0, 400, 1000, 400 + height))}
    found = tells(drawn(TITLE, wide, {"found": ("Look", PLACE)}), before=BEFORE, after=extra(id="found"))
    assert bool(found.refused) is refused


@pytest.mark.parametrize(
    ("text", "editable", "hard"),
    [
        ("Delete", False, True),
        ("Delete " + "x" * 33, False, True),
        ("Delete " + "x" * 34, False, False),
        ("Delete", True, False),
    ],
)
def test_hard_words_are_those_of_buttons(text: str, editable: bool, *, hard: bool) -> None:
    cls = "EditText" if editable else "Button"
    node = (
        f'<node class="android.widget.{cls}" package="{PACKAGE}" text="{text}" bounds="[400,500][500,600]"/>'
    )
    tree = parse_xml(
        f'<hierarchy><node package="{PACKAGE}" bounds="[0,0][1000,1000]">{node}</node></hierarchy>'
    )
    said = [why for _, why in guarded_nodes(recognise(tree, vocabulary()))]
    assert said == (["may publish, pay or delete"] if hard else [])


def test_a_description_is_read_where_there_is_no_text() -> None:
    node = f'<node class="android.widget.Button" package="{PACKAGE}" content-desc="Delete" bounds="[400,500][500,600]"/>'
    tree = parse_xml(
        f'<hierarchy><node package="{PACKAGE}" bounds="[0,0][1000,1000]">{node}</node></hierarchy>'
    )
    assert [why for _, why in guarded_nodes(recognise(tree, vocabulary()))] == ["may publish, pay or delete"]
    assert list(publishing_nodes(recognise(tree, vocabulary()))) == []


def test_one_touch_per_screen_and_element_is_told_and_none_twice() -> None:
    two = {"found": ("Look", PLACE), "post": ("Here", PLACE), "sent": ("There", (400, 500, 510, 600))}
    found = tells(drawn(TITLE, two), before=BEFORE, after=extra(id=("found", "sent")))
    assert found.refused == ['on screen 1 back would be "here", which publishes']


# -- which elements are touched at all ------------------------------------------------------------------------------


def test_elements_that_nothing_touches_may_lie_anywhere() -> None:
    tree = drawn(TITLE, {"post": ("Here", PLACE)})
    never = vocabulary({"never": [Rule(id="never"), Rule(id="post")]})
    assert tells(tree, after=never, allowed=("screen 1",)).refused == []
    sign = vocabulary({"sign": [Rule(id="post")]})
    assert tells(tree, after=sign).refused == []
    tapped_sign = vocabulary(
        {"sign": [Rule(id="post")]}, {"other": Screen(kind="path", layer=40, all=("home",), next=("sign",))}
    )
    assert tells(tree, after=tapped_sign).refused == ['on screen 1 sign would be "here", which publishes']
    tapped_never = vocabulary(
        {"never": [Rule(id="never"), Rule(id="post")]},
        {"other": Screen(kind="path", layer=40, all=("home",), next=("never",))},
    )
    assert tells(tree, after=tapped_never).refused == ['on screen 1 never would be "here", which publishes']
    known = vocabulary({"title": [Rule(id="title"), Rule(id="post")]})
    assert tells(drawn({"post": ("Here", PLACE)}), after=known).refused == [
        'on screen 1 title would be "here", which publishes'
    ], "the flow may touch what no screen names"


def test_what_reads_like_a_publishing_button_in_another_place_is_known_as_such() -> None:
    """A tab "POST" is no publishing button, and the shipped files say so."""
    words = {
        "post": Label("post", ["Post"]),
        "tab": Label("tab", ["post", "Upload"]),
        "go": Label("go", ["Go"]),
    }
    rules: dict[str, Sequence[Rule]] = {
        "post": [Rule(text="@post", id="post")], "tab": [Rule(text="@tab", zone=(0.0, 0.0, 0.1, 0.1))], "back": [Rule(text="@go")], "bare": [Rule(text="Post")],
    }  # fmt: skip
    used = {"other": Screen(kind="path", layer=40, all=("home",), next=("back", "tab"))}
    before = vocabulary(rules, used, words)
    tree = drawn(TITLE, {"post": ("Post", PLACE)})
    like = vocabulary(rules | {"tab": [*rules["tab"], Rule(id="post")]}, used, words)
    assert tells(tree, before=before, after=like).refused == []
    unlike = vocabulary(rules | {"back": [Rule(text="@go"), Rule(id="post")]}, used, words)
    assert tells(tree, before=before, after=unlike).refused == [
        'on screen 1 back would be "post", which publishes'
    ]


# -- buttons and accounts that are known ----------------------------------------------------------------------------


def two(name: str, first: str = "Here", second: str = "There") -> UiTree:
    return drawn(TITLE, NEXT, {name: (first, PLACE), "found": (second, (600, 500, 700, 600))})


def test_a_publishing_button_that_is_known_becomes_no_other_one() -> None:
    after = vocabulary({"post": [Rule(id="found"), Rule(id="post")]})
    found = tells(two("post"), after=after)
    assert found.refused == ['on screen 1 post is another button: "there" instead of "here"']
    assert tells(drawn(TITLE, NEXT, {"found": ("There", PLACE)}), after=after).refused == []
    assert tells(two("post"), after=vocabulary({"post": [Rule(id="post"), Rule(id="found")]})).refused == []
    gone = vocabulary({"post": [Rule(id="nothing")]})
    assert tells(two("post"), after=gone).refused == []


def test_a_node_without_words_is_called_by_its_id_or_class() -> None:
    after = vocabulary({"post": [Rule(id="found"), Rule(id="post")]})
    assert tells(two("post", "", ""), after=after).refused == [
        "on screen 1 post is another button: found instead of post"
    ]


def test_where_it_is_known_which_account_is_shown_nothing_else_tells_it() -> None:
    after = vocabulary({"handle": [Rule(id="found"), Rule(id="handle")]})
    told = 'on screen 1 handle would tell another account: "there" instead of "here"'
    assert tells(two("handle"), after=after).refused == [told]
    gone = vocabulary({"handle": [Rule(id="nothing")]})
    told = 'on screen 1 handle would tell another account: nothing instead of "here"'
    assert tells(two("handle"), after=gone).refused == [told]
    assert tells(drawn(TITLE, NEXT, {"found": ("There", PLACE)}), after=after).refused == []
    assert (
        tells(two("handle"), after=vocabulary({"handle": [Rule(id="handle"), Rule(id="found")]})).refused
        == []
    )


# -- where a form has its button ------------------------------------------------------------------------------------

LOW = {"found": ("Look", (600, 900, 700, 1000))}
IN_ZONE: dict[str, Sequence[Rule]] = {"post": [Rule(text="Post", zone=(0.5, 0.8, 1.0, 1.0))]}


def zoned(**rule: Any) -> Vocabulary:
    return touched(IN_ZONE | {"back": [Rule(id="back"), *([Rule(**rule)] if rule else [])]})


def test_where_no_publishing_button_is_read_its_place_on_a_form_is_kept_free() -> None:
    told = 'on screen 1 back would be "look", which stands where a form has its publishing button'
    assert tells(drawn(TITLE, LOW, field=True), before=zoned(), after=zoned(id="found")).refused == [told]
    assert tells(drawn(TITLE, LOW), before=zoned(), after=zoned(id="found")).refused == []
    high = {"found": ("Look", (600, 500, 700, 600))}
    assert tells(drawn(TITLE, high, field=True), before=zoned(), after=zoned(id="found")).refused == []


def test_where_the_button_is_read_by_either_its_neighbours_are_free() -> None:
    read = {"post": ("Post", (800, 900, 1000, 1000))}
    assert tells(drawn(TITLE, LOW, read, field=True), before=zoned(), after=zoned(id="found")).refused == []
    after = touched(
        {"post": [*IN_ZONE["post"], Rule(text="Beamen")], "back": [Rule(id="back"), Rule(id="found")]}
    )
    taught = {"x": ("Beamen", (800, 900, 1000, 1000))}
    assert tells(drawn(TITLE, LOW, taught, field=True), before=zoned(), after=after).refused == []


# -- how much is told -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "found_on", "refused"), [(8, 5, True), (8, 4, False), (7, 7, False), (9, 5, True)]
)
def test_an_element_that_would_be_found_on_most_screens_tells_nothing_apart(
    of: int, found_on: int, *, refused: bool
) -> None:
    trees = [drawn(TITLE, NEXT, {"found": ("x", PLACE)} if n < found_on else {}) for n in range(of)]
    found = tells(*trees, after=vocabulary({"sign": [Rule(id="found")]}))
    told = f"sign would be found on {found_on} of {of} known screens: its rule matches nearly everything"
    assert found.refused == ([told] if refused else [])


def test_of_many_objections_of_a_kind_four_are_told_and_the_rest_counted() -> None:
    trees = [drawn(TITLE, NEXT, {"post": ("Here", PLACE)}) for _ in range(6)]
    found = tells(*trees, after=dialog(), told=4)
    assert found.refused[0] == "2 more known screens would be read otherwise"
    assert len(found.refused) == 5
    assert len(tells(*trees[:4], after=dialog()).refused) == 4
    assert (
        tells(*trees[:3], after=dialog(), told=1).refused[0] == "2 more known screens would be read otherwise"
    )
    found = tells(*trees, before=BEFORE, after=extra(id="post"))
    assert found.refused[0] == "2 more such touches"
    assert found.refused[1:] == [f'on screen {n} back would be "here", which publishes' for n in range(1, 5)]


def test_objections_that_stand_already_are_not_raised_again() -> None:
    trees = [
        drawn(TITLE, NEXT, {"post": ("Here", PLACE), "found": ("x", (0, 200, 50, 250))}) for _ in range(8)
    ]
    after = touched(
        {"back": [Rule(id="back"), Rule(id="post")]}, added=Screen(kind="path", layer=60, all=("title",))
    )
    first = tells(*trees, before=BEFORE, after=after, told=100)
    assert len(first.refused) == 8 + 8 + 1
    assert tells(*trees, before=BEFORE, after=after, known=first.refused).refused == []
    assert tells(*trees, before=BEFORE, after=after, known=first.refused[:16], told=100).refused == [
        first.refused[16]
    ]
