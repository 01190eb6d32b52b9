"""Pieces that several Instagram screens share."""

from __future__ import annotations

from functools import partial
from typing import Any

from simulator.apps.base import View
from simulator.apps.instagram.core import Instagram
from simulator.apps.kit.layout import node

WHOLE = (0, 0, 720, 1440)


def tab_bar(app: Instagram, current: str) -> View:
    """Home, Reels, Message, Search, Profile."""

    def tab(left: int, rid: str, key: str, name: str) -> View:
        chosen = "S" if rid == current else ""
        icon = node("ImageView#tab_icon", (left + 52, 1303, left + 91, 1342), flags=chosen)
        if name == "profile":
            icon = node("ViewGroup#wrapper", flags=chosen).holding(
                node("FrameLayout#container", (left + 48, 1299, left + 97, 1348), flags=chosen).holding(
                    node("ImageView#tab_avatar", flags=chosen)
                )
            )
        box, opens = (left, 1284, left + 144, 1362), partial(app.replace, name)
        return node(f"FrameLayout#{rid} C", box, desc=app.t(key), flags=chosen, tap=opens).holding(icon)

    return node("LinearLayout#tab_bar B", (0, 1284, 720, 1362)).holding(
        tab(0, "feed_tab", "home", "home"),
        tab(144, "clips_tab", "reels", "reels"),
        tab(288, "direct_tab", "message", "direct"),
        tab(432, "search_tab", "search_explore", "search"),
        tab(576, "profile_tab", "profile", "profile"),
    )


def tabbed(app: Instagram, current: str, *children: View) -> View:
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


def bottom_sheet(app: Instagram, top: int, title: str, *children: View) -> View:
    """A sheet in the same window, over a dimmer; what is behind stays in the tree."""
    handle, desc = (334, top, 386, top + 46), "" if title else app.t("cancel")
    headline = [node("TextView#title_text_view", (163, top + 46, 557, top + 117), text=title)] if title else []
    return node("FrameLayout#bottom_sheet_container", (0, 39, 720, 1362)).holding(
        node("Button#background_dimmer C", desc="@2131954894", tap=app.pop),
        node("FrameLayout#layout_container_bottom_sheet C", (0, top, 720, 1362)).holding(
            node("ViewGroup#bottom_sheet_container").holding(
                node("FrameLayout#bottom_sheet_drag_handle_frame", (0, top, 720, top + 46)).holding(
                    node("ImageView#bottom_sheet_drag_handle_prism C", handle, desc=desc, tap=app.pop)
                ),
                *headline,
                node("FrameLayout#bottom_sheet_container_view", (0, top + 46, 720, 1362)).holding(*children),
            )
        ),
    )


def destinations(app: Instagram, *entries: tuple[Any, ...], top: int = 1285, bottom: int = 1341) -> list[View]:
    """Where creation may lead, at the bottom edge: name, key, left, right, and what a tap does where it does something."""
    views = []
    for name, key, left, right, *tap in entries:
        label = app.t(key)
        views.append(
            node(
                f"TextView#cam_dest_{name} C",
                (left, top, right, bottom),
                text=label,
                desc=label,
                tap=tap[0] if tap else None,
            )
        )
    return views
