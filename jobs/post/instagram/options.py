"""Options of Instagram's share screen: the AI label that was asked for, and what stands there although nobody asked for it."""

from __future__ import annotations

from jobs.content.plan import same_user
from jobs.post.flow.flow import Flow
from jobs.post.screens.element import same_row
from jobs.post.screens.labels import without_marks
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode


def check_poster(flow: Flow, sight: Sight) -> None:
    """Where the form says as whom it posts, it must be the account whose profile was read.

    Raises:
        ScriptFailed: it is another one.
    """
    for said in sight.index.find_all("posting_as_text"):
        name = without_marks(said.says).rpartition(" ")[2].lstrip("@")
        if flow.account_seen and not same_user(name, flow.account_seen):
            raise ScriptFailed(
                ErrorCode.WRONG_ACCOUNT,
                f"the form posts as {name}, not as {flow.account_seen}",
                step=sight.name,
            )


def tell_unasked(flow: Flow, sight: Sight) -> None:
    """Say with the outcome what the form has from the last time, as far as it is in view: who may see the post, and where else
    it goes. It is left as it is: the account may be meant to post so.
    """
    value = sight.find("audience_value")
    if value is not None and not sight.has("audience_everyone"):
        flow.tell(f"; its audience was not everyone: {value.says}")
    if sight.has("trial_on"):
        flow.tell("; it was shared as a trial, which followers do not see")
    for switch in sight.index.find_all("also_on_switches"):
        beside = [n for n in sight.index.nodes if n.text and same_row(n.bounds, switch.bounds)]
        name = " · ".join(n.text for n in sorted(beside, key=lambda n: (n.bounds[1], n.bounds[0])))
        if name:
            flow.tell(f"; the form had switched on that it is shared to {name} too")


def set_options(flow: Flow, sight: Sight) -> Sight:
    """Set on the share screen what was asked for."""
    return _set_ai_label(flow, sight) if flow.plan.config.ai_label else sight


def _set_ai_label(flow: Flow, sight: Sight) -> Sight:
    """Switch the AI label on and see that it is."""
    with flow.option("ai label"):
        sight, found = flow.scroll_to(sight, "ai_label_switch")
        if found is None:
            raise ScriptFailed(
                ErrorCode.OPTION_NOT_SET, "the AI label is not on the share screen", step="ai label"
            )
        if sight.has("ai_label_on"):
            return sight
        flow.driver.tap(found)
        sight = flow.driver.until(sight, lambda s: s.name != "share_screen" or s.has("ai_label_on"), 5.0)
        sight = flow.reach(sight, "share_screen")
        if not sight.has("ai_label_on"):
            sight, _ = flow.scroll_to(sight, "ai_label_on")
        if not sight.has("ai_label_on"):
            raise ScriptFailed(ErrorCode.OPTION_NOT_SET, "the AI label does not switch on", step="ai label")
        return sight


def scroll_up_to(flow: Flow, sight: Sight, element: str) -> Sight:
    """Scroll back until an element is there."""
    for _ in range(5):
        if sight.has(element):
            return sight
        before = sight.tree
        flow.driver.swipe_down(sight)
        sight = flow.reach(flow.driver.wait_change(sight, 1.5), "share_screen")
        if sight.tree.same_as(before):
            break
    flow.need(sight, element)
    return sight
