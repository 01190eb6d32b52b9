"""Sets workers to the turns that the dispatcher took out of its queues, and gives the phone back after each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial

from jobs.hub import logs
from jobs.queue.dispatcher import Dispatcher
from jobs.queue.turn import Turn
from jobs.run.claims import Claims
from jobs.run.endings import Endings
from jobs.run.post_turn import PostTurn
from jobs.run.runner import Pause, Runner
from jobs.run.turn_register import Turns
from jobs.run.workers import Workers
from storage.errors import StoreError
from storage.tables.tasks import TaskStore

_LOG = logging.getLogger(__name__)

#: How long phones are left alone when their claims could not be written or no thread was to be had.
BEGIN_PAUSE_S = 5.0
NO_THREAD = "this box has no thread left for it"


class Starts:
    """From a turn that may begin to one that is over. `begin` is called by the dispatcher's thread."""

    def __init__(
        self,
        tasks: TaskStore,
        *,
        claims: Claims,
        endings: Endings,
        runner: Runner,
        turns: Turns,
        workers: Workers,
        dispatcher: Dispatcher,
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called when a turn is over: a task may be due by now."""
        self._tasks = tasks
        self._claims = claims
        self._endings = endings
        self._runner = runner
        self._turns = turns
        self._workers = workers
        self._dispatcher = dispatcher
        self._wake = wake

    def begin(self, turns: Sequence[Turn]) -> None:
        """Claim what the dispatcher took out of its queues, and set workers to it."""
        pause = Pause()
        posts = [turn for turn in turns if isinstance(turn, PostTurn) and turn.is_post]
        claimed: list[PostTurn] = []
        try:
            claimed = self._claims.claim(posts)
        except Exception as error:  # noqa: BLE001 - whatever it is, no phone may stay taken
            _LOG.error("no task can be started: %s", error, exc_info=not isinstance(error, StoreError))
            pause = Pause(BEGIN_PAUSE_S, "the daemon cannot write its state")
        for turn in turns:
            if turn.is_post and turn not in claimed:
                self._over(turn, pause)
                continue
            try:
                self._workers.run(partial(self._work, turn))
            except RuntimeError as error:
                _LOG.error("no thread could be started: the phone %s %s: %s", turn.serial, turn.doing, error)
                self._endings.not_started(turn, NO_THREAD)
                self._over(turn, Pause(BEGIN_PAUSE_S, NO_THREAD))

    def _work(self, turn: Turn) -> None:
        pause = Pause()
        with logs.context(task=turn.task_id, serial=turn.serial):
            try:
                _LOG.info("the phone %s %s", turn.serial, turn.doing)
                pause = self._runner.do(turn)
            finally:
                self._over(turn, pause)

    def _over(self, turn: Turn, pause: Pause) -> None:
        self._turns.forget(turn)
        self._dispatcher.release(turn, again_in_s=pause.seconds, door=pause.why)
        task = self._tasks.get(turn.task_id)
        if task is not None:
            self._dispatcher.enqueue_again(task)
        self._wake()
