"""A sound that is named by its link and goes under a post: marked as a favourite on its page, taken from the favourites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.post.screens.labels import plain
from jobs.post.screens.recognise import Sight
from jobs.post.tiktok.sound import PAGE_S, not_set, row_named

if TYPE_CHECKING:
    from jobs.post.screens.element import Found
    from jobs.post.tiktok.flow import TikTokFlow


def wants_favorite(flow: TikTokFlow) -> bool:
    """Whether the sound's page must be visited before the post is begun: the sheet of sounds cannot search a link."""
    plan = flow.plan
    linked = plan.adds_sound and plan.config.add_sound == "custom" and plan.sound_is_link
    return linked and not flow.sound_title


def mark_on_page(flow: TikTokFlow, sight: Sight) -> Sight:
    """On the sound's page: remember its title, mark it as a favourite unless it is one, and go back to the tabs."""
    with flow.option("mark sound as favourite"):
        title = flow.need(sight, "sound_page_title").node.text
        if not plain(title):
            raise not_set("the sound's page does not say its title")
        if not sight.has("page_favorite_on"):
            mark = sight.find("page_favorite")
            if mark is None:
                raise not_set("the sound's page has no mark for favourites")
            tree = sight.tree
            flow.hands.tap(mark)
            sight = flow.hands.until(sight, lambda s: not s.tree.same_as(tree), 4.0)
            sight = flow.reach(sight, "sound_page")
        flow.sound_title = title
        flow.hands.back("from the sound's page to the tabs")
        return flow.hands.until(sight, lambda s: s.name != "sound_page", PAGE_S)


def row_of_favorite(flow: TikTokFlow, sight: Sight) -> tuple[Sight, Found]:
    """In the sheet of sounds: the favourite's row."""
    title = flow.sound_title
    sight = flow.press(sight, "favorites_tab", done=lambda s: s.has("favorites_tab_chosen"))
    sight = flow.reach(sight, "sound_sheet")
    if row_named(sight, title) is None:
        wait_s = float(max(2, flow.plan.config.sound_wait_time))
        sight = flow.hands.until(
            sight, lambda s: s.name != "sound_sheet" or row_named(s, title) is not None, wait_s
        )
        sight = flow.reach(sight, "sound_sheet")
    row = row_named(sight, title)
    if row is None:
        raise not_set(f'the favourites do not list "{title}"')
    return sight, row
