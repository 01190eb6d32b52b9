"""What others are shown of a phone: the state that follows from all that is known of it, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from jobs.phone.inventory.record import Entry
from jobs.phone.protocol import NO_IDENTITY, PhoneInfo, PhoneState

#: A phone that takes longer to start hangs (ADB-14).
BOOT_LIMIT_S = 300.0


def tells(serial: str, identity: str) -> bool:
    """Whether a serial is an address of the network, at which another phone may answer tomorrow, and the phone says which it is."""
    return ":" in serial and identity not in NO_IDENTITY


def second_ways(entries: Iterable[Entry]) -> dict[str, str]:
    """Serials that are a second way to a phone, with the serial by which it is better reached (ADB-10)."""
    best: dict[str, Entry] = {}
    twins = {}
    for entry in entries:
        identity = entry.facts.identity
        if not entry.verified or entry.listed is None or identity in NO_IDENTITY:
            continue
        other = best.setdefault(identity, entry)
        if other is entry:
            continue
        usb_first = entry if entry.listed.usb_path and not (other.listed and other.listed.usb_path) else other
        twins[(entry if usb_first is other else other).serial] = usb_first.serial
        best[identity] = usb_first
    return twins


class ServerView(NamedTuple):
    """What counts for all phones of one adb server."""

    name: str
    up: bool  #: it answers
    why: str  #: why it does not
    identities: Mapping[str, str]  #: what phones on the network said of themselves first, by serial

    def shown(self, entry: Entry, twin: str, wall: float) -> PhoneInfo:
        """A phone as it is now; `twin` is the serial by which it is better reached, `wall` the wall time."""
        state, detail = self._state(entry, twin)
        old, facts, listed = entry.info, entry.facts, entry.listed
        return PhoneInfo(
            serial=entry.serial,
            state=state,
            detail=detail,
            since=old.since if state is old.state else wall,
            generation=entry.generation,
            model=facts.model or (listed.model if listed else "") or old.model,
            android=facts.android or old.android,
            sdk=facts.sdk or old.sdk,
            battery_percent=facts.battery.percent,
            battery_celsius=facts.battery.celsius,
            usb_path=listed.usb_path if listed else old.usb_path,
            identity=facts.identity or old.identity,
            last_seen=entry.last_seen,
            adb_server=self.name,
        )

    def _state(self, entry: Entry, twin: str) -> tuple[PhoneState, str]:
        listed = entry.listed
        if not self.up:
            return PhoneState.ADB_DOWN, self.why
        if entry.care.gave_up and not entry.verified:
            return PhoneState.NEEDS_HANDS, entry.care.advice
        may_start = listed is None or listed.state in {PhoneState.OFFLINE, PhoneState.DEVICE}
        if entry.starts_too_long and may_start:
            return (
                PhoneState.NEEDS_HANDS,
                f"it was restarted over {BOOT_LIMIT_S / 60:.0f} minutes ago and did not come back",
            )
        if entry.rebooting and may_start:
            return PhoneState.OFFLINE, "the phone is starting"
        if entry.complaint:
            return PhoneState.NEEDS_HANDS, entry.complaint
        if listed is None:
            return PhoneState.ABSENT, "not connected"
        if listed.state is not PhoneState.DEVICE:
            return listed.state, listed.detail
        if not entry.verified:
            ghost = "adb lists the phone, but it does not answer"
            return PhoneState.OFFLINE, ghost if entry.misses else "just connected, being checked"
        if twin:
            return PhoneState.DUPLICATE, f"the same phone is connected as {twin}, which is used"
        before, identity = self.identities.get(entry.serial, ""), entry.facts.identity
        if before and tells(entry.serial, identity) and identity != before:
            return (
                PhoneState.NEEDS_HANDS,
                f"another phone answers here: {identity}, before it was {before}; give each an address, or resume it",
            )
        return PhoneState.DEVICE, ""
