"""What TikTok shows first when an image was shared to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.apps.base import MediaRow, View
from simulator.apps.layout import node
from simulator.apps.tiktok.parts import WHOLE, TikTokScreen

if TYPE_CHECKING:
    from simulator.apps.tiktok.app import TikTokApp


class PhotoShare(TikTokScreen):
    """The share sheet: "Photo" leads to the editor, the others elsewhere."""

    name = "photo-share"

    def __init__(self, app: TikTokApp, row: MediaRow) -> None:
        super().__init__(app)
        self.row = row

    def _photo(self) -> None:
        app = self.app
        app.go(1.5, lambda: app.push(app.edit([self.row])))

    def _story(self) -> None:
        app = self.app
        app.edit([self.row])
        app.publish("story")

    def views(self) -> list[View]:
        app = self.app
        entries = (
            (app.t("photo_entry"), self._photo),
            (app.t("your_story"), self._story),
            (app.t("message"), app.pop),
        )
        return [
            node("FrameLayout#psh B", WHOLE).holding(
                node("FrameLayout#f0u", (0, 1700, 1080, 2337), desc="Bottom sheet").holding(
                    *[
                        node(
                            "LinearLayout#psr C", (0, 1760 + 160 * i, 1080, 1920 + 160 * i), tap=tap
                        ).holding(
                            node("TextView#pst", (180, 1800 + 160 * i, 900, 1880 + 160 * i), text=label)
                        )
                        for i, (label, tap) in enumerate(entries)
                    ]
                )
            )
        ]
