"""TikTok screens that only a person can deal with. They stay until the app is stopped."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.layout import field, node
from simulator.apps.screens import Dialog, Screen, Stuck

if TYPE_CHECKING:
    from simulator.apps.tiktok.app import TikTokApp


def human(app: TikTokApp, name: str) -> Screen:
    """The screen of that fault."""
    if name == "login":
        return Stuck(app, name, partial(_login, app))
    if name == "captcha":
        return Stuck(app, name, partial(_captcha, app))
    return Stuck(app, name, lambda dialog: _notice(app, dialog, "banned"))


def blocked(app: TikTokApp) -> Screen:
    """The alert after Post: nothing was published."""
    return Dialog(app, "account-blocked", lambda dialog: _notice(app, dialog, "blocked"))


def _notice(app: TikTokApp, dialog: Dialog, key: str) -> View:
    """An Android alert with TikTok's title bar."""
    box = (28, 1024, 1052, 1448)
    return node("FrameLayout#us B", box).holding(
        node("TextView#ajd", (91, 1071, 989, 1137), text=app.t("account_status")),
        node("TextView#android:id/message", (28, 1158, 1052, 1208), text=app.t(key)),
        node("Button#android:id/button1 C", (852, 1295, 1020, 1437), text="OK", tap=dialog.leave),
    )


def _login(app: TikTokApp, _dialog: Dialog) -> View:
    nothing = lambda: None  # noqa: E731
    return node("FrameLayout#us B", (0, 0, 1080, 2400)).holding(
        node("TextView#lgt", (150, 400, 930, 500), text=app.t("log_in")),
        node("LinearLayout C", (84, 700, 996, 830)).holding(
            node("TextView", (240, 730, 900, 800), text=app.t("log_in_options"))
        ),
        field(
            (84, 900, 996, 1020),
            rid="lgf",
            content="",
            hint=app.t("log_in_options"),
            focused=False,
            tap=nothing,
            write=lambda _text: None,
        ),
        node("TextView#lgn", (240, 2200, 620, 2280), text=app.t("no_account")),
        node("TextView#lgs C", (640, 2200, 860, 2280), text=app.t("sign_up")),
    )


def _captcha(app: TikTokApp, _dialog: Dialog) -> View:
    return node("FrameLayout#us B", (0, 0, 1080, 2400)).holding(
        node("FrameLayout#cpd", (90, 800, 990, 1700)).holding(
            node("TextView#cpt", (130, 830, 800, 900), text=app.t("verify")),
            node("ImageView#cpi", (130, 920, 950, 1400)),
            node("TextView#cps", (130, 1420, 950, 1490), text=app.t("slider")),
            node("SeekBar#cpb", (130, 1510, 950, 1610)),
        )
    )
