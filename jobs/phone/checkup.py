"""Looks at phones from the command line: a session without a daemon, and what keeps a phone from posting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
from msgspec.structs import replace

from jobs.clock import Clock
from jobs.doctor import Finding, fail, ok, warn
from jobs.phone import dumpsys
from jobs.phone.errors import AppMissing, PhoneError
from jobs.phone.fleet import Fleet
from jobs.phone.protocol import PhoneInfo, PhoneState
from jobs.phone.session import Session
from jobs.settings import Settings

_SYNC_TIMEOUT_S = 10.0
_FIXES = {
    PhoneState.UNAUTHORIZED: "unlock the phone and accept the question about USB debugging, with 'always allow'",
    PhoneState.OFFLINE: "plug the phone in again; if that does not help, restart it",
    PhoneState.NO_PERMISSIONS: "install systemd/70-tikmatrixd-adb.rules into /etc/udev/rules.d and plug the phone in again",
    PhoneState.DUPLICATE: "two phones share this serial: use one of them over the network, or on another hub",
    PhoneState.ABSENT: "connect the phone, or take its serial out of the config",
    PhoneState.NEEDS_HANDS: "look at the phone",
    PhoneState.ADB_DOWN: "start the adb server",
}
_PERMISSIONS = (
    "android.permission.CAMERA",
    "android.permission.RECORD_AUDIO",
    "android.permission.READ_MEDIA_VIDEO",
)
_MIN_FREE_BYTES = 1024**3


class Login(msgspec.Struct, frozen=True):
    """An account as the daemon or the config knows it."""

    username: str
    platform: str
    serial: str
    logged_in: bool = True


@contextmanager
def phones_of(settings: Settings, clock: Clock) -> Iterator[Fleet]:
    """The inventory of the adb server that runs; none is started. Raises PhoneError when none answers."""
    fleet = Fleet(replace(settings.adb, start_server=False), settings.phones, clock)
    fleet.start()
    try:
        # One that hangs must not hide the others: it is shown as what is known of it by then.
        fleet.wait_synced(_SYNC_TIMEOUT_S)
        if fleet.adb_problem:
            raise PhoneError(fleet.adb_problem)
        yield fleet
    finally:
        fleet.stop()


def phone_findings(
    settings: Settings, clock: Clock, serial: str | None = None, logins: Sequence[Login] = ()
) -> Iterator[Finding]:
    """What keeps each phone (or the one named) from posting. No app is opened and nothing is changed."""
    try:
        with phones_of(settings, clock) as fleet:
            phones = [phone for phone in fleet.inventory() if serial in {None, phone.serial}]
            if not phones:
                which = f"phone {serial}" if serial else "phones"
                yield fail(
                    which,
                    "not connected",
                    "connect it and switch on USB debugging; `tikmatrixd devices` must list it",
                )
            for phone in phones:
                yield from _one_phone(settings, fleet, phone)
                yield from _logins(phone.serial, [one for one in logins if one.serial == phone.serial])
    except PhoneError as error:
        yield fail("phones", f"not looked at: {error}", "see the adb server above, then run doctor again")


def _one_phone(settings: Settings, fleet: Fleet, phone: PhoneInfo) -> Iterator[Finding]:
    name = f"phone {phone.serial}"
    if phone.state is not PhoneState.DEVICE:
        yield fail(name, phone.detail or phone.state.value, _FIXES.get(phone.state, "look at the phone"))
        return
    yield ok(name, f"{phone.model or 'model unknown'}, Android {phone.android or 'unknown'}")
    yield from _power(settings, phone)
    try:
        session = fleet.open(phone.serial)
    except PhoneError as error:
        yield fail(name, str(error), "plug the phone in again")
        return
    try:
        yield from _inside(settings, name, session)
    except PhoneError as error:
        yield fail(
            name, f"does not answer: {error}", "plug the phone in again; if that does not help, restart it"
        )
    finally:
        session.close()


def _power(settings: Settings, phone: PhoneInfo) -> Iterator[Finding]:
    name, percent, celsius = f"phone {phone.serial}", phone.battery_percent, phone.battery_celsius
    if percent is not None and percent < settings.phones.min_battery_percent:
        yield fail(name, f"battery at {percent} %", "charge it: a weak hub may not give enough power")
    if celsius is not None and celsius > settings.phones.max_battery_celsius:
        yield fail(
            name, f"battery at {celsius:.0f} °C", "let it cool down; look whether the battery is swollen"
        )


def _inside(settings: Settings, name: str, session: Session) -> Iterator[Finding]:
    free = session.free_bytes()
    if free < _MIN_FREE_BYTES:
        yield warn(name, f"only {free // 2**20} MiB of storage free", "delete something on the phone")
    else:
        yield ok(name, f"{free // 2**30} GiB of storage free")
    if dumpsys.locked(session.shell("dumpsys", "window", "policy").output):
        yield warn(name, "is locked", "switch the screen lock off: Settings, Security, Screen lock, None")
    language = session.shell("getprop", "persist.sys.locale").output.strip()
    if language and not language.startswith(("en", "de", "fr")):
        yield warn(
            name, f"the phone speaks {language}", "set the apps to English; German and French are known too"
        )
    found = 0
    for package in (settings.posting.tiktok_package, settings.posting.instagram_package):
        try:
            version = session.app_version(package)
        except AppMissing:
            continue
        found += 1
        missing = [p.rpartition(".")[2] for p in _PERMISSIONS if not _granted(session, package, p)]
        yield ok(name, f"{package} {version}" + (f"; will ask for {', '.join(missing)}" if missing else ""))
    if not found:
        yield fail(name, "neither TikTok nor Instagram is installed", "install the app and log in by hand")


def _granted(session: Session, package: str, permission: str) -> bool:
    output = session.shell("dumpsys", "package", package).output
    return f"{permission}: granted=true" in output


def _logins(serial: str, logins: list[Login]) -> Iterator[Finding]:
    """Whether an app is logged in shows only when it is opened: what is known is what the last task saw."""
    if not logins:
        yield warn(
            f"phone {serial}", "no account is bound to it", "name its accounts in the config: [[accounts]]"
        )
    for login in logins:
        name = f"@{login.username.removeprefix('@')} on {login.platform}"
        if login.logged_in:
            yield ok(f"phone {serial}", f"{name}: no task has seen it logged out")
        else:
            yield fail(
                f"phone {serial}", f"{name}: the app was seen logged out", "log in by hand on the phone"
            )
