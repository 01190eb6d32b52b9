"""Sessions: what is stored, what ends them, and how many there may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.access import sessions as module
from handlers.access.devices import device_of
from handlers.access.sessions import MAX_SESSIONS, REMEMBERED_S, SEEN_EVERY_S, SHORT_S, Session, Sessions
from handlers.access.token_book import TokenBook
from handlers.access.tokens import Tokens, new_token
from storage.errors import StoreFailed
from tests.support.clock import FakeClock


class Box:
    """Sessions on a folder, started anew at will."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.tokens_file = folder / "tokens.json"
        self.path = folder / "sessions.json"
        self.book = TokenBook(self.tokens_file, folder)
        self.token = new_token(self.tokens_file, "laptop")
        self.sessions = self.restarted()

    def restarted(self) -> Sessions:
        self.sessions = Sessions(self.path, Tokens(self.book), self.clock)
        return self.sessions

    def begin(self, *, remember: bool = False) -> tuple[str, Session]:
        begun = self.sessions.begin(self.token, "Firefox on Linux", remember=remember)
        assert begun is not None
        return begun


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_a_session_outlives_a_restart_and_stands_on_disk_only_as_a_hash(box: Box) -> None:
    cookie, session = box.begin()
    assert len(cookie) >= 43
    written = box.path.read_text()
    assert cookie not in written
    assert box.token not in written
    assert box.path.stat().st_mode & 0o777 == 0o600
    found = box.restarted().verify(cookie)
    assert found == session
    assert box.sessions.name_of(session) == "laptop"
    assert box.sessions.verify(cookie + "x") is None


def test_a_wrong_token_begins_nothing(box: Box) -> None:
    assert box.sessions.begin("tkm_wrong", "curl", remember=True) is None
    assert not box.path.exists()


@pytest.mark.parametrize(("remember", "lasts_s"), [(False, SHORT_S), (True, REMEMBERED_S)])
def test_a_session_ends_with_its_time(box: Box, remember: bool, lasts_s: float) -> None:
    cookie, _ = box.begin(remember=remember)
    box.clock.advance(lasts_s - 1)
    assert box.sessions.verify(cookie) is not None
    box.clock.advance(1)
    assert box.sessions.verify(cookie) is None
    assert box.sessions.all() == []
    box.begin()
    assert box.path.read_text().count('"device"') == 1


def test_revoking_the_token_ends_its_sessions_at_once_and_no_others(box: Box) -> None:
    mine, _ = box.begin(remember=True)
    other = box.sessions.begin(new_token(box.tokens_file, "tablet"), "Safari on iPad", remember=True)
    assert other is not None
    assert box.book.revoke("laptop", "127.0.0.1:0")
    assert box.sessions.verify(mine) is None
    new_token(box.tokens_file, "laptop")  # another token of the same name brings nothing back
    assert box.sessions.verify(mine) is None
    assert box.sessions.verify(other[0]) is not None


def test_a_session_that_was_ended_stays_over_after_a_restart(box: Box) -> None:
    cookie, session = box.begin()
    assert box.sessions.end(session.id)
    assert not box.sessions.end(session.id)
    assert box.sessions.verify(cookie) is None
    assert box.restarted().verify(cookie) is None
    again = box.begin()[1]
    assert again.id > session.id


def test_there_are_never_more_than_the_bound_and_the_one_seen_longest_ago_goes(box: Box) -> None:
    cookies = []
    for _ in range(MAX_SESSIONS):
        cookies.append(box.begin()[0])
        box.clock.advance(1)
    assert box.sessions.verify(cookies[0]) is not None
    box.begin()
    assert len(box.sessions.all()) == MAX_SESSIONS
    assert box.sessions.verify(cookies[0]) is not None
    assert box.sessions.verify(cookies[1]) is None


def test_a_look_is_written_once_an_hour(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie, _ = box.begin()
    before = box.path.stat().st_ino
    for _ in range(50):
        box.clock.advance(SEEN_EVERY_S / 50 - 1)
        assert box.sessions.verify(cookie) is not None
    assert box.path.stat().st_ino == before
    box.clock.advance(60)
    box.sessions.verify(cookie)
    assert box.path.stat().st_ino != before
    seen = box.restarted().all()[0].seen_at
    assert seen == box.clock.now()


def test_a_disk_that_refuses_lets_people_in_but_says_that_an_end_may_not_last(
    box: Box, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class FullDisk(module.Files):
        def replacing(self, *_args: object, **_more: object) -> object:  # type: ignore[override]
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "Files", FullDisk)
    cookie, session = box.begin()
    assert "is not kept over a restart" in caplog.text
    assert box.sessions.verify(cookie) is not None
    with pytest.raises(StoreFailed, match="No space left"):
        box.sessions.end(session.id)
    assert box.sessions.verify(cookie) is None


def test_a_damaged_file_means_to_log_in_again(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    cookie, _ = box.begin()
    box.path.write_text("{")
    assert box.restarted().verify(cookie) is None
    assert "have to log in again" in caplog.text


def test_while_the_token_file_cannot_be_read_no_session_counts_and_none_is_forgotten(box: Box) -> None:
    cookie, _ = box.begin()
    kept = box.tokens_file.read_bytes()
    box.tokens_file.write_text("{")
    assert box.sessions.verify(cookie) is None
    assert box.sessions.all() == []
    box.tokens_file.write_bytes(kept)
    assert box.sessions.verify(cookie) is not None


@pytest.mark.parametrize(
    ("said", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36",
         "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1 Version/17.5 Mobile/15E148 Safari/604.1",
         "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15", "Safari on Mac"),
        ("curl/8.5.0", "curl"),
        ("", "an unknown program"),
    ],
)  # fmt: skip
def test_a_browser_is_named_in_plain_words(said: str, device: str) -> None:
    assert device_of(said) == device
