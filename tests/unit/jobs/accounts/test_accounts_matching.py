"""Asking for the accounts on a phone: one reading at a time, told while it runs, ended with lists or a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jobs.accounts.matching
from jobs.accounts.accounts import Accounts
from jobs.accounts.matching import Matcher
from jobs.hub.settings import Settings
from jobs.input.refusals import Draining, NotFound, Problem
from jobs.queue.turn import ReadTurn
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode
from storage.store import Store
from tests.support.clock import FakeClock
from tests.support.fake_phones import FakePhones

MUSICALLY, TRILL = "com.zhiliaoapp.musically", "com.ss.android.ugc.trill"
INSTAGRAM = "com.instagram.android"


class FakeJobs:
    """Keeps turns until the test does them."""

    def __init__(self) -> None:
        self.turns: list[ReadTurn] = []
        self.draining = False

    def ask(self, turn: ReadTurn) -> None:
        if self.draining:
            raise Draining(Problem("", "about to stop"))
        self.turns.append(turn)

    def why_waiting(self, serial: str) -> str:
        return f"the phone {serial} works on task 7"


class Rig:
    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.jobs = FakeJobs()
        self.phones = FakePhones("A", "B")
        self.accounts = Accounts(Settings(), store)
        self.shown: dict[str, Any] = {}
        self.read: list[tuple[str, str]] = []
        rig = self

        class Reader:
            def __init__(
                self, visit: ReadTurn, phone: Any, package: str, *, vocabulary: Any, patience_s: float
            ):
                self.package = package
                rig.read.append((vocabulary, package))

            def read(self) -> list[str]:
                found = rig.shown[self.package]
                if isinstance(found, Exception):
                    raise found
                return list(found)

        monkeypatch.setattr(jobs.accounts.matching, "AccountReader", Reader)
        monkeypatch.setattr(jobs.accounts.matching, "ensure_covered", lambda *_, **__: None)
        self.matcher = Matcher(
            Settings,
            FakeClock(),
            phones=self.phones,  # type: ignore[arg-type]
            jobs=self.jobs,
            accounts=self.accounts,
            vocabulary=lambda platform, _: platform,  # type: ignore[arg-type, return-value]
        )

    def add(self, username: str, **fields: Any) -> None:
        self.accounts.add({"username": username, "device": "A", "platform": "tiktok", **fields})

    def do(self) -> None:
        """What the engine does with the oldest turn."""
        turn = self.jobs.turns.pop(0)
        turn.begin()
        try:
            turn.do(None)  # type: ignore[arg-type]
        except ScriptFailed as error:
            turn.end(str(error))
        else:
            turn.end("")

    def marks(self) -> dict[str, bool]:
        return {a.username: a.logged_in for a in self.accounts.page()[0]}


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        yield Rig(store, monkeypatch)


def test_a_reading_is_told_while_it_waits_and_runs_and_when_it_is_done(rig: Rig) -> None:
    for name in ("kim", "lee"):
        rig.add(name, display_name=name.title())
    rig.shown[MUSICALLY] = ["kim", "Stranger"]
    assert rig.matcher.state("A", "tiktok") is None
    asked = rig.matcher.request("A", "tiktok")
    assert (asked.state, asked.detail) == (
        "running",
        "waits for the phone's turn; the phone A works on task 7",
    )
    assert rig.matcher.state("A", "tiktok") == asked
    rig.jobs.turns[0].begin()
    running = rig.matcher.request("A", "tiktok")
    assert (running.state, running.detail) == ("running", "reads which accounts TikTok shows")
    rig.do()
    done = rig.matcher.state("A", "tiktok")
    assert done is not None
    assert (done.state, done.detail) == ("done", "")
    assert (done.logged_in, done.not_shown, done.unknown) == (["kim"], ["lee"], ["Stranger"])
    assert rig.marks() == {"kim": True, "lee": False}
    assert rig.matcher.state("A", "instagram") is None


def test_asking_again_while_it_runs_starts_nothing(rig: Rig) -> None:
    rig.matcher.request("A", "tiktok")
    rig.matcher.request("A", "tiktok")
    assert len(rig.jobs.turns) == 1
    rig.matcher.request("A", "instagram")
    rig.matcher.request("B", "tiktok")
    assert [turn.serial for turn in rig.jobs.turns] == ["A", "A", "B"]


def test_a_failure_is_a_sentence_changes_no_mark_and_can_be_tried_again(rig: Rig) -> None:
    rig.add("kim")
    rig.shown[MUSICALLY] = ScriptFailed(ErrorCode.NOT_LOGGED_IN, "TikTok asks to log in")
    rig.matcher.request("A", "tiktok")
    rig.do()
    failed = rig.matcher.state("A", "tiktok")
    assert failed is not None
    assert (failed.state, failed.detail) == ("failed", "TikTok asks to log in")
    assert rig.marks() == {"kim": True}
    rig.shown[MUSICALLY] = ["kim"]
    assert rig.matcher.request("A", "tiktok").state == "running"
    rig.do()
    again = rig.matcher.state("A", "tiktok")
    assert again is not None
    assert again.logged_in == ["kim"]


def test_a_cut_after_the_look_changes_no_mark(rig: Rig) -> None:
    rig.add("kim")
    rig.shown[MUSICALLY] = ["somebody"]
    rig.matcher.request("A", "tiktok")
    turn = rig.jobs.turns[0]
    turn.request_stop("shutdown")
    with pytest.raises(Exception, match="stopped"):
        turn.do(None)  # type: ignore[arg-type]
    turn.end("whatever")
    failed = rig.matcher.state("A", "tiktok")
    assert failed is not None
    assert (failed.state, failed.detail) == ("failed", "the daemon stopped")
    assert rig.marks() == {"kim": True}


def test_every_app_that_the_phones_accounts_live_in_is_read(rig: Rig) -> None:
    rig.add("kim", packagename=TRILL)
    rig.add("lee")
    rig.add("off", packagename="com.zhiliaoapp.clone", status=1)
    rig.shown |= {TRILL: ["kim"], MUSICALLY: ["lee"]}
    rig.matcher.request("A", "tiktok")
    rig.do()
    assert rig.read == [("tiktok", TRILL), ("tiktok", MUSICALLY)]
    assert rig.marks() == {"kim": True, "lee": True, "off": False}


def test_without_accounts_the_usual_app_is_read(rig: Rig) -> None:
    rig.shown["com.instagram.android"] = ["new_one"]
    rig.matcher.request("A", "instagram")
    rig.do()
    done = rig.matcher.state("A", "instagram")
    assert done is not None
    assert done.unknown == ["new_one"]


def test_unknown_phones_and_a_stopping_daemon_are_refused(rig: Rig) -> None:
    with pytest.raises(NotFound):
        rig.matcher.request("NOBODY", "tiktok")
    rig.jobs.draining = True
    with pytest.raises(Draining):
        rig.matcher.request("A", "tiktok")
    assert rig.matcher.state("A", "tiktok") is None


def test_a_stop_that_comes_while_a_reading_is_asked_for_ends_it_and_blocks_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig.jobs, "ask", lambda turn: turn.end("the daemon stopped"))
    rig.matcher.request("A", "tiktok")
    done = rig.matcher.state("A", "tiktok")
    assert done is not None
    assert (done.state, done.detail) == ("failed", "the daemon stopped")


def test_what_display_names_do_not_tell_is_left_as_it_was_and_said(rig: Rig) -> None:
    rig.add("kim")
    rig.add("lee")
    rig.accounts.change(2, {"logined": False})
    rig.shown[MUSICALLY] = ["somebody", "A Name"]
    rig.matcher.request("A", "tiktok")
    rig.do()
    done = rig.matcher.state("A", "tiktok")
    assert done is not None
    assert (done.logged_in, done.not_shown, done.unknown) == ([], [], ["somebody", "A Name"])
    assert "@kim, @lee; give each its own display_name" in done.detail
    assert rig.marks() == {"kim": True, "lee": False}


def test_R68_add_enters_what_the_app_shows_and_nobody_has_entered(rig: Rig) -> None:
    rig.accounts.add({"username": "kim", "device": "A", "platform": "instagram"})
    rig.accounts.add({"username": "elsewhere", "device": "B", "platform": "instagram"})
    rig.shown[INSTAGRAM] = ["kim", "lee.99", "elsewhere"]
    rig.matcher.request("A", "instagram", add=True)
    rig.do()
    done = rig.matcher.state("A", "instagram")
    assert done is not None
    assert (done.added, done.unknown, done.logged_in) == (["lee.99"], ["elsewhere"], ["kim"])
    assert done.detail == "@elsewhere was not added: it is entered for B"
    [added] = [a for a in rig.accounts.page()[0] if a.username == "lee.99"]
    assert (added.serial, added.platform, added.package, added.logged_in) == ("A", "instagram", "", True)
    rig.matcher.request("A", "instagram")  # the next reading adds nothing
    rig.shown[INSTAGRAM] = ["max"]
    rig.do()
    again = rig.matcher.state("A", "instagram")
    assert again is not None
    assert (again.added, again.unknown) == ([], ["max"])


def test_R68_a_display_name_of_tiktok_is_no_user_name(rig: Rig) -> None:
    rig.add("trill", packagename=TRILL)
    rig.shown[TRILL] = ["kim", "Lee 🎉"]
    rig.matcher.request("A", "tiktok", add=True)
    rig.do()
    done = rig.matcher.state("A", "tiktok")
    assert done is not None
    assert (done.added, done.unknown) == (["kim"], ["Lee 🎉"])
    assert '"Lee 🎉" was not added: the app shows a display name' in done.detail
    assert next(a for a in rig.accounts.page()[0] if a.username == "kim").package == TRILL


def test_R68_add_with_the_names_that_a_person_saw(rig: Rig) -> None:
    matched = rig.accounts.match(
        "A", "tiktok", ["@kim", "no name"], add={"@kim": MUSICALLY, "no name": MUSICALLY}
    )
    assert [a.username for a in matched.added] == ["kim"]
    assert matched.unknown == ["no name"]
    assert '"no name" was not added: must be a name' in matched.doubt
