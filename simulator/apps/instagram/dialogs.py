"""Dialogs that Instagram lays over whatever it shows; some of them only a person can answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from simulator.apps.base import View
from simulator.apps.instagram.core import Instagram
from simulator.apps.kit.layout import node
from simulator.apps.kit.stage import Dialog

_WEB_PAGE = (0, 48, 720, 1344)
_DISABLED = (
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
#: Name -> headline, body, and each button's id, words and whether it leads out of the app instead of closing.
_PROMOS = {
    "facebook": ("facebook", "", (("primary_button", "ok", False), ("negative_button", "learn_more", True))),
    "notifications": ("notifications", "", (("primary_button", "turn_on", True), ("negative_button", "not_now", False))),
    "save-login": ("save_login", "", (("primary_button", "save", False), ("negative_button", "not_now", False))),
    "contacts": ("contacts", "", (("primary_button", "continue", True), ("negative_button", "skip", False))),
    "update": ("update", "", (("primary_button", "update", True), ("negative_button", "not_now", False))),
    "sticker": ("sticker_nux", "sticker_nux_body", (("primary_button", "try_it", False), ("auxiliary_button", "not_now", False))),
    "archive": ("archive", "archive_body", (("primary_button", "OK", False), ("negative_button", "edit_settings", True))),
}  # fmt: skip


def alert(title: str, body: str, buttons: list[tuple[str, str, Callable[[], None]]]) -> View:
    """Instagram's alert in the middle of the screen; buttons are primary, secondary or cancel."""
    head = [node("TextView#igds_alert_dialog_headline", (211, 543, 509, 599), text=title)]
    if body:
        head.append(node("TextView#igds_alert_dialog_subtext", (211, 599, 509, 695), text=body))
    rows = [
        node(f"Button#igds_alert_dialog_{kind}_button C", (172, 748 + 81 * i, 548, 828 + 81 * i), text=label, tap=tap)
        for i, (kind, label, tap) in enumerate(buttons)
    ]
    return node("FrameLayout B", (172, 510, 548, 760 + 81 * len(rows))).holding(*head, *rows)


def promo(headline: str, body: str, buttons: list[tuple[str, str, Callable[[], None]]]) -> View:
    """A card with a headline and buttons in rows of their own."""
    parts = [node("TextView#igds_headline_headline", (200, 550, 520, 634), text=headline)]
    if body:
        parts.append(node("TextView#igds_headline_body", (200, 647, 520, 810), text=body))
    for place, (rid, label, tap) in enumerate(buttons):
        y = 889 + 79 * place
        button = node(f"Button#{rid} C", (181, y, 539, y + 78), text=label, tap=tap)
        parts.append(node(f"LinearLayout#{rid}_row C", (148, y, 572, y + 78), tap=tap).holding(button))
    return node("FrameLayout B", (148, 500, 572, 920 + 79 * len(buttons))).holding(*parts)


def _promo(app: Instagram, dialog: Dialog, *, name: str) -> View:
    """Words that are no key stand as they are."""
    headline, body, buttons = _PROMOS[name]
    said = {key: app.t(key) if key in app.texts else key for key in (headline, body, *(b[1] for b in buttons))}
    taps = {True: app.phone.finish_app, False: dialog.leave}
    return promo(said[headline], said[body], [(rid, said[key], taps[away]) for rid, key, away in buttons])


def _rate(app: Instagram, dialog: Dialog) -> View:
    def button(y: int, rid: str, label: str, tap: Callable[[], None]) -> View:
        return node(f"Button#{rid} C", (99, y, 621, y + 78), text=label, tap=tap)

    return node("FrameLayout#android:id/content B", (99, 475, 621, 926)).holding(
        node("TextView#appirater_title_area", (99, 501, 348, 556), text=app.t("rate")),
        node("TextView#appirater_message_area", (99, 569, 621, 692), text=app.t("rate_body")),
        button(692, "appirater_rate_button", app.t("rate"), app.phone.finish_app),
        button(770, "appirater_rate_later_button", app.t("rate_later"), dialog.leave),
        button(848, "appirater_cancel_button", app.t("no_thanks"), dialog.leave),
    )


def _navigation(app: Instagram, dialog: Dialog) -> View:
    button = node(
        "Button#igds_headline_primary_action_button C", (118, 1225, 601, 1297), desc=app.t("got_it"), tap=dialog.leave
    )
    return node("FrameLayout B", (66, 900, 654, 1340)).holding(
        node("TextView#igds_headline_headline", (118, 994, 601, 1091), text=app.t("swipe_nux")),
        node("TextView#igds_headline_body", (118, 1104, 601, 1186), text=app.t("swipe_nux_body")),
        button.holding(node("TextView", (328, 1246, 390, 1276), text=app.t("got_it"))),
    )


def _keep_draft(app: Instagram, dialog: Dialog) -> View:
    """Going on with the old draft would publish something else."""

    def keep() -> None:
        dialog.leave()
        app.draft.media = app.phone.media()[-1:]
        app.draft.caption = "an old draft"
        app.push("editor")

    def button(top: int, bottom: int, rid: str, key: str, tap: Callable[[], None]) -> View:
        return node(f"LinearLayout#{rid}_row C", (148, top, 572, bottom)).holding(
            node(f"Button#{rid} C", (181, top, 539, bottom), text=app.t(key), tap=tap)
        )

    return node("FrameLayout B", (148, 560, 572, 1000)).holding(
        node("TextView#igds_headline_headline", (180, 585, 540, 680), text=app.t("keep_draft")),
        button(843, 921, "primary_button", "keep_editing", keep),
        button(922, 1000, "auxiliary_button", "start_new", dialog.leave),
    )


def _discard_reel(app: Instagram, dialog: Dialog) -> View:
    """Leaving an editor: Discard loses the reel, "Keep editing" does not."""

    def discard() -> None:
        dialog.leave()
        app.replace("home")

    def save() -> None:
        dialog.leave()
        app.save_draft()
        app.replace("home")

    buttons = [("primary", app.t("discard"), discard), ("secondary", app.t("save_draft"), save)]
    return alert(app.t("discard_reel"), "", [*buttons, ("cancel", app.t("keep_editing"), dialog.leave)])


# -- what only a person can answer --------------------------------------------------------------------------------


def _login(app: Instagram, _dialog: Dialog) -> View:
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

    language = "English (US)"
    return node("FrameLayout B", _WEB_PAGE).holding(
        node("Button C", (32, 325, 688, 364), desc=language).holding(
            node("View", (265, 325, 417, 364), text=language, desc=language)
        ),
        node("ImageView", (32, 364, 688, 472), desc="Instagram from Meta"),
        box(508, "user_field"),
        box(637, "password"),
        labelled(766, 79, "log_in"),
        labelled(867, 65, "forgot"),
        labelled(932, 79, "new_account"),
        node("ImageView", (300, 1047, 420, 1069), desc="Meta logo"),
    )


def _logged_out(app: Instagram, _dialog: Dialog) -> View:
    def to_login() -> None:
        app.uncover()
        app.cover("login")

    return promo(app.t("logged_out"), app.t("log_back_in"), [("primary_button", app.t("ok"), to_login)])


def _page(
    app: Instagram, _dialog: Dialog, *, title: str, body: str = "", buttons: tuple[str, ...] = ("log_out",)
) -> View:
    """A page like those that Instagram draws from the web: no ids, labels in text and description."""
    title, body = (app.t(key).format(app.me.username) if key else "" for key in (title, body))
    menu = node("Button C", (636, 51, 706, 116), desc=app.t("menu"))
    parts = [
        menu.holding(node("View", (688, 69, 693, 99), text=" ")),
        node("View", (156, 284, 565, 331), text=title, desc=title),
        node("View", (26, 344, 694, 700), text=body, desc=body),
    ]
    for place, key in enumerate(buttons):
        y, text = 1150 + 90 * place, app.t(key)
        label = node("View", (324, y + 20, 396, y + 50), text=text)
        parts.append(node("Button C", (26, y, 694, y + 69), desc=text).holding(label))
    return node("FrameLayout#bloks_container B", _WEB_PAGE).holding(*parts)


def _disabled(app: Instagram, dialog: Dialog) -> View:
    lines = [
        node("View", (26, 387 + 60 * i, 694, 440 + 60 * i), text=text, desc=text) for i, text in enumerate(_DISABLED)
    ]
    for y, text in ((950, "Read more about this rule"), (1060, "How we made this decision")):
        button = node("Button", (85, y + 20, 694, y + 60), text=text, desc=text)
        lines.append(node("ViewGroup C", (0, y, 720, y + 79)).holding(button))
    lines.append(node("Button C", (109, 1010, 370, 1039), text="download your information"))
    return _page(app, dialog, title="disabled", body="disabled_body").holding(*lines)


def _limit(app: Instagram, _dialog: Dialog) -> View:
    return alert(app.t("limit"), app.t("limit_body"), [("primary", app.t("ok"), lambda: None)])


DIALOGS: dict[str, Callable[[Instagram, Dialog], View]] = {
    **{name: partial(_promo, name=name) for name in _PROMOS},
    "rate": _rate,
    "navigation": _navigation,
    "keep-draft": _keep_draft,
    "discard-reel": _discard_reel,
    "login": _login,
    "logged-out": _logged_out,
    "account-blocked": _disabled,
    "upload-id": partial(_page, title="upload_id", body="upload_id_body", buttons=("upload_photo", "submit")),
    "suspended": partial(_page, title="suspended"),
    "captcha": partial(_page, title="human", buttons=("continue",)),
    "try-again-later": _limit,
}
