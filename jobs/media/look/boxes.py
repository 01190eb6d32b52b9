"""Boxes of ISO base media files (ISO/IEC 14496-12), which MP4, MOV and M4V are."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from jobs.media.look.seen import Source

#: A file has a few boxes, with a fragment per frame a few hundred thousand.
_BOXES_MAX = 1_000_000


class Box(NamedTuple):
    """A box of a file: its kind, where it begins, where its content begins and ends, which may lie beyond the file."""

    kind: bytes
    start: int
    body: int
    end: int


def top_boxes(source: Source) -> Iterator[Box]:
    """The boxes of the file one after the other; ends at the first bytes that begin none."""
    at = 0
    for _ in range(_BOXES_MAX):
        head = source.read(at, 16)
        if len(head) < 8:
            return
        size, kind, body = int.from_bytes(head[:4]), head[4:8], at + 8
        if size == 1:
            if len(head) < 16:
                return
            size, body = int.from_bytes(head[8:16]), at + 16
        elif size == 0 and kind != b"\0\0\0\0":
            size = source.size - at
        if at + size < body or not is_kind(kind):
            return
        yield Box(kind, at, body, at + size)
        at += size


def is_kind(kind: bytes) -> bool:
    """Whether these four bytes can name a box: letters, digits, blanks, and the © of QuickTime."""
    return all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind)


def children(data: memoryview, at: int = 0) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and content of the boxes in a box's content from `at` on. One that reaches too far ends with its parent."""
    while at + 8 <= len(data):
        size, kind, body = int.from_bytes(data[at : at + 4]), bytes(data[at + 4 : at + 8]), at + 8
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16]), at + 16
        elif size == 0:
            size = len(data) - at
        if at + size < body:
            return
        yield kind, data[body : at + size]
        at += size


def child(data: memoryview, *path: bytes) -> memoryview:
    """The content of the first box on this path; empty when there is none."""
    for kind in path:
        data = next((body for found, body in children(data) if found == kind), memoryview(b""))
    return data


def number(data: memoryview, at: int, size: int = 4) -> int:
    """A big-endian number; 0 beyond the end."""
    return int.from_bytes(data[at : at + size])


def numbers(data: memoryview, at: int, count: int, size: int = 4) -> array[int]:
    """Big-endian numbers of 4 or 8 bytes; fewer where the data end."""
    found = array("I" if size == 4 else "Q")
    whole = min(count, max(0, len(data) - at) // size)
    found.frombytes(data[at : at + whole * size])
    if sys.byteorder == "little":
        found.byteswap()
    return found
