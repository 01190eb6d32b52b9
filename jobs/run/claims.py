"""Makes the turns of tasks, and claims their tasks for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jobs.hub.clock import Clock
from jobs.hub.settings import Posting
from jobs.intake.repeat_guard import Repeats, refusal
from jobs.run.endings import Endings
from jobs.run.evidence import Evidence
from jobs.run.holds import Holds, Within
from jobs.run.post_turn import LookTurn, PostTurn
from jobs.run.turn_register import Turns
from jobs.task import ending
from jobs.task.states import Mover
from storage.records import AFTER_COMMIT, Account, Stage, Task
from storage.store import Store

#: How long looking for a post after a crash may take, beyond the time that proof is waited for.
SETTLE_EXTRA_S = 120.0


class Claims:
    """From a task that waits to a turn that has begun: registered first, so that a running task always has its turn."""

    def __init__(
        self,
        posting: Posting,
        clock: Clock,
        *,
        store: Store,
        mover: Mover,
        evidence: Evidence,
        repeats: Repeats,
        holds: Holds,
        turns: Turns,
        endings: Endings,
    ) -> None:
        self._posting = posting
        self._clock = clock
        self._store = store
        self._mover = mover
        self._evidence = evidence
        self._repeats = repeats
        self._holds = holds
        self._turns = turns
        self._endings = endings

    def turn_for(self, task: Task, look: bool) -> PostTurn:
        """A turn that posts a task, or (`look`) looks for its post; to be claimed, or begun."""
        posting = self._posting
        return (LookTurn if look else PostTurn)(
            task,
            clock=self._clock,
            mover=self._mover,
            tasks=self._store.tasks,
            writer=self._evidence.writer,
            lease_s=posting.proof_timeout_s + SETTLE_EXTRA_S if look else posting.attempt_timeout_s,
            proof_s=posting.proof_timeout_s,
            cleared=self._cleared,
        )

    @contextmanager
    def _cleared(self, task: Task) -> Iterator[Within]:
        """Held while the commit point is written: the account may be posted to now, and has not had this media."""
        with self._holds.cleared(task) as within, self._repeats.committing(task):
            yield within

    def claim(self, turns: Sequence[PostTurn]) -> list[PostTurn]:
        """Claim the tasks of turns, all in one write; a turn that is missing in the answer has nothing to do, and is to be forgotten.

        Raises:
            StoreError: It could not be written; nothing is claimed.
        """
        begun = [turn for turn in turns if (task := self._claimable(turn)) and self._begin(turn, task)]
        claimed: dict[int, Task] = {}
        try:
            claimed = {task.id: task for task in self._mover.claim([turn.task for turn in begun])}
        finally:
            for turn in begun:
                if turn.task_id in claimed:
                    turn.task = claimed[turn.task_id]
                else:
                    self._turns.forget(turn)
        return [turn for turn in begun if turn.task_id in claimed and self._may_go_on(turn)]

    def _may_go_on(self, turn: PostTurn) -> bool:
        """Whether nothing holds a claimed task back; what was paused while its claim waited for the disk was answered first."""
        hold = self._holds.hold(turn.task)
        if hold is not None:
            self._endings.queue_again(turn, hold.sentence, patient=False)
        return hold is None

    def begin_look(self, turn: LookTurn) -> bool:
        """False when there is nothing to look for, or the daemon leaves: then the next start looks."""
        task = self._store.tasks.get(turn.task_id)
        return task is not None and task.stage in AFTER_COMMIT and self._begin(turn, task)

    def _claimable(self, turn: PostTurn) -> Task | None:
        """A task that may still be posted; one whose end was asked for, or that would repeat a post, is ended."""
        task = self._store.tasks.get(turn.task_id)
        # One that was given to an account on another phone meanwhile has its turn there.
        if task is None or task.stage is not Stage.QUEUED or task.serial != turn.serial:
            return None
        if task.stop_requested or task.deleted:
            self._endings.unstarted(task, ending.stopped())
        elif self._holds.hold(task):
            pass  # changed since the dispatcher looked: it says why the task waits
        elif repeat := self._repeats.at_claim(task):
            self._endings.unstarted(task, ending.repeated(refusal(task, repeat)))
        else:
            return task
        return None

    def _begin(self, turn: PostTurn, task: Task) -> bool:
        """Start its lease with the task as it is stored now; False when the daemon leaves."""
        turn.begin_with(task, self._account(task))
        return self._turns.add(turn)

    def _account(self, task: Task) -> Account | None:
        return self._store.accounts.named(task.username, task.platform) if task.username else None
