"""Whom a request is for: serials or usernames become phones with accounts, platforms and packages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec

from jobs.intake_request import CreateRequest
from jobs.lenient import Findings, shorten
from jobs.refusals import Problem
from jobs.settings import Posting
from storage.records import Account


class Target(msgspec.Struct, frozen=True):
    """Where one task goes. No username means the account that is current in the app."""

    serial: str
    username: str
    platform: str
    package: str

    def __str__(self) -> str:
        return f"@{self.username} on {self.serial}" if self.username else self.serial


class Targets(msgspec.Struct):
    """What the names of a request turned out to be."""

    found: list[Target]
    unknown: list[Problem]  #: phones and accounts that do not exist
    refused: list[Problem]  #: accounts that exist, but take part in nothing
    platforms: set[str]  #: of all targets, and what the request itself names


def clean_username(text: str) -> str:
    """Without blanks around it and without the leading @."""
    return text.strip().removeprefix("@").strip()


def default_package(posting: Posting, platform: str) -> str:
    """The app that a platform's posts go to where the account names none."""
    return posting.tiktok_package if platform == "tiktok" else posting.instagram_package


class TargetFinder:
    """Finds the targets of one request among the accounts and phones that are known now."""

    def __init__(
        self,
        accounts: Sequence[Account],
        known_serials: Callable[[], Collection[str]],
        posting: Posting,
        findings: Findings,
    ) -> None:
        self._accounts = accounts
        self._known_serials = known_serials
        self._posting = posting
        self._findings = findings
        self._result = Targets([], [], [], set())

    def find(self, request: CreateRequest) -> Targets:
        """All targets in the order in which their tasks are created; usernames win over serials."""
        result = self._result
        platform = request.platform or self._posting.default_platform
        if request.usernames:
            if request.serials:
                self._findings.warn("serials: ignored, because usernames are given")
            if request.enable_multi_account:
                self._findings.warn("enable_multi_account: ignored, because usernames are given")
            names = self._once("usernames", request.usernames, clean_username, str.casefold)
            for index, name in names:
                self._add_account(f"usernames[{index}]", name, request.platform)
        else:
            known = {*self._known_serials(), *(account.serial for account in self._accounts)}
            for index, serial in self._once("serials", request.serials, str.strip, str):
                field = f"serials[{index}]"
                if serial not in known:
                    result.unknown.append(
                        Problem(
                            field,
                            f'there is no phone "{shorten(serial)}", and none was ever seen here; /api/v1/devices lists them',
                        )
                    )
                elif request.enable_multi_account:
                    self._add_accounts_of(field, serial, request.platform)
                else:
                    package = self._package_of_phone(serial, platform)
                    result.found.append(Target(serial, "", platform, package))
        result.platforms = {target.platform for target in result.found} or {platform}
        if request.platform:
            result.platforms.add(request.platform)
        elif request.enable_multi_account and not request.usernames and len(result.platforms) > 1:
            both = " and ".join(sorted(result.platforms))
            self._findings.warn(
                f"enable_multi_account: takes the accounts on {both}; say platform for those of one app only"
            )
        return result

    def _once(
        self, field: str, names: Sequence[str], clean: Callable[[str], str], same: Callable[[str], str]
    ) -> Iterator[tuple[int, str]]:
        seen: set[str] = set()
        for index, raw in enumerate(names):
            name = clean(raw)
            if same(name) in seen:
                self._findings.warn(f'{field}: "{shorten(name)}" is named twice; it gets one task')
            else:
                seen.add(same(name))
                yield index, name

    def _add_account(self, field: str, name: str, platform: str | None) -> None:
        shown = f"@{shorten(name)}"
        found = [a for a in self._accounts if a.username.casefold() == name.casefold()]
        fitting = [a for a in found if platform in (None, a.platform)]
        if not fitting:
            text = f"there is no account {shown}"
            if found:
                text += f" on {platform}, but on {' and '.join(sorted(a.platform for a in found))}"
            else:
                text += "; /api/v1/accounts lists them"
            self._result.unknown.append(Problem(field, text))
            return
        if len(fitting) > 1:
            default = self._posting.default_platform
            fitting.sort(key=lambda a: a.platform != default)
            self._findings.warn(
                f"{field}: {shown} exists on {' and '.join(sorted(a.platform for a in fitting))}; "
                f"{fitting[0].platform} is taken, say platform for another"
            )
        account = fitting[0]
        if not account.serial:
            self._result.unknown.append(Problem(field, f"the account {shown} is bound to no phone"))
        elif not account.enabled:
            self._result.refused.append(Problem(field, f"the account {shown} is disabled"))
        else:
            self._result.found.append(self._target(account))

    def _add_accounts_of(self, field: str, serial: str, platform: str | None) -> None:
        """Every enabled account of a phone, of both apps where the request names none."""
        enabled = [a for a in self._accounts if a.serial == serial and a.enabled]
        fitting = [a for a in enabled if platform in (None, a.platform)]
        if fitting:
            self._result.found += [self._target(account) for account in fitting]
            return
        text = f'the phone "{shorten(serial)}" has no enabled account'
        if enabled:
            text += f" on {platform}, but on {' and '.join(sorted({a.platform for a in enabled}))}"
        self._result.unknown.append(Problem(field, text))

    def _target(self, account: Account) -> Target:
        if not account.logged_in:
            self._findings.warn(f"@{account.username} is marked as not logged in on {account.serial}")
        package = account.package or default_package(self._posting, account.platform)
        return Target(account.serial, account.username, account.platform, package)

    def _package_of_phone(self, serial: str, platform: str) -> str:
        """The package that all accounts of this phone use, where they agree on one; else the default."""
        packages = {
            a.package for a in self._accounts if a.serial == serial and a.platform == platform and a.enabled
        }
        only = packages.pop() if len(packages) == 1 else ""
        return only or default_package(self._posting, platform)
