"""The scheduler: makes tasks ready when their time has come. The store is the truth; the alarms hold nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from jobs.hub.clock import Clock
from jobs.hub.supervision import Loop
from jobs.queue.alarm_clock import AlarmClock
from jobs.queue.clock_trust import ClockTrust
from jobs.queue.waiting import say_why
from jobs.task.states import Mover
from storage.records import Stage, Task, Waiting
from storage.tables.tasks import TaskStore

#: The longest rest: how fast a step of the wall clock is noticed (APS-3), and how late a task is
#: started whose alarm failed in whatever way (APS-1).
LOOK_S = 5.0
#: What is queued in the store and unknown to the dispatcher is looked for so often (APS-2).
SWEEP_S = 10.0
#: Alarms are set only for what falls due within this time; later looks set the next.
HORIZON_S = 60.0
#: Tasks changed in one write, so that no other writer waits long.
_AT_ONCE = 100


class Scheduler:
    """Moves due tasks from scheduled to queued and hands them to `enqueue`."""

    def __init__(
        self,
        clock: Clock,
        tasks: TaskStore,
        *,
        mover: Mover,
        trust: ClockTrust,
        enqueue: Callable[[Sequence[Task]], None],
        longest_retry_pause_s: float,
        clock_stepped: Callable[[], None] = lambda: None,
    ) -> None:
        """`clock_stepped` is called when the wall clock was put back, and once at the start."""
        self._clock = clock
        self._tasks = tasks
        self._mover = mover
        self._trust = trust
        self._enqueue = enqueue
        self._longest_retry_pause_s = longest_retry_pause_s
        self._clock_stepped = clock_stepped
        self._swept = float("-inf")
        self._pauses_checked = False
        self._doubted: dict[int, str] = {}  #: tasks held for the clock's sake -> what they said before
        self.loop = Loop("scheduler", self.turn, clock, longest_wait_s=LOOK_S)
        self.alarms = AlarmClock(clock, ring=self.loop.wake)

    def wake(self) -> None:
        """Tasks were created or changed: look now."""
        self.loop.wake()

    def turn(self) -> float:
        """One round; returns the seconds until the next alarm."""
        step = self._trust.look()
        if step < 0 or not self._pauses_checked:
            self._pauses_checked = True
            self._shorten_waits()
            self._clock_stepped()
        # One moment for both questions: what falls due between two would be in neither answer, and come seconds late.
        now = self._clock.now()
        self._make_ready(now)
        if self._clock.monotonic() - self._swept >= SWEEP_S:
            self._swept = self._clock.monotonic()
            self._enqueue(self._tasks.queued())
        times = self._tasks.due_times(now + HORIZON_S)
        self.alarms.set(times[bisect_right(times, now) :])
        next_alarm_s = self.alarms.turn()
        return LOOK_S if next_alarm_s is None else next_alarm_s

    def _make_ready(self, now: float) -> None:
        due = self._tasks.due(now)
        if not self._trust.trusted:
            held = [task for task in due if task.due_at > task.created_at]
            # What was asked for at once does not depend on what the clock says.
            due = [task for task in due if task.due_at <= task.created_at]
            for task in held:
                self._doubted.setdefault(task.id, task.waiting_detail)
            say_why(
                self._tasks,
                now,
                [(task.id, task.waiting_for or Waiting.TIME, self._trust.reason) for task in held],
            )
        elif self._doubted:
            self._believe_again()
        for start in range(0, len(due), _AT_ONCE):
            self._enqueue(self._mover.make_ready(due[start : start + _AT_ONCE]))

    def _believe_again(self) -> None:
        """The doubt about the clock is over: tasks that still wait do so for another reason."""
        doubted, self._doubted = self._doubted, {}
        waiting = [
            task
            for task in self._tasks.by_stage(Stage.SCHEDULED)
            if task.id in doubted and task.waiting_for and not task.held
        ]
        labels = [(task.id, task.waiting_for or Waiting.TIME, doubted[task.id]) for task in waiting]
        say_why(self._tasks, self._clock.now(), labels)

    def _shorten_waits(self) -> None:
        """After a step back, a retry pause of seconds would last for hours, and what was asked for at once would wait for
        the moment that the clock showed then; also when the step came while the daemon was off.
        """
        now = self._clock.now()
        latest = now + self._longest_retry_pause_s
        earlier: list[tuple[Task, float]] = []
        for task in self._tasks.by_stage(Stage.SCHEDULED):
            if task.held:
                continue
            if task.due_at > now and task.due_at <= task.created_at:
                earlier.append((task, now))
            # One that waits for its planned time may have that for long.
            elif (
                task.waiting_for is Waiting.RETRY_DELAY
                and task.due_at > latest
                and task.due_at != task.scheduled_at
            ):
                earlier.append((task, latest))
        for start in range(0, len(earlier), _AT_ONCE):
            some = earlier[start : start + _AT_ONCE]
            changes = {task.id: {"due_at": due_at} for task, due_at in some}
            self._tasks.change_each(changes, expect={Stage.SCHEDULED}, as_seen=[task for task, _ in some])
