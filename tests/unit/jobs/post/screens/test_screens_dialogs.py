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
