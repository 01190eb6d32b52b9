"""Uploads in pieces: what has arrived outlives a lost connection and a restart, and every step can be repeated."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from jobs.hub.clock import Clock
from jobs.input.fields import Findings, read_object
from jobs.input.near_names import Unknown
from jobs.input.refusals import Invalid, NoSpace, NotFound, Problem
from jobs.input.values import read_tags, read_typed
from jobs.library.files import full_disk_told, room_for
from jobs.library.library import Library, Uploaded
from storage.engine.files import Files

log = logging.getLogger(__name__)

#: How long an upload may bring nothing before it is forgotten and its pieces are removed.
EXPIRES_S = 24 * 3600.0
#: How many uploads may be unfinished at once: each keeps its room in the library.
MAX_UNFINISHED = 64
#: What clients are told to send at a time. Each piece is on the disk before it is answered.
PIECE_BYTES = 8 * 1024**2
#: Names of what is kept of unfinished uploads begin with this.
_PREFIX = ".pieces-"
#: Ids are numbers that every client can hold exactly.
_MAX_ID = 9 * 10**15


class UploadRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is announced of a file that comes in pieces, with the fields of the material that it becomes."""

    name: Annotated[str, Meta(description="File name; its ending says what the file is")]
    size_bytes: Annotated[int, Meta(ge=1, description="Of the whole file")]
    sha256: Annotated[
        str,
        Meta(
            description="Checksum of the whole file in hex: asking again then finds the upload that is there"
        ),
    ] = ""
    caption: str = ""
    username: str = ""
    sort_number: int = 0
    tags: tuple[str, ...] = ()


_HOOKS = {"tags": read_tags, "caption": read_typed}
_UNKNOWN = Unknown(
    other_words={
        **dict.fromkeys(("filename", "file_name", "file"), "name"),
        **dict.fromkeys(("size", "length", "file_size", "filesize", "total", "bytes"), "size_bytes"),
        **dict.fromkeys(("checksum", "hash", "digest"), "sha256"),
        **dict.fromkeys(("text", "description", "title"), "caption"),
        **dict.fromkeys(("account", "user"), "username"),
    }
)


class Upload(msgspec.Struct, kw_only=True):
    """One upload, as it is kept on the disk."""

    id: int
    name: str
    suffix: str
    size_bytes: int
    sha256: str
    fields: dict[str, Any]
    touched_at: float
    offset: int = 0  #: how many bytes are on the disk for good
    material_id: int = 0  #: what it became; 0 while it is unfinished

    @property
    def expires_at(self) -> float:
        return self.touched_at + EXPIRES_S


class UploadPieces:
    """The unfinished uploads of one library. Thread-safe."""

    def __init__(self, library: Library, clock: Clock) -> None:
        self._library = library
        self._clock = clock
        self._lock = threading.Lock()
        self._uploads: dict[int, Upload] = {}
        self._busy: dict[int, threading.Lock] = {}
        self._load()

    def begin(self, raw: Mapping[str, Any]) -> Upload:
        """Announce a file. Asking again with the same checksum, size, name and fields gives the same upload.

        Raises:
            Invalid: what is announced cannot become a material.
            NoSpace: there is no room, or too many uploads are unfinished.
        """
        findings = Findings()
        values = read_object(UploadRequest, raw, findings, hooks=_HOOKS, unknown=_UNKNOWN, strict=True)
        for name in ("name", "size_bytes"):
            if name not in values and not any(p.field == name for p in findings.problems):
                findings.problem(name, "is missing")
        sha256 = str(values.get("sha256", "")).strip().lower()
        if sha256 and (len(sha256) != 64 or set(sha256) - set("0123456789abcdef")):
            findings.problem("sha256", "must be 64 hex digits")
        findings.refuse()
        fields = {k: v for k, v in values.items() if k not in {"name", "size_bytes", "sha256"}}
        name, suffix = self._library.check(values["name"], fields)
        with self._lock:
            self._expire()
            size_bytes: int = values["size_bytes"]
            asked = (sha256, size_bytes, name, fields)
            for known in self._uploads.values():
                if sha256 and (known.sha256, known.size_bytes, known.name, known.fields) == asked:
                    return msgspec.structs.replace(known)
            self._check_room(size_bytes)
            upload = Upload(
                id=1 + secrets.randbelow(_MAX_ID), name=name, suffix=suffix, size_bytes=size_bytes, sha256=sha256,
                fields=fields, touched_at=self._clock.now(),
            )  # fmt: skip
            with full_disk_told():
                self._data(upload).touch()
                self._keep(upload)
            self._uploads[upload.id] = upload
            return msgspec.structs.replace(upload)

    def get(self, upload_id: int) -> Upload:
        """Raises NotFound."""
        with self._lock:
            return msgspec.structs.replace(self._find(upload_id))

    def append(
        self, upload_id: int, first: int, size_bytes: int, chunks: Iterable[bytes]
    ) -> tuple[Upload, Uploaded | None]:
        """Take the bytes from `first` on. What is there already may come again: that changes nothing.

        Returns:
            The upload, and once the last byte is there the material that it became.

        Raises:
            Invalid: bytes are missing in between, or the whole file is not what was announced or cannot be posted.
            NotFound, NoSpace.
        """
        with self._alone(upload_id) as upload:
            end = first + size_bytes
            if first > upload.offset:
                raise Invalid(
                    Problem(
                        "Content-Range",
                        f"begins at {first}, but {upload.offset} bytes are here: go on from there",
                        "gap",
                    )
                )
            if end > upload.size_bytes:
                text = f"ends at {end}, but {upload.size_bytes} bytes were announced"
                raise Invalid(Problem("Content-Range", text))
            if not upload.material_id and end > upload.offset:
                self._write(upload, first, end, chunks)
            if upload.offset < upload.size_bytes:
                return msgspec.structs.replace(upload), None
            if upload.material_id:
                return msgspec.structs.replace(upload), self._library.again(upload.material_id)
            return self._finish(upload)

    def cancel(self, upload_id: int) -> None:
        """Forget an upload and what has come of it. Raises NotFound."""
        with self._alone(upload_id) as upload:
            self._forget(upload)

    # --- inside

    @contextlib.contextmanager
    def _alone(self, upload_id: int) -> Iterator[Upload]:
        """The upload, while no other request changes it."""
        with self._lock:
            self._find(upload_id)
            busy = self._busy.setdefault(upload_id, threading.Lock())
        with busy:
            with self._lock:
                upload = self._find(upload_id)
            yield upload

    def _find(self, upload_id: int) -> Upload:
        upload = self._uploads.get(upload_id)
        if upload is None or upload.expires_at < self._clock.now():
            raise NotFound(Problem("upload_id", f"there is no upload {upload_id}: begin it anew"))
        return upload

    def _write(self, upload: Upload, first: int, end: int, chunks: Iterable[bytes]) -> None:
        at = first
        with full_disk_told():
            descriptor = os.open(self._data(upload), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                for chunk in chunks:
                    if at + len(chunk) > end:
                        raise Invalid(Problem("", "more bytes came than Content-Range says"))
                    view = memoryview(chunk)
                    while view:
                        written = os.pwrite(descriptor, view, at)
                        view, at = view[written:], at + written
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
            if at != end:
                text = f"{end - first} bytes were announced, {at - first} came"
                raise Invalid(Problem("", text, "truncated"))
            # Only now do they count: bytes that a power cut may still take are sent again.
            upload.offset, upload.touched_at = end, self._clock.now()
            self._keep(upload)

    def _finish(self, upload: Upload) -> tuple[Upload, Uploaded]:
        data = self._data(upload)
        try:
            os.truncate(data, upload.size_bytes)
            with data.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if upload.sha256 not in {"", sha256}:
                raise Invalid(Problem("sha256", f"the file that came has {sha256}", "checksum"))
            uploaded = self._library.take(data, upload.name, sha256, upload.fields)
        except Invalid:
            self._forget(upload)
            raise
        except FileNotFoundError:
            self._forget(upload)
            raise NotFound(Problem("upload_id", "its bytes are gone from the box: begin it anew")) from None
        data.unlink(missing_ok=True)
        upload.material_id = uploaded.view.material.id
        # A client whose answer was lost sends the last piece again and gets the same answer.
        self._keep(upload)
        return msgspec.structs.replace(upload), uploaded

    def _check_room(self, size_bytes: int) -> None:
        unfinished = [u for u in self._uploads.values() if not u.material_id]
        if len(unfinished) >= MAX_UNFINISHED:
            text = f"{len(unfinished)} uploads are unfinished: finish or DELETE one"
            raise NoSpace(Problem("", text))
        most = self._library.settings.server.max_upload_bytes
        if size_bytes > most:
            text = f"{size_bytes} bytes are more than the {most} taken"
            raise Invalid(Problem("size_bytes", text, "too_large"))
        self._library.dir.mkdir(parents=True, exist_ok=True)
        arrived = sum(u.offset for u in unfinished)
        promised = sum(u.size_bytes - u.offset for u in unfinished)
        room = room_for(self._library.dir, self._library.settings, self._library.kept_bytes() + arrived)
        if size_bytes > room - promised:
            raise NoSpace(Problem("size_bytes", f"the library has room for {max(0, room - promised)} bytes"))

    def _expire(self) -> None:
        now = self._clock.now()
        for upload in [u for u in self._uploads.values() if u.expires_at < now]:
            self._forget(upload)

    def _forget(self, upload: Upload) -> None:
        self._uploads.pop(upload.id, None)
        self._busy.pop(upload.id, None)
        for path in (self._facts(upload.id), self._data(upload)):
            with contextlib.suppress(OSError):
                path.unlink()

    def _facts(self, upload_id: int) -> Path:
        return self._library.dir / f"{_PREFIX}{upload_id}.json"

    def _data(self, upload: Upload) -> Path:
        return self._library.dir / f"{_PREFIX}{upload.id}{upload.suffix}"

    def _keep(self, upload: Upload) -> None:
        Files().replace(self._facts(upload.id), [msgspec.json.encode(upload)], "upload")

    def _load(self) -> None:
        """Take up what an earlier run has left; what nothing is known of is removed."""
        for path in self._library.dir.glob(f"{_PREFIX}*.json"):
            try:
                upload = msgspec.json.decode(path.read_bytes(), type=Upload)
            except (OSError, msgspec.DecodeError) as error:
                log.warning("%s: an unfinished upload cannot be read: %s", path, error)
                continue
            self._uploads[upload.id] = upload
        kept = {self._facts(u.id) for u in self._uploads.values()}
        kept |= {self._data(u) for u in self._uploads.values()}
        for path in self._library.dir.glob(f"{_PREFIX}*"):
            if path not in kept:
                with contextlib.suppress(OSError):
                    path.unlink()
        self._expire()
