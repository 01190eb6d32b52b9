"""The journal: one checksummed line per acknowledged change, appended and made durable before anyone is answered."""

from __future__ import annotations

from binascii import crc32
from collections.abc import Iterator
from enum import Enum

import msgspec

from storage.engine.files import UNREADABLE

#: Checksum in hexadecimal, a space, the JSON payload, a line feed.
_PREFIX_BYTES = 9


class Entry(msgspec.Struct, frozen=True):
    """One line of the journal.

    `batch` is the number of the first entry of the group that shared one fsync. An entry that comes after a damaged
    one and belongs to a later group proves that the damaged one had been acknowledged; one of the same group does not.
    """

    seq: int
    batch: int
    put: dict[str, dict[int, msgspec.Raw]] = {}
    gone: dict[str, list[int]] = {}
    dropped: list[str] = []
    schema: int | None = None  #: only in the first entry of a file, which changes nothing


class Tail(Enum):
    """What follows the last good entry of a journal."""

    CLEAN = "clean"  #: nothing
    TORN = "torn"  #: the rest of a write that was never acknowledged
    DAMAGED = "damaged"  #: acknowledged entries that cannot be read


class Scan(msgspec.Struct):
    """A journal as read: its good entries (a gap-free run), where they end, and what follows."""

    entries: list[Entry]
    good_bytes: int
    used_bytes: int  #: without the room at the end
    tail: Tail
    schema: int
    later: list[Entry]  #: readable entries behind the damage; they are not applied


_decoder = msgspec.json.Decoder(Entry)


def line(payload: bytes) -> bytes:
    """The payload as a line of the journal."""
    return b"%08x %b\n" % (crc32(payload), payload)


def header(schema: int) -> bytes:
    """First line of a journal."""
    return line(msgspec.json.encode({"seq": 0, "batch": 0, "schema": schema}))


def scan(data: bytes, after: int) -> Scan:
    """Read a journal whose first change must be number `after` + 1; zero bytes at its end are room not yet used."""
    data = data.rstrip(b"\0")
    entries: list[Entry] = []
    later: list[Entry] = []
    good = 0
    schema = 0
    expected = after + 1
    broken = mismatch = False
    for end, entry in _lines(data):
        if entry is None:
            broken = True
        elif broken:
            later.append(entry)
        elif good == 0 and entry.schema is not None:
            schema = entry.schema
            good = end
        elif good and entry.seq == expected and entry.schema is None:
            entries.append(entry)
            expected += 1
            good = end
        else:
            broken = mismatch = True  # whole, but not the one that must come here
            later.append(entry)
    if good == 0:
        tail = Tail.DAMAGED  # the first line was durable before the file got its name
    elif good == len(data):
        tail = Tail.CLEAN
    elif mismatch or any(entry.batch > expected for entry in later):
        tail = Tail.DAMAGED
    elif data.find(UNREADABLE, good) >= 0:
        tail = Tail.DAMAGED  # acknowledged or not: what stood there was written, and cannot be told any more
    else:
        tail = Tail.TORN
    return Scan(entries, good, len(data), tail, schema, later)


def _lines(data: bytes) -> Iterator[tuple[int, Entry | None]]:
    """Each line's end and its entry, None where it cannot be read."""
    start = 0
    size = len(data)
    while start < size:
        end = data.find(b"\n", start)
        if end < 0:
            yield size, None
            return
        yield end + 1, _read(data[start:end])
        start = end + 1


def _read(text: bytes) -> Entry | None:
    payload = text[_PREFIX_BYTES:]
    if text[:_PREFIX_BYTES] != b"%08x " % crc32(payload):
        return None
    try:
        return _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
