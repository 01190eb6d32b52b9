"""What the dispatcher gives to a worker."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.queue.errand import Errand


@dataclass(eq=False)
class Work:
    """A post to attempt, or (`settle`) one of unknown fate to look for, or an errand. Compared by identity."""

    task_id: int  #: 0 for an errand
    serial: str
    settle: bool = False
    reports: int = 0  #: how often the phone's state had been reported when this began
    errand: Errand | None = None

    @property
    def is_post(self) -> bool:
        return not self.settle and self.errand is None

    @property
    def doing(self) -> str:
        """What happens there, to follow "the phone X"."""
        return f"works on task {self.task_id}" if self.errand is None else self.errand.doing
