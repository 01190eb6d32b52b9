"""Small pictures of the library's files: what they show, that they are made once, and what is said where there is none."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from jobs.hub.settings import Settings, Storage
from jobs.input.refusals import NotFound
from jobs.library.library import Library
from jobs.library.thumbnails import Thumbnails
from jobs.media.frames import Frames
from jobs.media.looker import Looker
from storage.store import Store
from tests.support.clock import FakeClock
from tests.support.http_side import MEDIA

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed here")
RED, BLUE = (200, 20, 20), (20, 20, 200)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    store = Store.open(tmp_path / "state", reserve_bytes=0)
    yield Library(Settings(storage=Storage(min_free_bytes=0)), store, FakeClock())
    store.close()


class CountingLooker(Looker):
    """The real process, and how often it was asked."""

    asked = 0

    def look(self, descriptor: int, kind: str, *, max_pixels: int, timeout_s: float) -> bytes:
        self.asked += 1
        return super().look(descriptor, kind, max_pixels=max_pixels, timeout_s=timeout_s)


@pytest.fixture
def looker() -> Iterator[CountingLooker]:
    looker = CountingLooker()
    yield looker
    looker.close()


@pytest.fixture
def thumbnails(library: Library, looker: Looker, tmp_path: Path) -> Thumbnails:
    return Thumbnails(library, tmp_path / "thumbnails", FakeClock(), looker=looker)


Add = Callable[..., int]


@pytest.fixture
def add(library: Library) -> Add:
    def add(data: bytes, name: str) -> int:
        return library.upload([data], name).view.material.id

    return add


def packed(image: Image.Image, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def halves(size: tuple[int, int] = (800, 600)) -> Image.Image:
    """Red at the left, blue at the right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image


def shown(picture: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(picture))
    assert image.format == "JPEG"
    return image.convert("RGB")


def is_near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) < 30 for a, b in zip(pixel, colour, strict=True))


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp")], ids=["jpeg", "png", "webp"]
)
def test_an_image_becomes_small_and_keeps_its_shape_and_colours(
    thumbnails: Thumbnails, add: Add, kind: str, name: str
) -> None:
    image = shown(thumbnails.get(add(packed(halves(), kind, quality=95), name)))
    assert image.size == (320, 240)
    assert is_near(image.getpixel((40, 120)), RED)
    assert is_near(image.getpixel((280, 120)), BLUE)


def test_an_image_is_turned_as_its_camera_says(thumbnails: Thumbnails, add: Add) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = shown(thumbnails.get(add(packed(halves(), "JPEG", exif=exif, quality=95), "a.jpg")))
    assert image.size == (240, 320)
    assert is_near(image.getpixel((120, 40)), RED)
    assert is_near(image.getpixel((120, 280)), BLUE)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_becomes_a_picture(thumbnails: Thumbnails, add: Add, mode: str) -> None:
    grey = Image.new("L", (400, 400), 128)
    image = Image.new("I;16", (400, 400), 128 * 256) if mode == "I;16" else grey.convert(mode)
    small = shown(thumbnails.get(add(packed(image, "PNG"), "a.png")))
    assert small.size == (320, 320)
    if mode != "1":
        assert is_near(small.getpixel((160, 160)), (128, 128, 128))


def test_what_is_transparent_is_white(thumbnails: Thumbnails, add: Add) -> None:
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    small = shown(thumbnails.get(add(packed(image, "PNG"), "a.png")))
    assert (small.size, is_near(small.getpixel((50, 50)), (255, 255, 255))) == ((100, 100), True)


def test_the_noisiest_image_still_fits_into_an_answer(thumbnails: Thumbnails, add: Add) -> None:
    noise = Image.frombytes("RGB", (320, 320), os.urandom(320 * 320 * 3))
    assert len(thumbnails.get(add(packed(noise, "PNG"), "a.png"))) <= 60_000


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "size"), [("clip.mp4", (180, 320)), ("clip.mov", (180, 320)), ("rotated.mp4", (180, 320))]
)
def test_a_video_shows_one_of_its_pictures_turned_as_a_phone_turns_it(
    thumbnails: Thumbnails, add: Add, name: str, size: tuple[int, int]
) -> None:
    image = shown(thumbnails.get(add((MEDIA / name).read_bytes(), name)))
    assert image.size == size
    assert len(image.getcolors(320 * 320) or ()) > 100, "a test pattern has many colours"


def test_without_ffmpeg_a_video_has_none_and_the_reason_is_said_until_it_is_installed(
    library: Library, add: Add, tmp_path: Path
) -> None:
    found: list[str | None] = [None]
    thumbnails = Thumbnails(library, tmp_path / "t", FakeClock(), frames=Frames(lambda: found[0]))
    number = add((MEDIA / "clip.mp4").read_bytes(), "clip.mp4")
    with pytest.raises(NotFound, match="ffmpeg, which is not installed"):
        thumbnails.get(number)
    found[0] = shutil.which("ffmpeg")
    if found[0]:
        assert thumbnails.get(number)


def test_a_program_that_makes_no_picture_is_not_asked_again_at_once(
    library: Library, add: Add, tmp_path: Path
) -> None:
    asked = []

    def find() -> str:
        asked.append(1)
        return "/bin/true"

    clock = FakeClock()
    thumbnails = Thumbnails(library, tmp_path / "t", clock, frames=Frames(find))
    number = add((MEDIA / "clip.mp4").read_bytes(), "clip.mp4")
    for _ in range(3):
        with pytest.raises(NotFound, match="could make no picture"):
            thumbnails.get(number)
    assert len(asked) == 1
    clock.advance(3600)
    with pytest.raises(NotFound, match="could make no picture"):
        thumbnails.get(number)
    assert len(asked) == 2


def test_a_program_that_hangs_is_ended(library: Library, add: Add, tmp_path: Path) -> None:
    hangs = tmp_path / "ffmpeg"
    hangs.write_text("#!/bin/sh\nexec sleep 60\n")
    hangs.chmod(0o755)
    number = add((MEDIA / "clip.mp4").read_bytes(), "clip.mp4")
    library.reload(Settings(media=library.settings.media.__class__(probe_timeout_s=1)))
    thumbnails = Thumbnails(library, tmp_path / "t", FakeClock(), frames=Frames(lambda: str(hangs)))
    with pytest.raises(NotFound, match="made no picture within 1 s"):
        thumbnails.get(number)


def test_a_picture_is_made_once_also_over_a_restart(
    library: Library, looker: CountingLooker, add: Add, tmp_path: Path
) -> None:
    number = add(packed(halves(), "PNG"), "a.png")
    first = Thumbnails(library, tmp_path / "t", FakeClock(), looker=looker).get(number)
    again = Thumbnails(library, tmp_path / "t", FakeClock(), looker=looker)
    assert (again.get(number), again.get(number), looker.asked) == (first, first, 1)


def test_half_a_picture_after_a_power_cut_is_made_anew(
    thumbnails: Thumbnails, looker: CountingLooker, add: Add, tmp_path: Path
) -> None:
    number = add(packed(halves(), "PNG"), "a.png")
    whole = thumbnails.get(number)
    (kept,) = (tmp_path / "thumbnails").iterdir()
    for torn in (b"", whole[:100]):
        kept.write_bytes(torn)
        assert thumbnails.get(number) == whole


def test_the_oldest_are_dropped_when_they_take_more_room_than_they_may(
    library: Library, looker: CountingLooker, add: Add, tmp_path: Path
) -> None:
    folder = tmp_path / "t"
    thumbnails = Thumbnails(library, folder, FakeClock(), looker=looker, max_bytes=20_000)
    for shade in range(0, 250, 10):
        thumbnails.get(add(packed(Image.new("RGB", (400, 400), (shade, 0, 0)), "PNG"), f"{shade}.png"))
    kept = list(folder.iterdir())
    assert 3 < len(kept) < 25
    assert sum(file.stat().st_size for file in kept) <= 20_000


def test_of_a_removed_file_nothing_is_left(
    thumbnails: Thumbnails, library: Library, add: Add, tmp_path: Path
) -> None:
    number = add(packed(halves(), "PNG"), "a.png")
    thumbnails.get(number)
    thumbnails.forget(library.get(number).material.sha256)
    assert list((tmp_path / "thumbnails").iterdir()) == []
    thumbnails.forget("0" * 64)


def test_a_file_that_is_gone_from_the_box_is_named_as_people_know_it(
    thumbnails: Thumbnails, library: Library, add: Add
) -> None:
    number = add(packed(halves(), "PNG"), "a.png")
    Path(library.get(number).material.path).unlink()
    with pytest.raises(NotFound, match=r'"a\.png" does not exist'):
        thumbnails.get(number)


def test_an_image_that_was_spoilt_on_the_disk_has_none_and_the_process_lives_on(
    thumbnails: Thumbnails, library: Library, looker: CountingLooker, add: Add
) -> None:
    number = add(packed(halves(), "PNG"), "a.png")
    Path(library.get(number).material.path).write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 500)
    with pytest.raises(NotFound, match=r'"a\.png" is damaged'):
        thumbnails.get(number)
    thumbnails.get(add(packed(halves((500, 500)), "JPEG"), "b.jpg"))
    assert looker.started == 1
