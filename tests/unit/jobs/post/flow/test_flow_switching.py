"""Which row of an account switcher is touched, on drawn sheets with names that are alike and rows that do something else."""

from __future__ import annotations

import pytest

from tests.support.drawn import DrawnStage, Part, Screen, screen


def profile(handle: str, platform: str = "tiktok") -> Screen:
    name = "profile_handle" if platform == "tiktok" else "profile_name"
    shown = f"@{handle}" if platform == "tiktok" else handle
    return screen(
        "own_profile", "account_name", Part(name, text=shown), "edit_profile", "create_new profile_tab"
    )


def sheet(*rows: str) -> Screen:
    """A switcher with these rows; two texts with a bar between them stand in one row."""
    parts = [Part("switch_title", (0, 1000, 1080, 1100), text="Switch account")]
    for place, row in enumerate(rows):
        top = 1150 + 150 * place
        for half, text in enumerate(row.split("|")):
            parts.append(
                Part(f"row row{place}", (100 + 500 * half, top, 500 + 500 * half, top + 100), text=text)
            )
    top = 1150 + 150 * len(rows)
    return screen(
        "account_sheet", *parts, Part("add_account_row", (100, top, 900, top + 100), text="Add account")
    )


def touched(platform: str, wanted: str, *rows: str, shown: str = "demo_01") -> list[str]:
    """The rows that are touched; the profile shows the same account after each."""
    screens = {"profile": profile(shown, platform), "sheet": sheet(*rows)}
    stage = DrawnStage(platform, screens, "profile", username=wanted)
    stage.phone.on("tap account_name", "sheet")
    for place in range(len(rows)):
        stage.phone.on(f"tap row{place}", "profile")
    failed = stage.fails(lambda flow, sight: flow.switcher.ensure(sight))
    assert failed[0] == "wrong_account"
    return [rows[int(touch[7:])] for touch in stage.touched if touch.startswith("tap row")]


@pytest.mark.parametrize(
    "action",
    [
        "Switch to personal account", "Manage accounts", "Log in to another account", "Sign up for a business account",
        "Create account", "Account settings", "Professional dashboard", "Help",
    ],
)  # fmt: skip
def test_a_row_that_does_something_else_is_not_tried_as_an_account(action: str) -> None:
    """TikTok's rows show display names: where none is known each is tried, and one that changes the account is none."""
    assert touched("tiktok", "demo_02", action, "Demo Two", "Demo Three") == ["Demo Two", "Demo Three"]


def test_a_row_with_a_button_that_logs_in_is_not_tried() -> None:
    assert touched("tiktok", "demo_02", "Demo Four|Log in", "Demo Two") == ["Demo Two"]


@pytest.mark.parametrize("rows", [["anna_", "anna.2", "anna1"], ["anna…", "ann"]])
def test_a_name_that_is_only_alike_is_not_touched_on_instagram(rows: list[str]) -> None:
    assert touched("instagram", "anna", *rows) == []


@pytest.mark.parametrize("row", ["anna", "Anna", "\u200eanna", "\u2068anna\u2069", "anna, 2 notifications"])
def test_the_row_with_the_very_name_is_touched(row: str) -> None:
    assert touched("instagram", "anna", "anna_", row, "anna.2")[:1] == [row]


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
@pytest.mark.parametrize("around", ["\u200e{}", "\u2068{}\u2069", "\u202a{}\u202c"])
def test_a_name_among_marks_of_its_direction_is_the_name(platform: str, around: str) -> None:
    name = "@demo_01" if platform == "tiktok" else "demo_01"
    shown = profile("x", platform)
    parts = tuple(
        part._replace(text=around.format(name)) if part.names.startswith("profile_") else part
        for part in shown.parts
    )
    stage = DrawnStage(platform, {"profile": shown._replace(parts=parts)}, "profile")
    assert stage.ends_on(lambda flow, sight: flow.switcher.ensure(sight)) == "own_profile"
    assert stage.attempt.seen == ["demo_01"]
