"""The one thread that follows who is connected to an adb server, and the helpers that ask and mend phones for it."""

from __future__ import annotations

import contextlib
import logging
import queue
import select
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from jobs.phone.adb import listing
from jobs.phone.adb.client import AdbClient, AdbConnection
from jobs.phone.adb.server import PROBE_EVERY_S, AdbServer
from jobs.phone.adb.wire import Grip
from jobs.phone.error_translation import boundary
from jobs.phone.errors import AdbDown, DeadlinePassed, PhoneError, StopRequested
from jobs.phone.inventory.asking import ask_phone
from jobs.phone.inventory.losses import Losses
from jobs.phone.inventory.mending import mend
from jobs.phone.inventory.remedies import Remedy
from jobs.phone.inventory.roster import Roster
from jobs.phone.inventory.sayings import Sayings
from jobs.phone.protocol import PhoneState

log = logging.getLogger(__name__)

#: The list is asked for anew this often, whatever the tracking stream says (ADB-15).
RESYNC_EVERY_S = 30.0
#: After the list was read, further changes are heard only after this: one that announces them without end keeps no
#: processor busy.
CHANGES_EVERY_S = 0.05
#: How long a server may fail to give its list before it counts as away, whatever else it answers. Sessions on its phones end
#: then, so this is longer than a box may be busy.
LIST_LATE_S = 20.0
#: A server that did not answer in time is asked again after this.
PROBE_AGAIN_S = 1.0
#: A server that comes back is found within seconds; asking a closed port costs nothing.
BACKOFF_MIN_S, BACKOFF_MAX_S = 0.5, 4.0
#: Each ghost holds one for the length of a question every few seconds: half a hub of them must leave some for the others.
CARE_THREADS = 32
#: Remedies wait for the network: they have threads of their own, so that phones that are switched off delay no question.
REMEDY_THREADS = 16
#: How long the tracker may rest, or wait for the adb server.
LONGEST_REST_S = 15.0


class Tracker:
    """Keeps `roster` true. All that is learnt about phones passes through its thread."""

    def __init__(
        self,
        server: AdbServer,
        roster: Roster,
        grip: Grip,
        *,
        published: Callable[[], None],
        busy: Callable[[str], bool],
        name: str = "",
    ) -> None:
        """`published` is called on the tracker's thread whenever what is known of phones was brought up to date, and must
        not block; `busy(serial)` says whether a session holds the phone. `name` of the server where there are several.
        """
        self.since = grip.clock.now()  #: epoch seconds: the server was found to be there or away
        self.why = roster.adb_why  #: the server is away
        self._name = name
        self.losses = Losses(name)
        self._sayings = Sayings(grip.clock, log)
        self.synced = threading.Event()  #: every listed phone was asked once, or adb was found to be down
        self._server = server
        self._roster = roster
        self._grip = grip
        self._clock = grip.clock
        self._published = published
        self._busy = busy
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)
        self._resting = False
        self._no_list_since: float | None = None  #: monotonic; it did not come since then
        self._beat = self._clock.monotonic()
        suffix = f"-{name}" if name else ""
        self._pool = ThreadPoolExecutor(CARE_THREADS, thread_name_prefix=f"phone-care{suffix}")
        self._remedies = ThreadPoolExecutor(REMEDY_THREADS, thread_name_prefix=f"phone-remedy{suffix}")
        self._thread = threading.Thread(target=self._run, name=f"phone-tracker{suffix}", daemon=True)
        grip.on_break(self._wake)

    def start(self) -> None:
        self._beat = self._clock.monotonic()
        self._thread.start()

    @property
    def thread_name(self) -> str:
        return self._thread.name

    @property
    def age_s(self) -> float:
        """Seconds since the thread last came round, less what it may rest: a thread that hangs or died grows old."""
        return max(0.0, self._clock.monotonic() - self._beat - LONGEST_REST_S)

    def join(self) -> None:
        """Wait for the threads, after the grip was broken off."""
        if self._thread.ident is not None:
            self._thread.join(10.0)
        self._pool.shutdown(cancel_futures=True)
        self._remedies.shutdown(cancel_futures=True)
        self._wake_r.close()
        self._wake_w.close()

    def post(self, message: Callable[[], None]) -> None:
        """Run something on the tracker's thread, soon."""
        self._inbox.put(message)
        self._wake()

    def submit(self, call: Callable[[], None]) -> None:
        """Run something short on one of the care threads; nothing happens once they are gone."""
        with contextlib.suppress(RuntimeError):
            self._pool.submit(call)

    @property
    def quiet(self) -> bool:
        """Neither the adb server nor an idle phone is being asked anything just now."""
        return self._resting and not any(entry.probing for entry in list(self._roster.entries.values()))

    def suspect(self, serial: str) -> None:
        """A session had trouble with this phone: ask it now."""
        self.post(lambda: self._roster.suspect(serial, self._clock.monotonic()))

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: the tracker is awake anyway
            self._wake_w.send(b"\0")

    def _run(self) -> None:
        backoff_s = BACKOFF_MIN_S
        while not self._grip.broken:
            started = self._clock.monotonic()
            try:
                self._follow_until_away()
            except StopRequested:
                break
            except Exception:
                # The named boundary of this thread: a bug must not end the tracking of all phones.
                log.exception("the phone tracker failed and starts again")
            if self._clock.monotonic() - started > BACKOFF_MAX_S:
                backoff_s = BACKOFF_MIN_S
            self._pause(None, self._clock.monotonic() + backoff_s)
            backoff_s = min(BACKOFF_MAX_S, backoff_s * 2)

    def _follow_until_away(self) -> None:
        try:
            self._server.ensure()
            with contextlib.closing(AdbClient(self._server.endpoint, self._grip).track()) as stream:
                self._follow(stream)
        except PhoneError as error:
            self._away(str(error))

    def _away(self, why: str) -> None:
        """The server does not answer: one loss, however many phones it has."""
        self.why = why
        if self._name:
            why = f"adb server {self._name} is not reachable: {why}"
        if self._roster.adb_up or not self.synced.is_set():
            log.warning("adb: %s%s", why, f" ({self._roster.listed} phones)" if self._name else "")
            self.since = self._clock.now()
        self._roster.adb_down(why)
        self._publish()
        self.synced.set()

    def _follow(self, stream: AdbConnection) -> None:
        """Read the stream of changes and do what is due, until the server or the daemon ends."""
        resync_at = hears_at = self._clock.monotonic()
        probe_at = resync_at + PROBE_EVERY_S
        stream.sock.deadline = None
        while True:
            now = self._clock.monotonic()
            if now >= probe_at:
                probe_at = now + (PROBE_EVERY_S if self._answers() else PROBE_AGAIN_S)
            if now >= resync_at and not self._server.slow:
                resync_at = now + RESYNC_EVERY_S
                try:
                    self._resync()
                except DeadlinePassed as error:
                    self._miss_list(error)
                    probe_at = resync_at = now  # the probe says what to think of it
                hears_at = self._clock.monotonic() + CHANGES_EVERY_S
            self.do_due()
            self._publish()
            # Of a server that is late the list is not asked for before the next probe.
            due = min(probe_at if self._server.slow else resync_at, probe_at, self._next_due())
            hears = self._clock.monotonic() >= hears_at
            if self._pause(stream.sock if hears else None, due if hears else min(due, hears_at)):
                stream.sock.deadline = self._grip.deadline(self._server.probe_timeout_s)
                stream.receive()
                stream.sock.deadline = None
                resync_at = now  # the stream only says that something changed

    def _answers(self) -> bool:
        """Whether the server answers. One that is late for a moment costs no session: each call has its own deadline.

        Raises AdbDown when it is away, or was late too often.
        """
        try:
            self._server.check()
        except AdbDown:
            if not self._server.slow:
                raise
            return False
        return True

    def _miss_list(self, error: DeadlinePassed) -> None:
        """The list did not come in time. Raises AdbDown when that lasts, although the server answers small questions."""
        now = self._clock.monotonic()
        if self._no_list_since is None:
            self._no_list_since = now
        if now - self._no_list_since >= LIST_LATE_S:
            raise AdbDown(
                "the adb server answers, but its list of phones does not come: does the way to it lose large packets (MTU)?"
            ) from error

    def _resync(self) -> None:
        timeout_s = self._server.probe_timeout_s
        text = AdbClient(self._server.endpoint, self._grip, timeout_s=timeout_s).ask("host:devices-l")
        self._no_list_since = None
        if not self._roster.adb_up:
            self.since = self._clock.now()
            if self._name and self.synced.is_set():
                log.info("adb: adb server %s answers again", self._name)
        self._roster.seen(listing.parse(text), self._clock.monotonic(), self._clock.now())

    def _next_due(self) -> float:
        """Monotonic time of the next thing to do for a phone; remedies are looked at once a second."""
        now = self._clock.monotonic()
        due = [self._roster.next_due(now)]
        due += [at for at in (self.losses.due_at, self._sayings.due_at) if at is not None]
        return min(due)

    def _pause(self, sock: socket.socket | None, until: float) -> bool:
        """Wait for the stream, a message or the time; True when the stream has something."""
        poll = select.poll()
        poll.register(self._wake_r, select.POLLIN)
        if sock is not None:
            poll.register(sock, select.POLLIN)
        self._resting = True
        ready = dict(poll.poll(max(0.0, until - self._clock.monotonic()) * 1000))
        self._resting = False
        self._beat = self._clock.monotonic()
        if self._wake_r.fileno() in ready:
            with contextlib.suppress(BlockingIOError):
                self._wake_r.recv(65536)
        while True:
            try:
                message = self._inbox.get_nowait()
            except queue.Empty:
                break
            try:
                message()
            except Exception:
                # The named boundary of a message: those behind it are of other phones.
                log.exception("a message to the phone tracker failed")
        return sock is not None and sock.fileno() in ready

    def do_due(self) -> None:
        """Have phones asked and mended whose time has come, and report what was lost."""
        now = self._clock.monotonic()
        for entry in list(self._roster.due_probes(now)):
            entry.probing = True
            self._pool.submit(self._probe, entry.serial, entry.generation)
        for entry, remedy in list(self._roster.due_remedies(now, self._busy)):
            self._remedies.submit(self._mend, entry.serial, remedy)
        for loss in self.losses.grouped(now):
            key = loss.hub or loss.serials[0]
            self._sayings.say(key, "lost", loss.sentence, level=logging.WARNING)
        self._sayings.flush()

    def _publish(self) -> None:
        """Make what changed known."""
        now, wall = self._clock.monotonic(), self._clock.now()
        for change in self._roster.changes(wall):
            info = change.info
            if self._name and info.state is PhoneState.ADB_DOWN:
                continue  # said once, of the server
            detail = f" ({info.detail})" if info.detail else ""
            self._sayings.say(info.serial, info.state, f"{info.state}{detail}")
            if change.lost:
                self.losses.lost(now, wall, info.serial, info.usb_path)
        self._published()
        if self._roster.adb_up and self._roster.settled:
            self.synced.set()

    # The care threads

    def _probe(self, serial: str, generation: int) -> None:
        """Ask a phone what it is; that it answers at all is the other half of the question (ADB-12)."""
        try:
            with boundary(serial):
                facts = ask_phone(self._server.endpoint, self._grip, serial)
        except StopRequested:
            return
        except PhoneError as error:
            self._sayings.say(serial, "no answer", f"does not answer: {error}")
            self.post(lambda: self._roster.missed(serial, generation, self._clock.monotonic()))
        except Exception:
            # The named boundary of a pool's task, whose exceptions are not read: the phone is asked again.
            log.exception("asking %s failed", serial)
            self.post(lambda: self._roster.missed(serial, generation, self._clock.monotonic()))
        else:
            self.post(lambda: self._roster.answered(serial, generation, facts, self._clock.monotonic()))

    def _mend(self, serial: str, remedy: Remedy) -> None:
        """One remedy, unless the phone came back while it waited for a thread: a connect cuts the link that is there."""
        try:
            if remedy is Remedy.REBOOT or self._roster.still_ill(serial):
                mend(self._server.endpoint, self._grip, serial, remedy, self._sayings)
        except Exception:
            # The named boundary of a pool's task, whose exceptions are not read: the phone gets its next remedy in its time.
            log.exception("mending %s failed", serial)
        finally:
            self.post(lambda: self._roster.mended(serial))
