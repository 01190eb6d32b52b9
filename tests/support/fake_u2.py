"""A scripted automation server for tests, as uiautomator2 finds it behind tcp:9008; counts every call."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from jobs.phone.screen.tree import Node, UiTree

SCREEN = (
    "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\r\n<hierarchy rotation=\"0\">"
    '<node index="0" text="" class="android.widget.FrameLayout" package="com.app" bounds="[0,0][1080,2400]">'
    '<node index="0" text="{text}" class="android.widget.TextView" package="com.app" bounds="[0,0][500,80]"/>'
    '<node index="1" text="Next" class="android.widget.Button" package="com.app" clickable="true" '
    'bounds="[0,100][500,180]"/></node></hierarchy>'
)


def with_text(tree: UiTree, text: str) -> Node | None:
    """The first node that shows just this text."""
    return next((node for node in tree.nodes if node.text == text), None)


class FakeU2:
    """`mode` decides how calls of `mode_for` (all, when empty) are answered."""

    def __init__(self) -> None:
        self.alive = False
        self.launches = 0
        self.launch_output = b"[server] INFO: [UiAutomator2Server] Starting Server\n"
        self.launch_fails = 0  #: so many launches end with `launch_output`
        self.launch_dies = False
        self.calls: Counter[str] = Counter()
        self.params: dict[str, Any] = {}
        self.connections = 0
        self.text = "hello"
        self.field = ""
        self.clipboard = ""
        self.clicks: list[tuple[int, int]] = []
        self.modes: dict[str, list[str]] = {}  #: method -> modes for its next calls; "always:X" stays
        self.source: str | None = None
        self.changed = threading.Condition()
        self.handlers: dict[str, Callable[[Any], Any]] = {}

    def launched(self, wire: Any) -> None:
        self.launches += 1
        number = self.launches
        wire.sock.sendall(self.launch_output)
        if self.launch_fails > 0:
            self.launch_fails -= 1
            raise EOFError
        if self.launch_dies:
            raise EOFError
        self.alive = True
        try:
            wire.hang()
        finally:
            if self.launches == number:  # else the next one runs already
                self.alive = False

    def serve(self, wire: Any) -> None:
        self.connections += 1
        while self.alive:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += wire.exact(1)
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.splitlines()
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            body = wire.exact(length)
            if head.startswith(b"GET /ping"):
                self._answer(wire, "ping", 200, b"pong")
                continue
            request = json.loads(body)
            method = request["method"]
            with self.changed:
                self.calls[method] += 1
                self.params[method] = request["params"]
                self.changed.notify_all()
            refused = self.modes.get(method) == ["always:inject refused"]
            result = None if refused else self._do(method, request["params"])
            data = json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()
            self._answer(wire, method, 200, data)

    def _mode(self, method: str) -> str:
        modes = self.modes.get(method) or self.modes.get("*") or []
        if not modes:
            return ""
        return modes[0].removeprefix("always:") if modes[0].startswith("always:") else modes.pop(0)

    def _answer(self, wire: Any, method: str, status: int, data: bytes) -> None:
        mode = self._mode(method)
        if mode == "silent":
            wire.hang()
        if mode == "close":
            raise EOFError
        if mode == "500":
            status, data = 500, b"Internal Server Error"
        if mode == "bad json":
            data = b"{nonsense"
        if mode == "not connected":
            data = json.dumps({"error": {"code": -1, "message": "UiAutomation not connected"}}).encode()
        if mode == "unknown":
            data = json.dumps(
                {"error": {"code": -32601, "message": "java.lang.NullPointerException"}}
            ).encode()
        if mode == "inject refused":
            refused = "java.lang.SecurityException: Injecting to another application requires INJECT_EVENTS permission\n\tat x"
            error = {"code": -32001, "message": "java.lang.SecurityException", "data": refused}
            data = json.dumps({"error": error}).encode()
        if mode == "not found":
            message = "androidx.test.uiautomator.UiObjectNotFoundException"
            data = json.dumps({"error": {"code": -32002, "message": message}}).encode()
        if mode in {"in chunks", "without a length"}:
            self._unmeasured(wire, data, chunks=mode == "in chunks")
            return
        reply = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        reply += "Connection: keep-alive\r\n\r\n"
        whole = reply.encode() + data
        if mode == "truncated":
            wire.sock.sendall(whole[:-5])
            raise EOFError
        if mode == "head in parts":
            wire.sock.sendall(whole[:20])
            threading.Event().wait(0.1)
            whole = whole[20:]
        if mode == "dribble":
            for byte in whole:
                wire.sock.sendall(bytes([byte]))
                threading.Event().wait(0.3)
        wire.sock.sendall(whole)

    @staticmethod
    def _unmeasured(wire: Any, data: bytes, *, chunks: bool) -> None:
        """An answer whose head does not say how long it is."""
        if chunks:
            parts = [data[at : at + 100] for at in range(0, len(data), 100)]
            body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [*parts, b""])
            wire.sock.sendall(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
            return
        wire.sock.sendall(b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n" + data)
        raise EOFError

    def _do(self, method: str, params: Any) -> Any:
        if method in self.handlers:
            return self.handlers[method](params)
        if method == "dumpWindowHierarchy":
            return self.source if self.source is not None else SCREEN.replace("{text}", self.text)
        if method == "click":
            self.clicks.append((params[0], params[1]))
            return True
        if method == "setText":
            self.field = params[1]
            return True
        if method == "clearTextField":
            self.field = ""
            return None
        if method == "setClipboard":
            self.clipboard = params[1]
            return True
        if method == "getClipboard":
            return self.clipboard
        if method == "pasteClipboard":
            self.field += self.clipboard
            return True
        if method == "getText":
            return self.field
        if method == "waitForExists":
            return True
        if method == "getConfigurator":
            return {"waitForIdleTimeout": 10000, "actionAcknowledgmentTimeout": 3000}
        if method == "deviceInfo":
            return {"currentPackageName": "com.app", "screenOn": True}
        return True
