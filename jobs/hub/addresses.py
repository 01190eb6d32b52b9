"""Which addresses only programs of this box reach, and how those reach the daemon."""

from __future__ import annotations

import ipaddress
import re

_LISTEN = re.compile(r"^(\[[0-9a-fA-F:.]+\]|[^:\s\[\]]*):(\d{1,5})$")


def split_listen(listen: str) -> tuple[str, int]:
    """Split "HOST:PORT" into host and port; "[::1]:80" for IPv6. Raises ValueError."""
    match = _LISTEN.match(listen)
    if not match or int(match[2]) > 65535:
        raise ValueError(f"{listen!r} is not HOST:PORT")
    host = match[1].strip("[]")
    return "0.0.0.0" if host in {"", "*"} else host, int(match[2])  # noqa: S104 - that means every address


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address, with IPv4 inside IPv6 unwrapped; None for anything else."""
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def is_loopback(host: str) -> bool:
    """Whether only programs of this box reach this host."""
    ip = address(host)
    return host.lower() == "localhost" or (ip is not None and ip.is_loopback)


def remote_problem(host: str) -> str:
    """Why an address cannot be that of another machine near by; "" where it can."""
    ip = address(host)
    if ip is None:
        return "is not an address, and a name would be looked up at each call"
    if ip.is_unspecified or ip.is_multicast or ip.is_reserved:
        return "is not the address of one machine"
    if ip.is_global:
        return "is an address of the Internet, where anyone can reach it"
    return ""


def own_url(listen: str, port: int = 0) -> str:
    """The URL under which a program of this box reaches what listens there; `port` where it is another than asked for."""
    host, wanted = split_listen(listen)
    ip = address(host)
    if ip is not None and ip.is_unspecified:
        host = "127.0.0.1" if ip.version == 4 else "::1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port or wanted}"
