"""What lies on top: containers, the order of drawing, what covers a point, and the ladder that clears the way."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.phone.screen.tree import UiTree, parse_xml
from jobs.post.screens.containers import covers, free_part
from jobs.post.screens.drawn import drawn_trees, unclear
from jobs.post.screens.finder import ElementIndex
from jobs.post.screens.inspect import inspect_tree, vocabulary
from jobs.post.screens.recognise import recognise
from jobs.post.screens.screens_file import ScreensInvalid
from storage.records import MediaFile, Outcome
from tests.support.vocabularies import load
from tests.unit.jobs.post.flow.test_flow import TABS, TIKTOK, Stage, node, video

__all__ = ["video"]  # the fixture

INSTAGRAM = "com.instagram.android"


def box(inner: str, bounds: str, *, order: int = 0, rid: str = "", package: str = TIKTOK, **more: str) -> str:
    """A container; its text is empty."""
    return (
        node(
            "",
            bounds=bounds,
            clickable=more.pop("clickable", "false"),
            drawing_order=str(order),
            package=package,
            resource_id=f"{package}:id/{rid}" if rid else "",
            **more,
        ).replace("/>", ">", 1)
        + inner
        + "</node>"
    )


def tree(*nodes: str) -> UiTree:
    return parse_xml("<hierarchy>" + "".join(nodes) + "</hierarchy>")


def look(*nodes: str, platform: str = "tiktok") -> ElementIndex:
    return ElementIndex(tree(*nodes), vocabulary(platform))


def seen(*nodes: str) -> dict[str, Any]:
    return inspect_tree(tree(*nodes))


SHEET_WORDS = node("Something new", bounds="[60,1500][1000,1600]", clickable="false")
GO = node("Try it", bounds="[60,2180][1000,2330]")


def window(*layers: str) -> str:
    return box("".join(layers), "[0,0][1080,2400]")


def test_a_sheet_that_nothing_names_hides_the_tabs_that_it_stands_on() -> None:
    """Two of three sheets of production have no name and no scrim in their trees."""
    sheet = box(SHEET_WORDS + GO, "[0,1400][1080,2400]", order=2)
    found = seen(window(box("".join(TABS), "[0,0][1080,2400]", order=1), sheet))
    assert (found["screen"], found["kind"], found["next"]) == ("some_sheet", "interruption", None)


def test_the_order_of_drawing_decides_not_the_order_of_the_document() -> None:
    """253 of 288 recorded trees are written in another order than they are drawn in."""
    sheet = box(SHEET_WORDS + GO, "[0,1400][1080,2400]", order=2)
    page_ = box("".join(TABS), "[0,0][1080,2400]", order=1)
    assert seen(window(sheet, page_))["screen"] == "some_sheet"
    behind = box(SHEET_WORDS + GO, "[0,1400][1080,2400]", order=1)
    front = box("".join(TABS), "[0,0][1080,2400]", order=2)
    assert seen(window(behind, front))["screen"] == "home"


def test_a_box_without_anything_in_it_is_no_sheet() -> None:
    empty = box("", "[0,1400][1080,2400]", order=2)
    assert seen(window(box("".join(TABS), "[0,0][1080,2400]", order=1), empty))["screen"] == "home"


def test_a_bare_node_over_the_page_is_a_scrim_and_is_touched_where_nothing_lies_on_it() -> None:
    scrim = node("", bounds="[0,130][1080,2400]", drawing_order="2")
    sheet = box(SHEET_WORDS + GO, "[0,1400][1080,2400]", order=3)
    title = node("Title", bounds="[0,150][100,200]", clickable="false")
    found = seen(window(box("".join(TABS) + title, "[0,0][1080,2400]", order=1), scrim, sheet))
    assert (found["screen"], found["next"]["name"]) == ("some_sheet", "scrim")
    assert found["next"]["bounds"] == [0, 130, 1080, 1400]


def test_no_word_of_a_sheet_makes_a_screen_of_the_way_of_what_it_covers() -> None:
    form = node("Your Story", bounds="[32,2123][534,2239]") + node("Next", bounds="[545,2123][1048,2239]")
    scrim = node("", bounds="[0,100][1080,2400]", drawing_order="2")
    more = "".join(
        node(str(n), bounds=f"[0,{300 + 50 * n}][90,{340 + 50 * n}]", clickable="false") for n in range(4)
    )
    sheet = box(SHEET_WORDS + GO, "[0,1000][1080,2400]", order=3)
    found = seen(window(box(form + more, "[0,0][1080,2400]", order=1), scrim, sheet))
    assert found["screen"] == "some_sheet"
    beneath = recognise(tree(window(box(form + more, "[0,0][1080,2400]", order=1), scrim, sheet)), vocabulary("tiktok"), beneath=True)  # fmt: skip
    assert beneath.name == "editor"


def test_a_security_check_over_the_tabs_needs_a_person_and_proves_nothing() -> None:
    check = node("Security verification", bounds="[60,1500][1000,1600]", clickable="false")
    sheet = box(check + GO, "[0,1400][1080,2400]", order=2)
    found = seen(window(box("".join(TABS), "[0,0][1080,2400]", order=1), sheet))
    assert (found["screen"], found["kind"], found["next"]) == ("security_check", "human", None)


# -- what covers a point ----------------------------------------------------------------------------------------

NEXT = node("Next", bounds="[600,2100][1000,2200]", drawing_order="1")


def first(found: UiTree, text: str) -> Any:
    return next(n for n in found.nodes if n.text == text)


def test_a_snackbar_that_takes_touches_covers_what_is_drawn_before_it() -> None:
    bar = node("Draft saved", bounds="[0,2050][1080,2250]", drawing_order="2")
    found = tree(window(bar, NEXT))
    target = first(found, "Next")
    assert [n.text for n in covers(found, target, target.center)] == ["Draft saved"]
    assert free_part(found, target) is None


def test_what_takes_no_touches_or_is_drawn_before_covers_nothing() -> None:
    still = node("Draft saved", bounds="[0,2050][1080,2250]", drawing_order="2", clickable="false")
    under = node("Page", bounds="[0,0][1080,2400]", drawing_order="0")
    found = tree(window(still, under, NEXT))
    assert free_part(found, first(found, "Next")) == (600, 2100, 1000, 2200)


def test_a_button_around_its_label_and_an_icon_in_it_cover_nothing() -> None:
    inner = node("Next", bounds="[700,2120][900,2180]", clickable="false") + node(
        "", bounds="[780,2130][820,2170]"
    )
    found = tree(window(box(inner, "[600,2100][1000,2200]", clickable="true")))
    label = first(found, "Next")
    button = label.parent
    assert covers(found, button, button.center) == []


def test_of_a_half_covered_button_the_free_half_is_touched() -> None:
    bar = node("Get App", bounds="[750,2050][1080,2250]", drawing_order="2")
    found = tree(window(NEXT, bar))
    assert free_part(found, first(found, "Next")) == (600, 2100, 750, 2200)


def test_a_keyboard_lies_over_every_app() -> None:
    key = node("g", bounds="[700,2050][900,2250]", package="com.google.android.inputmethod.latin")
    found = tree(
        window(NEXT), box(key, "[0,1600][1080,2400]", package="com.google.android.inputmethod.latin")
    )
    target = first(found, "Next")
    assert [n.text for n in covers(found, target, target.center)] == ["g"]


# -- the product ------------------------------------------------------------------------------------------------

SNACKBAR = node("Draft saved", bounds="[0,2100][1080,2330]")


def with_(screen: str, *more: str) -> str:
    """The nodes of a page in one window, with more drawn over them."""
    inner = screen.removeprefix("<hierarchy>").removesuffix("</hierarchy>")
    return "<hierarchy>" + window(inner, *more) + "</hierarchy>"


def test_a_snackbar_over_next_is_waited_for_and_never_tapped(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.screens["covered"] = with_(stage.phone.screens["editor"], SNACKBAR)
    inner = stage.tapped
    stage.phone.on_tap = lambda s, x, y: "covered" if inner(s, x, y) == "editor" else inner(s, x, y)
    stage.phone.later = {**stage.phone.later, "covered": "editor"}
    assert stage.run().outcome is Outcome.PUBLISHED
    assert all(screen != "covered" for screen, _, _ in stage.phone.taps)


def test_what_stays_over_the_publishing_button_ends_the_attempt_before_the_tap(video: MediaFile) -> None:
    stage = Stage(video)
    write = stage.phone.enter_text
    stage.phone.enter_text = lambda x, y, text, **more: (  # type: ignore[method-assign]
        write(x, y, text, **more),
        stage.phone.screens.update(form=with_(stage.phone.screens["form"], SNACKBAR)),
    )
    error = stage.fails()
    assert error.code == "ui_changed"
    assert stage.phone.published == 0


# -- what a screens file must say -------------------------------------------------------------------------------


def test_a_refusal_by_words_alone_is_refused_when_the_file_is_read(tmp_path: Any) -> None:
    (tmp_path / "tiktok.toml").write_text(
        '[elements]\nloose = [{ text = "Can\'t post today", seen = "49" }]\n'
        '[screens.loose]\nkind = "failure"\nlayer = 70\nall = ["loose"]\nerror = "upload_failed"\n'
    )
    with pytest.raises(ScreensInvalid, match="people's texts"):
        load("tiktok", str(tmp_path))


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_each_drawn_screen_of_the_way_is_told_as_itself(platform: str) -> None:
    trees = drawn_trees(platform)
    assert len(trees) > 10
    told = {name: inspect_tree(drawn, app=vocabulary(platform).packages[0])["screen"] for name, drawn in trees.items()}  # fmt: skip
    assert told == {name: name for name in trees}
    assert unclear(vocabulary(platform)) == []


def test_a_file_in_which_two_screens_fit_one_tree_equally_is_refused(tmp_path: Any) -> None:
    (tmp_path / "tiktok.toml").write_text(
        '[screens.second]\nkind = "path"\nlayer = 46\nall = ["editor_next"]\nseen = "49"\n'
    )
    with pytest.raises(ScreensInvalid, match="both fit the drawn tree of editor"):
        load("tiktok", str(tmp_path))


def test_the_worked_example_of_the_manual_does_what_it_says(tmp_path: Any) -> None:
    texts = "".join(
        node(text, bounds=bounds, clickable=clickable)
        for text, bounds, clickable in (
            ("Try our new camera", "[160,1420][900,1500]", "false"),
            ("Enable", "[80,2100][1000,2200]", "true"),
        )
    )
    skip = node(desc="Skip for now", bounds="[930,1320][1040,1430]")
    sheet = box(texts + skip, "[0,1300][1080,2400]", order=2)
    shown = tree(window(box("".join(TABS), "[0,0][1080,2400]", order=1), sheet))
    before = inspect_tree(shown)
    assert (before["screen"], before["next"]) == ("some_sheet", None)
    (tmp_path / "tiktok.toml").write_text('[words]\nno_thanks = [{ en = "Skip for now", seen = "49.0.1" }]\n')
    after = inspect_tree(shown, overlay_dir=str(tmp_path))
    assert (after["screen"], after["next"]["name"]) == ("some_sheet", "sheet_not_now")
    (tmp_path / "tiktok.toml").write_text(
        "[elements]\n"
        'new_camera_text = [{ text = "Try our new camera", place = "dialog", seen = "49.0.1" }]\n'
        'new_camera_later = [{ label = "Skip for now", place = "button", seen = "49.0.1" }]\n'
        '[screens.new_camera]\nkind = "interruption"\nlayer = 86\nall = ["new_camera_text", "new_camera_later"]\n'
        'next = ["new_camera_later"]\nseen = "49.0.1"\n'
    )
    vocabulary.cache_clear()
    assert inspect_tree(shown, overlay_dir=str(tmp_path))["screen"] == "new_camera"
