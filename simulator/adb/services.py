"""What a phone answers to an OPEN of adb: shell, exec, sync, tcp, reboot and the refusals."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

from simulator.adb import sync
from simulator.adb.link import Service, Stream, StreamClosed
from simulator.phone import Phone
from simulator.shell import commands
from simulator.shell.process import Process
from simulator.shell.runner import Shell
from simulator.shell.streams import Nothing

_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN = 0, 1, 2, 3, 4
_HEADER = struct.Struct("<BI")
_DEFAULT_REBOOT_S = 5.0

commands.load()


def find(phone: Phone, name: str) -> Service | None:
    """The handler of a service, None to refuse the stream."""
    kind, _, argument = name.partition(":")
    options = kind.split(",")
    if options[0] == "shell" and "v2" in options:
        service: Service = _bound(_shell_v2, phone, argument, "pty" in options or not argument)
    elif options[0] in ("shell", "exec"):
        service = _bound(_shell, phone, argument)
    elif kind == "sync":
        service = _bound(_sync, phone)
    elif kind == "tcp":
        port = argument.partition(":")[0]
        # Nothing listens there: adbd's connect fails, the stream is refused.
        if not (phone.automation.alive and port == str(phone.automation.port)):
            return None
        service = phone.automation.serve
    elif kind == "reboot":
        service = _bound(_reboot, phone)
    elif kind in ("root", "remount", "unroot"):
        service = _saying(
            b"adbd cannot run as root in production builds\n" if kind == "root" else b"not running as root\n"
        )
    elif kind == "reverse":
        service = _bound(_reverse, argument)
    else:
        return None
    silent = phone.fault("silent", options[0]) if not _is_control(argument) else None
    return service if silent is None else _silent


def _bound(function: Callable[..., Awaitable[None]], *arguments: object) -> Service:
    async def service(stream: Stream) -> None:
        await function(stream, *arguments)

    return service


def _saying(text: bytes) -> Service:
    async def service(stream: Stream) -> None:
        await stream.write(text)

    return service


async def _silent(stream: Stream) -> None:
    """OKAY was said, nothing follows."""
    while await stream.read():
        pass
    await asyncio.get_running_loop().create_future()


def _is_control(command_line: str) -> bool:
    """`simctl` works whatever is broken: it is not the phone that answers it but the simulator."""
    return command_line.lstrip().startswith("simctl")


class _RawOut:
    """stdout and stderr in one stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def write(self, data: bytes) -> None:
        await self._stream.write(data)


class _RawIn:
    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def read(self, n: int = 65536) -> bytes:
        return await self._stream.read(n)


class _PacketOut:
    """One of the two outputs of the shell protocol."""

    def __init__(self, stream: Stream, packet_id: int) -> None:
        self._stream, self._id = stream, packet_id

    async def write(self, data: bytes) -> None:
        if data:
            await self._stream.write(_HEADER.pack(self._id, len(data)) + data)


class _PacketIn:
    """stdin of the shell protocol."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._rest = b""
        self._closed = False

    async def read(self, n: int = 65536) -> bytes:
        while not self._rest and not self._closed:
            try:
                packet_id, length = _HEADER.unpack(await self._stream.readexactly(_HEADER.size))
                data = await self._stream.readexactly(length)
            except StreamClosed:
                self._closed = True
                break
            if packet_id == _STDIN:
                self._rest = data
            elif packet_id == _CLOSE_STDIN:
                self._closed = True
        data, self._rest = self._rest[:n], self._rest[n:]
        return data


async def _run(phone: Phone, command_line: str, process: Process) -> int:
    if not _is_control(command_line):
        phone.record.event("shell", command=command_line[:300])
        if phone.fault("shell-hangs") is not None:
            await phone.hang()
    return await Shell(process).run(command_line)


async def _shell(stream: Stream, phone: Phone, command_line: str) -> None:
    out = _RawOut(stream)
    process = Process(phone, _RawIn(stream), out, out)
    if command_line:
        await _run(phone, command_line, process)
    else:
        await _interactive(phone, process)


async def _shell_v2(stream: Stream, phone: Phone, command_line: str, pty: bool) -> None:
    out = _PacketOut(stream, _STDOUT)
    process = Process(phone, _PacketIn(stream), out, out if pty else _PacketOut(stream, _STDERR))
    if command_line:
        status = await _run(phone, command_line, process)
    else:
        status = await _interactive(phone, process)
    await stream.write(_HEADER.pack(_EXIT, 1) + bytes([status & 0xFF]))


async def _interactive(phone: Phone, process: Process) -> int:
    """A shell with a prompt: lines in, output out."""
    prompt = f"{phone.system.props()['ro.product.device']}:/ $ "
    shell, status, pending = Shell(process), 0, b""
    process.stdin, source = Nothing(), process.stdin
    await process.out(prompt)
    while data := await source.read():
        pending += data.replace(b"\r", b"\n")
        while b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            text = line.decode("utf-8", "surrogateescape").strip()
            if text == "exit" or text.startswith("exit "):
                return status
            await process.out(line + b"\n")
            status = await shell.run(text) if text else status
            await process.out(prompt)
    return status


async def _sync(stream: Stream, phone: Phone) -> None:
    await sync.serve(phone, stream)


async def _reboot(stream: Stream, phone: Phone) -> None:
    phone.reboot(_DEFAULT_REBOOT_S)


async def _reverse(stream: Stream, argument: str) -> None:
    """`adb reverse` is not something a posting hub needs: the list is empty, the rest is refused."""
    if argument == "list-forward":
        await stream.write(b"0000")
    elif argument.startswith("killforward"):
        await stream.write(b"OKAY")
    else:
        message = b"simulated phones have no reverse forwarding"
        await stream.write(b"FAIL" + f"{len(message):04x}".encode() + message)
