"""Words for the service manager arrive as datagrams on its socket."""

import logging
import socket

import pytest

from jobs.hub.service_notify import ServiceNotify


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(5)
        yield sock, str(tmp_path / "notify")


def test_ready_carries_a_status(manager):
    sock, address = manager
    ServiceNotify(address).ready("serving")
    assert sock.recv(4096) == b"READY=1\nSTATUS=serving"


def test_an_abstract_socket_is_reached():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("\0tikmatrixd-test-notify")
        sock.settimeout(5)
        ServiceNotify("@tikmatrixd-test-notify").watchdog()
        assert sock.recv(100) == b"WATCHDOG=1"


def test_without_a_manager_nothing_happens():
    ServiceNotify("").stopping(15)


def test_a_manager_that_is_gone_is_logged_and_never_fatal(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        ServiceNotify(str(tmp_path / "none")).ready("x")
    assert "cannot be told" in caplog.text


def test_the_watchdog_wants_a_sign_of_life_twice_per_period(monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    assert ServiceNotify("@x").watchdog_s == 30
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert ServiceNotify("@x").watchdog_s == 0
