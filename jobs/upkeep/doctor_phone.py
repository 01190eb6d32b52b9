"""Looks at phones from the command line: a session without a daemon, and what keeps a phone from posting."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager

import msgspec
from msgspec.structs import replace

from jobs.hub.clock import Clock
from jobs.hub.platforms import PLATFORMS
from jobs.hub.settings import Settings
from jobs.phone import app_language
from jobs.phone.adb import dumpsys
from jobs.phone.errors import AppMissing, PhoneError
from jobs.phone.inventory.fleet import Fleet
from jobs.phone.protocol import PhoneInfo, PhoneState
from jobs.phone.session import Session
from jobs.upkeep import phone_traits as traits
from jobs.upkeep.doctor import Finding, Level, fail, ok, warn

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
    """An account as the daemon or the config knows it.

    An empty `package` means the platform's app of the config. `logged_in` is None where only the daemon could tell
    and it does not run.
    """

    username: str
    platform: str
    serial: str
    package: str | None = None
    enabled: bool = True
    logged_in: bool | None = True

    @property
    def title(self) -> str:
        """How the report names it."""
        return f"@{self.username.removeprefix('@')} on {self.platform}"


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
    settings: Settings,
    clock: Clock,
    serial: str | None = None,
    logins: Sequence[Login] = (),
    *,
    covered: Collection[str],
) -> Iterator[Finding]:
    """What keeps each phone (or the one named) from posting. No app is opened and nothing is changed.

    `covered` are the languages in which posts are made.
    """
    try:
        with phones_of(settings, clock) as fleet:
            phones = [phone for phone in fleet.inventory() if serial in {None, phone.serial}]
            if not phones and serial:
                yield fail(
                    f"phone {serial}",
                    "not connected",
                    "connect it and switch on USB debugging; `tikmatrixd devices` must list it",
                    phone=serial,
                )
            elif not phones:
                yield fail(
                    "phones",
                    "none is connected",
                    "connect one and switch on USB debugging; `tikmatrixd devices` must list it",
                )
            for phone in phones:
                bound = [login for login in logins if login.serial == phone.serial]
                yield from _one_phone(settings, fleet, phone, bound, covered)
            if serial is None:
                yield from _without_phone(logins, {phone.serial for phone in phones})
    except PhoneError as error:
        yield fail("phones", f"not looked at: {error}", "see the adb server above, then run doctor again")


def _one_phone(
    settings: Settings,
    fleet: Fleet,
    phone: PhoneInfo,
    logins: Sequence[Login],
    covered: Collection[str],
) -> Iterator[Finding]:
    name, serial = f"phone {phone.serial}", phone.serial
    if phone.state is not PhoneState.DEVICE:
        fix = _FIXES.get(phone.state, "look at the phone")
        yield fail(name, phone.detail or phone.state.value, fix, phone=serial)
        return
    yield ok(name, f"{phone.model or 'model unknown'}, Android {phone.android or 'unknown'}", phone=serial)
    yield from _power(settings, phone)
    try:
        session = fleet.open(serial)
    except PhoneError as error:
        yield fail(name, str(error), "plug the phone in again", phone=serial)
        return
    try:
        yield from _inside(serial, session)
        yield from _apps_and_accounts(settings, serial, session, logins, covered)
    except PhoneError as error:
        yield fail(
            name,
            f"does not answer: {error}",
            "plug the phone in again; if that does not help, restart it",
            phone=serial,
        )
    finally:
        session.close()


def _power(settings: Settings, phone: PhoneInfo) -> Iterator[Finding]:
    problem = settings.phones.battery_problem(phone.battery_percent, phone.battery_celsius)
    if problem:
        yield fail(
            f"phone {phone.serial}",
            problem,
            "charge it (a weak hub may not give enough power), or let it cool down",
            phone=phone.serial,
        )


def _inside(serial: str, session: Session) -> Iterator[Finding]:
    name = f"phone {serial}"
    free = session.free_bytes()
    if free < _MIN_FREE_BYTES:
        yield warn(
            name,
            f"only {free // 2**20} MiB of storage free",
            "delete something on the phone",
            phone=serial,
        )
    else:
        yield ok(name, f"{free // 2**30} GiB of storage free", phone=serial)
    if dumpsys.locked(session.shell("dumpsys", "window", "policy").output):
        yield warn(
            name,
            "is locked",
            "switch the screen lock off: Settings, Security, Screen lock, None",
            phone=serial,
        )
    yield from traits.findings(serial, session)


def _apps_and_accounts(
    settings: Settings,
    serial: str,
    session: Session,
    logins: Sequence[Login],
    covered: Collection[str],
) -> Iterator[Finding]:
    """Which apps are there, and for each account of the phone whether its app is and was seen logged in."""
    name, posting = f"phone {serial}", settings.posting
    usual = {platform: posting.package(platform) for platform in PLATFORMS}
    wanted = {login: login.package or usual[login.platform] for login in logins}
    versions: dict[str, str] = {}
    unspoken: dict[str, tuple[str, str]] = {}
    for package in dict.fromkeys([*usual.values(), *wanted.values()]):
        try:
            versions[package] = session.app_version(package)
        except AppMissing:
            continue
        missing = [p.rpartition(".")[2] for p in _PERMISSIONS if not _granted(session, package, p)]
        asks = f"; will ask for {', '.join(missing)}" if missing else ""
        yield ok(name, f"{package} {versions[package]}{asks}", phone=serial)
    for package in versions:
        why = _unspoken(settings, session, package, covered)
        if why is not None:
            unspoken[package] = why
            if package not in wanted.values():
                yield warn(name, *why, phone=serial)
    if not versions:
        yield fail(
            name,
            "neither TikTok nor Instagram is installed",
            "install the app and log in by hand",
            phone=serial,
        )
    if not logins:
        yield warn(
            name, "no account is bound to it", "name its accounts in the config: [[accounts]]", phone=serial
        )
    for login, package in wanted.items():
        if package in unspoken and login.enabled:
            said, fix = unspoken[package]
            yield Finding(Level.FAIL, name, f"{login.title}: {said}", fix, phone=serial, account=login.title)
        else:
            yield _account(name, login, package if package not in versions else "")


def _account(name: str, login: Login, missing_app: str) -> Finding:
    """Whether an app is logged in shows only when it is opened: what is known is what the last task saw."""
    level, said, fix = Level.OK, "no task has seen it logged out", ""
    if missing_app:
        level, said, fix = Level.FAIL, f"{missing_app} is not installed", "install it and log in by hand"
    elif not login.enabled:
        level, said, fix = Level.FAIL, "is disabled, its tasks wait", "enable it to post"
    elif login.logged_in is None:
        said = "its app is installed; whether it is logged in only the running daemon knows"
    elif not login.logged_in:
        level, said, fix = Level.FAIL, "the app was seen logged out", "log in by hand on the phone"
    return Finding(level, name, f"{login.title}: {said}", fix, phone=login.serial, account=login.title)


def _without_phone(logins: Sequence[Login], serials: AbstractSet[str]) -> Iterator[Finding]:
    for login in logins:
        if not login.serial:
            yield warn(
                login.title,
                "is bound to no phone",
                "name its phone: serial in [[accounts]], or match-accounts",
            )
        elif login.serial not in serials:
            yield warn(
                login.title,
                f"its phone {login.serial} is not connected",
                "connect the phone, or bind the account to another",
            )


def _unspoken(
    settings: Settings, session: Session, package: str, covered: Collection[str]
) -> tuple[str, str] | None:
    """Why no task would start in the language that the app speaks, and what to do; None where one would."""
    spoken = app_language.read(session, package)
    set_to = settings.phones.set_app_language
    if not spoken.tag or spoken.language in covered or (set_to and spoken.can_set):
        return None
    wanted = app_language.name_of(next(iter(covered), "en"))
    fix = f"set the app or the phone to {wanted}"
    if spoken.can_set:
        fix += f', or write set_app_language = "{next(iter(covered), "en")}" into [phones]'
    return (
        f"{package} speaks {app_language.name_of(spoken.language)} ({spoken.tag}): no task starts in it",
        fix,
    )


def _granted(session: Session, package: str, permission: str) -> bool:
    output = session.shell("dumpsys", "package", package).output
    return f"{permission}: granted=true" in output
