"""What Instagram's profile says, on drawn screens: the account, how many posts, the newest tile."""

from __future__ import annotations

import pytest

from jobs.post.instagram.reading import name_of, post_count, tile_of
from jobs.post.screens.recognise import Sight
from tests.support.drawn import DrawnStage, Part, screen


def shows(name: str, *parts: Part) -> Sight:
    return DrawnStage("instagram", {"it": screen(name, *parts)}, "it").look()


@pytest.mark.parametrize(
    ("value", "spoken", "count"),
    [
        ("8", "9 posts", 8),
        ("", "9 posts", 9),
        ("1,234", "", 1234),
        ("1.234", "", 1234),
        ("1\u00a0234", "", 1234),
        ("1\u202f234 posts", "", 1234),
        ("12'345", "", 12345),
        ("1.2K", "9 posts", 9),
        ("1.2K", "1.2kposts", None),
        ("3M", "", None),
        ("3 m", "", None),
        ("posts", "", None),
        (" 7 ", "", 7),
        ("7posts", "", 7),
        ("0", "", 0),
    ],
)
def test_a_count_is_read_where_it_is_exact(value: str, spoken: str, count: int | None) -> None:
    parts = [Part("post_count_value", text=value)] if value else []
    assert post_count(shows("own_profile", *parts, Part("post_count", desc=spoken))) == count


def test_a_profile_without_a_count_has_none() -> None:
    assert post_count(shows("own_profile")) is None


def test_the_accounts_name_stands_on_the_own_profile_alone() -> None:
    assert name_of(shows("own_profile", Part("profile_name", text=" demo_01 "))) == "demo_01"
    assert name_of(shows("home", Part("profile_name", text="demo_01"))) == ""
    assert name_of(shows("own_profile")) == ""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("anna_1.b", "anna_1.b"), ("\u2068anna\u2069", "anna"), ("very_long_na\u2026", ""), ("very_long_na...", ""),
        ("Anna Bell", ""), ("2 new messages", ""), ("a" * 30, "a" * 30), ("a" * 31, ""),
    ],
)  # fmt: skip
def test_a_name_that_is_cut_off_or_is_none_is_not_taken_for_an_account(text: str, name: str) -> None:
    """Two accounts that begin alike would be one, and what is posted to which would not be known."""
    assert name_of(shows("own_profile", Part("profile_name", text=text))) == name


def test_the_newest_tile_is_called_as_its_description_says() -> None:
    tile = Part("first_tile", text="x", desc="Reel at row 1, column 1")
    assert tile_of(shows("own_profile", tile)) == "Reel at row 1, column 1"
    assert tile_of(shows("own_profile")) == ""
