"""The decision about one request by itself: its Host, its page, its token, and the words of each refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from handlers.access.auth import Access
from handlers.access.sessions import Sessions
from handlers.access.tokens import Tokens
from handlers.access.wrong_tokens import MAX_WRONG, WINDOW_S
from handlers.request.envelope import Code, Refusal
from jobs.hub.settings import Server
from tests.support.clock import FakeClock


class Known:
    """Tokens: one is good; `problem` is set where they cannot be read."""

    problem = ""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def verify(self, token: str) -> str | None:
        self.asked.append(token)
        return "kim" if token == "good" else None


class Desk:
    """Access with one good token, a clock that stands, and requests from a stranger."""

    def __init__(self) -> None:
        self.settings = Server(hosts=("hub.example.org",), trust_loopback=True)
        self.tokens = Known()
        self.clock = FakeClock()
        tokens = cast("Tokens", self.tokens)
        sessions = Sessions(Path("/nowhere/sessions.json"), tokens, self.clock)
        self.access = Access(lambda: self.settings, tokens, sessions, self.clock)

    def ask(self, *, token_needed: bool = True, peer: str = "10.0.0.9", **headers: str) -> Refusal | None:
        try:
            self.access.check(request(peer, **headers), token_needed=token_needed)
        except Refusal as error:
            return error
        return None


def request(peer: str = "10.0.0.9", method: str = "POST", **headers: str) -> dict[str, Any]:
    environ: dict[str, Any] = {"REMOTE_ADDR": peer, "REQUEST_METHOD": method}
    return environ | {f"HTTP_{name.upper()}": value for name, value in headers.items()}


@pytest.fixture
def desk() -> Desk:
    return Desk()


NEEDED = (
    "a token is needed from another machine, and from this one through a proxy: send the header "
    "Authorization: Bearer TOKEN (made on the box with: tikmatrixd.py token new NAME)"
)
WRONG = "the token is wrong, or it was revoked"
CHALLENGE = ("WWW-Authenticate", 'Bearer realm="tikmatrixd"')


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer good"},
        {"authorization": "bearer  good "},
        {"authorization": "BEARER good"},
        {"x_api_key": " good "},
        {"authorization": "Basic abc", "x_api_key": "good"},
        {"authorization": "Bearer other", "x_api_key": "good"},
        {"authorization": "Bearer good", "x_api_key": "other"},
    ],
)
def test_a_good_token_in_either_header_lets_in(desk: Desk, headers: dict[str, str]) -> None:
    assert desk.ask(**headers) is None
    assert desk.access.lets_in(request(**headers)) is True


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, NEEDED),
        ({"authorization": ""}, NEEDED),
        ({"authorization": "Bearer"}, NEEDED),
        ({"authorization": "Bearer  "}, NEEDED),
        ({"authorization": "Basic good"}, NEEDED),
        ({"authorization": "good"}, NEEDED),
        ({"x_api_key": " "}, NEEDED),
        ({"authorization": "Bearer other"}, WRONG),
        ({"authorization": "Bearer good more"}, WRONG),
        ({"x_api_key": "other"}, WRONG),
    ],
)
def test_without_a_good_token_a_stranger_is_told_why(
    desk: Desk, headers: dict[str, str], message: str
) -> None:
    error = desk.ask(**headers)
    assert error is not None
    assert (error.code, str(error), error.headers) == (Code.UNAUTHORIZED, message, (CHALLENGE,))
    assert desk.access.lets_in(request(**headers)) is False


def test_where_no_token_is_needed_none_is_asked_for(desk: Desk) -> None:
    assert desk.ask(token_needed=False) is None
    assert desk.ask(peer="127.0.0.1") is None
    assert desk.access.lets_in(request("127.0.0.1")) is True
    assert desk.tokens.asked == []
    desk.settings = Server(trusted_networks=("10.0.0.0/8",))
    assert desk.ask() is None
    assert desk.access.lets_in(request()) is True


def test_R65_who_guesses_is_told_how_long_to_wait(desk: Desk) -> None:
    for _ in range(MAX_WRONG - 1):
        error = desk.ask(x_api_key="other")
        assert error is not None
        assert (str(error), error.headers) == (WRONG, (CHALLENGE,))
    assert desk.access.lets_in(request(x_api_key="other")) is False  # asking does not count
    desk.ask()  # nor does a missing token
    desk.clock.advance(1.0)
    error = desk.ask(x_api_key="other")
    assert error is not None
    assert error.code is Code.UNAUTHORIZED
    assert str(error) == (
        f"{WRONG}; there were too many wrong ones: wait 59 s before the next try (a right one is let in at once)"
    )
    assert error.headers == (CHALLENGE, ("Retry-After", "59"))
    desk.clock.advance(WINDOW_S - 1.25)
    error = desk.ask(x_api_key="other")
    assert error is not None
    assert error.headers == (CHALLENGE, ("Retry-After", "1"))  # less than a second is said as one
    other = desk.ask(peer="10.0.0.8", x_api_key="other")
    assert str(other) == WRONG


def test_R65_where_the_tokens_cannot_be_read_it_is_not_called_wrong_nor_counted(desk: Desk) -> None:
    desk.tokens.problem = "tokens.json is spoilt"
    for _ in range(MAX_WRONG + 1):
        error = desk.ask(x_api_key="other")
        assert error is not None
        assert str(error) == "no token is accepted: this box cannot read its tokens, its log says why"
    assert str(desk.ask()) == NEEDED
    desk.tokens.problem = ""
    assert str(desk.ask(x_api_key="other")) == WRONG


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:50809", "[::1]:80", "hub.example.org", "HUB.example.org.:1"]
)
def test_WEB_7_a_request_to_a_name_of_the_box_is_answered(desk: Desk, host: str) -> None:
    assert desk.ask(token_needed=False, host=host) is None


@pytest.mark.parametrize(
    ("host", "shown"),
    [("evil.org", "evil.org"), ("", ""), ("a b", "a b"), ("e\x01", "e?"), ("x" * 90, "x" * 80)],
)
def test_WEB_7_a_request_to_another_name_is_refused_with_what_to_do(
    desk: Desk, host: str, shown: str
) -> None:
    error = desk.ask(host=host, authorization="Bearer good")
    assert error is not None
    assert error.code is Code.FORBIDDEN
    assert str(error) == (
        f"this box is not known as {shown!r}; call it by its host name or address, "
        "or add the name to [server] hosts in the config file"
    )


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("http://localhost", "localhost", True),
        ("http://localhost:80", "localhost", True),
        ("http://localhost", "localhost:80", True),
        ("https://localhost", "localhost:443", True),
        ("https://localhost:443", "localhost", True),
        ("http://localhost:50809", "localhost:50809", True),
        ("http://hub.example.org.", "hub.example.org", True),
        ("http://[::1]:80", "[::1]", True),
        ("http://localhost:81", "localhost", False),
        ("http://localhost", "localhost:81", False),
        ("https://localhost", "localhost:80", False),
        ("http://127.0.0.1", "localhost", False),
        ("http://evil.org", "localhost", False),
        ("null", "localhost", False),
        ("", "localhost", False),
        ("http://", "localhost", False),
        ("http://localhost:x", "localhost", False),
        ("ftp://localhost", "localhost", False),
        ("//localhost", "localhost", False),
    ],
)
def test_WEB_7_only_pages_of_the_very_host_and_port_may_call(
    desk: Desk, origin: str, host: str, own: bool
) -> None:
    error = desk.ask(host=host, origin=origin, authorization="Bearer good")
    if own:
        assert error is None
    else:
        assert error is not None
        assert (error.code, str(error)) == (
            Code.FORBIDDEN,
            "requests from web pages of other origins are not accepted",
        )


def test_WEB_7_a_page_is_foreign_where_no_host_was_named(desk: Desk) -> None:
    assert desk.ask(origin="http://localhost", authorization="Bearer good") is not None


LINK = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"sec_fetch_site": "none"}, True),
        ({"sec_fetch_site": "Same-Origin"}, True),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        (LINK | {"method": "GET"}, True),
        (LINK | {"method": "HEAD"}, True),
        (LINK | {"method": "POST"}, False),
        (LINK | {"method": "GET", "sec_fetch_dest": "iframe"}, False),
        (LINK | {"method": "GET", "sec_fetch_mode": "no-cors"}, False),
    ],
)
def test_WEB_7_nothing_is_shown_inside_a_foreign_page_but_a_link_leads_here(
    desk: Desk, headers: dict[str, str], shown: bool
) -> None:
    error = desk.ask(**({"authorization": "Bearer good"} | headers))
    if shown:
        assert error is None
    else:
        assert error is not None
        assert (error.code, str(error)) == (
            Code.FORBIDDEN,
            "nothing of this box is shown inside web pages of other origins",
        )


def test_a_token_is_needed_unless_it_is_said_that_none_is(desk: Desk) -> None:
    with pytest.raises(Refusal, match="a token is needed"):
        desk.access.check(request())
