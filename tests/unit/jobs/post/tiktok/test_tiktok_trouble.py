"""What comes between on TikTok's simulated app: other accounts, drafts, dialogs, crashes, people's screens, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.records import Account, Outcome
from tests.support.post_stage import THREE, AppStage, MakeStage, files, video_stages

MEMORY = "unfinished:SIMPHONE01:com.zhiliaoapp.musically"


@pytest.fixture
def video(tmp_path: Path) -> MakeStage:
    """Stages with one video."""
    return video_stages("tiktok", tmp_path)


def account(display_name: str) -> Account:
    return Account(id=3, username="demo_03", platform="tiktok", display_name=display_name)


# -- the account --------------------------------------------------------------------------------------------------


def test_the_account_that_the_profile_shows_is_kept_with_the_task(video: MakeStage) -> None:
    stage = video()
    stage.run()
    assert stage.attempt.seen == ["demo_01"]
    assert stage.attempt.facts["account seen"] == {"account": "demo_01"}
    assert stage.attempt.facts["ready to publish"]["account"] == "demo_01"


def test_another_account_is_switched_to_by_the_name_that_its_row_shows(video: MakeStage) -> None:
    stage = video(phone=THREE, username="demo_03", account=account("Demo Three"))
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["account"] == "demo_03"
    assert stage.way.count("tap account_row") == 1
    assert stage.attempt.seen == ["demo_01", "demo_03"]
    assert stage.attempt.facts["another account is shown"] == {"shown": "demo_01", "wanted": "demo_03"}
    assert stage.attempt.facts["accounts on the phone"]["rows"] == ["Demo One", "Demo Two", "Demo Three"]


def test_rows_without_a_known_name_are_tried_one_after_the_other_until_the_handle_fits(
    video: MakeStage,
) -> None:
    stage = video(phone=THREE, username="demo_03")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["account"] == "demo_03"


def test_each_row_is_tried_once_and_then_the_account_is_not_on_this_phone(video: MakeStage) -> None:
    stage = video(phone=THREE, username="demo_09")
    failed = stage.fails()
    assert (failed.code, failed.step) == ("wrong_account", "account")
    assert str(failed).startswith("the account demo_09 is not among those on this phone (shown: demo_0")
    assert stage.way.count("tap account_row") == 3


def test_a_display_name_that_no_row_shows_is_not_guessed_at(video: MakeStage) -> None:
    stage = video(phone=THREE, username="demo_03", account=account("Somebody Else"))
    assert stage.fails().code == "wrong_account"
    assert "tap account_row" not in stage.way


def test_a_stranger_alone_on_the_phone_is_not_posted_for(video: MakeStage) -> None:
    stage = video("wrong-account")
    failed = stage.fails()
    assert str(failed) == "the account demo_01 is not among those on this phone (shown: stranger_01)"
    assert not failed.passing


def test_a_task_without_an_account_posts_as_whoever_is_logged_in_and_says_who_that_was(
    video: MakeStage,
) -> None:
    stage = video(username="", phone=THREE)
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.attempt.seen == ["demo_01"]
    assert "tap account_name" not in stage.way


# -- what an earlier attempt left ---------------------------------------------------------------------------------


def test_words_of_somebody_else_in_the_form_are_left_alone(video: MakeStage) -> None:
    stage = video(phone={"state": {"unfinished": {"description": "an old idea"}}})
    failed = stage.fails()
    assert (failed.code, failed.step) == ("leftover_draft", "post_screen")
    assert str(failed) == (
        "the description already holds text: an unfinished post was resumed; finish or discard it on the phone"
    )
    assert not [touch for touch in stage.way if touch.startswith("type")]


def test_words_that_this_task_typed_before_are_thrown_away_and_typed_anew(video: MakeStage) -> None:
    stage = video(phone={"state": {"unfinished": {"description": "Hello"}}}, attempt=2)
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["caption"] == "Hello #world"
    assert [t for t in stage.way if t.startswith(("press", "tap discard"))] == [
        "press back: an earlier attempt's unfinished post is in the way",
        "press back: an earlier attempt's unfinished post is discarded",
        "tap discard_button",
    ]
    assert stage.took_s() < 25, "nothing is waited for in vain"


def test_words_that_any_task_of_ours_typed_are_known_after_a_restart(video: MakeStage) -> None:
    stage = video(phone={"state": {"unfinished": {"description": "of another task"}}})
    stage.memory.set(MEMORY, ["of another task, cut off"])
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["caption"] == "Hello #world"


def test_a_first_attempt_does_not_take_its_own_words_for_those_of_an_earlier_one(video: MakeStage) -> None:
    assert video(phone={"state": {"unfinished": {"description": "Hello"}}}).fails().code == "leftover_draft"


def test_a_title_that_somebody_left_is_named_as_the_title(tmp_path: Path) -> None:
    stage = AppStage(
        "tiktok", files(tmp_path, "a.jpg"), title="T", phone={"state": {"unfinished": {"title": "old"}}}
    )
    assert str(stage.fails()).startswith("the title already holds text")


def test_what_is_typed_is_remembered_before_and_forgotten_once_it_is_published(video: MakeStage) -> None:
    stage = video("account-blocked")
    stage.run()
    assert stage.memory.values[MEMORY] == ["Hello #world"]
    stage = video()
    stage.run()
    assert stage.memory.values[MEMORY] == []
    assert stage.memory.values[f"{MEMORY}:before"]["signs"] == {}


def test_a_second_attempt_removes_what_the_first_one_pushed(video: MakeStage) -> None:
    stage = video(attempt=2)
    inner = stage.phone.shell
    listed: list[tuple[str, ...]] = []

    def shell(*words: str, timeout_s: float = 10.0) -> object:
        listed.append(words)
        return inner(*words, timeout_s=timeout_s)

    stage.phone.shell = shell  # type: ignore[method-assign, assignment]
    stage.run()
    assert ("ls", "/sdcard/DCIM/Camera") in listed


# -- dialogs and sheets -------------------------------------------------------------------------------------------

POPUPS = ["contacts", "notifications", "widget", "eea", "link-email", "collections", "follow-friends", "followed-together"]  # fmt: skip


@pytest.mark.parametrize("name", POPUPS)
def test_a_dialog_over_the_feed_is_closed_and_the_post_goes_on(name: str, video: MakeStage) -> None:
    stage = video(f"popup {name}")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert len([line for line in stage.attempt.log if line.startswith("dismissing")]) == 1
    assert stage.published == 1


def test_a_sheet_that_nobody_has_described_is_closed_reported_and_kept(video: MakeStage) -> None:
    stage = video("popup add-phone")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert "tap strange_sheet_close" in stage.way
    facts = stage.attempt.facts["a sheet that is not known lies over the app"]
    assert facts["closed_by"] == "its own button"
    assert facts["says"]
    assert stage.attempt.facts["dismissing some_sheet"] == {"by": "its own button"}
    assert stage.attempt.kept["sheet.xml"].startswith(b"<?xml")


@pytest.mark.parametrize(
    ("name", "by", "touch"),
    [
        ("promo", "a touch beside it", "tap scrim"),
        ("viewer-history", "BACK", "press back: closes some_sheet"),
    ],
)
def test_a_sheet_without_a_button_is_closed_beside_it_else_by_back(
    name: str, by: str, touch: str, video: MakeStage
) -> None:
    stage = video(f"popup {name}")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert touch in stage.way
    assert stage.attempt.facts["dismissing some_sheet"] == {"by": by}


def test_a_snackbar_keeps_nothing_from_going_on(video: MakeStage) -> None:
    stage = video("popup snackbar")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert not [line for line in stage.attempt.log if line.startswith("dismissing")]


# -- what is not known, dies, or needs a person -------------------------------------------------------------------


def test_an_unknown_screen_at_the_start_gets_one_fresh_start(video: MakeStage) -> None:
    stage = video("unknown-screen")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.way[:4] == ["start the app", "push 1", "stop the app", "start the app"]
    assert "starting the app afresh: an unknown screen stayed for 8 s" in stage.attempt.log


def test_an_unknown_screen_that_comes_again_ends_the_attempt(video: MakeStage) -> None:
    stage = video("unknown-screen", "unknown-screen")
    failed = stage.fails()
    assert (failed.code, failed.step) == ("ui_changed", "unknown screen")
    assert str(failed) == "an unknown screen stayed for 8 s"
    assert not [touch for touch in stage.way if touch.startswith("tap")]


@pytest.mark.parametrize("screen", ["home", "profile", "editor", "post"])
def test_an_app_that_dies_on_its_way_is_tried_again_later(screen: str, video: MakeStage) -> None:
    stage = video(f"app-crash {screen}")
    failed = stage.fails()
    assert (failed.code, failed.passing, failed.step) == ("app_crashed", True, "unknown screen")
    assert str(failed) == "com.google.android.apps.nexuslauncher is in front, not com.zhiliaoapp.musically"


@pytest.mark.parametrize(
    ("fault", "code", "step", "says"),
    [
        ("login", "not_logged_in", "login", "TikTok asks to log in"),
        ("captcha", "verification_needed", "verify", "TikTok asks for a verification (captcha)"),
        ("banned", "account_blocked", "account_blocked", "TikTok says that the account is blocked"),
    ],
)
def test_a_screen_for_a_person_ends_the_attempt_without_a_touch(
    fault: str, code: str, step: str, says: str, video: MakeStage
) -> None:
    stage = video(fault)
    failed = stage.fails()
    assert (failed.code, failed.step, str(failed), failed.passing) == (code, step, says, False)
    assert stage.way == ["start the app", "push 1"]
    assert stage.took_s() < 5


@pytest.mark.parametrize("username", ["demo_01", ""], ids=["an account is named", "none is"])
def test_a_profile_that_asks_to_log_in_beside_the_tabs_ends_the_attempt_as_that(
    username: str, video: MakeStage
) -> None:
    stage = video("logged-out", username=username)
    failed = stage.fails()
    assert (failed.code, failed.step, failed.passing) == ("not_logged_in", "logged_out_profile", False)
    assert str(failed) == "TikTok's profile asks to log in: nobody is logged in"
    assert [touch for touch in stage.way if touch.startswith("tap")] == ["tap profile_tab"]


def test_an_account_that_publishes_for_itself_alone_is_noted(video: MakeStage) -> None:
    stage = video("not-everyone")
    verdict = stage.run()
    assert verdict.outcome is Outcome.PUBLISHED
    assert verdict.remark.endswith("; the account does not publish for everyone: Only you can view this post")
    (note,) = [line for line in stage.attempt.log if line.startswith("the account does not publish")]
    assert note.startswith("the account does not publish for everyone: ")
    assert "does not publish" not in "".join(_log_of(video()))


@pytest.mark.parametrize("name", ["sms", "facebook"])
def test_a_switch_of_the_form_that_shares_it_elsewhere_is_told_with_the_outcome(
    name: str, video: MakeStage
) -> None:
    verdict = video(f"left-on {name}").run()
    assert verdict.remark.endswith(f"; the form had switched on that it is shared to {name} too")
    assert "switched on" not in video().run().remark


def _log_of(stage: AppStage) -> list[str]:
    stage.run()
    return stage.attempt.log


# -- the caption --------------------------------------------------------------------------------------------------


def test_a_caption_that_arrived_twice_is_typed_once_more(video: MakeStage) -> None:
    stage = video("text-twice")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["caption"] == "Hello #world"
    assert stage.way.count("type 'Hello #world'") == 2
    assert stage.attempt.facts["the description does not read as typed"] == {"tried": 1}


def test_a_caption_that_arrives_twice_again_is_not_posted(video: MakeStage) -> None:
    stage = video("text-twice", "text-twice")
    failed = stage.fails()
    assert (failed.code, failed.step) == ("caption_altered", "caption")
    assert str(failed) == 'the app changed the description: after 12 characters "" became "Hello #world"'
    assert stage.memory.values[MEMORY] == ["Hello #world", "Hello #worldHello #world"]


def test_the_sixth_hashtag_is_refused_with_the_place_where_it_was_lost(video: MakeStage) -> None:
    stage = video(caption="a #b #c #d #e #f #g")
    failed = stage.fails()
    assert (failed.code, str(failed)) == (
        "caption_limit", 'the app changed the description: after 17 characters "#g" became "g"',
    )  # fmt: skip
    allowed = video(caption="a #b #c #d #e #f #g")
    assert allowed.run(hashtags="warn").outcome is Outcome.PUBLISHED
    assert allowed.post()["caption"] == "a #b #c #d #e #f g"


# -- after the tap ------------------------------------------------------------------------------------------------


def test_proof_is_the_upload_that_was_seen_to_run_and_to_end(video: MakeStage) -> None:
    stage = video()
    verdict = stage.run()
    assert verdict.remark == "the upload ran to its end and the app is back at its tabs"
    log = stage.attempt.log
    assert log.count("upload in progress") == 1
    order = ["COMMITTING", "PUBLISH on tiktok/post", "VERIFYING", "step proof", "PUBLISHED", "step evidence", "step clean up"]  # fmt: skip
    assert [line for line in log if line in order] == order
    assert stage.attempt.kept["screenshot.png"] == b"\x89PNG"
    assert stage.attempt.kept["tree.xml"].startswith(b"<?xml")


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "step", "says"),
    [
        ("account-blocked", "not_published", "account_blocked", "account_blocked", "TikTok says that the account is blocked"),
        ("upload-fail", "not_published", "upload_failed", "upload_failed", "TikTok says that the upload failed"),
        ("upload-stall", "unknown", "upload_timeout", "proof", "the upload did not end within 60 s"),
        ("security-check", "unknown", "security_check", "security_check",
         "after the tap: TikTok asks for its security check: until a person answers it nothing is uploaded"),
    ],
)  # fmt: skip
def test_what_the_app_says_after_the_tap_is_the_outcome_and_nothing_is_tapped_again(
    fault: str, outcome: str, code: str, step: str, says: str, video: MakeStage
) -> None:
    stage = video(fault)
    verdict = stage.run()
    assert verdict.error is not None
    assert (verdict.outcome, verdict.error.code, verdict.error.step, verdict.remark) == (
        outcome,
        code,
        step,
        says,
    )
    assert not verdict.passing
    assert stage.way[-1] == "PUBLISH on tiktok/post"
    assert stage.phone.rows, "the file stays: what became of the post is not known to the last"


def test_the_notice_of_an_earlier_failed_upload_is_closed_before_a_new_post(video: MakeStage) -> None:
    failed = {"account": "demo_01", "post": {}}
    stage = video(phone={"state": {"failed": failed}})
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.way[2:4] == ["tap failed_close", "tap profile_tab"]
    assert "closing the notice of an earlier failed upload" in stage.attempt.log
