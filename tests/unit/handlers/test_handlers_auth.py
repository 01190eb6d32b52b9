"""Who may call: Host, Origin, trusted peers, tokens, lock-out."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from handlers.auth import LOCKED_S, MAX_FAILURES, Lockout
from handlers.hosts import OwnNames, split_host
from handlers.tokens import new_token
from jobs.settings import Server
from tests.support.clock import FakeClock
from tests.support.http_side import Client, HttpSide

T = "/api/v1/task"
LAN = "192.0.2.50"


@pytest.fixture
def token(side: HttpSide) -> str:
    return new_token(side.tokens_file, "laptop")


def test_R1_loopback_needs_no_token_and_everybody_else_does(side: HttpSide, api: Client, token: str) -> None:
    for peer in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"):
        api.good("GET", T, peer=peer)
    for peer in (LAN, "2001:db8::1", "", "unix", "::ffff:192.0.2.1"):
        answer = api.bad(40101, "GET", T, peer=peer)
        assert "Authorization: Bearer" in answer["message"]
    api.good("GET", T, peer=LAN, Authorization=f"Bearer {token}")
    api.good("GET", T, peer=LAN, Authorization=f"bearer  {token} ")
    api.good("GET", T, peer=LAN, X_Api_Key=token)
    response = api.call("GET", T, peer=LAN)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_R1_trusted_networks_need_no_token(side: HttpSide, api: Client) -> None:
    side.configure(server=Server(trusted_networks=("192.0.2.0/24", "2001:db8::/64")))
    for peer in (LAN, "2001:db8::5", "::ffff:192.0.2.7"):
        api.good("GET", T, peer=peer)
    for peer in ("192.0.3.1", "2001:db8:1::1"):
        api.bad(40101, "GET", T, peer=peer)


def test_wrong_tokens_are_refused(api: Client, token: str) -> None:
    for wrong in ("x", token[:-1], token + "x", token.upper(), "ü" * 10):
        api.bad(40101, "GET", T, peer=LAN, X_Api_Key=wrong.encode().decode("latin-1"))
    for header in (token, f"Basic {token}", "Bearer", "Bearer "):
        api.bad(40101, "GET", T, peer=LAN, Authorization=header)


def test_a_proxy_on_the_box_does_not_lend_its_trust(api: Client, token: str) -> None:
    for header in ("X_Forwarded_For", "X_Forwarded_Host", "Forwarded", "X_Real_IP", "Via"):
        api.bad(40101, "GET", T, **{header: "203.0.113.5"})
        api.good("GET", T, Authorization=f"Bearer {token}", **{header: "203.0.113.5"})


def test_strangers_learn_nothing_about_routes(side: HttpSide, api: Client) -> None:
    side.task()
    for method, path in (
        ("GET", "/api/v1/nothing"), ("PUT", T), ("GET", f"{T}/1"), ("GET", f"{T}/999"), ("GET", "/metrics"), ("GET", "/readyz"),
        ("GET", "/api/v1/openapi.json"), ("GET", "/anything"), ("POST", f"{T}/1/stop"), ("GET", "/api/v1/license/check"),
    ):  # fmt: skip
        api.bad(40101, method, path, peer=LAN)
    assert api.call("GET", "/healthz", peer=LAN).body == b"ok\n"
    assert api.call("GET", "/", peer=LAN).status_int == 200


def test_WEB_7_only_names_and_addresses_of_the_box_are_answered(side: HttpSide, api: Client) -> None:
    own = socket.gethostname().lower()
    for host in (
        "localhost",
        "localhost:50809",
        "127.0.0.1:50809",
        "[::1]:50809",
        own,
        f"{own}.local:50809",
        f"{own.upper()}.",
        "LOCALHOST",
    ):
        api.good("GET", T, Host=host)
    for host in ("evil.example", "evil.example:50809", "203.0.113.9", "0.0.0.0:50809", "[::]", "localhost.evil.example", "", "a b", "[::1", "::1",
                 "localhost:99999999", "user@localhost", "[fe80::1%eth0]", "255.255.255.255", "224.0.0.1"):  # fmt: skip
        assert "hosts in the config file" in api.bad(40301, "GET", T, Host=host)["message"]
    side.configure(server=Server(hosts=("Hub.Example.org",)))
    api.good("GET", T, Host="hub.example.org:50809")
    api.good("GET", T, Host="hub.example.org.")


def test_a_probe_without_host_is_answered(side: HttpSide) -> None:
    side.app.access.check({"REMOTE_ADDR": "127.0.0.1"})


def test_WEB_7_web_pages_of_other_origins_are_refused_whatever_the_trust(
    side: HttpSide, api: Client, token: str
) -> None:
    for origin in ("http://evil.example", "null", "", "http://localhost", "http://localhost:8080", "http://127.0.0.1:50809",
                   "file://", "http://localhost:50809.evil.example", "http://[::1", "https://localhost:443"):  # fmt: skip
        api.bad(40301, "POST", T, side.body(), Origin=origin)
        api.bad(40301, "POST", T, side.body(), Origin=origin, peer=LAN, X_Api_Key=token)
    api.good("POST", T, side.body(), Origin="http://localhost:50809")
    api.good("POST", T, side.body(), Origin="https://localhost", Host="localhost")
    assert api.good("GET", T)["total"] == 2


def test_a_simple_form_of_another_site_cannot_post(side: HttpSide, api: Client) -> None:
    body: dict[str, Any] = side.body()
    api.bad(40301, "POST", T, body, Origin="http://evil.example", Content_Type="text/plain")
    assert api.good("GET", T)["total"] == 0


def test_ten_wrong_tokens_lock_the_address_out_for_a_minute(side: HttpSide, api: Client, token: str) -> None:
    for _ in range(MAX_FAILURES):
        api.bad(40101, "GET", T, peer=LAN, X_Api_Key="wrong")
    answer = api.call("GET", T, peer=LAN, X_Api_Key=token)
    assert answer.json["code"] == 40101
    assert "too many" in answer.json["message"]
    assert 0 < int(answer.headers["Retry-After"]) <= LOCKED_S
    api.good("GET", T, peer="192.0.2.51", X_Api_Key=token)
    api.good("GET", T)
    assert isinstance(side.clock, FakeClock)
    side.clock.advance(LOCKED_S)
    api.good("GET", T, peer=LAN, X_Api_Key=token)


def test_a_missing_token_is_no_guess(api: Client, token: str) -> None:
    for _ in range(3 * MAX_FAILURES):
        api.bad(40101, "GET", T, peer=LAN)
    api.good("GET", T, peer=LAN, X_Api_Key=token)


def test_a_good_token_clears_the_count(api: Client, token: str) -> None:
    for _ in range(3):
        for _ in range(MAX_FAILURES - 1):
            api.bad(40101, "GET", T, peer=LAN, X_Api_Key="wrong")
        api.good("GET", T, peer=LAN, X_Api_Key=token)


def test_failures_long_ago_do_not_count() -> None:
    clock = FakeClock()
    lockout = Lockout(clock)
    for _ in range(5 * MAX_FAILURES):
        lockout.failed(LAN)
        clock.advance(61)
        assert not lockout.remaining_s(LAN)


def test_one_IPv6_host_counts_as_one_peer_whatever_address_it_takes() -> None:
    lockout = Lockout(FakeClock())
    for number in range(MAX_FAILURES):
        lockout.failed(f"2001:db8::{number:x}")
    assert lockout.remaining_s("2001:db8::ffff:1")
    assert not lockout.remaining_s("2001:db8:0:1::1")


def test_the_memory_of_the_lockout_is_bounded() -> None:
    lockout = Lockout(FakeClock())
    for number in range(5_000):
        lockout.failed(f"10.0.{number // 256}.{number % 256}")
    assert len(lockout._peers) <= 1024


def test_hosts_are_split_strictly() -> None:
    assert split_host("Hub.Local.:80") == ("hub.local", 80)
    assert split_host("[FE80::1]:80") == ("fe80::1", 80)
    for bad in ("", "a:b", "a:80:80", "[::1]x", "a/b", "a@b", "a b", "ä", "::1", "a\n"):
        assert split_host(bad) is None, bad


def test_the_kernel_is_asked_once_a_minute_and_for_few_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("handlers.hosts._can_bind", lambda ip: bool(asked.append(ip)) or ip.endswith("1"))
    clock = FakeClock()
    names = OwnNames(clock.monotonic)
    for _ in range(5):
        assert names.known("192.0.2.1", ())
    assert asked == ["192.0.2.1"]
    clock.advance(61)
    names.known("192.0.2.1", ())
    assert len(asked) == 2
    for number in range(500):
        names.known(f"198.51.100.{number % 250}", ())
    assert len(names._addresses) <= 64
