"""Gets media files onto the phone so that the apps see them, newest first, and removes our own files afterwards."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection
from pathlib import Path, PurePosixPath

import msgspec

from jobs.hub.clock import Deadline, utc
from jobs.hub.regular_file import may_pass
from jobs.media.arriving import still_arriving
from jobs.media.paths import MediaRejected
from jobs.phone.errors import CommandFailed, PhoneNotReady, PhoneStorageFull
from jobs.phone.protocol import Outgoing, PhoneSession
from jobs.post.media_store import (
    BROADCAST,
    COLLECTION,
    FOLDER,
    REAL_FOLDER,
    SCAN,
    all_rows,
    by_kind,
    for_each,
    later,
    mime_of,
    question,
    removal,
    rows_in,
)
from jobs.task.attempt import Attempt, ScriptFailed
from storage.error_codes import ErrorCode
from storage.records import MediaFile

#: Our own files are recognised by this prefix; nothing without it is ever removed.
PREFIX = "tkmd-"
#: Room that must stay free: the apps copy and re-encode what they post.
SPARE_BYTES = 200 * 1024**2
#: Media stores answer within some seconds; slow phones took up to 15 s.
INDEX_TIMEOUT_S = 20.0
#: Images that the scanner does not list by then are inserted by hand.
INSERT_AFTER_S = 6.0
#: A file of ours that is older was left by an attempt that could not clean up.
STALE_S = 6 * 3600.0

#: Stands between what the scans of the files print and what the media store answers then.
_LISTED = "--listed--"
#: A command of more names would be longer than old phones take.
REMOVED_AT_ONCE = 40
_OURS = re.compile(re.escape(PREFIX) + r"(\d{10})-(\d+)-[\w.-]+")


class OnPhone(msgspec.Struct, frozen=True):
    """A file of ours on the phone, listed by the media store."""

    name: str
    kind: str
    mime: str
    row_id: int
    dated: int = (
        0  #: what the media store says of its last change, epoch seconds of the phone; 0 where it does not
    )

    @property
    def path(self) -> str:
        return f"{FOLDER}/{self.name}"

    @property
    def uri(self) -> str:
        return f"{COLLECTION[self.kind]}/{self.row_id}"


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

        Several images go in reverse order: pickers show the newest first.

        Returns:
            In the order of `materials`.

        Raises:
            ScriptFailed: a file is gone from the box, or the media store does not list it in time.
            PhoneNotReady: the phone is full, whatever is to be posted: a person must make room.
            PhoneStorageFull, PushFailed: they did not arrive.
        """
        total_bytes = sum(m.size_bytes for m in materials)
        self._check_room(total_bytes)
        stamp = int(self._attempt.clock.now())
        files = [self._outgoing(m, number, stamp) for number, m in enumerate(materials, 1)]
        shown = files[0].name if len(files) == 1 else f"{len(files)} files"
        with self._attempt.step("push", file=shown, bytes=total_bytes):
            kinds = {file.name: material.kind for file, material in zip(files, materials, strict=True)}
            # The scan of a file comes right after it is in its place, so that rows are as old as their files; most
            # phones list it at once, and the same line asks for that.
            questions = [f"{shlex.join(question(*alike))} 2>&1" for alike in by_kind(kinds)]
            printed = self._phone.push_all(
                files[::-1], FOLDER, after=SCAN, finally_="; ".join([f"echo {_LISTED}", *questions])
            )
        with self._attempt.step("index", file=shown):
            scans, _, listed = printed.partition(_LISTED)
            rows = self._index(kinds, listed, scanned=scans.count("content://") >= len(files))
        placed = [OnPhone(name, kind, mime_of(name, kind), *rows[name]) for name, kind in kinds.items()]
        self.placed.extend(placed)
        return placed

    def _outgoing(self, material: MediaFile, number: int, stamp: int) -> Outgoing:
        suffix = PurePosixPath(material.path).suffix.lower()
        task = self._attempt.task
        name = f"{PREFIX}{stamp:010d}-{task.id}-{task.attempt}-{number}-{material.sha256[:8]}{suffix}"
        local = Path(material.path)
        _ensure_there(local, material.name)
        try:
            self._check(material)
        except MediaRejected as error:
            if error.passing:
                raise ScriptFailed(ErrorCode.NO_MATERIAL, str(error), step="push", passing=True) from error
            arriving = still_arriving(local)  # copied anew: what is there in the end may be what was accepted
            text = f"{error}: it {arriving}" if arriving else str(error)
            raise ScriptFailed(ErrorCode.MEDIA_REJECTED, text, step="push", passing=bool(arriving)) from error
        return Outgoing(local, name, material.size_bytes, material.sha256)

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

    def _index(self, kinds: dict[str, str], listed: str, *, scanned: bool) -> dict[str, tuple[int, int]]:
        """Ask the media store until it lists the files, by name and kind; their row ids and dates.

        `listed` is what it answered already, right after the scan.
        """
        rows = rows_in(kinds, listed)
        if rows.keys() == kinds.keys():
            return rows
        if not scanned:
            self._broadcast(kinds)
        deadline = Deadline(self._attempt.clock, INDEX_TIMEOUT_S)
        insert_at = Deadline(self._attempt.clock, INSERT_AFTER_S)
        inserted = False
        pause_s = 0.1
        while True:
            for names, kind in by_kind({n: k for n, k in kinds.items() if n not in rows}):
                rows |= rows_in(kinds, self._phone.shell(*question(names, kind)).output)
            missing = {name: kind for name, kind in kinds.items() if name not in rows}
            if not missing:
                return rows
            if deadline.expired:
                shown = ", ".join(list(missing)[:3]) + (" and more" if len(missing) > 3 else "")
                raise ScriptFailed(
                    ErrorCode.NOT_INDEXED,
                    f"the phone's media store does not list {shown}",
                    step="index",
                )
            self._attempt.wait(min(pause_s, deadline.remaining_s))
            pause_s = min(1.0, pause_s * 1.6)
            if insert_at.expired and not inserted:
                inserted = True
                self._insert([name for name, kind in missing.items() if kind == "image"])
                self._broadcast({name: kind for name, kind in missing.items() if kind == "video"})

    def _broadcast(self, names: Collection[str]) -> None:
        """Deprecated since Android 10, still answered on most phones; older ones know nothing else."""
        if names:
            self._phone.shell("sh", "-c", for_each(names, BROADCAST), timeout_s=10.0 + len(names))

    def _insert(self, names: list[str]) -> None:
        if not names:
            return
        self._attempt.note("the media store did not scan images: inserting their rows", files=len(names))
        now = int(self._attempt.clock.now())
        by_mime: dict[str, list[str]] = {}
        for name in names:
            by_mime.setdefault(mime_of(name, "image"), []).append(name)
        for mime, alike in by_mime.items():
            command = (
                f'content insert --uri {COLLECTION["image"]} --bind _data:s:{REAL_FOLDER}/"$f"'
                f" --bind mime_type:s:{mime} --bind date_added:i:{now} --bind date_modified:i:{now}"
            )
            self._phone.shell("sh", "-c", for_each(alike, command), timeout_s=10.0 + 3.0 * len(alike))

    def ensure_newest(self) -> None:
        """Ask whether anything of their kind came after our files: pickers show the newest first, and would show that.

        The answer holds our own files too, so that one that cannot be read is never taken for "nothing came".

        Raises:
            ScriptFailed: something did, such as a picture that a messenger saved, or the phone does not say; nothing was posted.
        """
        if not self.placed:
            return
        first = min(self.placed, key=lambda file: file.row_id)
        date = min(file.dated for file in self.placed)
        asked = self._phone.shell(*later(first.kind, first.row_id, date))
        ours = {file.name for file in self.placed}
        rows = all_rows(asked.output)
        if ours.difference(name for _, name in rows):
            self._attempt.note(
                "the media store does not answer what came after our files", says=asked.output[:200]
            )
            raise ScriptFailed(
                ErrorCode.NOT_INDEXED,
                "the phone's media store does not say whether anything came into the gallery after our file",
                step="picker",
            )
        names = [name for _, name in rows if name not in ours]
        if not names:
            return
        if any(row_id > first.row_id for row_id, name in rows if name not in ours):
            self._attempt.note("something came into the gallery after our files", names=names[:5])
            raise ScriptFailed(
                ErrorCode.NOT_INDEXED,
                "something else came into the phone's gallery meanwhile, and the picker may show it in the place of ours",
                step="picker",
            )
        self._attempt.note("something in the gallery is dated after our files", names=names[:5])
        raise ScriptFailed(
            ErrorCode.NOT_INDEXED,
            f"{names[0]} in the phone's gallery is dated later than our file, and the picker may show it in its place: "
            "correct the date or remove the file",
            step="picker",
        )

    # Removing

    def remove_leftovers(self) -> None:
        """Remove what earlier attempts of this task, or attempts long ago, left on the phone."""
        self._remove_left(self._phone.shell("ls", FOLDER).output)

    def _remove_left(self, listing: str) -> None:
        now = self._attempt.clock.now()
        left: list[str] = []
        for name in listing.split():
            match = _OURS.fullmatch(name)
            if match and (int(match[2]) == self._attempt.task.id or now - int(match[1]) > STALE_S):
                self._attempt.note(
                    "removing a file left earlier", file=name, pushed=utc(int(match[1])).isoformat()
                )
                left.append(name)
        for start in range(0, len(left), REMOVED_AT_ONCE):
            self._phone.shell("sh", "-c", removal(left[start : start + REMOVED_AT_ONCE]), timeout_s=20.0)

    def remove_all(self) -> None:
        """Remove this attempt's own files with their rows in the media store, and what earlier ones left.

        A failure to remove our own is only noted: the next attempt finds them.
        """
        names = [file.name for file in self.placed]
        self.placed.clear()
        if not names:
            self.remove_leftovers()
            return
        try:
            # One command for all three: each costs a round trip, and they come after every post.
            done = self._phone.shell("sh", "-c", f"{removal(names)}; ls {FOLDER}", timeout_s=20.0)
        except CommandFailed as error:
            self._attempt.note(f"the pushed files could not be removed: {error}")
            return
        self._remove_left(done.output)


def _ensure_there(local: Path, name: str) -> None:
    """Raise ScriptFailed for a file that is not there; a share that is away may come back."""
    try:
        if local.is_file():
            return
        away = not local.parent.is_dir() or next(local.parent.iterdir(), None) is None
    except OSError as error:
        raise ScriptFailed(
            ErrorCode.NO_MATERIAL,
            f"{name} cannot be read: {error.strerror}",
            step="push",
            passing=may_pass(error),
        ) from error
    said = f"{name} is no longer on the box"
    if away:
        said = f"{name} is not there: {local.parent} is gone or empty, as a share is that is not mounted"
    raise ScriptFailed(ErrorCode.NO_MATERIAL, said, step="push", passing=away)
