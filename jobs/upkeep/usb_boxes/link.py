"""The link's unit on the hub: switched on and off through systemctl, and waited for."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from jobs.hub.clock import Clock
from jobs.phone.adb.version import adb_version
from jobs.upkeep.usb_boxes.folder import UsbBox
from jobs.upkeep.usb_boxes.programs import BoxesFailed, run

_PAUSE_S = 0.2
_SYSTEMCTL_S = 60.0
_NEVER = threading.Event()


def switch_on(box: UsbBox) -> None:
    """Start the link, now and at every boot; one that runs is started anew. Raises BoxesFailed."""
    _systemctl("enable", box.unit)
    _systemctl("restart", box.unit)


def switch_off(name: str) -> None:
    """End the link of a box and start it no more. Raises BoxesFailed."""
    _systemctl("disable", "--now", f"tikmatrixd-usb-link@{name}.service")


def state(box: UsbBox) -> str:
    """What systemd says of the link: active, activating, failed, …; "" where it cannot be asked."""
    if not Path("/run/systemd/system").is_dir():
        return ""
    try:
        return _run("is-active", box.unit).stdout.strip()
    except BoxesFailed:
        return ""


def wait_for(box: UsbBox, clock: Clock, timeout_s: float) -> int:
    """Version of the box's adb server, as soon as the link has come up. Raises BoxesFailed with what keeps it down."""
    ends = clock.monotonic() + timeout_s
    while True:
        try:
            return adb_version("127.0.0.1", box.local_port)
        except (OSError, ValueError) as error:
            if clock.monotonic() >= ends:
                raise BoxesFailed(
                    f"the link does not come up: {error}; look: journalctl -u {box.unit}"
                ) from error
        clock.wait(_NEVER, _PAUSE_S)


def _systemctl(*words: str) -> None:
    done = _run(*words)
    if done.returncode:
        raise BoxesFailed(f"systemctl {' '.join(words)}: {done.stderr.strip() or done.returncode}")


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return run(
        ["systemctl", *words], _SYSTEMCTL_S, "systemctl cannot be asked: this box does not run systemd"
    )
