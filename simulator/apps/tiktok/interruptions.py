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
        node("Button C", (172 + i * width, bottom - 126, 172 + (i + 1) * width, bottom), text=label, tap=tap)
        for i, (label, tap) in enumerate(buttons)
    ]
    head = [node("TextView#ajd", (225, top + 20, 854, top + 80), text=title)] if title else []
    return node("FrameLayout#us", (0, 0, 1080, 2400)).holding(
        node("FrameLayout#android:id/content").holding(
            node("FrameLayout C").holding(
                node("FrameLayout#s2q", (0, 136, 1080, 2337)).holding(
                    node("FrameLayout#zqh", (172, top, 907, bottom), desc="Dialog").holding(
                        *head,
                        node("TextView#e_h", (225, top + 90, 843, bottom - 180), text=text),
                        node("FrameLayout#u7", (172, bottom - 126, 907, bottom)).holding(*row),
                    )
                )
            )
        )
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
    return node("FrameLayout#us", (0, 0, 1080, 2400)).holding(
        node("FrameLayout#eag", (0, 136, 1080, 2337)).holding(
            node("View#wh2 C", tap=dialog.leave),
            node("FrameLayout#f0u B", (0, 1401, 1080, 2337), desc="Bottom sheet").holding(
                node("ImageView#f2w C", (45, 1440, 103, 1498), desc=app.t("more_info")),
                node("ImageView#yyf", (725, 1654, 772, 1701), desc="Comments"),
                node("ImageView#yyg", (725, 1770, 772, 1817), desc="Like"),
                node("TextView#igg", (137, 1943, 943, 2052), text=app.t(title)),
                node("LinearLayout#v8", (84, 2105, 996, 2284)).holding(
                    node("Button#co6 C", (84, 2136, 529, 2252), text=app.t("not_now"), tap=dialog.leave),
                    node("Button#co8 C", (551, 2136, 996, 2252), text=app.t(yes), tap=app.phone.finish_app),
                ),
            ),
        )
    )


def _followed_together(app: TikTokApp, dialog: Dialog) -> View:
    """A bottom sheet that has nothing to press but its cross."""
    return node("FrameLayout#us", (0, 0, 1080, 2400)).holding(
        node("View#wh2 C", (0, 136, 1080, 2337), tap=dialog.leave),
        node("FrameLayout#f0u B", (0, 1401, 1080, 2337), desc="Bottom sheet").holding(
            node("TextView#flt", (137, 1450, 943, 1520), text=app.t("followed_together")),
            node("ImageView#flx C", (977, 1440, 1035, 1498), desc=app.t("close"), tap=dialog.leave),
        ),
    )


def _widget(app: TikTokApp, dialog: Dialog) -> View:
    """The launcher asks to place a widget: its package, not TikTok's."""
    view = node("FrameLayout#add_item_drag_layer B", (0, 0, 1080, 2400)).holding(
        node("LinearLayout#add_item_bottom_sheet_content", (0, 1409, 1080, 2400)).holding(
            node("TextView#widget_appName", (29, 1472, 1051, 1557), text="TikTok"),
            node("TextView#widget_drag_instruction", (29, 1557, 1051, 1629), text=app.t("widget_drag")),
            node(
                "LinearLayout#widget_cell",
                (71, 1671, 1009, 2127),
                desc="TikTok Camera widget, 1 wide by 1 high TikTok Camera",
            ),
            node("TextView#widget_name", (415, 1961, 664, 2012), text="TikTok Camera"),
            node("TextView#widget_dims", (71, 2012, 1009, 2063), text="1 × 1"),  # noqa: RUF001
            node("TextView#widget_description", (71, 2063, 1009, 2106), text="TikTok Camera"),
            node("LinearLayout#actions_container", (29, 2169, 1051, 2337)).holding(
                node("Button C", (382, 2190, 613, 2316), text=app.t("cancel"), tap=dialog.leave),
                node("Button C", (634, 2190, 1051, 2316), text=app.t("add_widget"), tap=dialog.leave),
            ),
        )
    )
    _belongs_to(view, "com.android.launcher3")
    return view


def _belongs_to(view: View, package: str) -> None:
    view.package = package
    for child in view.children:
        _belongs_to(child, package)
