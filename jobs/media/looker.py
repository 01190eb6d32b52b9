"""Keeps the looking process alive: hands it open files one after the other, ends it when it takes too long, starts it anew."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

_LOG = logging.getLogger(__name__)
_CHILD = Path(__file__).with_name("look") / "child.py"
#: Callers that may stand in the queue; more are sent away at once.
_WAITING_MAX = 64
_ANSWER_MAX_BYTES = 65_536
#: How long an ended process may take to be gone.
_GONE_S = 5.0
_TRIES = 2


class LookFailed(Exception):
    """No answer: the process died at this file."""


class LookTooSlow(Exception):
    """No answer in time."""


class LookBusy(Exception):
    """Too many others wait, or have waited too long."""


class _Request(msgspec.Struct, frozen=True):
    kind: str
    max_pixels: int
    cpu_s: float


class Looker:
    """One looking process at a time, started at the first look. Thread-safe; looks are made in turn."""

    def __init__(self, child: Path = _CHILD) -> None:
        self._path = child
        self.turn = threading.Lock()
        self.waiting = threading.BoundedSemaphore(_WAITING_MAX)
        self.child: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._closed = 0
        self.started = 0  #: how many processes there have been

    def look(self, descriptor: int, kind: str, *, max_pixels: int, timeout_s: float) -> bytes:
        """What the process answers to an open file.

        Args:
            descriptor: Of the file, open for reading.
            kind: "video" or "image"; "thumbnail" makes the small picture of an image.
            max_pixels: Larger images are refused.
            timeout_s: Longest time for this look; waiting for others may take as long once more for each of three.

        Raises:
            LookFailed, LookTooSlow, LookBusy: there is no answer.
        """
        if not self.waiting.acquire(blocking=False):
            raise LookBusy
        try:
            if not self.turn.acquire(timeout=4 * timeout_s):
                raise LookBusy
            try:
                request = msgspec.json.encode(_Request(kind, max_pixels, timeout_s))
                closed = self._closed
                for _ in range(_TRIES):
                    answer = self._ask(request, descriptor, timeout_s)
                    if answer:
                        return answer
                    if closed != self._closed:
                        break
                raise LookFailed
            finally:
                self.turn.release()
        finally:
            self.waiting.release()

    def close(self) -> None:
        """End the process, and with it a look under way; a later look starts another."""
        self._closed += 1
        child = self.child
        if child is not None:
            child.kill()
        if self.turn.acquire(timeout=_GONE_S):
            try:
                self._end()
            finally:
                self.turn.release()

    def _ask(self, request: bytes, descriptor: int, timeout_s: float) -> bytes:
        """The answer; empty when the process died, maybe before it got the file."""
        try:
            channel = self._running()
        except OSError as error:
            _LOG.warning("the process that looks into media files cannot be started: %s", error)
            raise LookFailed from error
        channel.settimeout(timeout_s)
        try:
            socket.send_fds(channel, [request], [descriptor])
            answer = channel.recv(_ANSWER_MAX_BYTES)
        except TimeoutError:
            self._end(kill=True)
            raise LookTooSlow from None
        except OSError:
            answer = b""
        if not answer and self._end() == -signal.SIGPROF:
            raise LookTooSlow
        return answer

    def _running(self) -> socket.socket:
        if self.child is not None and self._channel is not None and self.child.poll() is None:
            return self._channel
        self._end()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self.child = subprocess.Popen(
                [sys.executable, "-I", str(self._path), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                cwd="/",
                env={"LC_ALL": "C.UTF-8"},
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._channel = ours
        self.started += 1
        return ours

    def _end(self, *, kill: bool = False) -> int | None:
        """Make the process go; returns how it ended."""
        child, channel = self.child, self._channel
        self.child = self._channel = None
        if channel is not None:
            channel.close()
        if child is None:
            return None
        if not kill:
            with contextlib.suppress(subprocess.TimeoutExpired):
                # It ends by itself as soon as its socket has no other end.
                return child.wait(0.5)
        child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(_GONE_S)
        return None


#: One process serves all who look into files.
shared = Looker()
