"""adb's transport messages: 24 bytes of header and a payload (source: adb's protocol.txt and adb.h)."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass

CNXN = 0x4E584E43
AUTH = 0x48545541
OPEN = 0x4E45504F
OKAY = 0x59414B4F
CLSE = 0x45534C43
WRTE = 0x45545257
STLS = 0x534C5453

#: Version that skips the payload's checksum, as every adb since 2018 announces.
VERSION = 0x01000001
MAX_PAYLOAD_BYTES = 1024 * 1024
AUTH_TOKEN = 1
AUTH_PUBLIC_KEY = 3

_HEADER = struct.Struct("<6I")


class WireBroken(ConnectionError):
    """The peer sent something that is not an adb message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. For OPEN, OKAY, WRTE and CLSE `arg0` is the sender's stream id, `arg1` the receiver's."""

    command: int
    arg0: int
    arg1: int
    payload: bytes = b""

    def pack(self) -> bytes:
        return pack_header(self.command, self.arg0, self.arg1, len(self.payload)) + self.payload


def pack_header(command: int, arg0: int, arg1: int, length: int, checksum: int = 0) -> bytes:
    return _HEADER.pack(command, arg0, arg1, length, checksum, command ^ 0xFFFFFFFF)


async def read_message(reader: asyncio.StreamReader) -> Message:
    """The next message. Raises asyncio.IncompleteReadError at the end of the stream, WireBroken on nonsense."""
    command, arg0, arg1, length, _, magic = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    if magic != command ^ 0xFFFFFFFF or length > MAX_PAYLOAD_BYTES:
        raise WireBroken(f"not an adb message: command {command:#x}, length {length}")
    payload = await reader.readexactly(length) if length else b""
    return Message(command, arg0, arg1, payload)
