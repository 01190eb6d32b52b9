"""Pieces that several Instagram screens share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.layout import node
from simulator.apps.screens import Screen

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp

WHOLE = (0, 0, 720, 1440)
NOTHING: Callable[[], None] = lambda: None  # noqa: E731


class InstagramScreen(Screen):
    """An Instagram screen."""

    def __init__(self, app: InstagramApp) -> None:
        self.app = app

    def back(self) -> None:
        self.app.pop()


def tab_bar(app: InstagramApp, current: str) -> View:
    """Home, Reels, Message, Search, Profile."""
    from simulator.apps.instagram.audio import Search
    from simulator.apps.instagram.home import Direct, Home
    from simulator.apps.instagram.profile import Profile
    from simulator.apps.instagram.tabs import Reels

    def tab(left: int, name: str, key: str, screen: type[InstagramScreen], *, avatar: bool = False) -> View:
        chosen = "S" if name == current else ""
        icon = (
            node("ViewGroup#wrapper", (left, 1284, left + 144, 1362), flags=chosen).holding(
                node("FrameLayout#container", (left + 48, 1299, left + 97, 1348), flags=chosen).holding(
                    node("ImageView#tab_avatar", flags=chosen)
                )
            )
            if avatar
            else node("ImageView#tab_icon", (left + 52, 1303, left + 91, 1342), flags=chosen)
        )
        return node(
            "FrameLayout",
            (left, 1284, left + 144, 1362),
            rid=name,
            desc=app.t(key),
            flags="C" + chosen,
            tap=lambda: app.replace(screen(app)),
        ).holding(icon)

    return node("LinearLayout#tab_bar B", (0, 1284, 720, 1362)).holding(
        tab(0, "feed_tab", "home", Home),
        tab(144, "clips_tab", "reels", Reels),
        tab(288, "direct_tab", "message", Direct),
        tab(432, "search_tab", "search_explore", Search),
        tab(576, "profile_tab", "profile", Profile, avatar=True),
    )


def tabbed(app: InstagramApp, current: str, *children: View) -> View:
    """The main activity: a pager with the tab's content and the tab bar under it."""
    return node("FrameLayout#swipe_navigation_container B", (0, 0, 720, 1440)).holding(
        node("ViewGroup#layout_container_main_panel", (0, 39, 720, 1362)).holding(
            node("ViewPager#swipeable_tab_view_pager R", (0, 39, 720, 1284)).holding(
                node("FrameLayout#layout_container_swipeable").holding(*children)
            ),
            node("View#tab_bar_shadow", (0, 1283, 720, 1284)),
            tab_bar(app, current),
        ),
        node("FrameLayout#overlay_layout_container", (0, 0, 720, 1362)),
    )


def bottom_sheet(app: InstagramApp, top: int, title: str, *children: View) -> View:
    """A sheet in the same window, over a dimmer; what is behind stays in the tree."""
    return node("FrameLayout#bottom_sheet_container", (0, 39, 720, 1362)).holding(
        node("Button#background_dimmer C", desc="@2131954894", tap=app.pop),
        node("FrameLayout#layout_container_bottom_sheet C", (0, top, 720, 1362)).holding(
            node("ViewGroup#bottom_sheet_container").holding(
                node("FrameLayout#bottom_sheet_drag_handle_frame", (0, top, 720, top + 46)).holding(
                    node(
                        "ImageView#bottom_sheet_drag_handle_prism C",
                        (334, top, 386, top + 46),
                        desc=app.t("cancel") if not title else "",
                        tap=app.pop,
                    )
                ),
                *(
                    [node("TextView#title_text_view", (163, top + 46, 557, top + 117), text=title)]
                    if title
                    else []
                ),
                node("FrameLayout#bottom_sheet_container_view", (0, top + 46, 720, 1362)).holding(*children),
            )
        ),
    )
