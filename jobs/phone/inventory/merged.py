"""One list of phones out of the lists of all adb servers: which server each phone is reached through, and who is no one phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from jobs.phone.inventory.record import Sight
from jobs.phone.inventory.roster import Change
from jobs.phone.protocol import NO_IDENTITY, PhoneInfo, PhoneState


class _Way(NamedTuple):
    """How a phone was reached last."""

    server: int
    doubled: bool  #: two phones answered to the serial
    offset: int  #: what is added to that server's generations, so that those of the phone only grow


class Merged:
    """Not thread-safe. A phone is known by its serial, through whichever server it comes."""

    def __init__(self, names: Sequence[str], busy: Callable[[str], bool]) -> None:
        """`names` of the servers, the preferred one first; `busy(serial)` says whether a session holds the phone."""
        self._names = names
        self._busy = busy
        self._sights: list[Mapping[str, Sight]] = [{} for _ in names]
        self._ways: dict[str, _Way] = {}
        self._waiting: set[str] = set()  #: have a better way, which is taken once no session uses them
        self._plain: dict[str, PhoneInfo] = {}  #: without the phones that are known under two serials
        self.infos: dict[str, PhoneInfo] = {}

    def update(self, server: int, sights: Mapping[str, Sight], wall: float) -> list[Change]:
        """What one server shows now. The phones whose public information that changes; `infos` is another dict then."""
        before = self._sights[server]
        self._sights[server] = sights
        stale = {serial for serial, sight in sights.items() if _differ(sight, before.get(serial))}
        stale |= self._waiting
        if not stale:
            return []
        for serial in stale:
            self._plain[serial] = self._one(serial, wall)
        after = {**self._plain, **self._twins(wall)}
        changes = []
        for serial, info in after.items():
            old = self.infos.get(serial)
            if info is old:
                continue
            if old is None:
                changes.append(Change(info, lost=False))
            elif replace(info, last_seen=old.last_seen) != old:
                changes.append(Change(info, lost=info.generation != old.generation))
        self.infos = after
        return changes

    def _one(self, serial: str, wall: float) -> PhoneInfo:
        """One phone, through the server that it is best reached through."""
        seen = {number: sights[serial] for number, sights in enumerate(self._sights) if serial in sights}
        there = {number: sight for number, sight in seen.items() if sight.listed}
        way = self._ways.get(serial)
        self._waiting.discard(serial)
        doubt = ""
        if len(seen) > 1 and there:
            doubt = self._doubt(there)
            number = self._best(serial, there, way)
        else:
            number = way.server if way is not None else min(seen)
        info = seen[number].info
        if doubt:
            info = self._doubled(serial, info, doubt, wall)
        offset = 0 if way is None else way.offset
        if way is not None and (way.server, way.doubled) != (number, bool(doubt)):
            offset = self._plain[serial].generation + 1 - info.generation
        self._ways[serial] = _Way(number, bool(doubt), offset)
        return replace(info, generation=info.generation + offset) if offset else info

    def _doubt(self, there: Mapping[int, Sight]) -> str:
        """Why what several servers list under one serial is more than one phone; "" when it may be one."""
        if len(there) < 2:
            return ""
        where = " and ".join(self._names[number] for number in there)
        if any(sight.doubled for sight in there.values()):
            return f"several phones report this serial, to the adb servers {where}; none of them is used"
        if sum(bool(sight.info.usb_path) for sight in there.values()) > 1:
            return f"two phones report this serial, by USB to the adb servers {where}; none of them is used"
        said = [sight.info.identity for sight in there.values() if sight.answers]
        if len(said) > 1 and (len(set(said)) > 1 or said[0] in NO_IDENTITY):
            return f"two phones report this serial, to the adb servers {where}; none of them is used"
        return ""

    def _best(self, serial: str, there: Mapping[int, Sight], way: _Way | None) -> int:
        """The server to use: whose phone answers, by USB before the network, the preferred one first."""

        def rank(number: int) -> tuple[bool, bool, bool, int]:
            sight = there[number]
            usable = sight.info.state is PhoneState.DEVICE
            return not usable, not sight.answers, not sight.info.usb_path, number

        best = min(there, key=rank)
        if way is None or way.server == best or way.server not in there:
            return best
        if rank(way.server)[:2] == rank(best)[:2] and self._busy(serial):
            self._waiting.add(serial)  # a session that works is not cut for a better way
            return way.server
        return best

    def _twins(self, wall: float) -> dict[str, PhoneInfo]:
        """Phones that another server has under another serial, which is used (ADB-10); of one server, it says so itself."""
        if len(self._names) == 1:
            return {}
        best: dict[str, PhoneInfo] = {}
        twins = {}
        usable = [info for info in self._plain.values() if info.state is PhoneState.DEVICE]
        for info in sorted(usable, key=lambda one: (not one.usb_path, self._ways[one.serial].server)):
            if info.identity in NO_IDENTITY:
                continue
            used = best.setdefault(info.identity, info)
            if used is not info:
                why = f"the same phone is connected as {used.serial} to the adb server {used.adb_server}, which is used"
                twins[info.serial] = self._doubled(info.serial, info, why, wall)
        return twins

    def _doubled(self, serial: str, info: PhoneInfo, why: str, wall: float) -> PhoneInfo:
        old = self.infos.get(serial)
        since = old.since if old is not None and old.state is PhoneState.DUPLICATE else wall
        return replace(info, state=PhoneState.DUPLICATE, detail=why, since=since)


def _differ(new: Sight, old: Sight | None) -> bool:
    return old is None or new.info is not old.info or new[1:] != old[1:]
