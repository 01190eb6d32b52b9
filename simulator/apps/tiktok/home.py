"""TikTok's feed, its Friends and Inbox tabs, and the own post after publishing."""

from __future__ import annotations

from simulator.apps.base import View
from simulator.apps.kit.layout import node
from simulator.apps.tiktok.core import TikTok, TikTokScreen
from simulator.apps.tiktok.parts import WHOLE, tab_bar
from simulator.apps.tiktok.video import video


class Feed(TikTokScreen):
    """What all tabs with a video on them share."""

    tab = "home"

    def back(self) -> None:
        self.app.phone.finish_app()

    def top_views(self) -> list[View]:
        return []

    def item(self) -> list[View]:
        return []

    def views(self) -> list[View]:
        return [
            node("FrameLayout#s8h B", WHOLE).holding(
                node("FrameLayout#gy_ C"),
                *self.item(),
                *self.top_views(),
                *self._failed_banner(),
                node("View#c11", (0, 2207, 1080, 2208)),
                tab_bar(self.app, self.tab),
                node("FrameLayout#qrr", (0, 0, 194, 440)),
            )
        ]

    def _failed_banner(self) -> list[View]:
        app = self.app
        if not app.state.get("failed"):
            return []
        return [
            node("LinearLayout#fbl B", (32, 300, 1048, 440)).holding(
                node("TextView#fbt", (64, 330, 640, 410), text=app.t("failed")),
                node("Button#fbr C", (660, 320, 900, 420), text=app.t("retry"), tap=app.retry_failed),
                node("ImageView#fbx C", (930, 330, 1010, 410), desc=app.t("close"), tap=self._dismiss),
            )
        ]

    def _dismiss(self) -> None:
        self.app.state.pop("failed", None)
        self.changed()


class Home(Feed):
    """For You."""

    name = "home"

    def __init__(self, app: TikTok) -> None:
        super().__init__(app)
        self.index = 1

    def _scroll(self, direction: int) -> None:
        self.index = max(1, self.index + direction)
        self.changed()

    def item(self) -> list[View]:
        counts = ("140.9K", "2,161", "19.4K", "3,875")
        views = video(f"user_{self.index}", f"Sample text {self.index}", counts)
        views[0].on_scroll = self._scroll
        link = node("Button C", (32, 2055, 313, 2097), text=self.app.t("see_original"))
        original = node("FrameLayout#e0c C", (32, 2055, 870, 2097)).holding(link)
        bubble = node("FrameLayout#wh7 C", (0, 347, 215, 605)).holding(
            node("ImageView#osu C", (141, 415, 215, 489), desc="@2131892834")
        )
        topic = node("ViewGroup#gwj C", (0, 2115, 1080, 2208)).holding(
            node("ImageView#dz5", (32, 2141, 74, 2183), desc=self.app.t("search")),
            node("TextView#sle", (85, 2141, 853, 2183), text=f"{self.app.t('search')} · sample topic"),
            node("TextView#gbi", (864, 2141, 1049, 2183), text=self.app.t("see_more")),
        )
        return [*views, original, node("FrameLayout#e0f C", (0, 2115, 1080, 2208)).holding(topic), bubble]

    def _search(self) -> None:
        self.app.go(0.6, lambda: self.app.push("search"))

    def top_views(self) -> list[View]:
        app = self.app

        def tab(left: int, right: int, label: str, chosen: str = "", holder: str = "LinearLayout") -> View:
            return node("X.12Kh", (left, 136, right, 288), flags="C" + chosen).holding(
                node(holder, desc=label, flags=chosen).holding(
                    node("TextView#android:id/text1", text=label, flags=chosen)
                )
            )

        return [
            node("FrameLayout#s00 C", (0, 136, 1080, 288)).holding(
                node("ImageView#irw C", (0, 138, 147, 285)),
                tab(147, 190, "STEM"),
                tab(190, 345, app.t("explore")),
                node("X.12Kh C", (345, 136, 465, 288)).holding(
                    node("TextView#android:id/text1", text=app.t("local"), desc=app.t("local"))
                ),
                tab(465, 658, app.t("following"), holder="FrameLayout"),
                tab(658, 773, app.t("shop"), holder="ViewGroup"),
                tab(773, 933, app.t("for_you"), "S"),
                node("ImageView#irz C", (933, 138, 1080, 285), desc=app.t("search"), tap=self._search),
            )
        ]


class Friends(Feed):
    """The Friends tab of an account without friends: one of the places where a post lands."""

    name = "friends"
    tab = "friends"

    def item(self) -> list[View]:
        app = self.app
        return [
            node("FrameLayout#hpl", (0, 808, 1080, 1462)).holding(
                node("TextView#hpm", (153, 808, 926, 998), text=app.t("connect_title")),
                node("LinearLayout#hpj", (84, 1051, 996, 1462)).holding(
                    node("Button C", (84, 1051, 996, 1167), text=app.t("connect_contacts")),
                    node("Button C", (84, 1188, 996, 1304), text=app.t("connect_facebook")),
                    node("Button C", (84, 1325, 996, 1441), text=app.t("invite")),
                ),
            )
        ]

    def top_views(self) -> list[View]:
        app = self.app
        return [
            node("FrameLayout#hmn", (26, 136, 1080, 288)).holding(
                node("FrameLayout C", (26, 178, 139, 246)),
                node("FrameLayout", (459, 140, 646, 284), desc=app.t("friends")).holding(
                    node("FrameLayout C").holding(node("TextView#v6q", (459, 183, 646, 241), text=app.t("friends")))
                ),
                node("ImageView#krz C", (933, 139, 1080, 286), desc=app.t("search")),
            )
        ]


class OwnPost(Feed):
    """The new post itself, as TikTok shows it right after publishing."""

    name = "own-post"
    tab = "friends"

    def item(self) -> list[View]:
        last = self.app.mine().get("last", {})
        ago = self.app.t("sample_ago")
        return video(self.app.me.display_name, str(last.get("caption", "")), ("0", "0", "0", ""), ago=ago)

    def top_views(self) -> list[View]:
        return [
            node("FrameLayout C", (0, 278, 263, 611)).holding(
                node("FrameLayout#tsb C", (11, 300, 253, 542)).holding(
                    node("ImageView C", (11, 300, 252, 541), desc="Sample text 1"),
                    node("ImageView C", (153, 442, 253, 542), desc="Sample text 2"),
                ),
                node("TextView#tsc", (68, 546, 196, 585), text=self.app.t("your_story")),
            )
        ]


class Inbox(Feed):
    """The Inbox tab."""

    name = "inbox"
    tab = "inbox"

    def item(self) -> list[View]:
        return [node("TextView#ibt", (300, 170, 780, 250), text=self.app.t("inbox"))]
