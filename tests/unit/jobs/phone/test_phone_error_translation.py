from __future__ import annotations

import http.client
import inspect
import json
import re
import subprocess

import adbutils.errors
import ppadb
import ppadb.client
import pytest
import uiautomator2.exceptions

from jobs.phone.error_translation import boundary, table, translate
from jobs.phone.errors import (
    AdbDown,
    AutomationLost,
    CommandFailed,
    DeadlinePassed,
    InputForbidden,
    PhoneError,
    PhoneOffline,
    StopRequested,
)
from storage.error_codes import ErrorCode
from tests.unit.test_import_rules import modules


def _exceptions(module: object) -> list[type[Exception]]:
    return [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == module.__name__  # type: ignore[attr-defined]
    ]


LIBRARIES = [adbutils.errors, uiautomator2.exceptions, ppadb]


@pytest.mark.parametrize("kind", [kind for library in LIBRARIES for kind in _exceptions(library)])
def test_every_exception_of_every_library_has_a_place_of_its_own(kind: type[Exception]) -> None:
    assert kind in table(), f"{kind.__module__}.{kind.__name__} is new: decide what it means"


def _kinds(kind: type[PhoneError]) -> list[type[PhoneError]]:
    return [kind, *(further for below in kind.__subclasses__() for further in _kinds(below))]


@pytest.mark.parametrize("kind", _kinds(PhoneError)[1:])
def test_no_failure_of_a_phone_is_called_a_fault_of_the_daemon(kind: type[PhoneError]) -> None:
    assert kind.code is not ErrorCode.INTERNAL


def test_the_failure_without_a_code_of_its_own_is_never_raised() -> None:
    made = [
        path
        for path in modules("jobs")
        if re.search(r"raise PhoneError\(|return PhoneError\(", path.read_text("utf-8"))
    ]
    assert made == []


@pytest.mark.parametrize("kind", sorted(table(), key=str))
def test_every_entry_makes_a_typed_error_with_the_serial_and_the_reason(kind: type[BaseException]) -> None:
    error = kind.__new__(kind)
    error.args = ("the reason",)
    if isinstance(error, adbutils.errors.AdbInstallError):
        error.output = "the reason"
    ours = translate(error, "SERIAL")
    assert isinstance(ours, PhoneError)
    assert ours.serial == "SERIAL"
    assert str(ours)
    assert ours.passing or isinstance(ours, InputForbidden)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionResetError("x"), PhoneOffline),
        (BrokenPipeError("x"), PhoneOffline),
        (TimeoutError("x"), DeadlinePassed),
        (http.client.RemoteDisconnected("x"), PhoneOffline),
        (http.client.BadStatusLine("x"), AutomationLost),
        (http.client.IncompleteRead(b""), AutomationLost),
        (json.JSONDecodeError("x", "", 0), AutomationLost),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "x"), AutomationLost),
        (adbutils.errors.AdbInstallError("Failure [INSTALL_FAILED_X]"), CommandFailed),
        (subprocess.TimeoutExpired("adb", 20), AdbDown),
        (RuntimeError("ERROR: '' "), PhoneOffline),
        (EOFError("Expected 4 bytes, got 0"), PhoneOffline),
    ],
)
def test_what_the_libraries_let_escape_is_understood(error: Exception, kind: type[PhoneError]) -> None:
    ours = translate(error, "S")
    assert type(ours) is kind


def test_the_boundary_lets_our_own_errors_and_bugs_through() -> None:
    for error in (StopRequested(), KeyError("bug"), TypeError("bug")):
        with pytest.raises(type(error)), boundary("S"):
            raise error
    with pytest.raises(PhoneOffline) as caught, boundary("S"):
        raise PhoneOffline("gone")
    assert caught.value.serial == "S"
    with pytest.raises(AutomationLost), boundary("S"):
        raise uiautomator2.exceptions.HTTPError("500")
