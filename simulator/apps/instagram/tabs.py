"""What Instagram's tabs have in common, and the Reels tab with its upload snackbar."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.instagram.core import InstagramScreen, ReelUpload
from simulator.apps.instagram.parts import bottom_sheet, tabbed
from simulator.apps.kit.layout import node


class Tab(InstagramScreen):
    """A tab: BACK leads to the feed, from there out."""

    def back(self) -> None:
        if self.name == "home":
            self.app.phone.finish_app()
        else:
            self.app.replace("home")


class SendSheet(InstagramScreen):
    """Opened by Send on an upload row: a list of friends. Harmless, but in the way."""

    name = "send-sheet"
    layered = True

    def views(self) -> list[View]:
        row = node("TextView#row_user_primary_name", (124, 760, 600, 830), text="user_1")
        return [bottom_sheet(self.app, 600, self.app.t("send"), row)]


class Reels(Tab):
    """The Reels tab. An upload shows as a snackbar over its lower edge."""

    name = "reels"

    def _snackbar(self) -> list[View]:
        app = self.app
        for upload in app.uploads:
            if not upload.running or upload.post.kind == "story":
                continue
            done = upload.phase >= ReelUpload.accepted
            right = 588 if done else 691
            status = app.t("done_posting" if done else "sharing_reels")
            lines = [node("TextView#status_text", (107, 1190, right, 1246), text=status)]
            if not done:
                percent = f"{float(upload.percent)}"
                lines.append(node("ProgressBar#progress_bar", (107, 1236, 691, 1238), text=percent))
            parts = [
                node("FrameLayout#media_thumbnail_container", (39, 1190, 91, 1242)).holding(
                    node("ImageView#media_thumbnail")
                ),
                node("LinearLayout#upload_progress_bar_container", (107, 1165, right, 1267)).holding(*lines),
            ]
            if done:
                send, box = partial(app.push, "send-sheet"), (604, 1172, 700, 1260)
                parts.append(node("Button#upload_snackbar_button C", box, text=app.t("send"), tap=send))
            return [
                node("FrameLayout#igds_upload_snackbar", (0, 1148, 720, 1284)).holding(
                    node("ViewGroup#upload_snackbar_container C", (13, 1161, 707, 1271)).holding(*parts)
                )
            ]
        return []

    def views(self) -> list[View]:
        app, create = self.app, partial(self.app.create, "reel")
        video = "Reel by user_1. Double tap to play or pause."
        page = [
            node("ViewPager#clips_viewer_view_pager R", (0, 39, 720, 1284)).holding(
                node("ViewGroup#clips_media_component", desc="Reel by user_1").holding(
                    node("FrameLayout#clips_video_container", (0, 297, 720, 1017), desc=video)
                )
            ),
            node("RelativeLayout#clips_viewer_action_bar", (0, 39, 720, 130)).holding(
                node("LinearLayout#clips_action_bar_start_action_buttons", (0, 39, 77, 130)).holding(
                    node("ImageView C", (0, 53, 77, 130), desc=app.t("create_reel"), tap=create)
                ),
                node("HorizontalScrollView#action_bar_tab_layout", (192, 64, 556, 119)).holding(
                    node("LinearLayout S", (192, 64, 330, 119), desc=app.t("reels")).holding(
                        node("TextView#android:id/text1 S", (195, 64, 297, 119), text=app.t("reels"))
                    ),
                    node("LinearLayout C", (330, 64, 556, 119), desc=app.t("friends")).holding(
                        node("TextView#android:id/text1", (333, 64, 466, 119), text=app.t("friends"))
                    ),
                ),
            ),
        ]
        whole = tabbed(app, "clips_tab", *page)
        whole.children.extend(self._snackbar())
        return [whole]
