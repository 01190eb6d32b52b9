"""Options of TikTok's post screen that were asked for: product link and AI label. Not settable means not posted."""

from __future__ import annotations

from jobs.post.flow.flow import Flow
from jobs.post.screens.labels import normalise
from jobs.post.screens.recognise import Sight
from jobs.post.tiktok.sound_page import not_set

SHEET_S = 8.0
#: A showcase that shows nothing to add may still be loading.
LOADING_S = 5.0


def set_options(flow: Flow, sight: Sight) -> Sight:
    """Set on the post screen what was asked for."""
    if sight.has("visibility_row") and not sight.has("visible_to_everyone"):
        row = flow.need(sight, "visibility_row")
        flow.tell(f"; the account does not publish for everyone: {row.says}")
    if sight.has("story_too_on"):
        flow.tell("; the form had switched on that it is posted to the story too")
    for app in sight.index.find_all("share_to_on"):
        flow.tell(f"; the form had switched on that it is shared to {app.says} too")
    if flow.plan.config.add_product_link:
        sight = _add_product_link(flow, sight)
    if flow.plan.config.ai_label:
        sight = _set_ai_label(flow, sight)
    return sight


def _set_ai_label(flow: Flow, sight: Sight) -> Sight:
    """Switch "AI-generated content" on under "More options", and see that it is."""
    with flow.option("ai label"):
        if not sight.has("ai_label_text"):
            sight, row = flow.scroll_to(sight, "more_options_row")
            if row is None:
                raise not_set('the post screen has no "More options"', step="ai label")
            sight = flow.press(sight, "more_options_row", timeout_s=SHEET_S)
            sight = flow.reach(sight, "more_options", timeout_s=SHEET_S)
            sight, text = flow.scroll_to(sight, "ai_label_text")
            if text is None:
                raise not_set('"More options" has no AI label', step="ai label")
        if not sight.has("ai_label_on"):
            sight = _switch_on(flow, sight)
        if not sight.has("ai_label_on"):
            raise not_set("the AI label does not switch on", step="ai label")
        return flow.close_sheets(sight, "post_screen", by="sheet_close")


def _switch_on(flow: Flow, sight: Sight) -> Sight:
    flow.driver.tap(flow.need(sight, "ai_label_switch"))
    sight = flow.driver.until(sight, lambda s: s.has("ai_label_on") or s.name != "more_options", 4.0)
    sight = flow.reach(sight, "more_options", "ai_label_notice", timeout_s=SHEET_S)
    if sight.name == "ai_label_notice":
        sight = flow.press(sight, "turn_on_button", timeout_s=SHEET_S)
    sight = flow.reach(sight, "more_options", timeout_s=SHEET_S)
    if not sight.has("ai_label_on"):
        sight = flow.driver.until(sight, lambda s: s.has("ai_label_on"), 3.0)
    return sight


def _add_product_link(flow: Flow, sight: Sight) -> Sight:
    """Add the first product of the account's showcase, and see that the row names it."""
    with flow.option("product link"):
        sight, row = flow.scroll_to(sight, "add_link_row")
        if row is None:
            raise not_set('the post screen has no "Add link"', step="product link")
        sight = flow.press(sight, "add_link_row", timeout_s=SHEET_S)
        sight = flow.reach(sight, "link_menu", "product_list", timeout_s=SHEET_S)
        if sight.name == "link_menu":
            if not sight.has("product_entry"):
                raise not_set(
                    "the account cannot add product links: the menu has no product", step="product link"
                )
            sight = flow.press(sight, "product_entry", timeout_s=SHEET_S)
            sight = flow.reach(sight, "product_list", timeout_s=SHEET_S)
        if not sight.has("product_add"):
            sight = flow.driver.until(
                sight, lambda s: s.name != "product_list" or s.has("product_add"), LOADING_S
            )
            sight = flow.reach(sight, "product_list", timeout_s=SHEET_S)
        if not sight.has("product_add"):
            raise not_set("the account's showcase is empty", step="product link")
        product = _title_beside(sight, "product_add")
        sight = flow.press(sight, "product_add", timeout_s=SHEET_S)
        sight = flow.wait_until_known(sight)
        if sight.name == "product_confirm":
            sight = flow.press(sight, "product_confirm_button", timeout_s=SHEET_S)
        sight = flow.reach(sight, "post_screen", timeout_s=SHEET_S)
        if not _link_shown(sight, product):
            sight = flow.driver.until(sight, lambda s: _link_shown(s, product), 3.0)
        if not _link_shown(sight, product):
            raise not_set("the post screen does not show the product link", step="product link")
        return sight


def _title_beside(sight: Sight, element: str) -> str:
    """The name of the product in whose row the button stands."""
    button = sight.find(element)
    if button is None:
        return ""
    x1, y1, _, y2 = button.bounds
    top = y1 - (y2 - y1) * 3 // 2  # the name stands over the price, beside the button
    beside = [n for n in sight.index.nodes if n.text and n.bounds[2] <= x1 and top <= n.bounds[1] < y2]
    return min(beside, key=lambda n: (n.bounds[1], n.bounds[0])).text if beside else ""


def _link_shown(sight: Sight, product: str) -> bool:
    """Whether the post screen names the product, or says that a link was added."""
    if sight.name != "post_screen":
        return False
    named = bool(product) and any(
        normalise(product) in (normalise(n.text), normalise(n.content_desc)) for n in sight.index.nodes
    )
    return named or sight.has("link_added_row")
