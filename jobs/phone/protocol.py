"""What the rest of the daemon may ask of a phone; `session.py` implements it with the two libraries."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import msgspec

from jobs.hub.settings import LOCAL_SERVER
from jobs.phone.screen.tree import UiTree

#: What phones without a number of their own say in its place.
NO_IDENTITY = frozenset({"", "unknown"})


class PhoneState(StrEnum):
    """What the inventory says of a phone. Only `DEVICE` is usable."""

    DEVICE = "device"
    UNAUTHORIZED = "unauthorized"
    OFFLINE = "offline"
    NO_PERMISSIONS = "no_permissions"
    DUPLICATE = "duplicate"  #: two phones answer to this serial: both are quarantined
    ABSENT = "absent"
    NEEDS_HANDS = "needs_hands"  #: healing gave up; a person must look
    ADB_DOWN = "adb_down"


class PhoneInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One phone of the inventory, as last seen."""

    serial: str
    state: PhoneState
    detail: str = ""  #: one sentence for people: why it is not usable, and what to do
    since: float  #: when the state began, epoch seconds
    generation: int = 0  #: raised at each loss of the link; what was learnt under an old one is void
    model: str = ""
    android: str = ""
    sdk: int = 0
    battery_percent: int | None = None
    battery_celsius: float | None = None
    usb_path: str = ""
    identity: str = ""  #: ro.serialno
    last_seen: float | None = None
    adb_server: str = LOCAL_SERVER  #: the name of the one through which it is reached, or was last


class ServerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One adb server, as last seen."""

    name: str
    address: str  #: HOST:PORT
    up: bool
    why: str = ""  #: one sentence for people: why it cannot be reached
    since: float  #: when that began, or since when it can; epoch seconds
    phones: int  #: that are or were last reached through it
    usable: int  #: of them
    pushes: int  #: files that travel to its phones now
    max_pushes: int

    @property
    def sentence(self) -> str:
        """What its loss is called, for all its phones together."""
        many = f"{self.phones} phone{'' if self.phones == 1 else 's'}"
        return f"adb server {self.name} is not reachable: {many} ({self.why})"


class ShellResult(msgspec.Struct, frozen=True):
    """What a command on the phone printed and returned."""

    output: str
    exit_code: int


class Outgoing(msgspec.Struct, frozen=True):
    """A file of the box that goes to a phone, and its name there."""

    local: Path
    name: str
    size_bytes: int
    sha256: str


class Grants(NamedTuple):
    """What an app may do now, and what the phone refused to let it, as short names of permissions."""

    granted: list[str]
    refused: list[str]


class Hindrance(NamedTuple):
    """What lies over the app. Calls and locks are a person's matter: they are raised, not returned."""

    word: Literal["asleep", "shade", "foreign"]
    sentence: str
    mended: bool


class PhoneSession(Protocol):
    """One attempt's exclusive grip on one phone.

    Every call has a deadline (`timeout_s`, or the adapter's default for that call) and raises a
    `jobs.phone.errors.PhoneError`, `StopRequested` (after `close`, or when the attempt's stop was requested) or
    `LeaseLost`. `close` may be called from any thread: it closes every socket of the session, and a blocked call
    returns at once with `StopRequested`.
    """

    serial: str

    def shell(self, *argv: str, timeout_s: float = 10.0) -> ShellResult:
        """Run one command; every word is quoted for the phone's shell. Raises CommandFailed only on transport-level refusal."""

    def shell_all(self, *commands: tuple[str, ...]) -> list[ShellResult]:
        """Run several commands in one round trip, each whatever the others do; their results in their order."""

    def push_all(
        self,
        files: Sequence[Outgoing],
        folder: str,
        *,
        after: str = "",
        finally_: str = "",
    ) -> str:
        """Copy files into a folder: all of them whole under their names, or PushFailed, PhoneStorageFull.

        Their times rise by a second from the first to the last, which gets the phone's current time. `after` is a
        shell command that is run on the phone for each file once it is there ("$f" holds its name), `finally_` one
        that is run once for all of them; neither can fail the copying. Returns what these printed.
        """

    def free_bytes(self, remote_dir: str = "/sdcard") -> int:
        """Free space on the phone's storage that holds `remote_dir`."""

    def observe(self, *, timeout_s: float = 10.0) -> UiTree:
        """The UI tree now, parsed. Raises AutomationLost when the tree stays empty or blind after one recycle."""

    def observe_change(self, last: UiTree, *, timeout_s: float) -> UiTree:
        """Wait until the tree differs from `last`; at the deadline return the tree as it is (no error)."""

    def tap(self, x: int, y: int) -> None:
        """Tap a point. May be repeated by the adapter once if the connection broke before it was sent."""

    def tap_once(self, x: int, y: int) -> None:
        """Tap a point exactly once, for the commit. After sending, any doubt raises TapUncertain."""

    def swipe(self, x1: int, y1: int, x2: int, y2: int, *, duration_ms: int = 300) -> None: ...

    def enter_text(self, x: int, y: int, text: str, *, timeout_s: float = 20.0) -> None:
        """Tap the field at the point, replace its whole content by `text` (empty clears it). The caller reads it back from the tree."""

    def press(self, key: str) -> None:
        """Press "back", "home", "enter" or "power"."""

    def hide_keyboard(self) -> bool:
        """Hide the keyboard if the phone says that it is shown; True if it was."""

    def screenshot(self, *, timeout_s: float = 10.0) -> bytes | None:
        """A PNG of the screen, or None when the phone gives none (empty or one-colour pictures count as none)."""

    def app_version(self, package: str) -> str:
        """versionName of an installed app. Raises AppMissing."""

    def app_version_and(self, package: str, *questions: tuple[str, ...]) -> tuple[str, list[ShellResult]]:
        """The same, and the results of other commands in the same round trip, as `shell_all` has them."""

    def grant_media(self, package: str, *, camera: bool = False) -> Grants:
        """Let the app read pictures and videos, with `camera` use that and the microphone; after `app_version`."""

    def app_start(self, package: str) -> None:
        """Bring the app to the front by its launcher intent."""

    def app_stop(self, package: str) -> None:
        """Force-stop the app."""

    def start_intent(self, *am_words: str) -> ShellResult:
        """`am start` with these words, each quoted. Raises CommandFailed when `am` reports an error."""

    def foreground_package(self) -> str:
        """The package that owns the focused window, "" when unknown."""

    def wake(self) -> None:
        """Screen on and unlocked. Raises PhoneNotReady when a person must unlock it."""

    def clear_way(self) -> Hindrance | None:
        """Find out what lies over the app (sleep, shade, call, lock, another app) and undo it where that does no harm.
        Raises PhoneNotReady, InputForbidden.
        """

    def remarks(self) -> list[str]:
        """What was found and undone since the last time this was asked, as sentences."""

    def close(self) -> None:
        """Close every socket of this session; idempotent, callable from any thread."""


class Phones(Protocol):
    """The inventory of phones; opens sessions."""

    def inventory(self) -> Sequence[PhoneInfo]:
        """Every phone seen since the start or named in the config, sorted by serial."""

    def info(self, serial: str) -> PhoneInfo | None: ...

    def servers(self) -> Sequence[ServerInfo]:
        """The adb servers, that of this box first."""

    def subscribe(self, listener: PhoneListener) -> None:
        """`listener(info)` is called at each change of state, one at a time, on a tracker's thread; it must not block."""

    def open(self, serial: str) -> PhoneSession:
        """A session; raises PhoneOffline, PhoneUnauthorized or AdbDown at once when the phone is not usable."""

    def forgive(self, serial: str) -> None:
        """A person was at the phone: it no longer needs hands, and healing begins anew if it is still sick."""

    def cached_screenshot(self, serial: str) -> bytes | None:
        """The newest picture of a phone without disturbing a running task; None when there is none."""


class PhoneListener(Protocol):
    def __call__(self, info: PhoneInfo) -> None: ...
