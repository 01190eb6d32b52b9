"""What keeps a phone that is there from starting tasks, for people; and their word that it may go on."""

from __future__ import annotations

from jobs.pace import pauses
from jobs.pace.pauses import Pauses
from jobs.phone.protocol import Phones, PhoneState
from jobs.queue.breaker import Breaker
from jobs.queue.dispatcher import Dispatcher


class PhoneHalts:
    """Asks every part that may halt a phone. Thread-safe."""

    def __init__(self, phones: Phones, paused: Pauses, breaker: Breaker, dispatcher: Dispatcher) -> None:
        self._phones = phones
        self._pauses = paused
        self._breaker = breaker
        self._dispatcher = dispatcher

    def why(self, serial: str) -> str:
        """Why the phone does not start what it might, as one sentence; "" when nothing is in the way."""
        found = [self._paused(serial), self._dispatcher.closed(serial), *self._breaker.pauses(serial)]
        return "; ".join(filter(None, found))

    def all(self, serial: str) -> list[str]:
        """What `resume` would end, as sentences. A low battery is not among it: no word charges it."""
        found = [self._paused(serial), *self._breaker.pauses(serial), self._dispatcher.cooldown(serial)]
        halted = [*filter(None, found)]
        info = self._phones.info(serial)
        if info is not None and info.state is PhoneState.NEEDS_HANDS:
            halted.append(info.detail)
        return halted

    def resume(self, serial: str) -> list[str]:
        """A person looked at the phone: pauses there are over at once. Returns what was paused, as sentences. Raises StoreError."""
        halted = self.all(serial)
        self._pauses.end(pauses.phone(serial))
        self._breaker.resume(serial)
        self._phones.forgive(serial)
        self._dispatcher.open(serial)
        return halted

    def _paused(self, serial: str) -> str:
        pause = self._pauses.get(pauses.phone(serial))
        return self._pauses.sentence(f"the phone {serial}", pause) if pause else ""
