"""What Instagram may say between Share and publishing: limited reach, notices that come once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.instagram.reel import alert
from simulator.apps.layout import node
from simulator.apps.screens import Dialog

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp


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
    parts = [node("TextView", (60, 760, 660, 840), rid="igds_headline_headline", text=app.t(headline))]
    if body:
        parts.append(node("TextView", (60, 850, 660, 960), rid="igds_headline_body", text=app.t(body)))
    parts.append(node("Button", (26, 1200, 694, 1280), rid=rid, text=app.t(label), desc=app.t(label), flags="C", tap=go_on))  # fmt: skip
    return node("FrameLayout", (0, 700, 720, 1362), *parts, rid="layout_container_bottom_sheet", flags="B")
