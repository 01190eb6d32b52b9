"""What feeds the service watchdog: that posting and storing go on."""

from __future__ import annotations

import pytest

from handlers.daemon.watchdog import DISK_STALE_S, STALE_S, Watchdog
from tests.support.clock import FakeClock


class Asked:
    """What the watchdog asks, answered by hand."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.overdue_s = 0.0
        self.write = 0
        self.watchdog = Watchdog(
            self.clock, overdue_s=lambda: self.overdue_s, write_under_way=lambda: self.write
        )


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_a_thread_of_the_posts_that_hangs_starves_the_watchdog(asked: Asked) -> None:
    assert asked.watchdog.content()
    asked.overdue_s = STALE_S + 1
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
