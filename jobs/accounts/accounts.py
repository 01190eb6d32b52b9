"""Accounts as people manage them: from the config file and over the API, checked before they are stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from jobs.accounts.account_fields import CHANGEABLE, names_something, read_account, read_username
from jobs.hub.settings import Settings
from jobs.input.fields import Findings
from jobs.input.refusals import Invalid, NoSpace, NotFound, Problem
from jobs.input.values import Unreadable
from jobs.intake.targets import clean_username
from storage.errors import AccountExists, StoreFull, UnknownRecord
from storage.records import Account, NewAccount
from storage.store import Store


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
        values = read_account(raw, findings)
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
        values = read_account(raw, findings)
        if not values and names_something(raw):
            findings.problem("", f"says nothing that can be changed; known: {', '.join(CHANGEABLE)}")
        findings.refuse()
        still = _refuse_managed if values.keys() - {"logged_in"} else _nothing
        still(account)
        try:
            # Asked within the write too: the config may be read again meanwhile, and take it over.
            changed = self._store.accounts.change(account_id, still=still, **values) if values else account
        except AccountExists as error:
            raise Invalid(Problem("username", str(error))) from None
        except UnknownRecord:
            raise NotFound(Problem("account_id", f"there is no account {account_id}")) from None
        return changed, findings.warnings

    def remove(self, account_id: int) -> None:
        """Forget an account; its tasks keep what they need. Raises NotFound, Invalid."""
        _refuse_managed(self.get(account_id))
        if not self._store.accounts.remove(account_id, still=_refuse_managed):
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
                a shown name belongs to no known account. Without this it is taken for not shown.
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
        """Add the shown names that are not known yet; those that cannot be added are noted with the reason."""
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
                    username=read_username(name),
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


def _by_display_name(accounts: Iterable[Account]) -> dict[str, list[Account]]:
    found: dict[str, list[Account]] = {}
    for account in accounts:
        if account.display_name:
            found.setdefault(account.display_name.casefold(), []).append(account)
    return found


def _nothing(_account: Account) -> None:
    """What anybody may change."""


def _refuse_managed(account: Account) -> None:
    if account.managed == "config":
        raise Invalid(
            Problem(
                "", f"the account @{account.username} stands in the config file; change it there and reload"
            )
        )
