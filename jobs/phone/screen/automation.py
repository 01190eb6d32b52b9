"""Calls to the automation server of one phone, made so that nothing is done twice by accident."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from uiautomator2 import exceptions as u2_errors
from uiautomator2.core import DEFAULT_SERVER_PORT

from jobs.phone.adb.client import AdbPhone, Endpoint
from jobs.phone.adb.push import Pusher
from jobs.phone.adb.wire import Grip
from jobs.phone.error_translation import boundary
from jobs.phone.errors import (
    AutomationLost,
    DeadlinePassed,
    InputForbidden,
    PhoneError,
    StopRequested,
    TapUncertain,
)
from jobs.phone.screen import u2_adapter as library
from jobs.phone.screen.launch import OutputPump
from jobs.phone.screen.phone_server import PING_TIMEOUT_S, Borrowed, PhoneServer
from jobs.phone.screen.rpc import HTTP_OK, NotSent, RpcConnection
from jobs.phone.screen.u2_adapter import Lease, Library

log = logging.getLogger(__name__)

T = TypeVar("T")

_decode = msgspec.json.Decoder().decode

#: UiAutomator waits this long for a still screen before it acts; its default of 10 s stalls every look at a
#: playing video (U2-9).
IDLE_TIMEOUT_MS = 100


class Automation:
    """uiautomator2 on one phone, for as long as the daemon knows the phone (U2-13).

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
        """`gave_up(why)` is called when restarts no longer help."""
        self.serial = serial
        self._device = library.Phone(endpoint, serial)
        self._library = Library(self._device, self._jsonrpc)
        self.server = PhoneServer(
            self._device, daemon_grip=daemon_grip, pump=pump, configure=self._configure, gave_up=gave_up
        )
        self._sent = False

    def borrow(self, adb: AdbPhone, pusher: Pusher) -> None:
        grip = adb.client.grip
        lease = self._device.lease = Lease(grip)
        self.server.borrow(Borrowed(lease, RpcConnection(adb, DEFAULT_SERVER_PORT, grip), adb, pusher))

    def give_back(self) -> None:
        if self.server.borrowed is not None:
            self.server.borrowed.rpc.close()
        self.server.borrowed = self._device.lease = None

    def forget(self) -> None:
        """The link was lost or the daemon stops."""
        self.server.forget()

    def make_ready(self) -> None:
        """Start the server unless it runs."""
        self.server.make_ready()

    def restart(self, why: str) -> None:
        """Replace the server, within the time of the call that goes on. Raises AutomationLost."""
        with boundary(self.serial):
            self.server.restart(why)

    def _begin(self, timeout_s: float) -> Lease:
        self.server.make_ready()
        lease = self.server.now.lease
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
            self.server.ready = False
            if whole.expired:
                raise
            with boundary(self.serial):
                self.server.restart(str(error))
                return what(self._library)

    def act(self, what: Callable[[Library], T], *, timeout_s: float) -> T:
        """A call that changes something: repeated once, and only if it provably never left this box."""
        self._begin(timeout_s)
        try:
            with boundary(self.serial):
                return what(self._library)
        except NotSent as error:
            with boundary(self.serial):
                self.server.restart(str(error))
                return what(self._library)
        except (AutomationLost, DeadlinePassed):
            self.server.ready = False
            raise

    def act_once(self, what: Callable[[Library], Any], *, timeout_s: float) -> None:
        """A call that must never happen twice. Raises TapUncertain when it may have happened (U2-3)."""
        lease = self._begin(timeout_s)
        with boundary(self.serial):
            self.server.ping(
                lease.until(PING_TIMEOUT_S)
            )  # a dead server is found out while that still costs nothing
        self._sent = False
        try:
            with boundary(self.serial):
                done = what(self._library)
        except InputForbidden:
            raise  # the server's own word that nothing was injected: no doubt
        except (PhoneError, StopRequested) as error:
            self.server.ready = False
            if self._sent:
                raise TapUncertain(f"the tap was sent, then: {error}", serial=self.serial) from error
            raise
        if done is False:
            raise TapUncertain("the phone says that it could not inject the tap", serial=self.serial)

    def _jsonrpc(self, method: str, params: Any, timeout: float) -> Any:
        """uiautomator2's `jsonrpc_call`: same requests, same exceptions, our connection and deadlines."""
        now = self.server.now
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        status, data = now.rpc.request(
            "POST", "/jsonrpc/0", body, now.lease.until(timeout), sent=self._mark_sent
        )
        if status != HTTP_OK:
            raise u2_errors.HTTPError(f"HTTP request failed: {status}")
        answer = _json(data)
        if not isinstance(answer, dict) or ("error" not in answer and "result" not in answer):
            raise u2_errors.RPCInvalidError("the answer is not JSON-RPC")
        if "error" in answer:
            raise library.rpc_error(answer["error"], params)
        return answer["result"]

    def _mark_sent(self) -> None:
        self._sent = True

    def _configure(self) -> None:
        """Set up a server that answers."""
        call = self._library.jsonrpc
        try:
            config = call.getConfigurator(http_timeout=PING_TIMEOUT_S)
            if isinstance(config, dict) and config.get("waitForIdleTimeout") != IDLE_TIMEOUT_MS:
                changed = {**config, "waitForIdleTimeout": IDLE_TIMEOUT_MS}
                call.setConfigurator(changed, http_timeout=PING_TIMEOUT_S)
        except u2_errors.RPCError as error:
            log.debug("%s: the automation server cannot be configured: %s", self.serial, error)


def _json(data: bytes | bytearray) -> Any:
    """What JSON says. Raises ValueError."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, ValueError):
        return json.loads(data)  # half a character, as phones send it in texts, is let through
