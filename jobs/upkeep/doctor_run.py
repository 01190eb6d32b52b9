"""Runs doctor inside the daemon: one look at a time, with what it has found so far while it goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

import msgspec

from jobs.hub.clock import Clock
from jobs.upkeep.doctor_findings import Finding, fail, verdict, worst_first

_LOG = logging.getLogger(__name__)

#: Who asks again so soon gets the same report: each look asks every phone.
FRESH_S = 10.0


class Report(msgspec.Struct, frozen=True):
    """What was found, failures first; `at` is when the look began, in seconds since the epoch."""

    findings: list[Finding]
    complete: bool
    at: float
    can_post: bool
    verdict: str


class DoctorRun:
    """Thread-safe. The look has a thread of its own, so that a caller waits no longer than it wants to."""

    def __init__(self, look: Callable[[], Iterable[Finding]], clock: Clock) -> None:
        self._look = look
        self._clock = clock
        self._lock = threading.Lock()
        self._found: list[Finding] = []
        self._done = threading.Event()
        self._began: float | None = None  #: monotonic
        self._at = 0.0

    def report(self, timeout_s: float) -> Report:
        """What the look under way, or a new one, has found within this time; `complete` says whether it is over."""
        with self._lock:
            over = self._done.is_set() or self._began is None
            if over and (self._began is None or self._clock.monotonic() - self._began >= FRESH_S):
                self._found, self._done = [], threading.Event()
                self._began, self._at = self._clock.monotonic(), self._clock.now()
                thread = threading.Thread(
                    target=self._run, args=(self._found, self._done), name="doctor", daemon=True
                )
                thread.start()
            found, done = self._found, self._done
        complete = self._clock.wait(done, timeout_s)
        findings = worst_first(list(found))
        judged = verdict(findings)
        return Report(findings, complete, self._at, judged.can_post, str(judged))

    def _run(self, found: list[Finding], done: threading.Event) -> None:
        try:
            for finding in self._look():
                found.append(finding)  # noqa: PERF402 - seen while it goes on
        except Exception as error:  # noqa: BLE001 - the boundary of the thread: the report says it
            _LOG.error("doctor failed", exc_info=error)
            found.append(
                fail("doctor", f"broke off: {error}", "report it with the daemon's log", partial=True)
            )
        finally:
            done.set()
