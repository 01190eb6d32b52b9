"""Every phone of the hub: who is there, in what state, and the door to sessions."""

from __future__ import annotations

import contextlib
import logging
import queue
import select
import socket
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random

from jobs import settings
from jobs.clock import Clock
from jobs.phone import dumpsys, listing
from jobs.phone.adb import AdbClient, AdbConnection, AdbPhone
from jobs.phone.adb_server import PROBE_EVERY_S, PROBE_TIMEOUT_S, AdbServer
from jobs.phone.care import Remedy
from jobs.phone.errors import AdbDown, PhoneError, PhoneOffline, PhoneUnauthorized, StopRequested
from jobs.phone.foreign import boundary
from jobs.phone.launch import OutputPump
from jobs.phone.link import Link
from jobs.phone.losses import Losses, Lost
from jobs.phone.protocol import PhoneInfo, PhoneListener, PhoneState
from jobs.phone.push import PushGate
from jobs.phone.roster import Facts, Roster
from jobs.phone.session import Session, capture
from jobs.phone.wire import Grip

log = logging.getLogger(__name__)

#: The list is asked for anew this often, whatever the tracking stream says (ADB-15).
RESYNC_EVERY_S = 30.0
BACKOFF_MIN_S, BACKOFF_MAX_S = 0.5, 16.0
#: How long a phone may take to say what it is.
PHONE_PROBE_TIMEOUT_S = 5.0
CARE_THREADS = 8
#: A picture this young is as good as a new one.
PICTURE_FRESH_S = 2.0
PICTURE_TIMEOUT_S = 5.0
#: How long a loss stays in the health report.
LOSS_SHOWN_S = 600.0


class Fleet:
    """`jobs.phone.protocol.Phones`. All that is learnt passes through one thread, the tracker."""

    def __init__(
        self,
        adb: settings.Adb,
        phones: settings.Phones,
        clock: Clock,
        *,
        known: Collection[str] = (),
        restart_adb: Callable[[], None] | None = None,
        random: Random | None = None,
    ) -> None:
        """`known` are serials to accept besides the configured ones; `restart_adb` asks the service manager."""
        self._clock = clock
        self._limits = phones
        self._grip = Grip(clock)
        self._server = AdbServer(adb, self._grip, restart=restart_adb)
        self._roster = Roster(
            dict.fromkeys((*phones.known, *known)),
            phones.connect,
            wall=clock.now(),
            random=random or Random(),  # noqa: S311 - jitter
        )
        self._infos: dict[str, PhoneInfo] = {s: e.info for s, e in self._roster.entries.items()}
        self._links: dict[str, Link] = {}
        self._lock = threading.Lock()
        self._gate = PushGate(adb.max_concurrent_pushes)
        self._pump = OutputPump()
        self._losses = Losses()
        self._listeners: list[PhoneListener] = []
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)
        self._pool = ThreadPoolExecutor(CARE_THREADS, thread_name_prefix="phone-care")
        self._thread = threading.Thread(target=self._track_always, name="phone-tracker", daemon=True)
        self._synced = threading.Event()

    # Life

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End every session and every thread; the adb server goes on."""
        if not self._grip.break_off(StopRequested("shutdown")):
            return
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(10.0)
        for link in list(self._links.values()):
            link.lost(StopRequested("shutdown"))
        self._pool.shutdown(cancel_futures=True)
        self._pump.stop()

    def wait_synced(self, timeout_s: float) -> bool:
        """Wait until the adb server's list was read once, or found not to answer."""
        return self._clock.wait(self._synced, timeout_s)

    # What others ask

    @property
    def adb_version(self) -> int | None:
        return self._server.version

    @property
    def adb_port(self) -> int:
        return self._server.endpoint.port

    def inventory(self) -> Sequence[PhoneInfo]:
        return sorted(self._infos.values(), key=lambda info: info.serial)

    def info(self, serial: str) -> PhoneInfo | None:
        return self._infos.get(serial)

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
        self._grip.check()
        session = self._link(serial).open(info, self._limits)
        now = self._infos.get(serial)
        if now is None or now.generation != info.generation:
            session.close()
            raise PhoneOffline("the link was lost", serial=serial)
        return session

    def cached_screenshot(self, serial: str) -> bytes | None:
        """The newest picture; taken now when it is old and no task runs, in a few seconds at most (U2-15)."""
        link = self._link(serial)
        info = self._infos.get(serial)
        idle = info is not None and info.state is PhoneState.DEVICE and not link.busy
        if not idle or link.picture(PICTURE_FRESH_S) is not None:
            return link.picture()
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
                        link.keep_picture(picture)
        return link.picture()

    def health(self) -> list[str]:
        """Reasons why not all is well, as sentences."""
        reasons = list(self._server.health())
        if not self._roster.adb_up:
            reasons.append(f"adb: {self._roster.adb_why}")
        reasons += self._roster.warnings
        bad = (
            PhoneState.DUPLICATE,
            PhoneState.NO_PERMISSIONS,
            PhoneState.UNAUTHORIZED,
            PhoneState.NEEDS_HANDS,
        )
        reasons += [f"{info.serial}: {info.detail}" for info in self.inventory() if info.state in bad]
        since = self._clock.now() - LOSS_SHOWN_S
        reasons += [loss.sentence for loss in self.losses() if loss.hub and loss.at >= since]
        return reasons

    def losses(self) -> list[Lost]:
        """The latest losses, phones of one hub grouped, oldest first."""
        return list(self._losses.recent)

    def give_up(self, serial: str, why: str) -> None:
        """A higher layer found that only a person can help this phone; forgotten when it is connected anew."""

        def note() -> None:
            entry = self._roster.entries.get(serial)
            if entry is not None:
                entry.complaint = why

        self._post(note)

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
                    suspect=self._suspect,
                )
            return link

    def _suspect(self, serial: str) -> None:
        self._post(lambda: self._roster.suspect(serial, self._clock.monotonic()))

    # The tracker's thread

    def _post(self, message: Callable[[], None]) -> None:
        self._inbox.put(message)
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: the tracker is awake anyway
            self._wake_w.send(b"\0")

    def _track_always(self) -> None:
        backoff_s = BACKOFF_MIN_S
        while not self._grip.broken:
            started = self._clock.monotonic()
            try:
                self._server.ensure()
                with contextlib.closing(AdbClient(self._server.endpoint, self._grip).track()) as stream:
                    self._follow(stream)
            except StopRequested:
                break
            except PhoneError as error:
                why = str(error)
                if self._roster.adb_up or not self._synced.is_set():
                    log.warning("adb: %s", why)
                self._roster.adb_down(why)
                self._publish()
                self._synced.set()
            except Exception:
                # The named boundary of this thread: a bug must not end the tracking of all phones.
                log.exception("the phone tracker failed and starts again")
            if self._clock.monotonic() - started > BACKOFF_MAX_S:
                backoff_s = BACKOFF_MIN_S
            self._pause(None, self._clock.monotonic() + backoff_s)
            backoff_s = min(BACKOFF_MAX_S, backoff_s * 2)
        self._wake_r.close()
        self._wake_w.close()

    def _follow(self, stream: AdbConnection) -> None:
        """Read the stream of changes and do what is due, until the server or the daemon ends."""
        resync_at = self._clock.monotonic()
        probe_at = resync_at + PROBE_EVERY_S
        stream.sock.deadline = None
        while True:
            now = self._clock.monotonic()
            if now >= probe_at:
                self._server.check()
                probe_at = now + PROBE_EVERY_S
            if now >= resync_at:
                self._resync()
                resync_at = now + RESYNC_EVERY_S
            self._do_due()
            self._publish()
            if self._pause(stream.sock, min(resync_at, probe_at, self._next_due())):
                stream.sock.deadline = self._grip.deadline(PROBE_TIMEOUT_S)
                stream.receive()
                stream.sock.deadline = None
                resync_at = now  # the stream only says that something changed

    def _resync(self) -> None:
        text = AdbClient(self._server.endpoint, self._grip, timeout_s=PROBE_TIMEOUT_S).ask("host:devices-l")
        self._roster.seen(listing.parse(text), self._clock.monotonic(), self._clock.now())

    def _next_due(self) -> float:
        """Monotonic time of the next thing to do for a phone; remedies are looked at once a second."""
        now = self._clock.monotonic()
        due = [self._roster.next_due(now)]
        if self._losses.due_at is not None:
            due.append(self._losses.due_at)
        return min(due)

    def _pause(self, sock: socket.socket | None, until: float) -> bool:
        """Wait for the stream, a message or the time; True when the stream has something."""
        poll = select.poll()
        poll.register(self._wake_r, select.POLLIN)
        if sock is not None:
            poll.register(sock, select.POLLIN)
        ready = dict(poll.poll(max(0.0, until - self._clock.monotonic()) * 1000))
        if self._wake_r.fileno() in ready:
            with contextlib.suppress(BlockingIOError):
                self._wake_r.recv(65536)
        while True:
            try:
                message = self._inbox.get_nowait()
            except queue.Empty:
                break
            message()
        return sock is not None and sock.fileno() in ready

    def _do_due(self) -> None:
        now = self._clock.monotonic()
        for entry in list(self._roster.due_probes(now)):
            entry.probing = True
            self._pool.submit(self._probe, entry.serial, entry.generation)
        for entry, remedy in list(self._roster.due_remedies(now)):
            self._pool.submit(self._remedy, entry.serial, remedy)
        for loss in self._losses.grouped(now):
            log.warning("%s", loss.sentence)

    def _publish(self) -> None:
        """Make what changed known: to readers, to the sessions that lost their phone, to the listeners."""
        now, wall = self._clock.monotonic(), self._clock.now()
        changes = self._roster.changes(wall)
        self._infos = {serial: entry.info for serial, entry in self._roster.entries.items()}
        for info, lost in changes:
            log.info("%s: %s%s", info.serial, info.state, f" ({info.detail})" if info.detail else "")
            if lost:
                self._losses.lost(now, wall, info.serial, info.usb_path)
                link = self._links.get(info.serial)
                if link is not None:
                    reason = AdbDown if info.state is PhoneState.ADB_DOWN else PhoneOffline
                    why = info.detail or "the link was lost for a moment"
                    link.lost(reason(f"the phone was lost: {why}", serial=info.serial))
            for listener in self._listeners:
                listener(info)
        if self._roster.adb_up:
            self._synced.set()

    # The care threads

    def _probe(self, serial: str, generation: int) -> None:
        """Ask a phone what it is; that it answers at all is the other half of the question (ADB-12)."""
        try:
            with boundary(serial):
                facts = self._ask(serial)
        except StopRequested:
            return
        except PhoneError as error:
            log.info("%s does not answer: %s", serial, error)
            self._post(lambda: self._roster.missed(serial, generation, self._clock.monotonic()))
        else:
            self._post(lambda: self._roster.answered(serial, generation, facts, self._clock.monotonic()))

    def _ask(self, serial: str) -> Facts:
        phone = AdbPhone(
            AdbClient(self._server.endpoint, self._grip, timeout_s=PHONE_PROBE_TIMEOUT_S), serial
        )
        said = dumpsys.properties(phone.shell_words("getprop", timeout_s=PHONE_PROBE_TIMEOUT_S).text)
        power = phone.shell_words("dumpsys", "battery", timeout_s=PHONE_PROBE_TIMEOUT_S).text
        sdk = said.get("ro.build.version.sdk", "")
        return Facts(
            identity=said.get("ro.serialno", ""),
            model=said.get("ro.product.model", ""),
            android=said.get("ro.build.version.release", ""),
            sdk=int(sdk) if sdk.isdigit() else 0,
            battery=dumpsys.battery(power),
        )

    def _remedy(self, serial: str, remedy: Remedy) -> None:
        client = AdbClient(self._server.endpoint, self._grip, timeout_s=15.0)
        try:
            with boundary(serial):
                if remedy is Remedy.RECONNECT:
                    log.info("%s: asking the adb server to reconnect it", serial)
                    client.ask(f"host-serial:{serial}:reconnect")
                else:
                    with contextlib.suppress(PhoneOffline):
                        client.ask(f"host:disconnect:{serial}")
                    # The text is happy or not for reasons of its own (ADB-16): only the list counts.
                    log.info("%s: %s", serial, client.ask(f"host:connect:{serial}"))
        except StopRequested:
            return
        except PhoneError as error:
            log.info("%s: %s", serial, error)
