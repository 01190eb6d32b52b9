"""Who may call: Host, Origin, trusted peers, tokens, lock-out."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from handlers.access.hosts import OwnNames, reachable_at, split_host
from handlers.access.tokens import new_token
from handlers.access.wrong_tokens import MAX_WRONG, MAX_WRONG_OF_ALL, WINDOW_S, WrongTokens
from jobs.hub.settings import Server
from tests.support.clock import FakeClock
from tests.support.http_side import PNG, Client, HttpSide

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


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded", "X_Forwarded", "X_Forwarded_For", "X_Forwarded_Host", "X_Forwarded_Proto", "X_Forwarded_Port",
        "X_Forwarded_Prefix", "X_Forwarded_Server", "X_Forwarded_Ssl", "X_Real_IP", "Via", "CF_Connecting_IP", "CF_Ray",
        "CF_Visitor", "CF_Access_Jwt_Assertion", "CDN_Loop", "Tailscale_User_Login", "Tailscale_Funnel_Request",
        "True_Client_IP", "Fly_Client_IP", "Fastly_Client_IP", "X_Client_IP", "X_Cluster_Client_IP", "Client_IP",
        "X_Original_Host", "X_Original_Forwarded_For", "X_Envoy_External_Address", "X_Amzn_Trace_Id", "X_Scheme",
        "Front_End_Https", "X_Azure_ClientIP", "Proxy_Connection", "Remote_User", "X_Remote_User",
    ],
)  # fmt: skip
def test_R66_a_proxy_on_the_box_does_not_lend_its_trust(
    side: HttpSide, api: Client, token: str, header: str
) -> None:
    side.configure(server=Server(trusted_networks=("192.0.2.0/24",)))
    for peer in ("127.0.0.1", LAN):
        api.bad(40101, "GET", T, peer=peer, **{header: "x"})
        api.good("GET", T, peer=peer, Authorization=f"Bearer {token}", **{header: "x"})


def test_R66_loopback_can_be_taken_for_any_other_machine(side: HttpSide, api: Client, token: str) -> None:
    """For a proxy or tunnel that sends no header at all."""
    side.configure(server=Server(trust_loopback=False))
    for peer in ("127.0.0.1", "::1"):
        api.bad(40101, "GET", T, peer=peer)
        api.bad(40101, "GET", "/readyz", peer=peer)
        api.good("GET", T, peer=peer, X_Api_Key=token)
    assert api.call("GET", "/healthz").body == b"ok\n"
    side.configure(server=Server(trust_loopback=False, trusted_networks=("127.0.0.0/8",)))
    api.good("GET", T)


def test_R66_what_comes_over_loopback_but_was_meant_for_the_lan_came_through_a_proxy(
    side: HttpSide, api: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.access.hosts.can_bind", lambda _: True)
    side.configure(server=Server(hosts=("hub.example.org",)))
    own = socket.gethostname().lower().partition(".")[0]
    for host in ("hub.example.org", "192.0.2.7:50809", f"{own}.local", "[2001:db8::7]:50809"):
        answer = api.bad(40101, "GET", T, Host=host)
        assert "through a proxy" in answer["message"]
        api.good("GET", T, Host=host, X_Api_Key=token)
        api.good("GET", T, Host=host, X_Api_Key=token, peer=LAN)
    for host in ("localhost", "127.0.0.1:50809", "127.0.1.1", "[::1]", own):
        api.good("GET", T, Host=host)
        api.good("GET", T, Host=host, Referer=f"http://{host}/")
        # nginx puts its own target there, and says no more; the browser names the page all the same.
        api.bad(40101, "GET", T, Host=host, Referer="https://hub.example.org/")
        api.bad(40101, "GET", T, Host=host, Referer="http://[")


def test_strangers_learn_nothing_about_routes(side: HttpSide, api: Client) -> None:
    side.task()
    for method, path in (
        ("GET", "/api/v1/nothing"), ("PUT", T), ("GET", f"{T}/1"), ("GET", f"{T}/999"), ("GET", "/metrics"), ("GET", "/readyz"),
        ("GET", "/api/v1/openapi.json"), ("GET", "/anything"), ("POST", f"{T}/1/stop"), ("GET", "/api/v1/license/check"),
    ):  # fmt: skip
        api.bad(40101, method, path, peer=LAN)
    assert api.call("GET", "/healthz", peer=LAN).body == b"ok\n"
    assert api.call("GET", "/", peer=LAN).status_int == 200


def test_WEB_7_only_names_and_addresses_of_the_box_are_answered(
    side: HttpSide, api: Client, token: str
) -> None:
    own = socket.gethostname().lower()
    api.good("GET", T, Host=f"{own}.local:50809", X_Api_Key=token, peer=LAN)
    for host in (
        "localhost",
        "localhost:50809",
        "127.0.0.1:50809",
        "[::1]:50809",
        own,
        f"{own.upper()}.",
        "LOCALHOST",
    ):
        api.good("GET", T, Host=host)
    for host in ("evil.example", "evil.example:50809", "203.0.113.9", "0.0.0.0:50809", "[::]", "localhost.evil.example", "", "a b", "[::1", "::1",
                 "localhost:99999999", "user@localhost", "[fe80::1%eth0]", "255.255.255.255", "224.0.0.1"):  # fmt: skip
        assert "hosts in the config file" in api.bad(40301, "GET", T, Host=host)["message"]
    side.configure(server=Server(hosts=("Hub.Example.org",)))
    api.good("GET", T, Host="hub.example.org:50809", X_Api_Key=token)
    api.good("GET", T, Host="hub.example.org.", X_Api_Key=token)


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


def test_R65_a_good_token_is_good_whatever_others_did_from_the_same_address(
    side: HttpSide, api: Client, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Behind a proxy or a router all clients have one address."""
    for _ in range(3 * MAX_WRONG):
        api.bad(40101, "GET", T, peer=LAN, X_Api_Key="wrong")
        api.good("GET", T, peer=LAN, X_Api_Key=token)
    api.bad(40101, "GET", T, peer=LAN, X_Api_Key="wrong")
    assert side.app.access.lets_in({"REMOTE_ADDR": LAN, "HTTP_X_API_KEY": token})
    assert len([line for line in caplog.messages if LAN in line]) == 1


def test_R65_who_guesses_is_told_to_wait_and_for_how_long(side: HttpSide, api: Client, token: str) -> None:
    for _ in range(MAX_WRONG - 1):
        answer = api.call("GET", T, peer=LAN, X_Api_Key="wrong")
        assert "Retry-After" not in answer.headers
        assert answer.json["message"] == "the token is wrong, or it was revoked"
    for _ in range(2):
        answer = api.call("GET", T, peer=LAN, X_Api_Key="wrong")
        assert answer.json["code"] == 40101
        assert "too many" in answer.json["message"]
        assert 0 < int(answer.headers["Retry-After"]) <= WINDOW_S
    assert "Retry-After" not in api.call("GET", T, peer="192.0.2.51", X_Api_Key="wrong").headers
    assert isinstance(side.clock, FakeClock)
    side.clock.advance(WINDOW_S)
    assert "Retry-After" not in api.call("GET", T, peer=LAN, X_Api_Key="wrong").headers


def test_a_missing_token_is_no_guess(api: Client, token: str) -> None:
    for _ in range(3 * MAX_WRONG):
        assert "Retry-After" not in api.call("GET", T, peer=LAN).headers


def test_R65_either_header_may_hold_the_token(api: Client, token: str) -> None:
    api.good("GET", T, peer=LAN, Authorization="Bearer of-the-proxy", X_Api_Key=token)
    api.good("GET", T, peer=LAN, Authorization=f"Bearer {token}", X_Api_Key="of-the-proxy")


def test_R65_where_the_tokens_cannot_be_read_nobody_is_told_that_his_is_wrong(
    side: HttpSide, api: Client, token: str
) -> None:
    whole = side.tokens_file.read_bytes()
    side.tokens_file.write_bytes(whole[:-20])
    answer = api.bad(40101, "GET", T, peer=LAN, X_Api_Key=token)
    assert "cannot read its tokens" in answer["message"]
    assert any("no token is accepted" in notice for notice in api.call("GET", "/readyz").json["notices"])
    side.tokens_file.write_bytes(whole)
    api.good("GET", T, peer=LAN, X_Api_Key=token)
    assert not any("token" in notice for notice in api.call("GET", "/readyz").json["notices"])


def test_wrong_tokens_long_ago_do_not_count() -> None:
    clock = FakeClock()
    wrong = WrongTokens(clock)
    for _ in range(5 * MAX_WRONG):
        assert not wrong.count(LAN)
        clock.advance(WINDOW_S / 5)


def test_R65_an_IPv6_neighbour_harms_no_other_and_all_its_addresses_together_are_limited() -> None:
    wrong = WrongTokens(FakeClock())
    for number in range(MAX_WRONG_OF_ALL - 1):
        assert not wrong.count(f"2001:db8::{number:x}")
    assert wrong.count("2001:db8::ffff:1")
    assert wrong.count("2001:db8::ffff:2")


def test_who_guesses_from_many_addresses_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    wrong = WrongTokens(FakeClock())
    for number in range(100):
        for _ in range(MAX_WRONG + 1):
            wrong.count(f"2001:db8::{number:x}")
    assert len(caplog.messages) <= MAX_WRONG_OF_ALL / MAX_WRONG + 1


def test_an_IPv4_peer_is_the_same_inside_IPv6() -> None:
    wrong = WrongTokens(FakeClock())
    waits = [wrong.count(peer) for peer in (LAN, f"::ffff:{LAN}") * (MAX_WRONG // 2)]
    assert [bool(wait) for wait in waits] == [False] * (MAX_WRONG - 1) + [True]


def test_the_memory_of_wrong_tokens_is_bounded() -> None:
    wrong = WrongTokens(FakeClock())
    for number in range(5_000):
        wrong.count(f"10.0.{number // 256}.{number % 256}")
    assert len(wrong._peers) <= 1024
    assert wrong.count("192.0.2.99"), "the count of all is not forgotten"


def test_WEB_7_a_foreign_page_can_show_nothing_of_this_box(side: HttpSide, api: Client) -> None:
    side.phones.pictures["PHONE1"] = PNG
    path = "/api/v1/devices/PHONE1/screenshot"
    for site in ("cross-site", "same-site", "Cross-Site", "nonsense"):
        for mode, dest in (
            ("no-cors", "image"),
            ("cors", "empty"),
            ("navigate", "iframe"),
            ("navigate", "object"),
        ):
            asked = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": mode, "Sec_Fetch_Dest": dest}
            for wanted in (path, "/readyz", "/metrics", T, "/"):
                api.bad(40301, "GET", wanted, **asked)
    for site in ("none", "same-origin"):
        assert (
            api.call("GET", path, Sec_Fetch_Site=site, Sec_Fetch_Mode="cors", Sec_Fetch_Dest="empty").body
            == PNG
        )
    # Without the header (plain HTTP on the LAN, old browsers) the browser itself is told.
    for wanted in (path, "/", "/healthz", "/readyz", T, "/nothing"):
        headers = api.call("GET", wanted).headers
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers.getall("X-Content-Type-Options") == ["nosniff"]


def test_a_link_on_another_page_leads_to_the_console_but_does_nothing(side: HttpSide, api: Client) -> None:
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert api.call("GET", "/", **link).status_int == 200
    api.good("GET", T, **link)
    api.bad(40301, "POST", T, side.body(), **link)


def test_hosts_are_split_strictly() -> None:
    assert split_host("Hub.Local.:80") == ("hub.local", 80)
    assert split_host("[FE80::1]:80") == ("fe80::1", 80)
    for bad in ("", "a:b", "a:80:80", "[::1]x", "a/b", "a@b", "a b", "ä", "::1", "a\n"):
        assert split_host(bad) is None, bad


def test_the_kernel_is_asked_once_a_minute_and_for_few_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        "handlers.access.hosts.can_bind", lambda ip: bool(asked.append(ip)) or ip.endswith("1")
    )
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
    assert len(names.addresses) <= 64


def test_the_address_that_others_see_of_this_box_is_its_own_and_a_neighbours_is_not() -> None:
    lan, _ = split_host(reachable_at("0.0.0.0:1")) or ("127.0.0.1", None)
    if lan.startswith("127."):
        pytest.skip("this box has no address but loopback")
    names = OwnNames(lambda: 0.0)
    assert names.known(lan, ())
    assert not names.known("198.51.100.7", ())
    assert not names.known("0.0.0.0", ())
    assert not names.known("255.255.255.255", ())
    assert not names.known("224.0.0.1", ())
