"""How far the rehearsal of one way of a new version is, and what people are told about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from jobs.compat.ways import Way
from jobs.hub.clock import Clock
from jobs.pace.hold import clock_time
from jobs.post.rehearsal.report import Report

#: Pause after a rehearsal that could not be done: it doubles up to the longest.
AGAIN_S, AGAIN_MAX_S = 120.0, 1800.0


@dataclass(eq=False)
class Trial:
    """How far the rehearsal of one way of a new version is."""

    way: Way
    running: int = 0  #: the rehearsal that is on its way
    serial: str = ""  #: its phone
    red: Report | None = None  #: the verdict that keeps tasks back
    why: str = ""  #: why the last one could not be done
    tries: int = 0
    again_at: float = 0.0  #: monotonic; when the next one is asked for

    def put_off(self, why: str, now: float) -> None:
        """It could not be done: the next one is asked for after a pause. `now` is monotonic."""
        self.why = why
        self.again_at = now + min(AGAIN_MAX_S, AGAIN_S * 2**self.tries)
        self.tries += 1

    def sentence(self, clock: Clock, zone: tzinfo, *, lacks_words: bool) -> str:
        """Where it stands, for people. `lacks_words`: nothing is missing but words by which refusals are understood."""
        what, red = str(self.way), self.red
        if lacks_words:
            return (
                f"{what} was rehearsed and is ready, but words are missing by which its refusals are understood: "
                "give them under Teach, and the posts go on"
            )
        if red is not None:
            return (
                f"{what} is new to this hub and failed its rehearsal {red.id} ({red.sentence}): "
                "teach what it did not know and rehearse it again, or let posts go on without one"
            )
        if self.running:
            return f"{what} is new to this hub: it is rehearsed on phone {self.serial} first (rehearsal {self.running})"
        if self.why:
            at = clock.now() + max(0.0, self.again_at - clock.monotonic())
            return (
                f"{what} is new to this hub and could not be rehearsed yet ({self.why}); "
                f"it is tried again by itself at {clock_time(at, zone)}"
            )
        return f"{what} is new to this hub: it is rehearsed first, as soon as one of its phones can"
