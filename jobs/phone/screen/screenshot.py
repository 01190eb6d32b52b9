"""Screenshots that are pictures of something, and the newest one of each phone."""

from __future__ import annotations

import io
import struct
import threading
from collections import OrderedDict

from PIL import Image, UnidentifiedImageError

from jobs.hub.clock import Clock
from jobs.phone.adb.client import AdbPhone

#: The largest screens have 8.3 million pixels (2160 x 3840); their screenshots have up to 20 MB.
MAX_PIXELS = 12_000_000
MAX_BYTES = 24 * 1024 * 1024
_HEAD = struct.Struct(">8sI4sII")
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
    """Whether it is a PNG of bounded size with more than one colour; judged by its head before anything is decoded."""
    if not _is_bounded_png(png):
        return False
    try:
        # One at a time: a hundred phones that fail in the same moment must not hold a hundred decoded pictures.
        with _ONE_DECODED, Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
            picture.load()
            if picture.mode not in {"RGB", "RGBA"}:
                return picture.convert("RGB").getcolors(1) is None
            # One band after the other, without a copy of all three: the first differs in nearly every picture.
            return any(_varies(picture.getchannel(band)) for band in "RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return False


def _is_bounded_png(png: bytes) -> bool:
    """By the signature and the header chunk, which every PNG begins with (W3C PNG, 5.2 and 11.2.1)."""
    if len(png) > MAX_BYTES or len(png) < _HEAD.size:
        return False
    signature, length, kind, width, height = _HEAD.unpack_from(png)
    if (signature, length, kind) != (b"\x89PNG\r\n\x1a\n", 13, b"IHDR"):
        return False
    return bool(0 < width * height <= MAX_PIXELS)


def _varies(band: Image.Image) -> bool:
    low, high = band.getextrema()
    return low != high
