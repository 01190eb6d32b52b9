"""What Instagram may say over a reel's form and between Share and publishing: limited reach, notices that come once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from simulator.apps.base import View
from simulator.apps.instagram.core import Instagram, InstagramScreen
from simulator.apps.instagram.dialogs import alert
from simulator.apps.instagram.parts import bottom_sheet
from simulator.apps.kit.layout import labelled, node
from simulator.apps.kit.stage import Dialog

#: `fault popup NAME`: over the form of a reel, before anything can be shared.
NOTICES = ("download-notice", "remix-notice")
#: `fault popup NAME`: after Share, before anything is published: headline, body, id and words of the button.
_WITH_SHARE = {
    "about-reels": ("about_reels", "about_reels_body", "clips_nux_sheet_share_button", "share"),
    "download-privacy": ("download", "", "clips_download_privacy_nux_button", "continue"),
    "as-reels": ("as_reels", "", "primary_action", "ok"),
}
WITH_SHARE = tuple(_WITH_SHARE)


class DownloadNotice(InstagramScreen):
    """A sheet over the empty form of an account's first reel; the form stays in the tree, its Share under a link."""

    name = "download-notice"
    layered = True

    def views(self) -> list[View]:
        app, rid = self.app, "clips_download_privacy_nux"
        title, go_on, settings = (app.t(k) for k in ("download_notice", "continue", "manage_settings"))
        link, label = (26, 1255, 694, 1335), (256, 1275, 464, 1310)
        parts = [
            node(f"TextView#{rid}_title", (88, 950, 632, 1040), text=title),
            node(f"Button#{rid}_button C", (26, 1180, 694, 1252), desc=go_on, tap=app.pop),
            labelled(f"FrameLayout#{rid}_link C", link, label, settings, app.phone.finish_app),
        ]
        return [bottom_sheet(app, 620, "", *parts)]


def _remix_notice(app: Instagram, dialog: Dialog) -> View:
    """Says that others may use the reel; its button closes it."""
    button = node("FrameLayout#bb_primary_action_container C", (26, 1180, 694, 1252), tap=dialog.leave)
    return node("FrameLayout B", (0, 800, 720, 1362)).holding(
        node("TextView#bb_title", (60, 830, 660, 930), text=app.t("remix_notice")),
        button.holding(node("TextView#bb_primary_action", (330, 1195, 390, 1235), text="OK")),
    )


def _share(app: Instagram, dialog: Dialog) -> None:
    dialog.leave()
    app.publish()


def _limited_reach(app: Instagram, dialog: Dialog) -> View:
    share = ("primary", app.t("share"), partial(_share, app, dialog))
    edit = ("secondary", app.t("edit_draft"), dialog.leave)
    return alert(app.t("limited_reach"), app.t("limited_reach_body"), [share, edit])


def _before_share(app: Instagram, dialog: Dialog) -> View:
    """Notices that come once, after Share and before anything is published; their own button shares."""
    headline, body, rid, key = _WITH_SHARE[dialog.name]
    parts = [node("TextView#igds_headline_headline", (60, 760, 660, 840), text=app.t(headline))]
    if body:
        parts.append(node("TextView#igds_headline_body", (60, 850, 660, 960), text=app.t(body)))
    box, label, share = (26, 1200, 694, 1280), app.t(key), partial(_share, app, dialog)
    parts.append(node(f"Button#{rid} C", box, text=label, desc=label, tap=share))
    return node("FrameLayout#layout_container_bottom_sheet B", (0, 700, 720, 1362)).holding(*parts)


DIALOGS: dict[str, Callable[[Instagram, Dialog], View]] = {
    "remix-notice": _remix_notice,
    "limited-reach": _limited_reach,
    **dict.fromkeys(WITH_SHARE, _before_share),
}
