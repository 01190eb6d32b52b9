"""Refuses tar files that no backup of ours is: links, devices, holes, sizes that contradict each other, endless names."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import IO

REGULAR = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE})
_MAX_NAME_HEADER_BYTES = 64 * 1024  #: of what tar writes before a file with a long name
_BLOCK = 512


class Hostile(ValueError):
    """What no backup of ours holds; the message says what."""


def check_headers(path: Path) -> None:
    """Walk the raw headers before `tarfile` does: it reads names of any length into memory, and follows sizes anywhere.

    Raises:
        Hostile: something no backup of ours holds.
        tarfile.HeaderError: it is no tar file, or damaged.
    """
    with path.open("rb") as file:
        _walk(file)


def _walk(file: IO[bytes]) -> None:
    while block := file.read(_BLOCK):
        if not block.strip(b"\0"):
            return
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if info.size < 0:
            raise Hostile("it names a size below zero")
        if info.type == tarfile.XHDTYPE:
            if info.size > _MAX_NAME_HEADER_BYTES:
                raise Hostile("it holds a name of many thousand letters")
            more = file.read(info.size)
            if b" size=" in more or b"GNU.sparse" in more:
                raise Hostile("it gives a file two sizes")
            file.seek(-info.size % _BLOCK, 1)
            continue
        if info.type not in REGULAR:
            raise Hostile(
                f"{info.name[:100]!r} is not a regular file but a link, a folder, a device or the like"
            )
        file.seek(info.size + -info.size % _BLOCK, 1)
