"""Instagram's search for audio and an audio page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.instagram.parts import WHOLE, InstagramScreen, tabbed
from simulator.apps.instagram.tabs import Tab
from simulator.apps.layout import field, node

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp


def found(query: str) -> list[str]:
    """What the search lists under Audio. Words without any audio: "nosuch"."""
    words = " ".join(query.split())
    return [] if not words or "nosuch" in words.lower() else [words, f"{words} (remix)"]


class Search(Tab):
    """The search tab. Results for audio stand under "Audio"."""

    name = "search"
    kinds = ("for_you", "accounts", "audio", "tags")

    def __init__(self, app: InstagramApp) -> None:
        super().__init__(app)
        self.query = ""
        self.typing = False
        self.shown = False
        self.kind = "for_you"

    def keyboard_gone(self) -> None:
        self.typing = False

    def _focus(self) -> None:
        self.typing, self.shown = True, False
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
        self.app.go(1.0, arrived)

    def _choose(self, kind: str) -> None:
        self.kind = kind
        self.app.phone.changed()

    def _open(self, title: str) -> None:
        self.app.go(1.0, lambda: self.app.push(AudioPage(self.app, title)))

    def _results(self) -> list[View]:
        app = self.app
        views = [
            node(
                "LinearLayout",
                (20 + 170 * i, 140, 185 + 170 * i, 210),
                desc=app.t(key),
                flags="CS" if key == self.kind else "C",
                tap=partial(self._choose, key),
            ).holding(node("TextView", (30 + 170 * i, 155, 180 + 170 * i, 195), text=app.t(key)))
            for i, key in enumerate(self.kinds)
        ]
        if self.kind != "audio":
            user = node("TextView#row_search_user_username", (120, 240, 600, 290), text=f"{self.query}_1")
            return [*views, user]
        titles = found(self.query)
        if not titles:
            views.append(node("TextView#no_results", (100, 300, 620, 360), text=app.t("no_results")))
        for place, title in enumerate(titles):
            y = 220 + 130 * place
            views.append(
                node(
                    "ViewGroup#track_container C", (0, y, 720, y + 130), tap=partial(self._open, title)
                ).holding(
                    node("ImageView#album_art", (26, y + 15, 126, y + 115)),
                    node("TextView#song_title", (150, y + 20, 600, y + 60), text=title),
                    node("TextView#artist_name", (150, y + 65, 600, y + 105), text="user_2"),
                )
            )
        return views

    def views(self) -> list[View]:
        app = self.app
        box = field(
            (26, 50, 694, 120),
            rid="action_bar_search_edit_text",
            content=self.query,
            hint=app.t("search"),
            focused=self.typing,
            tap=self._focus,
            write=self._write,
            enter=self._submit,
        )
        results = self._results() if self.shown else []
        if self.typing and self.query:
            results = [
                node("ViewGroup#row_search_keyword C", (0, 140, 720, 230), tap=self._submit).holding(
                    node("TextView#row_search_keyword_title", (120, 165, 600, 205), text=self.query)
                )
            ]
        return [tabbed(app, "search_tab", box, *results)]


class AudioPage(InstagramScreen):
    """An audio: "Use audio" leads to the camera with it."""

    name = "audio-page"

    def __init__(self, app: InstagramApp, title: str) -> None:
        super().__init__(app)
        self.title = title
        self.gone = bool(app.phone.fault("sound-unavailable"))

    def _use(self) -> None:
        from simulator.apps.instagram.create import Camera

        app = self.app
        wanted = ["CAMERA", "RECORD_AUDIO", *app.media_permission("video", "image")]

        def arrive(granted: bool) -> None:
            app.compose("reel", sound=self.title)
            app.push(Camera(app, granted=granted))

        app.go(1.0, lambda: app.permitted(wanted, arrive))

    def _save(self) -> None:
        saved = self.app.mine().setdefault("saved_audio", [])
        if self.title in saved:
            saved.remove(self.title)
        else:
            saved.append(self.title)
        self.app.phone.changed()

    def views(self) -> list[View]:
        app = self.app
        tiles = [
            node(
                "Button#preview_clip_thumbnail C",
                (242 * (i % 3), 433 + 426 * (i // 3), 242 * (i % 3) + 236, 853 + 426 * (i // 3)),
                desc=f"Reel by user_{i + 3}. View Count 19.7K. Double tap to play or pause.",
            )
            for i in range(6)
        ]
        tiles += [
            node(
                "TextView#preview_clip_play_count",
                (40 + 242 * (i % 3), 814 + 426 * (i // 3), 90 + 242 * (i % 3), 840 + 426 * (i // 3)),
                text="19.7K",
            )
            for i in range(6)
        ]
        tiles.append(node("TextView#primary_label_text", (26, 453, 126, 479), text="Artist pick"))
        tiles.append(node("FrameLayout#use_in_camera_button_scene_root C", (16, 1214, 344, 1290)))
        use: list[View] = [
            node(
                "Button#use_in_camera_header_button C",
                (26, 355, 694, 407),
                desc=app.t("use_audio"),
                tap=self._use,
            ).holding(node("TextView", (306, 366, 413, 396), text=app.t("use_audio")))
        ]
        if self.gone:
            use = [node("TextView#audio_unavailable", (26, 355, 694, 407), text=app.t("audio_gone"))]
        return [
            node("FrameLayout#audio_page B", WHOLE).holding(
                node("FrameLayout#preview_button C", (26, 143, 160, 277)),
                node("TextView#title", (186, 143, 644, 176), text=self.title),
                node("TextView#username C", (232, 176, 694, 215), text="user_2", desc="user_2"),
                node("TextView#audio_track_time", (26, 295, 74, 324), text="0:33"),
                node("TextView#video_count_left_separator", (74, 295, 92, 324), text=" · "),
                node("TextView#video_count", (92, 295, 202, 324), text="133K reels"),
                node(
                    "ImageView#secondary_bar_save_button C",
                    (551, 277, 616, 342),
                    desc=app.t("save_audio"),
                    tap=self._save,
                ),
                node("ImageView#share_audio_icon C", (629, 277, 694, 342), desc=app.t("share")),
                *use,
                *tiles,
                node("LinearLayout#action_bar C", (0, 39, 720, 130)).holding(
                    node("LinearLayout#action_bar_new_title_container C", (0, 39, 491, 130)).holding(
                        node(
                            "ImageView#action_bar_button_back C",
                            (0, 39, 91, 130),
                            desc=app.t("back"),
                            tap=self.back,
                        )
                    ),
                    node("LinearLayout C", (491, 39, 628, 130), desc="Trending").holding(
                        node("ImageView#trending_badge_on_actionbar", (504, 74, 524, 94), desc="Trending"),
                        node("TextView#trending_label_on_actionbar", (531, 71, 615, 97), text="Trending"),
                    ),
                    node("ImageView C", (628, 39, 707, 130), desc=app.t("options")),
                ),
            )
        ]
