"""Files named in a request: where they may lie, what they must be, which task gets which (section 8.1, 8.2, R40 to R42)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.door import MEDIA, Door, codes


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with Door(tmp_path, duplicate_window_minutes=0, duplicate_warning_hours=0) as door:
        door.file("clip.mp4")
        yield door


def problem(door: Door, given: str) -> tuple[str, str]:
    """Reason code and sentence about a list with this one entry."""

    def call() -> object:
        return door.create({"material_list": [given]})

    (sentence,) = door.errors({"material_list": [given]}).values()
    return codes(call)["script_config.material_list[0]"], sentence


def names(door: Door, **config: object) -> list[tuple[str, ...]]:
    tasks = door.create(config, serials=["A", "B"]).tasks
    return [tuple(file.name for file in task.materials) for task in tasks]


def test_a_path_may_be_absolute_or_relative_to_the_first_root(door: Door) -> None:
    for given in (str(door.root / "clip.mp4"), "clip.mp4", "./clip.mp4", "sub/../clip.mp4"):
        (file,) = door.create({"material_list": [given]}).tasks[0].materials
        assert file.path == str(door.root / "clip.mp4")
        assert (file.name, file.kind, file.width, file.height, file.duration_s) == (
            "clip.mp4",
            "video",
            360,
            640,
            3.0,
        )
        assert file.root == ""


def test_WEB_9_a_path_that_leaves_the_media_roots_is_refused(door: Door, tmp_path: Path) -> None:
    shutil.copy(MEDIA / "clip.mp4", tmp_path / "secret.mp4")
    (door.root / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    (door.root / "linked").symlink_to(tmp_path)
    for given in (
        "../secret.mp4",
        str(tmp_path / "secret.mp4"),
        "/etc/passwd",
        "/proc/self/mem",
        "/etc/none.mp4",
    ):
        code, sentence = problem(door, given)
        assert code == "outside_roots"
        assert "lies outside of the media roots" in sentence
        assert str(door.root) in sentence
    for given in ("link.mp4", "linked/secret.mp4"):
        code, sentence = problem(door, given)
        assert code == "outside_roots"
        assert "is a link that leads outside" in sentence


def test_a_link_within_the_roots_is_followed(door: Door) -> None:
    (door.root / "link.mp4").symlink_to("clip.mp4")
    assert door.create({"material_list": ["link.mp4"]}).tasks[0].materials[0].path == str(
        door.root / "clip.mp4"
    )


def test_a_root_may_itself_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "media").symlink_to(tmp_path / "real")
    with Door(tmp_path) as door:
        door.file("clip.mp4")
        assert door.create({"material_list": ["clip.mp4"]}).tasks


def test_WEB_9_only_regular_media_files_are_taken(door: Door) -> None:
    os.mkfifo(door.root / "pipe.mp4")
    (door.root / "folder.mp4").mkdir()
    (door.root / "program.exe").write_bytes(b"MZ")
    (door.root / "text.mp4").write_text("hello\n")
    (door.root / "loop.mp4").symlink_to("loop.mp4")
    expected = {
        "pipe.mp4": "not_a_file",
        "folder.mp4": "not_a_file",
        "program.exe": "unsupported_type",
        "text.mp4": "content_mismatch",
        "missing.mp4": "missing",
        "": "missing",
        "x" * 3000: "missing",
        "a/" * 2000 + "b": "missing",
    }
    assert {given: problem(door, given)[0] for given in expected} == expected
    assert problem(door, "loop.mp4")[0] in {"missing", "unreadable"}


def test_every_bad_entry_is_named(door: Door) -> None:
    errors = door.errors({"material_list": ["a.mp4", "clip.mp4", "b.mp4"]})
    assert errors.keys() == {"script_config.material_list[0]", "script_config.material_list[2]"}


@pytest.mark.parametrize(
    "given", [r"C:\Users\me\clip.mp4", "C:/Videos/clip.mp4", "c:clip.mp4", r"\\server\share\x.mp4"]
)
def test_a_windows_path_leads_to_an_answer_that_says_what_to_do(door: Door, given: str) -> None:
    code, sentence = problem(door, given)
    if given == "c:clip.mp4":
        assert code == "missing"
        return
    assert code == "foreign_path"
    assert "files must lie on this box" in sentence
    assert "[media.path_map]" in sentence


def test_urls_and_curls_at_sign_are_explained(door: Door) -> None:
    assert problem(door, "file:///srv/clip.mp4") == (
        "url",
        '"file:///srv/clip.mp4" is a URL; write the path alone: "/srv/clip.mp4"',
    )
    for given in ("https://example.org/clip.mp4", "ftp://x/y.mp4"):
        code, sentence = problem(door, given)
        assert code == "url"
        assert "fetch it first" in sentence
    code, sentence = problem(door, "@clip.mp4")
    assert code == "missing"
    assert '"@" tells curl to read a file' in sentence
    assert "paths on this box use /" in problem(door, r"sub\clip.mp4")[1]
    assert '"~" is not known here' in problem(door, "~/clip.mp4")[1]


def test_a_folder_may_begin_with_an_at_sign(door: Door) -> None:
    door.file("@alice/clip.mp4")
    assert door.create({"material_list": ["@alice/clip.mp4"]}).tasks


def test_prefixes_of_old_clients_are_translated(tmp_path: Path) -> None:
    root = tmp_path / "media"
    path_map = {"C:/Videos": str(root), "C:\\Videos\\Deep\\": str(root / "deep"), "/mnt/old": str(root)}
    with Door(tmp_path, media={"path_map": path_map}, duplicate_window_minutes=0) as door:
        plain, deep = door.file("clip.mp4"), door.file("deep/clip.mp4")
        for given, path in (
            ("C:/Videos/clip.mp4", plain),
            (r"c:\videos\clip.mp4", plain),
            (r"C:\Videos\Deep\clip.mp4", deep),
            ("/mnt/old/clip.mp4", plain),
        ):
            assert door.create({"material_list": [given]}).tasks[0].materials[0].path == str(path)
        assert problem(door, "C:/VideosOther/clip.mp4")[0] == "foreign_path"
        assert problem(door, "C:/Videos/../../x.mp4")[0] == "outside_roots"
        assert problem(door, "/mnt/OLD/clip.mp4")[0] == "outside_roots"


def test_a_video_where_images_are_wanted_is_refused(door: Door) -> None:
    door.file("photo.jpg")
    assert (
        "but content_type is 1"
        in door.errors({"content_type": 1, "material_list": ["clip.mp4"]})["script_config.material_list[0]"]
    )
    assert door.errors({"content_type": 0, "material_list": ["photo.jpg"]})


def test_videos_rotate_over_the_tasks(door: Door) -> None:
    door.account("a", "A"), door.account("b", "A"), door.account("c", "B")
    door.file("two.mp4")
    tasks = door.create(
        {"material_list": ["clip.mp4", "two.mp4"]}, serials=None, usernames=["a", "b", "c"]
    ).tasks
    assert [task.materials[0].name for task in tasks] == ["clip.mp4", "two.mp4", "clip.mp4"]


def test_images_are_all_posted_in_the_given_order_or_as_many_as_wanted(door: Door) -> None:
    given = ["b.jpg", "a.png", "c.webp"]
    for name in given:
        door.file(name)
    config = {"content_type": 1, "material_list": given}
    assert names(door, **config) == [tuple(given)] * 2
    assert names(door, image_count=2, **config) == [("b.jpg", "a.png")] * 2
    assert names(door, image_count=3, **config) == [tuple(given)] * 2


def test_R59_more_images_asked_for_than_named_is_refused(door: Door) -> None:
    door.file("b.jpg"), door.file("a.png")
    config = {"content_type": 1, "material_list": ["b.jpg", "a.png"], "image_count": 7}
    assert door.errors(config) == {"script_config.image_count": "is 7, but material_list names 2 files"}


def test_R59_files_and_captions_that_no_task_takes_are_named(door: Door) -> None:
    for name in ("one.mp4", "two.mp4", "three.mp4", "a.jpg", "b.jpg"):
        door.file(name)
    videos = {"material_list": ["one.mp4", "two.mp4", "three.mp4"]}
    lines = {"captions": "first\nsecond\nthird", "caption_format": "multiline"}
    assert door.create({**videos, **lines}).warnings == [
        "script_config.material_list: not used: two.mp4, three.mp4; this request makes 1 task, of one video each",
        'script_config.captions: not used: "second", "third"; this request makes 1 task, with one caption each',
    ]
    two = door.create({**videos, **lines}, serials=["A", "B"]).warnings
    assert [warning.split("; ")[1] for warning in two] == [
        "this request makes 2 tasks, of one video each",
        "this request makes 2 tasks, with one caption each",
    ]
    images = {"content_type": 1, "material_list": ["a.jpg", "b.jpg"], "image_count": 1}
    assert door.create(images).warnings == ["script_config.material_list: not used: b.jpg; image_count is 1"]
    assert door.create({**videos, "image_count": 3}).warnings[0] == (
        "script_config.image_count: has no effect, because content_type is 0 (video)"
    )


def test_R59_a_caption_of_the_request_that_a_file_overrules_is_told(door: Door) -> None:
    door.file("folder/x.mp4")
    text = door.root / "folder" / "caption.txt"
    text.write_text("from the folder", "utf-8")
    config = {"material_source": "localFolder", "material_path": "folder", "captions": "from the request"}
    created = door.create(config)
    assert created.tasks[0].caption == "from the folder"
    assert created.warnings == [f"script_config.captions: not used, {text} decides instead"]


def test_the_same_file_for_several_accounts_is_warned_about(door: Door) -> None:
    warning = "script_config.material_list: the same file goes to several accounts; platforms treat repeated content badly"
    assert warning in door.create({"material_list": ["clip.mp4"]}, serials=["A", "B"]).warnings
    door.file("two.mp4")
    assert door.create({"material_list": ["clip.mp4", "two.mp4"]}, serials=["A", "B"]).warnings == []


def test_what_the_platform_refuses_is_refused_what_it_dislikes_is_warned_about(tmp_path: Path) -> None:
    from jobs.hub.settings import PlatformLimits

    media = {
        "tiktok": PlatformLimits(max_video_s=2.0),
        "instagram": PlatformLimits(warn_video_s=2.0),
    }
    with Door(tmp_path, media=media) as door:
        door.file("clip.mp4")
        assert problem(door, "clip.mp4") == ("too_long", '"clip.mp4" lasts 3 s, TikTok takes 2 s at most')
        warnings = door.create({"material_list": ["clip.mp4"]}, platform="instagram").warnings
        assert warnings == [
            'script_config.material_list[0]: "clip.mp4" lasts 3 s; Instagram shows longer than 2 s to few [long]'
        ]


def test_keys_of_other_sources_are_ignored_with_a_warning(door: Door) -> None:
    config = {
        "material_list": ["clip.mp4"],
        "material_path": "/nowhere",
        "materials_tags": "x",
        "material_source": "localFolder",
    }
    assert door.create(config).warnings == [
        "script_config.material_path: ignored, because material_list names the files",
        "script_config.materials_tags: ignored, because material_list names the files",
    ]


def test_captions_rotate_or_are_drawn_per_task(door: Door) -> None:
    config = {"material_list": ["clip.mp4"], "captions": "one\ntwo###lines\n", "caption_format": "multiline"}
    door.account("a", "A"), door.account("b", "A"), door.account("c", "B")
    tasks = door.create(config, serials=None, usernames=["a", "b", "c"]).tasks
    assert [task.caption for task in tasks] == ["one", "two\nlines", "one"]
    config = {"material_list": ["clip.mp4"], "captions": "{1|2|3|4|5|6|7|8}{1|2|3|4|5|6|7|8}"}
    tasks = door.create(config, serials=["A", "B"]).tasks
    assert tasks[0].caption != tasks[1].caption
    assert door.create({"material_list": ["clip.mp4"], "captions": "a\nb"}).tasks[0].caption == "a\nb"


def test_a_title_is_joined_where_the_app_has_one_field(door: Door) -> None:
    door.file("photo.jpg")
    video = {"material_list": ["clip.mp4"], "captions": "Title##Text"}
    assert door.create(video).tasks[0].caption == "Title\nText"
    assert door.create(video).warnings == []
    on_instagram = door.create(video, platform="instagram")
    assert on_instagram.tasks[0].caption == "Title\nText"
    assert "line break" in on_instagram.warnings[0]
    photos = {"content_type": 1, "material_list": ["photo.jpg"], "captions": "Title##Text"}
    assert door.create(photos).tasks[0].caption == "Title##Text"


def test_captions_that_only_some_versions_of_the_app_take_are_warned_about(door: Door) -> None:
    long = door.create({"material_list": ["clip.mp4"], "captions": "x" * 2201})
    assert long.warnings == [
        f'script_config.captions: "{"x" * 27}..." has 2201 characters, some versions of the app take 2200'
    ]
    tags = door.create({"material_list": ["clip.mp4"], "captions": "#tag " * 31}, platform="instagram")
    assert "has 31 hashtags" in tags.warnings[0]


@pytest.mark.parametrize(
    ("config", "platform", "field", "problem"),
    [
        ({"captions": "x" * 4001}, "tiktok", "captions", "the app takes 4000"),
        ({"captions": "x" * 2201}, "instagram", "captions", "the app takes 2200"),
        ({"captions": "a #b #c #d #e #f #g"}, "tiktok", "captions", "has 6 hashtags (#), TikTok takes 5"),
        ({"captions": "t" * 91 + "##text", "content_type": 1}, "tiktok", "captions", "the app takes 90"),
        ({"ai_label": True, "placement": "story"}, "instagram", "ai_label", "has no AI label"),
        (
            {"post_way": "useSound", "sound_name": "Rain", "content_type": 1},
            "instagram", "post_way", "no audio can be put under images",
        ),
        (
            {"post_way": "useSound", "sound_name": "https://vm.tiktok.com/ZM1/"},
            "instagram", "sound_name", "is a link to TikTok",
        ),
        (
            {"post_way": "useSound", "sound_name": "https://www.instagram.com/reels/audio/1/"},
            "tiktok", "sound_name", "is a link to Instagram",
        ),
        (
            {"add_sound": "custom", "custom_sound_keyword": "https://www.instagram.com/reels/audio/1/"},
            "tiktok", "custom_sound_keyword", "is a link to Instagram",
        ),
    ],
)  # fmt: skip
def test_R63_what_is_known_to_fail_is_refused_at_creation(
    door: Door, config: dict[str, Any], platform: str, field: str, problem: str
) -> None:
    door.file("photo.jpg")
    files = ["photo.jpg"] if config.get("content_type") else ["clip.mp4"]
    errors = door.errors({"material_list": files, **config}, platform=platform)
    assert errors.keys() == {f"script_config.{field}"}
    assert problem in errors[f"script_config.{field}"]


def test_R63_the_same_is_fine_on_the_app_that_can_do_it(door: Door) -> None:
    door.file("photo.jpg")
    for platform, config in (
        ("tiktok", {"captions": "x" * 4000}),
        ("instagram", {"captions": "x" * 2200}),
        ("tiktok", {"captions": "a #b #c #d #e #f"}),
        ("instagram", {"captions": "a #b #c #d #e #f #g"}),
        ("tiktok", {"ai_label": True, "placement": "story"}),
        ("instagram", {"post_way": "useSound", "sound_name": "https://www.instagram.com/reels/audio/1/"}),
        ("instagram", {"sound_name": "https://vm.tiktok.com/ZM1/"}),
    ):
        assert door.create({"material_list": ["clip.mp4"], **config}, platform=platform).tasks


def test_R63_further_hashtags_are_left_out_or_left_to_the_app_where_configured(tmp_path: Path) -> None:
    config = {"material_list": ["clip.mp4"], "captions": "a #b #c #d #e #f #g and #h"}
    for rule, caption in (("trim", "a #b #c #d #e #f and"), ("warn", config["captions"])):
        folder = tmp_path / rule
        folder.mkdir()
        with Door(folder, hashtags=rule) as door:
            door.file("clip.mp4")
            created = door.create(config)
            assert created.tasks[0].caption == created.answer["tasks"][0]["caption"] == caption
            [warning] = created.warnings
            assert "has 7 hashtags (#), TikTok takes 5" in warning
            assert ("left out: #g #h" in warning) == (rule == "trim")


@pytest.mark.parametrize(
    "number", [0x80, 0x85, 0x92, 0x9F, 0xFDD0, 0xFDEF, 0xFFFE, 0x1FFFE, 0x10FFFF, 0x7F, 0x0B]
)
@pytest.mark.parametrize("key", ["captions", "sound_name", "custom_sound_keyword"])
def test_CLI_11_a_character_that_no_screen_can_show_back_is_refused(
    door: Door, number: int, key: str
) -> None:
    errors = door.errors({"material_list": ["clip.mp4"], key: f"it{chr(number)}s"})
    assert f"U+{number:04X}" in errors[f"script_config.{key}"]


def test_CLI_11_a_text_of_windows_that_was_read_as_latin_1_is_recognised(door: Door) -> None:
    errors = door.errors({"material_list": ["clip.mp4"], "captions": "it\x92s"})
    assert "Windows-1252" in errors["script_config.captions"]


def test_CLI_11_the_same_holds_for_captions_of_files(door: Door) -> None:
    door.file("odd/x.mp4")
    (door.root / "odd" / "caption.txt").write_text("it\x92s", "utf-8")
    config = {"material_source": "localFolder", "material_path": "odd"}
    assert "U+0092" in door.errors(config)["script_config.material_path"]


def test_CLI_11_whatever_people_write_is_accepted(door: Door) -> None:
    text = "👩‍👩‍👧‍👦 שלום \u2028 e\u0301 Z̸̢̛ \u00a0 tab\t line\nend \U0001d518 \ue000"
    assert door.create({"material_list": ["clip.mp4"], "captions": text}).tasks[0].caption == text


def test_several_captions_as_a_list_say_how_to_write_them(door: Door) -> None:
    errors = door.errors({"material_list": ["clip.mp4"], "captions": ["a", "b"]})
    assert "multiline" in errors["script_config.captions"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("$HOME/clip.mp4", "variables are not known"),
        ("%USERPROFILE%/clip.mp4", "variables are not known"),
        ("*.mp4", "patterns are not known"),
        ("a%20b.mp4", 'write "a b.mp4"'),
        ("a.mp4,b.mp4", "an entry of its own"),
        ("data:video/mp4;base64,AAAA", "upload the file"),
    ],
)
def test_CLI_9_a_path_that_leads_nowhere_says_how_it_was_written(door: Door, given: str, said: str) -> None:
    assert said in problem(door, given)[1]


def test_MED_19_a_folder_that_differs_by_case_is_named(door: Door) -> None:
    door.file("Clips/x.mp4")
    config = {"material_source": "localFolder", "material_path": "clips"}
    assert 'there is "Clips"' in door.errors(config)["script_config.material_path"]


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><html>", b"\xef\xbb\xbf\n <html lang=de>", b"<HEAD>"])
def test_a_web_page_that_was_saved_as_a_video_is_named(door: Door, page: bytes) -> None:
    (door.root / "page.mp4").write_bytes(page)
    assert "but holds a web page" in problem(door, "page.mp4")[1]


def test_MED_21_the_only_file_of_a_folder_is_spoken_of_as_one(door: Door) -> None:
    (door.root / "one").mkdir()
    (door.root / "one" / "a.mp4").write_bytes(b"")
    config = {"material_source": "localFolder", "material_path": "one"}
    assert "the only one is used, reserved or unfit" in door.errors(config)["script_config.material_path"]


def test_MED_19_a_folder_of_an_account_that_is_not_there_is_told_where_the_root_is_used(door: Door) -> None:
    door.account("alice")
    door.account("bob", "B")
    for name in ("in/x.mp4", "in/@alcie/y.mp4", "in/@bob/z.mp4"):
        door.file(name)
    config = {"material_source": "localFolder", "material_path": "in"}
    told = 'script_config.material_path: there is no account for the folder "@alcie"; it is not used'
    assert told in door.create(config, usernames=["alice"]).warnings
    assert told not in door.create(config, usernames=["bob"]).warnings


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["a.jpg", "a.jpg"], '"a.jpg" stands twice'),
        (["a.jpg", "./a.jpg"], '"a.jpg" stands twice'),
        (["a.jpg", "b.jpg", "copy.jpg"], '"copy.jpg" holds the same as "a.jpg"'),
    ],
)
def test_a_picture_that_a_post_would_show_twice_is_told(door: Door, given: list[str], said: str) -> None:
    for name in ("a.jpg", "b.jpg"):
        door.file(name)
    shutil.copy(door.root / "a.jpg", door.root / "copy.jpg")
    (door.root / "b.jpg").write_bytes((door.root / "b.jpg").read_bytes() + b"another")
    created = door.create({"content_type": 1, "material_list": given})
    assert created.warnings == [f"script_config.material_list: {said}"]
    assert len(created.tasks[0].materials) == len(given)


@pytest.mark.parametrize("given", [",", " , ", [",", ""], ["", ""]])
def test_tags_that_name_none_do_not_mean_the_whole_library(door: Door, given: object) -> None:
    assert "names no tag" in door.errors({"materials_tags": given})["script_config.materials_tags"]


def test_a_folder_without_its_source_is_refused_as_the_library_would_be_posted_from(door: Door) -> None:
    said = door.errors({"material_path": "folder"})["script_config.material_path"]
    assert said.endswith("the files come from the library; send both")
    # Who says that the library is meant may keep the folder in its settings.
    explicit = {"material_path": "folder", "material_source": "materialLibrary"}
    assert "script_config.material_path" not in door.errors({**explicit, "materials_tags": "nobody has this"})


@pytest.mark.parametrize("key", ["material_list", "material_ids"])
def test_a_list_of_files_that_came_out_empty_does_not_mean_any_file_of_the_library(
    door: Door, key: str
) -> None:
    said = door.errors({key: [], "captions": "Hi"})[f"script_config.{key}"]
    assert said.startswith("names no file; name some")
    folder = {"material_source": "localFolder", "material_path": "of_source"}
    door.file("of_source/x.mp4")
    assert door.create({key: [], **folder}).tasks


def test_MED_19_a_text_that_seems_to_be_the_caption_of_one_file_is_named(door: Door) -> None:
    door.file("own_texts/clip.mp4")
    for name in ("clip.txt", "CLIP.mp4.TXT", "notes.txt", "clip.md"):
        (door.root / "own_texts" / name).write_text("Hi", "utf-8")
    created = door.create({"material_source": "localFolder", "material_path": "own_texts"})
    assert created.warnings == [
        f'"{name}" is not read: one caption.txt holds the caption for all files of a folder'
        for name in ("CLIP.mp4.TXT", "clip.txt")
    ]


def test_MED_25_a_document_of_a_mac_is_no_caption(door: Door) -> None:
    door.file("rich/x.mp4")
    (door.root / "rich" / "caption.txt").write_text(r"{\rtf1\ansi Hello}", "utf-8")
    config = {"material_source": "localFolder", "material_path": "rich"}
    assert "is a document, not plain text" in door.errors(config)["script_config.material_path"]


def test_MED_6_pictures_of_a_type_that_is_not_taken_are_named_where_a_folder_is_looked_into(
    door: Door,
) -> None:
    config = {"content_type": 1, "material_source": "localFolder", "material_path": "iphone"}
    (door.root / "iphone").mkdir()
    for name in ("1.HEIC", "2.heic", "3.gif"):
        (door.root / "iphone" / name).write_bytes(b"x")
    said = door.errors(config)["script_config.material_path"]
    assert "all 3 are used, reserved or unfit" in said
    assert "files of the type .heic are not taken, here 2: convert them to JPEG" in said
    door.file("iphone/4.jpg")
    assert door.create(config).warnings == [
        "files of the type .gif are not taken, here 1: convert them to JPEG; left out",
        "files of the type .heic are not taken, here 2: convert them to JPEG; left out",
    ]
