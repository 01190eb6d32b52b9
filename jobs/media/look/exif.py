"""The orientation in EXIF data; anything odd there means: as it is."""

from __future__ import annotations

_ORIENTATION = 0x0112
#: Types in which cameras write it: SHORT and LONG.
_SIZES = {3: 2, 4: 4}


def is_sideways(tiff: bytes) -> bool:
    """Whether an image with this EXIF data, a TIFF file, is shown turned by 90 or 270 degrees."""
    return orientation(tiff) >= 5


def orientation(tiff: bytes) -> int:
    """How an image with this EXIF data, a TIFF file, is shown, 1 to 8 as EXIF counts; 1 is as it is stored."""
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(tiff[:4])
    if order is None:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if order == "little" else "big")

    start = number(4, 4)
    for at in range(start + 2, start + 2 + 12 * number(start, 2), 12):
        if at + 12 > len(tiff):
            return 1
        if number(at, 2) == _ORIENTATION:
            size = _SIZES.get(number(at + 2, 2))
            found = 0 if size is None or number(at + 4, 4) != 1 else number(at + 8, size)
            return found if 1 <= found <= 8 else 1
    return 1
