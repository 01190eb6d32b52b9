"""Exceptions of ppadb, adbutils, uiautomator2 and the standard library, turned into ours at the adapters' edge."""

from __future__ import annotations

import contextlib
import functools
import http.client
import struct
import subprocess
from collections.abc import Callable, Iterator

from jobs.phone.errors import (
    AdbDown,
    AutomationLost,
    CommandFailed,
    DeadlinePassed,
    ElementMissing,
    InputForbidden,
    PhoneError,
    PhoneOffline,
    PushFailed,
)

#: What a person must do where a phone refuses touches (PHN-1).
INPUT_FORBIDDEN = (
    "the phone refuses touches and keys from a program: switch on 'USB debugging (Security settings)' in its developer "
    "options (Xiaomi, Redmi, POCO; it may want a Mi account and a SIM card), or 'Disable permission monitoring' "
    "(Oppo, Realme, OnePlus), then plug it in again"
)

Maker = Callable[[str, str], PhoneError]


def _make(kind: type[PhoneError], sentence: str) -> Maker:
    def make(why: str, serial: str) -> PhoneError:
        return kind(f"{sentence}: {why}", serial=serial)

    return make


_LOST = _make(AutomationLost, "the automation server failed")
_REFUSED = _make(CommandFailed, "the automation server refused")
_LINK = _make(PhoneOffline, "the link to the phone failed")


@functools.cache
def table() -> dict[type[BaseException], Maker]:
    """The nearest class of an exception's ancestry decides. Imports the libraries, so it is built late."""
    import adbutils.errors as adb_errors
    import ppadb
    import uiautomator2.exceptions as u2

    return {
        # adbutils
        adb_errors.AdbError: _LINK,
        adb_errors.AdbTimeout: _make(DeadlinePassed, "the phone did not answer in time"),
        adb_errors.AdbConnectionError: _make(AdbDown, "the adb server cannot be reached"),
        adb_errors.AdbInstallError: _make(CommandFailed, "the package could not be installed"),
        adb_errors.AdbSyncError: _make(PushFailed, "the file could not be copied"),
        # ppadb
        ppadb.InstallError: _make(CommandFailed, "the package could not be installed"),
        ppadb.ClearError: _make(CommandFailed, "the app's data could not be cleared"),
        # uiautomator2: what concerns its server
        u2.BaseException: _LOST,
        u2.DeviceError: _LOST,
        u2.AdbShellError: _LINK,
        u2.ConnectError: _LINK,
        u2.HTTPError: _LOST,
        u2.HTTPTimeoutError: _make(DeadlinePassed, "the automation server did not answer in time"),
        u2.UiAutomationError: _LOST,
        u2.UiAutomationNotConnectedError: _LOST,
        u2.LaunchUiAutomationError: _make(AutomationLost, "the automation server did not start"),
        u2.AccessibilityServiceAlreadyRegisteredError: _make(
            AutomationLost, "another program holds the phone's automation"
        ),
        u2.RPCInvalidError: _LOST,
        u2.HierarchyEmptyError: _make(AutomationLost, "the phone gave an empty UI tree"),
        u2.RPCStackOverflowError: _LOST,
        # uiautomator2: what concerns the call
        u2.AdbBroadcastError: _REFUSED,
        u2.InputIMEError: _REFUSED,
        u2.InjectPermissionError: _make(InputForbidden, INPUT_FORBIDDEN),
        u2.APKSignatureError: _REFUSED,
        u2.RPCError: _REFUSED,
        u2.RPCUnknownError: _REFUSED,
        u2.NormalError: _REFUSED,
        u2.XPathElementNotFoundError: _REFUSED,
        u2.SessionBrokenError: _make(CommandFailed, "the app has ended"),
        u2.UiObjectNotFoundError: _make(ElementMissing, "the element is not on the screen"),
        u2.AppNotFoundError: _make(CommandFailed, "the app is not installed"),
        # the standard library under them
        TimeoutError: _make(DeadlinePassed, "the phone did not answer in time"),
        OSError: _LINK,
        EOFError: _LINK,
        http.client.HTTPException: _LOST,
        ValueError: _LOST,  # broken JSON and UTF-8
        struct.error: _LINK,
        RuntimeError: _LINK,  # ppadb's only error
        AssertionError: _LOST,  # adbutils and uiautomator2 check answers by assert
        subprocess.SubprocessError: _make(AdbDown, "the adb program failed"),
    }


def translate(error: BaseException, serial: str) -> PhoneError | None:
    """Our exception for a foreign one, or None when it is no failure of a phone (a bug, a stop)."""
    makers = table()
    for kind in type(error).__mro__:
        if kind in makers:
            return makers[kind](f"{type(error).__name__} {error}"[:500].strip(), serial)
    return None


@contextlib.contextmanager
def boundary(serial: str) -> Iterator[None]:
    """Nothing foreign passes: everything that a phone or a library can raise leaves as a PhoneError."""
    try:
        yield
    except PhoneError as error:
        error.serial = error.serial or serial
        raise
    except Exception as error:
        ours = translate(error, serial)
        if ours is None:
            raise
        raise ours from error
