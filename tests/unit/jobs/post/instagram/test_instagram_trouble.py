"""What comes between on Instagram's simulated app: other accounts, notices, crashes, people's screens, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.records import Outcome
from tests.support.post_stage import THREE, MakeStage, video_stages


@pytest.fixture
def video(tmp_path: Path) -> MakeStage:
    """Stages with one video."""
    return video_stages("instagram", tmp_path)


def test_another_account_is_switched_to_by_its_row_and_its_numbers_are_read_anew(video: MakeStage) -> None:
    stage = video(phone=THREE, username="demo_03")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["account"] == "demo_03"
    begin = stage.way.index("tap account_name")
    assert stage.way[begin : begin + 4] == [
        "tap account_name",
        "tap account_row",
        "swipe down",
        "tap create_new",
    ]
    assert stage.attempt.seen == ["demo_01", "demo_03"]


@pytest.mark.parametrize(
    ("fault", "username", "shown"), [("", "demo_09", "demo_01"), ("wrong-account", "demo_01", "stranger_01")]
)
def test_an_account_that_is_not_on_the_phone_is_not_posted_for(
    fault: str, username: str, shown: str, video: MakeStage
) -> None:
    stage = video(*([fault] if fault else []), username=username, phone={} if fault else THREE)
    failed = stage.fails()
    assert (failed.code, failed.step) == ("wrong_account", "account")
    assert str(failed) == f"the account {username} is not among those on this phone (shown: {shown})"
    assert stage.way[-1] == "tap account_name"


def test_a_task_without_an_account_posts_as_whoever_is_logged_in(video: MakeStage) -> None:
    stage = video(username="", phone=THREE)
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.attempt.seen == ["demo_01"]
    assert stage.attempt.facts["ready to publish"]["account"] == "demo_01"


@pytest.mark.parametrize(
    ("name", "touch"),
    [
        ("navigation", "tap nux_button"), ("facebook", "tap nux_button"), ("notifications", "tap skip_button"),
        ("save-login", "tap skip_button"), ("contacts", "tap skip_button"), ("update", "tap skip_button"),
        ("sticker", "tap skip_button"), ("offer", "tap scrim"), ("edits-promo", "tap scrim"),
        ("download-notice", "tap download_notice_button"), ("remix-notice", "tap notice_ok_button"),
        ("about-reels", "tap go_on_button"), ("download-privacy", "tap download_notice_button"),
        ("as-reels", "tap notice_ok_button"),
    ],
)  # fmt: skip
def test_a_notice_is_closed_with_its_harmless_button_and_the_post_goes_on(
    name: str, touch: str, video: MakeStage
) -> None:
    stage = video(f"popup {name}")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert touch in stage.way
    assert stage.published == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("facebook", "; the form had switched on that it is shared to Facebook too"),
        ("threads", "; the form had switched on that it is shared to demo_01 · Threads · Public too"),
        ("trial", "; it was shared as a trial, which followers do not see"),
        ("close-friends", "; its audience was not everyone: Close Friends"),
    ],
)
def test_what_the_form_has_from_the_last_time_is_told_with_the_outcome(
    name: str, told: str, video: MakeStage
) -> None:
    verdict = video(f"left-on {name}").run()
    assert verdict.outcome is Outcome.PUBLISHED
    assert verdict.remark.endswith(told)
    assert ";" not in video().run().remark


def test_the_ai_label_that_was_asked_for_is_not_told_as_unasked(video: MakeStage) -> None:
    assert ";" not in video(ai_label=True).run().remark


def test_a_reel_of_which_the_app_says_that_few_will_see_it_is_told_so(
    video: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.apps.instagram.compose.share._LIMIT_MS", 1000)
    verdict = video().run()
    assert verdict.outcome is Outcome.PUBLISHED
    assert verdict.remark.endswith("; Instagram says that it may get limited reach")


@pytest.mark.parametrize(
    ("fault", "code", "step", "says"),
    [
        ("login", "not_logged_in", "login", "Instagram asks to log in"),
        ("logged-out", "not_logged_in", "logged_out", "Instagram says that the account was logged out"),
        ("upload-id", "verification_needed", "identity_check", "Instagram asks to confirm who uses the account"),
        ("account-blocked", "account_blocked", "account_disabled", "Instagram says that the account is disabled or suspended"),
        ("try-again-later", "account_restricted", "activity_limited", "Instagram limits this account for now"),
    ],
)  # fmt: skip
def test_a_screen_for_a_person_ends_the_attempt_without_a_touch(
    fault: str, code: str, step: str, says: str, video: MakeStage
) -> None:
    stage = video(fault)
    failed = stage.fails()
    assert (failed.code, failed.step, str(failed), failed.passing) == (code, step, says, False)
    assert stage.way == ["start the app", "push 1"]


@pytest.mark.parametrize("screen", ["home", "profile", "create-sheet", "picker", "editor", "share"])
def test_an_app_that_dies_on_its_way_is_tried_again_later(screen: str, video: MakeStage) -> None:
    failed = video(f"app-crash {screen}").fails()
    assert (failed.code, failed.passing) == ("app_crashed", True)


def test_a_caption_that_arrived_twice_is_typed_once_more(video: MakeStage) -> None:
    stage = video("text-twice")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["caption"] == "Hello #world"
    assert stage.attempt.facts["the caption does not read as typed"] == {"tried": 1}


def test_a_caption_that_arrives_twice_again_is_not_posted_and_is_known_later(video: MakeStage) -> None:
    stage = video("text-twice", "text-twice")
    failed = stage.fails()
    assert (failed.code, failed.step) == ("caption_altered", "caption")
    assert str(failed) == 'the app changed the caption: after 12 characters "" became "Hello #world"'
    remembered = stage.memory.values["unfinished:SIMPHONE01:com.instagram.android"]
    assert remembered == ["Hello #world", "Hello #worldHello #world"]


# -- after the tap ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "asked", "outcome", "code", "step", "says"),
    [
        ("upload-fail", {}, "not_published", "upload_failed", "upload_failed", "Instagram says that it cannot be posted"),
        ("upload-stall", {}, "unknown", "upload_timeout", "proof", "the upload did not end within 60 s"),
        ("upload-fail", {"placement": "story"}, "unknown", "upload_timeout", "proof",
         "no proof and no refusal within 60 s; the phone shows home"),
    ],
)  # fmt: skip
def test_what_the_app_says_after_the_tap_is_the_outcome_and_nothing_is_tapped_again(
    fault: str, asked: dict[str, object], outcome: str, code: str, step: str, says: str, video: MakeStage
) -> None:
    stage = video(fault, **asked)
    verdict = stage.run()
    assert verdict.error is not None
    assert (verdict.outcome, verdict.error.code, verdict.error.step, verdict.remark) == (
        outcome,
        code,
        step,
        says,
    )
    assert stage.way[-1].startswith("PUBLISH on")


def test_a_story_of_an_account_that_had_one_is_unproven(video: MakeStage) -> None:
    stage = video(placement="story", phone={"state": {"per_account": {"demo_01": {"story": True}}}})
    verdict = stage.run()
    assert verdict.error is not None
    assert (verdict.outcome, verdict.error.code) == (Outcome.UNKNOWN, "unproven")
    assert verdict.remark.startswith("the account had a story before")
    assert stage.published == 1


def test_proof_is_the_row_that_says_posted(video: MakeStage) -> None:
    stage = video()
    assert stage.run().remark == "the app shows it: posted"
    assert stage.attempt.log.count("upload in progress") == 1
