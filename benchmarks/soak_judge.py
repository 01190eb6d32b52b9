"""The judge of soaks and fault runs: what the phones say they published, against what the tasks say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import adbutils

ENDED = 2  #: the smallest status of a task that has ended


def bounded_shell(client: adbutils.AdbClient, serial: str, command: str, timeout_s: float = 5.0) -> str:
    """What the phone answers, each wait of it bounded. Raises adbutils.AdbError, OSError.

    adbutils' own `shell` waits ten minutes for a phone that answers nothing: its timeout begins after the first answer.
    """
    with client.device(serial).open_transport(timeout=timeout_s) as shell:
        shell.send_command(f"shell:{command}")
        shell.check_okay()
        return str(shell.read_until_close()).rstrip()


@dataclass
class Posting:
    """One task of the run, and what was done to it."""

    caption: str
    serial: str
    platform: str
    fault: str = ""
    words: str = ""
    lasting: bool = False  #: the fault stays until a person has been there
    met: bool = False  #: the fault struck, and was not merely armed
    task_id: int = 0
    end: dict[str, Any] = field(default_factory=dict)
    struck_at: float = 0.0
    hands: str = ""  #: why a person had to look at the phone before it went on
    recovery_s: float | None = (
        None  #: from the fault (a lasting one: its end) to the phone's next published post
    )


class Verdicts:
    """The four promises over a set of tasks; `problems` is empty when all were kept."""

    def __init__(
        self, postings: Sequence[Posting], posts: Counter[str], listed: int, *, all_over: bool = False
    ) -> None:
        """`listed` tasks are in the daemon's lists; with `all_over` a task that has not ended is stuck, whatever it says."""
        self.problems: list[str] = []
        self.doubles = sum(count - 1 for count in posts.values() if count > 1)
        self.lost = len(postings) - listed
        self.stuck = 0
        self._all_over = all_over
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        for one in postings:
            self._judge(one, posts[one.caption])
        if self.lost:
            self.problems.append(f"{self.lost} tasks are in no list")

    def _judge(self, one: Posting, published: int) -> None:
        end = one.end
        outcome, error = end.get("outcome"), end.get("error")
        who = f"task {one.task_id} ({one.words or 'no fault'}): {outcome}, {end.get('remark')}"
        if published > 1:
            self.problems.append(f"{who}: published {published} times")
        if end.get("status", 0) < ENDED:
            self.outcomes["waiting"] += 1
            if self._all_over or not (end.get("waiting_for") and end.get("waiting_detail")):
                self.stuck += 1
                self.problems.append(f"{who}: neither ended nor has a reason to wait: {end}")
            return
        self.outcomes[str(outcome)] += 1
        if outcome != "published":
            self.reasons[str(error and error["code"])] += 1
            if not (error and error["code"] and end["remark"]):
                self.problems.append(f"{who}: does not say why")
        wanted = {"published": {1}, "none": {0}, "not_published": {0}, "unknown": {0, 1}}[str(outcome)]
        if published not in wanted:
            self.problems.append(f"{who}: the phone has {published} posts")

    def __str__(self) -> str:
        return (
            f"doubles {self.doubles}, lost {self.lost}, stuck {self.stuck}; outcomes {dict(self.outcomes)}; "
            f"failed by {dict(self.reasons)}"
        )


def worst_recoveries(postings: Iterable[Posting]) -> dict[str, float]:
    """Per fault class the longest time until the phone published again."""
    worst: dict[str, float] = {}
    for one in postings:
        if one.fault and one.recovery_s is not None:
            worst[one.fault] = max(worst.get(one.fault, 0.0), one.recovery_s)
    return dict(sorted(worst.items(), key=lambda item: -item[1]))
