"""Who may talk to the API: own names only, no foreign web pages, peers that are trusted, everybody else with a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from handlers.access.devices import device_of
from handlers.access.hosts import OwnNames, split_host
from handlers.access.peer import needs_no_token
from handlers.access.sessions import Session, Sessions
from handlers.access.tokens import Tokens
from handlers.access.wrong_tokens import WrongTokens
from handlers.request.envelope import Code, Refusal
from jobs.hub.addresses import address
from jobs.hub.clock import Clock
from jobs.hub.settings import Server

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: What browsers say in Sec-Fetch-Site of their own address bar and of our own page.
_OWN_SITES = ("none", "same-origin")
#: Calls that change nothing.
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
#: Where `Who` is noted in the environ.
WHO = "tikmatrixd.who"
#: What the console says in X-Tikmatrixd-Client; on the box itself and in trusted networks it has no session.
CONSOLE = "console"
COOKIE = "tikmatrixd_session"
#: A browser may hold several of the name, from other paths or domains; more than these are not looked at.
_MOST_COOKIES = 4


class Who(msgspec.Struct, frozen=True):
    """Who calls, and by what this is known. `name` is that of the token, also of the one a session began with."""

    how: Literal["this box", "trusted network", "token", "session"]
    name: str = ""
    session: Session | None = None


class Access:
    """Decides about each request before anything else looks at it."""

    def __init__(
        self, settings: Callable[[], Server], tokens: Tokens, sessions: Sessions, clock: Clock
    ) -> None:
        self._settings = settings
        self._tokens = tokens
        self._sessions = sessions
        self._names = OwnNames(clock.monotonic)
        self._wrong_tokens = WrongTokens(clock)

    def check(self, environ: Mapping[str, Any], *, token_needed: bool = True) -> Who | None:
        """Who calls; None where no token is needed.

        Raises:
            Refusal: 40301 for a foreign Host or web page, 40101 without a good token or session.
        """
        self._check_host(environ)
        self._check_page(environ)
        if not token_needed:
            return None
        who = self.who(environ)
        if who is None:
            raise self._unknown(environ)
        if who.how == "session" and not needs_no_token(environ, self._settings()):
            _check_own_page(environ)
        return who

    def lets_in(self, environ: Mapping[str, Any]) -> bool:
        """Whether the peer would pass, without counting a wrong token: asked before a large body is received."""
        return needs_no_token(environ, self._settings()) or self.who(environ) is not None

    def who(self, environ: Mapping[str, Any]) -> Who | None:
        """Who calls, None for a stranger. What the request shows counts before where it comes from."""
        for token in _given_tokens(environ):
            name = self._tokens.verify(token)
            if name is not None:
                return Who("token", name)
        for cookie in _given_cookies(environ):
            session = self._sessions.verify(cookie)
            if session is not None:
                return Who("session", self._sessions.name_of(session), session)
        if not needs_no_token(environ, self._settings()):
            return None
        peer = address(environ.get("REMOTE_ADDR", ""))
        return Who("this box" if peer is not None and peer.is_loopback else "trusted network")

    def log_in(self, environ: Mapping[str, Any], token: str, *, remember: bool) -> tuple[str, Session]:
        """Begin a session with a token: the value of its cookie. Raises Refusal (40101), and counts a wrong token."""
        device = device_of(environ.get("HTTP_USER_AGENT", ""))
        begun = self._sessions.begin(token.strip(), device, remember=remember)
        if begun is None:
            raise self._wrong_token(environ)
        return begun

    def _check_host(self, environ: Mapping[str, Any]) -> None:
        header = environ.get("HTTP_HOST")
        if header is None:
            # Browsers always send it, so no rebinding is possible; bare probes (HTTP/1.0) do not.
            return
        host = split_host(header)
        if host is None or not self._names.known(host[0], self._settings().hosts):
            shown = "".join(c if c.isprintable() else "?" for c in header[:80])
            raise Refusal(
                Code.FORBIDDEN,
                f"this box is not known as {shown!r}; call it by its host name or address, "
                "or add the name to [server] hosts in the config file",
            )

    def _check_page(self, environ: Mapping[str, Any]) -> None:
        """Refuse what a web page of another origin caused: calls by their Origin, pictures and frames by Sec-Fetch-Site."""
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and not _same_origin(origin, environ.get("HTTP_HOST", "")):
            raise Refusal(Code.FORBIDDEN, "requests from web pages of other origins are not accepted")
        site = environ.get("HTTP_SEC_FETCH_SITE")
        if site is not None and site.lower() not in _OWN_SITES and not _is_link(environ):
            raise Refusal(Code.FORBIDDEN, "nothing of this box is shown inside web pages of other origins")

    def _unknown(self, environ: Mapping[str, Any]) -> Refusal:
        """Why a caller is not let in."""
        if any(_given_tokens(environ)):
            return self._wrong_token(environ)
        if any(_given_cookies(environ)):
            # Not counted as a wrong token: a page that is still open asks on with what was revoked.
            return _unauthorized("this session is over: log in again")
        return _unauthorized(
            "a token is needed from another machine, and from this one through a proxy: send the header "
            "Authorization: Bearer TOKEN (made on the box with: tikmatrixd.py token new NAME)"
        )

    def _wrong_token(self, environ: Mapping[str, Any]) -> Refusal:
        """Count a wrong token, and say how long to wait where there were too many."""
        if self._tokens.problem:
            return _unauthorized("no token is accepted: this box cannot read its tokens, its log says why")
        wait_s = self._wrong_tokens.count(environ.get("REMOTE_ADDR", ""))
        if not wait_s:
            return _unauthorized("the token is wrong, or it was revoked")
        return _unauthorized(
            "the token is wrong, or it was revoked; there were too many wrong ones: wait "
            f"{wait_s:.0f} s before the next try (a right one is let in at once)",
            ("Retry-After", f"{max(1.0, wait_s):.0f}"),
        )


def _check_own_page(environ: Mapping[str, Any]) -> None:
    """Refuse a change that nothing but a cookie speaks for, unless the browser says that our own page asks for it.

    A browser sends a cookie by itself; a foreign Origin was refused before, so one that is there is our own.
    """
    if environ["REQUEST_METHOD"] in _READING or "HTTP_ORIGIN" in environ:
        return
    if environ.get("HTTP_SEC_FETCH_SITE", "").lower() != "same-origin":
        raise Refusal(
            Code.FORBIDDEN,
            "a session changes something only from the console itself; send a token instead: "
            "Authorization: Bearer TOKEN",
        )


def source_of(environ: Mapping[str, Any]) -> Literal["ui", "api"]:
    """What `source` of a task says: "ui" for what a person made in the console, "api" for all else."""
    who: Who | None = environ.get(WHO)
    in_session = who is not None and who.how == "session"
    return "ui" if in_session or environ.get("HTTP_X_TIKMATRIXD_CLIENT") == CONSOLE else "api"


def _unauthorized(message: str, *headers: tuple[str, str]) -> Refusal:
    challenge = ("WWW-Authenticate", 'Bearer realm="tikmatrixd"')
    return Refusal(Code.UNAUTHORIZED, message, headers=(challenge, *headers))


def _given_tokens(environ: Mapping[str, Any]) -> Iterator[str]:
    """Each token that the request shows: a proxy may use one of the two headers for itself."""
    scheme, _, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        yield str(value).strip()
    key = environ.get("HTTP_X_API_KEY", "").strip()
    if key:
        yield key


def _given_cookies(environ: Mapping[str, Any]) -> list[str]:
    """The values of our cookie."""
    pairs = (part.strip().partition("=") for part in environ.get("HTTP_COOKIE", "").split(";"))
    return [value for name, _, value in pairs if name == COOKIE and value][:_MOST_COOKIES]


def _is_link(environ: Mapping[str, Any]) -> bool:
    """Whether somebody followed a link here: the answer fills a tab of its own, where the other page cannot read it."""
    return (
        environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
        and environ.get("HTTP_SEC_FETCH_DEST") == "document"
    )


def _same_origin(origin: str, host_header: str) -> bool:
    """An Origin is our own when it names the very host and port that the request was sent to."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    host = split_host(host_header)
    if host is None or parts.scheme not in _DEFAULT_PORTS or parts.hostname is None:
        return False
    default = _DEFAULT_PORTS[parts.scheme]
    return parts.hostname.rstrip(".") == host[0] and (port or default) == (host[1] or default)
