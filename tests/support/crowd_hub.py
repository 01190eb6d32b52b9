"""A hub whose config changes while it runs, and which accounts and limits that config says."""

from __future__ import annotations

import random
import threading
from typing import Any

import msgspec

from handlers.api.objects.hub import Reloaded
from jobs.hub.reload import merge
from jobs.hub.settings import AccountEntry, Posting, Settings
from jobs.run.engine import slots
from tests.support.http_side import HttpSide

#: Accounts that stand in the config, with the phones on which they are logged in; the first is where they belong.
CONFIGURED = {("dan", "tiktok"): ("PHONE3", "PHONE2"), ("eve", "instagram"): ("PHONE3", "PHONE1")}
ZONES = ("UTC", "Europe/Berlin", "America/New_York")


class AccountState(msgspec.Struct, frozen=True):
    """What is entered about an account."""

    there: bool
    enabled: bool = True
    serial: str = ""

    def why_not(self, serial: str, *, named: bool) -> str:
        """What forbids a post to it on this phone; `named`: the task names it."""
        if self.there and not self.enabled:
            return "disabled"
        if named and not self.there:
            return "removed"
        return f"on {self.serial or 'no phone'}" if named and self.serial != serial else ""


class ReloadedHub(HttpSide):
    """Puts in force what stands in `on_disk` when it is asked to read its config again."""

    on_disk: Settings
    _reloading = threading.Lock()

    def reload(self) -> Reloaded:
        """As the daemon does it."""
        with self._reloading:
            change = merge(self.settings, self.on_disk)
            settings = change.settings
            self.accounts.reload(settings)
            self.intake.reload(settings)
            self.library.reload(settings)
            self.jobs.set_limit(slots(settings))
            self.jobs.use(settings.posting)
            self.settings = settings
        return Reloaded(change.changed, change.restart_needed)


def some_settings(present: Settings, choice: random.Random, roots: tuple[str, str]) -> Settings:
    """A config in which some is other than before; `roots` are the usual media root and another."""
    posting: dict[str, Any] = {}
    if choice.random() < 0.3:
        posting["timezone"] = choice.choice(ZONES)
    if choice.random() < 0.3:
        posting["max_per_day"] = choice.choice((0, 0, 3, 6))
    if choice.random() < 0.3:
        posting["min_gap_minutes"] = choice.choice((0, 0, 2, 15))
    if choice.random() < 0.3:
        posting["quiet_hours"] = choice.choice(((), (), ("01:00-03:30",), ("22:30-00:30", "12:00-12:30")))
    both = choice.choice((roots[:1], roots[:1], roots, roots[1:])) if choice.random() < 0.3 else None
    return msgspec.structs.replace(
        present,
        posting=msgspec.structs.replace(present.posting, **posting),
        media=present.media if both is None else msgspec.structs.replace(present.media, roots=both),
        accounts=some_accounts(choice),
    )


def some_accounts(choice: random.Random) -> tuple[AccountEntry, ...]:
    """Configured accounts: each there as usual, or gone, renamed, disabled, or on another phone."""
    found = []
    for (name, platform), (home, other) in CONFIGURED.items():
        kind = choice.choice(("usual", "usual", "usual", "gone", "renamed", "disabled", "elsewhere"))
        if kind != "gone":
            found.append(
                AccountEntry(
                    username=f"{name}2" if kind == "renamed" else name,
                    platform=platform,  # type: ignore[arg-type]
                    serial=other if kind == "elsewhere" else home,
                    enabled=kind != "disabled",
                )
            )
    return tuple(found)


def state_in(settings: Settings, key: tuple[str, str]) -> AccountState:
    """What a config says of an account."""
    for entry in settings.accounts:
        if (entry.username, entry.platform) == key:
            return AccountState(True, entry.enabled, entry.serial)
    return AccountState(False)


def first_posting(window_s: float) -> Posting:
    """Of a hub that begins."""
    return Posting(timezone="UTC", duplicate_window_minutes=window_s / 60)
