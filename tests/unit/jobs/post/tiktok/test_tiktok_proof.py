"""What counts as proof on TikTok: films of what the phone shows after the tap, and after a crash, second by second."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.phone import app_age
from jobs.phone.errors import PhoneOffline
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.tiktok.proof import watch
from jobs.task.attempt import Verdict
from storage.records import Account, Outcome, TaskError
from tests.support.drawn import DrawnStage, screen
from tests.support.film import FilmStage, Seen, tiktok
from tests.support.overlays import Box, Over, laid_over

Film = dict[float, str]
RAN = "the upload ran to its end and the app is back at its tabs"
GONE = "the form is gone and the app is back at its tabs, with no upload left"
STANDS = "the form still stands: the tap did not publish"
NO_END = "the upload did not end within 60 s"


def nothing(shown: str) -> str:
    return f"no proof and no refusal within 60 s; the phone shows {shown}"


WATCHED: dict[str, Seen] = {
    "the badge comes and goes": Seen({0: "form", 1: "uploading", 9: "home"}, "published", "", RAN, 9.3),
    "the badge comes and goes, and the profile follows": Seen(
        {0: "form", 1: "uploading", 9: "profile"}, "published", "", RAN, 9.3
    ),
    "no badge, only the tabs": Seen({0: "form", 1: "home"}, "published", "", GONE, 7),
    "a screen that nobody knows comes between": Seen(
        {0: "form", 1: "uploading", 3: "unknown", 5: "home"}, "published", "", RAN, 5.3
    ),
    "an unknown screen begins the quiet anew": Seen(
        {0: "form", 1: "home", 5: "unknown", 6: "home"}, "published", "", GONE, 12
    ),
    "the own post, with its caption": Seen(
        {0: "form", 1: "own post"}, "published", "", "the app shows it: own_post", 1
    ),
    "a friend's post is the tabs, no more": Seen({0: "form", 1: "a friend's post"}, "published", "", GONE, 7),
    "a post a moment old after our own upload": Seen(
        {0: "form", 1: "uploading", 2: "a friend's post"}, "published", "", "the app shows it: own_post", 2
    ),
    "the same words under a post of before the tap": Seen(
        {0: "form", 1: "the same post of before", 4: "failed"}, "not_published", "upload_failed",
        "TikTok says that the upload failed", 4,
    ),
    "a post of before the tap after our own upload": Seen(
        {0: "form", 1: "uploading", 2: "the same post of before"}, "published", "", RAN, 2.3
    ),
    "an upload that shows in another way is waited for": Seen(
        {0: "form", 1: "uploading in another way", 20: "home"}, "published", "", GONE, 26
    ),
    "a percentage elsewhere on top is waited for": Seen(
        {0: "form", 1: "a percentage on top", 20: "home"}, "published", "", GONE, 26
    ),
    "one that shows in another way and stands still": Seen(
        {0: "form", 1: "uploading in another way"}, "unknown", "upload_timeout", nothing("home"), 60
    ),
    "the form stands": Seen({0: "form"}, "not_published", "publish_refused", STANDS, 60),
    "the form stands long and goes": Seen({0: "form", 50: "home"}, "published", "", GONE, 56),
    "the form comes back after the tabs were seen": Seen(
        {0: "form", 1: "home", 3: "form"}, "unknown", "upload_timeout", nothing("post_screen"), 60
    ),
    "the form comes back after the upload was seen": Seen(
        {0: "form", 1: "uploading", 3: "form"}, "unknown", "upload_timeout", NO_END, 60
    ),
    "the upload stands still": Seen({0: "form", 1: "uploading"}, "unknown", "upload_timeout", NO_END, 60),
    "a screen that nobody knows stays": Seen(
        {0: "form", 1: "unknown"}, "unknown", "upload_timeout", nothing("an unknown screen"), 60
    ),
    "an alert that the account is blocked": Seen(
        {0: "form", 1: "blocked"}, "not_published", "account_blocked", "TikTok says that the account is blocked", 1
    ),
    "the same after the upload was seen": Seen(
        {0: "form", 1: "uploading", 2: "blocked"}, "unknown", "account_blocked",
        "after the tap: TikTok says that the account is blocked", 2,
    ),
    "the log-in": Seen({0: "form", 1: "login"}, "unknown", "not_logged_in", "after the tap: TikTok asks to log in", 1),
    "a notice of failure": Seen(
        {0: "form", 1: "failed"}, "not_published", "upload_failed", "TikTok says that the upload failed", 1
    ),
    "a notice of failure after the upload": Seen(
        {0: "form", 1: "uploading", 4: "failed"}, "not_published", "upload_failed", "TikTok says that the upload failed", 4
    ),
    "a question that publishes goes on": Seen(
        {0: "form", 1: "publicly?"}, "unknown", "upload_timeout", NO_END, 60, {"publicly?": "uploading"}, ("publicly?",)
    ),
    "a dialog that the tap may have hit, then the tabs": Seen(
        {0: "form", 1: "contacts?"}, "unknown", "upload_timeout", nothing("home"), 60, {"contacts?": "home"}, ("contacts?",)
    ),
    "a dialog that comes later hides nothing": Seen(
        {0: "form", 1: "home", 3: "contacts?"}, "published", "", GONE, 7, {"contacts?": "home"}, ("contacts?",)
    ),
    "a sheet that nobody knows over the form is left alone": Seen(
        {0: "form", 1: "sheet over form"}, "unknown", "upload_timeout", nothing("some_sheet"), 60
    ),
    "a sheet that comes over the form later may ask something of the post": Seen(
        {0: "form", 7: "sheet over form"}, "unknown", "upload_timeout", nothing("some_sheet"), 60
    ),
    "a dialog over the form at the very end": Seen(
        {0: "form", 59: "contacts over form"}, "unknown", "upload_timeout", nothing("contacts_dialog"), 62, {},
        ("contacts over form",),
    ),
    "a sheet that nobody knows over the tabs leaves a doubt": Seen(
        {0: "form", 0.5: "home", 1: "sheet over home"}, "unknown", "upload_timeout", nothing("home"), 60,
        {"sheet over home": "home"}, ("sheet over home",),
    ),
    "an offer that is known leaves none": Seen(
        {0: "form", 0.5: "home", 1: "notifications?"}, "published", "", GONE, 6.5,
        {"notifications?": "home"}, ("notifications?",),
    ),
    "a question of which only the way out is known may ask whether to upload": Seen(
        {0: "form", 0.5: "home", 1: "mobile data?"}, "unknown", "upload_timeout", nothing("home"), 60,
        {"mobile data?": "home"}, ("mobile data?",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WATCHED)
def test_after_the_tap(case: str) -> None:
    seen = WATCHED[case]
    stage = FilmStage("tiktok", seen.film)
    stage.phone.leads.update(seen.leads)
    verdict = stage.watched()
    stage.agrees(seen, verdict)
    assert not verdict.passing


ANEW = "the app was started anew after the tap, so its quiet tabs do not say what became of the post"


@pytest.mark.parametrize(
    ("film", "began_s", "says"),
    [
        ({0: "form", 1: "splash", 3: "home"}, 0.5, ANEW),
        ({0: "form", 1: "uploading", 5: "splash", 6: "home"}, 5.0, ANEW),
        ({0: "form", 1: "splash", 3: "uploading", 9: "home"}, 0.5, RAN),
        ({0: "form", 1: "splash", 3: "own post"}, 0.5, "the app shows it: own_post"),
        ({0: "form", 1: "home"}, None, GONE),
        ({0: "form", 1: "home"}, -0.2, GONE),
    ],
    ids=["at once", "in the upload", "before the upload", "its own post", "not told", "right before"],
)
def test_an_app_that_was_started_anew_after_the_tap_proves_nothing_by_its_tabs(
    film: Film, began_s: float | None, says: str
) -> None:
    """Where the form crashes, Android shows the tabs beneath it: nothing was sent, and no word says so."""
    stage = FilmStage("tiktok", film)
    stage.phone.app_began = None if began_s is None else stage.phone.time.at + began_s
    verdict = stage.watched()
    assert verdict.remark == says
    assert verdict.outcome is (Outcome.UNKNOWN if says == ANEW else Outcome.PUBLISHED)
    assert (verdict.error and verdict.error.code) == ("unproven" if says == ANEW else None)
    assert ("the app was started anew" in stage.attempt.log) is (says == ANEW), "the step log says it"


@pytest.mark.parametrize(
    ("began_s", "answers_after_s", "says"),
    [
        (-0.5, (0.3,), GONE),
        (0.5, (1.0, 0.3), ANEW),
        (0.5, (1.0, 1.0, 1.0), GONE),
        (0.5, (1.0, 1.0, 0.0), ANEW),
    ],
    ids=["at once", "the second at once", "never", "the third at once"],
)
def test_a_slow_answer_about_the_apps_age_is_asked_for_again_at_most_three_times(
    monkeypatch: pytest.MonkeyPatch, began_s: float, answers_after_s: tuple[float, ...], says: str
) -> None:
    """In the time that an answer takes, an app that crashed right after the tap grows older than the tap."""
    stage = FilmStage("tiktok", {0: "form", 1: "home"})
    began = stage.phone.time.at + began_s
    waits = list(answers_after_s)

    def running_s(*_: object) -> float:
        stage.phone.time.at += waits.pop(0)
        return stage.phone.time.at - began

    monkeypatch.setattr(app_age, "running_s", running_s)
    assert stage.watched().remark == says
    assert waits == [], "it is asked no more often than that"


@pytest.mark.parametrize(
    ("names", "are_tabs"),
    [("create_button home_tab", True), ("create_button", False), ("home_tab", False), ("", False)],
)
def test_a_page_that_has_no_name_is_a_tab_where_home_stands_beside_create(names: str, are_tabs: bool) -> None:
    made = DrawnStage("tiktok", {"page": screen("", *names.split(), "other")}, "page")
    assert watch(made.flow).at_home(made.look()) is are_tabs


def test_tabs_whose_touches_something_else_takes_are_no_proof() -> None:
    """A captcha in a web page shows no button at all, only words in a frame that takes the touches."""
    veil = Over(Box((0, 0, 1, 1), clickable=True, inner=[Box((0.2, 0.3, 0.8, 0.34), "Drag the slider")]))
    stage = FilmStage("tiktok", {0: "form", 1: "veiled"})
    stage.phone.screens = lambda name: laid_over(tiktok("home"), veil) if name == "veiled" else tiktok(name)
    verdict = stage.watched()
    assert (verdict.outcome, verdict.remark) == (Outcome.UNKNOWN, nothing("home"))
    stage = FilmStage.after_crash("tiktok", {0: "veiled"}, noted=NOTHING_MORE)
    stage.phone.screens = lambda _: laid_over(tiktok("home"), veil)
    assert stage.look_for_post(proof_timeout_s=60.0).outcome is Outcome.UNKNOWN


def test_quiet_tabs_of_a_phone_without_a_network_prove_nothing() -> None:
    stage = FilmStage("tiktok", {0: "form", 1: "home"})
    stage.phone.system.network = False
    verdict = stage.watched()
    assert (verdict.outcome, verdict.error and verdict.error.code) == (Outcome.UNKNOWN, "unproven")
    assert verdict.remark.startswith("the phone has no network")
    stage = FilmStage("tiktok", {0: "form", 1: "uploading", 5: "home"})
    stage.phone.system.network = False
    assert stage.watched().remark == RAN, "it went out before that"


def test_after_a_crash_of_the_hub_an_app_that_was_started_anew_meanwhile_proves_nothing_by_its_tabs() -> None:
    stage = FilmStage.after_crash("tiktok", {0: "home"}, noted=NOTHING_MORE, passed_s=60)
    stage.phone.app_began = stage.phone.time.at - 50
    verdict = stage.look_for_post(proof_timeout_s=60.0)
    assert (verdict.outcome, verdict.remark) == (Outcome.UNKNOWN, ANEW)


def test_a_dialog_that_the_tap_hit_gives_the_form_a_minute_and_no_more() -> None:
    stage = FilmStage("tiktok", {0: "form", 1: "contacts?"})
    stage.phone.leads["contacts?"] = "form"
    verdict = stage.watched(proof_timeout_s=300.0)
    assert (verdict.outcome, verdict.remark) == (Outcome.NOT_PUBLISHED, STANDS)
    assert verdict.error == TaskError("publish_refused", STANDS, "proof")
    assert stage.took_s() == pytest.approx(61.0)


def test_a_form_without_a_dialog_before_it_has_the_whole_time_for_proof() -> None:
    stage = FilmStage("tiktok", {0: "form", 200: "uploading", 210: "home"})
    assert stage.watched(proof_timeout_s=300.0).remark == RAN


def test_an_upload_that_began_after_all_ends_the_forms_minute() -> None:
    stage = FilmStage("tiktok", {0: "form", 1: "contacts?", 30: "uploading", 50: "form", 55: "home"})
    stage.phone.leads["contacts?"] = "form"
    assert stage.watched(proof_timeout_s=300.0).remark == RAN
    late = FilmStage("tiktok", {0: "form", 1: "contacts?", 30: "uploading", 50: "form"})
    late.phone.leads["contacts?"] = "form"
    assert late.watched(proof_timeout_s=300.0).outcome is Outcome.UNKNOWN


def test_an_upload_that_is_seen_is_noted_once() -> None:
    stage = FilmStage("tiktok", {0: "form", 1: "uploading", 3: "unknown", 5: "uploading", 9: "home"})
    stage.watched()
    assert stage.attempt.log.count("upload in progress") == 1


def test_an_attempt_whose_lease_ends_earlier_ends_with_it() -> None:
    stage = FilmStage("tiktok", {0: "form", 1: "uploading", 20: "home"})
    stage.attempt.deadline = type(stage.attempt.deadline)(stage.phone.time, 10.0)
    assert stage.watched().outcome is Outcome.UNKNOWN
    assert stage.took_s() < 40


@pytest.mark.parametrize(
    ("film", "before", "outcome"),
    [
        ({0: "form", 1: "failed"}, {"upload_failed": 1}, "unknown"),
        ({0: "form", 1: "home"}, {"upload_failed": 1}, "unknown"),
        ({0: "form", 1: "uploading", 5: "home"}, {"uploading": 1}, "unknown"),
        ({0: "form", 1: "uploading", 5: "home"}, {"upload_failed": 1}, "unknown"),
        ({0: "form", 1: "uploading", 5: "failed"}, {"upload_failed": 1}, "unknown"),
    ],
)
def test_signs_that_stood_there_before_are_neither_refusal_nor_proof(
    film: Film, before: dict[str, int], outcome: str
) -> None:
    assert FilmStage("tiktok", film).watched(before=before).outcome == outcome


def test_where_nobody_looked_before_a_notice_that_did_not_stand_beside_our_upload_is_ours() -> None:
    def nobody_looked(flow: Any) -> None:
        flow.earlier_indicators = None

    stage = FilmStage("tiktok", {0: "form", 1: "uploading", 5: "failed"})
    assert stage.watched(bend=nobody_looked).outcome is Outcome.NOT_PUBLISHED
    alone = FilmStage("tiktok", {0: "form", 1: "failed"})
    assert alone.watched(bend=nobody_looked).outcome is Outcome.UNKNOWN


def account(display_name: str) -> Account:
    return Account(id=1, username="demo_01", platform="tiktok", display_name=display_name)


def test_a_post_without_words_is_known_by_the_accounts_name() -> None:
    for shown, known in (("Demo One", True), ("Somebody", False)):
        stage = FilmStage(
            "tiktok", {0: "form", 1: "own post without words"}, caption="", account=account(shown)
        )
        assert (stage.watched().remark == "the app shows it: own_post") is known
    named = FilmStage("tiktok", {0: "form", 1: "own post without words"}, caption="", username="Demo One")
    assert named.watched().remark == "the app shows it: own_post"
    nameless = FilmStage("tiktok", {0: "form", 1: "own post without words"}, caption="", username="")
    assert nameless.watched().remark == GONE


def test_a_long_caption_is_known_by_what_the_app_shows_of_it() -> None:
    stage = FilmStage("tiktok", {0: "form", 1: "own post"}, caption="Hello #world")
    assert stage.watched().remark == "the app shows it: own_post"
    longer = FilmStage("tiktok", {0: "form", 1: "own post"}, caption="Hello #world and some more words")
    assert longer.watched().remark == GONE


# -- after a crash ------------------------------------------------------------------------------------------------

SEEN_LATER = " (seen after a restart)"
NO_SIGN = "the app is at its tabs and shows no sign of the post"
OLD_INDICATORS = "signs of an earlier upload stand there: ours could not be told from it"
NEVER_SENT = "the filled form still stands: the publishing tap was not sent, or did not publish"
ANOTHER = "a form is open that is not known to be this post's"
STILL_STANDS = "the filled form still stands: the tap did not publish"
NOTHING_MORE: dict[str, Any] = {}  #: noted before the tap, beside the indicators


def looked_for(
    film: Film,
    *,
    noted: dict[str, Any] | None = NOTHING_MORE,
    in_front: bool = True,
    proof_s: float = 60.0,
    **more: Any,
) -> tuple[Verdict, FilmStage]:
    stage = FilmStage.after_crash("tiktok", film, noted=noted, **more)
    if not in_front:
        stage.phone.display.front = ""
    return stage.look_for_post(proof_timeout_s=proof_s), stage


SETTLED: dict[str, Seen] = {
    "the tabs, quiet": Seen({0: "home"}, "published", "", GONE + SEEN_LATER, 20),
    "the tabs, after something unknown": Seen(
        {0: "home", 10: "unknown", 12: "home"}, "published", "", GONE + SEEN_LATER, 32
    ),
    "the form, then the tabs": Seen({0: "form", 10: "home"}, "published", "", GONE + SEEN_LATER, 30),
    "the upload ends": Seen({0: "uploading", 9: "home"}, "published", "", RAN + SEEN_LATER, 10),
    "the own post": Seen({0: "own post"}, "published", "", "the app shows the new post" + SEEN_LATER, 0),
    "our form": Seen({0: "form"}, "not_published", "publish_refused", STILL_STANDS, 60),
    "our form, and then the upload": Seen(
        {0: "form", 30: "uploading", 40: "home"}, "published", "", RAN + SEEN_LATER, 41
    ),
    "our form, and then the tabs": Seen({0: "form", 30: "home"}, "published", "", GONE + SEEN_LATER, 50),
    "our form, after something unknown": Seen(
        {0: "form", 10: "unknown", 12: "form"}, "not_published", "publish_refused", STILL_STANDS, 60
    ),
    "our form after the tabs": Seen(
        {0: "home", 5: "form"}, "not_published", "publish_refused", STILL_STANDS, 60
    ),
    "our form for less than its time": Seen(
        {0: "unknown", 50: "form"}, "unknown", "upload_timeout",
        "nothing on the phone says what became of the post; it shows post_screen", 60,
    ),
    "another form": Seen({0: "another form"}, "unknown", "upload_timeout", ANOTHER, 20),
    "an empty form": Seen({0: "empty form"}, "unknown", "upload_timeout", ANOTHER, 20),
    "a notice of failure": Seen({0: "failed"}, "not_published", "upload_failed", "TikTok says that the upload failed", 0),
    "the log-in": Seen({0: "login"}, "unknown", "not_logged_in", "TikTok asks to log in", 0),
    "a block": Seen({0: "blocked"}, "unknown", "account_blocked", "TikTok says that the account is blocked", 0),
    "a question about the post": Seen(
        {0: "publicly?"}, "unknown", "upload_timeout", "the app asks: publish_publicly", 0
    ),
    "a sheet over the form": Seen({0: "sheet over form"}, "unknown", "upload_timeout", "the app asks: some_sheet", 0),
    "a dialog that is known": Seen(
        {0: "contacts?"}, "published", "", GONE + SEEN_LATER, 20, {"contacts?": "home"}, ("contacts?",)
    ),
    "a sheet that nobody knows": Seen(
        {0: "sheet over home"}, "unknown", "upload_timeout", NO_SIGN, 20, {"sheet over home": "home"}, ("sheet over home",)
    ),
    "an upload that does not end": Seen(
        {0: "uploading"}, "unknown", "upload_timeout",
        "nothing on the phone says what became of the post; it shows uploading", 60,
    ),
    "a screen that nobody knows": Seen(
        {0: "unknown"}, "unknown", "upload_timeout",
        "nothing on the phone says what became of the post; it shows an unknown screen", 60,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTLED)
def test_a_look_after_a_crash_past_a_tap_that_was_sent(case: str) -> None:
    seen = SETTLED[case]
    verdict, stage = looked_for(seen.film, leads=seen.leads)
    stage.agrees(seen, verdict)


def test_a_form_must_stand_as_long_where_no_tap_was_noted_since_the_power_may_have_gone_right_after_it() -> (
    None
):
    for film in ({0: "form"}, {0: "home", 5: "form"}):
        verdict, stage = looked_for(film, sent=False)
        assert (verdict.outcome, verdict.remark) == (Outcome.NOT_PUBLISHED, NEVER_SENT)
        assert stage.took_s() == pytest.approx(60)
    verdict, _ = looked_for({0: "form", 30: "uploading", 40: "home"}, sent=False)
    assert (verdict.outcome, verdict.remark) == (Outcome.PUBLISHED, RAN + SEEN_LATER)


@pytest.mark.parametrize(
    ("passed_s", "looked_s"), [(0, 300), (100, 200), (270, 30), (290, 20), (5000, 20), (-60, 300)]
)
def test_the_time_that_a_form_must_stand_is_counted_from_the_tap(passed_s: float, looked_s: float) -> None:
    verdict, stage = looked_for({0: "form"}, passed_s=passed_s, proof_s=300.0)
    assert (verdict.outcome, verdict.remark) == (Outcome.NOT_PUBLISHED, STILL_STANDS)
    assert stage.took_s() == pytest.approx(looked_s, abs=10.0)


def test_a_form_without_words_may_be_anybodys_and_leaves_it_open() -> None:
    for sent in (False, True):
        verdict, stage = looked_for({0: "empty form"}, sent=sent, caption="")
        assert (verdict.outcome, verdict.remark) == (Outcome.UNKNOWN, ANOTHER)
        assert stage.took_s() == pytest.approx(20)


def test_a_sheet_that_came_over_the_form_at_the_very_end_leaves_it_open() -> None:
    verdict, stage = looked_for({0: "form", 58: "contacts over form"})
    said = "nothing on the phone says what became of the post; it shows contacts_dialog"
    assert (verdict.outcome, verdict.remark) == (Outcome.UNKNOWN, said)
    assert stage.phone.taps == ["contacts over form"]


def test_quiet_tabs_prove_nothing_where_the_tap_was_not_noted_or_the_app_had_to_be_started() -> None:
    assert looked_for({0: "home"}, sent=False)[0].remark == NO_SIGN
    verdict, stage = looked_for({0: "home"}, in_front=False)
    assert verdict.remark == NO_SIGN
    assert stage.way == ["start the app"]


@pytest.mark.parametrize(
    ("passed_s", "outcome"), [(0, "published"), (880, "published"), (3600, "unknown"), (-60, "unknown")]
)
def test_quiet_tabs_prove_nothing_long_after_the_tap(passed_s: float, outcome: str) -> None:
    """Somebody may have used the phone, or Android has thrown the app out and started it anew, without the form."""
    verdict, _ = looked_for({0: "home"}, passed_s=passed_s)
    assert verdict.outcome == outcome
    again, _ = looked_for({0: "own post"}, passed_s=passed_s)
    assert again.outcome is Outcome.PUBLISHED


def test_a_post_with_the_same_words_that_is_older_than_the_tap_proves_nothing() -> None:
    """The same clip for another account of this phone, a few minutes before; what a page that stands says does not count on."""
    film = {0: "the same post of before"}
    assert looked_for(film, in_front=False)[0].outcome is Outcome.UNKNOWN
    assert looked_for(film, in_front=False, passed_s=170)[0].outcome is Outcome.UNKNOWN
    assert looked_for(film, in_front=False, passed_s=200)[0].outcome is Outcome.PUBLISHED


@pytest.mark.parametrize("shown", ["the app was away", "a sheet that nobody knows"])
def test_what_a_look_that_was_cut_off_has_changed_proves_nothing_to_the_next_look(shown: str) -> None:
    away = shown == "the app was away"
    stage = FilmStage.after_crash(
        "tiktok",
        {0: "home" if away else "sheet over home"},
        noted=NOTHING_MORE,
        leads={"sheet over home": "home"},
    )
    if away:
        stage.phone.display.front = ""
    stage.phone.lost["observe_change"] = PhoneOffline("the cable was pulled")
    with pytest.raises(PhoneOffline):
        stage.look_for_post()
    stage.phone.lost.clear()
    assert stage.phone.foreground_package() == stage.phone.package
    verdict = stage.look_for_post()
    assert (verdict.outcome, verdict.remark) == (Outcome.UNKNOWN, NO_SIGN)
    DraftMemory(stage.memory, stage.phone.serial, stage.phone.package).note_before(
        7, {}, at=stage.phone.time.now()
    )
    assert stage.look_for_post().remark == GONE + SEEN_LATER, "a later attempt is another matter"


def test_an_upload_that_was_seen_proves_it_even_where_the_app_had_to_be_started() -> None:
    verdict, stage = looked_for({0: "uploading", 5: "home"}, in_front=False, sent=False)
    assert verdict.outcome is Outcome.PUBLISHED
    assert stage.took_s() == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("film", "before", "noted"),
    [
        ({0: "failed"}, {"upload_failed": 1}, NOTHING_MORE),
        ({0: "failed"}, None, None),
        ({0: "home"}, {"uploading": 1}, NOTHING_MORE),
    ],
)
def test_signs_of_before_the_tap_leave_it_open(
    film: Film, before: dict[str, int] | None, noted: dict[str, Any] | None
) -> None:
    verdict, _ = looked_for(film, before=before, noted=noted)
    assert (verdict.outcome, verdict.remark) == (Outcome.UNKNOWN, OLD_INDICATORS)


def test_a_look_takes_forty_seconds_at_least_and_the_time_for_proof_where_that_is_longer() -> None:
    for proof_s, looked_s in ((10.0, 40.0), (100.0, 100.0)):
        verdict, stage = looked_for({0: "unknown"}, proof_s=proof_s)
        assert verdict.outcome is Outcome.UNKNOWN
        assert stage.took_s() == pytest.approx(looked_s)


def test_what_was_noted_of_another_task_counts_for_nothing() -> None:
    stage = FilmStage.after_crash("tiktok", {0: "failed"})
    DraftMemory(stage.memory, stage.phone.serial, stage.phone.package).note_before(8, {})
    assert stage.look_for_post().remark == OLD_INDICATORS


@pytest.mark.parametrize(
    ("film", "step"),
    [
        ({0: "login"}, "login"),
        ({0: "failed"}, "upload_failed"),
        ({0: "form"}, "settle"),
        ({0: "publicly?"}, "publish_publicly"),
        ({0: "sheet over form"}, "some_sheet"),
        ({0: "home", 1: "unknown"}, "proof"),
    ],
)
def test_a_look_names_the_screen_on_which_it_was_decided(film: Film, step: str) -> None:
    verdict, _ = looked_for(film)
    assert verdict.error is not None
    assert (verdict.error.step, verdict.error.message) == (step, verdict.remark)


@pytest.mark.parametrize(
    ("film", "step"),
    [
        ({0: "form", 1: "login"}, "login"),
        ({0: "form", 1: "failed"}, "upload_failed"),
        ({0: "form", 1: "blocked"}, "account_blocked"),
        ({0: "form", 1: "uploading", 2: "blocked"}, "account_blocked"),
        ({0: "form", 1: "unknown"}, "proof"),
    ],
)
def test_the_watch_names_the_screen_on_which_it_was_decided(film: Film, step: str) -> None:
    verdict = FilmStage("tiktok", film).watched()
    assert verdict.error is not None
    assert (verdict.error.step, verdict.error.message) == (step, verdict.remark)
