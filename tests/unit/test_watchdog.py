"""What feeds the service watchdog: that posting and storing go on. The HTTP side is healed, not died for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tikmatrixd import DISK_STALE_S, STALE_S, Daemon


class Parts:
    """The parts of a daemon that the watchdog asks."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.overdue_s = 0.0
        self.write = 0
        self.healed = 0
        self.http = SimpleNamespace(heal=self._heal)
        self.store = SimpleNamespace(storage=self)
        self._write = (0, 0.0)

    def _heal(self) -> None:
        self.healed += 1

    @property
    def write_under_way(self) -> int:
        return self.write

    def _writing_s(self) -> float:
        return Daemon._writing_s(self)  # type: ignore[arg-type]

    @property
    def alive(self) -> bool:
        return Daemon.alive(self)  # type: ignore[arg-type]


@pytest.fixture
def parts() -> Any:
    return Parts()


def test_a_dead_http_side_is_healed_and_does_not_starve_the_watchdog(parts: Parts) -> None:
    for _ in range(100):
        parts.clock.advance(5)
        assert parts.alive
    assert parts.healed == 100


def test_a_thread_of_the_posts_that_hangs_starves_the_watchdog(parts: Parts) -> None:
    parts.overdue_s = STALE_S + 1
    assert not parts.alive


def test_a_write_that_hangs_in_the_disk_starves_the_watchdog_and_many_quick_ones_do_not(parts: Parts) -> None:
    for number in range(1, 100):
        parts.write = number
        assert parts.alive
        parts.clock.advance(5)
    parts.clock.advance(DISK_STALE_S - 10)
    assert parts.alive
    parts.clock.advance(10)
    assert not parts.alive
    parts.write = 0
    assert parts.alive
