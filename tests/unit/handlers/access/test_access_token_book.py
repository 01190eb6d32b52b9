"""The tokens of the operator's file and those that the console makes, as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.access import token_book as module
from handlers.access.token_book import LastToken, TokenBook
from handlers.access.tokens import NameRefused, TokenError, Tokens, new_token, read_tokens
from jobs.upkeep.token_file import console_tokens

HERE, LAN = "127.0.0.1:50809", "0.0.0.0:50809"


class Box:
    """An installed hub: its tokens stand beside its config, where the daemon may not write."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.main = folder / "etc" / "tokens.json"
        self.state = folder / "state"
        self.state.mkdir()
        self.token = new_token(self.main, "laptop")
        self.book = TokenBook(self.main, self.state)
        self.tokens = Tokens(self.book)
        monkeypatch.setattr(module, "may_write", lambda path: path.parent != self.main.parent)

    def names(self) -> list[str]:
        return [entry.name for entry in self.book.entries()]


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(tmp_path, monkeypatch)


def test_what_the_console_makes_stands_where_the_daemon_may_write(box: Box) -> None:
    before = box.main.read_bytes()
    made = box.book.new("tablet")
    assert box.main.read_bytes() == before
    assert box.names() == ["laptop", "tablet"]
    assert (box.tokens.verify(made), box.tokens.verify(box.token)) == ("tablet", "laptop")
    assert console_tokens(box.state).stat().st_mode & 0o777 == 0o600
    with pytest.raises(NameRefused, match="already"):
        box.book.new("LAPTOP")


def test_the_console_takes_back_what_stands_in_the_operators_file(box: Box) -> None:
    box.book.new("tablet")
    assert box.book.revoke("Laptop", LAN)
    assert box.names() == ["tablet"]
    assert box.tokens.verify(box.token) is None
    assert not box.book.revoke("laptop", LAN)
    again = box.book.new("laptop")
    assert box.tokens.verify(again) == "laptop"
    assert box.tokens.verify(box.token) is None
    assert box.book.revoke("laptop", LAN)
    assert box.names() == ["tablet"]


def test_who_may_write_both_keeps_one_file(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    console = box.book.new("tablet")
    monkeypatch.setattr(module, "may_write", lambda _: True)
    box.book.new("phone")
    assert [entry.name for entry in read_tokens(box.main).tokens] == ["laptop", "phone"]
    assert box.book.revoke("laptop", LAN)
    assert [entry.name for entry in read_tokens(box.main).tokens] == ["phone"]
    assert box.book.revoke("tablet", LAN)
    assert box.tokens.verify(console) is None


def test_the_last_token_stays_while_the_lan_is_served(box: Box) -> None:
    with pytest.raises(LastToken, match="last token"):
        box.book.revoke("laptop", LAN)
    assert box.tokens.verify(box.token) == "laptop"
    assert box.book.revoke("laptop", HERE)


@pytest.mark.parametrize("which", ["main", "console"])
def test_a_damaged_file_of_the_two_lets_nobody_in(box: Box, which: str) -> None:
    box.book.new("tablet")
    (box.main if which == "main" else console_tokens(box.state)).write_text("{")
    assert len(box.tokens) == 0
    assert "damaged" in box.tokens.problem
    with pytest.raises(TokenError):
        box.book.entries()
    with pytest.raises(TokenError):
        box.book.new("another")
