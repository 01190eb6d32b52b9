"""Dialogs that nobody recorded: which button leaves them, and that none is touched that turns on, gets, deletes or publishes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from jobs.phone.screen.tree import parse_xml
from jobs.post.screens.recognise import Sight, recognise
from jobs.post.screens.screens_file import Rule, Vocabulary
from tests.support.teaching import PACKAGES, drawn_xml, sheet
from tests.support.vocabularies import load

HEADLINE, PRIMARY, AUXILIARY = (
    "igds_headline_headline",
    "igds_headline_primary_action_button",
    "auxiliary_button",
)
#: Ids that every dialog of the app gives its buttons: they say where a button stands, not what it does.
SHARED = (
    "igds_",
    "bb_",
    "primary_button",
    "negative_button",
    "auxiliary_button",
    "primary_action",
    "button1",
    "button2",
)


def asked(
    platform: str, screen: str, title: str, *buttons: str, ids: Mapping[str, str] = MappingProxyType({})
) -> Sight:
    """What is seen of a sheet over a drawn screen; `ids` by the texts that have them."""
    xml = sheet(title, *buttons, platform=platform)
    for text, name in ids.items():
        assert f'text="{text}" content-desc="" resource-id=""' in xml
        xml = xml.replace(
            f'text="{text}" content-desc="" resource-id=""',
            f'text="{text}" content-desc="" resource-id="{PACKAGES[platform]}:id/{name}"',
        )
    tree = parse_xml(drawn_xml(platform, screen, over=xml))
    return recognise(tree, load(platform, covered_only=True))


def says(sight: Sight) -> str:
    return sight.next.says if sight.next is not None else ""


@pytest.mark.parametrize(
    ("title", "buttons", "ids", "touched"),
    [
        ("Introducing your archive", ("Got it",), {"Got it": PRIMARY}, "Got it"),
        ("Introducing Meta AI", ("Turn on", "Learn more"), {"Turn on": PRIMARY}, ""),
        ("Meet Meta AI", ("Get started",), {"Get started": PRIMARY}, ""),
        ("Introducing Edits", ("Get app", "Not now"), {"Get app": PRIMARY}, "Not now"),
        ("Sharing posts to Reels", ("Turn on", "Cancel"), {"Turn on": "primary_button"}, ""),
        ("Your reel can be remixed", ("Manage", "OK"), {"Manage": "primary_button"}, "OK"),
        ("Keep editing your draft?", ("Discard", "Keep editing"), {"Discard": AUXILIARY}, ""),
        ("Keep editing your draft?", ("Start new video", "Keep editing"), {}, "Start new video"),
        ("Always share reels on Threads?", ("Always share", "Not now"), {}, "Not now"),
    ],
)
def test_the_id_of_a_button_alone_does_not_say_what_it_does(
    title: str, buttons: tuple[str, ...], ids: dict[str, str], touched: str
) -> None:
    sight = asked("instagram", "share_screen", title, *buttons, ids={title: HEADLINE, **ids})
    assert sight.kind == "interruption"
    assert says(sight) == touched


@pytest.mark.parametrize("title", ["Your draft is waiting", "Finish your draft?", "Promote your video"])
@pytest.mark.parametrize("screen", ["home", "post_screen"])
def test_a_button_that_publishes_is_touched_only_where_the_question_is_about_this_post(
    screen: str, title: str
) -> None:
    assert says(asked("tiktok", screen, title, "Post now", "Another day")) == ""
    question = asked("tiktok", screen, "Publish video publicly?", "Post now", "Another day")
    assert (question.name, says(question)) == ("publish_publicly", "Post now")


@pytest.mark.parametrize(
    "title", ["You're posting too fast", "You are uploading too frequently. Try again later"]
)
def test_a_limit_of_the_app_is_told_as_one(title: str) -> None:
    assert asked("tiktok", "post_screen", title, "OK").name == "restricted"


@pytest.mark.parametrize(
    "button", ["Confirm", "Save", "Apply", "Done", "Discard", "Continue", "Try again", "Post again"]
)
@pytest.mark.parametrize(
    "title",
    [
        "Switch to a private account?", "Discard this post?", "Also post to Story?", "Post again?", "Log out?",
        "Only friends can view this post",
    ],
)  # fmt: skip
@pytest.mark.parametrize("screen", ["home", "post_screen"])
def test_a_sheet_that_nobody_knows_is_never_answered_with_what_may_agree_to_it(
    screen: str, title: str, button: str
) -> None:
    """TikTok's own option sheets are closed with "Done", "Save", "Confirm" or "Apply": a strange one they would answer."""
    sight = asked("tiktok", screen, title, button, "Another day")
    assert (sight.name, says(sight)) == ("some_sheet", "")
    assert says(asked("tiktok", screen, title, button, "Close")) == "Close"


@pytest.mark.parametrize(
    ("title", "touched"),
    [
        ("Your videos will be posted as reels", "OK"),
        ("Photos can be up to 10", "OK"),
        ("Share this to Facebook too?", ""),
        ("Switch to a professional account?", ""),
    ],
)
@pytest.mark.parametrize("screen", ["picker_post", "share_screen"])
def test_instagram_s_ok_at_the_foot_of_a_sheet_is_for_what_is_said_and_not_for_what_is_asked(
    screen: str, title: str, touched: str
) -> None:
    ids = {title: HEADLINE, "OK": "bb_primary_action"}
    assert says(asked("instagram", screen, title, "OK", ids=ids)) == touched


@pytest.mark.parametrize(
    ("title", "touched"), [("Updates to our Privacy Policy", "Got it"), ("Accept our Privacy Policy?", "")]
)
def test_a_notice_about_data_is_closed_and_a_question_about_them_is_not_answered(
    title: str, touched: str
) -> None:
    assert says(asked("tiktok", "home", title, "Got it")) == touched


@pytest.mark.parametrize("button", ["OK", "Share", "Continue"])
def test_a_question_whether_to_share_it_elsewhere_too_gets_no_consent(button: str) -> None:
    for screen in ("home", "share_screen"):
        assert says(asked("instagram", screen, "Also share to Facebook?", button, "Another day")) == ""
        assert says(asked("instagram", screen, "Also share to", "Done")) == "Done"


@pytest.mark.parametrize(
    ("buttons", "touched"),
    [
        (("OK", "No thanks"), "No thanks"), (("Share", "Skip"), "Skip"), (("Continue",), "Continue"), (("Share",), ""),
        (("OK",), ""),
    ],
)  # fmt: skip
def test_a_question_about_the_place_is_declined_where_it_can_be(
    buttons: tuple[str, ...], touched: str
) -> None:
    """Its page goes on to Android's own question, which is denied; nothing else of it is agreed to."""
    sight = asked("instagram", "share_screen", "Turn on location services to share it", *buttons)
    assert says(sight) == touched


def chooser(title: str, *rows: tuple[str, str]) -> Sight:
    """Android's chooser: its title, then rows of a box and a text, and "Just once" below."""

    def node(box: str, text: str, name: str = "") -> str:
        rid = f"android:id/{name}" if name else ""
        return (
            f'<node class="android.widget.TextView" package="android" bounds="{box}" text="{text}" content-desc="" '
            f'resource-id="{rid}" clickable="true" enabled="true"/>'
        )

    nodes = [node("[60,1400][1020,1480]", title), *(node(box, text) for box, text in rows)]
    nodes.append(node("[600,2200][1000,2300]", "Just once", "button_once"))
    xml = f'<hierarchy><node class="android.widget.FrameLayout" package="android" bounds="[0,1300][1080,2400]">{"".join(nodes)}</node></hierarchy>'
    return recognise(parse_xml(xml), load("tiktok", covered_only=True))


FIRST, BELOW, BESIDE = "[60,1500][500,1600]", "[60,1650][500,1750]", "[560,1500][1000,1600]"


@pytest.mark.parametrize(
    ("title", "rows", "name", "touched"),
    [
        ("Open with", ((FIRST, "TikTok"), (BELOW, "Browser")), "chooser", "TikTok"),
        ("Open with TikTok", ((BELOW, "Browser"),), "chooser", "Just once"),
        ("Open with", ((FIRST, "TikTok"), (BELOW, "TikTok")), "app_twice", ""),
        ("Open with", ((FIRST, "TikTok"), (BESIDE, "TikTok")), "app_twice", ""),
        ("Open with TikTok", ((BELOW, "TikTok"),), "app_twice", ""),
    ],
)
def test_of_two_apps_with_one_name_none_is_chosen(
    title: str, rows: tuple[tuple[str, str], ...], name: str, touched: str
) -> None:
    """A second copy of the app has other accounts, and the account was read in the first."""
    sight = chooser(title, *rows)
    assert (sight.name, says(sight)) == (name, touched)


def puzzle(title: str) -> str:
    """A captcha as apps draw it: words, a picture, and buttons that say nothing to a screen reader."""
    package = PACKAGES["tiktok"]

    def node(cls: str, box: str, text: str = "", inner: str = "", *, clickable: bool = False) -> str:
        return (
            f'<node class="android.widget.{cls}" package="{package}" bounds="{box}" text="{text}" content-desc="" '
            f'resource-id="" clickable="{str(clickable).lower()}" enabled="true" drawing-order="9">{inner}</node>'
        )

    inner = (
        node("TextView", "[160,780][920,850]", title)
        + node("Image", "[160,880][920,1380]")
        + node("View", "[160,1400][280,1500]", clickable=True)
        + node("View", "[800,1520][860,1580]", clickable=True)
    )
    return node("WebView", "[120,740][960,1620]", inner=inner)


@pytest.mark.parametrize("screen", ["home", "post_screen", "own_profile"])
def test_a_captcha_whose_buttons_say_nothing_is_seen_over_whatever_it_lies(screen: str) -> None:
    """Over the tabs, after the publishing tap, it would have been six quiet seconds."""
    tree = parse_xml(drawn_xml("tiktok", screen, over=puzzle("Drag the slider to fit the puzzle")))
    sight = recognise(tree, load("tiktok", covered_only=True))
    assert (sight.name, sight.kind, sight.next) == ("verify", "human", None)


@pytest.mark.parametrize(
    "title", ["You've been logged out", "Your account has been logged out", "Session expired"]
)
def test_a_dialog_that_says_that_nobody_is_logged_in_is_told_as_that(title: str) -> None:
    assert asked("tiktok", "home", title, "OK").name == "login"


def told(rule: Rule) -> bool:
    return bool(rule.text or rule.desc or rule.label or rule.holds or rule.below)


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_no_shipped_rule_leaves_a_dialog_by_an_id_that_all_dialogs_share(platform: str) -> None:
    vocabulary: Vocabulary = load(platform)
    blind = {
        f"{name}: {element}"
        for name, screen in vocabulary.screens
        if screen.kind == "interruption"
        for element in screen.next
        if element in vocabulary.elements
        for rule in vocabulary.elements[element]
        for one in ((rule.id,) if isinstance(rule.id, str) else rule.id)
        if one.startswith(SHARED) and not told(rule)
    }
    # Android's own alert that an app has stopped is told by its text, and has one button.
    assert blind <= {"app_crashed: crash_close"}
