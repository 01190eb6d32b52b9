"""What follows a failed or interrupted attempt: a policy of pure functions that neither wait nor write."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from jobs.hub.settings import Posting
from storage.records import SPENT, Outcome, Task

#: Draws a float between two bounds, as `random.uniform`.
Uniform = Callable[[float, float], float]


class Decision(msgspec.Struct, frozen=True):
    """Whether a task is tried again: `retry_at` in epoch seconds, or None and the reason why not."""

    retry_at: float | None
    reason: str = ""


def after_failure(
    task: Task, outcome: Outcome, *, passing: bool, posting: Posting, now: float, uniform: Uniform
) -> Decision:
    """Decide about an automatic retry after an attempt of `task` ended with `outcome`.

    `passing`: the thrower of the error says that another attempt can help.
    """
    if outcome in SPENT:
        return Decision(None, "outcome_unknown" if outcome is Outcome.UNKNOWN else "published")
    if task.stop_requested or task.deleted:
        return Decision(None, "stopped")
    if not passing:
        return Decision(None, "final_error")
    if not posting.auto_retry:
        return Decision(None, "auto_retry_off")
    if task.retry_count >= task.max_retry_count:
        return Decision(None, "retry_limit")
    return Decision(now + pause_s(posting, uniform))


def pause_s(posting: Posting, uniform: Uniform) -> float:
    """The random pause before any retry, automatic or asked for."""
    low, high = sorted((posting.retry_pause_min_s, posting.retry_pause_max_s))
    return uniform(low, high)


def interrupted_too_often(task: Task, posting: Posting) -> bool:
    """Whether one more interruption by the daemon's own end is one too many for this task."""
    return task.interruptions + 1 >= posting.max_interruptions
