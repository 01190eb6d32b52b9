"""Looks into a media file as Android's scanner does: the MP4 boxes read by hand, pictures by Pillow."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image

VIDEO_TYPES = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".3gp": "video/3gpp",
               ".webm": "video/webm", ".mkv": "video/x-matroska"}  # fmt: skip
IMAGE_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
               ".gif": "image/gif", ".heic": "image/heic"}  # fmt: skip

_CONTAINERS = {b"moov", b"trak", b"mdia"}


@dataclass(frozen=True)
class Probed:
    """What a scan found out. An unreadable file keeps its kind, with zeros."""

    kind: str  #: "video" | "image" | "" for anything else
    mime: str
    duration_ms: int = 0
    width: int = 0
    height: int = 0


def probe(path: Path, name: str) -> Probed:
    """Look into a file. Android takes the kind from the name and the rest from the content."""
    suffix = Path(name).suffix.lower()
    if suffix in VIDEO_TYPES:
        duration_ms, width, height = _movie(path) if suffix in (".mp4", ".m4v", ".mov", ".3gp") else (0, 0, 0)
        return Probed("video", VIDEO_TYPES[suffix], duration_ms, width, height)
    if suffix in IMAGE_TYPES:
        try:
            with Image.open(path) as picture:
                picture.verify()
                width, height = picture.size
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            width = height = 0
        return Probed("image", IMAGE_TYPES[suffix], 0, width, height)
    return Probed("", "application/octet-stream")


def _movie(path: Path) -> tuple[int, int, int]:
    """Duration in ms, width and height as shown; zeros when it is not a playable movie."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, 2)
            return _read_movie(file, end)
    except (OSError, struct.error, ValueError):
        return 0, 0, 0


def _read_movie(file: BinaryIO, end: int) -> tuple[int, int, int]:
    duration_ms = width = height = 0
    complete = False
    for kind, start, stop in _boxes(file, 0, end):
        if kind == b"mvhd":
            duration_ms = _movie_duration_ms(_body(file, start, stop))
        elif kind == b"tkhd":
            shown = _track_size(_body(file, start, stop))
            if shown != (0, 0):
                width, height = shown
        elif kind == b"mdat":
            complete = stop <= end
    if not complete or not width:
        return 0, 0, 0
    return duration_ms, width, height


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Every box below `moov` that matters, and the top-level ones: kind, begin and end of the body."""
    at = start
    while at + 8 <= end:
        file.seek(at)
        size, kind = struct.unpack(">I4s", file.read(8))
        body = at + 8
        if size == 1:
            size = struct.unpack(">Q", file.read(8))[0]
            body += 8
        elif size == 0:
            size = end - at
        if size < body - at:
            return
        if kind in _CONTAINERS:
            yield from _boxes(file, body, min(at + size, end))
        else:
            yield kind, body, at + size
        at += size


def _body(file: BinaryIO, start: int, stop: int) -> bytes:
    file.seek(start)
    return file.read(min(stop - start, 256))


def _movie_duration_ms(body: bytes) -> int:
    if body[0] == 1:
        scale, duration = struct.unpack(">IQ", body[20:32])
    else:
        scale, duration = struct.unpack(">II", body[12:20])
    return round(duration * 1000 / scale) if scale else 0


def _track_size(body: bytes) -> tuple[int, int]:
    offset = 88 if body[0] == 1 else 76
    matrix = struct.unpack(">9i", body[offset - 36 : offset])
    width, height = struct.unpack(">II", body[offset : offset + 8])
    size = (width >> 16, height >> 16)
    turned = matrix[0] == 0 and matrix[1] != 0
    return (size[1], size[0]) if turned else size
