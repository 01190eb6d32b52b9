"""Judges a WebP image by its pixels (RFC 9649); chunks beside them and a wrong size in the header do not count."""

from __future__ import annotations

import io

from PIL import WebPImagePlugin

from jobs.media.look.exif import is_sideways
from jobs.media.look.seen import TRUNCATED, ZEROS, Seen, Unfit, damaged

#: The decoder holds several bytes per pixel at once.
_PIXELS_MAX = 30_000_000
_PICTURES = (b"VP8 ", b"VP8L")
_ANIMATED = 0x02
#: A plain surface is coded as zeros too, but as one for ten thousand pixels at most.
_ZEROS_MIN, _PIXELS_PER_ZERO = 64, 4000


def look(data: bytes, max_pixels: int) -> Seen:
    """What the image is. Raises Unfit."""
    kept, exif, animated = bytearray(), b"", False
    at = 12
    pictures = pixels = 0
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if kind == b"VP8X" or kind in _PICTURES:
            width, height = _size(kind, body)
            _refuse_size(width, height, max_pixels)
            pixels = max(pixels, width * height)
        if kind in _PICTURES or kind == b"ANMF":
            pictures += 1
            if len(body) < size:
                raise Unfit("truncated", ZEROS if body[-64:] and not any(body[-64:]) else TRUNCATED)
            if bytes(max(_ZEROS_MIN, pixels // _PIXELS_PER_ZERO)) in body:
                raise Unfit("truncated", ZEROS)
        if kind == b"EXIF":
            exif = body.removeprefix(b"Exif\0\0")
        elif kind in {b"VP8X", b"ALPH", b"ANIM", b"ANMF", *_PICTURES}:
            animated = animated or (kind == b"VP8X" and bool(body[:1]) and bool(body[0] & _ANIMATED))
            if kind == b"VP8X" and body:  # of the chunks that may follow, only those of the picture stay
                body = bytes([body[0] & 0x12]) + body[1:]
            kept += kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) & 1)
        at += 8 + size + (size & 1)
    if not pictures:
        raise Unfit("truncated", TRUNCATED)
    width, height = _decode(b"RIFF" + (len(kept) + 4).to_bytes(4, "little") + b"WEBP" + kept)
    if is_sideways(exif):
        width, height = height, width
    seen: Seen = {"container": "WEBP", "width": width, "height": height}
    if animated:
        seen["notes"] = [("animated", "is animated: only its first picture is posted")]
    return seen


def _size(kind: bytes, body: bytes) -> tuple[int, int]:
    """Width and height as the header of a picture, or of the whole, says."""
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def _refuse_size(width: int, height: int, max_pixels: int) -> None:
    most = min(max_pixels, _PIXELS_MAX)
    if width * height > most:
        text = f"has {width} x {height} pixels, of WebP images {most} are taken; save it as JPEG"
        raise Unfit("too_large", text)


def _decode(data: bytes) -> tuple[int, int]:
    try:
        with WebPImagePlugin.WebPImageFile(io.BytesIO(data)) as image:
            image.load()
            return image.size
    except (OSError, SyntaxError, ValueError) as error:
        raise damaged(str(error)) from None
