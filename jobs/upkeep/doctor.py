"""What `tikmatrixd.py doctor` finds about the box itself: its folders, disk, clock, port and tokens."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from jobs.hub.addresses import is_loopback, own_url, split_listen
from jobs.hub.clock import SystemClock
from jobs.hub.settings import Settings
from jobs.hub.time_zone import ZoneInvalid, zone, zone_name
from jobs.intake.start_time import show
from jobs.notify.watch import LOW_DISK_FACTOR
from jobs.upkeep.doctor_findings import Finding, fail, ok, warn

_BUILD_TIME = Path(__file__).stat().st_mtime


def box_findings(settings: Settings, *, tokens: int, token_problem: str = "") -> Iterator[Finding]:
    """Everything about the box itself that has nothing to do with adb.

    `tokens` is how many there are, `token_problem` why nobody can tell.
    """
    yield from _media_roots(settings)
    yield from _disk(settings)
    yield _clock()
    yield _time_zone(settings)
    yield from _port_and_tokens(settings, tokens, token_problem)
    yield from _proxy(settings)


def _media_roots(settings: Settings) -> Iterator[Finding]:
    user = _service_user()
    whose = f"the user {user}" if user else "this user"
    partial = len(settings.media.roots) > 1
    for root in settings.media.roots:
        path = Path(root)
        if path.resolve().parts[1:2] in {("home",), ("root",)} or path.resolve().is_relative_to("/run/user"):
            yield warn(
                "media root",
                f"{root} lies in a home directory, which the service cannot see (ProtectHome)",
                "use /srv/tikmatrixd/media, or bind-mount the folder there",
            )
        elif not os.path.isdir(path):  # noqa: PTH112 - False, too, where it cannot be looked at
            yield fail(
                "media root",
                f"{root} is not a folder",
                f"mkdir -p {root}, or correct media.roots",
                partial=partial,
            )
        elif not _as_user(user, "test", "-r", root, "-a", "-x", root).ok:
            yield fail(
                "media root",
                f"{root} cannot be read by {whose}",
                f"chgrp {user or 'GROUP'} {root} && chmod g+rx {root}",
                partial=partial,
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
    """The user of the installed service when root asks; "" means the user that asks."""
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


def _time_zone(settings: Settings) -> Finding:
    """Which zone start times without an offset are in: the daemon's own word counts, its TZ may be another."""
    try:
        where = zone(settings.posting.timezone)
    except ZoneInvalid as error:
        return fail("time zone", str(error), "set posting.timezone, e.g. to Europe/Berlin")
    answer = readiness_of(settings)
    told = answer.get("timezone", "") if isinstance(answer, dict) else ""
    if told and told != zone_name(where):
        return warn(
            "time zone",
            f"start times are in {told}, as the running daemon says; this command would take {zone_name(where)}",
            "set posting.timezone, so that nothing depends on who starts the program",
        )
    return ok("time zone", f"start times are in {zone_name(where)}: {show(SystemClock().now(), where)} now")


def _port_and_tokens(settings: Settings, tokens: int, token_problem: str) -> Iterator[Finding]:
    host, port = split_listen(settings.server.listen)
    alive = readiness_of(settings)
    if isinstance(alive, dict):
        reasons = [str(reason) for reason in alive.get("reasons", [])]
        if reasons:
            yield warn(
                "daemon", f"runs on port {port}, and says: {'; '.join(reasons)}", "fix what it reports"
            )
        else:
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
    if token_problem:
        yield fail("tokens", token_problem, "until then no client from another machine is let in")
    elif tokens:
        yield ok("tokens", f"{tokens} token(s) for clients on the LAN")
    elif not settings.server.trust_loopback:
        yield fail(
            "tokens",
            "there is none, and programs of this box need one, too (server.trust_loopback = false)",
            "tikmatrixd.py token new NAME",
        )
    elif is_loopback(host):
        yield ok("tokens", "none, and none is needed: only this box can reach the API")
    else:
        yield fail(
            "tokens", "there is none, so the daemon refuses to serve the LAN", "tikmatrixd.py token new NAME"
        )


def _proxy(settings: Settings) -> Iterator[Finding]:
    """Other names than the box's own are most often those of a proxy, and one on this box connects over loopback."""
    server = settings.server
    if server.hosts and server.trust_loopback:
        yield warn(
            "proxy",
            f"if {server.hosts[0]} leads through a proxy or tunnel on this box which adds no header such as "
            "X-Forwarded-For, then everybody behind it is let in without a token",
            "server.trust_loopback = false, unless a call through it without a token gets code 40101",
        )


def readiness_of(settings: Settings) -> dict[str, Any] | bool | None:
    """What our daemon says of itself; False when something else answers on its port, None when nothing does."""
    url = own_url(settings.server.listen)
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310 - our own address
            body: Any = json.load(answer)
    except urllib.error.HTTPError as error:
        if "Bearer" in error.headers.get("WWW-Authenticate", ""):
            return {}  # it listens on the LAN only and wants a token
        try:
            body = json.load(error)
        except (OSError, ValueError):
            return False
    except (OSError, ValueError) as error:
        return None if isinstance(error, urllib.error.URLError | ConnectionError | TimeoutError) else False
    return body if isinstance(body, dict) and "ready" in body else False
