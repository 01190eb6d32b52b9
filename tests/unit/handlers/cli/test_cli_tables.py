"""Tables for a terminal: columns stay aligned and lines stay within the width, whatever the texts are."""

from __future__ import annotations

import pytest

from handlers.cli.tables import clean, columns, cut, facts, shown, table, terminal_width


def test_columns_are_aligned_and_numbers_stand_at_the_right() -> None:
    assert table(("ID", "NAME", "WHY"), [(7, "anna", "time"), (1234, "木工", "hold")], None) == [
        "  ID  NAME  WHY",
        "   7  anna  time",
        "1234  木工  hold",
    ]


def test_no_line_is_wider_than_the_terminal_also_with_wide_characters() -> None:
    rows = [(1, "🪵" * 30), (2, "é" * 60), (3, "short")]
    for width in (8, 16, 20, 21):
        lines = table(("ID", "CAPTION"), rows, width)
        assert all(columns(line) <= width for line in lines)
        assert [line.endswith("…") for line in lines if "🪵" in line or "é" in line] == [True, True]
        assert lines[-1].endswith("short")


@pytest.mark.parametrize("width", [20, 40, 57, 60, 70, 80, 200])
def test_no_column_is_lost_on_a_narrow_terminal(width: int) -> None:
    row = (7, "pending", "2027-02-14 18:30", "@demo_tt_02", "127.0.0.1:40529", "device: it is offline")
    lines = table(("ID", "STATUS", "START", "ACCOUNT", "PHONE", "WHY"), [row, (*row[:5], "")], width)
    assert all(columns(line) <= width for line in lines)
    for cell in ("pending", "2027-02-14", "@demo_tt_02", "127.0.0.1", "device: "):
        assert any(cell in line for line in lines), cell
    assert any("WHY" in line for line in lines)
    assert "" not in lines
    one_line = width >= 2 + 7 + 16 + 11 + 15 + 12 + 10
    assert (len(lines) == 3) is one_line


def test_what_fits_is_not_cut() -> None:
    assert cut("exactly", 7) == "exactly"
    assert cut("exactly", 6) == "exact…"


def test_facts_without_a_value_are_left_out_and_zero_is_a_value() -> None:
    assert facts([("id", 0), ("end", None), ("caption", "")]) == ["id  0"]


@pytest.mark.parametrize(
    ("text", "shown"), [("a\nb", "a b"), ("\x1b[2J", "[2J"), ("a\u202eb", "ab"), ("e\u0301", "e\u0301")]
)
def test_nothing_that_steers_a_terminal_is_left(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_only_a_terminal_or_a_wish_has_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    assert terminal_width() == 72
    monkeypatch.delenv("COLUMNS")
    assert terminal_width() is None  # the test's output is no terminal


def test_lines_keep_their_shape_and_steer_nothing() -> None:
    assert shown("  a  b\n\tc \x1b[2J\u202ed\n") == "  a  b\n c  [2Jd\n"
    assert shown("木工 é 🪵\n  x") == "木工 é 🪵\n  x"
