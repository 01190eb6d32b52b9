"""Circuit breakers: what keeps failing in the same way is left alone for a while, and people are told (U2-19, JOB-7).

Three tasks in a row that ended equally pause what they have in common: an app version (its screens changed), an
account (it is logged out), or a phone (its link breaks). After the pause one task tries; if it fares no better, the
pause doubles. Kept in memory: a restart of the daemon is a reset by hand too.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from jobs.hub.clock import Clock, utc
from jobs.task.announcements import Tell, drop_event
from storage.error_codes import Scope, code_of
from storage.records import RUNNING, Stage, Task
from storage.tables.tasks import TaskStore

_LOG = logging.getLogger(__name__)

#: How many different tasks must end with the same error, with no published post among them.
FAILURES = 3
#: Failures that lie further apart have nothing to do with each other.
WITHIN_S = 24 * 3600.0
#: The first pause, and the longest after doublings.
PAUSE_S, PAUSE_MAX_S = 900.0, 4 * 3600.0
#: How long a task that was let through as a trial may take until its attempt runs.
TRIAL_START_S = 10.0


class Guarded(NamedTuple):
    """What a breaker guards: one version of an app, an account, a phone, or an app on a phone."""

    scope: Scope
    first: str
    second: str = ""

    def __str__(self) -> str:
        if self.scope is Scope.APP:
            return f"{self.first} {self.second}".rstrip()
        if self.scope is Scope.ACCOUNT:
            return f"the account {self.second} ({self.first})"
        if self.scope is Scope.APP_ON_PHONE:
            return f"{self.second} on the phone {self.first}"
        return f"the phone {self.first}"


class Paused(NamedTuple):
    """One pause: what is paused, the sentence about it, the code it failed with, and the last task that did."""

    name: str
    scope: Scope
    sentence: str
    code: str
    task_id: int


@dataclass
class _Breaker:
    """One way of failing of what it guards."""

    guarded: Guarded
    code: str
    step: str
    failures: dict[int, float] = field(default_factory=dict)  #: task id -> monotonic time
    pause_s: float = 0.0  #: 0 while closed
    until: float = 0.0  #: monotonic end of the pause
    until_wall: float = 0.0
    trial: int = 0  #: the task that tries after the pause
    trial_at: float = 0.0

    @property
    def open(self) -> bool:
        return self.pause_s > 0

    @property
    def sentence(self) -> str:
        where = f" at {self.step}" if self.step else ""
        until = utc(self.until_wall).isoformat(timespec="minutes")
        return f"{self.guarded} is paused until {until}: {len(self.failures)} tasks in a row ended with {self.code}{where}"


class Breaker:
    """Hears of every end (`moved`), says what must wait (`obstacle`). Thread-safe; never blocks on anything."""

    def __init__(self, clock: Clock, tasks: TaskStore, tell: Tell = drop_event) -> None:
        self._clock = clock
        self._tasks = tasks
        self._tell = tell
        self._lock = threading.Lock()
        self._breakers: dict[tuple[Guarded, str, str], _Breaker] = {}
        self.versions: dict[tuple[str, str], str] = {}  #: (serial, package) -> the version last seen there

    # --- what it hears ------------------------------------------------------------------------------------

    def moved(self, task: Task) -> None:
        """A task was moved and written."""
        if task.stage in RUNNING:
            return
        opened: _Breaker | None = None
        with self._lock:
            if task.app_version:
                self.versions[task.serial, task.package] = task.app_version
            if task.stage is Stage.PUBLISHED:
                self._worked(task)
            elif task.stage in {Stage.FAILED, Stage.REJECTED}:
                opened = self._failed(task)
        if opened is not None:
            _LOG.error("%s", opened.sentence)
            what = opened.guarded
            serial = task.serial if what.scope is not Scope.APP else ""
            self._tell("needs_hands", opened.sentence, serial=serial, code=opened.code, scope=str(what))

    def started(self, task: Task) -> None:
        """A task is about to be claimed: where a pause is over, it is the trial."""
        with self._lock:
            for breaker in self._before(task):
                breaker.trial, breaker.trial_at = task.id, self._clock.monotonic()

    def resume(self, serial: str) -> list[str]:
        """A person says that all is well on this phone; what was paused there, as sentences."""
        with self._lock:
            found = [
                breaker for breaker in self._breakers.values() if breaker.open and self._hits(breaker, serial)
            ]
            for breaker in found:
                del self._breakers[breaker.guarded, breaker.code, breaker.step]
        for breaker in found:
            _LOG.warning("%s goes on: a person says so", breaker.guarded)
        return [breaker.sentence for breaker in found]

    # --- what it says -------------------------------------------------------------------------------------

    @property
    def any_open(self) -> bool:
        """Whether `obstacle` needs to be asked at all."""
        return any(breaker.open for breaker in list(self._breakers.values()))

    def obstacle(self, task: Task) -> str:
        """Why this task must not start now, "" when it may."""
        now = self._clock.monotonic()
        with self._lock:
            for breaker in self._before(task):
                if now < breaker.until:
                    return breaker.sentence
                if breaker.trial != task.id and self._tries(breaker, now):
                    return f"{breaker.guarded} was paused; task {breaker.trial} tries whether it works again"
        return ""

    def pauses(self, serial: str) -> list[str]:
        """What is paused on a phone."""
        with self._lock:
            found = [b for b in self._breakers.values() if b.open and self._hits(b, serial)]
        return [breaker.sentence for breaker in found]

    def paused(self) -> list[Paused]:
        """Everything that is paused, with where to look at it."""
        with self._lock:
            found = [breaker for breaker in self._breakers.values() if breaker.open]
        return [
            Paused(str(one.guarded), one.guarded.scope, one.sentence, one.code, max(one.failures, default=0))
            for one in found
        ]

    @property
    def all_pauses(self) -> list[str]:
        """Everything that is paused."""
        with self._lock:
            return [breaker.sentence for breaker in self._breakers.values() if breaker.open]

    # --- inside, under the lock ---------------------------------------------------------------------------

    def _failed(self, task: Task) -> _Breaker | None:
        """Count an end; the breaker, when that opened it."""
        if task.error is None:
            return None
        code, step = task.error.code, task.error.step
        scope = code_of(code).scope
        what = _through(task, task.app_version)[scope] if scope else None
        for breaker in self._breakers.values():
            if breaker.trial == task.id and (breaker.guarded, breaker.code) != (what, code):
                breaker.trial = 0  # it failed otherwise, which says nothing: another one tries
        if what is None:
            return None
        step = step if scope is Scope.APP else ""
        now = self._clock.monotonic()
        breaker = self._breakers.setdefault((what, code, step), _Breaker(what, code, step))
        breaker.failures = {
            i: at for i, at in breaker.failures.items() if breaker.open or now - at < WITHIN_S
        }
        breaker.failures[task.id] = now
        if breaker.open and now < breaker.until:
            return None  # it ran already when the pause began
        if not breaker.open and len(breaker.failures) < FAILURES:
            return None
        breaker.pause_s = min(PAUSE_MAX_S, breaker.pause_s * 2 or PAUSE_S)
        breaker.until, breaker.until_wall = now + breaker.pause_s, self._clock.now() + breaker.pause_s
        breaker.trial = 0
        return breaker

    def _worked(self, task: Task) -> None:
        """A post: nothing that it went through is broken."""
        through = _through(task, task.app_version).values()
        for key, breaker in list(self._breakers.items()):
            if breaker.guarded in through:
                del self._breakers[key]
                if breaker.open:
                    _LOG.warning("%s works again", breaker.guarded)

    def _before(self, task: Task) -> list[_Breaker]:
        """Open breakers that stand before a task."""
        if not self._breakers:
            return []
        version = self.versions.get((task.serial, task.package), "")
        mine = _through(task, version).values()
        return [breaker for breaker in self._breakers.values() if breaker.open and breaker.guarded in mine]

    def _hits(self, breaker: _Breaker, serial: str) -> bool:
        """Whether something on this phone waits because of the breaker."""
        what = breaker.guarded
        if what.scope is Scope.APP:
            return self.versions.get((serial, what.first)) == what.second
        if what.scope is Scope.ACCOUNT:
            tasks = (self._tasks.get(task_id) for task_id in breaker.failures)
            return any(task is not None and task.serial == serial for task in tasks)
        return what.first == serial

    def _tries(self, breaker: _Breaker, now: float) -> bool:
        """Whether a trial is on its way."""
        if not breaker.trial:
            return False
        if now - breaker.trial_at < TRIAL_START_S:
            return True
        task = self._tasks.get(breaker.trial)
        return task is not None and task.stage in RUNNING


def _through(task: Task, app_version: str) -> dict[Scope, Guarded]:
    """All that a task's post goes through."""
    # without a name it is the account that is current in the app on that phone
    account = f"@{task.username.lower()}" if task.username else f"in use on {task.serial}"
    return {
        Scope.APP: Guarded(Scope.APP, task.package, app_version),
        Scope.ACCOUNT: Guarded(Scope.ACCOUNT, task.platform, account),
        Scope.APP_ON_PHONE: Guarded(Scope.APP_ON_PHONE, task.serial, task.package),
        Scope.PHONE: Guarded(Scope.PHONE, task.serial),
    }
