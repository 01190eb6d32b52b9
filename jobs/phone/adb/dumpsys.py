"""What Android's commands print, as values. The formats differ between versions: every parser knows several.

A pattern holds up the whole hub while it searches. So none may go over the same text again and again, whatever a broken
phone prints: what repeats has a bound, or ends with its line and with the next thing that is looked for.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from jobs.input.outside_text import sentence

#: The longest name of a model has some forty characters.
ONE_LINE_CHARS = 200
SYSTEM_UI = "com.android.systemui"

# `mCurrentFocus=Window{4c8a1f0 u0 com.instagram.android/com.instagram.mainactivity.InstagramMainActivity}`
_FOCUS = re.compile(r"mCurrentFocus=Window\{[^\s{}]{1,60}\s{1,8}(?:u\d{1,9}\s{1,8})?([^}\n]{1,300}?)\}")
# mFocusedApp=ActivityRecord{...}, AppWindowToken{... ActivityRecord{...}}; mResumedActivity: (8-9),
# topResumedActivity= (10+), ResumedActivity: (11+).
_RESUMED = re.compile(r"mFocusedApp=|mResumedActivity[:=]|topResumedActivity[:=]|\bResumedActivity[:=]")
_ACTIVITY = re.compile(r"ActivityRecord\{[^\s{}]{1,60}\s{1,8}(?:u\d{1,9}\s{1,8})?([\w.]{1,300})/")
_SYSTEM_WINDOWS = ("StatusBar", "NotificationShade", "Keyguard", "Bouncer", "VolumeDialog", "GlobalActions")

#: Blanks before the first word of a line; they do not reach over its end.
_INDENT = r"^[^\S\n]*"
_LEVEL = re.compile(_INDENT + r"level:[^\S\n]{0,8}(-?\d{1,9})", re.MULTILINE)
_SCALE = re.compile(_INDENT + r"scale:[^\S\n]{0,8}(\d{1,9})", re.MULTILINE)
_TEMPERATURE = re.compile(_INDENT + r"temperature:[^\S\n]{0,8}(-?\d{1,9})", re.MULTILINE)
_WAKEFULNESS = re.compile(r"mWakefulness=(\w+)")
_SCREEN = re.compile(r"(?:mScreenOn=|Display Power: state=)(\w+)")
_KEYGUARD = re.compile(
    rf"(?:{_INDENT}showing=|mIsShowing=|mShowingLockscreen=|isStatusBarKeyguard=|mKeyguardShowing=|keyguardShowing=)"
    r"(true|false)",
    re.MULTILINE,
)
_CALL = re.compile(r"mCallState=(\d+)")
_VERSION = re.compile(_INDENT + r"versionName=(\S{1,100})", re.MULTILINE)
_DENIED = re.compile(r"\bandroid\.permission\.([A-Z_]+): granted=false")
_AM_ERROR = re.compile(
    rf"{_INDENT}(?:Error(?: type \d{{1,9}})?:.*|Activity not started, unable.*)$"
    r"|^.*Exception(?: occurred|:).*$",
    re.MULTILINE,
)
_COMPONENT = re.compile(_INDENT + r"([\w.]+/[\w.$]+)[^\S\n]*$", re.MULTILINE)


class Battery(NamedTuple):
    percent: int | None
    celsius: float | None


def properties(getprop: str) -> dict[str, str]:
    """What `getprop` lists, as `[name]: [value]`; a value goes on over lines until one ends in a bracket."""
    found: dict[str, str] = {}
    name = ""
    value: list[str] = []
    for line in getprop.split("\n"):
        if value:
            value.append(line)
        else:
            head, begun, rest = line.partition("]: [")
            if not begun or not head.startswith("["):
                continue
            name, value = head[1:], [rest]
        last = value[-1].rstrip()
        if last.endswith("]"):
            found[name] = "\n".join([*value[:-1], last[:-1]])
            value = []
    return found


def one_line(text: str) -> str:
    """What a phone or an adb server says, as it may stand in a list and in the log: one line of bounded length."""
    return sentence(text.strip(), ONE_LINE_CHARS)


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
    for line in dump.split("\n"):
        resumed = _RESUMED.search(line)
        if resumed and (match := _ACTIVITY.search(line, resumed.end())):
            return str(match[1])
    return ""


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
    return one_line(match[1]) if match else ""


def denied(package_dump: str) -> frozenset[str]:
    """The runtime permissions that an app wants and may not use, as short names."""
    return frozenset(_DENIED.findall(package_dump))


def free_bytes(df: str) -> int | None:
    """Available bytes from `df -k`; the line may be broken after a long device name."""
    words = " ".join(df.strip().splitlines()[1:]).split()
    for at, word in enumerate(words):
        if word.endswith("%") and at >= 1 and words[at - 1].isdecimal():
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


def offline(text: str) -> bool:
    """Whether a phone has no network at all, from `dumpsys connectivity`; False where that does not say so.

    A tunnel alone, such as one over USB, is no default network, but it is listed.
    """
    _, _, rest = text.partition("Active default network: ")
    default, listed, networks = rest.partition("Current Networks:")
    if not default.startswith("none") or not listed:
        return False
    for line in networks.splitlines():
        if line.strip() and not line[:1].isspace():
            break  # the next section
        if "NetworkAgentInfo" in line:
            return False
    return True
