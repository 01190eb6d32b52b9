"""Instagram's picker "New post": the newest medium is selected from the start, several are numbered."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import MediaRow, View
from simulator.apps.instagram.compose.picker import InstagramPicker
from simulator.apps.instagram.core import Instagram
from simulator.apps.instagram.parts import WHOLE, destinations
from simulator.apps.kit.layout import Box, node
from simulator.apps.kit.picker import ScrollingGrid

#: The grid of the recorded screen: rows of four, a little more than two of them in view.
_GRID = (0, 898, 720, 1277)


class FeedPicker(InstagramPicker):
    """Tabs POST, STORY and REEL stand under the grid."""

    name = "feed-picker"
    most = 20

    def __init__(self, app: Instagram, *, granted: bool) -> None:
        super().__init__(app, ScrollingGrid(4, 180, _GRID[3] - _GRID[1]), granted=granted)
        if app.phone.fault("late-newest"):
            self.late = 1
            self.read_anew()
        self.chosen = self.rows()[:1]

    def choose(self, row: MediaRow) -> None:
        """One: the tapped one is it. Several: numbers in the order of the taps; a second tap takes one out."""
        if self.multiple:
            self.toggle(row)
        else:
            self.chosen = [row]
            self.read_anew()
        self.changed()

    def _multi(self) -> None:
        """Turning it on keeps what was previewed, as number 1."""
        self.multiple = not self.multiple
        self.chosen = self.chosen[:1]
        self.changed()

    def _to(self, kind: str) -> None:
        self.app.draft.kind = kind
        self.app.swap("picker", granted=self.granted)

    def _next(self) -> None:
        app = self.app
        if not self.chosen:
            return

        def arrive() -> None:
            app.draft.media = list(self.chosen)
            video = len(self.chosen) == 1 and self.chosen[0].kind == "video"
            app.push("editor" if video else "filters")

        app.go(1.5, arrive)

    def camera_cell(self, box: Box) -> View:
        return node("ViewGroup#gallery_picker_grid_item_container C", box).holding(
            node("ImageView#gallery_picker_grid_item_background")
        )

    def _grid(self) -> View:
        cells = self.cells((2, 182, 362, 542), _GRID[1], (177, 177))
        grid = node("GridView#media_picker_grid_view R", _GRID).holding(*cells)
        grid.on_drag = self.drag
        return node("FrameLayout#media_picker_container", (0, 896, 720, 1277)).holding(grid)

    def views(self) -> list[View]:
        app, following = self.app, self.app.t("next")
        checked, box = "X" if self.multiple else "", (481, 827, 700, 879)
        multi = node(
            "LinearLayout#multi_select_slide_button_alt CK",
            box,
            desc=app.t("multi_button"),
            flags=checked,
            tap=self._multi,
        )
        multi.holding(
            node("ImageView#slideout_iconview_icon", (494, 840, 520, 866)),
            node("TextView#slideout_iconview_text", (520, 841, 687, 864), text=app.t("multi_label")),
        )
        preview = node("View#video_preview_view C", (0, 91, 720, 811), desc=app.t("video_preview"))
        off = "" if self.chosen else "!"
        return [
            node("FrameLayout#feed_destination_curation_container B", WHOLE).holding(
                node("ImageView#action_bar_cancel C", (0, 0, 91, 91), desc=app.t("cancel"), tap=app.pop),
                node("TextView#new_post_title", (91, 0, 626, 91), text=app.t("new_post")),
                node(
                    "Button#next_button_textview C",
                    (626, 0, 720, 91),
                    text=following,
                    desc=following,
                    flags=off,
                    tap=self._next,
                ),
                node("FrameLayout#preview_container", (0, 91, 720, 811)).holding(*([preview] if self.chosen else [])),
                node("LinearLayout#unified_camera_options_holder", (0, 811, 720, 896)).holding(
                    node("Button#gallery_folder_menu_tv C", (0, 834, 191, 873), text=app.t("recents")), multi
                ),
                self._grid(),
                *destinations(
                    app,
                    ("feed", "post_tab", 312, 408),
                    ("story", "story_tab", 408, 519, partial(self._to, "story")),
                    ("clips", "reel_tab", 519, 608, partial(self._to, "reel")),
                ),
            )
        ]
