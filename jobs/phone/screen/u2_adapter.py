"""adbutils and uiautomator2 on sockets of ours: their own transports ignore timeouts and spawn adb servers."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import adbutils
import uiautomator2
from uiautomator2 import exceptions as u2_errors
from uiautomator2._proto import HTTP_TIMEOUT
from uiautomator2.utils import with_package_resource

from jobs.hub.clock import Deadline
from jobs.phone.adb.client import AdbClient, AdbConnection, AdbPhone, Endpoint
from jobs.phone.adb.wire import Grip
from jobs.phone.errors import AutomationLost

#: The classes by which every text field shows itself to accessibility, Compose's included.
TEXT_FIELD = r".*(EditText|AutoCompleteTextView)"


class Lease:
    """Who uses the phone now, and until when; the long-lived library objects read it at every call."""

    def __init__(self, grip: Grip) -> None:
        self.grip = grip
        self.deadline = grip.deadline(0)

    def until(self, timeout: float | None) -> Deadline:
        left = self.deadline.remaining_s
        return self.deadline if timeout is None or timeout >= left else self.grip.deadline(timeout)


class Connection(adbutils.AdbConnection):
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


class _NoClient(adbutils.AdbClient):
    """adbutils' client without any way to open connections: all go through `Phone.open_transport`."""

    def make_connection(self, timeout: float | None = None) -> NoReturn:
        raise adbutils.AdbError("connections are made per phone")


class Phone(adbutils.AdbDevice):
    """adbutils' device whose connections have real deadlines and belong to the session that uses it."""

    def __init__(self, endpoint: Endpoint, serial: str) -> None:
        super().__init__(_NoClient(endpoint.host, endpoint.port), serial=serial)
        self._endpoint = endpoint
        self.lease: Lease | None = None

    def open_transport(self, command: str | None = None, timeout: float | None = None) -> Connection:
        lease = self.lease
        if lease is None:
            raise AutomationLost("no session holds the phone", serial=self.serial or "")
        phone = AdbPhone(AdbClient(self._endpoint, lease.grip), self.serial or "")
        connection = phone.open_within(lease.until(timeout), set_transport=command is None)
        if command is not None:
            try:
                connection.send(f"host-serial:{self.serial}:{command}")
            except BaseException:
                connection.close()
                raise
        return Connection(connection)


class Calls:
    """The server's methods by their names, as `Device.jsonrpc` has them."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*args: Any, http_timeout: float = HTTP_TIMEOUT, **named: Any) -> Any:
            return self._library.jsonrpc_call(method, args or named, http_timeout)

        return call


class Library(uiautomator2.Device):
    """uiautomator2's device whose calls travel over the session's kept connection.

    Its own transport opens a connection per call, ignores timeouts, and repeats a call after some errors, also a
    tap (U2-1 to U2-3); its launcher gives up on a server that prints nothing for 600 s (U2-14).
    """

    def __init__(self, device: Phone, call: Callable[[str, Any, float], Any]) -> None:
        self._call = call
        super().__init__(device)
        # uiautomator2 would keep every device object until the process ends (U2-13).
        atexit.unregister(self.stop_uiautomator)

    @property
    def jsonrpc(self) -> Calls:
        """Its own makes a class for each call."""
        return Calls(self)

    def start_uiautomator(self) -> None:
        """Starting is the business of `Automation`."""

    def stop_uiautomator(self, wait: bool = True) -> None:
        """So is stopping."""

    def jsonrpc_call(self, method: str, params: Any = None, timeout: float = 10) -> Any:
        return self._call(method, params, timeout)

    def dump(self, depth: int) -> object:
        """The UI tree as text, as the server gives it: no repeats, no empty tree in place of an error (U2-10)."""
        return self.jsonrpc.dumpWindowHierarchy(False, depth)

    def replace_text(self, text: str, wait_s: float) -> None:
        """Replace the focused field's text to the letter, without touching the phone's keyboards (U2-4, U2-5).

        The accessibility layer sets it at once; where a field does not take that, it is cleared and the text
        pasted. Doing all of it again gives the same text. Not by `UiObject.set_text`, whose wait turns a dead
        server into a warning.
        """
        # A running text (TikTok's sound chip) calls itself focused as well; only a text field takes text.
        call = self.jsonrpc
        field = self(focused=True, classNameMatches=TEXT_FIELD).selector
        if not call.waitForExists(field, int(wait_s * 1000), http_timeout=wait_s + 1.0):
            raise u2_errors.UiObjectNotFoundError("no field has the focus")
        if not text:
            call.clearTextField(field)
            return
        call.setText(field, text)
        try:
            shown = call.getText(field)
        except u2_errors.UiObjectNotFoundError:
            return  # the focus moved on; the caller reads the text back from the tree
        if not _same(shown, text):
            call.clearTextField(field)
            call.setClipboard(None, text)
            call.pasteClipboard()


def _same(shown: object, wanted: str) -> bool:
    """Fields may change white space; whether that matters is for the caller to see in the tree."""
    return isinstance(shown, str) and shown.split() == wanted.split()


@contextmanager
def jar() -> Iterator[Path]:
    """The automation server's program, as it comes with uiautomator2; package installers may have linked it."""
    with with_package_resource("assets/u2.jar") as path:
        yield Path(path).resolve()


def rpc_error(error: Any, params: Any) -> Any:
    """As uiautomator2 sorts them (uiautomator2/core.py, _jsonrpc_call)."""
    fields = error if isinstance(error, dict) else {}
    code, message, trace = fields.get("code"), str(fields.get("message", error)), str(fields.get("data", ""))
    # uiautomator2 3.7.1 has InjectPermissionError but never raises it: the permission's name stands in `data` alone
    # (-32001 "java.lang.SecurityException", issues 520 and 555 of openatx/uiautomator2).
    if "INJECT_EVENTS" in message + trace:
        return u2_errors.InjectPermissionError(trace.partition("\n")[0] or message)
    if "UiAutomation not connected" in message + trace:
        return u2_errors.UiAutomationNotConnectedError("UiAutomation not connected")
    if "android.os.DeadObjectException" in message or "android.os.DeadSystem" in message:
        return u2_errors.UiAutomationNotConnectedError(message)
    if "UiObjectNotFoundException" in message:
        return u2_errors.UiObjectNotFoundError(code, message, params)
    if "java.lang.StackOverflowError" in message:
        return u2_errors.RPCStackOverflowError(message)
    return u2_errors.RPCUnknownError(f"{code} {message}", params)
