"""Holds the state of every phone and decides which probes and remedies are due; the tracker carries them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import NamedTuple

import msgspec

from jobs.hub.settings import LOCAL_SERVER
from jobs.phone.adb.listing import Listing
from jobs.phone.inventory.record import GHOST_MISSES, Entry, Facts
from jobs.phone.inventory.remedies import Care, Remedy
from jobs.phone.inventory.shown import BOOT_LIMIT_S, ServerView, second_ways, tells
from jobs.phone.protocol import PhoneInfo, PhoneState

#: An idle phone is asked something this often (ADB-12): it keeps the battery's numbers fresh too.
PROBE_EVERY_S = 60.0
#: A phone that did not answer is asked again soon.
PROBE_AGAIN_S = 5.0
#: How often a phone that still starts is asked whether it is done (ADB-14).
BOOT_PROBE_S = 2.0
#: How exactly remedies are on time.
REMEDY_EVERY_S = 1.0
#: How long a phone that a higher layer gave up on is left alone.
COMPLAINT_S = 3600.0
#: Phones of one server, gone ones too: one that makes up serials without end does not fill the memory.
MAX_PHONES = 1_000
#: A phone is restarted at most this often (U2-7).
REBOOT_PAUSE_S = 24 * 3600.0


class Change(NamedTuple):
    """A phone whose public information changed; `lost` when its link went away in between."""

    info: PhoneInfo
    lost: bool


class Roster:
    """Every phone that was named in the config or seen since the start. Not thread-safe: the tracker owns it."""

    def __init__(
        self,
        known: Iterable[str],
        network: Iterable[str],
        *,
        wall: float,
        random: Random,
        allow_reboot: bool = False,
        server: str = LOCAL_SERVER,
        identities: Mapping[str, str] | None = None,
    ) -> None:
        """`server` is the name of the adb server whose phones these are; `identities` what phones on the network said of
        themselves in earlier runs, by serial.
        """
        self._random = random
        self._server = server
        self._allow_reboot = allow_reboot
        self._network = frozenset(network)
        self._identities = dict(identities or {})
        self.entries: dict[str, Entry] = {}
        self.warnings: tuple[str, ...] = ()
        self.adb_up = False
        self.adb_why = "the adb server was not asked yet"
        for serial in (*known, *self._network):
            self._entry(serial, wall)

    def _entry(self, serial: str, wall: float) -> Entry:
        entry = self.entries.get(serial)
        if entry is None:
            care = Care(network=serial in self._network, random=self._random)
            info = PhoneInfo(
                serial=serial,
                state=PhoneState.ABSENT,
                detail="not connected since the start",
                since=wall,
                adb_server=self._server,
            )
            entry = self.entries[serial] = Entry(serial, care, info)
        return entry

    # What the tracker learns

    def adb_down(self, why: str) -> None:
        self.adb_up, self.adb_why = False, why
        for entry in self.entries.values():
            self._unlist(entry)

    def seen(self, listing: Listing, now: float, wall: float) -> None:
        """The adb server's list, just now."""
        self.adb_up = True
        self.warnings = listing.warnings
        new = [serial for serial in listing.phones if serial not in self.entries]
        room = max(0, MAX_PHONES - len(self.entries))
        if len(new) > room:
            self.warnings += (
                f"{MAX_PHONES} phones were seen since the start, which is the limit: {len(new) - room} more are not used",
            )
        for serial in new[:room]:
            self._entry(serial, wall)
        for serial, entry in self.entries.items():
            listed = listing.phones.get(serial)
            if listed is None or listed.state is not PhoneState.DEVICE:
                self._unlist(entry)
            elif (
                entry.listed is None
                or entry.listed.state is not PhoneState.DEVICE
                or entry.listed.transport_id != listed.transport_id
            ):
                self._unlist(entry)
                entry.complaint = ""
                entry.next_probe_at = now
            entry.listed = listed
            if listed is not None:
                entry.last_seen = wall
            if listed is None and not entry.care_wanted(self._network):
                entry.care.good()

    def _unlist(self, entry: Entry) -> None:
        if entry.verified:
            entry.generation += 1
        entry.verified = False
        entry.listed = None
        entry.misses = 0
        entry.reboot_wanted = ""

    def answered(self, serial: str, generation: int, facts: Facts, now: float) -> None:
        """A probe succeeded; ignored when the link was lost since it began."""
        entry = self.entries[serial]
        entry.probing = False
        if entry.generation != generation or entry.listed is None:
            return
        entry.misses = 0
        entry.care.good()
        if not facts.booted:
            entry.starts(now)
            entry.next_probe_at = now + BOOT_PROBE_S
            return
        entry.verified = True
        entry.is_up()
        entry.facts = facts
        if tells(serial, facts.identity):
            self._identities.setdefault(serial, facts.identity)
        entry.next_probe_at = now + PROBE_EVERY_S

    def missed(self, serial: str, generation: int, now: float) -> None:
        """A probe failed."""
        entry = self.entries[serial]
        entry.probing = False
        if entry.generation != generation:
            return
        entry.misses += 1
        entry.next_probe_at = now + PROBE_AGAIN_S
        if entry.verified and entry.misses >= GHOST_MISSES:
            entry.verified = False
            entry.generation += 1

    def suspect(self, serial: str, now: float) -> None:
        """A session had trouble: ask the phone now."""
        if serial in self.entries:
            self.entries[serial].next_probe_at = now

    def gave_up(self, serial: str, why: str, now: float) -> None:
        """A higher layer cannot use this phone: restart it where that is allowed, else a person must look."""
        entry = self.entries.get(serial)
        if entry is None:
            return
        rested = entry.rebooted_at is None or now - entry.rebooted_at >= REBOOT_PAUSE_S
        if self._allow_reboot and rested:
            entry.reboot_wanted = why
        else:
            self.complain(serial, why, now)

    def complain(self, serial: str, why: str, now: float) -> None:
        """A person must look at this phone; no restart would help."""
        entry = self.entries.get(serial)
        if entry is not None:
            entry.complaint, entry.complaint_until = why, now + COMPLAINT_S

    def forgiven(self, serial: str, now: float) -> None:
        """A person was at the phone: it is used and cared for as if nothing had been."""
        entry = self.entries.get(serial)
        if entry is None:
            return
        entry.complaint = entry.reboot_wanted = ""
        if tells(serial, entry.facts.identity):
            self._identities[serial] = entry.facts.identity
        entry.is_up()
        entry.care.good()
        entry.next_probe_at = now

    # What follows

    @property
    def listed(self) -> int:
        """How many phones stand in the server's list."""
        return sum(entry.listed is not None for entry in self.entries.values())

    @property
    def settled(self) -> bool:
        """Every phone that is listed as a device was asked at least once."""
        return all(
            entry.verified or entry.misses or entry.rebooting
            for entry in self.entries.values()
            if entry.listed is not None and entry.listed.state is PhoneState.DEVICE
        )

    def due_probes(self, now: float) -> Iterator[Entry]:
        for entry in self.entries.values():
            listed = entry.listed
            if (
                listed is not None
                and listed.state is PhoneState.DEVICE
                and not entry.probing
                and entry.next_probe_at <= now
            ):
                yield entry

    def next_due(self, now: float) -> float:
        """When to look at `due_probes` and `due_remedies` again."""
        due = now + PROBE_EVERY_S
        for entry in self.entries.values():
            if entry.care_wanted(self._network) or entry.reboot_wanted or entry.rebooting or entry.complaint:
                due = min(due, now + REMEDY_EVERY_S)
            if entry.listed is not None and entry.listed.state is PhoneState.DEVICE and not entry.probing:
                due = min(due, entry.next_probe_at)
        return due

    def due_remedies(self, now: float, busy: Callable[[str], bool]) -> Iterator[tuple[Entry, Remedy]]:
        """`busy(serial)` says whether a session holds the phone, which is then not restarted.

        One at a time for each phone: the next is due only after `mended`.
        """
        if not self.adb_up:
            return
        for entry in self.entries.values():
            if entry.complaint and now >= entry.complaint_until:
                entry.complaint = ""
            if entry.starting_since is not None and now - entry.starting_since > BOOT_LIMIT_S:
                entry.starts_too_long = True
            if entry.reboot_wanted and not busy(entry.serial):
                entry.reboot_wanted = ""
                entry.is_up()
                entry.starts(now)
                entry.rebooted_at = now
                yield entry, Remedy.REBOOT
            elif self.still_ill(entry.serial) and not entry.mending:
                remedy = entry.care.bad(now)
                if remedy is not Remedy.NOTHING:
                    entry.mending = True
                    yield entry, remedy

    def still_ill(self, serial: str) -> bool:
        """Whether the phone still needs its remedy: it may have come back by itself meanwhile. From any thread."""
        return self.entries[serial].care_wanted(self._network)

    def mended(self, serial: str) -> None:
        """A remedy is over, whatever came of it."""
        self.entries[serial].mending = False

    def changes(self, wall: float) -> list[Change]:
        """Bring every phone's public information up to date; the phones for which that changed anything."""
        changed = []
        server = ServerView(self._server, self.adb_up, self.adb_why, self._identities)
        twins = second_ways(self.entries.values())
        for entry in self.entries.values():
            info = server.shown(entry, twins.get(entry.serial, ""), wall)
            if info != entry.info:
                lost = info.generation != entry.info.generation
                silent = msgspec.structs.replace(info, last_seen=entry.info.last_seen) == entry.info
                entry.info = info
                if not silent:
                    changed.append(Change(info, lost))
        return changed
