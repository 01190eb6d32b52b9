"""What counts as proof that TikTok published, and how a post is looked for after a crash."""

from __future__ import annotations

from jobs.post.flow.look_for_post import PostSearch
from jobs.post.flow.proof import Watch, published, unknown
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
#: So much of a caption the app shows under a post before it cuts it off.
CAPTION_SHOWN = 20


def watch(flow: TikTokFlow) -> Watch:
    """The watch for a TikTok post that was just sent."""
    return Watch(
        flow,
        at_home=lambda s: s.name in _TABS or s.has("create_button"),
        on_form=lambda s: s.name == "post_screen",
        quiet_is_proof=True,
        look_deeper=_landed,
        doubtful=_offers_retry,
        is_ours=lambda s: shows_ours(flow, s),
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


def _offers_retry(sight: Sight) -> bool:
    """A button to try again, or words of a failure that stand alone: something may have failed.

    Nobody has shown what a failed upload's notice looks like.
    """
    return sight.has("retry_button") or sight.has("failed_words")


def _landed(sight: Sight, seen: Watch) -> Verdict | None:
    """Back at the tabs without ever having seen the badge: two of the three indicators (it can be too quick to be seen)."""
    if seen.indicators.before or seen.indicators.failure_stands(sight):
        return None  # an earlier upload's sign stands there: a failure of ours could not be told from it
    if seen.left_form and not seen.hit_dialog and not seen.closed_unknown:
        return published("the form is gone and the app is back at its tabs, with no upload left")
    return None


def look_for_post(flow: TikTokFlow) -> Verdict:
    """Look for the post of an attempt that died after its commit point; the flow has not touched anything."""
    return PostSearch(
        flow,
        tabs=_TABS,
        forms=("post_screen",),
        quiet_s=QUIET_S,
        quiet_after_progress_s=1.0,
        is_proof=lambda s: published("the app shows the new post") if shows_ours(flow, s) else None,
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
    if indicators.failure_stands(sight) or indicators.before or _offers_retry(sight):
        return unknown(
            ErrorCode.UPLOAD_TIMEOUT, "signs of an earlier upload stand there: ours could not be told from it"
        )
    if indicators.saw_progress:
        return published("the upload ran to its end and the app is back at its tabs")
    if flow.found_in_front and flow.attempt.task.stage is Stage.VERIFYING and not seen.closed_unknown:
        # The tap was sent; had it not worked, the form would still stand there.
        return published("the form is gone and the app is back at its tabs, with no upload left")
    return unknown(ErrorCode.UPLOAD_TIMEOUT, "the app is at its tabs and shows no sign of the post")
