"""The dispatcher: one queue per phone, slots, and for every task that waits the reason why."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from jobs.hub.clock import Clock
from jobs.hub.supervision import Loop
from jobs.phone.protocol import PhoneInfo, Phones, PhoneState
from jobs.queue.breaker import Breaker
from jobs.queue.turn import ReadTurn, Turn
from jobs.queue.waiting import Why, say_why
from storage.records import AFTER_COMMIT, Stage, Task, Waiting
from storage.tables.tasks import TaskStore

#: The dispatcher looks again after this time even when nobody woke it.
LOOK_S = 10.0
#: Of a longer queue than this, what was stopped or deleted is looked for only every so often as above.
LONG_LANE = 500
#: So many of those that wait for one phone are told exactly what it does now. With every post that changes, and of ten
#: thousand all but a few have hours to wait.
HEADS = 20

_SENTENCES = {
    PhoneState.DEVICE: "ready",
    PhoneState.UNAUTHORIZED: "it has not accepted this box's adb key: confirm its dialog",
    PhoneState.OFFLINE: "it is connected but does not answer",
    PhoneState.NO_PERMISSIONS: "this box may not open its USB device: check the udev rules",
    PhoneState.DUPLICATE: "two phones answer to this serial",
    PhoneState.ABSENT: "it is not connected",
    PhoneState.NEEDS_HANDS: "it needs hands: repairs from here did not help",
    PhoneState.ADB_DOWN: "the adb server does not answer",
}


@dataclass(eq=False)
class _Lane:
    """What waits for one phone: looks for lost posts, then posts by start time and id, and reads when they were asked."""

    serial: str
    looks: list[int] = field(default_factory=list)
    posts: list[tuple[float, int]] = field(default_factory=list)
    reads: list[ReadTurn] = field(default_factory=list)
    known: set[int] = field(default_factory=set)
    unlabelled: set[int] = field(default_factory=set)
    reason: tuple[Waiting, str] | None = None  #: the one last given to the heads
    rest_reason: tuple[Waiting, str] | None = None  #: the one last given to those behind them
    told: set[int] = field(default_factory=set)  #: the heads that have the reason
    not_before: float = float("-inf")  #: monotonic; the phone was gone at the door a moment ago
    door: str = ""  #: why
    gone_at: float = float("-inf")  #: monotonic; when posts that are no longer queued were last looked for

    def __bool__(self) -> bool:
        return bool(self.looks or self.posts or self.reads)

    def in_order(self) -> Iterator[tuple[float, int]]:
        """The posts by start time and id; any may be removed on the way."""
        yield from self.posts.copy()

    @property
    def head(self) -> tuple[int, float, int]:
        """Sorts lanes by whose turn a free slot is."""
        if self.looks:
            return 0, 0.0, self.looks[0]
        if self.read_first:
            return 1, self.reads[0].asked_at, 0
        return 1, *self.posts[0]

    @property
    def read_first(self) -> bool:
        """A read waits, and no post was due before it was asked for."""
        return bool(self.reads) and (not self.posts or self.reads[0].asked_at < self.posts[0][0])

    def remove(self, post: tuple[float, int]) -> None:
        del self.posts[bisect_left(self.posts, post)]
        self.known.discard(post[1])
        self.unlabelled.discard(post[1])

    def forget_reasons(self) -> None:
        """The next reason is news to all that wait."""
        self.reason = self.rest_reason = None
        self.told.clear()


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
        account_hold: Callable[[Task], str] = lambda _: "",
    ) -> None:
        """`turn_for` makes a turn that posts a task, or (True) looks for its post; `unfit` says why a phone that is there starts nothing now; `breaker` what else must wait, and why;
        `account_hold` why a task must not be posted while its account is as it is.
        """
        self._clock = clock
        self._tasks = tasks
        self._phones = phones
        self._limit = limit
        self._begin = begin
        self._turn_for = turn_for
        self._unfit = unfit
        self._breaker = breaker
        self._account_hold = account_hold
        self._accounts_changed = False
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        self._busy: dict[str, Turn] = {}
        self._reports: Counter[str] = Counter()
        self._draining = False
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
                if task.id in lane.known:
                    if task.waiting_for is None:  # it was stopped and asked for again before anything noticed
                        lane.unlabelled.add(task.id)
                        added = True
                    continue
                lane.known.add(task.id)
                lane.unlabelled.add(task.id)
                insort(lane.posts, (task.scheduled_at, task.id))
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
            return lane.reason[1] if lane and lane.reason else ""

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

    def accounts_changed(self) -> None:
        """Accounts were changed: what waits for one, or must wait from now on, is looked at again. Takes no lock."""
        self._accounts_changed = True
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
            accounts_changed, self._accounts_changed = self._accounts_changed, False
            for lane in self._lanes.values():
                if len(lane.posts) <= LONG_LANE or now - lane.gone_at >= LOOK_S:
                    lane.gone_at = now
                    self._drop_gone(lane)
                if accounts_changed:
                    lane.forget_reasons()
            for lane in sorted((lane for lane in self._lanes.values() if lane), key=lambda lane: lane.head):
                reason = self._obstacle(lane)
                if reason is None:
                    turn, held = self._next(lane)
                    labels += held
                    if turn is None:
                        continue
                    turn.reports = self._reports[lane.serial]
                    self._busy[lane.serial] = turn
                    started.append(turn)
                    if not lane:
                        continue
                    reason = self._obstacle(lane)
                    if reason is None:  # cannot be: the phone is busy now
                        continue
                wait_s = min(wait_s, lane.not_before - now if lane.not_before > now else LOOK_S)
                labels.extend(self._label(lane, reason))
            self._lanes = {
                serial: lane for serial, lane in self._lanes.items() if lane or lane.not_before > now
            }
        if started:
            self._begin(started)
        say_why(self._tasks, self._clock.now(), labels)
        return wait_s

    def _drop_gone(self, lane: _Lane) -> None:
        """Forget posts that were stopped, deleted, held or planned anew while they waited; the order follows the stored start times."""
        posts = [
            (task.scheduled_at, task.id)
            for task in self._tasks.many(lane.known)
            if task.stage is Stage.QUEUED and task.serial == lane.serial
        ]
        posts.sort()
        if posts == lane.posts:
            return
        lane.posts = posts
        lane.known = {task_id for _, task_id in posts}
        lane.unlabelled &= lane.known

    def _next(self, lane: _Lane) -> tuple[Turn | None, list[Why]]:
        """What starts now on a free phone, and of what was passed over why: its account or a breaker holds it."""
        while lane.looks:
            lost = self._tasks.get(lane.looks.pop(0))
            if lost is not None and lost.stage in AFTER_COMMIT:
                return self._turn_for(lost, True), []
        if lane.read_first:
            return lane.reads.pop(0), []
        breaker = self._breaker if self._breaker is not None and self._breaker.any_open else None
        held: list[Why] = []
        for post in lane.in_order():
            task = self._tasks.get(post[1])
            if task is None or task.stage is not Stage.QUEUED or task.serial != lane.serial:
                lane.remove(post)
                continue
            if why := self._account_hold(task):
                held.append((post[1], Waiting.ACCOUNT, why))
                continue
            if breaker is not None:
                if why := breaker.obstacle(task):
                    held.append((post[1], Waiting.DEVICE, why))
                    continue
                breaker.started(task)
            lane.remove(post)
            return self._turn_for(task, False), held
        lane.forget_reasons()  # each has its own
        lane.unlabelled.clear()
        return lane.reads.pop(0) if lane.reads else None, held

    def _lane(self, serial: str) -> _Lane:
        lane = self._lanes.get(serial)
        if lane is None:
            lane = self._lanes[serial] = _Lane(serial)
        return lane

    def _obstacle(self, lane: _Lane) -> tuple[Waiting, str] | None:
        """Why nothing of this lane may start now; None when its head may."""
        serial = lane.serial
        turn = self._busy.get(serial)
        if turn is not None:
            task = self._tasks.get(turn.task_id)
            published = task is not None and task.stage is Stage.PUBLISHED
            rest = (
                ", which is published: it cleans up and leaves the app its upload_wait_time"
                if published
                else ""
            )
            return Waiting.DEVICE, f"the phone {serial} {turn.doing}{rest}"
        info = self._phones.info(serial)
        if info is None:
            return Waiting.DEVICE, f"the phone {serial} is not connected"
        if info.state is not PhoneState.DEVICE:
            return Waiting.DEVICE, f"the phone {serial} is not ready: {info.detail or _SENTENCES[info.state]}"
        if unfit := self._unfit(info):
            return Waiting.DEVICE, f"the phone {serial} is not ready: {unfit}"
        if self._clock.monotonic() < lane.not_before:
            return Waiting.DEVICE, f"the phone {serial} is not ready: {lane.door}"
        twin = self._busy_twin(info)
        if twin is not None:
            return Waiting.DEVICE, f"the phone {serial} is also connected as {twin} and works there"
        if len(self._busy) >= self._limit:
            return Waiting.SLOT, f"{self._limit} phones work already, which is the limit"
        return None

    def _busy_twin(self, info: PhoneInfo) -> str | None:
        """Another serial of the same phone that is at work."""
        if not info.identity:
            return None
        for serial in self._busy:
            other = self._phones.info(serial)
            if other is not None and info.identity in {other.identity, serial}:
                return serial
        return None

    def _label(self, lane: _Lane, reason: tuple[Waiting, str]) -> Iterator[Why]:
        """Tell the heads what is in the way, and those behind them what stays true while the phone works its way."""
        heads = {task_id for _, task_id in lane.posts[:HEADS]}
        rest_reason = reason
        if len(lane.posts) > HEADS and (lane.serial in self._busy or reason[0] is Waiting.SLOT):
            rest_reason = Waiting.DEVICE, f"tasks that were due before it have the phone {lane.serial} first"
        news = (
            heads
            if lane.reason != reason
            else {h for h in heads if h in lane.unlabelled or h not in lane.told}
        )
        behind = (lane.unlabelled | lane.told if lane.rest_reason == rest_reason else lane.known) - heads
        for whom, why in ((news, reason), (behind & lane.known, rest_reason)):
            for task in self._tasks.many(sorted(whom)):
                hold = self._account_hold(task)
                yield (task.id, Waiting.ACCOUNT, hold) if hold else (task.id, *why)
        lane.reason, lane.rest_reason, lane.told = reason, rest_reason, heads
        lane.unlabelled.clear()
