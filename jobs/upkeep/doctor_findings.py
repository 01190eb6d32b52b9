"""Findings of the doctor, and what they mean together: which phones can post."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import msgspec


class Level(StrEnum):
    """How bad a finding is; only FAIL keeps something from posting."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


class Finding(msgspec.Struct, frozen=True):
    """One line of the report: what was looked at, what was found, what to do.

    A failure with a `phone` stops that phone, with an `account` as well only that account of the phone. A failure
    with neither stops the whole box, unless it is `partial`: then other phones or folders still work.
    """

    level: Level
    subject: str
    sentence: str
    fix: str = ""
    phone: str = ""
    account: str = ""
    partial: bool = False

    def __str__(self) -> str:
        line = f"{self.level.value:4}  {self.subject}: {self.sentence}"
        return f"{line}\n      fix: {self.fix}" if self.fix else line


def ok(subject: str, sentence: str, *, phone: str = "") -> Finding:
    return Finding(Level.OK, subject, sentence, phone=phone)


def warn(subject: str, sentence: str, fix: str = "", *, phone: str = "") -> Finding:
    return Finding(Level.WARN, subject, sentence, fix, phone)


def fail(subject: str, sentence: str, fix: str, *, phone: str = "", partial: bool = False) -> Finding:
    return Finding(Level.FAIL, subject, sentence, fix, phone, partial=partial)


class OnPhone(NamedTuple):
    """Makes findings about one phone."""

    serial: str

    def ok(self, sentence: str) -> Finding:
        return ok(f"phone {self.serial}", sentence, phone=self.serial)

    def warn(self, sentence: str, fix: str) -> Finding:
        return warn(f"phone {self.serial}", sentence, fix, phone=self.serial)

    def fail(self, sentence: str, fix: str) -> Finding:
        return fail(f"phone {self.serial}", sentence, fix, phone=self.serial)


class Verdict(msgspec.Struct, frozen=True):
    """What the findings mean together: which of the `phones` that were looked at can post."""

    phones: tuple[str, ...]
    able: tuple[str, ...]
    box_failures: int

    @property
    def can_post(self) -> bool:
        """Whether at least one phone can post."""
        return bool(self.able)

    def __str__(self) -> str:
        count = f"{len(self.able)} of {len(self.phones)} phone{'' if len(self.phones) == 1 else 's'} can post"
        if self.can_post:
            return f"posting can work: {count}"
        if self.box_failures:
            return f"posting cannot work yet: {self.box_failures} failure{'' if self.box_failures == 1 else 's'} of this box"
        return f"posting cannot work yet: {count}"


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Judge the findings: a phone can post if neither the box, nor the phone, nor each of its accounts has a failure."""
    found = list(findings)
    failed = [finding for finding in found if finding.level is Level.FAIL]
    box = sum(1 for finding in failed if not finding.phone and not finding.partial)
    phones = tuple(dict.fromkeys(finding.phone for finding in found if finding.phone))
    stopped = {finding.phone for finding in failed if not finding.account}
    accounts = {(finding.phone, finding.account) for finding in found if finding.account}
    good = accounts - {(finding.phone, finding.account) for finding in failed}

    def able(phone: str) -> bool:
        has_accounts = any(where == phone for where, _ in accounts)
        return phone not in stopped and (not has_accounts or any(where == phone for where, _ in good))

    return Verdict(phones, () if box else tuple(filter(able, phones)), box)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Failures, then warnings, then what is well; within each the order in which it was looked at."""
    order = list(reversed(Level))
    return sorted(findings, key=lambda finding: order.index(finding.level))
