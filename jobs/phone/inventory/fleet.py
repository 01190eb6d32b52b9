"""Every phone of the hub: which are there, in which state; opens sessions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping, Sequence

from jobs.hub import settings
from jobs.hub.clock import Clock, Deadline
from jobs.hub.supervision import STALE_S
from jobs.phone.adb.client import AdbClient, AdbPhone
from jobs.phone.adb.wire import Grip
from jobs.phone.error_translation import boundary
from jobs.phone.errors import AdbDown, PhoneError, PhoneOffline, PhoneUnauthorized, StopRequested
from jobs.phone.inventory.losses import Lost
from jobs.phone.inventory.merged import Merged
from jobs.phone.inventory.one_server import OneServer
from jobs.phone.inventory.roster import Change
from jobs.phone.link import Link
from jobs.phone.protocol import PhoneInfo, PhoneListener, PhoneState, ServerInfo
from jobs.phone.screen.launch import OutputPump
from jobs.phone.screen.screenshot import Pictures, capture
from jobs.phone.session import Session

log = logging.getLogger(__name__)

#: A picture this young is as good as a new one.
PICTURE_FRESH_S = 2.0
PICTURE_TIMEOUT_S = 5.0
#: How long a loss stays in the health report.
LOSS_SHOWN_S = 600.0

_UNWELL = frozenset(
    {PhoneState.DUPLICATE, PhoneState.NO_PERMISSIONS, PhoneState.UNAUTHORIZED, PhoneState.NEEDS_HANDS}
)


class Fleet:
    """`jobs.phone.protocol.Phones` over one adb server or several."""

    def __init__(
        self,
        adb: settings.Adb,
        phones: settings.Phones,
        clock: Clock,
        *,
        further: Sequence[settings.AdbServerEntry] = (),
        homes: Mapping[str, str] | None = None,
        identities: Mapping[str, str] | None = None,
        tidies: bool = False,
    ) -> None:
        """`further` are adb servers beside `adb`, `homes` the serials that they had, each with the name of its server;
        `identities` what phones on the network said of themselves in earlier runs, by serial.
        `tidies`: phones that appear get back what an earlier run left changed; for the daemon alone, since a command
        beside it knows nothing of its attempts.
        """
        self._tidies = tidies
        self._clock = clock
        self._limits = phones
        self.grip = Grip(clock)

        def one(
            name: str, its_adb: settings.Adb, its_known: Collection[str], connect: Collection[str]
        ) -> OneServer:
            return OneServer(
                name,
                its_adb,
                self.grip,
                known=its_known,
                connect=connect,
                allow_reboot=phones.allow_reboot,
                published=self._published,
                busy=self._busy,
                alone=not further,
                identities=identities or {},
            )

        names = {entry.name for entry in further}
        homes = {serial: name for serial, name in (homes or {}).items() if name in names}
        here = [serial for serial in dict.fromkeys(phones.known) if serial not in homes]
        self._servers = [one(settings.LOCAL_SERVER, adb, here, phones.connect)]
        for entry in further:
            there = [serial for serial, name in homes.items() if name == entry.name]
            self._servers.append(one(entry.name, entry.as_adb, there, entry.connect))
        self.by_name = {server.name: server for server in self._servers}
        self._merged = Merged(list(self.by_name), self._busy)
        for number, server in enumerate(self._servers):
            self._merged.update(number, server.sights(), clock.now())
        self._infos = self._merged.infos
        self._merging = threading.Lock()  #: what several servers' threads find out is taken in one by one
        self.links: dict[str, Link] = {}
        self._lock = threading.Lock()
        self.pictures = Pictures(clock)
        self._pump = OutputPump()
        self._listeners: list[PhoneListener] = []

    # Life

    def start(self) -> None:
        for server in self._servers:
            server.tracker.start()

    def stop(self) -> None:
        """End every session and every thread; the adb servers go on."""
        if not self.grip.break_off(StopRequested("shutdown")):
            return
        with self._lock:
            links = list(self.links.values())
        for link in links:
            link.lost(StopRequested("shutdown"))
        for server in self._servers:
            server.tracker.join()
        self._pump.stop()

    def wait_synced(self, timeout_s: float) -> bool:
        """Wait until every phone of the adb servers' lists was asked once, or a server was found not to answer."""
        deadline = Deadline(self._clock, timeout_s)
        return all(self._clock.wait(server.tracker.synced, deadline.remaining_s) for server in self._servers)

    # What others ask

    def inventory(self) -> Sequence[PhoneInfo]:
        return sorted(self._infos.values(), key=lambda info: info.serial)

    def info(self, serial: str) -> PhoneInfo | None:
        return self._infos.get(serial)

    def servers(self) -> Sequence[ServerInfo]:
        phones = list(self._infos.values())
        return [server.info(phones) for server in self._servers]

    def subscribe(self, listener: PhoneListener) -> None:
        self._listeners.append(listener)

    def open(self, serial: str) -> Session:
        info = self._infos.get(serial)
        if info is None:
            raise PhoneOffline("this phone was never seen", serial=serial)
        if info.state is PhoneState.ADB_DOWN:
            raise AdbDown(info.detail, serial=serial)
        if info.state is PhoneState.UNAUTHORIZED:
            raise PhoneUnauthorized(info.detail, serial=serial)
        if info.state is not PhoneState.DEVICE:
            raise PhoneOffline(info.detail, serial=serial)
        self.grip.check()
        session = Session(self.link(serial), self._limits)
        now = self._infos.get(serial)
        if now is None or now.generation != info.generation:
            session.close()
            raise PhoneOffline("the link was lost", serial=serial)
        return session

    def cached_screenshot(self, serial: str) -> bytes | None:
        """The newest picture; taken now when it is old and no task runs, in a few seconds at most (U2-15)."""
        info = self._infos.get(serial)
        if info is None:
            return None
        link = self.link(serial)
        idle = info.state is PhoneState.DEVICE and not link.busy
        if not idle or self.pictures.get(serial, PICTURE_FRESH_S) is not None:
            return self.pictures.get(serial)
        with link.spectator() as grip:
            if grip is not None:
                phone = AdbPhone(AdbClient(link.endpoint, grip), serial)
                try:
                    with boundary(serial):
                        picture = capture(phone, PICTURE_TIMEOUT_S)
                except (PhoneError, StopRequested) as error:
                    log.info("%s: no picture: %s", serial, error)
                else:
                    if picture is not None:
                        self.pictures.keep(serial, picture)
        return self.pictures.get(serial)

    def health(self) -> list[str]:
        """Reasons why not all is well, as sentences."""
        phones = self.inventory()
        reasons: list[str] = []
        for server in self._servers:
            reasons += server.health(STALE_S, phones)
        reasons += [f"{info.serial}: {info.detail}" for info in phones if info.state in _UNWELL]
        since = self._clock.now() - LOSS_SHOWN_S
        reasons += [loss.sentence for loss in self.losses() if loss.hub and loss.at >= since]
        return reasons

    @property
    def adb_problem(self) -> str:
        """Why no phone at all can be reached; "" while an adb server answers."""
        problems = [server.problem for server in self._servers]
        return "; ".join(problems) if all(problems) else ""

    def losses(self) -> list[Lost]:
        """The latest losses, phones of one hub grouped, oldest first."""
        found = [loss for server in self._servers for loss in list(server.tracker.losses.recent)]
        return sorted(found, key=lambda loss: loss.at)

    def give_up(self, serial: str, why: str) -> None:
        """A higher layer found that it cannot use this phone any more: it is restarted where the config allows
        that, else left alone until it is connected anew, or for an hour.
        """
        server = self._server_of(serial)
        server.tracker.post(lambda: server.roster.gave_up(serial, why, self._clock.monotonic()))

    def needs_hands(self, serial: str, why: str) -> None:
        """What is wrong only a person at the phone can change: no restart, and no task until it is connected anew,
        resumed by hand, or for an hour.
        """
        server = self._server_of(serial)
        server.tracker.post(lambda: server.roster.complain(serial, why, self._clock.monotonic()))

    @property
    def age_s(self) -> float:
        """Seconds by which the slowest of the threads that track the phones is overdue."""
        return max(server.tracker.age_s for server in self._servers)

    @property
    def quiet(self) -> bool:
        """Neither an adb server nor an idle phone is being asked anything just now."""
        return all(server.tracker.quiet for server in self._servers)

    def look_again(self, timeout_s: float) -> bool:
        """Do at once what is due, for clocks that leap; False when that was not begun in time."""
        begun = [threading.Event() for _ in self._servers]
        for server, event in zip(self._servers, begun, strict=True):
            server.tracker.post(event.set)
        return all(event.wait(timeout_s) for event in begun)

    def let_sleep(self, serial: str) -> None:
        """Give a phone that no session holds its own screen settings back, at once."""
        self.link(serial).let_sleep()

    def forgive(self, serial: str) -> None:
        server = self._server_of(serial)

        def forgive() -> None:
            self.link(serial).forgiven()
            server.roster.forgiven(serial, self._clock.monotonic())

        if serial in self._infos:
            server.tracker.post(forgive)

    def _server_of(self, serial: str) -> OneServer:
        """That through which a phone is reached; the first for one that was never seen."""
        info = self._infos.get(serial)
        return self._servers[0] if info is None else self.by_name[info.adb_server]

    def _busy(self, serial: str) -> bool:
        with self._lock:
            link = self.links.get(serial)
        return link is not None and link.busy

    def link(self, serial: str) -> Link:
        with self._lock:
            link = self.links.get(serial)
            if link is None:
                link = self.links[serial] = Link(
                    serial,
                    route=self._server_of(serial).route,
                    grip=self.grip,
                    pump=self._pump,
                    pictures=self.pictures,
                    gave_up=self.give_up,
                    needs_hands=self.needs_hands,
                )
            return link

    def _published(self, server: OneServer) -> None:
        """On that server's thread: what changed is taken over, and told."""
        with self._merging:
            changes = self._merged.update(self._servers.index(server), server.sights(), self._clock.now())
            with self._lock:
                # Together: a link that is made meanwhile knows the way of the same moment.
                self._infos = self._merged.infos
                for change in changes:
                    link = self.links.get(change.info.serial)
                    if link is not None:
                        link.reroute(self.by_name[change.info.adb_server].route)
            for change in changes:
                try:
                    self._changed(change)
                except Exception:
                    # The named boundary of a change: sessions of the other phones must end, too.
                    log.exception("a listener failed on a change of the phone %s", change.info.serial)

    def _changed(self, change: Change) -> None:
        """Sessions that lost their phone end, then the listeners hear of it."""
        info = change.info
        with self._lock:
            link = self.links.get(info.serial)
        if change.lost and link is not None:
            reason = AdbDown if info.state is PhoneState.ADB_DOWN else PhoneOffline
            why = info.detail or "the link was lost for a moment"
            link.lost(reason(f"the phone was lost: {why}", serial=info.serial))
        if self._tidies and info.state is PhoneState.DEVICE:
            # A daemon that crashed, or a link that was lost, may have left the screen on.
            self.by_name[info.adb_server].tracker.submit(self.link(info.serial).let_sleep)
        for listener in self._listeners:
            listener(info)
