"""Simulated phones under a real adb server, for tests; started once and shared."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.hub.settings import Adb
from jobs.phone.adb.server import binary
from simulator.child import SimulatorChild
from tests.support.warm import warm

#: Faults of tests take seconds; a busy machine makes more of them.
_FAULTS_END_S = 60.0


class Simulated:
    """A running simulator with its phones; `simctl` is the outside world's view of them."""

    def __init__(self, child: SimulatorChild, prefix: tuple[str, ...] = ()) -> None:
        """`prefix` stands before commands that shall reach its adb server."""
        self.child = child
        self._prefix = prefix
        self.ready: dict[str, Any] = child.ready
        self.adb_port = int(child.ready["adb_port"])
        self.serials: list[str] = child.ready["serials"]
        self.accounts: list[dict[str, str]] = child.ready["accounts"]

    def adb(self, *words: str, serial: str = "", timeout_s: float = 30.0) -> str:
        """The adb command line on the simulator's own server."""
        target = ["-s", serial] if serial else []
        return subprocess.run(
            [*self._prefix, str(binary(Adb())), "-P", str(self.adb_port), *target, *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=timeout_s,
        ).stdout

    def shell(self, serial: str, line: str) -> str:
        """What a shell line prints on the phone."""
        return self.adb("shell", line, serial=serial)

    def simctl(self, serial: str, *words: str) -> str:
        return self.adb("shell", "simctl", *words, serial=serial)

    def lines(self, serial: str, *words: str) -> list[dict[str, Any]]:
        """What a simctl command that prints JSON lines says: `posts`, `taps`, `events`, `media`."""
        return [json.loads(line) for line in self.simctl(serial, *words).splitlines() if line.strip()]

    def reset(self) -> None:
        """All phones as they were at first; one that a test left behind a fault answers once the fault is over."""
        ends, never = time.monotonic() + _FAULTS_END_S, threading.Event()
        for serial in self.serials:
            while True:
                try:
                    self.simctl(serial, "reset")
                    break
                except subprocess.CalledProcessError:
                    if time.monotonic() > ends:
                        raise
                    never.wait(0.1)


@pytest.fixture(scope="session")
def simulated_phones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Simulated]]:
    """`simulated_phones(n)`: at least n phones, the same ones for every test that asks for as many."""
    running: list[Simulated] = []

    def get(count: int) -> Simulated:
        found = next((sim for sim in running if len(sim.serials) >= count), None)
        if found is None:
            found = Simulated(SimulatorChild(count, tmp_path_factory.mktemp("simulator"), start=warm().popen))
            running.append(found)
        found.reset()
        return found

    yield get
    for sim in running:
        sim.child.stop()


def sample_video() -> Path:
    """The video that the project ships."""
    import simulator

    return Path(str(simulator.__file__)).parent / "media" / "sample.mp4"
