"""Dialogs and sheets that TikTok lays over whatever it shows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.layout import node
from simulator.apps.screens import Dialog, Screen

if TYPE_CHECKING:
    from simulator.apps.tiktok.app import TikTokApp


def popup(app: TikTokApp, name: str) -> Screen:
    """The interruption of that name."""
    if name == "widget":
        return Dialog(app, name, partial(_widget, app))
    if name == "publish-publicly":
        return Dialog(app, name, partial(_publish_publicly, app))
    if name == "contacts":
        return Dialog(app, name, partial(_contacts, app))
    if name == "eea":
        return Dialog(app, name, partial(_eea, app))
    if name == "notifications":
        return Dialog(app, name, lambda dialog: _promo(app, dialog, "notifications", "turn_on"))
    if name == "followed-together":
        return Dialog(app, name, partial(_followed_together, app))
    keys = {"link-email": "link_email", "collections": "collections", "follow-friends": "follow_friends"}
    return Dialog(app, name, lambda dialog: _promo(app, dialog, keys[name], "turn_on"))


def _alert(
    text: str, buttons: list[tuple[str, Callable[[], None]]], *, title: str = "", height: int = 474
) -> View:
    """TikTok's own dialog in the middle of the screen: two buttons side by side."""
    top, bottom = 999, 999 + height
    width = 735 // len(buttons)
    row = [
        node(
            "Button",
            (172 + i * width, bottom - 126, 172 + (i + 1) * width, bottom),
            text=label,
            flags="C",
            tap=tap,
        )
        for i, (label, tap) in enumerate(buttons)
    ]
    head = [node("TextView", (225, top + 20, 854, top + 80), rid="ajd", text=title)] if title else []
    return node(
        "FrameLayout",
        (0, 0, 1080, 2400),
        node(
            "FrameLayout",
            (0, 0, 1080, 2400),
            node(
                "FrameLayout",
                (0, 0, 1080, 2400),
                node(
                    "FrameLayout",
                    (0, 136, 1080, 2337),
                    node(
                        "FrameLayout",
                        (172, top, 907, bottom),
                        *head,
                        node("TextView", (225, top + 90, 843, bottom - 180), rid="e_h", text=text),
                        node("FrameLayout", (172, bottom - 126, 907, bottom), *row, rid="u7"),
                        rid="zqh",
                        desc="Dialog",
                    ),
                    rid="s2q",
                ),
                flags="C",
            ),
            rid="android:id/content",
        ),
        rid="us",
    )


def _contacts(app: TikTokApp, dialog: Dialog) -> View:
    return _alert(
        app.t("contacts"),
        [(app.t("dont_allow"), dialog.leave), (app.t("open_settings"), app.phone.finish_app)],
    )


def _eea(app: TikTokApp, dialog: Dialog) -> View:
    return _alert(app.t("eea"), [(app.t("got_it"), dialog.leave)])


def _publish_publicly(app: TikTokApp, dialog: Dialog) -> View:
    """Where it came from the Post button, "Publish now" publishes; elsewhere it only goes away."""
    from simulator.apps.tiktok.post import PostScreen

    def publish() -> None:
        dialog.leave()
        if isinstance(app.top, PostScreen):
            app.top.publish()

    return _alert(
        app.t("publicly_body"),
        [(app.t("cancel"), dialog.leave), (app.t("publish_now"), publish)],
        title=app.t("publicly"),
    )


def _promo(app: TikTokApp, dialog: Dialog, title: str, yes: str) -> View:
    """A bottom sheet with "Not now" at the left and what it wants at the right."""
    return node(
        "FrameLayout",
        (0, 0, 1080, 2400),
        node(
            "FrameLayout",
            (0, 136, 1080, 2337),
            node("View", (0, 136, 1080, 2337), rid="wh2", flags="C", tap=dialog.leave),
            node(
                "FrameLayout",
                (0, 1401, 1080, 2337),
                node("ImageView", (45, 1440, 103, 1498), rid="f2w", desc=app.t("more_info"), flags="C"),
                node("ImageView", (725, 1654, 772, 1701), rid="yyf", desc="Comments"),
                node("ImageView", (725, 1770, 772, 1817), rid="yyg", desc="Like"),
                node("TextView", (137, 1943, 943, 2052), rid="igg", text=app.t(title)),
                node(
                    "LinearLayout",
                    (84, 2105, 996, 2284),
                    node("Button", (84, 2136, 529, 2252), rid="co6", text=app.t("not_now"), flags="C", tap=dialog.leave),
                    node("Button", (551, 2136, 996, 2252), rid="co8", text=app.t(yes), flags="C", tap=app.phone.finish_app),
                    rid="v8",
                ),
                rid="f0u",
                desc="Bottom sheet",
                flags="B",
            ),
            rid="eag",
        ),
        rid="us",
    )  # fmt: skip


def _followed_together(app: TikTokApp, dialog: Dialog) -> View:
    """A bottom sheet that has nothing to press but its cross."""
    return node(
        "FrameLayout",
        (0, 0, 1080, 2400),
        node("View", (0, 136, 1080, 2337), rid="wh2", flags="C", tap=dialog.leave),
        node(
            "FrameLayout",
            (0, 1401, 1080, 2337),
            node("TextView", (137, 1450, 943, 1520), rid="flt", text=app.t("followed_together")),
            node(
                "ImageView",
                (977, 1440, 1035, 1498),
                rid="flx",
                desc=app.t("close"),
                flags="C",
                tap=dialog.leave,
            ),
            rid="f0u",
            desc="Bottom sheet",
            flags="B",
        ),
        rid="us",
    )


def _widget(app: TikTokApp, dialog: Dialog) -> View:
    """The launcher asks to place a widget: its package, not TikTok's."""
    view = node(
        "FrameLayout",
        (0, 0, 1080, 2400),
        node(
            "LinearLayout",
            (0, 1409, 1080, 2400),
            node("TextView", (29, 1472, 1051, 1557), rid="widget_appName", text="TikTok"),
            node("TextView", (29, 1557, 1051, 1629), rid="widget_drag_instruction", text=app.t("widget_drag")),
            node("LinearLayout", (71, 1671, 1009, 2127), rid="widget_cell", desc="TikTok Camera widget, 1 wide by 1 high TikTok Camera"),
            node("TextView", (415, 1961, 664, 2012), rid="widget_name", text="TikTok Camera"),
            node("TextView", (71, 2012, 1009, 2063), rid="widget_dims", text="1 × 1"),  # noqa: RUF001
            node("TextView", (71, 2063, 1009, 2106), rid="widget_description", text="TikTok Camera"),
            node(
                "LinearLayout",
                (29, 2169, 1051, 2337),
                node("Button", (382, 2190, 613, 2316), text=app.t("cancel"), flags="C", tap=dialog.leave),
                node("Button", (634, 2190, 1051, 2316), text=app.t("add_widget"), flags="C", tap=dialog.leave),
                rid="actions_container",
            ),
            rid="add_item_bottom_sheet_content",
        ),
        rid="add_item_drag_layer",
        flags="B",
    )  # fmt: skip
    _belongs_to(view, "com.android.launcher3")
    return view


def _belongs_to(view: View, package: str) -> None:
    view.package = package
    for child in view.children:
        _belongs_to(child, package)
