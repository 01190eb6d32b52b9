"""One adb server with all that works for it and for no other: its list of phones, its threads, its places for pushes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from random import Random

from jobs.hub import settings
from jobs.phone.adb.push_gate import PushGate
from jobs.phone.adb.server import AdbServer
from jobs.phone.adb.wire import Grip
from jobs.phone.inventory.record import Sight
from jobs.phone.inventory.roster import Roster
from jobs.phone.inventory.tracker import Tracker
from jobs.phone.link import Route
from jobs.phone.protocol import PhoneInfo, PhoneState, ServerInfo


class OneServer:
    """Nothing here waits for another server's phones."""

    def __init__(
        self,
        name: str,
        adb: settings.Adb,
        grip: Grip,
        *,
        known: Collection[str],
        connect: Collection[str],
        allow_reboot: bool,
        published: Callable[[OneServer], None],
        busy: Callable[[str], bool],
        alone: bool,
        identities: Mapping[str, str],
    ) -> None:
        """`known` and `connect` are serials of phones that it shall have, those to connect to on the network.
        `published(self)` is called when what is known of its phones was brought up to date. `alone`: there is no other.
        `identities`: what phones on the network said of themselves in earlier runs.
        """
        self.name = name
        self._alone = alone
        self.server = AdbServer(adb, grip, name)
        self.roster = Roster(
            known,
            connect,
            wall=grip.clock.now(),
            random=Random(),  # noqa: S311 - jitter
            allow_reboot=allow_reboot,
            server=name,
            identities=identities,
        )
        self.tracker = Tracker(
            self.server,
            self.roster,
            grip,
            published=lambda: published(self),
            busy=busy,
            name="" if alone else name,
        )
        self.gate = PushGate(adb.max_concurrent_pushes)
        self.route = Route(self.server.endpoint, self.gate, self.tracker.suspect, self.tracker.submit)

    def sights(self) -> dict[str, Sight]:
        """Its phones as it shows them; on the tracker's thread."""
        return {serial: entry.sight for serial, entry in self.roster.entries.items()}

    @property
    def problem(self) -> str:
        """Why none of its phones can be reached; "" while it answers."""
        return "" if self.roster.adb_up else self.roster.adb_why

    def health(self, stale_s: float, phones: Collection[PhoneInfo]) -> list[str]:
        """Reasons why not all is well, as sentences; `phones` are all of the hub."""
        reasons = self.server.health()
        if self.tracker.age_s > stale_s:
            reasons.append(
                f"the thread {self.tracker.thread_name} has not come round for {self.tracker.age_s:.0f} s"
            )
        if self.problem:
            reasons.append(f"adb: {self.problem}" if self._alone else self.info(phones).sentence)
        where = "" if self._alone else f"adb server {self.name}: "
        return [*reasons, *(f"{where}{warning}" for warning in self.roster.warnings)]

    def info(self, phones: Collection[PhoneInfo]) -> ServerInfo:
        """What there is to say of it, and of those of the hub's phones that are reached through it."""
        own = [phone.state for phone in phones if phone.adb_server == self.name]
        where = self.server.endpoint
        return ServerInfo(
            name=self.name,
            address=f"{where.host}:{where.port}",
            up=self.roster.adb_up,
            why="" if self.roster.adb_up else self.tracker.why,
            since=self.tracker.since,
            phones=len(own),
            usable=own.count(PhoneState.DEVICE),
            pushes=self.gate.taken,
            max_pushes=self.gate.places,
        )
