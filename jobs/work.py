"""What the dispatcher gives to a worker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class Work:
    """A post to attempt, or (`settle`) one of unknown fate to look for. Compared by identity."""

    task_id: int
    serial: str
    settle: bool = False
    reports: int = 0  #: how often the phone's state had been reported when this began
