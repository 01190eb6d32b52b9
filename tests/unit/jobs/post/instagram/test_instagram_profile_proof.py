"""How Instagram's profile and feed are asked for a post, on drawn screens: where to, how often, with which pauses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jobs.post.instagram.proof import _look_deeper, shows_new_post, to_profile, watch
from jobs.task.attempt import Verdict
from tests.support.drawn import DrawnStage, Follows, Part, Screen, screen

TILE, NEWER = "Reel at row 1, column 1", "Photo at row 1, column 1"


def profile(count: str, tile: str = TILE) -> Screen:
    name = Part("profile_name", text="demo_01")
    return screen(
        "own_profile",
        name,
        Part("post_count_value", text=count),
        Part("first_tile", desc=tile),
        "tab_bar_feed",
    )


SCREENS = {
    "home": screen("home", "profile_tab", "tab_bar_feed", "own_bubble"),
    "home, no tray": screen("home", "profile_tab", "tab_bar_feed"),
    "home, posted": screen("posted", "profile_tab", "tab_bar_feed", "posted_text"),
    "home, failed": screen("upload_failed", "profile_tab", "tab_bar_feed", "cant_post_text"),
    "home, uploading": screen("uploading", "profile_tab", "tab_bar_feed", "sharing_text"),
    "home with ring": screen("home", "profile_tab", "tab_bar_feed", "own_ring own_bubble"),
    "reels": screen("home", "profile_tab", "tab_bar_feed", "reels_tab_chosen"),
    "8": profile("8"),
    "8 again": profile("8", NEWER),
    "9": profile("9"),
    "some": profile("1.2K"),
    "some, newer": profile("1.2K", NEWER),
    "some, no tile": profile("1.2K", ""),
    "form": screen("share_screen", "share_button"),
}  # fmt: skip


def stage(at: Follows, *, before: int | None = 8, tile: str = TILE, **config: Any) -> DrawnStage:
    made = DrawnStage("instagram", SCREENS, at, **config)
    made.flow.posts_before, made.flow.tile_before, made.flow.profile_fresh = before, tile, True
    made.flow.earlier_indicators = {}
    made.phone.on("tap profile_tab", "8")
    made.phone.on("tap tab_bar_feed", "home")
    return made


def looks(
    made: DrawnStage, *, progress: bool = False, before: dict[str, int] | None = None
) -> Verdict | None:
    """What a closer look says once no upload is shown."""
    seen: Any = SimpleNamespace(saw_progress=progress, indicators=SimpleNamespace(before=before))
    return _look_deeper(made.flow, made.look(), seen)


def remark(verdict: Verdict | None) -> str:
    return verdict.remark if verdict else ""


COUNTED = "the profile counts 9 posts, 8 before"


def test_a_profile_is_looked_at_four_times_five_seconds_apart_and_pulled_down_each_time() -> None:
    made = stage("8")
    assert looks(made) is None
    assert made.touched == ["swipe down"] * 4
    assert made.took_s() == 20.0
    assert made.attempt.log == ["no upload row: looking at the profile"]


@pytest.mark.parametrize(("pulls", "says"), [(1, COUNTED), (3, COUNTED), (4, "")])
def test_a_number_that_comes_late_is_seen_in_the_fourth_look_at_last(pulls: int, says: str) -> None:
    made = stage("8")
    follows: list[Follows] = [{5.0: "8 again" if n % 2 else "8"} for n in range(1, pulls)]
    made.phone.on("swipe down", *follows, {5.0: "9"})
    assert remark(looks(made)) == says
    assert made.took_s() == 5.0 * pulls


def test_from_the_feed_the_profile_is_opened_and_given_eight_seconds() -> None:
    made = stage("home")
    made.phone.on("tap profile_tab", {2.0: "home, no tray", 8.0: "9"})
    assert remark(looks(made)) == COUNTED
    assert made.touched == ["tap profile_tab"]
    made = stage("home")
    made.phone.on("tap profile_tab", "")
    assert looks(made) is None
    assert made.took_s() == 8.0
    assert made.touched == ["tap profile_tab"]


def test_from_elsewhere_nothing_is_touched() -> None:
    made = stage("form")
    assert made.ends_on(to_profile) == "share_screen"
    assert made.touched == []
    assert looks(made) is None
    assert made.touched == []


@pytest.mark.parametrize("row", ["home, posted", "home, failed", "home, uploading"])
def test_a_row_that_comes_back_ends_the_look_for_the_watch_judges_it(row: str) -> None:
    made = stage("8")
    made.flow.driver.ignore = frozenset()
    made.phone.on("swipe down", {1.0: row})
    assert looks(made) is None
    assert made.touched == ["swipe down"]
    assert made.took_s() == 1.0


@pytest.mark.parametrize(
    ("shown", "before", "tile", "says"),
    [
        ("9", 8, TILE, COUNTED),
        ("8", 8, TILE, ""),
        ("8 again", 8, TILE, ""),
        ("9", 9, TILE, ""),
        ("9", None, TILE, ""),
        ("some, newer", 8, TILE, f"the profile's newest tile is new: {NEWER}"),
        ("some, newer", None, TILE, f"the profile's newest tile is new: {NEWER}"),
        ("some", 8, TILE, ""),
        ("some, no tile", 8, TILE, ""),
        ("some", 8, "", f"the profile's newest tile is new: {TILE}"),
    ],
)
def test_more_posts_than_before_prove_it_and_a_new_tile_where_they_are_not_counted(
    shown: str, before: int | None, tile: str, says: str
) -> None:
    assert remark(looks(stage(shown, before=before, tile=tile))) == says


def test_where_nothing_was_known_before_nothing_is_compared() -> None:
    made = stage("9", before=None, tile="")
    assert looks(made) is None
    assert made.touched == []
    made = stage("9", tile="")
    assert remark(looks(made)) == COUNTED


@pytest.mark.parametrize(
    ("fresh", "progress", "before", "compared"),
    [
        (True, False, {"posted": 1}, True),
        (False, True, {"posted": 1}, True),
        (False, False, {}, True),
        (False, False, None, True),
        (False, False, {"posted": 1}, False),
    ],
)
def test_numbers_that_may_have_been_stale_prove_nothing_beside_an_old_row(
    fresh: bool, progress: bool, before: dict[str, int] | None, compared: bool
) -> None:
    made = stage("9")
    made.flow.profile_fresh = fresh
    assert remark(looks(made, progress=progress, before=before)) == (COUNTED if compared else "")


def test_on_the_reels_tab_the_feed_is_opened_once_for_a_refusal_would_stand_there() -> None:
    made = stage("reels")
    made.phone.on("tap tab_bar_feed", {4.0: "home, no tray"})
    assert looks(made) is None
    assert made.touched == ["tap tab_bar_feed"]
    assert made.flow.feed_looked_at is True
    assert made.flow.feed_sought is True
    again = stage("reels")
    again.flow.feed_looked_at = True
    again.phone.on("tap profile_tab", "9")
    assert remark(looks(again)) == COUNTED
    assert again.touched == ["tap profile_tab"]


def test_on_the_feed_it_is_not_opened_again() -> None:
    made = stage("home")
    made.phone.on("tap profile_tab", "9")
    assert remark(looks(made)) == COUNTED
    assert made.flow.feed_looked_at is False


# -- stories --------------------------------------------------------------------------------------------------------

OLD_RING = "the account had a story before, so its ring does not say whether the new one is up"


@pytest.mark.parametrize("at", ["home with ring", "home"])
@pytest.mark.parametrize("before", [True, None, False])
def test_a_ring_that_may_be_an_older_storys_settles_that_it_stays_unknown(
    at: str, before: bool | None
) -> None:
    made = stage(at, placement="story")
    made.flow.ring_before = before
    verdict = looks(made)
    told = OLD_RING if at == "home with ring" and before is not False else ""
    assert remark(verdict) == told
    if verdict:
        assert verdict.error is not None
        assert (verdict.outcome, verdict.error.code) == ("unknown", "unproven")
    assert made.touched == []


@pytest.mark.parametrize(
    ("at", "before", "placement", "says"),
    [
        ("home with ring", False, "story", "the own story stands in the tray"),
        ("home with ring", None, "story", ""),
        ("home with ring", True, "story", ""),
        ("home", False, "story", ""),
        ("home with ring", False, "reel", ""),
    ],
)
def test_a_ring_that_was_not_there_proves_a_story(
    at: str, before: bool | None, placement: str, says: str
) -> None:
    made = stage(at, placement=placement)
    made.flow.ring_before = before
    assert remark(watch(made.flow).look_at_once(made.look())) == says


# -- whether something was posted since -----------------------------------------------------------------------------


def since(made: DrawnStage) -> str:
    return shows_new_post(made.flow, made.look())


def test_a_new_row_or_a_higher_count_says_that_something_was_posted() -> None:
    assert since(stage("home, posted")) == "posted"
    made = stage("home")
    made.phone.on("tap profile_tab", "9")
    assert since(made) == COUNTED
    assert made.touched == ["tap profile_tab", "swipe down"]
    made = stage("8")
    made.phone.on("swipe down", {2.5: "9"})
    assert since(made) == COUNTED


@pytest.mark.parametrize(("at", "before"), [("8", 8), ("some, newer", 8), ("9", None), ("form", 8)])
def test_what_says_nothing_of_a_post_is_no_sign_of_one(at: str, before: int | None) -> None:
    made = stage(at, before=before)
    assert since(made) == ""
    assert made.touched == ([] if before is None or at == "form" else ["swipe down"])


def test_rows_that_stood_there_before_are_no_sign() -> None:
    made = stage("home, posted", before=None)
    made.flow.earlier_indicators = {"posted": 1}
    assert since(made) == ""


@pytest.mark.parametrize(
    ("at", "ring", "says"),
    [("home with ring", False, "a new story in the tray"), ("home with ring", True, ""), ("home", False, "")],
)
def test_of_a_story_the_tray_says_it(at: str, ring: bool, says: str) -> None:
    made = stage(at, placement="story")
    made.flow.ring_before = ring
    assert since(made) == says
    assert made.touched == []


def test_on_the_profile_a_higher_count_says_it_where_a_story_was_meant_too() -> None:
    made = stage("9", placement="story")
    assert since(made) == COUNTED
