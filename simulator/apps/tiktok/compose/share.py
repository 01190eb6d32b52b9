"""What TikTok shows first when an image was shared to it."""

from __future__ import annotations

from simulator.apps.base import MediaRow, View
from simulator.apps.kit.layout import node
from simulator.apps.tiktok.core import TikTok, TikTokScreen
from simulator.apps.tiktok.parts import WHOLE


class PhotoShare(TikTokScreen):
    """The share sheet: "Photo" leads to the editor, the others elsewhere."""

    name = "photo-share"

    def __init__(self, app: TikTok, row: MediaRow) -> None:
        super().__init__(app)
        self.row = row

    def _photo(self) -> None:
        app = self.app
        app.go(1.5, lambda: app.edit([self.row]))

    def _story(self) -> None:
        app = self.app
        app.load([self.row])
        app.publish("story")

    def views(self) -> list[View]:
        app = self.app
        entries = (("photo_entry", self._photo), ("your_story", self._story), ("message", app.pop))
        rows = [
            node("LinearLayout#psr C", (0, 1760 + 160 * i, 1080, 1920 + 160 * i), tap=tap).holding(
                node("TextView#pst", (180, 1800 + 160 * i, 900, 1880 + 160 * i), text=app.t(key))
            )
            for i, (key, tap) in enumerate(entries)
        ]
        return [
            node("FrameLayout#psh B", WHOLE).holding(
                node("FrameLayout#f0u", (0, 1700, 1080, 2337), desc="Bottom sheet").holding(*rows)
            )
        ]
