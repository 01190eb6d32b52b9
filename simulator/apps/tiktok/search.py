"""TikTok's search for sounds and a sound's own page."""

from __future__ import annotations

from functools import partial
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
                node(
                    "FrameLayout",
                    (left, 270, left + 200, 380),
                    desc=app.t(key),
                    flags="CS" if key == self.tab else "C",
                    tap=partial(self._choose_tab, key),
                ).holding(node("TextView", (left, 290, left + 200, 360), text=app.t(key)))
            )
        if self.tab != "sounds":
            views.append(node("TextView#srt", (42, 420, 900, 500), text=f"{self.query} 1"))
            return views
        titles = found(self.query)
        if not titles:
            views.append(node("TextView#srn", (200, 900, 880, 980), text=app.t("no_results")))
        for place, title in enumerate(titles):
            y = 400 + 180 * place
            views.append(
                node("LinearLayout#srr C", (0, y, 1080, y + 180), tap=partial(self._open, title)).holding(
                    node("ImageView#src", (42, y + 20, 182, y + 160)),
                    node("TextView#srs", (210, y + 20, 900, y + 80), text=title),
                    node("TextView#sra", (210, y + 90, 900, y + 150), text=artist(title)),
                )
            )
        return views

    def views(self) -> list[View]:
        app = self.app
        box = field(
            (137, 150, 860, 250),
            rid="srf",
            content=self.query,
            hint=app.t("search"),
            focused=self.typing,
            tap=self._focus,
            write=self._write,
            enter=self._submit,
        )
        return [
            node("FrameLayout#srp B", WHOLE).holding(
                node("ImageView#srb C", (20, 150, 120, 250), desc="@2131888269", tap=self.back),
                box,
                node("TextView#srg C", (880, 150, 1060, 250), text=app.t("search"), tap=self._submit),
                *(self._results() if self.shown else []),
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
            return [node("TextView#spg", (120, 1900, 960, 2000), text=app.t("sound_gone"))]
        return [
            node("RelativeLayout#tbu C", (28, 2130, 546, 2301), tap=self._story).holding(
                node("TextView#y74", (183, 2193, 480, 2237), text=app.t("add_to_story"))
            ),
            node("LinearLayout#f11", (535, 2131, 1053, 2301)).holding(
                node("FrameLayout#u8m C", tap=self._use).holding(
                    node("RelativeLayout#u8p", (563, 2131, 1024, 2301)).holding(
                        node("ImageView#u8v", (618, 2183, 684, 2249), desc=app.t("video_word")),
                        node("Button#u8u", (700, 2131, 969, 2301), text=app.t("use_sound")),
                    )
                )
            ),
        ]

    def views(self) -> list[View]:
        app = self.app
        marked = self.title in favourites(app)
        return [
            node("ViewGroup#nek B", WHOLE).holding(
                node("Button C", (22, 153, 132, 263), tap=self.back),
                node("FrameLayout C", (138, 159, 937, 258)).holding(
                    node("ImageView#ksi", (155, 181, 210, 236), desc=app.t("search")),
                    node("TextView#y5y", (227, 183, 920, 235), text=app.t("related")),
                ),
                node("Button C", (948, 153, 1058, 263), desc=app.t("share_sound")),
                node("ImageView#nhh C", (115, 395, 192, 472), desc=app.t("preview")),
                node(
                    "TextView#title",
                    (296, 329, 1036, 395),
                    text=self.title,
                    desc=f"{self.title}. 61 {app.t('posts_count')}",
                ),
                node("LinearLayout#neh C", (296, 417, 600, 467)).holding(
                    node("TextView#xv0", text=artist(self.title))
                ),
                node(
                    "Button#spf",
                    (296, 490, 800, 570),
                    text=app.t("remove_favorite" if marked else "add_favorite"),
                    flags="CS" if marked else "C",
                    tap=lambda: toggle_favourite(app, self.title),
                ),
                *self._buttons(),
            )
        ]
