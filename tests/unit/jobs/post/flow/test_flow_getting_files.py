"""Files get onto the phone whole and listed, in the right order, and only our own are ever removed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.content.script_config import PostConfig
from jobs.hub.clock import Deadline
from jobs.hub.settings import Media
from jobs.media.probe import check_again
from jobs.phone.errors import PhoneNotReady, PhoneStorageFull
from jobs.phone.protocol import ShellResult
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.flow.getting_files import FOLDER, PREFIX, PhoneFiles
from jobs.post.flow.picking import fits_duration, seconds
from jobs.post.instagram.reading import post_count
from jobs.task.attempt import ScriptFailed
from storage.records import MediaFile, Task
from tests.support.clock import WaitingClock

NOW = 1_800_000_000.0


class Attempt:
    def __init__(self, materials: tuple[MediaFile, ...]) -> None:
        self.clock = WaitingClock(NOW)
        self.deadline = Deadline(self.clock, 600)
        self.notes: list[str] = []
        self.task = Task(
            id=12, serial="S", platform="tiktok", package="p", script_config=msgspec.to_builtins(PostConfig()),
            scheduled_at=0, created_at=0, due_at=0, materials=materials, attempt=2,
        )  # fmt: skip

    def check(self) -> None:
        pass

    def wait(self, seconds: float) -> None:
        self.clock.at += seconds

    @contextlib.contextmanager
    def step(self, name: str, **facts: Any) -> Iterator[None]:
        yield

    def note(self, sentence: str, **facts: Any) -> None:
        self.notes.append(sentence)


class Phone:
    """A phone with a media store that lists a file after so many questions."""

    serial = "S"

    def __init__(self, *, sdk: int = 34, listed_after: int = 0, free: int = 10**12) -> None:
        self.sdk, self.listed_after, self.free = sdk, listed_after, free
        self.ran: list[tuple[str, ...]] = []
        self.asked = 0
        self.pushed: list[str] = []
        self.files: list[str] = []
        self.needs_insert = False
        self.lists_at_once = False  #: the line that scans the files also gets their rows

    def free_bytes(self, remote_dir: str = "/sdcard") -> int:
        return self.free

    def push_all(
        self, files: Any, folder: str, *, mode: int = 0o644, after: str = "", finally_: str = ""
    ) -> str:
        self.pushed += [f"{folder}/{file.name}" for file in files]
        assert "scan_file" in after
        if self.sdk < 29:
            return "Error while accessing provider:media\njava.lang.IllegalArgumentException\n" * len(files)
        scans = "Result: Bundle[{uri=content://media/external/video/media/3}]\n" * len(files)
        if not self.lists_at_once:
            return scans
        mark, *questions = finally_.split("; ")
        answers = [self.shell(*shlex.split(line.removesuffix(" 2>&1"))).output for line in questions]
        return "\n".join([scans + mark.split()[1], *answers])

    def shell(self, *argv: str, timeout_s: float = 10.0) -> ShellResult:
        self.ran.append(argv)
        if argv[0] == "ls" or argv[-1].endswith(f"ls {FOLDER}"):
            return ShellResult("\n".join(self.files), 0)
        if argv[0] == "sh" and "content insert" in argv[-1]:
            self.needs_insert = False
        if argv[:2] == ("content", "query"):
            self.asked += 1
            if self.asked <= self.listed_after or self.needs_insert:
                return ShellResult("No result found.\n", 0)
            names = argv[-1].split("'")[1::2]
            return ShellResult(
                "".join(
                    f"Row: {n} _id={41 + n}, _display_name={name}, duration=5000\n"
                    for n, name in enumerate(names)
                ),
                0,
            )
        return ShellResult("", 0)

    def scripts(self, word: str) -> list[str]:
        """Shell scripts that run a command."""
        return [c[-1] for c in self.ran if c[0] == "sh" and word in c[-1]]

    def commands(self, *start: str) -> list[tuple[str, ...]]:
        return [c for c in self.ran if c[: len(start)] == start]


def media(tmp_path: Path, *names: str) -> tuple[MediaFile, ...]:
    made = []
    for name in names:
        file = tmp_path / name
        file.write_bytes(name.encode())
        kind = "video" if name.endswith(".mp4") else "image"
        digest = hashlib.sha256(name.encode()).hexdigest()
        made.append(MediaFile(path=str(file), name=name, sha256=digest, size_bytes=len(name), kind=kind))
    return tuple(made)


def place(tmp_path: Path, phone: Phone, *names: str) -> tuple[PhoneFiles, list[Any]]:
    materials = media(tmp_path, *names)
    files = PhoneFiles(Attempt(materials), phone)
    return files, files.place(materials)


def test_images_are_pushed_last_one_first_and_given_back_in_order(tmp_path: Path) -> None:
    phone = Phone()
    _, placed = place(tmp_path, phone, "a.jpg", "b.png", "c.webp")
    assert [p.rsplit("-", 2)[1] for p in phone.pushed] == ["3", "2", "1"]
    assert [p.mime for p in placed] == ["image/jpeg", "image/png", "image/webp"]


def test_names_are_unique_and_ours(tmp_path: Path) -> None:
    phone = Phone()
    place(tmp_path, phone, "a.jpg", "b.jpg")
    assert len(set(phone.pushed)) == 2
    assert all(p.startswith(f"{FOLDER}/{PREFIX}") and "-12-2-" in p for p in phone.pushed)


def test_U2_20_the_media_store_is_asked_to_scan_and_old_ones_get_the_broadcast(tmp_path: Path) -> None:
    new, old = Phone(sdk=34), Phone(sdk=28)
    place(tmp_path, new, "a.mp4")
    place(tmp_path, old, "a.mp4")
    assert (len(new.scripts("am broadcast")), len(old.scripts("am broadcast"))) == (0, 1)


def test_the_media_store_is_asked_until_it_lists_the_file(tmp_path: Path) -> None:
    phone = Phone(listed_after=5)
    _, placed = place(tmp_path, phone, "a.mp4")
    assert phone.asked == 6
    assert placed[0].uri == "content://media/external/video/media/41"


def test_MED_26_files_that_are_listed_at_once_cost_no_further_question(tmp_path: Path) -> None:
    phone = Phone()
    phone.lists_at_once = True
    _, placed = place(tmp_path, phone, "a.jpg", "b.jpg", "c.mp4")
    assert phone.asked == 2  # one for each kind, both in the line of the scan
    assert [file.row_id for file in placed] == [41, 42, 41]


def test_only_what_is_missing_is_asked_for_again(tmp_path: Path) -> None:
    phone = Phone(listed_after=1)
    phone.lists_at_once = True
    place(tmp_path, phone, "a.jpg", "c.mp4")
    assert [words[3] for words in phone.commands("content", "query")] == [
        "content://media/external/images/media",
        "content://media/external/video/media",
        "content://media/external/images/media",
    ]


def test_an_image_that_is_never_scanned_is_inserted(tmp_path: Path) -> None:
    phone = Phone()
    phone.needs_insert = True
    place(tmp_path, phone, "a.jpg")
    (inserted,) = phone.scripts("content insert")
    assert '_data:s:/storage/emulated/0/DCIM/Camera/"$f"' in inserted


def test_a_video_is_never_inserted(tmp_path: Path) -> None:
    phone = Phone(listed_after=10**6)
    with pytest.raises(ScriptFailed) as failed:
        place(tmp_path, phone, "a.mp4")
    assert (failed.value.code, failed.value.passing) == ("not_indexed", True)
    assert not phone.scripts("content insert")
    assert phone.scripts("am broadcast")


def test_JOB_10_a_phone_without_room_gets_nothing(tmp_path: Path) -> None:
    phone = Phone(free=10**6)
    with pytest.raises((PhoneStorageFull, PhoneNotReady)):
        place(tmp_path, phone, "a.mp4")
    assert phone.pushed == []


def test_a_file_that_is_gone_from_the_box_says_so(tmp_path: Path) -> None:
    materials = media(tmp_path, "a.mp4")
    (tmp_path / "a.mp4").unlink()
    with pytest.raises(ScriptFailed) as failed:
        PhoneFiles(Attempt(materials), Phone()).place(materials)
    assert failed.value.code == "no_material"


def test_a_share_that_is_away_is_no_fault_of_ours_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    materials = media(tmp_path, "a.mp4")
    limits = Media(roots=(str(tmp_path),))

    def fails(**patches: Any) -> tuple[str, bool, str]:
        phone = Phone()
        files = PhoneFiles(Attempt(materials), phone, lambda file: check_again(file, limits))
        with monkeypatch.context() as patch:
            for name, error in patches.items():

                def raises(*_: Any, error: int = error, **__: Any) -> None:
                    raise OSError(error, os.strerror(error))

                patch.setattr(Path if name == "is_file" else os, name, raises)
            with pytest.raises(ScriptFailed) as failed:
                files.place(materials)
        assert phone.pushed == []
        return failed.value.code, failed.value.passing, str(failed.value)

    down = "cannot be read: Host is down"
    assert fails(is_file=errno.EHOSTDOWN) == ("no_material", True, f"a.mp4 {down}")
    assert fails(open=errno.EHOSTDOWN) == ("no_material", True, f'"a.mp4" {down}')
    assert fails(fstat=errno.ESTALE)[:2] == ("no_material", True)
    assert fails(is_file=errno.EACCES)[:2] == ("no_material", False)
    assert fails(open=errno.EACCES)[:2] == ("media_rejected", False)
    Path(materials[0].path).unlink()
    code, passing, said = fails()
    assert (code, passing) == ("no_material", True)
    assert said.endswith("is gone or empty, as a share is that is not mounted")
    (tmp_path / "b.mp4").write_bytes(b"b")
    assert fails() == ("no_material", False, "a.mp4 is no longer on the box")


def test_only_leftovers_of_this_task_and_old_ones_of_ours_are_removed(tmp_path: Path) -> None:
    phone = Phone()
    young, old = int(NOW) - 60, int(NOW) - 7 * 3600
    mine, other, stale = (
        f"{PREFIX}{young}-12-1-1-aa.mp4",
        f"{PREFIX}{young}-13-1-1-bb.mp4",
        f"{PREFIX}{old}-9-1-1-cc.jpg",
    )
    phone.files = ["IMG_0001.jpg", "holiday.mp4", mine, other, stale, f"{PREFIX}notes.txt"]
    PhoneFiles(Attempt(()), phone).remove_leftovers()
    (removal,) = phone.scripts("rm -f")
    assert f"rm -f {mine} {stale};" in removal
    assert f"images/media --where \"_display_name IN ('{stale}')\"" in removal
    assert f"video/media --where \"_display_name IN ('{mine}')\"" in removal
    assert not any(name in removal for name in (other, "holiday", "notes", "IMG"))


def test_placed_files_and_their_rows_are_removed_once(tmp_path: Path) -> None:
    phone = Phone()
    files, placed = place(tmp_path, phone, "a.mp4")
    files.remove_all()
    files.remove_all()
    (removal,) = phone.scripts("rm -f")
    assert f"rm -f {placed[0].name};" in removal
    assert placed[0].name in removal.partition("content delete")[2]


def test_MED_26_the_files_of_a_carousel_cost_a_handful_of_commands(tmp_path: Path) -> None:
    phone = Phone()
    files, placed = place(tmp_path, phone, *(f"{n}.jpg" for n in range(35)))
    files.remove_all()
    assert [p.row_id for p in placed] == list(range(41, 76))
    assert len(phone.ran) == 2  # the query, and everything at the end


@pytest.mark.parametrize(
    ("label", "value"), [("0:18", 18), ("1:02:03", 3723), (" 2:49 ", 169), ("18", None), ("Edits", None)]
)
def test_duration_labels_are_read(label: str, value: int | None) -> None:
    assert seconds(label) == value


@pytest.mark.parametrize(
    ("shown", "real", "fits"), [(18, 18.4, True), (18, 17.2, True), (18, 21.0, False), (18, None, True)]
)
def test_apps_round_durations_in_their_own_ways(shown: int, real: float | None, fits: bool) -> None:
    assert fits_duration(shown, real) is fits


class Meta(dict[str, Any]):
    def set(self, key: str, value: Any) -> None:
        self[key] = value


def test_what_was_typed_last_on_this_phone_is_known_as_ours() -> None:
    meta = Meta()
    DraftMemory(meta, "S", "app").remember(["", "Hello #world"])
    again = DraftMemory(meta, "S", "app")
    assert again.knows("Hello #world")
    assert again.knows("Hello ")
    assert not again.knows("")
    assert not again.knows("Something else")
    assert not DraftMemory(meta, "T", "app").knows("Hello #world")
    again.forget()
    assert not again.knows("Hello #world")


def test_U2_4_a_text_that_arrived_twice_before_the_link_was_lost_is_still_known_as_ours() -> None:
    drafts = DraftMemory(Meta(), "S", "app")
    drafts.remember(["Hello #world"])
    assert drafts.knows("Hello #worldHello #world")
    assert drafts.knows("Hello #worldHello")
    assert not drafts.knows("Hello #world and everybody else")
    assert not drafts.knows("Hello #world" * 5)


def test_WEB_9_a_file_that_was_swapped_after_it_was_accepted_is_not_pushed_and_not_tried_again(
    tmp_path: Path,
) -> None:
    materials = media(tmp_path, "a.mp4")
    Path(materials[0].path).write_bytes(b"b.mp4")
    phone = Phone()
    limits = Media(roots=(str(tmp_path),))
    files = PhoneFiles(Attempt(materials), phone, lambda file: check_again(file, limits))
    with pytest.raises(ScriptFailed, match="was changed after") as failed:
        files.place(materials)
    assert (failed.value.code, failed.value.passing, phone.pushed) == ("media_rejected", False, [])


def test_MED_9_a_file_that_is_being_copied_anew_is_waited_for(tmp_path: Path) -> None:
    materials = media(tmp_path, "a.mp4")
    phone = Phone()
    limits = Media(roots=(str(tmp_path),))
    files = PhoneFiles(Attempt(materials), phone, lambda file: check_again(file, limits))
    with Path(materials[0].path).open("wb") as copy:
        copy.write(b"a.")
        copy.flush()
        with pytest.raises(ScriptFailed, match="still being written") as failed:
            files.place(materials)
        assert (failed.value.code, failed.value.passing, phone.pushed) == ("media_rejected", True, [])
        copy.write(b"mp4")
    assert len(files.place(materials)) == 1


def test_the_profile_before_a_tap_belongs_to_that_task_only() -> None:
    meta = Meta()
    DraftMemory(meta, "S", "app").note_before(7, {}, posts=8, tile="Reel at row 1", fresh=True)
    assert DraftMemory(meta, "S", "app").profile_before(7) == (8, "Reel at row 1", True)
    assert DraftMemory(meta, "S", "app").profile_before(8) == (None, "", False)


class OneElement:
    """A sight in which one element says something."""

    def __init__(self, text: str) -> None:
        self.says = text

    def find(self, element: str) -> OneElement:
        return self


@pytest.mark.parametrize(
    ("text", "count"), [("8posts", 8), ("1,234", 1234), ("1.2K", None), ("12 Beiträge", 12), ("", None)]
)
def test_the_number_of_posts_is_read_only_where_it_is_exact(text: str, count: int | None) -> None:
    assert post_count(OneElement(text)) == count
