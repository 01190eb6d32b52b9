from __future__ import annotations

import os
import signal
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import adbutils
import pytest

from jobs.hub.clock import SystemClock
from jobs.hub.settings import Adb, Phones
from jobs.phone.adb import server as adb_server
from jobs.phone.adb.client import Endpoint
from jobs.phone.adb.server import AdbServer, binary
from jobs.phone.adb.wire import Grip
from jobs.phone.errors import AdbDown, AutomationLost, StopRequested
from jobs.phone.screen.u2_adapter import Phone
from tests.support.fake_adb import FakeAdb, FakePhone, Mangle
from tests.support.hub import Hub


@pytest.fixture
def grip() -> Iterator[Grip]:
    grip = Grip(SystemClock())
    yield grip
    grip.break_off()


@pytest.fixture
def free_port() -> int:
    with FakeAdb() as adb:
        return adb.port


def test_ADB_5_a_server_that_was_late_and_then_refuses_is_down_and_not_late(
    grip: Grip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adb_server, "PROBE_TIMEOUT_S", 0.2)
    with FakeAdb() as adb:
        server = AdbServer(Adb(port=adb.port, start_server=False), grip)
        for mangle, late in ((Mangle(silent=True), True), (Mangle(fail="no"), False)):
            adb.mangle("host:version", mangle)
            with pytest.raises(AdbDown):
                server.check()
            assert server.slow is late


@pytest.fixture
def decoy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `adb` first in PATH that records each call."""
    record = tmp_path / "calls"
    program = tmp_path / "adb"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {record}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return record


def test_ADB_2_only_the_configured_program_is_ever_meant(decoy: Path, grip: Grip, free_port: int) -> None:
    assert binary(Adb()).parent.parent.name == "adbutils"
    assert binary(Adb(binary="/opt/adb")) == Path("/opt/adb")
    AdbServer(Adb(port=free_port, binary="/opt/adb"), grip)
    assert adbutils.adb_path() == "/opt/adb"
    assert not decoy.exists()


def test_a_missing_server_is_started_on_its_port_and_found_the_next_time(grip: Grip, free_port: int) -> None:
    server = AdbServer(Adb(port=free_port), grip)
    try:
        server.ensure()
        assert server.version == 41
        other = AdbServer(Adb(port=free_port), grip)
        other.ensure()
        assert other.process is None  # the one that runs was found
    finally:
        server.kill()
    with pytest.raises(AdbDown):
        server.check()


def test_ADB_5_a_hanging_server_that_was_started_from_here_is_started_again(
    grip: Grip, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = AdbServer(Adb(port=free_port), grip)
    server.ensure()
    first = server.process
    assert first is not None
    try:
        monkeypatch.setattr(adb_server, "PROBE_TIMEOUT_S", 0.2)
        os.kill(first.pid, signal.SIGSTOP)
        for _ in range(adb_server.HANGING_MISSES - 1):
            with pytest.raises(AdbDown, match="hangs; it is started again if that lasts"):
                server.ensure()
        assert first.poll() is None
        monkeypatch.setattr(adb_server, "PROBE_TIMEOUT_S", 2.0)
        server.ensure()
        assert first.poll() == -signal.SIGKILL
        assert server.process is not first
        server.check()
    finally:
        server.kill()
        first.kill()


def test_no_server_is_started_where_the_config_forbids_it(grip: Grip, free_port: int) -> None:
    server = AdbServer(Adb(port=free_port, start_server=False), grip)
    with pytest.raises(AdbDown, match=str(free_port)):
        server.ensure()
    assert server.process is None


def test_a_program_that_is_no_adb_server_is_a_clear_error_and_not_run_again_at_once(
    grip: Grip, free_port: int, decoy: Path
) -> None:
    server = AdbServer(Adb(port=free_port, binary=str(decoy.with_name("adb"))), grip)
    with pytest.raises(AdbDown, match="ended with status 0"):
        server.ensure()
    with pytest.raises(AdbDown):
        server.ensure()
    assert len(decoy.read_text().splitlines()) == 1


def test_a_program_that_is_not_there_is_a_clear_error(grip: Grip, free_port: int) -> None:
    with pytest.raises(AdbDown, match="cannot start"):
        AdbServer(Adb(port=free_port, binary="/nowhere/adb"), grip).ensure()


def test_starting_can_be_stopped(
    grip: Grip, free_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\nexec sleep 20\n")
    sleeper.chmod(0o755)
    server = AdbServer(Adb(port=free_port, binary=str(sleeper)), grip)
    threading.Timer(0.3, grip.break_off).start()
    began = time.monotonic()
    with pytest.raises(StopRequested):
        server.ensure()
    assert time.monotonic() - began < 1.0
    server.kill()


def test_ADB_3_a_hundred_workers_with_adb_down_spawn_nothing_and_fail_at_once(
    decoy: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADBUTILS_ADB_PATH", str(decoy.with_name("adb")))
    errors: list[Exception] = []

    def work() -> None:
        from jobs.phone.screen.u2_adapter import Lease

        grip = Grip(SystemClock())
        phone = Phone(Endpoint("127.0.0.1", free_port), "X")
        phone.lease = Lease(grip)
        phone.lease.deadline = grip.deadline(5.0)
        try:
            phone.shell("echo")
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    began = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10.0)
    assert time.monotonic() - began < 5.0
    assert len(errors) == 100
    assert {type(error) for error in errors} == {AdbDown}
    assert not decoy.exists()


def test_ADB_3_the_library_s_device_never_connects_by_itself(adb: FakeAdb) -> None:
    phone = Phone(Endpoint("127.0.0.1", adb.port), "PHONE01")
    with pytest.raises(AutomationLost, match="no session holds"):
        phone.shell("echo x")
    with pytest.raises(adbutils.AdbError):
        phone._client.make_connection()
    with pytest.raises(adbutils.AdbError):
        phone._client.server_version()
    assert adb.connections == 0


def test_ADB_2_a_whole_session_calls_no_adb_program(decoy: Path, adb: FakeAdb, phone: FakePhone) -> None:
    hub = Hub(adb.port, Phones())
    session = hub.session()
    session.observe()
    session.tap(1, 1)
    adb.down()
    adb.up()
    session.close()
    hub.fleet.stop()
    assert not decoy.exists()


def test_ADB_4_starting_and_stopping_the_fleet_leaves_the_server_alone(
    grip: Grip, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adb_server, "START_PAUSE_S", 0.0)
    server = AdbServer(Adb(port=free_port), grip)
    try:
        server.ensure()
        for _ in range(5):
            hub = Hub(free_port, Phones())
            assert hub.fleet.wait_synced(5.0)
            hub.fleet.stop()
        server.check()
        assert server.process is not None
        assert server.process.poll() is None
    finally:
        server.kill()
