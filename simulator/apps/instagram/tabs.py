"""What Instagram's tabs have in common, its start screen, and the Reels tab with its upload snackbar."""

from __future__ import annotations

from simulator.apps.base import View
from simulator.apps.instagram.app import TAILS, InstagramApp, ReelUpload
from simulator.apps.instagram.parts import WHOLE, InstagramScreen, bottom_sheet, tabbed
from simulator.apps.layout import node


class Splash(InstagramScreen):
    """The logo while the app starts."""

    name = "splash"

    def views(self) -> list[View]:
        return [node("FrameLayout", WHOLE, node("ImageView", (285, 645, 435, 795)), flags="B")]

    def back(self) -> None:
        self.app.phone.finish_app()


class Tab(InstagramScreen):
    """A tab: BACK leads to the feed, from there out."""

    def back(self) -> None:
        if self.name == "home":
            self.app.phone.finish_app()
        else:
            self.app.replace(self.app.home())


def good_news(app: InstagramApp) -> str:
    """What the row says when it is done; the tail changes from post to post."""
    return app.t("posted").format(TAILS[app.mine().get("published", 0) % len(TAILS)])


class SendSheet(InstagramScreen):
    """Opened by Send on an upload row: a list of friends. Harmless, but in the way."""

    name = "send-sheet"
    layered = True

    def views(self) -> list[View]:
        row = node("TextView", (124, 760, 600, 830), rid="row_user_primary_name", text="user_1")
        return [bottom_sheet(self.app, 600, self.app.t("send"), row)]


class Reels(Tab):
    """The Reels tab. An upload shows as a snackbar over its lower edge."""

    name = "reels"

    def _create(self) -> None:
        from simulator.apps.instagram.create import open_creation

        open_creation(self.app, "reel")

    def _snackbar(self) -> list[View]:
        app = self.app
        for upload in app.uploads:
            if not upload.running or upload.post.kind == "story":
                continue
            done = upload.phase >= ReelUpload.accepted
            right = 588 if done else 691
            lines = [node("TextView", (107, 1190, right, 1246), rid="status_text", text=app.t("done_posting" if done else "sharing_reels"))]  # fmt: skip
            if not done:
                lines.append(node("ProgressBar", (107, 1236, 691, 1238), rid="progress_bar", text=f"{float(upload.percent)}"))  # fmt: skip
            parts = [
                node(
                    "FrameLayout",
                    (39, 1190, 91, 1242),
                    node("ImageView", (39, 1190, 91, 1242), rid="media_thumbnail"),
                    rid="media_thumbnail_container",
                ),
                node("LinearLayout", (107, 1165, right, 1267), *lines, rid="upload_progress_bar_container"),
            ]
            if done:
                parts.append(
                    node("Button", (604, 1172, 700, 1260), rid="upload_snackbar_button", text=app.t("send"), flags="C",
                         tap=lambda: app.push(SendSheet(app)))
                )  # fmt: skip
            return [
                node(
                    "FrameLayout",
                    (0, 1148, 720, 1284),
                    node(
                        "ViewGroup", (13, 1161, 707, 1271), *parts, rid="upload_snackbar_container", flags="C"
                    ),
                    rid="igds_upload_snackbar",
                )
            ]
        return []

    def views(self) -> list[View]:
        app = self.app
        page = [
            node(
                "ViewPager",
                (0, 39, 720, 1284),
                node(
                    "ViewGroup",
                    (0, 39, 720, 1284),
                    node("FrameLayout", (0, 297, 720, 1017), rid="clips_video_container", desc="Reel by user_1. Double tap to play or pause."),
                    rid="clips_media_component",
                    desc="Reel by user_1",
                ),
                rid="clips_viewer_view_pager",
                flags="R",
            ),
            node(
                "RelativeLayout",
                (0, 39, 720, 130),
                node(
                    "LinearLayout",
                    (0, 39, 77, 130),
                    node("ImageView", (0, 53, 77, 130), desc=app.t("create_reel"), flags="C", tap=self._create),
                    rid="clips_action_bar_start_action_buttons",
                ),
                node(
                    "HorizontalScrollView",
                    (192, 64, 556, 119),
                    node("LinearLayout", (192, 64, 330, 119), node("TextView", (195, 64, 297, 119), rid="android:id/text1", text=app.t("reels"), flags="S"), desc=app.t("reels"), flags="S"),
                    node("LinearLayout", (330, 64, 556, 119), node("TextView", (333, 64, 466, 119), rid="android:id/text1", text=app.t("friends")), desc=app.t("friends"), flags="C"),
                    rid="action_bar_tab_layout",
                ),
                rid="clips_viewer_action_bar",
            ),
        ]  # fmt: skip
        whole = tabbed(app, "clips_tab", *page)
        whole.children.extend(self._snackbar())
        return [whole]
