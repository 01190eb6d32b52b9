"""Instagram's own profile: user name, post count and grid (often stale), and the account sheet."""

from __future__ import annotations

from simulator.apps.base import View
from simulator.apps.instagram.parts import InstagramScreen, bottom_sheet, tabbed
from simulator.apps.instagram.tabs import Tab
from simulator.apps.layout import node


class Profile(Tab):
    """The own profile."""

    name = "profile"

    def entered(self) -> None:
        self.app.note_profile()

    def _pull(self, direction: int) -> None:
        if direction < 0:
            self.app.later(1.0, self.app.refresh_profile)

    def _create(self) -> None:
        from simulator.apps.instagram.create import CreateSheet

        self.app.push(CreateSheet(self.app))

    def _accounts(self) -> None:
        self.app.push(AccountSheet(self.app))

    def _story(self) -> None:
        from simulator.apps.instagram.create import open_creation

        open_creation(self.app, "story")

    def _tile(self, place: int, what: str) -> View:
        app = self.app
        row, column = place // 3, place % 3
        left, top = 242 * column, 868 + 321 * row
        who = app.me.display_name
        if what.startswith("photos"):
            desc = app.t("photos_by").format(what.split()[1], who, row + 1, column + 1)
        else:
            desc = app.t("reel_by" if what == "reel" else "photo_by").format(who, row + 1, column + 1)
        return node(
            "Button", (left, top, left + 236, min(top + 315, 1284)), rid="image_button", desc=desc, flags="C"
        )

    def _grid(self) -> View:
        tiles = self.app.shown_tiles()[:6]
        rows = []
        for start in range(0, len(tiles), 3):
            top = 868 + 107 * start
            parts = [self._tile(start + i, what) for i, what in enumerate(tiles[start : start + 3])]
            rows.append(node("LinearLayout", (0, top, 720, min(top + 321, 1284)), *parts, rid="media_set_row_content_identifier"))  # fmt: skip
        return node("RecyclerView", (0, 862, 720, 1284), *rows, rid="android:id/list")

    def _metric(self, left: int, right: int, name: str, value: str) -> View:
        app = self.app
        holder, prefix, key = name.split()
        return node(
            "View",
            (left, 201, right, 287),
            node("TextView", (left + 10, 214, left + 60, 247), rid=f"profile_header_familiar_{prefix}_value", text=value),
            node("TextView", (left + 10, 247, left + 101, 274), rid=f"profile_header_familiar_{prefix}_label", text=app.t(key)),
            rid=holder,
            desc=value + app.t(key),
            flags="C",
        )  # fmt: skip

    def _header(self) -> list[View]:
        app = self.app
        badge = node(
            "ImageView", (134, 268, 170, 304), rid="reel_empty_badge", desc=app.t("add_to_story"), flags="C", tap=self._story
        )  # fmt: skip
        picture = node(
            "FrameLayout",
            (39, 173, 170, 304),
            node(
                "ImageView", (39, 173, 170, 304), rid="row_profile_header_imageview", desc=app.t("no_story")
            ),
            rid="row_profile_header_imageview_frame_layout",
            flags="C",
            tap=self._story,
        )
        count = str(len(app.shown_tiles()))

        def button(left: int, key: str) -> View:
            label = node("TextView", (left + 100, 536, left + 230, 566), text=app.t(key))
            return node("Button", (left, 525, left + 335, 577), label, rid="button_container", desc=app.t(key), flags="C")  # fmt: skip

        note = node("Button", (32, 130, 176, 215), node("TextView", (45, 149, 163, 190), rid="pog_bubble_text", text="Sample text 1"),
                    rid="pog_note_bubble_view", flags="C")  # fmt: skip
        dashboard = node(
            "ViewGroup",
            (0, 419, 720, 525),
            node(
                "Button",
                (43, 436, 275, 466),
                text="Professional dashboard",
                desc="Professional dashboard entry point",
            ),
            node(
                "View",
                (70, 466, 327, 493),
                text="2.6K views in the last 30 days.",
                desc="2.6K views in the last 30 days.",
            ),
            flags="C",
        )
        return [
            picture,
            badge,
            note,
            node("View", (26, 316, 694, 399), node("TextView", (26, 316, 331, 399), text="Sample text 2"), flags="C"),
            node("FrameLayout", (0, 419, 720, 525), dashboard, rid="bloks_container"),
            node("TextView", (208, 173, 480, 201), rid="profile_header_full_name_above_vanity", text=app.me.display_name),
            node(
                "LinearLayout",
                (208, 201, 694, 287),
                self._metric(208, 344, "profile_header_post_count_front_familiar post_count posts", count),
                self._metric(344, 524, "profile_header_followers_stacked_familiar followers followers", "295"),
                self._metric(524, 694, "profile_header_following_stacked_familiar following following", "28"),
                rid="profile_header_metrics_full_width",
            ),
            node("LinearLayout", (0, 525, 720, 577), button(20, "edit_profile"), button(365, "share_profile"), rid="profile_header_actions_top_row"),
            node("LinearLayout", (3, 597, 154, 767), node("TextView", (3, 731, 154, 757), rid="label", text=app.t("new")),
                 rid="create_highlight_button_view", desc=app.t("create_highlight"), flags="C"),
            *[self._highlight(number) for number in range(1, 5)],
        ]  # fmt: skip

    def _highlight(self, number: int) -> View:
        left, who = 3 + 151 * number, self.app.me.username
        right = min(720, left + 151)
        picture = node(
            "ImageView",
            (left + 25, 617, right - 26, 718),
            rid="avatar_image_view",
            desc=f"{who}'s highlight story at column {number}",
        )
        button = node(
            "Button",
            (left, 597, right, 731),
            node("FrameLayout", (left, 597, right, 731), picture, rid="avatar_container"),
            desc=f"{who}'s story, {number} of 0, Seen.",
            flags="C",
        )
        name = node("TextView", (left + 42, 731, right - 42, 757), rid="username", text=f"user_{number + 1}")
        return node("LinearLayout", (left, 597, right, 767), button, name, rid="outer_container", flags="C")  # fmt: skip

    def _tabs(self) -> View:
        app = self.app
        reels = node(
            "ImageView", (240, 783, 480, 861), rid="profile_tab_icon_view", desc=app.t("reels"), flags="C"
        )
        tagged = node(
            "ImageView", (581, 803, 620, 842), rid="profile_tab_icon_view", desc=app.t("photos_of_you")
        )
        return node(
            "LinearLayout",
            (0, 783, 720, 862),
            node(
                "HorizontalScrollView",
                (0, 783, 720, 861),
                node("ImageView", (0, 783, 240, 861), rid="profile_tab_icon_view", desc=app.t("grid_view"), flags="CS"),
                node("LinearLayout", (240, 783, 480, 861), reels, flags="C"),
                node("LinearLayout", (480, 783, 720, 861), node("FrameLayout", (480, 783, 720, 861), tagged, flags="C"), flags="C"),
                rid="profile_tab_layout",
            ),
            rid="profile_tabs_container",
        )  # fmt: skip

    def _bar(self) -> View:
        app = self.app
        name = app.me.username
        return node(
            "LinearLayout",
            (0, 39, 707, 130),
            node(
                "LinearLayout",
                (0, 39, 79, 130),
                node("ImageView", (0, 39, 79, 130), desc=app.t("create_new"), flags="C", tap=self._create),
                rid="left_action_bar_buttons",
            ),
            node(
                "LinearLayout",
                (105, 39, 549, 130),
                node("TextView", (208, 39, 494, 130), rid="action_bar_title", text=name, desc=name),
                node(
                    "LinearLayout",
                    (494, 39, 524, 130),
                    node("ImageView", (504, 74, 524, 94), rid="action_bar_title_chevron"),
                    rid="action_bar_username_buttons_container",
                ),
                rid="action_bar_username_container",
                flags="C",
                tap=self._accounts,
            ),
            node(
                "LinearLayout",
                (549, 39, 707, 130),
                node("ImageView", (549, 39, 628, 130), desc=app.t("threads"), flags="C"),
                node("ImageView", (628, 39, 707, 130), desc=app.t("options"), flags="C"),
                rid="right_action_bar_buttons",
            ),
            rid="action_bar_layout",
        )

    def views(self) -> list[View]:
        content = node(
            "FrameLayout",
            (0, 39, 720, 1284),
            *self._header(),
            self._tabs(),
            self._grid(),
            rid="user_detail_fragment",
        )
        content.on_scroll = self._pull
        return [tabbed(self.app, "profile_tab", content, self._bar())]  # fmt: skip


class AccountSheet(InstagramScreen):
    """The accounts on this phone. The profile behind leaks into the tree."""

    name = "account-sheet"
    layered = True

    def _switch(self, username: str) -> None:
        app = self.app
        if username == app.me.username:
            app.pop()
            return
        app.switch_to(username)
        app.go(2.0, lambda: app.replace(Profile(app)))

    def views(self) -> list[View]:
        app = self.app
        accounts = app.sheet_accounts()
        top = 1362 - 46 - 110 * (len(accounts) + 2)
        rows = []
        for place, account in enumerate(accounts):
            y = top + 46 + 110 * place
            current = account.username == app.me.username
            desc = account.username + ("" if place % 2 == 0 else ",  New notifications")
            rows.append(
                node(
                    "ViewGroup",
                    (0, y, 720, y + 110),
                    node("ImageView", (26, y + 15, 106, y + 95), rid="profile_picture"),
                    node("TextView", (130, y + 35, 560, y + 75), text=account.username),
                    desc=desc,
                    flags="CS" if current else "C",
                    tap=lambda name=account.username: self._switch(name),  # type: ignore[misc]
                )
            )
        for key in ("add_account", "accounts_center"):
            y = top + 46 + 110 * len(rows)
            rows.append(
                node(
                    "Button",
                    (0, y, 720, y + 110),
                    desc=app.t(key),
                    flags="C",
                    tap=lambda: app.cover(app.human("login")),
                )
            )
        return [bottom_sheet(app, top, "", *rows)]
