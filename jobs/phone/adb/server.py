"""An adb server of the config: found and watched; that of this box by hand also started. Never another one."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
from pathlib import Path

from jobs.hub import settings
from jobs.hub.addresses import is_loopback
from jobs.phone.adb.client import AdbClient, Endpoint
from jobs.phone.adb.wire import Grip, NotTaken
from jobs.phone.errors import AdbDown, DeadlinePassed, PhoneError

log = logging.getLogger(__name__)

PROBE_TIMEOUT_S = 2.0
#: On the way to another box something may be lost and have to be sent again.
FAR_PROBE_TIMEOUT_S = 3.0
PROBE_EVERY_S = 10.0
START_TIMEOUT_S = 15.0
#: A server that does not come up is not started again sooner.
START_PAUSE_S = 20.0
#: How many unanswered probes make a hanging server (ADB-5), and how long after a restart it is not restarted again.
HANGING_MISSES = 3
RESTART_PAUSE_S = 600.0


def binary(adb: settings.Adb) -> Path:
    """The adb program of the config; by default the one that comes with adbutils, never one from PATH (ADB-2)."""
    if adb.binary:
        return Path(adb.binary)
    spec = importlib.util.find_spec("adbutils")
    places = (spec.submodule_search_locations or ()) if spec else ()
    for place in places:
        return Path(place) / "binaries" / "adb"
    raise AdbDown("no adb program: adbutils is not installed")


class AdbServer:
    """Asks the server for its version now and then, and starts it where the config allows."""

    def __init__(self, adb: settings.Adb, grip: Grip, name: str = settings.LOCAL_SERVER) -> None:
        self.name = name
        self.endpoint = Endpoint(adb.host, adb.port)
        self.version: int | None = None
        self.warning = ""
        self._adb = adb
        self._grip = grip
        self._misses = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._started_at: float | None = None
        self._restarted_at: float | None = None
        # Whatever adbutils may try, it must be this program (ADB-2).
        os.environ["ADBUTILS_ADB_PATH"] = str(binary(adb))

    def check(self) -> None:
        """One probe. Raises AdbDown when the server does not answer; a hanging one is restarted."""
        try:
            version = AdbClient(self.endpoint, self._grip, timeout_s=self.probe_timeout_s).version()
        except PhoneError as error:
            # Of another box a connection that is not taken is no more than an answer that is late.
            if isinstance(error, DeadlinePassed) or (self._is_far and isinstance(error, NotTaken)):
                self._misses += 1
                if self._misses >= HANGING_MISSES:
                    self._restart_hanging()
                raise AdbDown(f"the adb server on {self._place} hangs; {self._remedy}") from error
            self._misses = 0  # gone, or something else in its place, which is not hanging
            if isinstance(error, AdbDown):
                raise
            raise AdbDown(str(error)) from error
        self._misses = 0
        if self.version is not None and version != self.version:
            self.warning = (
                f"the adb server{f' {self.name}' if self._is_far else ''} changed from version {self.version} to {version}: "
                f"another adb program on {'its box' if self._is_far else 'this machine'} replaced it"
            )
            log.warning("%s", self.warning)
        self.version = version

    @property
    def probe_timeout_s(self) -> float:
        """How long one answer may take."""
        return FAR_PROBE_TIMEOUT_S if self._is_far else PROBE_TIMEOUT_S

    @property
    def _is_far(self) -> bool:
        return self.name != settings.LOCAL_SERVER

    @property
    def _place(self) -> str:
        return f"{self.endpoint.host}:{self.endpoint.port}" if self._is_far else f"port {self.endpoint.port}"

    @property
    def slow(self) -> bool:
        """It missed its last probe, but too few for it to count as hanging."""
        return 0 < self._misses < HANGING_MISSES

    def ensure(self) -> None:
        """A server that answers, started if need be and allowed. Raises AdbDown."""
        try:
            self.check()
        except AdbDown:
            if not self._may_start():
                raise
            self._start()

    def _may_start(self) -> bool:
        now = self._grip.clock.monotonic()
        rested = self._started_at is None or now - self._started_at >= START_PAUSE_S
        hanging = self._misses > 0
        return self._adb.start_server and is_loopback(self.endpoint.host) and rested and not hanging

    def _start(self) -> None:
        """Start the server in a session of its own, so that it outlives the daemon like any adb server."""
        self._reap()
        self._started_at = self._grip.clock.monotonic()
        program = binary(self._adb)
        log.info("starting an adb server on port %d with %s", self.endpoint.port, program)
        try:
            self.process = subprocess.Popen(
                [str(program), "-P", str(self.endpoint.port), "server", "nodaemon"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                # Phones found by mDNS would be connected twice, under a second name (ADB-10).
                env={**os.environ, "ADB_MDNS_AUTO_CONNECT": "0"},
            )
        except OSError as error:
            raise AdbDown(f"cannot start {program}: {error.strerror}") from error
        deadline = self._grip.deadline(START_TIMEOUT_S)
        while True:
            try:
                self.check()
                return
            except AdbDown as error:
                if self.process.poll() is not None:
                    raise AdbDown(f"{program} ended with status {self.process.returncode}") from error
                if deadline.expired:
                    raise
            self._grip.wait(0.05)

    def _restart_hanging(self) -> None:
        now = self._grip.clock.monotonic()
        if self._restarted_at is not None and now - self._restarted_at < RESTART_PAUSE_S:
            return
        self._restarted_at = now
        log.error("the adb server on %s hangs; %s", self._place, self._remedy)
        if self._is_ours:
            self.kill()
            self._misses = 0
            self._started_at = None

    @property
    def _is_ours(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def _remedy(self) -> str:
        """What happens about a hanging server, or what a person must do: services may not restart each other."""
        if self._is_ours:
            return "it is started again if that lasts"
        if self._is_far:
            return "if that lasts, look at its box and at the link to it"
        if self._adb.start_server:
            return "it was not started from here: end its process if that lasts, and another is started"
        return "if that lasts: systemctl restart tikmatrixd-adb.service"

    def _reap(self) -> None:
        if self.process is not None:
            self.process.poll()

    def kill(self) -> None:
        """End the server, if this object started it."""
        if self.process is not None and self._is_ours:
            self.process.kill()
            self.process.wait(5.0)

    def health(self) -> list[str]:
        return [self.warning] if self.warning else []
