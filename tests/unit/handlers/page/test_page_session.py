"""Log in, log out, revoke: the cookie, who may use it, and what it may change."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.access.tokens import new_token
from handlers.access.wrong_tokens import MAX_WRONG
from handlers.page.session import LOG_IN_BYTES
from tests.support.http_side import Client, HttpSide

S, T = "/api/v1/session", "/api/v1/task"
LAN = "192.0.2.50"
HOST = "localhost:50809"
OWN = {"Origin": f"http://{HOST}"}


@pytest.fixture
def token(side: HttpSide) -> str:
    return new_token(side.tokens_file, "laptop")


def log_in(api: Client, token: str, *, remember: bool = False, **headers: str) -> Any:
    return api.call("POST", S, {"token": token, "remember": remember}, peer=LAN, **{**OWN, **headers})


def cookie_of(answer: Any) -> str:
    text: str = answer.headers["Set-Cookie"]
    return text.partition(";")[0]


def test_a_token_becomes_a_cookie_that_scripts_cannot_read(api: Client, token: str) -> None:
    answer = log_in(api, token, User_Agent="Mozilla/5.0 (Android 14; Mobile) Firefox/128.0")
    flags = answer.headers["Set-Cookie"].split("; ")[1:]
    assert flags == ["Path=/", "HttpOnly", "SameSite=Strict"]
    assert token not in answer.text
    cookie = cookie_of(answer)
    assert cookie.partition("=")[2] not in answer.text
    who = api.good("GET", S, peer=LAN, Cookie=cookie)
    assert (who["how"], who["name"]) == ("session", "laptop")
    assert who == answer.json["data"]
    shown = api.good("GET", "/api/v1/sessions", peer=LAN, Cookie=f"other=1; {cookie}")
    assert (shown["total"], shown["sessions"][0]["device"]) == (1, "Firefox on Android")
    assert shown["sessions"][0]["current"]


def test_a_remembered_cookie_lasts_ninety_days(side: HttpSide, api: Client, token: str) -> None:
    answer = log_in(api, token, remember=True)
    assert "Max-Age=7776000" in answer.headers["Set-Cookie"]
    side.clock.advance(89 * 86400)  # type: ignore[attr-defined]
    api.good("GET", T, peer=LAN, Cookie=cookie_of(answer))
    side.clock.advance(86400)  # type: ignore[attr-defined]
    message = api.bad(40101, "GET", T, peer=LAN, Cookie=cookie_of(answer))["message"]
    assert "log in again" in message


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": f"https://{HOST}"},
        {"X_Forwarded_Proto": "https"},
        {"Forwarded": 'for=192.0.2.9;proto="https"'},
    ],
)
def test_behind_https_the_cookie_never_goes_over_http(
    api: Client, token: str, headers: dict[str, str]
) -> None:
    answer = log_in(api, token, **{"Host": HOST, **headers})
    # An Origin of https has another port by default than the Host, unless both name it.
    assert answer.status_int == 200, answer.text
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")


def test_wrong_tokens_are_counted_as_everywhere_and_a_good_one_is_always_good(
    api: Client, token: str
) -> None:
    for _ in range(MAX_WRONG):
        answer = log_in(api, "tkm_wrong")
        assert answer.json["code"] == 40101
        assert "Set-Cookie" not in answer.headers
    assert "Retry-After" in answer.headers
    assert log_in(api, token).status_int == 200
    # On the box itself, too: no token is needed there, but this one is wrong.
    api.bad(40101, "POST", S, {"token": "tkm_wrong"})


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": 7}, {"token": "x" * 201}, {"token": "x", "remember": "maybe"},
                                  {"token": "x", "until": 1}])  # fmt: skip
def test_a_log_in_that_says_something_else_is_refused(api: Client, token: str, body: dict[str, Any]) -> None:
    api.bad(40001, "POST", S, body, peer=LAN)


def test_a_stranger_may_send_no_more_than_a_token(side: HttpSide, token: str) -> None:
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": S, "REMOTE_ADDR": LAN}
    assert side.app.body_limit(environ) == LOG_IN_BYTES
    assert side.app.body_limit({**environ, "PATH_INFO": T}) == 0
    assert side.app.body_limit({**environ, "REQUEST_METHOD": "PUT"}) == 0
    assert side.app.why_no_body({**environ, "HTTP_HOST": HOST}, LOG_IN_BYTES).code == 41301


def test_a_session_changes_something_only_from_the_console_itself(
    side: HttpSide, api: Client, token: str
) -> None:
    cookie = cookie_of(log_in(api, token))
    body = side.body()
    with_cookie: dict[str, str] = {"peer": LAN, "Cookie": cookie}
    assert "only from the console" in api.bad(40301, "POST", T, body, **with_cookie)["message"]
    api.bad(40301, "POST", T, body, **with_cookie, Sec_Fetch_Site="none")
    for foreign in ("http://evil.example", "null", "http://localhost:8080"):
        api.bad(40301, "POST", T, body, **with_cookie, Origin=foreign)
        api.bad(40301, "GET", T, **with_cookie, Origin=foreign)
    for site in ("cross-site", "same-site"):
        api.bad(40301, "POST", T, body, **with_cookie, Sec_Fetch_Site=site)
        api.bad(40301, "POST", T, body, **with_cookie, **OWN, Sec_Fetch_Site=site)
    assert side.store.tasks.counts()[0] == 0  # type: ignore[index]
    api.good("GET", T, **with_cookie)
    api.good("POST", T, body, **with_cookie, **OWN)
    api.good("POST", T, body, **with_cookie, Sec_Fetch_Site="same-origin")
    # A token beside it speaks for itself: curl with a cookie jar.
    api.good("POST", T, body, **with_cookie, Authorization=f"Bearer {token}")


def test_on_the_box_itself_a_cookie_takes_no_right_away(side: HttpSide, api: Client, token: str) -> None:
    api.good("POST", T, side.body(), Cookie=cookie_of(log_in(api, token)))
    assert api.good("GET", S)["how"] == "this box"
    assert api.good("GET", S, Authorization=f"Bearer {token}")["how"] == "token"


def test_logging_out_ends_the_session_and_takes_the_cookie_away(api: Client, token: str) -> None:
    cookie = cookie_of(log_in(api, token))
    answer = api.call("DELETE", S, peer=LAN, Cookie=cookie, **OWN)
    assert answer.headers["Set-Cookie"].startswith("tikmatrixd_session=; ")
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    api.bad(40101, "GET", S, peer=LAN, Cookie=cookie)
    assert api.good("DELETE", S) == {"id": None}


def test_another_device_is_logged_out_by_its_id(api: Client, token: str) -> None:
    lost, mine = cookie_of(log_in(api, token, remember=True)), cookie_of(log_in(api, token))
    asked = {"peer": LAN, "Cookie": mine, **OWN}
    found = [one for one in api.good("GET", "/api/v1/sessions", **asked)["sessions"] if not one["current"]]
    api.good("DELETE", f"/api/v1/sessions/{found[0]['id']}", **asked)
    api.bad(40101, "GET", T, peer=LAN, Cookie=lost)
    api.good("GET", T, **asked)
    api.bad(40401, "DELETE", f"/api/v1/sessions/{found[0]['id']}", **asked)


def test_revoking_the_token_ends_its_sessions_at_once(side: HttpSide, api: Client, token: str) -> None:
    cookie = cookie_of(log_in(api, token, remember=True))
    new_token(side.tokens_file, "tablet")
    api.good("GET", T, peer=LAN, Cookie=cookie)
    assert side.services.token_book.revoke("laptop", "127.0.0.1:0")
    api.bad(40101, "GET", T, peer=LAN, Cookie=cookie)


def test_what_a_person_makes_in_the_console_says_so(side: HttpSide, api: Client, token: str) -> None:
    cookie = cookie_of(log_in(api, token))

    def source(**headers: str) -> str:
        made = api.good("POST", T, side.body(), **headers)["task_ids"][0]
        return str(api.good("GET", f"{T}/{made}")["source"])

    assert source() == "api"
    assert source(X_Tikmatrixd_Client="console") == "ui"
    assert source(X_Tikmatrixd_Client="script") == "api"
    assert source(peer=LAN, Cookie=cookie, **OWN) == "ui"
    assert source(peer=LAN, Authorization=f"Bearer {token}") == "api"
    bulk = api.good("POST", f"{T}/bulk", {"tasks": [side.body()]}, X_Tikmatrixd_Client="console")
    assert api.good("GET", f"{T}/{bulk['task_ids'][0]}")["source"] == "ui"
    assert api.good("GET", f"{T}?source=ui")["total"] == 3
