"""What the commands of the phone's shell read from and write to."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from simulator.android.files import PhoneFiles


class Out(Protocol):
    """Where output goes."""

    async def write(self, data: bytes) -> None: ...


class In(Protocol):
    """Where input comes from; b"" at its end."""

    async def read(self, n: int = 65536) -> bytes: ...


class Nothing:
    """/dev/null, both ways."""

    async def write(self, data: bytes) -> None:
        return

    async def read(self, n: int = 65536) -> bytes:
        return b""


class Buffer:
    """Output kept in memory; read back as input."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)

    async def write(self, data: bytes) -> None:
        self.data += data

    async def read(self, n: int = 65536) -> bytes:
        chunk = bytes(self.data[:n])
        del self.data[:n]
        return chunk


class FileOut:
    """Output into a file of the phone."""

    def __init__(self, files: PhoneFiles, path: Path, *, append: bool) -> None:
        self._files = files
        self._file = path.open("ab" if append else "wb")

    async def write(self, data: bytes) -> None:
        self._files.take_space(len(data))
        self._file.write(data)

    def close(self) -> None:
        self._file.close()
