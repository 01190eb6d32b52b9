"""What `doctor` says about adb: its program, its server, the key that phones know, and who may use USB."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec

from jobs.hub.addresses import is_loopback
from jobs.hub.settings import Adb, AdbServerEntry, Settings
from jobs.phone.adb.version import adb_version
from jobs.upkeep.doctor_findings import Finding, Level, fail, ok, warn


def adb_findings(settings: Settings, binary: str, key_dir: Path) -> Iterator[Finding]:
    """Everything about adb on this box. `key_dir` is where its server keeps the key."""
    ours, finding = _program(binary)
    yield finding
    several = bool(settings.adb_servers)  # then one that fails stops its own phones alone
    yield msgspec.structs.replace(_server(settings.adb, ours), partial=several)
    for entry in settings.adb_servers:
        yield msgspec.structs.replace(_server(entry.as_adb, ours, entry), partial=True)
    if is_loopback(settings.adb.host):
        yield _key(key_dir)
        yield from usb_permissions()


def _program(binary: str) -> tuple[int | None, Finding]:
    """The protocol version that this program speaks, where it says one, and what there is to say about it."""
    subject = "adb binary"
    if not os.path.isfile(binary):  # noqa: PTH113 - False, too, where it cannot be looked at
        return None, fail(
            subject,
            f"{binary} does not exist",
            'set adb.binary in the config, or "" for the one that is shipped',
        )
    try:
        said = subprocess.run([binary, "version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, fail(
            subject,
            f"{binary} does not run: {error}",
            "install tikmatrixd again, or set adb.binary to an adb that runs here",
        )
    lines = said.stdout.splitlines()
    version = re.search(r"version 1\.0\.(\d+)", lines[0]) if lines else None
    if version is None:
        return None, fail(
            subject, f"{binary} is no adb", 'set adb.binary in the config, or "" for the one that is shipped'
        )
    return int(version[1]), ok(subject, f"{binary} ({lines[1] if len(lines) > 1 else lines[0]})")


def _server(adb: Adb, ours: int | None, entry: AdbServerEntry | None = None) -> Finding:
    """`entry` is that of a further server."""
    subject, address = f"adb server {entry.name}" if entry else "adb server", f"{adb.host}:{adb.port}"
    try:
        version = adb_version(adb.host, adb.port)
    except (OSError, ValueError) as error:
        by_us = adb.start_server
        fix = "the daemon starts it by itself" if by_us else "systemctl start tikmatrixd-adb.socket"
        if entry:
            fix = f"look at its box, and at the way to it (link = {entry.link}): its phones wait, all others work"
        level = Level.WARN if by_us else Level.FAIL
        return Finding(level, subject, f"does not answer on {address}: {error}", fix)
    if ours is not None and version != ours:
        return warn(
            subject,
            f"answers on {address} with protocol version {version}, our adb speaks {ours}",
            f"keep other adb programs off {'that' if entry else 'this'} box: each replaces a server of another version, and "
            "cuts every phone",
        )
    return ok(subject, f"answers on {address}, protocol version {version}")


def _key(folder: Path) -> Finding:
    """Phones know the box by this key: without it each asks again, and who else has it gets into them."""
    path = folder / "adbkey"
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return warn(
            "adb key",
            f"there is no {path}",
            "adb makes one when it starts, and every phone asks once whether it accepts this box; a backup holds the old one",
        )
    except OSError as error:
        return warn("adb key", f"{path} cannot be looked at: {error.strerror}", "run doctor with sudo")
    if mode & 0o077:
        return warn(
            "adb key", f"{path} can be read by others, who then get into the phones", f"chmod 600 {path}"
        )
    return ok("adb key", f"{path}")


def usb_permissions(
    root: Path = Path("/sys/bus/usb/devices"), nodes: Path = Path("/dev/bus/usb")
) -> Iterator[Finding]:
    """Every USB device with an adb interface (class ff, subclass 42, protocol 01) must be usable by the group plugdev."""
    found = 0
    for interface in sorted(root.glob("*:*")):
        try:
            kind = tuple(
                (interface / name).read_text().strip()
                for name in ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
            )
            if kind != ("ff", "42", "01"):
                continue
            device = root / interface.name.partition(":")[0]
            bus, number = (int((device / name).read_text()) for name in ("busnum", "devnum"))
            node = nodes / f"{bus:03d}" / f"{number:03d}"
            status = node.stat()
        except (OSError, ValueError):
            continue  # unplugged while we looked
        found += 1
        if status.st_mode & 0o060 != 0o060:
            yield fail(
                "USB permissions", f"{node} ({device.name}) is not open to its group",
                "install systemd/70-tikmatrixd-adb.rules into /etc/udev/rules.d, then: udevadm control --reload, and plug the phone in again",
                partial=True,
            )  # fmt: skip
    if found:
        yield ok("USB", f"{found} phone(s) with USB debugging on the bus")
    else:
        yield warn(
            "USB",
            "no phone with USB debugging on the bus",
            "only network phones can work; for USB: cable, Developer options, USB debugging",
        )
