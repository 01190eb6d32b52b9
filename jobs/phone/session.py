"""One attempt's exclusive grip on one phone: shell, files, screen and taps through the two libraries."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from jobs import settings
from jobs.phone import dumpsys
from jobs.phone.adb import AdbClient, AdbPhone, Printed
from jobs.phone.errors import (
    AdbDown,
    AppMissing,
    AutomationLost,
    CommandFailed,
    DeadlinePassed,
    PhoneError,
    PhoneNotReady,
    PhoneOffline,
    StopRequested,
)
from jobs.phone.foreign import boundary
from jobs.phone.protocol import PhoneInfo, ShellResult
from jobs.phone.push import Pusher
from jobs.phone.tree import TreeUnreadable, UiTree, parse_xml
from jobs.phone.wire import Grip

if TYPE_CHECKING:
    from jobs.phone.link import Link
    from jobs.phone.u2 import Automation, Library

log = logging.getLogger(__name__)

#: uiautomator2's own limit of 50 cuts the deepest screens; far beyond 100 its dumper overflows its stack.
TREE_DEPTH = 100
#: Fewer nodes than these are no screen but a server that lost its sight (U2-7, U2-10).
SIGHTED_NODES = 3
TAP_TIMEOUT_S = 10.0
#: How often a screen is looked at while it is waited for: quickly at first, since most screens come at once.
LOOK_PAUSE_MIN_S, LOOK_PAUSE_MAX_S = 0.05, 0.5

_KEYS = {"back": "back", "home": "home", "enter": "enter", "power": "power"}
_WAKE_TIMEOUT_S = 5.0


class Session:
    """`jobs.phone.protocol.PhoneSession` over adb and the automation server."""

    def __init__(self, link: Link, info: PhoneInfo, limits: settings.Phones) -> None:
        self.serial = link.serial
        self._link = link
        self._info = info
        self._limits = limits
        self._grip = Grip(link.clock, link.serial)
        self._adb = AdbPhone(AdbClient(link.endpoint, self._grip), link.serial)
        self._turn_lock = threading.RLock()
        self._automation: Automation | None = None
        self._tree: UiTree | None = None
        self._released = False

    # Being one at a time, and ending

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One call at a time; whatever a library makes of a stop, it leaves as the stop."""
        self._grip.check()
        with self._turn_lock:
            try:
                self._grip.check()
                with boundary(self.serial):
                    yield
            except PhoneError as error:
                self._grip.check()
                if isinstance(error, PhoneOffline | DeadlinePassed | AdbDown):
                    self._link.suspect(self.serial)
                raise
            finally:
                if self._grip.broken:
                    self._release()

    def close(self) -> None:
        self.abort(None)

    def abort(self, reason: PhoneError | StopRequested | None) -> None:
        """End the session for a reason that the blocked call then raises; any thread."""
        self._grip.break_off(reason)
        if self._turn_lock.acquire(blocking=False):
            try:
                self._release()
            finally:
                self._turn_lock.release()

    def _release(self) -> None:
        """Give everything back; the caller holds the turn."""
        if not self._released:
            self._released = True
            if self._automation is not None:
                self._automation.give_back()
            self._link.released(self)

    # Shell

    def _run(self, *argv: str, timeout_s: float = 10.0) -> Printed:
        return self._adb.shell_words(*argv, timeout_s=timeout_s)

    def _checked(self, *argv: str, timeout_s: float = 10.0) -> str:
        """What a command printed. Raises CommandFailed when its status is not 0."""
        printed = self._run(*argv, timeout_s=timeout_s)
        if printed.exit_code:
            output = printed.text.strip()
            raise CommandFailed(
                f"{argv[0]}: {output[:300] or f'exit status {printed.exit_code}'}",
                serial=self.serial,
                output=output,
                exit_code=printed.exit_code,
            )
        return printed.text

    def shell(self, *argv: str, timeout_s: float = 10.0) -> ShellResult:
        with self._turn():
            printed = self._run(*argv, timeout_s=timeout_s)
            return ShellResult(printed.text, printed.exit_code)

    def push(self, local: Path, remote: str, *, mode: int = 0o644, sha256: str = "") -> None:
        with self._turn():
            pusher = Pusher(self._adb, self._grip, self._link.gate, self._link.leftovers, self._checked)
            pusher.push(local, remote, mode=mode, sha256=sha256)

    def free_bytes(self, remote_dir: str = "/sdcard") -> int:
        with self._turn():
            output = self._checked("df", "-k", remote_dir)
            free = dumpsys.free_bytes(output)
            if free is None:
                raise CommandFailed("df: no free space in its answer", serial=self.serial, output=output)
            return free

    # The screen

    def _ui(self) -> Automation:
        if self._automation is None:
            self._automation = self._link.automation()
            self._automation.borrow(self._grip)
        return self._automation

    def observe(self, *, timeout_s: float = 10.0) -> UiTree:
        with self._turn():
            automation = self._ui()
            deadline = self._grip.deadline(timeout_s)
            restarted = False
            pause_s = LOOK_PAUSE_MIN_S * 2
            while True:
                tree, why = self._glance(automation, max(0.1, deadline.remaining_s))
                if tree is not None:
                    return tree
                if deadline.expired:
                    raise AutomationLost(f"the phone shows nothing: {why}", serial=self.serial)
                if not restarted and deadline.remaining_s < timeout_s * 0.6:
                    restarted = True
                    automation.restart(why)
                self._grip.wait(deadline.within(pause_s))
                pause_s = min(LOOK_PAUSE_MAX_S, pause_s * 2)

    def _glance(self, automation: Automation, timeout_s: float) -> tuple[UiTree | None, str]:
        """The tree, or None and why what came is no view of a screen."""
        try:
            source = automation.look(_dump, timeout_s=timeout_s)
        except CommandFailed as error:
            return None, str(error)
        if not isinstance(source, str):
            return None, "the dump is no text"
        if self._tree is not None and self._tree.source == source:
            return self._tree, ""
        try:
            tree = parse_xml(source)
        except TreeUnreadable as error:
            return None, str(error)
        if len(tree.nodes) < SIGHTED_NODES:
            return None, f"the UI tree has {len(tree.nodes)} nodes"
        self._tree = tree
        return tree, ""

    def observe_change(self, last: UiTree, *, timeout_s: float) -> UiTree:
        deadline = self._grip.deadline(timeout_s)
        pause_s = LOOK_PAUSE_MIN_S
        while True:
            tree = self.observe()
            if not tree.same_as(last) or deadline.expired:
                return tree
            self._grip.wait(deadline.within(pause_s))
            pause_s = min(LOOK_PAUSE_MAX_S, pause_s * 1.4)

    def screenshot(self, *, timeout_s: float = 10.0) -> bytes | None:
        with self._turn():
            picture = capture(self._adb, timeout_s)
            if picture is not None:
                self._link.keep_picture(picture)
            return picture

    # Touching

    def tap(self, x: int, y: int) -> None:
        with self._turn():
            self._ui().act(lambda d: d.click(x, y), timeout_s=TAP_TIMEOUT_S)

    def tap_once(self, x: int, y: int) -> None:
        with self._turn():
            self._ui().act_once(lambda d: d.jsonrpc.click(x, y), timeout_s=TAP_TIMEOUT_S)

    def swipe(self, x1: int, y1: int, x2: int, y2: int, *, duration_ms: int = 300) -> None:
        with self._turn():
            self._ui().act(
                lambda d: d.swipe(x1, y1, x2, y2, duration=duration_ms / 1000),
                timeout_s=TAP_TIMEOUT_S + duration_ms / 1000,
            )

    def enter_text(self, x: int, y: int, text: str, *, timeout_s: float = 20.0) -> None:
        with self._turn():
            deadline = self._grip.deadline(timeout_s)
            automation = self._ui()
            automation.act(lambda d: d.click(x, y), timeout_s=deadline.within(TAP_TIMEOUT_S))
            # Setting the same text twice gives the same text, so this is repeatable like a look.
            automation.look(
                lambda d: _set_text(d, text, max(0.5, deadline.remaining_s / 2)),
                timeout_s=deadline.remaining_s,
            )

    def press(self, key: str) -> None:
        with self._turn():
            name = _KEYS[key]
            self._ui().act(lambda d: d.press(name), timeout_s=TAP_TIMEOUT_S)

    def hide_keyboard(self) -> bool:
        with self._turn():
            if not dumpsys.keyboard_shown(self._run("dumpsys", "input_method").text):
                return False
            self._ui().act(lambda d: d.press("back"), timeout_s=TAP_TIMEOUT_S)
            return True

    # Apps

    def app_version(self, package: str) -> str:
        with self._turn():
            version = dumpsys.version_name(self._run("dumpsys", "package", package, timeout_s=20.0).text)
            if not version:
                raise AppMissing(f"{package} is not installed", serial=self.serial)
            return version

    def app_start(self, package: str, *, activity: str = "") -> None:
        with self._turn():
            target = f"{package}/{activity}" if activity else self._launcher_activity(package)
            if target:
                # The flags of a launcher: a new task, or the running one brought to the front as it is.
                self._am_start(
                    "-a", "android.intent.action.MAIN", "-c", "android.intent.category.LAUNCHER",
                    "-f", "0x10200000", "-n", target,
                )  # fmt: skip
                return
            # Phones without resolve-activity (Android 6): as uiautomator2 starts apps.
            printed = self._run("monkey", "-p", package, "-c", "android.intent.category.LAUNCHER", "1")
            if printed.exit_code or "No activities found" in printed.text:
                raise AppMissing(f"{package} has nothing to start: is it installed?", serial=self.serial)

    def _launcher_activity(self, package: str) -> str:
        printed = self._run(
            "cmd", "package", "resolve-activity", "--brief",
            "-a", "android.intent.action.MAIN", "-c", "android.intent.category.LAUNCHER", package,
        )  # fmt: skip
        return dumpsys.component(printed.text)

    def app_stop(self, package: str) -> None:
        with self._turn():
            self._checked("am", "force-stop", package)

    def start_intent(self, *am_words: str) -> ShellResult:
        with self._turn():
            return self._am_start(*am_words)

    def _am_start(self, *words: str) -> ShellResult:
        printed = self._run("am", "start", *words, timeout_s=20.0)
        failure = dumpsys.am_error(printed.text)
        if failure or printed.exit_code:
            raise CommandFailed(
                f"am start: {failure or printed.text.strip()[:300]}",
                serial=self.serial,
                output=printed.text,
                exit_code=printed.exit_code,
            )
        return ShellResult(printed.text, printed.exit_code)

    def foreground_package(self) -> str:
        with self._turn():
            # Android 10 moved the focus from `windows` to `displays`.
            for words in (("window", "displays"), ("window", "windows"), ("activity", "activities")):
                package = dumpsys.focused_package(self._run("dumpsys", *words).text)
                if package:
                    return package
            return ""

    # Being ready

    def wake(self) -> None:
        with self._turn():
            self._check_battery()
            if dumpsys.awake(self._run("dumpsys", "power").text) is False:
                self._checked("input", "keyevent", "KEYCODE_WAKEUP")
                self._until(lambda: dumpsys.awake(self._run("dumpsys", "power").text) is not False)
                if dumpsys.awake(self._run("dumpsys", "power").text) is False:
                    raise PhoneNotReady("the screen stays off", serial=self.serial)
            if self._locked():
                self._run("wm", "dismiss-keyguard")
                if not self._until(lambda: not self._locked()):
                    raise PhoneNotReady("the phone is locked: a person must unlock it", serial=self.serial)
            if dumpsys.in_call(self._run("dumpsys", "telephony.registry").text):
                raise PhoneNotReady("the phone is in a call", serial=self.serial)

    def _locked(self) -> bool:
        return dumpsys.locked(self._run("dumpsys", "window", "policy").text)

    def _check_battery(self) -> None:
        battery = dumpsys.battery(self._run("dumpsys", "battery").text)
        if battery.percent is not None and battery.percent < self._limits.min_battery_percent:
            raise PhoneNotReady(f"the battery is at {battery.percent} %", serial=self.serial)
        if battery.celsius is not None and battery.celsius > self._limits.max_battery_celsius:
            raise PhoneNotReady(f"the battery has {battery.celsius:.0f} °C", serial=self.serial)

    def _until(self, condition: Callable[[], bool]) -> bool:
        deadline = self._grip.deadline(_WAKE_TIMEOUT_S)
        while True:
            if condition():
                return True
            if deadline.expired:
                return False
            self._grip.wait(deadline.within(0.3))


def _dump(device: Library) -> object:
    return device.jsonrpc.dumpWindowHierarchy(False, TREE_DEPTH)


def _set_text(device: Library, text: str, wait_s: float) -> None:
    """Replace the focused field's text through the accessibility layer: exact Unicode, no keyboard needed (U2-4, U2-5)."""
    field = device(focused=True)
    field.set_text(text, timeout=wait_s)


def capture(phone: AdbPhone, timeout_s: float) -> bytes | None:
    """A PNG of the screen; None when there is none, or it is of one colour (U2-16)."""
    png = phone.binary("screencap", "-p", timeout_s=timeout_s)
    try:
        with Image.open(io.BytesIO(png)) as picture:
            picture.load()
            one_colour = len(picture.convert("RGB").getcolors(2) or "ab") == 1
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    return None if one_colour else png
