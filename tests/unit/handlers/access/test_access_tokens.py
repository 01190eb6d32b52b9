"""The token file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from handlers.access.token_book import TokenBook
from handlers.access.tokens import TokenError, Tokens, new_token, read_tokens

HERE = "127.0.0.1:0"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens.json"


def test_a_new_token_is_good_and_stands_in_the_file_only_as_a_hash(path: Path) -> None:
    token = new_token(path, "laptop")
    assert re.fullmatch(r"tkm_[A-Za-z0-9_-]{43}", token)
    assert Tokens(TokenBook(path, path.parent)).verify(token) == "laptop"
    assert token not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_token_has_its_name_and_is_different(path: Path) -> None:
    first, second = new_token(path, "laptop"), new_token(path, "phone of Kim")
    assert first != second
    assert [entry.name for entry in read_tokens(path).tokens] == ["laptop", "phone of Kim"]
    tokens = Tokens(TokenBook(path, path.parent))
    assert (tokens.verify(first), tokens.verify(second), tokens.verify("tkm_x")) == (
        "laptop",
        "phone of Kim",
        None,
    )
    assert len(tokens) == 2


def test_names_are_unique_and_plain(path: Path) -> None:
    new_token(path, "laptop")
    with pytest.raises(TokenError, match="already"):
        new_token(path, "Laptop")
    for name in ("", " ", "-x", "a/b", "x" * 65, "a\nb"):
        with pytest.raises(TokenError, match="not a name for a token"):
            new_token(path, name)


def test_a_running_daemon_notices_new_and_revoked_tokens(path: Path) -> None:
    tokens = Tokens(TokenBook(path, path.parent))
    assert len(tokens) == 0
    token = new_token(path, "laptop")
    assert tokens.verify(token) == "laptop"
    assert TokenBook(path, path.parent).revoke("LAPTOP", HERE)
    assert tokens.verify(token) is None
    assert not TokenBook(path, path.parent).revoke("laptop", HERE)


def test_a_damaged_file_lets_nobody_in(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    token = new_token(path, "laptop")
    for content in (b"", b"{", b"[]", b'{"tokens": [{"name": 1}]}', b"\xff\xfe"):
        path.write_bytes(content)
        assert Tokens(TokenBook(path, path.parent)).verify(token) is None
        with pytest.raises(TokenError, match="damaged"):
            read_tokens(path)
    assert "no token is accepted" in caplog.text


def test_a_file_that_others_can_read_is_warned_about(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    token = new_token(path, "laptop")
    path.chmod(0o644)
    assert Tokens(TokenBook(path, path.parent)).verify(token) == "laptop"
    assert "chmod 600" in caplog.text


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TokenError, match="cannot be"):
        new_token(tmp_path / "file" / "tokens.json", "laptop")


def test_no_half_written_file_stays_behind(path: Path) -> None:
    new_token(path, "laptop")
    assert [entry.name for entry in path.parent.iterdir()] == ["tokens.json"]
    assert json.loads(path.read_bytes())["version"] == 1


def test_R65_a_file_that_the_services_group_may_read_stays_so_and_is_no_reason_to_warn(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installed service reads root's file as a member of its group, as it reads the config."""
    path.parent.mkdir()
    path.with_name("config.toml").write_text("")
    path.with_name("config.toml").chmod(0o640)
    token = new_token(path, "laptop")
    assert path.stat().st_mode & 0o777 == 0o640
    new_token(path, "phone")
    assert TokenBook(path, path.parent).revoke("phone", HERE)
    assert path.stat().st_mode & 0o777 == 0o640
    monkeypatch.setattr("os.geteuid", lambda: path.stat().st_uid + 1)
    assert Tokens(TokenBook(path, path.parent)).verify(token) == "laptop"
    assert "chmod" not in caplog.text


def test_a_config_that_everybody_reads_makes_no_token_file_that_its_group_reads(path: Path) -> None:
    path.parent.mkdir()
    path.with_name("config.toml").write_text("")
    path.with_name("config.toml").chmod(0o644)
    new_token(path, "laptop")
    assert path.stat().st_mode & 0o777 == 0o600


def test_R65_a_file_that_could_not_be_read_for_a_moment_is_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = new_token(path, "laptop")
    tokens = Tokens(TokenBook(path, path.parent))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda _: (_ for _ in ()).throw(OSError(24, "Too many open files")))
        assert tokens.verify(token) is None
        assert "Too many open files" in tokens.problem
    assert tokens.verify(token) == "laptop"
    assert tokens.problem == ""


def test_R65_the_place_of_the_file_may_change_while_the_daemon_runs(tmp_path: Path) -> None:
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    tokens = Tokens(TokenBook(lambda: second if second.exists() else first, tmp_path))
    token = new_token(second, "laptop")
    assert tokens.verify(token) == "laptop"
