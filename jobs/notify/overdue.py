"""Tells people of tasks that should have begun long ago and whose phone does not let them (JOB-6)."""

from __future__ import annotations

from collections.abc import Callable, Container

from jobs.hub.clock import Clock
from jobs.hub.once import Once
from jobs.task.announcements import Tell
from storage.records import Task, Waiting
from storage.tables.tasks import TaskStore

#: How long a task must be overdue before it is reported.
PATIENCE_S = 600.0
#: How often overdue tasks are looked for, and how soon the same phone is reported again.
LOOK_EVERY_S = 60.0
AGAIN_S = 6 * 3600.0


class Overdue:
    """One notification per phone, however many tasks wait for it. `turn` may be called as often as one likes."""

    def __init__(
        self, clock: Clock, tasks: TaskStore, busy: Callable[[], Container[str]], tell: Tell
    ) -> None:
        """`busy()` holds the serials of phones at work: who waits behind another task is not held up."""
        self._clock = clock
        self._tasks = tasks
        self._busy = busy
        self._tell = tell
        self._next_look = float("-inf")
        self._once = Once(clock, AGAIN_S)
        self.late: dict[str, tuple[Task, int]] = {}  #: by phone what has waited longest, and how many wait

    def turn(self) -> None:
        now = self._clock.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY_S
        busy = self._busy()
        late: dict[str, list[Task]] = {}
        for task in self._tasks.queued():
            if (
                task.waiting_for is Waiting.DEVICE
                and task.serial not in busy
                and self._clock.now() - task.due_at >= PATIENCE_S
            ):
                late.setdefault(task.serial, []).append(task)
        self.late = {serial: (waiting[0], len(waiting)) for serial, waiting in late.items()}
        for serial, waiting in late.items():
            if self._once.is_news(serial):
                self._say(serial, waiting)

    def _say(self, serial: str, waiting: list[Task]) -> None:
        first = waiting[0]
        minutes = (self._clock.now() - first.due_at) / 60
        many = f"{len(waiting)} tasks wait" if len(waiting) > 1 else f"task {first.id} waits"
        self._tell(
            "needs_hands",
            f"{many} for {minutes:.0f} minutes: {first.waiting_detail}",
            serial=serial,
            task_id=first.id,
            waiting=len(waiting),
        )
