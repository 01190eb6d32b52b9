"""Instagram's pickers "New reel" and "Add to story": the first cell is the camera."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from simulator.apps.base import MediaRow, View
from simulator.apps.instagram.core import Instagram
from simulator.apps.instagram.parts import WHOLE, destinations
from simulator.apps.kit.layout import Box, node
from simulator.apps.kit.picker import MediaPicker, ScrollingGrid

#: Where the destinations below the grid begin.
_BOTTOM = 1277


class InstagramPicker(MediaPicker[Instagram]):
    """What all of Instagram's pickers share."""

    first_cells = 1

    def __init__(self, app: Instagram, grid: ScrollingGrid, *, granted: bool) -> None:
        super().__init__(app, grid, granted=granted)
        self.multiple = False

    def choose(self, row: MediaRow) -> None:
        raise NotImplementedError

    def camera_cell(self, box: Box) -> View:
        raise NotImplementedError

    def cells(self, columns: tuple[int, ...], top: int, size: tuple[int, int]) -> list[View]:
        """The cells in view; the columns' left edges, the grid's top, a cell's size."""
        views, rows = [], [None, *self.rows()]
        for place, column, offset in self.grid.in_view(len(rows)):
            row, left, y = rows[place], columns[column], top + offset
            box = (left, y, left + size[0], y + size[1])
            views.append(self.camera_cell(box) if row is None else self._cell(row, box))
        return views

    def _cell(self, row: MediaRow, box: Box) -> View:
        """One medium: a clickable box with a clickable thumbnail in it."""
        left, top, right, bottom = box
        tap = partial(self.choose, row)
        parts = [
            node("ImageView#background_color"),
            node("Button#gallery_grid_item_thumbnail C", desc=self._description(row), tap=tap),
        ]
        if row.kind == "video":
            seconds = row.duration_ms // 1000
            corner = (left, bottom - 108 if bottom - top > 200 else bottom - 70, right, bottom)
            label = (right - 58, bottom - 43, right - 13, bottom - 11)
            parts.append(node("View#gallery_grid_item_bottom_container", corner))
            parts.append(node("TextView#gallery_grid_item_label", label, text=f"{seconds // 60}:{seconds % 60:02d}"))
        return node("ViewGroup C", box, tap=tap).holding(*parts)

    def _description(self, row: MediaRow) -> str:
        """Kind, whether it is selected (with its number), when it was made."""
        when = datetime.fromtimestamp(row.date_added, UTC)
        made = f"{when:%B} {when.day}, {when.year} {when.hour % 12 or 12}:{when:%M %p}"
        number = self.number(row)
        if number and self.multiple:
            return self.app.t("sel_number").format(number, made)
        return self.app.t(("sel_" if number else "un_") + ("video" if row.kind == "video" else "photo")).format(made)


class Picker(InstagramPicker):
    """The pickers "New reel" and "Add to story"."""

    name = "picker"

    def __init__(self, app: Instagram, *, granted: bool) -> None:
        super().__init__(app, ScrollingGrid(3, 422, 0), granted=granted)

    def choose(self, row: MediaRow) -> None:
        if self.multiple:
            self.toggle(row)
        else:
            self._edit([row])
        self.changed()

    def _edit(self, rows: list[MediaRow]) -> None:
        app = self.app

        def arrive() -> None:
            app.draft.media = list(rows)
            app.push("story-editor" if app.draft.kind == "story" else "editor")

        app.go(2.0, arrive)

    def _multi(self) -> None:
        self.multiple = not self.multiple
        self.chosen = []
        self.changed()

    def camera_cell(self, box: Box) -> View:
        left, y, _, _ = box
        icon, opens = (left + 99, y + 190, left + 138, y + 229), partial(self.app.push, "camera", granted=self.granted)
        return node("Button C", box, desc=self.app.t("open_camera"), tap=opens).holding(
            node("ImageView#gallery_grid_camera_item_icon", icon, desc=self.app.t("camera"))
        )

    def _grid(self, top: int) -> View:
        self.grid.height = _BOTTOM - top
        grid = node("GridView#gallery_recycler_view R").holding(*self.cells((3, 242, 481), top, (236, 419)))
        grid.on_drag = self.drag
        return node("FrameLayout#gallery_grid_container", (0, top, 720, _BOTTOM)).holding(grid)

    def _tools(self, story: bool, bottom: int) -> View:
        names = ("Templates", "Music", "Collage") if story else ("Edits", self.app.t("drafts"), self.app.t("templates"))
        items = [
            node("ViewGroup#gallery_destination_item C", (20 + 230 * i, 99, 230 + 230 * i, bottom - 7)).holding(
                node("ImageView#button_icon", (40 + 230 * i, 119, 79 + 230 * i, 158)),
                node("TextView#button_name", (90 + 230 * i, 122, 210 + 230 * i, 155), text=name),
            )
            for i, name in enumerate(names)
        ]
        cls = "GridView" if story else "RecyclerView"
        return node(f"{cls}#gallery_destination_bar", (0, 92, 720, bottom)).holding(*items)

    def views(self) -> list[View]:
        app, story = self.app, self.app.draft.kind == "story"
        menu = 261 if story else 185
        title, several, following = app.t("add_to_story" if story else "new_reel"), app.t("multi"), app.t("next")
        edit = partial(self._edit, self.chosen)
        tray = node(
            "Button#media_thumbnail_tray_button C", (560, 1200, 700, 1270), text=following, desc=following, tap=edit
        )
        toggle = (644, menu + 18, 702, menu + 76)
        return [
            node("FrameLayout#quick_capture_root_container CF", WHOLE).holding(
                node("ViewGroup#gallery_header", (0, 0, 720, 92)).holding(
                    node("Button#gallery_cancel_button C", (0, 7, 85, 92), desc=app.t("back_home"), tap=app.pop),
                    node("LinearLayout#gallery_title_container", (85, 7, 635, 92)).holding(
                        node("TextView#gallery_title_text", (273, 31, 447, 68), text=title)
                    ),
                    node("Button#gallery_settings_gear C", (635, 7, 720, 92), desc=app.t("camera_settings")),
                ),
                self._tools(story, menu),
                node("FrameLayout#gallery_menu", (0, menu, 720, menu + 86)).holding(
                    node("TextView#gallery_folder_menu_tv", (0, menu + 24, 172, menu + 61), text=app.t("album")),
                    node("Button#gallery_menu_multi_select_button C", toggle, desc=several, tap=self._multi),
                ),
                self._grid(menu + 89),
                *([tray] if self.multiple and self.chosen else []),
                *destinations(app, ("clips", "reel_tab", 311, 408), ("template", "templates_tab", 408, 602)),
            )
        ]
