"""The media store lists a file only after a scan, and looks into it as Android does."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from simulator.android.media_probe import probe
from simulator.phone import Phone
from tests.unit.simulator.phonebench import make_phone, sh

MEDIA = Path(__file__).parents[2] / "media"
SCAN = "content call --uri content://media --method scan_file --arg "
QUERY = "content query --uri content://media/external/video/media --projection _id:_display_name:duration --where "


def on_phone(folder: Path, steps: Callable[[Phone], Awaitable[None]], **changes: object) -> None:
    async def run() -> None:
        phone = make_phone(folder, **changes)
        await steps(phone)
        phone.close()

    asyncio.run(run())


def put(phone: Phone, name: str, target: str) -> None:
    shutil.copyfile(MEDIA / name, phone.files.for_writing(target))


def test_U2_20_a_pushed_video_is_listed_only_after_a_scan(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        put(phone, "clip.mp4", "/sdcard/DCIM/Camera/x.mp4")
        assert (await sh(phone, QUERY + "\"_display_name='x.mp4'\"")).out == "No result found.\n"
        assert phone.media() == []
        scanned = await sh(phone, SCAN + "/storage/emulated/0/DCIM/Camera/x.mp4")
        assert (
            scanned.out == "Result: Bundle[{uri=content://media/external_primary/video/media/1000000033}]\n"
        )
        found = await sh(phone, QUERY + "\"_display_name='x.mp4'\"")
        assert found.out == "Row: 0 _id=1000000033, _display_name=x.mp4, duration=3000\n"
        (row,) = phone.media()
        assert (row.kind, row.duration_ms, row.width, row.height) == ("video", 3000, 360, 640)
        assert row.sha256 == hashlib.sha256((MEDIA / "clip.mp4").read_bytes()).hexdigest()
        assert phone.media_by_uri("content://media/external/video/media/1000000033") == row

    on_phone(tmp_path, steps)


def test_a_removed_file_leaves_the_media_store(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        put(phone, "photo.jpg", "/sdcard/Pictures/p.jpg")
        await sh(phone, SCAN + "/sdcard/Pictures/p.jpg")
        assert [row.name for row in phone.media()] == ["p.jpg"]
        await sh(phone, "rm /sdcard/Pictures/p.jpg")
        assert phone.media() == []
        assert "No result found" in (await sh(phone, "content query --uri content://media/external/file")).out

    on_phone(tmp_path, steps)


def test_the_newest_file_comes_first_and_an_old_mtime_does_not_help(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        for name, when in (("new.mp4", 2_000_000_000), ("old.mp4", 1_000_000_000)):
            put(phone, "clip.mp4", f"/sdcard/DCIM/{name}")
            os.utime(phone.files.host_path(f"/sdcard/DCIM/{name}"), (when, when))
            await sh(phone, f"{SCAN}/sdcard/DCIM/{name}")
        assert [row.name for row in phone.media()] == ["new.mp4", "old.mp4"]

    on_phone(tmp_path, steps)


def test_the_broadcast_scans_up_to_android_14(tmp_path: Path) -> None:
    line = "am broadcast -a android.intent.action.MEDIA_SCANNER_SCAN_FILE -d file:///storage/emulated/0/DCIM/x.mp4"

    async def steps(phone: Phone) -> None:
        put(phone, "clip.mp4", "/sdcard/DCIM/x.mp4")
        printed = await sh(phone, line)
        assert printed.out.endswith("Broadcast completed: result=0\n")
        for _ in range(50):
            if phone.media():
                break
            await asyncio.sleep(0.02)
        assert bool(phone.media()) == (phone.sdk <= 34)

    on_phone(tmp_path / "14", steps)
    on_phone(tmp_path / "16", steps, sdk=36)


def test_not_indexed_makes_a_scan_find_nothing_once(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        put(phone, "clip.mp4", "/sdcard/DCIM/x.mp4")
        await sh(phone, "simctl fault not-indexed")
        assert (await sh(phone, SCAN + "/sdcard/DCIM/x.mp4")).out == "Result: Bundle[{uri=null}]\n"
        assert "content://" in (await sh(phone, SCAN + "/sdcard/DCIM/x.mp4")).out

    on_phone(tmp_path, steps)


def test_an_inserted_video_has_no_duration_an_inserted_image_its_size(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        put(phone, "clip.mp4", "/sdcard/DCIM/x.mp4")
        put(phone, "photo.png", "/sdcard/DCIM/p.png")
        insert = "content insert --uri content://media/external/{} --bind _data:s:/storage/emulated/0/DCIM/{}"
        assert (await sh(phone, insert.format("video/media", "x.mp4"))).status == 0
        assert (
            await sh(phone, insert.format("images/media", "p.png") + " --bind date_added:i:5")
        ).status == 0
        assert {row.name: (row.duration_ms, row.width) for row in phone.media()} == {
            "x.mp4": (0, 0),
            "p.png": (0, 180),
        }
        twice = await sh(phone, insert.format("images/media", "p.png"))
        assert "UNIQUE constraint failed" in twice.err

    on_phone(tmp_path, steps)


@pytest.mark.parametrize(
    "words",
    [
        "query --uri content://media/external/video/media --where 'nonsense ='",
        'query --uri content://media/external/video/media --where "1=1; DROP TABLE files"',
        "query --uri content://media/external/video/media --projection 'a b'",
        "query --uri content://sms/inbox",
        "call --uri content://media --method explode",
        "dance --uri content://media/external/file",
        "query --uri",
    ],
)
def test_what_the_provider_refuses_is_said_and_changes_nothing(tmp_path: Path, words: str) -> None:
    async def steps(phone: Phone) -> None:
        put(phone, "clip.mp4", "/sdcard/DCIM/x.mp4")
        await sh(phone, SCAN + "/sdcard/DCIM/x.mp4")
        printed = await sh(phone, "content " + words)
        assert printed.err
        assert not printed.out.startswith("Row")
        assert len(phone.media()) == 1

    on_phone(tmp_path, steps)


def test_content_delete_takes_row_and_file(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        put(phone, "clip.mp4", "/sdcard/DCIM/x.mp4")
        await sh(phone, SCAN + "/sdcard/DCIM/x.mp4")
        await sh(phone, "content delete --uri content://media/external/video/media/1000000033")
        assert (await sh(phone, "ls /sdcard/DCIM/x.mp4")).status == 1

    on_phone(tmp_path, steps)


def test_rows_outlive_a_restart(tmp_path: Path) -> None:
    async def first(phone: Phone) -> None:
        put(phone, "clip.mp4", "/sdcard/DCIM/x.mp4")
        await sh(phone, SCAN + "/sdcard/DCIM/x.mp4")

    async def second(phone: Phone) -> None:
        assert [row.id for row in phone.media()] == [1000000033]

    on_phone(tmp_path, first)
    on_phone(tmp_path, second)


def test_a_file_changed_after_the_scan_shows_its_new_digest(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        put(phone, "clip.mp4", "/sdcard/DCIM/x.mp4")
        await sh(phone, SCAN + "/sdcard/DCIM/x.mp4")
        put(phone, "rotated.mp4", "/sdcard/DCIM/x.mp4")
        assert phone.media()[0].sha256 == hashlib.sha256((MEDIA / "rotated.mp4").read_bytes()).hexdigest()

    on_phone(tmp_path, steps)


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("clip.mp4", ("video", 3000, 360, 640)),
        ("clip.mov", ("video", 3000, 360, 640)),
        ("rotated.mp4", ("video", 3000, 360, 640)),
        ("photo.jpg", ("image", 0, 360, 640)),
        ("photo.png", ("image", 0, 180, 320)),
        ("photo.webp", ("image", 0, 360, 640)),
        ("README.md", ("", 0, 0, 0)),
    ],
)
def test_the_scanner_reads_real_files(name: str, facts: tuple[str, int, int, int]) -> None:
    found = probe(MEDIA / name, name)
    assert (found.kind, found.duration_ms, found.width, found.height) == facts


@pytest.mark.parametrize("cut", [0, 7, 40, 500, 20_000])
def test_a_broken_movie_has_no_duration(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes((MEDIA / "clip.mp4").read_bytes()[:cut])
    assert probe(path, "x.mp4").duration_ms == 0
    path.write_text("not a movie " * 20)
    assert probe(path, "x.mp4").duration_ms == 0
    assert probe(path, "x.jpg").width == 0
