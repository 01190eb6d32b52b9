"""Instagram's feed with the tray of stories and its upload rows, and the Messages tab."""

from __future__ import annotations

from simulator.apps.base import View
from simulator.apps.instagram.app import ReelUpload
from simulator.apps.instagram.parts import tabbed
from simulator.apps.instagram.tabs import SendSheet, Tab, good_news
from simulator.apps.layout import node
from simulator.apps.upload import Upload


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


class Direct(Tab):
    """The Messages tab."""

    name = "direct"

    def views(self) -> list[View]:
        app = self.app
        title = node("TextView", (100, 60, 600, 110), rid="igds_action_bar_title", text=app.me.username)
        return [tabbed(app, "direct_tab", title)]
