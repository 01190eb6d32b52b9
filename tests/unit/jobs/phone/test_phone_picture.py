from __future__ import annotations

import io

import pytest
from PIL import Image

from jobs.phone import picture
from jobs.phone.picture import Pictures, shows_something
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
