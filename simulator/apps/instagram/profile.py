"""Instagram's own profile: user name, post count and grid (often stale), and the account sheet."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import AppAccount, View
from simulator.apps.instagram.core import Instagram
from simulator.apps.instagram.parts import bottom_sheet, tabbed
from simulator.apps.instagram.tabs import Tab
from simulator.apps.kit import accounts
from simulator.apps.kit.layout import node


class Profile(Tab):
    """The own profile."""

    name = "profile"

    def entered(self) -> None:
        self.app.maybe_wrong_account()

    def _pull(self, direction: int) -> None:
        if direction < 0:
            self.app.later(1.0, self.app.refresh_profile)

    def _tile(self, place: int, what: str) -> View:
        app = self.app
        row, column = place // 3, place % 3
        left, top = 242 * column, 868 + 321 * row
        who = app.me.display_name
        if what.startswith("photos"):
            desc = app.t("photos_by").format(what.split()[1], who, row + 1, column + 1)
        else:
            desc = app.t("reel_by" if what == "reel" else "photo_by").format(who, row + 1, column + 1)
        return node("Button#image_button C", (left, top, left + 236, min(top + 315, 1284)), desc=desc)

    def _grid(self) -> View:
        tiles = self.app.shown_tiles()[:6]
        rows = []
        for start in range(0, len(tiles), 3):
            top = 868 + 107 * start
            parts = [self._tile(start + i, what) for i, what in enumerate(tiles[start : start + 3])]
            row = node("LinearLayout#media_set_row_content_identifier", (0, top, 720, min(top + 321, 1284)))
            rows.append(row.holding(*parts))
        return node("RecyclerView#android:id/list", (0, 862, 720, 1284)).holding(*rows)

    def _metric(self, left: int, right: int, holder: str, prefix: str, key: str, *, value: str) -> View:
        label, rid = self.app.t(key), f"profile_header_familiar_{prefix}"
        box = (left, 201, right, 287)
        return node(f"View#profile_header_{holder}_familiar C", box, desc=value + label).holding(
            node(f"TextView#{rid}_value", (left + 10, 214, left + 60, 247), text=value),
            node(f"TextView#{rid}_label", (left + 10, 247, left + 101, 274), text=label),
        )

    def _header(self) -> list[View]:
        app, story = self.app, partial(self.app.create, "story")
        badge = node("ImageView#reel_empty_badge C", (134, 268, 170, 304), desc=app.t("add_to_story"), tap=story)
        frame = node("FrameLayout#row_profile_header_imageview_frame_layout C", (39, 173, 170, 304), tap=story)
        picture = frame.holding(node("ImageView#row_profile_header_imageview", desc=app.t("no_story")))
        count = str(len(app.shown_tiles()))

        def button(left: int, key: str) -> View:
            label = node("TextView", (left + 100, 536, left + 230, 566), text=app.t(key))
            box = (left, 525, left + 335, 577)
            return node("Button#button_container C", box, desc=app.t(key)).holding(label)

        note = node("Button#pog_note_bubble_view C", (32, 130, 176, 215)).holding(
            node("TextView#pog_bubble_text", (45, 149, 163, 190), text="Sample text 1")
        )
        professional, views = "Professional dashboard", "2.6K views in the last 30 days."
        dashboard = node("ViewGroup C").holding(
            node("Button", (43, 436, 275, 466), text=professional, desc=f"{professional} entry point"),
            node("View", (70, 466, 327, 493), text=views, desc=views),
        )
        full_name = app.me.display_name
        highlight = node(
            "LinearLayout#create_highlight_button_view C", (3, 597, 154, 767), desc=app.t("create_highlight")
        )
        return [
            picture,
            badge,
            note,
            node("View C", (26, 316, 694, 399)).holding(node("TextView", (26, 316, 331, 399), text="Sample text 2")),
            node("FrameLayout#bloks_container", (0, 419, 720, 525)).holding(dashboard),
            node("TextView#profile_header_full_name_above_vanity", (208, 173, 480, 201), text=full_name),
            node("LinearLayout#profile_header_metrics_full_width", (208, 201, 694, 287)).holding(
                self._metric(208, 344, "post_count_front", "post_count", "posts", value=count),
                self._metric(344, 524, "followers_stacked", "followers", "followers", value="295"),
                self._metric(524, 694, "following_stacked", "following", "following", value="28"),
            ),
            node("LinearLayout#profile_header_actions_top_row", (0, 525, 720, 577)).holding(
                button(20, "edit_profile"), button(365, "share_profile")
            ),
            highlight.holding(node("TextView#label", (3, 731, 154, 757), text=app.t("new"))),
            *[self._highlight(number) for number in range(1, 5)],
        ]

    def _highlight(self, number: int) -> View:
        left, who = 3 + 151 * number, self.app.me.username
        right = min(720, left + 151)
        desc = f"{who}'s highlight story at column {number}"
        picture = node("ImageView#avatar_image_view", (left + 25, 617, right - 26, 718), desc=desc)
        button = node("Button C", (left, 597, right, 731), desc=f"{who}'s story, {number} of 0, Seen.").holding(
            node("FrameLayout#avatar_container").holding(picture)
        )
        name = node("TextView#username", (left + 42, 731, right - 42, 757), text=f"user_{number + 1}")
        return node("LinearLayout#outer_container C", (left, 597, right, 767)).holding(button, name)

    def _tabs(self) -> View:
        app = self.app
        reels = node("ImageView#profile_tab_icon_view C", (240, 783, 480, 861), desc=app.t("reels"))
        tagged = node("ImageView#profile_tab_icon_view", (581, 803, 620, 842), desc=app.t("photos_of_you"))
        return node("LinearLayout#profile_tabs_container", (0, 783, 720, 862)).holding(
            node("HorizontalScrollView#profile_tab_layout", (0, 783, 720, 861)).holding(
                node("ImageView#profile_tab_icon_view CS", (0, 783, 240, 861), desc=app.t("grid_view")),
                node("LinearLayout C", (240, 783, 480, 861)).holding(reels),
                node("LinearLayout C", (480, 783, 720, 861)).holding(node("FrameLayout C").holding(tagged)),
            )
        )

    def _bar(self) -> View:
        app = self.app
        name, accounts_sheet = app.me.username, partial(app.push, "account-sheet")
        title = node("LinearLayout#action_bar_username_container C", (105, 39, 549, 130), tap=accounts_sheet)
        return node("LinearLayout#action_bar_layout", (0, 39, 707, 130)).holding(
            node("LinearLayout#left_action_bar_buttons", (0, 39, 79, 130)).holding(
                node("ImageView C", desc=app.t("create_new"), tap=partial(app.push, "create-sheet"))
            ),
            title.holding(
                node("TextView#action_bar_title", (208, 39, 494, 130), text=name, desc=name),
                node("LinearLayout#action_bar_username_buttons_container", (494, 39, 524, 130)).holding(
                    node("ImageView#action_bar_title_chevron", (504, 74, 524, 94))
                ),
            ),
            node("LinearLayout#right_action_bar_buttons", (549, 39, 707, 130)).holding(
                node("ImageView C", (549, 39, 628, 130), desc=app.t("threads")),
                node("ImageView C", (628, 39, 707, 130), desc=app.t("options")),
            ),
        )

    def views(self) -> list[View]:
        content = node("FrameLayout#user_detail_fragment", (0, 39, 720, 1284)).holding(
            *self._header(), self._tabs(), self._grid()
        )
        content.on_scroll = self._pull
        return [tabbed(self.app, "profile_tab", content, self._bar())]


class AccountSheet(accounts.AccountSheet[Instagram]):
    """The accounts on this phone. The profile behind leaks into the tree."""

    foot, head, pitch = 1362, 46, 110
    others = ("add_account", "accounts_center")
    switch_s, then = 2.0, "profile"

    def sheet(self, top: int, rows: list[View]) -> list[View]:
        return [bottom_sheet(self.app, top, "", *rows)]

    def row(self, place: int, y: int, account: AppAccount, *, current: bool) -> View:
        desc = account.username + ("" if place % 2 == 0 else ",  New notifications")
        return node("ViewGroup C", (0, y, 720, y + 110), desc=desc, flags="S" if current else "").holding(
            node("ImageView#profile_picture", (26, y + 15, 106, y + 95)),
            node("TextView", (130, y + 35, 560, y + 75), text=account.username),
        )

    def other(self, y: int, label: str) -> View:
        return node("Button C", (0, y, 720, y + 110), desc=label)
