"""Starts `python -m simulator` as a child that ends with its parent; for `serve --demo`, the tests and benchmarks."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]


class SimulatorFailed(RuntimeError):
    """The simulator did not come up; the message holds what it printed last."""


class SimulatorChild:
    """A running simulator. `ready` is its ready file; `config_path` the config it wrote for a daemon."""

    def __init__(
        self,
        phones: int,
        state_dir: Path,
        *,
        extra: tuple[str, ...] = (),
        prefix: tuple[str, ...] = (),
        timeout_s: float = 60.0,
        start: Callable[..., Any] = subprocess.Popen,
    ) -> None:
        """Start it and wait until every phone is connected; `prefix` stands before its command, `start` makes the process.

        Raises SimulatorFailed.
        """
        state_dir.mkdir(parents=True, exist_ok=True)
        self.config_path = state_dir / "config.toml"
        ready_path = state_dir / "simulator-ready.json"
        ready_path.unlink(missing_ok=True)
        self._log = (state_dir / "simulator.log").open("ab")
        self.process: subprocess.Popen[bytes] = start(
            [
                *prefix, sys.executable, "-m", "simulator", "--phones", str(phones), "--state", str(state_dir),
                "--write-config", str(self.config_path), "--ready-file", str(ready_path), "--die-with-parent", *extra,
            ],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,  # a Ctrl-C in the terminal is for the daemon, which then stops us
        )  # fmt: skip
        try:
            self._wait_for_ready_line(timeout_s)
            self.ready: dict[str, Any] = json.loads(ready_path.read_text("utf-8"))
        except BaseException:
            self.stop()
            raise

    def _wait_for_ready_line(self, timeout_s: float) -> None:
        lines: queue.Queue[bytes] = queue.Queue()
        stdout = self.process.stdout
        assert stdout is not None  # noqa: S101 - Popen was given a pipe

        def read() -> None:
            # Goes on reading after the ready line, so that the child never blocks on a full pipe.
            for line in stdout:
                lines.put(line)
            lines.put(b"")

        threading.Thread(target=read, name="simulator-output", daemon=True).start()
        try:
            first = lines.get(timeout=timeout_s)
        except queue.Empty:
            raise SimulatorFailed(f"the simulator was not ready within {timeout_s:.0f} s") from None
        if not first:
            code = self.process.wait(5)
            raise SimulatorFailed(f"the simulator ended with status {code}; its log is {self._log.name}")

    def stop(self, timeout_s: float = 10.0) -> None:
        """End it and its adb server; idempotent."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout_s)
        self._log.close()
