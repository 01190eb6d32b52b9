"""What Instagram may say over a reel's form and between Share and publishing: limited reach, notices that come once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.instagram.parts import InstagramScreen, bottom_sheet
from simulator.apps.instagram.reel import alert
from simulator.apps.layout import node
from simulator.apps.screens import Dialog

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp


#: `fault popup NAME`: over the form of a reel, before anything can be shared.
NOTICES = ("download-notice", "remix-notice")
#: `fault popup NAME`: after Share, before anything is published.
WITH_SHARE = ("about-reels", "download-privacy", "as-reels")


class DownloadNotice(InstagramScreen):
    """A sheet over the empty form of an account's first reel; the form stays in the tree, its Share under a link."""

    name = "download-notice"
    layered = True

    def views(self) -> list[View]:
        app = self.app
        title, go_on, settings = (app.t(k) for k in ("download_notice", "continue", "manage_settings"))
        return [
            bottom_sheet(
                app,
                620,
                "",
                node("TextView#clips_download_privacy_nux_title", (88, 950, 632, 1040), text=title),
                node(
                    "Button#clips_download_privacy_nux_button C",
                    (26, 1180, 694, 1252),
                    desc=go_on,
                    tap=app.pop,
                ),
                node(
                    "FrameLayout#clips_download_privacy_nux_link C",
                    (26, 1255, 694, 1335),
                    desc=settings,
                    tap=app.phone.finish_app,
                ).holding(node("TextView", (256, 1275, 464, 1310), text=settings)),
            )
        ]


def remix_notice(app: InstagramApp, dialog: Dialog) -> View:
    """Says that others may use the reel; its button closes it."""
    return node("FrameLayout B", (0, 800, 720, 1362)).holding(
        node("TextView#bb_title", (60, 830, 660, 930), text=app.t("remix_notice")),
        node("FrameLayout#bb_primary_action_container C", (26, 1180, 694, 1252), tap=dialog.leave).holding(
            node("TextView#bb_primary_action", (330, 1195, 390, 1235), text="OK")
        ),
    )


def limited_reach(app: InstagramApp, dialog: Dialog) -> View:
    def go_on() -> None:
        dialog.leave()
        app.publish()

    return alert(
        app.t("limited_reach"),
        app.t("limited_reach_body"),
        [
            ("igds_alert_dialog_primary_button", app.t("share"), go_on),
            ("igds_alert_dialog_secondary_button", app.t("edit_draft"), dialog.leave),
        ],
    )


def before_share(app: InstagramApp, dialog: Dialog, name: str) -> View:
    """Notices that come once, after Share and before anything is published; their own button shares."""

    def go_on() -> None:
        dialog.leave()
        app.publish()

    headline, body, rid, label = {
        "about-reels": ("about_reels", "about_reels_body", "clips_nux_sheet_share_button", "share"),
        "download-privacy": ("download", "", "clips_download_privacy_nux_button", "continue"),
        "as-reels": ("as_reels", "", "primary_action", "ok"),
    }[name]
    parts = [node("TextView#igds_headline_headline", (60, 760, 660, 840), text=app.t(headline))]
    if body:
        parts.append(node("TextView#igds_headline_body", (60, 850, 660, 960), text=app.t(body)))
    parts.append(
        node("Button C", (26, 1200, 694, 1280), rid=rid, text=app.t(label), desc=app.t(label), tap=go_on)
    )
    return node("FrameLayout#layout_container_bottom_sheet B", (0, 700, 720, 1362)).holding(*parts)
