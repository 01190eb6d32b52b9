"""One attempt's exclusive grip on one phone: shell, files, screen and taps through the two libraries."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.hub import settings
from jobs.phone.adb.client import AdbClient, AdbPhone, Printed
from jobs.phone.adb.push import Pusher
from jobs.phone.adb.push_batch import BatchPush
from jobs.phone.adb.wire import Grip
from jobs.phone.commands import Commands
from jobs.phone.error_translation import boundary
from jobs.phone.errors import (
    AdbDown,
    AutomationLost,
    CommandFailed,
    DeadlinePassed,
    InputForbidden,
    PhoneError,
    PhoneOffline,
    StopRequested,
    TapUncertain,
)
from jobs.phone.link import Link
from jobs.phone.protocol import Grants, Hindrance, Outgoing, ShellResult
from jobs.phone.screen.reading import one_at_a_time
from jobs.phone.screen.screenshot import capture
from jobs.phone.screen.tree import TreeUnreadable, UiTree, parse_xml

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from jobs.phone.screen.automation import Automation

#: uiautomator2's own limit of 50 cuts the deepest screens; far beyond 100 its dumper overflows its stack.
TREE_DEPTH = 100
#: Fewer nodes than these are no screen but a server that lost its sight (U2-7, U2-10).
SIGHTED_NODES = 3
#: After how many looks in a row without a view the phone is asked why.
BLIND_GLANCES = 2
TAP_TIMEOUT_S = 10.0
#: How often a screen is looked at while it is waited for: quickly at first, since most screens come at once.
LOOK_PAUSE_MIN_S, LOOK_PAUSE_MAX_S = 0.05, 0.5
#: A change is seen this late at most, or late by this part of the time that it took to come: an upload takes minutes, and
#: each look costs the phone some of its processor.
LOOK_LATE_S, LOOK_LATE_PART = 0.12, 0.05

_KEYS = frozenset({"back", "home", "enter", "power"})


def _results(printed: Sequence[Printed]) -> list[ShellResult]:
    return [ShellResult(one.text, one.exit_code) for one in printed]


class Session:
    """`jobs.phone.protocol.PhoneSession` over adb and the automation server.

    The first call that needs the screen also starts the automation server, which has a time of its own
    (`automation.START_TIMEOUT_S`).
    """

    def __init__(self, link: Link, limits: settings.Phones) -> None:
        """Raises PhoneNotReady while another session is open on this phone."""
        self.serial = link.serial
        self.link = link
        self._limits = limits
        self.grip = Grip(link.clock, link.serial)
        self.route = link.route
        self._adb = AdbPhone(AdbClient(self.route.endpoint, self.grip), link.serial, link.features)
        self._commands = Commands(self._adb)
        self._pusher = Pusher(self._adb, self.route.gate, link.leftovers, self._commands)
        self._turn_lock = threading.RLock()
        self.automation: Automation | None = None
        self._tree: UiTree | None = None
        self._released = False
        self._kept_awake = False
        self._remarks: list[str] = []
        link.hold(self.abort)

    # Being one at a time, and ending

    @contextlib.contextmanager
    def _turn(self) -> Iterator[Commands]:
        """One call at a time; whatever a library makes of a stop, it leaves as the stop."""
        self.grip.check()
        with self._turn_lock:
            try:
                self.grip.check()
                with boundary(self.serial):
                    yield self._commands
            except TapUncertain:
                raise  # what may have been published outweighs why the call ended
            except PhoneError as error:
                self.grip.check()
                if isinstance(error, PhoneOffline | DeadlinePassed | AdbDown):
                    self.route.suspect(self.serial)
                if isinstance(error, InputForbidden):
                    self.link.needs_hands(str(error))
                raise
            finally:
                if self.grip.broken:
                    self._release()

    def close(self) -> None:
        self.abort(None)

    def abort(self, reason: PhoneError | StopRequested | None) -> None:
        """End the session for a reason that the blocked call then raises; any thread."""
        self.grip.break_off(reason)
        if self._turn_lock.acquire(blocking=False):
            try:
                self._release()
            finally:
                self._turn_lock.release()

    def _release(self) -> None:
        """Give everything back; the caller holds the turn."""
        if not self._released:
            self._released = True
            if self.automation is not None:
                self.automation.give_back()
            self.link.released(self.abort, restless=self._kept_awake)

    # Shell, files, apps

    def shell(self, *argv: str, timeout_s: float = 10.0) -> ShellResult:
        with self._turn() as commands:
            printed = commands.run(*argv, timeout_s=timeout_s)
            return ShellResult(printed.text, printed.exit_code)

    def shell_all(self, *commands: tuple[str, ...]) -> list[ShellResult]:
        with self._turn() as on_phone:
            return _results(on_phone.together(*commands, timeout_s=20.0))

    def push(self, local: Path, remote: str, *, sha256: str = "") -> None:
        """Copy one file: whole under its name, or not at all. Its size and SHA-256 are checked on the phone, against
        `sha256` (hex) where it is known already. Raises PushFailed, PhoneStorageFull.
        """
        with self._turn():
            self._pusher.push(local, remote, sha256=sha256)

    def push_all(
        self,
        files: Sequence[Outgoing],
        folder: str,
        *,
        after: str = "",
        finally_: str = "",
    ) -> str:
        with self._turn():
            return BatchPush(self._pusher, files, folder).run(after=after, finally_=finally_)

    def free_bytes(self, remote_dir: str = "/sdcard") -> int:
        with self._turn() as commands:
            return commands.free_bytes(remote_dir)

    def app_version(self, package: str) -> str:
        with self._turn() as commands:
            return commands.app_version(package)[0]

    def app_version_and(self, package: str, *questions: tuple[str, ...]) -> tuple[str, list[ShellResult]]:
        with self._turn() as commands:
            version, answers = commands.app_version(package, *questions)
            return version, _results(answers)

    def grant_media(self, package: str, *, camera: bool = False) -> Grants:
        with self._turn() as commands:
            return commands.grant_media(package, camera=camera)

    def app_start(self, package: str) -> None:
        with self._turn() as commands:
            commands.app_start(package)

    def app_stop(self, package: str) -> None:
        with self._turn() as commands:
            commands.app_stop(package)

    def start_intent(self, *am_words: str) -> ShellResult:
        with self._turn() as commands:
            return commands.start_intent(*am_words)

    def foreground_package(self) -> str:
        with self._turn() as commands:
            return commands.foreground_package()

    def wake(self) -> None:
        with self._turn() as commands:
            if self.link.keep_awake(self._adb, lambda: commands.wake(self._limits)):
                self._kept_awake = True

    def clear_way(self) -> Hindrance | None:
        with self._turn() as commands:
            return self._cleared(commands)

    def _cleared(self, commands: Commands) -> Hindrance | None:
        found = commands.clear_way()
        if found is not None:
            log.info("%s: %s", self.serial, found.sentence)
            self._remarks.append(found.sentence)
        return found

    def remarks(self) -> list[str]:
        said, self._remarks = self._remarks, []
        return said

    # Looking

    def _ui(self) -> Automation:
        if self.automation is None:
            automation = self.link.automation()
            automation.borrow(self._adb, self._pusher)
            self.automation = automation
        return self.automation

    def observe(self, *, timeout_s: float = 10.0) -> UiTree:
        with self._turn() as commands:
            automation = self._ui()
            automation.make_ready()
            deadline = self.grip.deadline(timeout_s)
            restarted = False
            glances = 0
            seen = ""
            pause_s = LOOK_PAUSE_MIN_S * 2
            while True:
                tree, why = self._glance(automation, max(0.1, deadline.remaining_s))
                if tree is not None:
                    return tree
                glances += 1
                # One empty tree is a window that changes. Two: look why (PHN-2), and again after each mending.
                if glances >= BLIND_GLANCES and not deadline.expired:
                    glances = 0
                    found = self._cleared(commands)
                    if found is not None and found.mended:
                        continue
                    seen = f"; {found.sentence}" if found is not None else ""
                if deadline.expired:
                    raise AutomationLost(f"the phone shows nothing: {why}{seen}", serial=self.serial)
                if not restarted and deadline.remaining_s < timeout_s * 0.6:
                    restarted = True
                    automation.restart(why)
                self.grip.wait(deadline.within(pause_s))
                pause_s = min(LOOK_PAUSE_MAX_S, pause_s * 2)

    def _glance(self, automation: Automation, timeout_s: float) -> tuple[UiTree | None, str]:
        """The tree, or None and why what came is no view of a screen."""
        try:
            source = automation.look(lambda d: d.dump(TREE_DEPTH), timeout_s=timeout_s)
        except CommandFailed as error:
            return None, str(error)
        if not isinstance(source, str):
            return None, "the dump is not text"
        if self._tree is not None and self._tree.source == source:
            return self._tree, ""
        try:
            with one_at_a_time():
                tree = parse_xml(source)
        except TreeUnreadable as error:
            return None, str(error)
        if tree.cut:
            return None, "the UI tree is cut off"
        if len(tree.nodes) < SIGHTED_NODES:
            return None, f"the UI tree has {len(tree.nodes)} nodes"
        self._tree = tree
        return tree, ""

    def observe_change(self, last: UiTree, *, timeout_s: float) -> UiTree:
        deadline = self.grip.deadline(timeout_s)
        pause_s = LOOK_PAUSE_MIN_S
        while True:
            tree = self.observe()
            if not tree.same_as(last) or deadline.expired:
                return tree
            self.grip.wait(deadline.within(pause_s))
            waited_s = timeout_s - deadline.remaining_s
            pause_s = min(LOOK_PAUSE_MAX_S, pause_s * 1.4, max(LOOK_LATE_S, LOOK_LATE_PART * waited_s))

    def screenshot(self, *, timeout_s: float = 10.0) -> bytes | None:
        with self._turn():
            picture = capture(self._adb, timeout_s)
            if picture is not None:
                self.link.pictures.keep(self.serial, picture)
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
            automation = self._ui()
            automation.make_ready()
            deadline = self.grip.deadline(timeout_s)
            automation.act(lambda d: d.click(x, y), timeout_s=deadline.within(TAP_TIMEOUT_S))
            # Setting the same text twice gives the same text, so this may be repeated like a look.
            automation.look(
                lambda d: d.replace_text(text, deadline.remaining_s / 2), timeout_s=deadline.remaining_s
            )

    def press(self, key: str) -> None:
        if key not in _KEYS:
            raise ValueError(f"no such key: {key!r}")
        with self._turn():
            self._ui().act(lambda d: d.press(key), timeout_s=TAP_TIMEOUT_S)

    def hide_keyboard(self) -> bool:
        with self._turn() as commands:
            if not commands.keyboard_shown():
                return False
            self._ui().act(lambda d: d.press("back"), timeout_s=TAP_TIMEOUT_S)
            return True
