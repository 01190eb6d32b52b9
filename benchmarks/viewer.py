"""Viewers of the console without their browsers: they make the calls that an open page makes, at its pace.

python -m benchmarks.viewer URL [--viewers 20] [--screen home]
Says `looking` once every viewer has its screen, goes on until its input ends, then prints what the hub answered as JSON.
`benchmarks.viewers` starts it as a process of its own, so that the hub is not charged for it. What it does is that of
static/lib/live.js, static/app.js and static/screens.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

#: Between the end of an answer and the next question (lib/live.js).
EVERY_S = 2.0
#: A screen's own reading gets at most this many calls a second (app.js).
CALLS_PER_S = 0.4
#: Names of phones are read again after this time (model/phones.js).
PHONES_KEPT_S = 30.0
#: Between two pictures of a phone's page (screens/phone.js).
PICTURE_S = 1.5
_HEADERS = {"X-Tikmatrixd-Client": "console", "Accept-Encoding": "gzip, deflate"}
_WAIT_S = 30.0


class _Counts(msgspec.Struct):
    total: int = 0


class _Listed(msgspec.Struct):
    """Of a list a viewer needs no more than its length."""

    code: int
    data: _Counts


class _Changes(msgspec.Struct):
    code: int
    data: dict[str, Any]


class Viewer(threading.Thread):
    """One page that is looked at. Its calls come one after another; a browser makes some of them at once."""

    def __init__(self, url: str, screen: str, over: threading.Event) -> None:
        super().__init__(name=f"viewer of {screen}")
        self.loaded = threading.Event()
        self.took: list[float] = []  #: seconds of each call
        self.refused: list[str] = []
        self._address = urlsplit(url)
        self._connection = self._connect()
        self._over = over
        self._load: Callable[[], None] = {"home": self._home, "queue": self._queue, "phone": self._phone}[
            screen
        ]
        self._pictures = screen == "phone"
        self._serial = ""
        self._etag = ""
        self._live: dict[str, Any] = {}
        self._seen_change = -1
        self._seen_counts: object = None
        self._was_running = True
        self._phones_at = self._next_load = float("-inf")

    def run(self) -> None:
        """Ask, as the page does, until it is over."""
        ask_at = picture_at = time.monotonic()
        while not self._over.wait(max(0.0, min(ask_at, picture_at) - time.monotonic())):
            if self._pictures and picture_at <= ask_at and self._serial:
                self._get(f"/api/v1/devices/{quote(self._serial)}/screenshot", may_fail=True)
                picture_at = time.monotonic() + PICTURE_S
                continue
            self._look()
            ask_at = time.monotonic() + EVERY_S
            picture_at = max(picture_at, time.monotonic()) if self._pictures else ask_at
        self._connection.close()

    def _look(self) -> None:
        """The small question, and the screen's own calls when something was changed and enough time is gone."""
        self._changes()
        if self._live.get("change") == self._seen_change or time.monotonic() < self._next_load:
            return
        change, before = self._live.get("change"), len(self.took)
        first = self._seen_change < 0
        self._load()
        self._seen_change = change if isinstance(change, int) else -1
        counted = 1 if first else len(self.took) - before
        self._next_load = time.monotonic() + counted / CALLS_PER_S
        self.loaded.set()

    # --- screens ------------------------------------------------------------------------------------------

    def _home(self) -> None:
        counts = (self._live.get("counts"), self._live.get("needs_count"))
        everything = counts != self._seen_counts
        if everything:
            self._get("/api/v1/needs")
            self._get("/api/v1/task?status=0&sort=scheduled_at&page_size=15")
            self._get("/api/v1/task?sort=-finished_at&page_size=50")
        if everything or self._was_running:
            self._was_running = self._list("/api/v1/task?status=1&page_size=20") > 0
            self._names()
        self._seen_counts = counts

    def _queue(self) -> None:
        self._get("/api/v1/accounts?page_size=100")
        self._names()
        self._get("/api/v1/task?status=1&sort=scheduled_at&page=1&page_size=100")
        self._get("/api/v1/task?status=0&sort=scheduled_at&page=1&page_size=100")

    def _phone(self) -> None:
        devices = json.loads(self._get("/api/v1/devices"))["data"]["devices"]
        self._serial = self._serial or devices[0]["serial"]
        serial = quote(self._serial)
        self._get("/api/v1/accounts?page_size=100&page=1")
        self._get(f"/api/v1/task?serial={serial}&page_size=8")
        self._get(f"/api/v1/devices/{serial}/rehearse")

    def _names(self) -> None:
        if time.monotonic() - self._phones_at >= PHONES_KEPT_S:
            self._get("/api/v1/devices")
            self._phones_at = time.monotonic()

    # --- calls --------------------------------------------------------------------------------------------

    def _changes(self) -> None:
        found = self._get("/api/v1/changes", {"If-None-Match": self._etag} if self._etag else {})
        if found:  # a 304 has no body
            self._live = msgspec.json.decode(found, type=_Changes).data

    def _list(self, path: str) -> int:
        return msgspec.json.decode(self._get(path), type=_Listed).data.total

    def _get(self, path: str, headers: dict[str, str] | None = None, *, may_fail: bool = False) -> bytes:
        began = time.monotonic()
        try:
            self._connection.request("GET", path, headers={**_HEADERS, **(headers or {})})
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            if self._over.is_set():
                return b""
            self._connection.close()
            self._connection = self._connect()
            raise
        self.took.append(time.monotonic() - began)
        if path == "/api/v1/changes":
            self._etag = answer.headers.get("ETag", "")
        if answer.status not in {200, 304} and not may_fail:
            self.refused.append(f"{path}: {answer.status}")
        return body

    def _connect(self) -> http.client.HTTPConnection:
        assert self._address.hostname is not None
        return http.client.HTTPConnection(self._address.hostname, self._address.port, timeout=_WAIT_S)


def main() -> int:
    """Look until the input ends; 1 when a call was refused."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--screen", choices=("home", "queue", "phone"), default="home")
    options = parser.parse_args()
    over = threading.Event()
    viewers = [Viewer(options.url, options.screen, over) for _ in range(options.viewers)]
    for viewer in viewers:
        viewer.start()
    ready = all(viewer.loaded.wait(_WAIT_S) for viewer in viewers)
    print("looking" if ready else "not every viewer has its screen", flush=True)
    sys.stdin.read()
    over.set()
    for viewer in viewers:
        viewer.join(_WAIT_S)
    took = sorted(s for viewer in viewers for s in viewer.took)
    refused = [line for viewer in viewers for line in viewer.refused]
    print(json.dumps({"took": took, "refused": refused[:20]}))
    return 1 if refused or not ready else 0


if __name__ == "__main__":
    raise SystemExit(main())
