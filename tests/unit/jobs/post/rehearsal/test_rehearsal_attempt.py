"""The attempt that a rehearsal gives to a flow: it takes steps and notes, and no step of it leads to a post."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jobs.phone.errors import LeaseLost
from jobs.post.rehearsal.attempt import MAX_NOTES, RehearsalAttempt
from jobs.queue.turn import Turn
from storage.records import Task
from tests.support.clock import FakeClock


@pytest.fixture
def attempt() -> RehearsalAttempt:
    turn = Turn("PHONE1", "rehearses a post on TikTok", clock=FakeClock(), lease_s=60.0)
    task = Task(
        id=0, serial="PHONE1", platform="tiktok", package="app", script_config={}, scheduled_at=0, created_at=0, due_at=0
    )  # fmt: skip
    return RehearsalAttempt(turn, task, None)


@pytest.mark.parametrize(
    "step",
    [
        lambda attempt: attempt.enter_committing(then_wait_s=3.0),
        lambda attempt: attempt.enter_verifying(),
        lambda attempt: attempt.enter_published("it was seen"),
    ],
    ids=["the commit point", "the look for proof", "the end"],
)
def test_whatever_a_flow_does_its_rehearsal_does_not_pass_the_commit_point(
    attempt: RehearsalAttempt, step: Callable[[RehearsalAttempt], None]
) -> None:
    with pytest.raises(LeaseLost, match="a rehearsal never publishes"):
        step(attempt)


def test_its_steps_and_notes_are_kept_for_the_report_up_to_a_bound(attempt: RehearsalAttempt) -> None:
    with attempt.step("wake"):
        attempt.note("tap editor_next", x=3, y=4)
    assert attempt.notes == ["wake", "tap editor_next (x 3, y 4)"]
    for number in range(MAX_NOTES):
        attempt.note(f"line {number}")
    assert len(attempt.notes) == MAX_NOTES
    assert attempt.notes[-1] == f"line {MAX_NOTES - 3}"
