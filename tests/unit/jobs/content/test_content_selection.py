"""Choosing from folders and the library: captions, sounds, used marks (sections 7.3, 8.3, 8.4; R34, R36, R43, R44)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.intake.planned import Created
from jobs.library.library import Library
from jobs.media.local_folder import natural_key
from storage.records import Outcome
from tests.support.door import MEDIA, Door, codes


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with Door(tmp_path, duplicate_window_minutes=0, duplicate_warning_hours=0) as door:
        door.account("alice", "A")
        door.account("bob", "B")
        yield door


FOLDER = {"material_source": "localFolder", "material_path": "."}
ALICE: dict[str, Any] = {"serials": None, "usernames": ["alice"]}


def chosen(created: Created) -> list[str]:
    return [file.name for task in created.tasks for file in task.materials]


def write(door: Door, name: str, text: str) -> None:
    (door.root / name).parent.mkdir(exist_ok=True)
    (door.root / name).write_text(text, "utf-8")


# --- localFolder: media


def test_an_account_takes_from_its_own_folder_others_from_the_root(door: Door) -> None:
    door.file("@alice/own.mp4")
    door.file("root.mp4")
    created = door.create(FOLDER, serials=None, usernames=["alice", "bob"])
    assert chosen(created) == ["own.mp4", "root.mp4"]
    assert [task.materials[0].root for task in created.tasks] == [str(door.root / "@alice"), str(door.root)]


def test_an_account_folder_is_found_whatever_the_case(door: Door) -> None:
    door.file("@ALICE/own.mp4")
    assert chosen(door.create(FOLDER, **ALICE)) == ["own.mp4"]


def test_an_empty_account_folder_does_not_fall_back_to_the_root(door: Door) -> None:
    (door.root / "@alice").mkdir()
    door.file("root.mp4")
    assert "there is no video" in door.errors(FOLDER, **ALICE)["script_config.material_path"]


def test_without_a_username_the_root_is_used(door: Door) -> None:
    door.file("@alice/own.mp4")
    door.file("root.mp4")
    assert chosen(door.create(FOLDER, serials=["A"])) == ["root.mp4"]


def test_only_visible_media_of_the_right_kind_count(door: Door) -> None:
    door.file(".hidden.mp4")
    door.file("deep/in.mp4")
    door.file("photo.jpg")
    write(door, "caption.txt", "hi")
    (door.root / "notes.txt").write_text("x")
    assert "there is no video" in door.errors(FOLDER)["script_config.material_path"]
    assert chosen(door.create({**FOLDER, "content_type": 1})) == ["photo.jpg"]


def test_a_video_is_never_chosen_twice_until_its_post_failed(door: Door) -> None:
    door.file("1.mp4"), door.file("2.mp4"), door.file("3.mp4")
    tasks = [door.create(FOLDER, serials=["A"]).tasks[0] for _ in range(3)]
    assert {task.materials[0].name for task in tasks} == {"1.mp4", "2.mp4", "3.mp4"}
    assert "no unused video is left" in door.errors(FOLDER)["script_config.material_path"]
    door.end(tasks[0].id, Outcome.PUBLISHED)
    door.end(tasks[1].id, Outcome.UNKNOWN)
    assert door.errors(FOLDER)
    door.end(tasks[2].id, Outcome.NONE)
    assert chosen(door.create(FOLDER)) == [tasks[2].materials[0].name]


def test_the_order_of_videos_is_random_but_can_be_seeded(tmp_path: Path) -> None:
    def order(seed: int) -> list[str]:
        folder = tmp_path / f"{seed}-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        with Door(folder, seed=seed, duplicate_window_minutes=0) as door:
            for number in range(5):
                door.file(f"{number}.mp4")
            return [chosen(door.create(FOLDER))[0] for _ in range(5)]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_one_request_never_gives_two_tasks_the_same_file(door: Door) -> None:
    door.file("1.mp4"), door.file("2.mp4")
    assert sorted(chosen(door.create(FOLDER, serials=["A", "B"]))) == ["1.mp4", "2.mp4"]
    door.file("3.mp4")
    assert "for @bob" not in door.errors(FOLDER, serials=["A", "B"])["script_config.material_path"]
    assert len(door.store.tasks) == 2


def test_the_same_content_under_another_name_counts_as_used(door: Door) -> None:
    one = door.file("1.mp4")
    door.create(FOLDER)
    (door.root / "copy.mp4").write_bytes(one.read_bytes())
    assert "no unused video" in door.errors(FOLDER)["script_config.material_path"]


def test_a_dry_run_reserves_nothing(door: Door) -> None:
    door.file("1.mp4")
    door.create(FOLDER, dry_run=True)
    assert chosen(door.create(FOLDER)) == ["1.mp4"]


def test_a_used_folder_can_be_reset(door: Door) -> None:
    door.file("@alice/1.mp4")
    door.end(door.create(FOLDER, **ALICE).tasks[0].id, Outcome.PUBLISHED)
    assert door.errors(FOLDER, **ALICE)
    assert Library(door.settings, door.store, door.clock).reset_used_folder(".") == 1
    assert chosen(door.create(FOLDER, **ALICE)) == ["1.mp4"]


def test_images_come_in_natural_order_sorted_ones_first(door: Door) -> None:
    for name in ("photo10.jpg", "photo2.jpg", "sort_2_b.jpg", "sort_10_a.jpg", "Photo1.jpg"):
        door.file(name)
    assert chosen(door.create({**FOLDER, "content_type": 1, "image_count": 4})) == [
        "sort_2_b.jpg",
        "sort_10_a.jpg",
        "Photo1.jpg",
        "photo2.jpg",
    ]


def test_too_few_images_are_refused(door: Door) -> None:
    door.file("1.jpg")
    errors = door.errors({**FOLDER, "content_type": 1, "image_count": 2})
    assert "only 1 of 2 unused images are left" in errors["script_config.material_path"]


def test_names_are_compared_naturally() -> None:
    names = ["b", "a10", "a9", "sort_11_a", "sort_2_z", "2", "10", "sort_x", "ä", ""]
    assert sorted(names, key=natural_key)[:2] == ["sort_2_z", "sort_11_a"]
    assert sorted(["a10", "a9", "10", "9"], key=natural_key) == ["9", "10", "a9", "a10"]


def test_broken_and_unfit_files_are_left_out_with_a_warning(door: Door) -> None:
    (door.root / "broken.mp4").write_bytes((MEDIA / "clip.mp4").read_bytes()[:20_000])
    (door.root / "text.mp4").write_text("hello")
    door.file("good.mp4")
    created = door.create(FOLDER)
    assert chosen(created) == ["good.mp4"]
    for code in codes(lambda: door.create(FOLDER)).values():
        assert code == "no_material"


@pytest.mark.parametrize("path", ["missing", "/etc", "clip.mp4", r"C:\Videos", "https://x/y", ".."])
def test_a_folder_that_cannot_be_used_is_refused(door: Door, path: str) -> None:
    door.file("clip.mp4")
    assert door.errors({**FOLDER, "material_path": path}).keys() == {"script_config.material_path"}


def test_WEB_9_links_in_a_folder_that_lead_outside_are_not_followed(door: Door, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret.mp4").write_bytes((MEDIA / "clip.mp4").read_bytes())
    (door.root / "secret.mp4").symlink_to(tmp_path / "out" / "secret.mp4")
    assert "is a link that leads outside" in door.errors(FOLDER)["script_config.material_path"]
    (door.root / "@alice").symlink_to(tmp_path / "out")
    assert "leads outside" in door.errors(FOLDER, **ALICE)["script_config.material_path"]


# --- localFolder: texts


def test_the_caption_file_overrides_the_request(door: Door) -> None:
    door.file("@alice/1.mp4"), door.file("2.mp4")
    write(door, "caption.txt", "\ufeffroot {caption|caption}\nsecond ### line\n\n")
    write(door, "@alice/caption.txt", "of alice")
    created = door.create({**FOLDER, "captions": "form"}, serials=None, usernames=["alice", "bob"])
    assert [task.caption for task in created.tasks] == ["of alice", "root caption\nsecond ### line"]


def test_caption_files_fall_back_one_by_one(door: Door) -> None:
    door.file("@alice/1.mp4")
    write(door, "caption.txt", "root")
    write(door, "@alice/caption.txt", " \n")
    assert door.create(FOLDER, **ALICE).tasks[0].caption == "root"


def test_without_a_caption_file_the_request_decides(door: Door) -> None:
    door.file("1.mp4")
    assert door.create({**FOLDER, "captions": "form"}).tasks[0].caption == "form"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 300_000, b"{" * 40 + b"}" * 40, b"bell \x07"])
def test_a_caption_file_that_cannot_be_used_is_refused(door: Door, content: bytes) -> None:
    door.file("1.mp4")
    (door.root / "caption.txt").write_bytes(content)
    assert "caption.txt" in door.errors(FOLDER)["script_config.material_path"]


def test_a_caption_file_that_is_a_link_which_cannot_be_followed_is_refused(door: Door) -> None:
    door.file("1.mp4")
    (door.root / "caption.txt").symlink_to("x" * 300)
    problem = door.errors(FOLDER)["script_config.material_path"]
    assert problem.endswith('caption.txt" cannot be read: File name too long')


def test_sounds_are_used_in_order_links_before_names(door: Door) -> None:
    for number in range(6):
        door.file(f"{number}.mp4")
    write(door, "sound_names.txt", "One\n\nTwo\n")
    config = {**FOLDER, "post_way": "useSound"}
    sounds = [door.create(config).tasks[0].sound for _ in range(3)]
    assert sounds == ["One", "Two", "One"]
    write(door, "sound_urls.txt", "ftp://bad\nhttps://www.tiktok.com/music/x-1\n")
    created = door.create({**config, "sound_name": "form"}, serials=["A", "B"])
    assert [task.sound for task in created.tasks] == ["https://www.tiktok.com/music/x-1"] * 2
    assert any("decides instead" in warning for warning in created.warnings)
    assert any("ftp://bad" in warning for warning in created.warnings)
    # The other file goes on where it stopped.
    (door.root / "sound_urls.txt").unlink()
    assert door.create(config).tasks[0].sound == "Two"


def test_positions_in_sound_files_survive_a_restart_and_ignore_dry_runs(tmp_path: Path) -> None:
    config = {**FOLDER, "add_sound": "custom"}
    for expected in ("One", "Two", "Three", "One"):
        with Door(tmp_path, duplicate_window_minutes=0) as door:
            for number in range(5):
                door.file(f"{number}.mp4")
            write(door, "sound_names.txt", "One\nTwo\nThree")
            assert door.create(config, dry_run=True).answer["created_count"] == 0
            assert door.create(config).tasks[0].sound == expected


def test_each_folder_has_its_own_position(door: Door) -> None:
    for number in range(2):
        door.file(f"@alice/{number}.mp4"), door.file(f"{number}.mp4")
    write(door, "@alice/sound_names.txt", "A1\nA2")
    write(door, "sound_names.txt", "R1\nR2")
    config = {**FOLDER, "post_way": "useSound"}
    first = door.create(config, serials=None, usernames=["alice", "bob"])
    second = door.create(config, serials=None, usernames=["alice", "bob"])
    assert [task.sound for task in first.tasks + second.tasks] == ["A1", "R1", "A2", "R2"]


def test_without_a_sound_file_the_request_must_name_the_sound(door: Door) -> None:
    door.file("1.mp4")
    config = {**FOLDER, "post_way": "useSound"}
    assert "as the folder has neither" in door.errors(config)["script_config.sound_name"]
    assert door.create({**config, "sound_name": "Rain"}).tasks[0].sound == "Rain"


def test_sound_files_are_left_alone_when_no_sound_is_wanted(door: Door) -> None:
    door.file("1.mp4")
    write(door, "sound_names.txt", "One")
    assert door.create(FOLDER).tasks[0].sound == ""


# --- materialLibrary


@pytest.fixture
def library(door: Door) -> Library:
    return Library(door.settings, door.store, door.clock, door.intake.probe)


def upload(door: Door, library: Library, name: str, **fields: Any) -> int:
    content = door.file(f"up/{name}", unique=True).read_bytes()
    return library.upload([content], name, fields).view.material.id


def test_an_empty_library_is_a_clear_refusal(door: Door) -> None:
    assert door.errors() == {
        "script_config.material_source": "there is no video in the material library; upload one"
    }


@pytest.mark.parametrize("key", ["material_list", "material_ids", "materials_tags"])
def test_files_for_which_a_program_has_no_value_are_told_as_what_they_mean(
    door: Door, library: Library, key: str
) -> None:
    upload(door, library, "any.mp4")
    said = f"script_config.{key}: is null, which means any file of the library"
    assert door.create({key: None}).warnings == [said]
    door.file("clip.mp4")
    assert (
        said
        not in door.create(
            {**dict.fromkeys(("material_ids", "materials_tags")), "material_list": ["clip.mp4"]}
        ).warnings
    )


def test_own_materials_come_first_then_those_of_nobody_never_anothers(door: Door, library: Library) -> None:
    upload(door, library, "free.mp4", sort_number=1)
    upload(door, library, "bobs.mp4", username="@Bob")
    upload(door, library, "alices.mp4", username="alice", sort_number=9)
    assert chosen(door.create(**ALICE)) == ["alices.mp4"]
    assert chosen(door.create(**ALICE)) == ["free.mp4"]
    assert "for @alice" in door.errors(**ALICE)["script_config.material_source"]
    assert chosen(door.create(serials=None, usernames=["bob"])) == ["bobs.mp4"]


def test_lower_sort_numbers_come_first_then_older_ones(door: Door, library: Library) -> None:
    for name, number in (("c.jpg", 2), ("b.jpg", 1), ("a.jpg", 1)):
        upload(door, library, name, sort_number=number)
        door.clock.advance(1)
    assert chosen(door.create({"content_type": 1, "image_count": 3})) == ["b.jpg", "a.jpg", "c.jpg"]


def test_any_of_the_tags_is_enough_and_an_unknown_one_is_refused(door: Door, library: Library) -> None:
    upload(door, library, "x.mp4", tags=["x"])
    upload(door, library, "y.mp4", tags="y, z")
    assert chosen(door.create({"materials_tags": " z ,x"})) == ["x.mp4"]
    assert chosen(door.create({"materials_tags": ["z", "x"]})) == ["y.mp4"]
    assert "no unused video is left" in door.errors({"materials_tags": "x"})["script_config.material_source"]
    assert door.errors({"materials_tags": "x,nope"}) == {
        "script_config.materials_tags": 'no library item has the tag "nope"'
    }


def test_a_material_brings_its_own_caption(door: Door, library: Library) -> None:
    upload(door, library, "1.mp4", caption="{own|own} caption")
    upload(door, library, "2.mp4")
    tasks = door.create({"captions": "form"}, serials=["A", "B"]).tasks
    assert [task.caption for task in tasks] == ["own caption", "form"]
    assert tasks[0].materials[0].material_id is not None


def test_used_materials_are_skipped_until_they_are_reset(door: Door, library: Library) -> None:
    material = upload(door, library, "1.mp4")
    task = door.create().tasks[0]
    assert library.get(material).use == "reserved"
    door.end(task.id, Outcome.PUBLISHED)
    assert library.get(material).use == "used"
    assert door.errors()
    assert library.reset_used(material) == 1
    assert chosen(door.create()) == ["1.mp4"]


def test_a_file_that_vanished_from_the_library_is_left_out(door: Door, library: Library) -> None:
    first = upload(door, library, "1.mp4")
    upload(door, library, "2.mp4")
    Path(library.get(first).material.path).unlink()
    assert chosen(door.create()) == ["2.mp4"]
