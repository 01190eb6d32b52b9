"""A headless Chromium for tests, steered through a pair of pipes: no driver, no port, nothing but loopback."""

from __future__ import annotations

import base64
import itertools
import os
import select
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

import msgspec

COMMAND = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
)  # fmt: skip
_START_S = 60.0  #: also on a machine that has much else to do
_PAUSE_S = 0.03  #: between two questions to the page; each keeps processors from what is waited for
#: A button that has just come to where another one was takes no click for a moment.
_STILL = "document.querySelector('[data-moved]') === null"
#: The middle of an element in the window once it rests there: what comes into view may load pictures and move it.
_MIDDLE = """(async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  let place = "", rested = 0;
  for (let frames = 0; frames < 600 && rested < 6; frames += 1) {
    const element = ELEMENT;
    element.scrollIntoView({ block: "center" });
    const now = JSON.stringify(element.getBoundingClientRect());
    rested = now === place && document.querySelector("[data-moved]") === null ? rested + 1 : 0;
    place = now;
    await frame();
  }
  const { x, y, width, height } = JSON.parse(place);
  return [x + width / 2, y + height / 2];
})()"""
_NEVER = threading.Event()
#: Chromium reads commands from descriptor 3 and answers on 4: this puts the given two there and becomes Chromium.
_BECOME = (
    "import fcntl, os, sys; ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]; "
    "os.dup2(ends[0], 3); os.dup2(ends[1], 4); os.execv(sys.argv[3], sys.argv[3:])"
)
_KEYS = {
    "Tab": 9,
    "Enter": 13,
    "Escape": 27,
    " ": 32,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
}


class ScriptError(AssertionError):
    """An expression failed in the page."""


class LeftPage(Exception):
    """The page was left, e.g. loaded anew, before it answered."""


class Browser:
    """One page of one browser with a fresh profile. Every wait has a deadline, and says what it waited for.

    `renew` gives it another page and forgets all that the one before had.
    """

    def __init__(self, profile: Path) -> None:
        assert COMMAND is not None
        self._ids = itertools.count(1)
        self._rest = b""
        self._trouble = ""  #: why the last expression that was waited for had no value
        self.complaints: list[str] = []  #: what the page's console and the page's policy said
        self.requests: list[str] = []  #: method and address of what the page asked for
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
        self._context: str | None = None
        deadline = time.monotonic() + _START_S
        pages: list[Any] = []
        while not pages:
            assert time.monotonic() < deadline, "the browser opened no page"
            targets = self.ask("Target.getTargets")["targetInfos"]
            pages = [target for target in targets if target["type"] == "page"]
        self._take(pages[0]["targetId"])

    def renew(self) -> None:
        """Another page with nothing in its storage and its cache, as in a browser that was just installed."""
        before, self._session = self._context, None
        self._context = self.ask("Target.createBrowserContext")["browserContextId"]
        made = self.ask("Target.createTarget", url="about:blank", browserContextId=self._context)
        if before is not None:
            self.ask("Target.disposeBrowserContext", browserContextId=before)
        self.complaints.clear()
        self.requests.clear()
        self._take(made["targetId"])

    def _take(self, page: str) -> None:
        attached = self.ask("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "Accessibility"):
            self.ask(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)
        os.close(self._read)
        os.close(self._write)

    def open(self, url: str, width: int = 1280, height: int = 900) -> None:
        """Show a page in a window of this size, in CSS pixels."""
        self.resize(width, height)
        self.ask("Page.navigate", url=url)

    def resize(self, width: int, height: int, scale: float = 1.0) -> None:
        """Give the window another size in CSS pixels; `scale` device pixels make one of them."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=False,
        )

    def prefer(self, *, dark: bool = False, reduced_motion: bool = True, language: str = "en-US") -> None:
        """What the browser says of its user; a page that is open sees colours and motion at once."""
        features = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if reduced_motion else "no-preference",
        }
        shown = [{"name": name, "value": value} for name, value in features.items()]
        self.ask("Emulation.setEmulatedMedia", features=shown)
        agent = self.run("navigator.userAgent")
        self.ask("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)

    def connect(self, on: bool) -> None:
        """Take the network away from the page, or give it back."""
        self.ask("Network.emulateNetworkConditions", offline=not on, latency=0,
                  downloadThroughput=-1, uploadThroughput=-1)  # fmt: skip

    def block(self, *patterns: str) -> None:
        """Let no request to these addresses (with `*`) through; without any, let all through again."""
        self.ask("Network.setBlockedURLs", urls=list(patterns))

    def forget(self) -> None:
        """Empty the browser's cache."""
        self.ask("Network.clearBrowserCache")

    def screenshot(self, file: Path, *, whole: bool = False) -> None:
        """Write what the window shows as PNG; `whole` with all that one could scroll to."""
        shown = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                          **({"clip": self._whole()} if whole else {}))  # fmt: skip
        file.write_bytes(base64.b64decode(shown["data"]))

    def _whole(self) -> dict[str, Any]:
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise ScriptError(found["exceptionDetails"])
        return found["result"].get("value")

    def wait(self, script: str, seconds: float = 30.0) -> Any:
        """The value of an expression once it is true; an element is true. One that fails, as on a screen half made, is not yet."""
        deadline = time.monotonic() + seconds
        while not (value := self._value_or_none(script)):
            assert time.monotonic() < deadline, (
                f"not within {seconds:.0f} s: {script}; {self.complaints[-3:]} {self._trouble}"
            )
            _NEVER.wait(_PAUSE_S)
        return value

    def _value_or_none(self, script: str) -> Any:
        try:
            return self.run(f"(value => value instanceof Node || value)({script})")
        except (LeftPage, ScriptError) as error:
            self._trouble = str(error)
            return None

    def press(self, key: str) -> None:
        """One key, as from a keyboard."""
        text = {"text": "\r"} if key == "Enter" else {"text": " "} if key == " " else {}
        names = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": _KEYS[key]}
        self.ask("Input.dispatchKeyEvent", type="keyDown", **names, **text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **names)

    def type(self, text: str) -> None:
        """Put a text where the focus is, as from a keyboard or an input method."""
        self.ask("Input.insertText", text=text)

    def choose_files(self, selector: str, *files: Path) -> None:
        """Give files to an `input` of type file, as its dialog does."""
        root = self.ask("DOM.getDocument", depth=0)["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def save_into(self, folder: Path) -> None:
        """Where downloads go."""
        self.ask("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def wait_for_file(self, file: Path, seconds: float = 30.0) -> None:
        """Wait until a download is there as a whole: until then its name stands for an empty file, or for none."""
        deadline = time.monotonic() + seconds
        while not (file.exists() and file.stat().st_size):
            assert time.monotonic() < deadline, (
                f"{file.name} did not come; there are {sorted(file.parent.iterdir())}"
            )
            self.run("new Promise(requestAnimationFrame)")

    def names(self, role: str) -> list[str]:
        """The names of everything with this role, as a screen reader says them, in order."""
        tree = self.ask("Accessibility.getFullAXTree")["nodes"]
        return [
            node.get("name", {}).get("value", "")
            for node in tree
            if not node.get("ignored") and node.get("role", {}).get("value") == role
        ]

    def find(self, role: str, name: str, seconds: float = 30.0) -> Found:
        """The one element that a screen reader calls so, once it is there; the first where there are several."""
        deadline = time.monotonic() + seconds
        while True:
            root = self.ask("DOM.getDocument", depth=0)["root"]["nodeId"]
            found = self.ask("Accessibility.queryAXTree", nodeId=root, role=role, accessibleName=name)
            shown = [node for node in found["nodes"] if not node.get("ignored")]
            if shown:
                return Found(self, shown[0]["backendDOMNodeId"], shown[0])
            assert time.monotonic() < deadline, f"no {role} is called {name!r}; there are {self.names(role)}"
            _NEVER.wait(_PAUSE_S)

    def has(self, role: str, name: str) -> bool:
        """Whether there is such an element now."""
        root = self.ask("DOM.getDocument", depth=0)["root"]["nodeId"]
        found = self.ask("Accessibility.queryAXTree", nodeId=root, role=role, accessibleName=name)
        return any(not node.get("ignored") for node in found["nodes"])

    def click(self, element: str) -> None:
        """Click in the middle of the element that this expression gives, once nothing moves any more."""
        x, y = self.run(_MIDDLE.replace("ELEMENT", element))
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def drag(self, element: str, onto: str) -> None:
        """Take an element with the mouse and let it go on another; both are expressions."""
        middle = (
            "(e => { const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })"
        )
        self.run(f"{element}.scrollIntoView({{block: 'center'}})")
        (x, y), (to_x, to_y) = self.run(f"{middle}({element})"), self.run(f"{middle}({onto})")
        self.ask("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", clickCount=1)
        for part in (0.1, 0.5, 1.0):
            at = {"x": x + (to_x - x) * part, "y": y + (to_y - y) * part}
            self.ask("Input.dispatchMouseEvent", type="mouseMoved", button="left", buttons=1, **at)
        self.ask("Input.dispatchMouseEvent", type="mouseReleased", x=to_x, y=to_y, button="left", clickCount=1)  # fmt: skip

    @property
    def faults(self) -> list[str]:
        """What the page complained of, without calls that were refused: it shows those itself."""
        return [line for line in self.complaints if not line.startswith("network: ")]

    def ask(self, method: str, **params: Any) -> Any:
        """One command of Chromium's DevTools protocol; its answer."""
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, msgspec.json.encode(message) + b"\0")
        deadline = time.monotonic() + _START_S
        while True:
            answer = self._next(deadline, method)
            if answer.get("id") == number:
                if "navigated" in answer.get("error", {}).get("message", ""):
                    raise LeftPage
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            if answer.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(str(answer["params"])[:1000])
            entry = answer["params"]["entry"] if answer.get("method") == "Log.entryAdded" else {}
            if entry.get("level") in {"warning", "error"}:
                self.complaints.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}"[:1000])
            if answer.get("method") == "Network.requestWillBeSent":
                request = answer["params"]["request"]
                self.requests.append(f"{request['method']} {request['url']}")

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


class Found:
    """An element of the page that was found by what a screen reader calls it."""

    def __init__(self, browser: Browser, node: int, facts: dict[str, Any]) -> None:
        self._browser = browser
        self._node = node
        self.facts = facts

    def call(self, function: str) -> Any:
        """The value of a JavaScript function of the element, e.g. `function () { return this.href }`."""
        handle = self._browser.ask("DOM.resolveNode", backendNodeId=self._node)["object"]["objectId"]
        found = self._browser.ask("Runtime.callFunctionOn", objectId=handle, functionDeclaration=function, returnByValue=True)  # fmt: skip
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    @property
    def text(self) -> str:
        return str(self.call("function () { return this.innerText ?? this.textContent }"))

    @property
    def disabled(self) -> bool:
        return bool(self.call("function () { return this.disabled === true }"))

    def focus(self) -> None:
        self._browser.ask("DOM.focus", backendNodeId=self._node)

    def fill(self, text: str) -> None:
        """Put a text in the place of what a field holds, with the events of typing."""
        self.focus()
        self.call("function () { this.select?.() }")
        self._browser.type(text)

    def click(self, times: int = 1) -> None:
        """Click in its middle, once nothing moves any more; twice is a double click."""
        self._browser.wait(_STILL)
        self._browser.ask("DOM.scrollIntoViewIfNeeded", backendNodeId=self._node)
        corners = self._browser.ask("DOM.getBoxModel", backendNodeId=self._node)["model"]["border"]
        x, y = (corners[0] + corners[4]) / 2, (corners[1] + corners[5]) / 2
        for count in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self._browser.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=count)  # fmt: skip
