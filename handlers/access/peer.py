"""Whether a request was made on this box itself, in a trusted network, or on any other machine."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from handlers.access.hosts import is_local_name, split_host
from jobs.hub.addresses import address
from jobs.hub.settings import Server

#: Headers by which reverse proxies, tunnels and content networks tell for whom they speak.
_PROXY_HEADERS = frozenset(
    f"HTTP_{name}"
    for name in (
        "FORWARDED", "FORWARDED_FOR", "VIA", "CLIENT_IP", "TRUE_CLIENT_IP", "REMOTE_ADDR", "CDN_LOOP", "FRONT_END_HTTPS",
        "X_FORWARDED", "X_REAL_IP", "X_REAL_HOST", "X_CLIENT_IP", "X_CLUSTER_CLIENT_IP", "X_PROXYUSER_IP",
        "X_SCHEME", "X_URL_SCHEME", "X_HTTPS", "X_VARNISH", "X_BLUECOAT_VIA", "PROXY_CONNECTION",
    )
)  # fmt: skip
_PROXY_PREFIXES = tuple(
    f"HTTP_{name}_"
    for name in (
        "X_FORWARDED", "CF", "TAILSCALE", "FLY", "FASTLY", "X_ORIGINAL", "X_ENVOY", "X_AMZN", "X_AMZ_CF", "CLOUDFRONT",
        "X_AZURE", "X_ARR", "X_APPENGINE", "X_VERCEL", "X_NF", "X_AKAMAI", "AKAMAI", "X_SUCURI", "X_REMOTE", "X_PROXY",
        "WL_PROXY", "PROXY", "REMOTE", "X_TRAEFIK", "X_WEBAUTH", "X_TOKEN_USER", "X_AUTH_REQUEST", "NGROK",
    )
)  # fmt: skip

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def needs_no_token(environ: Mapping[str, Any], settings: Server) -> bool:
    """Whether the peer is this box itself or in a trusted network, and speaks for itself."""
    peer = address(environ.get("REMOTE_ADDR", ""))
    if peer is None or speaks_for_others(environ):
        return False
    if any(peer in network for network in _networks(settings.trusted_networks)):
        return True
    return peer.is_loopback and settings.trust_loopback and not _asked_elsewhere(environ)


def came_by_https(environ: Mapping[str, Any]) -> bool:
    """Whether the browser spoke https with a proxy before this box.

    Its own Origin says so, or the proxy's header. A false word harms only who sends it: the cookie does not come back.
    """
    if environ.get("HTTP_ORIGIN", "").startswith("https://"):
        return True
    nearest = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")[0].strip().lower()
    return nearest == "https" or "proto=https" in environ.get("HTTP_FORWARDED", "").lower().replace('"', "")


def speaks_for_others(environ: Mapping[str, Any]) -> bool:
    """Whether a header says that the request came through a proxy."""
    return any(_is_of_a_proxy(name) for name in environ if name.startswith("HTTP_"))


@functools.lru_cache(maxsize=512)
def _is_of_a_proxy(header: str) -> bool:
    return header in _PROXY_HEADERS or header.startswith(_PROXY_PREFIXES)


def _asked_elsewhere(environ: Mapping[str, Any]) -> bool:
    """Whether a request over loopback was meant for another address: then a proxy without such headers sent it.

    A program of this box that calls it by a name or address of the LAN comes from the LAN's address itself. A proxy
    that puts its own target in the place of the Host shows itself by the page that the browser says it is on.
    """
    header = environ.get("HTTP_HOST")
    if header is None:
        return False
    host = split_host(header)
    if host is None or not is_local_name(host[0]):
        return True
    referrer = environ.get("HTTP_REFERER", "")
    try:
        page = urlsplit(referrer).hostname if referrer else None
    except ValueError:
        return True
    return page is not None and not is_local_name(page.lower().rstrip("."))


def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    found = _NETWORKS.get(texts)
    if found is None:
        _NETWORKS.clear()  # only the settings in force are worth keeping
        found = _NETWORKS[texts] = tuple(ipaddress.ip_network(text, strict=False) for text in texts)
    return found


_NETWORKS: dict[tuple[str, ...], tuple[Network, ...]] = {}
