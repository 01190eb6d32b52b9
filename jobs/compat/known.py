"""By which ways of which versions and languages of an app this hub may post: published, rehearsed, or allowed by a person."""

from __future__ import annotations

import threading

import msgspec

from jobs.compat.ways import Way, rehearsed_way, way_of
from jobs.hub.clock import Clock
from jobs.post.rehearsal.report import Report
from storage.error_codes import ErrorCode, Scope, code_of
from storage.records import Task
from storage.store import Store
from storage.tables.app_versions import AppKey

_ALLOWED = "compat.allowed"
#: The language that counts where a post of an older version of the daemon, or a phone, names none: the only one that it drove.
_USUAL = "en"


class Allowed(msgspec.Struct, frozen=True):
    """A person's word that posts may go on with a version and language without a rehearsal."""

    platform: str
    version: str
    language: str
    at: float

    @property
    def key(self) -> AppKey:
        return AppKey(self.platform, self.version, self.language)


class Known:
    """Follows from the tasks, from the reports of rehearsals, and from what people allowed. Thread-safe."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._rehearsed: frozenset[Way] = frozenset()
        self._allowed = {one.key: one for one in msgspec.convert(store.meta.get(_ALLOWED, []), list[Allowed])}

    def __contains__(self, key: AppKey) -> bool:
        """Whether any way of it is known."""
        alike = _alike(key)
        return (
            any(one in self._allowed or self._store.app_versions.published(one) for one in alike)
            or not {way.key for way in self._rehearsed}.isdisjoint(alike)
        )  # fmt: skip

    def knows(self, way: Way) -> bool:
        """Whether posts may go this way. A person's word stands for all ways of a version and language."""
        return any(
            one in self._allowed
            or way._replace(key=one) in self._rehearsed
            or any(_went(task, way) for task in self._store.app_versions.published(one))
            for one in _alike(way.key)
        )

    def rehearsed(self, report: Report) -> None:
        """A rehearsal has ended; only one that is ready makes its way known."""
        if report.state == "ready" and report.app_version:
            with self._lock:
                self._rehearsed |= {rehearsed_way(report)}

    def allow(self, key: AppKey) -> None:
        """A person says that posts may go on with it. Raises StoreError."""
        with self._lock:
            allowed = self._allowed | {key: Allowed(*key, at=self._clock.now())}
            self._store.meta.set(_ALLOWED, msgspec.to_builtins(list(allowed.values())))
            self._allowed = allowed

    @property
    def allowed(self) -> dict[AppKey, Allowed]:
        """What people allowed."""
        return self._allowed


def _went(task: Task, way: Way) -> bool:
    """Whether a post went this way; of one whose config an older daemon wrote otherwise it is not known."""
    try:
        return bool(task.materials) and way_of(task, way.key) == way
    except msgspec.ValidationError:
        return False


def _alike(key: AppKey) -> tuple[AppKey, ...]:
    """The keys that mean the same: no language and the usual one."""
    if key.language == _USUAL:
        return key, key._replace(language="")
    return (key, key._replace(language=_USUAL)) if not key.language else (key,)


def is_verdict(report: Report) -> bool:
    """Whether a failed rehearsal speaks of the app, not of its phone, its account or a moment that passes."""
    if not report.error or not report.app_version:
        return False
    code = code_of(report.error)
    if code in {ErrorCode.UI_CHANGED, ErrorCode.APP_LANGUAGE}:
        return True
    return not (code.retryable or code.needs_person or code.scope in {Scope.PHONE, Scope.ACCOUNT})
