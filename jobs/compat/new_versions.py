"""After an update of an app: its next post waits for a rehearsal of its way through that version and language, on one phone first."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import tzinfo
from typing import Any, Protocol

import msgspec

from jobs.compat.known import Known, is_verdict
from jobs.compat.seen_versions import Engine, Place, SeenVersions, Speaking
from jobs.compat.trial import Trial
from jobs.compat.ways import Way, key_of, rehearsed_way, way_of, wish_of
from jobs.hub.clock import Clock
from jobs.input.refusals import Refused
from jobs.pace.hold import Hold
from jobs.post.apps import APPS
from jobs.post.rehearsal.rehearsals import Wish
from jobs.post.rehearsal.report import Report
from jobs.task.announcements import Tell, quietly
from jobs.task.attempt import OnHold
from storage.errors import StoreError
from storage.records import ENDED, Task, Waiting
from storage.store import Store
from storage.tables.app_versions import AppKey

_LOG = logging.getLogger(__name__)

#: A phone and an app on it, and the way and kind of posts that wait there.
_Stop = tuple[Place, str, str]


class Rehearsing(Protocol):
    """What is asked of the rehearsals."""

    def request(self, serial: str, wish: Wish) -> Report: ...
    def get(self, number: int) -> Report | None: ...
    def all(self, serial: str = "") -> list[Report]: ...


class Languages(Speaking, Protocol):
    """What is asked of the script that posts."""

    def covers(self, platform: str, language: str) -> bool: ...


class NewVersions:
    """Keeps tasks of a new version back until their own way is rehearsed green. In memory; the truth is in `Known`. Thread-safe."""

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
        self._seen = SeenVersions(clock)
        self._tasks: dict[_Stop, Task] = {}  #: one that waits there
        self._trials: dict[Way, Trial] = {}
        self._last: dict[AppKey, str] = {}  #: the phone that rehearsed it last
        self._rehearsals: Rehearsing
        self._jobs: Engine
        self._languages: Languages

    def use(self, rehearsals: Rehearsing, jobs: Engine, languages: Languages) -> None:
        """Take the parts that are made after this one, before anything else is asked. What was rehearsed before the start counts."""
        self._rehearsals, self._jobs, self._languages = rehearsals, jobs, languages
        self._seen.use(jobs, languages)
        for report in rehearsals.all():
            self._known.rehearsed(report)

    # --- asked by attempts and by the dispatcher -----------------------------------------------------------

    def admit(self, task: Task, version: str, language: str) -> None:
        """Called by an attempt before it touches the app. Raises OnHold where a rehearsal comes first."""
        if not version or not self._enabled() or APPS[task.platform].way_back is None:
            return  # it cannot be told apart, or not be rehearsed: nothing would ever let it go on
        way = way_of(task, AppKey(task.platform, version, language))
        with self._lock:
            place = task.serial, task.package
            self._seen.note(place, way.key)
            if self._may_post(way):
                return
            self._tasks[place, way.way, way.kind] = task
            trial = self._trials.get(way)
            if trial is None:
                red = self._red_before(way)
                trial = self._trials[way] = Trial(way, red=red, serial=red.serial if red else task.serial)
            self._begin(trial)
            raise OnHold(self.sentence(trial))

    def hold(self, task: Task) -> Hold | None:
        """Why a task must not start now; None when nothing is known against it. Takes no lock."""
        place = task.serial, task.package
        key = self._seen.get(place)
        if key is None or not self._enabled() or not task.materials:
            return None
        try:
            way = way_of(task, key)
        except msgspec.ValidationError:
            return None  # its attempt says what is wrong with its config
        trial = None if self._may_post(way) else self._trials.get(way)
        if trial is None:
            return None  # nothing is against it, or its next attempt begins a rehearsal
        self._tasks[place, way.way, way.kind] = task
        return Hold(Waiting.REHEARSAL, self.sentence(trial))

    # --- what becomes of it --------------------------------------------------------------------------------

    def ended(self, report: Report) -> None:
        """A rehearsal has ended, one that a person asked for too."""
        self._known.rehearsed(report)
        key = key_of(report)
        news: tuple[str, dict[str, Any]] | None = None
        with self._lock:
            if report.app_version:
                self._seen.note((report.serial, report.package), key)
            asked = next((t for t in self._trials.values() if t.running == report.id), None)
            if asked is not None:
                asked.running = 0
            trial = self._trials.get(rehearsed_way(report)) if report.app_version else asked
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
        self._jobs.look_again()

    def allow(self, key: AppKey) -> None:
        """A person says that posts may go on with it. Raises StoreError."""
        self._known.allow(key)
        with self._lock:
            self._trials = {way: trial for way, trial in self._trials.items() if way.key != key}
        self._jobs.look_again()

    def trials(self) -> list[Trial]:
        """What is new and not yet known to work; while it is switched off nothing waits for it."""
        if not self._enabled():
            return []
        with self._lock:
            return [trial for trial in self._trials.values() if not self._may_post(trial.way)]

    def lacks_words(self, trial: Trial) -> bool:
        """Whether it waits for nothing but the words by which its refusals are understood."""
        return self._known.knows(trial.way) and not self._may_post(trial.way)

    def sentence(self, trial: Trial) -> str:
        """Where a new version stands, for people. Takes no lock."""
        return trial.sentence(self._clock, self._zone(), lacks_words=self.lacks_words(trial))

    def turn(self) -> None:
        """Now and then: try again what could not be done, and forget what nothing waits for."""
        if not self._enabled():
            return
        with self._lock:
            for stop in [stop for stop, task in list(self._tasks.items()) if not self._waits(stop[0], task)]:
                self._tasks.pop(stop, None)
            for trial in list(self._trials.values()):
                if self._may_post(trial.way) or not (trial.running or self._waiting(trial.way)):
                    del self._trials[trial.way]
                else:
                    self._follow(trial)
            self._seen.ask_again({way.key for way in self._trials})

    # --- inside, under the lock ----------------------------------------------------------------------------

    def _may_post(self, way: Way) -> bool:
        """Whether tasks go on: their way works on this hub, and refusals are understood. A person's word stands for both."""
        return self._known.knows(way) and (way.key in self._known.allowed or not self._unread(way.key))

    def _unread(self, key: AppKey) -> bool:
        """Whether words are missing by which the app's refusals would be understood in this language."""
        covers = self._languages.covers(key.platform, key.language)
        return bool(key.language) and not covers

    def _waits(self, place: Place, before: Task) -> bool:
        task = self._store.tasks.get(before.id)
        return task is not None and (task.serial, task.package) == place and task.stage not in ENDED

    def _waiting(self, way: Way) -> list[Task]:
        """One of the tasks that wait for this way on each phone; first where the version was rehearsed last."""
        last = self._last.get(way.key)
        found = [
            task
            for (place, *own), task in list(self._tasks.items())
            if own == [way.way, way.kind] and self._seen.get(place) == way.key
        ]
        return sorted(found, key=lambda task: task.serial != last)

    def _follow(self, trial: Trial) -> None:
        if trial.running:
            report = self._rehearsals.get(trial.running)
            if report is None or report.state != "running":
                trial.running = 0
            elif not self._jobs.may_rehearse(trial.serial):
                # Its phone is gone or unfit: another one that waits goes first, if there is one.
                self._begin(trial, other_than=trial.serial)
        if not trial.running and trial.red is None and self._clock.monotonic() >= trial.again_at:
            self._begin(trial)

    def _begin(self, trial: Trial, *, other_than: str = "") -> None:
        """Ask for the rehearsal on the first phone that can; of the ways of one version one after the other."""
        if trial.red is not None:
            return
        if (trial.running and not other_than) or self._clock.monotonic() < trial.again_at:
            return
        others = (one for one in self._trials.values() if one is not trial and one.way.key == trial.way.key)
        if self._known.knows(trial.way) or any(one.running for one in others):
            return
        for task in self._waiting(trial.way):
            serial = task.serial
            if serial == other_than or not self._jobs.may_rehearse(serial):
                continue
            wish = wish_of(task)
            try:
                report = self._rehearsals.request(serial, wish)
            except (Refused, StoreError) as error:
                trial.put_off(str(error), self._clock.monotonic())
                continue
            if (report.platform, report.way, report.kind) != (wish.platform, wish.way, wish.kind):
                continue  # another rehearsal runs there: asked again once that is over
            trial.running, trial.serial = report.id, serial
            self._last[trial.way.key] = serial
            return

    def _judge(self, trial: Trial, report: Report) -> tuple[str, dict[str, Any]] | None:
        """Take over what a rehearsal says about a new version; what to tell people, with its facts."""
        if report.state == "ready" and not self._may_post(trial.way):
            trial.red, trial.serial = None, report.serial
            said = self.sentence(trial)
        elif report.state == "ready":
            self._trials.pop(trial.way, None)
            said = (
                f"{trial.way} works on this hub (rehearsal {report.id}): the posts that waited for it go on"
            )
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
            "platform": trial.way.key.platform,
            "app_version": trial.way.key.version,
            "language": trial.way.key.language,
            "rehearsal_id": report.id,
            "serial": report.serial,
            "ready": report.state == "ready" and self._may_post(trial.way),
        }

    def _red_before(self, way: Way) -> Report | None:
        """The verdict that was reached before the daemon started, where it is the last one."""
        reports = self._rehearsals.all()
        last = next((r for r in reports if r.state != "running" and rehearsed_way(r) == way), None)
        return last if last is not None and is_verdict(last) else None
