"""Tells the service manager how the daemon is: systemd's notify datagrams (sd_notify(3))."""

from __future__ import annotations

import logging
import os
import socket

_LOG = logging.getLogger(__name__)


class ServiceNotify:
    """Sends READY, STATUS, WATCHDOG and the like; does nothing where no service manager listens."""

    def __init__(self, address: str | None = None) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "") if address is None else address

    @property
    def watchdog_s(self) -> float:
        """How often the service manager wants to hear from us; 0 when it does not. It asks for twice as often."""
        usec = os.environ.get("WATCHDOG_USEC", "")
        wanted = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return int(usec) / 2_000_000 if self._address and usec.isdecimal() and wanted else 0.0

    def send(self, *lines: str) -> None:
        """One datagram of NAME=VALUE lines. A manager that cannot be reached is logged, never fatal."""
        if not self._address:
            return
        # A leading @ means the abstract name space.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.settimeout(1.0)
                sock.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            _LOG.warning("the service manager cannot be told %s: %s", lines, error)

    def ready(self, status: str) -> None:
        self.send("READY=1", f"STATUS={_one_line(status)}")

    def status(self, status: str) -> None:
        self.send(f"STATUS={_one_line(status)}")

    def watchdog(self) -> None:
        self.send("WATCHDOG=1")

    def reloading(self, monotonic_s: float) -> None:
        self.send("RELOADING=1", f"MONOTONIC_USEC={int(monotonic_s * 1_000_000)}")

    def stopping(self, extend_s: float) -> None:
        self.send("STOPPING=1", f"EXTEND_TIMEOUT_USEC={int(extend_s * 1_000_000)}", "STATUS=stopping")


def _one_line(text: str) -> str:
    """A line feed would begin another assignment."""
    return " ".join(text.split())
