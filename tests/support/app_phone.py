"""A phone session in the test's own process: the simulated apps under a clock that moves only when a call takes time."""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

from jobs.phone.errors import CommandFailed, PhoneError
from jobs.phone.protocol import Grants, Hindrance, Outgoing, ShellResult
from jobs.phone.screen.tree import UiTree, parse_xml
from simulator.android import keys
from simulator.android.display import Display
from simulator.android.system import LAUNCHER, Package, System
from simulator.android.tree import dump_xml
from simulator.apps import make_app
from simulator.apps.base import AppAccount, AppSpec, MediaRow, Post
from simulator.faults import Faults
from simulator.shell.commands.intents import parse_intent

#: What one call to the phone takes.
CALL_S = 0.1
#: When the clock begins.
START = 1_790_000_000.0
_KEYS = {"back": 4, "home": 3, "enter": 66}


class Time:
    """A clock for product and phone alike; what is due happens while somebody waits."""

    def __init__(self) -> None:
        self.at = START
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.at + seconds, next(self._count), action))

    def pass_(self, seconds: float) -> None:
        end = self.at + seconds
        while self.next_by(end):
            pass
        self.at = max(self.at, end)

    def next_by(self, end: float) -> bool:
        """Let the next thing happen, if one is due by then."""
        if not self._due or self._due[0][0] > end:
            return False
        at, _, action = heapq.heappop(self._due)
        self.at = max(self.at, at)
        action()
        return True

    def wait(self, event: Any, timeout_s: float) -> bool:
        self.pass_(timeout_s)
        return False

    def wait_for(self, condition: Any, timeout_s: float) -> bool:
        self.pass_(timeout_s)
        return False


class NoRecord:
    """Events are not kept; taps are, by the screen on which they fell."""

    def __init__(self) -> None:
        self.taps: list[dict[str, Any]] = []

    def tap(self, **facts: Any) -> None:
        self.taps.append(facts)

    def event(self, what: str, **facts: Any) -> None:
        return None


class AppPhone:
    """One phone with one app; what the product calls (`PhoneSession`), and what the app calls (`PhoneSide`)."""

    serial = "SIMPHONE01"
    width, height, sdk = 1080, 2400, 34

    def __init__(
        self,
        platform: str,
        *,
        accounts: Sequence[tuple[str, str]] = (("demo_01", "Demo One"),),
        language: str = "en",
        version: str = "",
        state: dict[str, Any] | None = None,
    ) -> None:
        self.time = Time()
        self.language = language
        self.faults = Faults()
        self.record = NoRecord()
        self.system = System(self.serial, self.sdk, language)
        self.display = Display(self.system, self.record, self.width, self.height)  # type: ignore[arg-type]
        self.display.launch = self.app_start
        self.rows: list[MediaRow] = []
        self.posts: list[Post] = []
        self.intents: list[tuple[str, ...]] = []  #: the words of each `am start`
        self.told: list[
            str
        ] = []  #: what was asked of the phone beside taps and keys, which the attempt's log names
        self.commit_error: PhoneError | None = None  #: what the publishing tap answers after it was made
        self.lost: dict[str, Exception] = {}  #: call -> what it raises from now on
        self.app_began: float | None = -600.0  #: when its program was started; None: the phone does not tell
        spec = AppSpec(platform, "", version, [AppAccount(*a) for a in accounts], state=dict(state or {}))
        self.app = make_app(self, spec)
        self.package = self.app.package
        self.display.apps[self.package] = self.app
        self.system.packages[self.package] = Package(
            self.package, self.app.version, 1, system=False, label=platform
        )

    # What the app asks of the phone

    def now(self) -> float:
        return self.time.now()

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        def run() -> None:
            action()
            self.display.changed()

        self.time.after(seconds, run)

    def media(self) -> list[MediaRow]:
        return sorted(self.rows, key=lambda row: -row.date_added)

    def media_by_uri(self, uri: str) -> MediaRow | None:
        number = uri.rpartition("/")[2]
        return next((row for row in self.rows if str(row.id) == number), None)

    def publish(self, post: Post) -> None:
        self.posts.append(post)

    def changed(self) -> None:
        self.display.changed()

    def revive_app(self, then: Callable[[], None]) -> None:
        def start() -> None:
            self.app_began = self.time.at
            then()

        self.after(0.5, start)

    def finish_app(self) -> None:
        self.display.front = ""
        self.display.keyboard_shown = False
        self.changed()

    def fault(self, name: str, argument: str | None = None) -> Any:
        return self.faults.take(name, argument)

    def language_of(self, package: str) -> str:
        return self.language

    def granted(self, package: str, permission: str) -> bool:
        return self.system.granted(package, permission)

    def ask_permission(self, package: str, permission: str, then: Callable[[bool], None]) -> None:
        self.display.ask_permission(package, permission, then)

    def show_keyboard(self, shown: bool) -> None:
        self.display.keyboard_shown = shown
        self.changed()

    # What the product asks of the phone

    def call(self, name: str, shown: str = "") -> None:
        if name in self.lost:
            raise self.lost[name]
        self.time.pass_(CALL_S)
        if shown:
            self.told.append(shown)

    def _tree(self) -> UiTree:
        return parse_xml(dump_xml(self.display.in_dump_order()))

    def observe(self, *, timeout_s: float = 10.0) -> UiTree:
        self.call("observe")
        return self._tree()

    def observe_change(self, last: UiTree, *, timeout_s: float) -> UiTree:
        self.call("observe_change")
        end = self.time.at + timeout_s
        while True:
            tree = self._tree()
            if not tree.same_as(last):
                return tree
            if not self.time.next_by(end):
                self.time.at = max(self.time.at, end)
                return self._tree()

    def tap(self, x: int, y: int) -> None:
        self.call("tap")
        self.display.tap(x, y, "product")

    def tap_once(self, x: int, y: int) -> None:
        self.call("tap_once", f"PUBLISH on {self.display.screen_name}")
        self.display.tap(x, y, "product")
        if self.commit_error is not None:
            raise self.commit_error

    def swipe(self, x1: int, y1: int, x2: int, y2: int, *, duration_ms: int = 300) -> None:
        self.call("swipe", "swipe up" if y2 < y1 else "swipe down")
        self.display.swipe(x1, y1, x2, y2, duration_ms / 1000)

    def enter_text(self, x: int, y: int, text: str, *, timeout_s: float = 20.0) -> None:
        self.call("enter_text", f"type {text!r}")
        self.display.tap(x, y, "product")
        field = self.display.focused_field()
        if field is not None:
            self.display.write(field, text * 2 if self.fault("text-twice") else text)

    def press(self, key: str) -> None:
        self.call("press", f"key {key}")
        keys.press(self.display, _KEYS[key])

    def hide_keyboard(self) -> bool:
        self.call("hide_keyboard")
        return self.display.hide_keyboard()

    def screenshot(self, *, timeout_s: float = 10.0) -> bytes | None:
        self.call("screenshot")
        return b"\x89PNG"

    def wake(self) -> None:
        self.call("wake")

    def clear_way(self) -> Hindrance | None:
        return None

    def remarks(self) -> list[str]:
        return []

    def app_version(self, package: str) -> str:
        self.call("app_version")
        return self.app.version

    def app_version_and(self, package: str, *questions: tuple[str, ...]) -> tuple[str, list[ShellResult]]:
        return self.app_version(package), self.shell_all(*questions)

    def grant_media(self, package: str, *, camera: bool = False) -> Grants:
        self.call("grant_media")
        for name in ("READ_MEDIA_IMAGES", "READ_MEDIA_VIDEO"):
            self.system.grant(package, f"android.permission.{name}")
        return Grants([], [])

    def app_start(self, package: str) -> None:
        self.call("app_start", "start the app")
        self.display.front = package
        self.app.launch()
        self.changed()

    def app_stop(self, package: str) -> None:
        self.call("app_stop", "stop the app")
        self.app.stop()
        self.display.app_stopped(package)

    def start_intent(self, *am_words: str) -> ShellResult:
        self.intents.append(am_words)
        intent = parse_intent(list(am_words))
        self.call("start_intent", f"intent {intent.action.rpartition('.')[2]} {intent.data}".strip())
        self.display.front = self.package
        problem = self.app.intent(
            intent.action, component=intent.component, data=intent.data, mime=intent.mime,
            extras=intent.extras, flags=intent.flags,
        )  # fmt: skip
        self.changed()
        if problem:
            raise CommandFailed(problem, serial=self.serial)
        return ShellResult("", 0)

    def foreground_package(self) -> str:
        return self.display.front or LAUNCHER

    def free_bytes(self, remote_dir: str = "/sdcard") -> int:
        return 10**11

    def push_all(
        self,
        files: Sequence[Outgoing],
        folder: str,
        *,
        after: str = "",
        finally_: str = "",
    ) -> str:
        self.call("push_all", f"push {len(files)}")
        for file in files:
            self.add_row(f"{folder}/{file.name}", file.size_bytes, file.sha256)
        scans = "Result: Bundle[{uri=content://media/1}]\n" * len(files)
        return f"{scans}--listed--\n{self._listing(finally_)}"

    def add_row(
        self, path: str, size_bytes: int = 1, sha256: str = "01" * 32, *, duration_s: float = 5.0
    ) -> None:
        """A file that the media store lists, newest of all."""
        number, name = 1000 + len(self.rows), path.rpartition("/")[2]
        kind = "image" if name.endswith((".jpg", ".png", ".webp")) else "video"
        duration_ms = int(duration_s * 1000) if kind == "video" else 0
        row = MediaRow(
            number, path, name, kind, size_bytes, sha256, duration_ms, 1080, 1920, float(number)
        )  # fmt: skip
        self.rows.append(row)

    def _listing(self, columns: str = "", start: int = 0, dated: float = float("inf")) -> str:
        """What the media store says of the files from this row or this date on."""
        return "\n".join(
            f"Row: 0 _id={row.id}, _display_name={row.name}"
            + (f", date_modified={int(row.date_added)}, duration=5000" if "date_modified" in columns else "")
            for row in self.rows
            if row.id >= start or row.date_added >= dated
        )

    def shell(self, *argv: str, timeout_s: float = 10.0) -> ShellResult:
        self.call("shell")
        words = " ".join(argv)
        if removal := re.search(r"rm -f ([^;]+)", words):
            gone = set(removal[1].split())
            self.told.append(f"remove {len(gone)}")
            self.rows = [row for row in self.rows if row.name not in gone]
        if argv == ("dumpsys", "connectivity"):
            default = "101" if self.system.network else "none"
            return ShellResult(f"Active default network: {default}\nCurrent Networks:\n", 0)
        if "/proc/uptime" in words and self.app_began is not None:
            ticks = int((self.app_began + 1000.0) * 100)
            return ShellResult(
                f"4711 (d musically) S 900 {'0 ' * 17}{ticks} 1\n{self.time.at + 1000.0:.2f} 99.00\n", 0
            )
        if argv[:2] == ("content", "query"):
            start, date = re.search(r"_id>=(\d+)", words), re.search(r"date_modified>=(\d+)", words)
            columns = argv[argv.index("--projection") + 1]
            if start is None:
                return ShellResult(self._listing(columns), 0)
            return ShellResult(
                self._listing(columns, int(start[1]), float(date[1]) if date else float("inf")), 0
            )
        return ShellResult("", 0)

    def shell_all(self, *commands: tuple[str, ...]) -> list[ShellResult]:
        return [self.shell(*words) for words in commands]

    def close(self) -> None:
        return None
