"""Who may talk to the API: own names only, no foreign web pages, trusted peers, bearer tokens, lock-out."""

from __future__ import annotations

import ipaddress
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from handlers.envelope import Code, Refusal
from handlers.hosts import OwnNames, address, split_host
from handlers.tokens import Tokens
from jobs.clock import Clock
from jobs.settings import Server

_LOG = logging.getLogger(__name__)
#: A reverse proxy on this box must not lend its trust to whoever is behind it.
_PROXY_HEADERS = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_REAL_IP",
    "HTTP_VIA",
)
_DEFAULT_PORTS = {"http": 80, "https": 443}

MAX_FAILURES = 10  #: wrong tokens from one peer address ...
WINDOW_S = 60.0  #: ... within this, and
LOCKED_S = 60.0  #: the address is locked out for this long
_MAX_PEERS = 1024

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Lockout:
    """Counts wrong tokens per peer address, in bounded memory: the longest quiet address is forgotten first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._peers: OrderedDict[str, tuple[int, float]] = OrderedDict()  #: key -> failures, when they expire

    def remaining_s(self, peer: str) -> float:
        """How long this peer is still locked out; 0 when it is not."""
        with self._lock:
            count, until = self._peers.get(_peer_key(peer), (0, 0.0))
            left = until - self._clock.monotonic()
            return left if count >= MAX_FAILURES and left > 0 else 0.0

    def failed(self, peer: str) -> bool:
        """One more wrong token; True when that locks the peer out."""
        now = self._clock.monotonic()
        key = _peer_key(peer)
        with self._lock:
            count, until = self._peers.pop(key, (0, 0.0))
            count = count + 1 if now < until else 1
            self._peers[key] = (count, now + (LOCKED_S if count >= MAX_FAILURES else WINDOW_S))
            while len(self._peers) > _MAX_PEERS:
                self._peers.popitem(last=False)
            return count == MAX_FAILURES

    def succeeded(self, peer: str) -> None:
        """A good token clears the count."""
        with self._lock:
            self._peers.pop(_peer_key(peer), None)


def _peer_key(peer: str) -> str:
    """One IPv6 host owns a /64: it counts as one peer."""
    ip = address(peer)
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))
    return str(ip or peer)


class Access:
    """Decides about each request before anything else looks at it."""

    def __init__(self, settings: Callable[[], Server], tokens: Tokens, clock: Clock) -> None:
        self._settings = settings
        self._tokens = tokens
        self._names = OwnNames(clock.monotonic)
        self.lockout = Lockout(clock)

    def check(self, environ: Mapping[str, Any], *, token_needed: bool = True) -> None:
        """Raise Refusal (40301 for a foreign Host or Origin, 40101 without a good token)."""
        self._check_host(environ)
        self._check_origin(environ)
        if token_needed and not self._trusted(environ):
            self._check_token(environ)

    def lets_in(self, environ: Mapping[str, Any]) -> bool:
        """Whether the peer would pass, without counting a failure: asked before a large body is received."""
        if self._trusted(environ):
            return True
        if self.lockout.remaining_s(environ["REMOTE_ADDR"]):
            return False
        token = _given_token(environ)
        return token is not None and self._tokens.verify(token) is not None

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

    def _check_origin(self, environ: Mapping[str, Any]) -> None:
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and not _same_origin(origin, environ.get("HTTP_HOST", "")):
            raise Refusal(Code.FORBIDDEN, "requests from web pages of other origins are not accepted")

    def _trusted(self, environ: Mapping[str, Any]) -> bool:
        peer = address(environ.get("REMOTE_ADDR", ""))
        if peer is None or any(header in environ for header in _PROXY_HEADERS):
            return False
        return peer.is_loopback or any(
            peer in network for network in _networks(self._settings().trusted_networks)
        )

    def _check_token(self, environ: Mapping[str, Any]) -> None:
        peer = environ.get("REMOTE_ADDR", "")
        locked_s = self.lockout.remaining_s(peer)
        if locked_s:
            raise _unauthorized(
                f"too many wrong tokens from {peer}; wait {locked_s:.0f} s",
                ("Retry-After", f"{locked_s:.0f}"),
            )
        token = _given_token(environ)
        if token is None:
            raise _unauthorized(
                "a token is needed from another machine: send the header Authorization: Bearer TOKEN "
                "(made on the box with: tikmatrixd.py token new NAME)"
            )
        if self._tokens.verify(token) is None:
            if self.lockout.failed(peer):
                _LOG.warning(
                    "%s is locked out for %.0f s after %d wrong tokens", peer, LOCKED_S, MAX_FAILURES
                )
            raise _unauthorized("the token is wrong or was revoked")
        self.lockout.succeeded(peer)


def _unauthorized(message: str, *headers: tuple[str, str]) -> Refusal:
    challenge = ("WWW-Authenticate", 'Bearer realm="tikmatrixd"')
    return Refusal(Code.UNAUTHORIZED, message, headers=(challenge, *headers))


def _given_token(environ: Mapping[str, Any]) -> str | None:
    scheme, _, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return str(value).strip()
    key = environ.get("HTTP_X_API_KEY", "").strip()
    return key or None


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


def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    found = _NETWORKS.get(texts)
    if found is None:
        _NETWORKS.clear()  # only the settings in force are worth keeping
        found = _NETWORKS[texts] = tuple(ipaddress.ip_network(text, strict=False) for text in texts)
    return found


_NETWORKS: dict[tuple[str, ...], tuple[Network, ...]] = {}
