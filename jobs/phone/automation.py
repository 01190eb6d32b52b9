"""The automation server of one phone: started, watched, restarted, and called so that nothing is done twice by accident."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from uiautomator2 import exceptions as u2_errors
from uiautomator2.core import DEFAULT_SERVER_PORT

from jobs.clock import Deadline
from jobs.phone import library
from jobs.phone.adb import AdbPhone, Endpoint
from jobs.phone.errors import (
    AutomationLost,
    CommandFailed,
    DeadlinePassed,
    PhoneError,
    StopRequested,
    TapUncertain,
)
from jobs.phone.foreign import boundary
from jobs.phone.launch import Launch, OutputPump
from jobs.phone.library import Lease, Library
from jobs.phone.push import Pusher
from jobs.phone.rpc import AnswerLost, NotSent, RpcConnection
from jobs.phone.wire import Grip

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Copying its jar (3 MB) to a slow phone and starting it; most phones need 2 s.
START_TIMEOUT_S = 40.0
PING_TIMEOUT_S = 3.0
#: How long a killed server may take to be gone.
END_TIMEOUT_S = 2.0
#: UiAutomator waits this long for a still screen before it acts; its default of 10 s stalls every look at a
#: playing video (U2-9).
IDLE_TIMEOUT_MS = 100
#: The server on the phone grows; a fresh one between two tasks keeps it small (U2-8).
RECYCLE_AFTER_SESSIONS = 50
RECYCLE_AFTER_S = 6 * 3600.0
#: Restarts because of failures; more of them do not heal a phone (U2-7).
RESTARTS_MAX, RESTARTS_WITHIN_S = 3, 3600.0
HTTP_OK = 200

JAR = "/data/local/tmp/u2.jar"
LAUNCH = f"CLASSPATH={JAR} app_process / com.wetest.uia2.Main -p {DEFAULT_SERVER_PORT}"
#: Kills the automation server by its own command line and nothing else (U2-6).
KILL = ("pkill", "-f", "com.wetest.uia2.Main")


class _Borrowed(NamedTuple):
    """What the session that uses the automation now brings with it."""

    lease: Lease
    rpc: RpcConnection
    adb: AdbPhone
    pusher: Pusher


class Automation:
    """The automation server of one phone, for as long as the daemon knows the phone (U2-13).

    Sessions borrow it one after the other: `borrow`, calls through `look`, `act` and `act_once`, `give_back`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        serial: str,
        *,
        daemon_grip: Grip,
        pump: OutputPump,
        gave_up: Callable[[str], None],
    ) -> None:
        """`gave_up(why)` is told when restarts no longer help."""
        self.serial = serial
        self._gave_up = gave_up
        self._daemon_grip = daemon_grip
        self._pump = pump
        self._clock = daemon_grip.clock
        self._device = library.Phone(endpoint, serial)
        self._library = Library(self._device, self._jsonrpc)
        self._borrowed: _Borrowed | None = None
        self._launch: Launch | None = None
        self._ready = False
        self._jar_checked = False
        self._sessions = 0
        self._kill_first = False
        self._started_at = self._clock.monotonic()
        self._restarts: list[float] = []
        self._sent = False

    # Borrowing

    def borrow(self, adb: AdbPhone, pusher: Pusher) -> None:
        grip = adb.client.grip
        lease = self._device.lease = Lease(grip)
        self._borrowed = _Borrowed(lease, RpcConnection(adb, DEFAULT_SERVER_PORT, grip), adb, pusher)
        self._sessions += 1
        age_s = self._clock.monotonic() - self._started_at
        if self._sessions > RECYCLE_AFTER_SESSIONS or age_s > RECYCLE_AFTER_S:
            self._end_server(kill=True)

    def give_back(self) -> None:
        if self._borrowed is not None:
            self._borrowed.rpc.close()
        self._borrowed = self._device.lease = None

    def forget(self) -> None:
        """The link was lost or the daemon stops: whatever ran on the phone is gone or will be."""
        self._jar_checked = False
        self._restarts.clear()
        self._end_server()

    def _end_server(self, *, kill: bool = False) -> None:
        """Close its stream, which ends it on the phone; `kill` makes sure of that before the next start."""
        self._ready = False
        self._sessions = 1
        self._kill_first = self._kill_first or kill
        launch, self._launch = self._launch, None
        if launch is not None:
            self._pump.end(launch)

    @property
    def _now(self) -> _Borrowed:
        if self._borrowed is None:
            raise AutomationLost("nobody holds the phone", serial=self.serial)
        return self._borrowed

    # Calls

    def make_ready(self) -> None:
        """Start the server unless it runs; it has START_TIMEOUT_S for that."""
        launch = self._launch
        if launch is not None and not launch.alive:
            self._end_server(kill=True)
        elif self._ready:
            return
        lease = self._now.lease
        lease.deadline = lease.grip.deadline(START_TIMEOUT_S)
        with boundary(self.serial):
            self._start()

    def _begin(self, timeout_s: float) -> Lease:
        self.make_ready()
        lease = self._now.lease
        lease.deadline = lease.grip.deadline(timeout_s)
        return lease

    def look(self, what: Callable[[Library], T], *, timeout_s: float) -> T:
        """A call that changes nothing: repeated once after a restart of the server (U2-2)."""
        lease = self._begin(timeout_s)
        whole = lease.deadline
        lease.deadline = lease.grip.deadline(
            timeout_s * 0.6
        )  # a hanging server leaves time for the second try
        try:
            with boundary(self.serial):
                return what(self._library)
        except (AutomationLost, DeadlinePassed) as error:
            lease.deadline = whole
            self._ready = False
            if whole.expired:
                raise
            with boundary(self.serial):
                self.restart(str(error))
                return what(self._library)

    def act(self, what: Callable[[Library], T], *, timeout_s: float) -> T:
        """A call that changes something: repeated once, and only if it provably never left this box."""
        self._begin(timeout_s)
        try:
            with boundary(self.serial):
                return what(self._library)
        except NotSent as error:
            with boundary(self.serial):
                self.restart(str(error))
                return what(self._library)
        except (AutomationLost, DeadlinePassed):
            self._ready = False
            raise

    def act_once(self, what: Callable[[Library], Any], *, timeout_s: float) -> None:
        """A call that must never happen twice. Raises TapUncertain when it may have happened (U2-3)."""
        lease = self._begin(timeout_s)
        with boundary(self.serial):
            self._ping(
                lease.until(PING_TIMEOUT_S)
            )  # a dead server is found out while that still costs nothing
        self._sent = False
        try:
            with boundary(self.serial):
                done = what(self._library)
        except (PhoneError, StopRequested) as error:
            self._ready = False
            if self._sent:
                raise TapUncertain(f"the tap was sent, then: {error}", serial=self.serial) from error
            raise
        if done is False:
            raise TapUncertain("the phone says that it could not inject the tap", serial=self.serial)

    def _jsonrpc(self, method: str, params: Any, timeout: float) -> Any:
        """uiautomator2's `jsonrpc_call`: same requests, same exceptions, our connection and deadlines."""
        now = self._now
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        status, data = now.rpc.request(
            "POST", "/jsonrpc/0", body, now.lease.until(timeout), sent=self._mark_sent
        )
        if status != HTTP_OK:
            raise u2_errors.HTTPError(f"HTTP request failed: {status}")
        answer = json.loads(data)
        if not isinstance(answer, dict) or ("error" not in answer and "result" not in answer):
            raise u2_errors.RPCInvalidError("the answer is no JSON-RPC")
        if "error" in answer:
            raise library.rpc_error(answer["error"], params)
        return answer["result"]

    def _mark_sent(self) -> None:
        self._sent = True

    # The server on the phone

    def restart(self, why: str) -> None:
        """Kill the server and start it again within the call's time, so often per hour. Raises AutomationLost."""
        now = self._clock.monotonic()
        self._restarts = [at for at in self._restarts if now - at < RESTARTS_WITHIN_S]
        if len(self._restarts) >= RESTARTS_MAX:
            why = f"the automation server failed {len(self._restarts)} times within an hour, last: {why}"
            self._gave_up(why)
            raise AutomationLost(why, serial=self.serial)
        self._restarts.append(now)
        log.warning("%s: restarting the automation server: %s", self.serial, why)
        self._end_server(kill=True)
        self._start()

    def _start(self) -> None:
        self._ready = False
        if self._kill_first:
            self._kill_stale()
        elif self._adopted():
            return
        else:
            self._end_server()
        self._set_up_jar()
        for last in (False, True):
            if self._launched():
                break
            self._end_server()
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
        now = self._now
        with library.jar() as path:
            if not now.pusher.has(path, JAR):
                now.pusher.push(path, JAR, mode=0o644, patience_s=now.lease.deadline.remaining_s)
        self._jar_checked = True

    def _launched(self) -> bool:
        """Start the server and wait for it; False when something else holds the phone's automation (U2-6)."""
        lease = self._now.lease
        sock = self._device.open_shell(LAUNCH).conn
        sock.move(self._daemon_grip, None)
        launch = self._launch = Launch(sock)
        self._pump.add(launch)
        pause_s = 0.03
        while True:
            try:
                self._ping(lease.until(PING_TIMEOUT_S))
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

    def _ping(self, deadline: Deadline) -> None:
        status, body = self._now.rpc.request("GET", "/ping", b"", deadline)
        if status != HTTP_OK or body.strip() != b"pong":
            raise AnswerLost(f"ping was answered by {status} {body[:50]!r}", serial=self.serial)

    def _configure(self) -> None:
        """The server answers: set it up."""
        self._started_at = self._clock.monotonic()
        self._ready = True
        try:
            config = self._library.jsonrpc.getConfigurator(http_timeout=PING_TIMEOUT_S)
            if isinstance(config, dict) and config.get("waitForIdleTimeout") != IDLE_TIMEOUT_MS:
                changed = {**config, "waitForIdleTimeout": IDLE_TIMEOUT_MS}
                self._library.jsonrpc.setConfigurator(changed, http_timeout=PING_TIMEOUT_S)
        except u2_errors.RPCError as error:
            log.debug("%s: the automation server cannot be configured: %s", self.serial, error)

    def _adopted(self) -> bool:
        """Use a server that runs: from the session before, or somebody else's, whose work is not ended."""
        if not self._runs():
            return False
        try:
            with boundary(self.serial):
                self._configure()
        except (AutomationLost, DeadlinePassed):
            return False
        return True

    def _runs(self) -> bool:
        try:
            self._ping(self._now.lease.until(PING_TIMEOUT_S))
        except (AutomationLost, DeadlinePassed):
            return False
        return True

    def _kill_stale(self) -> None:
        """End what may still run of an older server, which would hold the port and the phone's automation."""
        now = self._now
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
