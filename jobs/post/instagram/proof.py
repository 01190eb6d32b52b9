"""What counts as proof that Instagram published, and how a post is looked for after a crash."""

from __future__ import annotations

from jobs.content.plan import same_user
from jobs.hub.platforms import PostKind
from jobs.post.flow.indicators import new_indicators
from jobs.post.flow.look_for_post import PostSearch
from jobs.post.flow.proof import Watch, published, unknown
from jobs.post.instagram.flow import InstagramFlow
from jobs.post.instagram.reading import name_of, post_count, tile_of
from jobs.post.screens.readback import field_text, same_text
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import Verdict
from storage.error_codes import ErrorCode

_FORMS = frozenset({"share_screen", "caption_editor", "story_editor", "story_share_sheet"})
_TABS = frozenset({"home", "own_profile"})
#: After a crash the app must have been quiet at its tabs for this long before the profile is asked.
QUIET_S = 5.0
#: Without any upload row the profile is asked after this long.
PROFILE_AFTER_S = 2.0
#: The grid of the profile is often stale: looks at it, and the pause between them.
PROFILE_LOOKS = 4
PROFILE_PAUSE_S = 5.0


def watch(flow: InstagramFlow) -> Watch:
    """The watch for an Instagram post that was just sent."""
    return Watch(
        flow,
        at_home=lambda s: s.name in _TABS,
        on_form=lambda s: s.name in _FORMS,
        quiet_is_proof=False,
        look_deeper=lambda s, w: _look_deeper(flow, s, w),
        quiet_s=PROFILE_AFTER_S,
        tells={
            "limited_reach": "; Instagram says that it may get limited reach",
            "also_share": "; Instagram asked where else to share it, and that was left as it stood",
        },
        offered=lambda s: flow.plan.kind is not PostKind.STORY and s.has("posted_offer"),
        look_at_once=lambda s: _new_ring(flow, s),
    )


def _look_deeper(flow: InstagramFlow, sight: Sight, seen: Watch) -> Verdict | None:
    """The upload row is gone, or never came: the profile or the tray of stories tells."""
    if flow.plan.kind is PostKind.STORY:
        return _old_ring(flow, sight)
    if not flow.shows_all_indicators(sight) and not flow.feed_looked_at:
        flow.feed_looked_at = True
        flow.to_feed(sight)
        return None  # a refusal would stand there
    if flow.posts_before is None and not flow.tile_before:
        return None
    if not seen.saw_progress and not flow.profile_fresh and seen.indicators.before:
        return None  # what the profile said before may have been stale: a higher number proves nothing
    return _by_profile(flow, sight)


def _by_profile(flow: InstagramFlow, sight: Sight) -> Verdict | None:
    """The profile's count or newest tile against what they were before the tap."""
    flow.attempt.note("no upload row: looking at the profile")
    for _ in range(PROFILE_LOOKS):
        sight = to_profile(flow, sight)
        if sight.name != "own_profile":
            return None
        name, ours = name_of(sight), flow.account_seen or flow.attempt.task.account_known
        if ours and not same_user(name, ours):
            # A person may have changed it since a crash: what another account has posted says nothing.
            flow.attempt.note("the profile is not that of the account that was posted to", shown=name)
            return None
        count, tile = post_count(sight), tile_of(sight)
        if flow.posts_before is not None and count is not None and count > flow.posts_before:
            return published(f"the profile counts {count} posts, {flow.posts_before} before")
        if count is None and tile and tile != flow.tile_before:
            return published(f"the profile's newest tile is new: {tile}")
        flow.driver.swipe_down(sight)
        sight = flow.driver.wait_change(sight, PROFILE_PAUSE_S)
        if sight.kind in ("success", "failure", "progress"):
            return None  # the row is back: the watch judges it
    return None


def to_profile(flow: InstagramFlow, sight: Sight) -> Sight:
    """Go to the own profile from any tab; nothing is changed by that."""
    if sight.name == "home":
        flow.driver.tap(flow.need(sight, "profile_tab"))
        sight = flow.driver.until(sight, lambda s: s.name != "home", 8.0)
    return sight


def _new_ring(flow: InstagramFlow, sight: Sight) -> Verdict | None:
    """The ring around the own bubble of the tray appears when the story is up."""
    if flow.plan.kind is PostKind.STORY and sight.has("own_ring") and flow.ring_before is False:
        return published("the own story stands in the tray")
    return None


def _old_ring(flow: InstagramFlow, sight: Sight) -> Verdict | None:
    """An account that already had a story keeps its ring, and nothing else on the screen speaks of stories."""
    if flow.ring_before is not False and sight.has("own_ring"):
        return unknown(
            ErrorCode.UNPROVEN,
            "the account had a story before, so its ring does not say whether the new one is up",
        )
    return None


def look_for_post(flow: InstagramFlow) -> Verdict:
    """Look for the post of an attempt that died after its commit point."""
    return PostSearch(
        flow,
        tabs=_TABS,
        forms=_FORMS,
        quiet_s=QUIET_S,
        quiet_after_progress_s=QUIET_S,
        is_proof=lambda s: published("the app says that it is posted") if s.kind == "success" else None,
        at_tabs=lambda s, _: _look_at_profile(flow, s),
        # A story has no words: the editor may as well hold one that a person is making.
        is_our_form=lambda s: (
            bool(flow.plan.description) and same_text(flow.plan.description, field_text(s, "caption_field"))
        ),
    ).run()


def _look_at_profile(flow: InstagramFlow, sight: Sight) -> Verdict:
    """No sign on the feed: the profile against what it said before the tap."""
    nothing = unknown(ErrorCode.UPLOAD_TIMEOUT, "the app is at its tabs and shows no sign of the post")
    flow.posts_before, flow.tile_before, flow.profile_fresh = flow.drafts.profile_before(flow.attempt.task.id)
    if flow.plan.kind is PostKind.STORY or flow.posts_before is None or not flow.profile_fresh:
        return nothing
    return _by_profile(flow, sight) or nothing


def shows_new_post(flow: InstagramFlow, sight: Sight) -> str:
    """What says, at the tabs, that something was posted since the flow read the profile; "" when nothing does."""
    seen = new_indicators(flow.driver, flow.earlier_indicators, sight)
    if seen or flow.posts_before is None:
        return seen
    if sight.name == "home" and flow.plan.kind is PostKind.STORY:
        return "a new story in the tray" if sight.has("own_ring") and flow.ring_before is False else ""
    sight = to_profile(flow, sight)
    if sight.name != "own_profile":
        return ""
    count = post_count(flow.refresh_profile(sight))
    if count is not None and count > flow.posts_before:
        return f"the profile counts {count} posts, {flow.posts_before} before"
    return ""
