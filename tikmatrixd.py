#!/usr/bin/env python3
"""tikmatrixd's command line and composition root: builds everything, starts it in order, stops it in reverse."""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Wherever it is started from, our packages lie beside this file.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import click
from msgspec.structs import replace

from handlers import commands
from handlers.commands import EX_CONFIG, EX_UNAVAILABLE, end, read_config, tokens_path
from jobs import logs
from jobs.clock import Clock, Deadline, SystemClock
from jobs.config_checks import check_values
from jobs.config_file import ConfigInvalid, LoadedConfig, load_config
from jobs.reload import merge
from jobs.service_notify import ServiceNotify

if TYPE_CHECKING:
    from handlers.services import Reloaded

_LOG = logging.getLogger("tikmatrixd")
VERSION = "0.1.0"
#: A helper thread overdue by more than this is taken for hung, and the watchdog is no longer fed.
STALE_S = 30.0
DEFAULT_CONFIG = Path("/etc/tikmatrixd/config.toml")


class Daemon:
    """All parts of the running daemon. `start` brings them up in order, `stop` takes them down in reverse."""

    def __init__(self, config: LoadedConfig, clock: Clock) -> None:
        # Late imports: `check-config` and `--help` answer without loading what only the daemon needs.
        from handlers.app import create_app
        from handlers.server import HttpServer, check_exposure
        from handlers.services import Services
        from handlers.tokens import Tokens
        from jobs.accounts import Accounts
        from jobs.control import Control
        from jobs.engine import Jobs
        from jobs.evidence import Evidence
        from jobs.intake import Intake
        from jobs.library import Library
        from jobs.notify import Outbox
        from jobs.phone.fleet import Fleet
        from jobs.post.script import PostScript
        from storage.store import Store

        settings = config.settings
        state_dir = Path(settings.storage.state_dir)
        self.config = config
        self.settings = config.settings  #: those in force now
        self.clock = clock
        self.tokens = Tokens(tokens_path(config))
        check_exposure(settings, self.tokens)
        self.store = Store.open(
            state_dir,
            retention_days=settings.storage.retention_days,
            generations=settings.storage.generations,
            min_free_bytes=settings.storage.min_free_bytes,
        )
        self.outbox = Outbox(settings.notify, clock, self.store.meta)
        self.fleet = Fleet(settings.adb, settings.phones, clock)
        self.evidence = Evidence(state_dir / "evidence", settings.storage.evidence_quota_bytes, clock)
        self.script = PostScript(settings, self.store.meta)
        self.jobs = Jobs(settings, clock, self.store, self.fleet, {"post": self.script}, self.evidence)
        self.accounts = Accounts(settings, self.store)
        self.library = Library(settings, self.store, clock)
        self.intake = Intake(settings, clock, self.store, self.known_serials, self.jobs.wake)
        self.control = Control(settings, clock, self.store, self.jobs)
        services = Services(
            settings=lambda: self.settings,
            clock=clock,
            store=self.store,
            tokens=self.tokens,
            intake=self.intake,
            control=self.control,
            accounts=self.accounts,
            library=self.library,
            phones=self.fleet,
            jobs=self.jobs,
            evidence=self.evidence,
            draining=lambda: self.draining,
            reload=self.reload,
            version=VERSION,
        )
        self.http = HttpServer(create_app(services), settings.server)
        self.draining = False
        self._running = ExitStack()

    def known_serials(self) -> set[str]:
        """Serials that a request may name: seen, configured, or bound to an account."""
        seen = {phone.serial for phone in self.fleet.inventory()}
        configured = set(self.config.settings.phones.known)
        return seen | configured | {account.serial for account in self.store.accounts.all() if account.serial}

    def start(self) -> None:
        """Config and store are good already; bring up phones, jobs and the port, in this order."""
        on_stop = self._running
        on_stop.callback(self.store.close)
        self.outbox.start()
        on_stop.callback(self.outbox.stop)
        self.fleet.start()
        on_stop.callback(self.fleet.stop)
        self.jobs.start()
        on_stop.callback(self.jobs.stop, self.config.settings.server.drain_s)
        self.http.start()
        on_stop.callback(self.http.stop, self.settings.server.drain_s)

    def stop(self) -> None:
        """Refuse new work, then end everything in reverse order, within `server.drain_s` and a little."""
        self.draining = True
        self.intake.drain()
        self.jobs.drain()
        self._running.close()

    def wait_for_phones(self, serials: list[str], timeout_s: float) -> None:
        """Return once all of them are usable, or when the time is over: being late is no reason not to serve."""
        from jobs.phone.protocol import PhoneState

        changed = threading.Event()
        self.fleet.subscribe(lambda _: changed.set())
        deadline = Deadline(self.clock, timeout_s)
        while not deadline.expired:
            changed.clear()
            usable = {phone.serial for phone in self.fleet.inventory() if phone.state is PhoneState.DEVICE}
            if usable.issuperset(serials):
                return
            self.clock.wait(changed, deadline.remaining_s)

    def reload(self) -> Reloaded:
        """Re-read the config; raises ConfigInvalid, and then everything stays as it was."""
        from handlers.services import Reloaded
        from jobs.engine import slots

        change = merge(self.settings, load_config(self.config.path).settings)
        self.settings = change.settings
        for part in (self.accounts, self.intake, self.library):
            part.reload(change.settings)
        self.outbox.retarget(change.settings.notify)
        self.jobs.set_limit(slots(change.settings))
        logs.set_up(change.settings.log.level, change.settings.log.format)
        _LOG.info("config read again; changed: %s", ", ".join(change.changed) or "nothing")
        if change.restart_needed:
            _LOG.warning("these changes wait for a restart: %s", ", ".join(change.restart_needed))
        return Reloaded(changed=change.changed, restart_needed=change.restart_needed)

    def alive(self) -> bool:
        """Whether every helper thread has come round lately: what feeds the service watchdog."""
        return self.jobs.stale_s < STALE_S and self.http.alive

    def status(self) -> str:
        """One line for the service manager."""
        from jobs.phone.protocol import PhoneState
        from storage.records import Status

        phones = self.fleet.inventory()
        usable = sum(phone.state is PhoneState.DEVICE for phone in phones)
        counts = self.store.tasks.counts()
        return (
            f"{self.url}, {usable} of {len(phones)} phones usable, "
            f"{counts[Status.PENDING]} tasks pending, {counts[Status.RUNNING]} running"
        )

    @property
    def url(self) -> str:
        host = self.config.settings.server.listen.rpartition(":")[0]
        shown = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104 - only shown
        return f"http://{shown}:{self.http.port}"


def main() -> None:
    """Entry point; `serve` is the default command."""
    cli(prog_name="tikmatrixd.py")


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help=f"Config file; default {DEFAULT_CONFIG}, if it exists.",
)
@click.pass_context
def cli(context: click.Context, config_path: Path | None) -> None:
    """Publish your own videos and images through the TikTok and Instagram apps of your own phones."""
    if config_path is None and DEFAULT_CONFIG.exists():
        config_path = DEFAULT_CONFIG
    context.obj = config_path
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
    sys.setswitchinterval(0.0005)  # keeps HTTP answers quick beside busy phone threads
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    stopping = threading.Event()
    # Until the daemon is up, a signal only sets the event; what was begun is taken down in order.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
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
                end(str(error), EX_UNAVAILABLE)
            stack.callback(child.stop)
            config_path, state_dir, simulated = child.config_path, None, child.ready
            listen = listen or "127.0.0.1:50809"
        config = override(read_config(config_path), listen=listen, state_dir=state_dir)
        logs.set_up(config.settings.log.level, config.settings.log.format)
        daemon = bring_up(config)
        stack.callback(daemon.stop)
        serve_until_stopped(daemon, stopping, ready_file, simulated)


def override(config: LoadedConfig, *, listen: str | None, state_dir: Path | None) -> LoadedConfig:
    """The config with what the command line says instead; ends the program when that is wrong."""
    settings = config.settings
    if listen:
        settings = replace(settings, server=replace(settings.server, listen=listen))
    if state_dir:
        settings = replace(settings, storage=replace(settings.storage, state_dir=str(state_dir.resolve())))
    for key, problem in check_values(settings):
        end(f"{key}: {problem}", EX_CONFIG)
    return replace(config, settings=settings)


def bring_up(config: LoadedConfig) -> Daemon:
    """A started daemon, or the end of the program with the one sentence that says what to do."""
    from handlers.server import CannotListen, Exposed
    from handlers.tokens import TokenError
    from jobs.phone.errors import AdbDown
    from storage.errors import StateLocked, StoreError

    try:
        daemon = Daemon(config, SystemClock())
    except StateLocked as error:
        end(str(error), EX_UNAVAILABLE)
    except (StoreError, TokenError, Exposed) as error:
        end(str(error), EX_CONFIG)
    try:
        daemon.start()
    except (CannotListen, AdbDown) as error:
        daemon.stop()
        end(str(error), EX_UNAVAILABLE)
    except BaseException:
        daemon.stop()
        raise
    return daemon


def serve_until_stopped(
    daemon: Daemon, stopping: threading.Event, ready_file: Path | None, simulated: dict[str, Any]
) -> None:
    """Say that everything is up, feed the watchdog, obey signals, return when asked to stop."""
    manager = ServiceNotify()
    wake = threading.Event()
    reload_asked = threading.Event()

    def on_signal(number: int, _frame: Any) -> None:
        if number == signal.SIGHUP:
            reload_asked.set()
        elif stopping.is_set():
            os._exit(130)  # asked twice: out at once; the journal makes that safe
        else:
            stopping.set()
        wake.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    if simulated:
        daemon.wait_for_phones(simulated["serials"], timeout_s=60)
    status = f"serving {daemon.url}, {len(daemon.fleet.inventory())} phones"
    write_ready_file(daemon, ready_file, simulated)
    print(f"tikmatrixd is ready: {status}", flush=True)
    manager.ready(status)
    period_s = manager.watchdog_s or 30.0
    while not stopping.is_set():
        wake.wait(min(period_s, 5.0))
        wake.clear()
        if reload_asked.is_set():
            reload_asked.clear()
            manager.reloading(daemon.clock.monotonic())
            try:
                daemon.reload()
            except ConfigInvalid as error:
                _LOG.error("the config is not good, the one before stays in force:\n%s", error)
            manager.ready(daemon.status())
        if daemon.alive():
            manager.watchdog()
            manager.status(daemon.status())
    manager.stopping(daemon.config.settings.server.drain_s + 5)


def write_ready_file(daemon: Daemon, path: Path | None, simulated: dict[str, Any]) -> None:
    """Tell whoever started us where everything is; complete or absent, never half."""
    if path is None:
        return
    settings = daemon.config.settings
    phones = daemon.fleet.inventory()
    ready = {
        "url": daemon.url,
        "adb_port": settings.adb.port,
        "serials": simulated.get("serials") or [phone.serial for phone in phones],
        "accounts": [
            {"username": a.username, "platform": a.platform, "serial": a.serial, "package": a.package, "display_name": a.display_name}
            for a in daemon.store.accounts.all()
        ],
        "media_roots": list(settings.media.roots),
        "state_dir": settings.storage.state_dir,
        "pid": os.getpid(),
    }  # fmt: skip
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(ready, indent=2) + "\n", "utf-8")
    beside.replace(path)


for command in commands.ALL:
    cli.add_command(command)


if __name__ == "__main__":
    main()
