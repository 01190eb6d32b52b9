"""Dialogs and sheets that TikTok lays over whatever it shows; some of them only a person can answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from simulator.apps.base import View
from simulator.apps.kit.layout import field, node
from simulator.apps.kit.stage import Dialog
from simulator.apps.tiktok.core import TikTok

_SCREEN = (0, 0, 1080, 2400)


def _notice(app: TikTok, dialog: Dialog, *, key: str) -> View:
    """An Android alert with TikTok's title bar."""
    return node("FrameLayout#us B", (28, 1024, 1052, 1448)).holding(
        node("TextView#ajd", (91, 1071, 989, 1137), text=app.t("account_status")),
        node("TextView#android:id/message", (28, 1158, 1052, 1208), text=app.t(key)),
        node("Button#android:id/button1 C", (852, 1295, 1020, 1437), text="OK", tap=dialog.leave),
    )


def _login(app: TikTok, _dialog: Dialog) -> View:
    options = app.t("log_in_options")
    return node("FrameLayout#us B", _SCREEN).holding(
        node("TextView#lgt", (150, 400, 930, 500), text=app.t("log_in")),
        node("LinearLayout C", (84, 700, 996, 830)).holding(node("TextView", (240, 730, 900, 800), text=options)),
        field((84, 900, 996, 1020), rid="lgf", hint=options),
        node("TextView#lgn", (240, 2200, 620, 2280), text=app.t("no_account")),
        node("TextView#lgs C", (640, 2200, 860, 2280), text=app.t("sign_up")),
    )


def _captcha(app: TikTok, _dialog: Dialog) -> View:
    return node("FrameLayout#us B", _SCREEN).holding(
        node("FrameLayout#cpd", (90, 800, 990, 1700)).holding(
            node("TextView#cpt", (130, 830, 800, 900), text=app.t("verify")),
            node("ImageView#cpi", (130, 920, 950, 1400)),
            node("TextView#cps", (130, 1420, 950, 1490), text=app.t("slider")),
            node("SeekBar#cpb", (130, 1510, 950, 1610)),
        )
    )


def _alert(text: str, buttons: list[tuple[str, Callable[[], None]]], *, title: str = "") -> View:
    """TikTok's own dialog in the middle of the screen: two buttons side by side."""
    width = 735 // len(buttons)
    row = [
        node("Button C", (172 + i * width, 1347, 172 + (i + 1) * width, 1473), text=label, tap=tap)
        for i, (label, tap) in enumerate(buttons)
    ]
    head = [node("TextView#ajd", (225, 1019, 854, 1079), text=title)] if title else []
    return node("FrameLayout#us", _SCREEN).holding(
        node("FrameLayout#android:id/content").holding(
            node("FrameLayout C").holding(
                node("FrameLayout#s2q", (0, 136, 1080, 2337)).holding(
                    node("FrameLayout#zqh", (172, 999, 907, 1473), desc="Dialog").holding(
                        *head,
                        node("TextView#e_h", (225, 1089, 843, 1293), text=text),
                        node("FrameLayout#u7", (172, 1347, 907, 1473)).holding(*row),
                    )
                )
            )
        )
    )


def _contacts(app: TikTok, dialog: Dialog) -> View:
    buttons = [(app.t("dont_allow"), dialog.leave), (app.t("open_settings"), app.phone.finish_app)]
    return _alert(app.t("contacts"), buttons)


def _eea(app: TikTok, dialog: Dialog) -> View:
    return _alert(app.t("eea"), [(app.t("got_it"), dialog.leave)])


def _publish_publicly(app: TikTok, dialog: Dialog) -> View:
    """Where it came from the Post button, "Publish now" publishes; elsewhere it only goes away."""

    def publish() -> None:
        dialog.leave()
        if app.top.name == "post":
            app.publish(app.draft.kind)

    buttons = [(app.t("cancel"), dialog.leave), (app.t("publish_now"), publish)]
    return _alert(app.t("publicly_body"), buttons, title=app.t("publicly"))


def _promo(app: TikTok, dialog: Dialog, *, title: str) -> View:
    """A bottom sheet with "Not now" at the left and what it wants at the right."""
    away = app.phone.finish_app
    return node("FrameLayout#us", _SCREEN).holding(
        node("FrameLayout#eag", (0, 136, 1080, 2337)).holding(
            node("View#wh2 C", tap=dialog.leave),
            node("FrameLayout#f0u B", (0, 1401, 1080, 2337), desc="Bottom sheet").holding(
                node("ImageView#f2w C", (45, 1440, 103, 1498), desc=app.t("more_info")),
                node("ImageView#yyf", (725, 1654, 772, 1701), desc="Comments"),
                node("ImageView#yyg", (725, 1770, 772, 1817), desc="Like"),
                node("TextView#igg", (137, 1943, 943, 2052), text=app.t(title)),
                node("LinearLayout#v8", (84, 2105, 996, 2284)).holding(
                    node("Button#co6 C", (84, 2136, 529, 2252), text=app.t("not_now"), tap=dialog.leave),
                    node("Button#co8 C", (551, 2136, 996, 2252), text=app.t("turn_on"), tap=away),
                ),
            ),
        )
    )


def _followed_together(app: TikTok, dialog: Dialog) -> View:
    """A bottom sheet that has nothing to press but its cross."""
    return node("FrameLayout#us", _SCREEN).holding(
        node("View#wh2 C", (0, 136, 1080, 2337), tap=dialog.leave),
        node("FrameLayout#f0u B", (0, 1401, 1080, 2337), desc="Bottom sheet").holding(
            node("TextView#flt", (137, 1450, 943, 1520), text=app.t("followed_together")),
            node("ImageView#flx C", (977, 1440, 1035, 1498), desc=app.t("close"), tap=dialog.leave),
        ),
    )


def _widget(app: TikTok, dialog: Dialog) -> View:
    """The launcher asks to place a widget: its package, not TikTok's."""
    cell = "TikTok Camera widget, 1 wide by 1 high TikTok Camera"
    view = node("FrameLayout#add_item_drag_layer B", _SCREEN).holding(
        node("LinearLayout#add_item_bottom_sheet_content", (0, 1409, 1080, 2400)).holding(
            node("TextView#widget_appName", (29, 1472, 1051, 1557), text="TikTok"),
            node("TextView#widget_drag_instruction", (29, 1557, 1051, 1629), text=app.t("widget_drag")),
            node("LinearLayout#widget_cell", (71, 1671, 1009, 2127), desc=cell),
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


DIALOGS: dict[str, Callable[[TikTok, Dialog], View]] = {
    "contacts": _contacts,
    "notifications": partial(_promo, title="notifications"),
    "widget": _widget,
    "eea": _eea,
    "link-email": partial(_promo, title="link_email"),
    "collections": partial(_promo, title="collections"),
    "follow-friends": partial(_promo, title="follow_friends"),
    "followed-together": _followed_together,
    "publish-publicly": _publish_publicly,
    "account-blocked": partial(_notice, key="blocked"),
    # Only a person can answer these.
    "login": _login,
    "captcha": _captcha,
    "banned": partial(_notice, key="banned"),
}
