"""The dispatcher: one queue per phone, slots, and for every task that waits the reason why."""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from jobs.hub.clock import Clock
from jobs.hub.supervision import Loop
from jobs.phone.protocol import PhoneInfo, Phones, PhoneState
from jobs.queue.breaker import Breaker
from jobs.queue.waiting import Why, say_why
from jobs.queue.work import Work
from storage.records import Stage, Task, Waiting
from storage.tables.tasks import TaskStore

#: The dispatcher looks again after this time even when nobody woke it.
LOOK_S = 10.0
#: Of a longer queue than this, what was stopped or deleted is looked for only every so often as above.
LONG_LANE = 500

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
    """What waits for one phone: settling first, then posts by start time and id, and errands when they were asked."""

    serial: str
    settles: list[int] = field(default_factory=list)
    posts: list[tuple[float, int]] = field(default_factory=list)
    errands: list[tuple[float, Work]] = field(default_factory=list)
    known: set[int] = field(default_factory=set)
    unlabelled: set[int] = field(default_factory=set)
    reason: tuple[Waiting, str] | None = None  #: the one last given to all that wait here
    not_before: float = float("-inf")  #: monotonic; the phone was gone at the door a moment ago
    door: str = ""  #: why
    gone_at: float = float("-inf")  #: monotonic; when posts that are no longer queued were last looked for

    def __bool__(self) -> bool:
        return bool(self.settles or self.posts or self.errands)

    def in_order(self) -> Iterator[tuple[float, int]]:
        """The posts by start time and id; most of the time only the first is wanted."""
        if self.posts:
            yield self.posts[0]
            yield from sorted(self.posts)[1:]

    @property
    def head(self) -> tuple[int, float, int]:
        """Sorts lanes by whose turn a free slot is."""
        if self.settles:
            return 0, 0.0, self.settles[0]
        if self.errand_first:
            return 1, self.errands[0][0], 0
        return 1, *self.posts[0]

    @property
    def errand_first(self) -> bool:
        """An errand waits, and no post was due before it was asked for."""
        return bool(self.errands) and (not self.posts or self.errands[0][0] < self.posts[0][0])

    def take_settle(self) -> Work:
        """Remove and return the first post that is to be looked for."""
        return Work(self.settles.pop(0), self.serial, settle=True)

    def take(self, post: tuple[float, int]) -> Work:
        """Remove and return one of the posts."""
        if post == self.posts[0]:
            heapq.heappop(self.posts)
        else:
            self.posts.remove(post)
            heapq.heapify(self.posts)
        self.known.discard(post[1])
        self.unlabelled.discard(post[1])
        return Work(post[1], self.serial)


class Dispatcher:
    """Gives work to workers: one at a time per phone, at most `limit` phones at once.

    Never talks to a phone and never waits for one: it only reads the inventory. What it holds is a view of the
    store's queued tasks; a task that is no longer queued is dropped when the worker's claim fails.
    """

    def __init__(
        self,
        clock: Clock,
        tasks: TaskStore,
        phones: Phones,
        limit: int,
        begin: Callable[[Sequence[Work]], None],
        *,
        unfit: Callable[[PhoneInfo], str] = lambda _: "",
        breaker: Breaker | None = None,
        account_hold: Callable[[Task], str] = lambda _: "",
    ) -> None:
        """`unfit` says why a phone that is there starts nothing now; `breaker` what else must wait, and why;
        `account_hold` why a task must not be posted while its account is as it is.
        """
        self._clock = clock
        self._tasks = tasks
        self._phones = phones
        self._limit = limit
        self._begin = begin
        self._unfit = unfit
        self._breaker = breaker
        self._account_hold = account_hold
        self._accounts_changed = False
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        self._busy: dict[str, Work] = {}
        self._reports: Counter[str] = Counter()
        self._draining = False
        self.loop = Loop("dispatcher", self.turn, clock, longest_wait_s=LOOK_S)

    def enqueue(self, tasks: Iterable[Task]) -> None:
        """Queued tasks; those already known are left where they are."""
        with self._lock:
            added = False
            for task in tasks:
                lane = self._lane(task.serial)
                work = self._busy.get(task.serial)
                if work is not None and work.task_id == task.id:
                    continue
                if task.id in lane.known:
                    if task.waiting_for is None:  # it was stopped and asked for again before anything noticed
                        lane.unlabelled.add(task.id)
                        added = True
                    continue
                lane.known.add(task.id)
                lane.unlabelled.add(task.id)
                heapq.heappush(lane.posts, (task.scheduled_at, task.id))
                added = True
        if added:
            self.loop.wake()

    def enqueue_again(self, task: Task) -> None:
        """A task whose work is over; it waits again when it is queued again."""
        if task.stage is Stage.QUEUED:
            self.enqueue([task])

    def enqueue_settle(self, task: Task) -> None:
        """A task that may have been published before a crash: look on its phone, before any post there."""
        with self._lock:
            lane = self._lane(task.serial)
            work = self._busy.get(task.serial)
            if task.id not in lane.settles and (work is None or work.task_id != task.id):
                lane.settles.append(task.id)
        self.loop.wake()

    def enqueue_errand(self, work: Work, asked_at: float) -> None:
        """A look at a phone that belongs to no task: its turn comes as that of a post due at `asked_at` would."""
        with self._lock:
            self._lane(work.serial).errands.append((asked_at, work))
        self.loop.wake()

    def withdraw(self, work: Work) -> bool:
        """Take an errand back; False when it is no longer waiting."""
        with self._lock:
            lane = self._lanes.get(work.serial)
            waiting = [] if lane is None else lane.errands
            kept = [(asked_at, other) for asked_at, other in waiting if other is not work]
            if lane is None or len(kept) == len(waiting):
                return False
            lane.errands = kept
            return True

    def why(self, serial: str) -> str:
        """What keeps everything that waits for this phone from starting, as last found; "" when nothing waits."""
        with self._lock:
            lane = self._lanes.get(serial)
            return lane.reason[1] if lane and lane.reason else ""

    def release(self, work: Work, *, again_in_s: float = 0.0, door: str = "") -> None:
        """The worker let go of the phone; idempotent.

        `again_in_s` keeps the phone closed for a while, unless its state was reported since the work began.
        """
        with self._lock:
            if self._busy.get(work.serial) is work:
                del self._busy[work.serial]
            if again_in_s > 0 and self._reports[work.serial] == work.reports:
                lane = self._lane(work.serial)
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
            return {serial: work.task_id for serial, work in self._busy.items() if work.errand is None}

    def turn(self) -> float:
        """One round: hand out what may start, and say of the rest why it waits."""
        wait_s = LOOK_S
        now = self._clock.monotonic()
        labels: list[Why] = []
        started: list[Work] = []
        with self._lock:
            if self._draining:
                return LOOK_S
            accounts_changed, self._accounts_changed = self._accounts_changed, False
            for lane in self._lanes.values():
                if len(lane.posts) <= LONG_LANE or now - lane.gone_at >= LOOK_S:
                    lane.gone_at = now
                    self._drop_gone(lane)
                if accounts_changed:
                    lane.reason = None
            for lane in sorted((lane for lane in self._lanes.values() if lane), key=lambda lane: lane.head):
                reason = self._obstacle(lane)
                if reason is None:
                    work, held = self._next(lane)
                    labels += held
                    if work is None:
                        continue
                    work.reports = self._reports[lane.serial]
                    self._busy[lane.serial] = work
                    started.append(work)
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
        if len(posts) == len(lane.posts) and set(posts) == set(lane.posts):
            return
        heapq.heapify(posts)
        lane.posts = posts
        lane.known = {task_id for _, task_id in posts}
        lane.unlabelled &= lane.known

    def _next(self, lane: _Lane) -> tuple[Work | None, list[Why]]:
        """What starts now on a free phone, and of what was passed over why: its account or a breaker holds it."""
        if lane.settles:
            return lane.take_settle(), []
        if lane.errand_first:
            return lane.errands.pop(0)[1], []
        breaker = self._breaker if self._breaker is not None and self._breaker.any_open else None
        held: list[Why] = []
        for post in lane.in_order():
            task = self._tasks.get(post[1])
            if task is not None and (why := self._account_hold(task)):
                held.append((post[1], Waiting.ACCOUNT, why))
                continue
            if task is not None and breaker is not None:
                if why := breaker.obstacle(task):
                    held.append((post[1], Waiting.DEVICE, why))
                    continue
                breaker.started(task)
            return lane.take(post), held
        lane.reason = None  # each has its own: the next reason is news to all
        lane.unlabelled.clear()
        return lane.errands.pop(0)[1] if lane.errands else None, held

    def _lane(self, serial: str) -> _Lane:
        lane = self._lanes.get(serial)
        if lane is None:
            lane = self._lanes[serial] = _Lane(serial)
        return lane

    def _obstacle(self, lane: _Lane) -> tuple[Waiting, str] | None:
        """Why nothing of this lane may start now; None when its head may."""
        serial = lane.serial
        work = self._busy.get(serial)
        if work is not None:
            task = self._tasks.get(work.task_id) if work.is_post else None
            published = task is not None and task.stage is Stage.PUBLISHED
            rest = (
                ", which is published: it cleans up and leaves the app its upload_wait_time"
                if published
                else ""
            )
            return Waiting.DEVICE, f"the phone {serial} {work.doing}{rest}"
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
        whom = lane.unlabelled if lane.reason == reason else lane.known
        for task in self._tasks.many(sorted(whom)):
            hold = self._account_hold(task)
            yield (task.id, Waiting.ACCOUNT, hold) if hold else (task.id, *reason)
        lane.reason = reason
        lane.unlabelled.clear()
