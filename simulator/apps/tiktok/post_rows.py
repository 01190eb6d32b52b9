"""The rows of TikTok's post screen: place, link, audience, more options, share to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.layout import node

if TYPE_CHECKING:
    from simulator.apps.tiktok.post import PostScreen


def _row(
    top: int,
    bottom: int,
    holder: str,
    label: str,
    *,
    desc: str,
    icon: str = "",
    below: str = "",
    tap: Callable[[], None],
) -> View:
    """A row: a Button with the label in a TextView of its own, in a holder of its own."""
    parts = [
        node("ImageView#j2c", (42, top + 42, 84, top + 84), desc=icon),
        node("TextView#w4m", (100, top + 38, 579, top + 88), text=label),
        node("LinearLayout#x0w", (996, top + 45, 1038, top + 102)).holding(
            node("ImageView#j2c", (996, top + 52, 1038, top + 94))
        ),
    ]
    if below:
        parts.append(node("TextView#uv6", (100, top + 104, 847, top + 146), text=below))
    button = node("Button#d0z C", (0, top, 1080, bottom), desc=desc, tap=tap).holding(*parts)
    return node("LinearLayout", (0, top, 1080, bottom), rid=holder).holding(button)


def _place(screen: PostScreen, top: int) -> View:
    app = screen.app
    chips = []
    for number, (left, right) in enumerate(((42, 287), (308, 619), (640, 936), (957, 1080)), 1):
        label = node("TextView#voh", (left + 18, top + 133, right - 18, top + 175), text=f"Place {number}")
        chips.append(node("FrameLayout#tof C", (left, top + 117, right, top + 191)).holding(label))
    return node("ViewGroup#piy", (0, top, 1080, top + 222)).holding(
        node("ViewGroup#d0z C", (0, top, 1080, top + 117)).holding(
            node("ImageView#j2c", (42, top + 42, 84, top + 84)),
            node("TextView#w4m", (100, top + 38, 250, top + 88), text=app.t("location")),
            node("ImageView#jp4 C", (250, top + 38, 303, top + 91), desc=app.t("more_info")),
            node("ImageView#th C", (996, top + 38, 1038, top + 80)),
        ),
        node("RecyclerView#r3m R", (0, top + 117, 1080, top + 191)).holding(*chips),
    )


def _link(screen: PostScreen, top: int, bottom: int) -> View:
    from simulator.apps.tiktok.product import LinkSheet

    app = screen.app
    product = app.draft.product
    row = _row(
        top,
        bottom,
        "q76",
        product or app.t("add_link") + " ",
        desc=product or app.t("add_link"),
        icon=app.t("add"),
        tap=lambda: screen.open(LinkSheet(app)),
    )
    return node("FrameLayout C", (0, top, 1080, bottom)).holding(row)


def _audience(screen: PostScreen, top: int, bottom: int) -> View:
    app = screen.app
    words = app.t("everyone" if app.public else "only_you")
    icon = app.t("public") if app.public else ""
    return _row(top, bottom, "vp5", words, desc=words, icon=icon, tap=screen.blur)


def _more(screen: PostScreen, top: int, bottom: int) -> View:
    from simulator.apps.tiktok.options import MoreOptions

    app = screen.app
    hint = "" if app.major >= 47 else app.t("more_options_hint")
    return _row(
        top,
        bottom,
        "f6m",
        app.t("more_options"),
        desc=f"{app.t('more_options')}, {hint}" if hint else app.t("more_options"),
        icon=app.t("settings"),
        below=hint,
        tap=lambda: screen.open(MoreOptions(app)),
    )


def _privacy(screen: PostScreen, top: int, bottom: int) -> View:
    """Newer versions have a row of their own for who may comment and reuse."""
    app = screen.app
    label, below = app.t("privacy"), app.t("privacy_hint")
    return _row(top, bottom, "f6m", label, desc=f"{label}, {below}", below=below, tap=screen.blur)


def _share_row(screen: PostScreen) -> View:
    label = node("TextView#tbp", (116, 1821, 345, 1871), text=screen.app.t("share_to"))
    arrow = node("ImageView#shr C", (1017, 1825, 1038, 1867))
    return node("LinearLayout#lao", (0, 1773, 1080, 1920)).holding(
        node("LinearLayout C").holding(label, arrow)
    )


def _share_to(screen: PostScreen, top: int) -> View:
    return node("LinearLayout#lao", (0, top, 1080, top + 127)).holding(
        node("LinearLayout#u7w", (42, top + 37, 784, top + 89)).holding(
            node("ImageView#t_c", (42, top + 42, 84, top + 84), desc=screen.app.t("share")),
            node("TextView#tbp", (100, top + 38, 244, top + 88), text=screen.app.t("share_to")),
        ),
        node("RadioGroup#qzu", (784, top + 16, 1038, top + 111)).holding(
            node("RadioButton CK", (816, top + 16, 911, top + 111), desc="sms"),
            node("RadioButton CK", (943, top + 16, 1038, top + 111), desc="facebook"),
        ),
    )


def photo_rows(screen: PostScreen) -> list[View]:
    """A photo post's rows; while a field has the focus only the first ones fit, over a layer that ends the typing."""
    if screen.typing:
        return [
            node("RelativeLayout#qr5", (0, 1248, 1080, 2022)).holding(
                node("LinearLayout#lap C", tap=screen.blur), _place(screen, 1254), _link(screen, 1476, 1602)
            )
        ]
    return [
        node("RelativeLayout#qr5", (0, 1185, 1080, 1959)).holding(
            _place(screen, 1191),
            _link(screen, 1413, 1539),
            _audience(screen, 1539, 1665),
            _more(screen, 1665, 1832),
            _share_to(screen, 1832),
        )
    ]


def video_rows(screen: PostScreen) -> list[View]:
    """A video post's rows."""
    if screen.typing:
        return [_place(screen, 868), _link(screen, 1110, 1250)]
    return [
        _place(screen, 868),
        _link(screen, 1110, 1250),
        _audience(screen, 1250, 1390),
        *(
            [_privacy(screen, 1390, 1630), _more(screen, 1630, 1773)]
            if screen.app.major >= 47
            else [_more(screen, 1390, 1630)]
        ),
        _share_row(screen) if screen.app.major >= 47 else _share_to(screen, 1773),
    ]
