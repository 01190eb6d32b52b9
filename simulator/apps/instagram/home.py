"""Instagram's feed with the tray of stories and its upload rows, and the Messages tab."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.instagram.core import ReelUpload
from simulator.apps.instagram.parts import tabbed
from simulator.apps.instagram.tabs import Tab
from simulator.apps.kit.layout import node
from simulator.apps.kit.upload import Upload


class Home(Tab):
    """The feed."""

    name = "home"

    def _own_story(self) -> None:
        if not self.app.mine().get("story"):
            self.app.create("story")

    def _tray(self) -> View:
        app = self.app
        bubbles = []
        for place, who in enumerate((app.me.username, "user_1", "user_2", "user_3")):
            left = 183 * place
            own = place == 0
            desc = f"{who}'s story, {place} of 13, Unseen."
            seen = (own and app.mine().get("story")) or place == 2
            inside = [
                *([node("View#seen_state", (left + 10, 140, left + 173, 303))] if seen else []),
                node("ImageView#avatar_image_view", (left + 22, 152, left + 160, 290), desc=desc),
            ]
            if own:
                inside.append(node("ImageView#reel_empty_badge", (121, 251, 170, 300), desc=app.t("add_to_story")))
            tap = self._own_story if own else None
            avatar = node("Button C", desc=desc, tap=tap).holding(node("FrameLayout#avatar_container").holding(*inside))
            name, label = (left + 44, 306, left + 140, 332), app.t("your_story") if own else who
            bubble = node("LinearLayout#outer_container C", (left, 130, min(720, left + 183), 345), tap=tap)
            bubbles.append(
                bubble.holding(
                    node("FrameLayout#avatar_view", (left, 130, left + 183, 306)).holding(avatar),
                    node("ViewGroup#title_container", (left, 306, left + 183, 332)).holding(
                        node("TextView#username", name, text=label)
                    ),
                )
            )
        return node("FrameLayout#reels_tray_container", (0, 130, 720, 345)).holding(
            node("RecyclerView R", desc=app.t("tray")).holding(*bubbles)
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
        thumbnail = (26, top + 13, 85, top + 117)
        return node("LinearLayout#container", (0, top, 720, top + 131)).holding(
            node("LinearLayout#row_pending_container C", (0, top, 720, top + 130)).holding(
                node("FrameLayout#row_pending_media_imageview_container", thumbnail).holding(
                    node("ImageView#row_pending_media_imageview")
                ),
                *parts,
            ),
            node("View#divider", (0, top + 130, 720, top + 131)),
        )

    def _status(self, top: int, right: int, bottom: int, *lines: View) -> View:
        return node("LinearLayout#row_pending_media_status_container", (98, top, right, bottom)).holding(*lines)

    def _line(self, name: str, top: int, right: int, bottom: int, text: str) -> View:
        return node(f"TextView#row_pending_media_{name}_textview", (111, top, right, bottom), text=text)

    def _progress(self, upload: Upload, top: int) -> list[View]:
        app = self.app
        if upload.phase >= ReelUpload.accepted:
            label, tap, box = app.t("send"), partial(app.push, "send-sheet"), (592, top + 39, 700, top + 91)
            send = node("Button#row_pending_media_reshare_button C", box, desc=label, tap=tap).holding(
                node("TextView", (618, top + 50, 674, top + 80), text=label)
            )
            good = self._line("status", top + 36, 572, top + 68, app.good_news())
            ask = self._line("sub_status", top + 68, 354, top + 94, app.t("send_friends"))
            return [self._status(top + 36, 572, top + 94, good, ask), send]
        words = self._line("sub_status", top + 46, 472, top + 72, app.t("keep_open"))
        if upload.phase == 0:
            words = self._line("status", top + 46, 472, top + 72, app.t("posting_to").format(app.me.username))
        box, percent = (111, top + 85, 691, top + 88), f"{float(upload.percent)}"
        bar = node("ProgressBar#row_pending_media_progress_bar", box, text=percent)
        return [self._status(top + 46, 720, top + 101, words, bar)]

    def _failure(self, top: int) -> list[View]:
        text, cross = (
            self._line("status", top + 49, 642, top + 81, self.app.t("cant_post")),
            (642, top + 45, 720, top + 84),
        )
        return [
            self._status(top + 49, 642, top + 81, text),
            node("ImageView#row_pending_media_discard_button C", cross, tap=self._discard),
        ]

    def _discard(self) -> None:
        self.app.state.pop("failed_row", None)
        self.changed()

    def views(self) -> list[View]:
        app = self.app
        rows = self._rows()
        top = 345 + 131 * len(rows)
        bar = node("LinearLayout#action_bar_LinearLayout", (0, 39, 720, 130)).holding(
            node("LinearLayout#action_bar_buttons_container_left", (0, 39, 79, 130)).holding(
                node("ImageView C", tap=partial(app.create, "feed"))
            ),
            node("ViewAnimator#action_bar_title_view C", (79, 59, 641, 110)).holding(
                node("ImageView#title_logo", (272, 59, 448, 110), desc=app.t("home_feed"))
            ),
            node("LinearLayout#action_bar_buttons_container_right", (641, 39, 720, 130)).holding(
                node("FrameLayout#notification C")
            ),
        )
        listed = node("RecyclerView#android:id/list R", (0, 39, 720, 1284)).holding(
            node("View#gap_binder_group", (0, 39, 720, 130)), self._tray(), *rows, *self._post(top)
        )
        return [tabbed(app, "feed_tab", listed, bar)]

    def _post(self, top: int) -> list[View]:
        author, label = "user_4", "user_1 • Sample track"
        more = self.app.t("more_actions")
        header = node(
            "ViewGroup#row_feed_profile_header", (0, top, 720, top + 85), desc=f"{author} posted a video 17 hours ago"
        )
        picture = node(
            "ImageView#row_feed_photo_profile_imageview",
            (24, top + 18, 73, top + 67),
            desc=f"Profile picture of {author}",
        )
        return [
            node("FrameLayout#media_group C", (0, top, 720, 1284)),
            header.holding(
                node("Button C", (0, top, 79, top + 85)).holding(picture),
                node("Button#row_feed_photo_profile_name C", (79, top, 649, top + 41), text=author, desc=author),
                node("Button#secondary_label C", (79, top + 41, 649, top + 85), text=label, desc=label),
                node("ImageView#media_option_button C", (649, top + 3, 720, top + 82), desc=more),
            ),
        ]


class Direct(Tab):
    """The Messages tab."""

    name = "direct"

    def views(self) -> list[View]:
        app = self.app
        title = node("TextView#igds_action_bar_title", (100, 60, 600, 110), text=app.me.username)
        return [tabbed(app, "direct_tab", title)]
