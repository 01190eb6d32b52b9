"""Programs of the project in processes that are forked from one which has imported their modules already.

A daemon or a simulator needs half a second of processor time for its imports alone, and the tests start hundreds of them.
Here they are imported once for each worker of pytest. What is started is the same program with its own arguments,
environment, descriptors and process id; what is shared is the imported code. Tests about signals, kills and the start of
the daemon start the command itself (`Daemon(..., warm=False)`).

    client                          server (`python -m tests.support.warm FD`)          process
    start(words, env, fds)  ---->   fork                                       ---->   runs the program
    pid, later the status   <----   waits for its end
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import types
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
#: What they import, some of it late. The look at media is a program of its own, in a sandbox.
_PACKAGES = ("handlers", "jobs", "storage", "simulator")
_LATE = ("adbutils", "apscheduler.schedulers.background", "uiautomator2", "waitress", "tests.support.bench")
_NOT = ("jobs.media.look.child", "jobs.media.look.frame", "simulator.__main__", "simulator.demo")
_MESSAGE_BYTES = 1 << 17
_START_S = 60.0


class Process:
    """A started program, with as much of `subprocess.Popen` as the tests use."""

    def __init__(self, words: Sequence[str], news: int, stdout: IO[bytes] | None) -> None:
        self.args = list(words)
        self.stdout = stdout
        self.returncode: int | None = None
        self._news = news
        self.pid = self._read(_START_S)

    def _read(self, timeout_s: float | None) -> int:
        """The next number that the server tells. Raises TimeoutExpired."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._news, selectors.EVENT_READ)
            if not selector.select(timeout_s):
                raise subprocess.TimeoutExpired(self.args, timeout_s or 0.0)
        told = os.read(self._news, 4)
        assert told, f"the process that starts programs has ended; asked for {self.args}"
        return int(struct.unpack("i", told)[0])

    def poll(self) -> int | None:
        """The exit status, as `subprocess` has it; None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit status. Raises TimeoutExpired."""
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(self._read(timeout))
            os.close(self._news)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Warm:
    """The client of one server, which ends when this process does."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            subprocess.Popen(
                [sys.executable, "-m", "tests.support.warm", str(theirs.fileno())],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=(theirs.fileno(),),
            )  # fmt: skip
        self._channel = ours

    def popen(
        self,
        words: Sequence[str],
        *,
        cwd: Path | str | None = None,
        stdin: Any = subprocess.DEVNULL,
        stdout: Any = subprocess.DEVNULL,
        stderr: Any = subprocess.DEVNULL,
        env: Mapping[str, str] | None = None,
        start_new_session: bool = False,
    ) -> Process:
        """Start `[python, file, ...]` or `[python, "-m", module, ...]` of this project, as `subprocess.Popen` would."""
        opened: list[int] = []
        out: IO[bytes] | None = None
        try:
            if stdout == subprocess.PIPE:
                read, stdout = os.pipe()
                out = os.fdopen(read, "rb")
                opened.append(stdout)
            descriptors = []
            for given in (stdin, stdout, stderr):
                if given == subprocess.DEVNULL:
                    opened.append(os.open(os.devnull, os.O_RDWR))
                    descriptors.append(opened[-1])
                else:
                    descriptors.append(given if isinstance(given, int) else given.fileno())
            news, tell = os.pipe()
            opened.append(tell)
            request: dict[str, Any] = {
                "words": [str(word) for word in words[1:]],
                "cwd": str(cwd or Path.cwd()),
                "environment": dict(os.environ if env is None else env),
                "session": start_new_session,
            }
            socket.send_fds(self._channel, [json.dumps(request).encode()], [*descriptors, tell])
        finally:
            for descriptor in opened:
                os.close(descriptor)
        return Process(request["words"], news, out)

    def run(
        self, words: Sequence[str], *, timeout: float = 60.0, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end; what it said. Killed when the time is over, which raises TimeoutExpired."""
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            process = self.popen(words, stdout=stdout, stderr=stderr, **more)
            try:
                status = process.wait(timeout)
            finally:
                process.kill()
            said = []
            for file in (stdout, stderr):
                file.seek(0)
                said.append(file.read().decode())
        return subprocess.CompletedProcess(list(words), status, *said)


@functools.cache
def warm() -> Warm:
    """The one server of this process, started at its first use."""
    return Warm()


# --- in the server -------------------------------------------------------------------------------------------


def preload() -> None:
    """Import what the programs need."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for package in _PACKAGES:
            for found in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
                if found.name not in _NOT:
                    importlib.import_module(found.name)
        for name in _LATE:
            importlib.import_module(name)
    sys.modules["jobs.input.struct_types"].prepare_struct_types()
    screens = sys.modules["jobs.post.screens.vocabularies"]
    screens.vocabularies_of(screens.read_all_trusted())  # its patterns are then in the cache of `re`
    assert len(list(Path("/proc/self/task").iterdir())) == 1, (
        "an import started a thread, which no fork would have"
    )


def serve(channel: socket.socket) -> dict[str, Any] | None:
    """Fork a process for each request until the client has ended: None. In a process: the request that it is for."""
    telling: dict[int, tuple[int, int]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not channel:
                    pid, tell = telling.pop(key.fd)
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    _tell(tell, os.waitpid(pid, 0)[1])
                    os.close(tell)
                    continue
                message, descriptors, _, _ = socket.recv_fds(channel, _MESSAGE_BYTES, 4)
                if not message:
                    return None
                pid = os.fork()
                if pid == 0:
                    request: dict[str, Any] = json.loads(message)
                    _become(request, descriptors)
                    return request
                *theirs, tell = descriptors
                for descriptor in theirs:
                    os.close(descriptor)
                watched = os.pidfd_open(pid)
                telling[watched] = (pid, tell)
                selector.register(watched, selectors.EVENT_READ)
                _tell(tell, pid)


def _tell(pipe: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # the client has ended
        os.write(pipe, struct.pack("i", number))


def _become(request: dict[str, Any], descriptors: Sequence[int]) -> None:
    """Take over the descriptors, folder, session and environment of the request."""
    for target, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, target)
    os.closerange(3, min(os.sysconf("SC_OPEN_MAX"), 1 << 16))
    if request["session"]:
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()


def become_program(words: Sequence[str]) -> None:
    """Run it as the main module, as the interpreter does."""
    path, arguments = Path(words[0]), words[1:]
    if words[0] == "-m":
        path, arguments = ROOT / words[1].replace(".", "/"), words[2:]
        path = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
    module = types.ModuleType("__main__")
    module.__file__ = str(path)
    sys.modules["__main__"] = module
    sys.argv = [str(path), *arguments]
    exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 - what the interpreter does


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client decides when to end
    preload()
    gc.collect()
    gc.freeze()
    if (_request := serve(socket.socket(fileno=int(sys.argv[1])))) is not None:
        become_program(_request["words"])
