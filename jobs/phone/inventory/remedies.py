"""When to do what about a phone that is listed but does not work; a pure state machine, told the time."""

from __future__ import annotations

from enum import Enum, auto
from random import Random

#: Offline this long before anything is done: most phones come back by themselves (ADB-6).
PATIENCE_S = 15.0
#: Pauses between the five `reconnect`s of a USB phone: with the patience they fill about eight minutes.
USB_PAUSES_S = (30.0, 60.0, 120.0, 240.0)
#: Pauses between connects to a network phone, doubled each time (ADB-16).
NETWORK_PAUSE_MIN_S, NETWORK_PAUSE_MAX_S = 5.0, 300.0
NETWORK_TRIES = 10


class Remedy(Enum):
    """What to do now."""

    NOTHING = auto()
    RECONNECT = auto()  #: ask the adb server to drop and take the phone's transport again
    CONNECT = auto()  #: disconnect from and connect to a network phone
    REBOOT = auto()  #: restart the phone; only where the config allows it


class Care:
    """The care of one phone. Call `bad` again and again while it does not work, `good` once it does."""

    def __init__(self, *, network: bool, random: Random) -> None:
        self._network = network
        self._random = random
        self._tries = 0
        self._next_at: float | None = None

    @property
    def gave_up(self) -> bool:
        """A person must look; network phones are still tried now and then."""
        return self._tries > (NETWORK_TRIES if self._network else len(USB_PAUSES_S) + 1)

    @property
    def advice(self) -> str:
        if self._network:
            return "connecting failed again and again: connect it by USB and switch on adb over the network"
        return "reconnecting did not help: unplug it and plug it in again, or restart it"

    def good(self) -> None:
        self._tries = 0
        self._next_at = None

    def bad(self, now: float) -> Remedy:
        """What to do at `now` (monotonic seconds)."""
        if self._next_at is None:
            self._next_at = now if self._network else now + PATIENCE_S
        if now < self._next_at:
            return Remedy.NOTHING
        self._tries += 1
        if self._network:
            pause_s = min(NETWORK_PAUSE_MAX_S, NETWORK_PAUSE_MIN_S * 2 ** min(self._tries - 1, 10))
            self._next_at = now + pause_s * self._random.uniform(0.8, 1.2)
            return Remedy.CONNECT
        if self._tries > len(USB_PAUSES_S) + 1:
            self._next_at = float("inf")
            return Remedy.NOTHING
        self._next_at = now + USB_PAUSES_S[min(self._tries - 1, len(USB_PAUSES_S) - 1)]
        return Remedy.RECONNECT
