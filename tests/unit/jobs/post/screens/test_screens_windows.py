"""Windows of other apps, pages over pages, and trees that are cut off: where our screen is not on top, it is not told."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.phone.screen.tree import UiTree, parse_xml
from jobs.post.flow.driver import ScreenDriver
from jobs.post.screens.inspect import inspect_tree, vocabulary
from jobs.task.attempt import ScriptFailed
from storage.records import MediaFile, Outcome
from tests.unit.jobs.post.flow.test_flow import HOME, TABS, Stage, node, video
from tests.unit.jobs.post.screens.test_screens_containers import box, seen, tree, window

__all__ = ["video"]  # the fixture

MIUI = "com.miui.securitycenter"
PAGE = box("".join(TABS), "[0,0][1080,2400]", order=1)


def asks(bounds: str, package: str = MIUI) -> str:
    """A window of another app with words and a button; it has no id that anybody knows."""
    left, top, right, _ = (int(v) for v in bounds[1:-1].replace("][", ",").split(","))
    inner = node(
        "Allow TikTok to read your contacts?",
        bounds=f"[{left},{top}][{right},{top + 90}]",
        clickable="false",
        package=package,
    ) + node("Allow", bounds=f"[{left},{top + 200}][{right},{top + 300}]", package=package)
    return box(inner, bounds, package=package)


@pytest.mark.parametrize("bounds", ["[60,1400][1020,2300]", "[0,0][1080,2400]"], ids=["dialog", "page"])
def test_beneath_a_window_of_another_app_no_screen_is_told(bounds: str) -> None:
    """Makers ask for permissions in packages and with ids of their own: the tabs beneath are neither a way nor a proof."""
    for windows in ((window(PAGE), asks(bounds)), (asks(bounds), window(PAGE))):
        found = seen(*windows)
        assert (found["kind"], found["next"]) == ("unknown", None)
        assert found["unclear"] == f"a window of {MIUI} lies over the app"


def test_what_floats_over_the_app_and_asks_nothing_hides_nothing() -> None:
    head = box(
        node("3", bounds="[900,900][1040,1040]", package="org.chat"),
        "[900,900][1040,1040]",
        package="org.chat",
    )
    assert seen(window(PAGE), head)["screen"] == "home"


def test_a_keyboard_that_nobody_knows_is_no_stranger() -> None:
    maker = "com.maker.typing"
    keys = "".join(
        node(
            letter, bounds=f"[{50 * n},1700][{50 * n + 45},1800]", package=maker, clickable=f"{n > 2}".lower()
        )
        for n, letter in enumerate("qwertzuiopasdfghjkl")
    )
    assert seen(window(PAGE), box(keys, "[0,1600][1080,2150]", package=maker))["screen"] == "home"


def test_on_a_split_screen_nothing_is_told_and_nothing_touched() -> None:
    """Places are parts of the screen, which the app then does not have; and the other half is somebody's chat."""
    half = "".join(TABS).replace("2208", "1008").replace("2337", "1137")
    found = seen(
        box(box(half, "[0,0][1080,1200]"), "[0,0][1080,1200]"), asks("[0,1200][1080,2400]", "org.chat")
    )
    assert (found["kind"], found["next"]) == ("unknown", None)
    assert "org.chat has a part of the screen" in found["unclear"]


def test_a_stranger_over_the_way_ends_the_attempt_with_its_name_and_no_touch(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.screens["editor"] = stage.phone.screens["editor"].replace(
        "</hierarchy>", asks("[60,1400][1020,2300]") + "</hierarchy>"
    )
    error = stage.fails()
    assert (error.code, MIUI in str(error)) == ("ui_changed", True)
    assert all(screen != "editor" for screen, _, _ in stage.phone.taps)


@pytest.mark.parametrize(
    "over", [asks("[0,0][1080,2400]"), asks("[60,300][1020,900]")], ids=["page", "dialog"]
)
def test_what_was_found_before_a_stranger_came_is_not_touched_beneath_it(video: MediaFile, over: str) -> None:
    """Neither of these windows takes the touch at that point, as far as the tree tells."""
    stage = Stage(video)
    driver = ScreenDriver(stage.attempt, stage.phone, vocabulary("tiktok"))  # type: ignore[arg-type]
    found = driver.observe().find("create_button")
    assert found is not None
    stage.phone.screens["home"] = HOME.replace("</hierarchy>", over + "</hierarchy>")
    driver.observe()
    with pytest.raises(ScriptFailed, match=f"{MIUI} lies over the app and stays"):
        driver.tap(found)
    assert stage.phone.taps == []


def test_tabs_beneath_a_stranger_prove_nothing(video: MediaFile) -> None:
    stage = Stage(video)
    covered = HOME.replace("</hierarchy>", asks("[60,1400][1020,2300]") + "</hierarchy>")
    stage.phone.screens.update(badge=covered, feed=covered)
    assert stage.run().outcome is Outcome.UNKNOWN


def laid(*more: str, order: str = "2") -> str:
    """A page over the tabs that takes no touches itself: its words and buttons lie on theirs."""
    inner = "".join(
        node(text, bounds=bounds, clickable=clickable)
        for text, bounds, clickable in (
            ("Welcome to the shop", "[40,200][1000,320]", "false"),
            ("Buy things", "[400,2220][680,2330]", "true"),
        )
    )
    return box(inner + "".join(more), "[0,0][1080,2400]", order=int(order))


TITLE = node("For You", bounds="[400,220][640,300]", clickable="false")


def test_a_page_over_a_page_hides_it_though_it_takes_no_touches() -> None:
    below = box("".join(TABS) + TITLE, "[0,0][1080,2400]", order=1)
    assert seen(window(below, laid()))["screen"] == "some_sheet"
    assert seen(window(laid(), below))["screen"] == "some_sheet", "the order of drawing counts"


def test_layers_of_one_page_lie_beside_each_other_and_hide_nothing() -> None:
    layer = node("Saved", bounds="[60,1000][500,1060]", clickable="false") + node(
        "Undo", bounds="[700,1000][1000,1060]"
    )
    assert seen(window(PAGE, box(layer, "[0,0][1080,2400]", order=2)))["screen"] == "home"


def test_a_sheet_that_speaks_to_screen_readers_alone_is_a_sheet() -> None:
    """What is drawn as one picture has its words in descriptions."""
    words = node(desc="Something new", bounds="[60,1500][1000,1600]", clickable="false")
    go = node(desc="Try it", bounds="[60,2180][1000,2330]")
    assert seen(window(PAGE, box(words + go, "[0,1400][1080,2400]", order=2)))["screen"] == "some_sheet"


def test_a_page_of_pictures_that_takes_the_touches_hides_the_tabs() -> None:
    pictures = node(bounds="[900,100][1040,240]") + node(bounds="[60,2000][1000,2200]")
    assert seen(window(PAGE, box(pictures, "[0,0][1080,2400]", order=2, clickable="true")))["kind"] != "path"


def test_a_picture_with_buttons_that_say_nothing_is_a_dialog_in_its_window_and_over_a_page() -> None:
    """Offers come as one picture with a cross: tabs beneath one are no proof."""
    cross = node(bounds="[900,700][1000,800]")
    rows = "".join(
        node(f"Row {n}", bounds=f"[0,{800 + 200 * n}][1080,{900 + 200 * n}]", clickable="false")
        for n in range(4)
    )
    below = box("".join(TABS) + rows, "[0,0][1080,2400]", order=1)
    assert seen(window(below), box(cross, "[60,600][1020,1700]"))["kind"] == "interruption"
    assert seen(window(below, box(cross, "[60,600][1020,1700]", order=2)))["kind"] == "interruption"
    beside = box(node(bounds="[900,500][1000,600]"), "[60,450][1020,780]", order=2)
    assert seen(window(below, beside))["screen"] == "home", "it lies on nothing that says anything"


# -- what comes next ----------------------------------------------------------------------------------------------


def test_what_comes_after_a_covered_step_is_not_next() -> None:
    """With the empty caption under a snackbar, Share would be a post without its caption."""
    form = _form()
    assert _next(form) == "caption_empty"
    bar = node("Draft saved", bounds="[0,560][1080,940]", package=IG, drawing_order="9")
    assert _next(form, bar) is None


IG = "com.instagram.android"


def rid(name: str) -> str:
    return f"{IG}:id/{name}"


def _form() -> str:
    return (
        f'<node class="android.widget.EditText" package="{IG}" resource-id="{rid("caption_input_text_view")}" text="" '
        'bounds="[40,600][1040,900]" clickable="true" drawing-order="1"/>'
        f'<node class="android.widget.FrameLayout" package="{IG}" resource-id="{rid("share_button")}" content-desc="Share" '
        'bounds="[560,2095][1041,2215]" clickable="true" drawing-order="2"/>'
    )


def _next(*nodes: str) -> Any:
    found = inspect_tree(tree(box("".join(nodes), "[0,0][1080,2400]", package=IG)))
    assert found["screen"] == "share_screen"
    return found["next"] and found["next"]["name"]


# -- half a tree --------------------------------------------------------------------------------------------------


def test_of_a_tree_that_is_cut_off_nothing_is_told() -> None:
    """A picker is written after the camera that it lies over: of half the tree the camera would be left."""
    whole = f"<hierarchy>{window(PAGE)}</hierarchy>"
    assert inspect_tree(parse_xml(whole))["screen"] == "home"
    for end in range(whole.index("</node>"), len(whole) - len("</hierarchy>"), 40):
        half: UiTree = parse_xml(whole[:end])
        found = inspect_tree(half)
        assert (found["kind"], found["next"]) == ("unknown", None)
        assert "cut off" in found["unclear"]
