"""The engine: puts scheduler, dispatcher, turns, runner and recovery together, starts and stops them."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable, Mapping
from functools import partial
from textwrap import shorten

from jobs.accounts.login_marks import LoginMarks
from jobs.compat.new_versions import NewVersions
from jobs.hub.clock import Clock, Deadline
from jobs.hub.settings import Posting, Settings
from jobs.hub.supervision import Supervisor
from jobs.input.refusals import Draining, Problem
from jobs.intake.repeat_guard import Repeats
from jobs.notify.long_pauses import LongPauses
from jobs.notify.overdue import Overdue
from jobs.pace import pauses
from jobs.pace.pace import Pace
from jobs.pace.pauses import Pauses
from jobs.phone.protocol import Phones, PhoneState
from jobs.queue.breaker import Breaker
from jobs.queue.clock_trust import ClockTrust, kernel_synchronised
from jobs.queue.dispatcher import Dispatcher
from jobs.queue.scheduler import Scheduler
from jobs.queue.turn import REQUEST, ReadTurn
from jobs.run.claims import Claims
from jobs.run.endings import Endings
from jobs.run.evidence import Evidence
from jobs.run.holds import Holds
from jobs.run.maintenance import Maintenance, last_stamp
from jobs.run.phone_halts import PhoneHalts
from jobs.run.recovery import Recovery
from jobs.run.runner import Runner
from jobs.run.starts import Starts
from jobs.run.turn_register import Turns, Watch
from jobs.run.workers import Workers
from jobs.task.announcements import Announcements, Tell, drop_event
from jobs.task.attempt import Script
from jobs.task.retry import Uniform
from jobs.task.states import Mover
from jobs.task.tally import Tally
from storage.engine.hooks import Hook, hook_from
from storage.records import Stage, Task
from storage.store import Store

_LOG = logging.getLogger(__name__)

#: Phones that work at once, by plan.
PLAN_LIMITS = {"starter": 5, "pro": 20, "team": 50, "business": 100}
#: A remark may quote what a screen shows; the log keeps only its beginning.
LOGGED_REMARK = 160
#: Of the time that a stop may take, what is kept for writing states after the last verdict.
STOP_RESERVE_S = 3.0


def slots(settings: Settings) -> int:
    """How many phones may work at once: the plan's number, or less where the settings say so."""
    plan = PLAN_LIMITS[settings.license.plan]
    return min(plan, settings.phones.max_concurrent_devices or plan)


class Jobs:
    """How tasks get done. `start` and `stop` once; everything else from any thread at any time."""

    def __init__(  # noqa: PLR0917 - the parts, in the order in which they are made
        self,
        settings: Settings,
        clock: Clock,
        store: Store,
        phones: Phones,
        scripts: Mapping[str, Script],
        evidence: Evidence,
        *,
        uniform: Uniform = random.uniform,
        synchronised: Callable[[], bool | None] = kernel_synchronised,
        hook: Hook | None = None,
        tell: Tell = drop_event,
        versions: NewVersions | None = None,
    ) -> None:
        """`versions` keeps tasks back whose app is new to this hub; without it none is."""
        posting = settings.posting
        self._clock = clock
        self._store = store
        self._phones = phones
        self._evidence = evidence
        self.uniform = uniform
        self._announcements = Announcements(tell, evidence.is_open, evidence.picture)
        evidence.on_closed(self._announcements.closed)
        self.breaker = Breaker(clock, store.tasks, self._announcements.safely)
        self.mover = Mover(store.tasks, clock, hook or hook_from(os.environ), self._moved)
        self.tally = Tally()
        self.repeats = Repeats(store, clock, posting)
        self.trust = ClockTrust(clock, last_stamp(store), synchronised)
        self.pace = Pace(store, clock, posting, trusted=lambda: self.trust.steady)
        self._login_marks = LoginMarks(store.accounts, self.pace.account)
        self.pauses = Pauses(
            store,
            clock,
            lambda: self.pace.where,
            self.look_again,
            trusted=lambda: self.trust.steady,
        )
        holds = Holds(
            store.accounts, self.pauses, self.pace, versions.hold if versions is not None else lambda _: None
        )
        self.workers = Workers(clock)
        self.turns = Turns(clock)
        self.endings = Endings(posting, clock, store.tasks, mover=self.mover, uniform=uniform)
        self.claims = Claims(
            posting,
            clock,
            store=store,
            mover=self.mover,
            evidence=evidence,
            repeats=self.repeats,
            holds=holds,
            turns=self.turns,
            endings=self.endings,
        )
        runner = Runner(phones, scripts, claims=self.claims, endings=self.endings)
        self.dispatcher = Dispatcher(
            clock,
            store.tasks,
            phones,
            slots(settings),
            lambda turns: self.starts.begin(turns),  # noqa: PLW0108 - it is made later, of this dispatcher
            turn_for=self.claims.turn_for,
            unfit=lambda info: settings.phones.battery_problem(info.battery_percent, info.battery_celsius),
            breaker=self.breaker,
            hold=partial(holds.hold, lately=True),
            line=holds.line,
        )
        store.storage.listen("accounts", lambda _: self.dispatcher.look_again(), replay=False)
        self.scheduler = Scheduler(
            clock,
            store.tasks,
            mover=self.mover,
            trust=self.trust,
            enqueue=self.dispatcher.enqueue,
            longest_retry_pause_s=posting.retry_pause_max_s,
            clock_stepped=self.pace.clock_stepped,
        )
        self.starts = Starts(
            store.tasks,
            claims=self.claims,
            endings=self.endings,
            runner=runner,
            turns=self.turns,
            workers=self.workers,
            dispatcher=self.dispatcher,
            wake=self.scheduler.wake,
        )
        self.halts = PhoneHalts(phones, self.pauses, self.breaker, self.dispatcher)
        self.watch = Watch(clock, self.turns, endings=self.endings, dispatcher=self.dispatcher)
        self.recovery = Recovery(
            posting,
            clock,
            store.tasks,
            mover=self.mover,
            uniform=uniform,
            owned=lambda task_id: self.turns.of_task(task_id) is not None,
            enqueue=self.dispatcher.enqueue,
            settle=self.dispatcher.enqueue_look,
        )
        self.maintenance = Maintenance(
            clock,
            store,
            evidence,
            self.pauses,
            self.trust,
            check_threads=lambda: self.supervisor.check(),  # noqa: PLW0108 - it is made later, of this loop
        )
        self._loops = [self.scheduler.loop, self.dispatcher.loop, self.maintenance.loop]
        self.overdue = Overdue(clock, store.tasks, lambda: self.dispatcher.busy, self._announcements.safely)
        self._long_pauses = LongPauses(clock, self.pauses, self._announcements.safely)
        duties = [
            self.watch.look,
            self.recovery.turn,
            self.overdue.turn,
            self._long_pauses.turn,
            self._announce_clock,
            *([versions.turn] if versions is not None else []),
        ]
        self.supervisor = Supervisor(self._loops, duties, clock)

    # --- life ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Adopt what the last run left, then start the threads."""
        self.recovery.turn()
        self._phones.subscribe(self.dispatcher.phone_changed)
        for loop in [*self._loops, self.supervisor.loop]:
            loop.start()

    def drain(self) -> None:
        """Start nothing more; what runs goes on."""
        self.dispatcher.drain()

    def stop(self, timeout_s: float) -> bool:
        """End everything within the time, states written; returns whether every worker came back.

        Attempts before the commit point are cut off and queued again. Those past it get until shortly before the
        end for their verdict; then they are cut off too, stay as they are, and the next start looks for the post.
        """
        deadline = Deadline(self._clock, timeout_s)
        self.drain()
        for loop in [self.supervisor.loop, *self._loops]:
            loop.stop()
        self.watch.leave()
        verdicts = Deadline(self._clock, max(0.0, timeout_s - STOP_RESERVE_S))
        if not self.turns.wait_idle(verdicts):
            for turn in self.turns.all():
                turn.cut()
            self.turns.wait_idle(Deadline(self._clock, min(STOP_RESERVE_S / 2, deadline.remaining_s)))
        for turn in self.turns.all():
            self.watch.abandon(turn)
        self.endings.give_up_writing()
        self.workers.close()
        for loop in [self.supervisor.loop, *self._loops]:
            loop.join(deadline.within(1.0))
        if not self.turns.hanging:
            self.workers.join(deadline.within(1.0))
        if self.trust.trusted:
            self.maintenance.stamp()
        return not self.turns.all() and not self.turns.hanging

    def wake(self) -> None:
        """Tasks were created or changed."""
        self.scheduler.wake()

    # --- what others ask -----------------------------------------------------------------------------------

    def current_task(self, serial: str) -> Task | None:
        """The task that works on a phone."""
        task_id = self.dispatcher.busy.get(serial)
        return None if task_id is None else self._store.tasks.get(task_id)

    def use(self, posting: Posting) -> None:
        """The config was read again: the pace follows it from now on."""
        self.pace.reload(posting)
        self.dispatcher.look_again()

    def ask(self, turn: ReadTurn) -> None:
        """Have a look at a phone done when its turn comes. Raises Draining."""
        if not self.turns.add(turn):
            raise Draining(Problem("", "the daemon is about to stop; try again in a moment"))
        self.dispatcher.enqueue_read(turn)
        if turn.stop_at is not None:
            self.watch.end_waiting(turn)  # the stop came in between

    def why_waiting(self, serial: str) -> str:
        """What keeps all that waits for a phone from starting, as a sentence; "" when nothing does."""
        return self.dispatcher.why(serial)

    def may_rehearse(self, serial: str) -> bool:
        """Whether a rehearsal that the daemon asks for itself may begin on this phone: it is there, fit and not paused."""
        info = self._phones.info(serial)
        paused = self.pauses.get(pauses.HUB) or self.pauses.get(pauses.phone(serial))
        ready = info is not None and info.state is PhoneState.DEVICE
        return ready and not paused and not self.dispatcher.closed(serial)

    def look_again(self) -> None:
        """What keeps tasks back was changed."""
        self.dispatcher.look_again()

    def confirm_clock(self) -> str:
        """A person says that the box's time is right: what is held for its sake may start. Returns what was in doubt."""
        doubt = self.trust.reason
        if doubt:
            self.trust.confirm()
            self.scheduler.wake()
        return doubt

    def set_limit(self, limit: int) -> None:
        """How many phones may work at once; phones that work already go on."""
        self.dispatcher.set_limit(limit)

    def interrupt(self, task_id: int) -> None:
        """Make a running attempt stop: at once before the commit point, after the verdict behind it."""
        turn = self.turns.of_task(task_id)
        if turn is not None:
            turn.request_stop(REQUEST)

    def health(self) -> list[str]:
        """Why the daemon cannot do its work as it should; empty when it can."""
        found = self.supervisor.problems()
        if self.trust.problem:
            found.append(
                f"{self.trust.problem}; tasks with a start time are held until a time service or "
                "a person (`tikmatrixd.py confirm-clock`) confirms the time"
            )
        found += [f"the worker of the phone {serial} hangs" for serial in self.turns.hanging]
        return found

    @property
    def notices(self) -> list[str]:
        """What a person may want to know though all works."""
        found = [self.trust.reason] if self.trust.reason else []
        found += self.pauses.sentences() + self.breaker.all_pauses + self._evidence.warnings
        return found + self.supervisor.late()

    @property
    def late(self) -> dict[str, tuple[Task, int]]:
        """By phone what has waited for it longest, long past its time, and how many wait for it."""
        return self.overdue.late

    @property
    def stale_s(self) -> float:
        """Seconds by which the slowest helper thread is overdue."""
        return self.supervisor.stale_s

    # --- threads' work -------------------------------------------------------------------------------------

    def _moved(self, task: Task) -> None:
        level = logging.WARNING if task.stage in (Stage.FAILED, Stage.REJECTED) else logging.INFO
        if _LOG.isEnabledFor(level):
            facts = {"task": task.id, "serial": task.serial}
            _LOG.log(level, "%s: %s", task.stage, shorten(task.remark, LOGGED_REMARK), extra=facts)
        self.tally.moved(task)
        self.breaker.moved(task)
        self.pace.moved(task)
        self._login_marks.moved(task)
        self._announcements.moved(task)

    def _announce_clock(self) -> None:
        self._announcements.clock(self.trust.problem)
