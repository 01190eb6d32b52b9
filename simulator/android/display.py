"""What is on a phone's screen and what fingers and keys do there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.android import system_views
from simulator.android.system import ADB_KEYBOARD, KEYBOARD, LAUNCHER, System
from simulator.android.tree import UiNode, Window, build
from simulator.apps.base import App, View, scroll_target, tap_target
from simulator.record import Record

#: A finger moves by so many pixels before anything follows it.
TOUCH_SLOP = 24
#: A finger that is faster leaves what it moved in motion.
FLING_SCREENS_PER_S = 0.6


@dataclass
class _Question:
    package: str
    permission: str
    then: Callable[[bool], None]


def _ignore(package: str) -> None:
    """No host is watching."""


class Display:
    """The windows of one phone. Every method is called on the phone's loop and none blocks."""

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
        self.launch: Callable[[str], None] = _ignore
        self._built: tuple[int, list[Window], list[UiNode]] | None = None
        self.clock_fixed = ""  #: what the status bar shows; "" for the time

    # -- windows ----------------------------------------------------------------------------------------------

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
        system = self.system
        if not system.screen_on:
            return []
        clock = self.clock_fixed or time.strftime("%H:%M")
        bar = Window(
            system_views.status_bar(self.width, clock, system.battery["level"]),
            "com.android.systemui",
            "system",
        )
        bars = [bar] if self.status_bar else []
        if system.locked:
            view = (
                system_views.pin_pad(self.width, self.height)
                if self._pin_pad
                else system_views.keyguard(self.width, self.height, self._swiped_lock, clock)
            )
            return [Window(view, "com.android.systemui", "system"), *bars]
        if self.shade:
            # It covers everything: windows beneath are not interactive, so no dump has them.
            return [
                Window(
                    system_views.shade(self.width, self.height, lambda _: self.show_shade(False)),
                    "com.android.systemui",
                    "system",
                )
            ]
        stack = self._front_windows()
        if self.crashed:
            label = self.label(self.crashed)
            stack.append(Window(system_views.crash_dialog(
                self.width, self.height, label, system.language, self._close_crash), "android", "dialog"))  # fmt: skip
        if self.asking:
            asked = self.questions[0]
            stack.append(Window(system_views.permission_dialog(
                (self.width, self.height), self.label(asked.package), asked.permission, system, self._answer,
            ), "", "dialog"))  # fmt: skip
        elif self.keyboard_shown and self.front:
            package = system.ime.partition("/")[0] or KEYBOARD
            stack.append(
                Window(
                    system_views.keyboard(self.width, self.height, package, self.type_key),
                    package,
                    "keyboard",
                )
            )
        return stack + bars

    def _front_windows(self) -> list[Window]:
        app = self.apps.get(self.front)
        views = app.windows() if app is not None else []
        if app is not None and views:
            return [Window(view, app.package) for view in views]
        apps = [self.system.packages[name] for name in self.apps if name in self.system.packages]
        return [
            Window(system_views.launcher(self.width, self.height, apps, self.launch), LAUNCHER, "launcher")
        ]

    def label(self, package: str) -> str:
        found = self.system.packages.get(package)
        return found.label if found is not None and found.label else package

    @property
    def focused(self) -> tuple[str, str]:
        """Package and activity with the focus, as `dumpsys window` names them."""
        system = self.system
        if system.locked or not system.screen_on or self.shade:
            return "com.android.systemui", "NotificationShade"
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

    # -- fingers ----------------------------------------------------------------------------------------------

    def tap(self, x: int, y: int, via: str) -> None:
        """A finger touches and leaves."""
        self.touched()
        if not self.system.screen_on:
            self.record.tap(x=x, y=y, via=via, screen=self.screen_name, hit=None)
            return
        screen = self.screen_name
        target = tap_target([window.view for window in self.windows()], x, y)
        self.record.tap(x=x, y=y, via=via, screen=screen, hit=self._describe(target))
        self.record.event("tap", x=x, y=y, screen=screen)
        if target is not None and target.enabled:
            if target.on_tap_at is not None:
                target.on_tap_at(x, y)
            elif target.on_tap is not None:
                target.on_tap()
        self.changed()

    def swipe(self, x1: int, y1: int, x2: int, y2: int, seconds: float = 0.3) -> None:
        """A finger moves; far enough vertically it scrolls what lies under its start.

        A grid follows the finger from the touch slop on, and goes on by itself when the finger was fast.
        """
        self.record.event("swipe", points=[x1, y1, x2, y2])
        self.touched()
        if not self.system.screen_on or abs(y2 - y1) < 40 or abs(y2 - y1) < abs(x2 - x1):
            return
        target = scroll_target([window.view for window in self.windows()], x1, y1)
        if target is not None and target.on_drag is not None:
            target.on_drag(dragged(y1 - y2, seconds, self.height))
        elif target is not None and target.on_scroll is not None:
            target.on_scroll(1 if y2 < y1 else -1)
        self.changed()

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

    def _describe(self, view: View | None) -> dict[str, Any] | None:
        if view is None:
            return None
        node = next((n for root in self.roots() for n in root.walk() if n.view is view), None)
        return {
            "package": node.package if node is not None else view.package,
            "class": view.cls,
            "resource_id": node.resource_id if node is not None else view.rid,
            "text": view.text or next((c.text for c in view.children if c.text), ""),
            "desc": view.desc,
            "bounds": list(view.bounds),
        }

    # -- text and keys ----------------------------------------------------------------------------------------

    def focused_field(self) -> View | None:
        """The editable view that has the input focus."""
        for window in reversed(self.windows()):
            if window.kind == "keyboard":
                continue
            node = UiNode(window.view, window.package, window.view.bounds, 0)
            for view in _views(node.view):
                if view.focused and view.on_text is not None:
                    return view
        return None

    def write(self, view: View, content: str) -> None:
        """Replace a field's whole content."""
        if view.on_text is not None:
            self.record.event("text", characters=len(content))
            view.on_text(content)
            self.changed()

    def insert(self, addition: str) -> bool:
        """Type at the end of the focused field; False when no field has the focus."""
        view = self.focused_field()
        if view is None:
            return False
        self.write(view, content_of(view) + addition)
        return True

    def type_key(self, key: str) -> None:
        view = self.focused_field()
        if view is None:
            return
        if key == "DEL":
            self.write(view, content_of(view)[:-1])
        elif key == "ENTER":
            if view.on_enter is not None:
                view.on_enter()
                self.changed()
            else:
                self.write(view, content_of(view) + "\n")
        else:
            self.write(view, content_of(view) + key)

    def back(self) -> None:
        """The BACK key."""
        if not self.system.screen_on or self.system.locked:
            return
        app = self.apps.get(self.front)
        if self.shade:
            self.shade = False
        elif self.asking:
            self._answer("deny")
        elif self.crashed:
            self._close_crash()
        elif self.keyboard_shown:
            self.hide_keyboard()
        elif app is not None:
            app.back()
        self.changed()

    def hide_keyboard(self) -> bool:
        """True if it was shown."""
        was = self.keyboard_shown
        self.keyboard_shown = False
        app = self.apps.get(self.front)
        if was and app is not None:
            app.keyboard_gone()
        self.changed()
        return was

    def home(self) -> None:
        """The HOME key."""
        if self.system.screen_on and not self.system.locked:
            self.front = ""
            self.keyboard_shown = False
            self.shade = False
            self.changed()

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

    # -- questions of Android ---------------------------------------------------------------------------------

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


def dragged(distance: int, seconds: float, height: int) -> int:
    """By how many pixels a grid follows a finger: less the touch slop, and on by half as much again after a fling."""
    followed = max(0, abs(distance) - TOUCH_SLOP)
    if followed and abs(distance) > FLING_SCREENS_PER_S * height * max(seconds, 0.001):
        followed += followed // 2
    return followed if distance > 0 else -followed


def content_of(view: View) -> str:
    """What a field really holds."""
    return "" if view.showing_hint else view.text


def uses_adb_keyboard(system: System) -> bool:
    return system.ime.partition("/")[0] == ADB_KEYBOARD


def _views(view: View) -> list[View]:
    found = [view]
    for child in view.children:
        found.extend(_views(child))
    return found
