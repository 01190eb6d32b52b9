"""The loop's guards, on films of real screens: what is tapped again, how long is waited, and what ends the attempt."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from jobs.hub.clock import Deadline
from jobs.phone.errors import AutomationLost, ElementMissing
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.screens.recognise import Sight
from jobs.post.tiktok.flow import handle_of
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode
from tests.support.film import OURS, FilmStage, tiktok
from tests.support.overlays import Box, Over, laid_over
from tests.support.post_stage import Memory

Film = dict[float, str]


class Scene:
    """A film with the flow that goes through it."""

    def __init__(
        self, film: Film, platform: str = "tiktok", *, leads: dict[str, str] | None = None, **posting: Any
    ) -> None:
        self.stage = FilmStage(platform, film)
        self.phone = self.stage.phone
        self.phone.leads.update(leads or {})
        self.flow = self.stage.flow(**posting)
        self.log = self.stage.attempt.log

    def see(self) -> Sight:
        return self.flow.driver.observe()

    def fails(self, act: Callable[[Any, Sight], object]) -> ScriptFailed:
        with pytest.raises(ScriptFailed) as failed:
            act(self.flow, self.see())
        return failed.value

    @property
    def took_s(self) -> float:
        return round(self.stage.took_s(), 3)


# -- pressing -----------------------------------------------------------------------------------------------------


def test_a_tap_that_leads_on_is_made_once() -> None:
    scene = Scene({0: "home"}, leads={"home": "profile"})
    assert scene.flow.press(scene.see(), "profile_tab").name == "own_profile"
    assert (scene.phone.taps, scene.took_s) == (["home"], 0.0)


def test_a_tap_without_effect_is_made_once_more_after_eight_seconds_and_then_it_is_over() -> None:
    scene = Scene({0: "home"})
    failed = scene.fails(lambda flow, sight: flow.press(sight, "profile_tab"))
    assert (failed.code, failed.step, str(failed)) == (
        "ui_changed",
        "home",
        "profile_tab has no effect on home",
    )
    assert (scene.phone.taps, scene.took_s) == (["home", "home"], 16.0)
    facts = scene.stage.attempt.facts["no effect of profile_tab within 8 s"]
    assert facts == {"tried": 2, "changed": False}


def test_an_effect_that_comes_late_takes_no_second_tap() -> None:
    scene = Scene({0: "home", 7: "profile"})
    assert scene.flow.press(scene.see(), "profile_tab").name == "own_profile"
    assert (scene.phone.taps, scene.took_s) == (["home"], 7.0)


def test_the_time_and_the_number_of_taps_can_be_told() -> None:
    scene = Scene({0: "home"})
    scene.fails(lambda flow, sight: flow.press(sight, "profile_tab", timeout_s=3.0, tries=1))
    assert (scene.phone.taps, scene.took_s) == (["home"], 3.0)


def test_an_effect_on_the_same_screen_is_what_the_caller_says_it_is() -> None:
    scene = Scene({0: "empty form", 2: "form"})
    sight = scene.flow.press(scene.see(), "description_field", done=lambda s: not s.has("description_empty"))
    assert (sight.name, scene.took_s) == ("post_screen", 2.0)


def test_a_screen_that_only_shows_through_is_no_effect() -> None:
    scene = Scene({0: "home", 1: "profile", 2: "form"})
    sight = scene.flow.press(scene.see(), "profile_tab", past=("own_profile",))
    assert (sight.name, scene.took_s) == ("post_screen", 2.0)


def test_an_effect_that_an_interruption_delayed_is_given_its_time_before_the_tap_is_repeated() -> None:
    scene = Scene({0: "home", 1: "contacts?", 1.5: "home", 2.5: "profile"})
    first = scene.flow.press(scene.see(), "profile_tab")
    assert first.name == "contacts_dialog"
    back = scene.flow.driver.until(first, lambda s: s.name == "home", 1.0)
    assert scene.flow.press(back, "profile_tab").name == "own_profile"
    assert scene.phone.taps == ["home"], "Post lies where Next was: no tap goes there blindly"
    assert scene.took_s == 2.5


def test_an_effect_that_does_not_come_within_that_time_takes_another_tap() -> None:
    scene = Scene({0: "home", 1: "contacts?", 1.5: "home"})
    first = scene.flow.press(scene.see(), "profile_tab")
    back = scene.flow.driver.until(first, lambda s: s.name == "home", 1.0)
    scene.phone.leads["home"] = "profile"
    scene.flow.press(back, "profile_tab")
    assert (scene.phone.taps, scene.took_s) == (["home", "home"], 3.0)


def test_another_element_is_tapped_at_once() -> None:
    scene = Scene({0: "home", 1: "contacts?", 1.5: "home"})
    first = scene.flow.press(scene.see(), "profile_tab")
    back = scene.flow.driver.until(first, lambda s: s.name == "home", 1.0)
    scene.phone.leads["home"] = "profile"
    scene.flow.press(back, "create_button")
    assert scene.took_s == 1.5


def test_what_is_not_there_is_not_pressed() -> None:
    scene = Scene({0: "form"})
    failed = scene.fails(lambda flow, sight: flow.press(sight, "profile_tab"))
    assert (str(failed), failed.step) == ("profile_tab is not on post_screen", "post_screen")
    assert scene.phone.taps == []


def test_three_answers_of_taps_may_be_lost_and_no_more() -> None:
    scene = Scene({0: "home"})
    scene.phone.lost["tap"] = AutomationLost("gone")
    sight = scene.see()
    for _ in range(3):
        scene.flow.driver.tap(scene.flow.need(sight, "profile_tab"))
    with pytest.raises(AutomationLost):
        scene.flow.driver.tap(scene.flow.need(sight, "profile_tab"))
    assert scene.log.count("the tap's answer was lost: gone") == 3


# -- waiting ------------------------------------------------------------------------------------------------------


def test_a_screen_is_reached_through_what_comes_between() -> None:
    scene = Scene({0: "home", 2: "contacts?", 5: "unknown", 6: "profile"}, leads={"contacts?": "home"})
    assert scene.flow.reach(scene.see(), "own_profile").name == "own_profile"
    assert scene.took_s == 6.0


def test_a_screen_that_does_not_come_is_waited_for_eight_seconds() -> None:
    scene = Scene({0: "home"})
    failed = scene.fails(lambda flow, sight: flow.reach(sight, "own_profile", "editor"))
    assert str(failed) == "own_profile or editor does not come"
    assert scene.took_s == 8.0


@pytest.mark.parametrize(
    ("front", "patience_s", "code", "says"),
    [
        ("com.zhiliaoapp.musically", 8.0, "ui_changed", "an unknown screen stayed for 8 s"),
        ("", 8.0, "app_crashed", "com.google.android.apps.nexuslauncher is in front, not com.zhiliaoapp.musically"),
    ],
)  # fmt: skip
def test_an_unknown_screen_has_its_patience_and_ends_as_what_is_in_front(
    front: str, patience_s: float, code: str, says: str
) -> None:
    scene = Scene({0: "unknown"})
    scene.phone.display.front = front
    failed = scene.fails(lambda flow, sight: flow.wait_until_known(sight))
    assert (failed.code, str(failed), failed.step) == (code, says, "unknown screen")
    assert failed.passing is (code == "app_crashed")
    assert scene.took_s == patience_s


def test_a_known_screen_in_between_gives_the_patience_anew() -> None:
    scene = Scene({0: "unknown", 6: "home", 7: "unknown", 13: "profile"})
    sight = scene.flow.wait_until_known(scene.see())
    assert sight.name == "home"
    sight = scene.flow.wait_until_known(scene.flow.driver.wait_change(sight, 5.0))
    assert (sight.name, scene.took_s) == ("own_profile", 13.0)


def test_patience_is_as_configured() -> None:
    scene = Scene({0: "unknown"}, unknown_screen_patience_s=20.0)
    failed = scene.fails(lambda flow, sight: flow.wait_until_known(sight))
    assert (scene.took_s, str(failed)) == (20.0, "an unknown screen stayed for 20 s")


def test_a_fresh_start_forgets_how_long_something_was_unknown() -> None:
    scene = Scene({0: "unknown", 12: "home"})
    scene.fails(lambda flow, sight: flow.wait_until_known(sight))
    sight = scene.flow.fresh_start("it stays")
    assert scene.flow.wait_until_known(sight).name == "home"
    assert scene.stage.way == ["stop the app", "start the app"]


def test_a_splash_has_thirty_seconds_after_a_start_and_a_page_with_words_has_not() -> None:
    splash = Scene({0: "splash", 29: "home"})
    splash.flow.open_app()
    assert splash.flow.wait_until_known(splash.see()).name == "home"
    page = Scene({0: "unknown", 29: "home"})
    page.flow.open_app()
    page.fails(lambda flow, sight: flow.wait_until_known(sight))
    assert page.took_s == 8.0


def test_a_splash_that_comes_later_has_the_usual_patience() -> None:
    scene = Scene({0: "home", 1: "splash"})
    scene.flow.open_app()
    sight = scene.flow.wait_until_known(scene.see())
    scene.fails(lambda flow, _: flow.wait_until_known(flow.driver.wait_change(sight, 2.0)))
    assert scene.took_s == 9.0


def test_another_app_in_front_has_three_seconds() -> None:
    scene = Scene({0: "launcher"})
    scene.phone.display.front = ""
    assert scene.fails(lambda flow, sight: flow.wait_until_known(sight)).code == "app_crashed"
    assert scene.took_s == 3.0


# -- where a post can begin ---------------------------------------------------------------------------------------


def test_what_was_left_open_is_closed_with_the_app() -> None:
    scene = Scene({0: "form"})
    scene.flow.first_look()
    assert "starting the app afresh: post_screen was left open" in scene.log
    assert scene.stage.way == ["stop the app", "start the app"]


@pytest.mark.parametrize("screen", ["home", "profile"])
def test_the_tabs_are_where_a_post_can_begin(screen: str) -> None:
    scene = Scene({0: screen})
    scene.flow.first_look()
    assert scene.stage.way == []


def test_an_account_sheet_that_was_left_open_is_closed_by_back() -> None:
    scene = Scene({0: "account sheet", 1: "account sheet with another name", 3: "profile"})
    assert scene.flow.handlers()["account_sheet"](scene.see()).name == "own_profile"
    assert scene.stage.way == ["press back: the account sheet was left open"]
    assert (scene.phone.taps, scene.took_s) == (["back on account sheet"], 3.0)


def test_an_account_sheet_has_four_seconds_to_go() -> None:
    scene = Scene({0: "account sheet"})
    assert scene.flow.close_account_sheet(scene.see()).name == "account_sheet"
    assert scene.took_s == 4.0


def test_what_a_person_must_do_is_not_started_over() -> None:
    scene = Scene({0: "login"})
    failed = scene.fails(lambda flow, _: flow.first_look())
    assert (failed.code, str(failed), failed.step) == ("not_logged_in", "TikTok asks to log in", "login")
    assert scene.stage.way == []


# -- going round --------------------------------------------------------------------------------------------------


def bouncing(scene: Scene, handler: Callable[[Sight], Sight]) -> None:
    names = ("home", "own_profile", "post_screen")
    scene.flow.handlers = lambda: dict.fromkeys(names, handler)  # type: ignore[method-assign]


def test_a_screen_that_comes_up_for_the_eleventh_time_ends_it() -> None:
    scene = Scene({second: ("home", "profile")[second % 2] for second in range(100)})
    bouncing(scene, lambda sight: scene.flow.driver.wait_change(sight, 5.0))
    failed = scene.fails(lambda flow, sight: flow.drive(sight))
    assert (failed.code, str(failed), failed.step) == (
        "ui_changed",
        "going in circles (11 times on home)",
        "home",
    )
    assert scene.took_s == 20.0


def test_a_hundred_and_fifty_steps_are_the_most() -> None:
    scene = Scene({0: "home"})
    steps = []

    def stay(sight: Sight) -> Sight:
        steps.append(1)
        return sight

    bouncing(scene, stay)
    failed = scene.fails(lambda flow, sight: flow.drive(sight))
    assert len(steps) == 150
    assert scene.log.count("step home") == 150
    assert str(failed) == "going in circles (1 times on home)"


def test_an_attempt_whose_time_is_over_can_be_tried_again() -> None:
    scene = Scene({0: "home"})
    scene.stage.attempt.deadline = Deadline(scene.phone.time, 0.0)
    failed = scene.fails(lambda flow, sight: flow.drive(sight))
    assert (failed.code, failed.passing, failed.step) == ("timeout", True, "home")
    assert str(failed) == "the attempt took too long"


def test_a_screen_that_is_not_on_the_way_ends_it() -> None:
    scene = Scene({0: "form"})
    scene.flow.handlers = dict  # type: ignore[method-assign]
    failed = scene.fails(lambda flow, sight: flow.drive(sight))
    assert str(failed) == "post_screen is not on the way"


def test_what_a_look_after_a_crash_will_need_is_noted_for_this_very_task() -> None:
    scene = Scene({0: "home"})
    drafts = scene.flow.drafts = DraftMemory(Memory(), "S", "app")
    scene.flow.earlier_indicators = {"upload_failed": 1}
    scene.flow.about_to_publish()
    task, now = scene.stage.attempt.task, scene.flow.attempt.clock.now()
    assert drafts.indicators_before(task.id) == {"upload_failed": 1}
    assert drafts.since_tap_s(task.id, now + 5.0) == 5.0
    assert drafts.indicators_before(task.id + 1) is None


@pytest.mark.parametrize(("attempt", "removed"), [(1, []), (2, ["leftovers"])])
def test_what_an_earlier_attempt_left_on_the_phone_is_removed_before_the_files_are_placed(
    attempt: int, removed: list[str]
) -> None:
    scene = Scene({0: "home"})
    done: list[str] = []
    scene.flow.files = SimpleNamespace(
        remove_leftovers=lambda: done.append("leftovers"), place=lambda _: done.append("files")
    )
    scene.flow.attempt.task = msgspec.structs.replace(scene.stage.attempt.task, attempt=attempt)
    assert scene.flow.begin().name == "home"
    assert done == [*removed, "files"]


# -- an upload of before ------------------------------------------------------------------------------------------


def test_an_upload_that_still_runs_is_waited_for() -> None:
    scene = Scene({0: "uploading", 30: "home"})
    sight = scene.flow.note_indicators(scene.see())
    assert (sight.name, scene.took_s, scene.flow.earlier_indicators) == ("home", 30.0, {})


def test_what_else_changes_on_the_screen_does_not_end_the_wait_for_an_upload() -> None:
    scene = Scene({0: "uploading", 10: "uploading, and more", 30: "home"})
    more = Over(Box((0.4, 0.5, 0.6, 0.52), "100 likes"))
    scene.phone.screens = lambda name: (
        laid_over(tiktok("uploading"), more) if name == "uploading, and more" else tiktok(name)
    )
    sight = scene.flow.note_indicators(scene.see())
    assert (sight.name, scene.took_s, scene.flow.earlier_indicators) == ("home", 30.0, {})


def test_it_is_waited_for_ninety_seconds_and_then_remembered() -> None:
    scene = Scene({0: "uploading"})
    scene.flow.note_indicators(scene.see())
    assert (scene.took_s, scene.flow.earlier_indicators) == (90.0, {"uploading": 1})
    assert scene.stage.attempt.facts["signs of an earlier upload"] == {"uploading": 1}


def test_a_screen_without_signs_ends_the_wait_and_leaves_them_unknown() -> None:
    scene = Scene({0: "uploading", 10: "profile"})
    assert scene.flow.note_indicators(scene.see()).name == "own_profile"
    assert (scene.took_s, scene.flow.earlier_indicators) == (10.0, None)


def test_a_notice_of_failure_is_remembered_at_once() -> None:
    scene = Scene({0: "failed"})
    scene.flow.note_indicators(scene.see())
    assert (scene.took_s, scene.flow.earlier_indicators) == (0.0, {"upload_failed": 1})


def test_an_upload_that_stands_still_gets_one_fresh_start_and_then_somebody_must_look() -> None:
    scene = Scene({0: "uploading"})
    failed = scene.fails(lambda flow, sight: flow.drive(sight))
    assert (failed.code, failed.step, failed.passing) == ("upload_pending", "home", True)
    assert scene.stage.way == ["stop the app", "start the app"]
    assert scene.took_s == 180.0


# -- what lies in the way -----------------------------------------------------------------------------------------


def test_a_dialog_goes_by_its_button_then_by_back_and_no_step_is_made_twice() -> None:
    scene = Scene({0: "contacts?"})
    failed = scene.fails(lambda flow, sight: flow.wait_until_known(sight))
    assert scene.phone.taps == ["contacts?", "back on contacts?"]
    assert str(failed).startswith(
        "contacts_dialog does not go away: Dialog · To connect with people you know"
    )
    assert scene.took_s == 6.0


def test_a_sheet_that_went_away_and_comes_again_is_closed_in_the_same_way() -> None:
    scene = Scene({0: "contacts?", 30: "contacts?"}, leads={"contacts?": "home"})
    first = scene.flow.wait_until_known(scene.see())
    assert (first.name, scene.phone.taps) == ("home", ["contacts?"])
    scene.flow.attempt.wait(30.0)
    again = scene.flow.wait_until_known(scene.see())
    assert (again.name, scene.phone.taps) == ("home", ["contacts?", "contacts?"])


def test_a_sheet_that_stays_is_told_by_its_words_in_the_order_in_which_they_stand() -> None:
    scene = Scene({0: "sheet over home"})
    failed = scene.fails(lambda flow, sight: flow.wait_until_known(sight))
    assert str(failed) == (
        "some_sheet does not go away: Close · Add phone · Add your phone number for extra security · Continue"
    )
    said = scene.stage.attempt.facts["a sheet that is not known lies over the app"]["says"]
    assert said == ["Close", "Add phone", "Add your phone number for extra security", "Continue"]
    assert list(scene.stage.attempt.kept) == ["sheet.xml"]


def test_over_a_form_back_is_not_pressed_because_it_could_lose_the_form() -> None:
    scene = Scene({0: "sheet over form"})
    scene.fails(lambda flow, sight: flow.wait_until_known(sight))
    assert scene.phone.taps == ["sheet over form"]
    instagram = Scene({0: "sheet over form"}, "instagram")
    instagram.fails(lambda flow, sight: flow.wait_until_known(sight))
    assert instagram.phone.taps == ["sheet over form"]


def test_instagrams_sheet_is_touched_beside_it_then_back_is_pressed() -> None:
    scene = Scene({0: "sheet over home"}, "instagram")
    scene.fails(lambda flow, sight: flow.wait_until_known(sight))
    assert scene.stage.way == ["tap scrim", "press back: closes some_sheet"]


def test_a_question_that_belongs_after_the_tap_is_not_answered_before_it() -> None:
    scene = Scene({0: "publicly?"})
    failed = scene.fails(lambda flow, sight: flow.wait_until_known(sight))
    assert str(failed) == "publish_publicly came before anything was published"
    assert scene.phone.taps == []


def test_a_dialog_that_comes_again_and_again_ends_it() -> None:
    film: Film = {}
    for second in range(0, 60, 2):
        film[second], film[second + 1] = "contacts?", "home"
    scene = Scene(film)

    def go_on(flow: Any, sight: Sight) -> None:
        while True:
            sight = flow.driver.wait_change(flow.wait_until_known(sight), 2.0)

    failed = scene.fails(go_on)
    assert str(failed).startswith("contacts_dialog ")
    assert len(scene.phone.taps) <= 12


# -- options and texts --------------------------------------------------------------------------------------------


def test_an_option_that_meets_a_changed_screen_is_not_set_and_other_failures_stay_what_they_are() -> None:
    scene = Scene({0: "home"})
    with pytest.raises(ScriptFailed) as failed, scene.flow.option("ai label"):
        raise ScriptFailed(ErrorCode.UI_CHANGED, "no switch", step="more_options")
    assert (failed.value.code, str(failed.value), failed.value.step) == (
        "option_not_set", "ai label: no switch", "more_options",
    )  # fmt: skip
    with pytest.raises(ScriptFailed) as bare, scene.flow.option("ai label"):
        raise ScriptFailed(ErrorCode.UI_CHANGED, "no switch")
    assert bare.value.step == "ai label"
    with pytest.raises(ScriptFailed) as other, scene.flow.option("ai label"):
        raise ScriptFailed(ErrorCode.SOUND_NOT_FOUND, "gone", step="sound")
    assert other.value.code == "sound_not_found"


def test_a_list_is_scrolled_to_its_end_and_no_further() -> None:
    scene = Scene({0: "form"})
    sight, found = scene.flow.scroll_to(scene.see(), "ai_label_switch")
    assert (sight.name, found) == ("post_screen", None)
    assert scene.stage.way == ["swipe up"]
    there, button = scene.flow.scroll_to(sight, "post_button")
    assert button is not None
    assert there is sight
    assert scene.stage.way == ["swipe up"]


def test_a_typed_text_has_three_seconds_to_stand_there_and_is_then_typed_once_more() -> None:
    scene = Scene({0: "empty form", 3: "form"})
    scene.flow.type_text(scene.see(), "description_field", OURS, "post_screen")
    assert [touch for touch in scene.stage.way if touch.startswith("type '")] == [f"type {OURS!r}"]
    late = Scene({0: "empty form", 3.5: "form"})
    late.flow.type_text(late.see(), "description_field", OURS, "post_screen")
    assert [touch for touch in late.stage.way if touch.startswith("type '")] == [f"type {OURS!r}"] * 2
    assert late.stage.attempt.facts["the description does not read as typed"] == {"tried": 1}


def test_a_field_that_something_came_over_is_typed_into_once_more_and_a_second_time_ends_it() -> None:
    def covered(times: int) -> Scene:
        scene = Scene({0: "empty form", 3: "form"})
        left, enter = [times], scene.phone.enter_text

        def enter_text(*args: Any, **more: Any) -> None:
            enter(*args, **more)
            left[0] -= 1
            if left[0] >= 0:
                raise ElementMissing("no field has the focus")

        scene.phone.enter_text = enter_text  # type: ignore[method-assign]
        return scene

    once = covered(1)
    once.flow.type_text(once.see(), "description_field", OURS, "post_screen")
    assert [touch for touch in once.stage.way if touch.startswith("type '")] == [f"type {OURS!r}"] * 2
    twice = covered(2)
    with pytest.raises(ElementMissing):
        twice.flow.type_text(twice.see(), "description_field", OURS, "post_screen")


def test_a_form_with_an_earlier_attempts_words_is_left_and_watched_until_it_is_gone() -> None:
    scene = Scene({0: "another form", 1: "form", 2: "home"})
    assert scene.flow.leave_with_leftovers(scene.see()).name == "home"
    assert scene.took_s == 2.0
    assert (scene.flow.discarding, scene.flow.media_chosen) == (True, False)


def test_several_files_are_never_handed_over_as_one() -> None:
    scene = Scene({0: "home"})
    failed = scene.fails(lambda flow, sight: flow.share(sight))
    assert (failed.code, str(failed), failed.step) == (
        "internal", "several files cannot be shared at once", "share",
    )  # fmt: skip
    assert scene.stage.way == []


@pytest.mark.parametrize(
    ("screen", "handler", "says"),
    [
        ("editor", "on_editor", "an editor is open that this attempt did not fill"),
        ("form", "on_post_screen", "a post screen is open that this attempt did not fill"),
    ],
)
def test_what_this_attempt_did_not_fill_is_closed_with_the_app(screen: str, handler: str, says: str) -> None:
    scene = Scene({0: screen})
    getattr(scene.flow, handler)(scene.see())
    assert f"starting the app afresh: {says}" in scene.log
    assert scene.stage.way == ["stop the app", "start the app"]


def test_a_profile_that_does_not_come_gets_one_fresh_start_and_then_the_account_stays_unknown() -> None:
    stage = FilmStage("tiktok", {0: "home"}, username="")
    flow: Any = stage.flow()
    flow.to_profile(flow.driver.observe())
    assert (
        "starting the app afresh: the profile did not come: profile_tab has no effect on home"
        in stage.attempt.log
    )
    assert not flow.account_read
    flow.to_profile(flow.driver.observe())
    assert "starting the app afresh: the profile cannot be read" in stage.attempt.log
    assert flow.account_read
    assert stage.attempt.seen == [""]


def test_a_shared_file_is_waited_for_until_tiktok_leaves_the_screen_it_was_on() -> None:
    scene = Scene({0: "home", 1: "uploading", 2: "editor"})
    scene.flow.files.placed = [SimpleNamespace(mime="video/mp4", uri="content://media/1")]
    scene.phone.start_intent = lambda *words: scene.phone.intents.append(words)  # type: ignore[method-assign]
    assert scene.flow.share(scene.see()).name == "editor"
    assert (scene.took_s, scene.flow.media_chosen, len(scene.phone.intents)) == (2.0, True, 1)


def test_the_handle_is_read_on_the_own_profile_alone() -> None:
    assert handle_of(Scene({0: "profile"}).see()) == "demo_01"
    assert [handle_of(Scene({0: name}).see()) for name in ("account sheet", "home")] == ["", ""]


def test_a_display_name_that_reads_like_a_handle_is_never_taken_for_the_account() -> None:
    scene = Scene({0: "profile with a handle for a name"})
    assert handle_of(scene.see()) == ""
    failed = scene.fails(lambda flow, sight: flow.switcher.ensure(sight))
    assert (failed.code, failed.step) == (ErrorCode.WRONG_ACCOUNT, "account")
    assert str(failed).startswith(
        "the profile shows @demo_02 and @demo_01, and which of them is the account's handle"
    )
    assert scene.phone.taps == []


def test_a_task_that_names_no_account_goes_on_without_the_name_that_cannot_be_told() -> None:
    scene = Scene({0: "profile with a handle for a name"})
    scene.flow.plan = msgspec.structs.replace(scene.flow.plan, username="")
    assert scene.flow.switcher.ensure(scene.see()).name == "own_profile"
    assert scene.stage.attempt.task.account_seen == ""
    assert any("which of them is the account's handle cannot be told" in line for line in scene.log)


def test_a_display_name_that_is_the_handle_and_words_about_oneself_leave_the_handle_clear() -> None:
    assert handle_of(Scene({0: "profile with its own handle for a name"}).see()).casefold() == "demo_01"
    assert handle_of(Scene({0: "profile with a handle in its words"}).see()) == "demo_01"


def test_a_handle_below_the_numbers_of_the_profile_is_somebody_whom_its_words_name() -> None:
    """Where a build writes the own handle in another way, nothing is posted under the name of a friend."""
    scene = Scene({0: "profile with a handle in its words alone"})
    assert scene.see().name == "own_profile"
    assert handle_of(scene.see()) == ""
    assert scene.fails(lambda flow, sight: flow.switcher.ensure(sight)).code == ErrorCode.UI_CHANGED


def test_the_templates_are_left_by_the_tab_for_posts() -> None:
    scene = Scene({0: "templates"}, leads={"templates": "home"})
    assert scene.flow.handlers()["templates"](scene.see()).name == "home"
    assert scene.stage.way == ["tap post_tab"]


def keyboard_leads(scene: Scene, to: str) -> None:
    """The keyboard is shown; once it is hidden that screen follows."""

    def hide() -> bool:
        assert scene.phone.begun is not None
        scene.phone.taps.append("keyboard hidden")
        scene.phone.film[scene.phone.time.at - scene.phone.begun] = to
        return True

    scene.phone.hide_keyboard = hide  # type: ignore[method-assign]


def test_post_comes_into_view_once_the_field_is_folded() -> None:
    scene = Scene({0: "photo form with focus"}, leads={"photo form with focus": "photo form"})
    assert scene.flow.uncover_post(scene.see()).has("post_button")
    assert scene.stage.way == ["tap collapse_button"]
    assert scene.took_s == 0.0


def test_post_comes_into_view_once_the_keyboard_is_hidden() -> None:
    scene = Scene({0: "form with focus"})
    keyboard_leads(scene, "form")
    assert scene.flow.uncover_post(scene.see()).has("post_button")
    assert (scene.phone.taps, scene.took_s) == (["keyboard hidden"], 0.0)


def test_post_comes_into_view_once_something_harmless_has_the_focus() -> None:
    scene = Scene({0: "form with focus"}, leads={"form with focus": "form"})
    assert scene.flow.uncover_post(scene.see()).has("post_button")
    assert scene.stage.way == ["tap neutral_place"]


def test_another_screen_in_the_place_of_the_form_ends_the_search_for_post() -> None:
    scene = Scene({0: "form with focus"}, leads={"form with focus": "home"})
    assert scene.flow.uncover_post(scene.see()).name == "home"


def test_post_that_comes_late_is_waited_for_and_post_that_never_comes_is_not_looked_for_elsewhere() -> None:
    late = Scene({0: "form with focus", 3.5: "form"})
    assert late.flow.uncover_post(late.see()).has("post_button")
    assert (late.phone.taps, late.took_s) == (["form with focus"], 3.5)
    nowhere = Scene({0: "form with focus"})
    nowhere.fails(lambda flow, sight: flow.uncover_post(sight))
    assert (nowhere.phone.taps, nowhere.took_s) == (["form with focus"], 4.0)
    never = Scene({0: "photo form with focus"})
    keyboard_leads(never, "photo form with focus")
    failed = never.fails(lambda flow, sight: flow.uncover_post(sight))
    assert (failed.code, failed.step) == ("ui_changed", "post_screen")
    assert str(failed) == "the Post button does not come into view"
    assert never.phone.taps[:2] == ["photo form with focus", "keyboard hidden"]
    assert never.took_s == 2.0 * (len(never.phone.taps) + 1)


def test_a_text_that_the_app_changed_is_told_with_the_place_and_kept_for_later() -> None:
    scene = Scene({0: "form"})
    scene.flow.check_text("one", "one ", "caption")
    with pytest.raises(ScriptFailed) as failed:
        scene.flow.check_text("one #two", "one two", "caption")
    assert (failed.value.code, failed.value.step) == ("caption_altered", "caption")
    assert str(failed.value) == 'the app changed the caption: after 4 characters "#two" became "two"'
    assert scene.stage.attempt.facts["caption reads differently"] == {"wanted": "one #two", "seen": "one two"}
    assert scene.flow.drafts.knows("one two")
