"""What counts as proof that TikTok published, and how a post is looked for after a crash."""

from __future__ import annotations

import re

from jobs.phone import app_age
from jobs.phone.network import is_offline
from jobs.post.flow.look_for_post import PostSearch
from jobs.post.flow.proof import Watch, published, started_anew, unknown
from jobs.post.screens.labels import normalise
from jobs.post.screens.readback import field_text, same_text
from jobs.post.screens.recognise import Sight
from jobs.post.tiktok.flow import TikTokFlow
from jobs.task.attempt import Verdict
from storage.error_codes import ErrorCode
from storage.records import Stage

_TABS = frozenset({"home", "own_profile", "own_post"})
#: After a crash the app must have been quiet at its tabs for this long before nothing more is expected.
QUIET_S = 20.0
#: How old a post says it is: "· 2s ago", "· 3m ago".
_AGE = re.compile(r"(\d+) ?(s|m)")
#: By so much a post may seem older than the tap that made it: the app rounds.
AGE_SLACK_S = 2.0
#: No app is back at its tabs sooner than this after it crashed; a question that took longer is asked again, so often in all.
AGE_ANSWERED_S, AGE_ASKED = 0.3, 3
#: So much of a caption the app shows under a post before it cuts it off.
CAPTION_SHOWN = 20


def watch(flow: TikTokFlow) -> Watch:
    """The watch for a TikTok post that was just sent."""
    clock = flow.attempt.clock
    sent = clock.monotonic()
    ages = _Ages()
    return Watch(
        flow,
        at_home=_is_at_tabs,
        on_form=lambda s: s.name == "post_screen",
        quiet_is_proof=True,
        look_deeper=_landed,
        doubtful=_is_unsettled,
        is_ours=lambda s: shows_ours(flow, s),
        restarted=lambda since: _restarted(flow, since),
        is_older=lambda s: ages.are_older(s, clock.monotonic() - sent),
    )


def shows_ours(flow: TikTokFlow, sight: Sight) -> bool:
    """Whether a post a moment old is this task's: its caption, else its account's name, stands there."""
    if sight.name != "own_post":
        return False
    texts = [normalise(n.text) for n in sight.index.nodes if n.text]
    caption = normalise(flow.plan.description)[:CAPTION_SHOWN]
    if caption:
        return any(text.startswith(caption) for text in texts)
    account = flow.attempt.account
    names = {normalise(n) for n in (flow.plan.username, account.display_name if account else "") if n}
    return bool(names.intersection(texts))


def _restarted(flow: TikTokFlow, since: float) -> bool:
    """Whether the app was started since this monotonic time.

    An app whose form crashes is shown at its tabs again by Android, with no word of the crash.
    """
    clock = flow.attempt.clock
    for _ in range(AGE_ASKED):
        asked = clock.monotonic()
        age_s = app_age.running_s(flow.phone, flow.plan.package)
        if age_s is None:
            return False
        if age_s < asked - since:
            flow.attempt.note("the app was started anew", ago_s=round(age_s, 1))
            return True
        if clock.monotonic() - asked <= AGE_ANSWERED_S:
            break  # in a slower answer, an app that crashed at once would have grown too old
    return False


def _is_at_tabs(sight: Sight) -> bool:
    """Whether the app's tabs are in front. Where something that nobody sees takes their touches, they are not."""
    if sight.veiled:
        return False
    return sight.name in _TABS or (sight.has("create_button") and sight.has("home_tab"))


class _Ages:
    """The posts that were there before the tap: another account may have posted the same some minutes ago."""

    def __init__(self) -> None:
        self._old: set[str] = set()  #: what they say of their age; a page that stands does not count on

    def are_older(self, sight: Sight, since_tap_s: float) -> bool:
        """Whether the post that is shown is one of them."""
        found = sight.find("post_age")
        says = normalise(found.says) if found is not None else ""
        number = _AGE.search(says)
        age_s = int(number[1]) * (60 if number[2] == "m" else 1) if number is not None else 0
        if age_s > since_tap_s + AGE_SLACK_S:
            self._old.add(says)
        return says in self._old


def _is_unsettled(sight: Sight) -> bool:
    """A button to try again, words of a failure that stand alone, or of an upload that still runs: something may have failed.

    Nobody has shown what a failed upload's notice looks like, and builds differ in how they show a running one.
    """
    return sight.has("retry_button") or sight.has("failed_words") or sight.has("upload_elsewhere")


def _landed(sight: Sight, seen: Watch) -> Verdict | None:
    """Back at the tabs without ever having seen the badge: two of the three indicators (it can be too quick to be seen)."""
    if seen.indicators.before or seen.indicators.failure_stands(sight):
        return None  # an earlier upload's sign stands there: a failure of ours could not be told from it
    if seen.left_form and not seen.hit_dialog and not seen.closed_unknown:
        if seen.restarted(seen.sent):
            return started_anew()
        if is_offline(seen.flow.phone):
            return unknown(
                ErrorCode.UNPROVEN,
                "the phone has no network, so the app's quiet tabs do not say that the post was sent",
            )
        return published("the form is gone and the app is back at its tabs, with no upload left")
    return None


def look_for_post(flow: TikTokFlow) -> Verdict:
    """Look for the post of an attempt that died after its commit point; the flow has not touched anything."""
    clock, task_id, ages = flow.attempt.clock, flow.attempt.task.id, _Ages()

    def older(sight: Sight) -> bool:
        since_tap_s = flow.drafts.since_tap_s(task_id, clock.now())
        return since_tap_s is not None and ages.are_older(sight, since_tap_s)

    return PostSearch(
        flow,
        tabs=_TABS,
        forms=("post_screen",),
        quiet_s=QUIET_S,
        quiet_after_progress_s=1.0,
        is_proof=lambda s: (
            published("the app shows the new post") if shows_ours(flow, s) and not older(s) else None
        ),
        at_tabs=lambda s, seen: _at_tabs(flow, s, seen),
        is_our_form=lambda s: (
            bool(flow.plan.description)
            and s.has("post_button")
            and same_text(flow.plan.description, field_text(s, "description_field"))
        ),
    ).run()


def _at_tabs(flow: TikTokFlow, sight: Sight, seen: PostSearch) -> Verdict:
    """The app is quiet at its tabs."""
    indicators = seen.indicators
    if indicators.failure_stands(sight) or indicators.before or _is_unsettled(sight):
        return unknown(
            ErrorCode.UPLOAD_TIMEOUT, "signs of an earlier upload stand there: ours could not be told from it"
        )
    if indicators.saw_progress:
        return published("the upload ran to its end and the app is back at its tabs")
    if flow.found_in_front and flow.attempt.task.stage is Stage.VERIFYING and not seen.closed_unknown:
        # The tap was sent; had it not worked, the form would still stand there.
        since_tap_s = flow.drafts.since_tap_s(flow.attempt.task.id, flow.attempt.clock.now())
        if since_tap_s is not None and _restarted(flow, flow.attempt.clock.monotonic() - since_tap_s):
            return started_anew()
        return published("the form is gone and the app is back at its tabs, with no upload left")
    return unknown(ErrorCode.UPLOAD_TIMEOUT, "the app is at its tabs and shows no sign of the post")
