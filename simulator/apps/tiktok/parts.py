"""Pieces that several TikTok screens share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.layout import Box, node
from simulator.apps.screens import Screen

if TYPE_CHECKING:
    from simulator.apps.tiktok.app import TikTokApp

WHOLE = (0, 0, 1080, 2337)


class TikTokScreen(Screen):
    """A TikTok screen."""

    def __init__(self, app: TikTokApp) -> None:
        self.app = app

    def back(self) -> None:
        self.app.pop()


def tab_bar(app: TikTokApp, current: str) -> View:
    """Home, Friends, Create, Inbox, Profile."""
    from simulator.apps.tiktok.home import Friends, Home, Inbox, start_creating
    from simulator.apps.tiktok.profile import Profile

    def to(screen: type[TikTokScreen]) -> Callable[[], None]:
        return lambda: app.replace(screen(app))

    def tab(left: int, rid: str, key: str, screen: type[TikTokScreen]) -> View:
        chosen = "S" if key == current else ""
        return node(
            "FrameLayout",
            (left, 2208, left + 216, 2337),
            rid=rid,
            desc=app.t(key),
            flags="C" + chosen,
            tap=to(screen),
        ).holding(
            node("TextView", (left, 2288, left + 216, 2322), text=app.t(key), flags=chosen),
            node("ImageView", (left + 66, 2213, left + 150, 2297)),
        )

    return node("LinearLayout#mky B", (0, 2208, 1080, 2337)).holding(
        tab(0, "mkq", "home", Home),
        tab(216, "mkp", "friends", Friends),
        node(
            "Button#mkn C", (432, 2208, 648, 2337), desc=app.t("create"), tap=lambda: start_creating(app)
        ).holding(node("FrameLayout", (441, 2208, 638, 2337))),
        tab(648, "mkr", "inbox", Inbox),
        tab(864, "mks", "profile", Profile),
    )


def tool(
    app: TikTokApp, top: int, key: str, *, desc: str = "", tap: Callable[[], None] | None = None
) -> View:
    """One button of the column at the right of camera and editor."""
    return node("Button C", (933, top, 1080, top + 137), desc=desc or app.t(key), tap=tap).holding(
        node("FrameLayout#ce1").holding(node("ImageView#w85", (964, top + 26, 1048, top + 110))),
        node("ImageView#kkb", (944, top, 1070, top + 126)),
    )


def sound_chip(app: TikTokApp, *, editor: bool, tap: Callable[[], None], remove: Callable[[], None]) -> View:
    """The chip at the top of camera and editor: "Add sound", or the track with a cross right of it."""
    sound = app.draft.sound
    title = sound or app.t("add_sound")
    left, right = (278, 703) if sound else (372, 707)
    inner = node(
        "LinearLayout" if editor else "Button",
        (left + 5, 198, right - 5, 314),
        rid="d8a",
        desc="" if editor else title,
    ).holding(
        node("ImageView#d88", (left + 42, 232, left + 84, 274), desc=app.t("music")),
        node("TextView#ycm", (left + 84, 198, right - 21, 314), text=title, flags="F" if editor else "SF"),
    )
    chip: list[View] = [
        node(
            "LinearLayout" if editor else "Button", (left, 198, right, 314), rid="d8c", flags="C", tap=tap
        ).holding(inner)
    ]
    if sound and editor:
        chip.append(
            node("LinearLayout#d81 C", (703, 198, 801, 314), desc="@2131888108", tap=remove).holding(
                node("View#d86", (703, 232, 706, 279)),
                node("ImageView#d82", (706, 229, 801, 282), desc=app.t("close")),
            )
        )
    box: Box = (left, 198, 801 if sound and editor else right, 314)
    return node("FrameLayout#d87", (0, 0, 1080, 314)).holding(
        node("LinearLayout#d83", box, flags="" if editor else "C", tap=None if editor else tap).holding(*chip)
    )
