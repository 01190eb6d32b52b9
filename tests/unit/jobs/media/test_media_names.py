"""Names, texts and half-copied files as people's folders really have them (MED-9, MED-17 to MED-21, MED-24, MED-25)."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.media import arriving
from jobs.media.names import near_text_file, shown, trimmed, unfinished
from tests.support.door import MEDIA, Door

FOLDER = {"material_source": "localFolder", "material_path": "."}
ALICE: dict[str, Any] = {"serials": None, "usernames": ["alice"]}
FIELD = "script_config.material_path"
NFC = unicodedata.normalize("NFC", "Gar\u00e7on \u00e9t\u00e9")
NFD = unicodedata.normalize("NFD", NFC)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with Door(tmp_path, duplicate_window_minutes=0, duplicate_warning_hours=0) as door:
        door.account("alice", "A")
        yield door


def names(created: Any) -> list[str]:
    return [file.name for task in created.tasks for file in task.materials]


def captions(created: Any) -> list[str]:
    return [task.caption for task in created.tasks]


def video(door: Door, name: str | bytes) -> None:
    """A video under a name of any bytes."""
    path = door.root / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((MEDIA / "clip.mp4").read_bytes())


# --- NFC and NFD


@pytest.mark.parametrize(("stored", "asked"), [(NFC, NFD), (NFD, NFC)])
def test_MED_17_a_name_is_found_in_either_unicode_form(door: Door, stored: str, asked: str) -> None:
    video(door, f"{stored}/{stored}.mp4")
    listed = door.create({"material_list": [f"{asked}/{asked}.mp4"]})
    assert names(listed) == [f"{stored}.mp4"]
    whole = door.create({"material_list": [f"{door.root}/{asked}/{stored}.mp4"]}, force=True)
    assert names(whole) == [f"{stored}.mp4"]
    assert names(door.create(FOLDER | {"material_path": asked}, force=True)) == [f"{stored}.mp4"]


def test_MED_17_where_both_forms_exist_each_name_is_its_own_file(door: Door) -> None:
    video(door, f"{NFC}.mp4"), video(door, f"{NFD}.mp4")
    for form in (NFC, NFD):
        assert names(door.create({"material_list": [f"{form}.mp4"]}, force=True)) == [f"{form}.mp4"]


def test_MED_17_no_form_of_a_name_leads_out_of_the_roots(door: Door, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (door.root / NFD).symlink_to(tmp_path / "out")
    video(door, "x.mp4")
    (door.root / "x.mp4").rename(tmp_path / "out" / "x.mp4")
    assert "outside" in door.errors({"material_list": [f"{NFC}/x.mp4"]})["script_config.material_list[0]"]


def test_MED_17_a_missing_file_is_named_with_the_one_that_was_meant(door: Door) -> None:
    video(door, "Clip One.MP4")
    error = door.errors({"material_list": ["clip one.mp4"]})["script_config.material_list[0]"]
    assert 'there is "Clip One.MP4"' in error


# --- names that are no UTF-8, links


def test_MED_18_a_name_that_is_not_utf_8_is_left_out_with_its_reason(door: Door) -> None:
    video(door, b"caf\xe9.mp4"), video(door, b"\xff\xfe.mp4")
    error = door.errors(FOLDER)[FIELD]
    assert r'"caf\xe9.mp4" has a name that is not UTF-8' in error
    assert r'"\xff\xfe.mp4" has a name' in error
    video(door, "good.mp4")
    created = door.create(FOLDER)
    assert names(created) == ["good.mp4"]
    assert any(r"caf\xe9.mp4" in warning for warning in created.warnings)


def test_MED_18_folders_and_links_whose_names_are_not_utf_8_do_no_harm(door: Door) -> None:
    (door.root / os.fsdecode(b"@ali\xe9e")).mkdir()
    video(door, b"sub/t\xe9.mp4")
    (door.root / "link.mp4").symlink_to(door.root / "sub" / os.fsdecode(b"t\xe9.mp4"))
    video(door, "good.mp4")
    created = door.create(FOLDER, **ALICE)
    assert names(created) == ["good.mp4"]
    assert any("link.mp4" in warning and "not UTF-8" in warning for warning in created.warnings)


def test_MED_18_half_characters_in_a_request_are_refused(door: Door) -> None:
    for path in ("a\udce9.mp4", "a\ud800.mp4", "a\0.mp4"):
        assert door.errors({"material_list": [path]})["script_config.material_list[0]"]
        assert door.errors(FOLDER | {"material_path": path})[FIELD]


def test_MED_24_a_link_that_leads_to_itself_is_left_out_with_its_reason(door: Door) -> None:
    (door.root / "loop.mp4").symlink_to("loop.mp4")
    (door.root / "@loop").symlink_to("@loop")
    (door.root / "gone.mp4").symlink_to("nowhere.mp4")
    error = door.errors(FOLDER, **ALICE)[FIELD]
    assert '"loop.mp4" is a link that leads to itself' in error
    assert '"gone.mp4" is a link to nothing' in error
    video(door, "good.mp4")
    assert names(door.create(FOLDER, **ALICE)) == ["good.mp4"]
    assert door.errors({"material_list": ["loop.mp4"]})["script_config.material_list[0]"]
    assert door.errors(FOLDER | {"material_path": "@loop"})[FIELD]
    (door.root / "caption.txt").symlink_to("caption.txt")
    assert "itself" in door.errors(FOLDER, force=True)[FIELD] or names(door.create(FOLDER, force=True))


# --- near misses


@pytest.mark.parametrize("name", ["Caption.txt", "CAPTION.TXT", "caption.TXT"])
def test_MED_19_the_caption_file_is_read_whatever_its_case(door: Door, name: str) -> None:
    video(door, "1.mp4")
    (door.root / name).write_text("from the file", "utf-8")
    assert captions(door.create(FOLDER | {"captions": "asked"})) == ["from the file"]


def test_MED_19_two_cases_of_one_name_are_refused(door: Door) -> None:
    video(door, "1.mp4")
    (door.root / "Caption.txt").write_text("one", "utf-8")
    (door.root / "CAPTION.txt").write_text("two", "utf-8")
    assert "keep one" in door.errors(FOLDER)[FIELD]
    (door.root / "caption.txt").write_text("right", "utf-8")
    assert captions(door.create(FOLDER)) == ["right"]


@pytest.mark.parametrize(
    "name",
    ["captions.txt", "caption.txt.txt", "caption.md", "caption.rtf", "caption", "caption .txt", "caption (1).txt",
     "capton.txt", "captoin.txt", "caption.docx", "Captions.TXT", "caption\u200b.txt"],
)  # fmt: skip
def test_MED_19_a_caption_file_that_was_named_wrong_is_refused_by_name(door: Door, name: str) -> None:
    video(door, "1.mp4")
    (door.root / name).write_text("from the file", "utf-8")
    error = door.errors(FOLDER | {"captions": "asked"})[FIELD]
    assert shown(name) in error
    assert 'rename it to "caption.txt"' in error
    (door.root / "caption.txt").write_text("right", "utf-8")
    assert captions(door.create(FOLDER)) == ["right"]


@pytest.mark.parametrize(
    "name", ["description.txt", "caption.mp4", "readme.md", "captain.txt", "old_caption.txt", ""]
)
def test_MED_19_other_files_are_nobodys_caption(name: str) -> None:
    assert not near_text_file(name, "caption.txt")


def test_MED_19_sound_files_are_read_the_same_way(door: Door) -> None:
    video(door, "1.mp4")
    (door.root / "Sound_Names.txt").write_text("Evening Walk", "utf-8")
    asked = FOLDER | {"post_way": "useSound"}
    assert door.create(asked).tasks[0].sound == "Evening Walk"
    (door.root / "Sound_Names.txt").rename(door.root / "sound_name.txt")
    door.file("2.mp4")
    assert '"sound_name.txt"' in door.errors(asked, force=True)[FIELD]


@pytest.mark.parametrize("folder", ["alice", "Alice", "@alice ", "@ alice", "\uff20alice", "@alice\u200b"])
def test_MED_19_an_account_folder_that_was_named_wrong_is_refused_by_name(door: Door, folder: str) -> None:
    video(door, f"{folder}/hers.mp4"), video(door, "root.mp4")
    error = door.errors(FOLDER, **ALICE)[FIELD]
    assert f'"{shown(folder)}" is not used' in error
    assert '"@alice"' in error
    video(door, "@alice/right.mp4")
    assert names(door.create(FOLDER, **ALICE)) == ["right.mp4"]


def test_MED_19_two_folders_of_one_account_are_refused(door: Door) -> None:
    video(door, "@Alice/1.mp4"), video(door, "@ALICE/2.mp4")
    assert "keep one" in door.errors(FOLDER, **ALICE)[FIELD]


# --- pasted paths


@pytest.mark.parametrize(
    "given",
    ["\u202a{}", "\u202a{}\u202c", '"{}"', "\u200b{}", "\ufeff{}", " {} ", "{}\n", "'{}'", "\u2066{}\u2069", "{}\u00a0"],
)  # fmt: skip
def test_MED_20_what_comes_along_with_a_pasted_path_is_dropped(door: Door, given: str) -> None:
    video(door, "a/1.mp4")
    assert names(door.create({"material_list": [given.format(door.root / "a/1.mp4")]})) == ["1.mp4"]
    assert names(door.create(FOLDER | {"material_path": given.format(door.root / "a")}, force=True)) == [
        "1.mp4"
    ]


def test_MED_20_a_pasted_windows_path_gets_the_sentence_for_windows_paths(door: Door) -> None:
    error = door.errors({"material_list": ["\u202aC:\\Videos\\1.mp4"]})["script_config.material_list[0]"]
    assert "is a Windows path" in error


def test_MED_20_a_name_that_really_begins_with_a_mark_is_found(door: Door) -> None:
    video(door, "\u200f1.mp4")
    assert names(door.create({"material_list": ["\u200f1.mp4"]})) == ["\u200f1.mp4"]
    assert trimmed('""') == '""'


# --- reasons


def test_MED_21_a_refused_folder_names_each_file_with_its_reason_up_to_ten(door: Door) -> None:
    for number in range(14):
        (door.root / f"{number:02}.mp4").write_bytes(b"no video")
    error = door.errors(FOLDER)[FIELD]
    assert error.count('.mp4"') == 10
    assert error.count("but holds text") == 10
    assert error.endswith("and 4 more")


def test_MED_21_used_files_are_named_as_used_and_unfit_ones_come_first(door: Door) -> None:
    video(door, "a.mp4")
    door.create(FOLDER)
    (door.root / "b.mp4").write_bytes(b"no video")
    error = door.errors(FOLDER, force=True)[FIELD]
    assert '"a.mp4" is reserved by a pending task' in error
    assert error.index('"b.mp4"') < error.index('"a.mp4"')


# --- half-copied files


def test_MED_9_a_file_that_another_program_still_writes_is_left_out_until_it_is_closed(door: Door) -> None:
    video(door, "1.mp4")
    with (door.root / "1.mp4").open("ab"):
        assert '"1.mp4" is still being written' in door.errors(FOLDER)[FIELD]
        listed = door.errors({"material_list": ["1.mp4"]})
        assert "is still being written" in listed["script_config.material_list[0]"]
    assert names(door.create(FOLDER)) == ["1.mp4"]


def test_MED_9_where_the_system_does_not_tell_the_last_change_decides(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "open_for_writing", lambda _: None)
    video(door, "1.mp4")
    assert "may still be copied" in door.errors(FOLDER)[FIELD]
    # A whole file that is named was copied just before the request; half a one may be whole in a moment.
    assert names(door.create({"material_list": ["1.mp4"]})) == ["1.mp4"]
    (door.root / "half.mp4").write_bytes((door.root / "1.mp4").read_bytes()[:-5000])
    refused = door.errors({"material_list": ["half.mp4"]})["script_config.material_list[0]"]
    assert refused.endswith("may still be copied: ask again in a few seconds")
    (door.root / "half.mp4").unlink()
    monkeypatch.setattr(arriving, "RECENT_S", -1.0)
    assert names(door.create(FOLDER)) == ["1.mp4"]


@pytest.mark.parametrize("name", ["1.mp4.part", "1.mp4.crdownload", "1.mp4.filepart", "~1.mp4", "1.mp4.tmp"])
def test_MED_9_names_of_unfinished_copies_are_left_out_with_that_reason(door: Door, name: str) -> None:
    video(door, name)
    assert f'"{name}" is still being copied' in door.errors(FOLDER)[FIELD]
    video(door, "whole.mp4"), video(door, "notes.txt.part")
    created = door.create(FOLDER)
    assert names(created) == ["whole.mp4"]
    assert not any("notes" in warning for warning in created.warnings)


def test_unfinished_names_say_what_they_will_be() -> None:
    assert [unfinished(n) for n in ("a.mp4.Part", "~a.mp4", "a.mp4", "part.mp4")] == [
        "a.mp4",
        "a.mp4",
        "",
        "",
    ]


# --- encodings


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_MED_25_texts_with_a_mark_are_read(door: Door, encoding: str) -> None:
    video(door, "1.mp4")
    (door.root / "caption.txt").write_bytes("Gr\u00fc\u00dfe \U0001fab5".encode(encoding))
    assert captions(door.create(FOLDER)) == ["Gr\u00fc\u00dfe \U0001fab5"]


def test_MED_25_big_endian_utf_16_is_read_too(door: Door) -> None:
    video(door, "1.mp4")
    (door.root / "caption.txt").write_bytes(b"\xfe\xff" + "Gr\u00fc\u00dfe".encode("utf-16-be"))
    assert captions(door.create(FOLDER)) == ["Gr\u00fc\u00dfe"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("one\ncaf\u00e9".encode("cp1252"), 'byte 0xe9 in line 2, "\u00e9" if it is Windows-1252'),
        ("caf\u00e9".encode("utf-16-le"), "without a byte order mark: save it as UTF-8"),
        ("cafe".encode("utf-16-le"), "without a byte order mark: save it as UTF-8"),
        (b"\xff\xfea", "ends within a character"),
        (b"PK\x03\x04\xff\x00", "is a document"),
        ("caf\u00e9".encode("utf-32"), "save it as UTF-8"),
    ],
)
def test_MED_25_other_encodings_are_refused_with_what_to_do(door: Door, data: bytes, sentence: str) -> None:
    video(door, "1.mp4")
    (door.root / "caption.txt").write_bytes(data)
    assert sentence in door.errors(FOLDER)[FIELD]
