"""Whether a port is open to others is read from the kernel's own list."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from jobs.upkeep.usb_boxes.listening import open_addresses


@pytest.mark.parametrize(
    ("family", "address", "found"),
    [
        (socket.AF_INET, "127.0.0.1", []),
        (socket.AF_INET, "0.0.0.0", ["0.0.0.0"]),
        (socket.AF_INET6, "::1", []),
        (socket.AF_INET6, "::", ["::"]),
    ],
)
def test_a_real_socket_is_seen_unless_it_is_loopbacks(
    family: socket.AddressFamily, address: str, found: list[str]
) -> None:
    with socket.socket(family) as one:
        try:
            one.bind((address, 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        port = one.getsockname()[1]
        assert open_addresses(port) == [], "nothing listens yet"
        one.listen()
        assert open_addresses(port) == found
        assert open_addresses(port + 1 if port < 65535 else port - 1) == []


def test_addresses_are_read_as_the_kernel_writes_them_and_connections_do_not_count(tmp_path: Path) -> None:
    head = "  sl  local_address rem_address   st\n"
    (tmp_path / "tcp").write_text(
        f"{head}   0: 1401A8C0:13AD 00000000:0000 0A\n   1: 1401A8C0:13AD 0501A8C0:9C40 01\n   2: 0100007F:13AD 00000000:0000 0A\n"
    )
    mapped = "0000000000000000FFFF00001501A8C0"
    (tmp_path / "tcp6").write_text(f"{head}   0: {mapped}:13AD {'0' * 32}:0000 0A\n")
    assert open_addresses(5037, tmp_path) == ["192.168.1.20", "192.168.1.21"]
    assert open_addresses(5037, tmp_path / "nowhere") == []
