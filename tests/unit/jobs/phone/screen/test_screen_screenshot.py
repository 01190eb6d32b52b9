from __future__ import annotations

import io
import random
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
        patch.setattr(zlib, "decompressobj", decoded.append)
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


def drawn(rows: list[list[tuple[int, ...]]], filters: list[int], channels: int) -> bytes:
    """A PNG of these pixels, each row under the filter given for it (W3C PNG, 9.2)."""
    width, body, above = len(rows[0]), b"", bytes(channels * len(rows[0]))
    for row, kind in zip(rows, filters, strict=True):
        line = bytes(value for pixel in row for value in pixel)
        body += bytes([kind])
        for at, value in enumerate(line):
            left = line[at - channels] if at >= channels else 0
            corner = above[at - channels] if at >= channels else 0
            guess = left + above[at] - corner
            nearest = min((left, above[at], corner), key=lambda other: abs(guess - other))
            expected = (0, left, above[at], (left + above[at]) // 2, nearest)[kind]
            body += bytes([(value - expected) % 256])
        above = line
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 2 if channels == 3 else 6, 0, 0, 0))
    packed = zlib.compress(body)
    half = len(packed) // 2
    data = chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", packed[:half]) + chunk(b"IDAT", packed[half:])
    return b"\x89PNG\r\n\x1a\n" + head + data + chunk(b"IEND", b"")


def by_pillow(png: bytes) -> bool:
    with Image.open(io.BytesIO(png)) as image:
        return image.convert("RGB").getcolors(1) is None


@st.composite
def pictures(draw: st.DrawFn) -> bytes:
    """Pictures of one colour, most of them with one pixel that differs, perhaps only in how transparent it is."""
    channels = draw(st.sampled_from([3, 4]))
    width, height = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    colour = st.tuples(*[st.sampled_from([0, 1, 127, 128, 254, 255]) | st.integers(0, 255)] * channels)
    rows = [[draw(colour)] * width] * height
    if draw(st.integers(0, 3)):
        rows = [row.copy() for row in rows]
        rows[draw(st.integers(0, height - 1))][draw(st.integers(0, width - 1))] = (
            draw(colour) if draw(st.booleans()) else (*rows[0][0][:3], *draw(colour)[3:])
        )
    filters = draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))
    return drawn(rows, filters, channels)


@given(pictures())
@settings(deadline=None, max_examples=400)
def test_U2_16_what_shows_something_is_judged_as_a_whole_decoding_would(png: bytes) -> None:
    assert shows_something(png) is by_pillow(png)


@given(pictures(), st.data())
@settings(deadline=None)
def test_a_picture_with_a_damaged_byte_or_without_its_end_shows_nothing(
    png: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(png) - 1))
    assert not shows_something(png[:at])
    assert not shows_something(png[:at] + bytes([png[at] ^ 0x10]) + png[at + 1 :])


def test_rows_that_are_missing_or_of_no_filter_show_nothing() -> None:
    def one(body: bytes) -> bytes:
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
        return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")

    assert shows_something(one(bytes(7) + b"\0" + b"abcdef"))
    assert not shows_something(one(bytes(7)))
    assert not shows_something(one(b"\5" + b"abcdef" + bytes(7)))


@pytest.mark.parametrize("mode", ["P", "L", "1", "I;16", "LA"])
def test_a_png_of_another_kind_is_decoded(mode: str) -> None:
    def one(*values: int) -> bytes:
        image = Image.new("L", (2, 1))
        image.putdata(values)
        out = io.BytesIO()
        image.convert(mode).save(out, "PNG")
        return out.getvalue()

    assert shows_something(one(0, 255))
    assert not shows_something(one(0, 0))


def test_a_large_picture_is_not_unpacked_beyond_its_first_other_colour() -> None:
    """A decoded screen has 10 MB, and a hundred phones may send one in the same moment."""
    rng = random.Random(1)
    rows = [bytes(1 + 4 * 1440)] * 100 + [b"\0" + rng.randbytes(4 * 1440) for _ in range(1500)]
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1440, len(rows), 8, 6, 0, 0, 0))
    png = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"".join(rows), 1)) + chunk(b"IEND", b"")
    black = b"\x89PNG\r\n\x1a\n" + head
    black += chunk(b"IDAT", zlib.compress(bytes((1 + 4 * 1440) * len(rows)))) + chunk(b"IEND", b"")
    for picture_of, shown in ((png, True), (black, False)):
        tracemalloc.start()
        try:
            assert shows_something(picture_of) is shown
            assert tracemalloc.get_traced_memory()[1] < 500_000
        finally:
            tracemalloc.stop()
