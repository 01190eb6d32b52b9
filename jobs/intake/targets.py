"""The targets of a request: serials or usernames become phones with accounts, platforms and packages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec

from jobs.hub.settings import Posting
from jobs.input.fields import Findings
from jobs.input.name_hints import explain_name
from jobs.input.refusals import Problem
from jobs.input.values import shorten
from jobs.intake.request import CreateRequest
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
        every = request.platform == "all"
        wanted = None if every else request.platform
        platform = wanted or self._posting.default_platform
        if request.usernames:
            if request.serials:
                self._findings.warn("serials: ignored, because usernames are given")
            if request.enable_multi_account:
                self._findings.warn("enable_multi_account: ignored, because usernames are given")
            names = self._once("usernames", request.usernames, clean_username, str.casefold)
            for index, name in names:
                self._add_account(f"usernames[{index}]", name, wanted, every=every)
        else:
            if every and not request.enable_multi_account:
                self._findings.problem(
                    "platform", '"all" needs enable_multi_account or usernames; name one app for the phones'
                )
            known = {*self._known_serials(), *(account.serial for account in self._accounts)}
            for index, serial in self._once("serials", request.serials, str.strip, str):
                field = f"serials[{index}]"
                if serial not in known:
                    why = explain_name(serial) or "the list of devices shows which there are"
                    text = f'there is no phone "{shorten(serial)}", and none was ever seen here; {why}'
                    result.unknown.append(Problem(field, text))
                elif request.enable_multi_account:
                    self._add_accounts_of(field, serial, None if every else platform, asked=request.platform)
                else:
                    package = self._package_of_phone(serial, platform)
                    result.found.append(Target(serial, "", platform, package))
        result.platforms = {target.platform for target in result.found} or {platform}
        if wanted:
            result.platforms.add(wanted)
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

    def _add_account(self, field: str, name: str, platform: str | None, *, every: bool) -> None:
        shown = f"@{shorten(name)}"
        found = [a for a in self._accounts if a.username.casefold() == name.casefold()]
        fitting = [a for a in found if platform in (None, a.platform)]
        if not fitting:
            text = f"there is no account {shown}"
            if found:
                text += f" on {platform}, but on {' and '.join(sorted(a.platform for a in found))}"
            else:
                text += f"; {explain_name(name) or 'the list of accounts shows which there are'}"
            self._result.unknown.append(Problem(field, text))
            return
        if len(fitting) > 1 and not every:
            default = self._posting.default_platform
            fitting.sort(key=lambda a: a.platform != default)
            self._findings.warn(
                f"{field}: {shown} exists on {' and '.join(sorted(a.platform for a in fitting))}; "
                f'{fitting[0].platform} is taken, say platform for another, or "all"'
            )
            fitting = fitting[:1]
        for account in fitting:
            if not account.serial:
                self._result.unknown.append(Problem(field, f"the account {shown} is bound to no phone"))
            elif not account.enabled:
                self._result.refused.append(Problem(field, f"the account {shown} is disabled"))
            else:
                self._result.found.append(self._target(account))

    def _add_accounts_of(self, field: str, serial: str, platform: str | None, *, asked: str | None) -> None:
        """Every enabled account of a phone on one app, or with None on both.

        The program that this API comes from exists once per app: a client of it that names no platform knows one app
        only, and must not post to the other (R48).
        """
        enabled = [a for a in self._accounts if a.serial == serial and a.enabled]
        fitting = [a for a in enabled if platform in (None, a.platform)]
        others = " and ".join(sorted({a.platform for a in enabled if a not in fitting}))
        if fitting:
            self._result.found += [self._target(account) for account in fitting]
            if others and not asked:
                self._findings.warn(
                    f'{field}: accounts on {others} are left out; platform "all" takes them, too'
                )
            return
        text = f'the phone "{shorten(serial)}" has no enabled account'
        if enabled:
            text += f" on {platform}, but on {others}"
            if not asked:
                text += f'; say platform "{others}" or "all"'
        self._result.unknown.append(Problem(field, text))

    def _target(self, account: Account) -> Target:
        if not account.logged_in:
            self._findings.warn(f"@{account.username} is marked as not logged in on {account.serial}")
        package = account.package or self._posting.package(account.platform)
        return Target(account.serial, account.username, account.platform, package)

    def _package_of_phone(self, serial: str, platform: str) -> str:
        """The package that all accounts of this phone use, where they agree on one; else the default."""
        packages = {
            a.package for a in self._accounts if a.serial == serial and a.platform == platform and a.enabled
        }
        only = packages.pop() if len(packages) == 1 else ""
        return only or self._posting.package(platform)
