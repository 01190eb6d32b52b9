"""Every phone of the hub: which are there, in which state; opens sessions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Sequence
from random import Random

from jobs.hub import settings
from jobs.hub.clock import Clock
from jobs.hub.supervision import STALE_S
from jobs.phone.adb.client import AdbClient, AdbPhone
from jobs.phone.adb.push import PushGate
from jobs.phone.adb.server import AdbServer
from jobs.phone.adb.wire import Grip
from jobs.phone.error_translation import boundary
from jobs.phone.errors import AdbDown, PhoneError, PhoneOffline, PhoneUnauthorized, StopRequested
from jobs.phone.inventory.losses import Lost
from jobs.phone.inventory.roster import Change, Roster
from jobs.phone.inventory.tracker import Tracker
from jobs.phone.link import Link
from jobs.phone.protocol import PhoneInfo, PhoneListener, PhoneState
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
    """`jobs.phone.protocol.Phones` over one adb server."""

    def __init__(
        self,
        adb: settings.Adb,
        phones: settings.Phones,
        clock: Clock,
        *,
        known: Collection[str] = (),
        random: Random | None = None,
        tidies: bool = False,
    ) -> None:
        """`known` are serials to accept besides the configured ones. `tidies`: phones that appear get back what an
        earlier run left changed; for the daemon alone, since a command beside it knows nothing of its attempts.
        """
        self._tidies = tidies
        self._clock = clock
        self._limits = phones
        self._grip = Grip(clock)
        self._server = AdbServer(adb, self._grip)
        self._roster = Roster(
            dict.fromkeys((*phones.known, *known)),
            phones.connect,
            wall=clock.now(),
            random=random or Random(),  # noqa: S311 - jitter
            allow_reboot=phones.allow_reboot,
        )
        self._tracker = Tracker(
            self._server, self._roster, self._grip, changed=self._changed, busy=self._busy
        )
        self._links: dict[str, Link] = {}
        self._lock = threading.Lock()
        self._gate = PushGate(adb.max_concurrent_pushes)
        self._pictures = Pictures(clock)
        self._pump = OutputPump()
        self._listeners: list[PhoneListener] = []

    # Life

    def start(self) -> None:
        self._tracker.start()

    def stop(self) -> None:
        """End every session and every thread; the adb server goes on."""
        if not self._grip.break_off(StopRequested("shutdown")):
            return
        with self._lock:
            links = list(self._links.values())
        for link in links:
            link.lost(StopRequested("shutdown"))
        self._tracker.join()
        self._pump.stop()

    def wait_synced(self, timeout_s: float) -> bool:
        """Wait until every phone of the adb server's list was asked once, or the server was found not to answer."""
        return self._clock.wait(self._tracker.synced, timeout_s)

    # What others ask

    def inventory(self) -> Sequence[PhoneInfo]:
        return sorted(self._tracker.infos.values(), key=lambda info: info.serial)

    def info(self, serial: str) -> PhoneInfo | None:
        return self._tracker.infos.get(serial)

    def subscribe(self, listener: PhoneListener) -> None:
        self._listeners.append(listener)

    def open(self, serial: str) -> Session:
        info = self._tracker.infos.get(serial)
        if info is None:
            raise PhoneOffline("this phone was never seen", serial=serial)
        if info.state is PhoneState.ADB_DOWN:
            raise AdbDown(info.detail, serial=serial)
        if info.state is PhoneState.UNAUTHORIZED:
            raise PhoneUnauthorized(info.detail, serial=serial)
        if info.state is not PhoneState.DEVICE:
            raise PhoneOffline(info.detail, serial=serial)
        self._grip.check()
        session = Session(self._link(serial), self._limits)
        now = self._tracker.infos.get(serial)
        if now is None or now.generation != info.generation:
            session.close()
            raise PhoneOffline("the link was lost", serial=serial)
        return session

    def cached_screenshot(self, serial: str) -> bytes | None:
        """The newest picture; taken now when it is old and no task runs, in a few seconds at most (U2-15)."""
        info = self._tracker.infos.get(serial)
        if info is None:
            return None
        link = self._link(serial)
        idle = info.state is PhoneState.DEVICE and not link.busy
        if not idle or self._pictures.get(serial, PICTURE_FRESH_S) is not None:
            return self._pictures.get(serial)
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
                        self._pictures.keep(serial, picture)
        return self._pictures.get(serial)

    def health(self) -> list[str]:
        """Reasons why not all is well, as sentences."""
        reasons = list(self._server.health())
        if self.age_s > STALE_S:
            reasons.append(f"the thread phone-tracker has not come round for {self.age_s:.0f} s")
        if not self._roster.adb_up:
            reasons.append(f"adb: {self._roster.adb_why}")
        reasons += self._roster.warnings
        reasons += [f"{info.serial}: {info.detail}" for info in self.inventory() if info.state in _UNWELL]
        since = self._clock.now() - LOSS_SHOWN_S
        reasons += [loss.sentence for loss in self.losses() if loss.hub and loss.at >= since]
        return reasons

    @property
    def adb_problem(self) -> str:
        """Why no phone at all can be reached; "" while the adb server answers."""
        return "" if self._roster.adb_up else self._roster.adb_why

    def losses(self) -> list[Lost]:
        """The latest losses, phones of one hub grouped, oldest first."""
        return list(self._tracker.losses.recent)

    def give_up(self, serial: str, why: str) -> None:
        """A higher layer found that it cannot use this phone any more: it is restarted where the config allows
        that, else left alone until it is connected anew, or for an hour.
        """
        self._tracker.post(lambda: self._roster.gave_up(serial, why, self._clock.monotonic()))

    def needs_hands(self, serial: str, why: str) -> None:
        """What is wrong only a person at the phone can change: no restart, and no task until it is connected anew,
        resumed by hand, or for an hour.
        """
        self._tracker.post(lambda: self._roster.complain(serial, why, self._clock.monotonic()))

    @property
    def age_s(self) -> float:
        """Seconds by which the thread that tracks the phones is overdue."""
        return self._tracker.age_s

    @property
    def quiet(self) -> bool:
        """Neither the adb server nor an idle phone is being asked anything just now."""
        return self._tracker.quiet

    def look_again(self, timeout_s: float) -> bool:
        """Do at once what is due, for clocks that leap; False when that was not begun in time."""
        begun = threading.Event()
        self._tracker.post(begun.set)
        return begun.wait(timeout_s)

    def let_sleep(self, serial: str) -> None:
        """Give a phone that no session holds its own screen settings back, at once."""
        self._link(serial).let_sleep()

    def forgive(self, serial: str) -> None:
        def forgive() -> None:
            self._link(serial).forgiven()
            self._roster.forgiven(serial, self._clock.monotonic())

        if serial in self._tracker.infos:
            self._tracker.post(forgive)

    def _busy(self, serial: str) -> bool:
        with self._lock:
            link = self._links.get(serial)
        return link is not None and link.busy

    def _link(self, serial: str) -> Link:
        with self._lock:
            link = self._links.get(serial)
            if link is None:
                link = self._links[serial] = Link(
                    serial,
                    endpoint=self._server.endpoint,
                    grip=self._grip,
                    pump=self._pump,
                    gate=self._gate,
                    pictures=self._pictures,
                    suspect=self._tracker.suspect,
                    gave_up=self.give_up,
                    needs_hands=self.needs_hands,
                    later=self._tracker.submit,
                )
            return link

    def _changed(self, change: Change) -> None:
        """On the tracker's thread: sessions that lost their phone end, then the listeners hear of it."""
        info = change.info
        with self._lock:
            link = self._links.get(info.serial)
        if change.lost and link is not None:
            reason = AdbDown if info.state is PhoneState.ADB_DOWN else PhoneOffline
            why = info.detail or "the link was lost for a moment"
            link.lost(reason(f"the phone was lost: {why}", serial=info.serial))
        if self._tidies and info.state is PhoneState.DEVICE:
            # A daemon that crashed, or a link that was lost, may have left the screen on.
            self._tracker.submit(self._link(info.serial).let_sleep)
        for listener in self._listeners:
            listener(info)
