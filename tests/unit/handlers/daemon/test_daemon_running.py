"""The loop that feeds the watchdog: what is asked of the daemon meanwhile does not keep it from that."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from handlers.daemon.daemon import Daemon
from handlers.daemon.running import serve_until_stopped
from handlers.daemon.watchdog import DISK_STALE_S
from jobs.hub.signals import Signals
from tests.support.clock import FakeClock
from tests.support.daemon import until


class Manager:
    """The end of the service manager, and the daemon's loop on a thread of its own."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(10)
        self.clock = FakeClock()
        self.signals = Signals()
        self.reload: Callable[[], object] = lambda: None
        self.status: Callable[[], str] = lambda: "works"
        daemon = SimpleNamespace(
            clock=self.clock,
            alive=lambda: True,
            status=self._status,
            reload=self._reload,
            url="http://x",
            fleet=SimpleNamespace(inventory=list),
            settings=SimpleNamespace(server=SimpleNamespace(drain_s=1.0)),
        )
        args = (cast("Daemon", daemon), self.signals, None, cast("dict[str, Any]", {}))
        self.loop = threading.Thread(target=serve_until_stopped, args=args)
        self.loop.start()

    def _status(self) -> str:
        return self.status()

    def _reload(self) -> object:
        return self.reload()

    def hear(self, word: str) -> None:
        """Wait for a datagram with this word."""
        while word not in self.socket.recv(4096).decode():
            pass

    def is_left_unfed(self) -> bool:
        """Whether the loop, which speaks ten times a second, falls silent."""
        self.socket.settimeout(1.0)
        try:
            for _ in range(200):
                self.socket.recv(4096)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(10)
        return False

    def ask_to_reload(self) -> None:
        self.signals.ask_to_reload()

    def end(self) -> None:
        self.signals.ask_to_stop()
        self.loop.join(10)
        assert not self.loop.is_alive()
        self.socket.close()


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "100000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.end()


def test_a_reload_that_waits_for_a_slow_disk_does_not_keep_the_watchdog_unfed(manager: Manager) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(20)

    manager.reload = wait
    manager.hear("READY=1")
    manager.ask_to_reload()
    manager.hear("RELOADING=1")
    assert begun.wait(10)
    for _ in range(3):
        manager.hear("WATCHDOG=1")
    manager.clock.advance(DISK_STALE_S + 1)
    assert manager.is_left_unfed()
    go_on.set()
    manager.hear("READY=1")
    manager.hear("WATCHDOG=1")


def test_a_second_reload_that_is_asked_for_meanwhile_is_made_behind_the_first(manager: Manager) -> None:
    gates = [threading.Event(), threading.Event()]
    made: list[int] = []

    def one() -> None:
        assert gates[len(made)].wait(20)
        made.append(1)

    manager.reload = one
    manager.hear("READY=1")
    manager.ask_to_reload()
    manager.hear("RELOADING=1")
    manager.ask_to_reload()
    manager.hear("WATCHDOG=1")
    gates[0].set()
    manager.hear("READY=1")
    manager.hear("RELOADING=1")
    gates[1].set()
    manager.hear("READY=1")
    assert made == [1, 1]


def test_a_fault_in_a_reload_is_logged_and_ends_nothing(
    manager: Manager, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("a fault of the program")

    manager.reload = fail
    manager.hear("READY=1")
    manager.ask_to_reload()
    manager.hear("READY=1")
    manager.hear("WATCHDOG=1")
    assert "the one before stays in force" in caplog.text


def test_a_stop_does_not_wait_for_a_reload_that_hangs(manager: Manager) -> None:
    leave = threading.Event()
    manager.reload = lambda: leave.wait(20)
    manager.hear("READY=1")
    manager.ask_to_reload()
    manager.hear("RELOADING=1")
    manager.signals.ask_to_stop()
    manager.hear("STOPPING=1")
    leave.set()


def test_a_look_at_the_configs_files_that_hangs_does_not_keep_the_watchdog_unfed(manager: Manager) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hang() -> str:
        asked.set()
        assert go_on.wait(20)
        return "works again"

    def is_asked() -> bool:
        manager.clock.advance(1)
        return asked.is_set()

    manager.hear("READY=1")
    manager.status = hang
    until(is_asked, 10)
    for _ in range(20):  # more than were sent before
        manager.hear("WATCHDOG=1")
    go_on.set()
