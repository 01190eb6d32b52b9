"""What fingers and keys do on a phone's screen."""

from __future__ import annotations

from typing import Any

from simulator.android.system import ADB_KEYBOARD, System
from simulator.android.tree import UiNode
from simulator.android.windows import Windows
from simulator.apps.base import View, scroll_target, tap_target

#: A finger moves by this many pixels before anything follows it.
TOUCH_SLOP = 24
#: A finger that is faster leaves what it moved in motion.
FLING_SCREENS_PER_S = 0.6


class Display(Windows):
    """The screen of one phone. Every method is called on the phone's loop and none blocks."""

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
