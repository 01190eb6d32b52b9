"""Starts the parts of the daemon in order, stops them in reverse, and tells how it is."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack

from handlers.api.app import create_app
from handlers.api.objects.hub import Reloaded
from handlers.daemon.http_services import services_of
from handlers.daemon.parts import Parts
from handlers.daemon.watchdog import Watchdog
from handlers.server.server import HttpServer
from jobs.hub.addresses import own_url
from jobs.hub.clock import Clock, Deadline, utc
from jobs.hub.config_file import LoadedConfig
from jobs.hub.signals import Signals
from jobs.hub.supervision import Loop, stuck_s
from jobs.input.struct_types import prepare_struct_types
from jobs.phone.protocol import PhoneState
from jobs.upkeep.config_notices import notices
from storage.records import Status

_LOG = logging.getLogger("tikmatrixd")

#: How long a stop waits for requests that are being answered, and for a notification on its way.
HTTP_STOP_S, OUTBOX_STOP_S = 2.0, 1.0


class Daemon(Parts):
    """The running daemon. `start` brings its parts up in order, `stop` takes them down in reverse."""

    def __init__(self, config: LoadedConfig, clock: Clock, version: str) -> None:
        super().__init__(config, clock)
        self.draining = False
        self._reloading = threading.Lock()
        self._stop_by: Deadline | None = None
        self._running = ExitStack()
        self._watchdog = Watchdog(
            clock,
            stuck_s=lambda: self._stuck_s,
            write_under_way=lambda: self.store.storage.write_under_way,
        )
        services = services_of(
            self,
            draining=lambda: self.draining,
            reload=self.reload,
            overdue_s=lambda: self.overdue_s,
            version=version,
        )
        spool_dir = self.store.state_dir / "spool"
        spool_dir.mkdir(exist_ok=True)
        self.http = HttpServer(
            create_app(services),
            self.settings.server,
            spool_dir=spool_dir,
            min_free_bytes=self.settings.storage.min_free_bytes,
        )

    def start(self) -> None:
        """Config and store are good already; take the port, bring up phones and jobs, then answer on it."""
        on_stop = self._running
        self._log_notices()
        prepare_struct_types()
        on_stop.callback(self.store.close)
        on_stop.callback(self.intake.probe.close)
        self.http.listen()  # while it is taken no task may be begun, only to be interrupted again
        self.outbox.start()
        on_stop.callback(self.outbox.stop, OUTBOX_STOP_S)
        self.fleet.start()
        on_stop.callback(self.fleet.stop)
        self._start(self.watch.loop)
        self._start(self.missing_media.loop)
        self.jobs.supervisor.revive(
            self.watch.loop, self.outbox.loop, self.planner.loop, self.missing_media.loop
        )
        self.jobs.start()
        on_stop.callback(lambda: self.jobs.stop(self._time_to_stop_s))
        self._start(self.planner.loop)
        if not self.store.stopped_cleanly:
            self._note_unclean_stop()
        self.http.start()
        on_stop.callback(lambda: self.http.stop(min(HTTP_STOP_S, self._time_to_stop_s)))

    def _log_notices(self) -> None:
        for notice in notices(self.settings):
            _LOG.warning("%s", notice)

    def _start(self, loop: Loop) -> None:
        loop.start()
        self._running.callback(loop.join, 1.0)
        self._running.callback(loop.stop)

    def stop(self) -> None:
        """Refuse new work, then end everything in reverse order, within `server.drain_s` and a little."""
        self._stop_by = Deadline(self.clock, self.settings.server.drain_s)
        self.draining = True
        self.intake.drain()
        self.jobs.drain()
        self._running.close()

    @property
    def _time_to_stop_s(self) -> float:
        return self.settings.server.drain_s if self._stop_by is None else self._stop_by.remaining_s

    def _note_unclean_stop(self) -> None:
        """One line per start after a crash or a power cut: a person can tell from it how good the power is."""
        _LOG.warning("the last run did not stop cleanly (%d times so far)", self.store.unclean_starts)
        when = utc(self.clock.now()).isoformat(timespec="seconds")
        try:
            with (self.store.state_dir / "unclean-stops.log").open("a", encoding="utf-8") as log:
                log.write(f"{when} started after an unclean stop, number {self.store.unclean_starts}\n")
        except OSError as error:
            _LOG.warning("the unclean stop cannot be noted: %s", error)

    def wait_for_phones(self, serials: list[str], signals: Signals, timeout_s: float) -> None:
        """Return once all of them are usable, or when the time is over: being late is no reason not to serve."""
        self.fleet.subscribe(lambda _: signals.wake())
        deadline = Deadline(self.clock, timeout_s)
        while not deadline.expired and not signals.stopping:
            usable = {phone.serial for phone in self.fleet.inventory() if phone.state is PhoneState.DEVICE}
            if usable.issuperset(serials):
                return
            signals.wait(deadline.remaining_s)

    def reload(self) -> Reloaded:
        """Re-read the config and the screens files.

        Raises:
            ConfigInvalid, StoreError: Everything stays as it was.
        """
        with self._reloading:
            before = self.settings
            candidate = self.config_state.read()
            change = candidate.change
            try:
                self.use(change.settings)
            except BaseException:
                self.use(before)
                raise
            self.lessons.put_in_force(candidate.trusted)
            self.config_state.take(candidate)
        if candidate.screens_changed and "posting.screens_dir" not in change.changed:
            change.changed.append("posting.screens_dir")
        self._log_notices()
        _LOG.info("config read again; changed: %s", ", ".join(change.changed) or "nothing")
        if change.restart_needed:
            _LOG.warning("these changes wait for a restart: %s", ", ".join(change.restart_needed))
        return Reloaded(changed=change.changed, restart_needed=change.restart_needed)

    def alive(self) -> bool:
        """Whether posting and storing go on: what feeds the service watchdog.

        The HTTP side is no reason to be killed in the middle of posts: it is healed here.
        """
        self.http.heal()
        return self._watchdog.content()

    @property
    def overdue_s(self) -> float:
        """Seconds by which the slowest helper thread is overdue."""
        return max(self.jobs.stale_s, self.watch.loop.age_s, self.fleet.age_s)

    @property
    def _stuck_s(self) -> float:
        """The same without threads that the disk holds up: the watchdog has a longer patience with that."""
        loops = (*self.jobs.supervisor.watched, self.watch.loop)
        return max(stuck_s(loops, self.store.storage.holds_up), self.fleet.age_s)

    def status(self) -> str:
        """One line for the service manager."""
        phones = self.fleet.inventory()
        usable = sum(phone.state is PhoneState.DEVICE for phone in phones)
        counts = self.store.tasks.counts()
        notices = "".join(f"; {notice}" for notice in self.config_state.notices())
        return (
            f"{self.url}, {usable} of {len(phones)} phones usable, "
            f"{counts[Status.PENDING]} tasks pending, {counts[Status.RUNNING]} running"
            f"{notices}"
        )

    @property
    def url(self) -> str:
        return own_url(self.config.settings.server.listen, self.http.port)
