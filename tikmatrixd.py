#!/usr/bin/env python3
"""tikmatrixd's command line and composition root: builds everything, starts it in order, stops it in reverse."""

from __future__ import annotations

import gc
import logging
import os
import sys
import tempfile
import threading
from contextlib import ExitStack, suppress
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Wherever it is started from, our packages lie beside this file.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import click

from handlers.cli import (
    care_commands,
    commands,
    compat,
    completion,
    daily,
    daily_changes,
    man_page,
    phone_commands,
    rehearse,
)
from handlers.cli.command_line import (
    DEFAULT_CONFIG,
    EX,
    adb_key_dir,
    end,
    note_config,
    read_config,
    take_config_anywhere,
    tokens_are_beside,
    tokens_path,
    usb_boxes_dir,
)
from handlers.cli.posting import post
from handlers.cli.usb import usb_box
from jobs.hub import logs
from jobs.hub.addresses import own_url
from jobs.hub.clock import Clock, Deadline, SystemClock, utc
from jobs.hub.config_checks import check_values
from jobs.hub.config_file import LoadedConfig
from jobs.hub.signals import Signals
from jobs.hub.time_zone import zone
from jobs.input.struct_types import prepare_struct_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from handlers.api.services import Reloaded
    from jobs.hub.settings import Settings
    from jobs.upkeep.backup import Made
    from jobs.upkeep.doctor import Finding

_LOG = logging.getLogger("tikmatrixd")
VERSION = "0.4.0"
#: How long a stop waits for requests that are being answered, and for a notification on its way.
HTTP_STOP_S, OUTBOX_STOP_S = 2.0, 1.0
#: A helper thread overdue by more than this is taken for hung, and the watchdog is no longer fed.
STALE_S = 30.0
#: So long a write to the disk may take. A worn card needs many seconds, and a restart does not make it faster.
DISK_STALE_S = 120.0


class Daemon:
    """All parts of the running daemon. `start` brings them up in order, `stop` takes them down in reverse."""

    def __init__(self, config: LoadedConfig, clock: Clock) -> None:
        # Late imports: `check-config` and `--help` answer without loading what only the daemon needs.
        from handlers.access.sessions import NAME as SESSIONS
        from handlers.access.sessions import Sessions
        from handlers.access.token_book import TokenBook
        from handlers.access.tokens import Tokens
        from handlers.api.app import create_app
        from handlers.api.services import Services
        from handlers.server.server import HttpServer, check_exposure
        from jobs.accounts.accounts import Accounts
        from jobs.accounts.matching import Matcher
        from jobs.compat.compat import Compat
        from jobs.compat.known import Known
        from jobs.compat.new_versions import NewVersions
        from jobs.intake.changer import Changer
        from jobs.intake.intake import Intake
        from jobs.intake.pending_changes import Planning
        from jobs.library.library import Library
        from jobs.media.probe import check_again
        from jobs.notify.missing_media import MissingMedia
        from jobs.notify.outbox import Outbox
        from jobs.notify.watch import Watch
        from jobs.phone.inventory.fleet import Fleet
        from jobs.phone.inventory.homes import known_homes
        from jobs.post.rehearsal.rehearsals import Rehearsals
        from jobs.post.screens.vocabularies import of_package
        from jobs.post.script import PostScript
        from jobs.post.teaching.kept_screens import KeptScreens
        from jobs.post.teaching.lesson_book import LessonBook
        from jobs.post.teaching.taught_files import FOLDER as TAUGHT
        from jobs.post.teaching.teaching import Teaching
        from jobs.run.control import Control
        from jobs.run.engine import Jobs
        from jobs.run.evidence import Evidence
        from jobs.slots.planner import Planner
        from jobs.slots.slots import Slots
        from jobs.upkeep.config_state import ConfigState
        from jobs.upkeep.doctor_run import DoctorRun
        from jobs.upkeep.needs import Needs
        from storage.store import Store

        settings = config.settings
        state_dir = Path(settings.storage.state_dir)
        self.config = config
        self.config_state = ConfigState(config)
        self.settings = config.settings  #: those in force now
        self.clock = clock
        book = TokenBook(lambda: tokens_path(config), state_dir)
        self.tokens = Tokens(book)
        check_exposure(settings, self.tokens)
        self.store = Store.open(
            state_dir,
            retention_days=settings.storage.retention_days,
            generations=settings.storage.generations,
            min_free_bytes=settings.storage.min_free_bytes,
        )
        self.outbox = Outbox(settings.notify, clock, self.store.meta)
        self.fleet = Fleet(
            settings.adb,
            settings.phones,
            clock,
            further=settings.adb_servers,
            homes=known_homes(self.store.meta),
            tidies=True,
        )
        self.evidence = Evidence(state_dir / "evidence", settings.storage.evidence_quota_bytes, clock)
        known = Known(self.store, clock)
        self.versions = NewVersions(
            self.store,
            clock,
            known,
            enabled=lambda: self.settings.posting.rehearse_new_versions,
            tell=self.outbox.tell,
            zone=self.zone,
        )
        self.script = PostScript(
            settings,
            self.store.meta,
            lambda file: check_again(file, self.settings.media),
            self.config_state.vocabularies,
            admit=self.versions.admit,
        )
        self.watch = Watch(
            clock,
            self.fleet,
            self.store,
            self.outbox.tell,
            min_free_bytes=settings.storage.min_free_bytes,
        )
        self.missing_media = MissingMedia(clock, self.store.tasks, self.outbox.tell)
        self.jobs = Jobs(
            settings,
            clock,
            self.store,
            self.fleet,
            {"post": self.script},
            self.evidence,
            tell=self.watch.heard,
            versions=self.versions,
        )
        self.accounts = Accounts(settings, self.store)
        self.intake = Intake(
            settings,
            clock,
            self.store,
            self.known_serials,
            self.jobs.wake,
            repeats=self.jobs.repeats,
            pace=self.jobs.pace,
        )
        self.planner = Planner(
            clock,
            self.store,
            self.intake,
            zone=self.zone,
            trusted=lambda: self.jobs.trust.trusted,
            tell=self.outbox.tell,
        )
        self.slots = Slots(clock, self.store, self.intake, self.planner, self.zone)
        self.library = Library(settings, self.store, clock, self.intake.probe)
        self.control = Control(settings, clock, self.store, self.jobs)
        self.rehearsals = Rehearsals(
            lambda: self.settings,
            clock,
            phones=self.fleet,
            jobs=self.jobs,
            meta=self.store.meta,
            vocabulary=lambda platform, package: of_package(self.lessons.rehearsing(platform), package),
            folder=state_dir / "rehearsals",
            ended=self.versions.ended,
        )
        self.versions.use(self.rehearsals, self.jobs)
        self.lessons = LessonBook(
            clock, state_dir / TAUGHT, trusted=self.config_state.trusted, use=self.script.reload
        )
        services = Services(
            settings=lambda: self.settings,
            clock=clock,
            store=self.store,
            tokens=self.tokens,
            token_book=book,
            sessions=Sessions(state_dir / SESSIONS, self.tokens, clock),
            intake=self.intake,
            control=self.control,
            planning=Planning(
                clock, self.store, self.jobs.mover, self.jobs.wake, Changer(clock, self.store, self.intake)
            ),
            slots=self.slots,
            rehearsals=self.rehearsals,
            teaching=Teaching(
                self.lessons, KeptScreens(self.rehearsals.reports, self.evidence, self.store.tasks.get)
            ),
            compat=Compat(
                self.store,
                known,
                self.versions,
                phones=self.fleet,
                reports=self.rehearsals.all,
                taught=self.lessons.on,
            ),
            needs=Needs(
                lambda: self.settings,
                clock,
                self.store,
                phones=self.fleet,
                jobs=self.jobs,
                planner=self.planner,
                versions=self.versions,
                config_notices=self.config_state.notices,
                token_problem=lambda: self.tokens.problem,
            ),
            accounts=self.accounts,
            doctor=DoctorRun(self._doctor, clock),
            back_up=self._back_up,
            try_notifications=self.outbox.try_out,
            library=self.library,
            phones=self.fleet,
            jobs=self.jobs,
            evidence=self.evidence,
            draining=lambda: self.draining,
            reload=self.reload,
            config_notices=self.config_state.notices,
            config_text=self.config_state.text,
            notifications_waiting=lambda: self.outbox.waiting,
            overdue_s=lambda: self.overdue_s,
            matcher=Matcher(
                lambda: self.settings,
                clock,
                phones=self.fleet,
                jobs=self.jobs,
                accounts=self.accounts,
                vocabulary=self.script.vocabulary,
            ),
            version=VERSION,
        )
        spool_dir = state_dir / "spool"
        spool_dir.mkdir(exist_ok=True)
        self.http = HttpServer(
            create_app(services),
            settings.server,
            spool_dir=spool_dir,
            min_free_bytes=settings.storage.min_free_bytes,
        )
        self.draining = False
        self._reloading = threading.Lock()
        self._stop_by: Deadline | None = None
        self._write = (0, 0.0)  #: the write to the disk last seen under way, and since when
        self._running = ExitStack()

    def zone(self) -> tzinfo:
        """The zone that people's times are in."""
        return zone(self.settings.posting.timezone)

    def known_serials(self) -> set[str]:
        """Serials that a request may name: seen, configured, or bound to an account."""
        seen = {phone.serial for phone in self.fleet.inventory()}
        configured = set(self.config.settings.phones.known)
        return seen | configured | {account.serial for account in self.store.accounts.all() if account.serial}

    def _doctor(self) -> Iterator[Finding]:
        from jobs.upkeep.doctor_all import all_findings
        from jobs.upkeep.doctor_phone import Login

        def tokens() -> int:
            if self.tokens.problem:
                raise ValueError(self.tokens.problem)
            return len(self.tokens)

        def logins() -> list[Login]:
            return [
                Login(one.username, one.platform, one.serial, one.package, one.enabled, one.logged_in)
                for one in self.store.accounts.all()
            ]

        key_dir = adb_key_dir(self.config)
        return all_findings(
            self.settings,
            self.clock,
            key_dir=key_dir,
            boxes_dir=usb_boxes_dir(self.config),
            tokens=tokens,
            logins=logins,
        )

    def _back_up(self, target: Path, library: bool) -> Made:
        from jobs.upkeep.backup import Places, back_up

        config = self.config
        # The keys of other boxes are as `backup` fetched them last: the daemon may not read what fetches them.
        places = Places(
            tokens_path(config), tokens_are_beside(config), adb_key_dir(config), usb_boxes_dir(config)
        )
        return back_up(config, places, target, self.clock.now(), library=library)

    def start(self) -> None:
        """Config and store are good already; take the port, bring up phones and jobs, then answer on it."""
        on_stop = self._running
        prepare_struct_types()
        on_stop.callback(self.store.close)
        on_stop.callback(self.intake.probe.close)
        self.http.listen()  # while it is taken no task may be begun, only to be interrupted again
        self.outbox.start()
        on_stop.callback(self.outbox.stop, OUTBOX_STOP_S)
        self.fleet.start()
        on_stop.callback(self.fleet.stop)
        self.watch.loop.start()
        on_stop.callback(self.watch.loop.join, 1.0)
        on_stop.callback(self.watch.loop.stop)
        self.missing_media.loop.start()
        on_stop.callback(self.missing_media.loop.join, 1.0)
        on_stop.callback(self.missing_media.loop.stop)
        self.jobs.supervisor.revive(
            self.watch.loop, self.outbox.loop, self.planner.loop, self.missing_media.loop
        )
        self.jobs.start()
        on_stop.callback(lambda: self.jobs.stop(self._time_to_stop_s))
        self.planner.loop.start()
        on_stop.callback(self.planner.loop.join, 1.0)
        on_stop.callback(self.planner.loop.stop)
        if not self.store.stopped_cleanly:
            self._note_unclean_stop()
        self.http.start()
        on_stop.callback(lambda: self.http.stop(min(HTTP_STOP_S, self._time_to_stop_s)))

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
        when = utc(self.clock.now()).isoformat(timespec="seconds")
        try:
            with (self.store.state_dir / "unclean-stops.log").open("a", encoding="utf-8") as log:
                log.write(f"{when} started after an unclean stop, number {self.store.unclean_starts}\n")
        except OSError as error:
            _LOG.warning("the unclean stop cannot be noted: %s", error)

    def wait_for_phones(self, serials: list[str], signals: Signals, timeout_s: float) -> None:
        """Return once all of them are usable, or when the time is over: being late is no reason not to serve."""
        from jobs.phone.protocol import PhoneState

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
        from handlers.api.services import Reloaded

        with self._reloading:
            before = self.settings
            candidate = self.config_state.read()
            change = candidate.change
            try:
                self._use(change.settings)
            except BaseException:
                self._use(before)
                raise
            self.lessons.put_in_force(candidate.trusted)
            self.config_state.take(candidate)
        if candidate.screens_changed and "posting.screens_dir" not in change.changed:
            change.changed.append("posting.screens_dir")
        _LOG.info("config read again; changed: %s", ", ".join(change.changed) or "nothing")
        if change.restart_needed:
            _LOG.warning("these changes wait for a restart: %s", ", ".join(change.restart_needed))
        return Reloaded(changed=change.changed, restart_needed=change.restart_needed)

    def _use(self, settings: Settings) -> None:
        from jobs.run.engine import slots

        self.accounts.reload(settings)  # first: it alone writes, and so it alone can be refused
        self.intake.reload(settings)
        self.library.reload(settings)
        self.outbox.retarget(settings.notify)
        self.jobs.set_limit(slots(settings))
        self.jobs.use(settings.posting)
        logs.set_up(settings.log.level, settings.log.format)
        self.settings = settings

    def alive(self) -> bool:
        """Whether posting and storing go on: what feeds the service watchdog.

        The HTTP side is no reason to be killed in the middle of posts: it is healed here.
        """
        self.http.heal()
        return self.overdue_s < STALE_S and self._writing_s() < DISK_STALE_S

    def _writing_s(self) -> float:
        """How long the disk has had the same write, as far as the looks at it can tell."""
        write = self.store.storage.write_under_way
        if not write or write != self._write[0]:
            self._write = (write, self.clock.monotonic())
        return self.clock.monotonic() - self._write[1]

    @property
    def overdue_s(self) -> float:
        """Seconds by which the slowest helper thread is overdue."""
        return max(self.jobs.stale_s, self.watch.loop.age_s, self.fleet.age_s)

    def status(self) -> str:
        """One line for the service manager."""
        from jobs.phone.protocol import PhoneState
        from storage.records import Status

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


def main() -> None:
    """Entry point; `serve` is the default command."""
    # The installed command has another name; its shell completion hangs on it.
    cli(prog_name=os.environ.get("TIKMATRIXD_NAME", "tikmatrixd.py"))


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help=f"Config file; default {DEFAULT_CONFIG}, if it exists.",
)
@click.version_option(VERSION, message="tikmatrixd %(version)s")
@click.pass_context
def cli(context: click.Context, config_path: Path | None) -> None:
    """Publish your own videos and images through the TikTok and Instagram apps of your own phones."""
    note_config(context, config_path)
    if context.invoked_subcommand is None:
        context.invoke(serve)


@cli.command()
@click.option(
    "--demo",
    "demo_phones",
    type=click.IntRange(1, 100),
    help="Start this many simulated phones and use only them.",
)
@click.option("--listen", help="HOST:PORT instead of the config's; port 0 takes a free one.")
@click.option("--state-dir", type=click.Path(path_type=Path), help="State directory instead of the config's.")
@click.option(
    "--ready-file", type=click.Path(path_type=Path), help="Write a JSON file there once everything is up."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the simulated phones (with --demo).")
@click.option(
    "--latency",
    type=float,
    default=0,
    show_default=True,
    help="Milliseconds that one nominal second of the apps takes; 0 is at once (with --demo).",
)
@click.pass_obj
def serve(  # noqa: PLR0917 - one parameter per option
    config_path: Path | None,
    demo_phones: int | None = None,
    listen: str | None = None,
    state_dir: Path | None = None,
    ready_file: Path | None = None,
    seed: int = 1,
    latency: float = 0,
) -> None:
    """Run the daemon (the default command)."""
    from handlers.cli.running import bring_up, serve_until_stopped

    sys.setswitchinterval(0.0005)  # keeps HTTP answers quick beside busy phone threads
    # Every look at a phone makes and drops hundreds of objects in circles: with Python's own thresholds the collector
    # takes a fifth of the processor time when 50 phones post.
    gc.set_threshold(20_000, 20, 50)
    _use_few_arenas()
    signals = Signals()
    signals.install()
    with ExitStack() as stack:
        simulated: dict[str, Any] = {}
        if demo_phones:
            from simulator.child import SimulatorChild, SimulatorFailed

            folder = (
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tikmatrixd-")))
                if state_dir is None
                else state_dir
            )
            extra = ("--seed", str(seed), "--latency", f"{latency:g}")
            try:
                child = SimulatorChild(demo_phones, folder.resolve(), extra=extra)
            except SimulatorFailed as error:
                end(str(error), EX.UNAVAILABLE)
            stack.callback(child.stop)
            config_path, state_dir, simulated = child.config_path, None, child.ready
            listen = listen or "127.0.0.1:50809"
        config = override(read_config(config_path), listen=listen, state_dir=state_dir)
        logs.set_up(config.settings.log.level, config.settings.log.format)
        where = config.path or "defaults, no config file"
        _LOG.info(
            "tikmatrixd %s starts; config: %s; state: %s", VERSION, where, config.settings.storage.state_dir
        )

        daemon = bring_up(lambda: Daemon(config, SystemClock()), config)
        stack.callback(daemon.stop)
        serve_until_stopped(daemon, signals, ready_file, simulated)


def _use_few_arenas() -> None:
    """Let the threads share two heaps: glibc gives each its own, and thirty of them keep 30 MB that nothing uses."""
    import ctypes

    with suppress(AttributeError):  # other C libraries have no mallopt
        ctypes.CDLL(None).mallopt(-8, 2)  # M_ARENA_MAX of malloc.h


def override(config: LoadedConfig, *, listen: str | None, state_dir: Path | None) -> LoadedConfig:
    """The config with what the command line says instead; ends the program when that is wrong."""
    said = {"server.listen": listen, "storage.state_dir": state_dir and str(state_dir.resolve())}
    config = config.overridden({key: value for key, value in said.items() if value})
    for key, problem in check_values(config.settings):
        end(f"{key}: {problem}", EX.CONFIG)
    return config


for command in (
    *daily.ALL,
    *daily_changes.ALL,
    *post.ALL,
    *rehearse.ALL,
    *compat.ALL,
    *completion.ALL,
    *man_page.ALL,
    *commands.ALL,
    *care_commands.ALL,
    *phone_commands.ALL,
    *usb_box.ALL,
):
    cli.add_command(command)
for command in cli.commands.values():
    take_config_anywhere(command)


if __name__ == "__main__":
    main()
