"""The on-phone automation server: a process of the phone's shell that speaks HTTP on tcp:9008."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any, Protocol

from simulator.adb.link import Stream, StreamClosed
from simulator.automation.gestures import RpcError, RpcPhone
from simulator.automation.rpc import Rpc, cost_s
from simulator.record import Record

#: NanoHTTPD closes a connection after this many silent seconds (SOCKET_READ_TIMEOUT).
_IDLE_S = 5.0
_MAX_BODY_BYTES = 64 * 1024 * 1024


class _NoReplyError(Exception):
    """The connection ends without an answer."""


class ServerPhone(RpcPhone, Protocol):
    """What the server needs of the phone beyond its methods."""

    record: Record

    def scaled(self, seconds: float) -> float: ...
    def reply_lost(self) -> bool: ...
    async def hang(self) -> None: ...


class AutomationServer:
    """At most one process of it lives on a phone, like the real one's hold on UiAutomation."""

    def __init__(self, phone: ServerPhone) -> None:
        self._phone = phone
        self._rpc: Rpc | None = None
        self._streams: set[Stream] = set()
        self._died: asyncio.Event | None = None
        self.port = 0
        self.launches = 0

    @property
    def alive(self) -> bool:
        return self._rpc is not None

    async def process(self, port: int) -> None:
        """Be the process: listen until killed or cancelled. Raises RuntimeError when another holds UiAutomation."""
        if self.alive:
            raise RuntimeError("already registered")
        self.port, self._rpc = port, Rpc(self._phone)
        self._died = asyncio.Event()
        self.launches += 1
        self._phone.record.event("automation-start")
        try:
            await self._died.wait()
        finally:
            self._rpc, self._died = None, None
            self._phone.record.event("automation-end")
            for stream in list(self._streams):
                stream.abort()

    def die(self) -> None:
        """Killed by Android: the process is gone at once, its connections with it."""
        if self._died is not None:
            self._rpc = None
            self._died.set()
            for stream in list(self._streams):
                stream.abort()

    async def serve(self, stream: Stream) -> None:
        """One HTTP connection, kept alive as the real server keeps it."""
        self._streams.add(stream)
        try:
            while self.alive and await self._request(stream):
                pass
        except (_NoReplyError, StreamClosed, TimeoutError):
            pass
        finally:
            self._streams.discard(stream)

    async def _request(self, stream: Stream) -> bool:
        """Answer one request; False when the connection ends."""
        try:
            async with asyncio.timeout(_IDLE_S):
                first = (await stream.readline()).decode("latin-1").split()
                headers = await _headers(stream)
        except asyncio.IncompleteReadError:
            return False
        if len(first) < 3:
            await _respond(stream, "400 Bad Request", b"BAD REQUEST: Syntax error.", keep=False)
            return False
        method, path = first[0], first[1].partition("?")[0]
        length = int(headers.get("content-length", "0") or 0)
        body = await stream.readexactly(min(length, _MAX_BODY_BYTES)) if length else b""
        keep = headers.get("connection", "").lower() != "close" and first[2] != "HTTP/1.0"
        if path == "/ping":
            await _respond(stream, "200 OK", b"pong", keep=keep)
        elif path == "/jsonrpc/0" and method == "POST":
            await self._jsonrpc(stream, body, keep=keep)
        elif path == "/screenshot/0":
            picture = await self._phone.picture("PNG", 100, 1.0)
            await _respond(stream, "200 OK", picture, kind="image/png", keep=keep)
        elif path == "/stop":
            await _respond(stream, "200 OK", b"Server stopped!!!", keep=False)
            self.die()
            return False
        else:
            await _respond(stream, "404 Not Found", b"Not Found!!!", keep=keep)
        return keep

    async def _jsonrpc(self, stream: Stream, body: bytes, *, keep: bool) -> None:
        phone = self._phone
        try:
            request = json.loads(body)
            method = str(request["method"])
        except (ValueError, KeyError, TypeError):
            await self._answer(stream, None, {"code": -32700, "message": "JSON parse error"}, keep=keep)
            return
        await self._before(method)
        delay = phone.scaled(cost_s(method))
        phone.record.event("rpc", method=method, seconds=delay)
        if delay:
            await asyncio.sleep(delay)
        rpc = self._rpc
        if rpc is None:
            raise _NoReplyError
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": request.get("id")}
        try:
            answer["result"] = await rpc.call(method, request.get("params"))
        except RpcError as error:
            answer["error"] = {"code": error.code, "message": error.message, "data": error.data}
        if phone.reply_lost():
            phone.record.event("reply-lost", method=method)
            await phone.hang()
        await self._after(stream, method, answer, keep=keep)

    async def _before(self, method: str) -> None:
        """Faults that strike before the call has an effect."""
        phone = self._phone
        if phone.fault("automation-dies", method) is not None:
            self.die()
            raise _NoReplyError
        if phone.fault("automation-hangs", method) is not None:
            await phone.hang()

    async def _after(self, stream: Stream, method: str, answer: dict[str, Any], *, keep: bool) -> None:
        """Faults that strike after the call did its work, then the answer."""
        phone = self._phone
        if phone.fault("http-500", method) is not None:
            await _respond(stream, "500 Internal Server Error", b"Internal Server Error!!!", keep=False)
            raise _NoReplyError
        if phone.fault("no-reply", method) is not None:
            raise _NoReplyError
        data = json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if phone.fault("bad-json", method) is not None:
            data = data[: len(data) // 2] + b"\x00}"
        if phone.fault("truncated-body", method) is not None:
            head = _head("200 OK", "application/json", len(data), keep=False)
            await stream.write(head + data[: random.randrange(len(data))])
            raise _NoReplyError
        await _respond(stream, "200 OK", data, kind="application/json", keep=keep)

    async def _answer(self, stream: Stream, request_id: Any, error: dict[str, Any], *, keep: bool) -> None:
        data = json.dumps({"jsonrpc": "2.0", "id": request_id, "error": error}).encode()
        await _respond(stream, "200 OK", data, kind="application/json", keep=keep)


async def _headers(stream: Stream) -> dict[str, str]:
    found: dict[str, str] = {}
    while line := (await stream.readline()).decode("latin-1").strip():
        name, _, value = line.partition(":")
        found[name.strip().lower()] = value.strip()
        if len(found) > 100:
            raise StreamClosed("too many headers")
    return found


def _head(status: str, kind: str, length: int, *, keep: bool) -> bytes:
    return (
        f"HTTP/1.1 {status} \r\nContent-Type: {kind}\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        f"Connection: {'keep-alive' if keep else 'close'}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


async def _respond(stream: Stream, status: str, body: bytes, *, kind: str = "text/html", keep: bool) -> None:
    await stream.write(_head(status, kind, len(body), keep=keep) + body)
