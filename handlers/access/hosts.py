"""Which names and addresses are this box's own: the guard against DNS rebinding."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable

from jobs.hub.addresses import address, split_listen

_HOST = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9._-]{1,253}))(?::(?P<port>[0-9]{1,5}))?"
)
_LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost", "localhost.localdomain"})
_CACHE_SIZE = 64
_CACHE_S = 60.0  #: addresses come and go with DHCP


def split_host(header: str) -> tuple[str, int | None] | None:
    """Name and port of a Host header, lower case, without the final dot; None when it is no host."""
    match = _HOST.fullmatch(header)
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    return (match["v6"] or match["name"]).lower().rstrip("."), port


def reachable_at(listen: str) -> str:
    """HOST:PORT under which a client reaches what listens there: for every address of the box, the one others see.

    Raises:
        ValueError: It is not HOST:PORT.
    """
    host, port = split_listen(listen)
    ip = address(host)
    if ip is not None and ip.is_unspecified:
        host = _outward_address(ip.version)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _outward_address(version: int) -> str:
    """The address with which this box goes out; loopback's where no way leads out. Nothing is sent."""
    family, far, loopback = (
        (socket.AF_INET, "192.0.2.1", "127.0.0.1")
        if version == 4
        else (socket.AF_INET6, "2001:db8::1", "::1")
    )
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            found: str = probe.getsockname()[0]
            return found
    except OSError:
        return loopback


def is_local_name(host: str) -> bool:
    """Whether programs of this box reach it over loopback by this name; `host` as `split_host` gives it."""
    ip = address(host)
    if ip is not None:
        return ip.is_loopback
    hostname = socket.gethostname().lower().rstrip(".")
    # Debian's /etc/hosts gives the box's own name the address 127.0.1.1.
    return host in _LOOPBACK_NAMES or host in {hostname, hostname.partition(".")[0]}


class OwnNames:
    """Knows the names under which this box may be called, and asks the kernel which addresses are its own."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self.addresses: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._names = set(_LOOPBACK_NAMES)
        hostname = socket.gethostname().lower().rstrip(".")
        for name in (hostname, hostname.partition(".")[0]):
            self._names |= {name, f"{name}.local", f"{name}.localdomain", f"{name}.lan", f"{name}.home.arpa"}
        self._names.discard("")

    def known(self, host: str, configured: Iterable[str]) -> bool:
        """`host` is what `split_host` gave; `configured` are the names of the settings."""
        if host in self._names or host in {name.lower().rstrip(".") for name in configured}:
            return True
        ip = address(host)
        return ip is not None and self._is_own(str(ip))

    def _is_own(self, ip: str) -> bool:
        now = self._monotonic()
        with self._lock:
            cached = self.addresses.get(ip)
            if cached and now - cached[0] < _CACHE_S:
                return cached[1]
        own = can_bind(ip)
        with self._lock:
            self.addresses[ip] = (now, own)
            while len(self.addresses) > _CACHE_SIZE:
                self.addresses.popitem(last=False)
        return own


def can_bind(ip: str) -> bool:
    """Only an address of this machine can be bound: that works for every interface, also after DHCP changed it."""
    parsed = ipaddress.ip_address(ip)
    if parsed.is_loopback:
        return True
    if parsed.is_unspecified or parsed.is_multicast or ip == "255.255.255.255":
        return False
    family = socket.AF_INET if parsed.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((ip, 0))
        except OSError:
            return False
    return True
