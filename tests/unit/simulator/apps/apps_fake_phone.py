"""A small phone for driving the apps directly: time stands still until `run`, taps go where Android would send them."""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

from simulator.apps import make_app
from simulator.apps.base import App, AppAccount, AppSpec, MediaRow, Post, View, scroll_target, tap_target


class FakePhone:
    serial = "SIMPHONE01"
    width, height = 1080, 2400
    sdk = 34

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self.posts: list[Post] = []
        self.faults: list[tuple[str, str]] = []
        self.rows: list[MediaRow] = []
        self.permissions: set[str] = set()
        self.asked: list[str] = []
        self.answer = True
        self.keyboard = False
        self.at_launcher = False
        self.time = 1_790_000_000.0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self.app: App

    # -- PhoneSide
    def language_of(self, package: str) -> str:
        return self.language

    def now(self) -> float:
        return self.time

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self.time + seconds, next(self._count), action))

    def media(self) -> list[MediaRow]:
        return sorted(self.rows, key=lambda row: -row.date_added)

    def media_by_uri(self, uri: str) -> MediaRow | None:
        number = uri.rpartition("/")[2]
        return next((row for row in self.rows if str(row.id) == number), None)

    def publish(self, post: Post) -> None:
        self.posts.append(post)

    def changed(self) -> None: ...

    def finish_app(self) -> None:
        self.at_launcher = True

    def revive_app(self, then: Callable[[], None]) -> None:
        then()

    def fault(self, name: str, argument: str | None = None) -> Any:
        for armed in self.faults:
            if armed[0] == name and argument in (None, armed[1]):
                self.faults.remove(armed)
                return armed[1] or True
        return None

    def granted(self, package: str, permission: str) -> bool:
        return permission in self.permissions

    def ask_permission(self, package: str, permission: str, then: Callable[[bool], None]) -> None:
        self.asked.append(permission.rpartition(".")[2])
        if self.answer:
            self.permissions.add(permission)
        self.after(0.1, lambda: then(self.answer))

    def show_keyboard(self, shown: bool) -> None:
        self.keyboard = shown

    # -- the test's hands and eyes
    def add(self, kind: str = "video", name: str = "", *, odd: bool = False) -> MediaRow:
        """A new file, newest of all. `odd`: TikTok lays a track under such a video by itself."""
        number = len(self.rows) + 1
        sha256 = f"{number * 2 + odd:02x}" * 32
        name = name or f"{kind}{number}.{'mp4' if kind == 'video' else 'jpg'}"
        row = MediaRow(
            number, f"/sdcard/DCIM/Camera/{name}", name, kind, 1000 + number, sha256,
            8000 if kind == "video" else 0, 1080, 1920, self.time + number,
        )  # fmt: skip
        self.rows.append(row)
        return row

    def run(self, seconds: float = 60.0) -> None:
        """Let time pass; nothing looks at the screen meanwhile."""
        end = self.time + seconds
        while self._queue and self._queue[0][0] <= end:
            self.time, _, action = heapq.heappop(self._queue)
            action()
        self.time = end

    def watch(self, times: int = 12) -> None:
        """Look at the screen now and then."""
        for _ in range(times):
            self.app.windows()
            self.run(5)

    def nodes(self) -> list[View]:
        return list(walk(self.app.windows()))

    def find(self, label: str = "", *, rid: str = "", cls: str = "", nth: int = 0) -> View:
        """The view with that text or description (a regular expression) and that id."""
        hits = [
            view
            for view in self.nodes()
            if (not label or any(re.fullmatch(label, words) for words in (view.text, view.desc) if words))
            and (not rid or view.rid == rid)
            and (not cls or view.cls.endswith(cls))
        ]
        assert len(hits) > nth, f"no {label or rid or cls!r} on {self.app.screen}: {self.labels()}"
        return hits[nth]

    def has(self, label: str = "", *, rid: str = "", cls: str = "") -> bool:
        try:
            self.find(label, rid=rid, cls=cls)
        except AssertionError:
            return False
        return True

    def labels(self) -> list[str]:
        return [view.text or view.desc for view in self.nodes() if view.text or view.desc]

    def tap_at(self, x: int, y: int) -> View | None:
        target = tap_target(self.app.windows(), x, y)
        if target is not None and target.enabled:
            if target.on_tap_at is not None:
                target.on_tap_at(x, y)
            elif target.on_tap is not None:
                target.on_tap()
        self.run()
        return target

    def tap(self, label: str = "", *, rid: str = "", cls: str = "", nth: int = 0) -> View | None:
        left, top, right, bottom = self.find(label, rid=rid, cls=cls, nth=nth).bounds
        return self.tap_at((left + right) // 2, (top + bottom) // 2)

    def write(self, view: View, text: str) -> None:
        assert view.on_text is not None
        view.on_text(text)
        self.run()

    def scroll(self, direction: int, x: int = 540, y: int = 1800) -> None:
        target = scroll_target(self.app.windows(), x, y)
        assert target is not None
        assert target.on_scroll is not None
        target.on_scroll(direction)

    def back(self) -> None:
        self.app.back()
        self.run()


def walk(views: list[View]) -> Iterator[View]:
    for view in views:
        yield view
        yield from walk(view.children)


def phone_with(
    platform: str,
    *,
    version: str = "",
    package: str = "",
    language: str = "en",
    accounts: tuple[tuple[str, str], ...] = (("demo_01", "Demo One"),),
    seed: int = 0,
    popups: float = 0.0,
    state: dict[str, Any] | None = None,
) -> FakePhone:
    phone = FakePhone(language)
    spec = AppSpec(
        platform=platform,
        package=package,
        version=version,
        accounts=[AppAccount(*account) for account in accounts],
        state=state or {},
        seed=seed,
        popups=popups,
    )
    phone.app = make_app(phone, spec)
    return phone
