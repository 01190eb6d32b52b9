"""What a media file really holds: type, codecs, length, picture size, checksum; found out safely and only once."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from collections import OrderedDict
from io import BufferedReader
from pathlib import Path

import msgspec

from jobs.hub.settings import Media
from jobs.media.kinds import check_head, open_file, suffix_of, too_large, unopened
from jobs.media.looker import LookBusy, Looker, LookFailed, LookTooSlow, shared
from jobs.media.paths import MediaRejected, is_below, kind_of
from storage.records import MediaFile
from storage.tables.media_facts import FileId, Known
from storage.tables.media_facts import MediaFacts as KnownFiles
from storage.tables.usage import LIBRARY

#: Changes whenever the same file would be seen with other eyes: older looks are then taken again.
_RULES = 1
#: Looks that are remembered.
REMEMBERED = 4096
#: Steps of file systems' clocks: of today's, and of FAT and its kin.
TICK_S, COARSE_TICK_S = 0.02, 2.0
#: How long a file that took too long is refused without another look.
_SLOW_S = 600.0
_SLOW_MAX = 1000


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
    #: Reason codes and sentences about what will be posted otherwise than it looks here.
    notes: tuple[tuple[str, str], ...] = ()


class _Seen(msgspec.Struct, frozen=True):
    """What the looking process answers; `refused` is a reason code and what completes the sentence "NAME ..."."""

    codec: str = ""
    audio_codec: str = ""
    duration_s: float = 0.0
    width: int = 0
    height: int = 0
    notes: tuple[tuple[str, str], ...] = ()
    refused: tuple[str, str] | None = None


class _Look(msgspec.Struct, frozen=True):
    """What is kept of a look, also across restarts: what the name promised, and what was seen."""

    rules: int
    suffix: str
    max_pixels: int
    seen: _Seen


class MediaProbe:
    """Looks into files, each only once as long as it does not change, restarts included. Thread-safe."""

    def __init__(
        self,
        timeout_s: float,
        known: KnownFiles | None = None,
        *,
        max_pixels: int = Media().max_pixels,
        looker: Looker = shared,
    ) -> None:
        """Make a probe that has seen nothing yet.

        Args:
            timeout_s: Longest time for one look.
            known: Keeps what was seen; without it that lasts as long as this object.
            max_pixels: Larger images are refused.
            looker: The process that looks.
        """
        self.timeout_s = timeout_s
        self.max_pixels = max_pixels
        self.looker = looker
        self._kept = known or KnownFiles(None)
        self._lock = threading.Lock()
        self._recent: OrderedDict[FileId, Known] = OrderedDict()
        self._running: dict[FileId, threading.Event] = {}
        self._slow: OrderedDict[FileId, float] = OrderedDict()

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
        facts = self._facts(path.name, file, known)
        if facts is not None:
            return facts
        with open_file(path) as handle:
            while True:
                status = os.fstat(handle.fileno())
                file = FileId.of(status)
                facts = self._facts(path.name, file, self._known(file))
                if facts is not None:
                    return facts
                with self._lock:
                    done = self._running.get(file)
                    if done is None:
                        self._running[file] = threading.Event()
                        break
                # Another thread looks into it just now; each look is bounded by the probe's own limit.
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
        file = FileId.of(status)
        seen = self.look_anew(kind, path.name, handle, file)
        look = msgspec.json.encode(_Look(_RULES, suffix_of(path.name), self.max_pixels, seen))
        self._keep(file, opened_at, Known(known_sha256 or "", look), ours=known_sha256 is not None)
        _refuse_unfit(path.name, seen)
        return _as_facts(kind, file, seen, known_sha256 or self._digest(path, handle, status))

    def digest(self, path: Path, *, max_bytes: int | None = None) -> str:
        """The SHA-256 of the file in hex, kept until the file changes, restarts included.

        Its name, size and first bytes are checked, but no more. Raises MediaRejected: it cannot be read, is larger than
        `max_bytes`, or is not what its name says.
        """
        known = self.known_digest(path, max_bytes=max_bytes)
        if known:
            return known
        with open_file(path) as handle:
            status = os.fstat(handle.fileno())
            check_head(path.name, handle, status, max_bytes)
            return self._digest(path, handle, status)

    def known_digest(self, path: Path, *, max_bytes: int | None = None) -> str:
        """The same where the file was read before and has not changed since, else ""; without opening it."""
        _, known = self._find(path, max_bytes)
        return "" if known is None else known.sha256

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

    def close(self) -> None:
        """End the looking process; a later look starts another."""
        self.looker.close()

    def _find(self, path: Path, max_bytes: int | None) -> tuple[FileId, Known | None]:
        """The file as it is now, and what is known of it, without opening it. Raises MediaRejected."""
        try:
            status = path.stat(follow_symlinks=False)
        except OSError as error:
            raise unopened(path.name, error) from None
        file = FileId.of(status)
        if not stat.S_ISREG(status.st_mode) or not status.st_size:
            return file, None  # to be opened carefully, and refused with the reason
        if max_bytes is not None and status.st_size > max_bytes:
            raise too_large(path.name, status.st_size, max_bytes)
        return file, self._known(file)

    def _facts(self, name: str, file: FileId, known: Known | None) -> MediaFacts | None:
        """What an earlier look says of the file; None when there was none. Raises MediaRejected as that look did."""
        if known is None or known.seen is None:
            return None
        try:
            look = msgspec.json.decode(known.seen, type=_Look)
        except msgspec.MsgspecError:
            return None
        if (look.rules, look.suffix, look.max_pixels) != (_RULES, suffix_of(name), self.max_pixels):
            return None
        _refuse_unfit(name, look.seen)
        return _as_facts(kind_of(name), file, look.seen, known.sha256) if known.sha256 else None

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
        sha256 = _sum_of(path.name, handle)
        if FileId.of(os.fstat(handle.fileno())) != file:
            raise MediaRejected("changed", f'"{path.name}" is still being written')
        self._keep(file, opened_at, Known(sha256, None))
        return sha256

    def _keep(self, file: FileId, opened_at: float, new: Known, *, ours: bool = False) -> None:
        """Remember what was read of the file from `opened_at` on; `ours`: no other program writes it."""
        known = self._known(file)
        if known is not None:
            new = Known(new.sha256 or known.sha256, new.seen or known.seen)
        self._remember(file, new)
        # A write within the same tick of the file system's clock would leave all times as they are.
        tick_s = COARSE_TICK_S if file.ctime_ns % 10_000_000 == 0 else TICK_S
        if ours or opened_at - max(file.ctime_ns, file.mtime_ns) / 1e9 > tick_s:
            self._kept.keep(file, new.sha256, new.seen)

    def _remember(self, file: FileId, known: Known) -> None:
        with self._lock:
            self._recent[file] = known
            while len(self._recent) > REMEMBERED:
                self._recent.popitem(last=False)

    def look_anew(self, kind: str, name: str, handle: BufferedReader, file: FileId) -> _Seen:
        """What the looking process sees. Raises MediaRejected when there is no answer."""
        until = self._slow.get(file)
        if until is not None and time.monotonic() < until:
            raise self._too_slow(name)
        try:
            answer = self.looker.look(
                handle.fileno(), kind, max_pixels=self.max_pixels, timeout_s=self.timeout_s
            )
            return msgspec.json.decode(answer, type=_Seen)
        except LookTooSlow:
            with self._lock:
                self._slow[file] = time.monotonic() + _SLOW_S
                while len(self._slow) > _SLOW_MAX:
                    self._slow.popitem(last=False)
            raise self._too_slow(name) from None
        except LookBusy:
            text = f'"{name}" could not be looked into: too many other files are; try again in a minute'
            raise MediaRejected("probe_timeout", text) from None
        except (LookFailed, msgspec.MsgspecError):
            raise MediaRejected("unreadable", f'"{name}" is damaged: it cannot be looked into') from None

    def _too_slow(self, name: str) -> MediaRejected:
        text = f'"{name}" could not be looked into within {self.timeout_s:g} s'
        return MediaRejected("probe_timeout", text)


def check_again(file: MediaFile, media: Media) -> None:
    """Look, before a file is posted, whether it still is what intake checked: place, size, content.

    Raises MediaRejected; its `code` and sentence say what is wrong.
    """
    path = Path(os.path.realpath(file.path))
    # The library chose the path of its files itself, and its folder may have been configured anew since.
    if file.root != LIBRARY and not file.material_id and not is_below(path, media.roots):
        raise MediaRejected("outside_roots", f'"{file.name}" no longer lies below the media roots')
    with open_file(path) as handle:
        status = os.fstat(handle.fileno())
        if status.st_size != file.size_bytes or _sum_of(file.name, handle) != file.sha256:
            raise MediaRejected("changed", f'"{file.name}" was changed after the task was created')


def _sum_of(name: str, handle: BufferedReader) -> str:
    """The SHA-256 of an open file in hex. Raises MediaRejected where the disk, or its share, does not give all of it."""
    try:
        return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise unopened(name, error) from None


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
        notes=seen.notes,
    )


def _refuse_unfit(name: str, seen: _Seen) -> None:
    if seen.refused is not None:
        raise MediaRejected(seen.refused[0], f'"{name}" {seen.refused[1]}')
