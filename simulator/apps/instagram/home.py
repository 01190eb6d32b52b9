"""Instagram's feed with its upload row, the Reels tab with its upload snackbar, Messages, and the start screen."""

from __future__ import annotations

from simulator.apps.base import View
from simulator.apps.instagram.app import TAILS, InstagramApp, ReelUpload
from simulator.apps.instagram.parts import WHOLE, InstagramScreen, tabbed
from simulator.apps.layout import node
from simulator.apps.upload import Upload


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
            self.app.replace(Home(self.app))


def good_news(app: InstagramApp) -> str:
    """What the row says when it is done; the tail changes from post to post."""
    return app.t("posted").format(TAILS[app.mine().get("published", 0) % len(TAILS)])


class Home(Tab):
    """The feed."""

    name = "home"

    def _create(self) -> None:
        from simulator.apps.instagram.create import open_creation

        open_creation(self.app, "feed")

    def _own_story(self) -> None:
        from simulator.apps.instagram.create import open_creation

        if not self.app.mine().get("story"):
            open_creation(self.app, "story")

    def _tray(self) -> View:
        app = self.app
        bubbles = []
        for place, who in enumerate((app.me.username, "user_1", "user_2", "user_3")):
            left = 183 * place
            own = place == 0
            desc = f"{who}'s story, {place} of 13, Unseen."
            seen = (own and app.mine().get("story")) or place == 2
            inside = [
                *([node("View", (left + 10, 140, left + 173, 303), rid="seen_state")] if seen else []),
                node("ImageView", (left + 22, 152, left + 160, 290), rid="avatar_image_view", desc=desc),
            ]
            if own:
                inside.append(
                    node(
                        "ImageView", (121, 251, 170, 300), rid="reel_empty_badge", desc=app.t("add_to_story")
                    )
                )
            avatar = node(
                "Button",
                (left, 130, left + 183, 306),
                node("FrameLayout", (left, 130, left + 183, 306), *inside, rid="avatar_container"),
                desc=desc,
                flags="C",
                tap=self._own_story if own else None,
            )
            bubbles.append(
                node(
                    "LinearLayout",
                    (left, 130, min(720, left + 183), 345),
                    node("FrameLayout", (left, 130, left + 183, 306), avatar, rid="avatar_view"),
                    node(
                        "ViewGroup",
                        (left, 306, left + 183, 332),
                        node(
                            "TextView",
                            (left + 44, 306, left + 140, 332),
                            rid="username",
                            text=app.t("your_story") if own else who,
                        ),
                        rid="title_container",
                    ),
                    rid="outer_container",
                    flags="C",
                    tap=self._own_story if own else None,
                )
            )
        return node(
            "FrameLayout",
            (0, 130, 720, 345),
            node("RecyclerView", (0, 130, 720, 345), *bubbles, desc=app.t("tray"), flags="R"),
            rid="reels_tray_container",
        )

    def _rows(self) -> list[View]:
        """Upload rows, newest first; the row of an earlier failure stays."""
        app = self.app
        views, top = [], 345
        for upload in app.uploads:
            if upload.post.kind != "story" and upload.running:
                views.append(self._row(top, *self._progress(upload, top)))
                top += 131
        if app.state.get("failed_row"):
            views.append(self._row(top, *self._failure(top)))
        return views

    def _row(self, top: int, *parts: View) -> View:
        return node(
            "LinearLayout",
            (0, top, 720, top + 131),
            node(
                "LinearLayout",
                (0, top, 720, top + 130),
                node(
                    "FrameLayout",
                    (26, top + 13, 85, top + 117),
                    node("ImageView", (26, top + 13, 85, top + 117), rid="row_pending_media_imageview"),
                    rid="row_pending_media_imageview_container",
                ),
                *parts,
                rid="row_pending_container",
                flags="C",
            ),
            node("View", (0, top + 130, 720, top + 131), rid="divider"),
            rid="container",
        )

    def _progress(self, upload: Upload, top: int) -> list[View]:
        app = self.app
        sub = "row_pending_media_sub_status_textview"
        if upload.phase >= ReelUpload.accepted:
            words = [
                node("TextView", (111, top + 36, 572, top + 68), rid="row_pending_media_status_textview", text=good_news(app)),
                node("TextView", (111, top + 68, 354, top + 94), rid=sub, text=app.t("send_friends")),
            ]  # fmt: skip
            send = node(
                "Button",
                (592, top + 39, 700, top + 91),
                node("TextView", (618, top + 50, 674, top + 80), text=app.t("send")),
                rid="row_pending_media_reshare_button",
                desc=app.t("send"),
                flags="C",
                tap=lambda: app.push(SendSheet(app)),
            )
            return [
                node(
                    "LinearLayout",
                    (98, top + 36, 572, top + 94),
                    *words,
                    rid="row_pending_media_status_container",
                ),
                send,
            ]
        words = [node("TextView", (111, top + 46, 472, top + 72), rid=sub, text=app.t("keep_open"))]
        if upload.phase == 0:
            status = app.t("posting_to").format(app.me.username)
            words = [node("TextView", (111, top + 46, 472, top + 72), rid="row_pending_media_status_textview", text=status)]  # fmt: skip
        bar = node(
            "ProgressBar",
            (111, top + 85, 691, top + 88),
            rid="row_pending_media_progress_bar",
            text=f"{float(upload.percent)}",
        )
        return [
            node(
                "LinearLayout",
                (98, top + 46, 720, top + 101),
                *words,
                bar,
                rid="row_pending_media_status_container",
            )
        ]

    def _failure(self, top: int) -> list[View]:
        app = self.app
        text = node(
            "TextView",
            (111, top + 49, 642, top + 81),
            rid="row_pending_media_status_textview",
            text=app.t("cant_post"),
        )
        return [
            node("LinearLayout", (98, top + 49, 642, top + 81), text, rid="row_pending_media_status_container"),
            node("ImageView", (642, top + 45, 720, top + 84), rid="row_pending_media_discard_button", flags="C", tap=self._discard),
        ]  # fmt: skip

    def _discard(self) -> None:
        self.app.state.pop("failed_row", None)
        self.app.phone.changed()

    def views(self) -> list[View]:
        app = self.app
        rows = self._rows()
        top = 345 + 131 * len(rows)
        bar = node(
            "LinearLayout",
            (0, 39, 720, 130),
            node(
                "LinearLayout",
                (0, 39, 79, 130),
                node("ImageView", (0, 39, 79, 130), flags="C", tap=self._create),
                rid="action_bar_buttons_container_left",
            ),
            node(
                "ViewAnimator",
                (79, 59, 641, 110),
                node("ImageView", (272, 59, 448, 110), rid="title_logo", desc=app.t("home_feed")),
                rid="action_bar_title_view",
                flags="C",
            ),
            node(
                "LinearLayout",
                (641, 39, 720, 130),
                node("FrameLayout", (641, 39, 720, 130), rid="notification", flags="C"),
                rid="action_bar_buttons_container_right",
            ),
            rid="action_bar_LinearLayout",
        )
        listed = node(
            "RecyclerView",
            (0, 39, 720, 1284),
            node("View", (0, 39, 720, 130), rid="gap_binder_group"),
            self._tray(),
            *rows,
            *self._post(top),
            rid="android:id/list",
            flags="R",
        )
        return [tabbed(app, "feed_tab", listed, bar)]

    def _post(self, top: int) -> list[View]:
        app = self.app
        label = "user_1 • Sample track"
        return [
            node("FrameLayout", (0, top, 720, 1284), rid="media_group", flags="C"),
            node(
                "ViewGroup",
                (0, top, 720, top + 85),
                node(
                    "Button",
                    (0, top, 79, top + 85),
                    node("ImageView", (24, top + 18, 73, top + 67), rid="row_feed_photo_profile_imageview", desc="Profile picture of user_4"),
                    flags="C",
                ),
                node("Button", (79, top, 649, top + 41), rid="row_feed_photo_profile_name", text="user_4", desc="user_4", flags="C"),
                node("Button", (79, top + 41, 649, top + 85), rid="secondary_label", text=label, desc=label, flags="C"),
                node("ImageView", (649, top + 3, 720, top + 82), rid="media_option_button", desc=app.t("more_actions"), flags="C"),
                rid="row_feed_profile_header",
                desc="user_4 posted a video 17 hours ago",
            ),
        ]  # fmt: skip


class SendSheet(InstagramScreen):
    """Opened by Send on an upload row: a list of friends. Harmless, but in the way."""

    name = "send-sheet"
    layered = True

    def views(self) -> list[View]:
        from simulator.apps.instagram.parts import bottom_sheet

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


class Direct(Tab):
    """The Messages tab."""

    name = "direct"

    def views(self) -> list[View]:
        app = self.app
        title = node("TextView", (100, 60, 600, 110), rid="igds_action_bar_title", text=app.me.username)
        return [tabbed(app, "direct_tab", title)]
