"""The dispatcher: one queue per phone, slots, and for every task that waits the reason why."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from jobs.hub.clock import Clock
from jobs.hub.supervision import Loop
from jobs.pace.hold import Hold, Line
from jobs.phone.protocol import PhoneInfo, Phones, PhoneState
from jobs.queue.breaker import Breaker
from jobs.queue.lane import Lane
from jobs.queue.obstacles import PhoneObstacles
from jobs.queue.turn import ReadTurn, Turn
from jobs.queue.waiting import Why, say_why
from storage.records import AFTER_COMMIT, Stage, Task, Waiting
from storage.tables.tasks import TaskStore

#: The dispatcher looks again after this time even when nothing woke it.
LOOK_S = 10.0
#: What no longer waits is looked for, a part of those that wait after the other: should the end of a wait ever be missed,
#: nothing may hang on it, and no turn may take long for it.
SWEEP_S, SWEEP_PARTS = 60.0, 10
#: How many of the tasks that wait for one phone get its exact reason. It changes with every post, and of ten thousand tasks
#: all but a few have hours to wait.
HEADS = 20


class Dispatcher:
    """Gives phones to turns: one at a time per phone, at most `limit` phones at once.

    Never talks to a phone and never waits for one: it only reads the inventory. What it holds is a view of the
    store's queued tasks; a task that is no longer queued is dropped when the worker's claim fails.
    """

    def __init__(
        self,
        clock: Clock,
        tasks: TaskStore,
        phones: Phones,
        limit: int,
        begin: Callable[[Sequence[Turn]], None],
        *,
        turn_for: Callable[[Task, bool], Turn],
        unfit: Callable[[PhoneInfo], str] = lambda _: "",
        breaker: Breaker | None = None,
        hold: Callable[[Task], Hold | None] = lambda _: None,
        line: Callable[[Task, Hold, int], Line] = lambda _task, hold, _count: Line((), hold),
    ) -> None:
        """`turn_for` makes a turn that posts a task, or (True) looks for its post; `unfit` says why a phone that is there starts nothing now; `breaker` what else must wait, and why;
        `hold` why a task must wait whatever its phone does: for its account, its pace, or the end of a pause; `line`
        the reasons of the first of those that it holds back, and of all behind them.
        """
        self._clock = clock
        self._tasks = tasks
        self._phones = phones
        self._limit = limit
        self._begin = begin
        self._turn_for = turn_for
        self._unfit = unfit
        self._breaker = breaker
        self._hold = hold
        self._line = line
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}
        self._busy: dict[str, Turn] = {}
        self._obstacles = PhoneObstacles(clock, tasks, phones, unfit, self._busy)
        self._reports: Counter[str] = Counter()
        self._draining = False
        #: Tasks that were queued and have been changed since the last turn, with their phone at that time.
        self._changed: deque[tuple[str, int]] = deque()
        self._swept = clock.monotonic()
        tasks.listen(self._note)
        self.loop = Loop("dispatcher", self.turn, clock, longest_wait_s=LOOK_S)

    def enqueue(self, tasks: Iterable[Task]) -> None:
        """Queued tasks; those already known are left where they are."""
        with self._lock:
            added = False
            for task in tasks:
                lane = self._lane(task.serial)
                busy = self._busy.get(task.serial)
                if busy is not None and busy.task_id == task.id:
                    continue
                if task.id in lane:
                    if task.waiting_for is None:  # it was stopped and asked for again before anything noticed
                        lane.say_again(task.id)
                        added = True
                    continue
                now = self._tasks.get(task.id)  # as it is by now: of later changes the dispatcher hears
                if now is not None and now.stage is Stage.QUEUED and now.serial == task.serial:
                    lane.add(now)
                    added = True
        if added:
            self.loop.wake()

    def enqueue_again(self, task: Task) -> None:
        """A task whose turn is over; it waits again when it is queued again."""
        if task.stage is Stage.QUEUED:
            self.enqueue([task])

    def enqueue_look(self, task: Task) -> None:
        """A task that may have been published before a crash: look on its phone, before any post there."""
        with self._lock:
            lane = self._lane(task.serial)
            busy = self._busy.get(task.serial)
            if task.id not in lane.looks and (busy is None or busy.task_id != task.id):
                lane.looks.append(task.id)
        self.loop.wake()

    def enqueue_read(self, turn: ReadTurn) -> None:
        """A read comes when a post would that was due when it was asked for."""
        with self._lock:
            self._lane(turn.serial).reads.append(turn)
        self.loop.wake()

    def withdraw(self, turn: Turn) -> bool:
        """Take a read back; False when it is not waiting."""
        with self._lock:
            lane = self._lanes.get(turn.serial)
            if lane is None or turn not in lane.reads:
                return False
            lane.reads = [other for other in lane.reads if other is not turn]
            return True

    def why(self, serial: str) -> str:
        """What keeps everything that waits for this phone from starting, as last found; "" when nothing waits."""
        with self._lock:
            lane = self._lanes.get(serial)
            return lane.reason.sentence if lane and lane.reason else ""

    def release(self, turn: Turn, *, again_in_s: float = 0.0, door: str = "") -> None:
        """The worker let go of the phone; idempotent.

        `again_in_s` keeps the phone closed for a while, unless its state was reported since the turn was given it.
        """
        with self._lock:
            if self._busy.get(turn.serial) is turn:
                del self._busy[turn.serial]
            if again_in_s > 0 and self._reports[turn.serial] == turn.reports:
                lane = self._lane(turn.serial)
                lane.not_before, lane.door = self._clock.monotonic() + again_in_s, door
        self.loop.wake()

    def phone_changed(self, info: PhoneInfo) -> None:
        """The inventory's listener."""
        with self._lock:
            self._reports[info.serial] += 1
            lane = self._lanes.get(info.serial)
            if lane is not None:
                lane.not_before = float("-inf")
        self.loop.wake()

    def look_again(self) -> None:
        """What may hold tasks back was changed: accounts, the pace, a pause. Takes no lock."""
        self.loop.wake()

    def closed(self, serial: str) -> str:
        """Why a phone that is there starts nothing just now, "" when nothing is in its way."""
        info = self._phones.info(serial)
        if info is None or info.state is not PhoneState.DEVICE:
            return ""
        return self._unfit(info) or self.cooldown(serial)

    def cooldown(self, serial: str) -> str:
        """Why the phone is kept closed for a while after its last task, "" when it is not: `open` ends that."""
        with self._lock:
            lane = self._lanes.get(serial)
            return lane.door if lane is not None and self._clock.monotonic() < lane.not_before else ""

    def open(self, serial: str) -> None:
        """A person says that the phone is well: whatever kept it closed for a while is over."""
        with self._lock:
            lane = self._lanes.get(serial)
            if lane is not None:
                lane.not_before = float("-inf")
        self.loop.wake()

    def set_limit(self, limit: int) -> None:
        with self._lock:
            self._limit = limit
        self.loop.wake()

    def drain(self) -> None:
        """Start nothing more."""
        with self._lock:
            self._draining = True

    @property
    def busy(self) -> dict[str, int]:
        """Which task works on which phone."""
        with self._lock:
            return {serial: turn.task_id for serial, turn in self._busy.items() if turn.task_id}

    def turn(self) -> float:
        """One round: hand out what may start, and say of the rest why it waits."""
        wait_s = LOOK_S
        now = self._clock.monotonic()
        labels: list[Why] = []
        started: list[Turn] = []
        with self._lock:
            if self._draining:
                return LOOK_S
            self._obstacles.begin_round()
            self._take_in_changes(now)
            for lane in self._lanes.values():
                lane.ask(self._tasks, self._hold, self._line, HEADS)
            for lane in sorted((lane for lane in self._lanes.values() if lane), key=lambda lane: lane.head):
                reason = self._obstacles.of(lane, self._limit)
                turn = self._next(lane) if reason is None else None
                if turn is not None:
                    turn.reports = self._reports[lane.serial]
                    self._busy[lane.serial] = turn
                    self._obstacles.begun(lane.serial)
                    started.append(turn)
                    reason = self._obstacles.of(lane, self._limit)
                labels.extend(lane.labels(reason, self._behind(lane, reason), HEADS))
                wait_s = min([wait_s, *self._ends(lane, now)])
            self._lanes = {
                serial: lane for serial, lane in self._lanes.items() if lane or lane.not_before > now
            }
        if started:
            self._begin(started)
        say_why(self._tasks, self._clock.now(), labels)
        return wait_s

    def _note(self, before: Task | None, _now: Task | None) -> None:
        if before is not None and before.stage is Stage.QUEUED:
            self._changed.append((before.serial, before.id))

    def _take_in_changes(self, now: float) -> None:
        changed: dict[str, list[int]] = {}
        while self._changed:
            serial, task_id = self._changed.popleft()
            changed.setdefault(serial, []).append(task_id)
        for serial, task_ids in changed.items():
            lane = self._lanes.get(serial)
            if lane is not None:
                lane.refresh(self._tasks, task_ids)
        if now - self._swept >= SWEEP_S / SWEEP_PARTS:
            self._swept = now
            for lane in self._lanes.values():
                lane.sweep(self._tasks, SWEEP_PARTS)

    def _ends(self, lane: Lane, now: float) -> Iterator[float]:
        """In how many seconds what holds posts of this lane back is over, as far as that is known."""
        if lane.not_before > now:
            yield lane.not_before - now
        wall = self._clock.now()
        yield from (at - wall for at in lane.wake_at() if at > wall)

    def _next(self, lane: Lane) -> Turn | None:
        """What starts now on a free phone; what is passed over learns why from its group's `hold`."""
        while lane.looks:
            lost = self._tasks.get(lane.looks.pop(0))
            if lost is not None and lost.stage in AFTER_COMMIT:
                return self._turn_for(lost, True)
        if lane.read_before(lane.firsts()):
            return lane.reads.pop(0)
        breaker = self._breaker if self._breaker is not None and self._breaker.any_open else None
        while firsts := lane.firsts():
            (_, task_id), group = firsts[0]
            task = self._tasks.get(task_id)
            if task is None or task.stage is not Stage.QUEUED or task.serial != lane.serial:
                lane.remove(task_id)
                continue
            if breaker is not None:
                if why := breaker.obstacle(task):
                    lane.hold_back(group, Hold(Waiting.DEVICE, why))
                    continue
                breaker.started(task)
            lane.remove(task_id)
            return self._turn_for(task, False)
        return lane.reads.pop(0) if lane.reads else None

    def _lane(self, serial: str) -> Lane:
        lane = self._lanes.get(serial)
        if lane is None:
            lane = self._lanes[serial] = Lane(serial)
        return lane

    def _behind(self, lane: Lane, reason: Hold | None) -> Hold | None:
        """What those behind the first of a lane are told: what stays true while the phone works its way."""
        if reason and (lane.serial in self._busy or reason.reason is Waiting.SLOT):
            sentence = f"tasks that were due before it have the phone {lane.serial} first"
            return Hold(Waiting.DEVICE, sentence, in_line=True)
        return reason
