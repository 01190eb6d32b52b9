"""Screenshots that are pictures of something."""

from __future__ import annotations

import io

from PIL import Image, UnidentifiedImageError

from jobs.phone.adb import AdbPhone


def capture(phone: AdbPhone, timeout_s: float) -> bytes | None:
    """A PNG of the screen; None when there is none, or it is of one colour (U2-16)."""
    png = phone.binary("screencap", "-p", timeout_s=timeout_s)
    return png if shows_something(png) else None


def shows_something(png: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(png)) as picture:
            picture.load()
            return picture.convert("RGB").getcolors(1) is None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return False
