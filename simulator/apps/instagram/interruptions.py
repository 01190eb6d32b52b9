"""Dialogs that Instagram lays over whatever it shows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.layout import node
from simulator.apps.screens import Dialog, Screen

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp


def popup(app: InstagramApp, name: str) -> Screen:
    """The interruption of that name."""
    return Dialog(app, name, partial(_WINDOWS[name], app))


def promo(headline: str, body: str, buttons: list[tuple[str, str, Callable[[], None]]]) -> View:
    """A card with a headline and buttons in rows of their own."""
    parts = [node("TextView#igds_headline_headline", (200, 550, 520, 634), text=headline)]
    if body:
        parts.append(node("TextView#igds_headline_body", (200, 647, 520, 810), text=body))
    for place, (rid, label, tap) in enumerate(buttons):
        y = 889 + 79 * place
        button = node("Button C", (181, y, 539, y + 78), rid=rid, text=label, tap=tap)
        parts.append(node("LinearLayout C", (148, y, 572, y + 78), rid=f"{rid}_row", tap=tap).holding(button))
    return node("FrameLayout B", (148, 500, 572, 920 + 79 * len(buttons))).holding(*parts)


def _rate(app: InstagramApp, dialog: Dialog) -> View:
    def button(y: int, rid: str, label: str, tap: Callable[[], None]) -> View:
        return node("Button C", (99, y, 621, y + 78), rid=rid, text=label, tap=tap)

    return node("FrameLayout#android:id/content B", (99, 475, 621, 926)).holding(
        node("TextView#appirater_title_area", (99, 501, 348, 556), text=app.t("rate")),
        node("TextView#appirater_message_area", (99, 569, 621, 692), text=app.t("rate_body")),
        button(692, "appirater_rate_button", app.t("rate"), app.phone.finish_app),
        button(770, "appirater_rate_later_button", app.t("rate_later"), dialog.leave),
        button(848, "appirater_cancel_button", app.t("no_thanks"), dialog.leave),
    )


def _navigation(app: InstagramApp, dialog: Dialog) -> View:
    label = node("TextView", (328, 1246, 390, 1276), text=app.t("got_it"))
    return node("FrameLayout B", (66, 900, 654, 1340)).holding(
        node("TextView#igds_headline_headline", (118, 994, 601, 1091), text=app.t("swipe_nux")),
        node("TextView#igds_headline_body", (118, 1104, 601, 1186), text=app.t("swipe_nux_body")),
        node(
            "Button#igds_headline_primary_action_button C",
            (118, 1225, 601, 1297),
            desc=app.t("got_it"),
            tap=dialog.leave,
        ).holding(label),
    )


def _facebook(app: InstagramApp, dialog: Dialog) -> View:
    return promo(
        app.t("facebook"),
        "",
        [
            ("primary_button", app.t("ok"), dialog.leave),
            ("negative_button", app.t("learn_more"), app.phone.finish_app),
        ],
    )


def _notifications(app: InstagramApp, dialog: Dialog) -> View:
    return promo(
        app.t("notifications"),
        "",
        [
            ("primary_button", app.t("turn_on"), app.phone.finish_app),
            ("negative_button", app.t("not_now"), dialog.leave),
        ],
    )


def _save_login(app: InstagramApp, dialog: Dialog) -> View:
    return promo(
        app.t("save_login"),
        "",
        [
            ("primary_button", app.t("save"), dialog.leave),
            ("negative_button", app.t("not_now"), dialog.leave),
        ],
    )


def _contacts(app: InstagramApp, dialog: Dialog) -> View:
    return promo(
        app.t("contacts"),
        "",
        [
            ("primary_button", app.t("continue"), app.phone.finish_app),
            ("negative_button", app.t("skip"), dialog.leave),
        ],
    )


def _update(app: InstagramApp, dialog: Dialog) -> View:
    return promo(
        app.t("update"),
        "",
        [
            ("primary_button", app.t("update"), app.phone.finish_app),
            ("negative_button", app.t("not_now"), dialog.leave),
        ],
    )


def _sticker(app: InstagramApp, dialog: Dialog) -> View:
    return promo(
        app.t("sticker_nux"),
        app.t("sticker_nux_body"),
        [
            ("primary_button", app.t("try_it"), dialog.leave),
            ("auxiliary_button", app.t("not_now"), dialog.leave),
        ],
    )


def _archive(app: InstagramApp, dialog: Dialog) -> View:
    return promo(
        app.t("archive"),
        app.t("archive_body"),
        [
            ("primary_button", "OK", dialog.leave),
            ("negative_button", app.t("edit_settings"), app.phone.finish_app),
        ],
    )


_WINDOWS: dict[str, Callable[[InstagramApp, Dialog], View]] = {
    "rate": _rate,
    "navigation": _navigation,
    "facebook": _facebook,
    "notifications": _notifications,
    "save-login": _save_login,
    "contacts": _contacts,
    "update": _update,
    "sticker": _sticker,
    "archive": _archive,
}
