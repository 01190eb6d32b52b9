"""Instagram's search for audio and an audio page."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.instagram.core import Instagram, InstagramScreen
from simulator.apps.instagram.parts import WHOLE, tabbed
from simulator.apps.kit.layout import node
from simulator.apps.kit.search import SearchPage


class Search(SearchPage[Instagram]):
    """The search tab. Results for audio stand under "Audio"."""

    kinds = ("for_you", "accounts", "audio", "tags")
    audio_kind, opens, endings = "audio", "audio-page", (" (remix)",)

    def back(self) -> None:
        self.app.replace("home")

    def tab(self, place: int, key: str) -> View:
        left, label, chosen = 20 + 170 * place, self.app.t(key), "S" if key == self.kind else ""
        box = (left, 140, left + 165, 210)
        return node("LinearLayout C", box, desc=label, flags=chosen, tap=partial(self.choose, key)).holding(
            node("TextView", (left + 10, 155, left + 160, 195), text=label)
        )

    def row(self, place: int, title: str) -> View:
        y = 220 + 130 * place
        return node("ViewGroup#track_container C", (0, y, 720, y + 130), tap=partial(self.open, title)).holding(
            node("ImageView#album_art", (26, y + 15, 126, y + 115)),
            node("TextView#song_title", (150, y + 20, 600, y + 60), text=title),
            node("TextView#artist_name", (150, y + 65, 600, y + 105), text="user_2"),
        )

    def other(self) -> View:
        return node("TextView#row_search_user_username", (120, 240, 600, 290), text=f"{self.query}_1")

    def nothing(self) -> View:
        return node("TextView#no_results", (100, 300, 620, 360), text=self.app.t("no_results"))

    def views(self) -> list[View]:
        results = self.results() if self.shown else []
        if self.typing and self.query:
            results = [
                node("ViewGroup#row_search_keyword C", (0, 140, 720, 230), tap=self.submit).holding(
                    node("TextView#row_search_keyword_title", (120, 165, 600, 205), text=self.query)
                )
            ]
        box = self.search_field((26, 50, 694, 120), "action_bar_search_edit_text")
        return [tabbed(self.app, "search_tab", box, *results)]


class AudioPage(InstagramScreen):
    """An audio: "Use audio" leads to the camera with it."""

    name = "audio-page"

    def __init__(self, app: Instagram, title: str) -> None:
        super().__init__(app)
        self.title = title
        self.gone = bool(app.phone.fault("sound-unavailable"))

    def _use(self) -> None:
        app = self.app

        def arrive(granted: bool) -> None:
            app.compose("reel", sound=self.title)
            app.push("camera", granted=granted)

        app.go(1.0, lambda: app.with_camera(arrive))

    def _save(self) -> None:
        saved = self.app.mine().setdefault("saved_audio", [])
        if self.title in saved:
            saved.remove(self.title)
        else:
            saved.append(self.title)
        self.changed()

    def views(self) -> list[View]:
        app = self.app
        tiles, counts = [], []
        for i in range(6):
            left, top = 242 * (i % 3), 433 + 426 * (i // 3)
            desc = f"Reel by user_{i + 3}. View Count 19.7K. Double tap to play or pause."
            tiles.append(node("Button#preview_clip_thumbnail C", (left, top, left + 236, top + 420), desc=desc))
            box = (left + 40, top + 381, left + 90, top + 407)
            counts.append(node("TextView#preview_clip_play_count", box, text="19.7K"))
        tiles += counts
        tiles.append(node("TextView#primary_label_text", (26, 453, 126, 479), text="Artist pick"))
        tiles.append(node("FrameLayout#use_in_camera_button_scene_root C", (16, 1214, 344, 1290)))
        label, save = app.t("use_audio"), (551, 277, 616, 342)
        use = node("Button#use_in_camera_header_button C", (26, 355, 694, 407), desc=label, tap=self._use).holding(
            node("TextView", (306, 366, 413, 396), text=label)
        )
        if self.gone:
            use = node("TextView#audio_unavailable", (26, 355, 694, 407), text=app.t("audio_gone"))
        return [
            node("FrameLayout#audio_page B", WHOLE).holding(
                node("FrameLayout#preview_button C", (26, 143, 160, 277)),
                node("TextView#title", (186, 143, 644, 176), text=self.title),
                node("TextView#username C", (232, 176, 694, 215), text="user_2", desc="user_2"),
                node("TextView#audio_track_time", (26, 295, 74, 324), text="0:33"),
                node("TextView#video_count_left_separator", (74, 295, 92, 324), text=" · "),
                node("TextView#video_count", (92, 295, 202, 324), text="133K reels"),
                node("ImageView#secondary_bar_save_button C", save, desc=app.t("save_audio"), tap=self._save),
                node("ImageView#share_audio_icon C", (629, 277, 694, 342), desc=app.t("share")),
                use,
                *tiles,
                node("LinearLayout#action_bar C", (0, 39, 720, 130)).holding(
                    node("LinearLayout#action_bar_new_title_container C", (0, 39, 491, 130)).holding(
                        node("ImageView#action_bar_button_back C", (0, 39, 91, 130), desc=app.t("back"), tap=self.back)
                    ),
                    node("LinearLayout C", (491, 39, 628, 130), desc="Trending").holding(
                        node("ImageView#trending_badge_on_actionbar", (504, 74, 524, 94), desc="Trending"),
                        node("TextView#trending_label_on_actionbar", (531, 71, 615, 97), text="Trending"),
                    ),
                    node("ImageView C", (628, 39, 707, 130), desc=app.t("options")),
                ),
            )
        ]
