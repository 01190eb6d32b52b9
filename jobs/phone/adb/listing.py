"""What `adb devices -l` says, as values; nothing of it is trusted before it was parsed here."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple

from jobs.phone.adb.dumpsys import one_line
from jobs.phone.protocol import PhoneState

#: The adb server's words for a phone's state (adb's ConnectionState).
_STATES = frozenset(
    (
        "device", "offline", "unauthorized", "authorizing", "connecting", "bootloader", "recovery", "sideload", "rescue",
        "host", "noperm", "detached", "unknown",
    )
)  # fmt: skip
#: The one state of several words; why, and what to do, follows it.
_NO_PERMISSIONS = re.compile(r"\sno permissions")
_FACT = re.compile(r"([a-z_]+):(\S*)")
#: No line of a server that works is longer; what a line holds is looked at as a whole, and may not hold up the hub.
_LONGEST_LINE = 1024
#: More of them say nothing new.
_MOST_WARNINGS = 20
#: A maker's serial, a name of mDNS, HOST:PORT, or [IPV6]:PORT.
_SERIAL = re.compile(r"^(?:[A-Za-z0-9]|\[[0-9A-Fa-f:])[\w.:()\[\]%@ -]{0,127}$")

_SENTENCES = {
    "offline": "adb lists the phone as offline",
    "authorizing": "the phone is being asked to accept this box",
    "connecting": "adb is connecting to the phone",
    "bootloader": "the phone is in its boot loader",
    "recovery": "the phone is in recovery mode",
    "sideload": "the phone is in sideload mode",
    "rescue": "the phone is in rescue mode",
}


class Listed(NamedTuple):
    """One line of the list."""

    serial: str
    state: PhoneState
    detail: str = ""
    usb_path: str = ""
    transport_id: str = ""
    model: str = ""


class Listing(NamedTuple):
    """The whole list: phones by serial, and what is wrong with lines that are no phones (ADB-8)."""

    phones: dict[str, Listed]
    warnings: tuple[str, ...] = ()


class _Parts(NamedTuple):
    """What stands in one line."""

    serial: str
    state: str
    facts: dict[str, str]


def parse(text: str) -> Listing:
    """Parse the answer to `host:devices-l`; two lines with one serial become one quarantined phone (ADB-9)."""
    found: dict[str, list[Listed]] = defaultdict(list)
    warnings: list[str] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        parts = _take_apart(line)
        if parts is None:
            warnings.append(f"adb lists a device in a way that is not understood: {line.strip()[:120]!r}")
            continue
        serial, facts, state = parts.serial, parts.facts, _state(parts.state)
        place = f" on USB path {facts['usb']}" if facts.get("usb") else ""
        if not _SERIAL.match(serial):
            warnings.append(
                f"a device{place} has no usable serial: the udev rule is missing or has not been applied to it"
                if state is PhoneState.NO_PERMISSIONS
                else f"a device{place} reports the impossible serial {serial[:40]!r}"
            )
            continue
        found[serial].append(
            Listed(
                serial,
                state,
                _detail(state, parts.state),
                one_line(facts.get("usb", "")),
                one_line(facts.get("transport_id", "")),
                one_line(facts.get("model", "").replace("_", " ")),
            )
        )
    if len(warnings) > _MOST_WARNINGS:
        warnings[_MOST_WARNINGS:] = [
            f"adb lists {len(warnings) - _MOST_WARNINGS} more devices that cannot be used"
        ]
    return Listing({serial: _one(lines) for serial, lines in found.items()}, tuple(warnings))


def _take_apart(line: str) -> _Parts | None:
    """Serial, state and facts, from the end: the serial alone may be anything. None for what is no such line."""
    rest = line.strip()
    if len(rest) > _LONGEST_LINE:
        return None
    facts: list[tuple[str, str]] = []
    while True:
        words = rest.rsplit(None, 1)
        if len(words) < 2:
            return None
        fact = _FACT.fullmatch(words[1])
        if fact is None:
            break
        facts.append((fact[1], fact[2]))
        rest = words[0]
    serial, state = words
    if denied := _NO_PERMISSIONS.search(rest):
        serial, state = rest[: denied.start()].rstrip(), rest[denied.start() + 1 :]
    elif state not in _STATES:
        return None
    return _Parts(serial, state, dict(reversed(facts)))


def _state(word: str) -> PhoneState:
    if word == "device":
        return PhoneState.DEVICE
    if word == "unauthorized":
        return PhoneState.UNAUTHORIZED
    if word.startswith("no"):
        return PhoneState.NO_PERMISSIONS
    return PhoneState.OFFLINE


def _detail(state: PhoneState, word: str) -> str:
    if state is PhoneState.UNAUTHORIZED:
        return "the phone has not accepted this box: unlock it and confirm the question about USB debugging"
    if state is PhoneState.NO_PERMISSIONS:
        return "the udev rule for this phone is missing, so adb may not open it"
    if state is PhoneState.DEVICE:
        return ""
    return _SENTENCES.get(word, f"adb says {word!r}")


def _one(lines: list[Listed]) -> Listed:
    if len(lines) == 1:
        return lines[0]
    paths = ", ".join(line.usb_path or "?" for line in lines)
    return lines[0]._replace(
        state=PhoneState.DUPLICATE,
        detail=f"{len(lines)} phones report this serial (USB paths {paths}); none of them is used",
        usb_path=paths,
    )
