"""A headless Chromium for tests, steered through a pair of pipes: no driver, no port, nothing but loopback."""

from __future__ import annotations

import itertools
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import msgspec

COMMAND = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
)  # fmt: skip
_START_S = 60.0  #: also on a machine that has much else to do
#: Chromium reads commands from descriptor 3 and answers on 4: this puts the given two there and becomes Chromium.
_BECOME = (
    "import fcntl, os, sys; ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]; "
    "os.dup2(ends[0], 3); os.dup2(ends[1], 4); os.execv(sys.argv[3], sys.argv[3:])"
)
_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}


class Browser:
    """One page of one browser with a fresh profile. Every wait has a deadline, and says what it waited for."""

    def __init__(self, profile: Path) -> None:
        assert COMMAND is not None
        self._ids = itertools.count(1)
        self._rest = b""
        self.complaints: list[str] = []  #: what the page's console and the page's policy said
        read, theirs_out = os.pipe()
        theirs_in, write = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _BECOME, str(theirs_in), str(theirs_out),
             COMMAND, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._read, self._write = read, write
        self._session: str | None = None
        deadline = time.monotonic() + _START_S
        pages: list[Any] = []
        while not pages:
            assert time.monotonic() < deadline, "the browser opened no page"
            targets = self._ask("Target.getTargets")["targetInfos"]
            pages = [target for target in targets if target["type"] == "page"]
        attached = self._ask("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)
        os.close(self._read)
        os.close(self._write)

    def open(self, url: str, width: int = 1280, height: int = 900) -> None:
        """Show a page in a window of this size, in CSS pixels."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self._ask("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page."""
        found = self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, script: str, seconds: float = 30.0) -> Any:
        """The value of an expression once it is true; an element is true."""
        deadline = time.monotonic() + seconds
        while not (value := self.run(f"(value => value instanceof Node || value)({script})")):
            assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {script}; {self.complaints}"
            self.run("new Promise(requestAnimationFrame)")
        return value

    def press(self, key: str) -> None:
        """One key, as from a keyboard."""
        text = {"text": "\r"} if key == "Enter" else {"text": " "} if key == " " else {}
        names = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": _KEYS[key]}
        self._ask("Input.dispatchKeyEvent", type="keyDown", **names, **text)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **names)

    def click(self, element: str) -> None:
        """Click in the middle of the element that this expression gives."""
        x, y = self.run(f"(() => {{ const e = {element}; e.scrollIntoView({{block: 'center'}}); "
                        "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")  # fmt: skip
        for kind in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def _ask(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, msgspec.json.encode(message) + b"\0")
        deadline = time.monotonic() + _START_S
        while True:
            answer = self._next(deadline, method)
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            if answer.get("method") in {"Log.entryAdded", "Runtime.exceptionThrown"}:
                self.complaints.append(str(answer["params"]))

    def _next(self, deadline: float, method: str) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"the browser does not answer to {method}"
            chunk = os.read(self._read, 1 << 16)
            assert chunk, f"the browser ended at {method}"
            self._rest += chunk
        line, self._rest = self._rest.split(b"\0", 1)
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer
