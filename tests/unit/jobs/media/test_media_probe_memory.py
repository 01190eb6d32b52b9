"""What was found out of a file once is not found out again: neither at the next request nor after a restart (MED-22, MED-23)."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.library.library import Library
from jobs.media import local_folder
from jobs.media import probe as media_probe
from jobs.media.paths import MediaRejected
from jobs.media.probe import MediaProbe
from storage.records import Use
from storage.tables.media_facts import MediaFacts as KnownFiles
from tests.support.door import MEDIA, Door

FOLDER = {"material_source": "localFolder", "material_path": "."}


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were hashed, one entry each time."""
    names: list[str] = []
    real = hashlib.file_digest

    def count(file: Any, algorithm: str) -> Any:
        names.append(Path(f"/proc/self/fd/{file.fileno()}").resolve().name)
        return real(file, algorithm)

    monkeypatch.setattr(media_probe.hashlib, "file_digest", count)
    return names


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were looked into."""
    names: list[str] = []
    real = MediaProbe.look_anew

    def count(self: MediaProbe, kind: str, name: str, *more: Any) -> Any:
        names.append(name)
        return real(self, kind, name, *more)

    monkeypatch.setattr(MediaProbe, "look_anew", count)
    return names


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setattr(media_probe, "TICK_S", 0)  # files of this test are younger than the clock's step
    with Door(tmp_path, duplicate_window_minutes=0, duplicate_warning_hours=0) as door:
        yield door


def restart(door: Door) -> Door:
    door.store.close()
    return Door(door.folder, duplicate_window_minutes=0, duplicate_warning_hours=0)


def test_MED_22_used_files_are_not_hashed_again_after_a_restart(
    door: Door, hashed: list[str], looked: list[str]
) -> None:
    for number in range(3):
        door.file(f"{number}.mp4")
    for _ in range(3):
        door.create(FOLDER)
    assert sorted(hashed) == sorted(looked) == ["0.mp4", "1.mp4", "2.mp4"]
    with restart(door) as again:
        assert "no unused video" in again.errors(FOLDER)["script_config.material_path"]
        again.file("new.mp4")
        assert again.create(FOLDER).tasks[0].materials[0].name == "new.mp4"
    assert sorted(hashed) == sorted(looked) == ["0.mp4", "1.mp4", "2.mp4", "new.mp4"]


def test_MED_23_more_files_than_are_held_in_memory_are_hashed_once(
    door: Door, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_probe, "REMEMBERED", 4)
    for number in range(9):
        door.file(f"{number}.jpg", "photo.jpg")
    config = {**FOLDER, "content_type": 1, "image_count": 9}
    door.create(config)
    for _ in range(3):
        assert "no unused image" in door.errors(config)["script_config.material_path"]
    assert len(hashed) == 9


def test_a_file_that_was_changed_is_hashed_and_looked_into_again_even_when_its_time_was_set_back(
    door: Door, hashed: list[str], looked: list[str]
) -> None:
    path = door.file("a.mp4")
    probe = door.intake.probe
    before = probe.look(path)
    times = path.stat()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    with path.open("r+b") as file:
        file.write(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert probe.look(path).sha256 != before.sha256
    assert len(hashed) == len(looked) == 2


def test_what_is_read_within_the_clock_s_step_of_a_change_is_not_kept_for_good(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    shutil.copy(MEDIA / "clip.mp4", path)
    now = path.stat().st_ctime_ns / 1e9
    known = KnownFiles(None)
    for late_s, kept in ((0.001, False), (3.0, True)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(media_probe.time, "time", lambda late_s=late_s: now + late_s)
            MediaProbe(20, known).digest(path)
        assert (known.find(media_probe.FileId.of(path.stat())) is not None) == kept


def test_an_upload_is_looked_into_once_and_never_hashed_again(
    door: Door, hashed: list[str], looked: list[str]
) -> None:
    library = Library(door.settings, door.store, door.clock, door.intake.probe)
    library.upload([(MEDIA / "clip.mp4").read_bytes()], "clip.mp4")
    with restart(door) as again:
        assert again.create().tasks[0].materials[0].name == "clip.mp4"
    assert (len(looked), hashed) == (1, [])


def test_a_slow_look_at_one_upload_holds_up_neither_removal_nor_another_upload(door: Door) -> None:
    """The library once held its lock as long as a look took."""
    probe = door.intake.probe
    library = Library(door.settings, door.store, door.clock, probe)
    kept = library.upload([(MEDIA / "clip.mp4").read_bytes()], "clip.mp4").view.material.id
    begun, may_end = threading.Event(), threading.Event()
    real = probe.look

    def slow(path: Path, **more: Any) -> Any:
        if path.suffix == ".jpg":
            begun.set()
            assert may_end.wait(20)
        return real(path, **more)

    probe.look = slow  # type: ignore[method-assign]
    upload = threading.Thread(
        target=library.upload, args=([(MEDIA / "photo.jpg").read_bytes()], "photo.jpg"), daemon=True
    )
    upload.start()
    assert begun.wait(20)
    others = [
        threading.Thread(target=library.remove, args=(kept,), daemon=True),
        threading.Thread(
            target=library.upload, args=([(MEDIA / "photo.png").read_bytes()], "photo.png"), daemon=True
        ),
    ]
    for other in others:
        other.start()
    for other in others:
        other.join(20)
    assert not any(other.is_alive() for other in others)
    assert [view.material.name for view in library.page()[0]] == ["photo.png"]
    may_end.set()
    upload.join(20)
    assert {view.material.name for view in library.page()[0]} == {"photo.jpg", "photo.png"}


def test_the_same_content_uploaded_twice_at_once_is_one_material(door: Door) -> None:
    library = Library(door.settings, door.store, door.clock, door.intake.probe)
    both = threading.Barrier(2)
    real = door.intake.probe.look

    def together(path: Path, **more: Any) -> Any:
        both.wait(20)
        return real(path, **more)

    door.intake.probe.look = together  # type: ignore[method-assign]
    uploaded = []

    def upload() -> None:
        uploaded.append(library.upload([(MEDIA / "clip.mp4").read_bytes()], "clip.mp4"))

    threads = [threading.Thread(target=upload) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(one.created for one in uploaded) == [False, True]
    assert library.page()[1] == 1
    assert uploaded[0].view.use is Use.FREE
    assert [path.suffix for path in library.dir.iterdir()] == [".mp4"]


def test_a_folder_is_read_once_per_request_however_many_accounts_it_is_for(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        door.file(f"{number}.mp4")
        door.account(f"user{number}")
    read: list[str] = []
    real = os.scandir

    def count(path: Any) -> Any:
        read.append(str(path))
        return real(path)

    monkeypatch.setattr(local_folder.os, "scandir", count)
    created = door.create(FOLDER, serials=None, usernames=[f"user{number}" for number in range(12)])
    assert len({task.materials[0].name for task in created.tasks}) == 12
    assert len(read) <= 2


def test_the_library_is_sorted_once_per_request_however_many_accounts_it_is_for(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(door.settings, door.store, door.clock, door.intake.probe)
    for number in range(4):
        door.account(f"user{number}")
        library.upload([door.file(f"{number}.mp4").read_bytes()], f"{number}.mp4")
    asked: list[object] = []
    real = door.store.materials.candidates
    monkeypatch.setattr(
        door.store.materials, "candidates", lambda *more, **named: asked.append(more) or real(*more, **named)
    )
    created = door.create(serials=None, usernames=[f"user{number}" for number in range(4)])
    assert [task.materials[0].name for task in created.tasks] == [f"{number}.mp4" for number in range(4)]
    assert len(asked) == 1


def test_a_request_does_not_hold_up_others_for_one_slow_file_after_another(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        door.file(f"{number}.jpg")
    door.account("alice", "A")
    door.account("bob", "B")
    asked: list[str] = []

    def slow(kind: str, name: str, *_: Any) -> Any:
        asked.append(name)
        raise MediaRejected("probe_timeout", f'"{name}" could not be looked into within 20 s')

    monkeypatch.setattr(door.intake.probe, "look_anew", slow)
    config = {**FOLDER, "content_type": 1}
    problem = door.errors(config, serials=None, usernames=["alice", "bob"])["script_config.material_path"]
    assert "3 files took longer than media.probe_timeout_s" in problem
    assert asked == ["0.jpg", "1.jpg", "2.jpg"]


def test_a_library_file_is_called_by_the_name_that_people_know(door: Door) -> None:
    library = Library(door.settings, door.store, door.clock, door.intake.probe)
    material = library.upload([(MEDIA / "clip.mp4").read_bytes()], "bench.mp4").view.material
    Path(material.path).write_bytes(b"hello" * 99)
    said = door.errors()["script_config.material_source"]
    assert '"bench.mp4" is named like an MP4 video, but holds text' in said
    assert material.sha256 not in said
