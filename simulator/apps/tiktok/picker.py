"""TikTok's media picker, drawn over the camera whose nodes stay in the tree."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulator.apps.base import MediaRow, View
from simulator.apps.grid import ScrollingGrid
from simulator.apps.layout import node
from simulator.apps.tiktok.parts import WHOLE, TikTokScreen

if TYPE_CHECKING:
    from simulator.apps.tiktok.app import TikTokApp

_PHOTOS_MAX = 35
#: The grid of the recorded screen: rows of three, not quite five of them in view.
_GRID = (0, 380, 1080, 2137)
_PITCH = 362


class Picker(TikTokScreen):
    """The grid, newest first. A cell has two targets: its tick selects, its body does more."""

    name = "picker"
    layered = True

    def __init__(self, app: TikTokApp, *, granted: bool) -> None:
        super().__init__(app)
        self.granted = granted
        self.tab = "all"
        self.chosen: list[MediaRow] = []
        self.grid = ScrollingGrid(3, _PITCH, _GRID[3] - _GRID[1], padding=5)
        self.preview: MediaRow | None = None

    @property
    def multiple(self) -> bool:
        """The checkbox keeps its state from last time."""
        return bool(self.app.state.get("select_multiple", self.app.seed % 2 == 1))

    def back(self) -> None:
        if self.preview:
            self.preview = None
            return
        self.app.pop()

    def _rows(self) -> list[MediaRow]:
        rows = self.app.phone.media() if self.granted else []
        wanted = {"videos": "video", "photos": "image"}.get(self.tab)
        if self.tab == "ai_gallery":
            return []
        return [row for row in rows if wanted is None or row.kind == wanted]

    def _choose_tab(self, tab: str) -> None:
        self.tab = tab
        self.grid.to_top()
        self.app.phone.changed()

    def _toggle_multiple(self) -> None:
        self.app.state["select_multiple"] = not self.multiple
        self.chosen = self.chosen[:1]
        self.app.phone.changed()

    def _tick(self, row: MediaRow) -> None:
        if row.id in [r.id for r in self.chosen]:
            self.chosen = [r for r in self.chosen if r.id != row.id]
        elif self.multiple:
            if len(self.chosen) < _PHOTOS_MAX:
                self.chosen.append(row)
        else:
            self.chosen = [row]
        self.app.phone.changed()

    def _body(self, row: MediaRow) -> None:
        """Editor at once, or a preview with "Select multiple", or (47 and later) just a tick."""
        if self.app.major >= 47:
            self._tick(row)
        elif self.multiple:
            self.preview = row
            self.app.phone.changed()
        else:
            self._edit([row])

    def _edit(self, rows: list[MediaRow]) -> None:
        app = self.app
        app.go(2.5, lambda: app.push(app.edit(rows)))

    def _next(self) -> None:
        if self.chosen:
            self._edit(self.chosen)

    def _drag(self, distance: int) -> None:
        """Some of the way the grid goes on by itself."""
        rest = distance // 4
        self.grid.move(distance - rest, len(self._rows()))
        self.app.later(0.2, lambda: self.grid.move(rest, len(self._rows())))
        self.app.phone.changed()

    def _cells(self) -> list[View]:
        cells = []
        rows = self._rows()
        for place, column, offset in self.grid.in_view(len(rows)):
            row = rows[place]
            left, top = (5, 364, 722)[column], _GRID[1] + offset
            bottom = top + 357
            number = (
                [r.id for r in self.chosen].index(row.id) + 1 if row.id in [r.id for r in self.chosen] else 0
            )
            tick = node(
                "Button#jh7 C", (left + 275, top + 16, left + 338, top + 79), tap=partial(self._tick, row)
            )
            if number:
                tick.text = str(number)
            corner = node("FrameLayout#h9t C", (left + 238, top, left + 354, top + 116)).holding(tick)
            corner.on_tap = tick.on_tap
            cells.append(
                node("FrameLayout C", (left, top, left + 354, bottom), tap=partial(self._body, row)).holding(
                    node("ImageView#mub"), corner
                )
            )
        return cells

    def _tabs(self) -> list[View]:
        app = self.app
        tabs = []
        for key, left, right in (
            ("all", 42, 254),
            ("videos", 254, 501),
            ("photos", 501, 751),
            ("ai_gallery", 751, 1038),
        ):
            chosen = "S" if key == self.tab else ""
            tabs.append(
                node(
                    "FrameLayout",
                    (left, 262, right, 380),
                    desc=app.t(key),
                    flags=chosen or "C",
                    tap=partial(self._choose_tab, key),
                ).holding(node("TextView", (left + 26, 262, right - 26, 380), text=app.t(key), flags=chosen))
            )
        return tabs

    def _preview_views(self, row: MediaRow) -> list[View]:
        app = self.app
        return [
            node("FrameLayout B", (0, 136, 1080, 2137)).holding(
                node("ImageView#pvi", (0, 262, 1080, 2137)),
                node("ImageView#pvx C", (42, 167, 105, 230), desc=app.t("close"), tap=self.back),
                node(
                    "TextView#pvs C",
                    (820, 2040, 1048, 2110),
                    text=app.t("select"),
                    tap=lambda: self._select_previewed(row),
                ),
            )
        ]

    def _select_previewed(self, row: MediaRow) -> None:
        self.preview = None
        self._tick(row)

    def views(self) -> list[View]:
        app = self.app
        count = f" ({len(self.chosen)})" if self.chosen and self.multiple else ""
        grid = node("GridView#i8o R", _GRID).holding(*self._cells())
        grid.on_drag = self._drag
        empty = [] if self.granted else [node("TextView#nmt", (100, 1100, 980, 1200), text=app.t("no_media"))]
        return [
            node("ViewGroup#s2q B", WHOLE).holding(
                node("FrameLayout#d6t"),
                node("LinearLayout#f0u").holding(
                    node("RelativeLayout#aiw", (0, 136, 1080, 262)).holding(
                        node("ImageView#b9b C", (42, 167, 105, 230), desc=app.t("close"), tap=app.pop),
                        node("LinearLayout#d2t C", (403, 151, 676, 246)).holding(
                            node("TextView#yc0", (445, 173, 586, 223), text=app.t("recents")),
                            node("ImageView#kun", (602, 177, 644, 219), desc=app.t("down")),
                        ),
                        node("LinearLayout#vt1 C", (906, 151, 1059, 246)).holding(
                            node("ImageView", (932, 180, 969, 217), desc=app.t("description_ideas")),
                            node("TextView", (974, 179, 1033, 218), text=app.t("text")),
                        ),
                    ),
                    node("HorizontalScrollView#mua", (0, 262, 1080, 380)).holding(*self._tabs()),
                    node("ViewPager#zpi R", (0, 380, 1080, 2137)).holding(grid, *empty),
                    node("LinearLayout#nbr", (0, 2137, 1080, 2337)).holding(
                        node(
                            "RelativeLayout#nbv C", (32, 2137, 354, 2337), tap=self._toggle_multiple
                        ).holding(
                            node("CheckBox#nbk", (32, 2211, 95, 2274), flags="KX" if self.multiple else "K"),
                            node("TextView#nbu", (111, 2214, 354, 2261), text=app.t("select_multiple")),
                        ),
                        node(
                            "Button#uyb", (550, 2179, 1048, 2295), text=app.t("next") + count, tap=self._next
                        ),
                    ),
                ),
                *(self._preview_views(self.preview) if self.preview else []),
            )
        ]
