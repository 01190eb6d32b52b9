"""A private adb server as a child process, and the few words of adb's client protocol that keep phones connected."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import adbutils

log = logging.getLogger("simulator.adb-server")

_PR_SET_PDEATHSIG = 1
_START_S = 20.0
_CALL_S = 10.0


class AdbServerFailed(RuntimeError):
    """The adb server did not start."""


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends; elsewhere nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def locked_adb() -> Path:
    """The adb program that comes with the locked adbutils; `adbutils.adb_path()` prefers one from the PATH (ADB-2)."""
    return Path(adbutils.__file__).with_name("binaries") / "adb"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class AdbServer:
    """The real adb, with its own port, home and keys."""

    def __init__(self, port: int, home: Path) -> None:
        self.port = port
        self._home = home
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it answers. Raises AdbServerFailed."""
        self._home.mkdir(parents=True, exist_ok=True)
        ready, child_end = os.pipe()
        log_file = (self._home / "adb.log").open("ab")
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("ADB", "ANDROID"))},
            "HOME": str(self._home), "ANDROID_USER_HOME": str(self._home / ".android"), "TMPDIR": str(self._home),
            "ADB_MDNS": "0", "ADB_MDNS_AUTO_CONNECT": "0", "ADB_MDNS_OPENSCREEN": "0",
            # Real phones belong to the box's own adb server.
            "ADB_USB": "0",
            # Otherwise the server looks for emulators on ports 5555 to 5585 and takes what listens there.
            "ADB_LOCAL_TRANSPORT_MAX_PORT": "5553",
        }  # fmt: skip
        try:
            self._process = await asyncio.create_subprocess_exec(
                str(locked_adb()), "-L", f"tcp:localhost:{self.port}",
                "fork-server", "server", "--reply-fd", str(child_end),
                stdin=asyncio.subprocess.DEVNULL, stdout=log_file, stderr=log_file, env=environment,
                pass_fds=(child_end,), preexec_fn=die_with_parent, start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(child_end)
            log_file.close()
        try:
            async with asyncio.timeout(_START_S):
                answer = await _read_pipe(ready)
        except TimeoutError:
            answer = b""
        if not answer.startswith(b"OK"):
            await self.stop()
            raise AdbServerFailed(f"the adb server on port {self.port} did not start: {self._last_words()}")

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            return (self._home / "adb.log").read_text("utf-8", "replace")[-400:].strip()
        return ""

    async def ended(self) -> int:
        """Wait for its end; the exit status."""
        return 0 if self._process is None else await self._process.wait()

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        for how in (process.terminate, process.kill):
            with contextlib.suppress(ProcessLookupError):
                how()
            try:
                async with asyncio.timeout(3.0):
                    await process.wait()
                return
            except TimeoutError:
                continue

    async def call(self, request: str) -> str:
        """One request with a text answer; "" when the server refuses or is away."""
        try:
            async with asyncio.timeout(_CALL_S):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    _send(writer, request)
                    if await reader.readexactly(4) != b"OKAY":
                        return ""
                    return await _read_block(reader)
                finally:
                    writer.close()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            return ""

    async def connect(self, address: str) -> str:
        return await self.call(f"host:connect:{address}")

    async def disconnect(self, address: str) -> None:
        await self.call(f"host:disconnect:{address}")

    async def states(self) -> AsyncIterator[dict[str, str]]:
        """The list of devices (address -> state), now and at every change, until the server ends."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return
        try:
            _send(writer, "host:track-devices")
            if await reader.readexactly(4) != b"OKAY":
                return
            while True:
                lines = (await _read_block(reader)).splitlines()
                yield {name: state for name, _, state in (line.partition("\t") for line in lines)}
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


def _send(writer: asyncio.StreamWriter, request: str) -> None:
    writer.write(f"{len(request):04x}{request}".encode())


async def _read_block(reader: asyncio.StreamReader) -> str:
    length = int(await reader.readexactly(4), 16)
    return (await reader.readexactly(length)).decode("utf-8", "replace")


async def _read_pipe(fd: int) -> bytes:
    reader = asyncio.StreamReader()
    file = os.fdopen(fd, "rb", buffering=0)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    try:
        return await reader.read(64)
    finally:
        transport.close()
