"""A started fleet whose changes can be waited for, and calls that block until a test stops them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from jobs.hub.clock import SystemClock
from jobs.hub.settings import Adb, AdbServerEntry, Phones
from jobs.phone.inventory.fleet import Fleet
from jobs.phone.protocol import PhoneInfo, PhoneState
from jobs.phone.session import Session

SERIAL = "PHONE01"


class Hub:
    """A fleet on the adb server at a port, and on further ones."""

    def __init__(
        self,
        port: int,
        phones: Phones,
        *,
        further: Sequence[AdbServerEntry] = (),
        homes: Mapping[str, str] | None = None,
        **adb_settings: int,
    ) -> None:
        self.seen = threading.Condition()
        self.events: list[tuple[str, PhoneState]] = []
        self.fleet = Fleet(
            Adb(port=port, start_server=False, **adb_settings),
            phones,
            SystemClock(),
            further=further,
            homes=homes,
        )
        self.fleet.subscribe(self._heard)
        self.fleet.start()

    def _heard(self, info: PhoneInfo) -> None:
        with self.seen:
            self.events.append((info.serial, info.state))
            self.seen.notify_all()

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
        with self.seen:
            assert self.seen.wait_for(condition, timeout_s), self.fleet.inventory()

    def info(self, serial: str) -> PhoneInfo:
        info = self.fleet.info(serial)
        assert info is not None
        return info

    def generation(self, serial: str) -> int:
        return self.info(serial).generation

    def state(self, serial: str) -> PhoneState:
        return self.info(serial).state

    def wait_state(self, serial: str, state: PhoneState, timeout_s: float = 10.0) -> None:
        def there() -> bool:
            info = self.fleet.info(serial)
            return info is not None and info.state is state

        self.wait_for(there, timeout_s)

    def session(self, serial: str = SERIAL) -> Session:
        self.wait_state(serial, PhoneState.DEVICE)
        return self.fleet.open(serial)


class Blocked:
    """A call that runs in a thread of its own, to be stopped from here."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.error: BaseException | None = None
        self.result: object = None
        self.ended_at = 0.0
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._call()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test looks at it
            self.error = error
        self.ended_at = time.monotonic()

    def join(self, timeout_s: float = 10.0) -> None:
        self._thread.join(timeout_s)
        assert not self._thread.is_alive(), "the call still blocks"
