"""Instagram screens that only a person can deal with. They stay until the app is stopped."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.instagram.interruptions import promo
from simulator.apps.instagram.parts import NOTHING
from simulator.apps.instagram.reel import alert
from simulator.apps.layout import node
from simulator.apps.screens import Dialog, Screen, Stuck

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp

WINDOW = (0, 48, 720, 1344)


def human(app: InstagramApp, name: str) -> Screen:
    """The screen of that fault."""
    return Stuck(app, name, partial(_WINDOWS[name], app))


def _login(app: InstagramApp, _dialog: Dialog) -> View:
    def labelled(top: int, height: int, key: str) -> View:
        text = app.t(key)
        label = node("View", (316, top + 20, 405, top + height - 20), text=text, desc=text)
        return node("Button C", (32, top, 688, top + height), desc=text).holding(label)

    def box(top: int, key: str) -> View:
        text = app.t(key)
        return node("ViewGroup C", (32, top, 688, top + 108)).holding(
            node("View", (64, top + 37, 543, top + 71), text=text, desc=text),
            node("EditText C", (64, top + 50, 584, top + 86), desc=text + ","),
        )

    return node("FrameLayout B", WINDOW).holding(
        node("Button C", (32, 325, 688, 364), desc="English (US)").holding(
            node("View", (265, 325, 417, 364), text="English (US)", desc="English (US)")
        ),
        node("ImageView", (32, 364, 688, 472), desc="Instagram from Meta"),
        box(508, "user_field"),
        box(637, "password"),
        labelled(766, 79, "log_in"),
        labelled(867, 65, "forgot"),
        labelled(932, 79, "new_account"),
        node("ImageView", (300, 1047, 420, 1069), desc="Meta logo"),
    )


def _logged_out(app: InstagramApp, _dialog: Dialog) -> View:
    def to_login() -> None:
        app.uncover()
        app.cover(human(app, "login"))

    return promo(app.t("logged_out"), app.t("log_back_in"), [("primary_button", app.t("ok"), to_login)])


def _page(app: InstagramApp, title: str, body: str, buttons: list[str]) -> View:
    """A page like those that Instagram draws from the web: no ids, labels in text and description."""
    parts = [
        node("Button C", (636, 51, 706, 116), desc=app.t("menu")).holding(
            node("View", (688, 69, 693, 99), text=" ")
        ),
        node("View", (156, 284, 565, 331), text=title, desc=title),
        node("View", (26, 344, 694, 700), text=body, desc=body),
    ]
    for place, text in enumerate(buttons):
        y = 1150 + 90 * place
        parts.append(
            node("Button C", (26, y, 694, y + 69), desc=text).holding(
                node("View", (324, y + 20, 396, y + 50), text=text)
            )
        )
    return node("FrameLayout#bloks_container B", WINDOW).holding(*parts)


def _disabled(app: InstagramApp, _dialog: Dialog) -> View:
    body = app.t("disabled_body").format(app.me.username)
    page = _page(app, app.t("disabled"), body, [app.t("log_out")])
    texts = (
        "Account disabled on December 18, 2025",
        "Why this happened",
        "We reviewed your account and found that it still doesn't follow our Community Standards on account integrity.",
        "What this means",
        "No one can see or find your account and you can't use it. All your information will be permanently deleted.",
        "You cannot request another review of this decision.",
        "What you can do",
        "You can download your information so that you have a copy of what you shared on Instagram.",
        "More information",
    )
    page.children += [
        node("View", (26, 387 + 60 * i, 694, 440 + 60 * i), text=text, desc=text)
        for i, text in enumerate(texts)
    ]
    for y, text in ((950, "Read more about this rule"), (1060, "How we made this decision")):
        page.children.append(
            node("ViewGroup C", (0, y, 720, y + 79)).holding(
                node("Button", (85, y + 20, 694, y + 60), text=text, desc=text)
            )
        )
    page.children.append(node("Button C", (109, 1010, 370, 1039), text="download your information"))
    return page


def _suspended(app: InstagramApp, _dialog: Dialog) -> View:
    return _page(app, app.t("suspended").format(app.me.username), "", [app.t("log_out")])


def _upload_id(app: InstagramApp, _dialog: Dialog) -> View:
    return _page(app, app.t("upload_id"), app.t("upload_id_body"), [app.t("upload_photo"), app.t("submit")])


def _captcha(app: InstagramApp, _dialog: Dialog) -> View:
    return _page(app, app.t("human"), "", [app.t("continue")])


def _limit(app: InstagramApp, _dialog: Dialog) -> View:
    return alert(
        app.t("limit"), app.t("limit_body"), [("igds_alert_dialog_primary_button", app.t("ok"), NOTHING)]
    )


_WINDOWS: dict[str, Callable[[InstagramApp, Dialog], View]] = {
    "login": _login,
    "logged-out": _logged_out,
    "upload-id": _upload_id,
    "account-blocked": _disabled,
    "suspended": _suspended,
    "captcha": _captcha,
    "try-again-later": _limit,
}
