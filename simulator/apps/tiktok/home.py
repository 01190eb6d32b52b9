"""TikTok's feed, its Friends and Inbox tabs, the own post after publishing, and the start screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.layout import node
from simulator.apps.tiktok.parts import WHOLE, TikTokScreen, tab_bar
from simulator.apps.tiktok.video import video

if TYPE_CHECKING:
    from simulator.apps.tiktok.app import TikTokApp


class Splash(TikTokScreen):
    """The logo while the app starts."""

    name = "splash"

    def views(self) -> list[View]:
        return [node("FrameLayout", WHOLE, node("ImageView", (415, 1043, 665, 1293)), flags="B")]

    def back(self) -> None:
        self.app.phone.finish_app()


def start_creating(app: TikTokApp) -> None:
    """Create: permissions first, then the camera. Without them the camera shows nothing, but its page is there."""
    from simulator.apps.tiktok.camera import Camera

    app.compose()
    app.go(1.0, lambda: app.permitted(["CAMERA", "RECORD_AUDIO"], lambda _granted: app.push(Camera(app))))


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
            node(
                "FrameLayout",
                WHOLE,
                node("FrameLayout", WHOLE, rid="gy_", flags="C"),
                *self.item(),
                *self.top_views(),
                *self._failed_banner(),
                node("View", (0, 2207, 1080, 2208), rid="c11"),
                tab_bar(self.app, self.tab),
                node("FrameLayout", (0, 0, 194, 440), rid="qrr"),
                rid="s8h",
                flags="B",
            )
        ]

    def _failed_banner(self) -> list[View]:
        if not self.app.state.get("failed"):
            return []
        return [
            node(
                "LinearLayout",
                (32, 300, 1048, 440),
                node("TextView", (64, 330, 640, 410), rid="fbt", text=self.app.t("failed")),
                node("Button", (660, 320, 900, 420), rid="fbr", text=self.app.t("retry"), flags="C", tap=self.app.retry_failed),
                node("ImageView", (930, 330, 1010, 410), rid="fbx", desc=self.app.t("close"), flags="C", tap=self._dismiss),
                rid="fbl",
                flags="B",
            )
        ]  # fmt: skip

    def _dismiss(self) -> None:
        self.app.state.pop("failed", None)
        self.app.phone.changed()


class Home(Feed):
    """For You."""

    name = "home"

    def __init__(self, app: TikTokApp) -> None:
        super().__init__(app)
        self.index = 1

    def _scroll(self, direction: int) -> None:
        self.index = max(1, self.index + direction)
        self.app.phone.changed()

    def item(self) -> list[View]:
        views = video(
            f"user_{self.index}", f"Sample text {self.index}", ("140.9K", "2,161", "19.4K", "3,875")
        )
        views[0].on_scroll = self._scroll
        link = node("Button", (32, 2055, 313, 2097), text=self.app.t("see_original"), flags="C")
        original = node("FrameLayout", (32, 2055, 870, 2097), link, rid="e0c", flags="C")
        bubble = node(
            "FrameLayout", (0, 347, 215, 605), node("ImageView", (141, 415, 215, 489), rid="osu", desc="@2131892834", flags="C"), rid="wh7", flags="C"
        )  # fmt: skip
        topic = node(
            "ViewGroup",
            (0, 2115, 1080, 2208),
            node("ImageView", (32, 2141, 74, 2183), rid="dz5", desc=self.app.t("search")),
            node("TextView", (85, 2141, 853, 2183), rid="sle", text=f"{self.app.t('search')} · sample topic"),
            node("TextView", (864, 2141, 1049, 2183), rid="gbi", text=self.app.t("see_more")),
            rid="gwj",
            flags="C",
        )
        return [
            *views,
            original,
            node("FrameLayout", (0, 2115, 1080, 2208), topic, rid="e0f", flags="C"),
            bubble,
        ]

    def _search(self) -> None:
        from simulator.apps.tiktok.search import Search

        self.app.go(0.6, lambda: self.app.push(Search(self.app)))

    def top_views(self) -> list[View]:
        app = self.app

        def tab(left: int, right: int, label: str, chosen: str = "", holder: str = "LinearLayout") -> View:
            return node(
                "X.12Kh",
                (left, 136, right, 288),
                node(
                    holder,
                    (left, 136, right, 288),
                    node(
                        "TextView", (left, 136, right, 288), rid="android:id/text1", text=label, flags=chosen
                    ),
                    desc=label,
                    flags=chosen,
                ),
                flags="C" + chosen,
            )

        return [
            node(
                "FrameLayout",
                (0, 136, 1080, 288),
                node("ImageView", (0, 138, 147, 285), rid="irw", flags="C"),
                tab(147, 190, "STEM"),
                tab(190, 345, app.t("explore")),
                node(
                    "X.12Kh",
                    (345, 136, 465, 288),
                    node(
                        "TextView",
                        (345, 136, 465, 288),
                        rid="android:id/text1",
                        text=app.t("local"),
                        desc=app.t("local"),
                    ),
                    flags="C",
                ),
                tab(465, 658, app.t("following"), holder="FrameLayout"),
                tab(658, 773, app.t("shop"), holder="ViewGroup"),
                tab(773, 933, app.t("for_you"), "S"),
                node(
                    "ImageView",
                    (933, 138, 1080, 285),
                    rid="irz",
                    desc=app.t("search"),
                    flags="C",
                    tap=self._search,
                ),
                rid="s00",
                flags="C",
            )
        ]


class Friends(Feed):
    """The Friends tab of an account without friends: one of the places where a post lands."""

    name = "friends"
    tab = "friends"

    def item(self) -> list[View]:
        app = self.app
        return [
            node(
                "FrameLayout",
                (0, 808, 1080, 1462),
                node("TextView", (153, 808, 926, 998), rid="hpm", text=app.t("connect_title")),
                node(
                    "LinearLayout",
                    (84, 1051, 996, 1462),
                    node("Button", (84, 1051, 996, 1167), text=app.t("connect_contacts"), flags="C"),
                    node("Button", (84, 1188, 996, 1304), text=app.t("connect_facebook"), flags="C"),
                    node("Button", (84, 1325, 996, 1441), text=app.t("invite"), flags="C"),
                    rid="hpj",
                ),
                rid="hpl",
            )
        ]

    def top_views(self) -> list[View]:
        app = self.app
        return [
            node(
                "FrameLayout",
                (26, 136, 1080, 288),
                node("FrameLayout", (26, 178, 139, 246), flags="C"),
                node(
                    "FrameLayout",
                    (459, 140, 646, 284),
                    node(
                        "FrameLayout",
                        (459, 140, 646, 284),
                        node("TextView", (459, 183, 646, 241), rid="v6q", text=app.t("friends")),
                        flags="C",
                    ),
                    desc=app.t("friends"),
                ),
                node("ImageView", (933, 139, 1080, 286), rid="krz", desc=app.t("search"), flags="C"),
                rid="hmn",
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
            node(
                "FrameLayout",
                (0, 278, 263, 611),
                node(
                    "FrameLayout",
                    (11, 300, 253, 542),
                    node("ImageView", (11, 300, 252, 541), desc="Sample text 1", flags="C"),
                    node("ImageView", (153, 442, 253, 542), desc="Sample text 2", flags="C"),
                    rid="tsb",
                    flags="C",
                ),
                node("TextView", (68, 546, 196, 585), rid="tsc", text=self.app.t("your_story")),
                flags="C",
            )
        ]


class Inbox(Feed):
    """The Inbox tab."""

    name = "inbox"
    tab = "inbox"

    def item(self) -> list[View]:
        return [node("TextView", (300, 170, 780, 250), rid="ibt", text=self.app.t("inbox"))]
