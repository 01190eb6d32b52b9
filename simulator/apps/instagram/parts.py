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
            node(
                "ViewGroup",
                (left, 1284, left + 144, 1362),
                node(
                    "FrameLayout",
                    (left + 48, 1299, left + 97, 1348),
                    node("ImageView", (left + 48, 1299, left + 97, 1348), rid="tab_avatar", flags=chosen),
                    rid="container",
                    flags=chosen,
                ),
                rid="wrapper",
                flags=chosen,
            )
            if avatar
            else node("ImageView", (left + 52, 1303, left + 91, 1342), rid="tab_icon", flags=chosen)
        )
        return node(
            "FrameLayout",
            (left, 1284, left + 144, 1362),
            icon,
            rid=name,
            desc=app.t(key),
            flags="C" + chosen,
            tap=lambda: app.replace(screen(app)),
        )

    return node(
        "LinearLayout",
        (0, 1284, 720, 1362),
        tab(0, "feed_tab", "home", Home),
        tab(144, "clips_tab", "reels", Reels),
        tab(288, "direct_tab", "message", Direct),
        tab(432, "search_tab", "search_explore", Search),
        tab(576, "profile_tab", "profile", Profile, avatar=True),
        rid="tab_bar",
        flags="B",
    )


def tabbed(app: InstagramApp, current: str, *children: View) -> View:
    """The main activity: a pager with the tab's content and the tab bar under it."""
    return node(
        "FrameLayout",
        (0, 0, 720, 1440),
        node(
            "ViewGroup",
            (0, 39, 720, 1362),
            node(
                "ViewPager",
                (0, 39, 720, 1284),
                node("FrameLayout", (0, 39, 720, 1284), *children, rid="layout_container_swipeable"),
                rid="swipeable_tab_view_pager",
                flags="R",
            ),
            node("View", (0, 1283, 720, 1284), rid="tab_bar_shadow"),
            tab_bar(app, current),
            rid="layout_container_main_panel",
        ),
        node("FrameLayout", (0, 0, 720, 1362), rid="overlay_layout_container"),
        rid="swipe_navigation_container",
        flags="B",
    )


def bottom_sheet(app: InstagramApp, top: int, title: str, *children: View) -> View:
    """A sheet in the same window, over a dimmer; what is behind stays in the tree."""
    return node(
        "FrameLayout",
        (0, 39, 720, 1362),
        node("Button", (0, 39, 720, 1362), rid="background_dimmer", desc="@2131954894", flags="C", tap=app.pop),
        node(
            "FrameLayout",
            (0, top, 720, 1362),
            node(
                "ViewGroup",
                (0, top, 720, 1362),
                node(
                    "FrameLayout",
                    (0, top, 720, top + 46),
                    node(
                        "ImageView",
                        (334, top, 386, top + 46),
                        rid="bottom_sheet_drag_handle_prism",
                        desc=app.t("cancel") if not title else "",
                        flags="C",
                        tap=app.pop,
                    ),
                    rid="bottom_sheet_drag_handle_frame",
                ),
                *([node("TextView", (163, top + 46, 557, top + 117), rid="title_text_view", text=title)] if title else []),
                node("FrameLayout", (0, top + 46, 720, 1362), *children, rid="bottom_sheet_container_view"),
                rid="bottom_sheet_container",
            ),
            rid="layout_container_bottom_sheet",
            flags="C",
        ),
        rid="bottom_sheet_container",
    )  # fmt: skip
