"""Brings the daemon up, keeps it running as the service manager and signals ask, and tells where it is."""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from handlers.access.tokens import TokenError
from handlers.cli.command_line import EX, end, status_of
from handlers.daemon.daemon import Daemon
from handlers.daemon.watchdog import DISK_STALE_S
from handlers.server.server import CannotListen, Exposed
from jobs.hub.clock import Deadline
from jobs.hub.config_file import ConfigInvalid, LoadedConfig
from jobs.hub.service_notify import ServiceNotify
from jobs.hub.signals import Signals
from jobs.hub.supervision import Loop
from jobs.hub.time_zone import ZoneInvalid
from jobs.post.screens.screens_file import ScreensInvalid
from storage.engine.files import Files, is_full, refuse_no_file
from storage.errors import NewerSchema, StateLocked, StoreDamaged, StoreError, StoreFull

_LOG = logging.getLogger("tikmatrixd")

#: How often the service manager hears how things are.
STATUS_EVERY_S = 5.0
#: Beyond `server.drain_s`: what closing the store and ending the program may take.
STOP_EXTRA_S = 10.0
_OWN_STATE_DIR = "chown it to that user, or name another storage.state_dir (or --state-dir)"


def bring_up(make: Callable[[], Daemon], config: LoadedConfig) -> Daemon:
    """A started daemon, or the end of the program with the one sentence that says what to do."""
    state_dir = config.settings.storage.state_dir
    try:
        daemon = make()
    except StateLocked as error:
        end(str(error), EX.UNAVAILABLE)
    except (NewerSchema, StoreDamaged, TokenError, Exposed, ZoneInvalid, ScreensInvalid) as error:
        end(str(error), EX.CONFIG)
    except StoreError as error:
        end(f"{error}{_room(error, state_dir)}", EX.IOERR)
    except PermissionError as error:
        end(f"{error.filename or state_dir} cannot be used by this user: {_OWN_STATE_DIR}", EX.NOPERM)
    except OSError as error:
        sentence = f"{error.filename or state_dir} cannot be used: {error.strerror or error}"
        end(f"{sentence}{_room(error, state_dir)}", EX.IOERR)
    try:
        daemon.start()
    except CannotListen as error:
        daemon.stop()
        end(error.strerror or str(error), EX.UNAVAILABLE)
    except BaseException:
        daemon.stop()
        raise
    return daemon


def _room(error: Exception, state_dir: str) -> str:
    """What to add to the sentence of an error that means that the disk is full."""
    causes = (error, error.__cause__)
    full = any(isinstance(e, StoreFull) or (isinstance(e, OSError) and is_full(e)) for e in causes)
    return f": free some space on the disk of {state_dir}" if full else ""


def serve_until_stopped(
    daemon: Daemon, signals: Signals, ready_file: Path | None, simulated: dict[str, Any]
) -> None:
    """Say that everything is up, feed the watchdog, obey signals, return when asked to stop."""
    manager = ServiceNotify()
    if simulated:
        daemon.wait_for_phones(simulated["serials"], signals, timeout_s=60)
    if not signals.stopping:
        write_ready_file(daemon, ready_file, simulated)
        print(
            f"tikmatrixd is ready: serving {daemon.url}, {len(daemon.fleet.inventory())} phones", flush=True
        )
        manager.ready(daemon.status())
    period_s = min(manager.watchdog_s or STATUS_EVERY_S, STATUS_EVERY_S)
    status = _tells_status(daemon, manager, period_s)
    status.start()
    under_way: _Reload | None = None
    while not signals.stopping:
        signals.wait(period_s)
        if under_way is None and signals.take_reload():
            manager.reloading(daemon.clock.monotonic())
            under_way = _Reload(daemon, signals)
        if under_way is not None and under_way.ended:
            manager.ready(under_way.status)
            under_way = None
            signals.wake()  # another reload may have been asked for meanwhile
        if daemon.alive() and (under_way is None or not under_way.hangs):
            manager.watchdog()
    status.stop()
    manager.stopping(daemon.settings.server.drain_s + STOP_EXTRA_S)


def _tells_status(daemon: Daemon, manager: ServiceNotify, period_s: float) -> Loop:
    """A thread that tells the service manager how things are: it looks at the config's files, which may lie on a share that hangs."""

    def turn() -> float:
        manager.status(daemon.status())
        return period_s

    return Loop("status", turn, daemon.clock, longest_wait_s=period_s)


class _Reload:
    """A reload on a thread of its own: it reads files and writes, and a slow disk must not keep the watchdog unfed."""

    def __init__(self, daemon: Daemon, signals: Signals) -> None:
        self._by = Deadline(daemon.clock, DISK_STALE_S)
        self.status = ""  #: of the daemon, once it has ended
        self._thread = threading.Thread(target=self._run, args=(daemon, signals), name="reload", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    @property
    def hangs(self) -> bool:
        """It takes longer than any disk may."""
        return self._by.expired

    def _run(self, daemon: Daemon, signals: Signals) -> None:
        try:
            reload(daemon)
            self.status = daemon.status()
        finally:
            signals.wake()


def reload(daemon: Daemon) -> None:
    """Re-read the config as SIGHUP asks; what is wrong with it is logged and nothing changes."""
    try:
        daemon.reload()
    except ConfigInvalid as error:
        for problem in str(error).splitlines():
            _LOG.error("%s", problem)
        _LOG.error("the config is not good: the one before stays in force")
    except StoreError as error:
        _LOG.error("the config was not taken over, the one before stays in force: %s", error)
    except Exception:  # noqa: BLE001 - the boundary of the reload's thread: no fault of it is a reason to end posts
        _LOG.exception("the config was not taken over, the one before stays in force")


def write_ready_file(daemon: Daemon, path: Path | None, simulated: dict[str, Any]) -> None:
    """Write where everything is, for the program that started us; complete or absent, never half."""
    if path is None:
        return
    settings = daemon.settings
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
    try:
        Files().replace(path, [json.dumps(ready, indent=2).encode(), b"\n"], "ready file")
    except OSError as error:
        _no_ready_file(path, error)


def check_ready_file(path: Path | None) -> None:
    """End the program where no ready file could be written: said before any task is begun, only to be interrupted."""
    if path is None:
        return
    try:
        refuse_no_file(path)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not os.access(path.absolute().parent, os.W_OK | os.X_OK):
            there = errno.EACCES if path.absolute().parent.is_dir() else errno.ENOENT
            raise OSError(there, os.strerror(there))
    except OSError as error:
        _no_ready_file(path, error)


def _no_ready_file(path: Path, error: OSError) -> NoReturn:
    end(f"the ready file {path} cannot be written: {error.strerror or error}", status_of(error))
