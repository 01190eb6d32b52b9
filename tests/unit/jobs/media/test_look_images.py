"""Images are judged by their pixels: odd data beside them do not matter, missing pixels do (MED-1 to MED-8)."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, PngImagePlugin

from jobs.hub.settings import Media
from jobs.media.limits import judge
from jobs.media.paths import MediaRejected
from jobs.media.probe import MediaFacts, MediaProbe
from tests.support.mp4_files import box

EOI = b"\xff\xd9"


@pytest.fixture(scope="module")
def probe() -> MediaProbe:
    return MediaProbe(20)


@pytest.fixture
def look(probe: MediaProbe, tmp_path: Path) -> Callable[..., MediaFacts]:
    def look(data: bytes) -> MediaFacts:
        ending = {b"\xff": "jpg", b"\x89": "png", b"R": "webp"}[data[:1]]
        path = tmp_path / f"image.{ending}"
        path.write_bytes(data)
        return probe.look(path)

    return look


@pytest.fixture
def refusal(look: Callable[..., MediaFacts], tmp_path: Path) -> Callable[[bytes], tuple[str, str]]:
    """Code and sentence with which an image is refused."""

    def refusal(data: bytes) -> tuple[str, str]:
        with pytest.raises(MediaRejected) as raised:
            look(data)
        assert str(tmp_path) not in str(raised.value)
        return raised.value.code, str(raised.value)

    return refusal


def picture(mode: str = "RGB", size: tuple[int, int] = (160, 240)) -> Image.Image:
    """Something with detail everywhere, as a photo has."""
    noise = Image.effect_noise(size, 60)
    ramp = Image.linear_gradient("L").resize(size)
    colour = Image.merge("RGB", (ramp, ImageChops.add(noise, ramp, 2), noise))
    return colour.convert(mode)


def saved(kind: str = "JPEG", mode: str = "RGB", image: Image.Image | None = None, **how: Any) -> bytes:
    file = io.BytesIO()
    (image or picture(mode)).save(file, kind, **how)
    return file.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body


def with_segments(data: bytes, *segments: bytes) -> bytes:
    return data[:2] + b"".join(segments) + data[2:]


def tiff(kind: int, value: bytes, *, tag: int = 0x0112, count: int = 1, order: str = "<") -> bytes:
    head = b"II*\0" if order == "<" else b"MM\0*"
    return head + struct.pack(order + "IHHHI", 8, 1, tag, kind, count) + value.ljust(4, b"\0") + bytes(4)


def exif(*entries: bytes) -> bytes:
    return segment(0xE1, b"Exif\0\0" + b"".join(entries))


def half_plain(size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, "white")
    image.paste(picture(size=(size[0], size[1] // 2)))
    return image


JPEG = saved()
PROGRESSIVE = saved(progressive=True)

# Cases are made when they are asked for: every worker of the tests imports this module, one runs it.
SOUND_JPEGS: dict[str, Callable[[], bytes]] = {
    "plain": lambda: JPEG,
    "progressive": lambda: PROGRESSIVE,
    "optimised": lambda: saved(optimize=True),
    "best quality": lambda: saved(quality=100, subsampling=0),
    "restart markers": lambda: saved(restart_marker_blocks=3),
    "grey": lambda: saved(mode="L"),
    "grey, black at the end": lambda: saved(image=Image.new("L", (160, 240))),
    "black": lambda: saved(image=Image.new("RGB", (160, 240))),
    "white, optimised: zeros mean white": lambda: saved(image=Image.new("RGB", (1600, 2400), "white"), optimize=True),
    "white, optimised, progressive": lambda: saved(image=Image.new("RGB", (1600, 2400), "white"), optimize=True, progressive=True),
    "half of it plain": lambda: saved(image=half_plain((2400, 3600)), optimize=True),
    "half of it plain, progressive": lambda: saved(image=half_plain((2400, 3600)), progressive=True),
    "CMYK": lambda: saved(mode="CMYK"),
    "CMYK, black": lambda: saved(image=Image.new("CMYK", (160, 240), (0, 0, 0, 255))),
    "CMYK, white": lambda: saved(image=Image.new("CMYK", (160, 240))),
    "kept as RGB": lambda: saved(keep_rgb=True),
    "kept as RGB, black": lambda: saved(keep_rgb=True, image=Image.new("RGB", (160, 240))),
    "MED-4: no end mark": lambda: JPEG[:-2],
    "MED-4: half an end mark": lambda: JPEG[:-1],
    "MED-4: progressive without end mark": lambda: PROGRESSIVE[:-2],
    "MED-4: grey without end mark": lambda: saved(mode="L")[:-2],
    "MED-4: restart markers without end mark": lambda: saved(restart_marker_blocks=3)[:-2],
    "no end mark, zeros behind": lambda: JPEG[:-2] + bytes(5000),
    "text behind": lambda: JPEG + b"trailing text" * 99,
    "zeros behind": lambda: JPEG + bytes(9000),
    "a second image behind": lambda: JPEG + JPEG,
    "a video behind": lambda: JPEG + box(b"ftyp", b"isom") + box(b"mdat", bytes(9000)),
    "a thumbnail within": lambda: with_segments(JPEG, segment(0xE1, b"Exif\0\0" + tiff(3, b"\1\0") + JPEG)),
    "an index of more images": lambda: with_segments(JPEG, segment(0xE2, b"MPF\0" + b"MM\0*" + b"\xff" * 60)),
    "a profile of nonsense": lambda: with_segments(JPEG, segment(0xE2, b"ICC_PROFILE\0\1\1" + b"\xff" * 900)),
    "half a profile": lambda: with_segments(JPEG, segment(0xE2, b"ICC_PROFILE\0\2\7" + b"x" * 90)),
    "an odd JFIF": lambda: with_segments(JPEG, segment(0xE0, b"JFIF\0\xff")),
    "a segment of Photoshop": lambda: with_segments(JPEG, segment(0xED, b"Photoshop 3.0\0" + b"8BIM\4" * 20)),
    "a comment in no known coding": lambda: with_segments(JPEG, segment(0xFE, b"\xff\xfe\x80" * 30)),
    "many large segments": lambda: with_segments(JPEG, *[segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"x" * 60_000)] * 30),
    "fill bytes between segments": lambda: JPEG[:2] + b"\xff\xff\xff" + JPEG[2:],
    "nonsense between segments": lambda: JPEG[:20] + b"\0\0\0" + JPEG[20:],
    "MED-2: orientation as a byte": lambda: with_segments(JPEG, exif(tiff(1, b"\6"))),
    "MED-2: orientation as text": lambda: with_segments(JPEG, exif(tiff(2, b"6\0"))),
    "MED-2: orientation as a fraction over zero": lambda: with_segments(JPEG, exif(tiff(5, b"\xff\xff\xff\x7f"))),
    "orientation of no meaning": lambda: with_segments(JPEG, exif(tiff(3, b"\x63\0"))),
    "many orientations": lambda: with_segments(JPEG, exif(tiff(3, b"\6\0", count=999))),
    "an entry that points far away": lambda: with_segments(JPEG, exif(tiff(2, b"\xff\xff\xff\xff", tag=0x010E, count=2**31))),
    "a directory that is not there": lambda: with_segments(JPEG, exif(b"II*\0\xff\xff\xff\xff")),
    "EXIF of nothing": lambda: with_segments(JPEG, exif()),
    "EXIF of no known order": lambda: with_segments(JPEG, exif(b"XX*\0" + bytes(60))),
}  # fmt: skip


@pytest.mark.parametrize("case", SOUND_JPEGS)
def test_MED_2_MED_4_a_jpeg_whose_pixels_are_all_there_is_accepted(
    look: Callable[..., MediaFacts], case: str
) -> None:
    facts = look(SOUND_JPEGS[case]())
    assert (facts.width * 3, facts.notes) == (facts.height * 2, ())


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [3, 4])
@pytest.mark.parametrize("value", range(1, 9))
def test_orientations_are_heeded(look: Callable[..., MediaFacts], order: str, kind: int, value: int) -> None:
    packed = struct.pack(order + ("H" if kind == 3 else "I"), value)
    facts = look(with_segments(JPEG, exif(tiff(kind, packed, order=order))))
    assert (facts.width, facts.height) == ((240, 160) if value >= 5 else (160, 240))


def zeroed(data: bytes, begin: float, end: float = 1.0) -> bytes:
    start, stop = int(len(data) * begin), int(len(data) * end)
    return data[:start] + bytes(stop - start) + data[stop:]


LARGE = saved(image=picture(size=(480, 720)))
LARGE_PROGRESSIVE = saved(image=picture(size=(480, 720)), progressive=True)
LARGE_GREY = saved(image=picture("L", (480, 720)))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (LARGE[: len(LARGE) // 2], "cut off"),
        (LARGE[: len(LARGE) // 2] + EOI, "cut off"),
        (LARGE[: len(LARGE) * 9 // 10], "cut off"),
        (LARGE[:300], "cut off"),
        (LARGE[:2], "something else"),
        (LARGE_PROGRESSIVE[: len(LARGE_PROGRESSIVE) // 2], "cut off"),
        (LARGE_PROGRESSIVE[: len(LARGE_PROGRESSIVE) * 9 // 10], "cut off"),
        (LARGE_GREY[: len(LARGE_GREY) // 2], "cut off"),
        (LARGE_GREY[: len(LARGE_GREY) // 2] + EOI, "cut off"),
        (saved(mode="CMYK")[:9000], "cut off"),
        (saved(mode="CMYK")[:9000] + EOI, "cut off"),
        (saved(keep_rgb=True)[:9000], "cut off"),
        (saved(keep_rgb=True)[:9000] + EOI, "cut off"),
        (zeroed(LARGE, 0.5), "zeros"),
        (zeroed(LARGE, 0.9), "zeros"),
        (zeroed(LARGE, 0.5) + EOI, "zeros"),
        (zeroed(LARGE, 0.4, 0.6), "zeros"),
        (zeroed(LARGE_PROGRESSIVE, 0.5), "zeros"),
        (zeroed(LARGE_PROGRESSIVE, 0.4, 0.6), "zeros"),
        (zeroed(LARGE_GREY, 0.5), "zeros"),
        (zeroed(saved(image=picture(size=(480, 720)), optimize=True), 0.5), "zeros"),
    ],
)  # fmt: skip
def test_MED_8_a_jpeg_that_lacks_pixels_is_refused(
    refusal: Callable[[bytes], tuple[str, str]], data: bytes, says: str
) -> None:
    code, sentence = refusal(data)
    assert (code, says in sentence) == ("content_mismatch" if "else" in says else "truncated", True), sentence


def test_a_progressive_jpeg_that_ends_between_two_scans_is_cut_off(
    refusal: Callable[[bytes], tuple[str, str]],
) -> None:
    last_scan = LARGE_PROGRESSIVE.rindex(b"\xff\xda")
    assert refusal(LARGE_PROGRESSIVE[:last_scan])[0] == "truncated"


@pytest.mark.parametrize("whole", [LARGE, LARGE_PROGRESSIVE, LARGE_GREY])
def test_a_jpeg_whose_tables_are_nonsense_is_refused(
    refusal: Callable[[bytes], tuple[str, str]], whole: bytes
) -> None:
    at = whole.index(b"\xff\xc4") + 4
    code, _ = refusal(whole[:at] + b"\xff" * 17 + whole[at + 17 :])
    assert code in {"unreadable", "truncated"}


@pytest.mark.parametrize(
    ("marker", "says"), [(0xC3, "lossless"), (0xC9, "arithmetic-coded"), (0xC5, "hierarchical")]
)
def test_jpegs_that_phones_cannot_show_are_named(
    refusal: Callable[[bytes], tuple[str, str]], marker: int, says: str
) -> None:
    code, sentence = refusal(JPEG.replace(b"\xff\xc0", bytes([0xFF, marker]), 1))
    assert (code, says in sentence) == ("unreadable", True)


def test_a_jpeg_of_12_bits_is_named(refusal: Callable[[bytes], tuple[str, str]]) -> None:
    assert "12 bits per colour" in refusal(JPEG.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c", 1))[1]


def test_a_jpeg_with_hundreds_of_scans_is_refused_without_being_unpacked(
    refusal: Callable[[bytes], tuple[str, str]],
) -> None:
    at = LARGE_PROGRESSIVE.rindex(b"\xff\xda")
    scan = LARGE_PROGRESSIVE[at:-2]
    assert "more than 100 scans" in refusal(LARGE_PROGRESSIVE[:at] + scan * 120 + EOI)[1]


def test_MED_5_two_hundred_megapixels_are_accepted(look: Callable[..., MediaFacts]) -> None:
    tile = saved(image=Image.new("RGB", (16_320, 12_240), (90, 120, 200)), quality=30)
    facts = look(tile)
    assert (facts.width, facts.height) == (16_320, 12_240)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_MED_5_more_pixels_than_are_taken_are_refused_with_the_limit_and_its_key(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"big.{kind.lower()}"
    path.write_bytes(saved(kind, image=Image.new("L", (1200, 1000))))
    with pytest.raises(
        MediaRejected, match=r"1200 x 1000 pixels, 1000000 are taken \(media.max_pixels\)"
    ) as raised:
        MediaProbe(20, max_pixels=1_000_000).look(path)
    assert raised.value.code == "too_large"


def test_a_progressive_jpeg_that_would_fill_the_memory_is_refused_before(
    refusal: Callable[[bytes], tuple[str, str]],
) -> None:
    at = PROGRESSIVE.index(b"\xff\xc2")
    huge = PROGRESSIVE[: at + 5] + struct.pack(">HH", 15_000, 15_000) + PROGRESSIVE[at + 9 :]
    code, sentence = refusal(huge)
    assert (code, "baseline" in sentence) == ("too_large", True)


# --- PNG


def chunk(kind: bytes, body: bytes, *, crc: int | None = None) -> bytes:
    right = zlib.crc32(kind + body)
    return len(body).to_bytes(4) + kind + body + (right if crc is None else crc).to_bytes(4)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


PNG = saved("PNG")
SIGNATURE = PNG[:8]
HEADER = PNG[8:33]
PIXELS = b"".join(body for kind, body in chunks(PNG) if kind == b"IDAT")
END = chunk(b"IEND", b"")


def png(*between: bytes, pixels: bytes = PIXELS, end: bytes = END, header: bytes = HEADER) -> bytes:
    return SIGNATURE + header + b"".join(between) + chunk(b"IDAT", pixels) + end


def header(width: int, height: int, depth: int, colour: int, interlaced: int = 0, **more: Any) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced), **more)


def interlaced(width: int, height: int) -> bytes:
    """An interlaced grey image: seven passes, each row with its filter byte."""
    passes = (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    )
    rows = b""
    for number, (x, y, step_x, step_y) in enumerate(passes):
        columns, count = len(range(x, width, step_x)), len(range(y, height, step_y))
        if columns:
            rows += (bytes([number % 5]) + bytes(range(columns))) * count
    return SIGNATURE + header(width, height, 8, 0, 1) + chunk(b"IDAT", zlib.compress(rows)) + END


FLAT_PNG = saved("PNG", image=Image.linear_gradient("L").resize((400, 600)).convert("RGB"))


def text_of(size: int) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("workflow", "x" * size, zip=True)
    return saved("PNG", pnginfo=info)


SOUND_PNGS: dict[str, Callable[[], bytes]] = {
    "plain": lambda: PNG,
    "MED-1: packed text over 1 MiB": lambda: text_of(3 << 20),
    "MED-1: packed text of 60 MiB": lambda: text_of(60 << 20),
    "MED-1: many texts": lambda: png(*[chunk(b"tEXt", b"k\0" + b"x" * 500_000)] * 8),
    "MED-1: packed text of nonsense": lambda: png(chunk(b"zTXt", b"k\0\0nonsense"), chunk(b"iTXt", b"\xff" * 99)),
    "MED-3: wrong checksum of a text": lambda: png(chunk(b"tEXt", b"k\0v", crc=1)),
    "MED-3: wrong checksums of others": lambda: png(chunk(b"gAMA", b"\0\0\0\1", crc=1), chunk(b"eXIf", b"x", crc=0)),
    "MED-3: wrong checksum at the end": lambda: png(end=chunk(b"IEND", b"", crc=7)),
    "MED-4: no end": lambda: png(end=b""),
    "MED-4: half an end": lambda: png(end=END[:6]),
    "the last checksum is missing": lambda: png(end=b"")[:-4],
    "text behind": lambda: PNG + b"trailing" * 99,
    "zeros behind": lambda: PNG + bytes(900),
    "a profile of nonsense": lambda: png(chunk(b"iCCP", b"name\0\0nonsense")),
    "chunks nobody knows": lambda: png(chunk(b"abCd", b"x" * 90), chunk(b"vpAg", bytes(9))),
    "pixels in many chunks": lambda: SIGNATURE + HEADER + b"".join(chunk(b"IDAT", PIXELS[at : at + 99]) for at in range(0, len(PIXELS), 99)) + END,
    "an empty chunk of pixels": lambda: SIGNATURE + HEADER + chunk(b"IDAT", b"") + chunk(b"IDAT", PIXELS) + END,
    "wrong checksum of the chunk, right one of the pixels": lambda: SIGNATURE + HEADER + chunk(b"IDAT", PIXELS, crc=1) + END,
    "wrong checksum of the packed data": lambda: png(pixels=PIXELS[:-4] + b"\0\0\0\0"),
    "missing checksum of the packed data": lambda: png(pixels=PIXELS[:-4]),
    "more pixels than needed": lambda: png(pixels=zlib.compress(zlib.decompress(PIXELS) + bytes(5000))),
    "grey": lambda: saved("PNG", "L"),
    "black and white": lambda: saved("PNG", "1"),
    "palette": lambda: saved("PNG", "P"),
    "16 bits": lambda: saved("PNG", image=picture("L").convert("I;16")),
    "see-through": lambda: saved("PNG", "RGBA"),
    "grey and see-through": lambda: saved("PNG", "LA"),
    "interlaced": lambda: interlaced(160, 240),
}  # fmt: skip


@pytest.mark.parametrize("case", SOUND_PNGS)
def test_MED_1_MED_3_a_png_whose_pixels_are_all_there_is_accepted(
    look: Callable[..., MediaFacts], case: str
) -> None:
    facts = look(SOUND_PNGS[case]())
    assert (facts.width, facts.height) == (160, 240)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 1), (1, 9), (7, 7), (33, 31)])
def test_interlaced_images_of_any_size_are_accepted(
    look: Callable[..., MediaFacts], refusal: Callable[[bytes], tuple[str, str]], size: tuple[int, int]
) -> None:
    whole = interlaced(*size)
    assert look(whole).width == size[0]
    rows = zlib.decompress(next(body for kind, body in chunks(whole) if kind == b"IDAT"))
    cut = SIGNATURE + header(*size, 8, 0, 1) + chunk(b"IDAT", zlib.compress(rows[:-1])) + END
    assert refusal(cut)[0] == "truncated"


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (PNG[: len(PNG) // 2], "truncated", "cut off"),
        (PNG[:-40], "truncated", "cut off"),
        (PNG[:40], "truncated", "cut off"),
        (zeroed(PNG, 0.5), "truncated", "zeros"),
        (zeroed(PNG, 0.9), "truncated", "zeros"),
        (zeroed(PNG, 0.4, 0.6), "unreadable", "damaged"),
        (zeroed(FLAT_PNG, 0.5), "truncated", "zeros"),
        (PNG[:900] + bytes([PNG[900] ^ 4]) + PNG[901:], "unreadable", "damaged"),
        (png(pixels=zlib.compress(zlib.decompress(PIXELS)[:-500])), "truncated", "cut off"),
        (png(pixels=b"nonsense" * 99), "unreadable", "damaged"),
        (png(pixels=zlib.compress(b"\x07" + zlib.decompress(PIXELS)[1:])), "unreadable", "damaged"),
        (png(header=header(160, 240, 8, 2, crc=1)), "unreadable", "header"),
        (png(header=header(160, 240, 3, 2)), "unreadable", "header"),
        (png(header=header(160, 240, 8, 5)), "unreadable", "header"),
        (png(header=header(0, 240, 8, 2)), "unreadable", "header"),
        (png(header=header(160, 240, 8, 3)), "unreadable", "palette"),
        (SIGNATURE + HEADER + END, "truncated", "cut off"),
        (SIGNATURE + chunk(b"CgBI", b"x") + HEADER + END, "unreadable", "iOS"),
        (SIGNATURE + HEADER + chunk(b"IDAT", PIXELS[:-4] + b"wxyz", crc=1) + END, "unreadable", "checksum"),
        (png(chunk(b"PLTE", bytes(3), crc=1), header=header(160, 240, 8, 3)), "unreadable", "palette"),
    ],
)  # fmt: skip
def test_a_png_that_lacks_pixels_is_refused(
    refusal: Callable[[bytes], tuple[str, str]], data: bytes, code: str, says: str
) -> None:
    found, sentence = refusal(data)
    assert (found, says in sentence) == (code, True), sentence


def test_a_png_that_unpacks_to_gigabytes_is_refused_by_its_size(
    refusal: Callable[[bytes], tuple[str, str]],
) -> None:
    assert refusal(png(header=header(60_000, 60_000, 8, 2)))[0] == "too_large"


def test_MED_7_an_animated_png_is_accepted_with_a_warning(look: Callable[..., MediaFacts]) -> None:
    facts = look(saved("PNG", save_all=True, append_images=[picture("RGB").rotate(90)]))
    assert [code for code, _ in facts.notes] == ["animated"]


# --- WebP


WEBP = saved("WEBP")
LOSSLESS = saved("WEBP", lossless=True)
ANIMATED = saved("WEBP", save_all=True, append_images=[picture().rotate(180)])


def resized(data: bytes, size: int) -> bytes:
    return data[:4] + size.to_bytes(4, "little") + data[8:]


SOUND_WEBPS: dict[str, Callable[[], bytes]] = {
    "plain": lambda: WEBP,
    "lossless": lambda: LOSSLESS,
    "see-through": lambda: saved("WEBP", "RGBA"),
    "a size too large": lambda: resized(WEBP, len(WEBP) + 5000),
    "a size too small": lambda: resized(WEBP, 60),
    "a size of zero": lambda: resized(WEBP, 0),
    "text behind": lambda: WEBP + b"trailing" * 99,
    "zeros behind": lambda: WEBP + bytes(900),
    "a profile of nonsense": lambda: saved("WEBP", icc_profile=b"\xff" * 300),
    "EXIF of nonsense": lambda: saved("WEBP", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"),
    "a plain surface: zeros mean white": lambda: saved("WEBP", image=Image.new("RGB", (2400, 3600), "white")),
    "half of it plain": lambda: saved("WEBP", image=half_plain((1600, 2400)), quality=20),
    "one colour": lambda: saved("WEBP", image=Image.new("RGB", (160, 240), "white"), lossless=True),
}


@pytest.mark.parametrize("case", SOUND_WEBPS)
def test_a_webp_whose_pixels_are_all_there_is_accepted(look: Callable[..., MediaFacts], case: str) -> None:
    facts = look(SOUND_WEBPS[case]())
    assert (facts.width * 3, facts.notes) == (facts.height * 2, ())


def test_a_turned_webp_is_measured_as_it_is_shown(look: Callable[..., MediaFacts]) -> None:
    facts = look(saved("WEBP", exif=b"Exif\0\0" + tiff(3, b"\6\0")))
    assert (facts.width, facts.height) == (240, 160)


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (WEBP[: len(WEBP) // 2], "truncated", "cut off"),
        (WEBP[:-40], "truncated", "cut off"),
        (WEBP[:16], "truncated", "cut off"),
        (LOSSLESS[: len(LOSSLESS) // 2], "truncated", "cut off"),
        (ANIMATED[: len(ANIMATED) * 3 // 4], "truncated", "cut off"),
        (zeroed(WEBP, 0.5), "truncated", "zeros"),
        (zeroed(LOSSLESS, 0.5), "truncated", "zeros"),
        (zeroed(ANIMATED, 0.8), "truncated", "zeros"),
        (WEBP[:20] + b"\xff" * 6 + WEBP[26:], "unreadable", "damaged"),
    ],
)
def test_a_webp_that_lacks_pixels_is_refused(
    refusal: Callable[[bytes], tuple[str, str]], data: bytes, code: str, says: str
) -> None:
    found, sentence = refusal(data)
    assert (found, says in sentence) == (code, True), sentence


def test_MED_7_an_animated_webp_is_accepted_with_a_warning(look: Callable[..., MediaFacts]) -> None:
    facts = look(ANIMATED)
    assert [(code, refused) for code, _, refused in judge("x", facts, Media().tiktok, "tiktok")] == [
        ("animated", False)
    ]


def test_a_webp_of_more_pixels_than_can_be_unpacked_is_refused_before(
    refusal: Callable[[bytes], tuple[str, str]],
) -> None:
    at = WEBP.index(b"\x9d\x01\x2a") + 3
    huge = WEBP[:at] + struct.pack("<HH", 16_383, 16_383) + WEBP[at + 4 :]
    code, sentence = refusal(huge)
    assert (code, "save it as JPEG" in sentence) == ("too_large", True)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("GIF", "a GIF image"),
        ("BMP", "a BMP image"),
        ("TIFF", "a TIFF or camera raw image"),
        ("PNG", "a PNG image"),
        ("JPEG2000", "a JPEG 2000 image"),
    ],
)
@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_other_images_are_named_with_what_to_do(
    probe: MediaProbe, tmp_path: Path, kind: str, what: str, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(saved(kind))
    with pytest.raises(MediaRejected, match=f"but holds {what}; (convert it to JPEG|rename it)"):
        probe.look(path)
