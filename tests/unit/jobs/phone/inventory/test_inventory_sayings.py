from __future__ import annotations

import logging

import pytest

from jobs.hub.settings import Phones
from jobs.phone.inventory.sayings import Sayings
from jobs.phone.protocol import PhoneState
from tests.support.clock import FakeClock
from tests.support.fake_adb import FakeAdb, FakePhone
from tests.support.hub import Hub

LOG = logging.getLogger("test.sayings")


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_a_matter_is_written_once_a_minute_with_how_often_it_was(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOG.name)
    clock = FakeClock()
    sayings = Sayings(clock, LOG)
    assert sayings.due_at is None
    for number in range(1000):
        sayings.say("A", "offline", f"offline {number}")
        sayings.say("A", "device", "device")
        sayings.flush()
    sayings.say("B", "offline", "offline", level=logging.WARNING)
    assert lines(caplog) == ["A: offline 0", "A: device", "B: offline"]
    assert sayings.due_at == pytest.approx(clock.monotonic() + 60.0)
    clock.advance(60.0)
    sayings.flush()
    assert lines(caplog)[3:] == [
        "A: offline 999 (999 more times within a minute)",
        "A: device (999 more times within a minute)",
    ]
    assert sayings.due_at is None
    sayings.say("B", "offline", "offline")
    assert lines(caplog)[5:] == ["B: offline"]


def test_what_is_over_is_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    sayings = Sayings(clock, LOG)
    for number in range(100):
        sayings.say(f"P{number}", "offline", "offline")
    clock.advance(61.0)
    sayings.flush()
    assert sayings.matters == {}


@pytest.mark.parametrize("flaps_to", ["unauthorized", "offline"])
def test_PHN_4_a_phone_that_flaps_does_not_fill_the_journal(
    caplog: pytest.LogCaptureFixture, flaps_to: str
) -> None:
    caplog.set_level(logging.INFO)
    phone = FakePhone("PHONE01")
    with FakeAdb(phone) as adb:
        hub = Hub(adb.port, Phones())
        try:
            for _ in range(60):
                hub.wait_state("PHONE01", PhoneState.DEVICE)
                adb.set_state("PHONE01", flaps_to)
                hub.wait_state("PHONE01", PhoneState(flaps_to))
                adb.set_state("PHONE01", "device")
            hub.wait_state("PHONE01", PhoneState.DEVICE)
        finally:
            hub.fleet.stop()
    said = [one for one in lines(caplog) if "PHONE01" in one]
    assert any(flaps_to in one for one in said)
    assert len(said) <= 8, said
