"""Accounts as people manage them: from the config file and over the API, checked before they are stored."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from jobs.hub.config_checks import MAX_GAP_MINUTES, MAX_PER_DAY
from jobs.hub.platforms import Platform
from jobs.hub.settings import Settings
from jobs.input.fields import Findings, Tag, read_object
from jobs.input.name_hints import username_problem
from jobs.input.near_names import Unknown
from jobs.input.refusals import Invalid, NoSpace, NotFound, Problem
from jobs.input.values import Unreadable, read_bool, read_int, read_tags
from jobs.intake.targets import clean_username
from storage.errors import AccountExists, StoreFull, UnknownRecord
from storage.records import Account, NewAccount
from storage.store import Store

_PACKAGE = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)
#: Other names under which clients may send a field.
_ALIASES = {"serial": "device", "package": "packagename", "logged_in": "logined", "enabled": "status"}
OTHER_NAMES = tuple(_ALIASES)
#: Never kept, whatever comes; said to the caller without the value.
_SECRETS = ("password", "email", "totp", "cookie", "cookies")
#: What our own answers show besides: a client may send back the whole object it has read.
_SHOWN = frozenset(
    {
        *("id", "device_online", "device_name", "logined_text", "status_text", "managed"),
        *(
            "pace",
            "posts_today",
            "next_allowed_at",
            "pace_detail",
            "last_post_at",
            "next_post_at",
            "next_task_id",
        ),
        *("paused", "paused_since", "paused_until", "pause_reason"),
        *_SECRETS,
    }
)
_UNKNOWN = Unknown(
    harmless=_SHOWN,
    also=OTHER_NAMES,
    other_words={
        **dict.fromkeys(("name", "user", "account", "login", "handle"), "username"),
        **dict.fromkeys(("phone", "device_id"), "device"),
        **dict.fromkeys(("app", "network"), "platform"),
    },
)


class AccountFields(msgspec.Struct, frozen=True, kw_only=True):
    """What callers may say about an account; in a change, what is absent stays as it is."""

    username: Annotated[str, Meta(min_length=1, max_length=101, description="With or without @")] = ""
    platform: Annotated[Platform | None, Meta(description="Default: the configured one")] = None
    device: Annotated[str, Meta(max_length=200, description="Serial of the phone it lives on")] = ""
    packagename: Annotated[
        str, Meta(max_length=200, description="Its app, where it is not the platform's default")
    ] = ""
    status: Annotated[int, Meta(ge=0, le=1, description="0 enabled, 1 disabled")] = 0
    logined: Annotated[bool, Meta(description="Whether it is logged in on the phone")] = True
    display_name: Annotated[
        str, Meta(max_length=200, description="What TikTok's account switcher shows, where it differs")
    ] = ""
    tags: Annotated[tuple[Tag, ...], Meta(max_length=100)] = ()
    min_gap_minutes: Annotated[
        Annotated[int, Meta(ge=0, le=MAX_GAP_MINUTES)] | None,
        Meta(description="Between two of its posts; 0: none; null: the configured value"),
    ] = None
    max_per_day: Annotated[
        Annotated[int, Meta(ge=0, le=MAX_PER_DAY)] | None,
        Meta(description="Posts in a day; 0: any number; null: the configured value"),
    ] = None


class Matched(msgspec.Struct, frozen=True):
    """What a look at the accounts that an app shows has told."""

    logged_in: list[Account]
    not_shown: list[Account]
    unknown: list[str]  #: shown by the app, but no account here
    unsure: list[Account] = []  #: what is shown does not tell; they stay marked as they were
    added: list[Account] = []  #: entered just now, because the app shows them
    not_added: list[str] = []  #: why others that were to be added were not, as sentences

    @property
    def doubt(self) -> str:
        """What cannot be told or done, as a sentence; "" when there is nothing."""
        sentences = list(self.not_added)
        if self.unsure:
            names = ", ".join(f"@{account.username}" for account in self.unsure)
            sentences.insert(
                0,
                f"what the app shows does not tell whether it is logged in: {names}; give each its own display_name",
            )
        return "; ".join(sentences)


class Accounts:
    """Reads and changes accounts. Those of the config file can be changed only there."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self.reload(settings)

    def reload(self, settings: Settings) -> None:
        """Use these settings, and make the stored accounts equal to those of the config file."""
        self._settings = settings
        self._store.accounts.sync_config(
            NewAccount(
                username=clean_username(entry.username),
                platform=entry.platform,
                serial=entry.serial.strip(),
                package=entry.package,
                enabled=entry.enabled,
                display_name=entry.display_name,
                tags=entry.tags,
                min_gap_minutes=entry.min_gap_minutes,
                max_per_day=entry.max_per_day,
            )
            for entry in settings.accounts
        )

    def page(
        self,
        *,
        platform: str | None = None,
        device: str | None = None,
        logined: bool | None = None,
        enabled: bool | None = None,
        tag: str | None = None,
        page: int = 1,
        page_size: int = 20,
    ) -> tuple[list[Account], int]:
        """One page of the accounts that match, by id, and how many match in all."""
        found = [
            account
            for account in self._store.accounts.all()
            if platform in (None, account.platform)
            and device in (None, account.serial)
            and logined in (None, account.logged_in)
            and enabled in (None, account.enabled)
            and (tag is None or tag in account.tags)
        ]
        start = (page - 1) * page_size
        return found[start : start + page_size], len(found)

    def get(self, account_id: int) -> Account:
        """Raises NotFound."""
        account = self._store.accounts.get(account_id)
        if account is None:
            raise NotFound(Problem("account_id", f"there is no account {account_id}"))
        return account

    def add(self, raw: Any) -> tuple[Account, list[str]]:
        """Create an account from a decoded JSON body; returns it with warnings. Raises Invalid, NoSpace."""
        findings = Findings()
        values = self._read(raw, findings)
        if "username" not in values and not any(p.field == "username" for p in findings.problems):
            findings.problem("username", "is missing")
        findings.refuse()
        values.setdefault("platform", self._settings.posting.default_platform)
        try:
            return self._store.accounts.add(**values), findings.warnings
        except AccountExists as error:
            raise Invalid(Problem("username", str(error))) from None
        except StoreFull as error:
            raise NoSpace(Problem("", str(error))) from error

    def change(self, account_id: int, raw: Any) -> tuple[Account, list[str]]:
        """Change what the body names; returns the account with warnings. Raises NotFound, Invalid."""
        findings = Findings()
        account = self.get(account_id)
        values = self._read(raw, findings)
        findings.refuse()
        if values.keys() - {"logged_in"}:
            _refuse_managed(account)
        try:
            changed = self._store.accounts.change(account_id, **values) if values else account
        except AccountExists as error:
            raise Invalid(Problem("username", str(error))) from None
        except UnknownRecord:
            raise NotFound(Problem("account_id", f"there is no account {account_id}")) from None
        return changed, findings.warnings

    def remove(self, account_id: int) -> None:
        """Forget an account; its tasks keep what they need. Raises NotFound, Invalid."""
        _refuse_managed(self.get(account_id))
        if not self._store.accounts.remove(account_id):
            raise NotFound(Problem("account_id", f"there is no account {account_id}"))

    def match(
        self,
        serial: str,
        platform: str,
        shown: Iterable[str],
        *,
        by_display_name: bool = False,
        add: Mapping[str, str] | None = None,
    ) -> Matched:
        """Take note of the names that the app on a phone shows as logged in: handles, or display names.

        Args:
            serial: The phone.
            platform: Which app.
            shown: The names, each as often as it is shown.
            by_display_name: The app shows display names: an account for which none is stored cannot be missed while
                a shown name belongs to nobody. Without this it is taken for not shown.
            add: User names among those shown that are to be entered as accounts where they are not known, each with
                the app that shows it (R68); None adds nothing.
        """
        names = [clean_username(name) for name in shown]
        left = Counter(name.casefold() for name in names)
        here = [a for a in self._store.accounts.all() if a.serial == serial and a.platform == platform]
        seen = {account.id for account in here if left.pop(account.username.casefold(), 0)}
        unsure: set[int] = set()
        for key, several in _by_display_name(here).items():
            unseen = {account.id for account in several} - seen
            count = left.pop(key, 0)
            if count >= len(unseen):
                seen |= unseen
            elif count:
                unsure |= unseen
        unknown = list(dict.fromkeys(name for name in names if left[name.casefold()]))
        if by_display_name and unknown:
            unsure |= {a.id for a in here if not a.display_name} - seen
        matched = Matched([], [], unknown)
        for account in here:
            if account.id in unsure:
                matched.unsure.append(account)
                continue
            is_seen = account.id in seen
            if is_seen != account.logged_in:
                account = self._store.accounts.change(account.id, logged_in=is_seen)  # noqa: PLW2901
            (matched.logged_in if is_seen else matched.not_shown).append(account)
        if add is not None:
            self._add_shown(serial, platform, matched, add)
        return matched

    def _add_shown(self, serial: str, platform: str, matched: Matched, add: Mapping[str, str]) -> None:
        """Enter the names that nobody has entered; those that cannot be are said."""
        names = {clean_username(name).casefold(): package for name, package in add.items()}
        for name in list(matched.unknown):
            package = names.get(name.casefold())
            if package is None:
                matched.not_added.append(
                    f'"{name}" was not added: the app shows a display name, not the user name; show that account and '
                    "ask again, or add it by hand"
                )
                continue
            try:
                account = self._store.accounts.add(
                    username=_read_username(name),
                    platform=platform,
                    serial=serial,
                    package="" if package == self._settings.posting.package(platform) else package,
                )
            except AccountExists:
                other = self._store.accounts.named(name, platform)
                where = (other.serial if other else "") or "no phone"
                matched.not_added.append(f"@{name} was not added: it is entered for {where}")
                continue
            except (Unreadable, StoreFull) as error:
                matched.not_added.append(f'"{name}" was not added: {error}')
                continue
            matched.unknown.remove(name)
            matched.added.append(account)

    def _read(self, raw: Any, findings: Findings) -> dict[str, Any]:
        """The fields of a stored account that the body names."""
        if not isinstance(raw, Mapping):
            raise Invalid(Problem("", "the body must be a JSON object"))
        plain: dict[str, Any] = {}
        for key, value in raw.items():
            if key in _SECRETS:
                if value is not None:
                    findings.warn(f"{key}: ignored; it is not kept here")
                continue
            name = str(_ALIASES.get(key, key))
            meant = _status_of(value, findings) if key == "enabled" else value
            _refuse_two_words(key, name, meant, raw.get(name), findings)
            if meant is not None or name not in plain:
                plain[name] = meant
        values = read_object(AccountFields, plain, findings, hooks=_HOOKS, unknown=_UNKNOWN)
        fields: dict[str, Any] = {}
        for name in ("username", "platform", "display_name"):
            if name in values:
                fields[name] = values[name].strip()
        for name in ("min_gap_minutes", "max_per_day"):
            if name in values or (name in plain and plain[name] is None):
                fields[name] = values.get(name)
        if "tags" in values:
            fields["tags"] = tuple(dict.fromkeys(tag.strip() for tag in values["tags"]))
        if "status" in values:
            fields["enabled"] = not values["status"]
        if "logined" in values:
            fields["logged_in"] = values["logined"]
        if "device" in values:
            fields["serial"] = values["device"].strip()
        if "packagename" in values:
            fields["package"] = values["packagename"].strip()
            if fields["package"] and not _PACKAGE.fullmatch(fields["package"]):
                findings.problem("packagename", "is not a package name, e.g. com.instagram.android")
        return fields


def _refuse_two_words(key: str, name: str, value: Any, other: Any, findings: Findings) -> None:
    """A field that came under two of its names must be the same in both."""
    if key != name and None not in (value, other) and str(value) != str(other):
        findings.problem(key, f'says something else than "{name}"; send one of the two')


def _by_display_name(accounts: Iterable[Account]) -> dict[str, list[Account]]:
    found: dict[str, list[Account]] = {}
    for account in accounts:
        if account.display_name:
            found.setdefault(account.display_name.casefold(), []).append(account)
    return found


def _status_of(enabled: Any, findings: Findings) -> int | None:
    if enabled is None:
        return None
    try:
        return 0 if read_bool(enabled) else 1
    except Unreadable as error:
        findings.problem("enabled", str(error))
        return None


def _read_username(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    name = clean_username(value)
    problem = username_problem(name)
    if problem:
        raise Unreadable(problem)
    return name


def _read_status(value: Any) -> Any:
    words = {"enabled": 0, "disabled": 1}
    return words[value] if isinstance(value, str) and value in words else read_int(value)


_HOOKS = {"username": _read_username, "tags": read_tags, "status": _read_status}


def _refuse_managed(account: Account) -> None:
    if account.managed == "config":
        raise Invalid(
            Problem(
                "", f"the account @{account.username} stands in the config file; change it there and reload"
            )
        )
