"""The material library: streamed uploads that may be repeated, lists, changes, removal."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.hub.settings import Media, PlatformLimits, Server, Settings, Storage
from jobs.input.refusals import Invalid, NoSpace, NotFound
from jobs.library.library import Library, Uploaded
from storage.records import Outcome, Use
from tests.support.door import MEDIA, Door, codes, refused

CLIP = (MEDIA / "clip.mp4").read_bytes()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with Door(tmp_path) as door:
        yield door


@pytest.fixture
def library(door: Door) -> Library:
    return Library(door.settings, door.store, door.clock)


def chunks(data: bytes, size: int = 10_000) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def another(number: int) -> bytes:
    """The clip with content of its own."""
    return CLIP + b"\0\0\0\x09free" + bytes([number])


def left_over(library: Library) -> list[str]:
    return sorted(path.name for path in library.dir.iterdir())


def test_an_upload_is_stored_whole_with_what_it_is(library: Library) -> None:
    uploaded = library.upload(
        chunks(CLIP),
        "sort_7_Bench.MP4",
        {"caption": "{a|b}", "username": "@Alice", "tags": "wood, bench"},
        length=len(CLIP),
        sha256=hashlib.sha256(CLIP).hexdigest().upper(),
    )
    material = uploaded.view.material
    assert uploaded.created
    assert uploaded.view.use is Use.FREE
    assert Path(material.path).read_bytes() == CLIP
    assert material.sha256 == hashlib.sha256(CLIP).hexdigest()
    assert (material.name, material.kind, material.size_bytes) == ("sort_7_Bench.MP4", "video", len(CLIP))
    assert (material.width, material.height, material.duration_s) == (360, 640, 3.0)
    assert (material.caption, material.username, material.tags) == ("{a|b}", "Alice", ("wood", "bench"))
    assert material.sort_number == 7
    assert left_over(library) == [f"{material.sha256}.mp4"]


def test_a_given_sort_number_wins_over_the_name(library: Library) -> None:
    assert library.upload([CLIP], "sort_7_x.mp4", {"sort_number": "3"}).view.material.sort_number == 3


def test_an_upload_may_be_repeated(library: Library) -> None:
    first = library.upload([CLIP], "a.mp4", {"caption": "first"})
    again = library.upload([CLIP], "b.mp4", {"caption": "second"})
    assert not again.created
    assert again.view == first.view
    assert "were left as they are" in again.warnings[0]
    assert library.upload([CLIP], "a.mp4").warnings == []
    assert library.page()[1] == 1


def test_repeating_brings_back_a_file_that_vanished(library: Library) -> None:
    path = Path(library.upload([CLIP], "a.mp4").view.material.path)
    path.unlink()
    assert not library.upload([CLIP], "a.mp4").created
    assert path.read_bytes() == CLIP


def test_equal_uploads_at_the_same_time_make_one_material(library: Library) -> None:
    results: list[Uploaded] = []
    threads = [
        threading.Thread(target=lambda: results.append(library.upload(chunks(CLIP), "a.mp4")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 8
    assert sum(result.created for result in results) == 1
    assert library.page()[1] == 1


@pytest.mark.parametrize(
    ("name", "content", "fields", "code"),
    [
        ("a.exe", CLIP, {}, {"name": "unsupported_type"}),
        ("", CLIP, {}, {"name": ""}),
        (".mp4", CLIP, {}, {"name": ""}),
        ("x" * 300 + ".mp4", CLIP, {}, {"name": ""}),
        ("a\x07.mp4", CLIP, {}, {"name": ""}),
        ("a.mp4", b"hello", {}, {"file": "content_mismatch"}),
        ("a.mp4", b"", {}, {"file": "empty"}),
        ("a.mp4", CLIP[:20_000], {}, {"file": "truncated"}),
        ("a.jpg", CLIP, {}, {"file": "content_mismatch"}),
        ("a.mp4", CLIP, {"sort_number": -1}, {"sort_number": ""}),
        ("a.mp4", CLIP, {"caption": "{" * 40 + "}" * 40}, {"caption": ""}),
        ("a.mp4", CLIP, {"tags": ["a,b"]}, {"tags": ""}),
        ("a.mp4", CLIP, {"tags": 5, "caption": 5}, {"tags": "", "caption": ""}),
    ],
)
def test_what_is_unfit_is_refused_and_leaves_nothing_behind(
    library: Library, name: str, content: bytes, fields: dict[str, Any], code: dict[str, str]
) -> None:
    assert codes(lambda: library.upload(chunks(content), name, fields)) == code
    assert library.page() == ([], 0)
    assert not library.dir.exists() or left_over(library) == []


def test_a_reason_names_the_file_as_the_caller_does(library: Library) -> None:
    problems = refused(lambda: library.upload([b"hello"], "bench.mp4"), Invalid)
    assert problems == {"file": '"bench.mp4" is named like an MP4 video, but holds text'}


@pytest.mark.parametrize(
    "name", ["C:\\Users\\me\\clip.mp4", "/tmp/../clip.mp4", "../../clip.mp4", "a/b/clip.mp4"]
)
def test_WEB_9_folders_in_a_name_are_dropped(library: Library, name: str) -> None:
    material = library.upload([CLIP], name).view.material
    assert material.name == "clip.mp4"
    assert Path(material.path).parent == library.dir


def test_announced_length_and_checksum_are_compared(library: Library) -> None:
    assert codes(lambda: library.upload([CLIP], "a.mp4", length=len(CLIP) + 1)) == {"file": "truncated"}
    assert codes(lambda: library.upload([CLIP], "a.mp4", sha256="0" * 64)) == {"sha256": "checksum"}
    assert left_over(library) == []


def test_a_stream_that_breaks_off_leaves_nothing_behind(library: Library) -> None:
    def broken() -> Iterator[bytes]:
        yield CLIP[:5000]
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        library.upload(broken(), "a.mp4")
    assert left_over(library) == []


def test_what_a_crash_left_behind_is_removed_at_the_start(door: Door, library: Library) -> None:
    library.upload([CLIP], "a.mp4")
    (library.dir / ".upload-abc.mp4").write_bytes(b"half")
    kept = Library(door.settings, door.store, door.clock)
    assert left_over(kept) == [f"{hashlib.sha256(CLIP).hexdigest()}.mp4"]


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (Settings(server=Server(max_upload_bytes=50_000)), Invalid),
        (Settings(storage=Storage(min_free_bytes=2**50)), NoSpace),
        (Settings(media=Media(library_quota_bytes=50_000)), NoSpace),
    ],
)
def test_limits_hold_with_and_without_an_announced_length(
    library: Library, settings: Settings, kind: type[Exception]
) -> None:
    library.reload(settings)
    for length in (None, len(CLIP)):
        with pytest.raises(kind):
            library.upload(chunks(CLIP), "a.mp4", length=length)
    assert left_over(library) == []


def test_the_quota_counts_what_is_there(library: Library) -> None:
    library.reload(Settings(media=Media(library_quota_bytes=2 * len(CLIP))))
    library.upload([CLIP], "a.mp4")
    refused(lambda: library.upload([another(1)], "b.mp4"), NoSpace)


def test_what_no_platform_takes_is_refused_what_one_takes_is_warned_about(
    door: Door, library: Library
) -> None:
    strict, lax = PlatformLimits(max_video_s=1.0), PlatformLimits()
    library.reload(msgspec.structs.replace(door.settings, media=Media(tiktok=strict, instagram=strict)))
    refused(lambda: library.upload([CLIP], "a.mp4"), Invalid)
    library.reload(msgspec.structs.replace(door.settings, media=Media(tiktok=strict, instagram=lax)))
    assert library.upload([CLIP], "a.mp4").warnings == [
        '"a.mp4" lasts 3 s, TikTok takes 1 s at most [too_long]'
    ]


def test_materials_are_listed_filtered_and_paged(door: Door, library: Library) -> None:
    library.upload([CLIP], "1.mp4", {"tags": ["x"]})
    library.upload([another(2)], "2.mp4", {"username": "alice", "tags": ["x", "y"]})
    library.upload([(MEDIA / "photo.jpg").read_bytes()], "3.jpg")
    door.create({"materials_tags": "x"})

    def names(**filters: Any) -> list[str]:
        return [view.material.name for view in library.page(**filters)[0]]

    assert names() == ["3.jpg", "2.mp4", "1.mp4"]
    assert names(kind="image") == ["3.jpg"]
    assert names(tag="y") == ["2.mp4"]
    assert names(username="@ALICE") == ["2.mp4"]
    assert names(use=Use.RESERVED) == ["1.mp4"]
    assert names(use=Use.FREE) == ["3.jpg", "2.mp4"]
    assert names(page=2, page_size=2) == ["1.mp4"]
    assert library.page(page=2, page_size=2)[1] == 3


def test_a_material_is_changed(library: Library) -> None:
    material = library.upload([CLIP], "1.mp4", {"caption": "old"}).view.material
    view, warnings = library.change(material.id, {"tags": ["b"], "username": "@bob", "nope": 1})
    assert (view.material.caption, view.material.tags, view.material.username) == ("old", ("b",), "bob")
    assert warnings == [
        "nope: unknown key, ignored",
        "username: there is no account @bob; until there is, no task takes the file",
    ]
    refused(lambda: library.change(material.id, {"sort_number": "x"}), Invalid)
    refused(lambda: library.change(material.id, []), Invalid)
    refused(lambda: library.change(99, {}), NotFound)


def test_a_material_is_removed_unless_a_task_needs_it(door: Door, library: Library) -> None:
    material = library.upload([CLIP], "1.mp4").view.material
    task = door.create().tasks[0]
    assert "is reserved" in refused(lambda: library.remove(material.id), Invalid)[""]
    door.end(task.id, Outcome.PUBLISHED)
    library.remove(material.id)
    assert not Path(material.path).exists()
    refused(lambda: library.remove(material.id), NotFound)
    # What was posted stays posted: the same file uploaded again is still used.
    assert library.upload([CLIP], "1.mp4").view.use is Use.USED
    assert library.reset_used() == 1
    assert door.create(force=True).tasks


def test_a_folder_of_the_library_can_be_configured(tmp_path: Path, door: Door) -> None:
    elsewhere = tmp_path / "elsewhere"
    settings = msgspec.structs.replace(door.settings, media=Media(library_dir=str(elsewhere)))
    library = Library(settings, door.store, door.clock)
    assert Path(library.upload([CLIP], "1.mp4").view.material.path).parent == elsewhere
