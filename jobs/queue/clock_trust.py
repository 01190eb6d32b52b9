"""Whether wall time may start tasks: boxes without a working clock boot in the past or the future (APS-4)."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable

from jobs.hub.clock import Clock, utc

_LOG = logging.getLogger(__name__)

#: This version did not exist before (2025-09-01): a box that says otherwise has a wrong clock.
BUILT_AT = 1_756_684_800.0
#: Wall and monotonic time that part by more than this were stepped.
STEP_S = 2.0
#: A forward step beyond this holds tasks that fell due by it.
LARGE_STEP_S = 600.0
#: How long such tasks are held when no person confirms the time: then the clock was set on purpose. A step beyond
#: `LONGEST_OFF_S` must be confirmed all the same.
HOLD_AFTER_STEP_S = 120.0
#: A box that claims to have been off for longer than this, or whose clock jumps that far, must have it confirmed first.
LONGEST_OFF_S = 90 * 86400.0
#: How far behind the last stamp a start may be: stamps are rounded and clocks are slewed.
STAMP_SLACK_S = 60.0
#: How long a hold after the start may last before it is reported as a problem and not as a state.
ALARM_AFTER_S = 600.0


def kernel_synchronised() -> bool | None:
    """Whether the kernel's clock is kept by a time service (adjtimex(2)); None when the kernel does not say."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        answer = library.adjtimex(ctypes.create_string_buffer(512))  # larger than any struct timex; modes = 0
    except (OSError, AttributeError):
        return None
    if answer < 0:
        return None
    return bool(answer != 5)  # TIME_ERROR: not synchronised


class ClockTrust:
    """Compares wall time with monotonic time, with the last stored stamp and with the kernel's word.

    `look` is called at least every five seconds; `reason` is "" while wall time may start tasks, else a sentence.
    """

    def __init__(
        self, clock: Clock, last_stamp: float, synchronised: Callable[[], bool | None] = kernel_synchronised
    ) -> None:
        self._clock = clock
        self.synchronised = synchronised
        self._started = clock.monotonic()
        self._wall = clock.now()
        self._monotonic = self._started
        self._hold_until: float | None = None  #: monotonic end of a hold after a large step
        self._last_stamp = last_stamp
        self.steps = 0
        self.reason = self._doubt()
        if self.reason:
            _LOG.warning("%s; tasks with a start time are held", self.reason)

    def look(self) -> float:
        """Compare the clocks; returns the seconds by which wall time was stepped since the last look (0 = not)."""
        wall, monotonic = self._clock.now(), self._clock.monotonic()
        step = (wall - self._wall) - (monotonic - self._monotonic)
        self._wall, self._monotonic = wall, monotonic
        if abs(step) <= STEP_S:
            step = 0.0
        else:
            self.steps += 1
            _LOG.warning("wall time was stepped by %+.0f s to %s", step, utc(wall).isoformat())
            self._after_step(step)
        if self.reason:
            self._reconsider()
        return step

    @property
    def problem(self) -> str:
        """The reason, once it has lasted long enough for a person to look."""
        late = self._clock.monotonic() - self._started > ALARM_AFTER_S
        return self.reason if late and self._hold_until is None else ""

    @property
    def trusted(self) -> bool:
        return not self.reason

    @property
    def steady(self) -> bool:
        """Wall time is trusted and was not stepped since the last look: what cannot be taken back may follow from it."""
        step = (self._clock.now() - self._wall) - (self._clock.monotonic() - self._monotonic)
        return self.trusted and abs(step) <= STEP_S

    def confirm(self) -> None:
        """A person says that the time is right."""
        self._trust("a person confirmed it")

    def _doubt(self) -> str:
        ran, says = utc(self._last_stamp).date(), utc(self._wall).date()
        if self._wall + STAMP_SLACK_S < max(self._last_stamp, BUILT_AT):
            return f"the clock of this box is wrong: it says {says}, which is before it last ran or was built"
        if self._last_stamp and self._wall - self._last_stamp > LONGEST_OFF_S:
            return f"the clock of this box may be wrong: it says {says}, but it last ran on {ran}"
        return ""

    def _after_step(self, step: float) -> None:
        if step > LARGE_STEP_S and not self.reason:
            self._last_stamp = max(self._last_stamp, self._wall - step)
            self._hold_until = self._monotonic + HOLD_AFTER_STEP_S
            self.reason = f"the clock of this box jumped {step:.0f} s forward"
        elif step < 0 and not self.reason:
            # Clocks do not run backwards by themselves: a time service or a person corrected this one.
            self._last_stamp = min(self._last_stamp, max(BUILT_AT, self._wall))

    def _reconsider(self) -> None:
        if self.synchronised():
            self._trust("the time service confirms it")
        elif self._hold_until is None:
            self.reason = self._doubt()
            if not self.reason:
                self._trust("it was corrected")
        elif self._monotonic >= self._hold_until:
            # A step over months is doubted like a start after months.
            self._hold_until = None
            self.reason = self._doubt()
            if not self.reason:
                self._trust("it was not corrected")

    def _trust(self, why: str) -> None:
        self.reason = ""
        self._hold_until = None
        self._last_stamp = self._wall
        _LOG.warning("wall time %s is trusted: %s", utc(self._wall).isoformat(), why)
