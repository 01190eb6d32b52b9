"""Phones, sessions and scripts for tests of the jobs core: they do what the test says, and hang where it says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from jobs.hub.settings import LOCAL_SERVER
from jobs.phone.errors import PhoneOffline, StopRequested
from jobs.phone.protocol import PhoneInfo, PhoneListener, PhoneSession, PhoneState, ServerInfo
from jobs.phone.screen.tree import UiTree
from jobs.task.attempt import Attempt, Verdict
from storage.records import Outcome

#: A hanging call in a test never hangs longer than this.
GUARD_S = 30.0

PUBLISHED = Verdict(Outcome.PUBLISHED, "the post is on the profile")


class FakeSession:
    """A session whose calls can hang until it is closed."""

    def __init__(self, serial: str, phones: FakePhones) -> None:
        self.serial = serial
        self.closed = threading.Event()
        self.taps = 0
        self._phones = phones

    def hang(self) -> None:
        """A call that waits for the phone until the session is closed."""
        assert self.closed.wait(GUARD_S), "nobody closed the session"
        raise StopRequested

    def tap_once(self, x: int = 0, y: int = 0) -> None:
        """The publishing tap: counted per phone, the judge of doubles."""
        if self.closed.is_set():
            raise StopRequested
        self.taps += 1
        self._phones.tapped(self.serial)

    def screenshot(self, *, timeout_s: float = 10.0) -> bytes | None:
        if self.closed.is_set():
            raise StopRequested
        return b"\x89PNG"

    def observe(self, *, timeout_s: float = 10.0) -> UiTree:
        if self.closed.is_set():
            raise StopRequested
        return UiTree([], source="<hierarchy/>")

    def close(self) -> None:
        self.closed.set()


class FakePhones:
    """An inventory that the test changes; sessions open at once or raise what the test set."""

    def __init__(self, *serials: str) -> None:
        self._infos: dict[str, PhoneInfo] = {}
        self._listeners: list[PhoneListener] = []
        self._lock = threading.Lock()
        self.sessions: list[FakeSession] = []
        self.at_the_door: dict[str, Exception] = {}
        self.taps: dict[str, int] = {}
        self.empty: dict[str, str] = {}  #: adb servers without phones, and why each does not answer
        for serial in serials:
            self.set(serial)

    def set(self, serial: str, state: PhoneState = PhoneState.DEVICE, **facts: Any) -> None:
        info = PhoneInfo(serial=serial, state=state, since=0.0, **({"identity": serial} | facts))
        self._infos[serial] = info
        for listener in self._listeners:
            listener(info)

    def tapped(self, serial: str) -> None:
        with self._lock:
            self.taps[serial] = self.taps.get(serial, 0) + 1

    def inventory(self) -> Sequence[PhoneInfo]:
        return [self._infos[serial] for serial in sorted(self._infos)]

    def info(self, serial: str) -> PhoneInfo | None:
        return self._infos.get(serial)

    def servers(self) -> list[ServerInfo]:
        """Those of the phones, and more where the test adds them; one is away when all its phones are."""
        names = list(
            dict.fromkeys([LOCAL_SERVER, *(info.adb_server for info in self._infos.values()), *self.empty])
        )
        return [self._server(name) for name in names]

    def _server(self, name: str) -> ServerInfo:
        own = [info for info in self._infos.values() if info.adb_server == name]
        away = [info.detail for info in own if info.state is PhoneState.ADB_DOWN]
        why = away[0] if away else self.empty.get(name, "")
        return ServerInfo(
            name=name, address="127.0.0.1:5037", up=not away and not why, why=why,
            since=max((info.since for info in own), default=0.0), phones=len(own),
            usable=sum(info.state is PhoneState.DEVICE for info in own), pushes=0, max_pushes=4,
        )  # fmt: skip

    def subscribe(self, listener: PhoneListener) -> None:
        self._listeners.append(listener)

    def open(self, serial: str) -> FakeSession:
        error = self.at_the_door.get(serial)
        if error is not None:
            raise error
        info = self._infos.get(serial)
        if info is None or info.state is not PhoneState.DEVICE:
            raise PhoneOffline(f"{serial} is not there", serial=serial)
        session = FakeSession(serial, self)
        with self._lock:
            self.sessions.append(session)
        return session

    def forgive(self, serial: str) -> None:
        info = self._infos.get(serial)
        if info is not None and info.state is PhoneState.NEEDS_HANDS:
            self.set(serial)

    def cached_screenshot(self, serial: str) -> bytes | None:
        return None


Play = Callable[[Attempt, Any], Verdict]


def publish(attempt: Attempt, phone: Any) -> Verdict:
    """The shortest way to a post."""
    with attempt.step("prepare"):
        attempt.check()
    attempt.enter_committing()
    phone.tap_once()
    attempt.enter_verifying()
    return PUBLISHED


def nothing_seen(attempt: Attempt, phone: Any) -> Verdict:
    """A look for the post that settles nothing."""
    return Verdict(Outcome.UNKNOWN, "nothing seen")


class FakeScript:
    """Plays `run` and `look_for_post` as the test gives them (`play` may change), and tells when a run began."""

    def __init__(self, run: Play = publish, settle: Play | None = None) -> None:
        self.play = run
        self._settle = settle or nothing_seen
        self.began = threading.Semaphore(0)
        self.runs: list[int] = []
        self.settled: list[int] = []

    def run(self, attempt: Attempt, phone: PhoneSession) -> Verdict:
        self.runs.append(attempt.task.id)
        self.began.release()
        return self.play(attempt, phone)

    def look_for_post(self, attempt: Attempt, phone: PhoneSession) -> Verdict:
        self.settled.append(attempt.task.id)
        return self._settle(attempt, phone)

    def await_run(self, count: int = 1) -> None:
        """Wait until `count` further runs began."""
        for _ in range(count):
            assert self.began.acquire(timeout=GUARD_S), "no run began"
