"""On which addresses something of this box listens at a port, as the kernel lists them."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path

_TABLES = ("tcp", "tcp6")
_LISTENS = "0A"


def open_addresses(port: int, tables: Path = Path("/proc/self/net")) -> list[str]:
    """The addresses beside loopback's on which something listens at this port; empty where the kernel does not tell."""
    found: dict[str, None] = {}
    for name in _TABLES:
        try:
            lines = (tables / name).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            address, _, at = words[1].partition(":")
            if words[3] == _LISTENS and int(at, 16) == port:
                ip = _address(address)
                if not ip.is_loopback:
                    found[str(ip)] = None
    return list(found)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address as the kernel writes it: words of 32 bits in the box's own byte order."""
    words = struct.pack(f"={len(text) // 8}I", *(int(text[at : at + 8], 16) for at in range(0, len(text), 8)))
    ip = ipaddress.ip_address(words)
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip
