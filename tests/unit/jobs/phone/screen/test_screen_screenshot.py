from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageFile

from jobs.phone.screen import screenshot as picture
from jobs.phone.screen.screenshot import Pictures, shows_something
from tests.support.clock import FakeClock


def png(*colours: tuple[int, int, int], mode: str = "RGB") -> bytes:
    image = Image.new(mode, (4, 4), colours[0])
    for at, colour in enumerate(colours):
        image.putpixel((at, 0), colour)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def test_U2_16_a_picture_of_one_colour_or_none_shows_nothing() -> None:
    assert shows_something(png((0, 0, 0), (255, 0, 0)))
    for empty in (
        png((0, 0, 0)),
        png((255, 255, 255)),
        b"",
        b"\x89PNG\r\n",
        b"no picture",
        png((1, 2, 3))[:40],
    ):
        assert not shows_something(empty)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def wide_png(width: int, height: int) -> bytes:
    """A real picture of zeros: few bytes on the wire, width times height in memory."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    packer = zlib.compressobj(1)
    row = bytes(1 + 3 * width)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_picture_larger_than_any_screen_is_never_decoded() -> None:
    """490 KB of PNG were 831 MB of memory."""
    png = wide_png(4000, 3001)
    decoded: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image.Image, "load", decoded.append)
        patch.setattr(ImageFile.ImageFile, "load", decoded.append)
        assert not shows_something(png)
        assert not shows_something(png[:16] + struct.pack(">II", 2**31 - 1, 2**31 - 1) + png[24:])
        assert not shows_something(png[:16] + struct.pack(">II", 0, 100) + png[24:])
    assert decoded == []
    assert not shows_something(png[:33] + bytes(picture.MAX_BYTES))


def as_format(kind: str) -> bytes:
    image = Image.new("RGB", (4, 4), (1, 2, 3))
    image.putpixel((0, 0), (255, 0, 0))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["EPS", "PDF", "GIF", "TIFF", "PPM", "WEBP", "BMP", "ICNS", "JPEG"])
def test_only_what_screencap_writes_is_opened(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow would look for a PostScript program for an EPS file."""
    data = as_format(kind)
    opened: list[object] = []
    monkeypatch.setattr(Image, "open", lambda *a, **_: opened.append(a))
    assert not shows_something(data)
    assert not shows_something(b"\x89PNG\r\n\x1a\n" + data)
    assert opened == []


def test_the_newest_picture_of_a_phone_is_kept_with_its_age() -> None:
    clock = FakeClock()
    pictures = Pictures(clock)
    assert pictures.get("A") is None
    pictures.keep("A", b"first")
    clock.advance(1.0)
    assert pictures.get("A", max_age_s=2.0) == b"first"
    clock.advance(1.5)
    assert pictures.get("A", max_age_s=2.0) is None
    pictures.keep("A", b"second")
    assert pictures.get("A", max_age_s=2.0) == pictures.get("A") == b"second"


def test_a_hundred_phones_pictures_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "KEPT_BYTES", 1000)
    pictures = Pictures(FakeClock())
    for n in range(100):
        pictures.keep(f"P{n}", bytes(300))
    assert [n for n in range(100) if pictures.get(f"P{n}")] == [97, 98, 99]
    pictures.keep("P99", bytes(5000))  # one that is too large alone is still the newest
    assert pictures.get("P99") == bytes(5000)
    assert pictures.get("P98") is None
    assert pictures._bytes == 5000
