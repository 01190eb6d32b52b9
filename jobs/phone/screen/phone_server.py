"""The automation server on one phone: started, adopted, killed, restarted a few times, and then given up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from uiautomator2.core import DEFAULT_SERVER_PORT

from jobs.hub.clock import Deadline
from jobs.phone.adb.client import AdbPhone
from jobs.phone.adb.push import Pusher
from jobs.phone.adb.wire import Grip
from jobs.phone.error_translation import boundary
from jobs.phone.errors import AutomationLost, CommandFailed, DeadlinePassed
from jobs.phone.screen import u2_adapter as library
from jobs.phone.screen.launch import Launch, OutputPump
from jobs.phone.screen.rpc import HTTP_OK, AnswerLost, NotSent, RpcConnection
from jobs.phone.screen.u2_adapter import Lease

log = logging.getLogger(__name__)

#: Copying its jar (3 MB) to a slow phone and starting it; most phones need 2 s.
START_TIMEOUT_S = 40.0
PING_TIMEOUT_S = 3.0
#: How long a killed server may take to be gone.
END_TIMEOUT_S = 2.0
#: The server on the phone grows; a fresh one between two tasks keeps it small (U2-8).
RECYCLE_AFTER_SESSIONS = 50
RECYCLE_AFTER_S = 6 * 3600.0
#: Restarts because of failures; more of them do not heal a phone (U2-7).
RESTARTS_MAX, RESTARTS_WITHIN_S = 3, 3600.0

JAR = "/data/local/tmp/u2.jar"
LAUNCH = f"CLASSPATH={JAR} app_process / com.wetest.uia2.Main -p {DEFAULT_SERVER_PORT}"
#: Kills the automation server by its own command line and nothing else (U2-6).
KILL = ("pkill", "-f", "com.wetest.uia2.Main")


class Borrowed(NamedTuple):
    """What the session that uses the phone now brings with it."""

    lease: Lease
    rpc: RpcConnection
    adb: AdbPhone
    pusher: Pusher


class PhoneServer:
    """The server program on one phone, for as long as the daemon knows the phone. Used by one session at a time."""

    def __init__(
        self,
        device: library.Phone,
        *,
        daemon_grip: Grip,
        pump: OutputPump,
        configure: Callable[[], None],
        gave_up: Callable[[str], None],
    ) -> None:
        """`configure()` sets up a server that answers; `gave_up(why)` is called when restarts no longer help."""
        self.serial = device.serial or ""
        self.borrowed: Borrowed | None = None
        self.ready = False  #: it answered, and no call failed since
        self._device = device
        self._daemon_grip = daemon_grip
        self._pump = pump
        self._clock = daemon_grip.clock
        self._configure_it = configure
        self._gave_up = gave_up
        self.launch: Launch | None = None
        self._jar_checked = False
        self._kill_first = False
        self._sessions = 0
        self._started_at = self._clock.monotonic()
        self.restarts: list[float] = []

    @property
    def now(self) -> Borrowed:
        if self.borrowed is None:
            raise AutomationLost("no session holds the phone", serial=self.serial)
        return self.borrowed

    def borrow(self, borrowed: Borrowed) -> None:
        """A new session; after many of them, or hours, with a fresh server."""
        self.borrowed = borrowed
        self._sessions += 1
        age_s = self._clock.monotonic() - self._started_at
        if self._sessions > RECYCLE_AFTER_SESSIONS or age_s > RECYCLE_AFTER_S:
            self._end(kill=True)

    def forget(self) -> None:
        """The link was lost or the daemon stops: whatever ran on the phone is gone or will be."""
        self._jar_checked = False
        self.restarts.clear()
        self._end()

    def make_ready(self) -> None:
        """Start the server unless it runs; it has START_TIMEOUT_S for that."""
        if self.launch is not None and not self.launch.alive:
            self._end(kill=True)
        elif self.ready:
            return
        lease = self.now.lease
        lease.deadline = lease.grip.deadline(START_TIMEOUT_S)
        with boundary(self.serial):
            self._start()

    def _end(self, *, kill: bool = False) -> None:
        """Close its stream, which ends it on the phone; `kill` makes sure of that before the next start."""
        self.ready = False
        self._sessions = 1
        self._kill_first = self._kill_first or kill
        launch, self.launch = self.launch, None
        if launch is not None:
            self._pump.end(launch)

    def restart(self, why: str) -> None:
        """Kill the server and start it again within the call's time, so often per hour. Raises AutomationLost."""
        now = self._clock.monotonic()
        self.restarts = [at for at in self.restarts if now - at < RESTARTS_WITHIN_S]
        if len(self.restarts) >= RESTARTS_MAX:
            why = f"the automation server failed {len(self.restarts)} times within an hour, last: {why}"
            self._gave_up(why)
            raise AutomationLost(why, serial=self.serial)
        self.restarts.append(now)
        log.warning("%s: restarting the automation server: %s", self.serial, why)
        self._end(kill=True)
        self._start()

    def _start(self) -> None:
        self.ready = False
        if self._kill_first:
            self._kill_stale()
        elif self._adopted():
            return
        self._set_up_jar()
        for last in (False, True):
            if self._launched():
                break
            self._end()
            if last:
                raise AutomationLost(
                    "another program holds the phone's automation; restarting the phone ends it",
                    serial=self.serial,
                )
            self._kill_stale()
        self._configure()

    def _set_up_jar(self) -> None:
        if self._jar_checked:
            return
        now = self.now
        with library.jar() as path:
            if not now.pusher.has(path, JAR):
                now.pusher.push(path, JAR, patience_s=now.lease.deadline.remaining_s)
        self._jar_checked = True

    def _launched(self) -> bool:
        """Start the server and wait for it; False when something else holds the phone's automation (U2-6)."""
        lease = self.now.lease
        sock = self._device.open_shell(LAUNCH).conn
        sock.move(self._daemon_grip, None)
        launch = self.launch = Launch(sock)
        self._pump.add(launch)
        pause_s = 0.03
        while True:
            try:
                self.ping(lease.until(PING_TIMEOUT_S))
                return True
            except (NotSent, AnswerLost) as error:
                if "already registered" in launch.output:
                    return False
                if not launch.alive:
                    last = launch.output.strip()[-500:]
                    raise AutomationLost(
                        f"the automation server ended: {last}", serial=self.serial
                    ) from error
            if lease.deadline.expired:
                raise AutomationLost("the automation server did not become ready", serial=self.serial)
            lease.grip.wait(lease.deadline.within(pause_s))
            pause_s = min(0.5, pause_s * 1.5)

    def ping(self, deadline: Deadline) -> None:
        status, body = self.now.rpc.request("GET", "/ping", b"", deadline)
        if status != HTTP_OK or body.strip() != b"pong":
            raise AnswerLost(f"ping was answered by {status} {body[:50]!r}", serial=self.serial)

    def _configure(self) -> None:
        self._started_at = self._clock.monotonic()
        self.ready = True
        self._configure_it()

    def _adopted(self) -> bool:
        """Use a server that runs: from the session before, or another program's, whose work is not ended."""
        try:
            with boundary(self.serial):
                self.ping(self.now.lease.until(PING_TIMEOUT_S))
                self._configure()
        except NotSent:
            self._end()  # no process listens
        except (AutomationLost, DeadlinePassed):
            self._end()
            self._kill_stale()  # one listens that does not answer; it would keep the port
        else:
            return True
        return False

    def _runs(self) -> bool:
        try:
            self.ping(self.now.lease.until(PING_TIMEOUT_S))
        except (AutomationLost, DeadlinePassed):
            return False
        return True

    def _kill_stale(self) -> None:
        """End what may still run of an older server, which would hold the port and the phone's automation."""
        now = self.now
        now.rpc.close()
        try:
            now.adb.shell_words(*KILL, timeout_s=5.0)
        except (CommandFailed, DeadlinePassed) as error:
            log.debug("%s: cannot kill the old automation server: %s", self.serial, error)
        gone_by = now.lease.until(END_TIMEOUT_S)
        while self._runs() and not gone_by.expired:
            now.rpc.close()
            now.lease.grip.wait(gone_by.within(0.1))
        self._kill_first = False
