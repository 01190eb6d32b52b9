"""Screenshots that are pictures of something, and the newest one of each phone."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict

from PIL import Image, UnidentifiedImageError

from jobs.clock import Clock
from jobs.phone.adb import AdbPhone

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
    try:
        with Image.open(io.BytesIO(png)) as picture:
            picture.load()
            if picture.mode not in {"RGB", "RGBA"}:
                return picture.convert("RGB").getcolors(1) is None
            # One band after the other, without a copy of all three: the first differs in nearly every picture.
            return any(_varies(picture.getchannel(band)) for band in "RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return False


def _varies(band: Image.Image) -> bool:
    low, high = band.getextrema()
    return low != high
