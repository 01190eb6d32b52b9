"""What TikTok's flow touches on each drawn screen of its way, and how long it gives each touch."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jobs.post.flow.flow import ReadyToPublish
from jobs.post.screens.recognise import Sight
from jobs.post.tiktok.flow import handle_of, unclear_handle
from storage.records import MediaFile
from tests.support.drawn import IMAGE, DrawnStage, Follows, Part, Screen, screen

FIELD = Part("description_field", field=True)
TITLE = Part("title_field", field=True)
SCREENS = {
    "home": screen("home", "profile_tab", "create_button", "for_you_tab search_icon"),
    "home, failed": screen("home", "profile_tab", "create_button", "failed_notice", "failed_close"),
    "home, uploading": screen("home", "profile_tab", "create_button", "upload_badge"),
    "profile": screen("own_profile", "create_button", Part("profile_handle", text="@demo_01")),
    "camera": screen("camera", "gallery_button"),
    "picker": screen("picker", "picker_next"),
    "preview": screen("preview", "preview_select", "picker_next"),
    "templates": screen("templates", "templates_close"),
    "templates with tab": screen("templates", "post_tab", "templates_close"),
    "share sheet": screen("share_sheet", "share_message", "share_photo"),
    "editor": screen("editor", "editor_next"),
    "post": screen("post_screen", FIELD, "post_button"),
    "photo post": screen("post_screen", TITLE, FIELD, "post_button"),
    "post, folded": screen("post_screen", FIELD, "collapse_button", "neutral_place"),
    "post, unfolded": screen("post_screen", FIELD, "neutral_place"),
    "post, bare": screen("post_screen", FIELD),
    "leave": screen("leave_sheet", "discard_button"),
    "unknown": screen("", Part("nobody", text="knows")),
}


def stage(at: Follows, screens: dict[str, Screen] | None = None, **config: Any) -> DrawnStage:
    asked = {"post_way": "addButton", "sound_wait_time": 0} | config
    made = DrawnStage("tiktok", SCREENS | (screens or {}), at, **asked)
    made.flow.arrived = True
    return made


def on(name: str) -> Any:
    """The handler of a screen, as a test of a stage takes it."""
    return lambda flow, sight: flow.handlers()[name](sight)


def step(name: str) -> Any:
    return lambda flow, sight: getattr(flow, name)(sight)


# -- single presses -------------------------------------------------------------------------------------------------

PRESSES = [
    ("preview", "preview", "preview_select", 8.0),
    ("templates", "templates", "templates_close", 8.0),
    ("templates with tab", "templates", "post_tab", 8.0),
    ("share sheet", "share_sheet", "share_photo", 25.0),
    ("camera", "camera", "gallery_button", 8.0),
]


@pytest.mark.parametrize(("at", "name", "element", "gets_s"), PRESSES)
def test_on_screens_between_one_button_leads_on(at: str, name: str, element: str, gets_s: float) -> None:
    made = stage(at)
    made.phone.on(f"tap {element}", {gets_s: "editor"})
    assert made.ends_on(on(name)) == "editor"
    assert made.touched == [f"tap {element}"]
    made = stage(at)
    assert made.fails(on(name)) == ("ui_changed", name, f"{element} has no effect on {name}")
    assert made.took_s() == 2 * gets_s
    assert set(made.touched) == {f"tap {element}"}


# -- before the composer --------------------------------------------------------------------------------------------


def test_from_the_feed_the_account_is_read_first_and_the_post_begun_after() -> None:
    made = stage("home")
    made.phone.on("tap profile_tab", "profile")
    assert made.ends_on(on("home")) == "own_profile"
    assert made.flow.earlier_indicators == {}
    made.phone.on("tap create_button", "camera")
    assert made.ends_on(on("own_profile")) == "camera"
    assert made.touched == ["tap profile_tab", "tap create_button"]
    # Who comes back to the tabs reads it again.
    assert (made.flow.account_read, made.attempt.seen) == (False, ["demo_01"])
    again = stage("home")
    again.flow.account_read = True
    again.phone.on("tap create_button", "camera")
    assert again.ends_on(on("home")) == "camera"


def test_a_notice_of_a_failed_upload_is_closed_once_and_its_traces_looked_for_anew() -> None:
    made = stage("home, failed")
    made.phone.on("tap failed_close", {3.0: "home"})
    assert made.ends_on(on("home")) == "home"
    assert made.touched == ["tap failed_close"]
    assert made.took_s() == 3.0
    assert made.flow.earlier_indicators is None
    assert "closing the notice of an earlier failed upload" in made.attempt.log
    stays = stage("home, failed")
    stays.phone.on("tap profile_tab", "profile")
    assert stays.ends_on(on("home")) == "home"
    assert stays.took_s() == 3.0
    assert stays.ends_on(on("home")) == "own_profile"
    assert stays.touched == ["tap failed_close", "tap profile_tab"]


def test_the_notice_is_waited_for_no_longer_than_it_takes_to_go() -> None:
    made = stage("home, failed", {"other": screen("home", "profile_tab", "failed_notice", "failed_close")})
    made.phone.on("tap failed_close", {1.0: "other", 2.0: "home"})
    assert made.ends_on(on("home")) == "home"
    assert made.took_s() == 2.0
    gone = stage("home, failed")
    gone.phone.on("tap failed_close", {1.0: "editor"})
    assert gone.ends_on(on("home")) == "editor"
    assert gone.took_s() == 1.0


def test_an_upload_that_stands_is_given_ninety_seconds_and_one_start_afresh() -> None:
    made = stage("home, uploading")
    made.phone.on("start the app", "home, uploading")
    assert made.ends_on(on("home")) == "home"
    assert made.took_s() == 90.0
    assert made.touched == ["stop the app", "start the app"]
    assert made.flow.earlier_indicators is None
    assert "starting the app afresh: an earlier upload stands still" in made.attempt.log
    told = "an earlier upload stands still on the phone: a person must look at it"
    assert made.fails(on("home")) == ("upload_pending", "home", told)


def test_an_upload_that_ends_is_waited_for() -> None:
    made = stage({0: "home, uploading", 40.0: "home"})
    made.phone.on("tap profile_tab", "profile")
    assert made.ends_on(on("home")) == "own_profile"
    assert made.took_s() == 40.0
    made = stage({0: "home, uploading", 40.0: "editor"})
    assert made.ends_on(on("home")) == "editor"
    assert made.touched == []


def test_a_task_with_an_account_needs_the_profile() -> None:
    made = stage("home")
    assert made.fails(step("to_profile")) == ("ui_changed", "home", "profile_tab has no effect on home")


def test_a_task_without_an_account_goes_on_without_its_name_after_the_second_try() -> None:
    made = stage("home", username="")
    made.phone.on("start the app", "home")
    assert made.ends_on(step("to_profile")) == "home"
    assert made.flow.account_read is False
    told = "profile_tab has no effect on home"
    assert f"starting the app afresh: the profile did not come: {told}" in made.attempt.log
    assert made.ends_on(step("to_profile")) == "home"
    assert made.flow.account_read is True
    assert made.attempt.seen == [""]
    assert f"the account cannot be read, so its name is not known: {told}" in made.attempt.log
    assert made.attempt.log[-2:] == ["starting the app afresh: the profile cannot be read", "step open app"]


def test_a_profile_that_comes_late_is_reached_without_a_name_to_check() -> None:
    made = stage("home", username="")
    made.phone.on("tap profile_tab", {8.0: "editor", 16.0: "profile"})
    assert made.ends_on(step("to_profile")) == "own_profile"
    assert made.flow.profile_failed is False


def test_the_handle_is_read_from_the_own_profile_without_its_sign() -> None:
    assert handle_of(stage("profile").look()) == "demo_01"
    bare = screen("own_profile", "create_button")
    assert handle_of(stage("bare", {"bare": bare}).look()) == ""
    elsewhere = screen("home", Part("profile_handle", text="@demo_01"))
    assert handle_of(stage("elsewhere", {"elsewhere": elsewhere}).look()) == ""


# -- sharing --------------------------------------------------------------------------------------------------------


def shared(at: Follows = "home", **config: Any) -> DrawnStage:
    made = stage(at, post_way="share", **config)
    placed = [SimpleNamespace(mime="video/mp4", uri="content://media/1")]
    made.flow.files = SimpleNamespace(placed=placed)
    return made


def test_a_file_is_handed_over_with_the_right_to_read_it() -> None:
    made = shared()
    made.phone.on("intent", {25.0: "editor"})
    assert made.ends_on(step("start")) == "editor"
    assert made.phone.intents == [
        (
            "-a", "android.intent.action.SEND", "-t", "video/mp4",
            "--eu", "android.intent.extra.STREAM", "content://media/1",
            "--grant-read-uri-permission", "--activity-clear-task",
            "-n", "com.zhiliaoapp.musically/com.ss.android.ugc.aweme.share.SystemShareActivity",
        )
    ]  # fmt: skip
    assert made.flow.media_chosen is True
    assert made.flow.driver.asked == {"chooser"}
    assert made.attempt.log == ["step share"]


def test_a_shared_file_is_waited_for_no_longer_than_it_takes() -> None:
    made = shared()
    made.phone.on("intent", {1.0: "home, failed", 2.0: "editor"})
    assert made.ends_on(step("start")) == "editor"
    assert made.took_s() == 2.0


def test_a_file_that_is_not_taken_is_said_after_twenty_five_seconds() -> None:
    made = shared()
    told = "TikTok does not take the shared file"
    assert made.fails(step("start")) == ("ui_changed", "home", told)
    assert made.took_s() == 25.0


def test_several_files_are_not_shared() -> None:
    made = shared()
    made.flow.files.placed *= 2
    told = "several files cannot be shared at once"
    assert made.fails(step("share")) == ("internal", "share", told)
    assert made.phone.intents == []


# -- the composer ---------------------------------------------------------------------------------------------------


def test_the_camera_of_a_sounds_page_is_asked_for_the_sound_once() -> None:
    named = screen("camera", "gallery_button", Part("sound_chip", text="Some song"))
    made = stage("named", {"named": named}, post_way="useSound", sound="Some song")
    assert made.ends_on(on("camera")) == "camera"
    assert made.touched == []
    made.phone.on("tap gallery_button", "picker")
    assert made.ends_on(on("camera")) == "picker"
    assert made.touched == ["tap gallery_button"]


def test_what_is_picked_is_ours() -> None:
    cell = Part("picker_cells cell", (0, 800, 300, 1100))
    grid = screen("picker", "videos_tab_chosen videos_tab", "picker_next", cell)
    made = stage("grid", {"grid": grid})
    made.phone.on("tap cell", "editor")
    assert made.ends_on(on("picker")) == "editor"
    assert made.flow.media_chosen is True


def test_the_pages_of_a_sound_are_on_the_way() -> None:
    flow = stage("home", post_way="useSound", sound="Some song").flow
    handlers, sounds = flow.handlers(), flow.sound_page
    assert {name: handlers[name] for name in ("search", "sound_results", "sound_page", "sound_gone")} == {
        "search": sounds.on_search,
        "sound_results": sounds.on_results,
        "sound_page": sounds.on_page,
        "sound_gone": sounds.on_gone,
    }


@pytest.mark.parametrize(("at", "what"), [("editor", "an editor"), ("post", "a post screen")])
def test_what_this_attempt_did_not_fill_is_left_by_a_start_afresh(at: str, what: str) -> None:
    made = stage(at)
    made.phone.on("start the app", "home")
    assert made.ends_on(on(SCREENS[at].name)) == "home"
    assert made.touched == ["stop the app", "start the app"]
    assert f"starting the app afresh: {what} is open that this attempt did not fill" in made.attempt.log


@pytest.mark.parametrize(("seen", "again"), [("demo_01", True), ("", False)])
def test_after_a_start_afresh_the_account_is_read_again_if_it_could_be_read(seen: str, again: bool) -> None:
    """Another one may be in front then; where its name could not be read, that is not tried a second time."""
    made = stage("editor")
    made.flow.account_read, made.flow.account_seen = True, seen
    made.phone.on("start the app", "home")
    assert made.ends_on(on("editor")) == "home"
    assert made.flow.account_read is not again


def test_the_editor_is_gone_on_from_once_its_sound_is_set() -> None:
    made = stage("editor")
    made.flow.media_chosen = True
    made.phone.on("tap editor_next", {25.0: "post"})
    assert made.ends_on(on("editor")) == "post_screen"
    assert made.flow.sound_done is True
    made = stage("editor")
    made.flow.media_chosen = made.flow.sound_done = True
    assert made.fails(on("editor"))[2] == "editor_next has no effect on editor"
    assert made.took_s() == 50.0


# -- the post screen ------------------------------------------------------------------------------------------------


def filled(at: Follows, *, media: MediaFile | None = None, **config: Any) -> DrawnStage:
    more: dict[str, Any] = {"media": [media]} if media else {}
    made = stage(at, **more, **config)
    made.flow.media_chosen = True
    return made


def ready(made: DrawnStage) -> str:
    """The button that the flow says is ready, once the form is filled."""
    sight = made.look()
    with pytest.raises(ReadyToPublish) as said:
        made.flow.on_post_screen(sight)
    assert isinstance(said.value.sight, Sight)
    return said.value.button.name


def test_the_caption_is_typed_and_read_back_and_the_button_handed_over() -> None:
    made = filled("post")
    assert ready(made) == "post_button"
    assert made.touched == ["type Hello"]
    assert (made.flow.typed, made.flow.options_done) == (True, True)


def test_photos_have_a_title_of_their_own_and_videos_none() -> None:
    made = filled("photo post", media=IMAGE, caption="A title##Hello")
    assert made.flow.fields() == [("title_field", "A title"), ("description_field", "Hello")]
    assert ready(made) == "post_button"
    assert made.touched == ["type A title", "type Hello"]
    video = filled("post", caption="A title##Hello")
    assert [element for element, _ in video.flow.fields()] == ["description_field"]


def test_a_form_without_words_must_be_empty() -> None:
    made = filled("post", caption="")
    assert ready(made) == "post_button"
    assert made.touched == []
    made = filled("post", caption="")
    made.flow.typed = True
    made.phone.typed["description_field"] = "left"
    code, where, told = made.fails(on("post_screen"))
    assert (code, where) == ("caption_altered", "caption")
    assert told == 'the app changed the description: after 0 characters "" became "left"'


def test_text_that_is_not_ours_is_left_to_a_person() -> None:
    made = filled("post")
    made.phone.typed["description_field"] = "Something else"
    told = "the description already holds text: an unfinished post was resumed; finish or discard it on the phone"
    assert made.fails(on("post_screen")) == ("leftover_draft", "post_screen", told)
    assert made.touched == []


def test_what_an_attempt_that_was_cut_off_began_to_type_is_ours_in_the_next_one() -> None:
    for text, ours in (("Hel", True), ("Hi", False)):
        made = filled("post", attempt=2)
        made.phone.typed["description_field"] = text
        made.phone.on("key back", "editor")
        if ours:
            assert made.ends_on(on("post_screen")) == "editor"
        else:
            assert made.fails(on("post_screen"))[0] == "leftover_draft"


def test_our_own_unfinished_post_is_left_and_discarded_in_the_editor() -> None:
    made = filled("post")
    made.flow.drafts.remember(["Hello"])
    made.phone.typed["description_field"] = "Hel"
    made.phone.on("key back", {25.0: "editor"}, {25.0: "leave"})
    made.phone.on("tap discard_button", "home")
    assert made.ends_on(on("post_screen")) == "editor"
    assert (made.flow.discarded, made.flow.discarding, made.flow.media_chosen) == (True, True, False)
    assert made.ends_on(on("editor")) == "home"
    assert made.touched == ["key back", "key back", "tap discard_button"]
    assert made.flow.discarding is False
    assert made.took_s() == 50.0
    assert "press back: an earlier attempt's unfinished post is in the way" in made.attempt.log
    assert "press back: an earlier attempt's unfinished post is discarded" in made.attempt.log


def test_leaving_an_unfinished_post_takes_no_longer_than_it_takes() -> None:
    made = filled("post", screens={"editor 2": screen("editor", "editor_next", "your_story")})
    made.flow.drafts.remember(["Hello"])
    made.phone.typed["description_field"] = "Hel"
    made.phone.on("key back", {1.0: "photo post", 2.0: "editor"}, {1.0: "editor 2", 2.0: "leave"})
    made.phone.on("tap discard_button", "home")
    assert made.ends_on(on("post_screen")) == "editor"
    assert made.took_s() == 2.0
    assert made.ends_on(on("editor")) == "home"
    assert made.took_s() == 4.0


def test_our_own_text_that_comes_again_after_it_was_discarded_is_left_to_a_person() -> None:
    made = filled("post")
    made.flow.drafts.remember(["Hello"])
    made.flow.discarded = True
    made.phone.typed["description_field"] = "Hello"
    assert made.fails(on("post_screen"))[0] == "leftover_draft"


# -- the button that is hidden --------------------------------------------------------------------------------------


def uncover(at: Follows) -> DrawnStage:
    made = filled(at)
    made.flow.typed = True
    return made


@pytest.mark.parametrize(
    ("at", "leads", "touched", "took_s"),
    [
        ("post, folded", {"tap collapse_button": {2.0: "post"}}, ["tap collapse_button"], 2.0),
        ("post, folded", {"hide keyboard": {2.0: "post"}}, ["tap collapse_button", "hide keyboard"], 4.0),
        ("post, unfolded", {"hide keyboard": {2.0: "post"}}, ["hide keyboard"], 2.0),
        ("post, unfolded", {"tap neutral_place": {2.0: "post"}}, ["hide keyboard", "tap neutral_place"], 2.0),
        ("post, folded", {"tap neutral_place": {2.0: "post"}},
         ["tap collapse_button", "hide keyboard", "tap neutral_place"], 4.0),
        ({0: "post, bare", 2.0: "post"}, {}, ["hide keyboard"], 2.0),
        ("post, folded", {"tap collapse_button": {1.0: "editor"}}, ["tap collapse_button"], 1.0),
    ],
)  # fmt: skip
def test_a_hidden_post_button_is_brought_into_view_by_the_first_means_that_does_it(
    at: Follows, leads: dict[str, Follows], touched: list[str], took_s: float
) -> None:
    made = uncover(at)
    for touch, follows in leads.items():
        made.phone.on(touch, follows)
    assert made.ends_on(step("finish")) == ("editor" if "editor" in str(leads) else "post_screen")
    assert made.touched == touched
    assert made.took_s() == took_s


def test_a_post_button_that_does_not_come_is_said() -> None:
    made = uncover("post, folded")
    made.phone.on("hide keyboard", "")
    told = "the Post button does not come into view"
    assert made.fails(step("finish")) == ("ui_changed", "post_screen", told)
    assert made.touched == ["tap collapse_button", "hide keyboard", "tap neutral_place"]
    assert made.took_s() == 8.0


@pytest.mark.parametrize("button", [(), ("edit_profile",)])
def test_of_two_names_that_may_be_the_handle_none_is_it_also_without_the_button_that_tells_them_apart(
    button: tuple[str, ...],
) -> None:
    names = [Part(f"profile_handle name{number}", text=f"@demo_0{number}") for number in (1, 2)]
    sight = stage("two", {"two": screen("own_profile", "create_button", *names, *button)}).look()
    assert handle_of(sight) == ""
    assert unclear_handle(sight) == (
        "the profile shows @demo_01 and @demo_02, and which of them is the account's handle cannot be told: "
        "give the account a display name that does not look like a handle"
    )
    assert unclear_handle(stage("profile").look()) == ""
