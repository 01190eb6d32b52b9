"""Pauses: a person says that nothing new starts on the hub, a phone or an account, until they or a time end it (R62)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import tzinfo

import msgspec

from jobs.hub.clock import Clock
from jobs.pace.hold import Hold, clock_time
from storage.errors import StoreError
from storage.records import Account, Task, Waiting
from storage.store import Store
from storage.tables.meta import PAUSES

_LOG = logging.getLogger(__name__)

_PREFIX = PAUSES
HUB = "hub"


class Pause(msgspec.Struct, frozen=True):
    """One pause. Times are seconds since the epoch."""

    since: float
    until: float | None = None  #: None: until a person ends it
    reason: str = ""
    told: bool = False  #: it was announced that it lasts


def phone(serial: str) -> str:
    """What a pause of a phone is kept under."""
    return f"phone:{serial}"


def account(account_id: int) -> str:
    """What a pause of an account is kept under."""
    return f"account:{account_id}"


class Pauses:
    """Keeps pauses in the store, so that restarts, backups and restores keep them too. Thread-safe."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        zone: Callable[[], tzinfo],
        changed: Callable[[], None],
        *,
        trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        """`changed` is called after every change: what waits is looked at again. `trusted` says whether the wall clock
        may be believed: while it is in doubt no pause ends by its time.
        """
        self._store = store
        self._trusted = trusted
        self._clock = clock
        self._zone = zone
        self._changed = changed
        #: Held from what is read of a pause until it is written and in force. Readers take no lock.
        self._changing = threading.RLock()
        self._kept: dict[str, Pause] = {}
        for key in store.meta.keys(_PREFIX):
            self._kept[key.removeprefix(_PREFIX)] = msgspec.convert(store.meta.get(key), Pause)

    def get(self, what: str) -> Pause | None:
        """The pause of the hub, a phone or an account; None where there is none, or its time is over."""
        pause = self._kept.get(what)
        return None if pause is None or self._is_over(pause) else pause

    def _is_over(self, pause: Pause) -> bool:
        return pause.until is not None and pause.until <= self._clock.now() and self._trusted()

    def set(self, what: str, *, reason: str, until: float | None) -> Pause:
        """Pause it; a pause that is there goes on with this reason and this end. Raises StoreError."""
        with self._changing:
            present = self.get(what)
            pause = Pause(
                since=present.since if present else self._clock.now(),
                until=until,
                reason=reason,
                told=present.told if present else False,
            )
            self._keep(what, pause)
        _LOG.info("paused: %s%s", what, f" ({reason})" if reason else "")
        self._changed()
        return pause

    def end(self, what: str) -> Pause | None:
        """End a pause; what it was, None where there was none. Raises StoreError."""
        with self._changing:
            present = self.get(what)
            if what in self._kept:
                self._store.meta.remove(_PREFIX + what)
                self._kept = {key: pause for key, pause in self._kept.items() if key != what}
        if present is not None:
            _LOG.info("no longer paused: %s", what)
            self._changed()
        return present

    def hold(self, task: Task, owner: Account | None, *, before: float | None = None) -> Hold | None:
        """The pause that keeps a task from starting. `owner` is its account, as far as that is known; only pauses that were
        there by `before` count.
        """
        if not self._kept:
            return None
        found = [(HUB, "the hub"), (phone(task.serial), f"the phone {task.serial}")]
        if owner is not None:
            found.append((account(owner.id), f"@{owner.username}"))
        for what, called in found:
            pause = self.get(what)
            if pause is not None and (before is None or pause.since <= before):
                return Hold(Waiting.PAUSE, self.sentence(called, pause), pause.until)
        return None

    def sentence(self, called: str, pause: Pause) -> str:
        """What is said of a pause, e.g. "the hub is paused since … until …: holidays"."""
        until = "" if pause.until is None else f" until {clock_time(pause.until, self._zone())}"
        why = f": {pause.reason}" if pause.reason else ""
        return f"{called} is paused since {clock_time(pause.since, self._zone(), up=False)}{until}{why}"

    def all(self) -> Iterator[tuple[str, str, Pause]]:
        """Every pause that is in force: what it is kept under, how a sentence names what is paused, and the pause."""
        for what in sorted(self._kept):
            pause = self.get(what)
            called = self._called(what)
            if pause is not None and called:
                yield what, called, pause

    def sentences(self) -> list[str]:
        """All that is paused, as sentences."""
        return [self.sentence(called, pause) for _, called, pause in self.all()]

    def mark_told(self, what: str) -> None:
        """Note that it was announced that this pause lasts. Raises StoreError."""
        with self._changing:
            pause = self.get(what)
            if pause is not None:
                self._keep(what, msgspec.structs.replace(pause, told=True))

    def tidy(self) -> None:
        """Forget pauses whose time is over, and those of accounts that were removed."""
        for what in list(self._kept):
            with self._changing:  # it may have been set anew by now
                pause = self._kept.get(what)
                over = pause is not None and self._is_over(pause)
                if over or (pause is not None and not self._called(what)):
                    try:
                        self.end(what)
                    except StoreError as error:
                        _LOG.warning("a pause that is over could not be removed: %s", error)
            if over:
                self._changed()

    def _keep(self, what: str, pause: Pause) -> None:
        self._store.meta.set(_PREFIX + what, msgspec.to_builtins(pause))
        self._kept = self._kept | {what: pause}

    def _called(self, what: str) -> str:
        """How a sentence names it; "" for an account that is gone."""
        kind, _, name = what.partition(":")
        if kind == HUB:
            return "the hub"
        if kind == "phone":
            return f"the phone {name}"
        found = self._store.accounts.get(int(name))
        return f"@{found.username} ({found.platform})" if found else ""
