"""What Instagram's flow touches on each drawn screen of its way, and how long it gives each touch."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.post.flow.flow import ReadyToPublish
from jobs.post.screens.recognise import Sight
from tests.support.drawn import IMAGE, DrawnStage, Follows, Part, Screen, screen

TILE = "Reel at row 1, column 1"
CAPTION = Part("caption_field", field=True)


def profile(count: str = "8", name: str = "demo_01") -> Screen:
    return screen(
        "own_profile", "create_new", "account_name", "tab_bar_feed", "search_tab",
        Part("profile_name", text=name, touch=False), Part("post_count_value", text=count), Part("first_tile", desc=TILE),
    )  # fmt: skip


def picker(name: str, *more: Part | str) -> Screen:
    return screen(name, "picker_cancel", *more)


VIDEO_CELL = Part("thumbnails first_video cell", (0, 800, 300, 1100))
PHOTO_CELL = Part("thumbnails first_photo cell", (0, 800, 300, 1100))
DESTS = ["dest_post", "dest_story", "dest_reel"]
SCREENS = {
    "home": screen("home", "tab_bar_feed", "profile_tab", "own_bubble"),
    "home with ring": screen("home", "tab_bar_feed", "profile_tab", "own_ring own_bubble"),
    "home without tray": screen("home", "tab_bar_feed", "profile_tab"),
    "home, posted": screen("home", "tab_bar_feed", "profile_tab", "own_bubble", "posted_text"),
    "home, uploading": screen("home", "tab_bar_feed", "profile_tab", "own_bubble", "sharing_text"),
    "reels": screen("home", "tab_bar_feed", "profile_tab", "reels_tab_chosen"),
    "profile": profile(),
    "profile of 9": profile("9"),
    "create": screen("create_sheet", "create_reel", "create_post", "create_story"),
    "camera": screen("camera", "gallery_button", *DESTS),
    "camera on reel": screen(
        "camera", "gallery_button", "dest_post", "dest_story", Part("dest_reel", selected=True)
    ),
    "camera for reels": screen("camera", "gallery_button", "dest_reel"),
    "camera without tabs": screen("camera", "gallery_button"),
    "camera, no audio": screen("camera", "gallery_button", "no_audio"),
    "picker": picker("picker_reel", VIDEO_CELL),
    "picker of posts": picker("picker_post", PHOTO_CELL, "picker_next", *DESTS),
    "picker of stories": picker("picker_story", PHOTO_CELL),
    "picker of stories, video": picker("picker_story", VIDEO_CELL, *DESTS),
    "editor": screen("reel_editor", "editor_next"),
    "filters": screen("filters", "filters_next"),
    "caption": screen("caption_editor", CAPTION, "caption_done"),
    "share": screen("share_screen", CAPTION, "share_button"),
    "share below": screen("share_screen", "share_button"),
    "share, no audio": screen("share_screen", CAPTION, "share_button", "no_audio"),
    "story": screen("story_editor", "your_story", "editor_cancel"),
    "story sheet": screen("story_share_sheet", "share_story"),
    "search": screen("search", "profile_tab"),
    "page": screen("audio_page", "use_audio"),
    "unknown": screen("", Part("nobody", text="knows")),
}


def stage(at: Follows, **config: Any) -> DrawnStage:
    made = DrawnStage("instagram", SCREENS, at, **({"sound_wait_time": 0} | config))
    made.flow.arrived = True
    return made


def story(at: Follows, **config: Any) -> DrawnStage:
    return stage(at, placement="story", **config)


def on(name: str) -> Any:
    """The handler of a screen, as a test of a stage takes it."""
    return lambda flow, sight: flow.handlers()[name](sight)


# -- single presses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "element", "gets_s"),
    [
        ("filters", "filters_next", 25.0),
        ("caption", "caption_done", 5.0),
        ("camera without tabs", "gallery_button", 8.0),
    ],
)
def test_on_screens_between_one_button_leads_on(at: str, element: str, gets_s: float) -> None:
    name = SCREENS[at].name
    made = stage(at)
    made.phone.on(f"tap {element}", {gets_s: "editor"})
    assert made.ends_on(on(name)) == "reel_editor"
    assert made.touched == [f"tap {element}"]
    made = stage(at)
    assert made.fails(on(name)) == ("ui_changed", name, f"{element} has no effect on {name}")
    assert made.took_s() == 2 * gets_s


# -- the feed -------------------------------------------------------------------------------------------------------


def test_at_the_feed_uploads_and_the_own_ring_are_noted_before_the_profile_is_opened() -> None:
    for at, ring in (("home", False), ("home with ring", True), ("home without tray", None)):
        made = stage(at)
        made.phone.on("tap profile_tab", "profile")
        assert made.ends_on(on("home")) == "own_profile"
        assert made.touched == ["tap profile_tab"]
        assert (made.flow.ring_before, made.flow.earlier_indicators) == (ring, {})


def test_signs_of_an_earlier_post_are_remembered() -> None:
    made = stage("home, posted")
    made.phone.on("tap profile_tab", "profile")
    made.ends_on(on("home"))
    assert made.flow.earlier_indicators == {"posted": 1}
    again = stage("home, posted")
    again.flow.earlier_indicators = {}
    again.phone.on("tap profile_tab", "profile")
    again.ends_on(on("home"))
    assert again.flow.earlier_indicators == {}, "they are looked for once"


def test_an_upload_that_gives_way_to_another_screen_is_not_waited_for_there() -> None:
    made = stage({0: "home, uploading", 5.0: "editor"})
    assert made.ends_on(on("home")) == "reel_editor"
    assert made.touched == []


def test_from_the_reels_the_feed_is_opened_first_and_given_four_seconds() -> None:
    made = stage("reels")
    made.phone.on("tap tab_bar_feed", {1.0: "home without tray", 4.0: "home with ring"})
    made.phone.on("tap profile_tab", "profile")
    assert made.ends_on(on("home")) == "own_profile"
    assert made.touched == ["tap tab_bar_feed", "tap profile_tab"]
    assert (made.flow.ring_before, made.flow.feed_sought, made.took_s()) == (True, True, 4.0)
    stays = stage("reels")
    stays.phone.on("tap profile_tab", "profile")
    assert stays.ends_on(on("home")) == "own_profile"
    assert (stays.flow.ring_before, stays.flow.earlier_indicators, stays.took_s()) == (None, None, 4.0)
    gone = stage("reels")
    gone.phone.on("tap tab_bar_feed", "editor")
    assert gone.ends_on(on("home")) == "reel_editor"


def test_another_account_has_other_signs_and_another_ring() -> None:
    made = stage("home")
    made.flow.ring_before, made.flow.feed_sought, made.flow.earlier_indicators = True, True, {}
    made.flow.account_switched()
    assert (made.flow.ring_before, made.flow.feed_sought, made.flow.earlier_indicators) == (None, False, None)


# -- the profile ----------------------------------------------------------------------------------------------------


def begun(at: Follows = "profile", **config: Any) -> DrawnStage:
    made = stage(at, **config)
    made.flow.earlier_indicators = {}
    made.phone.on("tap create_new", "create")
    return made


def test_the_numbers_of_the_profile_are_noted_once_and_the_creation_begun() -> None:
    made = begun()
    assert made.ends_on(on("own_profile")) == "create_sheet"
    assert made.touched == ["tap create_new"]
    assert (made.flow.posts_before, made.flow.tile_before, made.flow.profile_read) == (8, TILE, True)
    assert made.attempt.facts["profile read"] == {"posts": 8, "newest": TILE}
    assert made.flow.profile_fresh is False
    again = begun("profile of 9")
    again.flow.profile_read = True
    again.ends_on(on("own_profile"))
    assert (again.flow.posts_before, again.attempt.seen) == (None, ["demo_01"])


@pytest.mark.parametrize("signs", [{"posted": 1}, None])
def test_numbers_that_may_be_stale_are_read_anew(signs: dict[str, int] | None) -> None:
    made = begun()
    made.flow.earlier_indicators = signs
    made.phone.on("swipe down", {2.5: "profile of 9"})
    assert made.ends_on(on("own_profile")) == "create_sheet"
    assert made.touched == ["swipe down", "tap create_new"]
    assert (made.flow.posts_before, made.flow.profile_fresh, made.took_s()) == (9, True, 2.5)
    same = begun()
    same.flow.earlier_indicators = signs
    same.ends_on(on("own_profile"))
    assert (same.flow.posts_before, same.flow.profile_fresh, same.took_s()) == (8, True, 2.5)


def test_newer_numbers_are_waited_for_no_longer_than_they_take() -> None:
    made = begun()
    made.flow.earlier_indicators = None
    made.phone.screens = {
        **SCREENS,
        "other": profile("8", "demo_02"),
        "elsewhere": screen("home", "profile_tab"),
    }
    made.phone.on("swipe down", {0.5: "other", 0.7: "elsewhere", 0.8: "other", 1.0: "profile of 9"})
    assert made.ends_on(on("own_profile")) == "create_sheet"
    assert (made.flow.posts_before, made.took_s()) == (9, 1.0)


def test_what_comes_over_the_profile_meanwhile_must_go() -> None:
    made = begun()
    made.flow.earlier_indicators = None
    made.phone.on("swipe down", {0.0: "editor", 2.0: "profile of 9"})
    assert made.ends_on(on("own_profile")) == "create_sheet"
    assert (made.flow.posts_before, made.took_s()) == (9, 2.0)


def test_a_story_is_looked_for_in_the_tray_once_before() -> None:
    made = begun(placement="story")
    made.phone.on("tap tab_bar_feed", "home with ring")
    assert made.ends_on(on("own_profile")) == "home"
    assert made.touched == ["tap tab_bar_feed"]
    for known in ({"ring_before": False}, {"feed_sought": True}):
        again = begun(placement="story")
        for name, value in known.items():
            setattr(again.flow, name, value)
        assert again.ends_on(on("own_profile")) == "create_sheet"
    reel = begun()
    assert reel.ends_on(on("own_profile")) == "create_sheet"


def test_a_post_from_an_audios_page_begins_there() -> None:
    made = begun(post_way="useSound", sound="Some song")
    made.phone.on("tap search_tab", "search")
    assert made.ends_on(on("own_profile")) == "search"
    made.flow.audio.wanted = False
    made = begun(post_way="useSound", sound="Some song")
    made.flow.audio.wanted = False
    assert made.ends_on(on("own_profile")) == "create_sheet"


@pytest.mark.parametrize(
    ("config", "row"),
    [({}, "create_reel"), ({"placement": "story"}, "create_story"), ({"media": [IMAGE]}, "create_post")],
)
def test_the_sheet_leads_to_what_is_posted_and_what_lies_under_it_is_no_effect(
    config: dict[str, Any], row: str
) -> None:
    made = stage("create", **config)
    made.phone.on(f"tap {row}", {1.0: "profile", 2.0: "home", 6.0: "camera"})
    assert made.ends_on(on("create_sheet")) == "camera"
    assert made.touched == [f"tap {row}"]
    made = stage("create", **config)
    assert made.fails(on("create_sheet"))[2] == f"{row} has no effect on create_sheet"
    assert made.took_s() == 12.0


def test_what_is_noted_before_the_tap_serves_a_look_after_a_crash() -> None:
    for fresh, signs, noted in (
        (True, {"posted": 1}, True),
        (False, {}, True),
        (False, {"posted": 1}, False),
        (False, None, False),
    ):
        made = begun()
        made.flow.posts_before, made.flow.tile_before = 8, TILE
        made.flow.profile_fresh, made.flow.earlier_indicators = fresh, signs
        made.flow.about_to_publish()
        (kept,) = made.memory.values.values()
        assert kept == {
            "task": 7,
            "signs": signs,
            "posts": 8,
            "tile": TILE,
            "fresh": noted,
            "at": made.attempt.clock.now(),
        }


# -- camera and pickers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "tab"),
    [({}, "dest_reel"), ({"placement": "story"}, "dest_story"), ({"media": [IMAGE]}, "dest_post")],
)
def test_the_camera_is_told_what_is_posted(config: dict[str, Any], tab: str) -> None:
    made = stage("camera", **config)
    made.phone.on(f"tap {tab}", {3.0: "camera without tabs"})
    made.phone.on("tap gallery_button", "picker")
    assert made.ends_on(on("camera")) == "picker_reel"
    assert made.touched == [f"tap {tab}", "tap gallery_button"]
    assert made.took_s() == 3.0
    stays = stage("camera", **config)
    stays.phone.on("tap gallery_button", "picker")
    stays.ends_on(on("camera"))
    assert stays.took_s() == 3.0
    gone = stage("camera", **config)
    gone.phone.on(f"tap {tab}", "editor")
    assert gone.ends_on(on("camera")) == "reel_editor"


@pytest.mark.parametrize("at", ["camera on reel", "camera for reels", "camera without tabs"])
def test_a_camera_that_knows_it_already_is_not_told(at: str) -> None:
    made = stage(at)
    made.phone.on("tap gallery_button", "picker")
    assert made.ends_on(on("camera")) == "picker_reel"
    assert made.touched == ["tap gallery_button"]


@pytest.mark.parametrize(("wait_s", "gets_s"), [(0, 1.0), (7, 7.0)])
def test_an_audio_that_was_chosen_gets_its_time_in_the_camera(wait_s: int, gets_s: float) -> None:
    audio = {"post_way": "useSound", "sound": "Some song", "sound_wait_time": wait_s}
    made = stage({0: "camera, no audio", gets_s: "camera without tabs"}, **audio)
    made.phone.on("tap gallery_button", "picker")
    assert made.ends_on(on("camera")) == "picker_reel"
    made = stage("camera, no audio", **audio)
    assert made.fails(on("camera")) == (
        "option_not_set",
        "camera",
        "Instagram lost the audio that was chosen",
    )
    assert made.took_s() == gets_s
    early = stage({0: "camera, no audio", 0.5: "camera without tabs"}, **audio)
    early.phone.on("tap gallery_button", "picker")
    assert early.ends_on(on("camera")) == "picker_reel"
    assert early.took_s() == 0.5
    left = stage({0: "camera, no audio", 0.5: "editor"}, **audio)
    assert left.ends_on(on("camera")) == "reel_editor"
    plain = stage("camera, no audio")
    plain.phone.on("tap gallery_button", "picker")
    assert plain.ends_on(on("camera")) == "picker_reel"
    assert plain.took_s() == 0.0


@pytest.mark.parametrize(
    ("at", "config", "leads_to"),
    [
        ("picker", {}, "editor"),
        ("picker of posts", {"media": [IMAGE]}, "filters"),
        ("picker of stories", {"media": [IMAGE], "placement": "story"}, "story"),
        ("picker of stories, video", {"placement": "story"}, "story"),
    ],
)
def test_each_picker_gives_what_it_is_for(at: str, config: dict[str, Any], leads_to: str) -> None:
    made = stage(at, **config)
    made.phone.on("tap cell", leads_to)
    assert made.ends_on(on(SCREENS[at].name)) == SCREENS[leads_to].name
    assert made.touched == ["tap cell"]
    assert made.flow.media_chosen is True


@pytest.mark.parametrize(
    ("at", "config"),
    [
        ("picker of stories", {}),
        ("picker of stories", {"media": [IMAGE]}),
        ("picker", {"placement": "story"}),
        ("picker", {"media": [IMAGE]}),
    ],
)
def test_a_picker_of_something_else_is_left(at: str, config: dict[str, Any]) -> None:
    made = stage(at, **config)
    made.phone.on("tap picker_cancel", "profile")
    assert made.ends_on(on(SCREENS[at].name)) == "own_profile"
    assert made.touched == ["tap picker_cancel"]
    assert f"{SCREENS[at].name} is not the picker that was asked for" in made.attempt.log
    assert made.flow.media_chosen is False


def test_the_right_picker_is_told_nothing() -> None:
    made = stage("tabbed")
    made.phone.screens = {**SCREENS, "tabbed": picker("picker_reel", VIDEO_CELL, *DESTS)}
    made.phone.on("tap cell", "editor")
    assert made.ends_on(on("picker_reel")) == "reel_editor"
    assert made.touched == ["tap cell"]


def test_the_pages_of_an_audio_are_on_the_way() -> None:
    flow = stage("home").flow
    handlers, audio = flow.handlers(), flow.audio
    assert {name: handlers[name] for name in ("search", "search_results", "audio_page", "audio_gone")} == {
        "search": audio.on_search,
        "search_results": audio.on_results,
        "audio_page": audio.on_page,
        "audio_gone": audio.on_gone,
    }


def test_a_picker_with_tabs_is_told_what_is_posted() -> None:
    made = stage("picker of stories, video")
    made.phone.on("tap dest_reel", {1.0: "picker"})
    assert made.ends_on(on("picker_story")) == "picker_reel"
    assert made.touched == ["tap dest_reel"]
    same = stage("picker of posts")
    same.phone.on("tap picker_next", "filters")
    same.phone.on("tap dest_reel", "picker of posts")
    same.phone.on("tap picker_cancel", "profile")
    assert same.ends_on(on("picker_post")) == "own_profile"
    assert same.touched[0] == "tap dest_reel"


# -- editors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "config", "what"),
    [
        ("editor", {}, "an editor is open that this attempt did not fill"),
        ("story", {"placement": "story"}, "a story is open that this attempt did not fill"),
        ("story sheet", {"placement": "story"}, "a share sheet is open that this attempt did not ask for"),
        ("share", {}, "a share screen is open that this attempt did not fill"),
    ],
)
def test_what_this_attempt_did_not_fill_is_left_by_a_start_afresh(
    at: str, config: dict[str, Any], what: str
) -> None:
    made = stage(at, **config)
    made.flow.profile_read = True
    made.phone.on("start the app", "home")
    assert made.ends_on(on(SCREENS[at].name)) == "home"
    assert made.touched == ["stop the app", "start the app"]
    assert made.flow.profile_read is False, "another account may be in front after a start"
    assert f"starting the app afresh: {what}" in made.attempt.log


def test_the_editor_is_gone_on_from_with_our_file_in_it() -> None:
    made = stage("editor")
    made.flow.media_chosen = True
    made.phone.on("tap editor_next", {25.0: "share"})
    assert made.ends_on(on("reel_editor")) == "share_screen"
    made = stage("editor")
    made.flow.media_chosen = True
    assert made.fails(on("reel_editor"))[2] == "editor_next has no effect on reel_editor"
    assert made.took_s() == 50.0


def test_a_storys_editor_or_sheet_that_nobody_asked_for_is_left() -> None:
    made = stage("story")
    made.flow.media_chosen = True
    made.phone.on("tap editor_cancel", "profile")
    assert made.ends_on(on("story_editor")) == "own_profile"
    assert "the story editor opened by mistake" in made.attempt.log
    sheet = stage("story sheet")
    sheet.flow.media_chosen = True
    sheet.phone.on("start the app", "home")
    assert sheet.ends_on(on("story_share_sheet")) == "home"


def ready(made: DrawnStage) -> str:
    """The button that the flow says is ready."""
    sight = made.look()
    with pytest.raises(ReadyToPublish) as said:
        made.flow.handlers()[sight.name](sight)
    assert isinstance(said.value.sight, Sight)
    return said.value.button.name


def test_a_story_is_ready_in_its_editor_or_on_its_sheet_and_has_no_label() -> None:
    for at, button in (("story", "your_story"), ("story sheet", "share_story")):
        made = story(at)
        made.flow.media_chosen = True
        assert ready(made) == button
        assert made.touched == []
    made = story("story", ai_label=True)
    made.flow.media_chosen = True
    told = "stories have no AI label that could be set"
    assert made.fails(on("story_editor")) == ("option_not_set", "story_editor", told)


# -- the share screen -----------------------------------------------------------------------------------------------


def filled(at: Follows = "share", **config: Any) -> DrawnStage:
    made = stage(at, **config)
    made.flow.media_chosen = True
    return made


def test_the_caption_is_typed_read_back_and_the_button_handed_over() -> None:
    made = filled()
    assert ready(made) == "share_button"
    assert made.touched == ["type Hello"]
    assert (made.flow.typed, made.flow.options_set) == (True, True)
    assert made.flow.drafts.knows("Hello")


def test_a_reel_without_words_types_nothing_but_over_words_of_ours() -> None:
    made = filled(caption="")
    assert ready(made) == "share_button"
    assert made.touched == []
    left = filled(caption="")
    left.flow.drafts.remember(["Hello"])
    left.phone.typed["caption_field"] = "Hel"
    assert ready(left) == "share_button"
    assert left.touched == ["type "]


def test_a_caption_of_somebody_else_is_left_to_a_person() -> None:
    made = filled()
    made.phone.typed["caption_field"] = "Something else"
    told = "the caption already holds text: an unfinished post was resumed"
    assert made.fails(on("share_screen")) == ("leftover_draft", "share_screen", told)
    assert made.touched == []


def test_what_an_attempt_that_was_cut_off_began_to_type_is_ours_in_the_next_one() -> None:
    for text, ours in (("Hel", True), ("Hi", False)):
        made = filled(attempt=2)
        made.phone.typed["caption_field"] = text
        if ours:
            assert ready(made) == "share_button"
        else:
            assert made.fails(on("share_screen"))[0] == "leftover_draft"


def test_a_caption_that_was_typed_is_not_typed_again_but_compared() -> None:
    made = filled()
    made.flow.typed = True
    made.phone.typed["caption_field"] = "Hello"
    assert ready(made) == "share_button"
    assert made.touched == []
    other = filled()
    other.flow.typed = True
    other.phone.typed["caption_field"] = "Hello you"
    code, step, told = other.fails(on("share_screen"))
    assert (code, step) == ("caption_altered", "caption")
    assert told == 'the app changed the caption: after 5 characters "" became " you"'


def test_where_the_captions_editor_comes_the_flow_goes_on_from_it() -> None:
    made = filled()
    made.phone.on("type Hello", "caption")
    assert made.ends_on(on("share_screen")) == "caption_editor"
    assert made.flow.typed is True
    assert made.flow.options_set is False


def test_options_are_set_once() -> None:
    made = filled(ai_label=True)
    made.flow.typed = made.flow.options_set = True
    made.phone.typed["caption_field"] = "Hello"
    assert ready(made) == "share_button"
    told = "the AI label is not on the share screen"
    assert filled(ai_label=True).fails(on("share_screen")) == ("option_not_set", "ai label", told)


def test_the_caption_is_scrolled_back_to_before_it_is_compared() -> None:
    made = filled("share below")
    made.flow.typed = made.flow.options_set = True
    made.phone.typed["caption_field"] = "Hello"
    made.phone.on("swipe down", "share")
    assert ready(made) == "share_button"
    assert made.touched == ["swipe down"]


def test_a_form_that_lost_its_audio_is_not_ready() -> None:
    made = filled("share, no audio", post_way="useSound", sound="Some song")
    told = "Instagram lost the audio that was chosen"
    assert made.fails(on("share_screen")) == ("option_not_set", "share_screen", told)
