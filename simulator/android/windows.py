"""What is on a phone's screen: the windows of Android and of the app in front, and the questions of Android."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from simulator.android import system_views
from simulator.android.system import KEYBOARD, LAUNCHER, SYSTEM_UI, System
from simulator.android.tree import UiNode, Window, build
from simulator.apps.base import App
from simulator.record import Record


@dataclass
class _Question:
    package: str
    permission: str
    then: Callable[[bool], None]


class Windows:
    """The windows of one phone, from bottom to top."""

    def __init__(self, system: System, record: Record, width: int, height: int) -> None:
        self.system, self.record = system, record
        self.width, self.height = width, height
        self.rotation = 0
        self.apps: dict[str, App] = {}
        self.front = ""  #: package in front, "" for the launcher
        self.keyboard_shown = False
        self.status_bar = True
        self.top_first = False  #: order of the windows in a dump; real phones show both
        self.questions: list[_Question] = []
        self.crashed = ""
        self.shade = False  #: the notification shade is open
        self.touched: Callable[[], None] = lambda: None  #: told of every touch, key and waking up
        self._pin_pad = False
        self.version = 0  #: grows with everything that may have changed the screen
        self.on_change: Callable[[], None] = lambda: None
        self.launch: Callable[[str], object] = str  #: opens an app; of no use before a phone has set it
        self._built: tuple[int, list[Window], list[UiNode]] | None = None
        self.clock_fixed = ""  #: what the status bar shows; "" for the time

    def type_key(self, key: str) -> None:
        """What a key of the keyboard on the screen does."""
        raise NotImplementedError

    def changed(self) -> None:
        self.version += 1
        self._built = None
        self.on_change()

    def windows(self) -> list[Window]:
        """The windows now, bottom to top."""
        return self._look()[0]

    def roots(self) -> list[UiNode]:
        """The visible nodes of each window, bottom to top."""
        return self._look()[1]

    def in_dump_order(self) -> list[UiNode]:
        roots = self.roots()
        return list(reversed(roots)) if self.top_first else roots

    def _look(self) -> tuple[list[Window], list[UiNode]]:
        if self._built is None or self._built[0] != self.version:
            windows = self._stack()
            # Looking may change the screen (an armed pop-up comes up): what was built belongs to the state after it.
            self._built = (self.version, windows, build(windows, self.width, self.height))
        return self._built[1], self._built[2]

    def _stack(self) -> list[Window]:
        system, size = self.system, (self.width, self.height)
        if not system.screen_on:
            return []
        clock = self.clock_fixed or time.strftime("%H:%M")
        bar = Window(system_views.status_bar(self.width, clock, system.battery["level"]), SYSTEM_UI, "system")
        bars = [bar] if self.status_bar else []
        if system.locked:
            guard = system_views.keyguard(*size, self._swiped_lock, clock)
            return [
                Window(system_views.pin_pad(*size) if self._pin_pad else guard, SYSTEM_UI, "system"),
                *bars,
            ]
        if self.shade:
            # It covers everything: windows beneath are not interactive, so no dump has them.
            shade = system_views.shade(*size, lambda _: self.show_shade(False))
            return [Window(shade, SYSTEM_UI, "system")]
        stack = self._front_windows()
        if self.crashed:
            view = system_views.crash_dialog(
                *size, self.label(self.crashed), system.language, self._close_crash
            )
            stack.append(Window(view, "android", "dialog"))
        if self.asking:
            asked = self.questions[0]
            label = self.label(asked.package)
            view = system_views.permission_dialog(size, label, asked.permission, system, self._answer)
            stack.append(Window(view, "", "dialog"))
        elif self.keyboard_shown and self.front:
            package = system.ime.partition("/")[0] or KEYBOARD
            keyboard = system_views.keyboard(*size, package, self.type_key)
            stack.append(Window(keyboard, package, "keyboard"))
        return stack + bars

    def _front_windows(self) -> list[Window]:
        app = self.apps.get(self.front)
        views = app.windows() if app is not None else []
        if app is not None and views:
            return [Window(view, app.package) for view in views]
        apps = [self.system.packages[name] for name in self.apps if name in self.system.packages]
        view = system_views.launcher(self.width, self.height, apps, self.launch)
        return [Window(view, LAUNCHER, "launcher")]

    def label(self, package: str) -> str:
        found = self.system.packages.get(package)
        return found.label if found is not None and found.label else package

    @property
    def focused(self) -> tuple[str, str]:
        """Package and activity with the focus, as `dumpsys window` names them."""
        system = self.system
        if system.locked or not system.screen_on or self.shade:
            return SYSTEM_UI, "NotificationShade"
        if self.asking:
            return (
                system.permission_controller,
                "com.android.permissioncontroller.permission.ui.GrantPermissionsActivity",
            )
        if self.crashed:
            return "android", "Application Error"
        package = self.front or LAUNCHER
        found = system.packages.get(package)
        return package, (found.activity if found is not None and found.activity else ".MainActivity")

    @property
    def screen_name(self) -> str:
        if not self.system.screen_on:
            return "off"
        if self.system.locked:
            return "keyguard"
        if self.shade:
            return "shade"
        if self.asking:
            return "permission"
        if self.crashed:
            return "crash-dialog"
        app = self.apps.get(self.front)
        return f"{app.platform}/{app.screen}" if app is not None else "launcher"

    def show_shade(self, shown: bool) -> None:
        self.shade = shown
        self.changed()

    def power(self, on: bool) -> None:
        if not on:
            self.system.locked = self.system.locked or self.system.secure_lock
            self._pin_pad = self.shade = False
        self.system.screen_on = on
        self.touched()
        self.changed()

    def enter_pin(self, pin: str) -> None:
        """What a person does; the simulator knows no wrong PIN but the empty one."""
        if pin:
            self.system.locked, self._pin_pad = False, False
            self.changed()

    def _swiped_lock(self, direction: int) -> None:
        if direction > 0:
            if self.system.secure_lock:
                self._pin_pad = True
            else:
                self.system.locked = False
            self.changed()

    def dismiss_keyguard(self) -> None:
        """`wm dismiss-keyguard`: works without a PIN, else asks for it."""
        if self.system.locked:
            self._swiped_lock(1)

    @property
    def asking(self) -> bool:
        """A permission dialog is in front: it belongs to the app's task and leaves the screen with it."""
        return bool(self.questions) and self.questions[0].package == self.front

    def ask_permission(self, package: str, permission: str, then: Callable[[bool], None]) -> None:
        self.questions.append(_Question(package, permission, then))
        self.keyboard_shown = False
        self.changed()

    def _answer(self, choice: str) -> None:
        asked = self.questions.pop(0)
        granted = choice in ("foreground", "once", "allow", "all")
        if granted:
            self.system.grant(asked.package, asked.permission)
            if asked.permission.startswith("android.permission.READ_MEDIA_"):
                # One answer covers pictures and videos.
                self.system.grant(asked.package, "android.permission.READ_MEDIA_IMAGES")
                self.system.grant(asked.package, "android.permission.READ_MEDIA_VIDEO")
        asked.then(granted)
        self.changed()

    def _close_crash(self) -> None:
        self.crashed = ""
        self.changed()

    def app_stopped(self, package: str) -> None:
        """Its windows, questions and keyboard go with it."""
        self.questions = [q for q in self.questions if q.package != package]
        if self.front == package:
            self.front = ""
            self.keyboard_shown = False
        self.changed()
