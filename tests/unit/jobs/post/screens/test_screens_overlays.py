"""What nobody has named and no scrim announces, laid over every known screen: never the way beneath it, never a tap there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs.phone.screen.tree import UiTree, parse_xml
from jobs.post.screens.drawn import drawn_trees
from jobs.post.screens.inspect import inspect_tree, vocabulary
from tests.support import eyes
from tests.support.overlays import COVERING, STOPPING, WORDS, laid_over

#: A tree of fewer nodes shows no page but a part that was cut out of one.
LEAST_NODES = 20
#: In the middle of this drawn screen stands nothing that a dialog could lie over.
BARE_IN_THE_MIDDLE = frozenset({"story_editor"})
APP = "com.zhiliaoapp.musically"
THE_WAY = ("path", "success", "progress")

needs_recordings = pytest.mark.skipif(
    not any(eyes.trees(folder) for folder in eyes.FOLDERS), reason="the recorded screens are not here"
)


def drawn() -> Iterator[tuple[str, UiTree, str]]:
    for platform in ("tiktok", "instagram"):
        for name, tree in drawn_trees(platform).items():
            if name not in BARE_IN_THE_MIDDLE:
                yield f"drawn {name}", tree, vocabulary(platform).packages[0]


def recorded(every: int, first: int) -> Iterator[tuple[str, UiTree, str]]:
    """One recorded screen of `every`, beginning with number `first`."""
    paths = [path for folder in eyes.FOLDERS for path in eyes.trees(folder)]
    for path in paths[first % every :: every]:
        tree, app = eyes.tree_of(path)
        if tree.structured and len(tree.nodes) >= LEAST_NODES:
            yield path.name, tree, app


def seen_beneath(trees: Iterator[tuple[str, UiTree, str]], what: str) -> list[str]:
    wrong = []
    for number, (name, tree, app) in enumerate(trees):
        if eyes.known_answer(tree, app)["kind"] not in THE_WAY:
            continue
        over = STOPPING[what](WORDS[number % len(WORDS)])
        both = laid_over(tree, over)
        found = inspect_tree(both, app=app)
        point = eyes.point_of(found)
        harmless = [n.bounds for n in both.nodes if n.text in over.harmless]
        if found["kind"] in (*THE_WAY, "human", "failure"):
            wrong.append(f"{name}: {found['screen']}/{found['kind']}")
        elif (
            point is not None
            and found["next"]["name"] != "scrim"
            and not any(eyes.holds(b, point) for b in harmless)
        ):
            wrong.append(f"{name}: touches {found['next']}")
    return wrong


def touched_covers(trees: Iterator[tuple[str, UiTree, str]], what: str) -> list[str]:
    wrong = []
    for name, tree, app in trees:
        before = eyes.known_answer(tree, app)
        both = laid_over(tree, COVERING[what])
        found = inspect_tree(both, app=app)
        point = eyes.point_of(found)
        width, height = tree.size
        left, top, right, foot = COVERING[what].box.bounds
        # the system's own windows take no part in telling a screen: its name stays, its covered target goes
        if point and eyes.holds(
            (int(left * width), int(top * height), int(right * width), int(foot * height)), point
        ):
            wrong.append(f"{name}: touches {found['next']}")
        if found["kind"] != before["kind"] and found["kind"] != "unknown":
            wrong.append(f"{name}: {before['screen']} -> {found['screen']}")
    return wrong


@pytest.mark.parametrize("what", STOPPING)
def test_over_every_drawn_screen_it_is_an_interruption(what: str) -> None:
    assert seen_beneath(drawn(), what) == []


@pytest.mark.parametrize("what", COVERING)
def test_over_a_drawn_screen_what_it_covers_is_not_touched(what: str) -> None:
    assert touched_covers(drawn(), what) == []


@needs_recordings
@pytest.mark.parametrize("every", [eyes.A_PART, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("what", STOPPING)
def test_over_every_recorded_screen_it_is_an_interruption(what: str, every: int) -> None:
    assert seen_beneath(recorded(every, list(STOPPING).index(what)), what) == []


@needs_recordings
@pytest.mark.parametrize("every", [eyes.A_PART, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("what", COVERING)
def test_over_a_recorded_screen_what_it_covers_is_not_touched(what: str, every: int) -> None:
    assert touched_covers(recorded(every, list(COVERING).index(what)), what) == []


def test_an_inset_card_of_a_list_is_no_dialog_over_the_post_before_it() -> None:
    def item(bounds: str, *, button: str) -> str:
        x1, y1, x2, _ = (int(v) for v in bounds[1:-1].replace("][", ",").split(","))
        return (
            f'<node class="G" package="{APP}" bounds="{bounds}">'
            f'<node class="T" package="{APP}" text="Suggested" bounds="[{x1},{y1}][{x2},{y1 + 60}]"/>'
            f'<node class="B" package="{APP}" text="{button}" clickable="true" bounds="[{x1},{y1 + 90}][{x2},{y1 + 180}]"/>'
            "</node>"
        )

    tabs = "".join(
        f'<node class="T" package="{APP}" content-desc="{name}" clickable="true" bounds="[{x},2200][{x + 216},2340]"/>'
        for name, x in (("Home", 0), ("Create", 432), ("Profile", 864))
    )
    items = item("[0,100][1080,1500]", button="Follow") + item("[60,1520][1020,2000]", button="Follow")
    tree = parse_xml(
        f'<hierarchy><node class="F" package="{APP}" bounds="[0,0][1080,2400]"><node class="R" package="{APP}" '
        f'bounds="[0,0][1080,2200]">{items}</node>{tabs}</node></hierarchy>'
    )
    assert inspect_tree(tree)["screen"] == "home"


def test_a_permission_whose_question_is_not_drawn_yet_is_not_refused() -> None:
    """A camera that was refused twice is not asked for again."""
    package = "com.google.android.permissioncontroller"

    def asked(question: str) -> str:
        return (
            f'<hierarchy><node class="F" package="{package}" bounds="[60,800][1020,1700]">'
            f'<node class="T" package="{package}" text="{question}" resource-id="com.android.permissioncontroller:id/'
            'permission_message" bounds="[100,850][980,1000]"/>'
            f'<node class="B" package="{package}" text="Don\'t allow" clickable="true" resource-id="com.android.'
            'permissioncontroller:id/permission_deny_button" bounds="[100,1500][980,1600]"/></node></hierarchy>'
        )

    app = vocabulary("tiktok").packages[0]
    assert inspect_tree(parse_xml(asked("")), app=app)["next"] is None
    assert (
        inspect_tree(parse_xml(asked("Allow TikTok to access your contacts?")), app=app)["next"]["name"]
        == "permission_deny"
    )
