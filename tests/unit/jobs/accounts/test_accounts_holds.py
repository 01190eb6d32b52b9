"""Accounts that are disabled, removed or moved while tasks wait for them: the tasks wait on, and say so (R51)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.task.attempt import Attempt, Verdict
from storage.records import Account, Stage, Task, Waiting
from tests.support.bench import Bench
from tests.support.fake_phones import PUBLISHED, FakePhones, FakeScript, publish

#: An event that nobody sets.
NEVER = threading.Event()
Change = Callable[[Bench, Account], Any]

CHANGES: dict[str, tuple[Change, str]] = {
    "disabled": (lambda bench, a: bench.store.accounts.change(a.id, enabled=False), "is disabled"),
    "removed": (lambda bench, a: bench.store.accounts.remove(a.id), "was removed"),
    "moved": (lambda bench, a: bench.store.accounts.change(a.id, serial="B"), "lives on B now"),
    "unbound": (lambda bench, a: bench.store.accounts.change(a.id, serial=""), "is bound to no phone"),
}


def back(bench: Bench, account: Account) -> None:
    if bench.store.accounts.get(account.id) is None:
        bench.store.accounts.add(username="x", platform="tiktok", serial="A")
    else:
        bench.store.accounts.change(account.id, enabled=True, serial="A")


def waits(bench: Bench, task: Task) -> Task:
    """Wait until the task says that it waits for its account."""
    for _ in range(500):
        bench.jobs.dispatcher.loop.wake()
        found = bench.task(task.id)
        if found.stage is Stage.QUEUED and found.waiting_for is Waiting.ACCOUNT:
            return found
        bench.clock.wait(NEVER, 0.01)
    raise AssertionError(f"{found.stage}: {found.waiting_for} {found.waiting_detail}")


@pytest.mark.parametrize("name", CHANGES)
def test_R51_a_task_waits_while_its_account_is_not_there_and_runs_when_it_is_again(
    tmp_path: Path, name: str
) -> None:
    change, sentence = CHANGES[name]
    phones = FakePhones("A", "B")
    with Bench(tmp_path, phones, FakeScript(publish)) as bench:
        account = bench.store.accounts.add(username="x", platform="tiktok", serial="A")
        change(bench, account)
        task = bench.now("A", username="X")
        assert sentence in waits(bench, task).waiting_detail
        assert bench.wait(bench.now("A").id).stage is Stage.PUBLISHED  # others on this phone go on
        assert bench.task(task.id).stage is Stage.QUEUED
        back(bench, account)
        done = bench.wait(task.id)
        assert (done.stage, done.attempt, done.retry_count) == (Stage.PUBLISHED, 1, 0)
        assert phones.taps == {"A": 2}


@pytest.mark.parametrize("name", CHANGES)
def test_R51_it_is_asked_again_right_before_the_tap(tmp_path: Path, name: str) -> None:
    phones = FakePhones("A", "B")
    change, sentence = CHANGES[name]

    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.see_account("x")
        if attempt.task.attempt == 1:
            change(bench, account)
        attempt.enter_committing()
        phone.tap_once()
        attempt.enter_verifying()
        return PUBLISHED

    with Bench(tmp_path, phones, FakeScript(play)) as bench:
        account = bench.store.accounts.add(username="x", platform="tiktok", serial="A")
        task = bench.now("A", username="x")
        held = waits(bench, task)
        assert sentence in held.waiting_detail
        assert (held.retry_count, held.interruptions, held.error) == (0, 0, None)
        assert phones.taps == {}
        back(bench, account)
        assert bench.wait(task.id).stage is Stage.PUBLISHED
        assert phones.taps == {"A": 1}


class Once:
    """A hook that does something the first time that a point is passed."""

    def __init__(self, point: str) -> None:
        self._point = point
        self.act: Callable[[], Any] | None = None

    def __call__(self, name: str, /) -> None:
        if name == self._point and self.act is not None:
            act, self.act = self.act, None
            act()


@pytest.mark.parametrize("name", CHANGES)
def test_R51_a_change_that_is_written_just_before_the_commit_point_keeps_the_post_back(
    tmp_path: Path, name: str
) -> None:
    """It was answered: whoever asked for it believes that nothing is posted any more."""
    phones = FakePhones("A", "B")
    change, sentence = CHANGES[name]
    hook = Once("jobs.before_committing")
    with Bench(tmp_path, phones, FakeScript(publish), hook=hook) as bench:
        account = bench.store.accounts.add(username="x", platform="tiktok", serial="A")
        hook.act = lambda: change(bench, account)
        task = bench.now("A", username="x")
        assert sentence in waits(bench, task).waiting_detail
        assert phones.taps == {}
        back(bench, account)
        assert bench.wait(task.id).stage is Stage.PUBLISHED
        assert phones.taps == {"A": 1}


@pytest.mark.parametrize("fact", ["stop_requested", "deleted"])
def test_a_stop_that_is_written_just_before_the_commit_point_keeps_the_post_back(
    tmp_path: Path, fact: str
) -> None:
    """One that came between two attempts finds no turn to stop: it stands in the store alone."""
    phones = FakePhones("A")
    hook = Once("jobs.before_committing")
    with Bench(tmp_path, phones, FakeScript(publish), hook=hook) as bench:
        hook.act = lambda: bench.store.tasks.change(1, **{fact: True})
        task = bench.now("A")
        assert bench.wait(task.id).error_code == "stopped"
        assert phones.taps == {}


def test_R51_whichever_account_is_current_is_not_posted_to_while_it_is_disabled(tmp_path: Path) -> None:
    phones = FakePhones("A")

    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.see_account("x")
        return publish(attempt, phone)

    with Bench(tmp_path, phones, FakeScript(play)) as bench:
        account = bench.store.accounts.add(username="x", platform="tiktok", serial="A", enabled=False)
        task = bench.now("A")
        assert "the app shows @x, which is disabled" in waits(bench, task).waiting_detail
        back(bench, account)
        assert bench.wait(task.id).stage is Stage.PUBLISHED
