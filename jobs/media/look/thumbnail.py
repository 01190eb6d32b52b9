"""Makes the small JPEG of an image that lists show."""

from __future__ import annotations

import io

from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from jobs.media.look.exif import orientation
from jobs.media.look.seen import Source, Unfit, damaged

#: Of the longer side.
SIDE_PX = 320
#: Of an answer: it must fit into one packet.
MAX_BYTES = 60_000
_QUALITIES = (80, 60, 40, 20)
_IMAGE_MAX_BYTES = 128 * 1024**2
_EOI = b"\xff\xd9"
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def make(source: Source, max_pixels: int) -> bytes:
    """The picture, at most `SIDE_PX` wide and high, turned as it is shown. Raises Unfit."""
    if source.size > _IMAGE_MAX_BYTES:
        raise Unfit("too_large", f"has {source.size} bytes, of images {_IMAGE_MAX_BYTES} are taken")
    data = source.read(0, source.size)
    try:
        with _opened(data) as image:
            if image.width * image.height > max_pixels:
                raise Unfit("too_large", f"has {image.width} x {image.height} pixels")
            exif = image.info.get("exif", b"")
            small = _plain(_small(image))
    except (OSError, SyntaxError, ValueError) as error:
        raise damaged(str(error)) from None
    turn = _TURNS.get(orientation(exif.removeprefix(b"Exif\0\0")))
    return _packed(small if turn is None else small.transpose(turn))


def _opened(data: bytes) -> Image.Image:
    if data.startswith(b"\xff\xd8"):
        # An image whose end mark alone is missing is taken too.
        return JpegImagePlugin.JpegImageFile(io.BytesIO(data + _EOI))
    if data.startswith(b"\x89PNG"):
        return PngImagePlugin.PngImageFile(io.BytesIO(data))
    return WebPImagePlugin.WebPImageFile(io.BytesIO(data))


def _small(image: Image.Image) -> Image.Image:
    if image.mode in {"P", "PA"}:
        image = image.convert("RGBA")  # colours of a palette cannot be mixed
    elif image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    image.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return image


def _plain(image: Image.Image) -> Image.Image:
    """Without transparency: JPEG has none."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _packed(image: Image.Image) -> bytes:
    for quality in _QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        if out.tell() <= MAX_BYTES:
            break
    return out.getvalue()
