"""The log-in mark of an account follows what tasks see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs.hub.clock import Deadline
from jobs.task.attempt import Attempt, ScriptFailed, Verdict
from storage.error_codes import ErrorCode
from storage.records import Stage
from tests.support.bench import Bench
from tests.support.fake_phones import FakePhones, FakeScript, publish


def logged_out(attempt: Attempt, phone: Any) -> Verdict:
    raise ScriptFailed(ErrorCode.NOT_LOGGED_IN, "TikTok asks to log in")


def seen(attempt: Attempt, phone: Any) -> Verdict:
    attempt.see_account("x")
    return publish(attempt, phone)


@pytest.mark.parametrize("username", ["x", ""])
def test_a_task_that_met_a_log_in_screen_marks_its_account_and_a_post_takes_that_back(
    tmp_path: Path, username: str
) -> None:
    script = FakeScript(logged_out)
    with Bench(tmp_path, FakePhones("A"), script) as bench:
        account = bench.store.accounts.add(username="x", platform="tiktok", serial="A")
        other = bench.store.accounts.add(username="x", platform="instagram", serial="A")

        def marks() -> list[bool]:
            return [found.logged_in for a in (account, other) if (found := bench.store.accounts.get(a.id))]

        assert bench.wait(bench.now(username=username).id).stage is Stage.FAILED
        bench.jobs.turns.wait_idle(Deadline(bench.clock, 10.0))
        assert marks() == [False, True]
        script.play = seen
        assert bench.wait(bench.now(username=username).id).stage is Stage.PUBLISHED
        bench.jobs.turns.wait_idle(Deadline(bench.clock, 10.0))
        assert marks() == [True, True]


def test_of_two_accounts_nobody_knows_which_was_logged_out(tmp_path: Path) -> None:
    with Bench(tmp_path, FakePhones("A"), FakeScript(logged_out)) as bench:
        for name in "xy":
            bench.store.accounts.add(username=name, platform="tiktok", serial="A")
        bench.wait(bench.now().id)
        bench.jobs.turns.wait_idle(Deadline(bench.clock, 10.0))
        assert [account.logged_in for account in bench.store.accounts.all()] == [True, True]


@pytest.mark.parametrize(
    ("beside", "marked"),
    [({"enabled": False}, [False, True]), ({"package": "com.ss.android.ugc.trill"}, [False, True])],
    ids=["a disabled one", "one of another app"],
)
def test_only_an_account_that_the_app_posts_for_can_be_meant(
    tmp_path: Path, beside: dict[str, Any], marked: list[bool]
) -> None:
    with Bench(tmp_path, FakePhones("A"), FakeScript(logged_out)) as bench:
        bench.store.accounts.add(username="x", platform="tiktok", serial="A")
        bench.store.accounts.add(username="y", platform="tiktok", serial="A", **beside)
        bench.wait(bench.now().id)
        bench.jobs.turns.wait_idle(Deadline(bench.clock, 10.0))
        assert [account.logged_in for account in bench.store.accounts.all()] == marked


def test_a_task_of_another_app_says_nothing_about_the_usual_one(tmp_path: Path) -> None:
    with Bench(tmp_path, FakePhones("A"), FakeScript(logged_out)) as bench:
        bench.store.accounts.add(username="x", platform="tiktok", serial="A")
        bench.wait(bench.now(package="com.ss.android.ugc.trill").id)
        bench.jobs.turns.wait_idle(Deadline(bench.clock, 10.0))
        assert [account.logged_in for account in bench.store.accounts.all()] == [True]
