"""Judges a PNG image by its pixels: the chunks that make them must be whole, all others do not count (W3C PNG)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from jobs.media.look.exif import is_sideways
from jobs.media.look.seen import TRUNCATED, ZEROS, Seen, Unfit, damaged

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Allowed bit depths and samples per pixel by colour type.
_COLOURS = {0: ((1, 2, 4, 8, 16), 1), 2: ((8, 16), 3), 3: ((1, 2, 4, 8), 1), 4: ((8, 16), 2), 6: ((8, 16), 4)}
#: First column and row, and the steps between them, of the seven passes of an interlaced image.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_STEP_BYTES = 1 << 18


class _Header(NamedTuple):
    width: int
    height: int
    pixel_bits: int
    palette: bool
    passes: tuple[tuple[int, int], ...]  #: bytes of a row with its filter, and number of rows


def look(data: bytes, max_pixels: int) -> Seen:
    """What the image is. Raises Unfit."""
    header: _Header | None = None
    parts: list[memoryview] = []
    palette = animated = sideways = doubtful = False
    for kind, body, sound in _chunks(data):
        if header is None:
            header = _read_header(kind, body, sound)
            if header.width * header.height > max_pixels:
                size = f"{header.width} x {header.height}"
                raise Unfit("too_large", f"has {size} pixels, {max_pixels} are taken (media.max_pixels)")
            continue
        if kind == b"IEND":
            break
        if not sound and kind == b"PLTE":
            raise damaged("the checksum of its palette is wrong")
        doubtful = doubtful or not sound
        if kind == b"IDAT":
            parts.append(body)
        palette = palette or kind == b"PLTE"
        animated = animated or kind == b"acTL"
        sideways = sideways or (kind == b"eXIf" and is_sideways(bytes(body)))
    if header is None or not parts:
        raise Unfit("truncated", TRUNCATED)
    if header.palette and not palette:
        raise damaged("it has no palette")
    zeros = not any(data[-64:])
    _inflate(parts, header, zeros=zeros)
    if doubtful and not _is_packed_well(parts):
        raise Unfit("truncated", ZEROS) if zeros else damaged("the checksums of its pixels are wrong")
    width, height = (header.height, header.width) if sideways else (header.width, header.height)
    seen: Seen = {"container": "PNG", "width": width, "height": height}
    if animated:
        seen["notes"] = [("animated", "is animated: only its first picture is posted")]
    return seen


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, bool]]:
    """Kind, content, and whether the checksum is right. The last one may be cut: its checksum then counts as right."""
    view = memoryview(data)
    at = len(_SIGNATURE)
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body = view[at + 8 : at + 8 + size]
        checksum = data[at + 8 + size : at + 12 + size]
        # Only what makes the pixels is worth the time; and a checksum that is missing says nothing.
        checked = kind in {b"IHDR", b"IDAT", b"PLTE"} and len(checksum) == 4
        yield kind, body, not checked or zlib.crc32(body, zlib.crc32(kind)) == int.from_bytes(checksum)
        at += 12 + size


def _read_header(kind: bytes, body: memoryview, sound: bool) -> _Header:
    if kind == b"CgBI":
        raise Unfit("unreadable", "is a PNG made for iOS apps, which other phones cannot show")
    if kind != b"IHDR" or len(body) != 13 or not sound:
        raise damaged("its header is wrong")
    width, height = int.from_bytes(body[:4]), int.from_bytes(body[4:8])
    depth, colour, compression, filters, interlaced = body[8:13]
    depths, samples = _COLOURS.get(colour, ((), 0))
    if not width or not height or depth not in depths or compression or filters or interlaced > 1:
        raise damaged("its header is wrong")
    bits = depth * samples
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    sizes = ((-(-(width - x) // step_x), -(-(height - y) // step_y)) for x, y, step_x, step_y in passes)
    rows = tuple(
        (1 + (columns * bits + 7) // 8, count) for columns, count in sizes if columns > 0 and count > 0
    )
    return _Header(width, height, bits, colour == 3, rows)


def _inflate(parts: list[memoryview], header: _Header, *, zeros: bool) -> None:
    """Unpack all pixels, holding few of them. Raises Unfit when some are missing."""
    wanted = sum(row_bytes * rows for row_bytes, rows in header.passes)
    filters = _Filters(header.passes)
    first = b"".join(bytes(part[:2]) for part in parts[:2])[:2]
    if len(first) == 2 and (first[0] & 15 != 8 or int.from_bytes(first) % 31):
        raise damaged("its pixels are not compressed as they must be")
    # Without zlib's own header and checksum: once all pixels are there, readers do not mind a wrong one.
    inflate = zlib.decompressobj(-15)
    skip = 2
    for part in parts:
        for at in range(0, len(part), _STEP_BYTES):
            piece = part[at : at + _STEP_BYTES]
            piece, skip = piece[skip:], max(0, skip - len(piece))
            while len(piece) and not inflate.eof and wanted > filters.taken:
                try:
                    pixels = inflate.decompress(piece, _STEP_BYTES)
                except zlib.error:
                    raise (
                        Unfit("truncated", ZEROS) if zeros else damaged("its pixels cannot be unpacked")
                    ) from None
                filters.check(pixels)
                piece = memoryview(inflate.unconsumed_tail)
    while wanted > filters.taken and not inflate.eof and (pixels := inflate.decompress(b"", _STEP_BYTES)):
        filters.check(pixels)
    if wanted > filters.taken:
        raise Unfit("truncated", ZEROS if zeros else TRUNCATED)


def _is_packed_well(parts: list[memoryview]) -> bool:
    """Whether zlib's own checksum says that the pixels are right, where that of the PNG does not."""
    inflate = zlib.decompressobj()
    try:
        for part in parts:
            piece = bytes(part)
            while piece and not inflate.eof:
                inflate.decompress(piece, _STEP_BYTES)
                piece = inflate.unconsumed_tail
    except zlib.error:
        return False
    return inflate.eof


class _Filters:
    """Checks the filter byte with which each row begins, as the rows come."""

    def __init__(self, passes: tuple[tuple[int, int], ...]) -> None:
        self._passes = list(passes)
        self._at = 0  #: where in its pass the next byte lies
        self.taken = 0

    def check(self, pixels: bytes) -> None:
        self.taken += len(pixels)
        start = 0
        while self._passes and start < len(pixels):
            row_bytes, rows = self._passes[0]
            end = min(len(pixels), start + row_bytes * rows - self._at)
            first = start + -self._at % row_bytes
            if first < end and max(pixels[first:end:row_bytes]) > 4:
                raise damaged("its pixels are not what they should be")
            self._at += end - start
            start = end
            if self._at == row_bytes * rows:
                self._passes.pop(0)
                self._at = 0
