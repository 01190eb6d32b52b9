"""Helper threads that cannot die unnoticed: each is a loop with a heartbeat, restarted when its thread is gone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence

from jobs.hub.clock import Clock
from jobs.hub.once import Once

_LOG = logging.getLogger(__name__)

#: A loop whose turn takes longer than this hangs (APS-7): the daemon is not healthy.
STALE_S = 60.0
#: A loop that may wait for others, such as a receiver or a network share, is reported when its turn takes longer than this.
LATE_S = 600.0
#: Pause of a loop after its turn raised.
ERROR_PAUSE_S = 1.0
#: The same error of the same loop is logged again only after this time (JOB-7).
QUIET_S = 60.0


class Loop:
    """A named thread that calls `turn` again and again; `turn` returns how many seconds may pass until the next.

    `wake` makes the next turn come at once. An exception in a turn is logged and the loop goes on: one odd
    record or a disk that was full for a moment must not end it.
    """

    def __init__(self, name: str, turn: Callable[[], float], clock: Clock, *, longest_wait_s: float) -> None:
        self.name = name
        self._turn = turn
        self._clock = clock
        self._longest_wait_s = longest_wait_s
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._beat = clock.monotonic()
        self._once = Once(clock, QUIET_S)

    def start(self) -> None:
        """Start the thread, also again after it died."""
        self._stopping = False
        self._beat = self._clock.monotonic()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Make the next turn come at once; may be called from any thread."""
        self._wake.set()

    def stop(self) -> None:
        """Ask the loop to end after its present turn."""
        self._stopping = True
        self._wake.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end on the box's clock; False when it did not end in time."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(max(0.0, timeout_s))
        return not self.alive

    @property
    def stopping(self) -> bool:
        """Whether the loop was asked to end: a long turn should."""
        return self._stopping

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def died(self) -> bool:
        """Whether the thread ended although it was not stopped."""
        return self._thread is not None and not self._stopping and not self._thread.is_alive()

    @property
    def thread_id(self) -> int | None:
        """Identity of the present thread."""
        return None if self._thread is None else self._thread.ident

    @property
    def age_s(self) -> float:
        """Seconds since the loop last came round, less what it may rest."""
        return max(0.0, self._clock.monotonic() - self._beat - self._longest_wait_s)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                wait_s = min(self._turn(), self._longest_wait_s)
            except Exception as error:  # noqa: BLE001 - the boundary that keeps the loop alive
                self.report(error)
                wait_s = min(ERROR_PAUSE_S, self._longest_wait_s)
            self._beat = self._clock.monotonic()
            if not self._stopping:
                self._clock.wait(self._wake, wait_s)

    def report(self, error: Exception) -> None:
        """Log an error of a turn, the same one only once a minute."""
        said = f"{type(error).__name__}: {error}"
        if self._once.is_news(said):
            _LOG.error("%s: %s; going on", self.name, said, exc_info=error)


def stuck_s(loops: Iterable[Loop], is_held_up: Callable[[int | None], bool]) -> float:
    """How long the slowest of these is overdue; one that the disk holds up is not counted: a restart makes no disk faster."""
    return max((loop.age_s for loop in loops if not is_held_up(loop.thread_id)), default=0.0)


class Supervisor:
    """Looks after the loops: restarts dead ones and knows which hang. Itself a loop, looked after by `check`."""

    def __init__(self, loops: Sequence[Loop], duties: Sequence[Callable[[], None]], clock: Clock) -> None:
        self._loops = list(loops)
        self._duties = list(duties)
        self._revived: list[Loop] = []
        self.loop = Loop("supervisor", self._turn, clock, longest_wait_s=1.0)

    def revive(self, *loops: Loop) -> None:
        """Also restart these when they die. That they are late is not the jobs' matter: a receiver may be slow."""
        self._revived += loops

    def check(self) -> None:
        """Restart what died, the supervisor's own loop included; called by its turns and by another loop's."""
        for loop in [*self._loops, *self._revived, self.loop]:
            if loop.died:
                _LOG.error("the thread %s died; it is started again", loop.name)
                loop.start()

    @property
    def stale_s(self) -> float:
        """How long the slowest loop is overdue."""
        return max(loop.age_s for loop in self.watched)

    @property
    def watched(self) -> list[Loop]:
        """The loops that must come round, this one's own included."""
        return [*self._loops, self.loop]

    def late(self) -> list[str]:
        """One sentence for each loop that is only revived and hangs. Without a figure, which would change each time."""
        return [
            f"the thread {loop.name} has not come round for over {LATE_S / 60:.0f} minutes: what it waits for hangs"
            for loop in self._revived
            if loop.age_s > LATE_S
        ]

    def problems(self) -> list[str]:
        """One sentence for each loop that hangs or is gone."""
        found = []
        for loop in [*self._loops, self.loop]:
            if loop.died:
                found.append(f"the thread {loop.name} died")
            elif loop.age_s > STALE_S:
                found.append(f"the thread {loop.name} has not come round for {loop.age_s:.0f} s")
        return found

    def _turn(self) -> float:
        self.check()
        for duty in self._duties:
            try:
                duty()
            except Exception as error:  # noqa: BLE001 - one duty that fails must not keep the others from being done
                self.loop.report(error)
        return 1.0
