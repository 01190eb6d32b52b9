"""Takes one picture out of a video, with ffmpeg where it is installed, in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

_PROGRAM = Path(__file__).with_name("look") / "frame.py"
_MAX_BYTES = 200_000
_GONE_S = 5.0
_JPEG = b"\xff\xd8"


class NoFrame(Exception):
    """There is no picture; the text says why. `lasting`: a second try would end the same."""

    def __init__(self, text: str, *, lasting: bool) -> None:
        super().__init__(text)
        self.lasting = lasting


class Frames:
    """One video at a time. Thread-safe."""

    def __init__(self, find: Callable[[], str | None] = lambda: shutil.which("ffmpeg")) -> None:
        """Take the program from `find`, which is asked each time: it may be installed meanwhile."""
        self._find = find
        self._turn = threading.Lock()

    def take(self, descriptor: int, at_s: float, timeout_s: float) -> bytes:
        """The picture at `at_s` seconds of an open video, as JPEG; waiting for others may take `timeout_s` once more.

        Raises NoFrame: ffmpeg is not installed, or made none in time.
        """
        ffmpeg = self._find()
        if ffmpeg is None:
            text = "pictures of videos need ffmpeg, which is not installed on this box (apt install ffmpeg)"
            raise NoFrame(text, lasting=False)
        if not self._turn.acquire(timeout=timeout_s):
            raise NoFrame("other pictures are being made just now; try again in a moment", lasting=False)
        try:
            picture = self._run(ffmpeg, descriptor, at_s, timeout_s)
        finally:
            self._turn.release()
        if not picture.startswith(_JPEG) or len(picture) > _MAX_BYTES:
            raise NoFrame("ffmpeg could make no picture of this video", lasting=True)
        return picture

    def _run(self, ffmpeg: str, descriptor: int, at_s: float, timeout_s: float) -> bytes:
        child = subprocess.Popen(
            [sys.executable, "-I", str(_PROGRAM), ffmpeg, f"{at_s:.3f}", f"{timeout_s:.0f}"],
            stdin=descriptor,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", os.defpath)},
        )
        assert child.stdout is not None  # noqa: S101 - a pipe was asked for
        too_slow = threading.Event()

        def give_up() -> None:
            too_slow.set()
            child.kill()

        timer = threading.Timer(timeout_s, give_up)
        timer.start()
        with child.stdout as pipe:
            try:
                picture = pipe.read(_MAX_BYTES + 1)
            finally:
                timer.cancel()
                child.kill()
                child.wait(_GONE_S)
        if too_slow.is_set():
            raise NoFrame(f"ffmpeg made no picture within {timeout_s:g} s", lasting=True)
        return picture
