"""Tokens in the console: shown once, with a link and its QR code; taken back with their sessions."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from handlers.access.tokens import new_token
from jobs.hub.settings import Server
from tests.support.http_side import Client, HttpSide

T, LAN = "/api/v1/tokens", "192.0.2.50"


def test_a_token_is_shown_once_with_a_link_and_its_code(side: HttpSide, api: Client) -> None:
    made = api.good("POST", T, {"name": "Kims phone"}, Host="localhost:50809")
    api.good("GET", "/api/v1/task", peer=LAN, Authorization=f"Bearer {made['token']}")
    assert made["link"].endswith(f"/#token={made['token']}")
    assert not made["link"].startswith("http://localhost"), "another device cannot open that"
    assert made["qr_code"].startswith("data:image/svg+xml")
    assert "<script" not in unquote(made["qr_code"])
    listed = api.call("GET", T)
    assert made["token"] not in listed.text
    assert [one["name"] for one in listed.json["data"]["tokens"]] == ["Kims phone"]


@pytest.mark.parametrize(
    ("headers", "begin"),
    [({"Host": "hub.example.org"}, "http://hub.example.org/#"),
     ({"Host": "hub.example.org", "X_Forwarded_Proto": "https"}, "https://hub.example.org/#"),
     ({"Host": "hub.example.org", "Origin": "https://hub.example.org"}, "https://hub.example.org/#")],
)  # fmt: skip
def test_the_link_has_the_address_that_the_caller_used(
    side: HttpSide, api: Client, headers: dict[str, str], begin: str
) -> None:
    side.configure(server=Server(hosts=("hub.example.org",)))
    token = new_token(side.tokens_file, "laptop")
    made = api.good("POST", T, {"name": "tablet"}, peer=LAN, Authorization=f"Bearer {token}", **headers)
    assert made["link"].startswith(begin)


@pytest.mark.parametrize("name", ["", "-x", "a/b", "laptop", "LAPTOP", "x" * 65, 7.5, None])
def test_a_name_that_is_taken_or_none_is_refused(side: HttpSide, api: Client, name: object) -> None:
    new_token(side.tokens_file, "laptop")
    errors = api.bad(40001, "POST", T, {"name": name})["data"]["errors"]
    assert errors[0]["field"] == "name"
    assert api.good("GET", T)["total"] == 1


def test_taking_a_token_back_logs_its_browsers_out(side: HttpSide, api: Client) -> None:
    token = api.good("POST", T, {"name": "Kim @ home"})["token"]
    api.good("POST", T, {"name": "laptop"})
    cookies = [
        api.call("POST", "/api/v1/session", {"token": token}, peer=LAN)
        .headers["Set-Cookie"]
        .partition(";")[0]
        for _ in range(2)
    ]
    listed = api.good("GET", T, peer=LAN, Cookie=cookies[0])["tokens"]
    assert [(one["name"], one["sessions"], one["current"]) for one in listed] == [
        ("Kim @ home", 2, True), ("laptop", 0, False)
    ]  # fmt: skip
    gone = api.good("DELETE", f"{T}/Kim%20%40%20home")
    assert gone == {"name": "Kim @ home", "sessions_ended": 2}
    api.bad(40101, "GET", "/api/v1/task", peer=LAN, Cookie=cookies[1])
    api.bad(40401, "DELETE", f"{T}/Kim%20%40%20home")


def test_the_last_token_stays_while_the_lan_is_served(side: HttpSide, api: Client) -> None:
    api.good("POST", T, {"name": "laptop"})
    side.configure(server=Server(listen="0.0.0.0:50809"))
    assert "last token" in api.bad(40001, "DELETE", f"{T}/laptop")["message"]
    side.configure(server=Server())
    api.good("DELETE", f"{T}/laptop")


def test_a_network_that_is_trusted_makes_no_tokens(side: HttpSide, api: Client) -> None:
    side.configure(server=Server(trusted_networks=("192.0.2.0/24",)))
    token = new_token(side.tokens_file, "laptop")
    for method, path, body in (("GET", T, None), ("POST", T, {"name": "x"}), ("DELETE", f"{T}/laptop", None)):
        assert "log in first" in api.bad(40301, method, path, body, peer=LAN)["message"]
    assert api.good("GET", T, peer=LAN, X_Api_Key=token)["total"] == 1


def test_files_that_cannot_be_read_are_named(side: HttpSide, api: Client) -> None:
    side.tokens_file.write_text("{")
    for method, path, body in (("GET", T, None), ("POST", T, {"name": "x"}), ("DELETE", f"{T}/laptop", None)):
        assert "is damaged" in api.bad(40301, method, path, body)["message"]
