"""Which elements and words of a screens file are guarded, what they are for, and which of them a language lacks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jobs.post.screens.checks.guarded import Guarded, missing_words, speaks, stop_elements, words_in
from jobs.post.screens.screens_file import Rule, Screen, ScreensFile, lay_over

FILE = ScreensFile(
    platform="tiktok",
    publishing=("post_button", "late_button", "bare_button"),
    proof=("badge",),
    account=("handle",),
    words={
        "next": [{"en": "Next"}],
        "post": [{"en": ["Post", "Go live"], "nl": "Plaatsen"}],
        "late": [{"en": "Publish now"}],
        "login": [{"en": "Log in"}],
        "retry": [{"en": "Try again"}],
        "failed": [{"en": "Not posted", "any": "/^!+$/"}],
        "age": [{"en": "Just now"}],
        "badge": [{"any": "/^\\d+ %$/"}],
        "handle": [{"any": "/^@/"}],
        "bad": [{"en": "/(/"}],
        "skip": [{"en": ["Skip", "Cancel"]}],
        "stop": [{"en": ["/^cancel/", "Stop"]}],
    },
    elements={
        "next_button": [Rule(label="@next")],
        "post_button": [Rule(label="@post"), Rule(text="@post", id="post")],
        "late_button": [Rule(label="@late")],
        "bare_button": [Rule(id="post")],
        "login_text": [Rule(text="@login", below="retry_text")],
        "retry_text": [Rule(text="@retry")],
        "failed_text": [Rule(text="@failed")],
        "age": [Rule(text="@age")],
        "badge": [Rule(text="@badge")],
        "handle": [Rule(text="@handle")],
        "bad_text": [Rule(text="@bad")],
        "both": [Rule(text="@stop")],
    },
    screens={
        "login": Screen(kind="human", layer=100, all=("login_text",), any=("both",)),
        "crashed": Screen(kind="human", layer=110, all=("bad_text",)),
        "low": Screen(kind="human", layer=98, all=("bad_text",)),
        "off": Screen(kind="human", layer=5, all=("next_button",), off=True),
        "failed": Screen(kind="failure", layer=82, all=("failed_text",)),
        "done": Screen(kind="success", layer=80, all=("age",), any=("next_button",)),
        "running": Screen(kind="progress", layer=79, all=("badge",)),
        "form": Screen(kind="path", layer=50, all=("post_button",), any=("both",), next=("next_button",)),
        "asks": Screen(
            kind="interruption", layer=89, all=("late_button",), next=("late_button",), phase="after"
        ),
    },
)


def guarded() -> Guarded:
    """Anew for each question: it keeps what it has worked out."""
    return Guarded(FILE)


def test_proof_is_what_tells_that_a_post_went_out_failed_or_is_on_its_way() -> None:
    assert guarded().proof == {"badge", "age", "failed_text"}


def test_endings_are_told_by_what_no_screen_of_the_way_is_told_or_touched_by() -> None:
    assert guarded().endings == {"login_text", "bad_text", "failed_text", "age", "badge"}
    assert guarded().sealed == guarded().endings | guarded().proof | set(FILE.publishing)


def test_proof_that_screens_of_the_way_show_too_is_sealed_all_the_same() -> None:
    shown = Screen(kind="path", layer=30, all=("badge",))
    both = Guarded(msgspec.structs.replace(FILE, screens={**FILE.screens, "feed": shown}))
    assert "badge" not in both.endings
    assert "badge" in both.sealed


def test_the_account_is_guarded_with_its_words() -> None:
    assert (guarded().account, guarded().account_words) == ({"handle"}, {"handle"})


def test_the_lowest_screen_for_a_person_is_the_floor() -> None:
    assert guarded().human_floor == 98
    assert Guarded(ScreensFile()).human_floor == 96


def test_each_guarded_word_is_for_one_thing() -> None:
    assert guarded().words == {
        "age": "proof", "badge": "proof", "failed": "stop", "login": "stop", "retry": "stop", "stop": "stop", "bad": "stop",
        "late": "stop", "post": "publish",
    }  # fmt: skip


def test_what_is_laid_over_it_reads_too_but_is_not_guarded_by_itself() -> None:
    above = ScreensFile(words={"next": [{"nl": "Verder"}], "fresh": [{"nl": "Vers"}]})
    both = Guarded(FILE, lay_over(FILE, above))
    assert both.texts("next") == {"next", "verder"}
    assert both.texts("fresh") == {"vers"}
    assert guarded().texts("next") == {"next"}
    assert guarded().texts("fresh") == frozenset()
    same = guarded()
    assert same.all_labels is same.labels
    assert both.words == guarded().words


def test_a_pattern_that_does_not_compile_reads_nothing_and_hides_no_other_word() -> None:
    assert guarded().labels["bad"].name == "bad"
    assert not guarded().labels["bad"].matches("(")
    assert guarded().labels["next"].name == "next"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("next", "next", True), ("skip", "stop", True), ("stop", "skip", True), ("next", "post", False),
        ("nobody", "next", False), ("next", "nobody", False), ("nobody", "nobody", True),
    ],
)  # fmt: skip
def test_words_are_alike_where_they_read_the_same_somewhere(one: str, other: str, alike: bool) -> None:
    assert guarded().alike(one, other) is alike


@pytest.mark.parametrize(
    ("word", "text", "clash"),
    [
        ("next", "Verder", ("", "")),
        ("next", "POST", ("post", "publish")),
        ("next", "Log in", ("login", "stop")),
        ("next", "40 %", ("badge", "proof")),
        ("", "Just now", ("age", "proof")),
        ("", "Next", ("", "")),
        ("skip", "Cancel it", ("", "")),
        ("next", "Cancel it", ("stop", "stop")),
        ("post", "Next", ("next", "way")),
        ("post", "@anna", ("handle", "way")),
        ("post", "Log in", ("login", "stop")),
        ("post", "Post", ("", "")),
        ("handle", "Next", ("", "")),
    ],
)
def test_a_text_clashes_with_a_word_that_reads_it_already(
    word: str, text: str, clash: tuple[str, str]
) -> None:
    assert guarded().clash(word, text) == clash


def test_words_and_elements_are_named_by_the_rules_that_read_them() -> None:
    assert words_in(FILE, ["post_button", "bare_button", "next_button", "nobody"]) == {"post", "next"}
    assert stop_elements(FILE) == {"login_text", "retry_text", "both", "bad_text", "failed_text"}


def test_a_language_speaks_with_its_own_wordings_and_those_of_every_language() -> None:
    assert speaks(FILE, "post", "en") == ["Post", "Go live"]
    assert speaks(FILE, "post", "nl") == ["Plaatsen"]
    assert speaks(FILE, "failed", "nl") == ["/^!+$/"]
    assert speaks(FILE, "failed", "en") == ["Not posted", "/^!+$/"]
    assert speaks(FILE, "post", "de") == []
    assert speaks(FILE, "nobody", "en") == []
    two: dict[str, Any] = {"next": [{"en": "Next"}, {"en": ["Go on"]}]}
    assert speaks(msgspec.structs.replace(FILE, words=two), "next", "en") == ["Next", "Go on"]


def test_a_language_lacks_its_refusals_and_publishing_buttons_but_no_proof() -> None:
    assert missing_words(FILE, "nl") == {
        "bad": "stop", "late": "stop", "login": "stop", "retry": "stop", "stop": "stop",
    }  # fmt: skip
    assert list(missing_words(FILE, "de")) == ["bad", "late", "login", "post", "retry", "stop"]
    assert missing_words(FILE, "en") == {}
