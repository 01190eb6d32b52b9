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
        node("ImageView", (42, top + 42, 84, top + 84), rid="j2c", desc=icon),
        node("TextView", (100, top + 38, 579, top + 88), rid="w4m", text=label),
        node("LinearLayout", (996, top + 45, 1038, top + 102), node("ImageView", (996, top + 52, 1038, top + 94), rid="j2c"), rid="x0w"),
    ]  # fmt: skip
    if below:
        parts.append(node("TextView", (100, top + 104, 847, top + 146), rid="uv6", text=below))
    button = node("Button", (0, top, 1080, bottom), *parts, rid="d0z", desc=desc, flags="C", tap=tap)
    return node("LinearLayout", (0, top, 1080, bottom), button, rid=holder)


def _place(screen: PostScreen, top: int) -> View:
    app = screen.app
    chips = []
    for number, (left, right) in enumerate(((42, 287), (308, 619), (640, 936), (957, 1080)), 1):
        label = node(
            "TextView", (left + 18, top + 133, right - 18, top + 175), rid="voh", text=f"Place {number}"
        )
        chips.append(node("FrameLayout", (left, top + 117, right, top + 191), label, rid="tof", flags="C"))
    return node(
        "ViewGroup",
        (0, top, 1080, top + 222),
        node(
            "ViewGroup",
            (0, top, 1080, top + 117),
            node("ImageView", (42, top + 42, 84, top + 84), rid="j2c"),
            node("TextView", (100, top + 38, 250, top + 88), rid="w4m", text=app.t("location")),
            node("ImageView", (250, top + 38, 303, top + 91), rid="jp4", desc=app.t("more_info"), flags="C"),
            node("ImageView", (996, top + 38, 1038, top + 80), rid="th", flags="C"),
            rid="d0z",
            flags="C",
        ),
        node("RecyclerView", (0, top + 117, 1080, top + 191), *chips, rid="r3m", flags="R"),
        rid="piy",
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
    return node("FrameLayout", (0, top, 1080, bottom), row, flags="C")


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
    label = node("TextView", (116, 1821, 345, 1871), rid="tbp", text=screen.app.t("share_to"))
    arrow = node("ImageView", (1017, 1825, 1038, 1867), rid="shr", flags="C")
    return node(
        "LinearLayout",
        (0, 1773, 1080, 1920),
        node("LinearLayout", (0, 1773, 1080, 1920), label, arrow, flags="C"),
        rid="lao",
    )


def _share_to(screen: PostScreen, top: int) -> View:
    return node(
        "LinearLayout",
        (0, top, 1080, top + 127),
        node(
            "LinearLayout",
            (42, top + 37, 784, top + 89),
            node("ImageView", (42, top + 42, 84, top + 84), rid="t_c", desc=screen.app.t("share")),
            node("TextView", (100, top + 38, 244, top + 88), rid="tbp", text=screen.app.t("share_to")),
            rid="u7w",
        ),
        node(
            "RadioGroup",
            (784, top + 16, 1038, top + 111),
            node("RadioButton", (816, top + 16, 911, top + 111), desc="sms", flags="CK"),
            node("RadioButton", (943, top + 16, 1038, top + 111), desc="facebook", flags="CK"),
            rid="qzu",
        ),
        rid="lao",
    )


def photo_rows(screen: PostScreen) -> list[View]:
    """A photo post's rows; while a field has the focus only the first ones fit, over a layer that ends the typing."""
    if screen.typing:
        return [
            node(
                "RelativeLayout",
                (0, 1248, 1080, 2022),
                node("LinearLayout", (0, 1248, 1080, 2022), rid="lap", flags="C", tap=screen.blur),
                _place(screen, 1254),
                _link(screen, 1476, 1602),
                rid="qr5",
            )
        ]
    return [
        node(
            "RelativeLayout",
            (0, 1185, 1080, 1959),
            _place(screen, 1191),
            _link(screen, 1413, 1539),
            _audience(screen, 1539, 1665),
            _more(screen, 1665, 1832),
            _share_to(screen, 1832),
            rid="qr5",
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
