"""Instagram's search for audio and an audio page."""

from __future__ import annotations

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
                node("TextView", (30 + 170 * i, 155, 180 + 170 * i, 195), text=app.t(key)),
                desc=app.t(key),
                flags="CS" if key == self.kind else "C",
                tap=lambda key=key: self._choose(key),  # type: ignore[misc]
            )
            for i, key in enumerate(self.kinds)
        ]
        if self.kind != "audio":
            user = node(
                "TextView", (120, 240, 600, 290), rid="row_search_user_username", text=f"{self.query}_1"
            )
            return [*views, user]
        titles = found(self.query)
        if not titles:
            views.append(node("TextView", (100, 300, 620, 360), rid="no_results", text=app.t("no_results")))
        for place, title in enumerate(titles):
            y = 220 + 130 * place
            views.append(
                node(
                    "ViewGroup",
                    (0, y, 720, y + 130),
                    node("ImageView", (26, y + 15, 126, y + 115), rid="album_art"),
                    node("TextView", (150, y + 20, 600, y + 60), rid="song_title", text=title),
                    node("TextView", (150, y + 65, 600, y + 105), rid="artist_name", text="user_2"),
                    rid="track_container",
                    flags="C",
                    tap=lambda title=title: self._open(title),  # type: ignore[misc]
                )
            )
        return views

    def views(self) -> list[View]:
        app = self.app
        box = field((26, 50, 694, 120), rid="action_bar_search_edit_text", content=self.query, hint=app.t("search"),
                    focused=self.typing, tap=self._focus, write=self._write, enter=self._submit)  # fmt: skip
        results = self._results() if self.shown else []
        if self.typing and self.query:
            results = [
                node(
                    "ViewGroup",
                    (0, 140, 720, 230),
                    node("TextView", (120, 165, 600, 205), rid="row_search_keyword_title", text=self.query),
                    rid="row_search_keyword",
                    flags="C",
                    tap=self._submit,
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
            node("Button", (242 * (i % 3), 433 + 426 * (i // 3), 242 * (i % 3) + 236, 853 + 426 * (i // 3)), rid="preview_clip_thumbnail",
                 desc=f"Reel by user_{i + 3}. View Count 19.7K. Double tap to play or pause.", flags="C")
            for i in range(6)
        ]  # fmt: skip
        tiles += [
            node("TextView", (40 + 242 * (i % 3), 814 + 426 * (i // 3), 90 + 242 * (i % 3), 840 + 426 * (i // 3)), rid="preview_clip_play_count", text="19.7K")
            for i in range(6)
        ]  # fmt: skip
        tiles.append(node("TextView", (26, 453, 126, 479), rid="primary_label_text", text="Artist pick"))
        tiles.append(
            node("FrameLayout", (16, 1214, 344, 1290), rid="use_in_camera_button_scene_root", flags="C")
        )
        use: list[View] = [
            node("Button", (26, 355, 694, 407), node("TextView", (306, 366, 413, 396), text=app.t("use_audio")), rid="use_in_camera_header_button", desc=app.t("use_audio"), flags="C", tap=self._use)
        ]  # fmt: skip
        if self.gone:
            use = [node("TextView", (26, 355, 694, 407), rid="audio_unavailable", text=app.t("audio_gone"))]
        return [
            node(
                "FrameLayout",
                WHOLE,
                node("FrameLayout", (26, 143, 160, 277), rid="preview_button", flags="C"),
                node("TextView", (186, 143, 644, 176), rid="title", text=self.title),
                node("TextView", (232, 176, 694, 215), rid="username", text="user_2", desc="user_2", flags="C"),
                node("TextView", (26, 295, 74, 324), rid="audio_track_time", text="0:33"),
                node("TextView", (74, 295, 92, 324), rid="video_count_left_separator", text=" · "),
                node("TextView", (92, 295, 202, 324), rid="video_count", text="133K reels"),
                node("ImageView", (551, 277, 616, 342), rid="secondary_bar_save_button", desc=app.t("save_audio"), flags="C", tap=self._save),
                node("ImageView", (629, 277, 694, 342), rid="share_audio_icon", desc=app.t("share"), flags="C"),
                *use,
                *tiles,
                node(
                    "LinearLayout",
                    (0, 39, 720, 130),
                    node("LinearLayout", (0, 39, 491, 130), node("ImageView", (0, 39, 91, 130), rid="action_bar_button_back", desc=app.t("back"), flags="C", tap=self.back), rid="action_bar_new_title_container", flags="C"),
                    node("LinearLayout", (491, 39, 628, 130), node("ImageView", (504, 74, 524, 94), rid="trending_badge_on_actionbar", desc="Trending"), node("TextView", (531, 71, 615, 97), rid="trending_label_on_actionbar", text="Trending"), desc="Trending", flags="C"),
                    node("ImageView", (628, 39, 707, 130), desc=app.t("options"), flags="C"),
                    rid="action_bar",
                    flags="C",
                ),
                rid="audio_page",
                flags="B",
            )
        ]  # fmt: skip
