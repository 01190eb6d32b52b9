"""`GET /changes`: one small answer that tells a viewer whether to read anything else; asked every two seconds by each."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from handlers.page.session import Moment
from handlers.request.call import Call, Result, Route, routes_below
from handlers.request.envelope import Answer, Reply
from jobs.hub.clock import Clock

#: What nothing announces (the disk, the config file, a pause that is over) is looked at so often at most, for all viewers together.
LOOK_EVERY_S = 1.0


class Counts(msgspec.Struct, frozen=True):
    """Tasks by status; `unknown` are those of `failed` that may be published."""

    total: int
    pending: int
    running: int
    completed: int
    failed: int
    unknown: int


class NextPost(msgspec.Struct, frozen=True):
    """The post whose time comes first."""

    task_id: int
    start_time: Moment
    username: str
    platform: str
    serial: str


class State(msgspec.Struct, frozen=True):
    """What all viewers are shown beside the lists."""

    timezone: str
    ready: bool
    reasons: list[str]
    notices: list[str]
    needs_count: Annotated[int, Meta(description="As `total` of `GET /needs`")]
    counts: Counts
    next_post: NextPost | None
    version: Annotated[str, Meta(description="Of the daemon")]


class Changes(State, frozen=True):
    """The same, with a number that is another one whenever anything was changed, and the time of the hub's clock."""

    change: int
    time: Moment


class ChangeHandlers:
    """The one call. It waits for nothing: no thread is held for viewers."""

    def __init__(
        self, look: Callable[[], State], stamp: Callable[[], object], clock: Clock, time: Callable[[], str]
    ) -> None:
        """`stamp` is another value whenever the store, a phone or the settings were changed; it must cost nothing."""
        self._look = look
        self._stamp = stamp
        self._clock = clock
        self._time = time
        self._start = secrets.token_hex(4)  # the number begins anew with the process
        self._lock = threading.Lock()
        self._change = 0
        self._seen: object = None
        self._looked_at = float("-inf")
        self._state: State | None = None

    def get(self, call: Call) -> Result:
        change, state = self._now()
        etag = f'"{self._start}-{change}"'
        headers = (("ETag", etag), ("Cache-Control", "no-cache"))
        if call.holds(etag):
            return Reply(304, b"", headers)
        shown = Changes(**msgspec.structs.asdict(state), change=change, time=self._time())
        return Answer(shown, headers)

    def _now(self) -> tuple[int, State]:
        with self._lock:
            stamp, now = self._stamp(), self._clock.monotonic()
            if self._state is None or stamp != self._seen or now - self._looked_at >= LOOK_EVERY_S:
                state = self._look()
                if stamp != self._seen or state != self._state:
                    self._change += 1
                self._seen, self._looked_at, self._state = stamp, now, state
            return self._change, self._state

    def routes(self) -> list[Route]:
        """The one route."""
        route = routes_below("/api/v1", "system")
        return [
            route("GET", "/changes", self.get, "Whether anything was changed, and what all viewers are shown",
                  Changes, headers=(("If-None-Match", "The ETag of the last answer: 304 while nothing was changed"),),
                  statuses=(200, 304)),
        ]  # fmt: skip
