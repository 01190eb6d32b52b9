"""What can go wrong with a phone, in our own words; every foreign exception is turned into one of these.

PhoneError
 +-- AdbDown               the adb server does not answer
 +-- PhoneOffline          the phone is not connected, or its link was lost
 +-- PhoneUnauthorized     the phone has not accepted this box's adb key
 +-- DeadlinePassed        a call did not end in its time
 +-- AutomationLost        the automation server on the phone does not answer
 |    +-- TapUncertain     ... after an irreversible tap was sent: it may or may not have worked
 +-- CommandFailed         the phone refused what it was asked to do, or its shell broke off
 |    +-- ElementMissing   ... because what was to be touched is not on the screen
 +-- PushFailed            a file did not arrive whole
 |    +-- PhoneStorageFull
 +-- AppMissing            the app is not installed
 +-- InputForbidden        the phone refuses touches and keys from a program
 +-- PhoneNotReady         locked, in a call, too hot, battery too low
StopRequested              a caller asked this attempt to stop (not a failure)
LeaseLost                  the attempt no longer owns its phone (not a failure of the phone)
"""

from __future__ import annotations

from jobs.input.outside_text import sentence
from storage.error_codes import ErrorCode


class PhoneError(Exception):
    """Something about a phone failed. `serial` names it; `passing` says whether trying again can help.

    Only its subclasses are raised: each has a code that says what happened.

    The message may hold what the phone said: whatever that is, it becomes one line of bounded length.
    """

    code = ErrorCode.INTERNAL
    passing = True

    def __init_subclass__(cls) -> None:
        if "code" in vars(cls):
            cls.passing = cls.code.retryable

    def __init__(self, message: str, *, serial: str = "", passing: bool | None = None) -> None:
        super().__init__(sentence(message))
        self.serial = serial
        if passing is not None:
            self.passing = passing


class AdbDown(PhoneError):
    """The adb server does not answer."""

    code = ErrorCode.DEVICE_OFFLINE


class PhoneOffline(PhoneError):
    """The phone is not connected, or its link was lost."""

    code = ErrorCode.DEVICE_OFFLINE


class PhoneUnauthorized(PhoneError):
    """The phone has not accepted this box's adb key."""

    code = ErrorCode.UNAUTHORIZED


class DeadlinePassed(PhoneError):
    """A call did not end in its time."""

    code = ErrorCode.DEVICE_TIMEOUT


class AutomationLost(PhoneError):
    """The automation server on the phone does not answer."""

    code = ErrorCode.AUTOMATION_LOST


class TapUncertain(AutomationLost):
    """The connection broke after an irreversible tap was sent: it may or may not have worked."""

    passing = False


class CommandFailed(PhoneError):
    """The phone refused what it was asked to do; `output` is what its command printed, `exit_code` the status."""

    code = ErrorCode.COMMAND_FAILED

    def __init__(
        self, message: str, *, serial: str = "", output: str = "", exit_code: int | None = None
    ) -> None:
        super().__init__(message, serial=serial)
        self.output = output
        self.exit_code = exit_code


class ElementMissing(CommandFailed):
    """What was to be touched, or was to take a text, is not on the screen by now."""


class PushFailed(PhoneError):
    """A file did not arrive whole on the phone."""

    code = ErrorCode.PUSH_FAILED


class PhoneStorageFull(PushFailed):
    """The phone has no room for the file."""

    code = ErrorCode.DEVICE_STORAGE_FULL


class AppMissing(PhoneError):
    """The app is not installed on the phone."""

    code = ErrorCode.APP_MISSING


class InputForbidden(PhoneError):
    """The phone refuses touches and keys from a program; nothing was touched. A person must change a setting."""

    code = ErrorCode.INPUT_FORBIDDEN


class PhoneNotReady(PhoneError):
    """The phone is locked, in a call, too hot, or its battery is too low."""

    code = ErrorCode.DEVICE_NOT_READY


class StopRequested(Exception):
    """The attempt was asked to stop; `reason` is "request" or "shutdown"."""

    def __init__(self, reason: str = "request") -> None:
        super().__init__(f"stopped by {reason}")
        self.reason = reason


class LeaseLost(Exception):
    """The attempt no longer owns its task or its phone and must do nothing more."""
