"""`tikmatrixd.py doctor`: says in plain sentences what keeps this box from posting, with the fix for each."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from jobs.clock import SystemClock
from jobs.config_checks import split_listen
from jobs.settings import Settings
from jobs.watch import LOW_DISK_FACTOR

_BUILD_TIME = Path(__file__).stat().st_mtime


class Level(StrEnum):
    """How bad a finding is; only FAIL keeps posting from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


class Finding(msgspec.Struct, frozen=True):
    """One line of the report: what was looked at, what was found, what to do."""

    level: Level
    subject: str
    sentence: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{self.level.value:4}  {self.subject}: {self.sentence}"
        return f"{line}\n      fix: {self.fix}" if self.fix else line


def ok(subject: str, sentence: str) -> Finding:
    return Finding(Level.OK, subject, sentence)


def warn(subject: str, sentence: str, fix: str = "") -> Finding:
    return Finding(Level.WARN, subject, sentence, fix)


def fail(subject: str, sentence: str, fix: str) -> Finding:
    return Finding(Level.FAIL, subject, sentence, fix)


def box_findings(settings: Settings, *, token_count: Callable[[], int], adb_binary: str) -> Iterator[Finding]:
    """Everything about the box itself, without any phone."""
    yield from _adb(settings, adb_binary)
    yield from _usb_permissions()
    yield from _media_roots(settings)
    yield from _disk(settings)
    yield _clock()
    yield from _port_and_tokens(settings, token_count())


def _adb(settings: Settings, binary: str) -> Iterator[Finding]:
    if not Path(binary).is_file():
        yield fail(
            "adb binary",
            f"{binary} does not exist",
            'set adb.binary in the config, or "" for the one that is shipped',
        )
    else:
        try:
            lines = subprocess.run(
                [binary, "version"], capture_output=True, text=True, timeout=10, check=False
            ).stdout.splitlines()
            yield ok("adb binary", f"{binary} ({lines[1] if len(lines) > 1 else 'version unknown'})")
        except (OSError, subprocess.TimeoutExpired) as error:
            yield fail(
                "adb binary",
                f"{binary} does not run: {error}",
                "install tikmatrixd again, or set adb.binary to an adb that runs here",
            )
    address = f"{settings.adb.host}:{settings.adb.port}"
    try:
        version = _adb_server_version(settings.adb.host, settings.adb.port)
        yield ok("adb server", f"answers on {address}, protocol version {version}")
    except OSError as error:
        by_us = (
            "the daemon starts it by itself"
            if settings.adb.start_server
            else "systemctl start tikmatrixd-adb.socket"
        )
        level = Level.WARN if settings.adb.start_server else Level.FAIL
        yield Finding(level, "adb server", f"does not answer on {address}: {error}", by_us)


def _adb_server_version(host: str, port: int) -> int:
    """Protocol version of the server; raises OSError."""
    with socket.create_connection((host, port), timeout=2) as link:
        link.settimeout(2)
        link.sendall(b"000chost:version")
        with link.makefile("rb") as stream:
            answer = stream.read(12)
    if len(answer) != 12 or not answer.startswith(b"OKAY"):
        raise ConnectionError(f"something else than an adb server answers: {answer[:12]!r}")
    return int(answer[8:], 16)


def _usb_permissions(
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
            )  # fmt: skip
    if found:
        yield ok("USB", f"{found} phone(s) with USB debugging on the bus")
    else:
        yield warn(
            "USB",
            "no phone with USB debugging on the bus",
            "only network phones can work; for USB: cable, Developer options, USB debugging",
        )


def _media_roots(settings: Settings) -> Iterator[Finding]:
    user = _service_user()
    whose = f"the user {user}" if user else "this user"
    for root in settings.media.roots:
        path = Path(root)
        if path.resolve().parts[1:2] in {("home",), ("root",)} or path.resolve().is_relative_to("/run/user"):
            yield warn(
                "media root",
                f"{root} lies in a home directory, which the service cannot see (ProtectHome)",
                "use /srv/tikmatrixd/media, or bind-mount the folder there",
            )
        elif not path.is_dir():
            yield fail("media root", f"{root} is not a folder", f"mkdir -p {root}, or correct media.roots")
        elif not _as_user(user, "test", "-r", root, "-a", "-x", root).ok:
            yield fail(
                "media root",
                f"{root} cannot be read by {whose}",
                f"chgrp {user or 'GROUP'} {root} && chmod g+rx {root}",
            )
        else:
            # A few levels and a few seconds are enough to find a habit.
            shut = _as_user(user, "find", root, "-maxdepth", "3", "!", "-readable", "-print", "-quit").output
            if shut:
                yield warn(
                    "media root",
                    f"{shut.strip()} (and maybe more) cannot be read by {whose}",
                    f"chgrp -R {user or 'GROUP'} {root} && chmod -R g+rX {root}",
                )
            else:
                yield ok("media root", f"{root} is readable by {whose}")


def _service_user() -> str:
    """The user of the installed service when root asks; "" means whoever asks."""
    if os.geteuid() != 0:
        return ""
    try:
        return pwd.getpwnam("tikmatrixd").pw_name
    except KeyError:
        return ""


class _Ran(msgspec.Struct, frozen=True):
    ok: bool
    output: str = ""


def _as_user(user: str, *command: str) -> _Ran:
    more: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False, **more)
    except (OSError, subprocess.TimeoutExpired):
        return _Ran(ok=False)
    return _Ran(done.returncode == 0, done.stdout)


def _disk(settings: Settings) -> Iterator[Finding]:
    state = Path(settings.storage.state_dir)
    if not state.exists():
        yield warn(
            "state directory",
            f"{state} does not exist yet",
            "the daemon makes it at its first start, if it may",
        )
        return
    free = shutil.disk_usage(state).free
    if free < settings.storage.min_free_bytes:
        yield fail(
            "disk",
            f"{free // 2**20} MiB free below {state}, new tasks are refused",
            "free some space, or lower storage.min_free_bytes",
        )
    elif free < LOW_DISK_FACTOR * settings.storage.min_free_bytes:
        yield warn("disk", f"only {free // 2**20} MiB free below {state}", "free some space soon")
    else:
        yield ok("disk", f"{free // 2**20} MiB free below {state}")


def _clock() -> Finding:
    if SystemClock().now() < _BUILD_TIME - 86400:
        return fail(
            "clock",
            "the box's clock is older than this program",
            "set the time, or switch on time synchronisation: timedatectl set-ntp true",
        )
    try:
        answer = subprocess.run(
            ["timedatectl", "show", "-p", "NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return warn(
            "clock", "cannot be asked whether it is synchronised", "make sure that some time service runs"
        )
    if answer.stdout.strip() == "yes":
        return ok("clock", "is synchronised")
    return warn(
        "clock", "is not synchronised", "timedatectl set-ntp true; start times are only as right as the clock"
    )


def _port_and_tokens(settings: Settings, tokens: int) -> Iterator[Finding]:
    host, port = split_listen(settings.server.listen)
    local = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - only compared
    alive = _is_our_daemon(f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}")
    if alive:
        yield ok("daemon", f"runs and answers on port {port}")
    elif alive is None:
        yield warn(
            "daemon", f"nothing answers on port {port}", "systemctl start tikmatrixd, or: tikmatrixd.py serve"
        )
    else:
        yield fail(
            "port",
            f"another program answers on port {port}",
            f"stop it (ss -ltnp 'sport = :{port}' names it), or change server.listen",
        )
    if tokens:
        yield ok("tokens", f"{tokens} token(s) for clients on the LAN")
    elif host in {"127.0.0.1", "localhost", "::1"}:
        yield ok("tokens", "none, and none is needed: only this box can reach the API")
    else:
        yield fail(
            "tokens", "there is none, so the daemon refuses to serve the LAN", "tikmatrixd.py token new NAME"
        )


def _is_our_daemon(url: str) -> bool | None:
    """True when our daemon answers, False when something else does, None when nothing does."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310 - our own address
            body: Any = json.load(answer)
    except urllib.error.HTTPError as error:
        # 503: it runs and says why it cannot work; 401: it listens on the LAN only and wants a token.
        return error.code == 503 or "Bearer" in error.headers.get("WWW-Authenticate", "")
    except (OSError, ValueError) as error:
        return None if isinstance(error, urllib.error.URLError | ConnectionError | TimeoutError) else False
    return isinstance(body, dict) and "ready" in body


def can_post(findings: list[Finding]) -> bool:
    """Whether nothing found keeps posting from working."""
    return not any(finding.level is Level.FAIL for finding in findings)
