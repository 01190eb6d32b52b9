"""Instagram's picker "New post": the newest medium is selected from the start, several are numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.apps.base import MediaRow, View
from simulator.apps.grid import ScrollingGrid
from simulator.apps.instagram.parts import WHOLE, InstagramScreen
from simulator.apps.instagram.picker import Picker, cell, label, tabs
from simulator.apps.layout import node

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp

_IMAGES_MAX = 20
#: The grid of the recorded screen: rows of four, a little more than two of them in view.
_GRID = (0, 898, 720, 1277)


class FeedPicker(InstagramScreen):
    """The picker "New post": the newest medium is selected from the start; tabs POST, STORY, REEL under the grid."""

    name = "feed-picker"

    def __init__(self, app: InstagramApp, *, granted: bool) -> None:
        super().__init__(app)
        self.granted = granted
        self.multiple = False
        self.grid = ScrollingGrid(4, 180, _GRID[3] - _GRID[1])
        self.chosen = self._rows()[:1]

    def _rows(self) -> list[MediaRow]:
        return self.app.phone.media() if self.granted else []

    def choose(self, row: MediaRow) -> None:
        """One: the tapped one is it. Several: numbers in the order of the taps; a second tap takes one out."""
        if not self.multiple:
            self.chosen = [row]
        elif row.id in [r.id for r in self.chosen]:
            self.chosen = [r for r in self.chosen if r.id != row.id]
        elif len(self.chosen) < _IMAGES_MAX:
            self.chosen.append(row)
        self.app.phone.changed()

    def _multi(self) -> None:
        """Turning it on keeps what was previewed, as number 1."""
        self.multiple = not self.multiple
        self.chosen = self.chosen[:1]
        self.app.phone.changed()

    def _to(self, kind: str) -> None:
        app = self.app
        app.draft.kind = kind
        app.stack[-1] = Picker(app, granted=self.granted)
        app.phone.changed()

    def _next(self) -> None:
        from simulator.apps.instagram.reel import Editor, Filters

        app = self.app
        if not self.chosen:
            return

        def arrive() -> None:
            app.draft.media = list(self.chosen)
            video = len(self.chosen) == 1 and self.chosen[0].kind == "video"
            app.push(Editor(app) if video else Filters(app))

        app.go(1.5, arrive)

    def _drag(self, distance: int) -> None:
        """Some of the way the grid goes on by itself."""
        rest = distance // 4
        self.grid.move(distance - rest, 1 + len(self._rows()))
        self.app.later(0.2, lambda: self.grid.move(rest, 1 + len(self._rows())))
        self.app.phone.changed()

    def _grid(self) -> View:
        app = self.app
        cells: list[View] = []
        rows = [None, *self._rows()]
        for place, column, offset in self.grid.in_view(len(rows)):
            row = rows[place]
            left, y = 2 + 180 * column, _GRID[1] + offset
            box = (left, y, left + 177, y + 177)
            if row is None:
                picture = node("ImageView#gallery_picker_grid_item_background", box)
                cells.append(node("ViewGroup#gallery_picker_grid_item_container C", box).holding(picture))
            else:
                cells.append(cell(app, row, box, label(app, row, self.chosen, numbered=self.multiple), self))
        grid = node("GridView#media_picker_grid_view R", _GRID).holding(*cells)
        grid.on_drag = self._drag
        return node("FrameLayout#media_picker_container", (0, 896, 720, 1277)).holding(grid)

    def views(self) -> list[View]:
        app = self.app
        multi = node(
            "LinearLayout#multi_select_slide_button_alt",
            (481, 827, 700, 879),
            desc=app.t("multi_button"),
            flags="CKX" if self.multiple else "CK",
            tap=self._multi,
        ).holding(
            node("ImageView#slideout_iconview_icon", (494, 840, 520, 866)),
            node("TextView#slideout_iconview_text", (520, 841, 687, 864), text=app.t("multi_label")),
        )
        preview = (
            []
            if not self.chosen
            else [node("View#video_preview_view C", (0, 91, 720, 811), desc=app.t("video_preview"))]
        )
        destinations = tabs(
            app,
            (
                ("cam_dest_feed", "post_tab", 312, 408, None),
                ("cam_dest_story", "story_tab", 408, 519, lambda: self._to("story")),
                ("cam_dest_clips", "reel_tab", 519, 608, lambda: self._to("reel")),
            ),
        )
        return [
            node("FrameLayout#feed_destination_curation_container B", WHOLE).holding(
                node("ImageView#action_bar_cancel C", (0, 0, 91, 91), desc=app.t("cancel"), tap=app.pop),
                node("TextView#new_post_title", (91, 0, 626, 91), text=app.t("new_post")),
                node(
                    "Button#next_button_textview",
                    (626, 0, 720, 91),
                    text=app.t("next"),
                    desc=app.t("next"),
                    flags="C" if self.chosen else "C!",
                    tap=self._next,
                ),
                node("FrameLayout#preview_container", (0, 91, 720, 811)).holding(*preview),
                node("LinearLayout#unified_camera_options_holder", (0, 811, 720, 896)).holding(
                    node("Button#gallery_folder_menu_tv C", (0, 834, 191, 873), text=app.t("recents")), multi
                ),
                self._grid(),
                *destinations,
            )
        ]
