"""Looks at phones from the command line: a session without a daemon, and what keeps a phone from posting."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager

import msgspec
from msgspec.structs import replace

from jobs.hub.clock import Clock
from jobs.hub.platforms import PLATFORMS
from jobs.hub.settings import Settings
from jobs.phone import app_language
from jobs.phone.adb import dumpsys
from jobs.phone.errors import AdbDown, AppMissing, PhoneError
from jobs.phone.inventory.fleet import Fleet
from jobs.phone.protocol import PhoneInfo, PhoneState
from jobs.phone.session import Session
from jobs.upkeep import phone_traits as traits
from jobs.upkeep.doctor_findings import Finding, OnPhone, fail, warn

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
    """The inventory of the adb servers that run; none is started. Raises PhoneError when none answers."""
    adb = replace(settings.adb, start_server=False)
    fleet = Fleet(adb, settings.phones, clock, further=settings.adb_servers)
    fleet.start()
    try:
        # One that hangs must not hide the others: it is shown as what is known of it by then.
        fleet.wait_synced(_SYNC_TIMEOUT_S)
        if fleet.adb_problem:
            raise AdbDown(fleet.adb_problem)
        yield fleet
    finally:
        fleet.stop()


def phone_findings(
    settings: Settings,
    clock: Clock,
    serial: str | None = None,
    logins: Sequence[Login] = (),
    *,
    covered: Mapping[str, Collection[str]],
) -> Iterator[Finding]:
    """What keeps each phone (or the one named) from posting. No app is opened and nothing is changed.

    `covered` are the languages in which posts are made, by platform.
    """
    try:
        with phones_of(settings, clock) as fleet:
            phones = [phone for phone in fleet.inventory() if serial in {None, phone.serial}]
            if not phones and serial:
                yield OnPhone(serial).fail(
                    "not connected",
                    "connect it and switch on USB debugging; `tikmatrixd devices` must list it",
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
    covered: Mapping[str, Collection[str]],
) -> Iterator[Finding]:
    on = OnPhone(phone.serial)
    if phone.state is not PhoneState.DEVICE:
        yield on.fail(phone.detail or phone.state.value, _FIXES.get(phone.state, "look at the phone"))
        return
    yield on.ok(f"{phone.model or 'model unknown'}, Android {phone.android or 'unknown'}")
    if problem := settings.phones.battery_problem(phone.battery_percent, phone.battery_celsius):
        yield on.fail(problem, "charge it (a weak hub may not give enough power), or let it cool down")
    try:
        with closing(fleet.open(phone.serial)) as session:
            yield from _inside(on, session)
            yield from _apps_and_accounts(settings, on, session, logins, covered)
    except PhoneError as error:
        yield on.fail(
            f"does not answer: {error}", "plug the phone in again; if that does not help, restart it"
        )


def _inside(on: OnPhone, session: Session) -> Iterator[Finding]:
    free = session.free_bytes()
    if free < _MIN_FREE_BYTES:
        yield on.warn(f"only {free // 2**20} MiB of storage free", "delete something on the phone")
    else:
        yield on.ok(f"{free // 2**30} GiB of storage free")
    if dumpsys.locked(session.shell("dumpsys", "window", "policy").output):
        yield on.warn("is locked", "switch the screen lock off: Settings, Security, Screen lock, None")
    yield from traits.findings(on, session)


def _apps_and_accounts(
    settings: Settings,
    on: OnPhone,
    session: Session,
    logins: Sequence[Login],
    covered: Mapping[str, Collection[str]],
) -> Iterator[Finding]:
    """Which apps are there, and for each account of the phone whether its app is and was seen logged in."""
    usual = {platform: settings.posting.package(platform) for platform in PLATFORMS}
    wanted = {login: login.package or usual[login.platform] for login in logins}
    platforms = {package: platform for platform, package in usual.items()}
    platforms |= {package: login.platform for login, package in wanted.items()}
    versions: dict[str, str] = {}
    unspoken: dict[str, tuple[str, str]] = {}
    for package in dict.fromkeys([*usual.values(), *wanted.values()]):
        try:
            versions[package] = session.app_version(package)
        except AppMissing:
            continue
        missing = [p.rpartition(".")[2] for p in _PERMISSIONS if not _granted(session, package, p)]
        asks = f"; will ask for {', '.join(missing)}" if missing else ""
        yield on.ok(f"{package} {versions[package]}{asks}")
    for package in versions:
        why = _unspoken(settings, session, package, covered[platforms[package]])
        if why is not None:
            unspoken[package] = why
            if package not in wanted.values():
                yield on.warn(*why)
    if not versions:
        yield on.fail("neither TikTok nor Instagram is installed", "install the app and log in by hand")
    if not logins:
        yield on.warn("no account is bound to it", "name its accounts in the config: [[accounts]]")
    for login, package in wanted.items():
        if package in unspoken and login.enabled:
            said, fix = unspoken[package]
            finding = on.fail(said, fix)
        else:
            finding = _app_of(on, login, package if package not in versions else "")
        yield replace(finding, sentence=f"{login.title}: {finding.sentence}", account=login.title)


def _app_of(on: OnPhone, login: Login, missing_app: str) -> Finding:
    """Whether an app is logged in shows only when it is opened: what is known is what the last task saw."""
    if missing_app:
        return on.fail(f"{missing_app} is not installed", "install it and log in by hand")
    if not login.enabled:
        return on.fail("is disabled, its tasks wait", "enable it to post")
    if login.logged_in is None:
        return on.ok("its app is installed; whether it is logged in only the running daemon knows")
    if not login.logged_in:
        return on.fail("the app was seen logged out", "log in by hand on the phone")
    return on.ok("no task has seen it logged out")


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
