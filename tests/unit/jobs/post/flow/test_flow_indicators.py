"""Indicators of earlier uploads, which stay on the screen for days, are never taken for those of this post."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jobs.hub.settings import Posting, Settings
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.script import PostScript
from jobs.task.attempt import Verdict
from storage import records
from storage.errors import StoreFailed
from storage.records import MediaFile, Outcome
from tests.support.vocabularies import shipped_screens
from tests.unit.jobs.post.flow.test_flow import (
    TABS,
    TIKTOK,
    Stage,
    node,
    page,
    video,
)

__all__ = ["video"]  # the fixture

FAILED = (
    node("Couldn't post your video", bounds="[60,200][700,260]"),
    node(desc="Close", bounds="[900,200][980,260]"),
)
BADGE = node("66%", bounds="[56,344][127,383]")
FOR_YOU = node("For You", bounds="[773,136][933,288]")
#: What a friend posted, on the tab on which TikTok lands after a post.
FRIENDS_POST = page(*TABS, node("· 4m ago", bounds="[436,2064][573,2114]", clickable="false"))


class Meta:
    """The daemon's small store, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        return self.kept.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.kept[key] = value


def shared(video: MediaFile) -> Stage:
    """A video for whoever is logged in, by a share intent."""
    return Stage(video, username="", post_way="share")


def settings() -> Settings:
    return Settings(posting=Posting(proof_timeout_s=60.0))


def test_an_old_notice_says_nothing_about_a_post_before_which_nobody_looked(video: MediaFile) -> None:
    stage = shared(video)
    stage.phone.at = "profile"  # the app opens where no indicators of uploads stand
    stage.phone.screens["badge"] = page(*TABS, BADGE, *FAILED)
    stage.phone.screens["feed"] = page(*TABS, FOR_YOU, *FAILED)
    assert stage.run().outcome is Outcome.UNKNOWN


def test_a_notice_that_comes_when_our_own_upload_has_ended_is_ours(video: MediaFile) -> None:
    stage = shared(video)
    stage.phone.screens["feed"] = page(*TABS, FOR_YOU, *FAILED)
    assert stage.run().outcome is Outcome.NOT_PUBLISHED


def test_after_a_notice_the_next_post_closes_it(video: MediaFile) -> None:
    meta = Meta()
    first = shared(video)
    first.phone.screens["feed"] = page(*TABS, FOR_YOU, *FAILED)
    assert (
        PostScript(settings(), meta, vocabularies=shipped_screens()).run(first.attempt, first.phone).outcome
        is Outcome.NOT_PUBLISHED
    )

    stage = shared(video)
    stage.phone.screens["noticed"] = page(*TABS, FOR_YOU, *FAILED)
    stage.phone.at = "noticed"
    inner = stage.tapped
    stage.phone.on_tap = lambda s, x, y: "home" if (s, x, y) == ("noticed", 940, 230) else inner(s, x, y)
    assert (
        PostScript(settings(), meta, vocabularies=shipped_screens()).run(stage.attempt, stage.phone).outcome
        is Outcome.PUBLISHED
    )
    assert stage.phone.taps[0] == ("noticed", 940, 230)

    third = shared(video)
    assert (
        PostScript(settings(), meta, vocabularies=shipped_screens()).run(third.attempt, third.phone).outcome
        is Outcome.PUBLISHED
    )
    assert len(third.phone.taps) == 3  # Profile, Next and Post: nothing stood there, so nothing is closed


def test_what_a_friend_posted_a_moment_ago_is_not_our_post(video: MediaFile) -> None:
    stage = shared(video)
    stage.phone.screens["badge"] = FRIENDS_POST
    stage.phone.later = {"badge": "uploads", "uploads": "feed"}
    stage.phone.screens["uploads"] = page(*TABS, BADGE)
    stage.phone.screens["feed"] = page(*TABS, FOR_YOU, *FAILED)
    assert stage.run().outcome is Outcome.NOT_PUBLISHED


@pytest.mark.parametrize(
    "words",
    [
        "Couldn't upload video",
        "Upload failed",
    ],
)
def test_U2_19_a_failed_upload_is_told_in_every_covered_language(video: MediaFile, words: str) -> None:
    stage = shared(video)
    stage.phone.screens["feed"] = page(*TABS, FOR_YOU, node(words, bounds="[60,200][700,260]"))
    assert stage.run().outcome is Outcome.NOT_PUBLISHED


def test_what_somebody_wrote_under_a_post_is_no_failure_of_ours(video: MediaFile) -> None:
    stage = shared(video)
    caption = node("Upload failed lol #fyp", resource_id=f"{TIKTOK}:id/desc", bounds="[32,2046][870,2097]")
    stage.phone.screens["feed"] = page(*TABS, FOR_YOU, caption)
    assert stage.run().outcome is Outcome.PUBLISHED


def test_JOB_5_a_notice_that_nobody_knows_but_offers_to_try_again_leaves_the_outcome_open(
    video: MediaFile,
) -> None:
    stage = shared(video)
    notice = (
        node("Oops, that went wrong", bounds="[60,200][700,260]"),
        node("Retry", bounds="[720,200][880,260]"),
    )
    stage.phone.screens["feed"] = page(*TABS, FOR_YOU, *notice)
    assert stage.run().outcome is Outcome.UNKNOWN
    again = shared(video)
    again.phone.screens["home"] = page(*TABS, FOR_YOU, *notice)
    assert look_for_post(again, before={}).outcome is Outcome.UNKNOWN


def test_JOB_4_a_store_that_refuses_after_the_proof_changes_nothing_about_the_verdict(
    video: MediaFile,
) -> None:
    class Refusing(Meta):
        def set(self, key: str, value: Any) -> None:
            if stage.phone.published:
                raise StoreFailed("the disk refuses")
            super().set(key, value)

    stage = shared(video)
    assert (
        PostScript(settings(), Refusing(), vocabularies=shipped_screens())
        .run(stage.attempt, stage.phone)
        .outcome
        is Outcome.PUBLISHED
    )
    assert "step clean up" in stage.attempt.log


# -- after a crash ----------------------------------------------------------------------------------------------


def look_for_post(stage: Stage, *, before: dict[str, int] | None, sent: bool = True) -> Verdict:
    meta = Meta()
    DraftMemory(meta, "FAKE", TIKTOK).note_before(stage.attempt.task.id, before, at=stage.attempt.clock.now())
    now = records.Stage.VERIFYING if sent else records.Stage.COMMITTING
    stage.attempt.task = msgspec.structs.replace(stage.attempt.task, stage=now)
    return PostScript(settings(), meta, vocabularies=shipped_screens()).look_for_post(
        stage.attempt, stage.phone
    )


def test_after_a_crash_a_notice_that_was_there_before_the_tap_is_no_refusal(video: MediaFile) -> None:
    for before in ({"upload_failed": 1}, None):
        stage = shared(video)
        stage.phone.screens["home"] = page(*TABS, FOR_YOU, *FAILED)
        assert look_for_post(stage, before=before).outcome is Outcome.UNKNOWN
        assert stage.phone.taps == []


def test_after_a_crash_a_notice_that_was_not_there_before_the_tap_is_the_refusal(video: MediaFile) -> None:
    stage = shared(video)
    stage.phone.screens["home"] = page(*TABS, FOR_YOU, *FAILED)
    assert look_for_post(stage, before={}).outcome is Outcome.NOT_PUBLISHED


def test_after_a_crash_a_form_that_is_gone_proves_only_a_tap_that_was_sent(video: MediaFile) -> None:
    """A person may have left the form while the box was off."""
    assert look_for_post(shared(video), before={}, sent=False).outcome is Outcome.UNKNOWN
    assert look_for_post(shared(video), before={}, sent=True).outcome is Outcome.PUBLISHED


def test_what_was_noted_before_a_tap_belongs_to_that_task_only() -> None:
    meta = Meta()
    DraftMemory(meta, "S", "app").note_before(7, {"posted": 1}, posts=8, tile="Reel at row 1", fresh=True)
    again = DraftMemory(meta, "S", "app")
    assert again.indicators_before(7) == {"posted": 1}
    assert again.profile_before(7) == (8, "Reel at row 1", True)
    assert (again.indicators_before(8), again.profile_before(8)) == (None, (None, "", False))
