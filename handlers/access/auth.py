"""Who may talk to the API: own names only, no foreign web pages, peers that are trusted, everybody else with a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from handlers.access.hosts import OwnNames, split_host
from handlers.access.peer import needs_no_token
from handlers.access.tokens import Tokens
from handlers.access.wrong_tokens import WrongTokens
from handlers.request.envelope import Code, Refusal
from jobs.hub.clock import Clock
from jobs.hub.settings import Server

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: What browsers say in Sec-Fetch-Site of their own address bar and of our own page.
_OWN_SITES = ("none", "same-origin")


class Access:
    """Decides about each request before anything else looks at it."""

    def __init__(self, settings: Callable[[], Server], tokens: Tokens, clock: Clock) -> None:
        self._settings = settings
        self._tokens = tokens
        self._names = OwnNames(clock.monotonic)
        self._wrong_tokens = WrongTokens(clock)

    def check(self, environ: Mapping[str, Any], *, token_needed: bool = True) -> None:
        """Raise Refusal (40301 for a foreign Host or web page, 40101 without a good token)."""
        self._check_host(environ)
        self._check_page(environ)
        if token_needed and not needs_no_token(environ, self._settings()):
            self._check_token(environ)

    def lets_in(self, environ: Mapping[str, Any]) -> bool:
        """Whether the peer would pass, without counting a wrong token: asked before a large body is received."""
        return needs_no_token(environ, self._settings()) or self._has_good_token(environ)

    def _has_good_token(self, environ: Mapping[str, Any]) -> bool:
        return any(self._tokens.verify(token) is not None for token in _given_tokens(environ))

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

    def _check_token(self, environ: Mapping[str, Any]) -> None:
        if self._has_good_token(environ):
            return
        if not any(_given_tokens(environ)):
            raise _unauthorized(
                "a token is needed from another machine, and from this one through a proxy: send the header "
                "Authorization: Bearer TOKEN (made on the box with: tikmatrixd.py token new NAME)"
            )
        if self._tokens.problem:
            raise _unauthorized("no token is accepted: this box cannot read its tokens, its log says why")
        peer = environ.get("REMOTE_ADDR", "")
        wait_s = self._wrong_tokens.count(peer)
        if not wait_s:
            raise _unauthorized("the token is wrong, or it was revoked")
        raise _unauthorized(
            "the token is wrong, or it was revoked; there were too many wrong ones: wait "
            f"{wait_s:.0f} s before the next try (a right one is let in at once)",
            ("Retry-After", f"{max(1.0, wait_s):.0f}"),
        )


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
