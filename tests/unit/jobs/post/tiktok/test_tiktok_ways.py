"""TikTok's ways to a post, on the simulated app: what is touched, in which order, and what is published in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storage.records import Outcome
from tests.support.post_stage import AppStage, files

LINK = "https://www.tiktok.com/music/Golden-Hour-123"
BEGIN = ["start the app", "push 1", "tap profile_tab"]
CAPTION = ["type into description_field", "type 'Hello #world'"]
POST = ["PUBLISH on tiktok/post", "remove 1"]
ALLOW = ["tap permission_allow_foreground"] * 2
PICK = ["tap gallery_button", "tap videos_tab", "tap tick of cell 1", "tap picker_next"]
VOLUMES = ["tap volume_button", "tap original_volume_bar at 50 %", "tap added_volume_bar at 50 %", "tap volume_done"]  # fmt: skip
SOUND_SHEET = ["intent SEND", "tap sound_chip"]

#: What is asked for, what is touched between the profile and Post, and what the post has beside caption and file.
WAYS: dict[str, tuple[dict[str, Any], list[str], dict[str, Any]]] = {
    "shared": ({}, ["intent SEND", "tap editor_next", *CAPTION], {}),
    "by the + button": (
        {"post_way": "addButton"},
        ["tap create_button", *ALLOW, *PICK, "tap editor_next", *CAPTION],
        {},
    ),
    "from a sound's page, by its name": (
        {"post_way": "useSound", "sound": "Some song"},
        ["tap home_tab", "tap search_icon", "type into search_field", "type 'Some song'", "key enter", "tap sounds_tab",
         "tap sound_hits", "tap use_sound_button", *ALLOW, *PICK, "tap editor_next", *CAPTION],
        {"sound": "Some song"},
    ),
    "from a sound's page, by its link": (
        {"post_way": "useSound", "sound": LINK},
        [f"intent VIEW {LINK}", "tap use_sound_button", *ALLOW, *PICK, "tap editor_next", *CAPTION],
        {"sound": "Golden Hour"},
    ),
    "a sound by its name": (
        {"add_sound": "custom", "sound": "Slow Tide"},
        [*SOUND_SHEET, "tap sheet_search", "type into sheet_search_field", "type 'Slow Tide'", "key enter",
         "tap favorite_buttons", "tap sound_rows", "press back: from the search of sounds to their sheet",
         *VOLUMES, "press back: closing sound_sheet", "tap editor_next", *CAPTION],
        {"sound": "Slow Tide", "original_volume": 50, "added_volume": 50},
    ),
    "a sound by its link": (
        {"add_sound": "custom", "sound": LINK},
        [f"intent VIEW {LINK}", "tap page_favorite", "press back: from the sound's page to the tabs",
         "tap profile_tab", *SOUND_SHEET, "tap favorites_tab", "tap sound_rows", *VOLUMES, "press back: closing sound_sheet",
         "tap editor_next", *CAPTION],
        {"sound": "Golden Hour", "original_volume": 50, "added_volume": 50},
    ),
    "a recommended sound": (
        {"add_sound": "1", "origin_sound_volume": 20, "add_sound_volume": 80},
        [*SOUND_SHEET, "tap sound_rows", "tap volume_button", "tap original_volume_bar at 20 %",
         "tap added_volume_bar at 80 %", "tap volume_done", "press back: closing sound_sheet",
         "tap editor_next", *CAPTION],
        {"sound": "Golden Hour Drive", "original_volume": 20, "added_volume": 80},
    ),
    "a product and the AI label": (
        {"add_product_link": 1, "ai_label": True},
        ["intent SEND", "tap editor_next", "tap add_link_row", "tap product_entry", "tap product_add",
         "tap more_options_row", "swipe up", "tap ai_label_switch", "tap turn_on_button", "tap sheet_close", *CAPTION],
        {"product_link": True, "ai_label": True},
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_each_way_touches_just_this_and_publishes_what_was_asked_for(way: str, tmp_path: Path) -> None:
    asked, touched, published = WAYS[way]
    video = files(tmp_path, "clip.mp4")
    stage = AppStage("tiktok", video, **asked)
    verdict = stage.run()
    assert verdict.outcome is Outcome.PUBLISHED
    assert stage.way == [*BEGIN, *touched, *POST]
    expected = {"account": "demo_01", "kind": "video", "caption": "Hello #world", "media": [video[0].sha256]}
    assert stage.post() == expected | published
    assert stage.attempt.errors == []


def test_photos_keep_their_order_and_get_title_and_description(tmp_path: Path) -> None:
    images = files(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    stage = AppStage("tiktok", images, title="A title", caption="and a text", post_way="addButton")
    assert stage.run().outcome is Outcome.PUBLISHED
    post = stage.post()
    assert (post["kind"], post["title"], post["caption"]) == ("photos", "A title", "and a text")
    assert post["media"] == [image.sha256 for image in images]
    assert "type into title_field" in stage.way


def test_one_image_is_shared_and_photo_is_chosen_among_what_tiktok_offers(tmp_path: Path) -> None:
    stage = AppStage("tiktok", files(tmp_path, "a.jpg"))
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.way[3:5] == ["intent SEND", "tap share_photo"]
    assert stage.post()["kind"] == "photos"


def test_several_images_go_by_the_plus_button_because_a_share_takes_one_file(tmp_path: Path) -> None:
    stage = AppStage("tiktok", files(tmp_path, "a.jpg", "b.jpg"), post_way="share")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.phone.intents == []


def test_the_share_hands_over_the_pushed_file_to_tiktok_alone_and_clears_what_was_open(
    tmp_path: Path,
) -> None:
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"))
    stage.run()
    (words,) = stage.phone.intents
    assert words == (
        "-a", "android.intent.action.SEND", "-t", "video/mp4",
        "--eu", "android.intent.extra.STREAM", "content://media/external/video/media/1000",
        "--grant-read-uri-permission", "--activity-clear-task",
        "-n", "com.zhiliaoapp.musically/com.ss.android.ugc.aweme.share.SystemShareActivity",
    )  # fmt: skip


def test_no_music_takes_away_what_tiktok_lays_under_photos_by_itself(tmp_path: Path) -> None:
    with_track = AppStage("tiktok", files(tmp_path, "a.jpg"))
    with_track.run()
    assert with_track.post()["sound"] == "Paper Lanterns"
    without = AppStage("tiktok", files(tmp_path, "a.jpg"), add_sound="0")
    without.run()
    assert "sound" not in without.post()
    assert "tap sound_remove" in without.way


def test_a_post_without_words_types_nothing_and_leaves_the_field_empty(tmp_path: Path) -> None:
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"), caption="")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert not [touch for touch in stage.way if touch.startswith("type")]
    assert "caption" not in stage.post()


#: A fault of the app, what was asked for, and how the attempt ends.
NOT_SET: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("ai-label-unavailable", {"ai_label": True}, "option_not_set", "ai label", '"More options" has no AI label'),
    ("ai-label-stuck", {"ai_label": True}, "option_not_set", "ai label", "the AI label does not switch on"),
    ("product-unavailable", {"add_product_link": 1}, "option_not_set", "product link",
     "the account cannot add product links: the menu has no product"),
    ("showcase-empty", {"add_product_link": 1}, "option_not_set", "product link", "the account's showcase is empty"),
    ("product-stuck", {"add_product_link": 1}, "option_not_set", "product link",
     "the post screen does not show the product link"),
    ("sound-unavailable", {"add_sound": "1"}, "option_not_set", "sound_sheet",
     "add recommended sound: sound_rows is not on sound_sheet"),
    ("volume-unavailable", {"add_sound": "1"}, "option_not_set", "volumes", "the sheet of sounds has no volume"),
    ("volume-stuck", {"add_sound": "1"}, "option_not_set", "volumes", "original_volume_bar shows 100 %, not 50 %"),
    ("sound-unavailable", {"post_way": "useSound", "sound": "Some song"}, "sound_not_found", "sound",
     "TikTok does not offer this sound for use"),
    ("sound-unavailable", {"post_way": "useSound", "sound": LINK}, "sound_not_found", "sound",
     "TikTok does not offer this sound for use"),
    ("sound-unavailable", {"add_sound": "custom", "sound": LINK}, "sound_not_found", "sound",
     "TikTok does not offer this sound for use"),
    ("sound-stuck", {"post_way": "useSound", "sound": LINK}, "option_not_set", "sound",
     "the camera does not show the sound that was chosen"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "asked", "code", "step", "says"), NOT_SET)
def test_an_option_that_does_not_take_means_not_posted_and_says_which(
    fault: str, asked: dict[str, Any], code: str, step: str, says: str, tmp_path: Path
) -> None:
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"), **asked)
    stage.phone.faults.arm(fault)
    failed = stage.fails()
    assert (failed.code, failed.step, str(failed)) == (code, step, says)
    assert not failed.passing


def test_a_sound_that_was_asked_for_is_missed_where_choosing_it_has_no_effect(tmp_path: Path) -> None:
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"), add_sound="1")
    stage.phone.faults.arm("sound-stuck")
    assert stage.fails().code == "option_not_set"


def test_a_sound_that_cannot_be_taken_away_is_not_posted(tmp_path: Path) -> None:
    stage = AppStage("tiktok", files(tmp_path, "a.jpg"), add_sound="0")
    stage.phone.faults.arm("sound-stuck")
    assert stage.fails().code == "option_not_set"
