"""What `doctor` says about other boxes: their links, and adb servers that everybody in the network reaches."""

from __future__ import annotations

from collections.abc import Iterator

from jobs.hub.addresses import is_loopback
from jobs.hub.settings import Settings
from jobs.phone.adb.version import adb_version
from jobs.upkeep.doctor_findings import Finding, fail, ok, warn
from jobs.upkeep.usb_boxes.folder import ADB_KEYS, ADB_PORT, Boxes, UsbBox
from jobs.upkeep.usb_boxes.link import state
from jobs.upkeep.usb_boxes.listening import open_addresses

#: A machine that drops packets is not waited for any longer.
_OPEN_S = 1.0
_NO_PASSWORD = (
    "adb has no password and encrypts nothing: a program that reaches that port controls its phones"  # noqa: S105
)
_MANUAL = "docs/operator.md, section 9"


def box_link_findings(settings: Settings, boxes: Boxes) -> Iterator[Finding]:
    """About adb servers that listen openly, and about each box that was added to this hub."""
    adb = settings.adb
    if is_loopback(adb.host):
        yield from _own_server(adb.port)
    else:
        yield warn(
            "adb server",
            f"{adb.host}:{adb.port} is not on this box; {_NO_PASSWORD}",
            f"use an ssh link (tikmatrixd usb-box add NAME), or WireGuard: {_MANUAL}",
        )
    for box in boxes.all():
        yield from _box(settings, boxes, box)


def _own_server(port: int) -> Iterator[Finding]:
    found = open_addresses(port)
    if found:
        yield fail(
            "adb server",
            f"it listens on {', '.join(found)}, port {port}; {_NO_PASSWORD}",
            f"ss -ltnp 'sport = :{port}' names the program: end it, and let no other start adb with -a; "
            "tikmatrixd-adb listens on 127.0.0.1 alone",
            partial=True,
        )


def _answered(subject: str, box: UsbBox, version: int) -> Finding:
    """An adb program that is called with the link's port while the link is down starts a server of its own there."""
    said = state(box)
    if said not in {"active", ""}:
        return fail(
            subject,
            f"something else than its link answers on 127.0.0.1:{box.local_port}: the link is {said}",
            f"ss -ltnp 'sport = :{box.local_port}' names the program: end it, and the link comes up by itself",
            partial=True,
        )
    return ok(subject, f"its link to {box.host} is up, adb protocol version {version}")


def _box(settings: Settings, boxes: Boxes, box: UsbBox) -> Iterator[Finding]:
    subject = f"USB box {box.name}"
    if not is_loopback(box.host):
        try:
            adb_version(box.host, ADB_PORT, _OPEN_S)
        except (OSError, ValueError):
            pass  # as it should be
        else:
            yield fail(
                subject,
                f"its adb server answers on {box.host}:{ADB_PORT} without the link; {_NO_PASSWORD}",
                f"on that box: ss -ltnp 'sport = :{ADB_PORT}' names the program; end it, then systemd/install.sh --usb-box",
                partial=True,
            )
    try:
        version = adb_version("127.0.0.1", box.local_port)
    except (OSError, ValueError) as error:
        yield fail(
            subject,
            f"its link does not work (127.0.0.1:{box.local_port}, ssh to {box.host}:{box.ssh_port}): {error}",
            f"is that box on, and in the network? journalctl -u {box.unit} says what ssh says",
            partial=True,
        )
    else:
        yield _answered(subject, box, version)
    if box.local_port not in {settings.adb.port, *(server.port for server in settings.adb_servers)}:
        yield warn(
            subject,
            "the config does not name it, so its phones are not used",
            f'add [[adb_servers]] with name = "{box.name}", host = "127.0.0.1", port = {box.local_port}',
        )
    if not all((boxes.of(box.name) / key).exists() for key in ADB_KEYS):
        yield warn(
            subject, "its adb key is not in backups of this hub", "sudo tikmatrixd backup FILE fetches it"
        )
