"""TikTok's own profile and its account sheet, whose rows show display names, not handles."""

from __future__ import annotations

from simulator.apps.base import View
from simulator.apps.layout import node
from simulator.apps.tiktok.home import Feed
from simulator.apps.tiktok.parts import TikTokScreen
from simulator.apps.tiktok.sounds import sheet


class Profile(Feed):
    """The own profile: display name at the top, @handle under the picture."""

    name = "profile"
    tab = "profile"

    def entered(self) -> None:
        self.app.note_profile()

    def back(self) -> None:
        self.app.replace(self.app.home())

    def _switcher(self) -> None:
        self.app.push(AccountSheet(self.app))

    def _grid(self) -> list[View]:
        app, mine = self.app, self.app.mine()
        tiles: list[View] = []
        labels = [f"{app.t('drafts')}: {mine['drafts']}"] if mine.get("drafts") else []
        labels += ["0"] * min(6, mine.get("posts", 0))
        for place, label in enumerate(labels):
            left, top = 360 * (place % 3), 1250 + 440 * (place // 3)
            tiles.append(
                node(
                    "FrameLayout",
                    (left, top, left + 355, top + 435),
                    node("ImageView", (left, top, left + 355, top + 435), rid="cover"),
                    node("TextView", (left + 20, top + 370, left + 300, top + 420), rid="prv", text=label),
                    rid="prt",
                    flags="C",
                )
            )
        return tiles

    def item(self) -> list[View]:
        app = self.app
        counts = []
        for left, value, key in ((90, "28", "following"), (410, "112", "followers"), (730, "940", "likes")):
            counts.append(
                node(
                    "LinearLayout",
                    (left, 760, left + 260, 880),
                    node("TextView", (left, 760, left + 260, 820), rid="prn", text=value),
                    node("TextView", (left, 825, left + 260, 875), rid="prl", text=app.t(key)),
                    rid="prc",
                    flags="C",
                )
            )
        return [
            node(
                "LinearLayout",
                (270, 150, 810, 270),
                node("TextView", (300, 170, 720, 250), rid="dnm", text=app.me.display_name),
                node("ImageView", (730, 185, 780, 235), rid="dnc", desc=app.t("down")),
                rid="dnl",
                flags="C",
                tap=self._switcher,
            ),
            node("ImageView", (950, 160, 1050, 260), rid="prm", desc=app.t("profile_menu"), flags="C"),
            node("ImageView", (410, 330, 670, 590), rid="pra"),
            node("TextView", (340, 640, 740, 710), rid="hdl", text=f"@{app.me.username}", flags="C"),
            *counts,
            node("Button", (250, 920, 830, 1030), rid="pre", text=app.t("edit_profile"), flags="C"),
            *self._grid(),
        ]


class AccountSheet(TikTokScreen):
    """The accounts on this phone, by display name, and "Add account"."""

    name = "account-sheet"
    layered = True

    def _switch(self, username: str) -> None:
        app = self.app
        if username == app.me.username:
            app.pop()
            return
        app.switch_to(username)
        app.go(2.5, lambda: app.replace(app.home()))

    def views(self) -> list[View]:
        app = self.app
        top = 2337 - 150 * (len(app.sheet_accounts()) + 2)
        rows = []
        for place, account in enumerate(app.sheet_accounts()):
            y = top + 150 + 150 * place
            current = account.username == app.me.username
            rows.append(
                node(
                    "LinearLayout",
                    (0, y, 1080, y + 150),
                    node("ImageView", (42, y + 20, 152, y + 130), rid="asa"),
                    node("TextView", (190, y + 40, 800, y + 110), rid="asn", text=account.display_name),
                    *(
                        [node("ImageView", (950, y + 40, 1020, y + 110), rid="ast", flags="S")]
                        if current
                        else []
                    ),
                    rid="asr",
                    flags="CS" if current else "C",
                    tap=lambda name=account.username: self._switch(name),  # type: ignore[misc]
                )
            )
        y = top + 150 + 150 * len(rows)
        add = node(
            "LinearLayout",
            (0, y, 1080, y + 150),
            node("TextView", (190, y + 40, 800, y + 110), rid="asd", text=app.t("add_account")),
            rid="asr",
            flags="C",
            tap=lambda: app.cover(app.human("login")),
        )
        title = node("TextView", (300, top + 40, 780, top + 110), rid="ash", text=app.t("switch_account"))
        return sheet(top, app.pop, title, *rows, add)
