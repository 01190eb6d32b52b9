"""Instagram's ways to a post, on the simulated app: what is touched, in which order, and what is published in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storage.records import Outcome
from tests.support.post_stage import AppStage, files

LINK = "https://www.instagram.com/reels/audio/1234567/"
ALLOW = ["tap permission_allow_foreground"] * 2
CAPTION = ["type into caption_field", "type 'Hello #world'", "tap caption_done"]
SHARE = ["PUBLISH on instagram/share"]
REEL = ["tap newest video", "tap editor_next", *CAPTION]

#: The files, what is asked for, what is touched after the profile, and what the post has beside account and files.
WAYS: dict[str, tuple[tuple[str, ...], dict[str, Any], list[str], dict[str, Any]]] = {
    "a reel": (
        ("clip.mp4",), {},
        ["tap create_new", "tap create_reel", *ALLOW, *REEL, *SHARE],
        {"kind": "reel", "caption": "Hello #world"},
    ),
    "a reel with the AI label": (
        ("clip.mp4",), {"ai_label": True},
        ["tap create_new", "tap create_reel", *ALLOW, *REEL, "tap ai_label_switch", *SHARE],
        {"kind": "reel", "caption": "Hello #world", "ai_label": True},
    ),
    "a reel from an audio's page, by its name": (
        ("clip.mp4",), {"post_way": "useSound", "sound": "Some song"},
        ["tap search_tab", "type into search_field", "type 'Some song'", "key enter", "tap audio_tab", "tap audio_hits",
         "tap use_audio", *ALLOW, "tap gallery_button", *REEL, *SHARE],
        {"kind": "reel", "caption": "Hello #world", "sound": "Some song"},
    ),
    "a reel from an audio's page, by its link": (
        ("clip.mp4",), {"post_way": "useSound", "sound": LINK},
        [f"intent VIEW {LINK}", "tap use_audio", *ALLOW, "tap gallery_button", *REEL, *SHARE],
        {"kind": "reel", "caption": "Hello #world", "sound": "Audio 1234567"},
    ),
    "an image": (
        ("a.jpg",), {},
        ["tap create_new", "tap create_post", *ALLOW, "tap picker_next", "tap filters_next", *CAPTION, *SHARE],
        {"kind": "feed", "caption": "Hello #world"},
    ),
    "three images": (
        ("a.jpg", "b.jpg", "c.jpg"), {},
        ["tap create_new", "tap create_post", *ALLOW, "tap select_multiple", "tap numbered_thumbnails",
         "tap image 1 of 3", "tap image 2 of 3", "tap image 3 of 3", "tap picker_next", "tap filters_next", *CAPTION, *SHARE],
        {"kind": "feed", "caption": "Hello #world"},
    ),
    "a story of an image": (
        ("a.jpg",), {"placement": "story"},
        ["tap create_new", "tap create_story", *ALLOW, "tap newest photo", "PUBLISH on instagram/story-editor"],
        {"kind": "story"},
    ),
    "a story of a video": (
        ("clip.mp4",), {"placement": "story"},
        ["tap create_new", "tap create_story", *ALLOW, "tap newest video", "PUBLISH on instagram/story-editor"],
        {"kind": "story"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_each_way_touches_just_this_and_publishes_what_was_asked_for(way: str, tmp_path: Path) -> None:
    names, asked, touched, published = WAYS[way]
    media = files(tmp_path, *names)
    stage = AppStage("instagram", media, **asked)
    assert stage.run().outcome is Outcome.PUBLISHED
    pushed = [f"push {len(names)}", "tap profile_tab"]
    assert stage.way == ["start the app", *pushed, *touched, f"remove {len(names)}"]
    assert stage.post() == {"account": "demo_01", "media": [file.sha256 for file in media]} | published
    assert stage.attempt.errors == []


def test_the_numbers_of_the_profile_are_noted_before_the_post_and_kept_for_a_look_after_a_crash(
    tmp_path: Path,
) -> None:
    stage = AppStage("instagram", files(tmp_path, "clip.mp4"))
    stage.run()
    tile = "Reel by Demo One at row 1, column 1"
    assert stage.attempt.facts["profile read"] == {"posts": 8, "newest": tile}
    noted = dict(stage.memory.values["unfinished:SIMPHONE01:com.instagram.android:before"])
    assert noted.pop("at") <= stage.attempt.clock.now()
    assert noted == {
        "task": 7, "signs": {}, "posts": 8, "tile": tile, "fresh": True,
    }  # fmt: skip


def test_the_links_intent_goes_to_instagram_alone(tmp_path: Path) -> None:
    stage = AppStage("instagram", files(tmp_path, "clip.mp4"), post_way="useSound", sound=LINK)
    stage.run()
    assert stage.phone.intents == [
        ("-a", "android.intent.action.VIEW", "-d", LINK, "-p", "com.instagram.android")
    ]


def test_a_reel_without_words_types_nothing(tmp_path: Path) -> None:
    stage = AppStage("instagram", files(tmp_path, "clip.mp4"), caption="")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert not [touch for touch in stage.way if touch.startswith("type")]
    assert "caption" not in stage.post()


@pytest.mark.parametrize(
    ("fault", "touches"),
    [
        ("opens-camera", ["tap gallery_button", "tap newest video"]),
        (
            "opens-story-editor",
            ["tap editor_cancel", "tap create_new", "tap create_reel", "tap newest video"],
        ),
    ],
)
def test_a_creation_that_begins_elsewhere_finds_its_way(
    fault: str, touches: list[str], tmp_path: Path
) -> None:
    stage = AppStage("instagram", files(tmp_path, "clip.mp4"))
    stage.phone.faults.arm(fault)
    assert stage.run().outcome is Outcome.PUBLISHED
    begin = stage.way.index("tap create_reel") + 1 + len(ALLOW)
    assert stage.way[begin : begin + len(touches)] == touches
    assert stage.post()["kind"] == "reel"


#: A fault of the app, the file, what was asked for, and how the attempt ends.
NOT_SET: list[tuple[str, str, dict[str, Any], str, str, str]] = [
    ("ai-label-unavailable", "clip.mp4", {"ai_label": True}, "option_not_set", "ai label",
     "the AI label is not on the share screen"),
    ("ai-label-stuck", "clip.mp4", {"ai_label": True}, "option_not_set", "ai label", "the AI label does not switch on"),
    ("", "clip.mp4", {"ai_label": True, "placement": "story"}, "option_not_set", "story_editor",
     "stories have no AI label that could be set"),
    ("", "a.jpg", {"post_way": "useSound", "sound": LINK}, "option_not_set", "sound",
     "an audio's page leads to reels: no audio can be put under images"),
    ("sound-unavailable", "clip.mp4", {"post_way": "useSound", "sound": LINK}, "sound_not_found", "sound",
     "Instagram does not offer this audio for use"),
    ("sound-unavailable", "clip.mp4", {"post_way": "useSound", "sound": "Some song"}, "sound_not_found", "sound",
     "Instagram does not offer this audio for use"),
    ("sound-stuck", "clip.mp4", {"post_way": "useSound", "sound": LINK}, "option_not_set", "camera",
     "Instagram lost the audio that was chosen"),
    ("", "clip.mp4", {"post_way": "useSound", "sound": "https://www.instagram.com/p/123/"}, "sound_not_found", "sound",
     "Instagram does not open the audio's link"),
    ("", "clip.mp4", {"post_way": "useSound", "sound": "https://example.com/a"}, "sound_not_found", "sound",
     "the link does not open: "),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "name", "asked", "code", "step", "says"), NOT_SET)
def test_an_option_that_does_not_take_means_not_posted_and_says_which(
    fault: str, name: str, asked: dict[str, Any], code: str, step: str, says: str, tmp_path: Path
) -> None:
    stage = AppStage("instagram", files(tmp_path, name), **asked)
    if fault:
        stage.phone.faults.arm(fault)
    failed = stage.fails()
    assert (failed.code, failed.step) == (code, step)
    assert str(failed).startswith(says)
    assert not failed.passing
