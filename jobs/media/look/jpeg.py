"""Judges a JPEG image by its pixels; what else lies in the file (ISO/IEC 10918-1) neither helps nor hurts."""

from __future__ import annotations

import hashlib
import io
import re
from typing import NamedTuple

from PIL import Image, JpegImagePlugin

from jobs.media.look.exif import is_sideways
from jobs.media.look.seen import TRUNCATED, ZEROS, Seen, Unfit, damaged, zeros_from

#: Start of frame: 0xC0 baseline, 0xC1 extended, 0xC2 progressive.
_FRAMES = {0xC0, 0xC1, 0xC2}
_ODD_FRAMES = {
    0xC3: "lossless", 0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical", 0xC9: "arithmetic-coded",
    0xCA: "arithmetic-coded", 0xCB: "arithmetic-coded", 0xCD: "hierarchical", 0xCE: "hierarchical",
    0xCF: "hierarchical", 0xF7: "lossless",
}  # fmt: skip
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
#: Every scan of a progressive image costs a walk over all of it; real ones have about ten.
_SCANS_MAX = 100
#: A progressive image is held as coefficients, two bytes each, until its last scan.
_COEFFICIENTS_MAX_BYTES = 300 * 1024**2
#: No encoder writes this many zeros, unless zeros stand for a plain surface.
_ZEROS_MAX = 512
_ZEROS = b"\0" * _ZEROS_MAX
#: What a decoder that runs out of data may read ahead.
_AHEAD = b"\0" * 32
#: Data that decode into anything but what was there before.
_JUNK = b"\x5a\xc3\x69\x96" * 64
_SCAN_END = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)


class _Frame(NamedTuple):
    progressive: bool
    width: int
    height: int
    components: dict[int, tuple[int, int]]  #: sampling factors by the component's number


class _Parts(NamedTuple):
    """A JPEG file taken apart: what makes its pixels, and what was left out but matters."""

    pixels: bytes  #: up to the end of the last scan, without EOI
    frame: _Frame
    ended: bool  #: whether EOI follows
    scans: int
    whole: bool  #: whether the scans give every coefficient in full
    hole: bool  #: whether a scan holds zeros that stand for nothing
    exif: bytes


def look(data: bytes, max_pixels: int) -> Seen:
    """What the image is. Raises Unfit."""
    parts = _take_apart(data)
    frame = parts.frame
    if frame.width * frame.height > max_pixels:
        raise Unfit(
            "too_large",
            f"has {frame.width} x {frame.height} pixels, {max_pixels} are taken (media.max_pixels)",
        )
    if frame.progressive and _coefficient_bytes(frame) > _COEFFICIENTS_MAX_BYTES:
        raise Unfit(
            "too_large", "is a progressive JPEG too large to be looked into; save it as a baseline JPEG"
        )
    if parts.scans > _SCANS_MAX:
        raise damaged(f"it has more than {_SCANS_MAX} scans")
    cut = zeros_from(parts.pixels)
    zeros = len(parts.pixels) - cut
    if parts.ended:
        whole = not parts.hole and _is_whole(parts.pixels, frame, ended=True)
    else:
        whole = parts.whole and _is_whole(parts.pixels[:cut], frame, ended=False)
    if not whole:
        raise Unfit("truncated", ZEROS if zeros >= _ZEROS_MAX or parts.hole else TRUNCATED)
    width, height = frame.width, frame.height
    if is_sideways(parts.exif):
        width, height = height, width
    return {"container": "JPEG", "width": width, "height": height}


def _take_apart(data: bytes) -> _Parts:
    kept = bytearray(_SOI)
    frame: _Frame | None = None
    exif, scans, hole, ended = b"", 0, False, False
    missing: dict[int, list[int]] = {}  #: bits still missing of each coefficient, by component
    flat: dict[int, bool] = {}  #: by Huffman table: whether zeros stand for "nothing changes"
    at = 2
    while at + 1 < len(data):
        if data[at] != 0xFF:  # bytes between segments are skipped, as decoders do
            at = data.find(b"\xff", at)
            if at < 0:
                break
        marker = data[at + 1] if at + 1 < len(data) else 0xFF
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            ended = True
            break
        if marker in {0x00, 0x01, 0xD8} or 0xD0 <= marker <= 0xD7:
            at += 2
            continue
        size = int.from_bytes(data[at + 2 : at + 4])
        body = data[at + 4 : at + 2 + size]
        if size < 2 or len(body) < size - 2:
            break
        if marker in _ODD_FRAMES:
            raise Unfit("unreadable", f"is a JPEG of a kind phones cannot show ({_ODD_FRAMES[marker]})")
        if marker in _FRAMES:
            frame = _read_frame(marker, body)
            missing = {number: [16] * 64 for number in frame.components}
        elif marker == 0xE1 and body.startswith(b"Exif\0") and not exif:
            exif = body[6:]
        elif marker == 0xC4:
            flat |= _flat_tables(body)
        if _matters(marker, body):
            kept += data[at : at + 2 + size]
        at += 2 + size
        if marker == 0xDA:
            scans += 1
            found = _SCAN_END.search(data, at)
            end = found.start() if found else len(data)
            scan = data[at:end]
            hole = hole or (_ZEROS in scan and not _may_be_zeros(body, flat))
            kept += scan
            if frame is not None:
                _count_bits(missing, frame, body)
            at = end
    if frame is None or not scans:
        raise Unfit("truncated", TRUNCATED) if not ended else damaged("it holds no picture")
    whole = not any(max(bits) for bits in missing.values())
    return _Parts(bytes(kept), frame, ended, scans, whole, hole, exif)


def _matters(marker: int, body: bytes) -> bool:
    """Whether a segment has a say in the pixels: of those for applications JFIF and Adobe, which name the colours."""
    if marker == 0xE0:
        return body.startswith(b"JFIF\0") and len(body) >= 14
    if marker == 0xEE:
        return body.startswith(b"Adobe") and len(body) >= 12
    return not 0xE0 <= marker <= 0xEF and marker != 0xFE


def _read_frame(marker: int, body: bytes) -> _Frame:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        raise damaged("its header is too short")
    if body[0] != 8:
        raise Unfit("unreadable", f"is a JPEG with {body[0]} bits per colour, which phones cannot show")
    height, width = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
    if not width or not height:
        raise damaged("its header says no size")
    components = {
        body[at]: (body[at + 1] >> 4 or 1, body[at + 1] & 15 or 1) for at in range(6, 6 + 3 * body[5], 3)
    }
    return _Frame(marker == 0xC2, width, height, components)


def _flat_tables(body: bytes) -> dict[int, bool]:
    """For each Huffman table: whether its code of zeros alone means "no change" or "end of block"."""
    found = {}
    at = 0
    while at + 17 <= len(body):
        count = sum(body[at + 1 : at + 17])
        found[body[at]] = body[at + 17 : at + 18] == b"\0"
        at += 17 + count
    return found


def _may_be_zeros(body: bytes, flat: dict[int, bool]) -> bool:
    """Whether long zeros stand for a plain surface in the scan with this header."""
    count = body[0] if body else 0
    if len(body) < 4 + 2 * count:
        return True
    first, last, refines = body[1 + 2 * count], body[2 + 2 * count], body[3 + 2 * count] >> 4
    if refines and not first:
        return True  # one more bit of each block's mean, without any code
    used = []
    for tables in body[2 : 2 + 2 * count : 2]:
        used += [tables >> 4] if first == 0 else []
        used += [0x10 | tables & 15] if last else []
    return all(flat.get(table, True) for table in used)


def _count_bits(missing: dict[int, list[int]], frame: _Frame, body: bytes) -> None:
    """Which coefficients a scan completes: those it gives down to bit `low`."""
    count = body[0] if body else 0
    if len(body) < 4 + 2 * count:
        return
    first, last, low = body[1 + 2 * count], body[2 + 2 * count], body[3 + 2 * count] & 15
    if not frame.progressive:
        first, last, low = 0, 63, 0
    for number in body[1 : 1 + 2 * count : 2]:
        if number in missing:
            for place in range(first, min(last, 63) + 1):
                missing[number][place] = low


def _coefficient_bytes(frame: _Frame) -> int:
    most_x = max(x for x, _ in frame.components.values())
    most_y = max(y for _, y in frame.components.values())
    pixels = frame.width * frame.height
    return sum(2 * pixels * x * y // (most_x * most_y) for x, y in frame.components.values())


def _is_whole(pixels: bytes, frame: _Frame, *, ended: bool) -> bool:
    """Whether the data give every pixel. Raises Unfit when they cannot be decoded."""
    if not frame.progressive:
        image = _decode(pixels + _AHEAD)
        last = image.crop((0, image.height - 1, image.width, image.height))
        if any(low or high for low, high in _extrema(last)):
            return True
        if image.mode == "YCbCr":
            return False  # never written: this mode has no pixel of zeros alone
        ended = False  # black, or white on paper, or never written
    # A decoder fills what is missing with what was there before. With junk behind the data it fills it with the junk.
    if ended:
        _decode(pixels + _EOI)
        return True
    # At half the size, as smaller ones leave out the fine details, which the last scans bring.
    return _digest(_decode(pixels + _EOI, scale=2)) == _digest(_decode(pixels + _JUNK + _EOI, scale=2))


def _digest(image: Image.Image) -> bytes:
    return hashlib.sha256(image.tobytes()).digest()


def _extrema(image: Image.Image) -> tuple[tuple[int, int], ...]:
    found = image.getextrema()
    return found if isinstance(found[0], tuple) else (found,)  # type: ignore[return-value]


def _decode(pixels: bytes, *, scale: int = 8) -> Image.Image:
    """The image at an eighth of its size, or what `scale` says; where data run out, zeros. Raises Unfit."""
    try:
        return _load(pixels, scale, "YCbCr")
    except Unfit:
        return _load(pixels, scale, None)  # kept as RGB in the file, which cannot become YCbCr


def _load(pixels: bytes, scale: int, mode: str | None) -> Image.Image:
    file = io.BytesIO(pixels)
    try:
        with JpegImagePlugin.JpegImageFile(file) as image:
            if image.mode in {"RGB", "L"}:
                size = (max(1, image.width // scale), max(1, image.height // scale))
                image.draft(mode if image.mode == "RGB" else "L", size)
            # The library's own reader would end the data with an EOI, after which it takes all for decoded.
            image.load_read = file.read  # type: ignore[method-assign, assignment]
            try:
                image.load()
            except OSError as error:
                if "truncated" not in str(error):
                    raise
                image.tile = []  # what came is what there is
            return image.copy()
    except (OSError, SyntaxError, ValueError) as error:
        raise damaged(str(error)) from None


def set_up() -> None:
    """Let the library take any size: it was judged before."""
    Image.MAX_IMAGE_PIXELS = None
