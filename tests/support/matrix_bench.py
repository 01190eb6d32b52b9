"""A hub with every language and app version, the real daemon on it, and posts by the hundred over its API."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.support import matrix
from tests.support.daemon import Daemon, until
from tests.support.matrix import Asked, Case


class Bench:
    """One phone for every language with every version; posts go to the phone that has those of their case."""

    def __init__(self, hub: Callable[..., Any], *more: str) -> None:
        self.hub = hub(matrix.PHONES, *matrix.HUB, *more)
        self.hub.configure("phones", 'set_app_language = "en"')
        self.daemon: Daemon = self.hub.start()

    def account(self, case: Case) -> str:
        """The account of the case's app on the case's phone."""
        serial = self.hub.phones.serials[case.phone]
        return next(
            a["username"]
            for a in self.hub.phones.accounts
            if a["serial"] == serial and a["platform"] == case.app
        )

    def ask(self, case: Case, *, stamp: str = "") -> tuple[int, Asked]:
        """Create the case's task."""
        folder = self.hub.folder / "media" / "matrix"
        one = matrix.with_files(case, folder, self.account(case), stamp=stamp)
        return self.daemon.post(**one.body()), one

    def wait(self, timeout_s: float) -> None:
        """Until no task waits or runs."""

        def idle() -> bool:
            stats = self.daemon.call("GET", "/api/v1/task/stats")["data"]
            return not stats["pending"] and not stats["running"]

        until(idle, timeout_s, "the end of all tasks", most_s=0.5)

    def run(self, cases: Iterable[Case], timeout_s: float) -> list[str]:
        """Post them all, each phone's one after the other; what is not as asked."""
        asked = [self.ask(case) for case in cases]
        self.wait(timeout_s)
        ends = {task_id: self.daemon.task(task_id) for task_id, _ in asked}
        return matrix.judge(asked, ends, self.hub.posts(), self.daemon.log_tail)
