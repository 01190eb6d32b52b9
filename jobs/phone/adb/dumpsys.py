"""What Android's commands print, as values. The formats differ between versions: every parser knows several."""

from __future__ import annotations

import re
from typing import NamedTuple

SYSTEM_UI = "com.android.systemui"

# `mCurrentFocus=Window{4c8a1f0 u0 com.instagram.android/com.instagram.mainactivity.InstagramMainActivity}`
_FOCUS = re.compile(r"mCurrentFocus=Window\{\S+\s+(?:u\d+\s+)?([^}\n]+?)\}")
# mFocusedApp=ActivityRecord{...}, AppWindowToken{... ActivityRecord{...}}; mResumedActivity: (8-9),
# topResumedActivity= (10+), ResumedActivity: (11+).
_ACTIVITY = re.compile(
    r"(?:mFocusedApp=|mResumedActivity[:=]\s*|topResumedActivity[:=]\s*|\bResumedActivity[:=]\s*)"
    r".*?ActivityRecord\{\S+\s+(?:u\d+\s+)?([\w.]+)/"
)
_SYSTEM_WINDOWS = ("StatusBar", "NotificationShade", "Keyguard", "Bouncer", "VolumeDialog", "GlobalActions")

_PROPERTY = re.compile(r"^\[([^\]]*)\]: \[(.*?)\]\s*$", re.MULTILINE | re.DOTALL)
_LEVEL = re.compile(r"^\s*level:\s*(-?\d+)", re.MULTILINE)
_SCALE = re.compile(r"^\s*scale:\s*(\d+)", re.MULTILINE)
_TEMPERATURE = re.compile(r"^\s*temperature:\s*(-?\d+)", re.MULTILINE)
_WAKEFULNESS = re.compile(r"mWakefulness=(\w+)")
_SCREEN = re.compile(r"(?:mScreenOn=|Display Power: state=)(\w+)")
_KEYGUARD = re.compile(
    r"(?:^\s*showing=|mIsShowing=|mShowingLockscreen=|isStatusBarKeyguard=|mKeyguardShowing=|keyguardShowing=)"
    r"(true|false)",
    re.MULTILINE,
)
_CALL = re.compile(r"mCallState=(\d+)")
_VERSION = re.compile(r"^\s*versionName=(\S+)", re.MULTILINE)
_DENIED = re.compile(r"\bandroid\.permission\.([A-Z_]+): granted=false")
_AM_ERROR = re.compile(
    r"^\s*(?:Error(?: type \d+)?:.*|.*Exception(?: occurred|:).*|Activity not started, unable.*)$",
    re.MULTILINE,
)
_COMPONENT = re.compile(r"^\s*([\w.]+/[\w.$]+)\s*$", re.MULTILINE)


class Battery(NamedTuple):
    percent: int | None
    celsius: float | None


def properties(getprop: str) -> dict[str, str]:
    return dict(_PROPERTY.findall(getprop))


def battery(dump: str) -> Battery:
    level, scale, heat = _LEVEL.search(dump), _SCALE.search(dump), _TEMPERATURE.search(dump)
    percent = None
    if level is not None:
        whole = int(scale[1]) if scale and int(scale[1]) else 100
        percent = round(int(level[1]) * 100 / whole)
    return Battery(percent, int(heat[1]) / 10 if heat else None)


def focused_package(dump: str) -> str:
    """The package that owns the focused window; "" when the dump does not tell (U2-18)."""
    for name in _FOCUS.findall(dump):
        package = name.split("/")[0].strip()
        if "/" in name:
            return str(package)
        if name.startswith(_SYSTEM_WINDOWS):
            return SYSTEM_UI
    match = _ACTIVITY.search(dump)
    return match[1] if match else ""


def shade_open(dump: str) -> bool:
    """Whether the notification shade has the focus; on a locked phone the same window is the lock screen."""
    names = _FOCUS.findall(dump)
    return bool(names) and names[-1].startswith(("NotificationShade", "StatusBar"))


def awake(power: str) -> bool | None:
    """Whether the screen is on; None when the dump does not tell."""
    if match := _WAKEFULNESS.search(power):
        return match[1] == "Awake"
    if match := _SCREEN.search(power):
        return match[1] in ("true", "ON")
    return None


def locked(policy: str) -> bool:
    """Whether the keyguard is in front; a dump that does not tell counts as unlocked."""
    return "true" in _KEYGUARD.findall(policy)


def in_call(registry: str) -> bool:
    return any(state != "0" for state in _CALL.findall(registry))


def keyboard_shown(input_method: str) -> bool:
    return "mInputShown=true" in input_method


def version_name(package_dump: str) -> str:
    match = _VERSION.search(package_dump)
    return match[1] if match else ""


def denied(package_dump: str) -> frozenset[str]:
    """The runtime permissions that an app wants and may not use, as short names."""
    return frozenset(_DENIED.findall(package_dump))


def free_bytes(df: str) -> int | None:
    """Available bytes from `df -k`; the line may be broken after a long device name."""
    words = " ".join(df.strip().splitlines()[1:]).split()
    for at, word in enumerate(words):
        if word.endswith("%") and at >= 1 and words[at - 1].isdigit():
            return int(words[at - 1]) * 1024
    return None


def am_error(output: str) -> str:
    """The line with which `am` reports that it did not start what was asked for, "" when it did."""
    match = _AM_ERROR.search(output)
    return match[0].strip() if match else ""


def component(resolved: str) -> str:
    """`package/activity` from `cmd package resolve-activity --brief`, "" when there is none."""
    found = _COMPONENT.findall(resolved)
    return found[-1] if found else ""
