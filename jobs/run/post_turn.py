"""A turn for a task: its fence at the commit point, its step log, and what it notes in the store."""

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
from jobs.queue.turn import REQUEST, Turn
from jobs.run.evidence import EvidenceWriter
from jobs.run.holds import Within
from jobs.task.ending import published
from jobs.task.states import Mover
from storage.engine.commit import Transaction
from storage.errors import StageConflict, StoreError, UnknownRecord
from storage.records import AFTER_COMMIT, Account, Stage, Task
from storage.tables.tasks import TaskStore

_LOG = logging.getLogger(__name__)

#: What a post may take beyond the time that proof is waited for, once the tap was sent.
AFTER_PROOF_S = 60.0
#: Deadline of each look at the phone that is taken for evidence.
EVIDENCE_S = 5.0
#: Of an account's name that an app shows: three times what apps take.
MAX_NAME_CHARS = 200


class PostTurn(Turn):
    """One attempt at a task; implements `jobs.task.attempt.Attempt` for the script.

    A stop and the commit point exclude each other by a lock: a stop either comes before the commit point, and then
    nothing is tapped, or after it, and then the verdict is waited for.
    """

    is_post = True
    _doing = "works on"
    committed = False  #: the commit point was passed: the publishing tap may have happened

    def __init__(
        self,
        task: Task,
        account: Account | None = None,
        *,
        clock: Clock,
        mover: Mover,
        tasks: TaskStore,
        writer: Callable[[int, int], EvidenceWriter],
        lease_s: float,
        proof_s: float,
        cleared: Callable[[Task], AbstractContextManager[Within | None]] = lambda _: nullcontext(),
    ) -> None:
        """`cleared` is held while the commit point is written; it raises what keeps the task from being posted, and so does
        what it gives, which is asked within the write.
        """
        doing = f"{self._doing} task {task.id}"
        super().__init__(task.serial, doing, clock=clock, lease_s=lease_s, task_id=task.id)
        self.task = task
        self.account = account
        self.failed_step = ""  #: the innermost step that an exception left first
        self.recorded = False  #: the proof is written; what follows is only clearing up
        self._mover = mover
        self._tasks = tasks
        self._new_writer = writer
        self._writer: EvidenceWriter | None = None
        self._writer_lock = threading.Lock()
        self._proof_s = proof_s
        self._cleared = cleared
        self._account_seen = task.account_seen
        self._step = ""

    def begin_with(self, task: Task, account: Account | None) -> None:
        """Begin with the task as it is stored now, and its account."""
        self.task, self.account, self._account_seen = task, account, task.account_seen
        self.begin()

    # --- what the script may ask -------------------------------------------------------------------------

    @contextmanager
    def step(self, name: str, **facts: Any) -> Iterator[None]:
        self.check()
        before, self._step = self._step, name
        start = self.clock.monotonic()
        self._tasks.set_remark(self.task.id, name)
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
            if self.deadline.expired:
                self.lost = True
            self.check()
            with self._cleared(msgspec.structs.replace(self.task, account_seen=self._account_seen)) as within:
                self._commit(within)
            self.committed = True
            needed_s = self._proof_s + AFTER_PROOF_S + then_wait_s
            self.deadline = Deadline(self.clock, max(self.deadline.remaining_s, needed_s))
        self.note("commit point written")

    def _commit(self, within: Within | None) -> None:
        def still_wanted(change: Transaction, task: Task) -> None:
            # A stop that came between two attempts has found no turn of this one: it stands in the store alone.
            if task.stop_requested or task.deleted:
                raise StopRequested(REQUEST)
            if within is not None:
                within(change)

        try:
            self.task = self._mover.move(
                self.task.id,
                Stage.COMMITTING,
                expect={Stage.PREPARING},
                expect_attempt=self.task.attempt,
                still=still_wanted,
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
        self._account_seen = name = name[:MAX_NAME_CHARS]
        if name == self.task.account_seen:
            return
        try:
            self.task = self._tasks.change(self.task.id, expect_attempt=self.task.attempt, account_seen=name)
        except StoreError as error:  # the commit point writes it too, or is not passed
            self.note(f"the account {name} could not be stored yet: {error}")

    def set_app_version(self, version: str, language: str = "") -> None:
        if (version, language) == (self.task.app_version, self.task.app_language):
            return
        try:
            self.task = self._tasks.change(
                self.task.id, expect_attempt=self.task.attempt, app_version=version, app_language=language
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

    @property
    def awaits_verdict(self) -> bool:
        return self.committed and not self.recorded

    def close(self) -> None:
        """Let go of the phone and of the log; idempotent."""
        super().close()
        self.writer.close()

    def keep_screen(self) -> None:
        """Keep what the phone shows, before anything is cleaned up."""
        session = self._session
        if session is None or self.cut_at is not None:
            return
        try:
            if "screenshot.png" not in self.writer.kept:
                screenshot = session.screenshot(timeout_s=EVIDENCE_S)
                if screenshot is not None:
                    self.keep_evidence("screenshot.png", screenshot)
            if "tree.xml" not in self.writer.kept:
                tree = session.observe(timeout_s=EVIDENCE_S)
                self.keep_evidence("tree.xml", tree.source.encode("utf-8", "replace"))
        except Exception as error:  # noqa: BLE001 - evidence never changes how an attempt ends
            self.note(f"no picture of the failure: {type(error).__name__}: {error}")

    def _line(self, name: str, start: float, facts: dict[str, Any]) -> None:
        took_ms = round((self.clock.monotonic() - start) * 1000)
        self.writer.line(name, took_ms=took_ms, **facts)


class LookTurn(PostTurn):
    """A turn that looks, after a crash past the commit point, for the post of the attempt before; it never publishes."""

    is_post = False
    _doing = "looks for the post of"
    committed = True

    def enter_committing(self, *, then_wait_s: float = 0.0) -> None:
        raise LeaseLost("looking after a crash never publishes")
