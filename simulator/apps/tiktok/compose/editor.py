"""TikTok's editor: Next at the right, and left of it a button that publishes a story with one tap."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.kit.layout import node
from simulator.apps.tiktok.core import TikTokScreen
from simulator.apps.tiktok.parts import WHOLE, sound_chip, tool


class Editor(TikTokScreen):
    """The medium with its tools."""

    name = "editor"

    def _next(self) -> None:
        app = self.app
        app.go(1.5, lambda: app.push("post"))

    def _no_sound(self) -> None:
        draft = self.app.draft
        if "sound" in self.app.stuck:
            return
        draft.sound, draft.chosen_sound = "", False
        draft.original_volume = draft.added_volume = None
        self.changed()

    def back(self) -> None:
        self.app.push("leave-sheet")

    def views(self) -> list[View]:
        app = self.app
        old = app.major < 40
        text = partial(app.push, "text-editor")
        following = (
            node("Button#ntn C", (840, 193, 1048, 300), text=app.t("next"), tap=self._next)
            if old
            else node("LinearLayout#ntn C", (545, 2123, 1048, 2239), tap=self._next).holding(
                node("TextView#ntq", (753, 2154, 840, 2207), text=app.t("next"))
            )
        )
        bottom = node("LinearLayout#l56", (0, 2118, 1080, 2239)).holding(
            node("FrameLayout#qxr C", (32, 2123, 534, 2239), tap=partial(app.publish, "story")).holding(
                node("FrameLayout#qxs", (135, 2137, 222, 2224)).holding(node("View#b4e")),
                node("TextView#y0i", (238, 2154, 430, 2207), text=app.t("your_story")),
            ),
            *([] if old else [following]),
        )
        tools = [
            node("Button C", (788, 502, 1080, 639), desc="AI Alive").holding(
                node("ImageView", (788, 502, 885, 565), desc="ai live photo new tag"),
                node("ViewGroup#aej", (814, 523, 1064, 618)).holding(
                    node("TextView#aek", (840, 523, 959, 618), text="AI Alive")
                ),
            ),
            tool(app, 639, "edit"),
            tool(app, 776, "video_templates"),
            tool(app, 913, "text", tap=text),
            tool(app, 1050, "stickers"),
            tool(app, 1187, "", desc="AI Meme"),
            tool(app, 1324, "effects"),
        ]
        return [
            node("FrameLayout#nor B", WHOLE).holding(
                node("FrameLayout#vsm", (0, 161, 1080, 2081), tap=text),
                sound_chip(app, tap=partial(app.push, "sound-sheet"), remove=self._no_sound),
                bottom,
                node("ViewGroup#w3k", (0, 193, 1080, 561)).holding(
                    node("ImageView#b98 C", (32, 193, 137, 298), desc="@2131888269", tap=self.back),
                    node("LinearLayout#h52", (933, 193, 1080, 467)).holding(
                        tool(app, 193, "settings"), tool(app, 330, "share")
                    ),
                ),
                node("LinearLayout#tte", (788, 502, 1080, 1461)).holding(*tools),
                node("ImageView#w8r C", (969, 1487, 1043, 1545), desc=app.t("dropdown")),
                *([following] if old else []),
            )
        ]


class TextEditor(TikTokScreen):
    """A tap on the picture opens it; Done leaves it."""

    name = "text-editor"

    def entered(self) -> None:
        self.app.phone.show_keyboard(True)

    def views(self) -> list[View]:
        app = self.app
        fonts = ("Classic", "Elegance", "Retro", "Vintage")
        return [
            node("FrameLayout#nor B", WHOLE).holding(
                node("TextView#tdn C", (880, 193, 1048, 298), text=app.t("done"), tap=app.pop),
                node("EditText#ted CF", (100, 700, 980, 820)),
                *[
                    node("TextView#tfn C", (40 + 250 * i, 1300, 280 + 250 * i, 1380), text=font)
                    for i, font in enumerate(fonts)
                ],
            )
        ]


class LeaveSheet(TikTokScreen):
    """BACK in the editor: start over, keep a draft, or throw it away."""

    name = "leave-sheet"
    layered = True

    def _start_over(self) -> None:
        self.app.compose()
        self.app.replace("home", "camera")

    def _save(self) -> None:
        self.app.save_draft()
        self.app.replace("home")

    def _discard(self) -> None:
        self.app.forget_draft()
        self.app.replace("home")

    def views(self) -> list[View]:
        app = self.app
        choices = (("start_over", self._start_over), ("save_draft", self._save), ("discard", self._discard))
        rows = [
            node("Button#lvb C", (32, 1880 + 140 * i, 1048, 2010 + 140 * i), text=app.t(key), tap=tap)
            for i, (key, tap) in enumerate(choices)
        ]
        return [
            node("FrameLayout B", WHOLE).holding(
                node("View#wh2 C", (0, 136, 1080, 1850), tap=app.pop),
                node("FrameLayout#f0u B", (0, 1850, 1080, 2337), desc="Bottom sheet").holding(*rows),
            )
        ]
