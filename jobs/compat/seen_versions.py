"""Which version and language each app on each phone had when it was last looked at; asked again while tasks wait for a version."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from jobs.hub.clock import Clock
from jobs.input.refusals import Refused
from jobs.phone import app_language
from jobs.phone.protocol import PhoneSession
from jobs.queue.turn import ReadTurn, Turn
from storage.tables.app_versions import AppKey

#: A phone whose tasks wait is asked again after this time which version it has: its app may have been updated, or set back.
ASK_AGAIN_S = 900.0
#: How long asking may wait for its turn, and take.
ASK_WAIT_S, ASK_S = 600.0, 60.0

#: A phone and an app on it: serial and package.
Place = tuple[str, str]


class Engine(Protocol):
    """What is asked of the jobs engine."""

    def ask(self, turn: ReadTurn) -> None: ...
    def may_rehearse(self, serial: str) -> bool: ...
    def look_again(self) -> None: ...


class Speaking(Protocol):
    """What knows in which language an app is going to be driven."""

    def language_to_be(self, platform: str, package: str, spoken: app_language.Spoken) -> str: ...


@dataclass(eq=False)
class _Seen:
    key: AppKey
    at: float  #: monotonic
    asked: bool = False  #: a turn that looks again is on its way


class SeenVersions:
    """In memory. Any thread may read and note."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[Place, _Seen] = {}
        self._jobs: Engine
        self._speaking: Speaking

    def use(self, jobs: Engine, speaking: Speaking) -> None:
        """Take the parts that are made after this one, before `ask_again`."""
        self._jobs, self._speaking = jobs, speaking

    def get(self, place: Place) -> AppKey | None:
        """What the app had; None when it was not looked at since the start. Takes no lock."""
        seen = self._seen.get(place)
        return None if seen is None else seen.key

    def note(self, place: Place, key: AppKey) -> None:
        """The app has just shown this."""
        self._seen[place] = _Seen(key, self._clock.monotonic())

    def ask_again(self, keys: Collection[AppKey]) -> None:
        """Have each phone asked which had one of `keys` when it was last looked at, a while ago."""
        for place, seen in list(self._seen.items()):
            if seen.key in keys and self._clock.monotonic() - seen.at > ASK_AGAIN_S:
                self._ask(place, seen)

    def _ask(self, place: Place, seen: _Seen) -> None:
        serial, package = place
        if seen.asked or not self._jobs.may_rehearse(serial):
            return
        platform = seen.key.platform

        def do(turn: Turn, phone: PhoneSession) -> None:
            version, spoken = app_language.read_with_version(phone, package)
            if version:
                # The language in which a task would be admitted, which may not be the one that the app speaks now.
                language = self._speaking.language_to_be(platform, package, spoken)
                self.note(place, AppKey(platform, version, language))

        def ended(_: str) -> None:
            seen.asked, seen.at = False, self._clock.monotonic()
            self._jobs.look_again()

        seen.asked = True
        turn = ReadTurn(
            serial,
            "is asked for the version of an app",
            do,
            ended,
            clock=self._clock,
            wait_s=ASK_WAIT_S,
            lease_s=ASK_S,
        )
        try:
            self._jobs.ask(turn)
        except Refused:
            seen.asked = False
