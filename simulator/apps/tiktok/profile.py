"""TikTok's own profile and its account sheet, whose rows show display names, not handles."""

from __future__ import annotations

from functools import partial

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
                node("FrameLayout#prt C", (left, top, left + 355, top + 435)).holding(
                    node("ImageView#cover"),
                    node("TextView#prv", (left + 20, top + 370, left + 300, top + 420), text=label),
                )
            )
        return tiles

    def item(self) -> list[View]:
        app = self.app
        counts = []
        for left, value, key in ((90, "28", "following"), (410, "112", "followers"), (730, "940", "likes")):
            counts.append(
                node("LinearLayout#prc C", (left, 760, left + 260, 880)).holding(
                    node("TextView#prn", (left, 760, left + 260, 820), text=value),
                    node("TextView#prl", (left, 825, left + 260, 875), text=app.t(key)),
                )
            )
        return [
            node("LinearLayout#dnl C", (270, 150, 810, 270), tap=self._switcher).holding(
                node("TextView#dnm", (300, 170, 720, 250), text=app.me.display_name),
                node("ImageView#dnc", (730, 185, 780, 235), desc=app.t("down")),
            ),
            node("ImageView#prm C", (950, 160, 1050, 260), desc=app.t("profile_menu")),
            node("ImageView#pra", (410, 330, 670, 590)),
            node("TextView#hdl C", (340, 640, 740, 710), text=f"@{app.me.username}"),
            *counts,
            node("Button#pre C", (250, 920, 830, 1030), text=app.t("edit_profile")),
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
                    "LinearLayout#asr",
                    (0, y, 1080, y + 150),
                    flags="CS" if current else "C",
                    tap=partial(self._switch, account.username),
                ).holding(
                    node("ImageView#asa", (42, y + 20, 152, y + 130)),
                    node("TextView#asn", (190, y + 40, 800, y + 110), text=account.display_name),
                    *([node("ImageView#ast S", (950, y + 40, 1020, y + 110))] if current else []),
                )
            )
        y = top + 150 + 150 * len(rows)
        add = node(
            "LinearLayout#asr C", (0, y, 1080, y + 150), tap=lambda: app.cover(app.human("login"))
        ).holding(node("TextView#asd", (190, y + 40, 800, y + 110), text=app.t("add_account")))
        title = node("TextView#ash", (300, top + 40, 780, top + 110), text=app.t("switch_account"))
        return sheet(top, app.pop, title, *rows, add)
