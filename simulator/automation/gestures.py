"""Nodes found by their selectors, and the fingers of the automation server: taps, swipes, drags and scrolls."""

from __future__ import annotations

from typing import Any, Protocol

from simulator.android import tree
from simulator.android.display import Display
from simulator.android.system import System
from simulator.android.tree import UiNode
from simulator.automation.selectors import describe, find_all

_NOT_FOUND = "androidx.test.uiautomator.UiObjectNotFoundException"


class RpcError(Exception):
    """An error answer."""

    def __init__(self, code: int, message: str, data: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class RpcPhone(Protocol):
    """What the methods need of the phone."""

    display: Display
    system: System

    def fault(self, name: str, argument: str | None = None) -> Any: ...
    def tap(self, x: int, y: int, via: str) -> None: ...
    def press(self, keycode: int) -> bool: ...
    def launch(self, package: str) -> bool: ...
    def typed(self, text: str) -> str: ...
    async def picture(self, kind: str, quality: int, scale: float) -> bytes: ...
    async def screen_changes(self, timeout_s: float) -> bool: ...


class Gestures:
    """What a finger can do on the phone."""

    def __init__(self, phone: RpcPhone) -> None:
        self._phone = phone
        self._objects: dict[str, dict[str, Any]] = {}  #: selectors kept under a name
        self._finger: tuple[float, float] | None = None

    def _roots(self) -> list[UiNode]:
        return self._phone.display.in_dump_order()

    def _all(self, selector: Any) -> list[UiNode]:
        if isinstance(selector, str):
            selector = self._objects.get(selector, {"mask": 0x01, "text": "\0"})
        return find_all(self._roots(), selector)

    def _one(self, selector: Any) -> UiNode:
        found = self._all(selector)
        if not found:
            words = describe(selector) if isinstance(selector, dict) else str(selector)
            raise RpcError(-32001, _NOT_FOUND, f"{_NOT_FOUND}: {words}")
        return found[0]

    def _click(self, *arguments: Any) -> bool:
        if isinstance(arguments[0], dict | str):
            x, y = self._one(arguments[0]).center
        else:
            x, y = int(arguments[0]), int(arguments[1])
        self._phone.tap(x, y, "automation")
        return True

    def _swipe(self, *arguments: Any) -> bool:
        if isinstance(arguments[0], dict | str):
            node, direction = self._one(arguments[0]), str(arguments[1])
            x, y = node.center
            left, top, right, bottom = node.bounds
            ends = {"up": (x, top), "down": (x, bottom - 1), "left": (left, y), "right": (right - 1, y)}
            if direction not in ends:
                return False
            self._phone.display.swipe(x, y, *ends[direction])
        else:
            self._swipe_steps(*(int(v) for v in arguments[:5]))
        return True

    def _swipe_steps(self, x1: int, y1: int, x2: int, y2: int, steps: int = 55) -> None:
        """UiDevice injects a step every 5 ms."""
        self._phone.display.swipe(x1, y1, x2, y2, steps * 0.005)

    def _swipe_points(self, points: list[Any], steps: int) -> bool:
        self._swipe_steps(int(points[0]), int(points[1]), int(points[-2]), int(points[-1]), int(steps))
        return True

    def _drag(self, x1: Any, y1: Any, x2: Any, y2: Any, steps: Any) -> bool:
        self._swipe_steps(int(x1), int(y1), int(x2), int(y2), int(steps))
        return True

    def _drag_to(self, selector: Any, *where: Any) -> bool:
        x1, y1 = self._one(selector).center
        x2, y2 = self._one(where[0]).center if isinstance(where[0], dict) else (int(where[0]), int(where[1]))
        return self._drag(x1, y1, x2, y2, 0)

    def _inject(self, action: int, x: float, y: float, _meta: int) -> bool:
        if action == 0:
            self._finger = (x, y)
        elif action == 1 and self._finger is not None:
            x1, y1 = self._finger
            self._finger = None
            if abs(x - x1) + abs(y - y1) > 30:
                self._phone.display.swipe(int(x1), int(y1), int(x), int(y))
            else:
                self._phone.tap(int(x), int(y), "automation")
        return True

    def _scroll(self, selector: Any, direction: int, times: int = 1) -> bool:
        node = self._one(selector)
        x, y = node.center
        reach = (node.bounds[3] - node.bounds[1]) // 3
        for _ in range(times):
            before = self._phone.display.in_dump_order()
            self._phone.display.swipe(x, y + direction * reach, x, y - direction * reach)
            if tree.dump_xml(before) == tree.dump_xml(self._roots()):
                return False
        return True

    def _scroll_to(self, selector: Any, wanted: Any, _vertical: bool) -> bool:
        for _ in range(30):
            if self._all(wanted):
                return True
            if not self._scroll(selector, 1):
                break
        return bool(self._all(wanted))
