"""TikTok's search for sounds and a sound's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.layout import field, node
from simulator.apps.tiktok.parts import WHOLE, TikTokScreen
from simulator.apps.tiktok.sounds import artist, favourites, found, toggle_favourite

if TYPE_CHECKING:
    from simulator.apps.tiktok.app import TikTokApp


class Search(TikTokScreen):
    """The search page: a field, then result tabs; sounds stand under "Sounds"."""

    name = "search"
    tabs = ("top", "users", "videos", "sounds", "hashtags")

    def __init__(self, app: TikTokApp) -> None:
        super().__init__(app)
        self.query = ""
        self.typing = True
        self.shown = False
        self.tab = "top"

    def entered(self) -> None:
        self.app.phone.show_keyboard(True)

    def keyboard_gone(self) -> None:
        self.typing = False

    def _focus(self) -> None:
        self.typing = True
        self.shown = False
        self.app.phone.show_keyboard(True)
        self.app.phone.changed()

    def _write(self, text: str) -> None:
        self.query = text.replace("\n", "")
        if text.endswith("\n"):
            self._submit()
        else:
            self._focus()

    def _submit(self) -> None:
        def arrived() -> None:
            self.shown = True

        self.typing = False
        self.app.go(1.2, arrived)

    def _choose_tab(self, tab: str) -> None:
        self.tab = tab
        self.app.phone.changed()

    def _open(self, title: str) -> None:
        self.app.go(1.0, lambda: self.app.push(SoundPage(self.app, title)))

    def _results(self) -> list[View]:
        app = self.app
        views: list[View] = []
        for place, key in enumerate(self.tabs):
            left = 20 + 205 * place
            views.append(
                node("FrameLayout", (left, 270, left + 200, 380), node("TextView", (left, 290, left + 200, 360), text=app.t(key)),
                     desc=app.t(key), flags="CS" if key == self.tab else "C", tap=lambda key=key: self._choose_tab(key))  # type: ignore[misc]
            )  # fmt: skip
        if self.tab != "sounds":
            views.append(node("TextView", (42, 420, 900, 500), rid="srt", text=f"{self.query} 1"))
            return views
        titles = found(self.query)
        if not titles:
            views.append(node("TextView", (200, 900, 880, 980), rid="srn", text=app.t("no_results")))
        for place, title in enumerate(titles):
            y = 400 + 180 * place
            views.append(
                node(
                    "LinearLayout",
                    (0, y, 1080, y + 180),
                    node("ImageView", (42, y + 20, 182, y + 160), rid="src"),
                    node("TextView", (210, y + 20, 900, y + 80), rid="srs", text=title),
                    node("TextView", (210, y + 90, 900, y + 150), rid="sra", text=artist(title)),
                    rid="srr",
                    flags="C",
                    tap=lambda title=title: self._open(title),  # type: ignore[misc]
                )
            )
        return views

    def views(self) -> list[View]:
        app = self.app
        box = field((137, 150, 860, 250), rid="srf", content=self.query, hint=app.t("search"), focused=self.typing,
                    tap=self._focus, write=self._write, enter=self._submit)  # fmt: skip
        return [
            node(
                "FrameLayout",
                WHOLE,
                node(
                    "ImageView", (20, 150, 120, 250), rid="srb", desc="@2131888269", flags="C", tap=self.back
                ),
                box,
                node(
                    "TextView",
                    (880, 150, 1060, 250),
                    rid="srg",
                    text=app.t("search"),
                    flags="C",
                    tap=self._submit,
                ),
                *(self._results() if self.shown else []),
                rid="srp",
                flags="B",
            )
        ]


class SoundPage(TikTokScreen):
    """A sound: at the bottom "Add to Story" at the left, "Use sound" at the right."""

    name = "sound-page"

    def __init__(self, app: TikTokApp, title: str) -> None:
        super().__init__(app)
        self.title = title
        self.gone = bool(app.phone.fault("sound-unavailable"))

    def _use(self) -> None:
        from simulator.apps.tiktok.camera import Camera

        app = self.app

        def arrive(_granted: bool) -> None:
            app.compose()
            if "sound" not in app.stuck:
                app.draft.sound, app.draft.chosen_sound = self.title, True
            app.push(Camera(app))

        app.go(1.0, lambda: app.permitted(["CAMERA", "RECORD_AUDIO"], arrive))

    def _story(self) -> None:
        app = self.app
        rows = app.phone.media()[:1]
        app.compose()
        app.edit(rows)
        app.draft.sound, app.draft.chosen_sound = self.title, True
        app.publish("story")

    def _buttons(self) -> list[View]:
        app = self.app
        if self.gone:
            return [node("TextView", (120, 1900, 960, 2000), rid="spg", text=app.t("sound_gone"))]
        return [
            node(
                "RelativeLayout",
                (28, 2130, 546, 2301),
                node("TextView", (183, 2193, 480, 2237), rid="y74", text=app.t("add_to_story")),
                rid="tbu",
                flags="C",
                tap=self._story,
            ),
            node(
                "LinearLayout",
                (535, 2131, 1053, 2301),
                node(
                    "FrameLayout",
                    (535, 2131, 1053, 2301),
                    node(
                        "RelativeLayout",
                        (563, 2131, 1024, 2301),
                        node("ImageView", (618, 2183, 684, 2249), rid="u8v", desc=app.t("video_word")),
                        node("Button", (700, 2131, 969, 2301), rid="u8u", text=app.t("use_sound")),
                        rid="u8p",
                    ),
                    rid="u8m",
                    flags="C",
                    tap=self._use,
                ),
                rid="f11",
            ),
        ]

    def views(self) -> list[View]:
        app = self.app
        marked = self.title in favourites(app)
        return [
            node(
                "ViewGroup",
                WHOLE,
                node("Button", (22, 153, 132, 263), flags="C", tap=self.back),
                node(
                    "FrameLayout",
                    (138, 159, 937, 258),
                    node("ImageView", (155, 181, 210, 236), rid="ksi", desc=app.t("search")),
                    node("TextView", (227, 183, 920, 235), rid="y5y", text=app.t("related")),
                    flags="C",
                ),
                node("Button", (948, 153, 1058, 263), desc=app.t("share_sound"), flags="C"),
                node("ImageView", (115, 395, 192, 472), rid="nhh", desc=app.t("preview"), flags="C"),
                node("TextView", (296, 329, 1036, 395), rid="title", text=self.title, desc=f"{self.title}. 61 {app.t('posts_count')}"),
                node("LinearLayout", (296, 417, 600, 467), node("TextView", (296, 417, 600, 467), rid="xv0", text=artist(self.title)), rid="neh", flags="C"),
                node(
                    "Button",
                    (296, 490, 800, 570),
                    rid="spf",
                    text=app.t("remove_favorite" if marked else "add_favorite"),
                    flags="CS" if marked else "C",
                    tap=lambda: toggle_favourite(app, self.title),
                ),
                *self._buttons(),
                rid="nek",
                flags="B",
            )
        ]  # fmt: skip
