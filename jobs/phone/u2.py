"""uiautomator2 on sockets of ours: it starts and drives the automation server on the phone, we own the transport."""

from __future__ import annotations

import atexit
import json
import logging
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import adbutils
import uiautomator2
from uiautomator2 import exceptions as u2_errors
from uiautomator2.core import DEFAULT_SERVER_PORT

from jobs.clock import Deadline
from jobs.phone.adb import AdbClient, AdbConnection, AdbPhone, Endpoint
from jobs.phone.errors import (
    AdbDown,
    AutomationLost,
    CommandFailed,
    DeadlinePassed,
    PhoneError,
    StopRequested,
    TapUncertain,
)
from jobs.phone.foreign import boundary
from jobs.phone.launch import Launch, OutputPump
from jobs.phone.rpc import AnswerLost, NotSent, RpcConnection
from jobs.phone.wire import Grip

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Copying its jar (3 MB) to a slow phone and starting it; most phones need 2 s.
START_TIMEOUT_S = 40.0
PING_TIMEOUT_S = 3.0
#: UiAutomator waits this long for a still screen before it acts; its default of 10 s stalls every look at a
#: playing video (U2-9).
IDLE_TIMEOUT_MS = 100
#: The server on the phone grows; a fresh one between two tasks keeps it small (U2-8).
RECYCLE_AFTER_SESSIONS = 50
RECYCLE_AFTER_S = 6 * 3600.0
#: Restarts because of failures, per hour; more does not heal a phone (U2-7).
RESTARTS_PER_HOUR = 3

LAUNCH = f"CLASSPATH=/data/local/tmp/u2.jar app_process / com.wetest.uia2.Main -p {DEFAULT_SERVER_PORT}"
#: Kills the automation server by its own command line and nothing else (U2-6).
KILL = ("pkill", "-f", "com.wetest.uia2.Main")


class Lease:
    """Who uses the phone now, and until when; the long-lived library objects read it at every call."""

    def __init__(self, grip: Grip) -> None:
        self.grip = grip
        self.deadline = grip.deadline(0)

    def until(self, timeout: float | None) -> Deadline:
        left = self.deadline.remaining_s
        return self.deadline if timeout is None or timeout >= left else self.grip.deadline(timeout)


class _Connection(adbutils.AdbConnection):
    """adbutils' connection around a socket of ours: it can never spawn an adb server (ADB-3), nor sleep in close."""

    def __init__(self, connection: AdbConnection) -> None:
        # The name under which adbutils' own methods find the socket.
        self._AdbConnection__conn: Any = connection.detach()

    def _safe_connect(self) -> NoReturn:
        raise adbutils.AdbError("this connection never connects by itself")

    def close(self) -> None:
        sock, self._AdbConnection__conn = self._AdbConnection__conn, None
        if sock is not None:
            sock.close()


class _Client(adbutils.AdbClient):
    """adbutils' client without any way to open connections: all go through `_Device.open_transport`."""

    def make_connection(self, timeout: float | None = None) -> NoReturn:
        raise adbutils.AdbError("connections are made per phone")


class _Device(adbutils.AdbDevice):
    """adbutils' device whose connections have real deadlines and belong to the session that uses it."""

    def __init__(self, endpoint: Endpoint, serial: str) -> None:
        super().__init__(_Client(endpoint.host, endpoint.port), serial=serial)
        self._endpoint = endpoint
        self.lease: Lease | None = None

    def open_transport(self, command: str | None = None, timeout: float | None = None) -> _Connection:
        lease = self.lease
        if lease is None:
            raise AutomationLost("nobody holds the phone", serial=self.serial or "")
        phone = AdbPhone(AdbClient(self._endpoint, lease.grip), self.serial or "")
        connection = phone.open_within(lease.until(timeout), set_transport=command is None)
        if command is not None:
            try:
                connection.send(f"host-serial:{self.serial}:{command}")
            except BaseException:
                connection.close()
                raise
        return _Connection(connection)


class Library(uiautomator2.Device):
    """uiautomator2's device whose calls travel over the session's kept connection.

    Its own transport opens a connection per call, ignores timeouts, and repeats a call after some errors, also a
    tap (U2-1 to U2-3); its launcher gives up on a server that prints nothing for 600 s (U2-14).
    """

    def __init__(self, device: _Device, call: Callable[[str, Any, float], Any]) -> None:
        self._call = call
        super().__init__(device)
        # uiautomator2 would keep every device object until the process ends (U2-13).
        atexit.unregister(self.stop_uiautomator)

    def start_uiautomator(self) -> None:
        """Starting is the business of `Automation`."""

    def stop_uiautomator(self, wait: bool = True) -> None:
        """So is stopping."""

    def jsonrpc_call(self, method: str, params: Any = None, timeout: float = 10) -> Any:
        return self._call(method, params, timeout)

    def set_up_jar(self) -> None:
        """Copy uiautomator2's server to the phone unless the same one is there."""
        self._setup_jar()


class Automation:
    """The automation server of one phone, for as long as the daemon knows the phone (U2-13).

    Sessions borrow it one after the other: `borrow`, calls through `look` and `act`, `give_back`.
    """

    def __init__(self, endpoint: Endpoint, serial: str, daemon_grip: Grip, pump: OutputPump) -> None:
        self.serial = serial
        self._endpoint = endpoint
        self._daemon_grip = daemon_grip
        self._pump = pump
        self._clock = daemon_grip.clock
        self._device = _Device(endpoint, serial)
        self.library = Library(self._device, self._jsonrpc)
        self._launch: Launch | None = None
        self._rpc: RpcConnection | None = None
        self._lease: Lease | None = None
        self._ready = False
        self._jar_checked = False
        self._sessions = 0
        self._started_at = self._clock.monotonic()
        self._restarts: list[float] = []
        self._once: list[bool] | None = None

    # Borrowing

    def borrow(self, grip: Grip) -> None:
        self._lease = self._device.lease = Lease(grip)
        self._rpc = RpcConnection(
            AdbPhone(AdbClient(self._endpoint, grip), self.serial), DEFAULT_SERVER_PORT, grip
        )
        self._sessions += 1
        age_s = self._clock.monotonic() - self._started_at
        if self._sessions > RECYCLE_AFTER_SESSIONS or age_s > RECYCLE_AFTER_S:
            self._end_server()

    def give_back(self) -> None:
        if self._rpc is not None:
            self._rpc.close()
        self._rpc = self._lease = self._device.lease = None

    def forget(self) -> None:
        """The link was lost or the daemon stops: whatever ran on the phone is gone or will be."""
        self._jar_checked = False
        self._end_server()

    def _end_server(self) -> None:
        self._ready = False
        self._sessions = 0
        if self._launch is not None:
            self._pump.end(self._launch)
            self._launch = None

    # Calls

    def look(self, what: Callable[[Library], T], *, timeout_s: float) -> T:
        """A call that changes nothing: repeated once, after a restart of the server where that may help (U2-2)."""
        lease = self._begin(timeout_s)
        whole = lease.deadline
        # A server that hangs must leave time for a second try.
        lease.deadline = lease.grip.deadline(timeout_s * 0.6)
        try:
            with boundary(self.serial):
                return what(self.library)
        except (AutomationLost, DeadlinePassed) as error:
            lease.deadline = whole
            if whole.expired:
                self._ready = False
                raise
            log.info("%s: restarting the automation server: %s", self.serial, error)
            with boundary(self.serial):
                self.restart(str(error))
                lease.deadline = whole
                return what(self.library)

    def act(self, what: Callable[[Library], T], *, timeout_s: float) -> T:
        """A call that changes something: repeated once only if it provably never left this box."""
        self._begin(timeout_s)
        try:
            with boundary(self.serial):
                return what(self.library)
        except NotSent as error:
            with boundary(self.serial):
                self.restart(str(error))
                return what(self.library)
        except (AutomationLost, DeadlinePassed):
            self._ready = False
            raise

    def act_once(self, what: Callable[[Library], Any], *, timeout_s: float) -> None:
        """A call that must never happen twice. Raises TapUncertain when it may have happened (U2-3)."""
        lease = self._begin(timeout_s)
        with boundary(self.serial):
            self._ping(lease.until(PING_TIMEOUT_S))  # before: a dead server costs nothing yet
        self._once = [False]
        try:
            with boundary(self.serial):
                done = what(self.library)
        except (PhoneError, StopRequested) as error:
            self._ready = False
            if self._once[0]:
                raise TapUncertain(f"the tap was sent, then: {error}", serial=self.serial) from error
            raise
        finally:
            self._once = None
        if done is False:
            raise TapUncertain("the phone says that it could not inject the tap", serial=self.serial)

    def _begin(self, timeout_s: float) -> Lease:
        lease = self._lease
        if lease is None:
            raise AutomationLost("nobody holds the phone", serial=self.serial)
        if not self._ready or (self._launch is not None and not self._launch.alive):
            lease.deadline = lease.grip.deadline(START_TIMEOUT_S)
            with boundary(self.serial):
                self._start(lease)
        lease.deadline = lease.grip.deadline(timeout_s)
        return lease

    def _jsonrpc(self, method: str, params: Any, timeout: float) -> Any:
        """uiautomator2's `jsonrpc_call`: same requests, same exceptions, our connection and deadlines."""
        if self._rpc is None or self._lease is None:
            raise AutomationLost("nobody holds the phone", serial=self.serial)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        status, data = self._rpc.request(
            "POST", "/jsonrpc/0", body, self._lease.until(timeout), sent=self._mark_sent
        )
        if status != 200:
            raise u2_errors.HTTPError(f"HTTP request failed: {status}")
        answer = json.loads(data)
        if not isinstance(answer, dict) or ("error" not in answer and "result" not in answer):
            raise u2_errors.RPCInvalidError("the answer is no JSON-RPC")
        if "error" in answer:
            raise _rpc_error(answer["error"], params)
        return answer["result"]

    def _mark_sent(self) -> None:
        if self._once is not None:
            self._once[0] = True

    # The server on the phone

    def restart(self, why: str) -> None:
        """Kill the server and start it again, at most so often per hour. Raises AutomationLost."""
        lease = self._lease
        if lease is None:
            raise AutomationLost("nobody holds the phone", serial=self.serial)
        now = self._clock.monotonic()
        self._restarts = [at for at in self._restarts if now - at < 3600.0]
        if len(self._restarts) >= RESTARTS_PER_HOUR:
            raise AutomationLost(
                f"the automation server failed {len(self._restarts)} times within an hour, last: {why}",
                serial=self.serial,
            )
        self._restarts.append(now)
        self._end_server()
        self._kill_stale()
        self._start(lease)

    def _start(self, lease: Lease) -> None:
        self._ready = False
        if (self._launch is not None and self._launch.alive) or self._launch is None:
            try:
                self._ping(lease.until(PING_TIMEOUT_S))
                self._settle()
                return
            except (AutomationLost, DeadlinePassed):
                self._end_server()
        if not self._jar_checked:
            self.library.set_up_jar()
            self._jar_checked = True
        for last in (False, True):
            if self._launch_once(lease):
                break
            self._end_server()
            if last:
                raise AutomationLost(
                    "another program holds the phone's automation; restarting the phone ends it",
                    serial=self.serial,
                )
            self._kill_stale()
        self._settle()

    def _launch_once(self, lease: Lease) -> bool:
        """Start the server and wait for it; False when something else holds the phone's automation."""
        connection = self._device.open_shell(LAUNCH)
        sock = connection.conn
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
            lease.grip.wait(pause_s)
            pause_s = min(0.5, pause_s * 1.5)

    def _ping(self, deadline: Deadline) -> None:
        if self._rpc is None:
            raise AutomationLost("nobody holds the phone", serial=self.serial)
        status, body = self._rpc.request("GET", "/ping", b"", deadline)
        if status != 200 or body.strip() != b"pong":
            raise AnswerLost(f"ping was answered by {status} {body[:50]!r}", serial=self.serial)

    def _settle(self) -> None:
        """The server answers: set it up."""
        self._started_at = self._clock.monotonic()
        self._ready = True
        try:
            config = self.library.jsonrpc.getConfigurator(http_timeout=PING_TIMEOUT_S)
            if isinstance(config, dict) and config.get("waitForIdleTimeout") != IDLE_TIMEOUT_MS:
                self.library.jsonrpc.setConfigurator(
                    {**config, "waitForIdleTimeout": IDLE_TIMEOUT_MS}, http_timeout=PING_TIMEOUT_S
                )
        except u2_errors.RPCError as error:
            log.debug("%s: the automation server cannot be configured: %s", self.serial, error)

    def _kill_stale(self) -> None:
        lease = self._lease
        if lease is None:
            return
        try:
            AdbPhone(AdbClient(self._endpoint, lease.grip), self.serial).shell_words(*KILL, timeout_s=5.0)
        except (CommandFailed, DeadlinePassed, AdbDown) as error:
            log.debug("%s: cannot kill the old automation server: %s", self.serial, error)


def _rpc_error(error: Any, params: Any) -> Any:
    """As uiautomator2 sorts them (uiautomator2/core.py, _jsonrpc_call)."""
    fields = error if isinstance(error, dict) else {}
    code, message, trace = fields.get("code"), str(fields.get("message", error)), str(fields.get("data", ""))
    if "UiAutomation not connected" in message + trace:
        return u2_errors.UiAutomationNotConnectedError("UiAutomation not connected")
    if "android.os.DeadObjectException" in message or "android.os.DeadSystem" in message:
        return u2_errors.UiAutomationNotConnectedError(message)
    if "UiObjectNotFoundException" in message:
        return u2_errors.UiObjectNotFoundError(code, message, params)
    if "java.lang.StackOverflowError" in message:
        return u2_errors.RPCStackOverflowError(message)
    return u2_errors.RPCUnknownError(f"{code} {message}", params)
