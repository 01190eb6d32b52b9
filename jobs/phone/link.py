"""What the daemon keeps for one phone between sessions: its automation server, and what to clean up."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from jobs.phone import keep_awake
from jobs.phone.adb.client import AdbClient, AdbPhone, Endpoint, Features
from jobs.phone.adb.push import Leftovers
from jobs.phone.adb.push_gate import PushGate
from jobs.phone.adb.wire import Grip
from jobs.phone.error_translation import boundary
from jobs.phone.errors import CommandFailed, PhoneError, PhoneNotReady, StopRequested
from jobs.phone.screen.launch import OutputPump
from jobs.phone.screen.screenshot import Pictures

log = logging.getLogger(__name__)

#: How long giving the screen settings back may take: a stop of the daemon waits for it.
LET_SLEEP_S = 2.0

if TYPE_CHECKING:
    from jobs.phone.screen.automation import Automation


#: Ends a session for a reason that its blocked call then raises.
Abort = Callable[[PhoneError | StopRequested | None], None]


class Route(NamedTuple):
    """The way to a phone: the adb server that has it, and what belongs to that server alone."""

    endpoint: Endpoint
    gate: PushGate
    suspect: Callable[[str], None]  #: `suspect(serial)`: a session had trouble
    later: Callable[[Callable[[], None]], None]  #: runs something on another thread


class Link:
    """One phone as the adapters know it. Sessions on it exclude each other."""

    def __init__(
        self,
        serial: str,
        *,
        route: Route,
        grip: Grip,
        pump: OutputPump,
        pictures: Pictures,
        gave_up: Callable[[str, str], None],
        needs_hands: Callable[[str, str], None],
    ) -> None:
        """`grip` lives as long as the daemon; `gave_up(serial, why)` is called when the phone's automation server
        cannot be kept alive, `needs_hands(serial, why)` when a person must change something at the phone.
        """
        self.serial = serial
        self.route = route
        self.clock = grip.clock
        self.pictures = pictures
        self._gave_up = gave_up
        self._needs_hands = needs_hands
        self._screen = threading.Lock()  #: held while the phone's screen settings are changed
        self.leftovers = Leftovers()
        self.features = Features()
        self._grip = grip
        self._pump = pump
        self._lock = threading.Lock()
        self.abort: Abort | None = None  #: ends the open session
        self._spectator: Grip | None = None
        self._automation: Automation | None = None

    @property
    def busy(self) -> bool:
        return self.abort is not None

    @property
    def endpoint(self) -> Endpoint:
        return self.route.endpoint

    def reroute(self, route: Route) -> None:
        """From now on the phone is reached another way. A session that is open keeps the old one; `lost` ends it."""
        with self._lock:
            if route is self.route:
                return
            self.route = route
            self.features = Features()
            automation, self._automation = self._automation, None
        if automation is not None:
            automation.forget()

    def hold(self, abort: Abort) -> None:
        """Note that a session is open, which `abort` ends. Raises PhoneNotReady while another one is."""
        with self._lock:
            if self.abort is not None:
                raise PhoneNotReady("another attempt still holds the phone", serial=self.serial)
            self.abort = abort
            spectator = self._spectator
        if spectator is not None:
            spectator.break_off()  # a task never waits for a picture that a caller asked for

    @contextlib.contextmanager
    def spectator(self) -> Iterator[Grip | None]:
        """A short look at an idle phone by one caller at a time; None when another caller looks already."""
        grip = Grip(self.clock, self.serial)
        with self._lock:
            taken = self.abort is not None or self._spectator is not None
            if not taken:
                self._spectator = grip
        if taken:
            yield None
            return

        def end() -> None:
            grip.break_off(StopRequested("shutdown"))

        self._grip.on_break(end)
        try:
            yield grip
        finally:
            self._grip.forget_callback(end)
            with self._lock:
                self._spectator = None

    def released(self, abort: Abort, *, restless: bool = False) -> None:
        """`restless`: the screen is kept on, which the phone is to be given back."""
        with self._lock:
            if self.abort == abort:
                self.abort = None
        if restless:
            self.route.later(self.let_sleep)

    def keep_awake(self, phone: AdbPhone, wake: Callable[[], keep_awake.Found]) -> bool:
        """Keep the screen on for the open session; True when the phone is to be given something back at its end.

        `wake` wakes the phone and reads its settings: meanwhile nothing else changes them.
        """
        with self._screen:
            found = wake()
            try:
                return keep_awake.begin(phone, found)
            except CommandFailed as error:
                log.info("%s: its screen cannot be kept on: %s", self.serial, error)
                return False

    def let_sleep(self) -> None:
        """Give an idle phone its own screen settings back; nothing to do where a session holds it by now."""
        if self.abort is not None:
            return
        with self._screen:
            if self.busy:
                return
            grip = Grip(self.clock, self.serial)
            phone = AdbPhone(
                AdbClient(self.endpoint, grip, timeout_s=LET_SLEEP_S), self.serial, self.features
            )
            try:
                with boundary(self.serial):
                    keep_awake.end(phone)
            except (PhoneError, StopRequested) as error:
                # It stays written on the phone: done when it is seen next.
                log.debug("%s: its screen settings cannot be given back yet: %s", self.serial, error)

    def automation(self) -> Automation:
        """The phone's automation server; only the open session may use it."""
        # Imported with the first look at a screen: 60 ms and 14 MB that an idle daemon does not need.
        from jobs.phone.screen.automation import Automation

        with self._lock:
            if self._automation is None:
                self._automation = Automation(
                    self.endpoint,
                    self.serial,
                    daemon_grip=self._grip,
                    pump=self._pump,
                    gave_up=lambda why: self._gave_up(self.serial, why),
                )
            return self._automation

    def needs_hands(self, why: str) -> None:
        """A session found what only a person at the phone can change."""
        self._needs_hands(self.serial, why)

    def forgiven(self) -> None:
        """A person was at the phone: what its automation server did before counts no more."""
        with self._lock:
            automation = self._automation if self.abort is None else None
        if automation is not None:
            automation.forget()

    def lost(self, reason: PhoneError | StopRequested) -> None:
        """The link went away: end the session, and forget what ran on the phone (ADB-11)."""
        self.features = Features()  # it may come back with another Android
        abort, automation = self.abort, self._automation
        if abort is not None:
            abort(reason)
        if automation is not None:
            automation.forget()
