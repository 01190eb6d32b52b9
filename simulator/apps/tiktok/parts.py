"""Pieces that several TikTok screens share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

from simulator.apps.base import View
from simulator.apps.kit.layout import Box, node
from simulator.apps.tiktok.core import TikTok

WHOLE = (0, 0, 1080, 2337)


def tab_bar(app: TikTok, current: str) -> View:
    """Home, Friends, Create, Inbox, Profile."""

    def tab(left: int, rid: str, name: str) -> View:
        chosen, label = "S" if name == current else "", app.t(name)
        box = (left, 2208, left + 216, 2337)
        opens = partial(app.replace, name)
        return node("FrameLayout C", box, rid=rid, desc=label, flags=chosen, tap=opens).holding(
            node("TextView", (left, 2288, left + 216, 2322), text=label, flags=chosen),
            node("ImageView", (left + 66, 2213, left + 150, 2297)),
        )

    def create() -> None:
        """Permissions first, then the camera. Without them it shows nothing, but its page is there."""
        app.compose()
        app.go(1.0, lambda: app.permitted(["CAMERA", "RECORD_AUDIO"], lambda _: app.push("camera")))

    return node("LinearLayout#mky B", (0, 2208, 1080, 2337)).holding(
        tab(0, "mkq", "home"),
        tab(216, "mkp", "friends"),
        node("Button#mkn C", (432, 2208, 648, 2337), desc=app.t("create"), tap=create).holding(
            node("FrameLayout", (441, 2208, 638, 2337))
        ),
        tab(648, "mkr", "inbox"),
        tab(864, "mks", "profile"),
    )


def sheet(top: int, close: Callable[[], None], *children: View) -> list[View]:
    """A bottom sheet over a dimmed screen; a tap above it closes it."""
    return [
        node("FrameLayout#eag", WHOLE).holding(
            node("View#wh2 C", (0, 0, 1080, top), tap=close),
            node("FrameLayout#f0u B", (0, top, 1080, 2337), desc="Bottom sheet").holding(*children),
        )
    ]


def artist(title: str) -> str:
    """Who made a track, always the same."""
    return f"Artist {int(hashlib.sha256(title.encode()).hexdigest()[:2], 16)}"


def favourites(app: TikTok) -> list[str]:
    """The active account's favourite sounds, newest first."""
    kept: list[str] = app.mine().setdefault("favourites", [])
    return kept


def toggle_favourite(app: TikTok, title: str) -> None:
    kept = favourites(app)
    if title in kept:
        kept.remove(title)
    else:
        kept.insert(0, title)
    app.phone.changed()


def tool(app: TikTok, top: int, key: str, *, desc: str = "", tap: Callable[[], None] | None = None) -> View:
    """One button of the column at the right of camera and editor."""
    return node("Button C", (933, top, 1080, top + 137), desc=desc or app.t(key), tap=tap).holding(
        node("FrameLayout#ce1").holding(node("ImageView#w85", (964, top + 26, 1048, top + 110))),
        node("ImageView#kkb", (944, top, 1070, top + 126)),
    )


def sound_chip(app: TikTok, *, tap: Callable[[], None], remove: Callable[[], None] | None = None) -> View:
    """The chip at the top of camera and editor: "Add sound", or the track; the editor has a cross right of it."""
    sound, editor = app.draft.sound, remove is not None
    title = sound or app.t("add_sound")
    left, right = (278, 703) if sound else (372, 707)
    cls = "LinearLayout" if editor else "Button"
    inner = node(cls, (left + 5, 198, right - 5, 314), rid="d8a", desc="" if editor else title).holding(
        node("ImageView#d88", (left + 42, 232, left + 84, 274), desc=app.t("music")),
        node("TextView#ycm F", (left + 84, 198, right - 21, 314), text=title, flags="" if editor else "S"),
    )
    chip = [node(f"{cls}#d8c C", (left, 198, right, 314), tap=tap).holding(inner)]
    if sound and editor:
        cross = node("LinearLayout#d81 C", (703, 198, 801, 314), desc="@2131888108", tap=remove).holding(
            node("View#d86", (703, 232, 706, 279)), node("ImageView#d82", (706, 229, 801, 282), desc=app.t("close"))
        )
        chip.append(cross)
    box: Box = (left, 198, 801 if sound and editor else right, 314)
    return node("FrameLayout#d87", (0, 0, 1080, 314)).holding(
        node("LinearLayout#d83", box, flags="" if editor else "C", tap=None if editor else tap).holding(*chip)
    )
