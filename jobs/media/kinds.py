"""What kind of file its first bytes make it, in words; and whether that is what its name promises."""

from __future__ import annotations

import os
import re
import stat
from io import BufferedReader

from jobs.hub.regular_file import may_pass
from jobs.media.paths import MediaRejected, kind_of

_WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
JPEG, PNG, WEBP, MP4, GIF = "a JPEG image", "a PNG image", "a WebP image", "an MP4 video", "a GIF image"
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (8, b"WEBP", WEBP),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM video"),
    (8, b"AVI ", "an AVI video"),
    (0, b"FLV\x01", "a Flash video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media video"),
    (0, b"\0\0\1\xba", "an MPEG video"),
    (0, b"\0\0\1\xb3", "an MPEG video"),
    (0, b"OggS", "an Ogg file"),
    (8, b"WAVE", "a WAV sound"),
    (0, b"ID3", "an MP3 sound"),
    (0, b"fLaC", "a FLAC sound"),
    (0, b"GIF8", GIF),
    (0, b"BM", "a BMP image"),
    (0, b"II*\0", "a TIFF or camera raw image"),
    (0, b"MM\0*", "a TIFF or camera raw image"),
    (0, b"\xff\x0a", "a JPEG XL image"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (0, b"8BPS", "a Photoshop image"),
    (0, b"MZ", "a Windows program"),
    (0, b"\x7fELF", "a Linux program"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"%PDF", "a PDF document"),
)
#: The box with which an MP4 or MOV file may begin: players skip those that they do not know.
_FIRST_BOXES = (
    b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"styp", b"pdin", b"sidx", b"ssix",
    b"emsg", b"prft", b"moof", b"meta", b"udta", b"junk", b"PICT",
)  # fmt: skip
#: Brands of `ftyp` that are no video (ISO/IEC 23008-12 and the registration authority of MP4).
_BRANDS = {
    b"heic": "an HEIC image", b"heix": "an HEIC image", b"heim": "an HEIC image", b"heis": "an HEIC image",
    b"hevc": "an HEIC image sequence", b"hevx": "an HEIC image sequence",
    b"avif": "an AVIF image", b"avis": "an AVIF image sequence", b"jxl ": "a JPEG XL image",
    b"crx ": "a Canon raw image", b"jp2 ": "a JPEG 2000 image",
}  # fmt: skip
_HEIF = (b"mif1", b"mif2", b"msf1", b"miaf")
_WANTED = {
    ".mp4": MP4, ".mov": MP4, ".m4v": MP4,
    ".jpg": JPEG, ".jpeg": JPEG, ".png": PNG, ".webp": WEBP,
}  # fmt: skip
_HEAD_BYTES = 512


def check_head(name: str, file: BufferedReader, status: os.stat_result, max_bytes: int | None = None) -> str:
    """The kind of an open file, judged by name, size and first bytes. Raises MediaRejected."""
    kind = kind_of(name)
    if not kind:
        raise MediaRejected("unsupported_type", f'"{name}" is not a video or image file')
    if status.st_size == 0:
        raise MediaRejected("empty", f'"{name}" is empty')
    if max_bytes is not None and status.st_size > max_bytes:
        raise too_large(name, status.st_size, max_bytes)
    wanted = _WANTED[suffix_of(name)]
    try:
        found = sniff(os.pread(file.fileno(), _HEAD_BYTES, 0))
    except OSError as error:
        raise unopened(name, error) from None
    if found != wanted:
        text = f'"{name}" is named like {wanted}, but holds {found}{_advice(kind, found)}'
        raise MediaRejected("content_mismatch", text)
    return kind


def sniff(head: bytes) -> str:
    """What these first bytes of a file are, in words."""
    for offset, magic, what in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return what
    if head[4:8] in _FIRST_BOXES:
        return _by_brand(head)
    if not head.strip(b"\0"):
        return "nothing but zeros"
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "an MPEG transport stream"
    if head[:2] in {b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9"}:
        return "an MP3 or AAC sound"
    try:
        head[:-3].decode("utf-8") if len(head) == _HEAD_BYTES else head.decode("utf-8")
    except UnicodeDecodeError:
        return "something else"
    if b"\0" in head:
        return "something else"
    # What a download leaves that met a log-in page or an error.
    return "a web page" if _WEB_PAGE.match(head) else "text"


def _by_brand(head: bytes) -> str:
    """An image or a video: by the brands of `ftyp`, which may stand behind a box that players skip."""
    at = head.find(b"ftyp")
    if at < 4:
        return MP4
    size = int.from_bytes(head[at - 4 : at])
    brands = [
        head[at + 4 : at + 8],
        *(head[here : here + 4] for here in range(at + 12, at - 4 + min(size, 400), 4)),
    ]
    known = _BRANDS.get(brands[0])
    if known is None and brands[0] in _HEIF:
        known = next((_BRANDS[brand] for brand in brands if brand in _BRANDS), "an HEIF image")
    return known or MP4


def _advice(kind: str, found: str) -> str:
    if found in {JPEG, PNG, WEBP, MP4}:
        right = {JPEG: ".jpg", PNG: ".png", WEBP: ".webp", MP4: ".mp4"}[found]
        return f"; rename it to {right}"
    if kind == "video" and found == GIF:  # it moves
        return "; convert it to MP4 (H.264)"
    if found.endswith((" image", " image sequence")):
        return "; convert it to JPEG"
    return "; convert it to MP4 (H.264)" if kind == "video" and found.endswith((" video", " stream")) else ""


def suffix_of(name: str) -> str:
    """The ending of a name in small letters."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - only the name is at hand


def open_file(path: os.PathLike[str]) -> BufferedReader:
    """A regular file, opened for reading. Raises MediaRejected."""
    name = os.path.basename(path)  # noqa: PTH119 - only the name matters
    # Without O_NONBLOCK a pipe put in the file's place would block for ever.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise unopened(name, error) from None
    file = os.fdopen(descriptor, "rb")
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError as error:
        file.close()
        raise unopened(name, error) from None
    if not regular:
        file.close()
        raise MediaRejected("not_a_file", f'"{name}" is not a regular file')
    return file


def unopened(name: str, error: OSError) -> MediaRejected:
    if isinstance(error, FileNotFoundError):
        return MediaRejected("missing", f'"{name}" does not exist on this box')
    return MediaRejected("unreadable", f'"{name}" cannot be read: {error.strerror}', passing=may_pass(error))


def too_large(name: str, size_bytes: int, max_bytes: int) -> MediaRejected:
    return MediaRejected("too_large", f'"{name}" has {size_bytes} bytes, {max_bytes} are taken')
