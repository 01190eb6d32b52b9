"""The bytes of a request's body: in memory while they are few, then in a nameless file beside the library."""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

_CHECK_SPACE_EVERY_BYTES = 16 * 1024**2
#: A body stays in memory below this. Hundreds of connections may each hold so much.
MEMORY_BYTES = 32 * 1024


class NoRoom(Exception):
    """The disk that takes uploads is full."""


class Spool:
    """Collects a body. `append` never touches the disk; `flush` and `getfile` do, so they belong into a worker."""

    def __init__(self, folder: Path, min_free_bytes: int) -> None:
        self._folder = folder
        self._min_free_bytes = min_free_bytes
        self._memory = bytearray()
        self._file: BinaryIO | None = None
        self._written = 0
        self._checked_at = -_CHECK_SPACE_EVERY_BYTES

    def __len__(self) -> int:
        return self._written + len(self._memory)

    @property
    def on_disk(self) -> bool:
        """Whether `close` removes a file."""
        return self._file is not None

    @property
    def full(self) -> bool:
        """Whether `flush` must run before more is appended."""
        return len(self._memory) >= MEMORY_BYTES

    def append(self, data: bytes) -> None:
        self._memory += data

    def flush(self) -> None:
        """Write what is in memory to the file. Raises NoRoom."""
        try:
            if self._written - self._checked_at >= _CHECK_SPACE_EVERY_BYTES:
                self._checked_at = self._written
                self._folder.mkdir(parents=True, exist_ok=True)
                if shutil.disk_usage(self._folder).free < self._min_free_bytes + _CHECK_SPACE_EVERY_BYTES:
                    raise NoRoom
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - lives as long as the request
            self._file.write(self._memory)
            self._file.flush()
        except OSError as error:
            raise NoRoom from error
        self._written += len(self._memory)
        self._memory.clear()

    def getfile(self) -> BinaryIO:
        """The bytes as a file, from the start. Raises NoRoom."""
        if self._file is None:
            return io.BytesIO(self._memory)
        if self._memory:
            self.flush()
        self._file.seek(0)
        return self._file

    def forget(self) -> None:
        """Forget what is in memory: removing the file may have to wait for its turn."""
        self._memory = bytearray()

    def close(self) -> None:
        """Forget everything; idempotent."""
        if self._file is not None:
            self._file.close()
        self.forget()


class Discarded:
    """Takes the bytes of a body that is refused, and forgets them."""

    full = False

    def append(self, data: bytes) -> None:
        pass

    def getfile(self) -> BinaryIO:
        return io.BytesIO()

    def close(self) -> None:
        pass

    def __len__(self) -> int:
        return 0
