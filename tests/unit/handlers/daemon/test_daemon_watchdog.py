"""What feeds the service watchdog: that posting and storing go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handlers.daemon.watchdog import DISK_STALE_S, STALE_S, Watchdog
from jobs.hub.supervision import Loop, stuck_s
from storage.engine.durable import JournalStorage
from storage.engine.files import Files
from tests.support.clock import FakeClock
from tests.support.daemon import until


class Asked:
    """What the watchdog asks, answered by hand."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.stuck_s = 0.0
        self.write = 0
        self.watchdog = Watchdog(self.clock, stuck_s=lambda: self.stuck_s, write_under_way=lambda: self.write)


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_a_thread_of_the_posts_that_hangs_starves_the_watchdog(asked: Asked) -> None:
    assert asked.watchdog.content()
    asked.stuck_s = STALE_S + 1
    assert not asked.watchdog.content()


def test_a_write_that_hangs_in_the_disk_starves_the_watchdog_and_many_quick_ones_do_not(asked: Asked) -> None:
    for number in range(1, 100):
        asked.write = number
        assert asked.watchdog.content()
        asked.clock.advance(5)
    asked.clock.advance(DISK_STALE_S - 10)
    assert asked.watchdog.content()
    asked.clock.advance(10)
    assert not asked.watchdog.content()
    asked.write = 0
    assert asked.watchdog.content()


class SlowDisk(Files):
    """Its syncs wait while `slow` is set; `waits` is set once one does."""

    def __init__(self) -> None:
        super().__init__()
        self.slow = False
        self.waits, self.go_on = threading.Event(), threading.Event()

    def sync(self, fd: int, what: str) -> None:
        if self.slow:
            self.waits.set()
            assert self.go_on.wait(30)
        super().sync(fd, what)


class Hub:
    """Two helper threads: one writes, the other does what the test says."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.disk = SlowDisk()
        self.storage = JournalStorage(folder, files=self.disk, reserve_bytes=0)
        self.disk.slow = True
        self.other: Callable[[], object] = lambda: None
        self.loops = [
            Loop("writes", self._write, self.clock, longest_wait_s=5.0),
            Loop("other", self._other, self.clock, longest_wait_s=5.0),
        ]
        self.watchdog = Watchdog(
            self.clock,
            stuck_s=lambda: stuck_s((loop for loop in self.loops if loop.alive), self.storage.holds_up),
            write_under_way=lambda: self.storage.write_under_way,
        )

    def _write(self) -> float:
        self.storage.commit(lambda change: change.put("things", 1, {"x": 1}))
        return 5.0

    def _other(self) -> float:
        self.other()
        return 5.0

    def end(self) -> None:
        self.disk.slow = False
        for loop in self.loops:
            loop.stop()
        self.disk.go_on.set()
        assert all(loop.join(10) for loop in self.loops)
        self.storage.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path)
    yield hub
    hub.end()


def test_a_thread_that_waits_for_a_slow_disk_does_not_starve_the_watchdog(hub: Hub) -> None:
    hub.loops[0].start()
    assert hub.disk.waits.wait(10)
    seconds = 0
    while seconds < DISK_STALE_S - 5:  # asked every five seconds, as the daemon does
        assert hub.watchdog.content(), f"killed after {seconds} s of one write"
        hub.clock.advance(5)
        seconds += 5
    hub.clock.advance(10)
    assert not hub.watchdog.content()


def test_a_thread_that_waits_behind_a_slow_write_of_another_does_not_starve_it_either(hub: Hub) -> None:
    queued = threading.Event()

    def write() -> None:
        queued.set()
        hub.storage.commit(lambda change: change.put("things", 2, {"x": 2}))

    hub.other = write
    hub.loops[0].start()
    assert hub.disk.waits.wait(10)
    hub.loops[1].start()
    assert queued.wait(10)
    until(lambda: hub.storage.holds_up(hub.loops[1].thread_id), 10)
    assert hub.watchdog.content()
    hub.clock.advance(STALE_S + 20)
    assert hub.watchdog.content()


def test_a_thread_that_hangs_beside_a_slow_write_starves_the_watchdog(hub: Hub) -> None:
    begun, leave = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        assert leave.wait(30)

    hub.other = hang
    for loop in hub.loops:
        loop.start()
    assert begun.wait(10)
    assert hub.disk.waits.wait(10)
    hub.clock.advance(STALE_S + 10)
    assert not hub.watchdog.content()
    leave.set()
