"""Names and addresses of the box: what a Host header says, and which of them are its own."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Self

import pytest

from handlers.access import hosts
from handlers.access.hosts import OwnNames, is_local_name, reachable_at, split_host
from jobs.hub.addresses import address


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("Hub", ("hub", None)),
        ("hub.example.ORG.:80", ("hub.example.org", 80)),
        ("a-b_c.d:12345", ("a-b_c.d", 12345)),
        ("10.0.0.7:1", ("10.0.0.7", 1)),
        ("[FE80::1]", ("fe80::1", None)),
        ("[::ffff:10.0.0.1]:50809", ("::ffff:10.0.0.1", 50809)),
        ("x" * 253, ("x" * 253, None)),
    ],
)
def test_a_host_header_is_a_name_or_an_address_with_or_without_a_port(
    header: str, parts: tuple[str, int | None]
) -> None:
    assert split_host(header) == parts


@pytest.mark.parametrize(
    "header",
    [
        "",
        ":80",
        "hub:",
        "hub:123456",
        "hub:8a",
        "hub name",
        "ü",
        "::1",
        "[::1",
        "[1]",
        "[g::1]",
        "x" * 254,
        "hub/",
        "a@b",
    ],
)
def test_what_is_no_host_header_is_refused(header: str) -> None:
    assert split_host(header) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::1", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%eth0%1", "fe80::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("hub", None),
        ("", None),
        ("10.0.0", None),
    ],
)
def test_an_address_loses_its_zone_and_the_shell_of_version_6(text: str, found: str | None) -> None:
    parsed = address(text)
    assert parsed == (None if found is None else ipaddress.ip_address(found))


class NoSocket:
    """A socket without a network: remembers where it was to go."""

    opened: list[tuple[object, object]] = []  # noqa: RUF012 - emptied by the fixture
    went: list[tuple[str, int]] = []  # noqa: RUF012
    own = "10.9.8.7"
    fails = False

    def __init__(self, family: object, kind: object) -> None:
        self.opened.append((family, kind))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def connect(self, to: tuple[str, int]) -> None:
        self.went.append(to)
        if self.fails:
            raise OSError("network is unreachable")

    bind = connect

    def getsockname(self) -> tuple[str, int]:
        return (self.own, 1234)


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> type[NoSocket]:
    class Net(NoSocket):
        opened: list[tuple[object, object]] = []  # noqa: RUF012
        went: list[tuple[str, int]] = []  # noqa: RUF012

    monkeypatch.setattr("handlers.access.hosts.socket.socket", Net)
    return Net


@pytest.mark.parametrize(
    ("listen", "reached", "asked"),
    [
        ("127.0.0.1:50809", "127.0.0.1:50809", []),
        ("192.168.1.5:80", "192.168.1.5:80", []),
        ("hub.lan:80", "hub.lan:80", []),
        ("[::1]:80", "[::1]:80", []),
        ("0.0.0.0:80", "10.9.8.7:80", [(socket.AF_INET, socket.SOCK_DGRAM)]),
        ("[::]:80", "10.9.8.7:80", [(socket.AF_INET6, socket.SOCK_DGRAM)]),
    ],
)
def test_what_listens_everywhere_is_reached_at_the_address_that_others_see(
    net: type[NoSocket], listen: str, reached: str, asked: list[tuple[object, object]]
) -> None:
    assert reachable_at(listen) == reached
    assert net.opened == asked


@pytest.mark.parametrize(
    ("listen", "reached", "far"),
    [("0.0.0.0:80", "127.0.0.1:80", "192.0.2.1"), ("[::]:80", "[::1]:80", "2001:db8::1")],
)
def test_without_a_way_out_it_is_reached_at_loopback(
    net: type[NoSocket], listen: str, reached: str, far: str
) -> None:
    net.fails = True
    assert reachable_at(listen) == reached
    assert net.went == [(far, 9)]  # addresses for documentation: they lead nowhere


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.access.hosts.socket.gethostname", lambda: "Hub.Office.example.")


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.0.1.1", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost", True),
        ("ip6-localhost", True),
        ("localhost.localdomain", True),
        ("hub.office.example", True),
        ("hub", True),
        ("office.example", False),
        ("hub.office", False),
        ("example.org", False),
    ],
)
def test_a_program_of_the_box_reaches_it_by_loopback_and_by_its_own_name(
    hub: None, host: str, local: bool
) -> None:
    assert is_local_name(host) is local


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        *[(f"{name}{end}", True) for name in ("hub", "hub.office.example") for end in ("", ".local", ".lan")],
        ("hub.localdomain", True),
        ("hub.home.arpa", True),
        ("pub.example.org", True),
        ("office.example", False),
        ("hub.evil.org", False),
        ("", False),
    ],
)
def test_the_box_knows_its_names_and_those_of_the_settings(hub: None, host: str, own: bool) -> None:
    names = OwnNames(lambda: 0.0)
    assert names.known(host, ["other.example.org", "Pub.Example.org."]) is own


def test_a_box_without_a_name_has_no_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.access.hosts.socket.gethostname", lambda: "")
    assert OwnNames(lambda: 0.0).known("", []) is False


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    """Says how often the kernel was asked about an address; addresses that end in 1 are the box's."""
    asked: list[str] = []

    def can_bind(ip: str) -> bool:
        asked.append(ip)
        return ip.endswith("1")

    monkeypatch.setattr(hosts, "can_bind", can_bind)
    return asked.count


def test_an_address_is_the_boxs_own_where_the_kernel_says_so_for_a_minute(
    kernel: Callable[[str], int],
) -> None:
    now = [100.0]
    names = OwnNames(lambda: now[0])
    for moment in (100.0, 159.9):
        now[0] = moment
        assert names.known("10.0.0.1", []) is True
        assert names.known("::ffff:10.0.0.2", []) is False
    assert (kernel("10.0.0.1"), kernel("10.0.0.2")) == (1, 1)
    now[0] = 160.0
    assert names.known("10.0.0.1", []) is True
    assert kernel("10.0.0.1") == 2


def test_a_flood_of_addresses_drops_the_oldest_answers_alone(kernel: Callable[[str], int]) -> None:
    names = OwnNames(lambda: 0.0)
    for number in range(65):
        names.known(f"10.0.0.{number}", [])
    names.known("10.0.0.1", [])
    assert kernel("10.0.0.1") == 1
    names.known("10.0.0.0", [])
    assert kernel("10.0.0.0") == 2


@pytest.mark.parametrize(
    ("ip", "own", "bound"),
    [
        ("127.5.5.5", True, []),
        ("::1", True, []),
        ("0.0.0.0", False, []),
        ("::", False, []),
        ("224.0.0.1", False, []),
        ("ff02::1", False, []),
        ("255.255.255.255", False, []),
        ("10.9.8.7", True, [("10.9.8.7", 0)]),
        ("fd00::7", True, [("fd00::7", 0)]),
    ],
)
def test_an_address_that_can_be_bound_is_the_boxs_own(
    net: type[NoSocket], ip: str, own: bool, bound: list[tuple[str, int]]
) -> None:
    assert hosts.can_bind(ip) is own
    assert net.went == bound
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    assert net.opened == [(family, socket.SOCK_DGRAM)] * len(bound)
    net.fails = True
    if bound:
        assert hosts.can_bind(ip) is False
