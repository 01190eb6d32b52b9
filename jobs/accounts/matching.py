"""Matches the accounts that an app shows as logged in on a phone with those that are stored; only when asked to."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from jobs.accounts.accounts import Accounts, Matched
from jobs.hub.clock import Clock
from jobs.hub.platforms import facts
from jobs.hub.settings import Settings
from jobs.input.refusals import NotFound, Problem
from jobs.phone.protocol import Phones, PhoneSession
from jobs.post.account_reading import AccountReader
from jobs.post.language import ensure_covered
from jobs.post.screens.screens_file import Vocabulary
from jobs.queue.reads import Engine, Reads
from jobs.queue.turn import ReadTurn, Turn

_LOG = logging.getLogger(__name__)

#: How long a phone's turn is waited for: posts may stand before it, or it must be plugged in first.
WAIT_S = 1800.0
#: How long reading one app may take: a cold start on a slow phone, a profile, a sheet.
READ_S = 120.0


class MatchState(msgspec.Struct, frozen=True, kw_only=True):
    """How far the reading of an app's logged-in accounts on a phone has come."""

    serial: str
    platform: str
    state: str  #: "running", "done" or "failed"
    detail: str = ""  #: what it waits for, why it failed, or what could not be told
    logged_in: list[str] = []  #: our accounts that the app shows, now marked as logged in
    not_shown: list[str] = []  #: ours of this phone that it does not show, now marked as not logged in
    unknown: list[str] = []  #: names it shows that are no account of ours
    added: list[str] = []  #: names it shows that were entered as accounts just now

    @classmethod
    def of(cls, serial: str, platform: str, matched: Matched) -> MatchState:
        """A reading that is done."""
        return cls(
            serial=serial,
            platform=platform,
            state="done",
            detail=matched.doubt,
            logged_in=[account.username for account in matched.logged_in],
            not_shown=[account.username for account in matched.not_shown],
            unknown=matched.unknown,
            added=[account.username for account in matched.added],
        )


@dataclass(eq=False)
class _Wish:
    """What those who asked for a reading want of it."""

    add: bool = False  #: accounts that are shown and not known yet are added


class Matcher:
    """One reading at a time per phone and app. Results are kept in memory; what they say is stored with the accounts."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        clock: Clock,
        *,
        phones: Phones,
        jobs: Engine,
        accounts: Accounts,
        vocabulary: Callable[[str, str], Vocabulary],
    ) -> None:
        """`vocabulary(platform, package)` gives the app's screens."""
        self._settings = settings
        self._clock = clock
        self._phones = phones
        self._accounts = accounts
        self._vocabulary = vocabulary
        self._reads: Reads[tuple[str, str], _Wish] = Reads(jobs)
        self._lock = threading.Lock()
        self._last: dict[tuple[str, str], MatchState] = {}

    def request(self, serial: str, platform: str, *, add: bool = False) -> MatchState:
        """Start a reading, or tell how far the one that runs is; `add` adds accounts that are shown and not known yet.

        Raises:
            NotFound: There is no such phone.
            Draining: The daemon is about to stop.
        """
        if self._phones.info(serial) is None:
            raise NotFound(Problem("serial", f"there is no phone {serial}"))
        key = serial, platform
        running = self._reads.get(key)
        if running is None:
            wish = _Wish(add)
            running = self._reads.start(key, self._turn(serial, platform, wish), wish)
        turn, wish = running
        wish.add = wish.add or add
        return self._now_running(serial, platform, turn)

    def state(self, serial: str, platform: str) -> MatchState | None:
        """How far the last reading of this app on this phone is; None when there was none since the start."""
        key = serial, platform
        running = self._reads.get(key)
        if running is not None:
            return self._now_running(serial, platform, running[0])
        with self._lock:
            return self._last.get(key)

    # --- inside -------------------------------------------------------------------------------------------

    def _turn(self, serial: str, platform: str, wish: _Wish) -> ReadTurn:
        packages = self._packages(serial, platform)
        read: list[MatchState] = []

        def do(turn: Turn, phone: PhoneSession) -> None:
            shown = {package: self._read(turn, phone, platform, package) for package in packages}
            turn.check()
            by_display_name = not facts(platform).rows_show_handles
            matched = self._accounts.match(
                serial,
                platform,
                [name for names in shown.values() for name in names],
                by_display_name=by_display_name,
                add=_user_names(shown, by_display_name=by_display_name) if wish.add else None,
            )
            read.append(MatchState.of(serial, platform, matched))

        def ended(why: str) -> None:
            done = (
                read[0] if read else MatchState(serial=serial, platform=platform, state="failed", detail=why)
            )
            _LOG.info("accounts of %s on %s: %s %s", facts(platform).title, serial, done.state, done.detail)
            with self._lock:
                self._last[serial, platform] = done
            self._reads.over((serial, platform))

        return ReadTurn(
            serial,
            f"is asked which accounts {facts(platform).title} shows",
            do,
            ended,
            clock=self._clock,
            wait_s=WAIT_S,
            lease_s=READ_S * len(packages),
        )

    def _read(self, turn: Turn, phone: PhoneSession, platform: str, package: str) -> list[str]:
        patience_s = self._settings().posting.unknown_screen_patience_s
        vocabulary = self._vocabulary(platform, package)
        ensure_covered(turn, phone, package, vocabulary, set_to=self._settings().phones.set_app_language)
        return AccountReader(turn, phone, package, vocabulary=vocabulary, patience_s=patience_s).read()

    def _packages(self, serial: str, platform: str) -> list[str]:
        """The apps that the phone's accounts live in: the default one, unless all have others."""
        default = self._settings().posting.package(platform)
        accounts, _ = self._accounts.page(platform=platform, device=serial, enabled=True, page_size=1000)
        return list(dict.fromkeys(account.package or default for account in accounts)) or [default]

    def _now_running(self, serial: str, platform: str, turn: ReadTurn) -> MatchState:
        detail = self._reads.waits(turn) or f"reads which accounts {facts(platform).title} shows"
        return MatchState(serial=serial, platform=platform, state="running", detail=detail)


def _user_names(shown: Mapping[str, Sequence[str]], *, by_display_name: bool) -> dict[str, str]:
    """Which of the names that apps show are user names, with their app: of display names only the current one's."""
    return {
        name: package
        for package, names in shown.items()
        for name in (names[:1] if by_display_name else names)
    }
