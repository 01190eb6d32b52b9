"""What a media file really holds: type, codecs, length, picture size, checksum; found out safely and only once."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from io import BufferedReader
from pathlib import Path

import msgspec

from jobs.post.media_paths import LIBRARY, MediaRejected, is_below, kind_of
from jobs.settings import Media
from storage.media_facts import FileId, Known
from storage.media_facts import MediaFacts as KnownFiles
from storage.records import MediaFile

_CHILD = Path(__file__).with_name("probe_child.py")
#: Changes whenever the child would see the same file with other eyes: older looks are then taken again.
_RULES = 1
_REMEMBERED = 4096
#: Steps of file systems' clocks: of today's, and of FAT and its kin.
_TICK_S, _COARSE_TICK_S = 0.02, 2.0
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


class _Look(msgspec.Struct, frozen=True):
    """What is kept of a look, also across restarts: what the name promised, and what the child saw."""

    rules: int
    suffix: str
    seen: _Seen


class MediaProbe:
    """Looks into files, each only once as long as it does not change, restarts included. Thread-safe."""

    def __init__(self, timeout_s: float, known: KnownFiles | None = None) -> None:
        """`known` keeps what was seen; without it that lasts as long as this object."""
        self.timeout_s = timeout_s
        self._kept = known or KnownFiles(None)
        self._lock = threading.Lock()
        self._recent: OrderedDict[FileId, Known] = OrderedDict()
        self._running: dict[FileId, threading.Event] = {}
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
        file, known = self._find(path, max_bytes)
        facts = _facts(path.name, file, known)
        if facts is not None:
            return facts
        with _open(path) as handle:
            while True:
                status = os.fstat(handle.fileno())
                file = FileId.of(status)
                facts = _facts(path.name, file, self._known(file))
                if facts is not None:
                    return facts
                with self._lock:
                    done = self._running.get(file)
                    if done is None:
                        self._running[file] = threading.Event()
                        break
                # Somebody else looks into it just now; each look is bounded by the probe's own limit.
                done.wait(self.timeout_s)
            try:
                return self._look(path, handle, status, max_bytes, known_sha256)
            finally:
                with self._lock:
                    self._running.pop(file).set()

    def _look(
        self,
        path: Path,
        handle: BufferedReader,
        status: os.stat_result,
        max_bytes: int | None,
        known_sha256: str | None,
    ) -> MediaFacts:
        opened_at = time.time()
        kind = check_head(path.name, handle, status, max_bytes)
        with self._slots:
            seen = self._ask_child(kind, path)
        file = FileId.of(status)
        look = msgspec.json.encode(_Look(_RULES, _suffix(path.name), seen))
        self._keep(file, opened_at, Known(known_sha256 or "", look), ours=known_sha256 is not None)
        _refuse_broken(path.name, kind, seen)
        return _as_facts(kind, file, seen, known_sha256 or self._digest(path, handle, status))

    def digest(self, path: Path, *, max_bytes: int | None = None) -> str:
        """The SHA-256 of the file in hex, kept until the file changes, restarts included.

        Args:
            path: Real path of a regular file, whose name, size and first bytes are checked, but no more.
            max_bytes: A larger file is refused before it is read.

        Raises:
            MediaRejected: it cannot be read, or is not what its name says.
        """
        _, known = self._find(path, max_bytes)
        if known is not None and known.sha256:
            return known.sha256
        with _open(path) as handle:
            status = os.fstat(handle.fileno())
            check_head(path.name, handle, status, max_bytes)
            return self._digest(path, handle, status)

    def renamed(self, path: Path, before: os.stat_result) -> None:
        """A file was renamed to `path` by its owner: what was known of it goes on counting.

        Args:
            path: Where it lies now.
            before: Its status just before.
        """
        try:
            now = FileId.of(path.stat(follow_symlinks=False))
        except OSError:
            return
        was = FileId.of(before)
        known = self._known(was)
        if known is not None and was._replace(ctime_ns=now.ctime_ns) == now:
            self._remember(now, known)
            self._kept.moved(was, now)

    def _find(self, path: Path, max_bytes: int | None) -> tuple[FileId, Known | None]:
        """The file as it is now, and what is known of it, without opening it. Raises MediaRejected."""
        try:
            status = path.stat(follow_symlinks=False)
        except OSError as error:
            raise _unopened(path.name, error) from None
        file = FileId.of(status)
        if not stat.S_ISREG(status.st_mode) or not status.st_size:
            return file, None  # to be opened carefully, and refused with the reason
        if max_bytes is not None and status.st_size > max_bytes:
            raise _too_large(path.name, status.st_size, max_bytes)
        return file, self._known(file)

    def _known(self, file: FileId) -> Known | None:
        with self._lock:
            known = self._recent.get(file)
            if known is not None:
                self._recent.move_to_end(file)
                return known
        known = self._kept.find(file)
        if known is not None:
            self._remember(file, known)
        return known

    def _digest(self, path: Path, handle: BufferedReader, status: os.stat_result) -> str:
        file = FileId.of(status)
        known = self._known(file)
        if known is not None and known.sha256:
            return known.sha256
        opened_at = time.time()
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        if FileId.of(os.fstat(handle.fileno())) != file:
            raise MediaRejected("changed", f'"{path.name}" is still being written')
        self._keep(file, opened_at, Known(sha256, None))
        return sha256

    def _keep(self, file: FileId, opened_at: float, new: Known, *, ours: bool = False) -> None:
        """Remember what was read of the file from `opened_at` on; `ours`: nobody else writes it."""
        known = self._known(file)
        if known is not None:
            new = Known(new.sha256 or known.sha256, new.seen or known.seen)
        self._remember(file, new)
        # A write within the same tick of the file system's clock would leave all times as they are.
        tick_s = _COARSE_TICK_S if file.ctime_ns % 10_000_000 == 0 else _TICK_S
        if ours or opened_at - max(file.ctime_ns, file.mtime_ns) / 1e9 > tick_s:
            self._kept.keep(file, new.sha256, new.seen)

    def _remember(self, file: FileId, known: Known) -> None:
        with self._lock:
            self._recent[file] = known
            while len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)

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
        raise _too_large(name, status.st_size, max_bytes)
    wanted = _WANTED[_suffix(name)]
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
    except OSError as error:
        raise _unopened(path.name, error) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise MediaRejected("not_a_file", f'"{path.name}" is not a regular file')
    return os.fdopen(descriptor, "rb")


def _unopened(name: str, error: OSError) -> MediaRejected:
    if isinstance(error, FileNotFoundError):
        return MediaRejected("missing", f'"{name}" does not exist on this box')
    return MediaRejected("unreadable", f'"{name}" cannot be read: {error.strerror}')


def _too_large(name: str, size_bytes: int, max_bytes: int) -> MediaRejected:
    return MediaRejected("too_large", f'"{name}" has {size_bytes} bytes, {max_bytes} are taken')


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - only the name is at hand


def _facts(name: str, file: FileId, known: Known | None) -> MediaFacts | None:
    """What an earlier look says of the file; None when there was none. Raises MediaRejected as that look did."""
    if known is None or known.seen is None:
        return None
    try:
        look = msgspec.json.decode(known.seen, type=_Look)
    except msgspec.MsgspecError:
        return None
    if look.rules != _RULES or look.suffix != _suffix(name):
        return None
    kind = kind_of(name)
    _refuse_broken(name, kind, look.seen)
    return _as_facts(kind, file, look.seen, known.sha256) if known.sha256 else None


def _as_facts(kind: str, file: FileId, seen: _Seen, sha256: str) -> MediaFacts:
    return MediaFacts(
        kind=kind,
        size_bytes=file.size,
        sha256=sha256,
        codec=seen.codec,
        audio_codec=seen.audio_codec,
        duration_s=seen.duration_s if kind == "video" else None,
        width=seen.width,
        height=seen.height,
    )


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
