"""The JSON-RPC methods of the on-phone automation server (names and parameters read off uiautomator2 3.7.1's u2.jar)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

from simulator.android import tree
from simulator.android.display import content_of
from simulator.android.tree import UiNode
from simulator.apps.base import View
from simulator.automation.gestures import Gestures, RpcError, RpcPhone
from simulator.automation.selectors import object_info

_KEYS = {
    "home": 3, "back": 4, "left": 21, "right": 22, "up": 19, "down": 20, "center": 23, "menu": 82, "search": 84,
    "enter": 66, "delete": 67, "del": 67, "recent": 187, "volume_up": 24, "volume_down": 25, "volume_mute": 164,
    "camera": 27, "power": 26,
}  # fmt: skip
#: Seconds that a call takes on a common phone; the phone's latency scales them.
_COSTS = {"dumpWindowHierarchy": 0.12, "takeScreenshot": 0.3, "click": 0.1, "setText": 0.2, "swipe": 0.3}
_DEFAULT_COST = 0.01


#: What injects touches or keys into other apps: refused where the phone's maker asks for a setting of its own.
_INJECTS = frozenset(
    {
        "click", "longClick", "swipe", "swipePoints", "drag", "dragTo", "setText", "pressKey", "pressKeyCode",
        "injectInputEvent", "wakeUp", "sleep", "scrollForward", "scrollBackward", "flingForward", "flingBackward",
        "scrollTo", "scrollToBeginning", "scrollToEnd", "childByText",
    }
)  # fmt: skip
#: The error's `data` as MIUI phones give it (issues 520 and 555 of openatx/uiautomator2); its message is the class alone.
INJECT_REFUSED = (
    "java.lang.SecurityException: Injecting to another application requires INJECT_EVENTS permission\n"
    "\tat android.os.Parcel.createException(Parcel.java:2074)\n"
    "\tat android.os.Parcel.readException(Parcel.java:2042)\n"
    "\tat android.app.IUiAutomationConnection$Stub$Proxy.injectInputEvent(IUiAutomationConnection.java:471)\n"
    "\tat android.app.UiAutomation.injectInputEvent(UiAutomation.java:597)\n"
)


def cost_s(method: str) -> float:
    return _COSTS.get(method, _DEFAULT_COST)


Method = Callable[..., Any]


class Rpc(Gestures):
    """The methods of one server process, with its objects and its configuration."""

    def __init__(self, phone: RpcPhone) -> None:
        super().__init__(phone)
        self._dumped: tuple[tuple[int, int, bool, int], str] | None = (
            None  #: the last dump and what it was of
        )
        self._config = {
            "actionAcknowledgmentTimeout": 3000, "keyInjectionDelay": 0, "scrollAcknowledgmentTimeout": 200,
            "waitForIdleTimeout": 10000, "waitForSelectorTimeout": 10000, "uiAutomationFlags": 0,
        }  # fmt: skip
        self._methods: dict[str, tuple[Method, tuple[int, ...]]] = {
            "ping": (lambda: "pong", (0,)),
            "deviceInfo": (self._device_info, (0,)),
            "dumpWindowHierarchy": (self._dump, (1, 2, 3)),
            "click": (self._click, (1, 2, 3)),
            "longClick": (self._click, (1, 2)),
            "swipe": (self._swipe, (3, 4, 5)),
            "swipePoints": (self._swipe_points, (2,)),
            "drag": (self._drag, (5,)),
            "dragTo": (self._drag_to, (3, 4)),
            "exist": (lambda s: bool(self._all(s)), (1,)),
            "count": (lambda s: len(self._all(s)), (1,)),
            "objInfo": (lambda s: object_info(self._one(s)), (1,)),
            "objInfoOfAllInstances": (lambda s: [object_info(n) for n in self._all(s)], (1,)),
            "waitForExists": (lambda s, ms: self._wait(lambda: bool(self._all(s)), ms), (2,)),
            "waitUntilGone": (lambda s, ms: self._wait(lambda: not self._all(s), ms), (2,)),
            "setText": (self._set_text, (2,)),
            "getText": (lambda s: self._one(s).text, (1,)),
            "clearTextField": (lambda s: self._set_text(s, "", click=False), (1,)),
            "clearInputText": (self._clear_input, (0,)),
            "pasteClipboard": (self._paste, (0,)),
            "setClipboard": (self._set_clipboard, (2,)),
            "getClipboard": (lambda: self._phone.system.clipboard, (0,)),
            "pressKey": (self._press_key, (1,)),
            "pressKeyCode": (lambda code, *_: self._phone.press(int(code)), (1, 2)),
            "injectInputEvent": (self._inject, (4,)),
            "takeScreenshot": (self._screenshot, (2,)),
            "openNotification": (lambda: True, (0,)),
            "openQuickSettings": (lambda: True, (0,)),
            "getLastToast": (lambda: self._phone.system.toast, (0,)),
            "clearLastToast": (lambda: self._toast(None), (0,)),
            "makeToast": (lambda text, _ms: self._toast(str(text)), (2,)),
            "getLastTraversedText": (lambda: None, (0,)),
            "clearLastTraversedText": (lambda: None, (0,)),
            "getConfigurator": (lambda: dict(self._config), (0,)),
            "setConfigurator": (self._configure, (1,)),
            "wakeUp": (lambda: self._power(True), (0,)),
            "sleep": (lambda: self._power(False), (0,)),
            "isScreenOn": (lambda: self._phone.system.screen_on, (0,)),
            "waitForWindowUpdate": (lambda _package, ms: self._phone.screen_changes(float(ms) / 1000), (2,)),
            "setOrientation": (lambda _way: None, (1,)),
            "freezeRotation": (lambda _frozen: None, (1,)),
            "scrollForward": (lambda s, _v, _n: self._scroll(s, 1), (3,)),
            "scrollBackward": (lambda s, _v, _n: self._scroll(s, -1), (3,)),
            "flingForward": (lambda s, _v: self._scroll(s, 1), (2,)),
            "flingBackward": (lambda s, _v: self._scroll(s, -1), (2,)),
            "scrollTo": (self._scroll_to, (3,)),
            "scrollToBeginning": (lambda s, *_: self._scroll(s, -1, 30), (4,)),
            "scrollToEnd": (lambda s, *_: self._scroll(s, 1, 30), (4,)),
            "childByText": (
                lambda s, c, text, *_: self._child(s, {**c, "text": text, "mask": c["mask"] | 1}),
                (3, 4),
            ),
        }

    async def call(self, method: str, params: Any) -> Any:
        """Run one method. Raises RpcError."""
        if method not in self._methods:
            raise RpcError(-32601, "method not found")
        function, counts = self._methods[method]
        arguments = list(params.values()) if isinstance(params, dict) else list(params or [])
        if len(arguments) not in counts:
            raise RpcError(-32602, "method parameters invalid")
        if method in _INJECTS and self._phone.system.input_forbidden:
            raise RpcError(-32001, "java.lang.SecurityException", INJECT_REFUSED)
        try:
            result = function(*arguments)
            if isinstance(result, Awaitable):
                result = await result
        except (TypeError, ValueError, KeyError) as error:
            raise RpcError(-32602, "method parameters invalid", str(error)) from error
        return result

    # -- looking ----------------------------------------------------------------------------------------------

    def _device_info(self) -> dict[str, Any]:
        display, system = self._phone.display, self._phone.system
        return {
            "currentPackageName": display.focused[0],
            "displayHeight": display.height,
            "displayRotation": display.rotation,
            "displaySizeDpX": round(display.width * 160 / 420),
            "displaySizeDpY": round(display.height * 160 / 420),
            "displayWidth": display.width,
            "naturalOrientation": display.rotation == 0,
            "productName": system.props()["ro.product.name"],
            "screenOn": system.screen_on,
            "sdkInt": system.sdk,
        }

    def _dump(self, compressed: bool, max_depth: int = 50, _active_only: bool = False) -> str:
        phone = self._phone
        kind = phone.fault("dump-fails")
        if kind == "empty":
            return ""
        if kind is not None:
            raise RpcError(
                -32001,
                "java.lang.IllegalStateException: UiAutomation not connected, UiAutomation@7f3a[id=-1]",
            )
        one_node, control_chars = phone.fault("one-node-tree"), phone.fault("control-chars")
        roots = self._roots()
        asked = (phone.display.version, phone.display.rotation, bool(compressed), int(max_depth))
        if (
            one_node is None
            and control_chars is None
            and self._dumped is not None
            and self._dumped[0] == asked
        ):
            return self._dumped[1]
        if one_node is not None:
            display = phone.display
            bare = View(bounds=(0, 0, display.width, display.height))
            roots = [UiNode(bare, display.focused[0], bare.bounds, 0)]
        xml = tree.dump_xml(
            roots, rotation=phone.display.rotation, compressed=bool(compressed), max_depth=int(max_depth),
            sdk=phone.system.sdk,
        )  # fmt: skip
        if control_chars is not None:
            odd = '<node index="9" text="odd &#8;&#xD83D; \x07 text" class="View[]" bounds="[0,0][1,1]" />'
            xml = xml.replace("\n</hierarchy>", f"\n  {odd}\n</hierarchy>")
        elif one_node is None:
            self._dumped = (asked, xml)
        return xml

    async def _screenshot(self, scale: float, quality: int) -> str | None:
        picture = await self._phone.picture("JPEG", int(quality), float(scale))
        return base64.encodebytes(picture).decode() if picture else None

    async def _wait(self, condition: Callable[[], bool], timeout_ms: float) -> bool:
        loop = asyncio.get_running_loop()
        ends = loop.time() + float(timeout_ms) / 1000
        while not condition():
            left = ends - loop.time()
            if left <= 0 or not await self._phone.screen_changes(left):
                return condition()
        return True

    # -- doing ------------------------------------------------------------------------------------------------

    def _set_text(self, selector: Any, text: str, *, click: bool = True) -> bool:
        """As UiObject2: a click gives the field the focus, then its whole content is replaced."""
        node = self._one(selector)
        if click and text:
            self._click(*node.center)
            node = self._one(selector)
        if node.view.on_text is None:
            return True
        self._phone.display.write(node.view, self._phone.typed(text))
        return True

    def _clear_input(self) -> None:
        field = self._phone.display.focused_field()
        if field is not None:
            self._phone.display.write(field, "")

    def _paste(self) -> None:
        field = self._phone.display.focused_field()
        if field is not None and self._phone.system.clipboard:
            self._phone.display.write(
                field, content_of(field) + self._phone.typed(self._phone.system.clipboard)
            )

    def _set_clipboard(self, _label: Any, text: Any) -> None:
        self._phone.system.clipboard = None if text is None else str(text)

    def _press_key(self, name: str) -> bool:
        code = _KEYS.get(str(name).lower())
        return code is not None and self._phone.press(code)

    def _toast(self, text: str | None) -> bool:
        self._phone.system.toast = text
        return True

    def _configure(self, wanted: dict[str, Any]) -> dict[str, Any]:
        self._config.update({k: int(v) for k, v in wanted.items() if k in self._config and v is not None})
        return dict(self._config)

    def _power(self, on: bool) -> None:
        self._phone.display.power(on)

    def _child(self, selector: dict[str, Any], child: dict[str, Any]) -> str:
        inner = {
            **selector,
            "childOrSibling": [*(selector.get("childOrSibling") or []), "child"],
            "childOrSiblingSelector": [*(selector.get("childOrSiblingSelector") or []), child],
        }
        self._one(inner)
        return self._keep_object(inner)

    def _keep_object(self, selector: dict[str, Any]) -> str:
        key = f"uiobject-{len(self._objects) + 1}"
        self._objects[key] = selector
        return key
