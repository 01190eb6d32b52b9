"""What counts as proof that TikTok published, and how a post is looked for after a crash."""

from __future__ import annotations

from jobs.attempt import Verdict
from jobs.clock import Deadline
from jobs.post.proof import Watch, published, refused, unknown
from jobs.post.recognise import Sight
from jobs.post.texts import same_text
from jobs.post.tiktok import TikTokFlow, says

_TABS = frozenset({"home", "own_profile", "friends", "own_post"})
#: After a crash the form must have stood still for this long before that means "never sent".
FORM_STANDS_S = 20.0
#: ... and the app must have been quiet at its tabs for this long before nothing more is expected.
QUIET_S = 20.0


def watch(flow: TikTokFlow) -> Watch:
    """The watch for a TikTok post that was just sent."""
    return Watch(
        flow,
        at_home=lambda s: s.name in _TABS or s.has("create_button"),
        on_form=lambda s: s.name == "post_screen",
        quiet_is_proof=True,
        look_deeper=_landed,
    )


def _landed(sight: Sight, seen: Watch) -> Verdict | None:
    """Back at the tabs without ever having seen the badge: two of the three signs (it can be too quick to be seen)."""
    if seen.old_traces or sight.has("failed_notice"):
        return None  # an earlier upload's sign stands there: a failure of ours could not be told from it
    if seen.left_form and not seen.hit_dialog:
        return published("the form is gone and the app is back at its tabs, with no upload left")
    return None


def settle(flow: TikTokFlow, *, in_front: bool) -> Verdict:
    """Look for the post of an attempt that died after its commit point.

    Args:
        flow: a flow that has not touched anything.
        in_front: the app was in front when we came, as the attempt had left it.
    """
    clock = flow.attempt.clock
    deadline = Deadline(clock, flow.posting.proof_timeout_s)
    form: Deadline | None = None
    quiet: Deadline | None = None
    saw_progress = False
    sight = flow.hands.look()
    while not deadline.expired:
        if sight.kind == "interruption":
            screen = sight.screen
            if screen is not None and screen.phase == "after":
                return unknown("upload_timeout", f"the app asks: {sight.name}", step=sight.name)
            sight = flow.dismiss_any(sight)
            continue
        if sight.kind in ("human", "failure"):
            screen = sight.screen
            code, text = (screen.error, screen.says) if screen else ("ui_changed", sight.name)
            if sight.kind == "failure":
                return refused(code, text, step=sight.name)
            return unknown(code, text, step=sight.name)
        if sight.name == "own_post":
            return published("the app shows the new post")
        if sight.kind == "progress":
            saw_progress, form, quiet = True, None, None
        elif sight.name == "post_screen":
            quiet = None
            form = form or Deadline(clock, FORM_STANDS_S)
            if form.expired:
                return _form_stands(flow, sight)
        elif sight.name in _TABS:
            form = None
            quiet = quiet or Deadline(clock, 1.0 if saw_progress else QUIET_S)
            if quiet.expired:
                if saw_progress:
                    return published("the upload ran to its end and the app is back at its tabs")
                if in_front and not sight.has("failed_notice"):
                    # Had the tap not been sent, the form would still stand there.
                    return published("the form is gone and the app is back at its tabs, with no upload left")
                return unknown("upload_timeout", "the app is at its tabs and shows no sign of the post")
        wait_s = min(5.0, max(0.1, deadline.remaining_s))
        for limit in (form, quiet):
            if limit is not None:
                wait_s = min(wait_s, max(0.1, limit.remaining_s))
        sight = flow.hands.wait_change(sight, wait_s)
    return unknown(
        "upload_timeout",
        f"nothing on the phone says what became of the post; it shows {sight.name or 'an unknown screen'}",
    )


def _form_stands(flow: TikTokFlow, sight: Sight) -> Verdict:
    if sight.has("post_button") and same_text(flow.plan.description, says(sight, "description_field")):
        return refused(
            "interrupted",
            "the filled form still stands: the publishing tap was never sent",
            step="settle",
        )
    return unknown("upload_timeout", "a post screen is open that is not this post's")
