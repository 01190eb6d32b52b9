"""After an update of an app: its next post waits for a rehearsal of that version and language, on one phone first."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Protocol

from jobs.compat.known import Known, is_verdict, key_of, title
from jobs.compat.trial import Trial
from jobs.content.plan import make_plan
from jobs.hub.clock import Clock
from jobs.hub.platforms import PostKind
from jobs.input.refusals import Refused
from jobs.pace.hold import Hold
from jobs.phone import app_language
from jobs.phone.protocol import PhoneSession
from jobs.post.apps import APPS
from jobs.post.rehearsal.rehearsals import Wish
from jobs.post.rehearsal.report import Report
from jobs.queue.turn import ReadTurn, Turn
from jobs.task.announcements import Tell, quietly
from jobs.task.attempt import OnHold
from storage.errors import StoreError
from storage.records import ENDED, Task, Waiting
from storage.store import Store
from storage.tables.app_versions import AppKey

_LOG = logging.getLogger(__name__)

#: A phone whose tasks wait is asked again after this time which version it has: its app may have been updated, or set back.
ASK_AGAIN_S = 900.0
#: How long asking may wait for its turn, and take.
ASK_WAIT_S, ASK_S = 600.0, 60.0

#: A phone and an app on it.
_Place = tuple[str, str]


class Rehearsing(Protocol):
    """What is asked of the rehearsals."""

    def request(self, serial: str, wish: Wish) -> Report: ...
    def get(self, number: int) -> Report | None: ...
    def all(self, serial: str = "") -> list[Report]: ...


class Engine(Protocol):
    """What is asked of the jobs engine."""

    def ask(self, turn: ReadTurn) -> None: ...
    def may_rehearse(self, serial: str) -> bool: ...
    def look_again(self) -> None: ...


class Languages(Protocol):
    """What is asked of the script that posts."""

    def language_to_be(self, platform: str, package: str, spoken: app_language.Spoken) -> str: ...
    def covers(self, platform: str, language: str) -> bool: ...


@dataclass(eq=False)
class _Shown:
    """What an app on a phone was when it was last looked at."""

    key: AppKey
    at: float  #: monotonic
    asked: bool = False  #: a turn that looks again is on its way


class NewVersions:
    """Keeps tasks of a new version back until its rehearsal is green. In memory; the truth is in `Known`. Thread-safe."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        known: Known,
        *,
        enabled: Callable[[], bool],
        tell: Tell,
        zone: Callable[[], tzinfo],
    ) -> None:
        """`enabled` says whether `posting.rehearse_new_versions` is in force, `zone` in which zone people's times are."""
        self._store = store
        self._clock = clock
        self._known = known
        self._enabled = enabled
        self._tell = tell
        self._zone = zone
        # The dispatcher asks `hold` under its own lock, which `_begin` needs: so `hold` takes none and only reads.
        self._lock = threading.RLock()
        self._shown: dict[_Place, _Shown] = {}
        self._tasks: dict[_Place, Task] = {}  #: one that waits there
        self._trials: dict[AppKey, Trial] = {}
        self._rehearsals: Rehearsing | None = None
        self._jobs: Engine | None = None
        self._languages: Languages | None = None

    def use(self, rehearsals: Rehearsing, jobs: Engine, languages: Languages) -> None:
        """The parts that are made after this one. What was rehearsed before the start counts."""
        self._rehearsals, self._jobs, self._languages = rehearsals, jobs, languages
        for report in rehearsals.all():
            self._known.rehearsed(report)

    # --- asked by attempts and by the dispatcher -----------------------------------------------------------

    def admit(self, task: Task, version: str, language: str) -> None:
        """Called by an attempt before it touches the app. Raises OnHold where a rehearsal comes first."""
        if not version or not self._enabled() or APPS[task.platform].way_back is None:
            return  # it cannot be told apart, or not be rehearsed: nothing would ever let it go on
        key = AppKey(task.platform, version, language)
        with self._lock:
            place = task.serial, task.package
            self._shown[place] = _Shown(key, self._clock.monotonic())
            if self._may_post(key):
                return
            self._tasks[place] = task
            trial = self._trials.get(key)
            if trial is None:
                red = self._red_before(key)
                trial = self._trials[key] = Trial(key, red=red, serial=red.serial if red else task.serial)
            self._begin(trial)
            raise OnHold(self.sentence(trial))

    def hold(self, task: Task) -> Hold | None:
        """Why a task must not start now; None when nothing is known against it. Takes no lock."""
        place = task.serial, task.package
        shown = self._shown.get(place)
        if shown is None or not self._enabled() or self._may_post(shown.key):
            return None
        trial = self._trials.get(shown.key)
        if trial is None:
            return None  # its next attempt begins one
        self._tasks[place] = task
        return Hold(Waiting.REHEARSAL, self.sentence(trial))

    # --- what becomes of it --------------------------------------------------------------------------------

    def ended(self, report: Report) -> None:
        """A rehearsal has ended, one that a person asked for too."""
        self._known.rehearsed(report)
        key = key_of(report)
        news: tuple[str, dict[str, Any]] | None = None
        with self._lock:
            if report.app_version:
                self._shown[report.serial, report.package] = _Shown(key, self._clock.monotonic())
            asked = next((t for t in self._trials.values() if t.running == report.id), None)
            if asked is not None:
                asked.running = 0
            trial = self._trials.get(key) if report.app_version else asked
            if trial is not None:
                news = self._judge(trial, report)
            if asked is not None and asked is not trial:
                asked.again_at = (
                    0.0  # the app was updated meanwhile: this says nothing of the version that waits
                )
        if news is not None:
            sentence, about = news
            _LOG.warning("%s", sentence)
            quietly(self._tell, "rehearsal", sentence, **about)
        if self._jobs is not None:
            self._jobs.look_again()

    def allow(self, key: AppKey) -> None:
        """A person says that posts may go on with it. Raises StoreError."""
        self._known.allow(key)
        with self._lock:
            self._trials.pop(key, None)
        if self._jobs is not None:
            self._jobs.look_again()

    def trials(self) -> list[Trial]:
        """What is new and not yet known to work; while it is switched off nothing waits for it."""
        if not self._enabled():
            return []
        with self._lock:
            return [trial for trial in self._trials.values() if not self._may_post(trial.key)]

    def lacks_words(self, trial: Trial) -> bool:
        """Whether it waits for nothing but the words by which its refusals are understood."""
        return trial.key in self._known and not self._may_post(trial.key)

    def sentence(self, trial: Trial) -> str:
        """Where a new version stands, for people. Takes no lock."""
        return trial.sentence(self._clock, self._zone(), lacks_words=self.lacks_words(trial))

    def turn(self) -> None:
        """Now and then: try again what could not be done, and forget what nothing waits for."""
        if not self._enabled() or self._rehearsals is None:
            return
        with self._lock:
            for place in [place for place, task in list(self._tasks.items()) if not self._waits(place, task)]:
                self._tasks.pop(place, None)
            for trial in list(self._trials.values()):
                if self._may_post(trial.key) or not (trial.running or self._places(trial.key)):
                    del self._trials[trial.key]
                else:
                    self._follow(trial)
            for place, shown in list(self._shown.items()):
                if shown.key in self._trials and self._clock.monotonic() - shown.at > ASK_AGAIN_S:
                    self._ask_again(place, shown)

    # --- inside, under the lock ----------------------------------------------------------------------------

    def _may_post(self, key: AppKey) -> bool:
        """Whether tasks go on: it works on this hub, and its refusals are understood. A person's word stands for both."""
        return key in self._known and (key in self._known.allowed or not self._unread(key))

    def _unread(self, key: AppKey) -> bool:
        """Whether words are missing by which the app's refusals would be understood in this language."""
        covers = self._languages is None or self._languages.covers(key.platform, key.language)
        return bool(key.language) and not covers

    def _waits(self, place: _Place, before: Task) -> bool:
        task = self._store.tasks.get(before.id)
        return task is not None and (task.serial, task.package) == place and task.stage not in ENDED

    def _places(self, key: AppKey) -> list[tuple[_Place, Task]]:
        """Where tasks wait for this version, with one of them each."""
        waiting = list(self._tasks.items())
        return [(p, task) for p, task in waiting if (shown := self._shown.get(p)) and shown.key == key]

    def _follow(self, trial: Trial) -> None:
        if trial.running:
            report = self._rehearsals.get(trial.running) if self._rehearsals else None
            if report is None or report.state != "running":
                trial.running = 0
            elif self._jobs is not None and not self._jobs.may_rehearse(trial.serial):
                # Its phone is gone or unfit: another one that waits goes first, if there is one.
                self._begin(trial, other_than=trial.serial)
        if not trial.running and trial.red is None and self._clock.monotonic() >= trial.again_at:
            self._begin(trial)

    def _begin(self, trial: Trial, *, other_than: str = "") -> None:
        """Ask for the rehearsal on the first phone that can."""
        if (
            trial.red is not None
            or self._rehearsals is None
            or self._jobs is None
            or trial.key in self._known
        ):
            return
        if (trial.running and not other_than) or self._clock.monotonic() < trial.again_at:
            return
        for (serial, _), task in self._places(trial.key):
            if serial == other_than or not self._jobs.may_rehearse(serial):
                continue
            try:
                report = self._rehearsals.request(serial, _wish(task))
            except (Refused, StoreError) as error:
                trial.put_off(str(error), self._clock.monotonic())
                continue
            trial.running, trial.serial = report.id, serial
            return

    def _judge(self, trial: Trial, report: Report) -> tuple[str, dict[str, Any]] | None:
        """Take over what a rehearsal says about a new version; what to tell people, with its facts."""
        if report.state == "ready" and not self._may_post(trial.key):
            trial.red, trial.serial = None, report.serial
            said = self.sentence(trial)
        elif report.state == "ready":
            self._trials.pop(trial.key, None)
            said = f"{title(trial.key)} works on this hub (rehearsal {report.id}): the posts that waited for it go on"
        elif is_verdict(report):
            trial.red = report
            said = self.sentence(trial)
        else:
            first = not trial.tries
            trial.put_off(report.sentence, self._clock.monotonic())
            if not first:
                return None
            said = self.sentence(trial)
        return said, {
            "platform": trial.key.platform,
            "app_version": trial.key.version,
            "language": trial.key.language,
            "rehearsal_id": report.id,
            "serial": report.serial,
            "ready": report.state == "ready" and self._may_post(trial.key),
        }

    def _red_before(self, key: AppKey) -> Report | None:
        """The verdict that was reached before the daemon started, where it is the last one."""
        reports = self._rehearsals.all() if self._rehearsals else []
        last = next((r for r in reports if r.state != "running" and key_of(r) == key), None)
        return last if last is not None and is_verdict(last) else None

    def _ask_again(self, place: _Place, shown: _Shown) -> None:
        """Have the phone asked which version it has by now."""
        serial, package = place
        languages = self._languages
        if shown.asked or languages is None or self._jobs is None or not self._jobs.may_rehearse(serial):
            return
        platform = shown.key.platform

        def do(turn: Turn, phone: PhoneSession) -> None:
            version, spoken = phone.app_version(package), app_language.read(phone, package)
            if version:
                # The language for which `admit` is asked: not the one that the app is about to be taken out of.
                language = languages.language_to_be(platform, package, spoken)
                now = _Shown(AppKey(platform, version, language), self._clock.monotonic())
                with self._lock:
                    self._shown[place] = now

        def ended(_: str) -> None:
            shown.asked, shown.at = False, self._clock.monotonic()
            if self._jobs is not None:
                self._jobs.look_again()

        shown.asked = True
        turn = ReadTurn(
            serial,
            "is asked for the version of an app",
            do,
            ended,
            clock=self._clock,
            wait_s=ASK_WAIT_S,
            lease_s=ASK_S,
        )
        try:
            self._jobs.ask(turn)
        except Refused:
            shown.asked = False


def _wish(task: Task) -> Wish:
    """The way of a task, as far as it can be rehearsed."""
    plan = make_plan(task)
    kind = "story" if plan.kind is PostKind.STORY else "video" if plan.is_video else "images"
    way = "" if plan.way == "useSound" else plan.way
    return Wish(platform=task.platform, way=way, kind=kind, package=task.package)
