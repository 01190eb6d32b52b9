"""What this hub can do, by app, version, language and Android: rehearsals, posts, failures, taught rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from jobs.compat.known import Known, is_verdict
from jobs.compat.new_versions import NewVersions
from jobs.compat.trial import Trial
from jobs.compat.ways import key_of, title
from jobs.hub.platforms import PLATFORMS
from jobs.input.refusals import Invalid, Problem
from jobs.phone.protocol import Phones
from jobs.post.rehearsal.report import Report
from jobs.post.teaching.lessons import Lesson
from storage.records import Task
from storage.store import Store
from storage.tables.app_versions import AppKey

State = Literal["ready", "unknown", "failing", "rehearsing"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One version and language of an app on one Android. Times are seconds since the epoch."""

    key: AppKey
    android: str
    phones: tuple[str, ...]
    last_rehearsal: Report | None
    last_published_at: float | None
    failures: int
    last_failure: Task | None
    taught_rules: int
    allowed: bool  #: a person lets posts go on without a rehearsal
    state: State
    sentence: str


class Compat:
    """Puts together what tasks, rehearsals and people say. Thread-safe; walks over no list of tasks."""

    def __init__(
        self,
        store: Store,
        known: Known,
        versions: NewVersions,
        *,
        phones: Phones,
        reports: Callable[[], Iterable[Report]],
        taught: Callable[[str], Iterable[Lesson]] = lambda _: (),
    ) -> None:
        """`reports` are all rehearsals, the newest first; `taught` gives the lessons of a platform that are in use."""
        self._store = store
        self._known = known
        self._versions = versions
        self._phones = phones
        self._reports = reports
        self._taught = taught

    def lines(self) -> list[Line]:
        """Every version that was met, by app, the newest version first."""
        reports = [report for report in self._reports() if report.app_version]
        androids = self._androids(reports)
        places = self._store.app_versions.keys()
        places |= {(key_of(report), report.serial) for report in reports}
        waiting = self._versions.trials()
        places |= {(trial.way.key, trial.serial) for trial in waiting}
        # A version has several ways. A failed one is shown before a running one, so it comes last: a later entry replaces an earlier.
        waiting.sort(key=lambda one: (one.red is not None, bool(one.running)))
        trials = {trial.way.key: trial for trial in waiting}
        groups: dict[tuple[AppKey, str], set[str]] = defaultdict(set)
        for key, serial in places:
            groups[key, androids.get(serial, "")].add(serial)
        for key in self._known.allowed:
            if not any(key == group[0] for group in groups):
                groups[key, ""] = set()
        found = [
            self._line(key, android, serials, reports, trials.get(key))
            for (key, android), serials in groups.items()
        ]
        found.sort(key=lambda line: (_numbers(line.key.version), _numbers(line.android)), reverse=True)
        return sorted(found, key=lambda line: (PLATFORMS.index(line.key.platform), line.key.language))

    def allow(self, key: AppKey) -> Line:
        """A person lets posts with a version that was met go on without a rehearsal.

        Raises:
            Invalid: no phone has shown this version in this language.
            StoreError: it could not be written.
        """
        met = {line.key for line in self.lines()}
        if key not in met:
            said = "no phone of this hub has shown this version of the app in this language"
            field = "language" if any(m[:2] == key[:2] for m in met) else "app_version"
            raise Invalid(Problem(field, said))
        self._versions.allow(key)
        return next(line for line in self.lines() if line.key == key)

    def _androids(self, reports: list[Report]) -> dict[str, str]:
        """By phone its Android, where it is or was known."""
        found = {report.serial: report.android for report in reversed(reports) if report.android}
        return found | {info.serial: info.android for info in self._phones.inventory() if info.android}

    def _line(
        self, key: AppKey, android: str, serials: set[str], reports: list[Report], trial: Trial | None
    ) -> Line:
        phones = sorted(serials - {""})
        posts = self._store.app_versions
        failures = posts.failures(key, phones)
        last = next(
            (r for r in reports if key_of(r) == key and r.serial in serials and r.state != "running"), None
        )
        published = posts.last_published(key, phones)
        state, sentence = self._verdict(key, last, published, trial)
        return Line(
            key=key,
            android=android,
            phones=tuple(phones),
            last_rehearsal=last,
            last_published_at=published,
            failures=len(failures),
            last_failure=self._store.tasks.get(failures[0]) if failures else None,
            taught_rules=sum(lesson.language in {"", key.language} for lesson in self._taught(key.platform)),
            allowed=key in self._known.allowed,
            state=state,
            sentence=sentence,
        )

    def _verdict(
        self, key: AppKey, last: Report | None, published: float | None, trial: Trial | None
    ) -> tuple[State, str]:
        what = title(key)
        if trial is not None:
            state: State = "failing" if trial.red else "rehearsing" if trial.running else "unknown"
            return state, self._versions.sentence(trial)
        if last is not None and is_verdict(last) and last.began_at > (published or 0.0):
            return "failing", f"{what} failed its last rehearsal: {last.sentence}"
        if published is not None:
            return "ready", f"{what} has published"
        if last is not None and last.state == "ready":
            return "ready", f"{what} was rehearsed and is ready"
        if key in self._known:
            why = "a person lets posts go on" if key in self._known.allowed else "it works on other phones"
            return "ready", f"{what} was not rehearsed on these phones: {why}"
        return "unknown", f"{what} has neither published nor been rehearsed to the end"


def _numbers(version: str) -> tuple[int, ...]:
    """Sorts versions as people count."""
    return tuple(int(part) for part in version.split(".") if part.isdecimal() and len(part) < 20)
