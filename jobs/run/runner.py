"""The runner: claims a task, runs its script on its phone, and writes the truth about how that ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from jobs.accounts.account_holds import account_hold
from jobs.hub.clock import Clock, Deadline
from jobs.hub.settings import Posting
from jobs.intake.repeat_guard import Repeats, refusal
from jobs.phone.errors import (
    AdbDown,
    LeaseLost,
    PhoneError,
    PhoneNotReady,
    PhoneOffline,
    PhoneUnauthorized,
    StopRequested,
)
from jobs.phone.protocol import Phones, PhoneSession
from jobs.queue.work import Work
from jobs.run.evidence import Evidence
from jobs.run.live_attempt import SHUTDOWN, LiveAttempt
from jobs.task import ending
from jobs.task.attempt import OnHold, Script, ScriptFailed, Verdict
from jobs.task.ending import Step
from jobs.task.retry import Uniform
from jobs.task.states import Mover
from storage.error_codes import ErrorCode, code_of
from storage.errors import StageConflict, StoreError, UnknownRecord
from storage.records import AFTER_COMMIT, PENDING, RUNNING, Account, Outcome, Stage, Task, TaskError
from storage.store import Store

_LOG = logging.getLogger(__name__)

#: How long a phone is left alone that was gone when a worker stood at its door.
DOOR_PAUSE_S = 10.0
#: How long one is left alone that a person must do something about (unlock it, charge it, make room on it), and the
#: longest after doublings: a task waits for it as long as it takes.
NOT_READY_PAUSE_S, NOT_READY_PAUSE_MAX_S = 30.0, 900.0
#: Pause between tries to write an end that the store refuses.
WRITE_AGAIN_S = 2.0
#: Deadline of each look at the phone that is taken for evidence.
EVIDENCE_S = 5.0
#: How long looking for a post after a crash may take, beyond the time that proof is waited for.
SETTLE_EXTRA_S = 120.0


class Pause(msgspec.Struct, frozen=True):
    """How long the dispatcher leaves the phone alone after a piece of work, and why."""

    seconds: float = 0.0
    why: str = ""


class Runner:
    """Does one piece of work per calling thread and keeps the register of what runs."""

    def __init__(
        self,
        posting: Posting,
        clock: Clock,
        *,
        store: Store,
        mover: Mover,
        phones: Phones,
        scripts: Mapping[str, Script],
        evidence: Evidence,
        uniform: Uniform,
        repeats: Repeats,
    ) -> None:
        self.posting = posting
        self._repeats = repeats
        self._clock = clock
        self._store = store
        self._mover = mover
        self._phones = phones
        self._scripts = scripts
        self._evidence = evidence
        self._uniform = uniform
        self._give_up = threading.Event()
        self._leaving = False
        self._live: dict[int, tuple[LiveAttempt, Work]] = {}
        self._changed = threading.Condition()
        self._not_ready_pauses: dict[
            str, float
        ] = {}  #: serial -> its last pause; only its own worker touches it

    def live(self, task_id: int) -> LiveAttempt | None:
        """The running attempt of a task."""
        entry = self._live.get(task_id)
        return entry[0] if entry else None

    def all_live(self) -> list[tuple[LiveAttempt, Work]]:
        """Every running attempt with its work."""
        with self._changed:
            return list(self._live.values())

    def leave(self) -> None:
        """The daemon ends: stop every attempt, and begin no other from now on."""
        with self._changed:
            self._leaving = True
        for attempt, _ in self.all_live():
            attempt.request_stop(SHUTDOWN)

    def give_up_writing(self) -> None:
        """The daemon ends: threads that still try to write an end must leave; the next start tells from the stage."""
        self._give_up.set()

    def claim(self, works: Sequence[Work]) -> dict[Work, LiveAttempt]:
        """Claim posts for their phones, all in one write; what is missing in the answer was not to be had.

        Raises:
            StoreError: It could not be written; nothing is claimed.
        """
        queued: dict[Work, Task] = {}
        for work in works:
            task = self._store.tasks.get(work.task_id)
            # One that was given to an account on another phone meanwhile has its turn there.
            if task is not None and task.stage is Stage.QUEUED and task.serial == work.serial:
                if task.stop_requested or task.deleted:
                    self._end_unstarted(task, ending.stopped())
                elif account_hold(task, self._store.accounts):
                    continue  # changed since the dispatcher looked: it says why the task waits
                elif repeat := self._repeats.at_claim(task):
                    self._end_unstarted(task, ending.repeated(refusal(task, repeat)))
                else:
                    queued[work] = task
        attempts: dict[Work, LiveAttempt] = {}
        for work, task in queued.items():
            # Registered before the claim: whoever finds a task preparing also finds its attempt.
            attempt = self._register(work, task, self.posting.attempt_timeout_s)
            if attempt is not None:
                attempts[work] = attempt
        claimed: dict[int, Task] = {}
        try:
            claimed = {task.id: task for task in self._mover.claim([a.task for a in attempts.values()])}
        finally:
            for work in [work for work in attempts if work.task_id not in claimed]:
                self.forget(work)
                del attempts[work]
        for work, attempt in attempts.items():
            attempt.task = claimed[work.task_id]
        return attempts

    def _end_unstarted(self, task: Task, end: Step) -> None:
        """A stop or a deletion came while the task went back to its queue, or another task has posted its media."""
        try:
            self._mover.move_through(task, [end])
        except (StageConflict, UnknownRecord) as error:
            _LOG.info("task %d: somebody else ended it: %s", task.id, error)

    def do(self, work: Work, attempt: LiveAttempt | None) -> Pause:
        """Do a piece of work to its end, a post with its claimed attempt; called on a worker thread."""
        try:
            return self._settle(work) if attempt is None else self._post(attempt)
        finally:
            if attempt is not None:
                attempt.close()
            self.forget(work)

    def give_back(self, work: Work, attempt: LiveAttempt | None) -> None:
        """Queue a claimed post again that could not be begun; nothing is counted against it."""
        if attempt is not None:
            back = Step(Stage.QUEUED, {"remark": "could not be started just now"})
            self._end(attempt, lambda task: [self._stop_or(task, attempt, back)], patient=False)
        self.forget(work)

    def forget(self, work: Work) -> None:
        """Take an attempt out of the register, if it still is this work's."""
        with self._changed:
            entry = self._live.get(work.task_id)
            if entry is not None and entry[1] is work:
                del self._live[work.task_id]
                self._changed.notify_all()

    def wait_idle(self, deadline: Deadline) -> bool:
        """Wait until nothing runs any more; False when the deadline came first."""
        with self._changed:
            while self._live and not deadline.expired:
                self._clock.wait_for(self._changed, deadline.remaining_s)
            return not self._live

    # --- a post --------------------------------------------------------------------------------------------

    def _post(self, attempt: LiveAttempt) -> Pause:
        try:
            attempt.check()
            session = self._phones.open(attempt.task.serial)
        except (PhoneOffline, PhoneUnauthorized, AdbDown, PhoneNotReady) as error:
            return self._gone_at_the_door(attempt, error, DOOR_PAUSE_S)
        except Exception as error:  # noqa: BLE001 - whatever opening raises is this attempt's failure
            self.fail(attempt, error)
            return Pause()
        try:
            return self._run(attempt, session)
        finally:
            session.close()

    def _gone_at_the_door(self, attempt: LiveAttempt, error: PhoneError, pause_s: float) -> Pause:
        """The phone cannot work on the task it was claimed for: it waits on, and nothing is counted against it."""
        attempt.note(f"the phone could not be opened: {error}")
        back = Step(Stage.QUEUED, {"remark": f"waits for its phone: {error}"})
        self._end(attempt, lambda task: [self._stop_or(task, attempt, back)])
        return Pause(pause_s, str(error))

    def _not_ready(self, attempt: LiveAttempt, error: PhoneNotReady) -> Pause:
        """Locked, in a call, hot or full: whoever opens the phone next finds it so too, until a person has been there."""
        serial = attempt.task.serial
        pause_s = min(NOT_READY_PAUSE_MAX_S, self._not_ready_pauses.get(serial, 0.0) * 2 or NOT_READY_PAUSE_S)
        self._not_ready_pauses[serial] = pause_s
        return self._gone_at_the_door(attempt, error, pause_s)

    def _on_hold(self, attempt: LiveAttempt, error: OnHold) -> Pause:
        """Its account was disabled or moved while it was prepared: the task waits on, and nothing is counted against it."""
        attempt.note(f"not posted: {error}")
        back = Step(Stage.QUEUED, {"remark": str(error)})
        self._end(attempt, lambda task: [self._stop_or(task, attempt, back)])
        return Pause()

    @contextmanager
    def _cleared(self, task: Task) -> Iterator[None]:
        """Held while the commit point is written: the account may still be posted to, and has not had this media."""
        if hold := account_hold(task, self._store.accounts):
            raise OnHold(hold)
        with self._repeats.committing(task):
            yield

    def _run(self, attempt: LiveAttempt, session: PhoneSession) -> Pause:
        try:
            attempt.attach(session)
            script = self._scripts[attempt.task.script_name]
            verdict = script.run(attempt, session)
        except PhoneNotReady as error:
            if not attempt.committed:
                return self._not_ready(attempt, error)
            self.fail(attempt, error)
            return Pause()
        except OnHold as error:
            return self._on_hold(attempt, error)
        except Exception as error:  # noqa: BLE001 - the boundary between scripts and the truth about them
            self._log_surprise(attempt, error)
            self._picture(attempt, session)
            self.fail(attempt, error)
            return Pause()
        self._not_ready_pauses.pop(attempt.task.serial, None)
        if verdict.outcome is not Outcome.PUBLISHED:
            self._picture(attempt, session)
        if attempt.committed:
            self._end(attempt, lambda task: self._after_commit(task, attempt, verdict))
            return Pause()
        if verdict.outcome in (Outcome.PUBLISHED, Outcome.UNKNOWN):
            # The script never asked for the commit point and yet may have published: no repetition.
            _LOG.error("task %d: a verdict without a commit point", attempt.task.id)
            self._end(attempt, lambda task: self._after_commit(task, attempt, verdict))
            return Pause()
        why = verdict.error or TaskError(ErrorCode.INTERNAL, verdict.remark)
        cause = ScriptFailed(code_of(why.code), why.message, step=why.step, passing=verdict.passing)
        self.fail(attempt, cause)
        return Pause()

    # --- looking for a post after a crash ------------------------------------------------------------------

    def _settle(self, work: Work) -> Pause:
        task = self._store.tasks.get(work.task_id)
        if task is None or task.stage not in AFTER_COMMIT:
            return Pause()
        lease_s = self.posting.proof_timeout_s + SETTLE_EXTRA_S
        attempt = self._register(work, task, lease_s, settling=True)
        if attempt is None:
            return Pause()  # the next start looks for the post
        try:
            session = self._phones.open(task.serial)
            try:
                attempt.attach(session)
                attempt.note("looking for the post")
                verdict = self._scripts[task.script_name].settle(attempt, session)
                if verdict.outcome is not Outcome.PUBLISHED:
                    self._picture(attempt, session)
            finally:
                session.close()
        except Exception as error:  # noqa: BLE001 - the boundary between scripts and the truth about them
            cut_off = attempt.lost or (isinstance(error, StopRequested) and not attempt.stop_reason)
            if cut_off or isinstance(error, PhoneError | LeaseLost):
                # Nothing is known yet; `Recovery` looks again until its bound.
                attempt.note(f"could not look: {error}")
                attempt.close()
                return Pause(DOOR_PAUSE_S, str(error))
            self._log_surprise(attempt, error)
            found = ending.trouble(error, attempt.failed_step, lease_s)
            why = ending.STOPPED if isinstance(error, StopRequested) else found.error
            verdict = Verdict(Outcome.UNKNOWN, why.message, why)
        self._end(attempt, lambda task: self._after_commit(task, attempt, verdict))
        return Pause()

    # --- the end -------------------------------------------------------------------------------------------

    def fail(self, attempt: LiveAttempt, cause: BaseException, *, patient: bool = True) -> bool:
        """End an attempt without a verdict; also called by whoever takes the phone from a hanging worker.

        Returns:
            False when the end could not be written and `patient` was not asked for; then nothing has changed.
        """
        if attempt.lost:
            cause = LeaseLost()  # whatever the closed session raised
        found = ending.trouble(cause, attempt.failed_step, self.posting.attempt_timeout_s)

        def decide(task: Task) -> list[Step]:
            if task.stage in AFTER_COMMIT:
                verdict = Verdict(Outcome.UNKNOWN, found.error.message, found.error)
                return self._after_commit(task, attempt, verdict)
            now = self._clock.now()
            usual = ending.before_commit(task, found, self.posting, now, self._uniform)
            return [self._stop_or(task, attempt, usual[0])]

        return self._end(attempt, decide, patient=patient)

    def _after_commit(self, task: Task, attempt: LiveAttempt, verdict: Verdict) -> list[Step]:
        if verdict.outcome is Outcome.UNKNOWN and attempt.stop_reason == SHUTDOWN:
            return []  # stays as it is: the next start looks for the post
        first: list[Step] = []
        if task.stage is Stage.PREPARING:
            first = [Step(Stage.COMMITTING, {})]
            task = msgspec.structs.replace(task, stage=Stage.COMMITTING)
        return first + ending.after_commit(task, verdict, self.posting, self._clock.now(), self._uniform)

    def _stop_or(self, task: Task, attempt: LiveAttempt, usual: Step) -> Step:
        """What a stop makes of the usual end before the commit point."""
        if attempt.stop_reason == SHUTDOWN:
            return ending.interrupted(task, self.posting, by="the daemon stopped")
        if attempt.stop_reason or task.stop_requested or task.deleted:
            return ending.stopped()
        return usual

    def _end(
        self, attempt: LiveAttempt, decide: Callable[[Task], list[Step]], *, patient: bool = True
    ) -> bool:
        """Write the end once, as the stored task's stage and the facts demand, then close the attempt's log."""
        if not attempt.claim_end():
            return True
        written = self._write(attempt, decide, patient=patient)
        if not written and not patient:
            attempt.ending = False
            return False
        attempt.close()
        return True

    def _write(self, attempt: LiveAttempt, decide: Callable[[Task], list[Step]], *, patient: bool) -> bool:
        if attempt.recorded:
            return True
        task = self._store.tasks.get(attempt.task.id)
        if task is None or task.attempt != attempt.task.attempt or task.stage not in RUNNING:
            attempt.note("somebody else ended this attempt")
            return True
        said = False
        steps = decide(task)
        while steps:
            try:
                task = self._mover.move_through(task, steps)
            except (StageConflict, UnknownRecord) as error:
                attempt.note(f"somebody else ended this attempt: {error}")
                return True
            except StoreError as error:
                if not said:
                    _LOG.error("task %d: its end cannot be written yet: %s", task.id, error)
                said = True
                if not patient or self._clock.wait(self._give_up, WRITE_AGAIN_S):
                    return False
                continue
            attempt.task = task
            attempt.note(f"{task.stage}: {task.remark}")
            steps = []
            asked = task.stop_requested or task.deleted or attempt.stop_reason not in {"", SHUTDOWN}
            if task.stage in PENDING and asked:
                steps = [ending.stopped()]  # the stop came while it was being written that it runs again
        return True

    def _picture(self, attempt: LiveAttempt, session: PhoneSession) -> None:
        """Keep what the phone shows, before anything is cleaned up."""
        if attempt.cut_at is not None:
            return
        try:
            if "screenshot.png" not in attempt.writer.kept:
                picture = session.screenshot(timeout_s=EVIDENCE_S)
                if picture is not None:
                    attempt.keep_evidence("screenshot.png", picture)
            if "tree.xml" not in attempt.writer.kept:
                tree = session.observe(timeout_s=EVIDENCE_S)
                attempt.keep_evidence("tree.xml", tree.source.encode("utf-8", "replace"))
        except Exception as error:  # noqa: BLE001 - evidence never changes how an attempt ends
            attempt.note(f"no picture of the failure: {type(error).__name__}: {error}")

    def _log_surprise(self, attempt: LiveAttempt, error: Exception) -> None:
        if not isinstance(error, ScriptFailed | PhoneError | StopRequested | LeaseLost | StoreError):
            _LOG.error("task %d: the script broke", attempt.task.id, exc_info=error)

    def _register(
        self, work: Work, task: Task, lease_s: float, *, settling: bool = False
    ) -> LiveAttempt | None:
        """A new attempt; None when the daemon leaves: nothing begins any more."""
        attempt = LiveAttempt(
            task,
            self._account(task),
            clock=self._clock,
            mover=self._mover,
            tasks=self._store.tasks,
            writer=self._evidence.writer,
            lease_s=lease_s,
            proof_s=self.posting.proof_timeout_s,
            settling=settling,
            cleared=self._cleared,
        )
        with self._changed:
            if self._leaving:
                return None
            self._live[task.id] = (attempt, work)
        return attempt

    def _account(self, task: Task) -> Account | None:
        if not task.username:
            return None
        return self._store.accounts.named(task.username, task.platform)
