"""TikTok's editor: Next at the right, and left of it a button that publishes a story with one tap."""

from __future__ import annotations

from simulator.apps.base import View
from simulator.apps.layout import node
from simulator.apps.tiktok.parts import WHOLE, TikTokScreen, sound_chip, tool


class Editor(TikTokScreen):
    """The medium with its tools."""

    name = "editor"

    def _next(self) -> None:
        from simulator.apps.tiktok.post import PostScreen

        app = self.app
        app.go(1.5, lambda: app.push(PostScreen(app)))

    def _story(self) -> None:
        self.app.publish("story")

    def _sound(self) -> None:
        from simulator.apps.tiktok.sounds import SoundSheet

        self.app.push(SoundSheet(self.app))

    def _no_sound(self) -> None:
        draft = self.app.draft
        if "sound" in self.app.stuck:
            return
        draft.sound, draft.chosen_sound = "", False
        draft.original_volume = draft.added_volume = None
        self.app.phone.changed()

    def _text(self) -> None:
        self.app.push(TextEditor(self.app))

    def back(self) -> None:
        self.app.push(LeaveSheet(self.app))

    def views(self) -> list[View]:
        app = self.app
        old = app.major < 40
        following = (
            node("Button", (840, 193, 1048, 300), rid="ntn", text=app.t("next"), flags="C", tap=self._next)
            if old
            else node(
                "LinearLayout",
                (545, 2123, 1048, 2239),
                node("TextView", (753, 2154, 840, 2207), rid="ntq", text=app.t("next")),
                rid="ntn",
                flags="C",
                tap=self._next,
            )
        )
        bottom = node(
            "LinearLayout",
            (0, 2118, 1080, 2239),
            node(
                "FrameLayout",
                (32, 2123, 534, 2239),
                node(
                    "FrameLayout",
                    (135, 2137, 222, 2224),
                    node("View", (135, 2137, 222, 2224), rid="b4e"),
                    rid="qxs",
                ),
                node("TextView", (238, 2154, 430, 2207), rid="y0i", text=app.t("your_story")),
                rid="qxr",
                flags="C",
                tap=self._story,
            ),
            *([] if old else [following]),
            rid="l56",
        )
        tools = [
            node(
                "Button",
                (788, 502, 1080, 639),
                node("ImageView", (788, 502, 885, 565), desc="ai live photo new tag"),
                node(
                    "ViewGroup",
                    (814, 523, 1064, 618),
                    node("TextView", (840, 523, 959, 618), rid="aek", text="AI Alive"),
                    rid="aej",
                ),
                desc="AI Alive",
                flags="C",
            ),
            tool(app, 639, "edit"),
            tool(app, 776, "video_templates"),
            tool(app, 913, "text", tap=self._text),
            tool(app, 1050, "stickers"),
            tool(app, 1187, "", desc="AI Meme"),
            tool(app, 1324, "effects"),
        ]
        return [
            node(
                "FrameLayout",
                WHOLE,
                node("FrameLayout", (0, 161, 1080, 2081), rid="vsm", tap=self._text),
                sound_chip(app, editor=True, tap=self._sound, remove=self._no_sound),
                bottom,
                node(
                    "ViewGroup",
                    (0, 193, 1080, 561),
                    node("ImageView", (32, 193, 137, 298), rid="b98", desc="@2131888269", flags="C", tap=self.back),
                    node("LinearLayout", (933, 193, 1080, 467), tool(app, 193, "settings"), tool(app, 330, "share"), rid="h52"),
                    rid="w3k",
                ),
                node("LinearLayout", (788, 502, 1080, 1461), *tools, rid="tte"),
                node("ImageView", (969, 1487, 1043, 1545), rid="w8r", desc=app.t("dropdown"), flags="C"),
                *([following] if old else []),
                rid="nor",
                flags="B",
            )
        ]  # fmt: skip


class TextEditor(TikTokScreen):
    """A tap on the picture opens it; Done leaves it."""

    name = "text-editor"

    def entered(self) -> None:
        self.app.phone.show_keyboard(True)

    def views(self) -> list[View]:
        app = self.app
        fonts = ("Classic", "Elegance", "Retro", "Vintage")
        return [
            node(
                "FrameLayout",
                WHOLE,
                node(
                    "TextView", (880, 193, 1048, 298), rid="tdn", text=app.t("done"), flags="C", tap=app.pop
                ),
                node("EditText", (100, 700, 980, 820), rid="ted", flags="CF"),
                *[
                    node(
                        "TextView", (40 + 250 * i, 1300, 280 + 250 * i, 1380), rid="tfn", text=font, flags="C"
                    )
                    for i, font in enumerate(fonts)
                ],
                rid="nor",
                flags="B",
            )
        ]


class LeaveSheet(TikTokScreen):
    """BACK in the editor: start over, keep a draft, or throw it away."""

    name = "leave-sheet"
    layered = True

    def _start_over(self) -> None:
        from simulator.apps.tiktok.camera import Camera

        self.app.compose()
        self.app.replace(self.app.home(), Camera(self.app))

    def _save(self) -> None:
        self.app.save_draft()
        self.app.replace(self.app.home())

    def _discard(self) -> None:
        self.app.forget_draft()
        self.app.replace(self.app.home())

    def views(self) -> list[View]:
        app = self.app
        rows = (("start_over", self._start_over), ("save_draft", self._save), ("discard", self._discard))
        return [
            node(
                "FrameLayout",
                WHOLE,
                node("View", (0, 136, 1080, 1850), rid="wh2", flags="C", tap=app.pop),
                node(
                    "FrameLayout",
                    (0, 1850, 1080, 2337),
                    *[
                        node("Button", (32, 1880 + 140 * i, 1048, 2010 + 140 * i), rid="lvb", text=app.t(key), flags="C", tap=tap)
                        for i, (key, tap) in enumerate(rows)
                    ],
                    rid="f0u",
                    desc="Bottom sheet",
                    flags="B",
                ),
                flags="B",
            )
        ]  # fmt: skip
