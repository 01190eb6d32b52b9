"""TikTok's own profile and its account sheet, whose rows show display names, not handles."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import AppAccount, View
from simulator.apps.kit import accounts
from simulator.apps.kit.layout import node
from simulator.apps.tiktok.core import TikTok
from simulator.apps.tiktok.home import Feed
from simulator.apps.tiktok.parts import sheet


class Profile(Feed):
    """The own profile: display name at the top, @handle under the picture."""

    name = "profile"
    tab = "profile"

    def entered(self) -> None:
        self.app.maybe_wrong_account()
        if self.app.phone.fault("logged-out"):
            self.app.state["logged_out"] = True

    def back(self) -> None:
        self.app.replace("home")

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

    def _logged_out(self) -> list[View]:
        """Nobody is logged in: the tabs stay, and the page asks to log in."""
        app, log_in = self.app, partial(self.app.cover, "login")
        return [
            node("TextView#lot", (300, 170, 780, 250), text=app.t("profile")),
            node("ImageView#loi", (410, 700, 670, 960)),
            node("TextView#lox", (150, 1000, 930, 1080), text=app.t("existing_account")),
            node("Button#lob C", (250, 1140, 830, 1260), text=app.t("log_in_short"), tap=log_in),
        ]

    def item(self) -> list[View]:
        app = self.app
        if app.state.get("logged_out"):
            return self._logged_out()
        counts = [
            node("LinearLayout#prc C", (left, 760, left + 260, 880)).holding(
                node("TextView#prn", (left, 760, left + 260, 820), text=value),
                node("TextView#prl", (left, 825, left + 260, 875), text=app.t(key)),
            )
            for left, value, key in ((90, "28", "following"), (410, "112", "followers"), (730, "940", "likes"))
        ]
        return [
            node("LinearLayout#dnl C", (270, 150, 810, 270), tap=partial(app.push, "account-sheet")).holding(
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


class AccountSheet(accounts.AccountSheet[TikTok]):
    """The accounts on this phone, by display name, and "Add account"."""

    foot, head, pitch = 2337, 150, 150
    others = ("add_account",)
    switch_s, then = 2.5, "home"

    def sheet(self, top: int, rows: list[View]) -> list[View]:
        label = self.app.t("switch_account")
        return sheet(top, self.app.pop, node("TextView#ash", (300, top + 40, 780, top + 110), text=label), *rows)

    def row(self, place: int, y: int, account: AppAccount, *, current: bool) -> View:
        return node("LinearLayout#asr C", (0, y, 1080, y + 150), flags="S" if current else "").holding(
            node("ImageView#asa", (42, y + 20, 152, y + 130)),
            node("TextView#asn", (190, y + 40, 800, y + 110), text=account.display_name),
            *([node("ImageView#ast S", (950, y + 40, 1020, y + 110))] if current else []),
        )

    def other(self, y: int, label: str) -> View:
        name = node("TextView#asd", (190, y + 40, 800, y + 110), text=label)
        return node("LinearLayout#asr C", (0, y, 1080, y + 150)).holding(name)
