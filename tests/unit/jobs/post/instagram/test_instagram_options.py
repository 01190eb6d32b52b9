"""The AI label on Instagram's drawn share screen, and the way back up to the caption: each step with its time."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.post.instagram.options import check_poster, scroll_up_to, set_options
from jobs.post.screens.recognise import Sight
from tests.support.drawn import DrawnStage, Follows, Part, Screen, screen
from tests.support.vocabularies import shipped_screens

SCREENS = {
    "form": screen("share_screen", "caption_field", "share_button"),
    "form, label": screen("share_screen", "ai_label_text", "ai_label_switch", "share_button"),
    "form, label on": screen("share_screen", "ai_label_text", "ai_label_on ai_label_switch", "share_button"),
    "form, end": screen("share_screen", "share_button"),
    "editor": screen("reel_editor", "editor_next"),
}


def stage(at: Follows, screens: dict[str, Screen] | None = None, **config: Any) -> DrawnStage:
    return DrawnStage("instagram", SCREENS | (screens or {}), at, **config)


# -- the AI label ---------------------------------------------------------------------------------------------------


def label(at: Follows) -> DrawnStage:
    made = stage(at, ai_label=True)
    made.phone.on("tap ai_label_switch", "form, label on")
    return made


def test_a_label_that_was_not_asked_for_is_not_looked_for() -> None:
    made = stage("form")
    assert made.ends_on(set_options) == "share_screen"
    assert made.touched == []


def test_the_label_is_scrolled_to_and_switched_on() -> None:
    made = label("form")
    made.phone.on("swipe up", {1.5: "form, label"})
    made.phone.on("tap ai_label_switch", {5.0: "form, label on"})
    assert made.ends_on(set_options) == "share_screen"
    assert made.touched == ["swipe up", "tap ai_label_switch"]
    assert made.took_s() == 6.5
    assert made.attempt.log[0] == "step ai label"


def test_the_switch_is_waited_for_no_longer_than_it_takes() -> None:
    for meanwhile in ("form, end", "editor"):
        made = label("form, label")
        made.phone.on("tap ai_label_switch", {1.0: meanwhile, 2.0: "form, label on"})
        assert made.ends_on(set_options) == "share_screen"
        assert made.touched == ["tap ai_label_switch"]
        assert made.took_s() == 2.0


def test_a_label_that_is_on_is_not_switched_off() -> None:
    made = label("form, label on")
    assert made.ends_on(set_options) == "share_screen"
    assert made.touched == []


def test_a_form_without_the_label_is_said_and_not_posted() -> None:
    made = label("form")
    told = "the AI label is not on the share screen"
    assert made.fails(set_options) == ("option_not_set", "ai label", told)
    assert made.took_s() == 1.5
    assert made.touched == ["swipe up"]


def test_a_switch_that_takes_no_touch_is_touched_once_and_said() -> None:
    made = label("form, label")
    made.phone.on("tap ai_label_switch", "")
    told = "the AI label does not switch on"
    assert made.fails(set_options) == ("option_not_set", "ai label", told)
    assert made.touched == ["tap ai_label_switch", "swipe up"]
    assert made.took_s() == 5.0 + 1.5


def test_a_switch_that_moved_out_of_view_is_scrolled_to_again() -> None:
    made = label("form, label")
    made.phone.on("tap ai_label_switch", {0.0: "form"})
    made.phone.on("swipe up", "form, label on")
    assert made.ends_on(set_options) == "share_screen"
    assert made.touched == ["tap ai_label_switch", "swipe up"]
    assert made.took_s() == 5.0


def test_what_comes_over_the_form_must_go_before_the_label_is_looked_at() -> None:
    made = label("form, label")
    made.phone.on("tap ai_label_switch", {0.0: "editor", 8.0: "form, label on"})
    assert made.ends_on(set_options) == "share_screen"
    assert made.took_s() == 8.0
    made = label("form, label")
    made.phone.on("tap ai_label_switch", "editor")
    told = "ai label: share_screen does not come"
    assert made.fails(set_options) == ("option_not_set", "reel_editor", told)


# -- back up to the caption -----------------------------------------------------------------------------------------


def up(flow: Any, sight: Sight) -> Sight:
    return scroll_up_to(flow, sight, "caption_field")


def test_a_caption_in_view_is_not_scrolled_to() -> None:
    made = stage("form")
    assert made.ends_on(up) == "share_screen"
    assert made.touched == []


def test_a_caption_above_is_scrolled_to_at_most_five_times() -> None:
    many = {f"end {n}": screen("share_screen", f"share_button end{n}") for n in range(5)}
    for number, ok in ((4, True), (5, True), (6, False)):
        made = stage("form, end", many)
        follows = [{1.5: f"end {n}"} for n in range(number - 1)]
        made.phone.on("swipe down", *follows, {1.5: "form"})
        if ok:
            assert made.ends_on(up) == "share_screen"
            assert made.took_s() == 1.5 * number
        else:
            told = "caption_field is not on share_screen"
            assert made.fails(up) == ("ui_changed", "share_screen", told)
        assert made.touched == ["swipe down"] * min(number, 5)


def test_at_the_top_of_a_form_without_a_caption_nothing_more_is_scrolled() -> None:
    made = stage("form, end")
    assert made.fails(up)[2] == "caption_field is not on share_screen"
    assert made.touched == ["swipe down"]
    assert made.took_s() == 1.5


def test_what_comes_over_the_form_while_it_is_scrolled_must_go() -> None:
    made = stage("form, end")
    made.phone.on("swipe down", {0.0: "editor", 8.0: "form"})
    assert made.ends_on(up) == "share_screen"
    assert made.took_s() == 8.0


# -- what stands there although nobody asked for it -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("Posting as anna_", "anna_"), ("Sharing as @bert", "bert"), ("Posting as anna", ""), ("Posting as @Anna", ""),
        ("Anna posts as a team", ""),
    ],
)  # fmt: skip
def test_a_form_that_posts_as_another_account_than_the_one_that_was_checked_is_not_sent(
    words: str, wrong: str
) -> None:
    names = "posting_as_text" if words.partition(" ")[0] in ("Posting", "Sharing") else "header"
    form = screen("share_screen", Part(names, text=words), "caption_field", "share_button")
    made = stage("form", {"form": form})
    made.flow.account_seen = "anna"
    if wrong:
        assert made.fails(check_poster) == (
            "wrong_account",
            "share_screen",
            f"the form posts as {wrong}, not as anna",
        )
    else:
        check_poster(made.flow, made.look())


@pytest.mark.parametrize(
    "text", ["Share as trial", "Post as reel", "Posting as a team of five", "Share to Facebook"]
)
def test_words_of_the_form_that_name_nobody_are_no_account(text: str) -> None:
    assert not shipped_screens()["instagram"].words["posting_as"].matches(text)
    assert shipped_screens()["instagram"].words["posting_as"].matches("Posting as anna.2")
