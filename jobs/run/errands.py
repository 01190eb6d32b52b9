"""Runs errands on their phones' turns, one worker each, and looks after those that hang."""

from __future__ import annotations

import logging
import threading

from jobs.hub.clock import Clock, Deadline
from jobs.input.refusals import Draining, Problem, Refused
from jobs.phone.errors import LeaseLost, PhoneError, StopRequested
from jobs.phone.protocol import Phones
from jobs.queue.dispatcher import Dispatcher
from jobs.queue.errand import STOPPED, Errand
from jobs.queue.work import Work
from jobs.run.leases import LET_GO_S
from jobs.task.attempt import ScriptFailed
from storage.errors import StoreError

_LOG = logging.getLogger(__name__)


class Errands:
    """The register of errands that are not over. Thread-safe."""

    def __init__(self, clock: Clock, phones: Phones, dispatcher: Dispatcher) -> None:
        self._clock = clock
        self._phones = phones
        self._dispatcher = dispatcher
        self._changed = threading.Condition()
        self._works: list[Work] = []
        self._abandoned: set[Work] = set()
        self._closed = False

    def ask(self, errand: Errand) -> None:
        """Have it done when its phone's turn for it comes.

        Raises:
            Draining: The daemon is about to stop.
        """
        work = Work(0, errand.serial, errand=errand)
        with self._changed:
            if self._closed:
                raise Draining(Problem("", "the daemon is about to stop; try again in a moment"))
            self._works.append(work)
        self._dispatcher.enqueue_errand(work, errand.asked_at)

    def do(self, work: Work, errand: Errand) -> None:
        """Do it to its end; called on a worker thread, and never raises."""
        errand.begin()
        try:
            errand.check()
            session = self._phones.open(work.serial)
            try:
                errand.attach(session)
                errand.do(session)
            finally:
                session.close()
        except (ScriptFailed, PhoneError, LeaseLost, StopRequested, StoreError, Refused) as error:
            errand.end(str(error))
        except Exception as error:  # noqa: BLE001 - the boundary between errands and their workers
            _LOG.error("the phone %s %s: this broke", work.serial, errand.doing, exc_info=error)
            errand.end(f"{type(error).__name__}: {error}")
        else:
            errand.end("")
        finally:
            self._forget(work)

    def fail(self, work: Work, errand: Errand, why: str) -> None:
        """It cannot be begun."""
        errand.end(why)
        self._forget(work)

    def turn(self) -> None:
        """Look at every errand; called once a second."""
        with self._changed:
            works = [(work, work.errand) for work in self._works if work.errand is not None]
        for work, errand in works:
            if errand.cut_at is not None and errand.begun:
                if self._clock.monotonic() - errand.cut_at >= LET_GO_S:
                    self._abandon(work, errand)
            elif why := errand.overdue:
                self._cut(work, errand, why)

    def stop(self) -> None:
        """Take no more, end what waits, cut what runs."""
        with self._changed:
            self._closed = True
            works = [(work, work.errand) for work in self._works if work.errand is not None]
        for work, errand in works:
            self._cut(work, errand, STOPPED)

    def wait_idle(self, deadline: Deadline) -> bool:
        """Wait until none is left; False when the deadline came first."""
        with self._changed:
            while self._works and not deadline.expired:
                self._clock.wait_for(self._changed, deadline.remaining_s)
            return not self._works

    @property
    def hanging(self) -> list[str]:
        """Serials of phones whose workers were given up and never came back."""
        return sorted(work.serial for work in self._abandoned)

    def _cut(self, work: Work, errand: Errand, why: str) -> None:
        errand.cut(why)
        if self._dispatcher.withdraw(work):
            self.fail(work, errand, why)

    def _abandon(self, work: Work, errand: Errand) -> None:
        """Its worker does not come back; the session is closed, so it can touch nothing more."""
        _LOG.error("the phone %s %s: the worker does not come back", work.serial, errand.doing)
        errand.end("its worker hangs")
        with self._changed:
            if work not in self._works:
                return  # it came back just now
            self._works.remove(work)
            self._abandoned.add(work)
            self._changed.notify_all()
        self._dispatcher.release(work)

    def _forget(self, work: Work) -> None:
        with self._changed:
            self._abandoned.discard(work)
            if work in self._works:
                self._works.remove(work)
                self._changed.notify_all()
