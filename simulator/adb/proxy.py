"""A man in the middle between adb's clients and a real adb server, for faults that belong to the server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable

log = logging.getLogger("simulator.adb-proxy")

_LISTS = ("host:devices", "host:devices-l", "host:track-devices", "host:track-devices-l")
_CHUNK_BYTES = 1 << 16


class AdbProxy:
    """Listens on `port` for clients and passes them on to the server on `upstream_port`, unless a fault says otherwise.

    The faults are plain attributes; set them from the loop that it runs on.
    """

    def __init__(self, port: int, upstream_port: int) -> None:
        self.port, self.upstream_port = port, upstream_port
        self.hang = False  #: connections are taken, nothing is ever answered
        self.slices = False  #: answers come in pieces of a few bytes
        self.version = ""  #: four hex digits that `host:version` answers instead of the truth
        self.track_silent = False  #: tracking streams stay open and tell nothing more
        self.extra: list[tuple[str, str]] = []  #: further entries of every list of devices: serial, state
        self.requests: list[str] = []  #: what clients asked for, in order
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._tracking: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Event()

    async def start(self) -> None:
        """Listen. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**22)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections and cut those that there are, as a server that died."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.cut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def down(self, seconds: float) -> None:
        """The server is away for this time."""
        await self.stop()
        await asyncio.sleep(seconds)
        await self.start()

    def cut(self, *, tracking_only: bool = False) -> None:
        """Break connections: all, or those that track devices."""
        for task, writer in list(self._connections.items()):
            if not tracking_only or writer in self._tracking:
                if writer.transport is not None:
                    writer.transport.abort()
                task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections[task] = writer
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            log.debug("a client left: %s", error)
        except asyncio.CancelledError:
            pass
        finally:
            if task is not None:
                self._connections.pop(task, None)
            self._tracking.discard(writer)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(4)
        request = (await reader.readexactly(int(head, 16))).decode("utf-8", "replace")
        self.requests.append(request)
        if self.hang:
            await asyncio.get_running_loop().create_future()
        if request == "host:version" and self.version:
            await self._answer(writer, b"OKAY0004" + self.version.encode())
            return
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port, limit=2**22)
        try:
            up_writer.write(head + request.encode())
            if request in _LISTS:
                await self._lists(up_reader, writer, tracking="track" in request, long=request.endswith("-l"))
            else:
                await self._pump(reader, up_writer, up_reader, writer)
        finally:
            up_writer.close()

    async def _lists(
        self, up_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, tracking: bool, long: bool
    ) -> None:
        """Lists of devices pass through our hands one by one."""
        await self._answer(writer, await up_reader.readexactly(4))
        if tracking:
            self._tracking.add(writer)
        while True:
            body = await up_reader.readexactly(int(await up_reader.readexactly(4), 16))
            if tracking and self.track_silent:
                continue
            form = "{:<22} {} transport_id:99\n" if long else "{}\t{}\n"
            body += "".join(form.format(*entry) for entry in self.extra).encode()
            await self._answer(writer, f"{len(body):04x}".encode() + body)
            if not tracking:
                return

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Bytes both ways until the server closes; a client that stops writing may still be read to."""

        async def upstream() -> None:
            while data := await reader.read(_CHUNK_BYTES):
                await self._not_hanging()
                up_writer.write(data)
                await up_writer.drain()
            with contextlib.suppress(OSError):
                up_writer.write_eof()

        forward = asyncio.create_task(upstream())
        try:
            while data := await up_reader.read(_CHUNK_BYTES):
                await self._not_hanging()
                await self._answer(writer, data)
        finally:
            forward.cancel()
            await asyncio.gather(forward, return_exceptions=True)

    async def _not_hanging(self) -> None:
        while self.hang:
            await self._changed.wait()

    def set_hang(self, hang: bool) -> None:
        """Hang, or let everything that hung go on."""
        self.hang = hang
        if hang:
            self._changed.clear()
        else:
            self._changed.set()

    async def _answer(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        step: Callable[[], int] = (lambda: random.randint(1, 5)) if self.slices else (lambda: len(data))
        while data:
            size = step()
            writer.write(data[:size])
            await writer.drain()
            data = data[size:]
            if self.slices:
                await asyncio.sleep(0)
