"""Instagram's pickers: "New reel" and "Add to story" begin with a camera cell; "New post" has a medium selected."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from simulator.apps.base import MediaRow, View
from simulator.apps.grid import ScrollingGrid
from simulator.apps.instagram.parts import WHOLE, InstagramScreen
from simulator.apps.layout import Box, node
from simulator.apps.screens import Screen

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp


#: Where the destinations below the grid begin.
_BOTTOM = 1277


class Choosing(Protocol):
    """A picker."""

    def choose(self, row: MediaRow) -> None: ...


def label(app: InstagramApp, row: MediaRow, chosen: list[MediaRow], *, numbered: bool) -> str:
    """A thumbnail's description: kind, whether it is selected (with its number), when it was made."""
    when = datetime.fromtimestamp(row.date_added, UTC)
    made = f"{when:%B} {when.day}, {when.year} {when.hour % 12 or 12}:{when:%M %p}"
    ids = [r.id for r in chosen]
    if row.id in ids:
        if numbered:
            return app.t("sel_number").format(ids.index(row.id) + 1, made)
        return app.t("sel_video" if row.kind == "video" else "sel_photo").format(made)
    return app.t("un_video" if row.kind == "video" else "un_photo").format(made)


def duration(row: MediaRow) -> str:
    seconds = row.duration_ms // 1000
    return f"{seconds // 60}:{seconds % 60:02d}"


def cell(app: InstagramApp, row: MediaRow, box: Box, desc: str, picker: Choosing) -> View:
    """One medium: a clickable box with a clickable thumbnail in it."""
    left, top, right, bottom = box

    def tap() -> None:
        picker.choose(row)

    parts = [
        node("ImageView#background_color", box),
        node("Button#gallery_grid_item_thumbnail C", box, desc=desc, tap=tap),
    ]
    if row.kind == "video":
        corner = (left, bottom - 108 if bottom - top > 200 else bottom - 70, right, bottom)
        parts.append(node("View#gallery_grid_item_bottom_container", corner))
        parts.append(
            node(
                "TextView#gallery_grid_item_label",
                (right - 58, bottom - 43, right - 13, bottom - 11),
                text=duration(row),
            )
        )
    return node("ViewGroup C", box, tap=tap).holding(*parts)


class Picker(InstagramScreen):
    """The pickers "New reel" and "Add to story"."""

    name = "picker"

    def __init__(self, app: InstagramApp, *, granted: bool) -> None:
        super().__init__(app)
        self.granted = granted
        self.grid = ScrollingGrid(3, 422, 0)
        self.multiple = False
        self.chosen: list[MediaRow] = []

    def _rows(self) -> list[MediaRow]:
        return self.app.phone.media() if self.granted else []

    def choose(self, row: MediaRow) -> None:
        if not self.multiple:
            self._edit([row])
        elif row in self.chosen:
            self.chosen.remove(row)
        else:
            self.chosen.append(row)
        self.app.phone.changed()

    def _edit(self, rows: list[MediaRow]) -> None:
        from simulator.apps.instagram.reel import Editor
        from simulator.apps.instagram.story import StoryEditor

        app = self.app

        def arrive() -> None:
            app.draft.media = list(rows)
            screen: Screen = StoryEditor(app) if app.draft.kind == "story" else Editor(app)
            app.push(screen)

        app.go(2.0, arrive)

    def _multi(self) -> None:
        self.multiple = not self.multiple
        self.chosen = []
        self.app.phone.changed()

    def _open_camera(self) -> None:
        from simulator.apps.instagram.create import Camera

        self.app.push(Camera(self.app, granted=self.granted))

    def _drag(self, distance: int) -> None:
        """Some of the way the grid goes on by itself."""
        rest = distance // 4
        self.grid.move(distance - rest, 1 + len(self._rows()))
        self.app.later(0.2, lambda: self.grid.move(rest, 1 + len(self._rows())))
        self.app.phone.changed()

    def _grid(self, top: int) -> View:
        app = self.app
        cells: list[View] = []
        rows = [None, *self._rows()]
        self.grid.height = _BOTTOM - top
        for place, column, offset in self.grid.in_view(len(rows)):
            row = rows[place]
            left, y = (3, 242, 481)[column], top + offset
            box = (left, y, left + 236, y + 419)
            if row is None:
                icon = node(
                    "ImageView#gallery_grid_camera_item_icon",
                    (left + 99, y + 190, left + 138, y + 229),
                    desc=app.t("camera"),
                )
                cells.append(
                    node("Button C", box, desc=app.t("open_camera"), tap=self._open_camera).holding(icon)
                )
            else:
                cells.append(cell(app, row, box, label(app, row, self.chosen, numbered=self.multiple), self))
        grid = node("GridView#gallery_recycler_view R", (0, top, 720, _BOTTOM)).holding(*cells)
        grid.on_drag = self._drag
        return node("FrameLayout#gallery_grid_container", (0, top, 720, _BOTTOM)).holding(grid)

    def _destinations(self, story: bool) -> View:
        names = (
            ("Templates", "Music", "Collage")
            if story
            else ("Edits", self.app.t("drafts"), self.app.t("templates"))
        )
        bottom = 261 if story else 185
        items = [
            node(
                "ViewGroup#gallery_destination_item C", (20 + 230 * i, 99, 230 + 230 * i, bottom - 7)
            ).holding(
                node("ImageView#button_icon", (40 + 230 * i, 119, 79 + 230 * i, 158)),
                node("TextView#button_name", (90 + 230 * i, 122, 210 + 230 * i, 155), text=name),
            )
            for i, name in enumerate(names)
        ]
        return node(
            "GridView" if story else "RecyclerView", (0, 92, 720, bottom), rid="gallery_destination_bar"
        ).holding(*items)

    def views(self) -> list[View]:
        app = self.app
        story = app.draft.kind == "story"
        menu = 261 if story else 185
        following: list[View] = []
        if self.multiple and self.chosen:
            following = [
                node(
                    "Button#media_thumbnail_tray_button C",
                    (560, 1200, 700, 1270),
                    text=app.t("next"),
                    desc=app.t("next"),
                    tap=lambda: self._edit(self.chosen),
                )
            ]
        return [
            node("FrameLayout#quick_capture_root_container CF", WHOLE).holding(
                node("ViewGroup#gallery_header", (0, 0, 720, 92)).holding(
                    node(
                        "Button#gallery_cancel_button C", (0, 7, 85, 92), desc=app.t("back_home"), tap=app.pop
                    ),
                    node("LinearLayout#gallery_title_container", (85, 7, 635, 92)).holding(
                        node(
                            "TextView#gallery_title_text",
                            (273, 31, 447, 68),
                            text=app.t("add_to_story" if story else "new_reel"),
                        )
                    ),
                    node("Button#gallery_settings_gear C", (635, 7, 720, 92), desc=app.t("camera_settings")),
                ),
                self._destinations(story),
                node("FrameLayout#gallery_menu", (0, menu, 720, menu + 86)).holding(
                    node(
                        "TextView#gallery_folder_menu_tv", (0, menu + 24, 172, menu + 61), text=app.t("album")
                    ),
                    node(
                        "Button#gallery_menu_multi_select_button C",
                        (644, menu + 18, 702, menu + 76),
                        desc=app.t("multi"),
                        tap=self._multi,
                    ),
                ),
                self._grid(menu + 89),
                *following,
                *tabs(
                    app,
                    (
                        ("cam_dest_clips", "reel_tab", 311, 408, None),
                        ("cam_dest_template", "templates_tab", 408, 602, None),
                    ),
                ),
            )
        ]


def tabs(app: InstagramApp, entries: tuple[tuple[str, str, int, int, object], ...]) -> list[View]:
    """The destinations at the bottom edge."""
    return [
        node(
            "TextView C",
            (left, 1285, right, 1341),
            rid=rid,
            text=app.t(key),
            desc=app.t(key),
            tap=tap if callable(tap) else None,
        )
        for rid, key, left, right, tap in entries
    ]
