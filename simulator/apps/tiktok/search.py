"""TikTok's search for sounds and a sound's own page."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.kit.layout import node
from simulator.apps.kit.search import SearchPage
from simulator.apps.tiktok.core import TikTok, TikTokScreen
from simulator.apps.tiktok.parts import WHOLE, artist, favourites, toggle_favourite

#: Of other versions of a sound.
ENDINGS = (" (sped up)", " - remix")


class Search(SearchPage[TikTok]):
    """A field, then result tabs; sounds stand under "Sounds"."""

    takes_s = 1.2
    kinds = ("top", "users", "videos", "sounds", "hashtags")
    audio_kind, opens, endings = "sounds", "sound-page", ENDINGS

    def entered(self) -> None:
        self.typing = True
        self.app.phone.show_keyboard(True)

    def tab(self, place: int, key: str) -> View:
        left, label, chosen = 20 + 205 * place, self.app.t(key), "S" if key == self.kind else ""
        box = (left, 270, left + 200, 380)
        return node("FrameLayout C", box, desc=label, flags=chosen, tap=partial(self.choose, key)).holding(
            node("TextView", (left, 290, left + 200, 360), text=label)
        )

    def row(self, place: int, title: str) -> View:
        y = 400 + 180 * place
        return node("LinearLayout#srr C", (0, y, 1080, y + 180), tap=partial(self.open, title)).holding(
            node("ImageView#src", (42, y + 20, 182, y + 160)),
            node("TextView#srs", (210, y + 20, 900, y + 80), text=title),
            node("TextView#sra", (210, y + 90, 900, y + 150), text=artist(title)),
        )

    def other(self) -> View:
        return node("TextView#srt", (42, 420, 900, 500), text=f"{self.query} 1")

    def nothing(self) -> View:
        return node("TextView#srn", (200, 900, 880, 980), text=self.app.t("no_results"))

    def views(self) -> list[View]:
        return [
            node("FrameLayout#srp B", WHOLE).holding(
                node("ImageView#srb C", (20, 150, 120, 250), desc="@2131888269", tap=self.back),
                self.search_field((137, 150, 860, 250), "srf"),
                node("TextView#srg C", (880, 150, 1060, 250), text=self.app.t("search"), tap=self.submit),
                *(self.results() if self.shown else []),
            )
        ]


class SoundPage(TikTokScreen):
    """A sound: at the bottom "Add to Story" at the left, "Use sound" at the right."""

    name = "sound-page"

    def __init__(self, app: TikTok, title: str) -> None:
        super().__init__(app)
        self.title = title
        self.gone = bool(app.phone.fault("sound-unavailable"))

    def _use(self) -> None:
        app = self.app

        def arrive(_granted: bool) -> None:
            app.compose()
            if "sound" not in app.stuck:
                app.draft.sound, app.draft.chosen_sound = self.title, True
            app.push("camera")

        app.go(1.0, lambda: app.permitted(["CAMERA", "RECORD_AUDIO"], arrive))

    def _story(self) -> None:
        app = self.app
        rows = app.phone.media()[:1]
        app.compose()
        app.load(rows)
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
        title, marked = self.title, self.title in favourites(app)
        posts = f"{title}. 61 {app.t('posts_count')}"
        mark, flags = app.t("remove_favorite" if marked else "add_favorite"), "S" if marked else ""
        return [
            node("ViewGroup#nek B", WHOLE).holding(
                node("Button C", (22, 153, 132, 263), tap=self.back),
                node("FrameLayout C", (138, 159, 937, 258)).holding(
                    node("ImageView#ksi", (155, 181, 210, 236), desc=app.t("search")),
                    node("TextView#y5y", (227, 183, 920, 235), text=app.t("related")),
                ),
                node("Button C", (948, 153, 1058, 263), desc=app.t("share_sound")),
                node("ImageView#nhh C", (115, 395, 192, 472), desc=app.t("preview")),
                node("TextView#title", (296, 329, 1036, 395), text=title, desc=posts),
                node("LinearLayout#neh C", (296, 417, 600, 467)).holding(node("TextView#xv0", text=artist(title))),
                node(
                    "Button#spf C",
                    (296, 490, 800, 570),
                    text=mark,
                    flags=flags,
                    tap=partial(toggle_favourite, app, title),
                ),
                *self._buttons(),
            )
        ]
