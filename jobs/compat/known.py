"""With which versions and languages of an app this hub may post: published, rehearsed, or allowed by a person."""

from __future__ import annotations

import threading

import msgspec

from jobs.hub.clock import Clock
from jobs.hub.platforms import facts
from jobs.phone.app_language import name_of
from jobs.post.rehearsal.report import Report
from storage.error_codes import ErrorCode, Scope, code_of
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
        self._rehearsed: set[AppKey] = set()
        self._allowed = {one.key: one for one in msgspec.convert(store.meta.get(_ALLOWED, []), list[Allowed])}

    def __contains__(self, key: AppKey) -> bool:
        return any(
            one in self._rehearsed or one in self._allowed or self._store.app_versions.published(one)
            for one in _alike(key)
        )

    def rehearsed(self, report: Report) -> None:
        """A rehearsal has ended; only one that is ready makes its version known."""
        if report.state == "ready" and report.app_version:
            with self._lock:
                self._rehearsed = self._rehearsed | {key_of(report)}

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


def key_of(report: Report) -> AppKey:
    """The version and language that a rehearsal met."""
    return AppKey(report.platform, report.app_version, report.language)


def _alike(key: AppKey) -> tuple[AppKey, ...]:
    """The keys that mean the same: no language and the usual one."""
    if key.language == _USUAL:
        return key, key._replace(language="")
    return (key, key._replace(language=_USUAL)) if not key.language else (key,)


def title(key: AppKey) -> str:
    """A version and language for people."""
    language = f" in {name_of(key.language)}" if key.language else ""
    return f"{facts(key.platform).title} {key.version}{language}"


def is_verdict(report: Report) -> bool:
    """Whether a failed rehearsal speaks of the app, not of its phone, its account or a moment that passes."""
    if not report.error or not report.app_version:
        return False
    code = code_of(report.error)
    if code in {ErrorCode.UI_CHANGED, ErrorCode.APP_LANGUAGE}:
        return True
    return not (code.retryable or code.needs_person or code.scope in {Scope.PHONE, Scope.ACCOUNT})
