"""The screen goes off by itself after a time without touches (`screen_off_timeout`), unless `stay_on_while_plugged_in` holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from simulator.android.system import System


class ScreenTimeout:
    """Counts real time from the last touch, key or waking up; looks and dumps are no touches."""

    def __init__(self, system: System, power: Callable[[bool], None]) -> None:
        self._system = system
        self._power = power
        self._timer: asyncio.TimerHandle | None = None

    def touched(self) -> None:
        """Begin anew."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        text = self._system.settings["system"].get("screen_off_timeout", "")
        if not self._system.screen_on or not text.isdecimal():
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # a phone that is only being built
        self._timer = loop.call_later(int(text) / 1000, self._over)

    def _over(self) -> None:
        self._timer = None
        if self._system.screen_on and not self._system.stays_on:
            self._power(False)
        else:
            self.touched()
