"""Snapshots: the whole state as one JSON file in TinyDB's own format, with its checksum at the end."""

from __future__ import annotations

from binascii import crc32
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

#: Records encoded at a time: short enough that no other thread waits noticeably for the interpreter.
CHUNK_RECORDS = 50

_HEAD = "_file"
_END = b',\n"_end":{"1":'

#: Tables of the file itself, beside those of the records.
OWN_TABLES = (_HEAD, "_end")


class Unreadable(Exception):
    """The file is not a whole snapshot; the message says why."""


class Head(msgspec.Struct, frozen=True):
    """What a snapshot says about itself: `seq` is the last change it contains."""

    schema: int
    seq: int
    next_ids: dict[str, int] = {}


class End(msgspec.Struct, frozen=True):
    """Checksum and length of everything before the end mark."""

    crc32: str
    bytes: int


class Snapshot(msgspec.Struct):
    """A snapshot as read; the tables are still JSON text."""

    head: Head
    tables: dict[str, msgspec.Raw]


def chunks(head: Head, tables: Mapping[str, Mapping[int, Any]]) -> Iterator[bytes]:
    """The file's bytes, piece by piece. The mappings must not change meanwhile."""
    encode = msgspec.json.Encoder().encode
    checksum = size = 0
    for piece in _body(head, tables, encode):
        checksum = crc32(piece, checksum)
        size += len(piece)
        yield piece
    yield b"%b%b}}\n" % (_END, encode(End(f"{checksum:08x}", size)))


def _body(head: Head, tables: Mapping[str, Mapping[int, Any]], encode: Any) -> Iterator[bytes]:
    yield b'{"%b":{"1":%b}' % (_HEAD.encode(), encode(head))
    for name, records in tables.items():
        yield b",\n%b:{" % encode(name)
        separator = b"\n"
        pieces: list[bytes] = []
        for doc_id, record in records.items():
            pieces.append(b'%b"%d":%b' % (separator, doc_id, encode(record)))
            separator = b",\n"
            if len(pieces) == CHUNK_RECORDS:
                yield b"".join(pieces)
                pieces.clear()
        pieces.append(b"}")
        yield b"".join(pieces)


def read(data: bytes) -> Snapshot:
    """Check and open a snapshot.

    Raises:
        Unreadable: it is empty, cut, altered, or not a snapshot.
    """
    if not data.strip(b"\0"):
        raise Unreadable("the file is empty" if not data else "the file holds only zero bytes")
    mark = data.rfind(_END)
    if mark < 0:
        raise Unreadable("the file has no end mark")
    try:
        end = msgspec.json.decode(data[mark + len(_END) : -3], type=End)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable("the end mark is damaged") from error
    if end.bytes != mark or f"{crc32(memoryview(data)[:mark]):08x}" != end.crc32 or data[-3:] != b"}}\n":
        raise Unreadable("the checksum does not match")
    try:
        tables = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        head = msgspec.json.decode(tables.pop(_HEAD), type=dict[str, Head])["1"]
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
        raise Unreadable("the header is damaged") from error
    del tables["_end"]
    return Snapshot(head, tables)
