"""One read of a kind at a time for each key: it waits for its phone's turn, runs, and is over; who asks again joins it."""

from __future__ import annotations

import threading
from typing import Generic, Protocol, TypeVar

from jobs.queue.turn import ReadTurn

KeyT = TypeVar("KeyT")
SeedT = TypeVar("SeedT")


class Engine(Protocol):
    """What is asked of the jobs engine."""

    def ask(self, turn: ReadTurn) -> None: ...
    def why_waiting(self, serial: str) -> str: ...


class Reads(Generic[KeyT, SeedT]):
    """Reads on their way, each with what is known of it from the start. Thread-safe."""

    def __init__(self, jobs: Engine) -> None:
        self._jobs = jobs
        self._lock = threading.Lock()
        self._running: dict[KeyT, tuple[ReadTurn, SeedT]] = {}

    def get(self, key: KeyT) -> tuple[ReadTurn, SeedT] | None:
        """The read on its way for this key."""
        with self._lock:
            return self._running.get(key)

    def all(self) -> list[tuple[ReadTurn, SeedT]]:
        """Every read on its way."""
        with self._lock:
            return list(self._running.values())

    def start(self, key: KeyT, turn: ReadTurn, seed: SeedT) -> tuple[ReadTurn, SeedT]:
        """Ask for the turn. Where a read for this key is on its way, it is given instead. Raises Draining."""
        with self._lock:
            present = self._running.get(key)
            if present is not None:
                return present
            self._running[key] = turn, seed
        # Without the lock: a stop that comes now ends the turn on this thread.
        try:
            self._jobs.ask(turn)
        except BaseException:
            self.over(key)
            raise
        return turn, seed

    def over(self, key: KeyT) -> None:
        """The read for this key has ended."""
        with self._lock:
            self._running.pop(key, None)

    def waits(self, turn: ReadTurn) -> str:
        """What a turn that has not begun waits for, as a sentence; "" for one that runs."""
        if turn.begun:
            return ""
        return f"waits for the phone's turn; {self._jobs.why_waiting(turn.serial)}".rstrip("; ")
