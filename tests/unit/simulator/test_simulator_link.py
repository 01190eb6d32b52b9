"""adb's device side at the level of messages: what a phone answers, waits for, and survives."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from simulator.adb import wire
from simulator.phone import Phone
from tests.unit.simulator.phonebench import make_phone


class Host:
    """The adb server's end of a link."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, command: int, arg0: int, arg1: int, payload: bytes = b"") -> None:
        self.writer.write(wire.Message(command, arg0, arg1, payload).pack())

    async def get(self, seconds: float = 5.0) -> wire.Message:
        async with asyncio.timeout(seconds):
            return await wire.read_message(self.reader)

    async def silent(self) -> bool:
        try:
            await self.get(0.1)
        except TimeoutError:
            return True
        return False

    async def connect(self) -> str:
        self.send(wire.CNXN, wire.VERSION, wire.MAX_PAYLOAD_BYTES, b"host::features=shell_v2")
        answer = await self.get()
        assert (answer.command, answer.arg1) == (wire.CNXN, wire.MAX_PAYLOAD_BYTES)
        return answer.payload.decode()

    async def open(self, name: str, local: int = 7) -> wire.Message:
        self.send(wire.OPEN, local, 0, name.encode() + b"\0")
        return await self.get()


def with_host(folder: Path, steps: Callable[[Host, Phone], Awaitable[None]]) -> None:
    async def run() -> None:
        phone = make_phone(folder)
        server = await asyncio.start_server(phone.plug.connected, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await steps(Host(reader, writer), phone)
        writer.close()
        server.close()
        phone.close()
        await asyncio.sleep(0)

    asyncio.run(run())


def test_a_phone_introduces_itself(tmp_path: Path) -> None:
    async def steps(host: Host, phone: Phone) -> None:
        banner = await host.connect()
        assert banner.startswith("device::ro.product.name=oriole;")
        assert "delayed_ack" not in banner
        assert "shell_v2,cmd,stat_v2" in banner

    with_host(tmp_path, steps)


def test_output_waits_for_each_acknowledgement_and_ends_with_a_close(tmp_path: Path) -> None:
    async def steps(host: Host, phone: Phone) -> None:
        await host.connect()
        okay = await host.open("shell:echo one; echo two")
        assert (okay.command, okay.arg1) == (wire.OKAY, 7)
        first = await host.get()
        assert (first.command, first.payload) == (wire.WRTE, b"one\n")
        assert await host.silent()
        host.send(wire.OKAY, 7, okay.arg0)
        assert (await host.get()).payload == b"two\n"
        host.send(wire.OKAY, 7, okay.arg0)
        assert (await host.get()).command == wire.CLSE

    with_host(tmp_path, steps)


@pytest.mark.parametrize(
    "name", ["tcp:9008", "tcp:80", "localabstract:minicap", "jdwp:1", "nonsense", "framebuffer:"]
)
def test_services_that_are_not_there_are_refused(tmp_path: Path, name: str) -> None:
    async def steps(host: Host, phone: Phone) -> None:
        await host.connect()
        answer = await host.open(name)
        assert (answer.command, answer.arg0, answer.arg1) == (wire.CLSE, 0, 7)

    with_host(tmp_path, steps)


def test_a_stream_closed_by_the_host_ends_its_command(tmp_path: Path) -> None:
    async def steps(host: Host, phone: Phone) -> None:
        await host.connect()
        okay = await host.open("shell:sleep 600; touch /sdcard/late")
        host.send(wire.CLSE, 7, okay.arg0)
        okay = await host.open("shell:echo next", 8)
        assert (await host.get()).payload == b"next\n"
        assert not (tmp_path / "sdcard/late").exists()

    with_host(tmp_path, steps)


def test_an_unknown_key_is_asked_for_once_and_then_waits_for_a_person(tmp_path: Path) -> None:
    async def steps(host: Host, phone: Phone) -> None:
        phone.plug.unauthorized = True
        host.send(wire.CNXN, wire.VERSION, wire.MAX_PAYLOAD_BYTES, b"host::")
        assert (await host.get()).command == wire.AUTH
        host.send(wire.AUTH, 2, 0, b"signature")
        assert (await host.get()).command == wire.AUTH
        host.send(wire.AUTH, wire.AUTH_PUBLIC_KEY, 0, b"key")
        assert await host.silent()

    with_host(tmp_path, steps)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n\r\n\r\n\r\n\r\n",
        b"\0" * 24,
        wire.Message(wire.STLS, 0, 0).pack(),
        struct.pack("<6I", wire.CNXN, 0, 0, 2**31, 0, wire.CNXN ^ 0xFFFFFFFF),
        b"short",
    ],
)
def test_garbage_ends_the_link_and_nothing_else(tmp_path: Path, garbage: bytes) -> None:
    async def steps(host: Host, phone: Phone) -> None:
        host.writer.write(garbage)
        host.writer.write_eof()
        assert await host.reader.read() == b""

    with_host(tmp_path, steps)


@pytest.mark.parametrize(
    ("request_bytes", "answer"),
    [
        (b"STAT" + struct.pack("<I", 7) + b"/sdcard", b"STAT"),
        (b"LST2" + struct.pack("<I", 5) + b"/none", b"LST2\x02\0\0\0"),
        (b"WHAT" + struct.pack("<I", 1) + b"x", b"FAIL"),
        (b"STAT" + struct.pack("<I", 100_000), b"FAIL"),
        (b"SEND" + struct.pack("<I", 9) + b"/sdcard/x" + b"JUNK" + struct.pack("<I", 1) + b"x", b"FAIL"),
        (b"SEND" + struct.pack("<I", 15) + b"/sdcard/x,41471", b"FAIL"),
        (b"SEND" + struct.pack("<I", 11) + b"/sdcard,420", b"FAIL"),
    ],
)
def test_sync_answers_and_refuses(tmp_path: Path, request_bytes: bytes, answer: bytes) -> None:
    async def steps(host: Host, phone: Phone) -> None:
        await host.connect()
        okay = await host.open("sync:")
        host.send(wire.WRTE, 7, okay.arg0, request_bytes)
        while True:
            message = await host.get()
            if message.command == wire.WRTE:
                assert message.payload.startswith(answer)
                return

    with_host(tmp_path, steps)


def test_a_push_cut_off_by_the_host_leaves_no_file(tmp_path: Path) -> None:
    async def steps(host: Host, phone: Phone) -> None:
        await host.connect()
        okay = await host.open("sync:")
        head = b"SEND" + struct.pack("<I", 13) + b"/sdcard/x,420"
        host.send(wire.WRTE, 7, okay.arg0, head + b"DATA" + struct.pack("<I", 65536) + b"x" * 30_000)
        assert (await host.get()).command == wire.OKAY
        assert (tmp_path / "sdcard/x").exists()
        host.send(wire.CLSE, 7, okay.arg0)
        await host.open("shell:true", 8)
        await asyncio.sleep(0.05)
        assert not (tmp_path / "sdcard/x").exists()

    with_host(tmp_path, steps)
