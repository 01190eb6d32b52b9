"""What a media file really holds: type, codecs, length, picture size, checksum; found out safely and only once."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import threading
from collections import OrderedDict
from io import BufferedReader
from pathlib import Path
from typing import Any

import msgspec

from jobs.post.media_paths import LIBRARY, MediaRejected, is_below, kind_of
from jobs.settings import Media
from storage.records import MediaFile

_CHILD = Path(__file__).with_name("probe_child.py")
_REMEMBERED = 4096
_AT_ONCE = 2
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (8, b"WEBP", "a WebP image"),
    (4, b"ftyp", "an MP4 video"),
    (4, b"moov", "an MP4 video"),
    (4, b"mdat", "an MP4 video"),
    (4, b"wide", "an MP4 video"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM video"),
    (8, b"AVI ", "an AVI video"),
    (0, b"GIF8", "a GIF image"),
    (0, b"BM", "a BMP image"),
    (0, b"MZ", "a Windows program"),
    (0, b"\x7fELF", "a Linux program"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"%PDF", "a PDF document"),
)
_WANTED = {
    ".mp4": "an MP4 video",
    ".mov": "an MP4 video",
    ".m4v": "an MP4 video",
    ".jpg": "a JPEG image",
    ".jpeg": "a JPEG image",
    ".png": "a PNG image",
    ".webp": "a WebP image",
}
_HEAD_BYTES = 512


class MediaFacts(msgspec.Struct, frozen=True):
    """What a file holds. Width and height are as shown, turned by its rotation flag."""

    kind: str
    size_bytes: int
    sha256: str
    codec: str = ""
    audio_codec: str = ""
    duration_s: float | None = None
    width: int = 0
    height: int = 0


class _Seen(msgspec.Struct, frozen=True):
    """What the child process prints."""

    container: str = ""
    codec: str = ""
    audio_codec: str = ""
    duration_s: float = 0.0
    width: int = 0
    height: int = 0
    truncated: bool = False
    unreadable: str = ""
    too_many_pixels: bool = False


_Key = tuple[str, int, int, int, int, int]


class MediaProbe:
    """Looks into files, each only once as long as it does not change. Thread-safe."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._lock = threading.Lock()
        self._known: OrderedDict[_Key, MediaFacts] = OrderedDict()
        self._digests: OrderedDict[_Key, str] = OrderedDict()
        self._running: dict[_Key, threading.Event] = {}
        self._slots = threading.BoundedSemaphore(_AT_ONCE)

    def look(
        self, path: Path, *, max_bytes: int | None = None, known_sha256: str | None = None
    ) -> MediaFacts:
        """What the file holds.

        Args:
            path: Real path of a regular file.
            max_bytes: A larger file is refused before it is read.
            known_sha256: Its checksum, where the caller has just written the file.

        Raises:
            MediaRejected: it is not what its name says, broken, or cannot be looked into in time.
        """
        with _open(path) as file:
            while True:
                status = os.fstat(file.fileno())
                key = (str(path), *_identity(status))
                with self._lock:
                    known = self._known.get(key)
                    if known is not None:
                        self._known.move_to_end(key)
                        return known
                    done = self._running.get(key)
                    if done is None:
                        self._running[key] = threading.Event()
                        if known_sha256:
                            self._digests[key] = known_sha256
                        break
                # Somebody else looks into it just now; each look is bounded by the probe's own limit.
                done.wait(self.timeout_s)
            try:
                facts = self._look(path, file, status, max_bytes)
                self._remember(self._known, key, facts)
                return facts
            finally:
                with self._lock:
                    self._running.pop(key).set()

    def _look(
        self, path: Path, file: BufferedReader, status: os.stat_result, max_bytes: int | None
    ) -> MediaFacts:
        kind = check_head(path.name, file, status, max_bytes)
        with self._slots:
            seen = self._ask_child(kind, path)
        _refuse_broken(path.name, kind, seen)
        sha256 = self._digest(path, file, status)
        return MediaFacts(
            kind=kind,
            size_bytes=status.st_size,
            sha256=sha256,
            codec=seen.codec,
            audio_codec=seen.audio_codec,
            duration_s=seen.duration_s if kind == "video" else None,
            width=seen.width,
            height=seen.height,
        )

    def digest(self, path: Path, *, max_bytes: int | None = None) -> str:
        """The SHA-256 of the file, whose name, size and first bytes are checked, but no more. Raises MediaRejected."""
        with _open(path) as file:
            status = os.fstat(file.fileno())
            check_head(path.name, file, status, max_bytes)
            return self._digest(path, file, status)

    def _digest(self, path: Path, file: BufferedReader, status: os.stat_result) -> str:
        key = (str(path), *_identity(status))
        with self._lock:
            known = self._digests.get(key)
        if known is not None:
            return known
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if _identity(os.fstat(file.fileno())) != _identity(status):
            raise MediaRejected("changed", f'"{path.name}" is still being written')
        self._remember(self._digests, key, sha256)
        return sha256

    def _remember(self, where: OrderedDict[_Key, Any], key: _Key, value: Any) -> None:
        with self._lock:
            where[key] = value
            while len(where) > _REMEMBERED:
                where.popitem(last=False)

    def _ask_child(self, kind: str, path: Path) -> _Seen:
        command = [sys.executable, "-I", str(_CHILD), kind, str(path), str(int(self.timeout_s) + 1)]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self.timeout_s,
                check=True,
            )
            return msgspec.json.decode(done.stdout, type=_Seen)
        except subprocess.TimeoutExpired:
            raise MediaRejected(
                "probe_timeout", f'"{path.name}" could not be looked into within {self.timeout_s:g} s'
            ) from None
        except (subprocess.CalledProcessError, msgspec.MsgspecError):
            raise MediaRejected("unreadable", f'"{path.name}" is damaged: it cannot be looked into') from None


def check_head(name: str, file: BufferedReader, status: os.stat_result, max_bytes: int | None = None) -> str:
    """The kind of an open file, judged by name, size and first bytes. Raises MediaRejected."""
    kind = kind_of(name)
    if not kind:
        raise MediaRejected("unsupported_type", f'"{name}" is no video or image file')
    if status.st_size == 0:
        raise MediaRejected("empty", f'"{name}" is empty')
    if max_bytes is not None and status.st_size > max_bytes:
        raise MediaRejected("too_large", f'"{name}" has {status.st_size} bytes, {max_bytes} are taken')
    wanted = _WANTED[os.path.splitext(name)[1].lower()]  # noqa: PTH122 - only the name is at hand
    found = sniff(os.pread(file.fileno(), _HEAD_BYTES, 0))
    if found != wanted:
        raise MediaRejected("content_mismatch", f'"{name}" is named like {wanted}, but holds {found}')
    return kind


def sniff(head: bytes) -> str:
    """What these first bytes of a file are, in words."""
    for offset, magic, what in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return what
    if not head.strip(b"\0"):
        return "nothing but zeros"
    try:
        head[:-3].decode("utf-8") if len(head) == _HEAD_BYTES else head.decode("utf-8")
    except UnicodeDecodeError:
        return "something else"
    return "something else" if b"\0" in head else "text"


def check_again(file: MediaFile, media: Media) -> None:
    """Look, before a file is posted, whether it still is what intake checked: place, size, content.

    Raises MediaRejected; its `code` and sentence say what is wrong.
    """
    path = Path(os.path.realpath(file.path))
    # The library chose the path of its files itself, and its folder may have been configured anew since.
    if file.root != LIBRARY and not is_below(path, media.roots):
        raise MediaRejected("outside_roots", f'"{file.name}" no longer lies below the media roots')
    with _open(path) as handle:
        status = os.fstat(handle.fileno())
        if (
            status.st_size != file.size_bytes
            or hashlib.file_digest(handle, "sha256").hexdigest() != file.sha256
        ):
            raise MediaRejected("changed", f'"{file.name}" was changed after the task was created')


def _open(path: Path) -> BufferedReader:
    # Without O_NONBLOCK a pipe put in the file's place would block for ever.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise MediaRejected("missing", f'"{path.name}" does not exist on this box') from None
    except OSError as error:
        raise MediaRejected("unreadable", f'"{path.name}" cannot be read: {error.strerror}') from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise MediaRejected("not_a_file", f'"{path.name}" is not a regular file')
    return os.fdopen(descriptor, "rb")


def _identity(status: os.stat_result) -> tuple[int, int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _refuse_broken(name: str, kind: str, seen: _Seen) -> None:
    if seen.truncated:
        raise MediaRejected("truncated", f'"{name}" is cut off: its end is missing')
    if seen.too_many_pixels:
        raise MediaRejected("too_large", f'"{name}" has more pixels than any phone can show')
    if seen.unreadable:
        raise MediaRejected("unreadable", f'"{name}" is damaged: {seen.unreadable[:100]}')
    if not seen.width or not seen.height:
        raise MediaRejected("no_picture", f'"{name}" holds no {kind} that can be read')
    if kind == "video" and not seen.duration_s:
        raise MediaRejected("no_picture", f'"{name}" holds a video of no length')
