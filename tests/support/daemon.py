"""The real command as a child process: `tikmatrixd.py serve --config ...`, spoken to over HTTP."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from storage.engine.hooks import ENVIRONMENT as CRASH_AT
from tests.support.warm import warm as warm_server

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, str(ROOT / "tikmatrixd.py"))
_NEVER = threading.Event()
#: Between two questions, at first.
FIRST_PAUSE_S = 0.03


def until(
    condition: Callable[[], Any],
    timeout_s: float = 30.0,
    what: str | Callable[[], str] = "",
    *,
    most_s: float = FIRST_PAUSE_S,
) -> Any:
    """Ask again until the condition holds; its value. For what can only be seen from outside, by asking.

    The pauses between two questions grow up to `most_s`: each question keeps processors from what is waited for.
    """
    ends = time.monotonic() + timeout_s
    pause_s = FIRST_PAUSE_S
    while not (value := condition()):
        assert time.monotonic() < ends, (
            f"not within {timeout_s} s: {(what() if callable(what) else what) or condition}"
        )
        _NEVER.wait(pause_s)
        pause_s = min(pause_s * 1.05, most_s)
    return value


def wait_until(condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
    """Whether the condition comes to hold in time; for those who assert it themselves."""
    ends = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= ends:
            return False
        _NEVER.wait(0.02)
    return True


def tikmatrixd(
    *words: object, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What the command says to these words, and how it ends."""
    return warm_server().run([*PROGRAM, *map(str, words)], env={**os.environ, **(environment or {})})


class Daemon:
    """One run of the daemon. Kill it, start another on the same config: the state is the same."""

    def __init__(
        self,
        config: Path,
        *,
        crash_at: str = "",
        words: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        warm: bool = True,
    ) -> None:
        """Start it and wait until it is ready; `warm`: forked from a process that has its modules already."""
        self.ready_file = config.parent / "daemon-ready.json"
        self.ready_file.unlink(missing_ok=True)
        self.log_path = config.parent / "daemon.log"
        more = {CRASH_AT: crash_at} if crash_at else {}
        with self.log_path.open("ab") as log:
            self.process = (warm_server().popen if warm else subprocess.Popen)(
                [*PROGRAM, "--config", str(config), "serve", "--ready-file", str(self.ready_file), *words],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env={**os.environ, **more, **(environment or {})},
            )  # fmt: skip
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="daemon-output", daemon=True)
        self._reader.start()
        line = self._lines.get(timeout=60)
        assert line, f"the daemon ended with {self.process.wait(10)}:\n{self.log()[-3000:]}"
        self.ready_line = line.decode().rstrip()
        self.ready: dict[str, Any] = json.loads(self.ready_file.read_text())
        self.url = self.ready["url"]

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self._lines.put(line)
        self._lines.put(b"")

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One request; the envelope, whatever the HTTP status."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)  # type: ignore[no-any-return]
        except urllib.error.HTTPError as error:
            return json.load(error)  # type: ignore[no-any-return]

    def post(self, **body: Any) -> int:
        """Create one task; its id."""
        answer = self.call("POST", "/api/v1/task", {"script_name": "post", **body})
        assert answer["code"] == 0, answer
        (task_id,) = answer["data"]["task_ids"]
        return int(task_id)

    def task(self, task_id: int) -> dict[str, Any]:
        return self.call("GET", f"/api/v1/task/{task_id}")["data"]  # type: ignore[no-any-return]

    def ended(self, task_id: int, timeout_s: float = 60.0) -> dict[str, Any]:
        """The task once it is completed or failed."""
        return until(  # type: ignore[no-any-return]
            lambda: task if (task := self.task(task_id))["status"] >= 2 else None,
            timeout_s,
            lambda: f"end of {self.task(task_id)}",
            most_s=0.15,
        )

    def knows(self, serial: str) -> None:
        """Wait until it has heard of the phone: right after its start it may not have asked the adb server yet."""
        until(
            lambda: any(
                phone["serial"] == serial for phone in self.call("GET", "/api/v1/devices")["data"]["devices"]
            ),
            what=f"phone {serial} is known",
        )

    def running(self, task_id: int, remark: str = "") -> dict[str, Any]:
        """The task once it runs (and its remark holds the given word)."""
        return until(  # type: ignore[no-any-return]
            lambda: (
                task if (task := self.task(task_id))["status"] == 1 and remark in task["remark"] else None
            ),
            30,
            lambda: f"task {task_id} runs {remark}; it is {self.task(task_id)}\n{self.log_tail(task_id)}",
        )

    def step_log(self, task_id: int) -> list[dict[str, Any]]:
        """The entries of a task's step log."""
        return self.call("GET", f"/api/v1/task/{task_id}/log")["data"]["log"]  # type: ignore[no-any-return]

    def log_tail(self, task_id: int, lines: int = 12) -> str:
        """Its last entries, for the person who reads why a test failed."""
        shown = (
            " ".join(str(value) for key, value in entry.items() if key not in ("at", "attempt", "by"))
            for entry in self.step_log(task_id)[-lines:]
        )
        return "\n".join(f"        {line}" for line in shown)

    def died(self, timeout_s: float = 60.0) -> int:
        """Its exit status, once it has ended by itself."""
        return self.process.wait(timeout_s)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, timeout_s: float = 30.0) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout_s)
        finally:
            if self.process.poll() is None:
                self.kill()
