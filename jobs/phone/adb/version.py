"""What version an adb server has, asked without a session: for doctor and for links to other boxes."""

from __future__ import annotations

import socket

_TIMEOUT_S = 2.0


def adb_version(host: str, port: int, timeout_s: float = _TIMEOUT_S) -> int:
    """Protocol version of the adb server there.

    Raises:
        OSError: Nothing answers, or something that is no adb server.
        ValueError: Its version is no number.
    """
    with socket.create_connection((host, port), timeout=timeout_s) as link:
        link.settimeout(timeout_s)
        link.sendall(b"000chost:version")
        with link.makefile("rb") as stream:
            answer = stream.read(12)
    if len(answer) != 12 or not answer.startswith(b"OKAY"):
        raise ConnectionError(f"something else than an adb server answers: {answer[:12]!r}")
    return int(answer[8:], 16)
