"""Small pictures of the library's files: made once, kept in the state directory, the oldest dropped when they get many."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections import OrderedDict
from pathlib import Path

import msgspec

from jobs.hub.clock import Clock
from jobs.input.refusals import NotFound, Problem
from jobs.library.files import partial_file
from jobs.library.library import Library
from jobs.media.frames import Frames, NoFrame
from jobs.media.kinds import open_file
from jobs.media.looker import LookBusy, Looker, LookFailed, LookTooSlow, shared
from jobs.media.paths import MediaRejected
from storage.records import Material

MAX_BYTES = 64 * 1024**2
_LOCKS = 16
#: How long a file of which no picture could be made is not tried again.
_FAILED_S = 600.0
_FAILED_MAX = 1000
#: The first picture of many videos is black.
_AT_S = 1.0
_START, _END = b"\xff\xd8", b"\xff\xd9"


class _Refused(msgspec.Struct):
    refused: tuple[str, str]


class Thumbnails:
    """The pictures of one library. Thread-safe."""

    def __init__(
        self,
        library: Library,
        folder: Path,
        clock: Clock,
        *,
        looker: Looker = shared,
        frames: Frames | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Keep pictures in a folder of their own, which is made when the first is there; `max_bytes` is their room together."""
        self._library = library
        self._folder = folder
        self._clock = clock
        self._looker = looker
        self._frames = frames or Frames()
        self._max_bytes = max_bytes
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))
        self._lock = threading.Lock()
        self._kept_bytes = -1  #: not yet counted
        self._failed: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def get(self, material_id: int) -> bytes:
        """The picture as JPEG.

        Raises:
            NotFound: there is no such material, or no picture can be made of it; the problem says why.
        """
        material = self._library.get(material_id).material
        path = self._folder / f"{material.sha256}.jpg"
        picture = _kept(path)
        if picture:
            return picture
        with self._locks[int(material.sha256[:8], 16) % _LOCKS]:
            picture = _kept(path) or self._make(material)
            self._keep(path, picture)
        return picture

    def forget(self, sha256: str) -> None:
        """The file with this content was removed."""
        with contextlib.suppress(OSError):
            (self._folder / f"{sha256}.jpg").unlink(missing_ok=True)

    def _make(self, material: Material) -> bytes:
        until, why = self._failed.get(material.sha256, (0.0, ""))
        if self._clock.monotonic() < until:
            raise _none(material, why)
        media = self._library.settings.media
        try:
            with open_file(Path(material.path)) as file:
                if material.kind == "video":
                    at_s = min(_AT_S, (material.duration_s or 0.0) / 2)
                    return self._frames.take(file.fileno(), at_s, media.probe_timeout_s)
                answer = self._looker.look(
                    file.fileno(),
                    "thumbnail",
                    max_pixels=media.max_pixels,
                    timeout_s=media.probe_timeout_s,
                )
        except MediaRejected as error:
            raise _none(material, str(error).replace(Path(material.path).name, material.name)) from None
        except NoFrame as error:
            raise self._refused(material, str(error), lasting=error.lasting) from None
        except LookBusy:
            raise _none(material, "too many other files are looked into; try again in a minute") from None
        except LookTooSlow:
            text = f"no picture was made within {media.probe_timeout_s:g} s"
            raise self._refused(material, text, lasting=True) from None
        except LookFailed:
            raise self._refused(
                material, "the process that makes pictures died at it", lasting=True
            ) from None
        if answer.startswith(_START):
            return answer
        why = msgspec.json.decode(answer, type=_Refused).refused[1]
        raise self._refused(material, f'"{material.name}" {why}', lasting=True)

    def _refused(self, material: Material, why: str, *, lasting: bool) -> NotFound:
        if lasting:
            with self._lock:
                self._failed[material.sha256] = (self._clock.monotonic() + _FAILED_S, why)
                while len(self._failed) > _FAILED_MAX:
                    self._failed.popitem(last=False)
        return _none(material, why)

    def _keep(self, path: Path, picture: bytes) -> None:
        """Keep it for the next time, where there is room: it can always be made again."""
        if path.exists():
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self._folder).free
            if free < self._library.settings.storage.min_free_bytes + len(picture):
                return
            with partial_file(self._folder, path.suffix) as partial:
                partial.write_bytes(picture)
                partial.rename(path)
            with self._lock:
                self._drop_oldest(len(picture))

    def _drop_oldest(self, more_bytes: int) -> None:
        if self._kept_bytes >= 0 and self._kept_bytes + more_bytes <= self._max_bytes:
            self._kept_bytes += more_bytes
            return
        found = sorted(
            (status.st_mtime, status.st_size, entry.path)
            for entry in os.scandir(self._folder)
            if (status := entry.stat(follow_symlinks=False)).st_size
        )
        self._kept_bytes = sum(size for _, size, _ in found)
        goal = self._max_bytes if self._kept_bytes <= self._max_bytes else self._max_bytes * 9 // 10
        for _, size, path in found:
            if self._kept_bytes <= goal:
                break
            Path(path).unlink(missing_ok=True)
            self._kept_bytes -= size


def _kept(path: Path) -> bytes:
    """A picture that is there whole; a power cut may have left a part of one."""
    try:
        picture = path.read_bytes()
    except OSError:
        return b""
    return picture if picture.startswith(_START) and picture.endswith(_END) else b""


def _none(material: Material, why: str) -> NotFound:
    return NotFound(Problem("material_id", f"material {material.id} has no thumbnail: {why}", "no_thumbnail"))
