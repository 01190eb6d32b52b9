"""On which kept screens a lesson is tried, which of them may change with it, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jobs.phone.screen.tree import UiTree, parse_xml
from jobs.post.screens.drawn import drawn_trees
from jobs.post.screens.screens_file import Rule, Screen
from jobs.post.screens.vocabularies import read_trusted, shipped_vocabulary
from jobs.post.teaching import trial
from jobs.post.teaching.kept_screens import KeptScreen
from jobs.post.teaching.lessons import Lesson
from jobs.post.teaching.trial import Ground, found_at, read
from storage.error_codes import ErrorCode
from tests.support.teaching import drawn_xml

GO_ON = drawn_xml("tiktok", "editor", {"Next": "Go on"})
FORM = drawn_xml("tiktok", "post_screen")
DRAWN = len(drawn_trees("tiktok"))


class Kept:
    """The screens that a hub keeps, the newest first: by id, what its tree says."""

    def __init__(self, **xmls: str) -> None:
        self.xmls = xmls
        self.hidden: dict[str, str] = {}  #: found by name, and not among all
        self.facts: dict[str, dict[str, Any]] = {}
        self.asked = 0  #: how often they were all asked for

    def all(self) -> Iterator[KeptScreen]:
        self.asked += 1
        return (self._screen(name) for name in self.xmls)

    def find(self, name: str) -> KeptScreen | None:
        return self._screen(name) if name in self.xmls or name in self.hidden else None

    def tree(self, screen: KeptScreen) -> UiTree | None:
        xml = (self.xmls | self.hidden)[screen.id]
        return parse_xml(xml) if xml else None

    def _screen(self, name: str) -> KeptScreen:
        facts: dict[str, Any] = {
            "id": name, "source": "rehearsal", "source_id": 1, "file": "01.xml", "picture": "", "serial": "P", "platform": "tiktok",
            "app_version": "48.2.0", "language": "en", "read_as": "", "kind": "", "sentence": "", "taken_at": 0.0,
        } | self.facts.get(name, {})  # fmt: skip
        return KeptScreen(**facts)


def ground(kept: Kept) -> Ground:
    return Ground(read_trusted("tiktok"), kept)  # type: ignore[arg-type]


def names(kept: Kept) -> list[str]:
    return [known.name for known in ground(kept).trees()]


def word(number: int, text: str, name: str = "next", **facts: Any) -> Lesson:
    """One more wording of a word."""
    return Lesson(id=number, means="element", name=name, words={name: [{"en": text}]}, **facts)


# --- the screens on which it is tried


def test_the_kept_screens_of_the_app_stand_in_their_order_each_content_once() -> None:
    kept = Kept(newest=GO_ON, again=GO_ON, form=FORM, gone="", other=FORM, foreign=FORM)
    kept.facts = {"other": {"platform": "instagram"}, "foreign": {"platform": "instagram"}}
    known = ground(kept).trees()
    assert [one.name for one in known] == ["newest", "form"]
    assert [one.app_version for one in known] == ["48.2.0", "48.2.0"]
    assert known[0].tree.source == GO_ON


def test_what_follows_a_screen_that_is_not_taken_is_tried_all_the_same() -> None:
    launcher = GO_ON.replace("com.zhiliaoapp.musically", "com.android.launcher")
    cut = FORM[: len(FORM) // 2]
    kept = Kept(other=FORM, gone="", launcher=launcher, cut=cut, last=GO_ON)
    kept.facts = {"other": {"platform": "instagram"}}
    assert names(kept) == ["last"]


def test_no_more_screens_are_tried_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    xmls = {f"s{n}": GO_ON.replace("Go on", f"Go on {n}") for n in range(4)}
    monkeypatch.setattr(trial, "MAX_KNOWN", 3)
    assert names(Kept(**xmls)) == ["s0", "s1", "s2"]


def test_a_screen_that_just_fits_into_the_room_is_tried_and_a_smaller_one_after_a_large_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small, other = GO_ON.encode(), GO_ON.replace("Go on", "Go ön").encode()
    large = GO_ON.replace("Go on", "Go on" * 99).encode()
    xmls = {"small": small.decode(), "large": large.decode(), "other": other.decode()}
    monkeypatch.setattr(trial, "MAX_KNOWN_BYTES", len(small) + len(other))
    assert names(Kept(**xmls)) == ["small", "other"]
    monkeypatch.setattr(trial, "MAX_KNOWN_BYTES", len(small) + len(other) - 1)
    assert names(Kept(**xmls)) == ["small"]


def test_the_kept_screens_are_read_once_for_a_call() -> None:
    kept = Kept(one=GO_ON)
    tried = ground(kept)
    assert tried.trees() is tried.trees()
    assert kept.asked == 1


# --- what a lesson would do


def test_a_good_lesson_says_which_kept_screens_it_makes_known_of_how_many() -> None:
    tried = ground(Kept(one=GO_ON, form=FORM)).try_out([word(1, "Go on")])
    assert (tried.known_screens, tried.recognised, tried.changed, tried.refused) == (
        DRAWN + 2,
        ["one"],
        [],
        [],
    )


def test_what_is_wrong_with_a_lesson_by_itself_is_told_before_any_screen_is_read() -> None:
    tried = ground(Kept(one=GO_ON)).try_out([word(1, "Post")])
    assert (tried.known_screens, tried.recognised, tried.changed) == (DRAWN + 1, [], [])
    assert tried.refused
    assert "publishing" in tried.refused[0]


def test_a_lesson_that_changes_what_a_kept_screen_is_read_as_is_refused_unless_it_was_taught_from_it() -> (
    None
):
    # A kept form whose button says what the lesson takes for "Next": the wording would move it.
    form = drawn_xml("tiktok", "post_screen", {"Post": "Go on"})
    kept = Kept(form=form, one=GO_ON)
    own = Kept(one=GO_ON)
    assert ground(own).try_out([word(1, "Go on", screen="one")]).refused == []
    refused = ground(kept).try_out([word(1, "Go on", screen="one")]).refused
    assert refused
    assert all("form" in sentence for sentence in refused)


def test_what_speaks_against_lessons_that_count_already_is_no_reason_against_another() -> None:
    form = drawn_xml("tiktok", "post_screen", {"Post": "Go on"})
    kept = Kept(form=form, one=GO_ON)
    counting, new = word(1, "Go on", screen="one"), word(2, "Proceed")
    assert ground(kept).try_out([counting, new]).refused
    assert ground(kept).try_out([counting, new], [counting]).refused == []
    assert ground(kept).try_out([word(3, "Proceed"), counting], [word(3, "Proceed")]).refused


# --- which kept screens may change with a lesson


def sad(*more: str) -> str:
    """The editor, with a box of sad news on it, and these texts too."""
    package = "com.zhiliaoapp.musically"
    boxes = "".join(
        f'<node resource-id="{package}:id/sad" class="android.widget.TextView" package="{package}" text="{text}"'
        f' bounds="[0,{900 + 50 * n}][900,{940 + 50 * n}]" enabled="true"/>'
        for n, text in enumerate(("Sad news", *more))
    )
    return drawn_xml("tiktok", "editor", over=boxes)


def says_stop(number: int = 1, **facts: Any) -> Lesson:
    """A lesson that makes the sad news a screen for a person."""
    return Lesson(
        id=number,
        means="person",
        name=f"sad{number}",
        elements={f"sad_box{number}": [Rule(id="sad", text="Sad news", versions=("48.2.0",))]},
        screens={
            f"sad{number}": Screen(
                kind="human",
                layer=97,
                all=(f"sad_box{number}",),
                error=ErrorCode.PERSON_NEEDED,
                says="Look there.",
            )
        },
        **facts,
    )


def refused(kept: Kept, *lessons: Lesson) -> list[str]:
    return ground(kept).try_out(lessons).refused


def contradicts(name: str) -> str:
    return f"it contradicts a known screen: {name} is editor, and would be sad1"


def test_the_screen_that_a_lesson_was_taught_from_may_change_and_those_that_show_the_same() -> None:
    kept = Kept(one=sad(), alike=sad("once more"), form=FORM)
    assert refused(kept, says_stop(screen="one")) == []
    assert refused(kept, says_stop(screen="alike")) == []
    assert refused(kept, says_stop()) == [contradicts("one"), contradicts("alike")]
    assert refused(kept, says_stop(screen="form")) == [contradicts("one"), contradicts("alike")]
    assert refused(kept, word(2, "Go on", screen="form"), says_stop(screen="one")) == []


def test_a_screen_that_shows_much_else_may_not_change() -> None:
    kept = Kept(one=sad(), other=sad(*(f"text {n}" for n in range(20))))
    assert refused(kept, says_stop(screen="one")) == [contradicts("other")]


@pytest.mark.parametrize(("more", "same"), [(0, True), (1, False)])
def test_two_screens_show_the_same_where_they_share_four_fifths_of_their_texts(more: int, same: bool) -> None:
    tree = parse_xml(sad())
    texts = {text.casefold() for node in tree.nodes for text in (node.text, node.content_desc) if text}
    kept = Kept(one=sad(), other=sad(*(f"text {n}" for n in range(len(texts) // 4 + more))))
    assert refused(kept, says_stop(screen="one")) == ([] if same else [contradicts("other")])


def test_a_screen_that_is_kept_under_another_name_too_is_the_same_one() -> None:
    kept = Kept(newer=sad(), older=sad(), form=FORM)
    assert names(kept) == ["newer", "form"]
    assert refused(kept, says_stop(screen="older")) == []
    kept.hidden = {"aside": sad("once more"), "gone": ""}
    assert refused(kept, says_stop(screen="aside")) == []
    for name in ("gone", "never there"):
        assert refused(kept, says_stop(screen=name)) == [contradicts("newer")]


def test_where_what_counts_already_contradicts_a_screen_each_further_contradiction_is_still_told() -> None:
    kept = Kept(one=sad(), form=FORM)
    counting = says_stop()
    assert ground(kept).try_out([counting, word(2, "Go on")], [counting]).refused == []
    worse = Lesson(id=3, means="element", elements={"editor_next": [Rule(id="title", versions=("48.2.0",))]})
    assert ground(kept).try_out([counting, worse], [worse]).refused == [contradicts("one")]


# --- found at its node


@pytest.mark.parametrize(
    ("at", "found"), [("box", True), ("button", True), ("label", True), ("beside", False)]
)
def test_an_element_is_found_at_its_node_its_label_or_the_box_around_it(at: str, found: bool) -> None:
    package = "com.zhiliaoapp.musically"
    tree = parse_xml(
        f'<hierarchy><node package="{package}" class="android.view.View" bounds="[0,0][1000,2000]">'
        f'<node resource-id="{package}:id/box" package="{package}" class="android.view.View" bounds="[0,1000][1000,1500]">'
        f'<node resource-id="{package}:id/button" package="{package}" class="android.widget.Button" clickable="true" bounds="[0,1000][500,1500]">'
        f'<node resource-id="{package}:id/label" package="{package}" class="android.widget.TextView" text="Go on" bounds="[9,1009][400,1400]"/>'
        f'</node></node><node resource-id="{package}:id/beside" package="{package}" bounds="[0,0][1000,100]" class="android.view.View"/>'
        "</node></hierarchy>"
    )
    lesson = Lesson(id=1, means="element", elements={"editor_next": [Rule(id="button")]})
    vocabulary = ground(Kept()).vocabulary([lesson])
    node = next(one for one in tree.nodes if one.id_name == at)
    assert found_at(vocabulary, tree, "48.2.0", "editor_next", node) is found
    assert not found_at(vocabulary, tree, "48.2.0", "post_button", node)


def test_a_rule_of_one_version_finds_nothing_in_another() -> None:
    kept = Kept(one=GO_ON)
    rule = Rule(text="Go on", cls=".TextView", versions=("48.",))
    lesson = Lesson(
        id=1, means="element", elements={"editor_next": [rule, Rule(label="Go on", versions=("48.",))]}
    )
    vocabulary = ground(kept).vocabulary([lesson])
    tree = parse_xml(GO_ON)
    node = next(one for one in tree.nodes if "Go on" in (one.text, one.content_desc))
    assert found_at(vocabulary, tree, "48.2.0", "editor_next", node)
    assert not found_at(vocabulary, tree, "49.0.0", "editor_next", node)
    screen = kept.find("one")
    assert screen is not None
    assert read(vocabulary, screen, tree).name == "editor"
    kept.facts = {"one": {"app_version": "49.0.0"}}
    newer = kept.find("one")
    assert newer is not None
    assert read(vocabulary, newer, tree).name == ""
    assert read(shipped_vocabulary("tiktok"), screen, tree).name == ""
