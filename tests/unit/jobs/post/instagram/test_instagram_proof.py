"""What counts as proof on Instagram: films of what the phone shows after the tap, and after a crash, second by second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from jobs.post.apps import APPS
from jobs.task.attempt import Verdict
from storage.records import Outcome
from tests.support.film import FilmStage, Seen

Film = dict[float, str]
TILE = "Reel by Demo One at row 1, column 1"
COUNTS = "the profile counts 9 posts, 8 before"
POSTED = "the app shows it: posted"
RING = "the account had a story before, so its ring does not say whether the new one is up"


def nothing(shown: str) -> str:
    return f"no proof and no refusal within 60 s; the phone shows {shown}"


def knowing(**facts: Any) -> Callable[[Any], None]:
    """What the flow knew of the profile before the tap."""

    def bend(flow: Any) -> None:
        for name, value in ({"posts_before": 8, "tile_before": TILE, "profile_fresh": True} | facts).items():
            setattr(flow, name, value)

    return bend


WATCHED: dict[str, Seen] = {
    "the row runs and says posted": Seen({0: "form", 1: "uploading", 5: "posted"}, "published", "", POSTED, 5),
    "the row runs and says failed": Seen(
        {0: "form", 1: "uploading", 5: "failed"}, "not_published", "upload_failed", "Instagram says that it cannot be posted", 5
    ),
    "no row: the profile counts one more": Seen(
        {0: "form", 1: "home"}, "published", "", COUNTS, 3, {"home": "profile of 9"}, ("home",)
    ),
    "the row is gone: the profile counts one more": Seen(
        {0: "form", 1: "uploading", 5: "home"}, "published", "", COUNTS, 5.3, {"home": "profile of 9"}, ("home",)
    ),
    "the profile is stale at first": Seen({0: "form", 1: "profile of 8", 15: "profile of 9"}, "published", "", COUNTS, 15),
    "the row comes while the profile is looked at": Seen(
        {0: "form", 1: "profile of 8", 4: "posted"}, "published", "", POSTED, 4
    ),
    "the Reels tab: the feed is looked at first": Seen(
        {0: "form", 1: "reels"}, "published", "", COUNTS, 5, {"reels": "home", "home": "profile of 9"}, ("reels", "home")
    ),
    "the Reels tab: the row stands on the feed": Seen(
        {0: "form", 1: "reels uploading", 4: "reels"}, "published", "", POSTED, 8.3, {"reels": "posted"}, ("reels",)
    ),
    "the form stands": Seen(
        {0: "form"}, "not_published", "publish_refused", "the form still stands: the tap did not publish", 60
    ),
    "the caption's editor stands": Seen(
        {0: "caption editor"}, "not_published", "publish_refused", "the form still stands: the tap did not publish", 60
    ),
    "less reach for a track: the app goes on": Seen(
        {0: "form", 1: "limited"}, "unknown", "upload_timeout", "the upload did not end within 60 s", 60,
        {"limited": "uploading"}, ("limited",),
    ),
    "the account is limited": Seen(
        {0: "form", 1: "restricted"}, "not_published", "account_restricted", "Instagram limits this account for now", 1
    ),
    "the account is limited after the upload was seen": Seen(
        {0: "form", 1: "uploading", 2: "restricted"}, "unknown", "account_restricted",
        "after the tap: Instagram limits this account for now", 2,
    ),
    "a sheet that nobody knows over the form is left alone": Seen(
        {0: "form", 1: "sheet over form"}, "unknown", "upload_timeout", nothing("some_sheet"), 60
    ),
}  # fmt: skip


def test_an_offer_for_the_post_that_was_made_is_proof_unless_it_may_speak_of_another() -> None:
    told = "the app speaks of the post as published"
    stage = FilmStage("instagram", {0: "form", 1: "offer for the post"})
    verdict = stage.watched(bend=knowing())
    assert (verdict.outcome, verdict.remark, stage.took_s()) == (Outcome.PUBLISHED, told, pytest.approx(1.0))
    assert stage.phone.taps == []
    story = FilmStage("instagram", {0: "story form", 1: "offer for the post"}, placement="story")
    story.phone.leads["offer for the post"] = "home"
    assert story.watched(bend=knowing(ring_before=False)).remark != told
    before = FilmStage("instagram", {0: "form", 1: "offer for the post"})
    before.phone.leads["offer for the post"] = "home"
    assert before.watched(bend=knowing(), before={"posted": 1}).remark != told
    over_form = FilmStage("instagram", {0: "form", 1: "offer over form"})
    assert over_form.watched(bend=knowing()).remark != told


@pytest.mark.parametrize("case", WATCHED)
def test_after_the_tap(case: str) -> None:
    seen = WATCHED[case]
    stage = FilmStage("instagram", seen.film)
    stage.phone.leads.update(seen.leads)
    verdict = stage.watched(bend=knowing())
    stage.agrees(seen, verdict)


def test_a_profile_that_counts_as_before_proves_nothing_and_is_pulled_down_for_newer_numbers() -> None:
    stage = FilmStage("instagram", {0: "form", 1: "profile of 8"})
    assert stage.watched(bend=knowing()).outcome is Outcome.UNKNOWN
    assert stage.attempt.log.count("no upload row: looking at the profile") == 3
    assert stage.way == ["swipe down"] * 12


@pytest.mark.parametrize(
    ("facts", "before"),
    [
        ({"posts_before": None, "tile_before": ""}, {}),
        ({"profile_fresh": False}, {"posted": 1}),
        ({"posts_before": 9}, {}),
    ],
)
def test_a_number_that_cannot_be_compared_proves_nothing(
    facts: dict[str, Any], before: dict[str, int]
) -> None:
    stage = FilmStage("instagram", {0: "form", 1: "home"})
    stage.phone.leads["home"] = "profile of 9"
    assert stage.watched(bend=knowing(**facts), before=before).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        ("profile of some", nothing("own_profile")),
        (
            "profile of some with a new tile",
            "the profile's newest tile is new: Photo by Demo One at row 1, column 1",
        ),
        ("profile of 8 with a new tile", nothing("own_profile")),
    ],
)
def test_a_new_tile_is_proof_where_the_profile_does_not_count_exactly_and_there_alone(
    profile: str, says: str
) -> None:
    stage = FilmStage("instagram", {0: "form", 1: profile})
    assert stage.watched(bend=knowing(posts_before=8 if "8" in profile else None)).remark == says


def test_stale_numbers_do_where_our_own_upload_was_seen() -> None:
    stage = FilmStage("instagram", {0: "form", 1: "uploading", 5: "home"})
    stage.phone.leads["home"] = "profile of 9"
    verdict = stage.watched(bend=knowing(profile_fresh=False), before={"upload_failed": 1})
    assert verdict.remark == COUNTS


@pytest.mark.parametrize("before", [{"posted": 1}, None])
def test_a_row_that_stood_there_before_is_no_proof(before: dict[str, int] | None) -> None:
    stage = FilmStage("instagram", {0: "form", 1: "posted"})
    verdict = stage.watched(bend=knowing(earlier_indicators=before), before=before)
    assert verdict.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("film", "had_one", "outcome", "says", "after_s"),
    [
        ({0: "story form", 1: "home", 3: "home with own story"}, False, "published", "the own story stands in the tray", 3),
        ({0: "story form", 1: "home with own story"}, True, "unknown", RING, 3),
        ({0: "story form", 1: "home with own story"}, None, "unknown", RING, 3),
        ({0: "story form", 1: "home"}, False, "unknown", nothing("home"), 60),
    ],
)  # fmt: skip
def test_a_story_is_proven_by_the_ring_that_comes_and_by_nothing_else(
    film: Film, had_one: bool | None, outcome: str, says: str, after_s: float
) -> None:
    stage = FilmStage("instagram", film, placement="story")
    verdict = stage.watched(bend=knowing(ring_before=had_one))
    assert (verdict.outcome, verdict.remark) == (outcome, says)
    assert stage.took_s() == pytest.approx(after_s)
    assert stage.phone.taps == []


# -- after a crash ------------------------------------------------------------------------------------------------

NO_SIGN = "the app is at its tabs and shows no sign of the post"
NEVER_SENT = "the filled form still stands: the publishing tap was not sent, or did not publish"
ANOTHER = "a form is open that is not known to be this post's"
STILL_STANDS = "the filled form still stands: the tap did not publish"
NOTED = {"posts": 8, "tile": TILE, "fresh": True}


def looked_for(film: Film, **more: Any) -> tuple[Verdict, FilmStage]:
    stage = FilmStage.after_crash("instagram", film, **more)
    return stage.look_for_post(), stage


SETTLED: dict[str, Seen] = {
    "one post more on the profile": Seen(
        {0: "home"}, "published", "", COUNTS + " (seen after a restart)", 5, {"home": "profile of 9"}, ("home",)
    ),
    "as many posts as before": Seen(
        {0: "home"}, "unknown", "upload_timeout", NO_SIGN, 25, {"home": "profile of 8"}, ("home",)
    ),
    "posted": Seen({0: "posted"}, "published", "", "the app says that it is posted (seen after a restart)", 0),
    "the upload ends": Seen(
        {0: "uploading", 5: "posted"}, "published", "", "the app says that it is posted (seen after a restart)", 5
    ),
    "the upload ends without a word": Seen(
        {0: "uploading", 7: "home"}, "published", "", COUNTS + " (seen after a restart)", 12, {"home": "profile of 9"}, ("home",)
    ),
    "failed": Seen({0: "failed"}, "not_published", "upload_failed", "Instagram says that it cannot be posted", 0),
    "our form": Seen({0: "form"}, "not_published", "publish_refused", STILL_STANDS, 60),
    "our form, and then the upload": Seen(
        {0: "form", 30: "uploading", 40: "posted"}, "published", "", "the app says that it is posted (seen after a restart)", 40
    ),
    "the caption's editor with our words": Seen(
        {0: "caption editor"}, "not_published", "publish_refused", STILL_STANDS, 60
    ),
    "another form": Seen({0: "another form"}, "unknown", "upload_timeout", ANOTHER, 20),
    "a limit": Seen({0: "restricted"}, "unknown", "account_restricted", "Instagram limits this account for now", 0),
    "a question about the post": Seen({0: "limited"}, "unknown", "upload_timeout", "the app asks: limited_reach", 0),
    "a notice that comes after Share": Seen(
        {0: "a notice after Share"}, "unknown", "upload_timeout", "the app asks: reels_notice", 0
    ),
    "a sheet over the form": Seen({0: "sheet over form"}, "unknown", "upload_timeout", "the app asks: some_sheet", 0),
    "a sheet over the tabs, then one post more": Seen(
        {0: "sheet over home"}, "published", "", COUNTS + " (seen after a restart)", 5,
        {"sheet over home": "home", "home": "profile of 9"}, ("sheet over home", "home"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTLED)
def test_a_look_after_a_crash(case: str) -> None:
    seen = SETTLED[case]
    verdict, stage = looked_for(seen.film, noted=NOTED, leads=seen.leads)
    stage.agrees(seen, verdict)


@pytest.mark.parametrize("noted", [None, NOTED | {"fresh": False}, NOTED | {"posts": None}])
def test_numbers_that_were_not_noted_or_not_fresh_are_not_compared(noted: dict[str, Any] | None) -> None:
    verdict, stage = looked_for({0: "home"}, noted=noted, leads={"home": "profile of 9"})
    assert (verdict.outcome, verdict.remark) == (Outcome.UNKNOWN, NO_SIGN)
    assert stage.phone.taps == []


@pytest.mark.parametrize("facts", [{"username": "demo_01"}, {"username": "", "account_seen": "demo_01"}])
def test_the_profile_of_an_account_that_a_person_changed_to_since_proves_nothing(
    facts: dict[str, str],
) -> None:
    for shown, outcome in (
        ("another account's profile of 9", Outcome.UNKNOWN),
        ("profile of 9", Outcome.PUBLISHED),
    ):
        stage = FilmStage.after_crash("instagram", {0: "home"}, noted=NOTED, leads={"home": shown})
        stage.attempt.task = msgspec.structs.replace(stage.attempt.task, **facts)
        assert stage.look_for_post().outcome is outcome


def test_a_story_is_not_looked_for_on_the_profile() -> None:
    verdict, stage = looked_for({0: "home with own story"}, noted=NOTED, placement="story")
    assert (verdict.outcome, verdict.remark) == (Outcome.UNKNOWN, NO_SIGN)
    assert stage.phone.taps == []


def test_a_form_that_stands_did_not_publish_whether_the_tap_was_noted_or_not() -> None:
    for sent, remark in ((False, NEVER_SENT), (True, STILL_STANDS)):
        verdict, stage = looked_for({0: "form"}, noted=NOTED, sent=sent)
        assert (verdict.outcome, verdict.remark) == (Outcome.NOT_PUBLISHED, remark)
        assert stage.took_s() == pytest.approx(60)


@pytest.mark.parametrize("form", ["story form", "story sheet"])
def test_a_storys_form_has_no_words_and_may_hold_another_story(form: str) -> None:
    for sent in (False, True):
        verdict, _ = looked_for({0: form}, noted=NOTED, placement="story", sent=sent)
        assert (verdict.outcome, verdict.remark) == (Outcome.UNKNOWN, ANOTHER)


def test_an_old_row_is_no_proof_after_a_crash() -> None:
    verdict, _ = looked_for(
        {0: "posted"}, noted=NOTED, before={"posted": 1}, leads={"posted": "profile of 8"}
    )
    assert verdict.remark == NO_SIGN


def test_what_the_app_says_of_the_post_before_it_uploads_is_told() -> None:
    stage = FilmStage("instagram", {0: "form", 1: "limited"})
    stage.phone.leads["limited"] = "uploading"
    flows: list[Any] = []
    stage.watched(bend=flows.append)
    assert flows[0].told == ["; Instagram says that it may get limited reach"]


def test_where_else_it_could_be_shared_is_told_too() -> None:
    flow = FilmStage("instagram", {0: "form"}).flow()
    told = APPS["instagram"].watch(flow).tells
    asking = {name for name, screen in flow.driver.vocabulary.screens if screen.phase == "after"}
    assert set(told) == {"limited_reach", "also_share"} <= asking
    assert all(sentence.startswith("; Instagram ") for sentence in told.values())
