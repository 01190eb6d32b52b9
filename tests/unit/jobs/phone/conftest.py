"""A scripted adb server with one phone, and the fleet that drives it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs.hub.settings import Phones
from jobs.phone.screen import phone_server
from jobs.phone.session import Session
from tests.support.fake_adb import FakeAdb, FakePhone
from tests.support.fake_u2 import FakeU2
from tests.support.hub import SERIAL, Hub


@pytest.fixture
def phone() -> FakePhone:
    fake = FakePhone(SERIAL)
    fake.u2 = FakeU2()
    return fake


@pytest.fixture
def adb(phone: FakePhone) -> Iterator[FakeAdb]:
    with FakeAdb(phone) as server:
        yield server


@pytest.fixture
def hub(adb: FakeAdb, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(phone_server, "PING_TIMEOUT_S", 1.0)
    started = Hub(adb.port, Phones())
    yield started
    started.fleet.stop()


@pytest.fixture
def session(hub: Hub) -> Iterator[Session]:
    opened = hub.session()
    yield opened
    opened.close()
