"""One connection between the adb server and a simulated phone, with its streams multiplexed over it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

from simulator.adb import wire

log = logging.getLogger("simulator.adb")

#: A stream whose reader is this far behind gets no OKAY, so the adb server stops sending.
_READ_AHEAD_BYTES = 4 * wire.MAX_PAYLOAD_BYTES

Service = Callable[["Stream"], Awaitable[None]]


class StreamClosed(ConnectionError):
    """The other end closed the stream."""


class LinkOwner(Protocol):
    """What a link needs of its phone."""

    name: str
    slices: bool  #: answers travel in random small pieces
    ghost: bool  #: the link is up, every request stays without an answer
    unauthorized: bool  #: the phone asks for a key and accepts none

    @property
    def link_mb_s(self) -> float:
        """Millions of bytes a second that come over the cable; 0: no limit."""

    def banner(self) -> str:
        """The phone's half of the CNXN message."""

    def service(self, name: str) -> Service | None:
        """The handler of an OPEN, or None to refuse it."""


class Stream:
    """One stream of a link: what a socket is for a service."""

    def __init__(self, link: Link, local: int, remote: int) -> None:
        self._link = link
        self.local, self.remote = local, remote
        self._incoming = asyncio.StreamReader(limit=2**31)
        self._buffered = 0
        self._owes_okay = False
        self._may_write = asyncio.Event()
        self._may_write.set()
        self.closed = False
        self.task: asyncio.Task[None] | None = None

    async def read(self, n: int = 65536) -> bytes:
        """Up to `n` bytes; b"" when the other end closed."""
        data = await self._incoming.read(n)
        self._consumed(len(data))
        return data

    async def readexactly(self, n: int) -> bytes:
        """Exactly `n` bytes. Raises StreamClosed."""
        parts = []
        try:
            while n > 0:
                part = await self._incoming.read(n)
                if not part:
                    raise StreamClosed("closed inside a record")
                self._consumed(len(part))
                n -= len(part)
                parts.append(part)
        except asyncio.IncompleteReadError as error:
            raise StreamClosed("closed inside a record") from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def readline(self, limit: int = 65536) -> bytes:
        line = await self._incoming.readuntil(b"\n")
        self._consumed(len(line))
        if len(line) > limit:
            raise StreamClosed("line too long")
        return line

    async def write(self, data: bytes) -> None:
        """Send everything, one OKAY per message. Raises StreamClosed."""
        view = memoryview(data)
        while view:
            size = wire.MAX_PAYLOAD_BYTES if not self._link.owner.slices else random.randint(1, 7)
            await self._may_write.wait()
            if self.closed:
                raise StreamClosed("the other end closed the stream")
            self._may_write.clear()
            await self._link.send_data(self, view[:size])
            view = view[size:]

    async def close(self) -> None:
        """Close our end; idempotent."""
        if not self.closed:
            self._shut()
            self._link.drop(self)
            await self._link.send(wire.Message(wire.CLSE, self.local, self.remote))

    def feed(self, data: bytes) -> bool:
        """Data arrived; True if it may be acknowledged now."""
        self._incoming.feed_data(data)
        self._buffered += len(data)
        self._owes_okay = self._buffered > _READ_AHEAD_BYTES
        return not self._owes_okay

    def acknowledged(self) -> None:
        self._may_write.set()

    def abort(self) -> None:
        """Close at once, whatever the service is doing."""
        if not self.closed:
            self._link.drop(self)
            self._link.send_soon(wire.Message(wire.CLSE, self.local, self.remote))
        self.closed_by_peer()

    def closed_by_peer(self) -> None:
        self._shut()
        if self.task is not None:
            self.task.cancel()

    def _shut(self) -> None:
        if not self.closed:
            self.closed = True
            self._incoming.feed_eof()
            self._may_write.set()

    def _consumed(self, n: int) -> None:
        self._buffered -= n
        if self._owes_okay and self._buffered <= _READ_AHEAD_BYTES and not self.closed:
            self._owes_okay = False
            self._link.send_soon(wire.Message(wire.OKAY, self.local, self.remote))


class Link:
    """A connected adb server. `run` ends when the connection does."""

    def __init__(self, owner: LinkOwner, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.owner = owner
        self._reader, self._writer = reader, writer
        self._streams: dict[int, Stream] = {}
        self._next_id = 1
        self._sending = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.online = False
        self._arrives_at = 0.0

    async def run(self) -> None:
        """Serve until the connection ends; closes every stream."""
        try:
            while True:
                message = await wire.read_message(self._reader)
                await self._travel(len(message.payload))
                await self._handle(message)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError) as error:
            log.debug("%s: link ended: %s", self.owner.name, error)
        finally:
            self.online = False
            for stream in list(self._streams.values()):
                stream.closed_by_peer()
            self._streams.clear()
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._writer.close()

    async def _travel(self, size: int) -> None:
        """As long as so many bytes are on a slow cable."""
        rate = self.owner.link_mb_s * 1e6
        if rate > 0 and size:
            now = asyncio.get_running_loop().time()
            self._arrives_at = max(now, self._arrives_at) + size / rate
            await asyncio.sleep(self._arrives_at - now)

    def cut(self) -> None:
        """Pull the cable."""
        self.online = False
        if self._writer.transport is not None:
            self._writer.transport.abort()

    async def send(self, message: wire.Message) -> None:
        async with self._sending:
            self._writer.write(message.pack())
            await self._writer.drain()

    async def send_data(self, stream: Stream, data: memoryview) -> None:
        async with self._sending:
            self._writer.write(wire.pack_header(wire.WRTE, stream.local, stream.remote, len(data)))
            self._writer.write(data)
            await self._writer.drain()

    def send_soon(self, message: wire.Message) -> None:
        """Without waiting: OKAY and CLSE are small, and a write of asyncio never blocks."""
        if not self._writer.is_closing():
            self._writer.write(message.pack())

    def drop(self, stream: Stream) -> None:
        self._streams.pop(stream.local, None)

    async def _handle(self, message: wire.Message) -> None:
        if message.command == wire.CNXN:
            await self._connect()
        elif message.command == wire.AUTH:
            # A signature by an unknown key: ask again. A public key: the question stands on the screen.
            if message.arg0 != wire.AUTH_PUBLIC_KEY:
                await self._connect()
        elif message.command == wire.OPEN:
            self._open(message)
        elif message.command == wire.WRTE:
            stream = self._streams.get(message.arg1)
            if stream is not None and stream.feed(message.payload) and not self.owner.ghost:
                self.send_soon(wire.Message(wire.OKAY, stream.local, stream.remote))
        elif message.command == wire.OKAY:
            stream = self._streams.get(message.arg1)
            if stream is not None:
                stream.acknowledged()
        elif message.command == wire.CLSE:
            stream = self._streams.pop(message.arg1, None)
            if stream is not None:
                stream.closed_by_peer()
        else:
            raise wire.WireBroken(f"unexpected command {message.command:#x}")

    async def _connect(self) -> None:
        if self.owner.unauthorized:
            await self.send(wire.Message(wire.AUTH, wire.AUTH_TOKEN, 0, random.randbytes(20)))
            return
        banner = self.owner.banner().encode()
        await self.send(wire.Message(wire.CNXN, wire.VERSION, wire.MAX_PAYLOAD_BYTES, banner))
        self.online = True

    def _open(self, message: wire.Message) -> None:
        if self.owner.ghost:
            return
        name = message.payload.rstrip(b"\0").decode("utf-8", "surrogateescape")
        service = self.owner.service(name)
        if service is None:
            self.send_soon(wire.Message(wire.CLSE, 0, message.arg0))
            return
        stream = Stream(self, self._next_id, message.arg0)
        self._next_id += 1
        self._streams[stream.local] = stream
        self.send_soon(wire.Message(wire.OKAY, stream.local, stream.remote))
        task = asyncio.create_task(self._serve(stream, service), name=f"{self.owner.name} {name[:60]}")
        stream.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, stream: Stream, service: Service) -> None:
        try:
            await service(stream)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            log.debug("%s: stream ended: %s", self.owner.name, error)
        except Exception:  # a bug in one service must not take the phone's link with it
            log.exception("%s: a service failed", self.owner.name)
        finally:
            with contextlib.suppress(ConnectionError):
                await stream.close()
