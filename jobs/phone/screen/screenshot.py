"""Screenshots that are pictures of something, and the newest one of each phone."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping

from jobs.hub.clock import Clock
from jobs.phone.adb.client import AdbPhone

#: The largest screens have 8.3 million pixels (2160 x 3840); their screenshots have up to 20 MB.
MAX_PIXELS = 12_000_000
MAX_BYTES = 24 * 1024 * 1024
#: No screen is longer; a row is held in memory.
MAX_SIDE = 16_384
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">8sI4sIIBBBBB")
_CHUNK = struct.Struct(">I4s")
_CHUNK_FRAME = 12  #: length, kind and checksum
_BITS = 8
_CHANNELS = {2: 3, 6: 4}  #: colour types that `screencap` writes: red, green, blue, and perhaps transparency
_COLOURS = 3
_PIECE_BYTES = 32 * 1024
_ONE_DECODED = threading.Lock()

#: All kept pictures together; one is 0.1 to 3 MB, and a hub may have a hundred phones.
KEPT_BYTES = 32 * 1024 * 1024


class Pictures:
    """The newest picture of each phone; the oldest go when together they are too large."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    def keep(self, serial: str, picture: bytes) -> None:
        with self._lock:
            self._drop(serial)
            self._kept[serial] = (self._clock.monotonic(), picture)
            self._bytes += len(picture)
            while self._bytes > KEPT_BYTES and len(self._kept) > 1:
                self._drop(next(iter(self._kept)))

    def _drop(self, serial: str) -> None:
        _, picture = self._kept.pop(serial, (0.0, b""))
        self._bytes -= len(picture)

    def get(self, serial: str, max_age_s: float | None = None) -> bytes | None:
        with self._lock:
            taken_at, picture = self._kept.get(serial, (0.0, b""))
        if not picture or (max_age_s is not None and self._clock.monotonic() - taken_at > max_age_s):
            return None
        return picture


def capture(phone: AdbPhone, timeout_s: float) -> bytes | None:
    """A PNG of the screen; None when there is none, or it is of one colour (U2-16)."""
    png = phone.binary("screencap", "-p", timeout_s=timeout_s)
    return png if shows_something(png) else None


def shows_something(png: bytes) -> bool:
    """Whether it is a whole PNG of bounded size with more than one colour, transparency aside.

    It is unpacked row by row up to the first other colour, which nearly every screen has at its top: a whole picture
    would take 10 MB for each phone. Only what `screencap` never writes (palettes, 16 bits, interlacing) is decoded by
    Pillow.
    """
    head = _head_of(png)
    packed = _packed_rows(png)
    if head is None or not packed:
        return False
    width, height, depth, colour_type, interlaced = head
    if depth != _BITS or colour_type not in _CHANNELS or interlaced:
        return _decoded_varies(png)
    try:
        return _varies(_rows(packed, 1 + width * _CHANNELS[colour_type], height), _CHANNELS[colour_type])
    except (zlib.error, ValueError):
        return False


def _head_of(png: bytes) -> tuple[int, int, int, int, int] | None:
    """Width, height, bits, colour type and interlacing by the header chunk, which every PNG begins with (W3C PNG, 5.2
    and 11.2.1); None when it is none, or one beyond all bounds.
    """
    if len(png) > MAX_BYTES or len(png) < _HEAD.size:
        return None
    signature, length, kind, width, height, depth, colour_type, _, _, interlaced = _HEAD.unpack_from(png)
    if (signature, length, kind) != (_SIGNATURE, 13, b"IHDR"):
        return None
    if not 0 < width * height <= MAX_PIXELS or max(width, height) > MAX_SIDE:
        return None
    return width, height, depth, colour_type, interlaced


def _packed_rows(png: bytes) -> list[memoryview]:
    """The packed picture, chunk by chunk; empty when a chunk is damaged or the end is missing."""
    whole = memoryview(png)
    packed: list[memoryview] = []
    at = len(_SIGNATURE)
    while at + _CHUNK_FRAME <= len(png):
        length, kind = _CHUNK.unpack_from(png, at)
        end = at + _CHUNK_FRAME + length
        if end > len(png) or zlib.crc32(whole[at + 4 : end - 4]) != int.from_bytes(
            whole[end - 4 : end], "big"
        ):
            return []
        if kind == b"IEND":
            return packed
        if kind == b"IDAT":
            packed.append(whole[at + _CHUNK.size : end - 4])
        at = end
    return []


def _rows(packed: Iterable[memoryview], stride: int, count: int) -> Iterator[bytes]:
    """Each row as it was filtered, its filter before it. Raises zlib.error, and ValueError when some are missing."""
    unpacker = zlib.decompressobj()
    held = b""
    for chunk in packed:
        for start in range(0, len(chunk), _PIECE_BYTES):
            piece: bytes | memoryview = chunk[start : start + _PIECE_BYTES]
            while True:
                held += unpacker.decompress(piece, max(stride, _PIECE_BYTES))
                piece = unpacker.unconsumed_tail
                at = 0
                while len(held) - at >= stride and count:
                    yield held[at : at + stride]
                    at += stride
                    count -= 1
                held = held[at:]
                if not count:
                    return
                if not piece:
                    break
    raise ValueError("rows are missing")


def _varies(rows: Iterable[bytes], channels: int) -> bool:
    """Whether not all of them are what a picture of the first pixel's colour alone would be (W3C PNG, 9.2).

    Raises ValueError for a filter that PNG does not have.
    """
    plain: Mapping[int, bytes] | None = None
    below: Mapping[int, bytes] = {}
    for row in rows:
        if plain is None:
            plain, below = _plain_rows(row[1 : 1 + channels], (len(row) - 1) // channels)
        if row[0] not in plain:
            raise ValueError(f"no filter: {row[0]}")
        expected = plain[row[0]]
        if row[1:] != expected and any(
            row[1 + band :: channels] != expected[band::channels] for band in range(_COLOURS)
        ):
            return True
        plain = below
    return False


def _plain_rows(pixel: bytes, width: int) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """What the first row and all others look like under each filter where every pixel is this one.

    A filter writes each byte less what the pixels to the left and above let expect; none count as 0.
    """
    nothing = bytes(len(pixel))
    half = bytes(value - value // 2 for value in pixel)
    unfiltered, zeros = pixel * width, nothing * width
    left = pixel + nothing * (width - 1)
    first = {0: unfiltered, 1: left, 2: unfiltered, 3: pixel + half * (width - 1), 4: left}
    others = {0: unfiltered, 1: left, 2: zeros, 3: half + nothing * (width - 1), 4: zeros}
    return first, others


def _decoded_varies(png: bytes) -> bool:
    from PIL import Image, UnidentifiedImageError  # rarely wanted, and 5 MB

    try:
        # One at a time: a hundred phones that fail in the same moment must not hold a hundred decoded pictures.
        with _ONE_DECODED, Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
            return picture.convert("RGB").getcolors(1) is None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return False
