"""Gets media files onto the phone so that the apps see them, newest first, and removes our own files afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec

from jobs.attempt import Attempt, ScriptFailed
from jobs.clock import Deadline, utc
from jobs.phone.errors import CommandFailed, PhoneNotReady, PhoneStorageFull
from jobs.phone.protocol import PhoneSession
from jobs.post.media_paths import MediaRejected
from storage.records import MediaFile

#: Both apps show this folder under "Recents". MediaStore wants the real path, not the /sdcard link.
FOLDER = "/sdcard/DCIM/Camera"
REAL_FOLDER = "/storage/emulated/0/DCIM/Camera"
#: Our own files are told by this prefix; nothing without it is ever removed.
PREFIX = "tkmd-"
#: Room that must stay free: the apps copy and re-encode what they post.
SPARE_BYTES = 200 * 1024**2
#: Media stores answer within some seconds; slow phones took up to 15 s.
INDEX_TIMEOUT_S = 20.0
#: Images that the scanner does not list by then are inserted by hand.
INSERT_AFTER_S = 6.0
#: A file of ours that is older was left by an attempt that could not clean up.
STALE_S = 6 * 3600.0

_COLLECTION = {
    "video": "content://media/external/video/media",
    "image": "content://media/external/images/media",
}
_MIME = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
}  # fmt: skip
_ROW_ID = re.compile(r"\b_id=(\d+)")
_ROW_DURATION = re.compile(r"\bduration=(\d+)")
_OURS = re.compile(re.escape(PREFIX) + r"(\d{10})-(\d+)-[\w.-]+")


class OnPhone(msgspec.Struct, frozen=True):
    """A file of ours on the phone, listed by the media store."""

    name: str
    kind: str
    mime: str
    row_id: int

    @property
    def path(self) -> str:
        return f"{FOLDER}/{self.name}"

    @property
    def uri(self) -> str:
        return f"{_COLLECTION[self.kind]}/{self.row_id}"


class PhoneFiles:
    """The files of one attempt on one phone."""

    def __init__(
        self, attempt: Attempt, phone: PhoneSession, check: Callable[[MediaFile], None] = lambda _: None
    ) -> None:
        """`check` raises MediaRejected for a file that is no longer what was accepted."""
        self._attempt = attempt
        self._phone = phone
        self._check = check
        self.placed: list[OnPhone] = []

    def place(self, materials: tuple[MediaFile, ...]) -> list[OnPhone]:
        """Push the files and wait until the media store lists them.

        Several images go in reverse order, one after the other: pickers show the newest first.

        Returns:
            In the order of `materials`.

        Raises:
            ScriptFailed: a file is gone from the box, or the media store does not list it in time.
            PhoneNotReady: the phone is full, whatever is to be posted: a person must make room.
            PhoneStorageFull, PushFailed: it did not arrive.
        """
        self._check_room(sum(m.size_bytes for m in materials))
        stamp = int(self._attempt.clock.now())
        placed: list[OnPhone] = []
        for number, material in reversed(list(enumerate(materials, 1))):
            self._attempt.check()
            placed.append(self._place_one(material, number, stamp))
        placed.reverse()
        return placed

    def _check_room(self, need: int) -> None:
        storage = FOLDER.rpartition("/DCIM")[0]
        free = self._phone.free_bytes(storage)
        if free < need + SPARE_BYTES:
            self.remove_leftovers()
            free = self._phone.free_bytes(storage)
        if free < SPARE_BYTES:
            raise PhoneNotReady(
                f"its storage is full: {free // 1024**2} MB are free, tasks start from {SPARE_BYTES // 1024**2} MB",
                serial=self._phone.serial,
            )
        if free < need + SPARE_BYTES:
            raise PhoneStorageFull(
                f"the phone has {free // 1024**2} MB free, {(need + SPARE_BYTES) // 1024**2} MB are needed",
                serial=self._phone.serial,
            )

    def _place_one(self, material: MediaFile, number: int, stamp: int) -> OnPhone:
        suffix = PurePosixPath(material.path).suffix.lower()
        mime = _MIME.get(suffix, "video/mp4" if material.kind == "video" else "image/jpeg")
        task = self._attempt.task
        name = f"{PREFIX}{stamp:010d}-{task.id}-{task.attempt}-{number}-{material.sha256[:8]}{suffix}"
        local = Path(material.path)
        if not local.is_file():
            raise ScriptFailed("no_material", f"{material.name} is no longer on the box", step="push")
        try:
            self._check(material)
        except MediaRejected as error:
            raise ScriptFailed("media_rejected", str(error), step="push") from error
        with self._attempt.step("push", file=material.name, bytes=material.size_bytes):
            self._phone.push(local, f"{FOLDER}/{name}", sha256=material.sha256)
        with self._attempt.step("index", file=name):
            row_id = self._index(name, material.kind, mime)
        found = OnPhone(name, material.kind, mime, row_id)
        self.placed.append(found)
        return found

    def _index(self, name: str, kind: str, mime: str) -> int:
        """Tell the media store and ask until it lists the file; a video must have a duration as well."""
        self._scan(name)
        deadline = Deadline(self._attempt.clock, INDEX_TIMEOUT_S)
        insert_at = Deadline(self._attempt.clock, INSERT_AFTER_S)
        inserted = False
        pause_s = 0.1
        while True:
            row_id = self._row(name, kind)
            if row_id is not None:
                return row_id
            if deadline.expired:
                raise ScriptFailed(
                    "not_indexed", f"the phone's media store does not list {name}", step="index", passing=True
                )
            self._attempt.wait(min(pause_s, deadline.remaining_s))
            pause_s = min(1.0, pause_s * 1.6)
            if insert_at.expired and not inserted:
                inserted = True
                if kind == "image":
                    self._insert(name, mime)
                else:
                    self._scan(name, broadcast_too=True)

    def _scan(self, name: str, *, broadcast_too: bool = False) -> None:
        path = f"{REAL_FOLDER}/{name}"
        # Known since Android 10; the uri that it answers with says that it worked.
        done = self._phone.shell(
            "content", "call", "--uri", "content://media", "--method", "scan_file", "--arg", path
        )
        if done.exit_code == 0 and "content://" in done.output and not broadcast_too:
            return
        # Deprecated since then, still answered on most phones.
        self._phone.shell(
            "am", "broadcast", "-a", "android.intent.action.MEDIA_SCANNER_SCAN_FILE", "-d", f"file://{path}"
        )

    def _insert(self, name: str, mime: str) -> None:
        now = int(self._attempt.clock.now())
        self._attempt.note("the media store did not scan the image: inserting its row")
        self._phone.shell(
            "content", "insert", "--uri", _COLLECTION["image"],
            "--bind", f"_data:s:{REAL_FOLDER}/{name}",
            "--bind", f"mime_type:s:{mime}",
            "--bind", f"date_added:i:{now}",
            "--bind", f"date_modified:i:{now}",
        )  # fmt: skip

    def _row(self, name: str, kind: str) -> int | None:
        columns = "_id:_display_name:duration" if kind == "video" else "_id:_display_name"
        where = f"_display_name='{name}'"
        answer = self._phone.shell(
            "content", "query", "--uri", _COLLECTION[kind], "--projection", columns, "--where", where
        )
        for line in answer.output.splitlines():
            row, duration = _ROW_ID.search(line), _ROW_DURATION.search(line)
            if row and name in line and (kind != "video" or (duration and int(duration[1]) > 0)):
                return int(row[1])
        return None

    # Removing

    def remove_leftovers(self) -> None:
        """Remove what earlier attempts of this task, or attempts long ago, left on the phone."""
        listing = self._phone.shell("ls", FOLDER)
        now = self._attempt.clock.now()
        for name in listing.output.split():
            match = _OURS.fullmatch(name)
            if match and (int(match[2]) == self._attempt.task.id or now - int(match[1]) > STALE_S):
                self._attempt.note(
                    "removing a file left earlier", file=name, pushed=utc(int(match[1])).isoformat()
                )
                kind = "image" if _MIME.get(PurePosixPath(name).suffix, "").startswith("image") else "video"
                self._remove(name, kind)

    def remove_placed(self) -> None:
        """Remove this attempt's own files and their rows in the media store; a failure is only noted."""
        while self.placed:
            file = self.placed.pop()
            try:
                self._remove(file.name, file.kind, file.row_id)
            except CommandFailed as error:
                self._attempt.note(f"{file.name} could not be removed: {error}")

    def _remove(self, name: str, kind: str, row_id: int | None = None) -> None:
        self._phone.shell("rm", "-f", f"{FOLDER}/{name}")
        if row_id is not None:
            self._phone.shell("content", "delete", "--uri", f"{_COLLECTION[kind]}/{row_id}")
        else:
            where = f"_display_name='{name}'"
            self._phone.shell("content", "delete", "--uri", _COLLECTION[kind], "--where", where)
