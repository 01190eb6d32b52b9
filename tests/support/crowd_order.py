"""What came before what where several ask at once: a call counts from its start, and for sure once it was answered."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import msgspec

S = TypeVar("S")


class Asked(msgspec.Struct):
    """A call: when it was sent and answered, by a count of all events. One that nobody heard the answer of has no end."""

    kind: str
    start: int
    end: float = math.inf
    code: int | None = None  #: None: not heard, so it may have been obeyed or not
    facts: dict[str, Any] = {}

    @property
    def good(self) -> bool:
        return self.code == 0

    @property
    def may_count(self) -> bool:
        return self.code in {None, 0}

    def answered(self, stamp: int, code: int, **facts: Any) -> None:
        self.facts = {**self.facts, **facts}
        self.code = code
        self.end = stamp  # last: who reads meanwhile takes it for under way


Judge = Callable[[Asked], bool]


def surely(asked: Iterable[Asked], off: Judge, on: Judge, at: float) -> Asked | None:
    """A call that was answered before `at` and forbids what happened then; None where a later one may have allowed it."""
    calls = list(asked)
    for one in calls:
        if one.good and one.end < at and off(one):
            allowed = any(
                other.may_count and other.start < at and other.end > one.start and on(other)
                for other in calls
            )
            if not allowed:
                return one
    return None


class Entry(msgspec.Struct, Generic[S]):
    """A state that was asked for."""

    state: S
    start: float
    end: float = math.inf


class History(Generic[S]):
    """The states of something that one client at a time changes."""

    def __init__(self, first: S) -> None:
        self._entries = [Entry(first, -1.0, -1.0)]

    @property
    def last(self) -> S:
        return self._entries[-1].state

    def begin(self, state: S, stamp: int) -> Entry[S]:
        """Somebody asks for this state."""
        entry = Entry(state, stamp)
        self._entries = [*self._entries[-50:], entry]
        return entry

    def end(self, entry: Entry[S], stamp: int, *, good: bool) -> None:
        """It was answered."""
        entry.end = stamp
        if not good:
            self._entries = [one for one in self._entries if one is not entry]

    def possible(self, since: float, until: float | None = None) -> list[S]:
        """The states that may have been in force at some moment of that time."""
        until = since if until is None else until
        entries = self._entries
        following = [*(entry.end for entry in entries[1:]), math.inf]
        return [
            entry.state
            for entry, over in zip(entries, following, strict=True)
            if entry.start < until and over > since
        ]
