"""An upload that goes on after the composer has closed: what its badge or row shows, step by step."""

from __future__ import annotations

from collections.abc import Callable

from simulator.apps.base import Post


class Upload:
    """Goes through `percents`, each for `step_s` and until it was looked at once, then ends.

    A step waits for an observer so that what a real phone shows for seconds is there to be seen at latency 0 too.
    Nothing depends on the observer but the display: the post was recorded before.
    """

    percents: tuple[int, ...] = (2, 34, 66, 97)
    #: From this step on the platform has it all: what is shown after that needs the file no more.
    accepted: int = len(percents)

    def __init__(
        self,
        post: Post,
        *,
        later: Callable[[float, Callable[[], None]], None],
        step_s: float,
        done: Callable[[], None],
        failed: Callable[[], None],
        stepped: Callable[[], None] = lambda: None,
        outcome: str = "done",
        media_there: Callable[[], bool] = lambda: True,
        waits: bool = True,
    ) -> None:
        """`outcome`: "done", "fail" (half way) or "stall" (stands still half way for ever). `waits`: each step until it was seen."""
        self.post = post
        self.outcome = outcome
        self.running = True
        self._later, self._step_s, self._done, self._failed = later, step_s, done, failed
        self._stepped = stepped
        self._media_there = media_there
        self._waits = waits
        self._step = 0
        self._due = self._seen = self._moving = False

    @property
    def percent(self) -> int:
        return self.percents[min(self._step, len(self.percents) - 1)]

    @property
    def phase(self) -> int:
        """Which step is shown, from 0."""
        return self._step

    def start(self) -> None:
        self._due = self._seen = self._moving = False
        self._later(self._step_s, self._timer)

    def observed(self) -> None:
        """The step was in a dump."""
        self._seen = True
        self._try()

    def _timer(self) -> None:
        self._due = True
        self._seen = self._seen or not self._waits
        self._try()

    def _try(self) -> None:
        if self._due and self._seen and not self._moving and self.running:
            self._moving = True
            self._later(0, self._move)

    def _move(self) -> None:
        half = 2 <= self._step < self.accepted
        if half and (self.outcome == "stall" or not self._media_there()):
            return
        if half and self.outcome == "fail":
            self.running = False
            self._failed()
            return
        self._step += 1
        if self._step >= len(self.percents):
            self.running = False
            self._done()
            return
        self._stepped()
        self.start()
