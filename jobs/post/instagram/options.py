"""Options of Instagram's share screen that were asked for: the AI label. Not settable means not posted."""

from __future__ import annotations

from jobs.post.flow.flow import Flow
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode


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
