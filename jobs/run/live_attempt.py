"""A running attempt: its stop signal, its lease, its fence at the commit point, and its step log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import msgspec

from jobs.hub import logs
from jobs.hub.clock import Clock, Deadline
from jobs.phone.errors import LeaseLost, StopRequested
from jobs.phone.protocol import PhoneSession
from jobs.run.evidence import EvidenceWriter
from jobs.task.ending import published
from jobs.task.states import Mover
from storage.errors import StageConflict, StoreError, UnknownRecord
from storage.records import AFTER_COMMIT, Account, Stage, Task
from storage.tables.tasks import TaskStore

_LOG = logging.getLogger(__name__)

REQUEST, SHUTDOWN = "request", "shutdown"

#: What an attempt may take beyond the time that proof is waited for, once the tap was sent.
AFTER_PROOF_S = 60.0


class LiveAttempt:
    """One run of a task on its phone; implements `jobs.task.attempt.Attempt` for the script.

    The script's thread runs it; `request_stop`, `force_stop` and `revoke` come from other threads. They
    and the commit point exclude each other by a lock: a stop either comes before the commit point, and then
    nothing is tapped, or after it, and then the verdict is waited for.
    """

    def __init__(
        self,
        task: Task,
        account: Account | None,
        *,
        clock: Clock,
        mover: Mover,
        tasks: TaskStore,
        writer: Callable[[int, int], EvidenceWriter],
        lease_s: float,
        proof_s: float,
        settling: bool = False,
        cleared: Callable[[Task], AbstractContextManager[None]] = lambda _: nullcontext(),
    ) -> None:
        """`cleared` is held while the commit point is written; it raises what keeps the task from being posted."""
        self.task = task
        self.account = account
        self.clock = clock
        self.deadline = Deadline(clock, lease_s)
        self.settling = settling
        self.failed_step = ""  #: the innermost step that an exception left first
        self.stop_reason = ""  #: REQUEST or SHUTDOWN
        self.stop_at: float | None = None  #: monotonic, of the first stop
        self.cut_at: float | None = None  #: monotonic, of the moment from which the session is closed
        self.lost = False
        self.recorded = False  #: the proof is written; what follows is only clearing up
        self._mover = mover
        self._tasks = tasks
        self._new_writer = writer
        self._writer: EvidenceWriter | None = None
        self._writer_lock = threading.Lock()
        self._proof_s = proof_s
        self._cleared = cleared
        self._account_seen = task.account_seen
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._session: PhoneSession | None = None
        self._committed = settling
        self.ending = False  #: somebody writes how it ended
        self._step = ""

    # --- what the script may ask -------------------------------------------------------------------------

    def check(self) -> None:
        if self.lost:
            raise LeaseLost(f"the attempt {self.task.attempt} of task {self.task.id} is over")
        if self._stopped.is_set():
            raise StopRequested(self.stop_reason or REQUEST)

    def wait(self, seconds: float) -> None:
        self.clock.wait(self._stopped, seconds)
        self.check()

    @contextmanager
    def step(self, name: str, **facts: Any) -> Iterator[None]:
        self.check()
        before, self._step = self._step, name
        start = self.clock.monotonic()
        self._show(name)
        try:
            with logs.context(step=name):
                yield
        except BaseException as error:
            if not self.failed_step:
                self.failed_step = name
            self._line(name, start, facts | {"error": f"{type(error).__name__}: {error}"})
            raise
        else:
            self._line(name, start, facts)
        finally:
            self._step = before

    def note(self, sentence: str, **facts: Any) -> None:
        self.writer.line(self._step, note=sentence, **facts)

    def enter_committing(self, *, then_wait_s: float = 0.0) -> None:
        with self._lock:
            if self.settling:
                raise LeaseLost("looking after a crash never publishes")
            if self.deadline.expired:
                self.lost = True
            self.check()
            stored = self._tasks.get(self.task.id)
            if stored is not None and (stored.stop_requested or stored.deleted):
                raise StopRequested(REQUEST)
            with self._cleared(msgspec.structs.replace(self.task, account_seen=self._account_seen)):
                self._commit()
            self._committed = True
            needed_s = self._proof_s + AFTER_PROOF_S + then_wait_s
            self.deadline = Deadline(self.clock, max(self.deadline.remaining_s, needed_s))
        self.note("commit point written")

    def _commit(self) -> None:
        try:
            self.task = self._mover.move(
                self.task.id,
                Stage.COMMITTING,
                expect={Stage.PREPARING},
                expect_attempt=self.task.attempt,
                account_seen=self._account_seen,
            )
        except (StageConflict, UnknownRecord) as error:
            self.lost = True
            raise LeaseLost(str(error)) from error

    def enter_verifying(self) -> None:
        # Raises nothing: the tap was sent, and what the script saw must not be lost to a full disk.
        try:
            self.task = self._mover.move(
                self.task.id,
                Stage.VERIFYING,
                expect={Stage.COMMITTING},
                expect_attempt=self.task.attempt,
            )
        except StoreError as error:
            _LOG.warning("task %d: the sent tap could not be noted: %s", self.task.id, error)
        self.note("tap sent")

    def enter_published(self, remark: str) -> None:
        # Raises nothing: where it cannot be written now, the runner writes it when the script has returned.
        try:
            stored = self._tasks.get(self.task.id)
            if stored is None or stored.attempt != self.task.attempt or stored.stage not in AFTER_COMMIT:
                return
            self.task = self._mover.move_through(stored, published(stored, remark))
        except StoreError as error:
            _LOG.warning("task %d: the proof could not be noted yet: %s", self.task.id, error)
            return
        with self._lock:
            self.recorded = True
        self.note(f"published: {remark}")

    def see_account(self, name: str) -> None:
        self._account_seen = name
        if name == self.task.account_seen:
            return
        try:
            self.task = self._tasks.change(self.task.id, expect_attempt=self.task.attempt, account_seen=name)
        except StoreError as error:  # the commit point writes it too, or is not passed
            self.note(f"the account {name} could not be stored yet: {error}")

    def set_app_version(self, version: str) -> None:
        if version == self.task.app_version:
            return
        try:
            self.task = self._tasks.change(
                self.task.id, expect_attempt=self.task.attempt, app_version=version
            )
        except StoreError as error:
            self.note(f"the app version {version} could not be stored: {error}")

    def keep_evidence(self, name: str, data: bytes) -> None:
        self.writer.keep(name, data)

    # --- what the runner and other threads do with it ----------------------------------------------------

    @property
    def writer(self) -> EvidenceWriter:
        """The evidence of this attempt; opened when first needed, after the claim gave it its number."""
        with self._writer_lock:
            if self._writer is None:
                self._writer = self._new_writer(self.task.id, self.task.attempt)
            return self._writer

    def attach(self, session: PhoneSession) -> None:
        """Take over the session: from here on a stop closes it. Raises what `check` raises."""
        with self._lock:
            self._session = session
            over = self.lost or self._stopped.is_set()
        if over:
            session.close()
        self.check()

    @property
    def committed(self) -> bool:
        """The commit point was passed: the publishing tap may have happened."""
        return self._committed

    def request_stop(self, reason: str) -> bool:
        """Stop before the commit point, at once. Returns False when it was passed: then the verdict is waited for."""
        with self._lock:
            if self.stop_at is None:
                self.stop_at = self.clock.monotonic()
                self.stop_reason = reason
            if self._committed and not self.recorded:
                return False
            self._stopped.set()
        self._close()
        return True

    def force_stop(self) -> None:
        """End the wait for a verdict too: its bound has passed."""
        with self._lock:
            self._stopped.set()
        self._close()

    def revoke(self) -> None:
        """The lease is over: the attempt makes no further tap."""
        with self._lock:
            self.lost = True
            self._stopped.set()
        self._close()

    def claim_end(self) -> bool:
        """True for the first who asks: one thread alone writes how the attempt ended."""
        with self._lock:
            first = not self.ending
            self.ending = True
            return first

    def close(self) -> None:
        """Let go of the phone and of the log; idempotent."""
        self._close()
        self.writer.close()

    def _close(self) -> None:
        if self.cut_at is None:
            self.cut_at = self.clock.monotonic()
        session = self._session
        if session is not None:
            try:
                session.close()
            except Exception:  # noqa: BLE001 - closing must not keep anybody from going on
                _LOG.exception("task %d: the session could not be closed", self.task.id)

    def _show(self, step: str) -> None:
        self._tasks.set_remark(self.task.id, step)

    def _line(self, name: str, start: float, facts: dict[str, Any]) -> None:
        took_ms = round((self.clock.monotonic() - start) * 1000)
        self.writer.line(name, took_ms=took_ms, **facts)
