"""Runs the programs of the system that links need: ssh-keygen, sshd, systemctl."""

from __future__ import annotations

import subprocess


class BoxesFailed(Exception):
    """Something about a USB box cannot be done; the message says what and why."""


def run(command: list[str], timeout_s: float, missing: str) -> subprocess.CompletedProcess[str]:
    """What the program said at its end, whatever its status; it is given nothing to read, and no shell reads its words.

    `missing` says what to do where there is no such program. Raises BoxesFailed: it cannot be run, or does not end.
    """
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except FileNotFoundError as error:
        raise BoxesFailed(missing) from error
    except subprocess.TimeoutExpired as error:
        raise BoxesFailed(f"{' '.join(command[:2])} does not end") from error
    except OSError as error:
        raise BoxesFailed(f"{command[0]} cannot be run: {error.strerror}") from error
